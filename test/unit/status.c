/*
 * status.c
 *		Error bodies of the services: kind, exception, message and reasons.
 *
 * The messages are those of the service and of DynamoDB Local.
 */
#include <jansson.h>

#include "status.h"
#include "tap.h"

static DdbStatus
decode_bytes(int http_status, const char *body, size_t len)
{
	DdbStatus status;

	ddb_status_clear(&status);
	status.http_status = http_status;
	ddb_status_decode(&status, body, len, NULL);
	return status;
}

static DdbStatus
decode(int http_status, const char *body)
{
	/* Without a NUL, so that a read beyond the end is seen. */
	size_t len = strlen(body);
	char *copy = malloc(len + 1);
	DdbStatus status;

	memcpy(copy + 1, body, len);
	status = decode_bytes(http_status, copy + 1, len);
	free(copy);
	return status;
}

static void
check_kind(const char *exception, DdbStatusKind kind)
{
	char body[200];
	DdbStatus status;

	snprintf(body,
			 sizeof(body),
			 "{\"__type\":\"com.amazonaws.dynamodb.v20120810#%s\","
			 "\"message\":\"why\"}",
			 exception);
	status = decode(400, body);
	is_int(status.kind, kind, exception);
	is_str(status.exception, exception, "its name");
	is_str(status.message, "why", "its message");
}

static void
test_kinds(void)
{
	check_kind("ConditionalCheckFailedException", DDB_STATUS_CONDITION);
	check_kind("TransactionCanceledException", DDB_STATUS_CANCELED);
	check_kind("TransactionConflictException", DDB_STATUS_CONFLICT);
	check_kind("ReplicatedWriteConflictException", DDB_STATUS_CONFLICT);
	check_kind("ProvisionedThroughputExceededException", DDB_STATUS_THROTTLED);
	check_kind("ThrottlingException", DDB_STATUS_THROTTLED);
	check_kind("Throttling", DDB_STATUS_THROTTLED);
	check_kind("ThrottledException", DDB_STATUS_THROTTLED);
	check_kind("RequestThrottled", DDB_STATUS_THROTTLED);
	check_kind("RequestThrottledException", DDB_STATUS_THROTTLED);
	check_kind("TooManyRequestsException", DDB_STATUS_THROTTLED);
	check_kind("RequestLimitExceeded", DDB_STATUS_THROTTLED);
	check_kind("LimitExceededException", DDB_STATUS_THROTTLED);
	check_kind("ExpiredIteratorException", DDB_STATUS_EXPIRED);
	check_kind("TrimmedDataAccessException", DDB_STATUS_TRIMMED);
	check_kind("TransactionInProgressException", DDB_STATUS_THROTTLED);
	check_kind("PriorRequestNotComplete", DDB_STATUS_THROTTLED);
	check_kind("SlowDown", DDB_STATUS_THROTTLED);
	check_kind("RequestTimeout", DDB_STATUS_TIMEOUT);
	check_kind("ResourceNotFoundException", DDB_STATUS_NOT_FOUND);
	check_kind("ResourceInUseException", DDB_STATUS_IN_USE);
	check_kind("AccessDeniedException", DDB_STATUS_DENIED);
	check_kind("NotAuthorizedException", DDB_STATUS_DENIED);
	check_kind("InvalidParameterException", DDB_STATUS_VALIDATION);
	check_kind("UnrecognizedClientException", DDB_STATUS_AUTH);
	check_kind("InvalidSignatureException", DDB_STATUS_AUTH);
	check_kind("MissingAuthenticationToken", DDB_STATUS_AUTH);
	check_kind("MissingAuthenticationTokenException", DDB_STATUS_AUTH);
	check_kind("ExpiredToken", DDB_STATUS_AUTH);
	check_kind("ExpiredTokenException", DDB_STATUS_AUTH);
	check_kind("IncompleteSignatureException", DDB_STATUS_AUTH);
	check_kind("InvalidClientTokenId", DDB_STATUS_AUTH);
	check_kind("RequestTimeTooSkewed", DDB_STATUS_AUTH);
	check_kind("ItemCollectionSizeLimitExceededException", DDB_STATUS_LIMIT);
	check_kind("RequestEntityTooLarge", DDB_STATUS_LIMIT);
	check_kind("ValidationException", DDB_STATUS_VALIDATION);
	check_kind("IdempotentParameterMismatchException", DDB_STATUS_OTHER);
	check_kind("UnknownOperationException", DDB_STATUS_OTHER);
	check_kind("InternalServerError", DDB_STATUS_OTHER);
	check_kind("SomethingNew", DDB_STATUS_OTHER);
}

