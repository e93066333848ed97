/*
 * action.h
 *		One write of one item, as a request has it.
 *
 * The same members stand in PutItem, UpdateItem and DeleteItem and in an action
 * of TransactWriteItems. Which operation carries it is client.h's business.
 */
#ifndef DDB_ACTION_H
#define DDB_ACTION_H

#include "image.h"

typedef enum DdbWriteKind
{
	DDB_WRITE_PUT,    /* PutItem: the item as a whole */
	DDB_WRITE_UPDATE, /* UpdateItem: some of its attributes */
	DDB_WRITE_DELETE  /* DeleteItem */
} DdbWriteKind;

/* What must be true of the item that is there when the write is applied. */
typedef enum DdbExpect
{
	DDB_EXPECT_ANYTHING,
	DDB_EXPECT_ABSENT, /* there is none */
	DDB_EXPECT_PRESENT /* there is one, and it has the values expected */
} DdbExpect;

/* The write of one item. Members that a kind does not have are left 0, so are
 * those of what is not expected. All is borrowed. */
typedef struct DdbWrite
{
	DdbWriteKind kind;
	const char *table;
	const char *key_name; /* the table's partition key attribute */
	const char *item;     /* PUT: the item, JSON: {"pk":{"S":"a"},...} */
	size_t item_len;
	const char *key; /* the item's key, JSON likewise; a PUT need not have it */
	size_t key_len;
	const DdbItemAttribute *set; /* UPDATE: new values; NULL ones are removed */
	int nset;                    /* UPDATE: 1 or more, no key among them */
	DdbExpect expect;
	const DdbItemAttribute *expected; /* PRESENT: what these attributes have; with a
								 * NULL value: that the item lacks it */
	int nexpected;
} DdbWrite;

/*
 * Append the members that a request has for this write: Item or Key, the
 * expressions, and what their names and values are. TableName is the caller's.
 */
extern void ddb_action_add(DdbText *json, const DdbWrite *write);

/* Only Item or Key: all that an entry of BatchWriteItem has. */
extern void ddb_action_add_subject(DdbText *json, const DdbWrite *write);

#endif /* DDB_ACTION_H */
