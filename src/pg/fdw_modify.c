/*
 * fdw_modify.c
 *		Execution of INSERT, UPDATE and DELETE of a foreign table, and of COPY
 *		and partition routing into it.
 *
 * A row becomes an item, and the item a change; when and how that is sent is
 * not known here. What a row needs lives until the next one.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "changes.h"
#include "compat.h"
#include "fdw_modify.h"
#include "guc.h"
#include "itemwriter.h"
#include "newrow.h"
#include "plan.h"
#include "report.h"
#include "writetarget.h"

/* ResultRelInfo.ri_FdwState */
typedef struct DdbModify
{
	const DdbWriteTarget *target;
	DdbChanges *changes;
	DdbItemWriter *writer;
	DdbNewRow *new_row; /* NULL: it is the row that we were given */
	bool skip_existing; /* ON CONFLICT DO NOTHING */
	MemoryContext row_cxt;

	/* of UPDATE and DELETE */
	AttrNumber item_attno; /* the item's column in the plan's rows */
	const char **read;     /* attributes that decide what is written */
	int nread;
	bool reads_item;     /* all of the item does */
	Bitmapset *assigned; /* of UPDATE: attnos */
} DdbModify;

int
ddbIsForeignRelUpdatable(Relation rel)
{
	if (!ddb_write_target_updatable(rel))
		return 0;
	return 1 << CMD_INSERT | 1 << CMD_UPDATE | 1 << CMD_DELETE;
}

/* COPY keeps its command id to itself. */
static CommandId
command_id(const ModifyTableState *mtstate)
{
	return mtstate->ps.plan == NULL ? GetCurrentCommandId(true)
									: mtstate->ps.state->es_output_cid;
}

/*
 * ON CONFLICT with a unique index or constraint does not come here: foreign
 * tables have none, and neither have partitioned tables with such partitions.
 */
static bool
skips_existing(const ModifyTableState *mtstate)
{
	const ModifyTable *plan = (const ModifyTable *) mtstate->ps.plan;

	return plan != NULL && plan->onConflictAction == ONCONFLICT_NOTHING;
}

/* Of a statement that writes to this relation; in the query's memory. */
static DdbModify *
create_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	EState *estate = mtstate->ps.state;
	MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
	DdbModify *modify = palloc0(sizeof(DdbModify));
	DdbWriteTarget *target =
		ddb_write_target_open(rinfo->ri_RelationDesc,
							  ddb_compat_modify_user(rinfo, estate));

	modify->target = target;
	modify->changes = ddb_changes_begin(estate->es_query_cxt,
										target->session,
										&target->table,
										command_id(mtstate),
										false);
	modify->writer = ddb_item_writer_create(target->relation, &target->table);
	modify->new_row = ddb_new_row_create(target, rinfo, estate);
	modify->skip_existing = skips_existing(mtstate);
	modify->row_cxt = AllocSetContextCreate(estate->es_query_cxt,
											"cruddur_ddb written row",
											ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(caller);
	return modify;
}

/* The attributes of these columns, each of them once. */
static void
set_read(DdbModify *modify, List *attnos)
{
	ListCell *cell;

	modify->read = palloc_array(const char *, list_length(attnos) + 1);
	foreach(cell, attnos)
	{
		const char *attribute =
			ddb_relation_column(modify->target->relation, lfirst_int(cell))->attribute;
		int i = 0;

		modify->reads_item |= attribute == NULL;
		if (attribute == NULL)
			continue;
		while (i < modify->nread && strcmp(modify->read[i], attribute) != 0)
			i++;
		modify->read[i] = attribute;
		modify->nread = Max(modify->nread, i + 1);
	}
}

/* The columns that UPDATE assigns, and those generated from them. */
static Bitmapset *
assigned_columns(ResultRelInfo *rinfo, EState *estate)
{
	Bitmapset *updated = ExecGetAllUpdatedCols(rinfo, estate);
	Bitmapset *columns = NULL;
	int bit = -1;

	while ((bit = bms_next_member(updated, bit)) >= 0)
	{
		int attno = bit + FirstLowInvalidHeapAttributeNumber;

		if (attno > 0)
			columns = bms_add_member(columns, attno);
	}
	return columns;
}