static void
check_type(const char *type, const char *expected)
{
	char body[200];
	DdbStatus status;

	snprintf(body, sizeof(body), "{\"__type\":\"%s\"}", type);
	status = decode(400, body);
	is_str(status.exception, expected, type);
	is_str(status.message, "", "no message");
}

static void
test_names(void)
{
	DdbStatus status;

	check_type("ValidationException", "ValidationException");
	check_type("com.amazon.coral.validate#ValidationException",
			   "ValidationException");
	check_type("ValidationException:http://amazon.com/coral#x/",
			   "ValidationException");
	check_type("a.b#ValidationException:http://amazon.com/",
			   "ValidationException");
	check_type("", "");
	check_type("#", "");
	check_type("an-exception-whose-name-is-far-longer-than-any-that-dynamodb-"
			   "has-today",
			   "an-exception-whose-name-is-far-longer-than-any-that-dynamodb-"
			   "ha");
	status = decode(400, "{\"__type\":5,\"message\":6,\"Message\":\"M\"}");
	is_str(status.exception, "", "a type that is no string");
	is_str(status.message, "M", "Message where message is no string");
}

static const char *const limits[] = {
	"Item size has exceeded the maximum allowed size",
	"Item size to update has exceeded the maximum allowed size",
	"Invalid FilterExpression: Expression size has exceeded the maximum "
	"allowed size; expression size: 4109",
	"Invalid FilterExpression: The expression contains too many operators; "
	"operator count: 301",
	"Invalid FilterExpression: The IN operator is provided with too many "
	"operands; number of operands: 101",
	"One or more parameter values were invalid: Size of hashkey has exceeded "
	"the maximum size limit of2048 bytes",
	"One or more parameter values were invalid: Aggregated size of all range "
	"keys has exceeded the size limit of 1024 bytes",
	"Hash primary key values must be under 2048 bytes, and range primary key "
	"values must be under 1024 bytes",
	"Nesting Levels have exceeded supported limits: Attributes in the item "
	"have nested levels beyond supported limit",
	"Transaction payload size cannot exceed 4MB. Payload Size: 4290078",
	"Member must have length less than or equal to 100",
	"Too many items requested for the BatchWriteItem call",
	"Too many items requested for the BatchGetItem call",
};

static const char *const no_limits[] = {
	"1 validation error detected: Value 'ab' at 'tableName' failed to satisfy "
	"constraint: Member must have length greater than or equal to 3",
	"Value [] at 'transactItems' failed to satisfy constraint: Member must "
	"have length greater than or equal to 1",
	"Value at 'tableName' failed to satisfy constraint: Member must have "
	"length less than or equal to 255",
	"One or more parameter values are not valid. The AttributeValue for a key "
	"attribute cannot contain an empty string value. Key: sk",
	"The provided key element does not match the schema",
};

static void
check_validation(DdbStatusKind kind, const char *message)
{
	json_t *root = json_pack("{s:s,s:s}",
							 "__type",
							 "com.amazon.coral.validate#ValidationException",
							 "Message",
							 message);
	char *body = json_dumps(root, 0);
	DdbStatus status = decode(400, body);

	is_int(status.kind, kind, message);
	free(body);
	json_decref(root);
}

static void
test_limits(void)
{
	char quoted[3000];

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		check_validation(DDB_STATUS_LIMIT, limits[i]);
	for (size_t i = 0; i < sizeof(no_limits) / sizeof(no_limits[0]); i++)
		check_validation(DDB_STATUS_VALIDATION, no_limits[i]);

	/* The telling words lie beyond what the status keeps. */
	memset(quoted, 'x', sizeof(quoted));
	snprintf(quoted + 2000,
			 1000,
			 "' at 'transactItems' failed to satisfy constraint: Member must "
			 "have length less than or equal to 100");
	check_validation(DDB_STATUS_LIMIT, quoted);
}

