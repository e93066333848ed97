/*
 * messageitem.h
 *		Messages and group rows as items of the messaging table.
 */
#ifndef DDB_MESSAGEITEM_H
#define DDB_MESSAGEITEM_H

#include "postgres.h"

#include "changes.h"
#include "users.h"

/* One message; all is borrowed. */
typedef struct DdbMessage
{
	const char *group_text; /* the group's uuid, 36 characters */
	pg_uuid_t uuid;
	const DdbUser *sender;
	const text *text;
	TimestampTz created_at; /* from ddb_mint_time() */
	bool members_only;      /* as in DdbChange */
} DdbMessage;

/*
 * What a function changes in the messaging table, as one, by the current
 * command. Lives in cxt; session is borrowed.
 */
extern DdbChanges *ddb_messageitem_begin(MemoryContext cxt, DdbSession *session);

/* A new message. Where its time is taken, 40001. */
extern void ddb_messageitem_add_message(DdbChanges *changes,
										const DdbMessage *message);

/* The group row of member, who talks to other, with the last message. */
extern void ddb_messageitem_add_group(DdbChanges *changes, const DdbMessage *last,
									  const DdbUser *member,
									  const DdbUser *other);

#endif /* DDB_MESSAGEITEM_H */
