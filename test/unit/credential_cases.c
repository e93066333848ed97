/*
 * credential_cases.c
 *		The SDKs' cases of whole credential chains, with recorded traffic.
 *
 * A case is a directory: the host's environment and files, what is asked and
 * answered, and the keys or the fault that come of it. The records were made
 * with XML of STS; it is translated to the JSON that STS gives to those who
 * accept that. Signatures, dates and user agents are not compared. Where a record
 * was made with another role or token than the case's own files have, ours is
 * looked for in those.
 *
 * Plain http to a host that is not loopback, which some cases have, is allowed
 * here.
 */
#define _GNU_SOURCE /* asprintf, strptime, timegm */

#include <dirent.h>
#include <jansson.h>
#include <time.h>

#include "asks.h"
#include "fakehost.h"
#include "provider.h"
#include "suite.h"

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define MAX_EXCHANGES 16

/* One recorded request and its response. */
typedef struct Exchange
{
	const char *method;
	const char *uri;
	json_t *headers;
	char *body;
	int http_status;
	char *response;
} Exchange;

typedef struct Case
{
	FakeHost fake; /* whose root is not made and not removed */
	char root[PATH_MAX + 4];
	json_t *test;
	json_t *traffic;
	char *files; /* the text of all the host's files and variables */
	char *seen;  /* that of all responses so far */
	Exchange exchanges[MAX_EXCHANGES];
	int nexchanges;
	int used;
	const char *why; /* it does not pass */
} Case;

/* The suite's faults by case, and what we have to say instead. */
static const char *const faults[][2] = {
	{"eks_pod_identity_no_token_file", "\"/token.jwt\""},
	{"imds_default_chain_error", "the instance has no role"},
	{"imds_disabled", "AWS_EC2_METADATA_DISABLED is set"},
	{"imds_no_iam_role", "the instance has no role"},
	{"imds_token_fail", "it is turned off for this instance (HTTP 403)"},
	{"profile_overrides_web_identity",
	 "credential_source Environment, but AWS_ACCESS_KEY_ID is not set"},
	{"web_identity_source_profile_no_env",
	 "has web_identity_token_file, but no role_arn"},
	{"web_identity_token_invalid_jwt",
	 "InvalidIdentityToken: No OpenIDConnect provider found in your account"},
	{"empty_config", "profile \"default\" has no credentials"},
	{"invalid_config", "could not parse profile file"},
	{"invalid endpoint mode override", "\"error\" is not a valid endpoint mode"},
	{"invalid config endpoint mode", "\"IPv7\" is not a valid endpoint mode"},
	{"invalid uri", "AWS_EC2_METADATA_SERVICE_ENDPOINT is not usable"},
};

static void
refuse(Case *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
}

static void
append(char **text, const char *more)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s\n", *text != NULL ? *text : "", more) < 0)
		abort();
	free(*text);
	*text = joined;
}

static void
append_file(char **text, const char *path)
{
	FILE *file = fopen(path, "r");
	char *data = NULL;
	size_t size = 0;

	if (file == NULL)
		return;
	if (getdelim(&data, &size, EOF, file) > 0)
		append(text, data);
	free(data);
	fclose(file);
}

static void
append_dir(char **text, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char inner[PATH_MAX];

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) >=
				PATH_MAX)
			continue;
		if (entry->d_type == DT_DIR)
			append_dir(text, inner);
		else
			append_file(text, inner);
	}
	if (dir != NULL)
		closedir(dir);
}

/* The text of an XML element, to be freed; "" if it is not there. */
static char *
element(const char *xml, const char *name)
{
	char open[64];
	const char *start;
	size_t len;

	snprintf(open, sizeof(open), "<%s>", name);
	start = strstr(xml, open);
	if (start == NULL)
		return strdup("");
	start += strlen(open);
	len = strcspn(start, "<");
	return strndup(start, len);
}

