/*
 * sigv4.c
 *		Signing, by the official test suite and against botocore; credentials.
 *
 * The suite is read from $DDB_SHARED_DATA/sigv4-suite, else from
 * ../shared/data; where neither is there its part is skipped. Reading its
 * request files (request line, header lines, folded lines) is this program's
 * part; trimming, joining, sorting and encoding is the signer's.
 */
#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/crypto.h>

#include "sigv4.h"
#include "tap.h"
#include "timestamp.h"

#define SUITE_CASES 38
#define MAX_HEADERS 16

/* One case of the suite, its files read and taken apart. */
typedef struct Case
{
	char dir[PATH_MAX];
	json_t *context;
	char *text; /* request.txt, cut up in place */
	const char *body;
	DdbSigv4Header headers[MAX_HEADERS];
	DdbSigv4Request request;
	DdbSigv4Scope scope;
	DdbKeys keys;
	char body_sha256[DDB_SIGV4_HEX_LEN];
} Case;

static void *
crypto_malloc(size_t size, const char *file, int line)
{
	(void) file;
	(void) line;
	return malloc(size);
}

static void *
crypto_realloc(void *pointer, size_t size, const char *file, int line)
{
	(void) file;
	(void) line;
	return realloc(pointer, size);
}

static void
crypto_free(void *pointer, const char *file, int line)
{
	(void) file;
	(void) line;
	free(pointer);
}

/* A whole file without one newline at its end; NULL if there is none. */
static char *
read_text(const char *dir, const char *name)
{
	char path[PATH_MAX];
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_MAX)
		return NULL;
	file = fopen(path, "r");
	if (file == NULL)
		return NULL;
	len = getdelim(&text, &size, EOF, file);
	fclose(file);
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

static const char *
context_str(const Case *c, const char *name)
{
	return json_string_value(json_object_get(c->context, name));
}

static void
add_header(Case *c, const char *name, const char *value)
{
	c->headers[c->request.nheaders].name = name;
	c->headers[c->request.nheaders].value = value;
	c->request.nheaders++;
}

/* End the line at p and unfold it; the next one. */
static char *
end_line(char *p)
{
	/* A line that begins with a space goes on with the one before. */
	while (*(p = strchrnul(p, '\n')) != '\0' && p[1] == ' ')
		*p = ' ';
	if (*p != '\0')
		*p++ = '\0';
	return p;
}

/* "POST /path?query HTTP/1.1"; the path may hold spaces. */
static void
parse_request_line(Case *c, char *line)
{
	char *query;

	*strrchr(line, ' ') = '\0';
	c->request.method = line;
	line = strchr(line, ' ');
	*line++ = '\0';
	c->request.path = line;
	query = strchr(line, '?');
	if (query != NULL)
	{
		*query = '\0';
		c->request.query = query + 1;
	}
}

static void
parse_request(Case *c)
{
	char *line = c->text;
	char *next = end_line(line);

	parse_request_line(c, line);
	for (line = next; *line != '\0' && *line != '\n'; line = next)
	{
		char *colon;

		next = end_line(line);
		colon = strchr(line, ':');
		*colon = '\0';
		add_header(c, line, colon + 1);
	}
	c->body = *line == '\n' ? line + 1 : line;
}

static bool
load_case(Case *c, const char *suite, const char *name)
{
	json_t *credentials;
	const char *timestamp;
	int64_t us;

	memset(c, 0, sizeof(*c));
	if (snprintf(c->dir, sizeof(c->dir), "%s/%s", suite, name) >= PATH_MAX)
		return false;
	c->text = read_text(c->dir, "context.json");
	if (c->text == NULL)
		return false;
	c->context = json_loads(c->text, 0, NULL);
	free(c->text);
	c->text = read_text(c->dir, "request.txt");
	timestamp = context_str(c, "timestamp");
	if (c->text == NULL || timestamp == NULL ||
		!ddb_timestamp_parse(timestamp, strlen(timestamp), &us))
		return false;

	credentials = json_object_get(c->context, "credentials");
	json_unpack(credentials,
				"{s:s,s:s,s?s}",
				"access_key_id",
				&c->keys.access_key_id,
				"secret_access_key",
				&c->keys.secret_access_key,
				"token",
				&c->keys.session_token);
	c->keys.generation = 1;
	c->scope.region = context_str(c, "region");
	c->scope.service = context_str(c, "service");
	c->scope.keys = &c->keys;
	ddb_sigv4_date(c->scope.date, us / 1000000);
	return true;
}

