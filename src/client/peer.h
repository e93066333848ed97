/*
 * peer.h
 *		Which addresses a connection may go to.
 */
#ifndef DDB_PEER_H
#define DDB_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "ask.h"

/* May a connection of this kind go to this address? To IPv4 and IPv6 only. */
extern bool ddb_peer_allows(DdbPeer peer, const struct sockaddr *address);

/* What to say where it may not. */
extern const char *ddb_peer_refusal(DdbPeer peer);

#endif /* DDB_PEER_H */