static void
test_reasons(void)
{
	static const uint8_t expected[] = {DDB_REASON_NONE,
									   DDB_REASON_CONDITION,
									   DDB_REASON_CONFLICT,
									   DDB_REASON_THROTTLED,
									   DDB_REASON_THROTTLED,
									   DDB_REASON_LIMIT,
									   DDB_REASON_VALIDATION,
									   DDB_REASON_LIMIT,
									   DDB_REASON_OTHER,
									   DDB_REASON_NONE};
	DdbStatus status =
		decode(400,
			   "{\"__type\":\"x#TransactionCanceledException\","
			   "\"Message\":\"Transaction cancelled [None, ...]\","
			   "\"CancellationReasons\":[{\"Code\":\"None\"},"
			   "{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"m\"},"
			   "{\"Code\":\"TransactionConflict\"},"
			   "{\"Code\":\"ThrottlingError\"},"
			   "{\"Code\":\"ProvisionedThroughputExceeded\"},"
			   "{\"Code\":\"ItemCollectionSizeLimitExceeded\"},"
			   "{\"Code\":\"ValidationError\",\"Message\":\"m\"},"
			   "{\"Code\":\"ValidationError\",\"Message\":\"Item size to update "
			   "has exceeded the maximum allowed size\"},"
			   "{\"Code\":\"New\"},{}]}");

	is_int(status.kind, DDB_STATUS_CANCELED, "a canceled transaction");
	is_int(status.nreasons, sizeof(expected), "its reasons");
	ok(memcmp(status.reasons, expected, sizeof(expected)) == 0, "in order");
	is_str(status.message, "Transaction cancelled [None, ...]", "and the message");

	status = decode(400,
					"{\"__type\":\"x#TransactionCanceledException\","
					"\"CancellationReasons\":\"none\"}");
	is_int(status.nreasons, 0, "reasons that are no array");
}

static void
test_many_reasons(void)
{
	json_t *reasons = json_array();
	json_t *root = json_pack("{s:s,s:o}",
							 "__type",
							 "TransactionCanceledException",
							 "CancellationReasons",
							 reasons);
	DdbStatus status;
	char *body;

	for (int i = 0; i < 150; i++)
		json_array_append_new(reasons,
							  json_pack("{s:s}", "Code", "ConditionalCheckFailed"));
	body = json_dumps(root, 0);
	status = decode(400, body);
	is_int(status.nreasons, DDB_TRANSACT_MAX_ACTIONS, "no more than fit");
	is_int(status.reasons[99], DDB_REASON_CONDITION, "to the last");
	free(body);
	json_decref(root);
}

static void
check_text(int http_status, const char *body, DdbStatusKind kind,
		   const char *message)
{
	DdbStatus status = decode(http_status, body);

	is_int(status.kind, kind, "kind of a body that is no error in JSON");
	is_str(status.message, message, "the body is the message");
	is_str(status.exception, "", "there is no exception");
	is_int(status.http_status, http_status, "the HTTP status stays");
}

static void
test_not_json(void)
{
	check_text(503, "", DDB_STATUS_OTHER, "");
	check_text(413, "", DDB_STATUS_LIMIT, "");
	check_text(429, "slow", DDB_STATUS_THROTTLED, "slow");
	check_text(502,
			   "\r\n <html>\r\n\t<b>Bad\x01gateway</b>\n\n",
			   DDB_STATUS_OTHER,
			   "<html>   <b>Bad gateway</b>");
	check_text(400, "{\"__type\":\"x", DDB_STATUS_OTHER, "{\"__type\":\"x");
	check_text(400, "[1]", DDB_STATUS_OTHER, "[1]");
	check_text(400,
			   "a\xff\xc3(\xe2\x82 \xc0\xaf\xed\xa0\x80\xf5z",
			   DDB_STATUS_OTHER,
			   "a?\?(?\? ?\?\?\?\?\?z");
	check_text(400,
			   "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc2\x9b\x7f.",
			   DDB_STATUS_OTHER,
			   "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80?\? .");
}

/* A message of three-byte characters behind some of one byte */
static void
check_cut(size_t before)
{
	char body[1200];
	DdbStatus decoded, set;
	size_t len = before;

	memset(body, 'a', before);
	while (len < sizeof(body) - 3)
	{
		memcpy(body + len, "\xe2\x82\xac", 3);
		len += 3;
	}
	body[len] = '\0';
	decoded = decode(500, body);
	ddb_status_clear(&set);
	ok(!ddb_status_set(&set, DDB_STATUS_LOST, "%s", body), "set says false");
	is_str(set.message, decoded.message, "both cut at the same place");
	len = strlen(set.message);
	ok(len <= 1023 && len > 1020 && (len - before) % 3 == 0,
	   "%zu bytes, at a character's end",
	   len);
}

