/*
 * status.c
 *		From what went wrong to a kind, an exception's name and a message.
 *
 * Decodes the error bodies that the services send; what a kind means to
 * PostgreSQL is decided in src/pg/report.c, what is worth another attempt in
 * retry.c.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "status.h"

typedef struct ExceptionKind
{
	const char *exception;
	DdbStatusKind kind;
} ExceptionKind;

/*
 * Names as the services send them. Most are of DynamoDB's API reference
 * ("Error handling" and each operation's "Errors"), some of that of Cognito's
 * ListUsers, the rest of the common errors that every AWS service may give.
 */
static const ExceptionKind exception_kinds[] = {
	{"ConditionalCheckFailedException", DDB_STATUS_CONDITION},
	{"TransactionCanceledException", DDB_STATUS_CANCELED},
	{"TransactionConflictException", DDB_STATUS_CONFLICT},
	{"ReplicatedWriteConflictException", DDB_STATUS_CONFLICT},
	{"ReplicatedWriteConflict", DDB_STATUS_CONFLICT},
	{"ResourceNotFoundException", DDB_STATUS_NOT_FOUND},
	{"ResourceInUseException", DDB_STATUS_IN_USE},
	{"ValidationException", DDB_STATUS_VALIDATION},
	{"ValidationError", DDB_STATUS_VALIDATION},
	{"InvalidParameterException", DDB_STATUS_VALIDATION},

	{"ExpiredIteratorException", DDB_STATUS_EXPIRED},
	{"TrimmedDataAccessException", DDB_STATUS_TRIMMED},

	{"ProvisionedThroughputExceededException", DDB_STATUS_THROTTLED},
	{"RequestLimitExceeded", DDB_STATUS_THROTTLED},
	{"ThrottlingException", DDB_STATUS_THROTTLED},
	{"Throttling", DDB_STATUS_THROTTLED},
	{"ThrottledException", DDB_STATUS_THROTTLED},
	{"RequestThrottled", DDB_STATUS_THROTTLED},
	{"RequestThrottledException", DDB_STATUS_THROTTLED},
	{"TooManyRequestsException", DDB_STATUS_THROTTLED},
	{"LimitExceededException", DDB_STATUS_THROTTLED},
	{"TransactionInProgressException", DDB_STATUS_THROTTLED},
	{"PriorRequestNotComplete", DDB_STATUS_THROTTLED},
	{"SlowDown", DDB_STATUS_THROTTLED},

	{"RequestTimeout", DDB_STATUS_TIMEOUT},
	{"RequestTimeoutException", DDB_STATUS_TIMEOUT},

	{"ItemCollectionSizeLimitExceededException", DDB_STATUS_LIMIT},
	{"RequestTooLarge", DDB_STATUS_LIMIT},
	{"RequestTooLargeException", DDB_STATUS_LIMIT},
	{"RequestEntityTooLarge", DDB_STATUS_LIMIT},
	{"RequestEntityTooLargeException", DDB_STATUS_LIMIT},

	{"AccessDeniedException", DDB_STATUS_DENIED},
	{"AccessDenied", DDB_STATUS_DENIED},
	{"NotAuthorizedException", DDB_STATUS_DENIED},

	{"UnrecognizedClientException", DDB_STATUS_AUTH},
	{"InvalidSignatureException", DDB_STATUS_AUTH},
	{"SignatureDoesNotMatch", DDB_STATUS_AUTH},
	{"IncompleteSignature", DDB_STATUS_AUTH},
	{"IncompleteSignatureException", DDB_STATUS_AUTH},
	{"MissingAuthenticationToken", DDB_STATUS_AUTH},
	{"MissingAuthenticationTokenException", DDB_STATUS_AUTH},
	{"ExpiredToken", DDB_STATUS_AUTH},
	{"ExpiredTokenException", DDB_STATUS_AUTH},
	{"InvalidClientTokenId", DDB_STATUS_AUTH},
	{"InvalidAccessKeyId", DDB_STATUS_AUTH},
	{"AuthFailure", DDB_STATUS_AUTH},
	{"RequestTimeTooSkewed", DDB_STATUS_AUTH},
	{"RequestExpired", DDB_STATUS_AUTH},
};

typedef struct ReasonCode
{
	const char *code;
	DdbReason reason;
} ReasonCode;

