/*
 * network.h
 *		The backend's one network client, and waiting for it.
 */
#ifndef DDB_NETWORK_H
#define DDB_NETWORK_H

#include "postgres.h"

#include "http.h"

/*
 * The client, made at first use, with file descriptors set aside for so many
 * connections. Errors: 53000 if there are none left.
 */
extern DdbHttp *ddb_network_start(int max_connections);

/* Close what is kept open, as soon as nothing uses it. */
extern void ddb_network_drop_connections(void);

/*
 * Sleep until the network has something to pump, the latch is set, or the time
 * (-1: no bound) is over. The caller serves interrupts.
 */
extern void ddb_network_wait(int timeout_ms);

/*
 * For those who wait for several things in a set of events of their own: what
 * becomes readable when there is something to pump, and ddb_http_wake_in().
 * Only once the client has been started.
 */
extern int ddb_network_fd(void);
extern void ddb_network_wake_in(int timeout_ms);

/* Sleep that long; serves interrupts. */
extern void ddb_network_sleep(int ms);

#endif /* DDB_NETWORK_H */