static void
test_set(void)
{
	DdbStatus status = decode(400, "{\"__type\":\"Old\",\"message\":\"m\"}");

	status.sent = true;
	strcpy(status.request_id, "id");
	ok(!ddb_status_set(&status, DDB_STATUS_LOST, "lost %d\n", 5), "false");
	is_int(status.kind, DDB_STATUS_LOST, "the kind is set");
	is_str(status.message, "lost 5", "and the message");
	ok(status.sent && status.http_status == 400 &&
		   strcmp(status.exception, "Old") == 0 &&
		   strcmp(status.request_id, "id") == 0,
	   "the rest stays");
	ddb_status_clear(&status);
	ok(status.kind == DDB_OK && !status.sent && status.http_status == 0 &&
		   status.message[0] == '\0' && status.exception[0] == '\0' &&
		   status.request_id[0] == '\0' && status.nreasons == 0,
	   "cleared");
	for (size_t before = 0; before < 3; before++)
		check_cut(before);
}

static void
test_nul(void)
{
	DdbStatus status = decode(400,
							  "{\"__type\":\"ValidationException\","
							  "\"message\":\"a\\u0000b\"}");

	is_int(status.kind, DDB_STATUS_VALIDATION, "an escaped NUL is no harm");
	is_str(status.message, "a b", "it is a control character");
	status = decode_bytes(400, "x\0y", 3);
	is_str(status.message, "x y", "nor a plain one");
}

/*
 * Without memory jansson gives no tree, or one that lacks a character. So no
 * more is asked than a failure with a message, and no leak.
 */
static void
test_no_memory(void)
{
	static const char body[] = "{\"__type\":\"x#ValidationException\","
							   "\"message\":\"a message\","
							   "\"CancellationReasons\":[{\"Code\":\"None\"}]}";
	bool sane = true;
	int n;

	for (n = 0;; n++)
	{
		DdbStatus status;

		tap_fail_alloc(n);
		status = decode_bytes(400, body, sizeof(body) - 1);
		if (!tap_alloc_failed())
		{
			is_str(status.message, "a message", "decoded in the end");
			break;
		}
		sane &= (status.kind == DDB_STATUS_OTHER ||
				 status.kind == DDB_STATUS_VALIDATION) &&
				(strcmp(status.message, body) == 0 ||
				 strcmp(status.message, "a message") == 0);
	}
	ok(n > 5, "%d allocations can fail", n);
	ok(sane, "a failure with a message remains");
}

/* As it is cut: what stands before the token, then the token, and more of it. */
static void
test_secret_cut(size_t before)
{
	static const char token[] = "IQoJb3JpZ2luX2VjEBEaCXVzLWVhc3QtMSJ";
	char body[sizeof(((DdbStatus *) 0)->message) + 200];
	DdbStatus status;

	memset(body, 'x', sizeof(body));
	memcpy(body + before, token, sizeof(token) - 1);
	ddb_status_clear(&status);
	status.http_status = 502;
	ddb_status_decode(&status, body, sizeof(body), token);
	ok(strstr(status.message, "IQo") == NULL, "a token after %zu bytes", before);
}

static void
test_secret(void)
{
	static const char json[] =
		"{\"__type\":\"No#t/o+k=en\",\"message\":\"sent t\\/o+k=en,"
		"t/o+k=ent/o+k=en and t/o+k\"}";
	DdbStatus status;

	ddb_status_clear(&status);
	status.http_status = 403;
	ddb_status_decode(&status, json, sizeof(json) - 1, "t/o+k=en");
	is_str(status.message,
		   "sent ********,**************** and t/o+k",
		   "a secret is blotted out");
	is_str(status.exception, "********", "of the exception too");
	ddb_status_decode(&status, "  <t/o>", 7, "t/o");
	is_str(status.message, "<***>", "and of what is no JSON");
	ddb_status_decode(&status, "<t/o>", 5, "");
	is_str(status.message, "<t/o>", "an empty one is none");
	for (size_t before = 0; before < sizeof(status.message); before++)
		if (before < 2 || before > sizeof(status.message) - 40)
			test_secret_cut(before);
}

int
main(void)
{
	json_set_alloc_funcs(malloc, free);
	test_kinds();
	test_names();
	test_limits();
	test_reasons();
	test_many_reasons();
	test_not_json();
	test_set();
	test_nul();
	test_secret();
	test_no_memory();
	return tap_done();
}
