/*
 * table.h
 *		The messaging table's names and key forms (the contract, section 2).
 */
#ifndef DDB_TABLE_H
#define DDB_TABLE_H

#include "postgres.h"

#include "convert.h"

#define DDB_TABLE_GROUP_INDEX "message-group-sk-index"

/* "MSG#" or "GRP#" */
#define DDB_TABLE_PREFIX_LEN 4

/* One of these, a uuid and a NUL */
#define DDB_TABLE_PK_LEN (DDB_TABLE_PREFIX_LEN + DDB_UUID_TEXT_LEN)

/* The partition key of a group's messages. */
static inline void
ddb_table_message_pk(char pk[DDB_TABLE_PK_LEN], const char *group_text)
{
	memcpy(pk, "MSG#", 4);
	memcpy(pk + 4, group_text, DDB_UUID_TEXT_LEN);
}

/* The partition key of a member's group rows. */
static inline void
ddb_table_group_pk(char pk[DDB_TABLE_PK_LEN], const char *user_text)
{
	memcpy(pk, "GRP#", 4);
	memcpy(pk + 4, user_text, DDB_UUID_TEXT_LEN);
}

#endif /* DDB_TABLE_H */
