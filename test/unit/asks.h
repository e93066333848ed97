/*
 * asks.h
 *		For tests of what asks without a network: looks at requests, makes up
 *		answers.
 */
#ifndef ASKS_H
#define ASKS_H

#include <strings.h>

#include "ask.h"
#include "tap.h"

/* An answer and what it borrows. */
typedef struct Reply
{
	DdbStatus status;
	DdbAnswer answer;
} Reply;

/* Fill and return it: a response with this body. */
static TAP_UNUSED const DdbAnswer *
reply_http(Reply *reply, int http_status, const char *body)
{
	ddb_status_clear(&reply->status);
	reply->answer = (DdbAnswer){.status = &reply->status,
								.http_status = http_status,
								.body = body,
								.body_len = strlen(body)};
	return &reply->answer;
}

/* No response. */
static TAP_UNUSED const DdbAnswer *
reply_failure(Reply *reply, DdbStatusKind kind, const char *message)
{
	ddb_status_clear(&reply->status);
	ddb_status_set(&reply->status, kind, "%s", message);
	reply->answer = (DdbAnswer){.status = &reply->status};
	return &reply->answer;
}

/* The value of a header; NULL if there is none. */
static TAP_UNUSED const char *
ask_header(const DdbAsk *ask, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < ask->nheaders; i++)
	{
		if (strncasecmp(ask->headers[i], name, len) == 0 &&
			strncmp(ask->headers[i] + len, ": ", 2) == 0)
			return ask->headers[i] + len + 2;
	}
	return NULL;
}

/* Does the status say it, anywhere? */
static TAP_UNUSED bool
status_says(const DdbStatus *status, const char *text)
{
	return strstr(status->message, text) != NULL ||
		   strstr(status->exception, text) != NULL ||
		   strstr(status->request_id, text) != NULL;
}

#endif /* ASKS_H */