/* The request as the suite's conventions complete it. */
static void
complete_request(Case *c, DdbSigner *signer)
{
	DdbStatus status;

	c->request.headers = c->headers;
	c->request.normalize_path =
		json_is_true(json_object_get(c->context, "normalize"));
	parse_request(c);
	ddb_sigv4_hash(signer, c->body, strlen(c->body), c->body_sha256, &status);
	c->request.body_sha256 = c->body_sha256;
	add_header(c, "X-Amz-Date", c->scope.date);
	if (c->keys.session_token != NULL &&
		!json_is_true(json_object_get(c->context, "omit_session_token")))
		add_header(c, "X-Amz-Security-Token", c->keys.session_token);
	if (json_is_true(json_object_get(c->context, "sign_body")))
		add_header(c, "x-amz-content-sha256", c->body_sha256);
}

static void
free_case(Case *c)
{
	json_decref(c->context);
	free(c->text);
}

static bool
matches_file(const Case *c, const char *name, const char *file, char *got)
{
	char *expected = read_text(c->dir, file);
	char what[PATH_MAX];
	bool same;

	snprintf(what, sizeof(what), "%s: %s", name, file);
	same = expected != NULL && is_str(got, expected, what);
	if (expected == NULL)
		ok(false, "%s is there", what);
	free(expected);
	return same;
}

static bool
matches_header(const Case *c, const char *name, const char *got)
{
	char *signed_request = read_text(c->dir, "header-signed-request.txt");
	char *line =
		signed_request ? strstr(signed_request, "\nAuthorization:") : NULL;
	bool same = false;

	if (line != NULL)
	{
		line += strlen("\nAuthorization:");
		line[strcspn(line, "\n")] = '\0';
		same = got != NULL && strcmp(got, line) == 0;
	}
	ok(same, "%s: Authorization header", name);
	free(signed_request);
	return same;
}

static bool
run_case(DdbSigner *signer, const char *suite, const char *name)
{
	Case c;
	DdbStatus status;
	char signature[DDB_SIGV4_HEX_LEN] = "";
	char *canonical = NULL;
	char *to_sign = NULL;
	char *header = NULL;
	bool passed = load_case(&c, suite, name);

	ok(passed, "%s: read", name);
	if (passed)
	{
		complete_request(&c, signer);
		canonical = ddb_canonical_build(&c.request, &status);
		to_sign = ddb_sigv4_string_to_sign(signer, &c.scope, canonical, &status);
		ddb_sigv4_signature(signer, &c.scope, to_sign, signature, &status);
		header = ddb_sigv4_authorization(signer, &c.scope, &c.request, &status);
		passed &=
			matches_file(&c, name, "header-canonical-request.txt", canonical);
		passed &= matches_file(&c, name, "header-string-to-sign.txt", to_sign);
		passed &= matches_file(&c, name, "header-signature.txt", signature);
		passed &= matches_header(&c, name, header);
	}
	free(header);
	free(to_sign);
	free(canonical);
	free_case(&c);
	return passed;
}

