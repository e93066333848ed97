/*
 * retry.h
 *		Whether and when a failed attempt is made again.
 *
 * Pure: no clock, no randomness of its own, no I/O. The rules are those that
 * the AWS SDKs share ("standard" retry mode): exponential backoff with full
 * jitter and a token bucket that stops a client from hammering a service that
 * fails for everyone.
 */
#ifndef DDB_RETRY_H
#define DDB_RETRY_H

#include "status.h"

/* The bucket is shared by all calls of one client. */
typedef struct DdbRetryBucket
{
	int tokens;
} DdbRetryBucket;

/* What one call has taken from the bucket and may give back. */
typedef struct DdbRetryState
{
	int attempts; /* made so far, the first included */
	int taken;    /* tokens of the last retry */
} DdbRetryState;

/* Is this failure worth another attempt at all? */
typedef enum DdbRetryClass
{
	DDB_RETRY_NEVER,
	DDB_RETRY_TRANSIENT,
	DDB_RETRY_THROTTLE,
	DDB_RETRY_MENDED /* what it was refused for is put right: at once */
} DdbRetryClass;

extern void ddb_retry_bucket_init(DdbRetryBucket *bucket);

/*
 * The class of a failed attempt, never DDB_RETRY_MENDED: that is for those to
 * know who can mend things. A failure after which a write may have been
 * applied (status->sent and not throttled) is worth a retry only if the call
 * is idempotent.
 */
extern DdbRetryClass ddb_retry_classify(const DdbStatus *status, bool idempotent);

/* Was it refused for its keys, which are expired or unknown? */
extern bool ddb_retry_keys_refused(const DdbStatus *status);

/*
 * After a failed attempt: the delay in ms before the next one, or -1 if there
 * is to be none (class, max_attempts or an empty bucket). jitter is uniform in
 * [0,1). retry_after_ms is the service's own x-amz-retry-after, or -1.
 */
extern int ddb_retry_delay_ms(DdbRetryBucket *bucket, DdbRetryState *state,
							  DdbRetryClass retry_class, int max_attempts,
							  double jitter, int retry_after_ms);

/* After success: give back what the last retry took, or one token. */
extern void ddb_retry_success(DdbRetryBucket *bucket, DdbRetryState *state);

#endif /* DDB_RETRY_H */
