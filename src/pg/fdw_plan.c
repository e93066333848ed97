/*
 * fdw_plan.c
 *		The path that the planner has chosen, as a ForeignScan.
 *
 * The clauses are split once more, as they were for the path. What DynamoDB
 * answers exactly is not asked again, so it leaves plan.qual; it goes to
 * fdw_recheck_quals instead, for when the values turn out to be such that it
 * cannot be sent, and for EvalPlanQual.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"

#include "extras.h"
#include "fdw_plan.h"
#include "planning.h"

/*
 * Does the query take its rows straight from this relation, in the order in
 * which they come, so that LIMIT bounds what is read?
 */
static bool
limit_is_ours(const PlannerInfo *root, const ForeignPath *path)
{
	const Query *parse = root->parse;

	return bms_membership(root->all_baserels) == BMS_SINGLETON &&
		   bms_is_subset(root->all_baserels, path->path.parent->relids) &&
		   !parse->hasAggs && parse->groupClause == NIL &&
		   parse->groupingSets == NIL && parse->distinctClause == NIL &&
		   !parse->hasWindowFuncs && !parse->hasTargetSRFs &&
		   !root->hasHavingQual && parse->setOperations == NULL &&
		   pathkeys_contained_in(root->query_pathkeys, path->path.pathkeys);
}

static void
set_limit(const PlannerInfo *root, const ForeignPath *path, DdbPlan *plan)
{
	const Query *parse = root->parse;

	if (!limit_is_ours(root, path))
		return;
	/* EXISTS, and cursors that say how many rows they want. */
	if (root->tuple_fraction >= 1)
		plan->few = root->tuple_fraction;
	if (parse->limitCount == NULL || parse->limitOption != LIMIT_OPTION_COUNT ||
		contain_volatile_functions(parse->limitCount) ||
		contain_volatile_functions(parse->limitOffset))
		return;
	plan->limit = (Expr *) parse->limitCount;
	plan->offset = (Expr *) parse->limitOffset;
}

static List *
columns_to_read(const DdbPlanning *planning, List *clauses)
{
	Bitmapset *needed = ddb_planning_columns(planning, clauses);
	List *columns = NIL;
	int attno = -1;

	while ((attno = bms_next_member(needed, attno)) >= 0)
		columns = lappend_int(columns, attno);
	return columns;
}

/*
 * May the clause be asked once more, of what columns alone tell, and before
 * others are? Those of a security barrier come first.
 */
static bool
can_ask_twice(const DdbPlanning *planning, const RestrictInfo *clause)
{
	Node *node = (Node *) clause->clause;
	Bitmapset *attrs = NULL;
	int first;

	pull_varattnos(node, planning->base->relid, &attrs);
	first = bms_next_member(attrs, -1) + FirstLowInvalidHeapAttributeNumber;
	return first > 0 && !contain_volatile_functions(node) &&
		   !contain_subplans(node) &&
		   clause->security_level <= planning->base->baserestrict_min_security;
}

/*
 * The clauses that DynamoDB answers. Those that are not exact are asked again in
 * any case, so here only where that makes no difference.
 */
static void
set_sent(const DdbPlanning *planning, const DdbAccess *access, DdbPlan *plan)
{
	Bitmapset *attrs = NULL;
	int bit = -1;
	ListCell *cell;

	foreach(cell, access->sent_clauses)
	{
		RestrictInfo *clause = lfirst_node(RestrictInfo, cell);

		if (list_member_ptr(access->exact_clauses, clause) ||
			can_ask_twice(planning, clause))
			plan->sent = lappend(plan->sent, clause->clause);
	}
	pull_varattnos((Node *) plan->sent, planning->base->relid, &attrs);
	while ((bit = bms_next_member(attrs, bit)) >= 0)
		plan->sent_columns =
			lappend_int(plan->sent_columns,
						bit + FirstLowInvalidHeapAttributeNumber);
}

