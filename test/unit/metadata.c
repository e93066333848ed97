/*
 * metadata.c
 *		What containers and instances are asked, and what their answers say.
 */
#include "asks.h"
#include "metadata.h"
#include "secret.h"

#define INSTANCE "cannot get keys from the instance metadata service: "
#define CONTAINER "cannot get keys from the container's endpoint: "

static void
check_draft(const DdbDraft *draft, const char *method, const char *url,
			DdbPeer peer, int timeout_ms)
{
	is_str(draft->ask.method, method, "its method");
	is_str(draft->ask.url, url, url);
	is_int(draft->ask.peer, peer, "where it may go");
	is_int(draft->ask.timeout_ms, timeout_ms, "its time");
	is_int(draft->ask.body_len, 0, "no body");
}

static void
test_instance(void)
{
	static const char endpoint[] = "http://169.254.169.254";
	static const char roles[] =
		"http://169.254.169.254/latest/meta-data/iam/security-credentials/";
	char url[200];
	DdbDraft draft = {0};
	DdbStatus status;

	ok(ddb_metadata_ask_token(&draft, endpoint, &status), "a token is asked for");
	check_draft(&draft,
				"PUT",
				"http://169.254.169.254/latest/api/token",
				DDB_PEER_METADATA,
				1000);
	is_str(ask_header(&draft.ask, "x-aws-ec2-metadata-token-ttl-seconds"),
		   "21600",
		   "for six hours");
	is_str(ask_header(&draft.ask, "x-aws-ec2-metadata-token"),
		   NULL,
		   "there is none yet");

	ok(ddb_metadata_ask_role(&draft, endpoint, "tok", &status), "a role");
	check_draft(&draft, "GET", roles, DDB_PEER_METADATA, 1000);
	is_str(ask_header(&draft.ask, "x-aws-ec2-metadata-token"),
		   "tok",
		   "with the token");
	is_str(draft.secret, "tok", "which is secret");

	ok(ddb_metadata_ask_keys(&draft, endpoint, "tok", "my-role", &status),
	   "its keys");
	snprintf(url, sizeof(url), "%smy-role", roles);
	check_draft(&draft, "GET", url, DDB_PEER_METADATA, 1000);
	is_str(ask_header(&draft.ask, "x-aws-ec2-metadata-token"),
		   "tok",
		   "with the token");
	ddb_draft_clear(&draft);
}

static void
check_container(const char *url, DdbPeer peer)
{
	DdbDraft draft = {0};
	DdbStatus status;

	ok(ddb_metadata_ask_container(&draft, url, NULL, &status), "a container's");
	check_draft(&draft, "GET", url, peer, 2000);
	is_str(ask_header(&draft.ask, "accept"), "application/json", "as JSON");
	is_str(ask_header(&draft.ask, "authorization"), NULL, "without a token");
	ddb_draft_clear(&draft);
}

static void
test_container(void)
{
	DdbDraft draft = {0};
	DdbStatus status;

	check_container("http://169.254.170.2/v2/credentials/1", DDB_PEER_METADATA);
	check_container("http://169.254.170.23/v1/credentials", DDB_PEER_METADATA);
	check_container("http://[fd00:ec2::23]/v1/credentials", DDB_PEER_METADATA);
	check_container("https://169.254.170.2:4/", DDB_PEER_METADATA);
	check_container("http://localhost:8080/x", DDB_PEER_LOOPBACK);
	check_container("http://127.0.0.1/x", DDB_PEER_LOOPBACK);
	check_container("http://[::1]:9/x", DDB_PEER_LOOPBACK);
	check_container("http://169.254.170.2.example/x", DDB_PEER_LOOPBACK);
	check_container("https://example.com/x", DDB_PEER_PUBLIC);

	ok(ddb_metadata_ask_container(&draft, "https://h/", "Bearer abc", &status),
	   "with a token");
	is_str(ask_header(&draft.ask, "authorization"), "Bearer abc", "as it is");
	is_str(draft.secret, "Bearer abc", "and secret");
	ok(!ddb_metadata_ask_container(&draft, "https://h/", "abc\r\nX-Evil: 1", &status) &&
		   status.kind == DDB_STATUS_AUTH,
	   "one of two lines is refused");
	is_str(status.message,
		   CONTAINER "its authorization token has an invalid character",
		   "and why");
	ddb_draft_clear(&draft);
}

/* One reader's word on one answer, after which its name or keys are gone. */
static bool
read_one(int reader, const DdbAnswer *answer, DdbStatus *status)
{
	DdbDraft draft = {.secret = "SeCrEt"};
	DdbIssued issued = {0};
	char *text = NULL;
	bool read;

	ddb_status_clear(status);
	switch (reader)
	{
		case 't':
			text = ddb_metadata_read_token(answer, status);
			read = text != NULL;
			break;
		case 'r':
			text = ddb_metadata_read_role(answer, status);
			read = text != NULL;
			break;
		case 'k':
			read = ddb_metadata_read_keys(answer, &draft, &issued, status);
			break;
		default:
			read = ddb_metadata_read_container(answer, &draft, &issued, status);
			break;
	}
	if (reader == 't')
		ddb_secret_free(text);
	else
		free(text);
	ddb_issued_clear(&issued);
	return read;
}

