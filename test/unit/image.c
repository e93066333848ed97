/*
 * image.c
 *		Items attribute by attribute: parts, size, sameness.
 */
#include "image.h"

#include "tap.h"

/* A copy of exactly its size, so that a sanitizer sees a read beyond it. */
static char *
copy_of(const char *text)
{
	size_t len = strlen(text);
	char *copy = __real_malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	return memcpy(copy, text, len);
}

static void
attribute_is(const DdbItemAttribute *attribute, const char *name, const char *json)
{
	ok(attribute != NULL && strcmp(attribute->name, name) == 0 &&
		   attribute->json_len == strlen(json) &&
		   memcmp(attribute->json, json, attribute->json_len) == 0,
	   "attribute %s is %s",
	   name,
	   json);
}

static void
test_parse(void)
{
	static const char text[] = " { \"sk\" : {\"N\" : \"1\"} ,\"p\\u006b\":"
							   "{\"S\":\"}\\\"\"}, \"\\u00e9\\n\":{\"M\":{}}} ";
	char *copy = copy_of(text);
	DdbStatus status;
	DdbImage *image = ddb_image_parse(copy, strlen(text), &status);

	if (!ok(image != NULL && image->nattributes == 3, "three attributes"))
		exit(1);
	attribute_is(&image->attributes[0], "sk", "{\"N\" : \"1\"}");
	attribute_is(&image->attributes[1], "pk", "{\"S\":\"}\\\"\"}");
	attribute_is(&image->attributes[2], "\xc3\xa9\n", "{\"M\":{}}");
	for (int i = 0; i < 3; i++)
		ok(ddb_image_find(image, image->attributes[i].name) ==
			   &image->attributes[i],
		   "attribute %d is found",
		   i);
	ok(ddb_image_find(image, "s") == NULL && ddb_image_find(image, "") == NULL &&
		   ddb_image_find(image, "zz") == NULL,
	   "others are not");
	ddb_image_free(image);
	free(copy);

	image = ddb_image_parse("{}", 2, &status);
	ok(image != NULL && image->nattributes == 0 &&
		   ddb_image_find(image, "a") == NULL,
	   "an item without attributes");
	ddb_image_free(image);
	ddb_image_free(NULL);
}

