/*
 * itemkey.h
 *		An item taken apart, and its key: as JSON, as bytes, and to read it by.
 */
#ifndef DDB_ITEMKEY_H
#define DDB_ITEMKEY_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "client.h"
#include "change.h"

/* JSON, UTF-8. */
typedef struct DdbKeyText
{
	const char *text;
	size_t len;
} DdbKeyText;

/*
 * An item taken apart; it lives as long as CurrentMemoryContext, and borrows
 * the text. Error 08P01 if it is no item.
 */
extern const DdbImage *ddb_itemkey_parse(const char *text, size_t len);

/* The names of all attributes that it has; in CurrentMemoryContext. */
extern const char **ddb_itemkey_names(const DdbImage *image);

/*
 * The key of an item, {"pk":{"S":"a"},"sk":{"S":"b"}}, in the order of the
 * table's keys; in CurrentMemoryContext. Error 08P01 if it lacks one.
 */
extern DdbKeyText ddb_itemkey_write(const DdbImage *item,
									const DdbWriteTable *table);

/*
 * The attributes of such a text as those of a DdbRead, with what they point at
 * in CurrentMemoryContext; as many as it has, one or two.
 */
extern int ddb_itemkey_values(DdbKeyText key, DdbValue values[2]);

/*
 * Append one key attribute's value to a key as bytes: those are the same for the
 * same item, though DynamoDB has many forms for one number, and JSON for one
 * string. False, with nothing appended, where no key can have it.
 */
extern bool ddb_itemkey_append(StringInfo identity, const DdbValueSpan *value);

/*
 * The key of an item of the table as bytes, in CurrentMemoryContext. Error 08P01
 * if the item has none.
 */
extern StringInfo ddb_itemkey_bytes(const DdbWriteTable *table,
									const DdbImage *image);

/* The same of an item's JSON. */
extern StringInfo ddb_itemkey_identity(const DdbWriteTable *table,
									   const char *item, size_t item_len);

/* Is the attribute one of the table's keys? */
extern bool ddb_itemkey_is_key(const DdbWriteTable *table, const char *name);

#endif /* DDB_ITEMKEY_H */