/* "2021-09-21T18:41:26Z" as seconds since 1970 */
static int64_t
epoch_of(const char *iso)
{
	struct tm tm = {0};

	return strptime(iso, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL ? timegm(&tm) : -1;
}

static char *
dump(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}

/* What STS says to those who accept JSON. */
static char *
sts_keys(const char *xml, const char *action)
{
	char *id = element(xml, "AccessKeyId");
	char *secret = element(xml, "SecretAccessKey");
	char *token = element(xml, "SessionToken");
	char *expiry = element(xml, "Expiration");
	char response[64], result[64];
	json_t *json;

	snprintf(response, sizeof(response), "%sResponse", action);
	snprintf(result, sizeof(result), "%sResult", action);
	json = json_pack("{s:{s:{s:{s:s,s:s,s:s,s:f}}}}",
					 response,
					 result,
					 "Credentials",
					 "AccessKeyId",
					 id,
					 "SecretAccessKey",
					 secret,
					 "SessionToken",
					 token,
					 "Expiration",
					 (double) epoch_of(expiry));
	free(id);
	free(secret);
	free(token);
	free(expiry);
	return dump(json);
}

static char *
sts_error(const char *xml)
{
	char *code = element(xml, "Code");
	char *message = element(xml, "Message");
	char *id = element(xml, "RequestId");
	json_t *json = json_pack("{s:{s:s,s:s,s:s},s:s}",
							 "Error",
							 "Type",
							 "Sender",
							 "Code",
							 code,
							 "Message",
							 message,
							 "RequestId",
							 id);

	free(code);
	free(message);
	free(id);
	return dump(json);
}

static void
translate(Exchange *exchange)
{
	const char *xml = exchange->response;
	char *json;

	if (strncmp(xml, "<AssumeRoleResponse", 19) == 0)
		json = sts_keys(xml, "AssumeRole");
	else if (strncmp(xml, "<AssumeRoleWithWebIdentityResponse", 34) == 0)
		json = sts_keys(xml, "AssumeRoleWithWebIdentity");
	else if (strncmp(xml, "<ErrorResponse", 14) == 0)
		json = sts_error(xml);
	else
		return;
	free(exchange->response);
	exchange->response = json;
}

/* One event of the record, which belongs to the last exchange or begins one. */
static void
read_event(Case *c, json_t *action)
{
	json_t *request = json_object_get(action, "Request");
	json_t *response = json_object_get(action, "Response");
	json_t *data = json_object_get(action, "Data");
	Exchange *exchange;

	if (request != NULL)
	{
		if (c->nexchanges == MAX_EXCHANGES)
			abort();
		request = json_object_get(request, "request");
		c->exchanges[c->nexchanges++] =
			(Exchange){.method = suite_str(request, "method"),
					   .uri = suite_str(request, "uri"),
					   .headers = json_object_get(request, "headers"),
					   .body = strdup(""),
					   .response = strdup("")};
	}
	if (c->nexchanges == 0)
		return;
	exchange = &c->exchanges[c->nexchanges - 1];
	if (response != NULL)
	{
		response = json_object_get(json_object_get(response, "response"), "Ok");
		exchange->http_status =
			(int) json_integer_value(json_object_get(response, "status"));
	}
	if (data != NULL)
	{
		bool sent = strcmp(suite_str(data, "direction"), "Request") == 0;
		char **text = sent ? &exchange->body : &exchange->response;

		free(*text);
		*text = strdup(suite_str(json_object_get(data, "data"), "Utf8"));
	}
}

static json_t *
load(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_MAX)
		abort();
	return json_load_file(path, 0, NULL);
}

static void
case_open(Case *c, const char *dir)
{
	json_t *variables = load(dir, "env.json");
	json_t *value, *event;
	const char *name;
	size_t i;

	memset(c, 0, sizeof(*c));
	snprintf(c->root, sizeof(c->root), "%s/fs", dir);
	c->fake.host = (DdbHost){.variable = fakehost_variable, .root = c->root};
	json_object_foreach(variables, name, value)
	{
		/* As getenv is asked: what is blank is not set. */
		const char *text = json_string_value(value);

		append(&c->files, text);
		if (text[strspn(text, " ")] != '\0')
			fakehost_set(&c->fake, name, text);
	}
	append_dir(&c->files, c->root);
	c->test = load(dir, "test-case.json");
	c->traffic = load(dir, "http-traffic.json");
	json_array_foreach(json_object_get(c->traffic, "events"), i, event)
		read_event(c, json_object_get(event, "action"));
	for (int e = 0; e < c->nexchanges; e++)
		translate(&c->exchanges[e]);
	json_decref(variables);
}

