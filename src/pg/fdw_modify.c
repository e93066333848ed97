/*
 * fdw_modify.c
 *		Execution of INSERT, UPDATE and DELETE of a foreign table, and of COPY
 *		and partition routing into it.
 *
 * A row becomes an item, and the item a change; when and how that is sent is
 * not known here. What a row needs lives until the next one.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "changes.h"
#include "compat.h"
#include "fdw_modify.h"
#include "guc.h"
#include "modify_plan.h"
#include "newrow.h"
#include "report.h"
#include "rowchange.h"
#include "spool.h"
#include "writetarget.h"

/* ResultRelInfo.ri_FdwState */
typedef struct DdbModify
{
	const DdbWriteTarget *target;
	DdbChanges *changes;
	DdbRowChanger *changer;
	DdbNewRow *new_row;   /* NULL: it is the row that we were given */
	DdbSpool *spool;      /* of items to be inserted when all is read that the
								 * statement reads; NULL: no need to wait */
	bool skip_existing;   /* ON CONFLICT DO NOTHING */
	bool finish_each;     /* triggers that come after want to find the rows */
	AttrNumber row_attno; /* of DDB_ROW_NAME in a DELETE's plan, or 0 */
	MemoryContext row_cxt;
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

/*
 * AFTER triggers run before the statement ends. In mode "immediate" they shall
 * find what it has written, at the cost of a round trip for each row; unless a
 * view could still find fault with a row, which then must not be sent so soon.
 */
static bool
has_late_triggers(const ResultRelInfo *rinfo)
{
	const TriggerDesc *triggers = rinfo->ri_TrigDesc;

	return triggers != NULL && rinfo->ri_WithCheckOptions == NIL &&
		   (triggers->trig_insert_after_row ||
			triggers->trig_insert_after_statement ||
			triggers->trig_update_after_row ||
			triggers->trig_update_after_statement ||
			triggers->trig_delete_after_row ||
			triggers->trig_delete_after_statement);
}

/*
 * A statement must not read what it has inserted itself: INSERT INTO t SELECT
 * FROM t would never end. In mode "transaction" the write set sees to that.
 */
static void
begin_spool(DdbModify *modify, EState *estate)
{
	MemoryContext caller;

	if (ddb_guc_write_mode != DDB_WRITE_IMMEDIATE || modify->spool != NULL)
		return;
	if (modify->skip_existing)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot use ON CONFLICT in a statement that reads the "
						"table of DynamoDB which it writes, \"%s\"",
						modify->target->table.table),
				 errhint("Set cruddur_ddb.write_mode to \"transaction\".")));
	caller = MemoryContextSwitchTo(estate->es_query_cxt);
	modify->spool = ddb_spool_create();
	MemoryContextSwitchTo(caller);
}

/* Of a statement that writes to this relation; in the query's memory. */
static DdbModify *
create_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
			  CmdType operation, List *columns)
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
	modify->changer = ddb_row_changer_create(target, operation, mtstate, columns);
	modify->new_row = ddb_new_row_create(target, rinfo, estate);
	modify->skip_existing = skips_existing(mtstate);
	modify->finish_each = has_late_triggers(rinfo);
	if (operation == CMD_DELETE)
		modify->row_attno =
			ExecFindJunkAttributeInTlist(outerPlanState(mtstate)->plan->targetlist,
										 DDB_ROW_NAME);
	modify->row_cxt = AllocSetContextCreate(estate->es_query_cxt,
											"cruddur_ddb written row",
											ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(caller);
	if (operation == CMD_INSERT &&
		ddb_write_target_is_read(target,
								 estate->es_range_table,
								 rinfo->ri_RangeTableIndex))
		begin_spool(modify, estate);
	return modify;
}

void
ddbBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
					  List *fdw_private, int subplan_index, int eflags)
{
	if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY))
		rinfo->ri_FdwState =
			create_modify(mtstate, rinfo, mtstate->operation, fdw_private);
}

/* An UPDATE that moves rows here from other partitions may update ours, too. */
void
ddbBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	if (rinfo->ri_FdwState == NULL)
		rinfo->ri_FdwState = create_modify(mtstate, rinfo, CMD_INSERT, NIL);
	else
		begin_spool(rinfo->ri_FdwState, mtstate->ps.state);
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

/* What was just added, if anything was, may have to be there at once. */
static bool
finish_late(DdbModify *modify, bool added)
{
	if (added && modify->finish_each)
		ddb_changes_finish(modify->changes);
	return added;
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
	DdbChange change = ddb_row_insert(modify->changer, slot);
	bool added = true;

	check_partition(estate, rinfo, slot);
	if (modify->spool != NULL)
		ddb_spool_put(modify->spool,
					  (DdbItemText){.text = change.item, .len = change.item_len});
	else if (modify->skip_existing)
		ddb_changes_add_new(modify->changes, &change, 1, &added);
	else
		added = finish_late(modify, ddb_changes_add(modify->changes, &change));
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
		changes[i] = ddb_row_insert(modify->changer, slots[i]);
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
	return finish_late(modify,
					   ddb_changes_move(modify->changes, &delete, &insert));
}

