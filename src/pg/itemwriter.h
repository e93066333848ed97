/*
 * itemwriter.h
 *		A row of a foreign table -> the item that is to be stored.
 *
 * The counterpart of rowreader.h.
 */
#ifndef DDB_ITEMWRITER_H
#define DDB_ITEMWRITER_H

#include "postgres.h"

#include "change.h"
#include "itemtree.h"

typedef struct DdbItemWriter DdbItemWriter;

/* An item as DynamoDB's JSON, UTF-8. */
typedef struct DdbItemText
{
	const char *text;
	size_t len;
} DdbItemText;

/*
 * A writer of rows of a foreign table; in CurrentMemoryContext. What is given is
 * borrowed. Encoders are made when a column is first written.
 */
extern DdbItemWriter *ddb_item_writer_create(const DdbRelation *relation,
											 const DdbWriteTable *table);

/*
 * The item of a new row: NULLs are left out, columns of document paths make the
 * maps that they need. In CurrentMemoryContext. Errors: 23502 for a NULL in a key
 * column, 42703 if the table has no column for a key attribute, 428C9 for a
 * value in a column of the whole item, 22023 for a path into a list or into what
 * another column has written, 54000 for what is larger than any item; those of
 * the encoder, the column in their context.
 */
extern DdbItemText ddb_item_write_new(DdbItemWriter *writer, const DdbRow *row);

/*
 * The item that base becomes when the row is changed from before to after.
 * assigned: attnos (not offset) that the statement sets. A column is changed if
 * its values differ, by a trigger too; one that is set to NULL also if it was
 * NULL, since the attribute may be one that does not fit. An attribute that
 * no changed column has stays as it is, byte by byte; a column that becomes NULL
 * is removed. A document path changes that part of its attribute; 22023 where
 * the attribute has no place for it, or a list would lose an element. Other
 * errors as for a new row. *key_changed: the item has another key than base.
 */
extern DdbItemText ddb_item_write_changed(DdbItemWriter *writer,
										  DdbItemText base, const DdbRow *before,
										  const DdbRow *after,
										  const Bitmapset *assigned,
										  bool *key_changed);

#endif /* DDB_ITEMWRITER_H */
