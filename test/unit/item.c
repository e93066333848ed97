/*
 * item.c
 *		The page reader: what it gives, what it refuses, what it survives.
 *
 * jansson is the judge of well-formedness where we change a good page byte by
 * byte.
 */
#include <jansson.h>

#include "item.h"

#include "tap.h"

/* Decode a copy of exactly its size, so a sanitizer sees a read beyond it. */
static bool
decode(DdbPage *page, const char *text, size_t len, DdbWanted *wanted,
	   DdbStatus *status)
{
	static char *copy;

	free(copy);
	copy = __real_malloc(len > 0 ? len : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, text, len);
	ddb_status_clear(status);
	return ddb_page_decode(page, copy, len, wanted, status);
}

/* The cell is of this type and its span is this text. */
static void
cell_is(const DdbPage *page, int item, int name, DdbType type, const char *text)
{
	const DdbCell *cell = ddb_page_cell(page, item, name);

	ok(cell->type == type && cell->len == strlen(text) &&
		   memcmp(ddb_page_text(page, cell), text, cell->len) == 0,
	   "item %d, name %d is %s %s (got %s)",
	   item,
	   name,
	   ddb_value_type_name(type),
	   text,
	   ddb_value_type_name((DdbType) cell->type));
}

static bool
span_is(const DdbPage *page, DdbSpan span, const char *text)
{
	return span.len == strlen(text) &&
		   memcmp(page->body + span.offset, text, span.len) == 0;
}

static const char three_items[] =
	"{\"Count\":3,\"Items\":["
	"{\"pk\":{\"S\":\"MSG#1\"},\"sk\":{\"S\":\"one\"},\"n\":{\"N\":\"-1.50\"}},"
	"{\"sk\":{\"S\":\"t\\u0077o\"},\"other\":{\"L\":[{\"BOOL\":true}]},"
	"\"pk\":{\"S\":\"\"}},"
	" { \"pk\" : { \"NULL\" : true } , \"s\\u006b\" : { \"B\" : \"AA==\" } } "
	"],\"ScannedCount\":7,\"LastEvaluatedKey\":{\"pk\":{\"S\":\"MSG#1\"}},"
	"\"Unknown\":[{\"a\":null}],"
	"\"ConsumedCapacity\":{\"TableName\":\"t\",\"CapacityUnits\":0.5}}";

