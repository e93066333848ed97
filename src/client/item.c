/*
 * item.c
 *		One pass over a response page: spans into the body, no tree.
 *
 * The items of a page tend to have the same attributes in the same order, each
 * of one type. So the name that came last at each position is kept, with the
 * beginning of the value behind it. Where both come again, one comparison of
 * bytes tells which wanted attribute it is, if any, and its type.
 */
#include <stdlib.h>

#include "capacity.h"
#include "item.h"

/* Positions in an item for which the last attribute's beginning is kept. */
#define RECENT_STARTS 64

/* Longest part of a response that a message quotes. */
#define MAX_QUOTED_LEN 32

/* What an attribute began with, as it came: "name":{"S":" */
typedef struct RecentStart
{
	const char *text;
	size_t name_len; /* with its quotes */
	size_t len;
	int wanted; /* which one it is, or -1 */
	DdbType type;
} RecentStart;

typedef struct Decoder
{
	DdbJson json;
	DdbPage *page;
	const DdbWanted *wanted;
	bool whole_item;
	unsigned seen; /* members of the response, by bit */
	bool no_memory;
	int nrecent;
	RecentStart recent[RECENT_STARTS];
} Decoder;

void
ddb_page_init(DdbPage *page)
{
	*page = (DdbPage){.count = -1, .scanned_count = -1};
}

void
ddb_page_free(DdbPage *page)
{
	free(page->cells);
	free(page->items);
	ddb_page_init(page);
}

/* Empty, but with its arrays. */
static void
reset_page(DdbPage *page)
{
	DdbPage kept = *page;

	ddb_page_init(page);
	page->cells = kept.cells;
	page->cells_cap = kept.cells_cap;
	page->items = kept.items;
	page->items_cap = kept.items_cap;
}

static bool
fail_no_memory(Decoder *d)
{
	d->no_memory = true;
	return ddb_json_fail(&d->json, d->json.next, "does not fit in memory");
}

/*
 * Room for need elements of this size: the array, moved perhaps, with *cap
 * set; or NULL, then nothing has changed.
 */
static void *
grow(void *array, size_t *cap, size_t need, size_t size)
{
	size_t grown_cap = *cap > 0 ? *cap : 64;
	size_t bytes;
	void *grown;

	while (grown_cap < need)
	{
		if (__builtin_mul_overflow(grown_cap, (size_t) 2, &grown_cap))
			return NULL;
	}
	if (__builtin_mul_overflow(grown_cap, size, &bytes))
		return NULL;
	grown = realloc(array, bytes);
	if (grown != NULL)
		*cap = grown_cap;
	return grown;
}

/* A row of absent cells for one more item; NULL if nothing is wanted. */
static bool
add_row(Decoder *d, DdbCell **row)
{
	DdbPage *page = d->page;
	size_t nnames = (size_t) d->page->nnames;
	size_t used = (size_t) page->nitems * nnames;

	*row = NULL;
	if (nnames == 0)
		return true;
	if (used + nnames > page->cells_cap)
	{
		DdbCell *cells =
			grow(page->cells, &page->cells_cap, used + nnames, sizeof(DdbCell));

		if (cells == NULL)
			return fail_no_memory(d);
		page->cells = cells;
	}
	*row = page->cells + used;
	memset(*row, 0, nnames * sizeof(DdbCell));
	return true;
}

static DdbSpan
span_of(const Decoder *d, const char *text, size_t len)
{
	return (DdbSpan){(uint32_t) (text - d->page->body), (uint32_t) len};
}

/* Keep the span of the item that ends here. */
static bool
add_item_span(Decoder *d, const char *start)
{
	DdbPage *page = d->page;
	size_t used = (size_t) page->nitems;

	if (used + 1 > page->items_cap)
	{
		DdbSpan *items =
			grow(page->items, &page->items_cap, used + 1, sizeof(DdbSpan));

		if (items == NULL)
			return fail_no_memory(d);
		page->items = items;
	}
	page->items[used] = span_of(d, start, (size_t) (d->json.next - start));
	return true;
}

/* Look a name up that has escapes. */
static bool
find_escaped(Decoder *d, const DdbJsonString *name, int *wanted)
{
	char *plain = malloc(name->len);
	long len;

	if (plain == NULL)
		return fail_no_memory(d);
	len = ddb_json_unescape(name->text, name->len, plain);
	if (len >= 0)
		*wanted = ddb_wanted_find(d->wanted, plain, (size_t) len);
	free(plain);
	return len >= 0 || ddb_json_fail(&d->json, name->text, "has a broken escape");
}

