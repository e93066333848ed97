/*
 * newrow.h
 *		The row that INSERT or UPDATE has made, as RETURNING, triggers and views
 *		see it.
 *
 * It is the row that was given, and a column of the whole item besides: what
 * that is, only the item that was made of the row tells.
 */
#ifndef DDB_NEWROW_H
#define DDB_NEWROW_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "itemwriter.h"
#include "writetarget.h"

typedef struct DdbNewRow DdbNewRow;

/*
 * For rows of a foreign table; in CurrentMemoryContext, its slot in estate. NULL:
 * the table has no column of the whole item, so that rows are as given.
 */
extern DdbNewRow *ddb_new_row_create(const DdbWriteTarget *target,
									 ResultRelInfo *result, EState *estate);

/*
 * slot with columns of the whole item filled in, in a slot that is good until
 * the next one or until slot is cleared. Allocates in CurrentMemoryContext.
 */
extern TupleTableSlot *ddb_new_row_show(DdbNewRow *row, TupleTableSlot *slot,
										DdbItemText item);

#endif /* DDB_NEWROW_H */
