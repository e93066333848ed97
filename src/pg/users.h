/*
 * users.h
 *		The users of the application: rows of the server option users_table.
 */
#ifndef DDB_USERS_H
#define DDB_USERS_H

#include "postgres.h"

#include "convert.h"
#include "session.h"

typedef struct DdbUser
{
	pg_uuid_t uuid;
	char uuid_text[DDB_UUID_TEXT_LEN]; /* lower case, with hyphens */
	text *handle;
	text *display_name;
} DdbUser;

/*
 * The user with this handle, its parts in CurrentMemoryContext. Read as the
 * current user: privileges and row-level security of the relation apply.
 * Errors: P0002 user_not_found, 21000 if the handle is not unique.
 */
extern void ddb_users_find(const DdbOptions *options, text *handle,
						   DdbUser *user);

#endif /* DDB_USERS_H */
