/*
 * change.h
 *		What becomes of one item of one table.
 */
#ifndef DDB_CHANGE_H
#define DDB_CHANGE_H

#include "postgres.h"

#include "value.h"

/* The table that is written, and as whom. All is borrowed. */
typedef struct DdbWriteTable
{
	Oid server;
	Oid user;                 /* whose mapping has the credentials */
	const char *table;        /* DynamoDB's name of it */
	const char *key_names[2]; /* partition and sort key; NULL: no sort key */
	DdbType key_types[2];     /* S, N or B */
	int units_per_second;     /* of writes; 0: no limit */
} DdbWriteTable;

typedef enum DdbChangeKind
{
	DDB_CHANGE_INSERT,  /* there must be no such item */
	DDB_CHANGE_REPLACE, /* put, whatever there is */
	DDB_CHANGE_UPDATE,  /* of an item that was read; its key stays */
	DDB_CHANGE_DELETE,  /* of an item that was read */
	DDB_CHANGE_REMOVE   /* delete, whatever there is */
} DdbChangeKind;

/*
 * What becomes of one item. Items are DynamoDB's JSON in UTF-8, and have their
 * key: base too. All is borrowed; what is kept is copied.
 */
typedef struct DdbChange
{
	DdbChangeKind kind;
	const char *item; /* INSERT, REPLACE, UPDATE: the item as it shall be */
	size_t item_len;
	const char *base; /* UPDATE, DELETE: as it was read, UPDATE: whole; REMOVE: the
								 * key at least */
	size_t base_len;
	const char *const *read; /* UPDATE, DELETE: the top-level attributes, besides
								 * those that change, whose values decided what
								 * is written; all of them must still be so */
	int nread;
	bool members_only; /* INSERT of a message, mode "outbox": whether its
								 * sender is a member of its group is to be
								 * asked when it is delivered */
	bool retriable;    /* INSERT: a refusal is no fault of the caller but
								 * of time: 40001 in place of 23505 */
} DdbChange;

/* One of its items: any of them has the key. */
static inline const char *
ddb_change_item(const DdbChange *change, size_t *len)
{
	*len = change->item != NULL ? change->item_len : change->base_len;
	return change->item != NULL ? change->item : change->base;
}

#endif /* DDB_CHANGE_H */
