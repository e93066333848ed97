/*
 * convert.c
 *		DynamoDB's values <-> Datums.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "convert.h"
#include "document.h"

/* PostgreSQL counts from 2000, the rest of the world from 1970. */
#define EPOCH_DIFFERENCE_US                                                    \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* A string without its escapes, in UTF-8; its length. */
static size_t
unescape_into(const char *span, size_t len, char *plain)
{
	long n = ddb_json_unescape(span, len, plain);

	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed string from DynamoDB"),
				 errdetail("A Unicode surrogate stands alone.")));
	return (size_t) n;
}

static const char *
unescape(const char *span, size_t len, size_t *plain_len)
{
	char *plain = palloc(len);

	*plain_len = unescape_into(span, len, plain);
	return plain;
}

const char *
ddb_convert_string(const DdbValueSpan *string, int *len)
{
	const char *plain = string->text;
	size_t plain_len = string->len;
	const char *converted;

	if (string->escaped)
	{
		plain = unescape(string->text, string->len, &plain_len);
		if (memchr(plain, '\0', plain_len) != NULL)
			return NULL;
	}
	converted = pg_any_to_server(plain, (int) plain_len, PG_UTF8);
	*len = converted == plain ? (int) plain_len : (int) strlen(converted);
	return converted;
}

/* Copies; is all of it ASCII? The last word overlaps the one before. */
static bool
copy_ascii(char *to, const char *from, size_t len)
{
	const uint64 highs = UINT64CONST(0x8080808080808080);
	uint64 seen = 0;
	uint64 word;
	uint32 first;
	uint32 last;

	if (len >= sizeof(word))
	{
		for (size_t i = 0; i < len - sizeof(word); i += sizeof(word))
		{
			memcpy(&word, from + i, sizeof(word));
			memcpy(to + i, &word, sizeof(word));
			seen |= word;
		}
		memcpy(&word, from + len - sizeof(word), sizeof(word));
		memcpy(to + len - sizeof(word), &word, sizeof(word));
		seen |= word;
	}
	else if (len >= sizeof(first))
	{
		memcpy(&first, from, sizeof(first));
		memcpy(&last, from + len - sizeof(last), sizeof(last));
		memcpy(to, &first, sizeof(first));
		memcpy(to + len - sizeof(last), &last, sizeof(last));
		seen = first | last;
	}
	else
	{
		for (size_t i = 0; i < len; i++)
		{
			to[i] = from[i];
			seen |= (unsigned char) from[i];
		}
	}
	return (seen & highs) == 0;
}

/*
 * Copied, unescaped and checked in one place: where the server's encoding is
 * UTF-8, nothing else is allocated. Nor of ASCII, which is the same in all
 * encodings of servers.
 */
text *
ddb_convert_string_text(const DdbValueSpan *string)
{
	text *result = palloc(VARHDRSZ + string->len);
	char *plain = VARDATA(result);
	size_t len = string->len;
	const char *converted;
	bool is_ascii = false;

	if (string->escaped)
	{
		len = unescape_into(string->text, string->len, plain);
		if (memchr(plain, '\0', len) != NULL)
			return NULL;
	}
	else
		is_ascii = copy_ascii(plain, string->text, len);
	if (!is_ascii)
	{
		converted = pg_any_to_server(plain, (int) len, PG_UTF8);
		if (converted != plain)
			return cstring_to_text(converted);
	}
	SET_VARSIZE(result, VARHDRSZ + len);
	return result;
}

static DdbValueSpan
span_of(const DdbPage *page, const DdbCell *cell)
{
	return (DdbValueSpan){.text = ddb_page_text(page, cell),
						  .len = cell->len,
						  .type = (DdbType) cell->type,
						  .escaped = cell->escaped};
}

Datum
ddb_convert_text(const DdbPage *page, const DdbCell *cell, bool *isnull)
{
	DdbValueSpan value = span_of(page, cell);
	text *result = NULL;

	if (value.type == DDB_TYPE_S)
		result = ddb_convert_string_text(&value);
	*isnull = result == NULL;
	return PointerGetDatum(result);
}