static void
check_refused(int reader, int http_status, const char *body,
			  const char *message, DdbRetryClass retry_class)
{
	Reply reply;
	DdbStatus status;

	ok(!read_one(reader, reply_http(&reply, http_status, body), &status),
	   "no %c: HTTP %d %.40s",
	   reader,
	   http_status,
	   body);
	is_str(status.message, message, "and why");
	is_int(status.http_status, http_status, "the HTTP status is kept");
	is_int(ddb_metadata_classify(&status), retry_class, "whether again");
	ok(!status_says(&status, "SeCrEt"), "no secret is told");
}

static void
test_refusals(void)
{
	const DdbRetryClass never = DDB_RETRY_NEVER;
	const DdbRetryClass transient = DDB_RETRY_TRANSIENT;

	check_refused('t',
				  403,
				  "",
				  INSTANCE "it is turned off for this instance (HTTP 403)",
				  never);
	check_refused('t', 404, "x", INSTANCE "HTTP 404", never);
	check_refused('t', 503, "x", INSTANCE "HTTP 503", transient);
	check_refused('t', 429, "x", INSTANCE "HTTP 429", DDB_RETRY_THROTTLE);
	check_refused('t', 301, "x", INSTANCE "HTTP 301", never);
	check_refused('t', 200, "", INSTANCE "no usable token in its answer", transient);
	check_refused('t',
				  200,
				  "<html> x",
				  INSTANCE "no usable token in its answer",
				  transient);
	check_refused('r',
				  404,
				  "<html>",
				  INSTANCE "the instance has no role (HTTP 404)",
				  never);
	check_refused('r',
				  200,
				  "a/../../b",
				  INSTANCE "no usable role in its answer",
				  transient);
	check_refused('k', 401, "", INSTANCE "HTTP 401", never);
	check_refused('k', 500, "<html>", INSTANCE "HTTP 500", transient);
	check_refused('k', 200, "<html>", INSTANCE "the response is not JSON", transient);
	check_refused('k',
				  200,
				  "{\"Code\":\"Failed\",\"Message\":\"not SeCrEt\"}",
				  INSTANCE "Failed: not ******",
				  never);
	check_refused('c',
				  403,
				  "{\"code\":\"AccessDenied\",\"message\":\"SeCrEt\"}",
				  CONTAINER "AccessDenied: ******",
				  never);
	check_refused('c',
				  500,
				  "{\"code\":\"ServerError\",\"message\":\"oops\"}",
				  CONTAINER "ServerError: oops",
				  transient);
	check_refused('c', 404, "no SeCrEt", CONTAINER "HTTP 404", never);
	check_refused('c',
				  404,
				  "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"SeCrEt\"}",
				  CONTAINER "HTTP 404",
				  never);
	check_refused('c', 200, "{}", CONTAINER "the response has no keys", transient);
}

static void
test_answers(void)
{
	Reply reply;
	DdbStatus status;
	char *text;

	text = ddb_metadata_read_token(reply_http(&reply, 200, "abc=="), &status);
	is_str(text, "abc==", "a token");
	ddb_secret_free(text);
	text = ddb_metadata_read_role(reply_http(&reply, 200, "one\ntwo\n"), &status);
	is_str(text, "one", "the first role");
	free(text);
	ok(read_one('k',
				reply_http(&reply,
						   200,
						   "{\"Code\":\"Success\",\"AccessKeyId\":\"a\","
						   "\"SecretAccessKey\":\"b\",\"Token\":\"c\"}"),
				&status),
	   "keys");

	ok(!read_one('t',
				 reply_failure(&reply, DDB_STATUS_TIMEOUT, "no response"),
				 &status) &&
		   ddb_metadata_classify(&status) == DDB_RETRY_TRANSIENT,
	   "no answer is asked again");
	is_str(status.message, INSTANCE "no response", "and says so");
	ok(!read_one('c',
				 reply_failure(&reply, DDB_STATUS_CONFIG, "not allowed"),
				 &status) &&
		   ddb_metadata_classify(&status) == DDB_RETRY_NEVER,
	   "what cannot be asked is not");
	is_str(status.message, CONTAINER "not allowed", "and says so");
	read_one('r', reply_http(&reply, 401, ""), &status);
	ok(ddb_metadata_token_expired(&status), "401 is the token's fault");
	read_one('r', reply_http(&reply, 403, ""), &status);
	ok(!ddb_metadata_token_expired(&status), "403 is not");
}

int
main(void)
{
	test_instance();
	test_container();
	test_refusals();
	test_answers();
	return tap_done();
}
