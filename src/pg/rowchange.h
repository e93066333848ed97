/*
 * rowchange.h
 *		A row that is inserted, updated or deleted -> what becomes of its item.
 */
#ifndef DDB_ROWCHANGE_H
#define DDB_ROWCHANGE_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "itemwriter.h"
#include "writetarget.h"

typedef struct DdbRowChanger
{
	const DdbWriteTarget *target;
	MemoryContext context; /* where this is */
	EState *estate;
	DdbItemWriter *writer;

	/* of UPDATE and DELETE */
	AttrNumber item_attno; /* the item's column in the plan's rows */
	Bitmapset *assigned;   /* of UPDATE: the columns that it sets, and those
								 * generated from them */
	bool knows_assigned;
	const char **read; /* attributes that decide what is written */
	int nread;
	bool reads_item; /* all of the item's attributes do */
} DdbRowChanger;

/*
 * For rows of one statement; lives in CurrentMemoryContext. target is borrowed.
 * operation: INSERT also for rows that an UPDATE moves to another partition.
 * columns: attnos of those that decide what is written, as
 * ddbPlanForeignModify() has them.
 */
extern DdbRowChanger *ddb_row_changer_create(const DdbWriteTarget *target,
											 CmdType operation,
											 ModifyTableState *mtstate,
											 List *columns);

/*
 * Find out which columns an UPDATE sets, unless that is known. With the first
 * row, or to explain: while foreign modifies begin, the executor has yet to
 * prepare the generated columns, which it may do but once.
 */
extern void ddb_row_changer_learn_assigned(DdbRowChanger *changer,
										   ResultRelInfo *result);

/*
 * The changes live in CurrentMemoryContext, and point into slots and rows of the
 * plan. Errors are those of the item writer.
 */
extern DdbChange ddb_row_insert(const DdbRowChanger *changer,
								TupleTableSlot *slot);

/* Of an item that was made so before. */
extern DdbChange ddb_item_insert(const DdbRowChanger *changer, DdbItemText item);

/* *moved: the item has another key, so it is another item. */
extern DdbChange ddb_row_update(DdbRowChanger *changer, ResultRelInfo *result,
								TupleTableSlot *slot, TupleTableSlot *plan_slot,
								bool *moved);

extern DdbChange ddb_row_delete(const DdbRowChanger *changer,
								TupleTableSlot *plan_slot);

#endif /* DDB_ROWCHANGE_H */
