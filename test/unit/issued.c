/*
 * issued.c
 *		Keys in the JSON of STS, containers and instances, and what is none.
 */
#include "issued.h"
#include "tap.h"

#define KEYS "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s/+=\""

static bool
read_text(DdbIssued *issued, const char *body, const char *secret,
		  DdbStatus *status)
{
	ddb_status_clear(status);
	return ddb_issued_read(issued, body, strlen(body), secret, status);
}

static void
check_keys(const char *body, const char *token, int64_t expires_ms,
		   const char *what)
{
	DdbIssued issued = {0};
	DdbStatus status;

	ok(read_text(&issued, body, NULL, &status), "%s", what);
	is_str(issued.keys.access_key_id, "AKID", "its ID");
	is_str(issued.keys.secret_access_key, "s/+=", "its secret");
	is_str(issued.keys.session_token, token, "its token");
	is_int(issued.expires_ms, expires_ms, "its expiry");
	ok(issued.keys.generation != 0, "its generation");
	ddb_issued_clear(&issued);
	ok(issued.text == NULL, "and it is cleared");
}

static void
test_keys(void)
{
	check_keys("{" KEYS ",\"Token\":\"tok\",\"Expiration\":"
			   "\"2009-02-13T23:31:30Z\"}",
			   "tok",
			   INT64_C(1234567890000),
			   "keys of a container");
	check_keys(" {\"Code\" : \"Success\", \"Type\" : \"AWS-HMAC\", " KEYS
			   ", \"Token\" : \"t\", \"Expiration\":\"2021-09-21T23:33:13Z\"}\n",
			   "t",
			   INT64_C(1632267193000),
			   "keys of an instance");
	check_keys("{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{"
			   "\"AssumedRoleUser\":{\"Arn\":\"a\"},\"Credentials\":{" KEYS
			   ",\"SessionToken\":\"t\\/\\u0041\",\"Expiration\":1.5E9},"
			   "\"PackedPolicySize\":null},"
			   "\"ResponseMetadata\":{\"RequestId\":\"r\"}}}",
			   "t/A",
			   INT64_C(1500000000000),
			   "keys of STS");
	check_keys("{" KEYS ",\"Expiration\":1628193482}",
			   NULL,
			   INT64_C(1628193482000),
			   "keys without a token");
	check_keys("{" KEYS ",\"Token\":\"\",\"x\":[1,{\"Code\":\"no\"}]}",
			   NULL,
			   DDB_ISSUED_FOR_EVER,
			   "keys that do not expire");
}

static void
check_malformed(const char *body, const char *message)
{
	DdbIssued issued = {0};
	DdbStatus status;

	ok(!read_text(&issued, body, NULL, &status), "refused: %.60s", body);
	is_int(status.kind, DDB_STATUS_PROTOCOL, "as malformed");
	is_str(status.message, message, "and why");
	ok(issued.text == NULL, "nothing is kept");
}

static void
test_malformed(void)
{
	check_malformed("", "the response is not JSON");
	check_malformed("<html>", "the response is not JSON");
	check_malformed("[]", "the response is not JSON");
	check_malformed("{" KEYS, "the response is not JSON");
	check_malformed("{" KEYS "} x", "the response is not JSON");
	check_malformed("{}", "the response has no keys");
	check_malformed("{\"AccessKeyId\":\"A\"}", "the response has no keys");
	check_malformed("{\"AccessKeyId\":null,\"SecretAccessKey\":\"s\"}",
					"the response has no keys");
	check_malformed("{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\"}",
					"there is no access key ID");
	check_malformed("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\"}",
					"there is no secret access key");
	check_malformed("{\"AccessKeyId\":\"A\\r\\nX: 1\",\"SecretAccessKey\":\"s\"}",
					"the access key ID has an invalid character");
	check_malformed("{" KEYS ",\"Token\":\"a b\"}",
					"the session token has an invalid character");
	check_malformed("{" KEYS ",\"Token\":\"a\\u0000b\"}",
					"the session token is malformed");
	check_malformed("{\"AccessKeyId\":\"\\ud800\",\"SecretAccessKey\":\"s\"}",
					"the keys are malformed");
	check_malformed("{" KEYS ",\"Expiration\":\"soon\"}",
					"the expiration is not a time");
	check_malformed("{" KEYS ",\"Expiration\":-1}",
					"the expiration is not a time");
	check_malformed("{" KEYS ",\"Expiration\":1e300}",
					"the expiration is not a time");
}

