/*
 * credentials.c
 *		Who signs the requests of clients: fixed keys, or those of a provider.
 *
 * A provider says what is to be asked and what comes of it; here it is asked,
 * one request at a time. Not here: where keys come from, when they are
 * due, and what is tried again (provider.c).
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "credentials.h"
#include "provider.h"
#include "secret.h"

struct DdbCredentials
{
	/* Fixed keys */
	DdbKeys keys;
	bool usable; /* ddb_keys_check has nothing against them */

	DdbProvider *provider; /* NULL: the keys are fixed */
	DdbHttp *http;
	DdbExchange *exchange; /* what the provider asks; NULL: nothing */
	const char *ca_file;
	int connect_timeout_ms;

	size_t text_len;
	char text[]; /* the strings, each with its NUL */
};

/* A provider's calendar is ours; it knows of the service's what it needs. */
static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *
text_append(DdbCredentials *credentials, const char *value)
{
	char *copy = credentials->text + credentials->text_len;
	size_t size = strlen(value) + 1;

	memcpy(copy, value, size);
	credentials->text_len += size;
	return copy;
}

DdbCredentials *
ddb_credentials_create_static(const char *access_key_id,
							  const char *secret_access_key,
							  const char *session_token)
{
	const char *id = access_key_id != NULL ? access_key_id : "";
	const char *secret = secret_access_key != NULL ? secret_access_key : "";
	const char *token = session_token != NULL ? session_token : "";
	DdbCredentials *credentials;
	DdbStatus ignored;

	credentials = ddb_secret_alloc(sizeof(*credentials) + strlen(id) +
								   strlen(secret) + strlen(token) + 3);
	if (credentials == NULL)
		return NULL;
	credentials->keys.access_key_id = text_append(credentials, id);
	credentials->keys.secret_access_key = text_append(credentials, secret);
	token = text_append(credentials, token);
	credentials->keys.session_token = token[0] != '\0' ? token : NULL;
	credentials->keys.generation = ddb_keys_generation();
	credentials->usable = ddb_keys_check(&credentials->keys, &ignored);
	return credentials;
}

DdbCredentials *
ddb_credentials_create_provider(DdbHttp *http, DdbProvider *provider,
								const char *ca_file, int connect_timeout_ms)
{
	size_t file_size = ca_file != NULL ? strlen(ca_file) + 1 : 0;
	DdbCredentials *credentials =
		ddb_secret_alloc(sizeof(*credentials) + file_size);

	if (credentials == NULL)
	{
		ddb_provider_free(provider);
		return NULL;
	}
	credentials->http = http;
	credentials->provider = provider;
	credentials->connect_timeout_ms = connect_timeout_ms;
	if (ca_file != NULL)
		credentials->ca_file = text_append(credentials, ca_file);
	return credentials;
}

DdbKeysState
ddb_credentials_get(DdbCredentials *credentials, DdbKeys *keys, DdbStatus *status)
{
	if (credentials->provider != NULL)
		return ddb_provider_keys(credentials->provider, now_ms(), keys, status);
	if (!credentials->usable)
	{
		ddb_keys_check(&credentials->keys, status);
		return DDB_KEYS_FAILED;
	}
	*keys = credentials->keys;
	return DDB_KEYS_READY;
}

/* Is there a header line of this name (lower case, with the colon)? */
static bool
has_header(const DdbAsk *ask, const char *name)
{
	for (int i = 0; i < ask->nheaders; i++)
	{
		if (strncasecmp(ask->headers[i], name, strlen(name)) == 0)
			return true;
	}
	return false;
}

/* The ask's own lines, and those that libcurl would else write by itself. */
static int
collect_headers(const DdbAsk *ask, const char **lines)
{
	static const char *const others[][2] = {
		{"user-agent:", "user-agent: " DDB_EXCHANGE_USER_AGENT},
		{"accept:", "accept:"},
		{"expect:", "expect:"},
		{"content-type:", "content-type:"},
	};
	int n = ask->nheaders;

	for (int i = 0; i < n; i++)
		lines[i] = ask->headers[i];
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (!has_header(ask, others[i][0]))
			lines[n++] = others[i][1];
	}
	return n;
}

