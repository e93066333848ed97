/*
 * membership.c
 *		Is a user a member of a message group?
 *
 * A member has a group row: partition key "GRP#" and the member's uuid,
 * attribute message_group_uuid. The index has those rows by group. Rows that the
 * transaction itself has written count as they will be.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "input.h"
#include "membership.h"
#include "overlay.h"
#include "pages.h"
#include "table.h"

/* What is looked at of a group row. */
typedef enum Attribute
{
	ATTRIBUTE_PK,
	ATTRIBUTE_SK,
	ATTRIBUTE_GROUP,
	NATTRIBUTES
} Attribute;

struct DdbMembership
{
	MemoryContext cxt;
	DdbSession *session;
	const DdbUser *user;
	const char *group_text;
	char user_pk[DDB_TABLE_PK_LEN];
	DdbValue values[2];
	DdbRead read;
	DdbPages *pages;     /* of the index */
	DdbOverlay *overlay; /* NULL: the transaction has written nothing */
};

static const DdbWanted *
wanted_attributes(void)
{
	static DdbWanted *cache = NULL;
	static const char *const names[NATTRIBUTES] =
		{[ATTRIBUTE_PK] = "pk", [ATTRIBUTE_SK] = "sk", [ATTRIBUTE_GROUP] = "message_group_uuid"};

	return ddb_session_wanted(&cache, names, NATTRIBUTES, false);
}

static DdbOverlay *
open_overlay(MemoryContext cxt, DdbSession *session)
{
	return ddb_overlay_open_active(cxt,
								   ddb_session_server(session),
								   ddb_session_options(session)->table_name);
}

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
	read->projection = "pk, sk";
	membership->pages = ddb_pages_start(cxt, session, read, wanted_attributes());
	membership->overlay = open_overlay(cxt, session);
	return membership;
}

/* Is there an item in DynamoDB that the transaction has not written? */
static bool
any_item(DdbPages *pages, const DdbOverlay *overlay)
{
	static const int key_cells[2] = {ATTRIBUTE_PK, ATTRIBUTE_SK};
	const DdbPage *page;

	while ((page = ddb_pages_next(pages)) != NULL)
	{
		for (int i = 0; i < page->nitems; i++)
		{
			if (overlay == NULL ||
				!ddb_overlay_hides(overlay, page, i, key_cells))
				return true;
		}
	}
	return false;
}

static bool
cell_is(const DdbPage *page, int item, Attribute attribute, const char *text)
{
	const DdbCell *cell = ddb_page_cell(page, item, attribute);

	return cell->type == DDB_TYPE_S && cell->len == strlen(text) &&
		   memcmp(ddb_page_text(page, cell), text, cell->len) == 0;
}

/*
 * Is there a group row that the transaction has written? pk NULL: of any
 * member.
 */
static bool
any_written(DdbOverlay *overlay, const char *group_text, const char *pk)
{
	const DdbPage *page;

	if (overlay == NULL)
		return false;
	page = ddb_overlay_page(overlay, wanted_attributes());
	for (int i = 0; i < page->nitems; i++)
	{
		if (cell_is(page, i, ATTRIBUTE_GROUP, group_text) &&
			(pk == NULL || cell_is(page, i, ATTRIBUTE_PK, pk)))
			return true;
	}
	return false;
}

bool
ddb_membership_holds(DdbMembership *membership)
{
	DdbRead *read = &membership->read;
	DdbOverlay *overlay = membership->overlay;

	if (any_written(overlay, membership->group_text, membership->user_pk) ||
		any_item(membership->pages, overlay))
		return true;
	read->index = NULL;
	read->key_condition = "pk = :p";
	read->filter = "message_group_uuid = :g";
	read->consistent = true;
	return any_item(ddb_pages_start(membership->cxt,
									membership->session,
									read,
									wanted_attributes()),
					overlay);
}

bool
ddb_membership_written(MemoryContext cxt, DdbSession *session,
					   const DdbUser *user, const char *group_text)
{
	char pk[DDB_TABLE_PK_LEN];

	ddb_table_group_pk(pk, user->uuid_text);
	return any_written(open_overlay(cxt, session), group_text, pk);
}

bool
ddb_membership_any(MemoryContext cxt, DdbSession *session, const char *group_text)
{
	DdbOverlay *overlay = open_overlay(cxt, session);
	DdbValue value = {":g", group_text, DDB_UUID_TEXT_LEN - 1, DDB_TYPE_S};
	DdbRead read = {.kind = DDB_READ_QUERY,
					.table = ddb_session_options(session)->table_name,
					.index = DDB_TABLE_GROUP_INDEX,
					.key_condition = "message_group_uuid = :g",
					.projection = "pk, sk",
					.values = &value,
					.nvalues = 1};

	/* Items that the transaction has written may come first. */
	if (overlay == NULL)
		read.limit = 1;
	return any_written(overlay, group_text, NULL) ||
		   any_item(ddb_pages_start(cxt, session, &read, wanted_attributes()),
					overlay);
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
