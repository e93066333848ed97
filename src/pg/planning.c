/*
 * planning.c
 *		What the planner knows of a foreign table, and paths made of it.
 *
 * Costs are in the planner's units, of which one is about 10 microseconds. What
 * a read costs is round trips, which take their time one after another, and
 * read units, which are paid for; rows are cheap beside both.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "utils/rel.h"

#include "compat.h"
#include "description.h"
#include "extras.h"
#include "guc.h"
#include "planning.h"
#include "session.h"

/* One request and its answer, over a network that is not far. */
#define ROUND_TRIP_COST 100.0

/* One read unit; at 1.0 a Scan of 8 MB costs as much as 10 round trips. */
#define READ_UNIT_COST 1.0

/*
 * How many items a Query reads is a guess, how many a whole key has is not. So
 * a Query that seems to be as good is not.
 */
#define QUERY_RISK_COST 2.0

/* To decode one item, beside cpu_tuple_cost. */
#define ITEM_COST 0.02

/* Developer Guide, "Read and write operations": a page, a read unit */
#define PAGE_BYTES 1048576.0
#define UNIT_BYTES 4096.0

/*
 * DescribeTable tells what was true hours ago, so a table is taken to be larger
 * than it says, unless ANALYZE has seen it.
 */
#define LEAST_ITEMS 1000.0
#define DEFAULT_ITEM_BYTES 256.0

/* More would be small change for DynamoDB and many requests for us. */
#define SEGMENTS_PER_CONNECTION 4

/* The schema of index_name, or the table's own. */
static const DdbKeySchema *
find_home(const DdbRelation *relation, const DdbTableInfo *info)
{
	if (relation->index == NULL)
		return &info->schemas[0];
	for (int i = 0; i < info->nschemas; i++)
	{
		const char *index = info->schemas[i].index;

		if (index != NULL && strcmp(index, relation->index) == 0)
			return &info->schemas[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
			 errmsg("table \"%s\" of DynamoDB has no index \"%s\"",
					relation->table,
					relation->index),
			 errhint("Change the option index_name of foreign table \"%s\".",
					 relation->name)));
}

/* How many items there are: by ANALYZE, else by DynamoDB, else a guess. */
static void
estimate_size(DdbPlanning *planning)
{
	const DdbKeySchema *home = planning->home;
	double bytes = home->size_bytes;

	if (planning->base->tuples >= 1)
		planning->items = planning->base->tuples;
	else
		planning->items = Max(home->item_count, LEAST_ITEMS);
	planning->item_bytes = DEFAULT_ITEM_BYTES;
	if (home->item_count > 0 && bytes > 0)
		planning->item_bytes = Max(1, bytes / home->item_count);
}

DdbPlanning *
ddb_planning_create(PlannerInfo *root, RelOptInfo *base, Oid relid)
{
	DdbPlanning *planning = palloc0(sizeof(DdbPlanning));
	Oid user = OidIsValid(base->userid) ? base->userid : GetUserId();
	DdbSession *session =
		ddb_session_open_for(CurrentMemoryContext, base->serverid, user);
	const DdbOptions *options = ddb_session_options(session);
	/* The planner has locked it. */
	Relation relation = table_open(relid, NoLock);

	planning->root = root;
	planning->base = base;
	planning->relation = ddb_relation_load(relation, options);
	planning->keep_item = ddb_extras_wanted(base);
	planning->whole_item = ddb_extras_want_all(root, base);
	table_close(relation, NoLock);
	planning->max_connections = options->max_connections;
	planning->info = ddb_description_load(session, planning->relation);
	planning->home = find_home(planning->relation, planning->info);
	estimate_size(planning);
	return planning;
}

/* A path is never copied, so its private list may hold what is no node. */
static List *
keep_choice(const DdbChoice *choice)
{
	DdbChoice *kept = palloc(sizeof(DdbChoice));

	*kept = *choice;
	return list_make1(kept);
}

const DdbChoice *
ddb_planning_choice(const ForeignPath *path)
{
	return linitial(path->fdw_private);
}

DdbQuals
ddb_planning_quals(const DdbPlanning *planning)
{
	return (DdbQuals){.root = planning->root,
					  .relation = planning->relation,
					  .relid = planning->base->relid};
}

