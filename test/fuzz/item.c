/*
 * item.c
 *		Any bytes at all as a response page, and as an item to walk.
 *
 * Beyond the absence of crashes: spans lie in the body, an unescaped string is
 * not longer than before, what the page reader has accepted the walk goes
 * through to its end, and an item is the same alone as behind others.
 */
#include "check.h"
#include "document.h"
#include "item.h"

static void
check_unescape(const char *text, size_t len)
{
	char *out = malloc(len > 0 ? len : 1);

	CHECK(out != NULL);
	CHECK(ddb_json_unescape(text, len, out) <= (long) len);
	free(out);
}

/* Walk to the end; the last token, which is END or BROKEN. */
static DdbTokenKind
walk_all(DdbWalk *walk, const char *text, size_t len)
{
	DdbToken token;
	int depth = 0;

	for (;;)
	{
		DdbTokenKind kind = ddb_walk_next(walk, &token);

		if (kind == DDB_TOKEN_END || kind == DDB_TOKEN_BROKEN)
		{
			CHECK(kind == DDB_TOKEN_BROKEN || depth == 0);
			CHECK(ddb_walk_next(walk, &token) == kind);
			return kind;
		}
		if (kind == DDB_TOKEN_MAP_BEGIN || kind == DDB_TOKEN_LIST_BEGIN)
			depth++;
		if (kind == DDB_TOKEN_MAP_END || kind == DDB_TOKEN_LIST_END)
			depth--;
		CHECK(depth >= 0 && depth <= DDB_VALUE_MAX_DEPTH);
		if (kind == DDB_TOKEN_KEY || kind == DDB_TOKEN_SCALAR)
		{
			CHECK(token.text >= text && token.text + token.len <= text + len);
			check_unescape(token.text, token.len);
		}
	}
}

static void
check_span(const DdbPage *page, uint32_t offset, uint32_t len)
{
	CHECK((uint64_t) offset + len <= page->body_len);
}

static void
check_cell(const DdbPage *page, const DdbCell *cell)
{
	const char *text = ddb_page_text(page, cell);
	DdbWalk walk;

	check_span(page, cell->offset, cell->len);
	CHECK(cell->type <= DDB_TYPE_M);
	CHECK(cell->type != DDB_TYPE_ABSENT || cell->len == 0);
	CHECK(!cell->escaped || memchr(text, '\\', cell->len) != NULL);
	ddb_walk_value(&walk, (DdbType) cell->type, text, cell->len, cell->escaped);
	CHECK(walk_all(&walk, text, cell->len) == DDB_TOKEN_END);
}

/* It may go into another request as it is. */
static void
check_object(const char *text, size_t len)
{
	DdbJson json;

	ddb_json_init(&json, text, len);
	CHECK(text[0] == '{' && text[len - 1] == '}');
	CHECK(ddb_json_skip(&json, 0) && json.next == text + len);
}

/* What the reader remembers of the items before may not change this one. */
static void
check_alone(const DdbPage *page, int i, const DdbWanted *wanted)
{
	static const char head[] = "{\"Item\":";
	const size_t head_len = sizeof(head) - 1;
	size_t len = page->items[i].len;
	char *body = malloc(head_len + len + 1);
	DdbStatus status;
	DdbPage alone;

	CHECK(body != NULL);
	memcpy(body, head, head_len);
	memcpy(body + head_len, page->body + page->items[i].offset, len);
	body[head_len + len] = '}';
	ddb_page_init(&alone);
	ddb_status_clear(&status);
	CHECK(ddb_page_decode(&alone, body, head_len + len + 1, wanted, &status));
	for (int name = 0; name < page->nnames; name++)
	{
		const DdbCell *a = ddb_page_cell(page, i, name);
		const DdbCell *b = ddb_page_cell(&alone, 0, name);

		CHECK(a->type == b->type && a->len == b->len && a->escaped == b->escaped);
		CHECK(memcmp(ddb_page_text(page, a), ddb_page_text(&alone, b), a->len) ==
			  0);
	}
	ddb_page_free(&alone);
	free(body);
}

static void
check_page(const DdbPage *page, const DdbWanted *wanted)
{
	for (int i = 0; i < page->nitems; i++)
	{
		const char *text = page->body + page->items[i].offset;
		size_t len = page->items[i].len;
		DdbWalk walk;

		check_span(page, page->items[i].offset, page->items[i].len);
		CHECK(len >= 2 && text[0] == '{' && text[len - 1] == '}');
		ddb_walk_item(&walk, text, len);
		CHECK(walk_all(&walk, text, len) == DDB_TOKEN_END);
		for (int name = 0; name < page->nnames; name++)
			check_cell(page, ddb_page_cell(page, i, name));
		check_alone(page, i, wanted);
	}
	check_span(page, page->rest.offset, page->rest.len);
	if (page->rest.len > 0)
		check_object(page->body + page->rest.offset, page->rest.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"pk", "sk", "message", "m"};
	static DdbWanted *wanted;
	static DdbPage page;
	const char *text = (const char *) data;
	DdbStatus status;
	DdbWalk walk;

	if (wanted == NULL)
		wanted = ddb_wanted_create(names, 4, true);
	CHECK(wanted != NULL);
	ddb_status_clear(&status);
	if (ddb_page_decode(&page, text, size, wanted, &status))
		check_page(&page, wanted);
	else
		CHECK(status.kind == DDB_STATUS_PROTOCOL && page.nitems == 0);

	ddb_walk_item(&walk, text, size);
	walk_all(&walk, text, size);
	check_unescape(text, size);
	return 0;
}