static List *
add_attribute(List *attributes, const char *attribute)
{
	return attribute == NULL
			   ? attributes
			   : lappend(attributes, makeString(pstrdup(attribute)));
}

static bool
reads_whole_item(const DdbPlanning *planning, const List *columns)
{
	const ListCell *cell;

	foreach(cell, columns)
	{
		if (ddb_relation_column(planning->relation, lfirst_int(cell))->is_whole_item)
			return true;
	}
	return false;
}

/*
 * What a column of the whole item shows of it, where the table is an index;
 * NIL: all. Attributes that are asked for by name are there in any case.
 */
static List *
projected_attributes(const DdbPlanning *planning, const List *columns)
{
	const DdbKeySchema *home = planning->home;
	const DdbKeySchema *table = &planning->info->schemas[0];
	List *attributes = NIL;

	if (home->projects_all || !reads_whole_item(planning, columns))
		return NIL;
	attributes = add_attribute(attributes, table->partition);
	attributes = add_attribute(attributes, table->sort);
	attributes = add_attribute(attributes, home->partition);
	attributes = add_attribute(attributes, home->sort);
	for (int i = 0; i < home->nprojected; i++)
		attributes = add_attribute(attributes, home->projected[i]);
	return attributes;
}

static void
set_keys(const DdbPlanning *planning, const DdbKeySchema *schema, DdbPlan *plan)
{
	const DdbKeySchema *table = &planning->info->schemas[0];

	plan->item_key[0] = table->partition;
	plan->item_key[1] = table->sort;
	plan->key_names[0] = schema->partition;
	plan->key_names[1] = schema->sort;
	plan->key_types[0] = schema->partition_type;
	plan->key_types[1] = schema->sort_type;
}

/* Columns of other relations in conditions. */
static List *
add_outer_values(List *values, List *conds)
{
	ListCell *cell;

	foreach(cell, conds)
	{
		const DdbCond *cond = lfirst(cell);

		values = list_concat_unique(values,
									pull_var_clause((Node *) cond->value,
													PVC_INCLUDE_PLACEHOLDERS));
		values = add_outer_values(values, cond->args);
	}
	return values;
}

/*
 * The same column among those that a plan has. From 16 on the two may differ in
 * the outer joins that could have made it NULL, as for NestLoopParam.
 */
static Expr *
find_value(const Node *value, List *tlist)
{
	ListCell *cell;

	foreach(cell, tlist)
	{
		Expr *expr = lfirst_node(TargetEntry, cell)->expr;

		if (nodeTag(expr) != nodeTag(value))
			continue;
		if (IsA(value, Var) &&
			((const Var *) expr)->varno == ((const Var *) value)->varno &&
			((const Var *) expr)->varattno == ((const Var *) value)->varattno)
			return expr;
		if (IsA(value, PlaceHolderVar) &&
			((const PlaceHolderVar *) expr)->phid ==
				((const PlaceHolderVar *) value)->phid)
			return expr;
	}
	return NULL;
}

/*
 * Tell the node that reads ahead, whose plan is made already, which columns of
 * its rows the conditions need. Where one of them is worked out only above that
 * node, it just hands on its rows.
 */
static void
set_prefetch(DdbPlan *plan, const DdbPrefetchLink *link)
{
	List *values = add_outer_values(NIL, plan->partition);
	List *exprs = NIL;
	ListCell *cell;

	values = add_outer_values(values, plan->sort);
	values = add_outer_values(values, plan->filter);
	foreach(cell, values)
	{
		Expr *expr = find_value(lfirst(cell), link->outer->custom_scan_tlist);

		if (expr == NULL)
			return;
		exprs = lappend(exprs, copyObject(expr));
	}
	plan->prefetch_id = link->id;
	plan->outer_values = values;
	link->outer->custom_exprs = exprs;
}

/* How many items a Scan will go through before the query has its rows. */
static double
items_wanted(const DdbPlanning *planning, const DdbPlan *plan)
{
	double rows = plan->few;

	if (plan->limit != NULL)
		rows = planning->root->limit_tuples;
	if (rows <= 0)
		return planning->items;
	return Min(planning->items, rows / Max(plan->selectivity, 1e-6));
}