static void
test_page(void)
{
	static const char *const names[] = {"sk", "pk", "n", "absent"};
	static const char empty[] = "{\"Items\":[],\"LastEvaluatedKey\":null}";
	DdbWanted *wanted = ddb_wanted_create(names, 4, true);
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	ok(decode(&page, three_items, strlen(three_items), wanted, &status),
	   "a page is decoded");
	is_int(page.nitems, 3, "its items");
	is_int(page.count, 3, "its count");
	is_int(page.scanned_count, 7, "its scanned count");
	ok(page.capacity_units == 0.5, "its capacity");
	ok(span_is(&page, page.rest, "{\"pk\":{\"S\":\"MSG#1\"}}"), "its key");
	cell_is(&page, 0, 0, DDB_TYPE_S, "one");
	cell_is(&page, 0, 1, DDB_TYPE_S, "MSG#1");
	cell_is(&page, 0, 2, DDB_TYPE_N, "-1.50");
	cell_is(&page, 1, 0, DDB_TYPE_S, "t\\u0077o");
	ok(ddb_page_cell(&page, 1, 0)->escaped, "an escape is noticed");
	ok(!ddb_page_cell(&page, 0, 0)->escaped, "none is where there is none");
	cell_is(&page, 1, 1, DDB_TYPE_S, "");
	is_int(ddb_page_cell(&page, 1, 2)->type, DDB_TYPE_ABSENT, "no n");
	cell_is(&page, 2, 0, DDB_TYPE_B, "AA==");
	cell_is(&page, 2, 1, DDB_TYPE_NULL, "true");
	is_int(ddb_page_cell(&page, 2, 3)->type, DDB_TYPE_ABSENT, "no absent");
	ok(span_is(&page,
			   page.items[0],
			   "{\"pk\":{\"S\":\"MSG#1\"},\"sk\":{\"S\":\"one\"},"
			   "\"n\":{\"N\":\"-1.50\"}}"),
	   "an item's own span");

	ok(decode(&page, empty, strlen(empty), wanted, &status), "an empty page");
	ok(page.nitems == 0 && page.count == -1 && page.scanned_count == -1 &&
		   page.capacity_units == 0 && page.rest.len == 0,
	   "nothing is left of the page before");
	ddb_page_free(&page);
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

#define LEFT                                                                   \
	"{\"t\":{\"Keys\":[{\"a\":{\"S\":\"}\"}}],\"ConsistentRead\":true}}"

/* GetItem's one item; BatchGetItem's by table, and what was left undone. */
static void
test_get_item(void)
{
	static const char *const names[] = {"a"};
	static const char one[] = "{\"Item\":{\"a\":{\"S\":\"x\"}}}";
	static const char batch[] =
		"{\"UnprocessedKeys\": " LEFT " ,\"Responses\":"
		"{\"t\":[{\"a\":{\"S\":\"x\"}},{\"b\":{\"S\":\"\"}}],\"u\":[],"
		"\"v\":[{\"a\":{\"S\":\"y\"}}]}}";
	static const char *const none[] = {
		"{\"Responses\":[{\"Item\":{\"a\":{\"S\":\"x\"}}}]}",
		"{}",
		"{\"Responses\":{\"t\":[]},\"UnprocessedKeys\":{ }}",
		"{\"Responses\":{ },\"UnprocessedKeys\":null}",
		"{\"UnprocessedItems\":{},\"ConsumedCapacity\":[]}",
	};
	static const char written[] =
		"{\"UnprocessedItems\":" LEFT ",\"ItemCollectionMetrics\":{}}";
	DdbWanted *wanted = ddb_wanted_create(names, 1, false);
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	ok(decode(&page, one, strlen(one), wanted, &status), "GetItem's item");
	is_int(page.nitems, 1, "a page of one");
	cell_is(&page, 0, 0, DDB_TYPE_S, "x");
	ok(page.items == NULL, "no spans of items unless asked for");
	ok(decode(&page, batch, strlen(batch), wanted, &status), "a batch");
	is_int(page.nitems, 3, "its items, of all tables");
	cell_is(&page, 0, 0, DDB_TYPE_S, "x");
	cell_is(&page, 2, 0, DDB_TYPE_S, "y");
	ok(span_is(&page, page.rest, LEFT), "its unprocessed keys");
	ok(decode(&page, written, strlen(written), wanted, &status) &&
		   span_is(&page, page.rest, LEFT),
	   "unprocessed items");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(decode(&page, none[i], strlen(none[i]), wanted, &status) &&
			   page.nitems == 0 && page.rest.len == 0,
		   "a page of none: %s",
		   none[i]);
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

/* Every type as a value, and what is not one. */
static void
test_types(void)
{
	static const char *const names[] = {"a"};
	static const struct
	{
		const char *value;
		DdbType type; /* ABSENT: refused */
	} cases[] = {
		{"{\"S\":\"x\"}", DDB_TYPE_S},
		{"{\"N\":\"+007.5E-2\"}", DDB_TYPE_N},
		{"{\"B\":\"AA==\"}", DDB_TYPE_B},
		{"{\"BOOL\":false}", DDB_TYPE_BOOL},
		{"{\"NULL\":false}", DDB_TYPE_NULL},
		{"{\"SS\":[\"a\",\"b\"]}", DDB_TYPE_SS},
		{"{\"NS\":[\"1\",\"2\"]}", DDB_TYPE_NS},
		{"{\"BS\":[\"AA==\"]}", DDB_TYPE_BS},
		{"{\"L\":[]}", DDB_TYPE_L},
		{"{\"M\":{\"a\":{\"L\":[{\"S\":\"\"}]}}}", DDB_TYPE_M},
		{"{ \"S\" : \"x\" }", DDB_TYPE_S},
		{"{\"S\":1}", DDB_TYPE_ABSENT},
		{"{\"S\":null}", DDB_TYPE_ABSENT},
		{"{\"N\":1}", DDB_TYPE_ABSENT},
		{"{\"N\":\"\"}", DDB_TYPE_ABSENT},
		{"{\"N\":\"-\"}", DDB_TYPE_ABSENT},
		{"{\"N\":\"1.\"}", DDB_TYPE_ABSENT},
		{"{\"N\":\".5\"}", DDB_TYPE_ABSENT},
		{"{\"N\":\"1e\"}", DDB_TYPE_ABSENT},
		{"{\"N\":\"1 \"}", DDB_TYPE_ABSENT},
		{"{\"N\":\"NaN\"}", DDB_TYPE_ABSENT},
		{"{\"N\":\"0x1\"}", DDB_TYPE_ABSENT},
		{"{\"BOOL\":\"true\"}", DDB_TYPE_ABSENT},
		{"{\"BOOL\":null}", DDB_TYPE_ABSENT},
		{"{\"SS\":\"a\"}", DDB_TYPE_ABSENT},
		{"{\"SS\":[1]}", DDB_TYPE_ABSENT},
		{"{\"NS\":[\"x\"]}", DDB_TYPE_ABSENT},
		{"{\"L\":[\"a\"]}", DDB_TYPE_ABSENT},
		{"{\"L\":{}}", DDB_TYPE_ABSENT},
		{"{\"M\":[]}", DDB_TYPE_ABSENT},
		{"{\"M\":{\"a\":\"b\"}}", DDB_TYPE_ABSENT},
		{"{\"S\":\"x\",\"N\":\"1\"}", DDB_TYPE_ABSENT},
		{"{\"Q\":\"x\"}", DDB_TYPE_ABSENT},
		{"{}", DDB_TYPE_ABSENT},
		{"\"x\"", DDB_TYPE_ABSENT},
		{"null", DDB_TYPE_ABSENT},
	};
	DdbWanted *wanted = ddb_wanted_create(names, 1, false);
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char text[200];
		bool good = cases[i].type != DDB_TYPE_ABSENT;

		/* once as the wanted attribute, once as one to pass over */
		for (int other = 0; other < 2; other++)
		{
			bool got;

			snprintf(text,
					 sizeof(text),
					 "{\"Items\":[{\"%s\":%s}]}",
					 other ? "b" : "a",
					 cases[i].value);
			got = decode(&page, text, strlen(text), wanted, &status);
			ok(got == good && (got ? other || ddb_page_cell(&page, 0, 0)->type ==
												  cases[i].type
								   : status.kind == DDB_STATUS_PROTOCOL),
			   "%s",
			   text);
		}
	}
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

static void
test_refusals(void)
{
	static const char *const names[] = {"a"};
	static const struct
	{
		const char *body;
		const char *message;
	} cases[] = {
		{"", "the response ends too early at byte 0"},
		{"[]", "the response is not well-formed JSON at byte 0"},
		{"{\"Items\":[]} x", "the response goes on after its end at byte 13"},
		{"{\"Items\":{}}", "the response is not well-formed JSON at byte 9"},
		{"{\"Items\":[],\"Items\":[]}",
		 "the response has a member twice at byte 13"},
		{"{\"Items\":[],\"\\u0049tem\":{}}",
		 "the response has a member twice at byte 13"},
		{"{\"Item\":{\"a\":{\"S\":\"\"},\"a\":{\"S\":\"\"}}}",
		 "the response has an attribute twice at byte 32"},
		{"{\"Item\":{\"a\":{\"XS\":\"\"}}}",
		 "the response has an unknown data type \"XS\" at byte 15"},
		{"{\"Item\":{\"a\":{\"X\xff\":\"\"}}}",
		 "the response has an unknown data type at byte 15"},
		{"{\"Item\":{\"\\ud800\":{\"S\":\"\"}}}",
		 "the response has a broken escape at byte 10"},
		{"{\"Count\":-1}", "the response has a strange count at byte 9"},
		{"{\"Count\":1.0}", "the response has a strange count at byte 9"},
		{"{\"Count\":9223372036854775808}",
		 "the response has a strange count at byte 9"},
		{"{\"ConsumedCapacity\":{\"CapacityUnits\":1e999}}",
		 "the response has a strange capacity at byte 37"},
		{"{\"LastEvaluatedKey\":{\"a\":1}}",
		 "the response is not well-formed JSON at byte 25"},
		{"{\"Responses\":{\"t\":{}}}",
		 "the response is not well-formed JSON at byte 18"},
		{"{\"UnprocessedKeys\":[]}",
		 "the response is not well-formed JSON at byte 19"},
		{"{\"UnprocessedKeys\":{\"t\":}}",
		 "the response is not well-formed JSON at byte 24"},
		{"{\"UnprocessedKeys\":{},\"LastEvaluatedKey\":{}}",
		 "the response has a member twice at byte 23"},
	};
	DdbWanted *wanted = ddb_wanted_create(names, 1, false);
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		ok(!decode(&page, cases[i].body, strlen(cases[i].body), wanted, &status) &&
			   status.kind == DDB_STATUS_PROTOCOL && page.nitems == 0,
		   "refused: %s",
		   cases[i].body);
		is_str(status.message, cases[i].message, "and it says why");
	}
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

static void
test_capacity(void)
{
	static const struct
	{
		const char *value;
		double units;
	} cases[] = {
		{"{}", 0},
		{"[]", 0},
		{"{\"CapacityUnits\":128.5}", 128.5},
		{"{\"CapacityUnits\":1.0E7,\"Table\":{\"CapacityUnits\":9}}", 1e7},
		{"{\"CapacityUnits\":25e-2}", 0.25},
		{"{\"CapacityUnits\":0.1}", 0.1},
		{"[{\"CapacityUnits\":1.5},{\"TableName\":\"t\"},"
		 "{\"CapacityUnits\":2}]",
		 3.5},
	};
	DdbWanted *wanted = ddb_wanted_create(NULL, 0, false);
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char text[200];

		snprintf(text,
				 sizeof(text),
				 "{\"Items\":[{},{}],\"ConsumedCapacity\":%s}",
				 cases[i].value);
		ok(decode(&page, text, strlen(text), wanted, &status) &&
			   page.nitems == 2 && page.capacity_units == cases[i].units,
		   "capacity %s",
		   cases[i].value);
	}
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

/*
 * Items that differ in what they have and in what order, more attributes than
 * positions are kept for: each cell must still be right.
 */
static void
test_many_names(void)
{
	enum
	{
		NNAMES = 50,
		NITEMS = 300
	};
	static char body[NITEMS * NNAMES * 40];
	static char texts[NNAMES][16];
	const char *names[NNAMES];
	int wrong = 0;
	char *out = body;
	DdbWanted *wanted;
	DdbStatus status;
	DdbPage page;

	for (int i = 0; i < NNAMES; i++)
	{
		snprintf(texts[i], sizeof(texts[i]), "n%d", i);
		names[i] = texts[i];
	}
	out += sprintf(out, "{\"Items\":[");
	for (int item = 0; item < NITEMS; item++)
	{
		const char *comma = "";

		out += sprintf(out, "%s{", item > 0 ? "," : "");
		for (int i = 0; i < NNAMES; i++)
		{
			int name = item % 3 == 0 ? i : (i * 7 + item) % NNAMES;

			if ((item + name) % 5 == 0)
				continue;
			out += sprintf(out,
						   "%s\"n%d\":{\"N\":\"%d\"},\"x%d\":{\"S\":\"\"}",
						   comma,
						   name,
						   item * 1000 + name,
						   name);
			comma = ",";
		}
		out += sprintf(out, "}");
	}
	out += sprintf(out, "]}");

	wanted = ddb_wanted_create(names, NNAMES, true);
	ddb_page_init(&page);
	ok(decode(&page, body, (size_t) (out - body), wanted, &status) &&
		   page.nitems == NITEMS,
	   "a page of many names");
	for (int item = 0; item < page.nitems; item++)
	{
		const char *start = page.body + page.items[item].offset;

		wrong += start[0] != '{' || start[page.items[item].len - 1] != '}';
		for (int name = 0; name < NNAMES; name++)
		{
			const DdbCell *cell = ddb_page_cell(&page, item, name);
			bool absent = (item + name) % 5 == 0;

			if (absent)
				wrong += cell->type != DDB_TYPE_ABSENT;
			else
				wrong += cell->type != DDB_TYPE_N ||
						 atoi(ddb_page_text(&page, cell)) != item * 1000 + name;
		}
	}
	is_int(wrong, 0, "every cell of it is right");
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

/* Of one layout, as DynamoDB writes it, with a value of each kind of beginning. */
static const char alike_items[] =
	"{\"Items\":["
	"{\"pk\":{\"S\":\"one\"},\"n\":{\"N\":\"-1.50\"},"
	"\"a_name_of_more_than_32_characters\":{\"N\":\"12345678901234567890\"},"
	"\"f\":{\"BOOL\":true},\"sk\":{\"NULL\":true},\"l\":{\"L\":[]}},"
	"{\"pk\":{\"S\":\"\"},\"n\":{\"N\":\"2\"},"
	"\"a_name_of_more_than_32_characters\":{\"N\":\"1e5\"},"
	"\"f\":{\"BOOL\":false},\"sk\":{\"NULL\":true},\"l\":{\"L\":[{\"S\":\"\"}]}},"
	"{\"pk\":{\"S\":\"a\\u0062c\"},\"n\":{\"N\":\"0.3\"},"
	"\"a_name_of_more_than_32_characters\":{\"N\":\"+1\"},"
	"\"f\":{\"S\":\"x\"},\"sk\":{ \"NULL\":true},\"l\":{\"L\":[]} }]}";

static const char *const alike_names[] =
	{"sk", "pk", "n", "f", "l", "a_name_of_more_than_32_characters"};
#define ALIKE_NAMES 6

/*
 * How many cells of an item are not what they are where it comes alone, so that
 * nothing is known of items before it.
 */
static int
count_strange_cells(const DdbPage *page, int item, DdbWanted *wanted)
{
	const DdbSpan *span = &page->items[item];
	char text[sizeof(three_items) + sizeof(alike_items)];
	int len = snprintf(text,
					   sizeof(text),
					   "{\"Item\":%.*s}",
					   (int) span->len,
					   page->body + span->offset);
	int strange = 0;
	DdbStatus status;
	DdbPage alone;

	ddb_page_init(&alone);
	ddb_status_clear(&status);
	if (!ddb_page_decode(&alone, text, (size_t) len, wanted, &status))
		return page->nnames;
	for (int name = 0; name < page->nnames; name++)
	{
		const DdbCell *a = ddb_page_cell(page, item, name);
		const DdbCell *b = ddb_page_cell(&alone, 0, name);

		strange +=
			a->type != b->type || a->len != b->len || a->escaped != b->escaped ||
			memcmp(ddb_page_text(page, a), ddb_page_text(&alone, b), a->len) != 0;
	}
	ddb_page_free(&alone);
	return strange;
}

/* Where names and types come again, and where one of them does not. */
static void
test_alike(void)
{
	DdbWanted *wanted = ddb_wanted_create(alike_names, ALIKE_NAMES, true);
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	ok(decode(&page, alike_items, strlen(alike_items), wanted, &status),
	   "a page of items that are alike");
	cell_is(&page, 0, 1, DDB_TYPE_S, "one");
	cell_is(&page, 1, 1, DDB_TYPE_S, "");
	cell_is(&page, 2, 1, DDB_TYPE_S, "a\\u0062c");
	ok(ddb_page_cell(&page, 2, 1)->escaped, "an escape among plain ones");
	cell_is(&page, 1, 2, DDB_TYPE_N, "2");
	cell_is(&page, 2, 2, DDB_TYPE_N, "0.3");
	cell_is(&page, 0, 3, DDB_TYPE_BOOL, "true");
	cell_is(&page, 1, 3, DDB_TYPE_BOOL, "false");
	cell_is(&page, 2, 3, DDB_TYPE_S, "x");
	cell_is(&page, 2, 0, DDB_TYPE_NULL, "true");
	cell_is(&page, 1, 4, DDB_TYPE_L, "[{\"S\":\"\"}]");
	cell_is(&page, 2, 4, DDB_TYPE_L, "[]");
	cell_is(&page, 0, 5, DDB_TYPE_N, "12345678901234567890");
	cell_is(&page, 1, 5, DDB_TYPE_N, "1e5");
	cell_is(&page, 2, 5, DDB_TYPE_N, "+1");
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

/* Each beginning of a page, and each change of one byte of it. */
static void
damage(const char *good, const char *const *names, int nnames)
{
	static const char bytes[] = "\"\\{}[]:,0eSNtn \x01";
	size_t len = strlen(good);
	DdbWanted *wanted = ddb_wanted_create(names, nnames, true);
	int accepted = 0;
	int wrong = 0;
	int strange = 0;
	DdbStatus status;
	DdbPage page;

	ddb_page_init(&page);
	for (size_t cut = 0; cut < len; cut++)
		wrong += decode(&page, good, cut, wanted, &status);
	is_int(wrong, 0, "no page that was cut off is accepted");

	wrong = 0;
	for (size_t at = 0; at < len; at++)
	{
		for (size_t i = 0; i < sizeof(bytes); i++)
		{
			char text[sizeof(three_items) + sizeof(alike_items)];
			json_t *tree;

			memcpy(text, good, len);
			text[at] = bytes[i];
			if (!decode(&page, text, len, wanted, &status))
				continue;
			accepted++;
			tree = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
			wrong += tree == NULL;
			json_decref(tree);
			for (int item = 0; item < page.nitems; item++)
				strange += count_strange_cells(&page, item, wanted);
		}
	}
	ok(accepted > 1000, "%d changed pages are accepted", accepted);
	is_int(wrong, 0, "all of them are JSON");
	is_int(strange, 0, "every item of theirs is what it is alone");
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

static void
test_damage(void)
{
	static const char *const names[] = {"sk", "pk", "n"};

	damage(three_items, names, 3);
	damage(alike_items, alike_names, ALIKE_NAMES);
}

static void
test_memory(void)
{
	static const char *const names[] = {"sk", "pk"};
	DdbWanted *wanted;
	DdbStatus status;
	int failures = 0;
	DdbPage page;

	tap_fail_alloc(0);
	wanted = ddb_wanted_create(names, 2, true);
	ok(tap_alloc_failed() && wanted == NULL, "no memory for the wanted");
	wanted = ddb_wanted_create(names, 2, true);

	for (int n = 0;; n++)
	{
		bool decoded;

		ddb_page_init(&page);
		tap_fail_alloc(n);
		decoded =
			decode(&page, three_items, strlen(three_items), wanted, &status);
		if (!tap_alloc_failed())
		{
			ok(decoded && page.nitems == 3, "enough memory at last");
			break;
		}
		failures++;
		ok(!decoded && status.kind == DDB_STATUS_NO_MEMORY && page.nitems == 0,
		   "allocation %d fails",
		   n);
		ddb_page_free(&page);
	}
	is_int(failures, 3, "cells, spans and one escaped name take memory");
	ddb_page_free(&page);
	ddb_wanted_free(wanted);
}

int
main(void)
{
	test_page();
	test_get_item();
	test_types();
	test_refusals();
	test_capacity();
	test_many_names();
	test_alike();
	test_damage();
	test_memory();
	return tap_done();
}
