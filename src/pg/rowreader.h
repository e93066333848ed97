/*
 * rowreader.h
 *		An item of a page -> the columns of a foreign table's row.
 */
#ifndef DDB_ROWREADER_H
#define DDB_ROWREADER_H

#include "postgres.h"

#include "bind.h"
#include "column.h"
#include "plan.h"
#include "relation.h"

/* One column that is read, and where it is found in a page. */
typedef struct DdbReadColumn
{
	AttrNumber attno;
	int cell; /* -1: the whole item */
	DdbColumnReader *reader;
} DdbReadColumn;

typedef struct DdbRowReader
{
	const DdbRelation *relation;
	const DdbWanted *wanted; /* what pages have to be decoded for */
	DdbItemKey key;          /* of the table, which names an item */
	int ncolumns;
	DdbReadColumn *columns;
} DdbRowReader;

/*
 * For the columns that the plan reads. Lives in CurrentMemoryContext; what is
 * given is borrowed.
 */
extern DdbRowReader *ddb_row_reader_create(const DdbPlan *plan,
										   const DdbRelation *relation,
										   const DdbBind *bind);

/*
 * An item of a page that was decoded for reader->wanted. values and isnull have
 * a place for each column of the relation; what is not read is NULL. Errors as
 * of ddb_column_read.
 */
extern void ddb_row_read(const DdbRowReader *reader, const DdbPage *page,
						 int item, Datum *values, bool *isnull);

#endif /* DDB_ROWREADER_H */
