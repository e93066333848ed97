/*
 * grouprow.c
 *		The rows of a message group, and the writes that move them.
 *
 * Rows are compared by time, as old writers left several forms of it. A row whose
 * sort key is no time is older than any other.
 *
 * Why it is safe to delete rows by what an index says, which is behind: a row is
 * only deleted by one who has seen a newer one of the same member, or puts one in
 * the same transaction. So the newest always stays.
 */
#include "postgres.h"

#include "grouprow.h"
#include "itemtext.h"
#include "timestamp.h"

/* Attributes that a row is expected to have as they were read; an expression has
 * room for no more than that. */
#define MAX_EXPECTED 100

DdbGroupRow *
ddb_grouprow_read(MemoryContext cxt, const char *item, size_t len)
{
	const DdbImage *image = ddb_itemtext_parse(cxt, item, len);
	DdbGroupRow *row;
	const char *sk;

	if (image == NULL || ddb_image_find(image, "sk") == NULL ||
		ddb_image_find(image, "message_group_uuid") == NULL)
		return NULL;
	row = MemoryContextAllocZero(cxt, sizeof(DdbGroupRow));
	row->image = image;
	row->pk = ddb_itemtext_string(cxt, image, "pk");
	if (row->pk == NULL || strncmp(row->pk, "GRP#", 4) != 0)
		return NULL;
	row->other = ddb_itemtext_string(cxt, image, "user_uuid");
	sk = ddb_itemtext_string(cxt, image, "sk");
	row->has_time =
		sk != NULL && ddb_timestamp_parse(sk, strlen(sk), &row->time_us);
	return row;
}

/* Of one time in two forms, the bytes decide. */
static bool
is_newer(const DdbGroupRow *a, const DdbGroupRow *b)
{
	const DdbItemAttribute *a_sk = ddb_image_find(a->image, "sk");
	const DdbItemAttribute *b_sk = ddb_image_find(b->image, "sk");

	if (a->has_time != b->has_time)
		return a->has_time;
	if (a->has_time && a->time_us != b->time_us)
		return a->time_us > b->time_us;
	return strncmp(a_sk->json, b_sk->json, Min(a_sk->json_len, b_sk->json_len)) >
		   0;
}

static const DdbGroupRow *
newest_of(const DdbGroupMember *member)
{
	const DdbGroupRow *newest = linitial(member->rows);
	ListCell *cell;

	foreach(cell, member->rows)
	{
		if (is_newer(lfirst(cell), newest))
			newest = lfirst(cell);
	}
	return newest;
}

/* One more write of this row, with its key and with what it is expected to be. */
static DdbWrite *
add_write(MemoryContext cxt, DdbGroupWrites *writes, DdbGroupMember *member,
		  const DdbGroupRow *row, DdbWriteKind kind)
{
	const DdbImage *image = row->image;
	DdbItemAttribute key[2] = {*ddb_image_find(image, "pk"),
							   *ddb_image_find(image, "sk")};
	DdbItemAttribute *expected =
		MemoryContextAlloc(cxt, (MAX_EXPECTED + 1) * sizeof(DdbItemAttribute));
	DdbWrite *write = &writes->writes[writes->nwrites];

	memset(write, 0, sizeof(DdbWrite));
	write->kind = kind;
	write->key_name = "pk";
	write->key = ddb_itemtext_write(cxt, key, 2, &write->key_len);
	write->expect = DDB_EXPECT_PRESENT;
	write->expected = expected;
	expected[write->nexpected++] = *ddb_image_find(image, "message_group_uuid");
	for (int i = 0; i < image->nattributes && write->nexpected < MAX_EXPECTED; i++)
	{
		const char *name = image->attributes[i].name;

		if (strcmp(name, "pk") != 0 && strcmp(name, "sk") != 0 &&
			strcmp(name, "message_group_uuid") != 0)
			expected[write->nexpected++] = image->attributes[i];
	}
	writes->members[writes->nwrites++] = member;
	return write;
}

