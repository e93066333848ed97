/*
 * sigv4_suite.c
 *		Signing by the official test suite, header mode.
 *
 * The suite is read from $DDB_SHARED_DATA/sigv4-suite (by default
 * ../shared/data/sigv4-suite) and skipped where it is not there. Reading its
 * request files (request line, header lines, folded lines) is this
 * program's part; trimming, joining, sorting and encoding is the signer's.
 */
#define _GNU_SOURCE /* strchrnul */

#include <dirent.h>
#include <jansson.h>
#include <limits.h>

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
complete_request(Case *c)
{
	c->request.headers = c->headers;
	c->request.normalize_path =
		json_is_true(json_object_get(c->context, "normalize"));
	parse_request(c);
	ddb_sigv4_hash(c->body, strlen(c->body), c->body_sha256);
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
		complete_request(&c);
		canonical = ddb_canonical_build(&c.request, &status);
		to_sign = ddb_sigv4_string_to_sign(&c.scope, canonical, &status);
		ddb_sigv4_signature(signer, &c.scope, to_sign, signature);
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
	printf("# figure: SigV4 suite, %d of %d\n", passed, total);
}

int
main(void)
{
	test_suite();
	return tap_done();
}
