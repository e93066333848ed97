/*
 * json.h
 *		The tokens of JSON, read where they lie.
 *
 * A reader is a span and a place in it. Each function moves the place forward
 * over what it has checked, never beyond the end, and copies nothing. The
 * grammar is that of RFC 8259; whether strings are UTF-8 is left to those who
 * use them. Trees are jansson's business, writing is that of writer.c.
 */
#ifndef DDB_JSON_H
#define DDB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* DDB_JSON_PORTABLE leaves the vector code out, so that tests reach the rest */
#if defined(__SSE2__) && !defined(DDB_JSON_PORTABLE)
#define DDB_JSON_SSE2
#include <emmintrin.h>
#endif

/* Brackets that may be open at a time. */
#define DDB_JSON_MAX_DEPTH 64

typedef struct DdbJson
{
	const char *next;
	const char *end;
	const char *fault;   /* what is wrong at next, "is nested too deep";
								 * static; NULL: nothing */
	const char *subject; /* the part of the text that the fault is about,
								 * NULL: none to be named */
	size_t subject_len;
} DdbJson;

/* A string: what is between the quotes, as it came. */
typedef struct DdbJsonString
{
	const char *text;
	size_t len;
	bool escaped; /* it has a backslash */
} DdbJsonString;

static inline void
ddb_json_init(DdbJson *json, const char *text, size_t len)
{
	*json = (DdbJson){.next = text, .end = text + len};
}

/* Note what is wrong at this place, unless a fault is noted already. */
extern void ddb_json_note(DdbJson *json, const char *at, const char *fault)
	__attribute__((cold));

/* The same, for a failing function to return. */
static inline bool
ddb_json_fail(DdbJson *json, const char *at, const char *fault)
{
	ddb_json_note(json, at, fault);
	return false;
}

/* The fault of text that is not what was expected. */
extern void ddb_json_note_unexpected(DdbJson *json) __attribute__((cold));

static inline bool
ddb_json_fail_unexpected(DdbJson *json)
{
	ddb_json_note_unexpected(json);
	return false;
}

static inline void
ddb_json_skip_space(DdbJson *json)
{
	while (json->next < json->end && (*json->next == ' ' || *json->next == '\n' ||
									  *json->next == '\r' || *json->next == '\t'))
		json->next++;
}

/* The next character that is no space, which is not taken; NUL at the end. */
static inline char
ddb_json_peek(DdbJson *json)
{
	ddb_json_skip_space(json);
	return json->next < json->end ? *json->next : '\0';
}

/* Take this character (never NUL) if it comes next. */
static inline bool
ddb_json_take(DdbJson *json, char c)
{
	if (ddb_json_peek(json) != c)
		return false;
	json->next++;
	return true;
}

/* Take this character or fail. */
static inline bool
ddb_json_expect(DdbJson *json, char c)
{
	return ddb_json_take(json, c) || ddb_json_fail_unexpected(json);
}

/* Nothing but space may be left. */
extern bool ddb_json_expect_end(DdbJson *json);

/*
 * Does this text come next? It lies before that, in the same buffer: what can
 * be loaded here can be loaded there.
 */
static inline bool
ddb_json_comes_again(const DdbJson *json, const char *text, size_t len)
{
#ifdef DDB_JSON_SSE2
	const char *next = json->next;

	if ((size_t) (json->end - next) >= len + 16)
	{
		for (;;)
		{
			__m128i seen = _mm_loadu_si128((const __m128i *) text);
			__m128i here = _mm_loadu_si128((const __m128i *) next);
			unsigned differ =
				(unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(seen, here)) ^ 0xffff;

			if (len <= 16)
				return (differ & ((1u << len) - 1)) == 0;
			if (differ != 0)
				return false;
			text += 16;
			next += 16;
			len -= 16;
		}
	}
#endif
	return (size_t) (json->end - json->next) >= len &&
		   memcmp(json->next, text, len) == 0;
}