/* The row as the message leaves it. */
static void
add_put(MemoryContext cxt, DdbGroupWrites *writes, DdbGroupMember *member,
		const DdbGroupRow *row, const DdbGroupMessage *message)
{
	const DdbImage *image = row->image;
	DdbItemAttribute *attributes =
		MemoryContextAlloc(cxt,
						   (image->nattributes + 1) * sizeof(DdbItemAttribute));
	DdbWrite *write = &writes->writes[writes->nwrites];
	char sk[DDB_TIMESTAMP_LEN];
	int n = 0;

	for (int i = 0; i < image->nattributes; i++)
	{
		attributes[n] = image->attributes[i];
		if (strcmp(attributes[n].name, "sk") == 0)
			attributes[n] = message->sk;
		if (strcmp(attributes[n].name, "message") != 0)
			n++;
	}
	attributes[n++] = message->text;
	if (member->put_off_us > 0 &&
		ddb_timestamp_format(message->time_us + member->put_off_us, sk))
	{
		for (int i = 0; i < n; i++)
		{
			if (strcmp(attributes[i].name, "sk") != 0)
				continue;
			attributes[i].json = ddb_itemtext_value(cxt, sk);
			attributes[i].json_len = strlen(attributes[i].json);
		}
	}
	memset(write, 0, sizeof(DdbWrite));
	write->kind = DDB_WRITE_PUT;
	write->key_name = "pk";
	write->item = ddb_itemtext_write(cxt, attributes, n, &write->item_len);
	write->expect = DDB_EXPECT_ABSENT;
	writes->members[writes->nwrites++] = member;
}

static bool
has_text(const DdbGroupRow *row, const DdbGroupMessage *message)
{
	const DdbItemAttribute *text = ddb_image_find(row->image, "message");

	return text != NULL && ddb_image_same_value(text->json,
												text->json_len,
												message->text.json,
												message->text.json_len);
}

/* The member's newest row: moved, changed, or left as it is. */
static void
plan_newest(MemoryContext cxt, DdbGroupWrites *writes, DdbGroupMember *member,
			const DdbGroupRow *newest, const DdbGroupMessage *message)
{
	if (!newest->has_time || newest->time_us < message->time_us)
	{
		(void) add_write(cxt, writes, member, newest, DDB_WRITE_DELETE);
		add_put(cxt, writes, member, newest, message);
	}
	else if (newest->time_us == message->time_us && !has_text(newest, message))
	{
		DdbWrite *write =
			add_write(cxt, writes, member, newest, DDB_WRITE_UPDATE);

		write->set = &message->text;
		write->nset = 1;
	}
}

static void
plan_member(MemoryContext cxt, DdbGroupWrites *writes, DdbGroupMember *member,
			const DdbGroupMessage *message)
{
	const DdbGroupRow *newest = newest_of(member);
	ListCell *cell;

	if (writes->nwrites + 2 > DDB_TRANSACT_MAX_ACTIONS)
	{
		writes->more = true;
		return;
	}
	plan_newest(cxt, writes, member, newest, message);
	foreach(cell, member->rows)
	{
		const DdbGroupRow *row = lfirst(cell);

		if (row == newest)
			continue;
		if (writes->nwrites == DDB_TRANSACT_MAX_ACTIONS)
		{
			writes->more = true;
			return;
		}
		(void) add_write(cxt, writes, member, row, DDB_WRITE_DELETE);
	}
}

void
ddb_grouprow_plan(MemoryContext cxt, List *members,
				  const DdbGroupMessage *message, const char *table,
				  DdbGroupWrites *writes)
{
	ListCell *cell;

	writes->nwrites = 0;
	writes->more = false;
	foreach(cell, members)
	{
		DdbGroupMember *member = lfirst(cell);

		if (member->rows != NIL)
			plan_member(cxt, writes, member, message);
	}
	for (int i = 0; i < writes->nwrites; i++)
		writes->writes[i].table = table;
}