static void
test_faults(void)
{
	static const struct
	{
		const char *text;
		const char *message;
	} cases[] = {
		{"", "the item ends too early"},
		{"[]", "the item is not well-formed JSON"},
		{"{} {}", "the item goes on after its end"},
		{"{\"a\":{\"S\":\"\"}", "the item ends too early"},
		{"{\"a\":{\"S\":\"\"},}", "the item is not well-formed JSON"},
		{"{\"a\":{\"Q\":\"\"}}", "the item has an unknown data type"},
		{"{\"a\":\"b\"}", "the item is not well-formed JSON"},
		{"{\"a\\ud800\":{\"S\":\"\"}}", "the item has a broken escape"},
		{"{\"a\\u0000\":{\"S\":\"\"}}", "the item has a null character in a name"},
		{"{\"a\":{\"S\":\"\"},\"b\":{\"S\":\"\"},\"\\u0061\":{\"S\":\"\"}}",
		 "the item has an attribute twice"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *copy = copy_of(cases[i].text);
		DdbStatus status;

		ddb_status_clear(&status);
		ok(ddb_image_parse(copy, strlen(cases[i].text), &status) == NULL &&
			   status.kind == DDB_STATUS_PROTOCOL,
		   "refused: %s",
		   cases[i].text);
		is_str(status.message, cases[i].message, "and why");
		free(copy);
	}
}

static void
test_write(void)
{
	static const DdbItemAttribute attributes[] = {
		{"x", NULL, 0},
		{"a\"\n", "{\"S\":\"b\"} and beyond", 9},
		{"y", NULL, 0},
		{"n", "{\"N\":\"1\"}", 9},
	};
	DdbText text = {0};
	DdbStatus status;
	char *json;

	ddb_image_write(&text, attributes, 4);
	ddb_image_write(&text, attributes, 1);
	json = ddb_text_finish(&text, &status);
	is_str(json,
		   "{\"a\\\"\\u000a\":{\"S\":\"b\"},\"n\":{\"N\":\"1\"}}{}",
		   "two items");
	free(json);
}

/* Sizes as the Developer Guide counts them; the name is one byte of each. */
static void
test_size(void)
{
	static const struct
	{
		const char *json;
		size_t size;
	} cases[] = {
		{"{\"S\":\"\"}", 0},
		{"{\"S\":\"abc\"}", 3},
		{"{ \"S\" : \"\xc3\xa9\" }", 2},
		{"{\"S\":\"\\n\\u00e9\\ud83d\\ude00\\\"\"}", 8},
		{"{\"S\":\"\\ud83d!\"}", 7}, /* broken: as it came */
		{"{\"S\":\"\\ud83d and more\"}", 15},
		{"{\"N\":\"0\"}", 2},
		{"{\"N\":\"-1\"}", 3},
		{"{\"N\":\"00100.0\"}", 2},
		{"{\"N\":\"1.5\"}", 3},
		{"{\"N\":\"12345678901234567890123456789012345678\"}", 21},
		{"{\"B\":\"\"}", 0},
		{"{\"B\":\"==\"}", 0},
		{"{\"B\":\"AA==\"}", 1},
		{"{\"B\":\"AAA=\"}", 2},
		{"{\"B\":\"AAAA\\/w==\"}", 4},
		{"{\"BOOL\":false}", 1},
		{"{\"NULL\":true}", 1},
		{"{\"SS\":[\"ab\",\"\\t\"]}", 3},
		{"{\"NS\":[\"1\",\"2\"]}", 4},
		{"{\"BS\":[\"AA==\"]}", 1},
		{"{\"L\":[]}", 3},
		{"{\"L\":[{\"S\":\"ab\"},{\"NULL\":true}]}", 3 + 2 + 3},
		{"{\"M\":{}}", 3},
		{"{\"M\":{\"a\\\"\":{\"S\":\"b\"},\"c\":{\"SS\":[\"x\",\"y\"]},"
		 "\"d\":{\"BOOL\":true}}}",
		 3 + 4 + 4 + 3},
		{"{\"L\":[{\"M\":{\"a\":{\"L\":[{\"SS\":[\"x\"]}]}}},{\"L\":[]}]}",
		 3 + (1 + 3 + (1 + 1 + 3 + (1 + 1))) + (1 + 3)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		DdbItemAttribute attributes[] = {
			{"n", copy_of(cases[i].json), strlen(cases[i].json)},
			{"absent", NULL, 0},
			{"\xc3\xa9", "{\"BOOL\":true}", 13},
		};

		is_int((long long) ddb_image_size(attributes, 3),
			   (long long) cases[i].size + 1 + 3,
			   cases[i].json);
		free((char *) attributes[0].json);
	}
	is_int(ddb_image_size(NULL, 0), 0, "nothing");
}

/* A line's texts are the same value; each is compared with all. */
static const char *const values[][3] = {
	{"{\"S\":\"\"}", "{ \"S\" : \"\" }"},
	{"{\"S\":\"a/\xc3\xa9\"}", "{\"S\":\"\\u0061\\/\\u00e9\"}"},
	{"{\"S\":\"AA==\"}"},
	{"{\"S\":\"1\"}"},
	{"{\"S\":\"1.0\"}"},
	{"{\"N\":\"1\"}", "{\"N\":\"1.0\"}", "{\"N\":\"0.1e1\"}"},
	{"{\"N\":\"-1\"}", "{\"N\":\"-1.00\"}"},
	{"{\"N\":\"0\"}", "{\"N\":\"-0\"}", "{\"N\":\"0e5\"}"},
	{"{\"N\":\"10\"}", "{\"N\":\"1e1\"}"},
	{"{\"N\":\"1e200\"}"}, /* fits nowhere, so only by its text */
	{"{\"N\":\"10e199\"}"},
	{"{\"B\":\"AA==\"}", "{\"B\":\"AB==\"}", "{\"B\":\"\\u0041A==\"}"},
	{"{\"B\":\"AAA=\"}", "{\"B\":\"AAB=\"}"},
	{"{\"B\":\"AAAA\"}"},
	{"{\"B\":\"\"}"},
	{"{\"B\":\"/w==\"}", "{\"B\":\"\\/w==\"}"},
	{"{\"B\":\"%\"}"},
	{"{\"BOOL\":true}", "{\"BOOL\": true}"},
	{"{\"BOOL\":false}"},
	{"{\"NULL\":true}", "{\"NULL\": true }"},
	{"{\"SS\":[]}"},
	{"{\"NS\":[]}"},
	{"{\"SS\":[\"1\"]}"},
	{"{\"SS\":[\"1\",\"1.0\"]}", "{\"SS\":[\"1.0\",\"1\"]}"},
	{"{\"NS\":[\"1\"]}", "{\"NS\":[\"1.0\"]}"},
	{"{\"NS\":[\"1\",\"20\",\"-3\"]}",
	 "{\"NS\":[\"-3.0\",\"1\",\"2e1\"]}",
	 "{\"NS\":[\"20\",\"-3\",\"1.0\"]}"},
	{"{\"BS\":[\"AA==\",\"\"]}", "{\"BS\":[\"\", \"AB==\"]}"},
	{"{\"L\":[]}", "{\"L\": [ ] }"},
	{"{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]}",
	 "{\"L\":[{\"N\":\"1.0\"},{\"N\":\"2\"}]}"},
	{"{\"L\":[{\"N\":\"2\"},{\"N\":\"1\"}]}"},
	{"{\"L\":[{\"S\":\"1\"},{\"S\":\"2\"}]}"},
	{"{\"L\":[{\"L\":[{\"S\":\"1\"}]},{\"S\":\"2\"}]}"},
	{"{\"L\":[{\"L\":[{\"S\":\"1\"},{\"S\":\"2\"}]}]}"},
	{"{\"M\":{}}", "{ \"M\":{ } }"},
	{"{\"M\":{\"a\":{\"N\":\"1\"},\"bc\":{\"N\":\"2\"}}}",
	 "{\"M\":{\"b\\u0063\":{\"N\":\"2.0\"},\"a\":{\"N\":\"1\"}}}"},
	{"{\"M\":{\"a\":{\"N\":\"2\"},\"bc\":{\"N\":\"1\"}}}"},
	{"{\"M\":{\"ab\":{\"N\":\"1\"},\"c\":{\"N\":\"2\"}}}"},
	{"{\"M\":{\"a\":{\"N\":\"1\"}}}"},
	{"{\"M\":{\"a\":{\"M\":{\"x\":{\"SS\":[\"q\",\"p\"]},\"y\":{\"L\":[]}}}}}",
	 "{\"M\":{\"a\":{\"M\":{\"y\":{\"L\":[]},\"x\":{\"SS\":[\"p\",\"q\"]}}}}}"},
	{"{\"M\":{\"x\":{\"SS\":[\"q\",\"p\"]},\"y\":{\"L\":[]}}}"},
};

enum
{
	NVALUES = sizeof(values) / sizeof(values[0])
};

static bool
same(const char *a, const char *b)
{
	char *x = copy_of(a);
	char *y = copy_of(b);
	bool result = ddb_image_same_value(x, strlen(a), y, strlen(b));

	free(x);
	free(y);
	return result;
}

static void
test_same(void)
{
	int wrong = 0;
	int compared = 0;

	for (int i = 0; i < NVALUES * 3; i++)
	{
		const char *a = values[i / 3][i % 3];

		for (int j = 0; a != NULL && j < NVALUES * 3; j++)
		{
			const char *b = values[j / 3][j % 3];

			if (b == NULL)
				continue;
			compared++;
			if (same(a, b) == (i / 3 == j / 3))
				continue;
			wrong++;
			printf("# %s and %s\n", a, b);
		}
	}
	ok(compared > 3000 && wrong == 0, "%d comparisons are right", compared);
	ok(!same("{\"S\":\"a\"", "{\"S\":\"a\"}") && !same("{\"S\":\"a\"}", "") &&
		   !same("{\"S\":\"a\"}", "{\"S\":\"a\"}}"),
	   "what is no value is not the same");
}

/* Nothing in it may take the square of its length. */
static void
test_large(void)
{
	DdbText texts[2] = {{0}, {0}};
	const int n = 50000;
	DdbStatus status;
	DdbImage *image;
	char entry[64];

	for (int i = 0; i < n; i++)
	{
		snprintf(entry, sizeof(entry), "%s\"%d\"", i == 0 ? "{\"NS\":[" : ",", i);
		ddb_text_add_str(&texts[0], entry);
		snprintf(entry,
				 sizeof(entry),
				 "%s\"%d.0\"",
				 i == 0 ? "{\"NS\":[" : ",",
				 n - 1 - i);
		ddb_text_add_str(&texts[1], entry);
	}
	for (int i = 0; i < 2; i++)
		ddb_text_add_str(&texts[i], "]}");
	ok(ddb_image_same_value(texts[0].data, texts[0].len, texts[1].data, texts[1].len),
	   "a set of %d numbers is the same backwards",
	   n);

	texts[0].len = 0;
	for (int i = 0; i < n; i++)
	{
		snprintf(entry,
				 sizeof(entry),
				 "%s\"%d\":{\"S\":\"\"}",
				 i == 0 ? "{" : ",",
				 i);
		ddb_text_add_str(&texts[0], entry);
	}
	ddb_text_add_str(&texts[0], "}");
	image = ddb_image_parse(texts[0].data, texts[0].len, &status);
	ok(image != NULL && image->nattributes == n &&
		   ddb_image_find(image, "49999") == &image->attributes[n - 1],
	   "an item of %d attributes",
	   n);
	ddb_image_free(image);
	free(texts[0].data);
	free(texts[1].data);
}

static void
test_memory(void)
{
	static const char text[] = "{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"1\"}}";
	static const char *const map = values[NVALUES - 2][0];
	static const char *const same_map = values[NVALUES - 2][1];
	DdbStatus status;
	DdbImage *image;
	int n;

	tap_fail_alloc(0);
	image = ddb_image_parse(text, sizeof(text) - 1, &status);
	ok(tap_alloc_failed() && image == NULL && status.kind == DDB_STATUS_NO_MEMORY,
	   "no memory for an image");
	tap_fail_alloc(1);
	image = ddb_image_parse(text, sizeof(text) - 1, &status);
	ok(!tap_alloc_failed() && image != NULL, "which takes one piece");
	ddb_image_free(image);

	for (n = 0;; n++)
	{
		bool result;

		tap_fail_alloc(n);
		result =
			ddb_image_same_value(map, strlen(map), same_map, strlen(same_map));
		if (!tap_alloc_failed())
		{
			ok(result, "the same with memory");
			break;
		}
		ok(!result, "not the same without, allocation %d", n);
	}
	ok(n > 10, "%d allocations can fail", n);
}

int
main(void)
{
	test_parse();
	test_faults();
	test_write();
	test_size();
	test_same();
	test_large();
	test_memory();
	return tap_done();
}
