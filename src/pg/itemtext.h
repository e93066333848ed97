/*
 * itemtext.h
 *		Items whose attributes are strings, read without a transaction.
 *
 * For those who work between transactions: nothing here looks at the catalogs, so
 * strings stay in UTF-8, and what cannot be read is NULL, not an error.
 */
#ifndef DDB_ITEMTEXT_H
#define DDB_ITEMTEXT_H

#include "postgres.h"

#include "image.h"

/* Copied and taken apart; it lives as long as cxt. NULL: it is no item. */
extern const DdbImage *ddb_itemtext_parse(MemoryContext cxt, const char *text,
										  size_t len);

/*
 * An S, NUL-ended, in cxt. NULL: the item has no such attribute, or one of
 * another type, or one with a null character.
 */
extern char *ddb_itemtext_string(MemoryContext cxt, const DdbImage *image,
								 const char *name);

/* The item of these attributes, JSON; it lives as long as cxt. */
extern const char *ddb_itemtext_write(MemoryContext cxt,
									  const DdbItemAttribute *attributes,
									  int nattributes, size_t *len);

/* {"S":"text"} of a text that needs no escapes; in cxt. */
extern const char *ddb_itemtext_value(MemoryContext cxt, const char *text);

#endif /* DDB_ITEMTEXT_H */
