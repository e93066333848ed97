/*
 * issued.c
 *		Keys as STS, containers and instances issue them: the JSON of it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "issued.h"
#include "json.h"
#include "secret.h"
#include "timestamp.h"

/* What is around the keys; deeper ones are passed over. */
#define MAX_DEPTH 8

/* The last second of the year 9999 */
#define MAX_EPOCH_S 253402300799.0

typedef enum Member
{
	MEMBER_ID,
	MEMBER_SECRET,
	MEMBER_TOKEN,
	MEMBER_EXPIRATION,
	MEMBER_CODE,
	MEMBER_MESSAGE,
	MEMBER_REQUEST_ID,
	MEMBERS
} Member;

static const struct
{
	const char *name;
	Member member;
} members[] = {
	{"AccessKeyId", MEMBER_ID},
	{"SecretAccessKey", MEMBER_SECRET},
	{"SessionToken", MEMBER_TOKEN}, /* STS */
	{"Token", MEMBER_TOKEN},        /* containers and instances */
	{"Expiration", MEMBER_EXPIRATION},
	{"Code", MEMBER_CODE},
	{"code", MEMBER_CODE}, /* containers */
	{"Message", MEMBER_MESSAGE},
	{"message", MEMBER_MESSAGE},
	{"RequestId", MEMBER_REQUEST_ID},
};

/* A value where it lies; text NULL: it was not there. */
typedef struct Value
{
	DdbJsonString span;
	bool number;
} Value;

static Value *
wanted_value(Value *values, const DdbJsonString *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		if (ddb_json_equals(name, members[i].name))
			return &values[members[i].member];
	}
	return NULL;
}

/* A member's value, into *value or past it. */
static bool
read_value(DdbJson *json, Value *value, int depth)
{
	char first = ddb_json_peek(json);

	if (value == NULL)
		return ddb_json_skip(json, depth);
	if (first == '"')
	{
		value->number = false;
		return ddb_json_string(json, &value->span);
	}
	if (first == '-' || (first >= '0' && first <= '9'))
	{
		value->number = true;
		return ddb_json_number(json, &value->span);
	}
	return ddb_json_skip(json, depth);
}

/* Recursive, but no deeper than MAX_DEPTH. */
static bool
read_object(DdbJson *json, Value *values, int depth)
{
	if (!ddb_json_expect(json, '{'))
		return false;
	if (ddb_json_take(json, '}'))
		return true;
	do
	{
		DdbJsonString name;

		if (!ddb_json_name(json, &name))
			return false;
		if (depth < MAX_DEPTH && ddb_json_peek(json) == '{')
		{
			if (!read_object(json, values, depth + 1))
				return false;
		}
		else if (!read_value(json, wanted_value(values, &name), depth))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, '}');
}

/*
 * The text of a value without the secret, malloc'd; "" if it is not there; NULL:
 * no memory.
 */
static char *
copy_value(const Value *value, const char *secret)
{
	char *text = malloc(value->span.len + 1);
	long len = 0;

	if (text == NULL)
		return NULL;
	if (value->span.text != NULL)
		len = ddb_json_unescape(value->span.text, value->span.len, text);
	if (len < 0)
		len = 0;
	text[len] = '\0';
	ddb_secret_blot_out(text, (size_t) len, secret);
	return text;
}

/* What of a text can be a code or an ID, cut to fit. */
static void
copy_short(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++)
	{
		if (*text > ' ' && *text <= '~')
			out[n++] = *text;
	}
	out[n] = '\0';
}

/* The issuer's own words for why there are no keys. */
static bool
refused(const Value *values, const char *secret, DdbStatus *status)
{
	char *code = copy_value(&values[MEMBER_CODE], secret);
	char *words = copy_value(&values[MEMBER_MESSAGE], secret);
	char *id = copy_value(&values[MEMBER_REQUEST_ID], secret);

	if (code != NULL && words != NULL && id != NULL)
	{
		copy_short(status->exception, sizeof(status->exception), code);
		if (id[0] != '\0')
			copy_short(status->request_id, sizeof(status->request_id), id);
		ddb_status_set(status, DDB_STATUS_AUTH, "%s", words);
	}
	else
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	free(code);
	free(words);
	free(id);
	return false;
}

static bool
malformed(DdbStatus *status, const char *what)
{
	return ddb_status_set(status, DDB_STATUS_PROTOCOL, "%s", what);
}

