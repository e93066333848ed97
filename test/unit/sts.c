/*
 * sts.c
 *		What STS is asked for a role, and what its answers say.
 *
 * The signatures are those that botocore makes of the same requests.
 */
#include "asks.h"
#include "sts.h"

/* 2026-11-22T07:59:25Z */
#define NOW_S INT64_C(1795334365)
#define ARN "arn:aws:iam::123456789012:role/a b"
#define ENCODED_ARN "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%20b"
#define FAILED "cannot assume role \"" ARN "\": "

static DdbEndpoint endpoint;
static DdbSts sts = {.endpoint = &endpoint, .timeout_ms = 5000};
static DdbRole plain = {.arn = (char *) ARN};
static DdbRole full = {.arn = (char *) ARN,
					   .external_id = (char *) "x&y",
					   .session_name = (char *) "me@home",
					   .duration_s = 900};

static void
check_body(const DdbDraft *draft, const char *expected, const char *what)
{
	ok(draft->ask.body_len == strlen(expected) &&
		   memcmp(draft->ask.body, expected, draft->ask.body_len) == 0,
	   "%s",
	   what);
}

static void
check_signed(const char *token, const char *authorization)
{
	DdbKeys keys = {"AKID", "SECRET", token, ddb_keys_generation()};
	DdbDraft draft = {0};
	DdbStatus status;

	ok(ddb_sts_assume_role(&sts, &draft, &full, &keys, NOW_S, &status),
	   "a role is asked for");
	is_str(draft.ask.method, "POST", "by POST");
	is_str(draft.ask.url, "https://sts.eu-west-1.amazonaws.com/", "where STS is");
	is_int(draft.ask.peer, DDB_PEER_PUBLIC, "out there");
	is_int(draft.ask.timeout_ms, 5000, "with the time that was given");
	check_body(&draft,
			   "Action=AssumeRole&Version=2011-06-15&RoleArn=" ENCODED_ARN
			   "&RoleSessionName=me%40home&ExternalId=x%26y&DurationSeconds=900",
			   "its parameters");
	is_str(ask_header(&draft.ask, "content-type"),
		   "application/x-www-form-urlencoded",
		   "a form");
	is_str(ask_header(&draft.ask, "accept"), "application/json", "wants JSON");
	is_str(ask_header(&draft.ask, "x-amz-date"), "20261122T075925Z", "its date");
	is_str(ask_header(&draft.ask, "x-amz-security-token"), token, "its token");
	is_str(ask_header(&draft.ask, "authorization"), authorization, "signed");
	is_str(draft.secret, token, "the token is secret");
	ddb_draft_clear(&draft);
}

static void
test_assume_role(void)
{
	DdbKeys keys = {"AKID", "SECRET", NULL, ddb_keys_generation()};
	DdbDraft draft = {0};
	DdbStatus status;

	check_signed(NULL,
				 "AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-west-1/sts/"
				 "aws4_request, SignedHeaders=content-type;host;x-amz-date, "
				 "Signature=8fc26d98277e78cb21b14646ccd8ae048997e9f2648e5cc13636"
				 "092c7518f19f");
	check_signed("tok/en+=",
				 "AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-west-1/sts/"
				 "aws4_request, SignedHeaders=content-type;host;x-amz-date;"
				 "x-amz-security-token, Signature=d838d61762b0784b38b8f8bcd82d0a"
				 "77fd9e41390e30596b25438783b19dfb01");
	ok(ddb_sts_assume_role(&sts, &draft, &plain, &keys, NOW_S, &status),
	   "a role without options");
	check_body(&draft,
			   "Action=AssumeRole&Version=2011-06-15&RoleArn=" ENCODED_ARN
			   "&RoleSessionName=cruddur_ddb-1795334365",
			   "its session has the time's name");
	ddb_draft_clear(&draft);
}

static void
test_web_identity(void)
{
	DdbDraft draft = {0};
	DdbStatus status;

	ok(ddb_sts_assume_role_with_web_identity(&sts,
											 &draft,
											 &full,
											 "eyJ0.e-X_A~/+",
											 NOW_S,
											 &status),
	   "a role for a token");
	check_body(&draft,
			   "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" ENCODED_ARN
			   "&RoleSessionName=me%40home&DurationSeconds=900"
			   "&WebIdentityToken=eyJ0.e-X_A~%2F%2B",
			   "its parameters");
	is_str(ask_header(&draft.ask, "authorization"), NULL, "is not signed");
	is_str(ask_header(&draft.ask, "accept"), "application/json", "wants JSON");
	is_str(draft.secret, "eyJ0.e-X_A~/+", "the token is secret");
	ddb_draft_clear(&draft);
}

static void
check_refused(int http_status, const char *body, const char *message,
			  DdbRetryClass retry_class)
{
	DdbDraft draft = {.secret = (char *) "SeCrEt"};
	DdbIssued issued = {0};
	DdbStatus status;
	Reply reply;

	ok(!ddb_sts_read(reply_http(&reply, http_status, body),
					 &draft,
					 &plain,
					 &issued,
					 &status),
	   "no: HTTP %d %.40s",
	   http_status,
	   body);
	is_str(status.message, message, "and why");
	is_int(status.http_status, http_status, "the HTTP status is kept");
	is_int(ddb_sts_classify(&status), retry_class, "whether again");
	ok(!status_says(&status, "SeCrEt"), "no secret is told");
	ok(issued.text == NULL, "there are no keys");
}