/* Every column that an item has, for a whole row. */
static Bitmapset *
all_columns(const DdbRelation *relation)
{
	Bitmapset *columns = NULL;

	for (int i = 0; i < relation->ncolumns; i++)
	{
		if (relation->columns[i].in_item)
			columns = bms_add_member(columns, relation->columns[i].attno);
	}
	return columns;
}

Bitmapset *
ddb_planning_columns(const DdbPlanning *planning, List *clauses)
{
	Index relid = planning->base->relid;
	Bitmapset *attrs = NULL;
	Bitmapset *columns = NULL;
	int bit = -1;

	pull_varattnos((Node *) planning->base->reltarget->exprs, relid, &attrs);
	pull_varattnos((Node *) extract_actual_clauses(clauses, false), relid, &attrs);
	while ((bit = bms_next_member(attrs, bit)) >= 0)
	{
		int attno = bit + FirstLowInvalidHeapAttributeNumber;

		if (attno == 0)
			return all_columns(planning->relation);
		/* System columns are not ours. */
		if (attno > 0)
			columns = bms_add_member(columns, attno);
	}
	return columns;
}

bool
ddb_planning_access(const DdbPlanning *planning, int schema, List *clauses,
					DdbAccess *access)
{
	DdbQuals quals = ddb_planning_quals(planning);
	Bitmapset *columns;

	if (!ddb_guc_enable_pushdown)
	{
		ddb_access_without_pushdown(planning->home, clauses, access);
		return schema < 0;
	}
	if (schema < 0)
	{
		ddb_access_by_scan(&quals, planning->home, clauses, access);
		return true;
	}
	/* A relation that is an index has no other way. */
	if (planning->relation->index != NULL &&
		&planning->info->schemas[schema] != planning->home)
		return false;
	columns = ddb_planning_columns(planning, clauses);
	if (planning->whole_item)
		columns = bms_add_member(columns, 0);
	return ddb_access_by_key(&quals,
							 planning->info,
							 &planning->info->schemas[schema],
							 clauses,
							 columns,
							 access);
}

bool
ddb_planning_consistent(const DdbPlanning *planning, const DdbAccess *access)
{
	return (planning->relation->consistent || planning->keep_item) &&
		   access->schema->kind != DDB_SCHEMA_GLOBAL;
}

int
ddb_planning_segments(const DdbPlanning *planning, double items)
{
	double pages = ceil(items * planning->item_bytes / PAGE_BYTES);
	int connections = planning->max_connections;

	/* What the option says, unless it is known that a page is enough. */
	if (planning->relation->segments > 0 &&
		(items >= planning->items || pages > 1))
		return planning->relation->segments;
	if (pages <= connections)
		return Max(1, pages);
	/* As many for each connection, so that none is left over in the end. */
	return connections * Min(ceil(pages / connections), SEGMENTS_PER_CONNECTION);
}

/* How many items DynamoDB goes through. */
static double
items_read(const DdbPlanning *planning, const DdbAccess *access)
{
	double items;

	if (access->kind == DDB_READ_SCAN)
		return planning->items;
	items = planning->items * clauselist_selectivity(planning->root,
													 access->key_clauses,
													 planning->base->relid,
													 JOIN_INNER,
													 NULL);
	/* Of a whole key there is one item. */
	if (access->kind == DDB_READ_BATCH)
		return ddb_access_count_reads(planning->root, access);
	return clamp_row_est(items);
}

/* How many requests follow one another. */
static double
round_trips(const DdbPlanning *planning, const DdbAccess *access, double items)
{
	double pages = ceil(items * planning->item_bytes / PAGE_BYTES);
	double reads;

	switch (access->kind)
	{
		case DDB_READ_SCAN:
			reads = ddb_planning_segments(planning, planning->items);
			break;
		case DDB_READ_QUERY:
			reads = ddb_access_count_reads(planning->root, access);
			break;
		default:
			reads = ceil(items / DDB_BATCH_MAX_KEYS);
			break;
	}
	return ceil(Max(pages, reads) / Min(reads, planning->max_connections));
}

