/*
 * scan.c
 *		cruddur_scan(): every item of a table.
 *
 * One item a call of the function, and the page after the one that is being
 * read is already on its way: memory is two pages, however large the table. What
 * the transaction itself has written comes last.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "budget.h"
#include "convert.h"
#include "fetch.h"
#include "input.h"
#include "overlay.h"

typedef struct ItemScan
{
	DdbRead read;
	DdbFetchCost cost;
	DdbFetch *fetch;     /* NULL: all of it was read */
	DdbOverlay *overlay; /* NULL: the transaction has written nothing */
	const DdbWanted *wanted;
	const DdbPage *page; /* NULL: none yet */
	int item;            /* next of the page */
} ItemScan;

/* Every item, whole, and its key where some are not to be shown. */
static const DdbWanted *
wanted_items(MemoryContext cxt, const DdbOverlay *overlay)
{
	static DdbWanted *cache = NULL;
	const char *const *names;

	if (overlay == NULL)
		return ddb_session_wanted(&cache, NULL, 0, true);
	names = ddb_overlay_key_names(overlay);
	return ddb_session_create_wanted(cxt, names, names[1] == NULL ? 1 : 2, true);
}

/* All of it lives in cxt. */
static ItemScan *
start_scan(MemoryContext cxt, const char *table_name)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ItemScan *scan = palloc0(sizeof(ItemScan));
	DdbSession *session = ddb_session_open(cxt);
	const DdbOptions *options = ddb_session_options(session);
	DdbFetchPlan plan = {.reads = &scan->read,
						 .nreads = 1,
						 .units_per_second = options->read_units_per_second,
						 .cost = &scan->cost};

	scan->read.kind = DDB_READ_SCAN;
	scan->read.table =
		table_name == NULL ? options->table_name : pstrdup(table_name);
	scan->overlay = ddb_overlay_open_active(cxt,
											ddb_session_server(session),
											scan->read.table);
	plan.wanted = scan->wanted = wanted_items(cxt, scan->overlay);
	scan->read.consistent = options->consistent_read;
	ddb_budget_check_scan(scan->read.table);
	scan->fetch = ddb_fetch_start(cxt, session, &plan);
	MemoryContextSwitchTo(old);
	return scan;
}

/* Turn to the next page: DynamoDB's, then the transaction's own. */
static bool
turn_page(ItemScan *scan)
{
	int read;

	scan->item = 0;
	if (scan->fetch == NULL)
		return false;
	scan->page = ddb_fetch_next(scan->fetch, &read);
	if (scan->page != NULL)
		return true;
	scan->fetch = NULL;
	if (scan->overlay != NULL)
		scan->page = ddb_overlay_page(scan->overlay, scan->wanted);
	return scan->page != NULL;
}

/* The next item; NULL: there are no more. */
static const DdbSpan *
next_item(ItemScan *scan)
{
	static const int key_cells[2] = {0, 1};

	for (;;)
	{
		while (scan->page == NULL || scan->item == scan->page->nitems)
		{
			if (!turn_page(scan))
				return NULL;
		}
		scan->item++;
		if (scan->overlay == NULL || scan->fetch == NULL ||
			!ddb_overlay_hides(scan->overlay, scan->page, scan->item - 1, key_cells))
			return &scan->page->items[scan->item - 1];
	}
}

PG_FUNCTION_INFO_V1(cruddur_scan);

/* cruddur_scan(table_name text) RETURNS SETOF jsonb; NULL: the messaging table */
Datum
cruddur_scan(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	const DdbSpan *span;
	ItemScan *scan;

	if (SRF_IS_FIRSTCALL())
	{
		const char *table_name = NULL;

		if (!PG_ARGISNULL(0))
			table_name = ddb_input_table_name(fcinfo, 0);
		call = SRF_FIRSTCALL_INIT();
		call->user_fctx = start_scan(call->multi_call_memory_ctx, table_name);
	}
	call = SRF_PERCALL_SETUP();
	scan = call->user_fctx;
	span = next_item(scan);
	if (span == NULL)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call,
					ddb_convert_item_jsonb(scan->page->body + span->offset,
										   span->len));
}
