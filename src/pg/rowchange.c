/*
 * rowchange.c
 *		A row that is inserted, updated or deleted -> what becomes of its item.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"

#include "compat.h"
#include "itemkey.h"
#include "plan.h"
#include "rowchange.h"

/* The attributes of these columns, each of them once. */
static void
set_read(DdbRowChanger *changer, List *attnos)
{
	ListCell *cell;

	changer->read = palloc_array(const char *, list_length(attnos) + 1);
	foreach(cell, attnos)
	{
		const char *attribute =
			ddb_relation_column(changer->target->relation, lfirst_int(cell))->attribute;
		int i = 0;

		changer->reads_item |= attribute == NULL;
		if (attribute == NULL)
			continue;
		while (i < changer->nread && strcmp(changer->read[i], attribute) != 0)
			i++;
		changer->read[i] = attribute;
		changer->nread = Max(changer->nread, i + 1);
	}
}

DdbRowChanger *
ddb_row_changer_create(const DdbWriteTarget *target, CmdType operation,
					   ModifyTableState *mtstate, List *columns)
{
	DdbRowChanger *changer = palloc0(sizeof(DdbRowChanger));

	changer->target = target;
	changer->context = CurrentMemoryContext;
	changer->estate = mtstate->ps.state;
	changer->writer = ddb_item_writer_create(target->relation, &target->table);
	set_read(changer, columns);
	if (operation == CMD_UPDATE || operation == CMD_DELETE)
		changer->item_attno =
			ExecFindJunkAttributeInTlist(outerPlanState(mtstate)->plan->targetlist,
										 DDB_ITEM_NAME);
	return changer;
}

void
ddb_row_changer_learn_assigned(DdbRowChanger *changer, ResultRelInfo *result)
{
	MemoryContext caller;
	Bitmapset *updated;
	int bit = -1;

	if (changer->knows_assigned)
		return;
	caller = MemoryContextSwitchTo(changer->context);
	updated = ExecGetAllUpdatedCols(result, changer->estate);
	while ((bit = bms_next_member(updated, bit)) >= 0)
	{
		int attno = bit + FirstLowInvalidHeapAttributeNumber;

		if (attno > 0 &&
			ddb_relation_column(changer->target->relation, attno)->in_item)
			changer->assigned = bms_add_member(changer->assigned, attno);
	}
	changer->knows_assigned = true;
	MemoryContextSwitchTo(caller);
}

DdbChange
ddb_item_insert(const DdbRowChanger *changer, DdbItemText item)
{
	bool replace = changer->target->relation->replace;

	return (DdbChange){.kind = replace ? DDB_CHANGE_REPLACE : DDB_CHANGE_INSERT,
					   .item = item.text,
					   .item_len = item.len};
}

DdbChange
ddb_row_insert(const DdbRowChanger *changer, TupleTableSlot *slot)
{
	DdbRow row;

	slot_getallattrs(slot);
	row = (DdbRow){.values = slot->tts_values, .isnull = slot->tts_isnull};
	return ddb_item_insert(changer, ddb_item_write_new(changer->writer, &row));
}

/* The item that the row was read from. */
static DdbItemText
base_item(const DdbRowChanger *changer, TupleTableSlot *plan_slot)
{
	bool isnull;
	Datum datum = ExecGetJunkAttribute(plan_slot, changer->item_attno, &isnull);
	const bytea *item;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("the item of a row is missing")));
	item = DatumGetByteaPP(datum);
	return (DdbItemText){.text = VARDATA_ANY(item),
						 .len = VARSIZE_ANY_EXHDR(item)};
}

/* All attributes that the item has. */
static void
read_item(DdbChange *change)
{
	const DdbImage *image = ddb_itemkey_parse(change->base, change->base_len);

	change->read = ddb_itemkey_names(image);
	change->nread = image->nattributes;
}

/* The change of an item that was read; in CurrentMemoryContext. */
static DdbChange
change_of(const DdbRowChanger *changer, DdbChangeKind kind,
		  TupleTableSlot *plan_slot)
{
	DdbItemText base = base_item(changer, plan_slot);
	DdbChange change = {.kind = kind,
						.base = base.text,
						.base_len = base.len,
						.read = changer->read,
						.nread = changer->nread};

	if (changer->reads_item)
		read_item(&change);
	return change;
}

/* Put the row's new item into the change. True: it has another key. */
static bool
write_changed(const DdbRowChanger *changer, const ResultRelInfo *result,
			  TupleTableSlot *slot, DdbChange *change)
{
	TupleTableSlot *old = result->ri_oldTupleSlot;
	DdbItemText item;
	DdbRow before;
	DdbRow after;
	bool key_changed;

	slot_getallattrs(old);
	slot_getallattrs(slot);
	before = (DdbRow){.values = old->tts_values, .isnull = old->tts_isnull};
	after = (DdbRow){.values = slot->tts_values, .isnull = slot->tts_isnull};
	item = ddb_item_write_changed(changer->writer,
								  (DdbItemText){.text = change->base,
												.len = change->base_len},
								  &before,
								  &after,
								  changer->assigned,
								  &key_changed);
	change->item = item.text;
	change->item_len = item.len;
	return key_changed;
}

DdbChange
ddb_row_update(DdbRowChanger *changer, ResultRelInfo *result,
			   TupleTableSlot *slot, TupleTableSlot *plan_slot, bool *moved)
{
	DdbChange change = change_of(changer, DDB_CHANGE_UPDATE, plan_slot);

	ddb_row_changer_learn_assigned(changer, result);
	*moved = write_changed(changer, result, slot, &change);
	return change;
}

DdbChange
ddb_row_delete(const DdbRowChanger *changer, TupleTableSlot *plan_slot)
{
	return change_of(changer, DDB_CHANGE_DELETE, plan_slot);
}
