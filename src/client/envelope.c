/*
 * envelope.c
 *		The headers of one attempt, signed.
 *
 * Not here: the arithmetic of signatures (sigv4.c), where keys come from
 * (credentials.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"

#define MAX_SIGNED_HEADERS 5

static void
add_line(DdbEnvelope *envelope, const char *name, const char *value)
{
	size_t left = sizeof(envelope->text) - envelope->used;
	char *line = envelope->text + envelope->used;
	size_t name_len = strlen(name);
	size_t value_size = strlen(value) + 1;

	if (name_len + 2 + value_size > left ||
		envelope->nlines == DDB_EXCHANGE_MAX_HEADERS)
	{
		envelope->overflow = true;
		return;
	}
	memcpy(line, name, name_len);
	memcpy(line + name_len, ": ", 2);
	memcpy(line + name_len + 2, value, value_size);
	envelope->lines[envelope->nlines++] = line;
	envelope->used += name_len + 2 + value_size;
}

static int
add_signed(DdbSigv4Header *headers, int n, const char *name, const char *value)
{
	headers[n].name = name;
	headers[n].value = value;
	return n + 1;
}

bool
ddb_envelope_seal(DdbEnvelope *envelope, const DdbSender *sender,
				  const char *operation, const char *body, size_t body_len,
				  DdbStatus *status)
{
	const DdbEndpoint *endpoint = sender->endpoint;
	const DdbKeys *keys = sender->keys;
	DdbSigv4Scope scope = {.region = endpoint->region,
						   .service = endpoint->signing_name,
						   .keys = keys};
	DdbSigv4Header headers[MAX_SIGNED_HEADERS];
	char hash[DDB_SIGV4_HEX_LEN];
	DdbSigv4Request request = {.method = "POST",
							   .path = endpoint->path,
							   .headers = headers,
							   .body_sha256 = hash,
							   .normalize_path = true};
	char target[128];
	char *authorization;
	int n = 0;

	ddb_sigv4_hash(body, body_len, hash);
	snprintf(target, sizeof(target), "%s.%s", endpoint->target_prefix, operation);
	ddb_sigv4_date(scope.date, sender->now);

	/* Signed is what says who asks what of whom; proxies may touch the rest. */
	n = add_signed(headers, n, "content-type", endpoint->content_type);
	n = add_signed(headers, n, "host", endpoint->host);
	n = add_signed(headers, n, "x-amz-date", scope.date);
	if (keys->session_token != NULL)
		n = add_signed(headers, n, "x-amz-security-token", keys->session_token);
	n = add_signed(headers, n, "x-amz-target", target);
	request.nheaders = n;
	authorization =
		ddb_sigv4_authorization(sender->signer, &scope, &request, status);
	if (authorization == NULL)
		return false;

	envelope->nlines = 0;
	envelope->used = 0;
	envelope->overflow = false;
	for (int i = 0; i < n; i++)
		add_line(envelope, headers[i].name, headers[i].value);
	add_line(envelope, "authorization", authorization);
	free(authorization);
	add_line(envelope, "accept-encoding", "gzip");
	add_line(envelope, "user-agent", DDB_EXCHANGE_USER_AGENT);
	/* Empty: libcurl is not to send them. Expect stalls bodies over 1 MiB. */
	add_line(envelope, "expect", "");
	add_line(envelope, "accept", "");
	if (envelope->overflow)
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "the session token does not fit a request");
	return true;
}
