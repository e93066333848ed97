/*
 * json.c
 *		The tokens of JSON, read where they lie.
 *
 * Here is what is rare or slow: escapes, numbers, values that nobody wants.
 * The scan over a plain string is inline in the header.
 */
#include <math.h>
#include <stdlib.h>

#include "json.h"

/* Longest name that ddb_json_equals can be asked for, and a NUL. */
#define MAX_PLAIN 64

/* Longest number that is made a double. */
#define MAX_NUMBER_LEN 64

void
ddb_json_note(DdbJson *json, const char *at, const char *fault)
{
	if (json->fault != NULL)
		return;
	json->next = at;
	json->fault = fault;
}

void
ddb_json_note_unexpected(DdbJson *json)
{
	ddb_json_note(json,
				  json->next,
				  json->next == json->end ? "ends too early"
										  : "is not well-formed JSON");
}

bool
ddb_json_expect_end(DdbJson *json)
{
	ddb_json_skip_space(json);
	if (json->next != json->end)
		return ddb_json_fail(json, json->next, "goes on after its end");
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hex digits, or -1. */
static int
hex4(const char *p, const char *end)
{
	int code = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/* What the character behind a backslash stands for; NUL if for nothing. */
static char
short_escape(char c)
{
	switch (c)
	{
		case '"':
		case '\\':
		case '/':
			return c;
		case 'b':
			return '\b';
		case 'f':
			return '\f';
		case 'n':
			return '\n';
		case 'r':
			return '\r';
		case 't':
			return '\t';
		default:
			return '\0';
	}
}

/* Length of the escape at p, which is a backslash; 0 if it is none. */
static int
escape_len(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	if (p[1] == 'u')
		return hex4(p + 2, end) >= 0 ? 6 : 0;
	return short_escape(p[1]) != '\0' ? 2 : 0;
}

bool
ddb_json_string_rest(DdbJson *json, const char *special, DdbJsonString *string)
{
	const char *p = special;

	while (p < json->end && *p == '\\')
	{
		int len = escape_len(p, json->end);

		if (len == 0)
			return ddb_json_fail(json, p, "has a broken escape");
		p = ddb_json_plain_end(p + len, json->end);
	}
	if (p == json->end)
		return ddb_json_fail(json, p, "ends too early");
	if (*p != '"')
		return ddb_json_fail(json, p, "has a control character in a string");
	string->text = json->next;
	string->len = (size_t) (p - json->next);
	string->escaped = true;
	json->next = p + 1;
	return true;
}

/* At least one digit. */
static bool
take_digits(DdbJson *json)
{
	const char *start = json->next;

	while (json->next < json->end && *json->next >= '0' && *json->next <= '9')
		json->next++;
	return json->next > start || ddb_json_fail_unexpected(json);
}

/* One of these characters, with no space before it. */
static bool
take_any(DdbJson *json, const char *set)
{
	if (json->next == json->end || *json->next == '\0' ||
		strchr(set, *json->next) == NULL)
		return false;
	json->next++;
	return true;
}

bool
ddb_json_number(DdbJson *json, DdbJsonString *number)
{
	ddb_json_skip_space(json);
	number->text = json->next;
	number->escaped = false;
	take_any(json, "-");
	if (!take_any(json, "0") && !take_digits(json))
		return false;
	if (take_any(json, ".") && !take_digits(json))
		return false;
	if (take_any(json, "eE"))
	{
		take_any(json, "+-");
		if (!take_digits(json))
			return false;
	}
	number->len = (size_t) (json->next - number->text);
	return true;
}

double
ddb_json_number_value(const DdbJsonString *number)
{
	const char *p = number->text;
	const char *end = p + number->len;
	bool negative = *p == '-';
	bool fraction = false;
	double mantissa = 0;
	double power = 1;
	int scale = 0;
	int exponent = 0;

	if (number->len > MAX_NUMBER_LEN)
		return INFINITY;
	for (p += negative; p < end && *p != 'e' && *p != 'E'; p++)
	{
		if (*p == '.')
			fraction = true;
		else
		{
			mantissa = mantissa * 10 + (*p - '0');
			scale -= fraction;
		}
	}
	if (p < end)
	{
		bool down = *++p == '-';

		for (p += down || *p == '+'; p < end && exponent < 1000; p++)
			exponent = exponent * 10 + (*p - '0');
		scale += down ? -exponent : exponent;
	}
	for (int i = abs(scale); i > 0; i--)
		power *= 10;
	mantissa = scale < 0 ? mantissa / power : mantissa * power;
	return negative ? -mantissa : mantissa;
}

/* An array or object whose opening bracket was taken. */
static bool
skip_members(DdbJson *json, char closing, int depth)
{
	DdbJsonString name;

	if (depth > DDB_JSON_MAX_DEPTH)
		return ddb_json_fail(json, json->next, "is nested too deep");
	if (ddb_json_take(json, closing))
		return true;
	do
	{
		if (closing == '}' && !ddb_json_name(json, &name))
			return false;
		if (!ddb_json_skip(json, depth))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, closing);
}

bool
ddb_json_skip(DdbJson *json, int depth)
{
	DdbJsonString ignored;

	switch (ddb_json_peek(json))
	{
		case '"':
			return ddb_json_string(json, &ignored);
		case '{':
			json->next++;
			return skip_members(json, '}', depth + 1);
		case '[':
			json->next++;
			return skip_members(json, ']', depth + 1);
		case 't':
			return ddb_json_literal(json, "true");
		case 'f':
			return ddb_json_literal(json, "false");
		case 'n':
			return ddb_json_literal(json, "null");
		default:
			return ddb_json_number(json, &ignored);
	}
}

bool
ddb_json_equals(const DdbJsonString *string, const char *plain)
{
	char unescaped[6 * MAX_PLAIN];
	const char *text = string->text;
	size_t len = string->len;

	if (string->escaped)
	{
		long n;

		if (len > sizeof(unescaped))
			return false;
		n = ddb_json_unescape(text, len, unescaped);
		if (n < 0)
			return false;
		text = unescaped;
		len = (size_t) n;
	}
	return len == strlen(plain) && memcmp(text, plain, len) == 0;
}

/* A code point that is no surrogate, as UTF-8; returns the byte after it. */
static char *
put_utf8(char *out, uint32_t code)
{
	if (code < 0x80)
		*out++ = (char) code;
	else if (code < 0x800)
	{
		*out++ = (char) (0xc0 | code >> 6);
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	else
	{
		if (code < 0x10000)
			*out++ = (char) (0xe0 | code >> 12);
		else
		{
			*out++ = (char) (0xf0 | code >> 18);
			*out++ = (char) (0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (char) (0x80 | (code >> 6 & 0x3f));
		*out++ = (char) (0x80 | (code & 0x3f));
	}
	return out;
}

/*
 * The code point of one \u escape, or of a pair of them; *p moves behind it.
 * False where it is broken. See RFC 8259, section 7.
 */
static bool
unicode_escape(const char **p, const char *end, uint32_t *code)
{
	int high = hex4(*p + 2, end);
	int low;

	if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
		return false;
	*p += 6;
	*code = (uint32_t) high;
	if (high < 0xd800 || high > 0xdbff)
		return true;
	if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return false;
	low = hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return false;
	*p += 6;
	*code =
		0x10000 + (((uint32_t) high - 0xd800) << 10) + ((uint32_t) low - 0xdc00);
	return true;
}

/* One escape at *p, which is a backslash; false where it is broken. */
static bool
unescape_one(const char **p, const char *end, char **out)
{
	uint32_t code;
	char plain;

	if (end - *p < 2)
		return false;
	if ((*p)[1] == 'u')
	{
		if (!unicode_escape(p, end, &code))
			return false;
		*out = put_utf8(*out, code);
		return true;
	}
	plain = short_escape((*p)[1]);
	if (plain == '\0')
		return false;
	*(*out)++ = plain;
	*p += 2;
	return true;
}

long
ddb_json_unescape(const char *span, size_t len, char *out)
{
	const char *p = span;
	const char *end = span + len;
	char *start = out;

	while (p < end)
	{
		const char *backslash = memchr(p, '\\', (size_t) (end - p));
		size_t run = (size_t) ((backslash ? backslash : end) - p);

		memcpy(out, p, run);
		out += run;
		p += run;
		if (backslash && !unescape_one(&p, end, &out))
			return -1;
	}
	return (long) (out - start);
}
