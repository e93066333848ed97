/*
 * rowreader.c
 *		An item of a page -> the columns of a foreign table's row.
 *
 * Which attributes are wanted is the binding's affair, as it asks DynamoDB for
 * them; here they are found again in the pages.
 */
#include "postgres.h"

#include "rowreader.h"
#include "session.h"

static const DdbWanted *
create_wanted(const DdbBind *bind)
{
	const char *const *attributes;
	int nattributes;
	bool whole_item;

	attributes = ddb_bind_attributes(bind, &nattributes, &whole_item);
	return ddb_session_create_wanted(CurrentMemoryContext,
									 attributes,
									 nattributes,
									 whole_item);
}

DdbRowReader *
ddb_row_reader_create(const DdbPlan *plan, const DdbRelation *relation,
					  const DdbBind *bind)
{
	DdbRowReader *reader = palloc0(sizeof(DdbRowReader));
	ListCell *cell;

	reader->relation = relation;
	reader->wanted = create_wanted(bind);
	reader->columns = palloc_array(DdbReadColumn, list_length(plan->columns));
	foreach(cell, plan->columns)
	{
		const DdbColumn *column =
			ddb_relation_column(relation, (AttrNumber) lfirst_int(cell));

		reader->columns[reader->ncolumns++] =
			(DdbReadColumn){.attno = column->attno,
							.cell = ddb_session_find_cell(reader->wanted,
														  column->attribute),
							.reader = ddb_column_reader(relation, column)};
	}
	for (int i = 0; i < 2; i++)
	{
		reader->key.names[i] = plan->item_key[i];
		reader->key.cells[i] =
			ddb_session_find_cell(reader->wanted, plan->item_key[i]);
	}
	return reader;
}

void
ddb_row_read(const DdbRowReader *reader, const DdbPage *page, int item,
			 Datum *values, bool *isnull)
{
	memset(isnull, true, sizeof(bool) * reader->relation->ncolumns);
	for (int i = 0; i < reader->ncolumns; i++)
	{
		const DdbReadColumn *column = &reader->columns[i];

		values[column->attno - 1] = ddb_column_read(column->reader,
													page,
													item,
													column->cell,
													&reader->key,
													&isnull[column->attno - 1]);
	}
}