/* What it costs to let DynamoDB go through the items. */
static Cost
read_cost(const DdbPlanning *planning, const DdbAccess *access, double items)
{
	double units = items * planning->item_bytes / UNIT_BYTES;

	if (access->kind == DDB_READ_BATCH)
		units = Max(units, items);
	if (!ddb_planning_consistent(planning, access))
		units /= 2;
	return ROUND_TRIP_COST * round_trips(planning, access, items) +
		   READ_UNIT_COST * units +
		   (access->kind == DDB_READ_QUERY ? QUERY_RISK_COST : 0);
}

/* How many items pass the filter that DynamoDB applies. */
static double
items_returned(const DdbPlanning *planning, const DdbAccess *access, double items)
{
	List *sent = list_difference_ptr(access->exact_clauses, access->key_clauses);

	return clamp_row_est(items * clauselist_selectivity(planning->root,
														sent,
														planning->base->relid,
														JOIN_INNER,
														NULL));
}

/* Where there is another way, a setting may rule a Scan out. */
static bool
is_forbidden(const DdbAccess *access)
{
	return access->kind == DDB_READ_SCAN &&
		   ddb_guc_full_scan == DDB_FULL_SCAN_FORBID;
}

/*
 * How much of a round trip a prefetch saves: keys share a request, Queries run
 * side by side.
 */
static double
shared_part(const DdbPlanning *planning, const DdbAccess *access)
{
	double sharing = access->kind == DDB_READ_BATCH ? DDB_BATCH_MAX_KEYS
													: planning->max_connections;

	return 1 - 1 / sharing;
}

ForeignPath *
ddb_planning_path(const DdbPlanning *planning, const DdbAccess *access,
				  const DdbChoice *choice, List *pathkeys, Relids required_outer)
{
	PlannerInfo *root = planning->root;
	RelOptInfo *base = planning->base;
	double items = items_read(planning, access);
	double returned = items_returned(planning, access, items);
	DdbPathShape shape = {.rows = base->rows, .pathkeys = pathkeys};
	QualCost local;

	if (required_outer != NULL)
		shape.rows =
			get_baserel_parampathinfo(root, base, required_outer)->ppi_rows;
	if (access->kind == DDB_READ_BATCH)
		shape.rows = Min(shape.rows, items);
	cost_qual_eval(&local, access->local_clauses, root);
	shape.startup_cost =
		ROUND_TRIP_COST + local.startup + base->reltarget->cost.startup;
	shape.total_cost = shape.startup_cost - ROUND_TRIP_COST +
					   read_cost(planning, access, items) +
					   (ITEM_COST + cpu_tuple_cost + local.per_tuple) * returned +
					   base->reltarget->cost.per_tuple * shape.rows;
	if (choice->prefetch != NULL)
	{
		Cost saved = ROUND_TRIP_COST * shared_part(planning, access);

		shape.startup_cost -= saved;
		shape.total_cost -= saved;
	}
	shape.disabled = is_forbidden(access);
	shape.fdw_private = keep_choice(choice);
	return ddb_compat_scan_path(root, base, required_outer, &shape);
}

List *
ddb_planning_aggregates(const PlannerInfo *root, const PathTarget *target)
{
	List *nodes =
		pull_var_clause((Node *) target->exprs,
						PVC_INCLUDE_AGGREGATES | PVC_RECURSE_PLACEHOLDERS);

	return list_concat(nodes,
					   pull_var_clause(root->parse->havingQual,
									   PVC_INCLUDE_AGGREGATES |
										   PVC_RECURSE_PLACEHOLDERS));
}

ForeignPath *
ddb_planning_count_path(const DdbPlanning *planning, const DdbAccess *access,
						int schema, RelOptInfo *rel, PathTarget *target)
{
	DdbChoice choice = {.schema = schema, .count = true};
	DdbPathShape shape = {.rows = 1, .disabled = is_forbidden(access)};

	shape.startup_cost =
		read_cost(planning, access, items_read(planning, access));
	shape.total_cost = shape.startup_cost;
	shape.fdw_private = keep_choice(&choice);
	return ddb_compat_upper_path(planning->root, rel, target, &shape);
}
