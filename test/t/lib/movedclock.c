/*
 * movedclock.c
 *		Preloaded into a server, it has its time of day put forward or back, while
 *		it runs, by the seconds in the file of MOVED_CLOCK: one binary int64.
 *
 * PostgreSQL's own time comes from gettimeofday() alone. Whatever else looks
 * at a clock, timers and the network among it, sees the real one.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *moved_s = NULL;

__attribute__((constructor)) static void
map_file(void)
{
	const char *path = getenv("MOVED_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	if (mapped != MAP_FAILED)
		moved_s = mapped;
	close(fd);
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec real;

	(void) zone;
	clock_gettime(CLOCK_REALTIME, &real);
	now->tv_sec = real.tv_sec + (moved_s != NULL ? *moved_s : 0);
	now->tv_usec = real.tv_nsec / 1000;
	return 0;
}
