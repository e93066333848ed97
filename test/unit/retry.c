/*
 * retry.c
 *		What is tried again, when, and how often.
 */
#include "retry.h"
#include "tap.h"

static DdbStatus
failure(DdbStatusKind kind, int http_status, const char *exception, bool sent)
{
	DdbStatus status;

	ddb_status_clear(&status);
	status.kind = kind;
	status.http_status = http_status;
	status.sent = sent;
	snprintf(status.exception, sizeof(status.exception), "%s", exception);
	return status;
}

/* Its class if it was sent, for an idempotent call and for another. */
static void
check_sent(DdbStatusKind kind, int http_status, const char *exception,
		   DdbRetryClass idempotent, DdbRetryClass other)
{
	DdbStatus status = failure(kind, http_status, exception, true);
	char what[100];

	snprintf(what, sizeof(what), "kind %d, HTTP %d %s", kind, http_status, exception);
	is_int(ddb_retry_classify(&status, true), idempotent, what);
	is_int(ddb_retry_classify(&status, false), other, "not idempotent");
}

static void
check_connect(DdbConnectFault fault, DdbRetryClass expected)
{
	DdbStatus status = failure(DDB_STATUS_CONNECT, 0, "", false);

	status.connect_fault = fault;
	is_int(ddb_retry_classify(&status, true), expected, "no connection");
}

static void
test_classes(void)
{
	const DdbRetryClass never = DDB_RETRY_NEVER;
	const DdbRetryClass transient = DDB_RETRY_TRANSIENT;
	const DdbRetryClass throttle = DDB_RETRY_THROTTLE;

	/* It may have been applied: only the idempotent go again. */
	check_sent(DDB_STATUS_LOST, 0, "", transient, never);
	check_sent(DDB_STATUS_TIMEOUT, 0, "", transient, never);
	check_sent(DDB_STATUS_PROTOCOL, 200, "", transient, never);
	check_sent(DDB_STATUS_OTHER, 500, "InternalServerError", transient, never);
	check_sent(DDB_STATUS_OTHER, 502, "", transient, never);
	check_sent(DDB_STATUS_OTHER, 503, "ServiceUnavailable", transient, never);
	check_sent(DDB_STATUS_OTHER, 504, "", transient, never);

	/* It was not. */
	check_sent(DDB_STATUS_CONNECT, 0, "", transient, transient);
	check_connect(DDB_CONNECT_HANDSHAKE, transient);
	check_sent(DDB_STATUS_THROTTLED, 400, "Throttling", throttle, throttle);
	check_sent(DDB_STATUS_THROTTLED, 503, "SlowDown", throttle, throttle);
	check_sent(DDB_STATUS_CONFLICT,
			   400,
			   "ReplicatedWriteConflictException",
			   transient,
			   transient);

	/* Again would be the same. */
	check_connect(DDB_CONNECT_ISSUER, never);
	check_connect(DDB_CONNECT_CERTIFICATE, never);
	check_connect(DDB_CONNECT_LINK_LOCAL, never);
	check_sent(DDB_STATUS_CONFLICT,
			   400,
			   "TransactionConflictException",
			   never,
			   never);
	check_sent(DDB_STATUS_OTHER, 400, "SomethingElse", never, never);
	check_sent(DDB_STATUS_OTHER, 501, "", never, never);
	check_sent(DDB_STATUS_OVERSIZE, 200, "", never, never);
	check_sent(DDB_STATUS_CONFIG, 0, "", never, never);
	check_sent(DDB_STATUS_NO_MEMORY, 0, "", never, never);
	for (int kind = DDB_STATUS_CONDITION; kind <= DDB_STATUS_OTHER; kind++)
	{
		if (kind != DDB_STATUS_THROTTLED)
			check_sent((DdbStatusKind) kind, 400, "", never, never);
	}
}

static void
test_not_sent(void)
{
	DdbStatus lost = failure(DDB_STATUS_LOST, 0, "", false);
	DdbStatus timeout = failure(DDB_STATUS_TIMEOUT, 0, "", false);

	is_int(ddb_retry_classify(&lost, false),
		   DDB_RETRY_TRANSIENT,
		   "lost before it was sent");
	is_int(ddb_retry_classify(&timeout, false),
		   DDB_RETRY_TRANSIENT,
		   "timed out before it was sent");
}

static void
check_canceled(const uint8_t *reasons, int n, DdbRetryClass expected,
			   const char *what)
{
	DdbStatus status =
		failure(DDB_STATUS_CANCELED, 400, "TransactionCanceledException", true);

	memcpy(status.reasons, reasons, (size_t) n);
	status.nreasons = n;
	is_int(ddb_retry_classify(&status, false), expected, what);
}

static void
test_canceled(void)
{
	check_canceled((uint8_t[]){DDB_REASON_NONE, DDB_REASON_THROTTLED},
				   2,
				   DDB_RETRY_THROTTLE,
				   "canceled by throttling alone");
	check_canceled((uint8_t[]){DDB_REASON_THROTTLED, DDB_REASON_CONDITION},
				   2,
				   DDB_RETRY_NEVER,
				   "by a condition too");
	check_canceled((uint8_t[]){DDB_REASON_CONFLICT},
				   1,
				   DDB_RETRY_NEVER,
				   "by a conflict");
	check_canceled((uint8_t[]){DDB_REASON_NONE},
				   1,
				   DDB_RETRY_NEVER,
				   "for no reason");
	check_canceled((uint8_t[]){0}, 0, DDB_RETRY_NEVER, "reasons unknown");
}

