/*
 * metadata.c
 *		Keys from beside us: the endpoint of a container, and the instance
 *		metadata service of EC2 in its second version.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "metadata.h"
#include "secret.h"

/* What answers from this host's own network is soon there or never. */
#define INSTANCE_TIMEOUT_MS 1000
/* The agent of a container may have to ask STS first. */
#define CONTAINER_TIMEOUT_MS 2000

#define ROLES "/latest/meta-data/iam/security-credentials/"
#define MAX_ROLE_LEN 128
#define MAX_TOKEN_LEN 1024

/* Where containers find their agents: ECS, and EKS Pod Identity. */
static const char *const agents[] = {
	"169.254.170.2",
	"169.254.170.23",
	"[fd00:ec2::23]",
};

static const char instance[] =
	"cannot get keys from the instance metadata service";
static const char container[] = "cannot get keys from the container's endpoint";

static DdbPeer
container_peer(const char *url)
{
	bool https = strncasecmp(url, "https://", 8) == 0;
	const char *host = url + (https ? 8 : 7);
	size_t len = strcspn(host, host[0] == '[' ? "]" : ":/?#");

	if (host[len] == ']')
		len++;
	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++)
	{
		if (strlen(agents[i]) == len && strncasecmp(agents[i], host, len) == 0)
			return DDB_PEER_METADATA;
	}
	return https ? DDB_PEER_PUBLIC : DDB_PEER_LOOPBACK;
}

/* What is in a header, a token or a role's name: no more than this. */
static bool
is_visible(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return len > 0;
}

/* As is_visible, but "Bearer abc" is one too. */
static bool
is_header_value(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

bool
ddb_metadata_ask_container(DdbDraft *draft, const char *url, const char *token,
						   DdbStatus *status)
{
	if (token != NULL && !is_header_value(token))
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "%s: its authorization token has an invalid "
							  "character",
							  container);
	ddb_draft_begin(draft, "GET", url, "");
	ddb_draft_header(draft, "accept", "application/json");
	if (token != NULL)
		ddb_draft_secret_header(draft, "authorization", token);
	return ddb_draft_finish(draft,
							CONTAINER_TIMEOUT_MS,
							container_peer(url),
							status);
}

bool
ddb_metadata_ask_token(DdbDraft *draft, const char *endpoint, DdbStatus *status)
{
	char ttl[16];

	snprintf(ttl, sizeof(ttl), "%d", DDB_METADATA_TOKEN_S);
	ddb_draft_begin(draft, "PUT", endpoint, "/latest/api/token");
	ddb_draft_header(draft, "x-aws-ec2-metadata-token-ttl-seconds", ttl);
	return ddb_draft_finish(draft, INSTANCE_TIMEOUT_MS, DDB_PEER_METADATA, status);
}

static bool
ask_with_token(DdbDraft *draft, const char *endpoint, const char *path,
			   const char *token, DdbStatus *status)
{
	ddb_draft_begin(draft, "GET", endpoint, path);
	ddb_draft_secret_header(draft, "x-aws-ec2-metadata-token", token);
	return ddb_draft_finish(draft, INSTANCE_TIMEOUT_MS, DDB_PEER_METADATA, status);
}

bool
ddb_metadata_ask_role(DdbDraft *draft, const char *endpoint, const char *token,
					  DdbStatus *status)
{
	return ask_with_token(draft, endpoint, ROLES, token, status);
}

bool
ddb_metadata_ask_keys(DdbDraft *draft, const char *endpoint, const char *token,
					  const char *role, DdbStatus *status)
{
	char path[sizeof(ROLES) + MAX_ROLE_LEN];

	snprintf(path, sizeof(path), ROLES "%s", role);
	return ask_with_token(draft, endpoint, path, token, status);
}

/* Put where the keys were to come from before what status says. */
static bool
explain(DdbStatus *status, const char *what)
{
	char words[sizeof(status->message)];
	bool has_code = status->exception[0] != '\0';

	memcpy(words, status->message, sizeof(words));
	return ddb_status_set(status,
						  status->kind,
						  "%s: %s%s%s",
						  what,
						  status->exception,
						  has_code && words[0] != '\0' ? ": " : "",
						  words);
}

