/*
 * names.c
 *		A look-up of names under "named.test" that finds the addresses that a
 *		metadata service may have, for LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

typedef int (*LookUp)(const char *, const char *, const struct addrinfo *,
					  struct addrinfo **);

static const char *const names[][2] = {
	{"v4.named.test", "169.254.169.254"},
	{"container.named.test", "169.254.170.2"},
	{"mapped.named.test", "::ffff:169.254.169.254"},
	{"link.named.test", "fe80::1"},
	{"v6.named.test", "fd00:ec2::254"},
};

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
			struct addrinfo **found)
{
	LookUp real = (LookUp) dlsym(RTLD_NEXT, "getaddrinfo");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (node != NULL && strcmp(node, names[i][0]) == 0)
			node = names[i][1];
	}
	return real(node, service, hints, found);
}
