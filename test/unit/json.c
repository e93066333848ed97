/*
 * json.c
 *		The JSON reader: its grammar, its scan, its unescaping.
 *
 * Texts lie in blocks of exactly their size, so that a sanitizer sees a read
 * beyond the end.
 */
#include "json.h"

#include "tap.h"

/* A copy without a NUL behind it. */
static char *
exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, text, len);
	return copy;
}

static bool
accepts(const char *text, size_t len)
{
	char *copy = exact_copy(text, len);
	DdbJson json;
	bool accepted;

	ddb_json_init(&json, copy, len);
	accepted = ddb_json_skip(&json, 0) && ddb_json_expect_end(&json);
	if (accepted != (json.fault == NULL) || json.next < copy ||
		json.next > copy + len)
		abort();
	free(copy);
	return accepted;
}

static void
test_grammar(void)
{
	static const char *const good[] = {
		"{}",
		"[]",
		"\"\"",
		" [ 1 , 2 ] ",
		"0",
		"-0",
		"-0.0e-0",
		"12.5E+10",
		"true",
		"{\"a\":{\"a\":[null,false]},\"a\":1}",
		"\t\r\n{ }",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\"",
		"\"\x7f\xff\"",
	};
	static const char *const bad[] = {
		"",           "{",         "[",
		"[1,]",       "[,1]",      "[1 2]",
		"{\"a\"}",    "{\"a\":}",  "{a:1}",
		"{\"a\":1,}", "{,}",       "{\"a\" 1}",
		"01",         "-",         "1.",
		".5",         "+1",        "1e",
		"1e+",        "0x1",       "tru",
		"True",       "nul",       "NaN",
		"\"",         "\"a",       "\"\\\"",
		"\"\\x\"",    "\"\\u12\"", "\"\\u12g4\"",
		"\"\n\"",     "\"\t\"",    "\"\x01\"",
		"\"\x1f\"",   "1 1",       "[1]]",
		"{}}",        "'a'",       "[1}",
		"{\"a\":1]",  "\f1",       "\xef\xbb\xbf{}",
		"// a",       "\"\\",      "\"\\u123",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(accepts(good[i], strlen(good[i])), "good: case %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!accepts(bad[i], strlen(bad[i])), "bad: case %zu", i);
	ok(!accepts("\"a\0b\"", 5), "bad: a NUL in a string");
	ok(!accepts("1\0", 2), "bad: a NUL at the end");
}

static void
test_depth(void)
{
	char text[2 * (DDB_JSON_MAX_DEPTH + 1)];
	int n = DDB_JSON_MAX_DEPTH;

	memset(text, '[', (size_t) n);
	memset(text + n, ']', (size_t) n);
	ok(accepts(text, 2 * (size_t) n), "%d brackets are fine", n);
	n++;
	memset(text, '[', (size_t) n);
	memset(text + n, ']', (size_t) n);
	ok(!accepts(text, 2 * (size_t) n), "%d brackets are too many", n);
}

/* Strings of every short length, each special character at every place. */
static void
test_scan(void)
{
	static const unsigned char specials[] = {'"', '\\', 0, 0x1f, '\n'};
	static const unsigned char plains[] =
		{' ', '!', '#', '[', ']', 'a', 0x7f, 0x80, 0xff, 0xa2, 0xdc, 0x9f};
	int wrong = 0;

	for (size_t len = 0; len <= 50; len++)
	{
		for (size_t at = 0; at <= len; at++)
		{
			unsigned char plain = plains[(len + at) % sizeof(plains)];
			unsigned char special = specials[at % sizeof(specials)];
			char *text = malloc(len > 0 ? len : 1);

			if (text == NULL)
				abort();
			memset(text, plain, len);
			if (at < len)
				text[at] = (char) special;
			wrong += ddb_json_plain_end(text, text + len) != text + at;
			free(text);
		}
	}
	is_int(wrong, 0, "a plain run ends where it ends");
	wrong = 0;
	for (int c = 0; c < 256; c++)
	{
		char text[40];
		bool special = c < 0x20 || c == '"' || c == '\\';

		memset(text, 'a', sizeof(text));
		text[21] = (char) c;
		wrong += ddb_json_plain_end(text, text + sizeof(text)) !=
				 text + (special ? 21 : sizeof(text));
	}
	is_int(wrong, 0, "each of the 256 bytes is plain or special rightly");
}

/* Runs of digits of every short length, each other byte behind them. */
static void
test_digits(void)
{
	int wrong = 0;

	for (size_t len = 0; len <= 50; len++)
	{
		for (size_t at = 0; at <= len; at++)
		{
			char *text = malloc(len > 0 ? len : 1);

			if (text == NULL)
				abort();
			memset(text, '0' + (int) (len % 10), len);
			if (at < len)
				text[at] = at % 2 == 0 ? '/' : ':';
			wrong += ddb_json_digits_end(text, text + len) != text + at;
			free(text);
		}
	}
	is_int(wrong, 0, "a run of digits ends where it ends");
	wrong = 0;
	for (int c = 0; c < 256; c++)
	{
		char text[40];
		bool digit = c >= '0' && c <= '9';

		memset(text, '7', sizeof(text));
		text[21] = (char) c;
		wrong += ddb_json_digits_end(text, text + sizeof(text)) !=
				 text + (digit ? sizeof(text) : 21);
	}
	is_int(wrong, 0, "each of the 256 bytes is a digit or none");
}

/* Texts of every short length, the same and with one other byte, at the end. */
static void
test_comes_again(void)
{
	int wrong = 0;

	for (size_t len = 1; len <= 50; len++)
	{
		for (size_t room = 0; room <= 20; room++)
		{
			size_t size = 2 * len + room;
			char *text = malloc(size);
			DdbJson json;

			if (text == NULL)
				abort();
			memset(text, 'x', size);
			ddb_json_init(&json, text, size);
			json.next = text + len;
			wrong += !ddb_json_comes_again(&json, text, len);
			for (size_t at = 0; at < len; at++)
			{
				text[len + at] ^= 1;
				wrong += ddb_json_comes_again(&json, text, len);
				text[len + at] ^= 1;
			}
			json.next = text + size - len + 1;
			wrong += ddb_json_comes_again(&json, text, len);
			free(text);
		}
	}
	is_int(wrong, 0, "a text comes again with each of its bytes");
}

static void
unescapes(const char *span, size_t len, const char *expected, long expected_len)
{
	char *copy = exact_copy(span, len);
	char *out = malloc(len > 0 ? len : 1);
	long got;

	if (out == NULL)
		abort();
	got = ddb_json_unescape(copy, len, out);
	ok(got == expected_len &&
		   (got < 0 || memcmp(out, expected, (size_t) got) == 0),
	   "unescape: %.*s",
	   (int) len,
	   span);
	free(out);
	free(copy);
}

static void
test_unescape(void)
{
#define GIVES(span, expected)                                                  \
	unescapes(span, sizeof(span) - 1, expected, sizeof(expected) - 1)
#define BREAKS(span) unescapes(span, sizeof(span) - 1, "", -1)
	GIVES("", "");
	GIVES("plain", "plain");
	GIVES("a\\\"b\\\\c\\/d", "a\"b\\c/d");
	GIVES("\\b\\f\\n\\r\\t", "\b\f\n\r\t");
	GIVES("\\u0041\\u007f\\u0080", "A\x7f\xc2\x80");
	GIVES("\\u07FF\\u0800\\uffff", "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
	GIVES("\\ud83d\\uDE00!", "\xf0\x9f\x98\x80!");
	GIVES("\\uD800\\uDC00\\uDBFF\\uDFFF", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
	GIVES("\\u0000", "\0");
	GIVES("raw \xc3\xa9 stays", "raw \xc3\xa9 stays");
	BREAKS("\\");
	BREAKS("\\x");
	BREAKS("\\u123");
	BREAKS("\\u12g4");
	BREAKS("\\ud83d");
	BREAKS("\\ud83dx");
	BREAKS("\\ud83d\\n");
	BREAKS("\\ud83d\\u0041");
	BREAKS("\\ud83d\\ud83d");
	BREAKS("\\ude00");
	BREAKS("\\ud83d\\ude0");
}

static bool
equals(const char *text, const char *plain)
{
	DdbJsonString string = {text, strlen(text), strchr(text, '\\') != NULL};

	return ddb_json_equals(&string, plain);
}

static void
test_equals(void)
{
	char spelled_out[64 * 6 + 2];

	ok(equals("Items", "Items"), "a plain name equals itself");
	ok(!equals("Item", "Items") && !equals("Items", "Item"), "not a prefix");
	ok(equals("\\u0049tem\\u0073", "Items"), "escapes do not hide a name");
	ok(!equals("\\ud800", "Items"), "a broken escape equals nothing");
	for (int i = 0; i < 64; i++)
		memcpy(spelled_out + i * 6, "\\u0061", 7);
	ok(!equals(spelled_out, "a"), "a long escaped name equals nothing");
	strcat(spelled_out, "a");
	ok(!equals(spelled_out, "a"), "nor does one that is longer than we look");
}

int
main(void)
{
	test_grammar();
	test_depth();
	test_scan();
	test_digits();
	test_comes_again();
	test_unescape();
	test_equals();
	return tap_done();
}
