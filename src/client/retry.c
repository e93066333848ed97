/*
 * retry.c
 *		Whether and when a failed attempt is made again.
 *
 * The numbers are those of the AWS SDKs' standard retry mode for DynamoDB. The
 * caller counts the attempts, brings the randomness and does the waiting.
 */
#include <string.h>

#include "retry.h"

#define BUCKET_TOKENS 500
#define TRANSIENT_TOKENS 14
#define THROTTLE_TOKENS 5
#define TRANSIENT_BASE_MS 25
#define THROTTLE_BASE_MS 1000
#define MAX_DELAY_MS 20000
/* Doublings after which even the shorter base is over MAX_DELAY_MS */
#define MAX_DOUBLINGS 10

void
ddb_retry_bucket_init(DdbRetryBucket *bucket)
{
	bucket->tokens = BUCKET_TOKENS;
}

/* A transaction that failed for nothing but a lack of capacity. */
static bool
canceled_by_throttling(const DdbStatus *status)
{
	bool throttled = false;

	for (int i = 0; i < status->nreasons; i++)
	{
		if (status->reasons[i] == DDB_REASON_THROTTLED)
			throttled = true;
		else if (status->reasons[i] != DDB_REASON_NONE)
			return false;
	}
	return throttled;
}

/* An answer that came from the service but says nothing of the request. */
static bool
server_trouble(const DdbStatus *status)
{
	return status->http_status == 500 || status->http_status == 502 ||
		   status->http_status == 503 || status->http_status == 504;
}

DdbRetryClass
ddb_retry_classify(const DdbStatus *status, bool idempotent)
{
	bool repeatable = idempotent || !status->sent;

	switch (status->kind)
	{
		case DDB_STATUS_THROTTLED:
			return DDB_RETRY_THROTTLE;
		case DDB_STATUS_CANCELED:
			return canceled_by_throttling(status) ? DDB_RETRY_THROTTLE
												  : DDB_RETRY_NEVER;
		case DDB_STATUS_CONNECT:
			/* The certificate or address will not be another one soon. */
			if (status->connect_fault > DDB_CONNECT_HANDSHAKE)
				return DDB_RETRY_NEVER;
			/* Nothing left this host, so nothing was applied. */
			return DDB_RETRY_TRANSIENT;
		case DDB_STATUS_CONFLICT:
			/* A global table's replica lost a race; the write was refused. */
			if (strncmp(status->exception, "ReplicatedWriteConflict", 23) == 0)
				return DDB_RETRY_TRANSIENT;
			return DDB_RETRY_NEVER;
		case DDB_STATUS_LOST:
		case DDB_STATUS_TIMEOUT:
		case DDB_STATUS_PROTOCOL:
			return repeatable ? DDB_RETRY_TRANSIENT : DDB_RETRY_NEVER;
		case DDB_STATUS_OTHER:
			if (server_trouble(status) && repeatable)
				return DDB_RETRY_TRANSIENT;
			return DDB_RETRY_NEVER;
		default:
			return DDB_RETRY_NEVER;
	}
}

bool
ddb_retry_keys_refused(const DdbStatus *status)
{
	static const char *const names[] = {"ExpiredTokenException",
										"ExpiredToken",
										"UnrecognizedClientException",
										"InvalidClientTokenId",
										"InvalidAccessKeyId"};

	return ddb_status_is_any(status, names, sizeof(names) / sizeof(names[0]));
}

/* jitter * base * 2^(retry - 1), capped; retry counts from 1 */
static int
backoff_ms(int base_ms, int retry, double jitter)
{
	int doublings = retry > MAX_DOUBLINGS ? MAX_DOUBLINGS : retry - 1;
	int cap_ms = base_ms << doublings;

	if (cap_ms > MAX_DELAY_MS)
		cap_ms = MAX_DELAY_MS;
	return (int) (jitter * cap_ms);
}

int
ddb_retry_delay_ms(DdbRetryBucket *bucket, DdbRetryState *state,
				   DdbRetryClass retry_class, int max_attempts, double jitter,
				   int retry_after_ms)
{
	bool throttle = retry_class == DDB_RETRY_THROTTLE;
	int cost = throttle ? THROTTLE_TOKENS : TRANSIENT_TOKENS;
	int base_ms = throttle ? THROTTLE_BASE_MS : TRANSIENT_BASE_MS;
	int delay_ms;

	if (retry_class == DDB_RETRY_NEVER || state->attempts >= max_attempts ||
		bucket->tokens < cost)
		return -1;

	bucket->tokens -= cost;
	state->taken = cost;
	if (retry_class == DDB_RETRY_MENDED)
		return 0;
	delay_ms = backoff_ms(base_ms, state->attempts, jitter);
	if (retry_after_ms > MAX_DELAY_MS)
		retry_after_ms = MAX_DELAY_MS;
	return delay_ms > retry_after_ms ? delay_ms : retry_after_ms;
}

void
ddb_retry_success(DdbRetryBucket *bucket, DdbRetryState *state)
{
	bucket->tokens += state->taken > 0 ? state->taken : 1;
	if (bucket->tokens > BUCKET_TOKENS)
		bucket->tokens = BUCKET_TOKENS;
	state->taken = 0;
}
