/*
 * grouprow.h
 *		The rows of a message group, and the writes that move them.
 *
 * A member of a group has one row of it, whose sort key is the time of the last
 * message. Moving it means to delete it and to put it under another key. Of two
 * rows of one member, which an interrupted move of others may have left, the
 * older one goes. Nothing here makes requests.
 */
#ifndef DDB_GROUPROW_H
#define DDB_GROUPROW_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "action.h"

/* The message that moves rows. All is borrowed, in UTF-8. */
typedef struct DdbGroupMessage
{
	const char *group;     /* what its pk has behind "MSG#" */
	const char *sender;    /* user_uuid; NULL: it has none */
	int64 time_us;         /* of sk, since 1970 */
	DdbItemAttribute sk;   /* as the item has it */
	DdbItemAttribute text; /* "message" */
} DdbGroupMessage;

typedef struct DdbGroupRow
{
	const DdbImage *image;
	const char *pk;    /* "GRP#" and the member */
	const char *other; /* user_uuid; NULL: it has none */
	bool has_time;     /* is its sk a time? */
	int64 time_us;
} DdbGroupRow;

/* All rows of one member. */
typedef struct DdbGroupMember
{
	const char *pk;
	List *rows;       /* of DdbGroupRow */
	int64 put_off_us; /* later than the message by so much is the row to be put:
								 * keys before that are taken by other groups' rows */
} DdbGroupMember;

/* Writes that belong together, all or none. */
typedef struct DdbGroupWrites
{
	int nwrites;
	DdbWrite writes[DDB_TRANSACT_MAX_ACTIONS];
	DdbGroupMember *members[DDB_TRANSACT_MAX_ACTIONS]; /* whose row it is */
	bool more; /* there is more to be written than a transaction holds */
} DdbGroupWrites;

/* Read an item as a row, in cxt. NULL: it is no group row. */
extern DdbGroupRow *ddb_grouprow_read(MemoryContext cxt, const char *item,
									  size_t len);

/*
 * What is to be written so that each member (of a list of DdbGroupMember) has one
 * row, not older than the message, and with its text if it is as old. Nothing if
 * that is so. What writes point at lives in cxt. A write is conditioned on the row
 * being as it was read.
 */
extern void ddb_grouprow_plan(MemoryContext cxt, List *members,
							  const DdbGroupMessage *message, const char *table,
							  DdbGroupWrites *writes);

#endif /* DDB_GROUPROW_H */
