/*
 * newrow.c
 *		The row that INSERT or UPDATE has made, as RETURNING, triggers and views
 *		see it.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/rel.h"

#include "column.h"
#include "newrow.h"
#include "report.h"

struct DdbNewRow
{
	TupleTableSlot *slot;
	const DdbWanted *wanted; /* the whole item, and its key for messages */
	DdbPage *page;
	DdbItemKey key;
	int ncolumns;
	AttrNumber *attnos; /* of the columns of the whole item */
	DdbColumnReader **readers;
};

static void
add_column(DdbNewRow *row, const DdbRelation *relation, const DdbColumn *column)
{
	row->attnos[row->ncolumns] = column->attno;
	row->readers[row->ncolumns] = ddb_column_reader(relation, column);
	row->ncolumns++;
}

static void
want_item(DdbNewRow *row, const DdbWriteTable *table)
{
	int nkeys = table->key_names[1] == NULL ? 1 : 2;

	row->wanted = ddb_session_create_wanted(CurrentMemoryContext,
											table->key_names,
											nkeys,
											true);
	row->page = ddb_session_create_page(CurrentMemoryContext);
	for (int i = 0; i < 2; i++)
	{
		row->key.names[i] = table->key_names[i];
		row->key.cells[i] = i < nkeys ? i : -1;
	}
}

DdbNewRow *
ddb_new_row_create(const DdbWriteTarget *target, ResultRelInfo *result,
				   EState *estate)
{
	const DdbRelation *relation = target->relation;
	DdbNewRow *row = palloc0(sizeof(DdbNewRow));

	row->attnos = palloc_array(AttrNumber, relation->ncolumns);
	row->readers = palloc_array(DdbColumnReader *, relation->ncolumns);
	for (int i = 0; i < relation->ncolumns; i++)
	{
		if (relation->columns[i].is_whole_item)
			add_column(row, relation, &relation->columns[i]);
	}
	if (row->ncolumns == 0)
		return NULL;
	row->slot = ExecInitExtraTupleSlot(estate,
									   RelationGetDescr(result->ri_RelationDesc),
									   &TTSOpsVirtual);
	want_item(row, &target->table);
	return row;
}

/* As a page of the one item. */
static void
decode(DdbNewRow *row, DdbItemText item)
{
	size_t len = item.len + strlen("{\"Item\":}");
	char *body = palloc(len + 1);
	DdbStatus status;

	memcpy(body, "{\"Item\":", 8);
	memcpy(body + 8, item.text, item.len);
	memcpy(body + 8 + item.len, "}", 2);
	ddb_status_clear(&status);
	if (!ddb_page_decode(row->page, body, len, row->wanted, &status))
		ddb_report_status(&status, NULL);
}

TupleTableSlot *
ddb_new_row_show(DdbNewRow *row, TupleTableSlot *slot, DdbItemText item)
{
	TupleTableSlot *shown = ExecClearTuple(row->slot);
	int natts = shown->tts_tupleDescriptor->natts;

	slot_getallattrs(slot);
	memcpy(shown->tts_values, slot->tts_values, natts * sizeof(Datum));
	memcpy(shown->tts_isnull, slot->tts_isnull, natts * sizeof(bool));
	decode(row, item);
	for (int i = 0; i < row->ncolumns; i++)
	{
		int column = row->attnos[i] - 1;

		shown->tts_values[column] = ddb_column_read(row->readers[i],
													row->page,
													0,
													-1,
													&row->key,
													&shown->tts_isnull[column]);
	}
	return ExecStoreVirtualTuple(shown);
}