/* Where the run of decimal digits ends. */
static inline const char *
ddb_json_digits_end(const char *p, const char *end)
{
#ifdef DDB_JSON_SSE2
	while (end - p >= 16)
	{
		__m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *) p),
								 _mm_set1_epi8('0'));
		__m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v);
		unsigned others = (unsigned) _mm_movemask_epi8(is_digit) ^ 0xffff;

		if (others != 0)
			return p + __builtin_ctz(others);
		p += 16;
	}
#endif
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Where the run ends that has no quote, backslash or control character. */
static inline const char *
ddb_json_plain_end(const char *p, const char *end)
{
#ifdef DDB_JSON_SSE2
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	while (end - p >= 16)
	{
		__m128i v = _mm_loadu_si128((const __m128i *) p);
		__m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(v, control), v);
		__m128i is_special =
			_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash));
		int mask = _mm_movemask_epi8(_mm_or_si128(is_control, is_special));

		if (mask != 0)
			return p + __builtin_ctz((unsigned) mask);
		p += 16;
	}
#else
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = ones * 0x80;

	while (end - p >= 8)
	{
		uint64_t v;
		uint64_t quote;
		uint64_t backslash;

		memcpy(&v, p, 8);
		quote = v ^ (ones * '"');
		backslash = v ^ (ones * '\\');
		/* Zero bytes by borrow; false alarms only above a true one. */
		if ((((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
			 ((backslash - ones) & ~backslash)) &
			highs)
			break;
		p += 8;
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= 0x20)
		p++;
	return p;
}

/* A string from its first special character on; for ddb_json_string_body. */
extern bool ddb_json_string_rest(DdbJson *json, const char *special,
								 DdbJsonString *string);

/* The rest of a string whose opening quote was taken. */
static inline bool
ddb_json_string_body(DdbJson *json, DdbJsonString *string)
{
	const char *p = ddb_json_plain_end(json->next, json->end);

	if (p == json->end || *p != '"')
		return ddb_json_string_rest(json, p, string);
	string->text = json->next;
	string->len = (size_t) (p - json->next);
	string->escaped = false;
	json->next = p + 1;
	return true;
}

static inline bool
ddb_json_string(DdbJson *json, DdbJsonString *string)
{
	return ddb_json_expect(json, '"') && ddb_json_string_body(json, string);
}

/* A member's name and its colon. */
static inline bool
ddb_json_name(DdbJson *json, DdbJsonString *name)
{
	return ddb_json_string(json, name) && ddb_json_expect(json, ':');
}

/* A number's text. */
extern bool ddb_json_number(DdbJson *json, DdbJsonString *number);

/*
 * Its value. strtod would want an end and a locale; this is exact up to 15
 * digits, which what we count and time does not exceed. INFINITY or NaN where it
 * is too large, or more than 64 characters long.
 */
extern double ddb_json_number_value(const DdbJsonString *number);

/* "true", "false" or "null". */
static inline bool
ddb_json_literal(DdbJson *json, const char *literal)
{
	size_t len = strlen(literal);

	ddb_json_skip_space(json);
	if ((size_t) (json->end - json->next) < len ||
		memcmp(json->next, literal, len) != 0)
		return ddb_json_fail_unexpected(json);
	json->next += len;
	return true;
}

/* Any value, checked and passed over. depth: brackets open around it. */
extern bool ddb_json_skip(DdbJson *json, int depth);

/* Is the string, unescaped, this one (plain, up to 63 bytes)? */
extern bool ddb_json_equals(const DdbJsonString *string, const char *plain);

/*
 * Unescape what is between the quotes into out, which has room for len bytes
 * (the result is never longer). Returns the length, or -1 if an escape is
 * broken: a lone surrogate included. \u0000 gives a NUL byte, which the caller
 * who makes text of it must refuse.
 */
extern long ddb_json_unescape(const char *span, size_t len, char *out);

#endif /* DDB_JSON_H */
