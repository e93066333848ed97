/*
 * fdw_paths.c
 *		Sizes and paths of foreign tables, as FdwRoutine has them.
 *
 * Every table has a path that scans it; each key schema adds a path where the
 * clauses give its partition key. Where they do so with values of other
 * relations, the path is parameterized by those.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "fdw_paths.h"
#include "guc.h"
#include "planning.h"

/* Sets of relations that parameterize paths, for one foreign table. */
#define MAX_PARAMETERIZATIONS 32

/* With more reads than these, a Scan may be the better way. */
#define MANY_READS 1000

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
		baserel->rows =
			Max(1, Min(baserel->rows, ddb_access_count_reads(root, &access)));
	}
}

/* The member of the class that is a column of ours; NULL: there is none. */
static const DdbColumn *
find_member(const DdbPlanning *planning, EquivalenceClass *class, Oid *opfamily)
{
	DdbQuals quals = ddb_planning_quals(planning);
	ListCell *cell;

	foreach(cell, ddb_compat_class_members(class, planning->base->relids))
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

/* A schema, and the access that the clauses allow by it. */
typedef struct Candidate
{
	int schema;
	DdbAccess access;
} Candidate;

/* Whole keys come first, then those that use more clauses for the key. */
static int
compare_candidates(const ListCell *a, const ListCell *b)
{
	const Candidate *left = lfirst(a);
	const Candidate *right = lfirst(b);

	bool left_whole = left->access.kind == DDB_READ_BATCH;
	bool right_whole = right->access.kind == DDB_READ_BATCH;

	if (left_whole != right_whole)
		return left_whole ? -1 : 1;
	return list_length(right->access.key_clauses) -
		   list_length(left->access.key_clauses);
}

static List *
find_candidates(const DdbPlanning *planning, List *clauses)
{
	List *candidates = NIL;

	for (int i = 0; i < planning->info->nschemas; i++)
	{
		Candidate *candidate = palloc(sizeof(Candidate));

		candidate->schema = i;
		if (ddb_planning_access(planning, i, clauses, &candidate->access))
			candidates = lappend(candidates, candidate);
	}
	/* Of paths that cost the same, add_path() keeps the first. */
	list_sort(candidates, compare_candidates);
	return candidates;
}

/*
 * Add a path for each schema that the clauses give the partition key of. False
 * if there are none, or only such with a great many reads.
 */
static bool
add_keyed_paths(const DdbPlanning *planning, List *clauses, Relids required_outer)
{
	bool any = false;
	ListCell *cell;

	foreach(cell, find_candidates(planning, clauses))
	{
		const Candidate *candidate = lfirst(cell);
		const DdbAccess *access = &candidate->access;
		DdbChoice choice = {.schema = candidate->schema};
		List *pathkeys = useful_pathkeys(planning, access, &choice.backward);

		add_path(planning->base,
				 (Path *) ddb_planning_path(planning,
											access,
											&choice,
											pathkeys,
											required_outer));
		any |= ddb_access_count_reads(planning->root, access) <= MANY_READS;
	}
	return any;
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
		(void) add_keyed_paths(planning,
							   list_concat_copy(planning->base->baserestrictinfo,
												info->ppi_clauses),
							   outer);
	}
}

void
ddbGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	DdbPlanning *planning = baserel->fdw_private;

	/* Whoever gives a key is not meant to pay for a Scan. */
	if (!ddb_guc_enable_pushdown || !add_keyed_paths(planning,
													 baserel->baserestrictinfo,
													 baserel->lateral_relids))
		add_scan_path(planning);
	if (ddb_guc_enable_pushdown)
		add_parameterized_paths(planning);
}
