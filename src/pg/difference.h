/*
 * difference.h
 *		Two states of an item -> the write that leads from one to the other.
 */
#ifndef DDB_DIFFERENCE_H
#define DDB_DIFFERENCE_H

#include "postgres.h"

#include "client.h"
#include "change.h"

/*
 * What was read of an item, and what it shall be. All is borrowed. By expect:
 *
 * ABSENT: there was none; base is not looked at.
 * PRESENT: it was read, as base.
 * ANYTHING: nobody looked; base has the key at least where item is NULL, and
 * is not looked at otherwise.
 */
typedef struct DdbDifference
{
	const char *base; /* JSON */
	size_t base_len;
	const char *item; /* JSON, with the same key; NULL: deleted */
	size_t item_len;
	const char *const *read; /* PRESENT: the attributes, besides those that
								 * change, whose values decided */
	int nread;
	DdbExpect expect;
	bool whole; /* PRESENT: item stands in the place of a deleted
								 * one, and keeps nothing of it; base may be a
								 * part of that */
} DdbDifference;

/*
 * The write. Its arrays are in CurrentMemoryContext, or live as long; items and
 * names stay borrowed. A PUT has its key, too, for messages and to be read back
 * by. False: there is nothing to be done. Error 08P01 if base or item is none.
 */
extern bool ddb_difference_write(const DdbWriteTable *table,
								 const DdbDifference *difference,
								 DdbWrite *write);

#endif /* DDB_DIFFERENCE_H */
