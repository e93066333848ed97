/*
 * membership.c
 *		Is a user a member of a message group?
 *
 * A member has a group row: partition key "GRP#" and the member's uuid,
 * attribute message_group_uuid. The index has those rows by group.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "input.h"
#include "membership.h"
#include "pages.h"
#include "table.h"

struct DdbMembership
{
	MemoryContext cxt;
	DdbSession *session;
	const DdbUser *user;
	const char *group_text;
	char user_pk[DDB_TABLE_PK_LEN];
	DdbValue values[2];
	DdbRead read;
	DdbPages *pages; /* of the index */
};

DdbMembership *
ddb_membership_ask(MemoryContext cxt, DdbSession *session, const DdbUser *user,
				   const char *group_text)
{
	DdbMembership *membership =
		MemoryContextAllocZero(cxt, sizeof(DdbMembership));
	DdbRead *read = &membership->read;

	membership->cxt = cxt;
	membership->session = session;
	membership->user = user;
	membership->group_text = group_text;
	ddb_table_group_pk(membership->user_pk, user->uuid_text);
	membership->values[0] =
		(DdbValue){":g", group_text, DDB_UUID_TEXT_LEN - 1, DDB_TYPE_S};
	membership->values[1] =
		(DdbValue){":p", membership->user_pk, DDB_TABLE_PK_LEN - 1, DDB_TYPE_S};
	read->kind = DDB_READ_QUERY;
	read->table = ddb_session_options(session)->table_name;
	read->values = membership->values;
	read->nvalues = 2;

	read->index = DDB_TABLE_GROUP_INDEX;
	read->key_condition = "message_group_uuid = :g";
	read->filter = "pk = :p";
	read->projection = "pk";
	membership->pages =
		ddb_pages_start(cxt, session, read, ddb_session_wanted_nothing());
	return membership;
}

static bool
any_item(DdbPages *pages)
{
	const DdbPage *page;

	while ((page = ddb_pages_next(pages)) != NULL)
	{
		if (page->nitems > 0)
			return true;
	}
	return false;
}

bool
ddb_membership_holds(DdbMembership *membership)
{
	DdbRead *read = &membership->read;

	if (any_item(membership->pages))
		return true;
	read->index = NULL;
	read->key_condition = "pk = :p";
	read->filter = "message_group_uuid = :g";
	read->consistent = true;
	return any_item(ddb_pages_start(membership->cxt,
									membership->session,
									read,
									ddb_session_wanted_nothing()));
}

bool
ddb_membership_any(MemoryContext cxt, DdbSession *session, const char *group_text)
{
	DdbValue value = {":g", group_text, DDB_UUID_TEXT_LEN - 1, DDB_TYPE_S};
	DdbRead read = {.kind = DDB_READ_QUERY,
					.table = ddb_session_options(session)->table_name,
					.index = DDB_TABLE_GROUP_INDEX,
					.key_condition = "message_group_uuid = :g",
					.projection = "pk",
					.values = &value,
					.nvalues = 1,
					.limit = 1};

	return any_item(
		ddb_pages_start(cxt, session, &read, ddb_session_wanted_nothing()));
}

void
ddb_membership_require(DdbMembership *membership)
{
	if (!ddb_membership_holds(membership))
		ddb_input_refuse(DDB_FAULT_NOT_A_MEMBER,
						 psprintf("User \"%s\" has no row of message group %s.",
								  text_to_cstring(membership->user->handle),
								  membership->group_text));
}
