/*
 * sigv4.c
 *		Signing: against botocore, with changing keys, without memory.
 *
 * The official test suite is sigv4_suite.c's.
 */
#include "sigv4.h"
#include "tap.h"

static const DdbKeys test_keys = {
	.access_key_id = "AKIDEXAMPLE",
	.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	.generation = 1,
};

static DdbSigv4Scope
test_scope(const DdbKeys *keys)
{
	return (DdbSigv4Scope){.region = "eu-central-1",
						   .service = "dynamodb",
						   .keys = keys,
						   .date = "20261122T075925Z"};
}

/* A request as we send them; headers has room for five. */
static DdbSigv4Request
test_request(DdbSigv4Header *headers, const char *path, const char *token)
{
	DdbSigv4Request request = {.method = "POST",
							   .path = path,
							   .headers = headers,
							   .nheaders = token != NULL ? 5 : 4,
							   .normalize_path = true};

	headers[0] = (DdbSigv4Header){"X-Amz-Target", "DynamoDB_20120810.Query"};
	headers[1] = (DdbSigv4Header){"Content-Type", "application/x-amz-json-1.0"};
	headers[2] = (DdbSigv4Header){"Host", "localhost:8000"};
	headers[3] = (DdbSigv4Header){"X-Amz-Date", "20261122T075925Z"};
	if (token != NULL)
		headers[4] = (DdbSigv4Header){"X-Amz-Security-Token", token};
	return request;
}

static char *
sign(DdbSigner *signer, const DdbSigv4Scope *scope, const char *path,
	 const char *token, DdbStatus *status)
{
	static const char body[] = "{\"TableName\":\"cruddur-messages\"}";
	DdbSigv4Header headers[5];
	DdbSigv4Request request = test_request(headers, path, token);
	char hex[DDB_SIGV4_HEX_LEN];

	ddb_sigv4_hash(body, sizeof(body) - 1, hex);
	request.body_sha256 = hex;
	return ddb_sigv4_authorization(signer, scope, &request, status);
}

/* Expected values come from botocore 1.26 (SigV4Auth). */
static void
test_botocore(void)
{
	static const char *const expected[][3] = {
		{"/",
		 NULL,
		 "817c27fedf7075d282c5cd65c27a8b5f3cdb73f3beb364031fbf9ad596c334d1"},
		{"/",
		 "TOKEN/with+signs==",
		 "d739f247dc8b3061012747060e02fcc98621bdec1643abb446ecc5db32460af5"},
		{"/base%20dir//x/../y/",
		 NULL,
		 "c3136ad0296c1331470ad7dee4ba784e2c4412a7835edc9e8afd33631035c6f0"},
	};
	DdbSigv4Scope scope = test_scope(&test_keys);
	DdbSigner *signer = ddb_sigv4_create();
	DdbStatus status;

	for (size_t i = 0; i < 3; i++)
	{
		char *got = sign(signer, &scope, expected[i][0], expected[i][1], &status);
		char want[400];

		snprintf(want,
				 sizeof(want),
				 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/"
				 "eu-central-1/dynamodb/aws4_request, SignedHeaders="
				 "content-type;host;x-amz-date%s;x-amz-target, Signature=%s",
				 expected[i][1] != NULL ? ";x-amz-security-token" : "",
				 expected[i][2]);
		is_str(got, want, "signed as botocore signs");
		free(got);
	}
	ddb_sigv4_free(signer);
}

/* The same signature whether or not the signer had another key before. */
static void
check_rekeyed(DdbSigner *used, const DdbSigv4Scope *scope, const char *what)
{
	DdbSigner *fresh = ddb_sigv4_create();
	char from_used[DDB_SIGV4_HEX_LEN] = "";
	char again[DDB_SIGV4_HEX_LEN] = "";
	char from_fresh[DDB_SIGV4_HEX_LEN] = "";

	ddb_sigv4_signature(used, scope, "text", from_used);
	ddb_sigv4_signature(used, scope, "text", again);
	ddb_sigv4_signature(fresh, scope, "text", from_fresh);
	ok(strlen(from_fresh) == 64, "%s: there is a signature", what);
	is_str(from_used, from_fresh, what);
	is_str(again, from_fresh, what);
	ddb_sigv4_free(fresh);
}

static void
test_key_cache(void)
{
	char long_region[200];
	DdbKeys keys = test_keys;
	DdbSigv4Scope scope = test_scope(&keys);
	DdbSigner *signer = ddb_sigv4_create();

	check_rekeyed(signer, &scope, "first key");
	scope.date[7] = '3';
	check_rekeyed(signer, &scope, "another day");
	scope.region = "eu-central-2";
	check_rekeyed(signer, &scope, "another region");
	scope.service = "sts";
	check_rekeyed(signer, &scope, "another service");
	keys.secret_access_key = "another secret, longer than one block of the "
							 "hash, which is 64 bytes";
	keys.generation++;
	check_rekeyed(signer, &scope, "another secret");
	memset(long_region, 'r', sizeof(long_region) - 1);
	long_region[sizeof(long_region) - 1] = '\0';
	scope.region = long_region;
	check_rekeyed(signer, &scope, "a region too long to be kept");
	scope.region = "eu-central-2";
	check_rekeyed(signer, &scope, "back again");
	ddb_sigv4_free(signer);
}