static void
test_suite(void)
{
	const char *data = getenv("DDB_SHARED_DATA");
	char suite[PATH_MAX];
	DdbSigner *signer = ddb_sigv4_create();
	struct dirent *entry;
	int total = 0;
	int passed = 0;
	DIR *dir;

	snprintf(suite,
			 sizeof(suite),
			 "%s/sigv4-suite",
			 data != NULL ? data : "../shared/data");
	dir = opendir(suite);
	if (dir == NULL)
	{
		tap_skip("the SigV4 suite is not there");
		ddb_sigv4_free(signer);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		total++;
		if (run_case(signer, suite, entry->d_name))
			passed++;
	}
	closedir(dir);
	ddb_sigv4_free(signer);
	is_int(passed, total, "every case of the suite passes");
	is_int(total, SUITE_CASES, "the suite is complete");
	printf("# SigV4 suite: %d of %d\n", passed, total);
}

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

	if (!ddb_sigv4_hash(signer, body, sizeof(body) - 1, hex, status))
		return NULL;
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
	DdbStatus status;

	ddb_sigv4_signature(used, scope, "text", from_used, &status);
	ddb_sigv4_signature(used, scope, "text", again, &status);
	ddb_sigv4_signature(fresh, scope, "text", from_fresh, &status);
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
	DdbSigner *signer = ddb_sigv4_create();
	char hex[DDB_SIGV4_HEX_LEN];
	char date[DDB_SIGV4_DATE_LEN];
	DdbStatus status;

	/* FIPS 180-4's example, and the empty message */
	ok(ddb_sigv4_hash(signer, "abc", 3, hex, &status), "a hash");
	is_str(hex,
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		   "SHA-256 of abc");
	ok(ddb_sigv4_hash(signer, NULL, 0, hex, &status), "another");
	is_str(hex,
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		   "SHA-256 of nothing");
	ddb_sigv4_date(date, 0);
	is_str(date, "19700101T000000Z", "the epoch");
	ddb_sigv4_date(date, 1795334365);
	is_str(date, "20261122T075925Z", "a time of 2026");
	ddb_sigv4_free(signer);
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
	ok(n > 5, "%d allocations can fail", n);
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

static void
check_refused(const char *id, const char *secret, const char *token,
			  const char *message)
{
	DdbCredentials *credentials =
		ddb_credentials_create_static(id, secret, token);
	DdbKeys keys;
	DdbStatus status;

	ddb_status_clear(&status);
	ok(!ddb_credentials_get(credentials, &keys, &status) &&
		   status.kind == DDB_STATUS_AUTH,
	   "refused: %s",
	   message);
	is_str(status.message, message, "and why");
	ddb_credentials_free(credentials);
}

static void
test_credentials(void)
{
	char id[] = "AKID";
	DdbCredentials *one = ddb_credentials_create_static(id, "s1", "t");
	DdbCredentials *two = ddb_credentials_create_static("AKID", "s2", "");
	DdbKeys keys, other;
	DdbStatus status;

	id[0] = 'X';
	ok(ddb_credentials_get(one, &keys, &status), "keys");
	is_str(keys.access_key_id, "AKID", "the access key is a copy");
	is_str(keys.secret_access_key, "s1", "the secret");
	is_str(keys.session_token, "t", "the token");
	ok(ddb_credentials_get(two, &other, &status), "other keys");
	is_str(other.session_token, NULL, "an empty token is none");
	ok(keys.generation != other.generation && keys.generation != 0,
	   "generations differ");
	ok(ddb_credentials_get(one, &other, &status) &&
		   keys.generation == other.generation,
	   "and stay with their keys");
	ddb_credentials_free(one);
	ddb_credentials_free(two);
	ddb_credentials_free(NULL);

	check_refused(NULL, "s", NULL, "there is no access key ID");
	check_refused("", "s", NULL, "there is no access key ID");
	check_refused("a", NULL, NULL, "there is no secret access key");
	check_refused("a\r\nX-Evil: 1",
				  "s",
				  NULL,
				  "the access key ID has an invalid character");
	check_refused("a", "s", "t\nX", "the session token has an invalid character");
	tap_fail_alloc(0);
	one = ddb_credentials_create_static("a", "b", "c");
	ok(tap_alloc_failed() && one == NULL, "NULL when out of memory");
	ddb_credentials_free(one);
}

int
main(void)
{
	if (!CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free))
		ok(false, "OpenSSL uses the failing allocations");
	test_suite();
	test_botocore();
	test_key_cache();
	test_canonical();
	test_hash_and_date();
	test_no_memory();
	test_query_no_memory();
	test_credentials();
	return tap_done();
}