#define ERROR(code, words)                                                     \
	"{\"Error\":{\"Code\":\"" code "\",\"Message\":\"" words                   \
	"\",\"Type\":\"Sender\"},\"RequestId\":\"r-1\"}"

static void
test_refusals(void)
{
	check_refused(403,
				  ERROR("AccessDenied", "User is not authorized"),
				  FAILED "AccessDenied: User is not authorized",
				  DDB_RETRY_NEVER);
	check_refused(400,
				  ERROR("InvalidIdentityToken", "No provider for SeCrEt"),
				  FAILED "InvalidIdentityToken: No provider for ******",
				  DDB_RETRY_NEVER);
	check_refused(400,
				  ERROR("IDPCommunicationError", "try again"),
				  FAILED "IDPCommunicationError: try again",
				  DDB_RETRY_TRANSIENT);
	check_refused(400,
				  ERROR("Throttling", "Rate exceeded"),
				  FAILED "Throttling: Rate exceeded",
				  DDB_RETRY_THROTTLE);
	check_refused(503,
				  ERROR("ServiceUnavailable", "later"),
				  FAILED "ServiceUnavailable: later",
				  DDB_RETRY_TRANSIENT);
	check_refused(503,
				  "<html>SeCrEt",
				  FAILED "STS answered with HTTP 503",
				  DDB_RETRY_TRANSIENT);
	check_refused(403,
				  "<ErrorResponse>",
				  FAILED "STS answered with HTTP 403",
				  DDB_RETRY_NEVER);
	check_refused(403,
				  "{\"message\":\"Forbidden\"}",
				  FAILED "Forbidden",
				  DDB_RETRY_NEVER);
	check_refused(200,
				  "<AssumeRoleResponse>",
				  FAILED "unusable answer of STS, HTTP 200",
				  DDB_RETRY_TRANSIENT);
	check_refused(400,
				  "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"SeCrEt\"}",
				  FAILED "STS answered with HTTP 400",
				  DDB_RETRY_NEVER);
}

static void
test_answers(void)
{
	DdbDraft draft = {0};
	DdbIssued issued = {0};
	DdbStatus status;
	Reply reply;

	reply_http(&reply,
			   200,
			   "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{"
			   "\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\","
			   "\"SessionToken\":\"C\",\"Expiration\":1.795337965E9}}}}");
	ok(ddb_sts_read(&reply.answer, &draft, &plain, &issued, &status), "keys");
	is_str(issued.keys.session_token, "C", "with a token");
	is_int(issued.expires_ms, (NOW_S + 3600) * 1000, "for an hour");
	ddb_issued_clear(&issued);

	reply_http(&reply, 403, ERROR("AccessDenied", "no"));
	ddb_sts_read(&reply.answer, &draft, &plain, &issued, &status);
	is_str(status.exception, "AccessDenied", "a refusal's code");
	is_str(status.request_id, "r-1", "its request");

	reply_failure(&reply, DDB_STATUS_CONNECT, "cannot connect");
	ok(!ddb_sts_read(&reply.answer, &draft, &plain, &issued, &status) &&
		   ddb_sts_classify(&status) == DDB_RETRY_TRANSIENT,
	   "no connection is tried again");
	is_str(status.message, FAILED "cannot connect", "and says so");
}

static void
test_no_memory(void)
{
	DdbKeys keys = {"AKID", "SECRET", "token", ddb_keys_generation()};
	DdbDraft draft = {0};
	DdbStatus status;
	bool all_failed = true;
	int n;

	for (n = 0;; n++)
	{
		bool written;

		tap_fail_alloc(n);
		written = ddb_sts_assume_role(&sts, &draft, &full, &keys, NOW_S, &status);
		if (!tap_alloc_failed())
			break;
		all_failed &= !written && status.kind == DDB_STATUS_NO_MEMORY;
	}
	ok(all_failed && n > 5, "out of memory, in %d places", n);
	for (n = 0;; n++)
	{
		bool written;

		tap_fail_alloc(n);
		written = ddb_sts_assume_role_with_web_identity(&sts,
														&draft,
														&full,
														"t",
														NOW_S,
														&status);
		if (!tap_alloc_failed())
			break;
		all_failed &= !written && status.kind == DDB_STATUS_NO_MEMORY;
	}
	ok(all_failed && n > 4, "and in %d of those with a token", n);
	ddb_draft_clear(&draft);
}

int
main(void)
{
	DdbEndpointConfig config = {.region = "eu-west-1",
								.endpoint =
									"https://sts.eu-west-1.amazonaws.com"};
	DdbStatus status;

	ok(ddb_endpoint_resolve(&endpoint, DDB_SERVICE_STS, &config, &status),
	   "STS has an endpoint");
	sts.signer = ddb_sigv4_create();
	test_assume_role();
	test_web_identity();
	test_refusals();
	test_answers();
	test_no_memory();
	ddb_sigv4_free(sts.signer);
	return tap_done();
}
