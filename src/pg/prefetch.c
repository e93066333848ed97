/*
 * prefetch.c
 *		Reading ahead for the inner side of a nested loop.
 *
 * The two sides are separate nodes that know each other by a number that the
 * planner gave both. Before the join sets its parameters to a row of the outer
 * side, we set them to each of the rows ahead, and bind the inner side's plan
 * with them. What comes of it is the same as when the join does it; so whether
 * or not something was read ahead only matters for the time.
 *
 * Not here: when it is worth while (prefetch_path.c).
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/extensible.h"

#include "budget.h"
#include "compat.h"
#include "keyorder.h"
#include "prefetch.h"

/* A row of the outer side, and what is read ahead for it. */
typedef struct Row
{
	MinimalTuple tuple;
	MemoryContext cxt;  /* what follows lives there */
	const DdbRead *get; /* by one key; NULL: otherwise, or nothing at all */
	DdbFetch *fetch;    /* of reads of its own; NULL: there are none */
	bool complete;
	bool taken;
	const DdbPage *page; /* the item of get; NULL: not found */
	int item;
} Row;

struct DdbPrefetch
{
	CustomScanState css; /* must come first */
	DdbPrefetch *next;   /* of those that are alive */
	const EState *estate;
	MemoryContextCallback callback;
	int id;
	int max_rows;
	bool attached;
	DdbPrefetchInner inner;
	List *outer_values; /* ExprState, of custom_exprs */
	MemoryContext batch_cxt;
	Row *rows;
	int nrows;
	int current;     /* the row that is handed out */
	bool exhausted;  /* the outer side has no more rows */
	DdbFetch *fetch; /* of all rows that have a get; NULL: none, or all of it
								 * is read */
	Row **gets;      /* those rows, in the order of their keys */
	int ngets;
};

/* Nodes of this backend's executions. */
static DdbPrefetch *alive = NULL;

static const CustomScanMethods plan_methods;
static const CustomExecMethods exec_methods;

DdbPrefetch *
ddb_prefetch_find(const EState *estate, int id)
{
	for (DdbPrefetch *prefetch = alive; prefetch != NULL;
		 prefetch = prefetch->next)
	{
		if (prefetch->estate == estate && prefetch->id == id)
			return prefetch;
	}
	return NULL;
}