static bool
send_ask(DdbCredentials *credentials, const DdbAsk *ask, DdbStatus *status)
{
	const char *lines[DDB_EXCHANGE_MAX_HEADERS + 4];
	int connect_ms = credentials->connect_timeout_ms;
	DdbTarget target = {.url = ask->url,
						.ca_file = credentials->ca_file,
						.peer = ask->peer,
						.connect_timeout_ms = connect_ms,
						.request_timeout_ms = ask->timeout_ms};
	DdbPayload payload = {.method = ask->method,
						  .headers = lines,
						  .body = ask->body_len > 0 ? ask->body : "",
						  .body_len = ask->body_len};

	if (connect_ms > ask->timeout_ms)
		target.connect_timeout_ms = ask->timeout_ms;
	payload.nheaders = collect_headers(ask, lines);
	credentials->exchange =
		ddb_http_send(credentials->http, &target, &payload, status);
	return credentials->exchange != NULL;
}

/* Tell the provider what came, which may be nothing but a status. */
static void
give_answer(DdbCredentials *credentials, DdbStatus *status)
{
	DdbExchange *exchange = credentials->exchange;
	DdbAnswer answer = {.status = status};
	DdbReply reply;

	if (exchange != NULL && ddb_exchange_result(exchange, &reply, status))
	{
		answer.http_status = reply.http_status;
		answer.body = reply.body;
		answer.body_len = reply.body_len;
		answer.date = reply.has_age ? NULL : reply.date;
	}
	ddb_provider_answer(credentials->provider, now_ms(), &answer);
	credentials->exchange = NULL;
	if (exchange != NULL)
		ddb_exchange_wipe(exchange);
	ddb_http_release(exchange);
}

bool
ddb_credentials_pump(DdbCredentials *credentials)
{
	DdbStatus status;
	int64_t until_ms;
	DdbAsk ask;

	if (credentials->provider == NULL)
		return false;
	ddb_status_clear(&status);
	if (credentials->exchange != NULL)
	{
		if (!ddb_http_done(credentials->exchange))
			return false;
		give_answer(credentials, &status);
	}
	if (ddb_provider_next(credentials->provider, now_ms(), &ask, &until_ms) !=
		DDB_PROVIDER_ASK)
		return false;
	if (!send_ask(credentials, &ask, &status))
		give_answer(credentials, &status);
	return true;
}

int
ddb_credentials_timeout_ms(const DdbCredentials *credentials)
{
	int64_t now;
	int64_t until_ms;
	DdbAsk ask;

	if (credentials->provider == NULL)
		return -1;
	if (credentials->exchange != NULL)
		return ddb_http_done(credentials->exchange) ? 0 : -1;
	now = now_ms();
	switch (ddb_provider_next(credentials->provider, now, &ask, &until_ms))
	{
		case DDB_PROVIDER_ASK:
			return 0;
		case DDB_PROVIDER_PAUSE:
			return until_ms <= now ? 0 : (int) (until_ms - now);
		case DDB_PROVIDER_IDLE:
			break;
	}
	/* What is due in the background waits for someone who has to pump. */
	return -1;
}

bool
ddb_credentials_fetching(const DdbCredentials *credentials)
{
	int64_t until_ms;
	DdbAsk ask;

	return credentials->provider != NULL &&
		   (credentials->exchange != NULL ||
			ddb_provider_next(credentials->provider, now_ms(), &ask, &until_ms) !=
				DDB_PROVIDER_IDLE);
}

bool
ddb_credentials_discard(DdbCredentials *credentials, uint64_t generation)
{
	return credentials->provider != NULL &&
		   ddb_provider_discard(credentials->provider, generation);
}

void
ddb_credentials_free(DdbCredentials *credentials)
{
	if (credentials == NULL)
		return;
	ddb_http_release(credentials->exchange);
	ddb_provider_free(credentials->provider);
	ddb_secret_free(credentials);
}
