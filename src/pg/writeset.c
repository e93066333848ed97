/*
 * writeset.c
 *		What a statement writes, gathered and sent as one.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "convert.h"
#include "mint.h"
#include "writeset.h"

#define MAX_ATTRIBUTES 10

typedef struct Item
{
	DdbValue attributes[MAX_ATTRIBUTES];
	int nattributes;
} Item;

struct DdbWriteset
{
	MemoryContext cxt;
	DdbSession *session;
	const char *table;
	Item *items; /* room for all of them */
	int nitems;
};

DdbWriteset *
ddb_writeset_create(MemoryContext cxt, DdbSession *session, const char *table)
{
	DdbWriteset *writeset = MemoryContextAllocZero(cxt, sizeof(DdbWriteset));

	writeset->cxt = cxt;
	writeset->session = session;
	writeset->table = table;
	return writeset;
}

void
ddb_writeset_put(DdbWriteset *writeset)
{
	int n = writeset->nitems;

	if (n == DDB_TRANSACT_MAX_ACTIONS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot write more than %d items at once",
						DDB_TRANSACT_MAX_ACTIONS)));
	/* Powers of two, so that most sets take the room of one item. */
	if (n == 0)
		writeset->items = MemoryContextAlloc(writeset->cxt, sizeof(Item));
	else if ((n & (n - 1)) == 0)
		writeset->items = repalloc(writeset->items, sizeof(Item) * n * 2);
	writeset->items[n].nattributes = 0;
	writeset->nitems++;
}

void
ddb_writeset_set(DdbWriteset *writeset, const char *name, const char *text,
				 size_t len)
{
	Item *item = &writeset->items[writeset->nitems - 1];
	DdbValue *attribute = &item->attributes[item->nattributes++];
	char *copy = MemoryContextAlloc(writeset->cxt, len + 1);

	Assert(item->nattributes <= MAX_ATTRIBUTES);
	memcpy(copy, text, len);
	copy[len] = '\0';
	attribute->name = name;
	attribute->type = DDB_TYPE_S;
	attribute->text = copy;
	attribute->len = len;
}

int
ddb_writeset_count(const DdbWriteset *writeset)
{
	return writeset->nitems;
}

static void
free_wanted(void *wanted)
{
	ddb_wanted_free(wanted);
}

/*
 * Count a write that was applied, with the units that its answer names. An
 * answer that is none of DynamoDB's says nothing of the sort.
 */
static void
count_written(DdbWriteset *writeset, DdbCall *call)
{
	DdbPage *page = ddb_session_create_page(writeset->cxt);
	DdbYield yield = {.items_written = writeset->nitems};

	ddb_session_decode(writeset->session, call, ddb_session_wanted_nothing(), page);
	yield.write_units = page->capacity_units;
	ddb_session_count(writeset->session, call, &yield);
}

/* Does the cell hold exactly this text? */
static bool
same_text(const DdbPage *page, const DdbCell *cell, const DdbValue *value)
{
	char *text;
	long len;

	if (cell->type != DDB_TYPE_S)
		return false;
	if (!cell->escaped)
		return cell->len == value->len &&
			   memcmp(ddb_page_text(page, cell), value->text, cell->len) == 0;
	text = palloc(cell->len);
	len = ddb_json_unescape(ddb_page_text(page, cell), cell->len, text);
	return len == (long) value->len && memcmp(text, value->text, len) == 0;
}

/* Is the item that stands under the key of ours the very one we put? */
static bool
is_ours(DdbWriteset *writeset, const Item *item)
{
	DdbSession *session = writeset->session;
	DdbOwned *wanted_seat = ddb_own_register(writeset->cxt, free_wanted);
	DdbOwned *seat = ddb_session_own_call(writeset->cxt);
	DdbPage *page = ddb_session_create_page(writeset->cxt);
	const char *names[MAX_ATTRIBUTES] = {NULL};
	DdbRead read = {.kind = DDB_READ_GET,
					.table = writeset->table,
					.keys = item->attributes,
					.nkeys = 1,
					.key_len = 2,
					.consistent = true};
	DdbWanted *wanted;
	DdbCall *call;

	for (int i = 0; i < item->nattributes; i++)
		names[i] = item->attributes[i].name;
	wanted = ddb_own_set(wanted_seat,
						 ddb_wanted_create(names, item->nattributes, false));
	call = ddb_own_set(seat, ddb_client_read(ddb_session_client(session), &read));
	ddb_session_read_page(session, call, wanted, page);
	if (page->nitems == 0)
		return false;
	for (int i = 0; i < item->nattributes; i++)
	{
		if (!same_text(page, ddb_page_cell(page, 0, i), &item->attributes[i]))
			return false;
	}
	return true;
}

static DdbCall *
start(DdbWriteset *writeset)
{
	DdbClient *client = ddb_session_client(writeset->session);
	DdbOwned *seat = ddb_session_own_call(writeset->cxt);
	DdbPut puts[DDB_TRANSACT_MAX_ACTIONS];
	pg_uuid_t token;
	char token_text[DDB_UUID_TEXT_LEN];

	for (int i = 0; i < writeset->nitems; i++)
		puts[i] = (DdbPut){.table = writeset->table,
						   .attributes = writeset->items[i].attributes,
						   .nattributes = writeset->items[i].nattributes};
	if (writeset->nitems == 1)
		return ddb_own_set(seat, ddb_client_put_new(client, puts));
	ddb_mint_uuid(&token);
	ddb_convert_uuid_text(&token, token_text);
	return ddb_own_set(seat,
					   ddb_client_transact_put(client,
											   puts,
											   writeset->nitems,
											   token_text));
}

/*
 * A put that was repeated because its first answer was lost is refused if the
 * first one was applied: by itself. TransactWriteItems has its token for that.
 */
static bool
refused_by_itself(DdbWriteset *writeset, const DdbStatus *status)
{
	return status->kind == DDB_STATUS_CONDITION && status->maybe_applied &&
		   is_ours(writeset, &writeset->items[0]);
}

void
ddb_writeset_send(DdbWriteset *writeset)
{
	DdbStatus status;
	DdbCall *call;

	if (writeset->nitems == 0)
		return;
	call = start(writeset);
	ddb_session_wait(writeset->session, call);
	status = *ddb_call_status(call);
	if (status.kind == DDB_OK || refused_by_itself(writeset, &status))
	{
		count_written(writeset, call);
		return;
	}
	/* What stands there is another's, so ours was never applied. */
	if (status.kind == DDB_STATUS_CONDITION)
		status.maybe_applied = false;
	ddb_session_count(writeset->session, call, NULL);
	ddb_session_report(writeset->session, call, &status);
}
