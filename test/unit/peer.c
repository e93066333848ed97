/*
 * peer.c
 *		Which addresses are let through, in every way to write them.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "peer.h"
#include "tap.h"

static bool
allows(DdbPeer peer, const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return ddb_peer_allows(peer, (struct sockaddr *) &v4);
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
		abort();
	return ddb_peer_allows(peer, (struct sockaddr *) &v6);
}

static void
check(const char *address, bool public, bool loopback)
{
	is_int(allows(DDB_PEER_PUBLIC, address), public, address);
	is_int(allows(DDB_PEER_LOOPBACK, address), loopback, "for plain http");
	ok(allows(DDB_PEER_METADATA, address), "for metadata");
}

int
main(void)
{
	struct sockaddr local = {.sa_family = AF_UNIX};

	check("127.0.0.1", true, true);
	check("127.255.255.255", true, true);
	check("::1", true, true);
	check("::ffff:127.0.0.1", true, true);
	check("10.0.0.1", true, false);
	check("52.94.0.1", true, false);
	check("0.0.0.0", true, false);
	check("::", true, false);
	check("2600:1f18::1", true, false);
	check("fd00:ec3::1", true, false);
	check("::ffff:10.0.0.1", true, false);
	check("169.253.255.255", true, false);
	check("169.255.0.0", true, false);

	check("169.254.169.254", false, false);
	check("169.254.170.2", false, false);
	check("169.254.0.0", false, false);
	check("::ffff:169.254.169.254", false, false);
	check("::ffff:a9fe:aa02", false, false);
	check("fe80::1", false, false);
	check("febf::1", false, false);
	check("fd00:ec2::254", false, false);
	check("fd00:ec2::23", false, false);

	ok(!ddb_peer_allows(DDB_PEER_METADATA, &local), "no other family");
	ok(strcmp(ddb_peer_refusal(DDB_PEER_LOOPBACK),
			  ddb_peer_refusal(DDB_PEER_PUBLIC)) != 0,
	   "each refusal has its words");
	return tap_done();
}