TupleTableSlot *
ddbExecForeignUpdate(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *planSlot)
{
	DdbModify *modify = rinfo->ri_FdwState;
	MemoryContext caller = begin_row(modify);
	bool moved;
	DdbChange change =
		ddb_row_update(modify->changer, rinfo, slot, planSlot, &moved);
	bool added;

	check_partition(estate, rinfo, slot);
	if (moved)
		added = move(modify, &change);
	else
		added = finish_late(modify, ddb_changes_add(modify->changes, &change));
	slot = added ? show_row(modify, rinfo, slot, &change) : NULL;
	MemoryContextSwitchTo(caller);
	return slot;
}

/* Put the row as it was into the slot, which lives until the next row. */
static void
show_deleted(const DdbModify *modify, TupleTableSlot *slot,
			 TupleTableSlot *plan_slot)
{
	bool isnull;
	Datum row = ExecGetJunkAttribute(plan_slot, modify->row_attno, &isnull);

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
	DdbChange change = ddb_row_delete(modify->changer, planSlot);
	bool added = finish_late(modify, ddb_changes_add(modify->changes, &change));

	if (added && rinfo->ri_projectReturning != NULL)
		show_deleted(modify, slot, planSlot);
	MemoryContextSwitchTo(caller);
	return added ? slot : NULL;
}

/* All is read, so what was kept can go. */
static void
empty_spool(DdbModify *modify)
{
	DdbItemText item;

	while (ddb_spool_get(modify->spool, &item))
	{
		DdbChange change = ddb_item_insert(modify->changer, item);

		(void) ddb_changes_add(modify->changes, &change);
	}
	ddb_spool_end(modify->spool);
	modify->spool = NULL;
}

void
ddbEndForeignModify(EState *estate, ResultRelInfo *rinfo)
{
	DdbModify *modify = rinfo->ri_FdwState;

	/* There is none in a plain EXPLAIN. */
	if (modify == NULL)
		return;
	if (modify->spool != NULL)
		empty_spool(modify);
	ddb_changes_finish(modify->changes);
}

/* Does it matter what the item is like by now? */
static bool
has_conditions(CmdType operation)
{
	return operation == CMD_UPDATE ||
		   (operation == CMD_DELETE && ddb_guc_write_mode != DDB_WRITE_IMMEDIATE);
}

static bool
is_key_of(const DdbWriteTable *table, const char *attribute)
{
	return strcmp(attribute, table->key_names[0]) == 0 ||
		   (table->key_names[1] != NULL &&
			strcmp(attribute, table->key_names[1]) == 0);
}

/*
 * The attributes whose values must be as they were read. An item that moves takes
 * all of them along. Its key is what it is found by.
 */
static List *
conditions(const DdbRowChanger *changer, List *columns)
{
	const DdbWriteTable *table = &changer->target->table;
	const DdbRelation *relation = changer->target->relation;
	Bitmapset *all = bms_copy(changer->assigned);
	List *names = NIL;
	ListCell *cell;
	int attno = -1;

	foreach(cell, columns)
		all = bms_add_member(all, lfirst_int(cell));
	while ((attno = bms_next_member(all, attno)) >= 0)
	{
		const char *attribute = ddb_relation_column(relation, attno)->attribute;
		bool is_key = attribute != NULL && is_key_of(table, attribute);

		if (attribute == NULL ||
			(is_key && bms_is_member(attno, changer->assigned)))
			return list_make1("all attributes");
		if (!is_key)
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
	Oid user = ddb_compat_modify_user(rinfo, mtstate->ps.state);
	const DdbWriteTarget *target;
	DdbRowChanger *changer;
	List *names;

	if (!es->verbose)
		return;
	ExplainPropertyText("Write Mode",
						GetConfigOption("cruddur_ddb.write_mode", false, false),
						es);
	if (!has_conditions(mtstate->operation))
		return;
	target = ddb_write_target_open(rinfo->ri_RelationDesc, user);
	changer =
		ddb_row_changer_create(target, mtstate->operation, mtstate, fdw_private);
	if (mtstate->operation == CMD_UPDATE)
		ddb_row_changer_learn_assigned(changer, rinfo);
	names = conditions(changer, fdw_private);
	if (names != NIL)
		ExplainPropertyList("Conditions on", names, es);
}
