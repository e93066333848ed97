/*
 * callstate.h
 *		What a client and its calls are inside: for call.c and pump.c alone.
 */
#ifndef DDB_CALLSTATE_H
#define DDB_CALLSTATE_H

#include "call.h"
#include "jitter.h"
#include "retry.h"
#include "sigv4.h"
#include "skew.h"

/*
 * A call goes from QUEUED to FLYING to DONE, or from FLYING by way of PAUSED
 * back to QUEUED; one with a delay begins as PAUSED.
 */
typedef enum CallState
{
	CALL_QUEUED,
	CALL_FLYING,
	CALL_PAUSED,
	CALL_DONE
} CallState;

struct DdbClient
{
	DdbHttp *http;
	DdbService service;
	DdbEndpoint endpoint;
	DdbCredentials *credentials;
	DdbSigner *signer;
	DdbTarget target;
	char *ca_file;
	int max_attempts;
	int max_connections;
	DdbRetryBucket bucket;
	DdbJitter jitter;
	DdbSkew skew;
	bool keyless;   /* when it was pumped last, keys were on their way */
	DdbCall *first; /* calls not freed, oldest first */
	DdbCall *last;
	int nactive; /* not DONE */
	int nflying;
};

struct DdbCall
{
	DdbClient *client;
	DdbCall *prev;
	DdbCall *next;
	CallState state;
	bool idempotent;
	bool maybe_applied; /* a write, by one of the attempts so far */
	bool rekeyed;       /* its keys were refused, and others fetched for it */
	char operation[48];
	char table[256];
	char *body;
	size_t body_len;
	DdbExchange *exchange; /* of the attempt in flight or the last one */
	DdbReply reply;
	char *inflated; /* the response if it came as gzip */
	const char *response;
	size_t response_len;
	int64_t started_us;
	int64_t attempt_us;  /* when the attempt in flight began */
	int64_t sent_ms;     /* the same by the calendar, since 1970 */
	int64_t offset_ms;   /* of the service's clock, when it was signed */
	uint64_t generation; /* of the keys that it was signed with */
	int64_t resume_us;   /* when PAUSED ends */
	DdbRetryState retry;
	DdbStatus status;
	DdbCallCost cost;
	DdbAttempt attempts[DDB_CALL_MAX_ATTEMPTS];
};

#endif /* DDB_CALLSTATE_H */
