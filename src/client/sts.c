/*
 * sts.c
 *		Assuming a role: what is asked of STS, and what its answer says.
 *
 * AssumeRole and AssumeRoleWithWebIdentity of the API of 2011-06-15. Policies,
 * tags, MFA and SAML are left out: AWS's shared files cannot ask for them, or
 * only with somebody at the keyboard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sts.h"

#define CONTENT_TYPE "application/x-www-form-urlencoded"
#define MAX_SIGNED_HEADERS 4
/* Longest name or number between two values of a form, and its signs. */
#define MAX_FORM_EXTRA 160

static const char *const throttling_codes[] = {
	"Throttling",
	"ThrottlingException",
	"ThrottledException",
	"RequestThrottled",
	"RequestThrottledException",
	"RequestLimitExceeded",
	"TooManyRequestsException",
	"SlowDown",
};

/* The identity provider's fault, which STS asks to try again. */
static const char *const idp_codes[] = {
	"IDPCommunicationError",
	"IDPCommunicationErrorException",
};

static bool
is_one_of(const char *code, const char *const *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (strcmp(code, codes[i]) == 0)
			return true;
	}
	return false;
}

#define IS_ONE_OF(code, codes)                                                 \
	is_one_of(code, codes, sizeof(codes) / sizeof((codes)[0]))

/* A form in a buffer that is large enough. */
static char *
add_plain(char *end, const char *text)
{
	size_t len = strlen(text);

	memcpy(end, text, len);
	return end + len;
}

/* Percent-encoded but for what RFC 3986 section 2.3 calls unreserved */
static char *
add_encoded(char *end, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++)
	{
		unsigned char c = (unsigned char) *text;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') || strchr("-._~", c) != NULL)
			*end++ = (char) c;
		else
		{
			*end++ = '%';
			*end++ = hex[c >> 4];
			*end++ = hex[c & 15];
		}
	}
	return end;
}

static char *
add_field(char *end, const char *name, const char *value)
{
	if (value == NULL)
		return end;
	*end++ = '&';
	end = add_plain(end, name);
	*end++ = '=';
	return add_encoded(end, value);
}

static size_t
encoded_size(const char *value)
{
	return value != NULL ? 3 * strlen(value) : 0;
}

/* The body of a request, malloc'd; NULL if out of memory. */
static char *
write_form(const char *action, const DdbRole *role, const char *token,
		   int64_t now_s, size_t *len)
{
	char session_name[40];
	char duration[16];
	const char *name = role->session_name;
	const char *external_id = token == NULL ? role->external_id : NULL;
	char *form, *end;

	if (name == NULL)
	{
		snprintf(session_name,
				 sizeof(session_name),
				 "cruddur_ddb-%lld",
				 (long long) now_s);
		name = session_name;
	}
	snprintf(duration, sizeof(duration), "%d", role->duration_s);
	form =
		malloc(encoded_size(role->arn) + encoded_size(name) +
			   encoded_size(external_id) + encoded_size(token) + MAX_FORM_EXTRA);
	if (form == NULL)
		return NULL;
	end = add_plain(form, "Action=");
	end = add_plain(end, action);
	end = add_plain(end, "&Version=2011-06-15");
	end = add_field(end, "RoleArn", role->arn);
	end = add_field(end, "RoleSessionName", name);
	end = add_field(end, "ExternalId", external_id);
	if (role->duration_s > 0)
		end = add_field(end, "DurationSeconds", duration);
	end = add_field(end, "WebIdentityToken", token);
	*len = (size_t) (end - form);
	return form;
}

static bool
sign(const DdbSts *sts, DdbDraft *draft, const DdbKeys *keys, int64_t now_s,
	 DdbStatus *status)
{
	const DdbEndpoint *endpoint = sts->endpoint;
	DdbSigv4Scope scope = {.region = endpoint->region,
						   .service = endpoint->signing_name,
						   .keys = keys};
	char hash[DDB_SIGV4_HEX_LEN];
	DdbSigv4Header headers[MAX_SIGNED_HEADERS] = {
		{"content-type", CONTENT_TYPE},
		{"host", endpoint->host},
		{"x-amz-date", scope.date},
		{"x-amz-security-token", keys->session_token},
	};
	DdbSigv4Request request = {.method = "POST",
							   .path = endpoint->path,
							   .headers = headers,
							   .nheaders = keys->session_token != NULL ? 4 : 3,
							   .body_sha256 = hash,
							   .normalize_path = true};
	char *authorization;

	ddb_sigv4_date(scope.date, (time_t) now_s);
	ddb_sigv4_hash(draft->body, draft->ask.body_len, hash);
	authorization =
		ddb_sigv4_authorization(sts->signer, &scope, &request, status);
	if (authorization == NULL)
		return false;
	ddb_draft_header(draft, "x-amz-date", scope.date);
	if (keys->session_token != NULL)
		ddb_draft_secret_header(draft, "x-amz-security-token", keys->session_token);
	ddb_draft_header(draft, "authorization", authorization);
	free(authorization);
	return true;
}