static void
case_close(Case *c)
{
	for (int i = 0; i < c->nexchanges; i++)
	{
		free(c->exchanges[i].body);
		free(c->exchanges[i].response);
	}
	for (int i = 0; i < c->fake.nvariables; i++)
	{
		free(c->fake.names[i]);
		free(c->fake.values[i]);
	}
	free(c->files);
	free(c->seen);
	json_decref(c->test);
	json_decref(c->traffic);
}

/* Is it in the host's files or variables? */
static bool
of_the_host(const Case *c, const char *text)
{
	return text[0] != '\0' && c->files != NULL && strstr(c->files, text) != NULL;
}

/* The decoded value of a form's field, to be freed; NULL if it has none. */
static char *
field(const char *form, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	const char *end = form + len;
	char *value, *out;

	while ((size_t) (end - form) > name_len &&
		   (strncmp(form, name, name_len) != 0 || form[name_len] != '='))
	{
		form = memchr(form, '&', (size_t) (end - form));
		if (form == NULL)
			return NULL;
		form++;
	}
	if ((size_t) (end - form) <= name_len)
		return NULL;
	form += name_len + 1;
	value = out = calloc(1, (size_t) (end - form) + 1);
	for (; form < end && *form != '&'; form++)
	{
		unsigned int c;

		if (*form == '%' && sscanf(form + 1, "%2x", &c) == 1)
		{
			*out++ = (char) c;
			form += 2;
		}
		else
			*out++ = *form;
	}
	return value;
}

/*
 * Our value of a field against the record's: the same, or where that is not of
 * this case at all, one that is. A session's name may be of our own making.
 */
static void
compare_field(Case *c, const DdbAsk *ask, const char *recorded, const char *name)
{
	char *ours = field(ask->body, ask->body_len, name);
	char *theirs = field(recorded, strlen(recorded), name);
	bool fine;

	/* A token is sent without the newline at the end of its file. */
	if (theirs != NULL)
		theirs[strcspn(theirs, "\n")] = '\0';

	if (ours == NULL || theirs == NULL)
		fine = ours == NULL && theirs == NULL;
	else if (strcmp(ours, theirs) == 0)
		fine = true;
	else if (strcmp(name, "RoleSessionName") == 0)
		fine = !of_the_host(c, theirs) && strncmp(ours, "cruddur_ddb-", 12) == 0;
	else if (strcmp(name, "RoleArn") == 0 || strcmp(name, "WebIdentityToken") == 0)
		fine = !of_the_host(c, theirs) && of_the_host(c, ours);
	else
		fine = false;
	if (!fine)
	{
		printf("# %s: %s, recorded %s\n",
			   name,
			   ours != NULL ? ours : "none",
			   theirs != NULL ? theirs : "none");
		refuse(c, "a parameter differs");
	}
	free(ours);
	free(theirs);
}

static const char *
recorded_header(const Exchange *exchange, const char *name)
{
	const char *key;
	json_t *values;

	json_object_foreach(exchange->headers, key, values)
	{
		if (strcasecmp(key, name) == 0)
			return json_string_value(json_array_get(values, 0));
	}
	return NULL;
}

