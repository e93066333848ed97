/*
 * fdw_scan.c
 *		Execution of a ForeignScan: pages in, rows out.
 *
 * Everything hangs on the query's memory context, calls in flight included, so
 * an error needs nothing of us. A rescan is a new run: its context replaces the
 * one of the run before.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "access/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "budget.h"
#include "compat.h"
#include "fdw_scan.h"

/* The foreign table; a count has none of its own, but a range table entry. */
static DdbRelation *
load_relation(ForeignScanState *node, const DdbOptions *options)
{
	Relation relation = node->ss.ss_currentRelation;
	ForeignScan *scan = (ForeignScan *) node->ss.ps.plan;
	DdbRelation *loaded;
	RangeTblEntry *rte;

	if (relation != NULL)
		return ddb_relation_load(relation, options);
	rte = exec_rt_fetch(ddb_compat_scan_base_relid(scan), node->ss.ps.state);
	/* The executor has locked it. */
	relation = table_open(rte->relid, NoLock);
	loaded = ddb_relation_load(relation, options);
	table_close(relation, NoLock);
	return loaded;
}

static DdbFetchPlan
fetch_plan(DdbScan *scan)
{
	return (DdbFetchPlan){.wanted = scan->reader->wanted,
						  .units_per_second =
							  scan->relation->read_units_per_second,
						  .cost = &scan->cost};
}

/* Where another node reads ahead for us, tell it all that it needs. */
static void
attach(ForeignScanState *node, DdbScan *scan)
{
	DdbPrefetchInner inner = {.bind = scan->bind,
							  .econtext = node->ss.ps.ps_ExprContext,
							  .params = scan->plan->outer_values,
							  .session = scan->session,
							  .fetch = fetch_plan(scan),
							  .key = &scan->reader->key,
							  .key_types = scan->plan->key_types};

	if (scan->plan->prefetch_id == 0)
		return;
	scan->prefetch =
		ddb_prefetch_find(node->ss.ps.state, scan->plan->prefetch_id);
	if (scan->prefetch != NULL)
		ddb_prefetch_attach(scan->prefetch, &inner);
}

/* What is made once and serves every run. */
static void
prepare(ForeignScanState *node, DdbScan *scan)
{
	scan->bind = ddb_bind_prepare(scan->plan, scan->relation, &node->ss.ps);
	scan->reader = ddb_row_reader_create(scan->plan, scan->relation, scan->bind);
	scan->read_cxt = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
										   "cruddur_ddb scan",
										   ALLOCSET_DEFAULT_SIZES);
	attach(node, scan);
}

void
ddbBeginForeignScan(ForeignScanState *node, int eflags)
{
	EState *estate = node->ss.ps.state;
	ForeignScan *foreign = (ForeignScan *) node->ss.ps.plan;
	Oid user = ddb_compat_scan_user(foreign, estate);
	DdbScan *scan = palloc0(sizeof(DdbScan));

	node->fdw_state = scan;
	scan->plan = ddb_plan_decode(foreign->fdw_private, foreign->fdw_exprs);
	scan->session =
		ddb_session_open_for(estate->es_query_cxt, foreign->fs_server, user);
	scan->relation = load_relation(node, ddb_session_options(scan->session));
	if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY))
		prepare(node, scan);
}

/*
 * How many items the query will want, as far as one can tell: those that its
 * LIMIT has, and the ones that a filter drops on the way. 0: all.
 */
static int64
find_bound(DdbScan *scan, ExprContext *econtext)
{
	double rows = scan->plan->few;
	int64 limit = ddb_bind_limit(scan->bind, econtext);

	if (limit > 0)
		rows = limit;
	if (rows <= 0)
		return 0;
	rows = ceil(rows / Max(scan->plan->selectivity, 1e-6));
	return rows < INT_MAX ? (int64) rows : 0;
}

/* Begin a run with what was read ahead; false: nothing was. */
static bool
start_ahead(DdbScan *scan)
{
	DdbAhead ahead;

	if (scan->prefetch == NULL || !ddb_prefetch_take(scan->prefetch, &ahead))
		return false;
	scan->recheck = !ahead.complete;
	scan->fetch = ahead.fetch;
	scan->given = ahead.page;
	scan->given_item = ahead.item;
	return true;
}

