/*
 * sendtext.c
 *		Writes as text, to be kept for later, and back.
 *
 * Of a write's key the first attribute is the partition key. What a member has to
 * say by being there has the value true.
 */
#include "postgres.h"

#include "itemkey.h"
#include "own.h"
#include "sendtext.h"
#include "writer.h"

/* What stands for a value where only an attribute's name is to be kept. */
static const char no_value[] = "{\"NULL\":true}";

static const char *const kind_names[] =
	{[DDB_WRITE_PUT] = "put", [DDB_WRITE_UPDATE] = "update", [DDB_WRITE_DELETE] = "delete"};

static const char *const expect_names[] = {[DDB_EXPECT_ANYTHING] = "anything",
										   [DDB_EXPECT_ABSENT] = "absent",
										   [DDB_EXPECT_PRESENT] = "present"};

static void
add_name(DdbText *json, const char *member, const char *name)
{
	ddb_writer_string(json, member, name, strlen(name));
}

/* Those that have a value, or those that have none, as an item. */
static void
add_attributes(DdbText *json, const char *member,
			   const DdbItemAttribute *attributes, int n, bool with_value)
{
	ddb_writer_open(json, member, '{');
	for (int i = 0; i < n; i++)
	{
		const DdbItemAttribute *attribute = &attributes[i];

		if ((attribute->json != NULL) != with_value)
			continue;
		if (with_value)
			ddb_writer_verbatim(json,
								attribute->name,
								attribute->json,
								attribute->json_len);
		else
			ddb_writer_verbatim(json,
								attribute->name,
								no_value,
								sizeof(no_value) - 1);
	}
	ddb_writer_close(json, '}');
}

static void
add_flag(DdbText *json, const char *member, bool flag)
{
	if (flag)
		ddb_writer_verbatim(json, member, "true", 4);
}

static void
add_write(DdbText *json, const DdbSend *send)
{
	const DdbWrite *write = &send->write;

	ddb_writer_open(json, NULL, '{');
	add_name(json, "kind", kind_names[write->kind]);
	add_name(json, "table", write->table);
	ddb_writer_verbatim(json, "key", write->key, write->key_len);
	if (write->item != NULL)
		ddb_writer_verbatim(json, "item", write->item, write->item_len);
	if (write->nset > 0)
	{
		add_attributes(json, "set", write->set, write->nset, true);
		add_attributes(json, "remove", write->set, write->nset, false);
	}
	add_name(json, "expect", expect_names[write->expect]);
	if (write->nexpected > 0)
	{
		add_attributes(json, "equal", write->expected, write->nexpected, true);
		add_attributes(json, "lacking", write->expected, write->nexpected, false);
	}
	add_flag(json, "retriable", send->retriable);
	add_flag(json, "members_only", send->members_only);
	ddb_writer_close(json, '}');
}

const char *
ddb_sendtext_write(const DdbSend *sends, int nsends, size_t *len)
{
	DdbOwned *seat = ddb_own_register(CurrentMemoryContext, free);
	DdbText json = {0};
	DdbStatus status;

	ddb_writer_open(&json, NULL, '[');
	for (int i = 0; i < nsends; i++)
		add_write(&json, &sends[i]);
	ddb_writer_close(&json, ']');
	*len = json.len;
	return ddb_own_set(seat, ddb_text_finish(&json, &status));
}

static void fail(void) __attribute__((noreturn));

static void
fail(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("entry of the outbox cannot be read")));
}

/* A name's place in the list. */
static int
read_choice(DdbJson *json, const char *const *names, int nnames)
{
	DdbJsonString string;

	if (!ddb_json_string(json, &string))
		fail();
	for (int i = 0; i < nnames; i++)
	{
		if (ddb_json_equals(&string, names[i]))
			return i;
	}
	fail();
}

static char *
read_string(DdbJson *json)
{
	DdbJsonString string;
	char *plain;
	long len;

	if (!ddb_json_string(json, &string))
		fail();
	plain = palloc(string.len + 1);
	len = ddb_json_unescape(string.text, string.len, plain);
	if (len < 0)
		fail();
	plain[len] = '\0';
	return plain;
}

static DdbKeyText
read_item(DdbJson *json)
{
	DdbValueSpan span;

	if (!ddb_value_read_map(json, 0, &span))
		fail();
	return (DdbKeyText){.text = span.text, .len = span.len};
}

