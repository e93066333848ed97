/*
 * http.h
 *		Many exchanges in flight over kept connections.
 *
 * One DdbHttp serves a whole backend. It never blocks and never calls upward:
 * the owner waits for ddb_http_fd() to become readable, no longer than
 * ddb_http_timeout_ms(), and then pumps. What a request means, whether it is
 * signed and whether it is tried again, is the business of call.c.
 */
#ifndef DDB_HTTP_H
#define DDB_HTTP_H

#include "exchange.h"

/* File descriptors that a DdbHttp holds besides its sockets. */
#define DDB_HTTP_OWN_FDS 2

typedef struct DdbHttp DdbHttp;

/* NULL with status filled: no memory, no file descriptor, no usable libcurl. */
extern DdbHttp *ddb_http_create(DdbStatus *status);

/* Aborts what is in flight and closes every connection. NULL is fine. */
extern void ddb_http_destroy(DdbHttp *http);

/* Becomes readable when there is something to pump. Stays the same for life. */
extern int ddb_http_fd(const DdbHttp *http);

/*
 * How long the owner may wait before it pumps: ms, 0 for now, -1 for no
 * bound. Call it right before each wait, and pump right after it: time that
 * the owner spends elsewhere is not counted against the requests' deadlines.
 */
extern int ddb_http_timeout_ms(DdbHttp *http);

/*
 * For an owner who waits for the fd with no timeout of its own: the fd becomes
 * readable in so many ms (0: now, -1: not by time). A later call may only make
 * it sooner; the next pump forgets it.
 */
extern void ddb_http_wake_in(DdbHttp *http, int timeout_ms);

/* Move everything that can move; never blocks. */
extern void ddb_http_pump(DdbHttp *http);

/*
 * Close kept connections: at once where nothing is in flight, else when the
 * last request in flight ends. New requests do not use the old connections.
 */
extern void ddb_http_drop_connections(DdbHttp *http);

/* Exchanges in flight. */
extern int ddb_http_in_flight(const DdbHttp *http);

/*
 * Send a request. NULL with status filled if it cannot even start. Nothing is
 * sent twice by this layer, whether or not a kept connection dies.
 */
extern DdbExchange *ddb_http_send(DdbHttp *http, const DdbTarget *target,
								  const DdbPayload *payload, DdbStatus *status);

extern bool ddb_http_done(const DdbExchange *exchange);

/* Give it back, aborting it where it is still in flight. NULL is fine. */
extern void ddb_http_release(DdbExchange *exchange);

/* The clock of all deadlines: CLOCK_MONOTONIC in microseconds. */
extern int64_t ddb_http_now_us(void);

#endif /* DDB_HTTP_H */