const char *
ddb_convert_short_string(const DdbValueSpan *string,
						 char buf[DDB_SHORT_STRING_LEN], size_t *len)
{
	long n;

	if (string->len > DDB_SHORT_STRING_LEN)
		return NULL;
	*len = string->len;
	if (!string->escaped)
		return string->text;
	n = ddb_json_unescape(string->text, string->len, buf);
	*len = (size_t) n;
	return n < 0 ? NULL : buf;
}

/*
 * One more than the value of a hexadecimal digit, 0 for other characters. A
 * table: which digit comes next is what no branch predictor can tell.
 */
static const uint8 hex_values[256] =
	{['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	 ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	 ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	 ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

bool
ddb_convert_parse_uuid(const char *text, size_t len, pg_uuid_t *uuid)
{
	const char *p = text;
	const char *end = text + len;

	if (len >= 2 && p[0] == '{' && end[-1] == '}')
	{
		p++;
		end--;
	}
	for (int i = 0; i < UUID_LEN; i++)
	{
		int high;
		int low;

		if (end - p < 2)
			return false;
		high = hex_values[(unsigned char) p[0]] - 1;
		low = hex_values[(unsigned char) p[1]] - 1;
		if (high < 0 || low < 0)
			return false;
		uuid->data[i] = (unsigned char) (high << 4 | low);
		p += 2;
		if (i % 2 == 1 && i < UUID_LEN - 1 && p < end && *p == '-')
			p++;
	}
	return p == end;
}

/* An S that is short enough to mean something else; NULL: it is none. */
static const char *
short_cell(const DdbPage *page, const DdbCell *cell,
		   char buf[DDB_SHORT_STRING_LEN], size_t *len)
{
	DdbValueSpan value = span_of(page, cell);

	if (value.type != DDB_TYPE_S)
		return NULL;
	return ddb_convert_short_string(&value, buf, len);
}

Datum
ddb_convert_uuid(const DdbPage *page, const DdbCell *cell, bool *isnull)
{
	char buf[DDB_SHORT_STRING_LEN];
	size_t len;
	const char *text = short_cell(page, cell, buf, &len);
	pg_uuid_t parsed;
	pg_uuid_t *uuid;

	*isnull = text == NULL || !ddb_convert_parse_uuid(text, len, &parsed);
	if (*isnull)
		return (Datum) 0;
	uuid = palloc(sizeof(pg_uuid_t));
	*uuid = parsed;
	return UUIDPGetDatum(uuid);
}

bool
ddb_convert_parse_timestamptz(const char *text, size_t len, TimestampTz *at)
{
	int64_t unix_us;

	if (!ddb_timestamp_parse(text, len, &unix_us))
		return false;
	*at = unix_us - EPOCH_DIFFERENCE_US;
	return true;
}

Datum
ddb_convert_timestamptz(const DdbPage *page, const DdbCell *cell, bool *isnull)
{
	char buf[DDB_SHORT_STRING_LEN];
	size_t len;
	const char *text = short_cell(page, cell, buf, &len);
	TimestampTz at;

	*isnull = text == NULL || !ddb_convert_parse_timestamptz(text, len, &at);
	return *isnull ? (Datum) 0 : TimestampTzGetDatum(at);
}

/* Longest N that is copied to the stack; DynamoDB's have 38 digits. */
#define USUAL_NUMBER_LEN 64

Datum
ddb_convert_numeric(const char *text, size_t len)
{
	char buf[USUAL_NUMBER_LEN + 1];
	char *copy = len <= USUAL_NUMBER_LEN ? buf : palloc(len + 1);
	Datum number;

	memcpy(copy, text, len);
	copy[len] = '\0';
	number = DirectFunctionCall3(numeric_in,
								 CStringGetDatum(copy),
								 ObjectIdGetDatum(InvalidOid),
								 Int32GetDatum(-1));
	if (copy != buf)
		pfree(copy);
	return number;
}

/* A name, S or B as a string of jsonb. */
static void
set_string(JsonbValue *value, const DdbToken *token)
{
	DdbValueSpan string = {.text = token->text,
						   .len = token->len,
						   .escaped = token->escaped};
	int len;
	const char *text = ddb_convert_string(&string, &len);

	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("string from DynamoDB has a null character"),
				 errdetail("\\u0000 cannot be converted to text.")));
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = len;
}