/* Up to 60 bytes fit a block of the hash. Expected: Python's hmac. */
static void
test_secrets(void)
{
	static const struct
	{
		int len;
		const char *signature;
	} cases[] = {
		{1, "5c15491d16d15b41884644f6a38f4caa14b7d22906e6f42ca9c30a577d10219d"},
		{60, "87cdb00446049628a46dd0dd1f17a477708054efeb41f002116bb326ccd9316d"},
		{61, "ab1b3cf6d49f84cef5292c156d3fce854d01225c8d5b1aad10e4c04643d0c865"},
		{64, "c34158a3dd33691de35a0ba3f087e072c517cba279277c77c9ed0d35485a4eb3"},
		{300, "45df50deeb640d84cb5d09c29ded2f18bd47730267fe0befa1fe6af95960dc4b"},
	};
	char secret[301];
	DdbKeys keys = {.access_key_id = "A", .secret_access_key = secret};
	DdbSigv4Scope scope = test_scope(&keys);
	DdbSigner *signer = ddb_sigv4_create();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char hex[DDB_SIGV4_HEX_LEN];

		memset(secret, 's', sizeof(secret));
		secret[cases[i].len] = '\0';
		keys.generation++;
		ddb_sigv4_signature(signer, &scope, "text", hex);
		is_str(hex, cases[i].signature, "a secret of another length");
	}
	ddb_sigv4_free(signer);
}

static void
check_canonical(const char *path, const char *query, bool normalize,
				const char *expected)
{
	DdbSigv4Header header = {"A", " x \t y\r\n z  "};
	DdbSigv4Request request = {.method = "GET",
							   .path = path,
							   .query = query,
							   .headers = &header,
							   .nheaders = 1,
							   .body_sha256 = "hash",
							   .normalize_path = normalize};
	DdbStatus status;
	char *got = ddb_canonical_build(&request, &status);
	char want[200];
	char what[200];

	snprintf(want, sizeof(want), "GET\n%s\na:x y z\n\na\nhash", expected);
	snprintf(what,
			 sizeof(what),
			 "path \"%s\" query \"%s\"",
			 path,
			 query ? query : "");
	is_str(got, want, what);
	free(got);
}

static void
test_canonical(void)
{
	check_canonical("", NULL, true, "/\n");
	check_canonical("", NULL, false, "/\n");
	check_canonical("/a%20b/", NULL, true, "/a%2520b/\n");
	check_canonical("/../../a", NULL, true, "/a\n");
	check_canonical("/a/b/../", NULL, true, "/a/\n");
	check_canonical("/a/...", NULL, true, "/a/...\n");
	check_canonical("/.a/b.", NULL, true, "/.a/b.\n");
	check_canonical("/a//../b", NULL, false, "/a//../b\n");
	check_canonical("/", "b=2&a=1", true, "/\na=1&b=2");
	check_canonical("/", "a=2&a=1&a", true, "/\na=&a=1&a=2");
	check_canonical("/", "a-b=1&a=2", true, "/\na=2&a-b=1");
	check_canonical("/", "&&a=b=c&", true, "/\na=b%3Dc");
	check_canonical("/",
					"a=%c3%bc&b=%7e&c=%zz%4",
					true,
					"/\na=%C3%BC&b=~&c=%25zz%254");
	check_canonical("/", "", true, "/\n");
}

static void
test_hash_and_date(void)
{
	char hex[DDB_SIGV4_HEX_LEN];
	char date[DDB_SIGV4_DATE_LEN];

	/* FIPS 180-4's example, and the empty message */
	ddb_sigv4_hash("abc", 3, hex);
	is_str(hex,
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		   "SHA-256 of abc");
	ddb_sigv4_hash(NULL, 0, hex);
	is_str(hex,
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		   "SHA-256 of nothing");
	ddb_sigv4_date(date, 0);
	is_str(date, "19700101T000000Z", "the epoch");
	ddb_sigv4_date(date, 1795334365);
	is_str(date, "20261122T075925Z", "a time of 2026");
}

static void
test_no_memory(void)
{
	DdbSigv4Scope scope = test_scope(&test_keys);
	char *expected = NULL;
	bool good = true;
	int n;

	for (n = 0;; n++)
	{
		DdbSigner *signer;
		DdbStatus status;
		char *got = NULL;

		ddb_status_clear(&status);
		tap_fail_alloc(n);
		signer = ddb_sigv4_create();
		if (signer != NULL)
			got = sign(signer, &scope, "/", "token", &status);
		if (!tap_alloc_failed())
		{
			expected = got;
			ddb_sigv4_free(signer);
			break;
		}
		if (signer != NULL && got == NULL)
		{
			char *retry = sign(signer, &scope, "/", "token", &status);

			good &= status.kind == DDB_STATUS_NO_MEMORY && retry != NULL;
			free(retry);
		}
		free(got);
		ddb_sigv4_free(signer);
	}
	ok(n > 2, "%d allocations can fail", n);
	ok(good, "each failure is reported and leaves the signer usable");
	ok(expected != NULL, "it signs once none fails");
	free(expected);
}

static void
test_query_no_memory(void)
{
	DdbSigv4Request request = {.method = "GET",
							   .path = "/a",
							   .query = "b=2&a=1",
							   .body_sha256 = "hash"};
	int n;

	for (n = 0;; n++)
	{
		DdbStatus status;
		char *got;

		ddb_status_clear(&status);
		tap_fail_alloc(n);
		got = ddb_canonical_build(&request, &status);
		if (!tap_alloc_failed())
		{
			is_str(got, "GET\n/a\na=1&b=2\n\n\nhash", "no header at all");
			free(got);
			break;
		}
		ok(got == NULL && status.kind == DDB_STATUS_NO_MEMORY,
		   "canonical request: allocation %d fails",
		   n);
		free(got);
	}
	ok(n == 4, "headers, text, query and its parameters are allocated");
}

int
main(void)
{
	test_botocore();
	test_key_cache();
	test_secrets();
	test_canonical();
	test_hash_and_date();
	test_no_memory();
	test_query_no_memory();
	return tap_done();
}
