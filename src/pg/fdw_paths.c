/*
 * fdw_paths.c
 *		Sizes and paths of foreign tables, as FdwRoutine has them.
 *
 * Every table has a path that scans it; each key schema adds a path where the
 * clauses give its partition key. Where they do so with values of other
 * relations, the path is parameterized by those.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "fdw_paths.h"
#include "guc.h"
#include "planning.h"

/* Sets of relations that parameterize paths, for one foreign table. */
#define MAX_PARAMETERIZATIONS 32

/* Conditions that DynamoDB is sure to take when it counts. */
#define MAX_COUNTED_CONDITIONS 50
#define MAX_COUNTED_KEY_BYTES 256 /* in the server's encoding */

/* Do the restriction clauses give the whole key of the table? */
static bool
is_single_item(const DdbPlanning *planning, DdbAccess *access)
{
	return planning->relation->index == NULL &&
		   ddb_planning_access(planning,
							   0,
							   planning->base->baserestrictinfo,
							   access) &&
		   access->kind == DDB_READ_BATCH;
}

void
ddbGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	DdbPlanning *planning = ddb_planning_create(root, baserel, foreigntableid);
	DdbAccess access;

	baserel->fdw_private = planning;
	baserel->tuples = planning->items;
	set_baserel_size_estimates(root, baserel);
	if (is_single_item(planning, &access))
	{
		double keys = ddb_access_count_values(root, access.partition);

		if (access.schema->sort != NULL)
			keys *= ddb_access_count_values(root, access.sort);
		baserel->rows = Max(1, Min(baserel->rows, keys));
	}
}

/* The member of the class that is a column of ours; NULL: there is none. */
static const DdbColumn *
find_member(const DdbPlanning *planning, const EquivalenceClass *class,
			Oid *opfamily)
{
	DdbQuals quals = ddb_planning_quals(planning);
	ListCell *cell;

	foreach(cell, class->ec_members)
	{
		EquivalenceMember *member = lfirst(cell);
		const DdbColumn *column;
		Oid type;

		if (member->em_is_const ||
			!bms_equal(member->em_relids, planning->base->relids))
			continue;
		column = ddb_quals_column(&quals, member->em_expr);
		if (column == NULL)
			continue;
		type = getBaseType(exprType((Node *) member->em_expr));
		*opfamily = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
		return column;
	}
	return NULL;
}

/* Does this pathkey order by the sort key, as DynamoDB does? */
static bool
is_sort_order(const DdbPlanning *planning, const DdbKeySchema *schema,
			  const PathKey *pathkey)
{
	const DdbRelation *relation = planning->relation;
	EquivalenceClass *class = pathkey->pk_eclass;
	Oid opfamily;
	const DdbColumn *column;

	if (class->ec_has_volatile)
		return false;
	column = find_member(planning, class, &opfamily);
	if (column == NULL || column->nsteps != 0 ||
		column->ddb_type != schema->sort_type ||
		strcmp(column->attribute, schema->sort) != 0)
		return false;
	/* A value that does not fit would be a NULL in the middle. */
	if (relation->null_mismatch && !column->exact)
		return false;
	return pathkey->pk_opfamily == opfamily &&
		   ddb_relation_match(column, class->ec_collation) == DDB_MATCH_ORDER;
}

/*
 * The part of the query's order in which the access yields its rows. In the
 * table no two rows have the same keys, so what comes after the sort key has
 * nothing left to order.
 */
static List *
useful_pathkeys(const DdbPlanning *planning, const DdbAccess *access,
				bool *backward)
{
	List *wanted = planning->root->query_pathkeys;
	List *pathkeys = NIL;
	ListCell *cell;

	if (wanted == NIL || !ddb_access_is_ordered(access) ||
		!is_sort_order(planning, access->schema, linitial(wanted)))
		return NIL;
	*backward = ddb_compat_is_descending(linitial(wanted));
	foreach(cell, wanted)
	{
		PathKey *pathkey = lfirst(cell);
		Oid opfamily;

		if (pathkeys != NIL &&
			(access->schema->kind != DDB_SCHEMA_TABLE ||
			 find_member(planning, pathkey->pk_eclass, &opfamily) == NULL))
			break;
		pathkeys = lappend(pathkeys, pathkey);
	}
	return pathkeys;
}

/* Add a path for each schema that the clauses give the partition key of. */
static void
add_keyed_paths(const DdbPlanning *planning, List *clauses, Relids required_outer)
{
	for (int i = 0; i < planning->info->nschemas; i++)
	{
		DdbChoice choice = {.schema = i};
		List *pathkeys;
		DdbAccess access;

		if (!ddb_planning_access(planning, i, clauses, &access))
			continue;
		pathkeys = useful_pathkeys(planning, &access, &choice.backward);
		add_path(planning->base,
				 (Path *) ddb_planning_path(planning,
											&access,
											&choice,
											pathkeys,
											required_outer));
	}
}

static void
add_scan_path(const DdbPlanning *planning)
{
	DdbChoice choice = {.schema = -1};
	DdbAccess access;

	(void) ddb_planning_access(planning,
							   choice.schema,
							   planning->base->baserestrictinfo,
							   &access);
	add_path(planning->base,
			 (Path *) ddb_planning_path(planning,
										&access,
										&choice,
										NIL,
										planning->base->lateral_relids));
}