/* Signed where the record is, with keys of this case, for the URL's region. */
static void
compare_signature(Case *c, const DdbAsk *ask, const Exchange *exchange)
{
	const char *ours = ask_header(ask, "authorization");
	const char *token = ask_header(ask, "x-amz-security-token");
	char id[100], region[100], host[300];

	if (ours == NULL || recorded_header(exchange, "authorization") == NULL)
	{
		if (ours != recorded_header(exchange, "authorization"))
			refuse(c, "signed, or not");
		return;
	}
	if (sscanf(ours,
			   "AWS4-HMAC-SHA256 Credential=%99[^/]/%*[0-9]/%99[^/]/sts/"
			   "aws4_request, SignedHeaders=",
			   id,
			   region) != 2)
	{
		refuse(c, "no signature for STS");
		return;
	}
	if (!of_the_host(c, id) && (c->seen == NULL || strstr(c->seen, id) == NULL))
		refuse(c, "signed with unknown keys");
	if (token != NULL && (c->seen == NULL || strstr(c->seen, token) == NULL))
		refuse(c, "an unknown session token");
	if (token == NULL && recorded_header(exchange, "x-amz-security-token") != NULL)
		refuse(c, "no session token");
	if (sscanf(exchange->uri, "https://sts.%299[^.].amazonaws.com", host) == 1 &&
		strcmp(host, region) != 0)
		refuse(c, "signed for another region");
}

static void
compare_sts(Case *c, const DdbAsk *ask, const Exchange *exchange)
{
	static const char *const names[] = {"Action",
										"Version",
										"RoleArn",
										"RoleSessionName",
										"ExternalId",
										"DurationSeconds",
										"WebIdentityToken"};
	const char *type = ask_header(ask, "content-type");
	const char *accept = ask_header(ask, "accept");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		compare_field(c, ask, exchange->body, names[i]);
	compare_signature(c, ask, exchange);
	if (type == NULL ||
		strcmp(type, recorded_header(exchange, "content-type")) != 0)
		refuse(c, "another content type");
	if (accept == NULL || strcmp(accept, "application/json") != 0)
		refuse(c, "does not accept JSON");
}

/* Headers of metadata services that are part of what is asked */
static void
compare_headers(Case *c, const DdbAsk *ask, const Exchange *exchange)
{
	static const char *const names[] = {"x-aws-ec2-metadata-token-ttl-seconds",
										"x-aws-ec2-metadata-token"};
	const char *authorization = ask_header(ask, "authorization");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *ours = ask_header(ask, names[i]);
		const char *theirs = recorded_header(exchange, names[i]);

		if (ours == NULL || theirs == NULL ? ours != theirs
										   : strcmp(ours, theirs) != 0)
			refuse(c, "a header differs");
	}
	/* The records of containers with a token do not have it. */
	if (authorization != NULL && !of_the_host(c, authorization))
		refuse(c, "an unknown authorization");
	if (authorization == NULL && of_the_host(c, "sometoken"))
		refuse(c, "no authorization");
}

static size_t
url_len(const char *url)
{
	size_t len = strlen(url);
	const char *path = strchr(strstr(url, "://") + 3, '/');

	/* "http://host" is "http://host/". */
	return path != NULL && path[1] == '\0' ? len - 1 : len;
}

static void
compare_ask(Case *c, const DdbAsk *ask, const Exchange *exchange)
{
	if (strcmp(ask->method, exchange->method) != 0)
		refuse(c, "another method");
	if (url_len(ask->url) != url_len(exchange->uri) ||
		strncmp(ask->url, exchange->uri, url_len(ask->url)) != 0)
	{
		printf("# %s, recorded %s\n", ask->url, exchange->uri);
		refuse(c, "another URL");
	}
	if (strcmp(exchange->method, "POST") == 0)
		compare_sts(c, ask, exchange);
	else
		compare_headers(c, ask, exchange);
}

/* The next recorded answer to what is asked */
static void
replay(Case *c, DdbProvider *provider, int64_t now_ms, const DdbAsk *ask)
{
	const Exchange *exchange = &c->exchanges[c->used];
	Reply reply;

	if (c->used == c->nexchanges)
	{
		printf("# %s %s\n", ask->method, ask->url);
		refuse(c, "more is asked than was recorded");
		reply_failure(&reply, DDB_STATUS_CONFIG, "not recorded");
	}
	else
	{
		compare_ask(c, ask, exchange);
		append(&c->seen, exchange->response);
		reply_http(&reply, exchange->http_status, exchange->response);
		c->used++;
	}
	ddb_provider_answer(provider, now_ms, &reply.answer);
}