void
ddbBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
					  List *fdw_private, int subplan_index, int eflags)
{
	DdbModify *modify;

	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modify = create_modify(mtstate, rinfo);
	rinfo->ri_FdwState = modify;
	if (mtstate->operation == CMD_INSERT)
		return;
	modify->item_attno =
		ExecFindJunkAttributeInTlist(outerPlanState(mtstate)->plan->targetlist,
									 DDB_ITEM_NAME);
	set_read(modify, fdw_private);
	if (mtstate->operation == CMD_UPDATE)
		modify->assigned = assigned_columns(rinfo, mtstate->ps.state);
}

/*
 * A statement never changes what it has written itself. Where rows that it has
 * moved here were sent at once, its scan would find them.
 */
void
ddbBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	if (rinfo->ri_FdwState == NULL)
		rinfo->ri_FdwState = create_modify(mtstate, rinfo);
	else if (ddb_guc_write_mode == DDB_WRITE_IMMEDIATE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot move rows into foreign table \"%s\", which the "
						"same statement updates",
						RelationGetRelationName(rinfo->ri_RelationDesc)),
				 errhint("Set cruddur_ddb.write_mode to \"transaction\".")));
}

/* What this row's item shall be; in CurrentMemoryContext. */
static DdbChange
insertion(DdbModify *modify, TupleTableSlot *slot)
{
	DdbItemText item;
	DdbRow row;

	slot_getallattrs(slot);
	row = (DdbRow){.values = slot->tts_values, .isnull = slot->tts_isnull};
	item = ddb_item_write_new(modify->writer, &row);
	return (DdbChange){.kind = modify->target->relation->replace
								   ? DDB_CHANGE_REPLACE
								   : DDB_CHANGE_INSERT,
					   .item = item.text,
					   .item_len = item.len};
}

/* The row as whoever asks for it shall see it. */
static TupleTableSlot *
show_row(DdbModify *modify, ResultRelInfo *rinfo, TupleTableSlot *slot,
		 const DdbChange *change)
{
	const TriggerDesc *triggers = rinfo->ri_TrigDesc;

	if (modify->new_row == NULL)
		return slot;
	if (rinfo->ri_projectReturning == NULL && rinfo->ri_WithCheckOptions == NIL &&
		(triggers == NULL ||
		 !(triggers->trig_insert_after_row || triggers->trig_update_after_row)))
		return slot;
	return ddb_new_row_show(modify->new_row,
							slot,
							(DdbItemText){.text = change->item,
										  .len = change->item_len});
}

/*
 * Core moves rows between partitions, but not out of one that is foreign; there
 * it would stay where no query looks for it.
 */
static void
check_partition(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot)
{
	if (rinfo->ri_RelationDesc->rd_rel->relispartition)
		(void) ExecPartitionCheck(rinfo, slot, estate, true);
}

static MemoryContext
begin_row(DdbModify *modify)
{
	MemoryContextReset(modify->row_cxt);
	return MemoryContextSwitchTo(modify->row_cxt);
}

TupleTableSlot *
ddbExecForeignInsert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *planSlot)
{
	DdbModify *modify = rinfo->ri_FdwState;
	MemoryContext caller = begin_row(modify);
	DdbChange change = insertion(modify, slot);
	bool added;

	check_partition(estate, rinfo, slot);
	if (modify->skip_existing)
		ddb_changes_add_new(modify->changes, &change, 1, &added);
	else
		added = ddb_changes_add(modify->changes, &change);
	slot = added ? show_row(modify, rinfo, slot, &change) : NULL;
	MemoryContextSwitchTo(caller);
	return slot;
}