/* The delay before the attempt after `attempts`, from a full bucket */
static int
delay_after(int attempts, DdbRetryClass retry_class, double jitter,
			int retry_after_ms)
{
	DdbRetryBucket bucket;
	DdbRetryState state = {attempts, 0};

	ddb_retry_bucket_init(&bucket);
	return ddb_retry_delay_ms(&bucket,
							  &state,
							  retry_class,
							  1000,
							  jitter,
							  retry_after_ms);
}

static void
test_keys(void)
{
	static const char *const cases[][2] = {
		{"ExpiredTokenException", "yes"},
		{"ExpiredToken", "yes"},
		{"UnrecognizedClientException", "yes"},
		{"InvalidClientTokenId", "yes"},
		{"InvalidAccessKeyId", "yes"},
		{"InvalidSignatureException", NULL},
		{"AccessDeniedException", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		DdbStatus status = failure(DDB_STATUS_AUTH, 400, cases[i][0], true);

		is_int(ddb_retry_keys_refused(&status), cases[i][1] != NULL, cases[i][0]);
	}
}

static void
test_delays(void)
{
	const double most = 0.9999999;

	is_int(delay_after(1, DDB_RETRY_TRANSIENT, most, -1), 24, "25 ms");
	is_int(delay_after(2, DDB_RETRY_TRANSIENT, most, -1), 49, "doubled");
	is_int(delay_after(3, DDB_RETRY_TRANSIENT, most, -1), 99, "and again");
	is_int(delay_after(1, DDB_RETRY_THROTTLE, most, -1), 999, "1000 ms");
	is_int(delay_after(4, DDB_RETRY_THROTTLE, most, -1), 7999, "three times");
	is_int(delay_after(6, DDB_RETRY_THROTTLE, most, -1), 19999, "capped");
	is_int(delay_after(999, DDB_RETRY_TRANSIENT, most, -1), 19999, "for good");
	is_int(delay_after(3, DDB_RETRY_TRANSIENT, 0.5, -1), 50, "full jitter");
	is_int(delay_after(9, DDB_RETRY_THROTTLE, 0, -1), 0, "from nothing");
	is_int(delay_after(1, DDB_RETRY_TRANSIENT, 0.5, 700),
		   700,
		   "the service's own delay");
	is_int(delay_after(4, DDB_RETRY_THROTTLE, 0.5, 700),
		   4000,
		   "which only prolongs");
	is_int(delay_after(1, DDB_RETRY_TRANSIENT, 0.5, 600000),
		   20000,
		   "and is capped");
	is_int(delay_after(1, DDB_RETRY_NEVER, 0.5, 700), -1, "never is never");
}

static void
test_attempts(void)
{
	DdbRetryBucket bucket;
	DdbRetryState state = {3, 0};

	ddb_retry_bucket_init(&bucket);
	is_int(ddb_retry_delay_ms(&bucket, &state, DDB_RETRY_TRANSIENT, 4, 0, -1),
		   0,
		   "a fourth attempt of four");
	state.attempts = 4;
	is_int(ddb_retry_delay_ms(&bucket, &state, DDB_RETRY_TRANSIENT, 4, 0, -1),
		   -1,
		   "no fifth");
	is_int(bucket.tokens, 500 - 14, "which takes no tokens");

	state.attempts = 3;
	is_int(ddb_retry_delay_ms(&bucket, &state, DDB_RETRY_MENDED, 4, 0.9, 500),
		   0,
		   "at once where the cause is put right");
	state.attempts = 4;
	is_int(ddb_retry_delay_ms(&bucket, &state, DDB_RETRY_MENDED, 4, 0.9, -1),
		   -1,
		   "but it is an attempt as any");
}

/* How many retries of a class a full bucket pays for */
static int
retries_paid(DdbRetryBucket *bucket, DdbRetryClass retry_class)
{
	DdbRetryState state = {1, 0};
	int n = 0;

	ddb_retry_bucket_init(bucket);
	while (ddb_retry_delay_ms(bucket, &state, retry_class, 4, 0, -1) >= 0)
		n++;
	return n;
}

static void
test_bucket(void)
{
	DdbRetryBucket bucket;
	DdbRetryState state = {1, 0};

	is_int(retries_paid(&bucket, DDB_RETRY_THROTTLE), 100, "5 for a throttle");
	is_int(bucket.tokens, 0, "to the last");
	is_int(retries_paid(&bucket, DDB_RETRY_TRANSIENT), 35, "14 for a fault");
	is_int(bucket.tokens, 10, "which leaves less than one");

	ddb_retry_success(&bucket, &state);
	is_int(bucket.tokens, 11, "a plain success gives one back");
	bucket.tokens = 100;
	ddb_retry_delay_ms(&bucket, &state, DDB_RETRY_TRANSIENT, 4, 0, -1);
	ddb_retry_delay_ms(&bucket, &state, DDB_RETRY_THROTTLE, 4, 0, -1);
	ddb_retry_success(&bucket, &state);
	is_int(bucket.tokens, 86, "a retry's success what the last retry took");
	ddb_retry_success(&bucket, &state);
	is_int(bucket.tokens, 87, "once");
	bucket.tokens = 500;
	ddb_retry_success(&bucket, &state);
	is_int(bucket.tokens, 500, "never more than it holds");
}

int
main(void)
{
	test_classes();
	test_not_sent();
	test_canceled();
	test_keys();
	test_delays();
	test_attempts();
	test_bucket();
	return tap_done();
}
