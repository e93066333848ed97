/*
 * messages.h
 *		Messages and group rows as items.
 */
#ifndef DDB_MESSAGES_H
#define DDB_MESSAGES_H

#include "postgres.h"

#include "users.h"
#include "writeset.h"

/* One message; all is borrowed. */
typedef struct DdbMessage
{
	const char *group_text; /* the group's uuid, 36 characters */
	pg_uuid_t uuid;
	const DdbUser *sender;
	const text *text;
	TimestampTz created_at; /* from ddb_mint_time() */
} DdbMessage;

extern void ddb_messages_put_message(DdbWriteset *writeset,
									 const DdbMessage *message);

/* The group row of member, who talks to other, with the last message. */
extern void ddb_messages_put_group(DdbWriteset *writeset, const DdbMessage *last,
								   const DdbUser *member, const DdbUser *other);

#endif /* DDB_MESSAGES_H */
