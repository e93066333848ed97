/*
 * modify_plan.h
 *		What INSERT, UPDATE and DELETE of a foreign table need of their plan.
 */
#ifndef DDB_MODIFY_PLAN_H
#define DDB_MODIFY_PLAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

/* The junk column of a row to be deleted of which RETURNING may have any part. */
#define DDB_ROW_NAME "cruddur_ddb_row"

/*
 * Have the scan give each row's item, DDB_ITEM_NAME; and the row before it is
 * deleted, where that is asked for: for RETURNING as DDB_ROW_NAME.
 */
extern void ddbAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
									   RangeTblEntry *target_rte,
									   Relation target_relation);

/*
 * Of UPDATE and DELETE: a list of the columns (attnos, as integers) on whose
 * values it depends what is written, besides those that are assigned.
 */
extern List *ddbPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
								  Index resultRelation, int subplan_index);

#endif /* DDB_MODIFY_PLAN_H */
