/*
 * fdw_count.h
 *		SELECT count(*), where DynamoDB can count.
 */
#ifndef DDB_FDW_COUNT_H
#define DDB_FDW_COUNT_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern void ddbGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
									RelOptInfo *input_rel,
									RelOptInfo *output_rel, void *extra);

#endif /* DDB_FDW_COUNT_H */
