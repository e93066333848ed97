/*
 * fdw_truncate.h
 *		TRUNCATE of foreign tables.
 */
#ifndef DDB_FDW_TRUNCATE_H
#define DDB_FDW_TRUNCATE_H

#include "postgres.h"

#include "foreign/fdwapi.h"

/* Errors: 55000 for one that is not updatable; those of a Scan and of writes. */
extern void ddbExecForeignTruncate(List *rels, DropBehavior behavior,
								   bool restart_seqs);

#endif /* DDB_FDW_TRUNCATE_H */
