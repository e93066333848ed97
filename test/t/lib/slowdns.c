/*
 * slowdns.c
 *		Preloaded into a server, it makes the look-up of some names stall.
 *
 * A name under "stall.invalid" takes SLOWDNS_MS and then fails, as where the
 * name server does not answer. Every other name is looked up as ever. Signals
 * do not cut the stall short: nothing in a resolver would make them.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*LookUp)(const char *, const char *, const struct addrinfo *,
					  struct addrinfo **);

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	const char *setting = getenv("SLOWDNS_MS");
	long ms = setting ? strtol(setting, NULL, 10) : 3000;
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};

	if (name && strstr(name, "stall.invalid"))
	{
		while (nanosleep(&left, &left) == -1 && errno == EINTR)
			continue;
		return EAI_AGAIN;
	}
	return (
		(LookUp) dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, result);
}