static void
compare_expiry(Case *c, DdbProvider *provider, int64_t now_ms, int64_t expiry_ms)
{
	DdbAsk ask;
	int64_t until_ms;

	ddb_provider_next(provider, now_ms, &ask, &until_ms);
	if (expiry_ms == 0 ? until_ms != -1
					   : until_ms < expiry_ms - 15 * MINUTE_MS ||
							 until_ms > expiry_ms - 10 * MINUTE_MS)
		refuse(c, "another expiry");
}

static bool
same_str(const char *ours, json_t *wanted, const char *key)
{
	const char *theirs = json_string_value(json_object_get(wanted, key));

	return ours == theirs ||
		   (ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0);
}

/* Run it to the keys that are wanted, or to a failure. */
static bool
run_provider(Case *c, DdbProvider *provider, json_t *wanted, DdbStatus *status)
{
	int64_t expiry_ms =
		(int64_t) json_integer_value(json_object_get(wanted, "expiry")) * 1000;
	/* Long before they expire, whenever that was */
	int64_t now_ms = expiry_ms != 0 ? expiry_ms - 6 * HOUR_MS : 6 * HOUR_MS;
	int64_t until_ms;
	DdbKeysState state;
	DdbKeys keys;
	DdbAsk ask;

	while ((state = ddb_provider_keys(provider, now_ms, &keys, status)) ==
		   DDB_KEYS_WAIT)
	{
		if (ddb_provider_next(provider, now_ms, &ask, &until_ms) ==
			DDB_PROVIDER_ASK)
			replay(c, provider, now_ms, &ask);
		else
			now_ms = until_ms;
	}
	if (c->used < c->nexchanges)
		refuse(c, "less is asked than was recorded");
	if (state != DDB_KEYS_READY)
		return false;
	if (!same_str(keys.access_key_id, wanted, "access_key_id") ||
		!same_str(keys.secret_access_key, wanted, "secret_access_key") ||
		!same_str(keys.session_token, wanted, "session_token"))
		refuse(c, "other keys");
	compare_expiry(c, provider, now_ms, expiry_ms);
	return true;
}

/* The chain's keys; false: status says why there are none. */
static bool
run_chain(Case *c, const char *profile, DdbStatus *status)
{
	json_t *result = json_object_get(c->test, "result");
	DdbProviderConfig config = {.sts = {.allow_http = true}, .seed = 1};
	DdbProvider *provider;
	DdbChain *chain;
	bool has_keys;

	ddb_status_clear(status);
	chain = ddb_chain_resolve(&c->fake.host, profile, status);
	if (chain == NULL)
		return false;
	provider = ddb_provider_create(chain, &config, status);
	if (provider == NULL)
		return false;
	has_keys = run_provider(c, provider, json_object_get(result, "Ok"), status);
	ddb_provider_free(provider);
	return has_keys;
}

static const char *
fault_of(const char *name)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		if (strcmp(faults[i][0], name) == 0)
			return faults[i][1];
	}
	return NULL;
}

/* The source that we do not support and have to name; NULL: none */
static const char *
unsupported_source(const char *name)
{
	if (strstr(name, "sso") != NULL)
		return "credentials from IAM Identity Center (SSO) are not supported";
	if (strstr(name, "credential_process") != NULL)
		return "credentials from a program are not supported";
	return NULL;
}

static void
run_case(Suite *suite, const char *dir, const char *name, const char *profile)
{
	const char *source = unsupported_source(name);
	const char *fault = source != NULL ? source : fault_of(name);
	DdbStatus status;
	Case c;
	bool has_keys;

	case_open(&c, dir);
	has_keys = run_chain(&c, profile, &status);
	if (!has_keys && (fault == NULL || strstr(status.message, fault) == NULL ||
					  status.kind != DDB_STATUS_AUTH))
		refuse(&c, status.message);
	if (has_keys && fault != NULL)
		refuse(&c, "there are keys");
	if (source == NULL)
		suite_count(suite, c.why == NULL);
	ok(c.why == NULL, "%s: %s", name, c.why != NULL ? c.why : "passes");
	if (!has_keys)
		printf("# %s: %s\n", name, status.message);
	if (source != NULL)
		suite_leave_out(suite,
						name,
						"not supported, but that the error says so is checked");
	case_close(&c);
}