/* The wanted attribute that has the name at this position, or -1. */
static bool
read_name(Decoder *d, int position, int *wanted)
{
	DdbJsonString name;

	/* Of another type this time? */
	if (position < d->nrecent)
	{
		const RecentStart *recent = &d->recent[position];

		if (ddb_json_comes_again(&d->json, recent->text, recent->name_len))
		{
			d->json.next += recent->name_len;
			*wanted = recent->wanted;
			return true;
		}
	}
	if (!ddb_json_string(&d->json, &name))
		return false;
	if (name.escaped)
		return find_escaped(d, &name, wanted);
	*wanted = ddb_wanted_find(d->wanted, name.text, name.len);
	return true;
}

/* What was not foreseen for this position; keep it for the next item. */
static bool
read_new_start(Decoder *d, int position, int *wanted, DdbType *type)
{
	DdbJson *json = &d->json;
	const char *text = json->next;
	size_t name_len;

	if (!read_name(d, position, wanted))
		return false;
	name_len = (size_t) (json->next - text);
	if (!ddb_json_expect(json, ':') || !ddb_value_begin(json, type))
		return false;
	if (position < RECENT_STARTS)
	{
		d->recent[position] = (RecentStart){.text = text,
											.name_len = name_len,
											.len = (size_t) (json->next - text),
											.wanted = *wanted,
											.type = *type};
		if (position >= d->nrecent)
			d->nrecent = position + 1;
	}
	return true;
}

/* The attribute at this position, up to where it differs from item to item. */
static inline bool
read_start(Decoder *d, int position, int *wanted, DdbType *type)
{
	DdbJson *json = &d->json;

	ddb_json_skip_space(json);
	if (position < d->nrecent)
	{
		const RecentStart *recent = &d->recent[position];

		if (ddb_json_comes_again(json, recent->text, recent->len))
		{
			json->next += recent->len;
			*wanted = recent->wanted;
			*type = recent->type;
			return true;
		}
	}
	return read_new_start(d, position, wanted, type);
}

static bool
read_attribute(Decoder *d, int position, DdbCell *row)
{
	DdbValueSpan value;
	DdbSpan span;
	DdbType type;
	int wanted;

	if (!read_start(d, position, &wanted, &type) ||
		!ddb_value_end(&d->json, type, 1, &value))
		return false;
	if (wanted < 0)
		return true;
	if (row[wanted].type != DDB_TYPE_ABSENT)
		return ddb_json_fail(&d->json, value.text, "has an attribute twice");
	span = span_of(d, value.text, value.len);
	row[wanted] = (DdbCell){.offset = span.offset,
							.len = span.len,
							.type = (uint8_t) value.type,
							.escaped = value.escaped};
	return true;
}

static bool
read_item(Decoder *d)
{
	DdbJson *json = &d->json;
	const char *start;
	DdbCell *row;
	int position = 0;

	if (!ddb_json_expect(json, '{') || !add_row(d, &row))
		return false;
	start = json->next - 1;
	if (!ddb_json_take(json, '}'))
	{
		do
		{
			if (!read_attribute(d, position++, row))
				return false;
		} while (ddb_json_take(json, ','));
		if (!ddb_json_expect(json, '}'))
			return false;
	}
	if (d->whole_item && !add_item_span(d, start))
		return false;
	d->page->nitems++;
	return true;
}

static bool
read_items(Decoder *d)
{
	if (!ddb_json_expect(&d->json, '['))
		return false;
	if (ddb_json_take(&d->json, ']'))
		return true;
	do
	{
		if (!read_item(d))
			return false;
	} while (ddb_json_take(&d->json, ','));
	return ddb_json_expect(&d->json, ']');
}

/* The items of BatchGetItem, by table; those of TransactGetItems are not read. */
static bool
read_responses(Decoder *d)
{
	DdbJson *json = &d->json;
	DdbJsonString table;

	if (ddb_json_peek(json) == '[')
		return ddb_json_skip(json, 1);
	if (!ddb_json_expect(json, '{'))
		return false;
	if (ddb_json_take(json, '}'))
		return true;
	do
	{
		if (!ddb_json_name(json, &table) || !read_items(d))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, '}');
}

/* A number that counts things. */
static bool
read_integer(Decoder *d, int64_t *value)
{
	DdbJsonString number;
	int64_t sum = 0;

	if (!ddb_json_number(&d->json, &number))
		return false;
	for (size_t i = 0; i < number.len; i++)
	{
		char c = number.text[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(sum, 10, &sum) ||
			__builtin_add_overflow(sum, c - '0', &sum))
			return ddb_json_fail(&d->json, number.text, "has a strange count");
	}
	*value = sum;
	return true;
}

