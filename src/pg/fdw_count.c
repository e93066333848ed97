/*
 * fdw_count.c
 *		SELECT count(*), where DynamoDB can count.
 *
 * DynamoDB counts the items that its conditions let through, so all clauses
 * must be exact, and it should be sure before the values are known that each of
 * them can be sent: else the items would have to be read and counted here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "optimizer/pathnode.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"

#include "compat.h"
#include "fdw_count.h"
#include "guc.h"
#include "number.h"
#include "planning.h"

/* Conditions that DynamoDB is sure to take when it counts. */
#define MAX_COUNTED_CONDITIONS 50
#define MAX_COUNTED_KEY_BYTES 256 /* in the server's encoding */

/* count(*), or count of what is never NULL, and nothing about it */
static bool
is_plain_count(const Node *node)
{
	const Aggref *aggref = (const Aggref *) node;

	if (!IsA(node, Aggref) || aggref->aggfilter != NULL ||
		aggref->aggdistinct != NIL || aggref->aggorder != NIL ||
		aggref->aggsplit != AGGSPLIT_SIMPLE)
		return false;
	if (aggref->aggfnoid == F_COUNT_)
		return true;
	if (aggref->aggfnoid == F_COUNT_ANY)
	{
		TargetEntry *arg = linitial_node(TargetEntry, aggref->args);

		return IsA(arg->expr, Const) && !((Const *) arg->expr)->constisnull;
	}
	return false;
}

/* The aggregates of the query, HAVING included, are counts, if any. */
static bool
is_count_query(const PlannerInfo *root, const RelOptInfo *input_rel,
			   const PathTarget *target)
{
	const Query *parse = root->parse;
	List *aggregates;
	ListCell *cell;

	if (input_rel->reloptkind != RELOPT_BASEREL || !parse->hasAggs ||
		parse->groupClause != NIL || parse->groupingSets != NIL ||
		!bms_is_empty(input_rel->lateral_relids))
		return false;
	aggregates = ddb_planning_aggregates(root, target);
	foreach(cell, aggregates)
	{
		if (!is_plain_count(lfirst(cell)))
			return false;
	}
	foreach(cell, input_rel->baserestrictinfo)
	{
		if (lfirst_node(RestrictInfo, cell)->pseudoconstant)
			return false;
	}
	return aggregates != NIL;
}

/* Is it sure that a value other than NULL can be sent? */
static bool
is_sendable(const Expr *value)
{
	const Const *constant = (const Const *) value;
	const char *number;

	if (!IsA(value, Const) || constant->constisnull)
		return false;
	switch (constant->consttype)
	{
		case TEXTOID:
			return VARSIZE_ANY_EXHDR(constant->constvalue) > 0 &&
				   VARSIZE_ANY_EXHDR(constant->constvalue) <=
					   MAX_COUNTED_KEY_BYTES;
		case NUMERICOID:
			number = DatumGetCString(
				DirectFunctionCall1(numeric_out, constant->constvalue));
			return ddb_number_check(number, strlen(number)) == DDB_NUMBER_FITS;
		default:
			return false;
	}
}

/*
 * Is it sure that a filter can be sent, whatever the values turn out to be? A
 * number may have too many digits to be compared with, which equality knows to
 * be untrue; a list may be too long.
 */
static bool
is_surely_sent(const DdbPlanning *planning, List *conds, int *nconds)
{
	ListCell *cell;

	foreach(cell, conds)
	{
		const DdbCond *cond = lfirst(cell);

		*nconds += 1;
		if (!is_surely_sent(planning, cond->args, nconds) ||
			cond->kind == DDB_COND_ANY || cond->kind == DDB_COND_LIKE)
			return false;
		if (cond->kind == DDB_COND_COMPARE && cond->op != DDB_EQ &&
			ddb_relation_column(planning->relation, cond->attno)->ddb_type ==
				DDB_TYPE_N &&
			!is_sendable(cond->value))
			return false;
	}
	return *nconds <= MAX_COUNTED_CONDITIONS;
}

/* The same of the sort key: one bound, or both of a BETWEEN. */
static bool
is_surely_bounded(List *sort)
{
	const DdbCond *first;
	const DdbCond *second;

	if (sort == NIL)
		return true;
	first = linitial(sort);
	if (list_length(sort) == 1)
		return (first->kind == DDB_COND_COMPARE && first->op == DDB_EQ) ||
			   is_sendable(first->value);
	second = lsecond(sort);
	return list_length(sort) == 2 && first->kind == DDB_COND_COMPARE &&
		   second->kind == DDB_COND_COMPARE &&
		   ((first->op == DDB_GE && second->op == DDB_LE) ||
			(first->op == DDB_LE && second->op == DDB_GE)) &&
		   is_sendable(first->value) && is_sendable(second->value);
}

static bool
is_countable(const DdbPlanning *planning, const DdbAccess *access)
{
	int nconds = 0;

	return access->local_clauses == NIL && access->kind != DDB_READ_BATCH &&
		   is_surely_bounded(access->sort) &&
		   is_surely_sent(planning, access->filter, &nconds);
}

static void
add_count_path(const DdbPlanning *planning, RelOptInfo *output_rel,
			   PathTarget *target, int schema)
{
	DdbAccess access;

	if (!ddb_planning_access(planning,
							 schema,
							 planning->base->baserestrictinfo,
							 &access) ||
		!is_countable(planning, &access))
		return;
	output_rel->fdw_private = unconstify(DdbPlanning *, planning);
	add_path(output_rel,
			 (Path *) ddb_planning_count_path(planning,
											  &access,
											  schema,
											  output_rel,
											  target));
}

void
ddbGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
						RelOptInfo *input_rel, RelOptInfo *output_rel,
						void *extra)
{
	PathTarget *target = root->upper_targets[UPPERREL_GROUP_AGG];
	DdbPlanning *planning = input_rel->fdw_private;

	if (stage != UPPERREL_GROUP_AGG || planning == NULL ||
		output_rel->fdw_private != NULL || !ddb_guc_enable_pushdown ||
		!is_count_query(root, input_rel, target))
		return;
	for (int i = -1; i < planning->info->nschemas; i++)
		add_count_path(planning, output_rel, target, i);
}
