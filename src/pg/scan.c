/*
 * scan.c
 *		cruddur_scan(): every item of a table.
 *
 * One item a call of the function, and the page after the one that is being
 * read is already on its way: memory is two pages, however large the table.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "budget.h"
#include "convert.h"
#include "fetch.h"
#include "input.h"

typedef struct ItemScan
{
	DdbRead read;
	DdbFetchCost cost;
	DdbFetch *fetch;
	const DdbPage *page;
	int item; /* next of the page */
} ItemScan;

/* Every item, whole. */
static const DdbWanted *
wanted_items(void)
{
	static DdbWanted *cache = NULL;

	return ddb_session_wanted(&cache, NULL, 0, true);
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
						 .wanted = wanted_items(),
						 .units_per_second = options->read_units_per_second,
						 .cost = &scan->cost};

	scan->read.kind = DDB_READ_SCAN;
	scan->read.table =
		table_name == NULL ? options->table_name : pstrdup(table_name);
	scan->read.consistent = options->consistent_read;
	ddb_budget_check_scan(scan->read.table);
	scan->fetch = ddb_fetch_start(cxt, session, &plan);
	MemoryContextSwitchTo(old);
	return scan;
}

PG_FUNCTION_INFO_V1(cruddur_scan);

/* cruddur_scan(table_name text) RETURNS SETOF jsonb; NULL: the messaging table */
Datum
cruddur_scan(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	const DdbSpan *span;
	ItemScan *scan;
	int read;

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
	while (scan->page == NULL || scan->item == scan->page->nitems)
	{
		scan->page = ddb_fetch_next(scan->fetch, &read);
		scan->item = 0;
		if (scan->page == NULL)
			SRF_RETURN_DONE(call);
	}
	span = &scan->page->items[scan->item++];
	SRF_RETURN_NEXT(call,
					ddb_convert_item_jsonb(scan->page->body + span->offset,
										   span->len));
}