/* Only with ON CONFLICT DO NOTHING. */
TupleTableSlot **
ddbExecForeignBatchInsert(EState *estate, ResultRelInfo *rinfo,
						  TupleTableSlot **slots, TupleTableSlot **planSlots,
						  int *numSlots)
{
	DdbModify *modify = rinfo->ri_FdwState;
	MemoryContext caller = begin_row(modify);
	DdbChange *changes = palloc_array(DdbChange, *numSlots);
	bool *added = palloc_array(bool, *numSlots);
	int nadded = 0;

	for (int i = 0; i < *numSlots; i++)
	{
		check_partition(estate, rinfo, slots[i]);
		changes[i] = insertion(modify, slots[i]);
	}
	ddb_changes_add_new(modify->changes, changes, *numSlots, added);
	for (int i = 0; i < *numSlots; i++)
		nadded += added[i];
	MemoryContextSwitchTo(caller);
	/* Nobody looks at the rows themselves, or we were given one at a time. */
	*numSlots = nadded;
	return slots;
}

/*
 * ON CONFLICT DO NOTHING has to know which items there are, for which it asks
 * best for many at once.
 */
int
ddbGetForeignModifyBatchSize(ResultRelInfo *rinfo)
{
	const DdbModify *modify = rinfo->ri_FdwState;
	const TriggerDesc *triggers = rinfo->ri_TrigDesc;

	if (modify == NULL || !modify->skip_existing ||
		rinfo->ri_projectReturning != NULL || rinfo->ri_WithCheckOptions != NIL)
		return 1;
	if (triggers != NULL &&
		(triggers->trig_insert_before_row || triggers->trig_insert_after_row))
		return 1;
	return DDB_BATCH_MAX_KEYS;
}

/* The item that the row was read from. */
static DdbItemText
base_item(const DdbModify *modify, TupleTableSlot *plan_slot)
{
	bool isnull;
	Datum datum = ExecGetJunkAttribute(plan_slot, modify->item_attno, &isnull);
	const bytea *item;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("the item of a row is missing")));
	item = DatumGetByteaPP(datum);
	return (DdbItemText){.text = VARDATA_ANY(item),
						 .len = VARSIZE_ANY_EXHDR(item)};
}

static void
free_image(void *image)
{
	ddb_image_free(image);
}

/* All attributes that the item has. */
static void
read_item(DdbChange *change)
{
	DdbOwned *seat = ddb_own_register(CurrentMemoryContext, free_image);
	DdbStatus status;
	DdbImage *image;
	const char **names;

	ddb_status_clear(&status);
	image = ddb_image_parse(change->base, change->base_len, &status);
	if (image == NULL)
		ddb_report_status(&status, NULL);
	ddb_own_set(seat, image);
	names = palloc_array(const char *, image->nattributes);
	for (int i = 0; i < image->nattributes; i++)
		names[i] = image->attributes[i].name;
	change->read = names;
	change->nread = image->nattributes;
}

/* The change of an item that was read; in CurrentMemoryContext. */
static DdbChange
change_of(const DdbModify *modify, DdbChangeKind kind, TupleTableSlot *plan_slot)
{
	DdbItemText base = base_item(modify, plan_slot);
	DdbChange change = {.kind = kind,
						.base = base.text,
						.base_len = base.len,
						.read = modify->read,
						.nread = modify->nread};

	if (modify->reads_item)
		read_item(&change);
	return change;
}

/* Put the row's new item into the change. True: it has another key. */
static bool
write_changed(DdbModify *modify, const ResultRelInfo *rinfo,
			  TupleTableSlot *slot, DdbChange *change)
{
	TupleTableSlot *old = rinfo->ri_oldTupleSlot;
	DdbItemText item;
	DdbRow before;
	DdbRow after;
	bool key_changed;

	slot_getallattrs(old);
	slot_getallattrs(slot);
	before = (DdbRow){.values = old->tts_values, .isnull = old->tts_isnull};
	after = (DdbRow){.values = slot->tts_values, .isnull = slot->tts_isnull};
	item = ddb_item_write_changed(modify->writer,
								  (DdbItemText){.text = change->base,
												.len = change->base_len},
								  &before,
								  &after,
								  modify->assigned,
								  &key_changed);
	change->item = item.text;
	change->item_len = item.len;
	return key_changed;
}

/* An item with another key is another item. */
static bool
move(DdbModify *modify, const DdbChange *change)
{
	DdbChange delete = *change;
	DdbChange insert = {.kind = DDB_CHANGE_INSERT,
						.item = change->item,
						.item_len = change->item_len};

	delete.kind = DDB_CHANGE_DELETE;
	delete.item = NULL;
	delete.item_len = 0;
	return ddb_changes_move(modify->changes, &delete, &insert);
}

