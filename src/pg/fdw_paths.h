/*
 * fdw_paths.h
 *		Sizes and paths of foreign tables, as FdwRoutine has them.
 */
#ifndef DDB_FDW_PATHS_H
#define DDB_FDW_PATHS_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern void ddbGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel,
								 Oid foreigntableid);
extern void ddbGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel,
							   Oid foreigntableid);

#endif /* DDB_FDW_PATHS_H */
