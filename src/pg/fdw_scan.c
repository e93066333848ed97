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

/*
 * What the transaction has written to the table, as of this statement; NULL:
 * nothing. Its key is the table's, where the plan may only know an index's.
 */
static DdbOverlay *
open_overlay(ForeignScanState *node, DdbScan *scan)
{
	const EState *estate = node->ss.ps.state;
	DdbOverlay *overlay = ddb_overlay_open(estate->es_query_cxt,
										   scan->relation->server,
										   scan->relation->table,
										   estate->es_snapshot->curcid);

	for (int i = 0; overlay != NULL && i < 2; i++)
		scan->plan->item_key[i] = ddb_overlay_key_names(overlay)[i];
	return overlay;
}

/*
 * DynamoDB has its say before columns are read, so that an item of another kind
 * is no error. What was written is asked for no more than its conditions.
 */
static DdbRowReader *
create_checker(const DdbScan *scan)
{
	DdbPlan *plan = palloc(sizeof(DdbPlan));
	DdbRelation *relation = palloc(sizeof(DdbRelation));

	*plan = *scan->plan;
	plan->columns = plan->sent_columns;
	*relation = *scan->relation;
	relation->null_mismatch = true;
	return ddb_row_reader_create(plan, relation, scan->bind);
}

/* What is made once and serves every run. */
static void
prepare(ForeignScanState *node, DdbScan *scan)
{
	DdbOverlay *overlay = open_overlay(node, scan);

	scan->bind =
		ddb_bind_prepare(scan->plan, scan->relation, overlay != NULL, &node->ss.ps);
	scan->reader = ddb_row_reader_create(scan->plan, scan->relation, scan->bind);
	scan->extras = ddb_extras_prepare(node);
	if (overlay != NULL)
	{
		scan->checker = create_checker(scan);
		scan->sent = ExecInitQual(scan->plan->sent, &node->ss.ps);
		scan->layers.written =
			ddb_written_create(overlay, scan->plan, scan->reader);
	}
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
	scan->layers.fetch = ahead.fetch;
	scan->layers.given.page = ahead.page;
	scan->layers.given.item = ahead.item;
	return true;
}

/* Ask for the first pages. */
static void
start_reading(ForeignScanState *node, DdbScan *scan)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	DdbFetchPlan fetch = fetch_plan(scan);
	DdbBound bound;

	if (scan->plan->kind == DDB_READ_SCAN)
		ddb_budget_check_scan(scan->relation->name);
	ddb_bind_reads(scan->bind, econtext, scan->read_cxt, &bound);
	scan->recheck = !bound.complete;
	scan->count_pages = bound.count_only;
	fetch.reads = bound.reads;
	fetch.nreads = bound.nreads;
	fetch.bound = find_bound(scan, econtext);
	scan->layers.fetch = ddb_fetch_start(scan->read_cxt, scan->session, &fetch);
}

static bool
passes(ForeignScanState *node, ExprState *quals, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQual(quals, econtext);
}

/* Be done with a row that is not returned: only after others the caller is. */
static void
drop_row(ForeignScanState *node, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	ResetExprContext(node->ss.ps.ps_ExprContext);
	CHECK_FOR_INTERRUPTS();
}

/* A callback of ddb_layers_choose: would DynamoDB have given it? */
static bool
is_allowed(const DdbPlace *place, void *arg)
{
	ForeignScanState *node = arg;
	const DdbScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	bool allowed;

	ddb_row_read(scan->checker,
				 place->page,
				 place->item,
				 slot->tts_values,
				 slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	allowed = passes(node, scan->sent, slot);
	drop_row(node, slot);
	return allowed;
}

/* Begin a run. */
static void
start(ForeignScanState *node, DdbScan *scan)
{
	scan->started = true;
	if (!start_ahead(scan))
		start_reading(node, scan);
	if (scan->layers.written != NULL)
		ddb_layers_choose(&scan->layers, is_allowed, node);
}

/*
 * The item at hand into the slot. False: it does not meet the exact conditions,
 * where not all of them were sent.
 */
static bool
read_row(ForeignScanState *node, DdbScan *scan, TupleTableSlot *slot)
{
	const DdbPlace *at = &scan->layers.at;

	ddb_row_read(scan->reader,
				 at->page,
				 at->item,
				 slot->tts_values,
				 slot->tts_isnull);
	if (scan->extras != NULL)
		ddb_extras_fill(scan->extras, at->page, at->item, slot);
	ExecStoreVirtualTuple(slot);
	return !scan->recheck || scan->layers.at_written ||
		   passes(node, node->fdw_recheck_quals, slot);
}

/* Add up what DynamoDB counts, or count items; false: not without waiting. */
static bool
count_items(ForeignScanState *node, DdbScan *scan, TupleTableSlot *slot)
{
	DdbLayers *layers = &scan->layers;

	while (scan->count_pages && ddb_layers_turn(layers))
		scan->count += layers->at.page->count;
	while (!scan->count_pages && ddb_layers_next(layers))
	{
		/* Of what DynamoDB allows nothing else is wanted. */
		if ((!scan->recheck && !layers->at_written) || read_row(node, scan, slot))
			scan->count++;
		drop_row(node, slot);
	}
	return !layers->pending;
}

/* The one row of a count: columns that are not asked for, and then counts. */
static TupleTableSlot *
count_row(ForeignScanState *node, DdbScan *scan, TupleTableSlot *slot)
{
	if (scan->counted || !count_items(node, scan, slot))
		return slot;
	scan->counted = true;
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_values[i] = Int64GetDatum(scan->count);
		slot->tts_isnull[i] = i < scan->relation->ncolumns;
	}
	return ExecStoreVirtualTuple(slot);
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
		return count_row(node, scan, slot);
	while (ddb_layers_next(&scan->layers))
	{
		if (read_row(node, scan, slot))
			return slot;
		InstrCountFiltered1(node, 1);
		drop_row(node, slot);
	}
	return slot;
}

bool
ddb_scan_try(ForeignScanState *node, TupleTableSlot **row)
{
	DdbScan *scan = node->fdw_state;

	scan->layers.pending = false;
	scan->layers.impatient = true;
	/* Past what counts and times each call: the Append does that. */
	*row = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	scan->layers.impatient = false;
	return !scan->layers.pending;
}

void
ddbReScanForeignScan(ForeignScanState *node)
{
	DdbScan *scan = node->fdw_state;

	scan->started = false;
	ddb_layers_reset(&scan->layers);
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
