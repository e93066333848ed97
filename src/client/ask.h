/*
 * ask.h
 *		One request that a state machine wants made for it, and its outcome.
 *
 * Those who decide what to ask (provider.c) know nothing of the network; those
 * who send it (credentials.c) know nothing of what it is about.
 */
#ifndef DDB_ASK_H
#define DDB_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "peer.h"
#include "status.h"

/*
 * All borrowed until the answer was given. A request without a body has
 * body_len 0. Header lines are "name: value"; those of the host and of the
 * length are the sender's.
 */
typedef struct DdbAsk
{
	const char *method; /* "GET", "POST", "PUT" */
	const char *url;
	const char *const *headers;
	int nheaders;
	const char *body;
	size_t body_len;
	int timeout_ms; /* of the whole of it, connecting included */
	DdbPeer peer;
} DdbAsk;

/* What came of it. All borrowed for the time of the call. */
typedef struct DdbAnswer
{
	const DdbStatus *status; /* DDB_OK: a response came, of whatever HTTP
							  * status; else what happened */
	int http_status;
	const char *body; /* inflated */
	size_t body_len;
	const char *date; /* its Date; NULL or "" if it had none, or has an Age:
					   * then Date is a cache's */
} DdbAnswer;

#endif /* DDB_ASK_H */
