/*
 * status.c
 *		Any bytes at all as the body of a response that is not 200.
 *
 * Whatever it is, it is an error, and what is kept of it are strings of UTF-8
 * in their places. jansson, which refuses all other texts, reads them.
 */
#include <jansson.h>

#include "check.h"
#include "status.h"

/* What the request had, and an answer may quote. */
#define SECRET "token-of-ours"

static void
check_utf8(const char *text, size_t len)
{
	json_t *string = json_stringn(text, len);

	CHECK(string != NULL);
	json_decref(string);
}

static void
check(int http_status, const char *body, size_t len)
{
	DdbStatus status;

	ddb_status_clear(&status);
	status.http_status = http_status;
	ddb_status_decode(&status, body, len, SECRET);
	CHECK(status.kind > DDB_OK && status.kind <= DDB_STATUS_OTHER);
	CHECK(status.http_status == http_status && status.request_id[0] == '\0');
	CHECK(status.nreasons >= 0 && status.nreasons <= DDB_TRANSACT_MAX_ACTIONS);
	CHECK(status.nreasons == 0 || status.kind != DDB_STATUS_CONDITION);
	for (int i = 0; i < status.nreasons; i++)
		CHECK(status.reasons[i] <= DDB_REASON_OTHER);
	CHECK(IS_STRING(status.exception) && IS_STRING(status.message));
	CHECK(strstr(status.exception, SECRET) == NULL);
	CHECK(strstr(status.message, SECRET) == NULL);
	check_utf8(status.exception, strlen(status.exception));
	check_utf8(status.message, strlen(status.message));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int http_statuses[] = {400, 403, 413, 429, 500, 503};
	char *body = exact_copy(data, size);

	for (int i = 0; i < 6; i++)
		check(http_statuses[i], body, size);
	free(body);
	return 0;
}