/* Begin a run: ask for the first pages. */
static void
start(ForeignScanState *node, DdbScan *scan)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	DdbFetchPlan fetch = fetch_plan(scan);
	DdbBound bound;

	scan->started = true;
	if (start_ahead(scan))
		return;
	if (scan->plan->kind == DDB_READ_SCAN)
		ddb_budget_check_scan(scan->relation->name);
	ddb_bind_reads(scan->bind, econtext, scan->read_cxt, &bound);
	scan->recheck = !bound.complete;
	if (scan->recheck && scan->plan->count_only)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the conditions of a count are too large for DynamoDB"),
				 errhint("Turn cruddur_ddb.enable_pushdown off for this "
						 "query.")));
	fetch.reads = bound.reads;
	fetch.nreads = bound.nreads;
	fetch.bound = find_bound(scan, econtext);
	scan->fetch = ddb_fetch_start(scan->read_cxt, scan->session, &fetch);
}

/* Can the next page be asked for? Not if it would have to be waited for. */
static bool
may_turn_page(DdbScan *scan)
{
	scan->pending = scan->impatient && !ddb_fetch_ready(scan->fetch);
	return !scan->pending;
}

/* Go to the next item; false: there are no more, or none without waiting. */
static bool
next_item(DdbScan *scan)
{
	int read;

	if (scan->fetch == NULL)
	{
		scan->page = scan->given;
		scan->item = scan->given_item + 1;
		scan->given = NULL;
		return scan->page != NULL;
	}
	while (scan->page == NULL || scan->item == scan->page->nitems)
	{
		if (!may_turn_page(scan))
			return false;
		scan->page = ddb_fetch_next(scan->fetch, &read);
		scan->item = 0;
		if (scan->page == NULL)
			return false;
	}
	scan->item++;
	return true;
}

/* The one row of a count: the sum of what the pages say. */
static TupleTableSlot *
count_items(DdbScan *scan, TupleTableSlot *slot)
{
	const DdbPage *page;
	int read;

	if (scan->counted)
		return slot;
	do
	{
		if (!may_turn_page(scan))
			return slot;
		page = ddb_fetch_next(scan->fetch, &read);
		scan->count += page == NULL ? 0 : page->count;
	} while (page != NULL);
	scan->counted = true;
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_values[i] = Int64GetDatum(scan->count);
		slot->tts_isnull[i] = false;
	}
	return ExecStoreVirtualTuple(slot);
}

/* Is the row one of those that exact conditions allow, where not all were sent? */
static bool
passes(ForeignScanState *node, const DdbScan *scan, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	if (!scan->recheck || node->fdw_recheck_quals == NULL)
		return true;
	econtext->ecxt_scantuple = slot;
	return ExecQual(node->fdw_recheck_quals, econtext);
}

TupleTableSlot *
ddbIterateForeignScan(ForeignScanState *node)
{
	DdbScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (!scan->started)
		start(node, scan);
	if (scan->plan->count_only)
		return count_items(scan, slot);
	while (next_item(scan))
	{
		ddb_row_read(scan->reader,
					 scan->page,
					 scan->item - 1,
					 slot->tts_values,
					 slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		if (passes(node, scan, slot))
			return slot;
		InstrCountFiltered1(node, 1);
		ExecClearTuple(slot);
		/* The caller does so only after a row that we return. */
		ResetExprContext(node->ss.ps.ps_ExprContext);
		CHECK_FOR_INTERRUPTS();
	}
	return slot;
}

bool
ddb_scan_try(ForeignScanState *node, TupleTableSlot **row)
{
	DdbScan *scan = node->fdw_state;

	scan->pending = false;
	scan->impatient = true;
	/* Past what counts and times each call: the Append does that. */
	*row = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	scan->impatient = false;
	return !scan->pending;
}

void
ddbReScanForeignScan(ForeignScanState *node)
{
	DdbScan *scan = node->fdw_state;

	scan->started = false;
	scan->fetch = NULL;
	scan->given = NULL;
	scan->page = NULL;
	scan->item = 0;
	scan->counted = false;
	scan->count = 0;
	MemoryContextReset(scan->read_cxt);
}

void
ddbEndForeignScan(ForeignScanState *node)
{
	DdbScan *scan = node->fdw_state;

	/* Calls in flight end now, not when the query's memory goes. */
	if (scan != NULL && scan->read_cxt != NULL)
		MemoryContextDelete(scan->read_cxt);
}
