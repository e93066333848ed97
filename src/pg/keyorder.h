/*
 * keyorder.h
 *		The order that DynamoDB has its keys in.
 */
#ifndef DDB_KEYORDER_H
#define DDB_KEYORDER_H

#include "postgres.h"

#include "client.h"
#include "item.h"

/*
 * The value of a key attribute, which is S, N or B, in one item of a page; name
 * stays as it is. Text that had to be unescaped is in CurrentMemoryContext.
 * False where the attribute has another type.
 */
extern bool ddb_keyorder_read(const DdbPage *page, int item, int cell,
							  DdbType type, DdbValue *value);

/* Below 0, 0 or above 0 as a comes before b, is it, or comes after it. */
extern int ddb_keyorder_compare(const DdbValue *a, const DdbValue *b,
								DdbType type);

#endif /* DDB_KEYORDER_H */
