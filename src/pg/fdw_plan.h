/*
 * fdw_plan.h
 *		The path that the planner has chosen, as a ForeignScan.
 */
#ifndef DDB_FDW_PLAN_H
#define DDB_FDW_PLAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern ForeignScan *ddbGetForeignPlan(PlannerInfo *root, RelOptInfo *rel,
									  Oid foreigntableid,
									  ForeignPath *best_path, List *tlist,
									  List *scan_clauses, Plan *outer_plan);

#endif /* DDB_FDW_PLAN_H */