/* Append what add_attributes() has written. */
static const DdbItemAttribute *
read_attributes(DdbJson *json, const DdbItemAttribute *before, int *n,
				bool with_value)
{
	DdbKeyText item = read_item(json);
	const DdbImage *image = ddb_itemkey_parse(item.text, item.len);
	DdbItemAttribute *all =
		palloc((*n + image->nattributes + 1) * sizeof(DdbItemAttribute));

	if (*n > 0)
		memcpy(all, before, *n * sizeof(DdbItemAttribute));
	for (int i = 0; i < image->nattributes; i++)
	{
		all[*n] = image->attributes[i];
		if (!with_value)
			all[*n].json = NULL;
		(*n)++;
	}
	return all;
}

static void
read_member(DdbJson *json, const DdbJsonString *name, DdbSend *send)
{
	DdbWrite *write = &send->write;
	DdbKeyText item;

	if (ddb_json_equals(name, "kind"))
		write->kind = read_choice(json, kind_names, lengthof(kind_names));
	else if (ddb_json_equals(name, "table"))
		write->table = read_string(json);
	else if (ddb_json_equals(name, "key"))
	{
		item = read_item(json);
		write->key = item.text;
		write->key_len = item.len;
	}
	else if (ddb_json_equals(name, "item"))
	{
		item = read_item(json);
		write->item = item.text;
		write->item_len = item.len;
	}
	else if (ddb_json_equals(name, "set"))
		write->set = read_attributes(json, write->set, &write->nset, true);
	else if (ddb_json_equals(name, "remove"))
		write->set = read_attributes(json, write->set, &write->nset, false);
	else if (ddb_json_equals(name, "expect"))
		write->expect = read_choice(json, expect_names, lengthof(expect_names));
	else if (ddb_json_equals(name, "equal"))
		write->expected =
			read_attributes(json, write->expected, &write->nexpected, true);
	else if (ddb_json_equals(name, "lacking"))
		write->expected =
			read_attributes(json, write->expected, &write->nexpected, false);
	else if (ddb_json_equals(name, "retriable") && ddb_json_literal(json, "true"))
		send->retriable = true;
	else if (ddb_json_equals(name, "members_only") &&
			 ddb_json_literal(json, "true"))
		send->members_only = true;
	else
		fail();
}

/* What is not written because it follows from the key. */
static void
complete(DdbSend *send)
{
	DdbWrite *write = &send->write;
	DdbWriteTable table = {.table = write->table};
	const DdbImage *key;
	StringInfo identity;

	if (write->table == NULL || write->key == NULL ||
		(write->kind == DDB_WRITE_PUT) != (write->item != NULL) ||
		(write->kind == DDB_WRITE_UPDATE) != (write->nset > 0))
		fail();
	key = ddb_itemkey_parse(write->key, write->key_len);
	if (key->nattributes < 1 || key->nattributes > 2)
		fail();
	for (int i = 0; i < key->nattributes; i++)
		table.key_names[i] = key->attributes[i].name;
	write->key_name = table.key_names[0];
	identity = ddb_itemkey_identity(&table, write->key, write->key_len);
	send->identity = identity->data;
	send->identity_len = identity->len;
}

static void
read_write(DdbJson *json, DdbSend *send)
{
	DdbJsonString name;

	*send = (DdbSend){0};
	if (!ddb_json_take(json, '{'))
		fail();
	do
	{
		if (!ddb_json_name(json, &name))
			fail();
		read_member(json, &name, send);
	} while (ddb_json_take(json, ','));
	if (!ddb_json_take(json, '}'))
		fail();
	complete(send);
}

int
ddb_sendtext_read(const char *text, size_t len, DdbSend *sends)
{
	DdbJson json;
	int n = 0;

	ddb_json_init(&json, text, len);
	if (!ddb_json_take(&json, '['))
		fail();
	do
	{
		if (n == DDB_TRANSACT_MAX_ACTIONS)
			fail();
		read_write(&json, &sends[n++]);
	} while (ddb_json_take(&json, ','));
	if (!ddb_json_take(&json, ']') || !ddb_json_expect_end(&json))
		fail();
	return n;
}