static bool
read_expiry(const Value *value, int64_t *expires_ms)
{
	int64_t expires_us;
	double epoch_s;

	*expires_ms = DDB_ISSUED_FOR_EVER;
	if (value->span.text == NULL)
		return true;
	if (!value->number)
	{
		if (!ddb_timestamp_parse(value->span.text, value->span.len, &expires_us))
			return false;
		*expires_ms = expires_us / 1000;
		return true;
	}
	epoch_s = ddb_json_number_value(&value->span);
	if (!(epoch_s >= 0 && epoch_s <= MAX_EPOCH_S))
		return false;
	*expires_ms = (int64_t) (epoch_s * 1000);
	return true;
}

/* Put a string at *end and move that behind it; NULL if it is broken. */
static char *
append(char **end, const Value *value)
{
	char *copy = *end;
	long len;

	len = ddb_json_unescape(value->span.text, value->span.len, copy);
	if (len < 0 || memchr(copy, '\0', (size_t) len) != NULL)
		return NULL;
	copy[len] = '\0';
	*end += len + 1;
	return copy;
}

static bool
fill(DdbIssued *issued, const Value *values, DdbStatus *status)
{
	const Value *token = &values[MEMBER_TOKEN];
	DdbKeys *keys = &issued->keys;
	char *end;

	issued->text =
		ddb_secret_alloc(values[MEMBER_ID].span.len +
						 values[MEMBER_SECRET].span.len + token->span.len + 3);
	if (issued->text == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	end = issued->text;
	keys->access_key_id = append(&end, &values[MEMBER_ID]);
	keys->secret_access_key = append(&end, &values[MEMBER_SECRET]);
	if (token->span.len > 0)
	{
		keys->session_token = append(&end, token);
		if (keys->session_token == NULL)
			return malformed(status, "the session token is malformed");
	}
	if (keys->access_key_id == NULL || keys->secret_access_key == NULL)
		return malformed(status, "the keys are malformed");
	if (!ddb_keys_check(keys, status))
	{
		status->kind = DDB_STATUS_PROTOCOL;
		return false;
	}
	if (!read_expiry(&values[MEMBER_EXPIRATION], &issued->expires_ms))
		return malformed(status, "the expiration is not a time");
	return true;
}

bool
ddb_issued_read(DdbIssued *issued, const char *body, size_t len,
				const char *secret, DdbStatus *status)
{
	Value values[MEMBERS] = {0};
	const Value *code = &values[MEMBER_CODE];
	DdbJson json;

	ddb_issued_clear(issued);
	status->exception[0] = '\0';
	ddb_json_init(&json, body, len);
	if (!read_object(&json, values, 0) || !ddb_json_expect_end(&json))
		return malformed(status, "the response is not JSON");
	/* The instance metadata service says "Success", others nothing. */
	if ((code->span.text != NULL && !ddb_json_equals(&code->span, "Success")) ||
		(values[MEMBER_ID].span.text == NULL &&
		 values[MEMBER_MESSAGE].span.text != NULL))
		return refused(values, secret, status);
	if (values[MEMBER_ID].span.text == NULL ||
		values[MEMBER_SECRET].span.text == NULL)
		return malformed(status, "the response has no keys");
	if (!fill(issued, values, status))
	{
		ddb_issued_clear(issued);
		return false;
	}
	issued->keys.generation = ddb_keys_generation();
	return true;
}

bool
ddb_issued_copy(DdbIssued *issued, const char *access_key_id,
				const char *secret_access_key, const char *session_token,
				DdbStatus *status)
{
	const char *token = session_token != NULL ? session_token : "";
	size_t id_size = strlen(access_key_id) + 1;
	size_t secret_size = strlen(secret_access_key) + 1;
	size_t token_size = strlen(token) + 1;
	char *text = ddb_secret_alloc(id_size + secret_size + token_size);

	ddb_issued_clear(issued);
	if (text == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	issued->text = text;
	issued->expires_ms = DDB_ISSUED_FOR_EVER;
	issued->keys.access_key_id = memcpy(text, access_key_id, id_size);
	text += id_size;
	issued->keys.secret_access_key = memcpy(text, secret_access_key, secret_size);
	text += secret_size;
	memcpy(text, token, token_size);
	issued->keys.session_token = token[0] != '\0' ? text : NULL;
	issued->keys.generation = ddb_keys_generation();
	return true;
}

static bool
same(const char *one, const char *other)
{
	return one == other ||
		   (one != NULL && other != NULL && strcmp(one, other) == 0);
}

bool
ddb_issued_same(const DdbIssued *one, const DdbIssued *other)
{
	return same(one->keys.access_key_id, other->keys.access_key_id) &&
		   same(one->keys.secret_access_key, other->keys.secret_access_key) &&
		   same(one->keys.session_token, other->keys.session_token);
}

void
ddb_issued_clear(DdbIssued *issued)
{
	ddb_secret_free(issued->text);
	memset(issued, 0, sizeof(*issued));
}