static DdbPlan *
make_plan(const DdbPlanning *planning, const ForeignPath *path,
		  const DdbAccess *access, List *clauses)
{
	const DdbChoice *choice = ddb_planning_choice(path);
	DdbPlan *plan = palloc0(sizeof(DdbPlan));
	double read;

	plan->kind = access->kind;
	plan->index = access->schema->index;
	set_keys(planning, access->schema, plan);
	plan->pairs = access->pairs;
	plan->partition = access->partition;
	plan->sort = access->sort;
	plan->filter = access->filter;
	plan->backward = choice->backward;
	plan->ordered = path->path.pathkeys != NIL;
	plan->count_only = choice->count;
	plan->consistent = ddb_planning_consistent(planning, access);
	plan->keep_item = planning->keep_item;
	plan->whole_item = planning->whole_item;
	plan->columns = columns_to_read(planning, clauses);
	set_sent(planning, access, plan);
	plan->projected = projected_attributes(planning, plan->columns);
	if (choice->prefetch != NULL)
		set_prefetch(plan, choice->prefetch);
	if (!choice->count)
		set_limit(planning->root, path, plan);
	read = planning->items * clauselist_selectivity(planning->root,
													access->key_clauses,
													planning->base->relid,
													JOIN_INNER,
													NULL);
	plan->selectivity = Min(1, path->path.rows / Max(1, read));
	if (access->kind == DDB_READ_SCAN)
		plan->segments =
			ddb_planning_segments(planning, items_wanted(planning, plan));
	return plan;
}

/* SELECT count(*): no relation is scanned as far as the executor knows. */
static ForeignScan *
make_count_scan(const DdbPlanning *planning, const ForeignPath *path, List *tlist)
{
	const PlannerInfo *root = planning->root;
	List *clauses = planning->base->baserestrictinfo;
	List *exprs = NIL;
	DdbAccess access;
	List *fdw_private;
	List *scan_tlist;

	(void) ddb_planning_access(planning,
							   ddb_planning_choice(path)->schema,
							   clauses,
							   &access);
	fdw_private =
		ddb_plan_encode(make_plan(planning, path, &access, clauses), &exprs);
	/* The columns are for what the transaction has written: we count that. */
	scan_tlist = ddb_extras_columns(planning->base->relid, planning->relation);
	scan_tlist =
		add_to_flat_tlist(scan_tlist,
						  ddb_planning_aggregates(root, path->path.pathtarget));
	return make_foreignscan(tlist,
							(List *) root->parse->havingQual,
							0,
							exprs,
							fdw_private,
							scan_tlist,
							extract_actual_clauses(access.exact_clauses, false),
							NULL);
}

ForeignScan *
ddbGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid foreigntableid,
				  ForeignPath *best_path, List *tlist, List *scan_clauses,
				  Plan *outer_plan)
{
	const DdbPlanning *planning = rel->fdw_private;
	const DdbChoice *choice = ddb_planning_choice(best_path);
	List *exprs = NIL;
	List *scan_tlist = NIL;
	List *fdw_private;
	List *quals;
	DdbAccess access;

	if (choice->count)
		return make_count_scan(planning, best_path, tlist);
	(void) ddb_planning_access(planning, choice->schema, scan_clauses, &access);
	fdw_private =
		ddb_plan_encode(make_plan(planning, best_path, &access, scan_clauses),
						&exprs);
	quals = extract_actual_clauses(access.local_clauses, false);
	if (planning->keep_item)
		scan_tlist = ddb_extras_tlist(rel, planning->relation, tlist, quals);
	return make_foreignscan(tlist,
							quals,
							rel->relid,
							exprs,
							fdw_private,
							scan_tlist,
							extract_actual_clauses(access.exact_clauses, false),
							outer_plan);
}
