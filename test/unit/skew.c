/*
 * skew.c
 *		The service's clock: dates, and the cases that the SDKs share.
 *
 * Those are read from $DDB_SHARED_DATA/clock-skew-test-cases.json (by default
 * in ../shared/data) and skipped where they are not there.
 */
#include <jansson.h>
#include <limits.h>

#include "retry.h"
#include "skew.h"
#include "tap.h"
#include "timestamp.h"

#define MAX_ATTEMPTS 4

static int64_t
get_ms(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	int64_t us = 0;

	if (text == NULL || !ddb_timestamp_parse(text, strlen(text), &us))
		abort();
	return us / 1000;
}

/*
 * One attempt, signed with the offset that was known before it. True if another
 * one follows.
 */
static bool
run_attempt(DdbSkew *skew, json_t *attempt, DdbRetryState *retry,
			int max_attempts, bool *good)
{
	json_t *response = json_object_get(attempt, "response");
	json_t *headers = json_object_get(response, "headers");
	const char *date = json_string_value(json_object_get(headers, "Date"));
	const char *code = json_string_value(json_object_get(response, "errorCode"));
	DdbSkewTrip trip = {.sent_ms = get_ms(attempt, "clientTimeAtSend"),
						.received_ms = get_ms(attempt, "clientTimeAtReceive"),
						.date = date != NULL ? date : "",
						.cached = json_object_get(headers, "Age") != NULL};
	int64_t offset_ms = skew->offset_ms;
	DdbRetryClass retry_class;
	DdbRetryBucket bucket;
	DdbStatus status;

	*good &= trip.sent_ms + offset_ms == get_ms(attempt, "expectedSigningTime");
	ddb_skew_learn(skew, &trip);
	if (code == NULL)
		return false;

	ddb_status_clear(&status);
	status.sent = true;
	status.http_status =
		(int) json_integer_value(json_object_get(response, "statusCode"));
	status.kind = DDB_STATUS_AUTH;
	snprintf(status.exception, sizeof(status.exception), "%s", code);
	retry_class = ddb_skew_explains(skew, offset_ms, &status)
					  ? DDB_RETRY_MENDED
					  : ddb_retry_classify(&status, false);
	ddb_retry_bucket_init(&bucket);
	retry->attempts++;
	return ddb_retry_delay_ms(&bucket, retry, retry_class, max_attempts, 0, -1) >=
		   0;
}

/* Each attempt that the case has is made, and none beyond them. */
static bool
run_operation(DdbSkew *skew, json_t *operation)
{
	json_t *attempts = json_object_get(operation, "attempts");
	json_t *max = json_object_get(operation, "maxAttempts");
	int max_attempts = max != NULL ? (int) json_integer_value(max) : MAX_ATTEMPTS;
	const char *outcome =
		json_string_value(json_object_get(operation, "expectedOutcome"));
	DdbRetryState retry = {0};
	bool good = skew->offset_ms ==
				1000 * json_integer_value(
						   json_object_get(operation, "initialClientSkew"));
	bool again = true;
	json_t *attempt;
	size_t i;

	json_array_foreach(attempts, i, attempt)
	{
		good &= again;
		again = run_attempt(skew, attempt, &retry, max_attempts, &good);
	}
	attempt = json_object_get(json_array_get(attempts, i - 1), "response");
	return good && !again &&
		   (json_object_get(attempt, "errorCode") == NULL) ==
			   (strcmp(outcome, "success") == 0) &&
		   skew->offset_ms ==
			   1000 * json_integer_value(
						  json_object_get(operation, "expectedClientSkew"));
}

static bool
run_case(json_t *test)
{
	json_t *operations = json_object_get(test, "operations");
	json_t *first = json_array_get(operations, 0);
	DdbSkew skew = {.offset_ms =
						1000 * json_integer_value(
								   json_object_get(first, "initialClientSkew"))};
	json_t *operation;
	size_t i;
	bool good = true;

	json_array_foreach(operations, i, operation) good &=
		run_operation(&skew, operation);
	return ok(good, "%s", json_string_value(json_object_get(test, "description")));
}

