/*
 * messageitem.c
 *		Messages and group rows as items of the messaging table.
 */
#include "postgres.h"

#include "access/xact.h"

#include "compat.h"
#include "convert.h"
#include "messageitem.h"
#include "own.h"
#include "table.h"
#include "writer.h"

#define MAX_ATTRIBUTES 10

/* An item of strings while it is put together. */
typedef struct StringItem
{
	DdbValue attributes[MAX_ATTRIBUTES];
	int nattributes;
} StringItem;

static void
set_bytes(StringItem *item, const char *name, const char *bytes, size_t len)
{
	Assert(item->nattributes < MAX_ATTRIBUTES);
	item->attributes[item->nattributes++] =
		(DdbValue){.name = name, .text = bytes, .len = len, .type = DDB_TYPE_S};
}

static void
set_text(StringItem *item, const char *name, const text *value)
{
	size_t len;
	const char *utf8 =
		ddb_convert_to_utf8(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &len);

	set_bytes(item, name, utf8, len);
}

static void
set_string(StringItem *item, const char *name, const char *value)
{
	set_bytes(item, name, value, strlen(value));
}

static void
set_user(StringItem *item, const DdbUser *user)
{
	set_string(item, "user_uuid", user->uuid_text);
	set_text(item, "user_display_name", user->display_name);
	set_text(item, "user_handle", user->handle);
}

/* Nothing here throws while the text is not owned. */
static void
add_item(DdbChanges *changes, const StringItem *item, bool members_only)
{
	DdbOwned *seat = ddb_own_register(CurrentMemoryContext, free);
	DdbChange change = {.kind = DDB_CHANGE_INSERT,
						.retriable = true,
						.members_only = members_only};
	DdbStatus status;
	DdbText json = {0};
	size_t len;

	ddb_writer_open(&json, NULL, '{');
	for (int i = 0; i < item->nattributes; i++)
	{
		const DdbValue *value = &item->attributes[i];

		ddb_writer_open(&json, value->name, '{');
		ddb_writer_string(&json, "S", value->text, value->len);
		ddb_writer_close(&json, '}');
	}
	ddb_writer_close(&json, '}');
	len = json.len;
	change.item = ddb_own_set(seat, ddb_text_finish(&json, &status));
	change.item_len = len;
	(void) ddb_changes_add(changes, &change);
	ddb_own_release(seat);
}

DdbChanges *
ddb_messageitem_begin(MemoryContext cxt, DdbSession *session)
{
	const DdbOptions *options = ddb_session_options(session);
	DdbWriteTable *table = MemoryContextAllocZero(cxt, sizeof(DdbWriteTable));

	table->server = ddb_session_server(session);
	table->user = ddb_session_user(session);
	table->table = options->table_name;
	table->key_names[0] = "pk";
	table->key_names[1] = "sk";
	table->key_types[0] = table->key_types[1] = DDB_TYPE_S;
	table->units_per_second = options->write_units_per_second;
	return ddb_changes_begin(cxt, session, table, GetCurrentCommandId(true), true);
}

void
ddb_messageitem_add_message(DdbChanges *changes, const DdbMessage *message)
{
	StringItem item = {0};
	char pk[DDB_TABLE_PK_LEN];
	char sk[DDB_TIMESTAMP_LEN];
	char uuid_text[DDB_UUID_TEXT_LEN];

	ddb_table_message_pk(pk, message->group_text);
	ddb_convert_sort_key(message->created_at, sk);
	ddb_convert_uuid_text(&message->uuid, uuid_text);
	set_string(&item, "pk", pk);
	set_string(&item, "sk", sk);
	set_text(&item, "message", message->text);
	set_string(&item, "message_uuid", uuid_text);
	set_user(&item, message->sender);
	add_item(changes, &item, message->members_only);
}

void
ddb_messageitem_add_group(DdbChanges *changes, const DdbMessage *last,
						  const DdbUser *member, const DdbUser *other)
{
	StringItem item = {0};
	char pk[DDB_TABLE_PK_LEN];
	char sk[DDB_TIMESTAMP_LEN];

	ddb_table_group_pk(pk, member->uuid_text);
	ddb_convert_sort_key(last->created_at, sk);
	set_string(&item, "pk", pk);
	set_string(&item, "sk", sk);
	set_string(&item, "message_group_uuid", last->group_text);
	set_text(&item, "message", last->text);
	set_user(&item, other);
	add_item(changes, &item, false);
}
