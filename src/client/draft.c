/*
 * draft.c
 *		A request that is being written: it owns what a DdbAsk borrows.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

static void
wipe(char *text, size_t len)
{
	if (text == NULL)
		return;
	OPENSSL_cleanse(text, len);
	free(text);
}

static void
wipe_str(char *text)
{
	if (text != NULL)
		wipe(text, strlen(text));
}

/* The three in a row, malloc'd; NULL if out of memory. */
static char *
join(const char *first, const char *second, const char *third)
{
	size_t first_len = strlen(first);
	size_t second_len = strlen(second);
	size_t third_size = strlen(third) + 1;
	char *text = malloc(first_len + second_len + third_size);

	if (text == NULL)
		return NULL;
	memcpy(text, first, first_len);
	memcpy(text + first_len, second, second_len);
	memcpy(text + first_len + second_len, third, third_size);
	return text;
}

void
ddb_draft_begin(DdbDraft *draft, const char *method, const char *url_base,
				const char *url_rest)
{
	ddb_draft_clear(draft);
	draft->ask.method = method;
	draft->url = join(url_base, url_rest, "");
	draft->failed = draft->url == NULL;
}

void
ddb_draft_header(DdbDraft *draft, const char *name, const char *value)
{
	char *line;

	if (draft->failed || draft->ask.nheaders == DDB_DRAFT_MAX_HEADERS)
	{
		draft->failed = true;
		return;
	}
	line = join(name, ": ", value);
	draft->failed = line == NULL;
	if (line != NULL)
		draft->lines[draft->ask.nheaders++] = line;
}

void
ddb_draft_secret_header(DdbDraft *draft, const char *name, const char *value)
{
	ddb_draft_header(draft, name, value);
	ddb_draft_secret(draft, value);
}

void
ddb_draft_body(DdbDraft *draft, char *body, size_t body_len)
{
	if (body == NULL)
		draft->failed = true;
	draft->body = body;
	draft->ask.body_len = body_len;
}

void
ddb_draft_secret(DdbDraft *draft, const char *secret)
{
	draft->secret = strdup(secret);
	if (draft->secret == NULL)
		draft->failed = true;
}

bool
ddb_draft_finish(DdbDraft *draft, int timeout_ms, DdbPeer peer, DdbStatus *status)
{
	if (draft->failed)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	draft->ask.url = draft->url;
	draft->ask.headers = (const char *const *) draft->lines;
	draft->ask.body = draft->body;
	draft->ask.timeout_ms = timeout_ms;
	draft->ask.peer = peer;
	return true;
}

void
ddb_draft_clear(DdbDraft *draft)
{
	for (int i = 0; i < draft->ask.nheaders; i++)
		wipe_str(draft->lines[i]);
	wipe(draft->body, draft->ask.body_len);
	wipe_str(draft->secret);
	free(draft->url);
	memset(draft, 0, sizeof(*draft));
}
