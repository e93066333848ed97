/*
 * extras.c
 *		What a scan for UPDATE or DELETE gives besides the table's columns.
 *
 * Core works out system columns and whole rows from a tuple that has the form
 * of the table. Ours has not, so that there is room for the item; so the scan
 * gives those too.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/rel.h"

#include "compat.h"
#include "extras.h"
#include "plan.h"

struct DdbExtras
{
	Oid oid;
	TupleDesc desc; /* of the table */
	int n;
	const Var **vars;     /* of the places after the columns */
	AttrNumber first_row; /* place of a whole row in the scan's tuple, from 1 */
};

static bool
is_item(const Var *var)
{
	return IsA(var, Var) && var->varattno == DDB_ITEM_ATTNO &&
		   var->vartype == BYTEAOID;
}

bool
ddb_extras_wanted(const RelOptInfo *rel)
{
	ListCell *cell;

	foreach(cell, rel->reltarget->exprs)
	{
		if (is_item(lfirst(cell)))
			return true;
	}
	return false;
}

bool
ddb_extras_want_all(const PlannerInfo *root, const RelOptInfo *rel)
{
	const Query *parse = root->parse;
	ListCell *cell;

	if (!ddb_extras_wanted(rel))
		return false;
	if (parse->commandType == CMD_UPDATE || parse->returningList != NIL)
		return true;
	/* Core asks for the row where a trigger is to be given it. */
	foreach(cell, rel->reltarget->exprs)
	{
		const Var *var = lfirst(cell);

		if (IsA(var, Var) && var->varattno == 0 && var->vartype == RECORDOID)
			return true;
	}
	return false;
}

List *
ddb_extras_columns(Index relid, const DdbRelation *relation)
{
	List *tlist = NIL;

	for (int i = 0; i < relation->ncolumns; i++)
	{
		const DdbColumn *column = &relation->columns[i];
		Expr *expr = column->in_item
						 ? (Expr *) makeVar(relid,
											column->attno,
											column->type,
											column->typmod,
											column->collation,
											0)
						 : (Expr *) makeNullConst(INT4OID, -1, InvalidOid);

		tlist = lappend(tlist,
						makeTargetEntry(expr, (AttrNumber) (i + 1), NULL, false));
	}
	return tlist;
}

/* The Vars of the relation that are no columns. */
static List *
find_extras(const RelOptInfo *rel, List *tlist, List *quals)
{
	List *nodes = list_concat_copy(rel->reltarget->exprs, quals);
	List *extras = NIL;
	ListCell *cell;

	nodes = list_concat(nodes, tlist);
	foreach(cell, pull_var_clause((Node *) nodes, PVC_RECURSE_PLACEHOLDERS))
	{
		Var *var = lfirst(cell);

		if (var->varno == (int) rel->relid && var->varattno <= 0)
			extras = list_append_unique(extras, var);
	}
	return extras;
}

static void
check_extra(const Var *var, const DdbRelation *relation)
{
	if (var->varattno == 0 || var->varattno == TableOidAttributeNumber ||
		is_item(var))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("foreign table \"%s\" has no system columns but tableoid",
					relation->name)));
}

List *
ddb_extras_tlist(const RelOptInfo *rel, const DdbRelation *relation,
				 List *tlist, List *quals)
{
	List *extras = find_extras(rel, tlist, quals);
	ListCell *cell;

	foreach(cell, extras)
		check_extra(lfirst(cell), relation);
	return add_to_flat_tlist(ddb_extras_columns(rel->relid, relation), extras);
}

/* A callback of expression_tree_mutator: whole rows to those of their type. */
static Node *
point_rows(Node *node, void *arg)
{
	const DdbExtras *extras = arg;
	Var *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, point_rows, arg);
	var = copyObject(var);
	for (int i = 0; i < extras->n; i++)
	{
		if (var->varattno == extras->first_row && extras->vars[i]->varattno == 0 &&
			extras->vars[i]->vartype == var->vartype)
			var->varattno = (AttrNumber) (extras->desc->natts + i + 1);
	}
	return (Node *) var;
}

/*
 * Core wants the row as RECORD, while an expression may want it as the row type.
 * setrefs.c, which knows Vars by their number only, takes both for the first of
 * the two; so what the node gives and asks is made anew.
 */
static void
separate_rows(const DdbExtras *extras, ForeignScanState *node)
{
	ForeignScan *plan = palloc(sizeof(ForeignScan));

	memcpy(plan, node->ss.ps.plan, sizeof(ForeignScan));
	plan->scan.plan.targetlist =
		(List *) point_rows((Node *) plan->scan.plan.targetlist,
							unconstify(DdbExtras *, extras));
	plan->scan.plan.qual = (List *) point_rows((Node *) plan->scan.plan.qual,
											   unconstify(DdbExtras *, extras));
	node->ss.ps.plan = &plan->scan.plan;
	node->ss.ps.subPlan = NIL;
	ExecAssignScanProjectionInfoWithVarno(&node->ss, INDEX_VAR);
	node->ss.ps.qual = ExecInitQual(plan->scan.plan.qual, &node->ss.ps);
}

DdbExtras *
ddb_extras_prepare(ForeignScanState *node)
{
	const Relation relation = node->ss.ss_currentRelation;
	List *tlist = ((ForeignScan *) node->ss.ps.plan)->fdw_scan_tlist;
	DdbExtras *extras;
	int nrows = 0;

	/* A count has no relation; its tuple is no business of ours. */
	if (tlist == NIL || relation == NULL)
		return NULL;
	extras = palloc0(sizeof(DdbExtras));
	extras->oid = RelationGetRelid(relation);
	extras->desc = RelationGetDescr(relation);
	extras->vars = palloc_array(const Var *, list_length(tlist));
	for (int i = extras->desc->natts; i < list_length(tlist); i++)
	{
		const Var *var =
			castNode(Var, list_nth_node(TargetEntry, tlist, i)->expr);

		extras->vars[extras->n++] = var;
		if (var->varattno == 0 && nrows++ == 0)
			extras->first_row = (AttrNumber) (i + 1);
	}
	if (nrows > 1)
		separate_rows(extras, node);
	return extras;
}

static Datum
item_datum(const DdbPage *page, int item)
{
	const DdbSpan *span = &page->items[item];
	bytea *bytes = palloc(VARHDRSZ + span->len);

	SET_VARSIZE(bytes, VARHDRSZ + span->len);
	memcpy(VARDATA(bytes), page->body + span->offset, span->len);
	return PointerGetDatum(bytes);
}

/* It has the table's row type, which does for RECORD, too. */
static Datum
row_datum(const DdbExtras *extras, const TupleTableSlot *slot)
{
	HeapTuple tuple =
		heap_form_tuple(extras->desc, slot->tts_values, slot->tts_isnull);

	return heap_copy_tuple_as_datum(tuple, extras->desc);
}

void
ddb_extras_fill(const DdbExtras *extras, const DdbPage *page, int item,
				TupleTableSlot *slot)
{
	for (int i = 0; i < extras->n; i++)
	{
		int place = extras->desc->natts + i;
		AttrNumber attno = extras->vars[i]->varattno;

		slot->tts_isnull[place] = false;
		if (attno == DDB_ITEM_ATTNO)
			slot->tts_values[place] = item_datum(page, item);
		else if (attno == TableOidAttributeNumber)
			slot->tts_values[place] = ObjectIdGetDatum(extras->oid);
		else
			slot->tts_values[place] = row_datum(extras, slot);
	}
}
