/*
 * call.h
 *		One operation of a service, with its retries: sign, send, judge.
 *
 * A call is a small state machine. It waits for a free seat and for keys to
 * sign with (queued), is in flight, pauses before another attempt, and ends. Nothing here blocks: the
 * owner of the client pumps until the call is done. See src/README.md, "Life
 * of a request".
 */
#ifndef DDB_CALL_H
#define DDB_CALL_H

#include "credentials.h"
#include "endpoint.h"
#include "http.h"
#include "status.h"

typedef struct DdbClient DdbClient;
typedef struct DdbCall DdbCall;

typedef struct DdbClientConfig
{
	DdbService service;
	DdbEndpointConfig endpoint;
	const char *ca_file; /* NULL: the system's */
	int connect_timeout_ms;
	int request_timeout_ms;
	int max_attempts;    /* of one call, the first included */
	int max_connections; /* attempts in flight at a time */
} DdbClientConfig;

/* What one attempt was, for the log and the statistics. */
typedef struct DdbAttempt
{
	int http_status; /* 0: no response */
	DdbStatusKind kind;
	double elapsed_ms;
	char request_id[72];
} DdbAttempt;

/* Attempts beyond this are made but not kept one by one. */
#define DDB_CALL_MAX_ATTEMPTS 16

/* What a call has cost; complete once it is done. */
typedef struct DdbCallCost
{
	int attempts;
	int throttles;   /* attempts that were throttled */
	double total_ms; /* from start to end, pauses included */
	uint64_t bytes_sent;
	uint64_t bytes_received;
} DdbCallCost;

/*
 * A client for one set of settings and credentials, on http, which it borrows
 * and which must outlive it. config is copied; credentials becomes the
 * client's, also where this fails. NULL with status filled on failure.
 */
extern DdbClient *ddb_client_create(DdbHttp *http, const DdbClientConfig *config,
									DdbCredentials *credentials,
									DdbStatus *status);

/* Its calls must have been freed. NULL is fine. */
extern void ddb_client_destroy(DdbClient *client);

/* Where its requests go. */
extern const DdbEndpoint *ddb_client_endpoint(const DdbClient *client);

/* Calls that are not done. */
extern int ddb_client_active(const DdbClient *client);

/*
 * Pump the network and move every call of this client as far as it goes, and
 * what its credentials have to ask.
 */
extern void ddb_client_pump(DdbClient *client);

/* How long to wait before the next pump: ms, 0 for now, -1 for no bound. */
extern int ddb_client_timeout_ms(DdbClient *client);

/*
 * Make a call; the next pump sends it. operation is the API's name, letters
 * only; table is for the log and may be NULL; both are copied, cut to fit. body
 * is malloc'd and becomes the call's, also on failure; NULL is taken for "out
 * of memory". idempotent: the request may be repeated after a failure that
 * leaves open whether it was applied.
 *
 * Returns NULL only if out of memory (the body is freed then). Every other
 * failure is the status of a call that is done.
 */
extern DdbCall *ddb_call_start(DdbClient *client, const char *operation,
							   const char *table, char *body, size_t body_len,
							   bool idempotent);

/* Let a call that was just made wait that long before it is sent. */
extern void ddb_call_delay(DdbCall *call, int delay_ms);

extern bool ddb_call_done(const DdbCall *call);

/* Is an attempt under way, so that the service may act on it at any moment? */
extern bool ddb_call_in_flight(const DdbCall *call);

/* DDB_OK or what went wrong; valid once the call is done. */
extern const DdbStatus *ddb_call_status(const DdbCall *call);

/* The response of a call that ended well: checked, inflated, NUL-ended. */
extern const char *ddb_call_body(const DdbCall *call, size_t *len);

extern const char *ddb_call_operation(const DdbCall *call);
/* Of its client */
extern DdbService ddb_call_service(const DdbCall *call);
/* As given to ddb_call_start; "" if there was none. */
extern const char *ddb_call_table(const DdbCall *call);
extern const DdbCallCost *ddb_call_cost(const DdbCall *call);

/* The i-th attempt, from 0; NULL beyond those kept. */
extern const DdbAttempt *ddb_call_attempt(const DdbCall *call, int i);

/* Aborts it where it is still active. NULL is fine. */
extern void ddb_call_free(DdbCall *call);

#endif /* DDB_CALL_H */