/* Is this column a key of the table or of one of its indexes? */
static bool
is_key_column(const DdbPlanning *planning, const DdbColumn *column)
{
	for (int i = 0; i < planning->info->nschemas; i++)
	{
		const DdbKeySchema *schema = &planning->info->schemas[i];

		if (column->nsteps == 0 &&
			(strcmp(column->attribute, schema->partition) == 0 ||
			 (schema->sort != NULL &&
			  strcmp(column->attribute, schema->sort) == 0)))
			return true;
	}
	return false;
}

/* A callback of generate_implied_equalities_for_column. */
static bool
matches_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *class,
			   EquivalenceMember *member, void *arg)
{
	DdbQuals quals = ddb_planning_quals(rel->fdw_private);

	return ddb_quals_column(&quals, member->em_expr) == arg;
}

/* The join clauses that could be about keys: those stated, those implied. */
static List *
join_clauses(const DdbPlanning *planning)
{
	RelOptInfo *base = planning->base;
	List *clauses = NIL;
	ListCell *cell;

	foreach(cell, base->joininfo)
	{
		RestrictInfo *clause = lfirst_node(RestrictInfo, cell);

		if (join_clause_is_movable_to(clause, base))
			clauses = lappend(clauses, clause);
	}
	if (!base->has_eclass_joins)
		return clauses;
	for (int i = 0; i < planning->relation->ncolumns; i++)
	{
		DdbColumn *column = &planning->relation->columns[i];

		if (column->attribute == NULL || !is_key_column(planning, column))
			continue;
		clauses =
			list_concat(clauses,
						generate_implied_equalities_for_column(planning->root,
															   base,
															   matches_column,
															   column,
															   base->lateral_referencers));
	}
	return clauses;
}

/* Add a set to the list unless it is there. */
static List *
add_relids(List *sets, Relids set)
{
	ListCell *cell;

	foreach(cell, sets)
	{
		if (bms_equal(lfirst(cell), set))
			return sets;
	}
	if (list_length(sets) >= MAX_PARAMETERIZATIONS)
		return sets;
	return lappend(sets, set);
}

/*
 * The sets of relations whose values could give a key: those of each clause
 * about a key, and of each two, as one may give the partition key and the other
 * the sort key.
 */
static List *
outer_relids(const DdbPlanning *planning)
{
	DdbQuals quals = ddb_planning_quals(planning);
	List *single = NIL;
	List *sets;
	ListCell *cell;

	foreach(cell, join_clauses(planning))
	{
		RestrictInfo *clause = lfirst_node(RestrictInfo, cell);
		DdbCond *cond = ddb_quals_condition(&quals, clause->clause);

		if (cond == NULL || cond->attno == 0 ||
			!is_key_column(planning,
						   ddb_relation_column(planning->relation, cond->attno)))
			continue;
		single = add_relids(single,
							bms_union(bms_difference(clause->clause_relids,
													 planning->base->relids),
									  planning->base->lateral_relids));
	}
	sets = list_copy(single);
	for (int i = 0; i < list_length(single); i++)
	{
		for (int j = i + 1; j < list_length(single); j++)
			sets =
				add_relids(sets,
						   bms_union(list_nth(single, i), list_nth(single, j)));
	}
	return sets;
}

static void
add_parameterized_paths(const DdbPlanning *planning)
{
	ListCell *cell;

	foreach(cell, outer_relids(planning))
	{
		Relids outer = lfirst(cell);
		ParamPathInfo *info;

		if (bms_is_empty(outer))
			continue;
		info = get_baserel_parampathinfo(planning->root, planning->base, outer);
		add_keyed_paths(planning,
						list_concat_copy(planning->base->baserestrictinfo,
										 info->ppi_clauses),
						outer);
	}
}

void
ddbGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	DdbPlanning *planning = baserel->fdw_private;

	add_scan_path(planning);
	if (!ddb_guc_enable_pushdown)
		return;
	add_keyed_paths(planning, baserel->baserestrictinfo, baserel->lateral_relids);
	add_parameterized_paths(planning);
}

/* count(*), or count of what is never NULL, and nothing about it */
static bool
is_plain_count(const Expr *expr)
{
	const Aggref *aggref = (const Aggref *) expr;

	if (!IsA(expr, Aggref) || aggref->aggfilter != NULL ||
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

static bool
is_count_query(const PlannerInfo *root, const RelOptInfo *input_rel,
			   const PathTarget *target)
{
	const Query *parse = root->parse;
	ListCell *cell;

	if (input_rel->reloptkind != RELOPT_BASEREL || !parse->hasAggs ||
		parse->groupClause != NIL || parse->groupingSets != NIL ||
		root->hasHavingQual || !bms_is_empty(input_rel->lateral_relids) ||
		target->exprs == NIL)
		return false;
	foreach(cell, target->exprs)
	{
		if (!is_plain_count(lfirst(cell)))
			return false;
	}
	foreach(cell, input_rel->baserestrictinfo)
	{
		if (lfirst_node(RestrictInfo, cell)->pseudoconstant)
			return false;
	}
	return true;
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
				DDB_TYPE_N)
			return false;
	}
	return *nconds <= MAX_COUNTED_CONDITIONS;
}

/* The same of the sort key: one bound, short enough for a key. */
static bool
is_surely_bounded(List *sort)
{
	const DdbCond *cond;
	const Const *value;

	if (sort == NIL)
		return true;
	cond = linitial(sort);
	value = (const Const *) cond->value;
	return list_length(sort) == 1 &&
		   (cond->op == DDB_EQ ||
			(IsA(value, Const) && value->consttype == TEXTOID &&
			 !value->constisnull && VARSIZE_ANY_EXHDR(value->constvalue) > 0 &&
			 VARSIZE_ANY_EXHDR(value->constvalue) <= MAX_COUNTED_KEY_BYTES));
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