static void
forget(void *arg)
{
	DdbPrefetch **link = &alive;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

void
ddb_prefetch_attach(DdbPrefetch *prefetch, const DdbPrefetchInner *inner)
{
	prefetch->inner = *inner;
	prefetch->attached = true;
}

static int
compare_keys(const DdbPrefetch *prefetch, const DdbValue *a, const DdbValue *b)
{
	const DdbType *types = prefetch->inner.key_types;
	int order = ddb_keyorder_compare(&a[0], &b[0], types[0]);

	if (order == 0 && prefetch->inner.key->names[1] != NULL)
		order = ddb_keyorder_compare(&a[1], &b[1], types[1]);
	return order;
}

/* A callback of qsort_arg, of two elements of gets. */
static int
compare_rows(const void *a, const void *b, void *prefetch)
{
	const Row *left = *(Row *const *) a;
	const Row *right = *(Row *const *) b;

	return compare_keys(prefetch, left->get->keys, right->get->keys);
}

/* Set the join's parameters as it will do for the row in the scan slot. */
static void
set_params(DdbPrefetch *prefetch)
{
	ExprContext *outer = prefetch->css.ss.ps.ps_ExprContext;
	ParamExecData *params = prefetch->inner.econtext->ecxt_param_exec_vals;
	ListCell *state;
	ListCell *param;

	forboth(state, prefetch->outer_values, param, prefetch->inner.params)
	{
		ParamExecData *data = &params[lfirst_node(Param, param)->paramid];

		data->value = ExecEvalExpr(lfirst(state), outer, &data->isnull);
		data->execPlan = NULL;
	}
}

/* Bind the inner side's plan with the row, and begin what can begin alone. */
static void
begin_row(DdbPrefetch *prefetch, Row *row)
{
	ExprContext *outer = prefetch->css.ss.ps.ps_ExprContext;
	DdbFetchPlan fetch = prefetch->inner.fetch;
	DdbBound bound;

	ResetExprContext(outer);
	ResetExprContext(prefetch->inner.econtext);
	outer->ecxt_scantuple = prefetch->css.ss.ss_ScanTupleSlot;
	ExecForceStoreMinimalTuple(row->tuple, outer->ecxt_scantuple, false);
	set_params(prefetch);
	row->cxt = AllocSetContextCreate(prefetch->batch_cxt,
									 "cruddur_ddb row",
									 ALLOCSET_SMALL_SIZES);
	ddb_bind_reads(prefetch->inner.bind, prefetch->inner.econtext, row->cxt, &bound);
	row->complete = bound.complete;
	if (bound.nreads == 1 && bound.reads->kind == DDB_READ_GET)
		row->get = bound.reads;
	else if (bound.nreads > 0)
	{
		fetch.reads = bound.reads;
		fetch.nreads = bound.nreads;
		row->fetch = ddb_fetch_start(row->cxt, prefetch->inner.session, &fetch);
	}
}

/* The keys of all gets, each once, as BatchGetItems; the number of those. */
static int
make_batches(DdbPrefetch *prefetch, DdbRead *batches)
{
	int key_len = prefetch->gets[0]->get->key_len;
	DdbValue *keys = palloc_array(DdbValue, prefetch->ngets * key_len);
	int nkeys = 0;
	int nbatches = 0;

	for (int i = 0; i < prefetch->ngets; i++)
	{
		const DdbValue *key = prefetch->gets[i]->get->keys;

		if (nkeys == 0 ||
			compare_keys(prefetch, &keys[(nkeys - 1) * key_len], key) != 0)
			memcpy(&keys[nkeys++ * key_len], key, sizeof(DdbValue) * key_len);
	}
	for (int i = 0; i < nkeys; i += DDB_BATCH_MAX_KEYS)
	{
		DdbRead *batch = &batches[nbatches++];

		*batch = *prefetch->gets[0]->get;
		batch->kind = DDB_READ_BATCH;
		batch->keys = &keys[i * key_len];
		batch->nkeys = Min(DDB_BATCH_MAX_KEYS, nkeys - i);
	}
	return nbatches;
}

/* One request for the rows that want one item each. */
static void
begin_gets(DdbPrefetch *prefetch)
{
	DdbFetchPlan fetch = prefetch->inner.fetch;
	DdbRead *batches;

	prefetch->gets = palloc_array(Row *, prefetch->nrows);
	prefetch->ngets = 0;
	for (int i = 0; i < prefetch->nrows; i++)
	{
		if (prefetch->rows[i].get != NULL)
			prefetch->gets[prefetch->ngets++] = &prefetch->rows[i];
	}
	if (prefetch->ngets == 0)
		return;
	qsort_arg(prefetch->gets, prefetch->ngets, sizeof(Row *), compare_rows, prefetch);
	batches = palloc_array(DdbRead, prefetch->ngets / DDB_BATCH_MAX_KEYS + 1);
	fetch.nreads = make_batches(prefetch, batches);
	fetch.reads = batches;
	prefetch->fetch =
		ddb_fetch_start(prefetch->batch_cxt, prefetch->inner.session, &fetch);
}

/*
 * A copy of the outer side's next row, in the batch's memory. The outer side
 * itself runs in the executor's: a scan that begins keeps its state there.
 */
static MinimalTuple
copy_next(DdbPrefetch *prefetch)
{
	TupleTableSlot *slot = ExecProcNode(linitial(prefetch->css.custom_ps));
	MemoryContext old;
	MinimalTuple tuple;

	prefetch->exhausted = TupIsNull(slot);
	if (prefetch->exhausted)
		return NULL;
	old = MemoryContextSwitchTo(prefetch->batch_cxt);
	tuple = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(old);
	return tuple;
}

/* Take the next rows of the outer side, and have their reads begin. */
static void
fill(DdbPrefetch *prefetch)
{
	MemoryContext old;

	prefetch->nrows = 0;
	prefetch->current = -1;
	prefetch->fetch = NULL;
	MemoryContextReset(prefetch->batch_cxt);
	prefetch->rows = MemoryContextAllocZero(prefetch->batch_cxt,
											sizeof(Row) * prefetch->max_rows);
	while (prefetch->nrows < prefetch->max_rows)
	{
		MinimalTuple tuple = copy_next(prefetch);

		if (tuple == NULL)
			break;
		prefetch->rows[prefetch->nrows++].tuple = tuple;
	}
	old = MemoryContextSwitchTo(prefetch->batch_cxt);
	if (prefetch->attached)
	{
		int nbegun = 0;

		/* Rows for which the budget may not do are read when they come. */
		for (int i = 0; i < prefetch->nrows && ddb_budget_allows(nbegun); i++)
		{
			begin_row(prefetch, &prefetch->rows[i]);
			nbegun += prefetch->rows[i].fetch != NULL;
		}
		begin_gets(prefetch);
	}
	MemoryContextSwitchTo(old);
}

/* An access method of ExecScan: the next row into the scan slot. */
static TupleTableSlot *
next_row(ScanState *node)
{
	DdbPrefetch *prefetch = (DdbPrefetch *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	if (prefetch->current >= 0 && prefetch->current < prefetch->nrows &&
		prefetch->rows[prefetch->current].cxt != NULL)
	{
		Row *row = &prefetch->rows[prefetch->current];

		/* Others may still be waiting for the keys of a get. */
		if (row->get == NULL)
			MemoryContextDelete(row->cxt);
		row->cxt = NULL;
	}
	if (++prefetch->current >= prefetch->nrows && !prefetch->exhausted)
	{
		fill(prefetch);
		prefetch->current = 0;
	}
	if (prefetch->current >= prefetch->nrows)
		return ExecClearTuple(slot);
	ExecForceStoreMinimalTuple(prefetch->rows[prefetch->current].tuple,
							   slot,
							   false);
	return slot;
}

/*
 * EvalPlanQual asks for the one row again, by the outer side, which has its new
 * version. A node that scans no relation is to fill the slot itself.
 */
static bool
recheck_row(ScanState *node, TupleTableSlot *slot)
{
	DdbPrefetch *prefetch = (DdbPrefetch *) node;
	TupleTableSlot *outer = ExecProcNode(linitial(prefetch->css.custom_ps));

	if (TupIsNull(outer))
		return false;
	ExecCopySlot(slot, outer);
	return true;
}

static TupleTableSlot *
exec_prefetch(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

/* What the key attributes of an item are; text of theirs may be palloc'd. */
static bool
read_key(const DdbPrefetch *prefetch, const DdbPage *page, int item,
		 DdbValue key[2])
{
	for (int i = 0; i < 2 && prefetch->inner.key->names[i] != NULL; i++)
	{
		if (!ddb_keyorder_read(page,
							   item,
							   prefetch->inner.key->cells[i],
							   prefetch->inner.key_types[i],
							   &key[i]))
			return false;
	}
	return true;
}

/* Give an item to the rows that have its key. */
static void
deliver(DdbPrefetch *prefetch, const DdbPage *page, int item)
{
	DdbValue key[2];
	int low = 0;
	int high = prefetch->ngets;

	if (!read_key(prefetch, page, item, key))
		return;
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (compare_keys(prefetch, prefetch->gets[middle]->get->keys, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < prefetch->ngets &&
		   compare_keys(prefetch, prefetch->gets[low]->get->keys, key) == 0;
		 low++)
	{
		prefetch->gets[low]->page = page;
		prefetch->gets[low]->item = item;
	}
}

/* A page that stays: fetch takes its own back. */
static const DdbPage *
copy_page(const DdbPage *page)
{
	DdbPage *copy = palloc(sizeof(DdbPage));
	size_t cells_size = sizeof(DdbCell) * page->nitems * page->nnames;
	size_t items_size = page->items == NULL ? 0 : sizeof(DdbSpan) * page->nitems;

	*copy = *page;
	copy->body = memcpy(palloc(page->body_len), page->body, page->body_len);
	copy->cells = memcpy(palloc(cells_size), page->cells, cells_size);
	if (items_size > 0)
		copy->items = memcpy(palloc(items_size), page->items, items_size);
	return copy;
}

/* Wait for all of the gets' items. */
static void
collect(DdbPrefetch *prefetch)
{
	MemoryContext old = MemoryContextSwitchTo(prefetch->batch_cxt);
	const DdbPage *page;
	int read;

	while ((page = ddb_fetch_next(prefetch->fetch, &read)) != NULL)
	{
		if (page->nitems > 0)
			page = copy_page(page);
		for (int i = 0; i < page->nitems; i++)
			deliver(prefetch, page, i);
	}
	prefetch->fetch = NULL;
	MemoryContextSwitchTo(old);
}

bool
ddb_prefetch_take(DdbPrefetch *prefetch, DdbAhead *ahead)
{
	Row *row;

	if (prefetch->current < 0 || prefetch->current >= prefetch->nrows)
		return false;
	row = &prefetch->rows[prefetch->current];
	if (row->taken || row->cxt == NULL)
		return false;
	if (row->get != NULL && prefetch->fetch != NULL)
		collect(prefetch);
	row->taken = true;
	*ahead = (DdbAhead){.complete = row->complete,
						.fetch = row->fetch,
						.page = row->page,
						.item = row->item};
	return true;
}

static Node *
create_state(CustomScan *scan)
{
	DdbPrefetch *prefetch = palloc0(sizeof(DdbPrefetch));

	NodeSetTag(prefetch, T_CustomScanState);
	prefetch->css.methods = &exec_methods;
	prefetch->id = linitial_int(scan->custom_private);
	prefetch->max_rows = lsecond_int(scan->custom_private);
	prefetch->current = -1;
	return (Node *) prefetch;
}

static void
begin_prefetch(CustomScanState *node, EState *estate, int eflags)
{
	DdbPrefetch *prefetch = (DdbPrefetch *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	node->custom_ps =
		list_make1(ExecInitNode(linitial(scan->custom_plans), estate, eflags));
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	prefetch->outer_values = ExecInitExprList(scan->custom_exprs, &node->ss.ps);
	prefetch->batch_cxt = AllocSetContextCreate(estate->es_query_cxt,
												"cruddur_ddb prefetch",
												ALLOCSET_DEFAULT_SIZES);
	prefetch->estate = estate;
	prefetch->next = alive;
	alive = prefetch;
	prefetch->callback.func = forget;
	prefetch->callback.arg = prefetch;
	MemoryContextRegisterResetCallback(estate->es_query_cxt, &prefetch->callback);
}

static void
end_prefetch(CustomScanState *node)
{
	DdbPrefetch *prefetch = (DdbPrefetch *) node;

	if (prefetch->batch_cxt != NULL)
		MemoryContextReset(prefetch->batch_cxt);
	prefetch->nrows = 0;
	ExecEndNode(linitial(node->custom_ps));
}

static void
rescan_prefetch(CustomScanState *node)
{
	DdbPrefetch *prefetch = (DdbPrefetch *) node;
	PlanState *outer = linitial(node->custom_ps);

	MemoryContextReset(prefetch->batch_cxt);
	prefetch->nrows = 0;
	prefetch->current = -1;
	prefetch->exhausted = false;
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(outer, node->ss.ps.chgParam);
	/* With changed parameters it rescans itself when it is asked for a row. */
	if (outer->chgParam == NULL)
		ExecReScan(outer);
	ExecScanReScan(&node->ss);
}

static void
explain_prefetch(CustomScanState *node, List *ancestors, ExplainState *es)
{
	const DdbPrefetch *prefetch = (DdbPrefetch *) node;

	if (es->verbose)
		ExplainPropertyInteger("Rows Ahead", NULL, prefetch->max_rows, es);
}

CustomScan *
ddb_prefetch_plan(Plan *outer_plan, List *tlist, int id, int max_rows)
{
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->custom_plans = list_make1(outer_plan);
	scan->custom_scan_tlist = copyObject(outer_plan->targetlist);
	scan->custom_private = list_make2_int(id, max_rows);
	scan->methods = &plan_methods;
	return scan;
}

static const CustomScanMethods plan_methods = {
	.CustomName = "DynamoDB Prefetch",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "DynamoDB Prefetch",
	.BeginCustomScan = begin_prefetch,
	.ExecCustomScan = exec_prefetch,
	.EndCustomScan = end_prefetch,
	.ReScanCustomScan = rescan_prefetch,
	.ExplainCustomScan = explain_prefetch,
};

void
ddb_prefetch_init(void)
{
	RegisterCustomScanMethods(&plan_methods);
}