static bool
read_count(Decoder *d)
{
	return read_integer(d, &d->page->count);
}

static bool
read_scanned_count(Decoder *d)
{
	return read_integer(d, &d->page->scanned_count);
}

static bool
read_last_key(Decoder *d)
{
	DdbValueSpan key;

	if (ddb_json_peek(&d->json) == 'n')
		return ddb_json_literal(&d->json, "null");
	if (!ddb_value_read_map(&d->json, 0, &key))
		return false;
	d->page->rest = span_of(d, key.text, key.len);
	return true;
}

/* The "RequestItems" of what a batch has left undone. */
static bool
read_unprocessed(Decoder *d)
{
	DdbJson *json = &d->json;
	const char *start;

	if (ddb_json_peek(json) == 'n')
		return ddb_json_literal(json, "null");
	start = json->next;
	if (!ddb_json_expect(json, '{'))
		return false;
	if (ddb_json_take(json, '}'))
		return true;
	json->next = start;
	if (!ddb_json_skip(json, 1))
		return false;
	d->page->rest = span_of(d, start, (size_t) (json->next - start));
	return true;
}

static bool
read_capacity(Decoder *d)
{
	return ddb_capacity_read(&d->json, 1, &d->page->capacity_units);
}

/* The members of a response that we read; of one bit only one may come. */
static const struct
{
	const char *name;
	unsigned bit;
	bool (*read)(Decoder *d);
} members[] = {
	{"Items", 1, read_items},
	{"Item", 1, read_item},
	{"Responses", 1, read_responses},
	{"Count", 2, read_count},
	{"ScannedCount", 4, read_scanned_count},
	{"LastEvaluatedKey", 8, read_last_key},
	{"UnprocessedKeys", 8, read_unprocessed},
	{"UnprocessedItems", 8, read_unprocessed},
	{"ConsumedCapacity", 16, read_capacity},
};

static bool
read_member(Decoder *d)
{
	DdbJsonString name;

	if (!ddb_json_name(&d->json, &name))
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		if (!ddb_json_equals(&name, members[i].name))
			continue;
		if (d->seen & members[i].bit)
			return ddb_json_fail(&d->json, name.text, "has a member twice");
		d->seen |= members[i].bit;
		return members[i].read(d);
	}
	return ddb_json_skip(&d->json, 1);
}

static bool
read_response(Decoder *d)
{
	DdbJson *json = &d->json;

	if (!ddb_json_expect(json, '{'))
		return false;
	if (!ddb_json_take(json, '}'))
	{
		do
		{
			if (!read_member(d))
				return false;
		} while (ddb_json_take(json, ','));
		if (!ddb_json_expect(json, '}'))
			return false;
	}
	return ddb_json_expect_end(json);
}

/* Is all of it printable ASCII, so that a message can quote it? */
static bool
is_quotable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return len <= MAX_QUOTED_LEN;
}

static bool
report_fault(const Decoder *d, DdbStatus *status)
{
	const DdbJson *json = &d->json;
	size_t at = (size_t) (json->next - d->page->body);

	if (d->no_memory)
		return ddb_status_set(status,
							  DDB_STATUS_NO_MEMORY,
							  "out of memory for the items of a response");
	if (json->subject != NULL && is_quotable(json->subject, json->subject_len))
		return ddb_status_set(status,
							  DDB_STATUS_PROTOCOL,
							  "the response %s \"%.*s\" at byte %zu",
							  json->fault,
							  (int) json->subject_len,
							  json->subject,
							  at);
	return ddb_status_set(status,
						  DDB_STATUS_PROTOCOL,
						  "the response %s at byte %zu",
						  json->fault,
						  at);
}

bool
ddb_page_decode(DdbPage *page, const char *body, size_t body_len,
				const DdbWanted *wanted, DdbStatus *status)
{
	Decoder d;

	reset_page(page);
	if (body_len > UINT32_MAX)
		return ddb_status_set(status,
							  DDB_STATUS_PROTOCOL,
							  "the response is %zu bytes long",
							  body_len);
	page->body = body;
	page->body_len = body_len;
	page->nnames = ddb_wanted_count(wanted);
	ddb_json_init(&d.json, body, body_len);
	d.page = page;
	d.wanted = wanted;
	d.whole_item = ddb_wanted_whole_item(wanted);
	d.seen = 0;
	d.no_memory = false;
	d.nrecent = 0;
	if (read_response(&d))
		return true;
	report_fault(&d, status);
	reset_page(page);
	return false;
}
