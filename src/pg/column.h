/*
 * column.h
 *		An attribute of an item -> the Datum of a foreign table's column.
 */
#ifndef DDB_COLUMN_H
#define DDB_COLUMN_H

#include "postgres.h"

#include "datum.h"
#include "item.h"
#include "relation.h"

typedef struct DdbColumnReader
{
	const DdbRelation *relation;
	const DdbColumn *column;
	DdbDatumReader *datum;
	bool is_plain; /* the attribute is the value, and no error comes of it */
} DdbColumnReader;

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
extern Datum ddb_column_read_any(DdbColumnReader *reader, const DdbPage *page,
								 int item, int cell, const DdbItemKey *key,
								 bool *isnull);

/* The same, without a detour where the attribute is the value and fits. */
static inline Datum
ddb_column_read(DdbColumnReader *reader, const DdbPage *page, int item,
				int cell, const DdbItemKey *key, bool *isnull)
{
	if (reader->is_plain)
	{
		const DdbCell *found = ddb_page_cell(page, item, cell);
		DdbValueSpan value = {.text = ddb_page_text(page, found),
							  .len = found->len,
							  .type = (DdbType) found->type,
							  .escaped = found->escaped};
		Datum datum;

		*isnull = false;
		if (ddb_datum_read(reader->datum, &value, &datum))
			return datum;
	}
	return ddb_column_read_any(reader, page, item, cell, key, isnull);
}

#endif /* DDB_COLUMN_H */