static void
set_http(DdbStatus *status, const DdbAnswer *answer)
{
	ddb_status_set(status,
				   answer->http_status == 429 ? DDB_STATUS_THROTTLED
											  : DDB_STATUS_OTHER,
				   "HTTP %d",
				   answer->http_status);
}

/* Is there a response at all, and is it 200? */
static bool
is_fine(const DdbAnswer *answer, DdbStatus *status)
{
	*status = *answer->status;
	status->http_status = answer->http_status;
	if (status->kind == DDB_OK && answer->http_status != 200)
		set_http(status, answer);
	return status->kind == DDB_OK || explain(status, instance);
}

static bool
read_keys(const DdbAnswer *answer, const DdbDraft *draft, const char *what,
		  DdbIssued *issued, DdbStatus *status)
{
	*status = *answer->status;
	status->http_status = answer->http_status;
	if (status->kind != DDB_OK)
		return explain(status, what);
	if (ddb_issued_read(issued, answer->body, answer->body_len, draft->secret, status))
	{
		if (answer->http_status == 200)
			return true;
		ddb_issued_clear(issued);
		set_http(status, answer);
	}
	else if (status->kind == DDB_STATUS_NO_MEMORY)
		return false;
	else if (status->kind == DDB_STATUS_PROTOCOL && answer->http_status != 200)
		set_http(status, answer);
	else if (answer->http_status >= 500)
		status->kind = DDB_STATUS_OTHER;
	return explain(status, what);
}

bool
ddb_metadata_read_container(const DdbAnswer *answer, const DdbDraft *draft,
							DdbIssued *issued, DdbStatus *status)
{
	return read_keys(answer, draft, container, issued, status);
}

/* How long the body's first line is; 0 if it is not a token or a name. */
static size_t
line_len(const DdbAnswer *answer, size_t max_len)
{
	size_t len = 0;

	while (len < answer->body_len && answer->body[len] != '\n' &&
		   answer->body[len] != '\r')
		len++;
	return len <= max_len && is_visible(answer->body, len) ? len : 0;
}

/* That line, to be put into room of this size; NULL with status. */
static char *
copy_line(const DdbAnswer *answer, size_t len, char *room, const char *what,
		  DdbStatus *status)
{
	if (len == 0)
		ddb_status_set(status,
					   DDB_STATUS_PROTOCOL,
					   "%s: no usable %s in its answer",
					   instance,
					   what);
	else if (room == NULL)
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	else
	{
		memcpy(room, answer->body, len);
		room[len] = '\0';
		return room;
	}
	return NULL;
}

char *
ddb_metadata_read_token(const DdbAnswer *answer, DdbStatus *status)
{
	size_t len;

	if (!is_fine(answer, status))
	{
		if (status->http_status == 403)
			ddb_status_set(status,
						   DDB_STATUS_AUTH,
						   "%s: it is turned off for this instance (HTTP 403)",
						   instance);
		return NULL;
	}
	len = line_len(answer, MAX_TOKEN_LEN);
	return copy_line(answer,
					 len,
					 len > 0 ? ddb_secret_alloc(len + 1) : NULL,
					 "token",
					 status);
}

char *
ddb_metadata_read_role(const DdbAnswer *answer, DdbStatus *status)
{
	size_t len;

	if (!is_fine(answer, status))
	{
		if (status->http_status == 404)
			ddb_status_set(status,
						   DDB_STATUS_AUTH,
						   "%s: the instance has no role (HTTP 404)",
						   instance);
		return NULL;
	}
	len = line_len(answer, MAX_ROLE_LEN);
	/* It becomes part of a URL. */
	for (size_t i = 0; i < len; i++)
	{
		if (strchr("/?#%\\", answer->body[i]) != NULL)
			len = 0;
	}
	return copy_line(answer, len, len > 0 ? malloc(len + 1) : NULL, "role", status);
}

bool
ddb_metadata_read_keys(const DdbAnswer *answer, const DdbDraft *draft,
					   DdbIssued *issued, DdbStatus *status)
{
	return read_keys(answer, draft, instance, issued, status);
}

DdbRetryClass
ddb_metadata_classify(const DdbStatus *status)
{
	return ddb_retry_classify(status, true);
}

bool
ddb_metadata_token_expired(const DdbStatus *status)
{
	return status->http_status == 401;
}