static void
test_cases(void)
{
	const char *data = getenv("DDB_SHARED_DATA");
	char path[PATH_MAX];
	json_t *root, *tests, *test;
	size_t i;
	int passed = 0;

	snprintf(path,
			 sizeof(path),
			 "%s/clock-skew-test-cases.json",
			 data != NULL ? data : "../shared/data");
	root = json_load_file(path, 0, NULL);
	if (root == NULL)
	{
		tap_skip("the cases of clock skew are not there");
		return;
	}
	tests = json_object_get(root, "tests");
	json_array_foreach(tests, i, test) passed += run_case(test);
	is_int(passed, (int) json_array_size(tests), "every case passes");
	printf("# figure: clock skew, %d of %d\n",
		   passed,
		   (int) json_array_size(tests));
	json_decref(root);
}

static void
check_date(const char *text, bool good, int64_t expected_s)
{
	int64_t ms = -1;

	is_int(ddb_skew_parse_date(text, &ms), good, text);
	if (good)
		is_int(ms, expected_s * 1000, "its time");
}

static void
test_dates(void)
{
	check_date("Thu, 01 Jan 1970 00:00:00 GMT", true, 0);
	check_date("Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777);
	check_date("Tue, 29 Feb 2000 23:59:59 GMT", true, 951868799);
	check_date("Sun, 22 Nov 2026 07:59:25 GMT", true, 1795334365);
	check_date("Fri, 31 Dec 2100 23:59:60 GMT", true, 4133980800);

	check_date("", false, 0);
	check_date("Mon, 06 Nov 1994 08:49:37 GMT", false, 0);
	check_date("Sunday, 06-Nov-94 08:49:37 GMT", false, 0);
	check_date("Sun Nov  6 08:49:37 1994", false, 0);
	check_date("Sun, 6 Nov 1994 08:49:37 GMT", false, 0);
	check_date("Sun, 06 nov 1994 08:49:37 GMT", false, 0);
	check_date("Sun, 06 Nov 1994 08:49:37 UTC", false, 0);
	check_date("Sun, 06 Nov 1994 08:49:37 GMT ", false, 0);
	check_date("Sun, 06 Nov 1994 24:49:37 GMT", false, 0);
	check_date("Sun, 06 Nov 1994 08:60:37 GMT", false, 0);
	check_date("Sun, 06 Nov 1994 08:49:61 GMT", false, 0);
	check_date("Sun, +6 Nov 1994 08:49:37 GMT", false, 0);
	check_date("Wed, 00 Nov 1994 08:49:37 GMT", false, 0);
	check_date("Thu, 31 Nov 1994 08:49:37 GMT", false, 0);
	check_date("Mon, 29 Feb 2100 08:49:37 GMT", false, 0);
	check_date("Sun, 06 Nov 0994 08:49:37 GMT", false, 0);
}

static void
test_refusals(void)
{
	static const char *const names[] = {"InvalidSignatureException",
										"SignatureDoesNotMatch",
										"AuthFailure",
										"RequestTimeTooSkewed",
										"AccessDeniedException"};
	DdbSkew skew = {.offset_ms = -3600 * 1000};
	DdbSkew off = {.off = true};
	DdbSkewTrip trip = {.date = "Sun, 22 Nov 2026 07:59:25 GMT"};
	DdbStatus status;

	ddb_status_clear(&status);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		strcpy(status.exception, names[i]);
		ok(ddb_skew_explains(&skew, 0, &status), "%s by the clock", names[i]);
		ok(!ddb_skew_explains(&skew, skew.offset_ms, &status),
		   "not if it was right when it was signed");
		ok(!ddb_skew_explains(&skew, skew.offset_ms + 240000, &status),
		   "nor if it was but four minutes off");
	}
	strcpy(status.exception, "ValidationException");
	ok(!ddb_skew_explains(&skew, 0, &status), "others are not of the clock");

	trip.sent_ms = 1795334365000 + 3590000;
	trip.received_ms = trip.sent_ms + 600000;
	ddb_skew_learn(&skew, &trip);
	is_int(skew.offset_ms, -3600 * 1000, "kept where it may be right");
	trip.received_ms = trip.sent_ms + 9000;
	ddb_skew_learn(&skew, &trip);
	is_int(skew.offset_ms, -3594500, "else the middle of the trip");
	skew.offset_ms = -3600 * 1000;
	ddb_skew_learn(&off, &trip);
	is_int(off.offset_ms, 0, "nothing is learnt where that is turned off");
	trip.sent_ms = 2000;
	ddb_skew_learn(&skew, &trip);
	is_int(skew.offset_ms, -3600 * 1000, "nor of a clock that went back");
}

int
main(void)
{
	test_dates();
	test_refusals();
	test_cases();
	return tap_done();
}