static void
set_scalar(JsonbValue *value, const DdbToken *token)
{
	switch (token->type)
	{
		case DDB_TYPE_N:
			value->type = jbvNumeric;
			value->val.numeric =
				DatumGetNumeric(ddb_convert_numeric(token->text, token->len));
			break;
		case DDB_TYPE_BOOL:
			value->type = jbvBool;
			value->val.boolean = token->text[0] == 't';
			break;
		case DDB_TYPE_NULL:
			value->type = jbvNull;
			break;
		default:
			set_string(value, token);
			break;
	}
}

static JsonbValue *
push_token(JsonbParseState **state, const DdbToken *token)
{
	JsonbValue value;

	switch (token->kind)
	{
		case DDB_TOKEN_MAP_BEGIN:
			return pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		case DDB_TOKEN_MAP_END:
			return pushJsonbValue(state, WJB_END_OBJECT, NULL);
		case DDB_TOKEN_LIST_BEGIN:
			return pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		case DDB_TOKEN_LIST_END:
			return pushJsonbValue(state, WJB_END_ARRAY, NULL);
		case DDB_TOKEN_KEY:
			set_string(&value, token);
			return pushJsonbValue(state, WJB_KEY, &value);
		default:
			set_scalar(&value, token);
			if ((*state)->contVal.type == jbvArray)
				return pushJsonbValue(state, WJB_ELEM, &value);
			return pushJsonbValue(state, WJB_VALUE, &value);
	}
}

Datum
ddb_convert_jsonb(const DdbValueSpan *value)
{
	JsonbParseState *state = NULL;
	JsonbValue *pushed = NULL;
	JsonbValue scalar;
	DdbTokenKind kind;
	DdbToken token;
	DdbWalk walk;

	ddb_walk_value(&walk, value->type, value->text, value->len, value->escaped);
	while ((kind = ddb_walk_next(&walk, &token)) != DDB_TOKEN_END)
	{
		if (kind == DDB_TOKEN_BROKEN)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed item from DynamoDB")));
		if (state == NULL && kind == DDB_TOKEN_SCALAR)
		{
			set_scalar(&scalar, &token);
			pushed = &scalar;
		}
		else
			pushed = push_token(&state, &token);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushed));
}

Datum
ddb_convert_item_jsonb(const char *text, size_t len)
{
	DdbValueSpan item = {.text = text, .len = len, .type = DDB_TYPE_M};

	return ddb_convert_jsonb(&item);
}

const char *
ddb_convert_to_utf8(const char *text, int len, size_t *utf8_len)
{
	const char *utf8 = pg_server_to_any(text, len, PG_UTF8);

	*utf8_len = utf8 == text ? (size_t) len : strlen(utf8);
	return utf8;
}

void
ddb_convert_uuid_text(const pg_uuid_t *uuid, char text[DDB_UUID_TEXT_LEN])
{
	static const char digits[] = "0123456789abcdef";
	char *out = text;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[uuid->data[i] >> 4];
		*out++ = digits[uuid->data[i] & 0x0f];
	}
	*out = '\0';
}

void
ddb_convert_sort_key(TimestampTz at, char text[DDB_TIMESTAMP_LEN])
{
	int64 unix_us;

	if (TIMESTAMP_NOT_FINITE(at) ||
		pg_add_s64_overflow(at, EPOCH_DIFFERENCE_US, &unix_us) ||
		!ddb_timestamp_format(unix_us, text))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp is out of range for a sort key"),
				 errdetail("A sort key is within the years 0001 to 9999.")));
}
