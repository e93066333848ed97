/*
 * coarseclock.c
 *		Preloaded into a server, it makes its time of day stand still for a
 *		second and then go on by one.
 *
 * PostgreSQL's own time comes from gettimeofday() alone. Whatever else looks
 * at a clock, timers and the network among it, sees the real one.
 */
#define _GNU_SOURCE

#include <sys/time.h>
#include <time.h>

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void) zone;
	now->tv_sec = time(NULL);
	now->tv_usec = 0;
	return 0;
}
