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

#include "convert.h"
#include "document.h"

/* Longest S, as it came, that can be a uuid or a timestamp. */
#define MAX_SHORT_LEN 256

/* PostgreSQL counts from 2000, the rest of the world from 1970. */
#define EPOCH_DIFFERENCE_US                                                    \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* A string without its escapes, in UTF-8. */
static const char *
unescape(const char *span, size_t len, size_t *plain_len)
{
	char *plain = palloc(len);
	long n = ddb_json_unescape(span, len, plain);

	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed string from DynamoDB"),
				 errdetail("A Unicode surrogate stands alone.")));
	*plain_len = (size_t) n;
	return plain;
}

/*
 * A string as it came -> checked, in the server's encoding. Points into the
 * span where there is nothing to change. NULL if it has a null character,
 * which no text of PostgreSQL can have.
 */
static const char *
to_server(const char *span, size_t len, bool escaped, int *server_len)
{
	const char *plain = span;
	const char *converted;

	if (escaped)
		plain = unescape(span, len, &len);
	if (escaped && memchr(plain, '\0', len) != NULL)
		return NULL;
	converted = pg_any_to_server(plain, (int) len, PG_UTF8);
	*server_len = converted == plain ? (int) len : (int) strlen(converted);
	return converted;
}

Datum
ddb_convert_text(const DdbPage *page, const DdbCell *cell, bool *isnull)
{
	const char *text;
	int len;

	*isnull = cell->type != DDB_TYPE_S;
	if (*isnull)
		return (Datum) 0;
	text = to_server(ddb_page_text(page, cell), cell->len, cell->escaped, &len);
	*isnull = text == NULL;
	if (*isnull)
		return (Datum) 0;
	return PointerGetDatum(cstring_to_text_with_len(text, len));
}

/*
 * A short S in ASCII or UTF-8: a span of the page, or unescaped into buf. NULL
 * where it is no S or none that could mean anything.
 */
static const char *
short_text(const DdbPage *page, const DdbCell *cell, char buf[MAX_SHORT_LEN],
		   size_t *len)
{
	const char *span = ddb_page_text(page, cell);
	long n;

	if (cell->type != DDB_TYPE_S || cell->len > MAX_SHORT_LEN)
		return NULL;
	*len = cell->len;
	if (!cell->escaped)
		return span;
	n = ddb_json_unescape(span, cell->len, buf);
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

/* What uuid_in takes: braces around it, hyphens between groups of four. */
static bool
parse_uuid(const char *text, size_t len, pg_uuid_t *uuid)
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

Datum
ddb_convert_uuid(const DdbPage *page, const DdbCell *cell, bool *isnull)
{
	char buf[MAX_SHORT_LEN];
	size_t len;
	const char *text = short_text(page, cell, buf, &len);
	pg_uuid_t parsed;
	pg_uuid_t *uuid;

	*isnull = text == NULL || !parse_uuid(text, len, &parsed);
	if (*isnull)
		return (Datum) 0;
	uuid = palloc(sizeof(pg_uuid_t));
	*uuid = parsed;
	return UUIDPGetDatum(uuid);
}

Datum
ddb_convert_timestamptz(const DdbPage *page, const DdbCell *cell, bool *isnull)
{
	char buf[MAX_SHORT_LEN];
	size_t len;
	const char *text = short_text(page, cell, buf, &len);
	int64_t unix_us;

	*isnull = text == NULL || !ddb_timestamp_parse(text, len, &unix_us);
	if (*isnull)
		return (Datum) 0;
	return TimestampTzGetDatum(unix_us - EPOCH_DIFFERENCE_US);
}

/* An N as numeric has it: every digit. */
static Numeric
to_numeric(const DdbToken *token)
{
	char *text = pnstrdup(token->text, token->len);
	Datum number = DirectFunctionCall3(numeric_in,
									   CStringGetDatum(text),
									   ObjectIdGetDatum(InvalidOid),
									   Int32GetDatum(-1));

	pfree(text);
	return DatumGetNumeric(number);
}

/* A name, S or B as a string of jsonb. */
static void
set_string(JsonbValue *value, const DdbToken *token)
{
	const char *text;
	int len;

	text = to_server(token->text, token->len, token->escaped, &len);
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
			value->val.numeric = to_numeric(token);
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
ddb_convert_item_jsonb(const char *text, size_t len)
{
	JsonbParseState *state = NULL;
	JsonbValue *pushed = NULL;
	DdbTokenKind kind;
	DdbToken token;
	DdbWalk walk;

	ddb_walk_item(&walk, text, len);
	while ((kind = ddb_walk_next(&walk, &token)) != DDB_TOKEN_END)
	{
		if (kind == DDB_TOKEN_BROKEN)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed item from DynamoDB")));
		pushed = push_token(&state, &token);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushed));
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
