/*
 * writer.c
 *		JSON as it is written: commas, escapes, failing memory.
 *
 * jansson reads back what was written.
 */
#include <jansson.h>

#include "writer.h"

#include "tap.h"

static void
test_structure(void)
{
	DdbText json = {0};
	DdbStatus status;
	char *text;

	ddb_writer_open(&json, NULL, '{');
	ddb_writer_string(&json, "a", "x", 1);
	ddb_writer_open(&json, "b", '[');
	ddb_writer_open(&json, NULL, '{');
	ddb_writer_close(&json, '}');
	ddb_writer_verbatim(&json, NULL, "{\"k\":[]}", 8);
	ddb_writer_string(&json, NULL, "", 0);
	ddb_writer_open(&json, NULL, '[');
	ddb_writer_close(&json, ']');
	ddb_writer_close(&json, ']');
	ddb_writer_string(&json, "c\"{", "{", 1);
	ddb_writer_verbatim(&json, "d", "12", 2);
	ddb_writer_close(&json, '}');
	text = ddb_text_finish(&json, &status);
	is_str(text,
		   "{\"a\":\"x\",\"b\":[{},{\"k\":[]},\"\",[]],\"c\\\"{\":\"{\","
		   "\"d\":12}",
		   "commas where they belong");
	free(text);
}

/* Every character, at every place of a vector, alone and beside others. */
static void
test_escapes(void)
{
	int wrong = 0;

	for (int c = 0; c < 0x80; c++)
	{
		for (size_t len = 1; len < 40; len++)
		{
			char string[40];
			DdbText json = {0};
			json_t *tree;

			memset(string, 'x', sizeof(string));
			string[len - 1] = (char) c;
			string[len / 2] = (char) c;
			ddb_writer_string(&json, NULL, string, len);
			tree = json_loadb(json.data,
							  json.len,
							  JSON_DECODE_ANY | JSON_ALLOW_NUL,
							  NULL);
			wrong += json_string_length(tree) != len ||
					 memcmp(json_string_value(tree), string, len) != 0;
			json_decref(tree);
			free(json.data);
		}
	}
	is_int(wrong, 0, "every character comes back");
}

static void
test_utf8(void)
{
	static const char text[] = "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x91\x8b\x7f";
	DdbText json = {0};

	ddb_writer_string(&json, NULL, text, strlen(text));
	ok(json.len == strlen(text) + 2 &&
		   memcmp(json.data + 1, text, strlen(text)) == 0,
	   "UTF-8 goes as it is");
	free(json.data);
}

static void
test_memory(void)
{
	char big[3000];
	int n;

	memset(big, '"', sizeof(big));
	for (n = 0;; n++)
	{
		DdbText json = {0};

		tap_fail_alloc(n);
		ddb_writer_open(&json, "name", '[');
		ddb_writer_string(&json, NULL, big, sizeof(big));
		ddb_writer_close(&json, ']');
		if (!tap_alloc_failed())
		{
			is_int((long long) json.len, 8 + 2 + 6000 + 1, "written at last");
			free(json.data);
			break;
		}
		ok(json.failed && json.data == NULL, "allocation %d fails", n);
	}
	ok(n > 1, "%d allocations can fail", n);
}

int
main(void)
{
	test_structure();
	test_escapes();
	test_utf8();
	test_memory();
	return tap_done();
}
