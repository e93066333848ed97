/*
 * column.h
 *		An attribute of an item -> the Datum of a foreign table's column.
 */
#ifndef DDB_COLUMN_H
#define DDB_COLUMN_H

#include "postgres.h"

#include "item.h"
#include "relation.h"

typedef struct DdbColumnReader DdbColumnReader;

/* Where the table's key is in a page; messages tell by it which item it is. */
typedef struct DdbItemKey
{
	const char *names[2]; /* of the attributes, UTF-8; NULL: no such key */
	int cells[2];         /* their indexes among those wanted, -1: not there */
} DdbItemKey;

/*
 * A reader of one column, with what its type needs looked up once; lives in
 * CurrentMemoryContext. relation and column are borrowed.
 */
extern DdbColumnReader *ddb_column_reader(const DdbRelation *relation,
										  const DdbColumn *column);

/*
 * The value of the column in one item of a page. cell is the index of its
 * attribute among those wanted; -1 for a column of the whole item. NULL where
 * the attribute is absent or NULL. Allocates in CurrentMemoryContext.
 *
 * An attribute that does not fit the column is NULL where on_type_mismatch is
 * 'null'; else error HV004, which names column, attribute, both types and the
 * item's key. Errors of a domain's checks are PostgreSQL's.
 */
extern Datum ddb_column_read(DdbColumnReader *reader, const DdbPage *page,
							 int item, int cell, const DdbItemKey *key,
							 bool *isnull);

#endif /* DDB_COLUMN_H */