TupleTableSlot *
ddbExecForeignUpdate(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *planSlot)
{
	DdbModify *modify = rinfo->ri_FdwState;
	MemoryContext caller = begin_row(modify);
	DdbChange change = change_of(modify, DDB_CHANGE_UPDATE, planSlot);
	bool added;

	check_partition(estate, rinfo, slot);
	if (write_changed(modify, rinfo, slot, &change))
		added = move(modify, &change);
	else
		added = ddb_changes_add(modify->changes, &change);
	slot = added ? show_row(modify, rinfo, slot, &change) : NULL;
	MemoryContextSwitchTo(caller);
	return slot;
}

/* Put the row as it was into the slot, which lives until the next row. */
static void
show_deleted(const ResultRelInfo *rinfo, TupleTableSlot *slot,
			 TupleTableSlot *plan_slot)
{
	bool isnull;
	Datum row = ExecGetJunkAttribute(plan_slot, rinfo->ri_RowIdAttNo, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("the row to be deleted is missing")));
	ExecStoreHeapTupleDatum(row, slot);
}

TupleTableSlot *
ddbExecForeignDelete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *planSlot)
{
	DdbModify *modify = rinfo->ri_FdwState;
	MemoryContext caller = begin_row(modify);
	DdbChange change = change_of(modify, DDB_CHANGE_DELETE, planSlot);
	bool added = ddb_changes_add(modify->changes, &change);

	if (added && rinfo->ri_projectReturning != NULL)
		show_deleted(rinfo, slot, planSlot);
	MemoryContextSwitchTo(caller);
	return added ? slot : NULL;
}

void
ddbEndForeignModify(EState *estate, ResultRelInfo *rinfo)
{
	const DdbModify *modify = rinfo->ri_FdwState;

	/* There is none in a plain EXPLAIN. */
	if (modify != NULL)
		ddb_changes_finish(modify->changes);
}

/* Does it matter what the item is like by now? */
static bool
has_conditions(CmdType operation)
{
	return operation == CMD_UPDATE ||
		   (operation == CMD_DELETE &&
			ddb_guc_write_mode == DDB_WRITE_TRANSACTION);
}

/* The attributes whose values must be as they were read; keys always are. */
static List *
conditions(const DdbWriteTarget *target, List *read, const Bitmapset *assigned)
{
	Bitmapset *columns = bms_copy(assigned);
	List *names = NIL;
	ListCell *cell;
	int attno = -1;

	foreach(cell, read)
		columns = bms_add_member(columns, lfirst_int(cell));
	while ((attno = bms_next_member(columns, attno)) >= 0)
	{
		const char *attribute =
			ddb_relation_column(target->relation, attno)->attribute;
		const char *const *keys = target->table.key_names;

		if (attribute == NULL)
			return list_make1("all attributes");
		if (strcmp(attribute, keys[0]) != 0 &&
			(keys[1] == NULL || strcmp(attribute, keys[1]) != 0))
			names = list_append_unique(names,
									   makeString(ddb_report_foreign(attribute)));
	}
	foreach(cell, names)
		lfirst(cell) = strVal(lfirst(cell));
	return names;
}

void
ddbExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
						List *fdw_private, int subplan_index,
						struct ExplainState *es)
{
	EState *estate = mtstate->ps.state;
	Bitmapset *assigned = NULL;
	DdbWriteTarget *target;
	List *names;

	if (!es->verbose)
		return;
	ExplainPropertyText("Write Mode",
						GetConfigOption("cruddur_ddb.write_mode", false, false),
						es);
	if (!has_conditions(mtstate->operation))
		return;
	if (mtstate->operation == CMD_UPDATE)
		assigned = assigned_columns(rinfo, estate);
	target = ddb_write_target_open(rinfo->ri_RelationDesc,
								   ddb_compat_modify_user(rinfo, estate));
	names = conditions(target, fdw_private, assigned);
	if (names != NIL)
		ExplainPropertyList("Conditions on", names, es);
}
