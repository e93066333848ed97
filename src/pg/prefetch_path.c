/*
 * prefetch_path.c
 *		Nested loops whose outer side reads ahead for a foreign table.
 *
 * For each keyed path of the inner side that takes its values from the outer
 * side, there is a second nested loop beside PostgreSQL's own: with a prefetch
 * over the outer side, and the inner side cheaper by the round trips saved.
 */
#include "postgres.h"

#include "foreign/fdwapi.h"
#include "nodes/extensible.h"
#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"

#include "compat.h"
#include "fdw_paths.h"
#include "planning.h"
#include "prefetch.h"
#include "prefetch_path.h"

/* Queries for so many rows ahead; they run some at a time. */
#define QUERIES_PER_CONNECTION 4

/* To keep a row. */
#define ROW_COST 0.005

static set_join_pathlist_hook_type next_hook = NULL;

static Plan *plan_prefetch(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
						   List *tlist, List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "DynamoDB Prefetch",
	.PlanCustomPath = plan_prefetch,
};

/* CustomPath.custom_private, which like the path is never copied */
typedef struct PrefetchPath
{
	DdbPrefetchLink link;
	int max_rows;
} PrefetchPath;

static Plan *
plan_prefetch(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
			  List *clauses, List *custom_plans)
{
	PrefetchPath *prefetch = linitial(path->custom_private);

	prefetch->link.outer = ddb_prefetch_plan(linitial(custom_plans),
											 tlist,
											 prefetch->link.id,
											 prefetch->max_rows);
	prefetch->link.outer->flags = path->flags;
	return &prefetch->link.outer->scan.plan;
}

static CustomPath *
make_prefetch_path(Path *outer_path, PrefetchPath *prefetch)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = outer_path->parent;
	path->path.pathtarget = outer_path->pathtarget;
	path->path.rows = outer_path->rows;
	path->path.startup_cost = outer_path->startup_cost;
	path->path.total_cost = outer_path->total_cost + ROW_COST * outer_path->rows;
	path->path.pathkeys = outer_path->pathkeys;
	ddb_compat_inherit_disabled(&path->path, outer_path);
	path->custom_paths = list_make1(outer_path);
	path->custom_private = list_make1(prefetch);
	path->methods = &path_methods;
	return path;
}

/* How many rows to read ahead: no more than the query is likely to want. */
static int
rows_ahead(const DdbPlanning *planning, const DdbAccess *access)
{
	const PlannerInfo *root = planning->root;
	double rows = access->kind == DDB_READ_BATCH
					  ? DDB_BATCH_MAX_KEYS
					  : planning->max_connections * QUERIES_PER_CONNECTION;

	if (root->limit_tuples > 0)
		rows = Min(rows, root->limit_tuples);
	else if (root->tuple_fraction >= 1)
		rows = Min(rows, root->tuple_fraction);
	return Max(1, (int) rows);
}

static void
add_join_path(PlannerInfo *root, RelOptInfo *joinrel, JoinType jointype,
			  JoinPathExtraData *extra, Path *outer_path, ForeignPath *inner_path)
{
	static int last_id = 0;
	const DdbPlanning *planning = inner_path->path.parent->fdw_private;
	DdbChoice choice = *ddb_planning_choice(inner_path);
	PrefetchPath *prefetch = palloc0(sizeof(PrefetchPath));
	ParamPathInfo *info = inner_path->path.param_info;
	List *clauses =
		list_concat_copy(planning->base->baserestrictinfo, info->ppi_clauses);
	JoinCostWorkspace workspace;
	DdbAccess access;
	CustomPath *outer;
	ForeignPath *inner;

	if (!ddb_planning_access(planning, choice.schema, clauses, &access))
		return;
	last_id = last_id % INT_MAX + 1;
	prefetch->link.id = last_id;
	prefetch->max_rows = rows_ahead(planning, &access);
	choice.prefetch = &prefetch->link;
	outer = make_prefetch_path(outer_path, prefetch);
	inner =
		ddb_planning_path(planning, &access, &choice, NIL, info->ppi_req_outer);
	initial_cost_nestloop(root,
						  &workspace,
						  jointype,
						  &outer->path,
						  &inner->path,
						  extra);
	add_path(joinrel,
			 (Path *) create_nestloop_path(root,
										   joinrel,
										   jointype,
										   &workspace,
										   extra,
										   &outer->path,
										   &inner->path,
										   extra->restrictlist,
										   build_join_pathkeys(root,
															   joinrel,
															   jointype,
															   outer_path->pathkeys),
										   NULL));
}

/* Is the relation a foreign table of ours? */
static bool
is_ours(const RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL && rel->fdwroutine != NULL &&
		   rel->fdwroutine->GetForeignPaths == ddbGetForeignPaths &&
		   rel->fdw_private != NULL;
}

static void
offer_joins(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
			RelOptInfo *innerrel, JoinType jointype, JoinPathExtraData *extra)
{
	Path *outer_path = outerrel->cheapest_total_path;
	ListCell *cell;

	if (next_hook != NULL)
		next_hook(root, joinrel, outerrel, innerrel, jointype, extra);
	if (!is_ours(innerrel) || outer_path == NULL ||
		outer_path->param_info != NULL || root->hasPseudoConstantQuals ||
		!bms_is_empty(innerrel->lateral_relids))
		return;
	if (jointype == JOIN_UNIQUE_OUTER)
	{
		outer_path =
			(Path *) create_unique_path(root, outerrel, outer_path, extra->sjinfo);
		jointype = JOIN_INNER;
	}
	if (outer_path == NULL || (jointype != JOIN_INNER && jointype != JOIN_LEFT &&
							   jointype != JOIN_SEMI && jointype != JOIN_ANTI))
		return;
	foreach(cell, innerrel->pathlist)
	{
		Path *inner_path = lfirst(cell);

		if (IsA(inner_path, ForeignPath) && inner_path->param_info != NULL &&
			bms_is_subset(inner_path->param_info->ppi_req_outer, outerrel->relids))
			add_join_path(root,
						  joinrel,
						  jointype,
						  extra,
						  outer_path,
						  (ForeignPath *) inner_path);
	}
}

void
ddb_prefetch_path_init(void)
{
	next_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = offer_joins;
}
