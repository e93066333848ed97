/*
 * planning.h
 *		What the planner knows of a foreign table, and paths made of it.
 */
#ifndef DDB_PLANNING_H
#define DDB_PLANNING_H

#include "postgres.h"

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

#include "access.h"

/* RelOptInfo.fdw_private of a foreign table, and of a count(*) over one. */
typedef struct DdbPlanning
{
	PlannerInfo *root;
	RelOptInfo *base; /* the foreign table's */
	DdbRelation *relation;
	const DdbTableInfo *info;
	const DdbKeySchema *home; /* the table's own schema, or index_name's */
	bool keep_item;           /* as in DdbPlan */
	bool whole_item;
	int max_connections;
	double items; /* of home, as far as we know; 1 or more */
	double item_bytes;
} DdbPlanning;

/*
 * Between the outer and the inner side of a nested loop while plans are made of
 * paths. The outer side's comes first.
 */
typedef struct DdbPrefetchLink
{
	int id; /* by which the two find each other in the executor */
	CustomScan *outer;
} DdbPrefetchLink;

/* What a path of ours says of itself, in Path.fdw_private. */
typedef struct DdbChoice
{
	int schema;                /* index among info->schemas; -1: Scan of home */
	bool backward;             /* sort key descending */
	bool count;                /* only the number of items */
	DdbPrefetchLink *prefetch; /* what feeds it; NULL: nothing */
} DdbChoice;

/*
 * For a foreign table that the query is about. Asks DynamoDB for the table's
 * description unless it is known. Errors: those of the options, 42P01-like
 * HV00R where there is no such table or index.
 */
extern DdbPlanning *ddb_planning_create(PlannerInfo *root, RelOptInfo *base,
										Oid relid);

/* Of a path that is one of ours. */
extern const DdbChoice *ddb_planning_choice(const ForeignPath *path);

extern DdbQuals ddb_planning_quals(const DdbPlanning *planning);

/* The columns that the clauses (RestrictInfo) and those above need. */
extern Bitmapset *ddb_planning_columns(const DdbPlanning *planning,
									   List *clauses);

/*
 * The clauses split for one way to read; false: it is no way for them. schema
 * as in DdbChoice.
 */
extern bool ddb_planning_access(const DdbPlanning *planning, int schema,
								List *clauses, DdbAccess *access);

/* Are its reads consistent? What is to be changed should be as it is now. */
extern bool ddb_planning_consistent(const DdbPlanning *planning,
									const DdbAccess *access);

/*
 * How many segments a Scan of it has that goes through so many items; 1: it is
 * not split.
 */
extern int ddb_planning_segments(const DdbPlanning *planning, double items);

/*
 * The path for an access, its costs worked out; not added to the relation.
 * required_outer: relations whose values it needs.
 */
extern ForeignPath *ddb_planning_path(const DdbPlanning *planning,
									  const DdbAccess *access,
									  const DdbChoice *choice, List *pathkeys,
									  Relids required_outer);

/* The aggregates in what is asked of all rows, HAVING included. */
extern List *ddb_planning_aggregates(const PlannerInfo *root,
									 const PathTarget *target);

/* The path that counts the items of an access; not added to rel. */
extern ForeignPath *ddb_planning_count_path(const DdbPlanning *planning,
											const DdbAccess *access, int schema,
											RelOptInfo *rel, PathTarget *target);

#endif /* DDB_PLANNING_H */