static int
no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
run_suite(const char *name, const char *profile, int total)
{
	const char *data = getenv("DDB_SHARED_DATA");
	Suite suite = {.name = name};
	struct dirent **entries;
	char path[PATH_MAX - 300], dir[PATH_MAX];
	int n;

	snprintf(path,
			 sizeof(path),
			 "%s/credentials-tests/%s",
			 data != NULL ? data : "../shared/data",
			 name);
	suite.json = json_object();
	n = scandir(path, &entries, no_dots, alphasort);
	if (n < 0)
	{
		tap_skip("the suite is not there");
		json_decref(suite.json);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		snprintf(dir, sizeof(dir), "%s/%s", path, entries[i]->d_name);
		run_case(&suite, dir, entries[i]->d_name, profile);
		free(entries[i]);
	}
	free(entries);
	suite_close(&suite, total);
}

/* Where the instance metadata service is asked first */
static bool
asks_at(const FakeHost *fake, const char *url, DdbStatus *status)
{
	DdbProviderConfig config = {.seed = 1};
	DdbChain *chain = ddb_chain_resolve(&fake->host, NULL, status);
	DdbProvider *provider;
	int64_t until_ms;
	DdbKeys keys;
	DdbAsk ask = {0};
	bool same;

	if (chain == NULL)
		return false;
	provider = ddb_provider_create(chain, &config, status);
	ddb_provider_keys(provider, HOUR_MS, &keys, status);
	same = ddb_provider_next(provider, HOUR_MS, &ask, &until_ms) ==
			   DDB_PROVIDER_ASK &&
		   strcmp(ask.url, url) == 0 && strcmp(ask.method, "PUT") == 0;
	if (!same)
		printf("# asked is %s\n", ask.url != NULL ? ask.url : "nothing");
	ddb_provider_free(provider);
	return same;
}

static void
run_imds_case(Suite *suite, json_t *test)
{
	const char *docs = suite_str(test, "docs");
	json_t *result = json_object_get(test, "result");
	const char *url = json_string_value(json_object_get(result, "Ok"));
	FakeHost fake;
	DdbStatus status;
	const char *name;
	json_t *value;
	bool passed;

	if (json_object_get(test, "endpoint_override") != NULL ||
		json_object_get(test, "mode_override") != NULL)
	{
		suite_leave_out(suite, docs, "there is no such option of our own");
		return;
	}
	fakehost_open(&fake);
	json_object_foreach(json_object_get(test, "env"), name, value)
		fakehost_set(&fake, name, json_string_value(value));
	json_object_foreach(json_object_get(test, "fs"), name, value)
		fakehost_write(&fake, name, json_string_value(value));
	ddb_status_clear(&status);
	if (url != NULL)
		passed = asks_at(&fake, url, &status);
	else
		passed = !asks_at(&fake, "", &status) &&
				 status.kind == DDB_STATUS_AUTH && fault_of(docs) != NULL &&
				 strstr(status.message, fault_of(docs)) != NULL;
	suite_count(suite, passed);
	ok(passed, "%s", docs);
	if (status.kind != DDB_OK)
		printf("# %s: %s\n", docs, status.message);
	fakehost_close(&fake);
}

static void
run_imds_config(void)
{
	Suite suite;
	json_t *test;
	size_t i;

	suite_open(&suite, "credentials-tests/imds-config/imds-endpoint-tests.json");
	json_array_foreach(json_object_get(suite.json, "tests"), i, test)
		run_imds_case(&suite, test);
	suite_close(&suite, 14);
}

int
main(void)
{
	run_suite("default-credential-provider-chain", NULL, 27);
	run_suite("profile-provider", "default", 16);
	run_imds_config();
	return tap_done();
}
