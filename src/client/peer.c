/*
 * peer.c
 *		Which addresses a connection may go to.
 *
 * Link-local addresses are where a host's metadata services are: who can have
 * a request sent there may be given the host's own credentials.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

static bool
is_loopback_v4(uint32_t v4)
{
	return v4 >> 24 == IN_LOOPBACKNET;
}

/* 169.254/16: RFC 3927 */
static bool
is_link_local_v4(uint32_t v4)
{
	return v4 >> 16 == 0xA9FE;
}

/* An IPv4 address in IPv6's clothes goes out as the IPv4 address. */
static bool
is_v4(const struct sockaddr *address, uint32_t *v4)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) address;

	if (address->sa_family == AF_INET)
		*v4 = ntohl(((const struct sockaddr_in *) address)->sin_addr.s_addr);
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
	{
		memcpy(v4, in6->sin6_addr.s6_addr + 12, 4);
		*v4 = ntohl(*v4);
	}
	else
		return false;
	return true;
}

/* fd00:ec2::/32: the services of EC2 and EKS for an instance */
static bool
is_metadata_v6(const struct in6_addr *v6)
{
	static const unsigned char prefix[] = {0xFD, 0x00, 0x0E, 0xC2};

	return memcmp(v6->s6_addr, prefix, sizeof(prefix)) == 0;
}

bool
ddb_peer_allows(DdbPeer peer, const struct sockaddr *address)
{
	const struct in6_addr *v6 =
		&((const struct sockaddr_in6 *) address)->sin6_addr;
	uint32_t v4;

	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return false;
	if (peer == DDB_PEER_METADATA)
		return true;
	if (is_v4(address, &v4))
		return peer == DDB_PEER_LOOPBACK ? is_loopback_v4(v4)
										 : !is_link_local_v4(v4);
	if (peer == DDB_PEER_LOOPBACK)
		return IN6_IS_ADDR_LOOPBACK(v6);
	return !IN6_IS_ADDR_LINKLOCAL(v6) && !is_metadata_v6(v6);
}

const char *
ddb_peer_refusal(DdbPeer peer)
{
	return peer == DDB_PEER_LOOPBACK
			   ? "plain http is allowed to loopback addresses only"
			   : "link-local and metadata addresses are not allowed";
}