static void
check_refused(const char *body, const char *code, const char *message,
			  const char *request_id)
{
	DdbIssued issued = {0};
	DdbStatus status;

	ok(!read_text(&issued, body, "SeCrEt/+", &status), "no: %.60s", body);
	is_int(status.kind, DDB_STATUS_AUTH, "it is the issuer that says no");
	is_str(status.exception, code, "its code");
	is_str(status.message, message, "its words");
	is_str(status.request_id, request_id, "the request's ID");
}

static void
test_refused(void)
{
	check_refused("{\"Error\":{\"Code\":\"AccessDenied\",\"Message\":\"User is "
				  "not \\\"authorized\\\"\",\"Type\":\"Sender\"},"
				  "\"RequestId\":\"5045-ca91\"}",
				  "AccessDenied",
				  "User is not \"authorized\"",
				  "5045-ca91");
	check_refused("{\"code\":\"AccessDenied\",\"message\":\"no\"}",
				  "AccessDenied",
				  "no",
				  "");
	check_refused("{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 "
				  "cannot assume it\"}",
				  "AssumeRoleUnauthorizedAccess",
				  "EC2 cannot assume it",
				  "");
	check_refused("{\"message\":\"Missing Authentication Token\"}",
				  "",
				  "Missing Authentication Token",
				  "");
	check_refused("{\"Code\":\"Failed\"}", "Failed", "", "");
	/* AWS quotes the request that it finds signed wrong. */
	check_refused("{\"Error\":{\"Code\":\"SignatureDoesNotMatch\",\"Message\":"
				  "\"token:SeCrEt\\/+\\nSeCrEt/+SeCrEt/\"}}",
				  "SignatureDoesNotMatch",
				  "token:******** ********SeCrEt/",
				  "");
	check_refused("{\"Code\":\"SeCrEt\\u002f+\",\"RequestId\":\"SeCrEt/+\"}",
				  "********",
				  "",
				  "********");
}

static void
test_same(void)
{
	DdbIssued one = {0}, other = {0};
	DdbStatus status;

	ok(ddb_issued_copy(&one, "a", "b", NULL, &status), "keys are copied");
	ok(one.keys.session_token == NULL && one.expires_ms == DDB_ISSUED_FOR_EVER,
	   "without a token, for ever");
	ok(ddb_issued_copy(&other, "a", "b", "", &status), "and others");
	ok(ddb_issued_same(&one, &other), "which are the same");
	ok(one.keys.generation != other.keys.generation, "of another generation");
	ok(ddb_issued_copy(&other, "a", "b", "t", &status) &&
		   !ddb_issued_same(&one, &other),
	   "another token");
	ok(ddb_issued_copy(&other, "a", "c", NULL, &status) &&
		   !ddb_issued_same(&one, &other),
	   "another secret");
	ok(ddb_issued_copy(&other, "c", "b", NULL, &status) &&
		   !ddb_issued_same(&one, &other),
	   "another ID");
	ddb_issued_clear(&one);
	ddb_issued_clear(&other);
}

static void
test_no_memory(void)
{
	DdbIssued issued = {0};
	DdbStatus status;

	tap_fail_alloc(0);
	ok(!read_text(&issued, "{" KEYS "}", NULL, &status) && tap_alloc_failed() &&
		   status.kind == DDB_STATUS_NO_MEMORY,
	   "no memory for keys");
	for (int i = 0; i < 3; i++)
	{
		tap_fail_alloc(i);
		ok(!read_text(&issued, "{\"Code\":\"x\"}", NULL, &status) &&
			   tap_alloc_failed() && status.kind == DDB_STATUS_NO_MEMORY,
		   "no memory for words");
	}
	tap_fail_alloc(0);
	ok(!ddb_issued_copy(&issued, "a", "b", "c", &status) && tap_alloc_failed() &&
		   status.kind == DDB_STATUS_NO_MEMORY && issued.text == NULL,
	   "no memory for a copy");
}

int
main(void)
{
	test_keys();
	test_malformed();
	test_refused();
	test_same();
	test_no_memory();
	return tap_done();
}