static const ReasonCode reason_codes[] = {
	{"None", DDB_REASON_NONE},
	{"ConditionalCheckFailed", DDB_REASON_CONDITION},
	{"TransactionConflict", DDB_REASON_CONFLICT},
	{"ThrottlingError", DDB_REASON_THROTTLED},
	{"ProvisionedThroughputExceeded", DDB_REASON_THROTTLED},
	{"ItemCollectionSizeLimitExceeded", DDB_REASON_LIMIT},
	{"ValidationError", DDB_REASON_VALIDATION},
};

/*
 * DynamoDB reports most of its limits as ValidationException; only the words
 * tell them from a malformed request.
 */
static const char *const limit_phrases[] = {
	"exceeded the maximum allowed size", /* item, expression */
	"exceeded the maximum size",         /* hash key, attribute name */
	"exceeded the size limit",           /* range key */
	"primary key values must be under",
	"exceeds max size", /* names, values of expressions */
	"too many operators",
	"too many operands",
	"too many nesting levels",
	"exceeded supported limits", /* nesting levels */
	"beyond supported limit",    /* nested levels of an item */
	"contains a key that is too long",
	"payload size cannot exceed", /* transaction over 4 MB */
	"cannot have a request size of more",
	"Too many items requested for the Batch",
	"must have length less than or equal to 100", /* a transaction */
	"must have length less than or equal to 25,", /* BatchWriteItem */
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

void
ddb_status_clear(DdbStatus *status)
{
	memset(status, 0, sizeof(*status));
}

/*
 * Length of the printable UTF-8 character at p, 0 if there is none: an invalid
 * sequence (RFC 3629, table 3-7 of Unicode) or a control character, C1 too.
 */
static size_t
printable_len(const unsigned char *p, size_t left)
{
	size_t len;
	unsigned char low = 0x80;
	unsigned char high = 0xBF;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7F ? 1 : 0;
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (p[0] == 0xC2 || p[0] == 0xE0)
		low = 0xA0;
	else if (p[0] == 0xF0)
		low = 0x90;
	else if (p[0] == 0xED)
		high = 0x9F;
	else if (p[0] == 0xF4)
		high = 0x8F;
	if (left < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
	{
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	}
	return len;
}

/*
 * Copy text that came from outside: trimmed, cut at a character boundary,
 * control characters as spaces, what is not UTF-8 as question marks.
 */
static void
copy_clean(char *out, size_t out_size, const char *text, size_t len)
{
	size_t n = 0;

	while (len > 0 && (unsigned char) text[0] <= ' ')
	{
		text++;
		len--;
	}
	while (len > 0)
	{
		const unsigned char *p = (const unsigned char *) text;
		size_t char_len = printable_len(p, len);
		size_t step = char_len > 0 ? char_len : 1;

		if (n + step >= out_size)
			break;
		if (char_len > 0)
			memcpy(out + n, text, char_len);
		else
			out[n] = p[0] < 0x80 ? ' ' : '?';
		n += step;
		text += step;
		len -= step;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/*
 * As copy_clean, without the secret. It is blotted out before the text is cut, or
 * its first half might be left. Nothing is copied for want of memory.
 */
static void
copy_without(char *out, size_t out_size, const char *text, size_t len,
			 const char *secret)
{
	/* More than is kept: the secret and a character that begin in there */
	size_t most = out_size + (secret != NULL ? strlen(secret) : 0) + 3;
	char *copy;

	if (secret == NULL)
	{
		copy_clean(out, out_size, text, len);
		return;
	}
	while (len > 0 && (unsigned char) text[0] <= ' ')
	{
		text++;
		len--;
	}
	if (len > most)
		len = most;
	out[0] = '\0';
	copy = malloc(len + 1);
	if (copy == NULL)
		return;
	memcpy(copy, text, len);
	ddb_secret_blot_out(copy, len, secret);
	copy_clean(out, out_size, copy, len);
	explicit_bzero(copy, len);
	free(copy);
}

bool
ddb_status_set(DdbStatus *status, DdbStatusKind kind, const char *format, ...)
{
	/*
	 * Longer than the message by all but one byte of a character, so that one
	 * cut here is beyond what is kept.
	 */
	char text[sizeof(status->message) + 3];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		len = 0;
	else if ((size_t) len >= sizeof(text))
		len = sizeof(text) - 1;

	status->kind = kind;
	copy_clean(status->message, sizeof(status->message), text, (size_t) len);
	return false;
}

/*
 * "com.amazonaws.dynamodb.v20120810#ValidationException", with or without the
 * prefix, and with or without a ":" and a URL behind.
 */
static void
set_exception(DdbStatus *status, const char *type, const char *secret)
{
	size_t len = strcspn(type, ":");
	const char *hash = memchr(type, '#', len);

	if (hash != NULL)
	{
		len -= (size_t) (hash + 1 - type);
		type = hash + 1;
	}
	copy_without(status->exception, sizeof(status->exception), type, len, secret);
}

static bool
speaks_of_limit(const char *message)
{
	for (size_t i = 0; i < LENGTH(limit_phrases); i++)
	{
		if (strstr(message, limit_phrases[i]) != NULL)
			return true;
	}
	return false;
}

/* An item that an update makes too large is a ValidationError too. */
static DdbReason
reason_of(const char *code, const char *message)
{
	if (code == NULL)
		return DDB_REASON_NONE;
	for (size_t i = 0; i < LENGTH(reason_codes); i++)
	{
		DdbReason reason = reason_codes[i].reason;

		if (strcmp(code, reason_codes[i].code) != 0)
			continue;
		if (reason == DDB_REASON_VALIDATION && message != NULL &&
			speaks_of_limit(message))
			return DDB_REASON_LIMIT;
		return reason;
	}
	return DDB_REASON_OTHER;
}

static void
set_reasons(DdbStatus *status, json_t *reasons)
{
	size_t n = json_array_size(reasons);

	if (n > DDB_TRANSACT_MAX_ACTIONS)
		n = DDB_TRANSACT_MAX_ACTIONS;
	for (size_t i = 0; i < n; i++)
	{
		json_t *reason = json_array_get(reasons, i);
		json_t *code = json_object_get(reason, "Code");
		json_t *message = json_object_get(reason, "Message");

		status->reasons[i] = (uint8_t) reason_of(json_string_value(code),
												 json_string_value(message));
	}
	status->nreasons = (int) n;
}

/*
 * message is the whole one: values that DynamoDB quotes may push the telling
 * words beyond what the status keeps.
 */
static DdbStatusKind
kind_of(const DdbStatus *status, const char *message)
{
	for (size_t i = 0; i < LENGTH(exception_kinds); i++)
	{
		DdbStatusKind kind = exception_kinds[i].kind;

		if (strcmp(status->exception, exception_kinds[i].exception) != 0)
			continue;
		if (kind == DDB_STATUS_VALIDATION && speaks_of_limit(message))
			return DDB_STATUS_LIMIT;
		return kind;
	}
	if (status->http_status == 413)
		return DDB_STATUS_LIMIT;
	if (status->http_status == 429)
		return DDB_STATUS_THROTTLED;
	return DDB_STATUS_OTHER;
}

static void
decode_json(DdbStatus *status, json_t *root, const char *secret)
{
	json_t *message = json_object_get(root, "message");
	const char *type = json_string_value(json_object_get(root, "__type"));
	const char *text;

	if (!json_is_string(message))
		message = json_object_get(root, "Message");
	text = json_is_string(message) ? json_string_value(message) : "";
	if (type != NULL)
		set_exception(status, type, secret);
	copy_without(status->message,
				 sizeof(status->message),
				 text,
				 json_is_string(message) ? json_string_length(message) : 0,
				 secret);
	status->kind = kind_of(status, text);
	if (status->kind == DDB_STATUS_CANCELED)
		set_reasons(status, json_object_get(root, "CancellationReasons"));
}

bool
ddb_status_is_any(const DdbStatus *status, const char *const *exceptions, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (strcmp(status->exception, exceptions[i]) == 0)
			return true;
	}
	return false;
}

void
ddb_status_decode(DdbStatus *status, const char *body, size_t len,
				  const char *secret)
{
	json_t *root = json_loadb(body, len, JSON_ALLOW_NUL, NULL);

	status->exception[0] = '\0';
	status->nreasons = 0;
	if (json_is_object(root))
		decode_json(status, root, secret);
	else
	{
		copy_without(status->message, sizeof(status->message), body, len, secret);
		status->kind = kind_of(status, "");
	}
	json_decref(root);
}