/* The request but for its signature. */
static bool
begin(const DdbSts *sts, DdbDraft *draft, char *form, size_t form_len,
	  DdbStatus *status)
{
	ddb_draft_begin(draft, "POST", sts->endpoint->url, "");
	ddb_draft_body(draft, form, form_len);
	ddb_draft_header(draft, "content-type", CONTENT_TYPE);
	ddb_draft_header(draft, "accept", "application/json");
	if (draft->failed)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	return true;
}

static bool
finish(const DdbSts *sts, DdbDraft *draft, DdbStatus *status)
{
	return ddb_draft_finish(draft, sts->timeout_ms, sts->endpoint->peer, status);
}

bool
ddb_sts_assume_role(const DdbSts *sts, DdbDraft *draft, const DdbRole *role,
					const DdbKeys *keys, int64_t now_s, DdbStatus *status)
{
	size_t len = 0;
	char *form = write_form("AssumeRole", role, NULL, now_s, &len);

	return begin(sts, draft, form, len, status) &&
		   sign(sts, draft, keys, now_s, status) && finish(sts, draft, status);
}

bool
ddb_sts_assume_role_with_web_identity(const DdbSts *sts, DdbDraft *draft,
									  const DdbRole *role, const char *token,
									  int64_t now_s, DdbStatus *status)
{
	size_t len = 0;
	char *form =
		write_form("AssumeRoleWithWebIdentity", role, token, now_s, &len);

	if (!begin(sts, draft, form, len, status))
		return false;
	ddb_draft_secret(draft, token);
	return finish(sts, draft, status);
}

/* Put what was to be done before what status says. */
static bool
explain(DdbStatus *status, const char *arn)
{
	char words[sizeof(status->message)];
	bool has_code = status->exception[0] != '\0';

	memcpy(words, status->message, sizeof(words));
	return ddb_status_set(status,
						  status->kind,
						  "cannot assume role \"%s\": %s%s%s",
						  arn,
						  status->exception,
						  has_code && words[0] != '\0' ? ": " : "",
						  words);
}

/* No JSON: a gateway in between, whose page is of no use, or a false STS. */
static void
set_unexpected(DdbStatus *status, const DdbAnswer *answer)
{
	if (answer->http_status >= 400)
		ddb_status_set(status,
					   DDB_STATUS_OTHER,
					   "STS answered with HTTP %d",
					   answer->http_status);
	else
		ddb_status_set(status,
					   DDB_STATUS_PROTOCOL,
					   "unusable answer of STS, HTTP %d",
					   answer->http_status);
}

bool
ddb_sts_read(const DdbAnswer *answer, const DdbDraft *draft,
			 const DdbRole *role, DdbIssued *issued, DdbStatus *status)
{
	*status = *answer->status;
	status->http_status = answer->http_status;
	if (status->kind != DDB_OK)
		return explain(status, role->arn);
	if (ddb_issued_read(issued, answer->body, answer->body_len, draft->secret, status))
	{
		if (answer->http_status == 200)
			return true;
		ddb_issued_clear(issued);
		set_unexpected(status, answer);
	}
	else if (status->kind == DDB_STATUS_NO_MEMORY)
		return false;
	else if (status->kind == DDB_STATUS_PROTOCOL)
		set_unexpected(status, answer);
	else if (IS_ONE_OF(status->exception, throttling_codes))
		status->kind = DDB_STATUS_THROTTLED;
	else if (answer->http_status >= 500)
		status->kind = DDB_STATUS_OTHER;
	return explain(status, role->arn);
}

DdbRetryClass
ddb_sts_classify(const DdbStatus *status)
{
	if (IS_ONE_OF(status->exception, idp_codes))
		return DDB_RETRY_TRANSIENT;
	/* To assume a role twice does no harm. */
	return ddb_retry_classify(status, true);
}
