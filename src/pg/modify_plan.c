/*
 * modify_plan.c
 *		What INSERT, UPDATE and DELETE of a foreign table need of their plan.
 *
 * An UPDATE writes what it makes of the values that it has read. It is right
 * only as long as those are the item's, so it has to know which ones it has
 * used: by the statement's text, not by what differs in the end.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "modify_plan.h"
#include "plan.h"

/* The name under which core looks for the row before the change. */
#define OLD_ROW_NAME "wholerow"

static bool
is_foreign_with_triggers(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class class;
	bool is;

	/* It may be gone, as the children are not all locked yet. */
	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class) GETSTRUCT(tuple);
	is = class->relkind == RELKIND_FOREIGN_TABLE && class->relhastriggers;
	ReleaseSysCache(tuple);
	return is;
}

/*
 * Core asks a foreign table with triggers for its old rows, and then wants them
 * of all other foreign tables of the statement: "wholerow is NULL".
 */
static bool
is_asked_for_old_row(PlannerInfo *root, Index rtindex)
{
	const Query *parse = root->parse;
	Oid relid;
	ListCell *cell;

	if (parse->commandType != CMD_DELETE ||
		rtindex == (Index) parse->resultRelation)
		return false;
	relid = planner_rt_fetch(parse->resultRelation, root)->relid;
	foreach(cell, find_all_inheritors(relid, NoLock, NULL))
	{
		if (is_foreign_with_triggers(lfirst_oid(cell)))
			return true;
	}
	return false;
}

static void
add_row(PlannerInfo *root, Index rtindex, const char *name)
{
	add_row_identity_var(root,
						 makeVar(rtindex,
								 InvalidAttrNumber,
								 RECORDOID,
								 -1,
								 InvalidOid,
								 0),
						 rtindex,
						 name);
}

void
ddbAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
						   RangeTblEntry *target_rte, Relation target_relation)
{
	const Query *parse = root->parse;

	add_row_identity_var(root,
						 makeVar(rtindex, DDB_ITEM_ATTNO, BYTEAOID, -1, InvalidOid, 0),
						 rtindex,
						 DDB_ITEM_NAME);
	/* Not by core's name, which would bind tables of other wrappers, too. */
	if (parse->commandType == CMD_DELETE && parse->returningList != NIL)
		add_row(root, rtindex, DDB_ROW_NAME);
	if (is_asked_for_old_row(root, rtindex))
		add_row(root, rtindex, OLD_ROW_NAME);
}

static Bitmapset *
add_all_columns(Bitmapset *columns, TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
	{
		const FormData_pg_attribute *attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && !ddb_compat_is_virtual(attribute))
			columns = bms_add_member(columns, i + 1);
	}
	return columns;
}

/*
 * The columns of the relation in an expression. A whole row is all of them; the
 * one of type record is what hands the old row on to the executor.
 */
static Bitmapset *
add_columns(Bitmapset *columns, const void *expression, Index relid,
			TupleDesc desc)
{
	List *vars = pull_var_clause((Node *) expression, PVC_RECURSE_PLACEHOLDERS);
	ListCell *cell;

	foreach(cell, vars)
	{
		const Var *var = lfirst_node(Var, cell);

		if (var->varno != (int) relid)
			continue;
		if (var->varattno > 0)
			columns = bms_add_member(columns, var->varattno);
		else if (var->varattno == 0 && var->vartype != RECORDOID)
			columns = add_all_columns(columns, desc);
	}
	return columns;
}

static Bitmapset *
add_clause_columns(Bitmapset *columns, List *clauses, Index relid, TupleDesc desc)
{
	ListCell *cell;

	foreach(cell, clauses)
		columns = add_columns(columns,
							  lfirst_node(RestrictInfo, cell)->clause,
							  relid,
							  desc);
	return columns;
}

/* Of what generated columns are made that are worked out anew. */
static Bitmapset *
add_generation_columns(Bitmapset *columns, Relation relation, List *assigned)
{
	TupleDesc desc = RelationGetDescr(relation);
	Bitmapset *set = NULL;
	ListCell *cell;

	foreach(cell, assigned)
		set = bms_add_member(set, lfirst_int(cell));
	for (int i = 0; i < desc->natts; i++)
	{
		Bitmapset *used;

		if (TupleDescAttr(desc, i)->attgenerated != ATTRIBUTE_GENERATED_STORED)
			continue;
		used = add_columns(NULL, build_column_default(relation, i + 1), 1, desc);
		if (bms_overlap(used, set))
			columns = bms_union(columns, used);
	}
	return columns;
}

/* May a trigger see the row, and change or keep what is to be done? */
static bool
has_trigger_before(const TriggerDesc *triggers, CmdType operation)
{
	if (triggers == NULL)
		return false;
	return operation == CMD_UPDATE ? triggers->trig_update_before_row
								   : triggers->trig_delete_before_row;
}

/*
 * Join conditions count by what they need of the relation: that is in its
 * target list, whatever became of the conditions.
 */
static Bitmapset *
find_columns(PlannerInfo *root, const ModifyTable *plan, Index relid,
			 Relation relation, int subplan_index)
{
	const RelOptInfo *rel = find_base_rel(root, relid);
	TupleDesc desc = RelationGetDescr(relation);
	Bitmapset *columns = NULL;

	if (has_trigger_before(relation->trigdesc, plan->operation))
		return add_all_columns(NULL, desc);
	columns = add_columns(columns, rel->reltarget->exprs, relid, desc);
	columns = add_clause_columns(columns, rel->baserestrictinfo, relid, desc);
	columns = add_clause_columns(columns, rel->joininfo, relid, desc);
	if (plan->operation == CMD_UPDATE)
		columns = add_generation_columns(columns,
										 relation,
										 list_nth(plan->updateColnosLists,
												  subplan_index));
	return columns;
}

List *
ddbPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation,
					 int subplan_index)
{
	const RangeTblEntry *rte = planner_rt_fetch(resultRelation, root);
	Bitmapset *columns;
	List *list = NIL;
	Relation relation;
	int attno = -1;

	if (plan->operation != CMD_UPDATE && plan->operation != CMD_DELETE)
		return NIL;
	/* The planner has locked it. */
	relation = table_open(rte->relid, NoLock);
	columns = find_columns(root, plan, resultRelation, relation, subplan_index);
	table_close(relation, NoLock);
	while ((attno = bms_next_member(columns, attno)) >= 0)
		list = lappend_int(list, attno);
	return list;
}
