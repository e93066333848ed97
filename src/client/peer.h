/*
 * peer.h
 *		Which addresses a connection may go to.
 */
#ifndef DDB_PEER_H
#define DDB_PEER_H

#include <stdbool.h>

struct sockaddr;

typedef enum DdbPeer
{
	DDB_PEER_PUBLIC,   /* any but link-local and metadata addresses: 169.254/16,
						* fe80::/10, fd00:ec2::/32, their IPv4-mapped forms */
	DDB_PEER_LOOPBACK, /* this host */
	DDB_PEER_METADATA  /* any, link-local is meant; plain http will do */
} DdbPeer;

/* May a connection of this kind go to this address? To IPv4 and IPv6 only. */
extern bool ddb_peer_allows(DdbPeer peer, const struct sockaddr *address);

/* What to say where it may not. */
extern const char *ddb_peer_refusal(DdbPeer peer);

#endif /* DDB_PEER_H */
