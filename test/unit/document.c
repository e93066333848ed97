/*
 * document.c
 *		The walk over items and values, written down as one line of tokens.
 */
#include "document.h"

#include "tap.h"

/* A walk's tokens as text: {a=S:1 b=L[N:2 ] }  "!" stands for BROKEN. */
static void
write_tokens(DdbWalk *walk, char *out, size_t size)
{
	DdbToken token;
	size_t used = 0;

	out[0] = '\0';
	while (ddb_walk_next(walk, &token) != DDB_TOKEN_END && used < size)
	{
		int len = (int) token.len;
		const char *type = ddb_value_type_name(token.type);

		switch (token.kind)
		{
			case DDB_TOKEN_MAP_BEGIN:
				used += (size_t) snprintf(out + used, size - used, "{");
				break;
			case DDB_TOKEN_KEY:
				used += (size_t)
					snprintf(out + used, size - used, "%.*s=", len, token.text);
				break;
			case DDB_TOKEN_MAP_END:
				used += (size_t) snprintf(out + used, size - used, "} ");
				break;
			case DDB_TOKEN_LIST_BEGIN:
				used += (size_t) snprintf(out + used, size - used, "%s[", type);
				break;
			case DDB_TOKEN_LIST_END:
				used += (size_t) snprintf(out + used, size - used, "] ");
				break;
			case DDB_TOKEN_SCALAR:
				used += (size_t) snprintf(out + used,
										  size - used,
										  "%s:%.*s%s ",
										  type,
										  len,
										  token.text,
										  token.escaped ? "~" : "");
				break;
			default:
				snprintf(out + used, size - used, "!");
				return;
		}
	}
}

static void
item_gives(const char *text, const char *expected)
{
	/* Not NUL-ended, so that a sanitizer sees a read beyond the end. */
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	char got[2000];
	DdbWalk walk;

	if (copy == NULL)
		abort();
	memcpy(copy, text, len);
	ddb_walk_item(&walk, copy, len);
	write_tokens(&walk, got, sizeof(got));
	is_str(got, expected, text);
	free(copy);
}

static void
value_gives(DdbType type, const char *text, bool escaped, const char *expected)
{
	char got[2000];
	DdbWalk walk;

	ddb_walk_value(&walk, type, text, strlen(text), escaped);
	write_tokens(&walk, got, sizeof(got));
	is_str(got, expected, text);
}

static void
test_items(void)
{
	item_gives("{}", "{} ");
	item_gives(" { \"a\" : { \"S\" : \"x\" } } ", "{a=S:x } ");
	item_gives("{\"a\":{\"S\":\"x\\n\"},\"b\\t\":{\"N\":\"-1.5e+3\"}}",
			   "{a=S:x\\n~ b\\t=N:-1.5e+3 } ");
	item_gives("{\"t\":{\"BOOL\":true},\"f\":{\"BOOL\":false},"
			   "\"n\":{\"NULL\":true},\"b\":{\"B\":\"AA==\"}}",
			   "{t=BOOL:true f=BOOL:false n=NULL:true b=B:AA== } ");
	item_gives("{\"s\":{\"SS\":[\"a\",\"b\"]},\"n\":{\"NS\":[\"1\"]},"
			   "\"b\":{\"BS\":[\"AA==\"]},\"e\":{\"SS\":[]}}",
			   "{s=SS[S:a S:b ] n=NS[N:1 ] b=BS[B:AA== ] e=SS[] } ");
	item_gives("{\"l\":{\"L\":[{\"M\":{}},{\"L\":[]},{\"S\":\"\"}]},"
			   "\"m\":{\"M\":{\"x\":{\"M\":{\"y\":{\"N\":\"1\"}}}}}}",
			   "{l=L[{} L[] S: ] m={x={y=N:1 } } } ");
}

static void
test_values(void)
{
	value_gives(DDB_TYPE_S, "text\\n", true, "S:text\\n~ ");
	value_gives(DDB_TYPE_BOOL, "true", false, "BOOL:true ");
	value_gives(DDB_TYPE_M, "{\"a\":{\"N\":\"1\"}}", false, "{a=N:1 } ");
	value_gives(DDB_TYPE_L, "[{\"N\":\"1\"}]", false, "L[N:1 ] ");
	value_gives(DDB_TYPE_NS, "[\"1\",\"2\"]", false, "NS[N:1 N:2 ] ");
	value_gives(DDB_TYPE_ABSENT, "", false, "");
}

static void
test_broken(void)
{
	item_gives("", "!");
	item_gives("[]", "!");
	item_gives("{", "{!");
	item_gives("{}x", "{} !");
	item_gives("{\"a\":{\"S\":\"x\"}", "{a=S:x !");
	item_gives("{\"a\":{\"S\":\"x\"},}", "{a=S:x !");
	item_gives("{\"a\":{\"S\":\"x\"}]", "{a=S:x !");
	item_gives("{\"a\":{\"S\":\"x\" \"b\"}", "{a=!");
	item_gives("{\"a\":{\"Q\":\"x\"}}", "{a=!");
	item_gives("{\"a\":{\"S\":1}}", "{a=!");
	item_gives("{\"a\":{\"N\":\"abc\"}}", "{a=!");
	item_gives("{\"a\":{}}", "{a=!");
	item_gives("{\"a\":\"x\"}", "{a=!");
	item_gives("{\"a\":{\"L\":[{\"N\":\"1\"},]}}", "{a=L[N:1 !");
	item_gives("{\"a\":{\"L\":[]]}", "{a=L[!");
	item_gives("{\"a\":{\"M\":{}", "{a={!");
}

/* An item with a list in a list and so on, n containers in all. */
static void
test_depth(void)
{
	for (int n = DDB_VALUE_MAX_DEPTH; n <= DDB_VALUE_MAX_DEPTH + 1; n++)
	{
		char text[1024] = "{\"a\":";
		bool fits = n <= DDB_VALUE_MAX_DEPTH;
		DdbToken token;
		DdbWalk walk;

		for (int i = 1; i < n; i++)
			strcat(text, "{\"L\":[");
		for (int i = 1; i < n; i++)
			strcat(text, "]}");
		strcat(text, "}");
		ddb_walk_item(&walk, text, strlen(text));
		do
			ddb_walk_next(&walk, &token);
		while (token.kind != DDB_TOKEN_END && token.kind != DDB_TOKEN_BROKEN);
		is_int(token.kind,
			   fits ? DDB_TOKEN_END : DDB_TOKEN_BROKEN,
			   fits ? "deep enough" : "too deep");
		ddb_walk_next(&walk, &token);
		is_int(token.kind,
			   fits ? DDB_TOKEN_END : DDB_TOKEN_BROKEN,
			   "the end stays the end");
	}
}

int
main(void)
{
	test_items();
	test_values();
	test_broken();
	test_depth();
	return tap_done();
}
