/*
 * version.c
 *		What the commands of a transaction have made of one item.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "version.h"

/* A copy in one piece with the version, so that freeing it frees all. */
static char *
copy_bytes(char **room, const char *bytes, size_t len)
{
	char *copy = *room;

	memcpy(copy, bytes, len);
	copy[len] = '\0';
	*room += len + 1;
	return copy;
}

DdbVersion *
ddb_version_create(MemoryContext cxt, const DdbChange *change, CommandId cid,
				   bool is_first)
{
	bool keep_base = is_first && change->base != NULL;
	bool has_item = change->item != NULL;
	size_t room_len = change->item_len + 1 + sizeof(char *) * change->nread;
	DdbVersion *version;
	char *room;

	if (keep_base)
		room_len += change->base_len + 1;
	for (int i = 0; i < change->nread; i++)
		room_len += strlen(change->read[i]) + 1;
	version = MemoryContextAllocHuge(cxt, sizeof(DdbVersion) + room_len);
	memset(version, 0, sizeof(DdbVersion));
	version->read = (const char **) (version + 1);
	room = (char *) (version->read + change->nread);
	version->kind = change->kind;
	version->cid = cid;
	version->subid = GetCurrentSubTransactionId();
	version->retriable = change->retriable;
	version->members_only = change->members_only;
	version->item_len = change->item_len;
	if (has_item)
		version->item = copy_bytes(&room, change->item, change->item_len);
	if (keep_base)
	{
		version->base = copy_bytes(&room, change->base, change->base_len);
		version->base_len = change->base_len;
	}
	for (int i = 0; i < change->nread; i++)
		version->read[version->nread++] =
			copy_bytes(&room, change->read[i], strlen(change->read[i]));
	return version;
}

const DdbVersion *
ddb_version_before(const DdbVersion *newest, CommandId curcid)
{
	const DdbVersion *version = newest;

	while (version != NULL && version->cid >= curcid)
		version = version->older;
	return version;
}

const DdbVersion *
ddb_version_oldest(const DdbVersion *newest)
{
	const DdbVersion *version = newest;

	while (version->older != NULL)
		version = version->older;
	return version;
}

bool
ddb_version_is_void(const DdbVersion *newest)
{
	return newest->kind == DDB_CHANGE_DELETE &&
		   ddb_version_oldest(newest)->kind == DDB_CHANGE_INSERT;
}

static bool
has_name(const char *const *names, int nnames, const char *name)
{
	for (int i = 0; i < nnames; i++)
	{
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/*
 * What decided this version or one before it, each name once; in
 * CurrentMemoryContext.
 */
static void
collect_read(const DdbVersion *newest, DdbDifference *difference)
{
	const char **names;
	int n = 0;

	for (const DdbVersion *v = newest; v != NULL; v = v->older)
		n += v->nread;
	names = palloc_array(const char *, n + 1);
	n = 0;
	for (const DdbVersion *v = newest; v != NULL; v = v->older)
	{
		for (int i = 0; i < v->nread; i++)
		{
			if (!has_name(names, n, v->read[i]))
				names[n++] = v->read[i];
		}
	}
	difference->read = names;
	difference->nread = n;
}

/* The newest version that still has something of DynamoDB's item, or NULL. */
static const DdbVersion *
newest_derived(const DdbVersion *newest)
{
	const DdbVersion *derived = newest;

	for (const DdbVersion *v = newest; v != NULL; v = v->older)
	{
		if (v->kind == DDB_CHANGE_INSERT || v->kind == DDB_CHANGE_REPLACE)
			derived = v->older;
	}
	return derived;
}

void
ddb_version_conclude(const DdbVersion *newest, DdbDifference *difference)
{
	const DdbVersion *oldest = ddb_version_oldest(newest);
	const DdbVersion *derived = newest_derived(newest);

	memset(difference, 0, sizeof(DdbDifference));
	difference->base = oldest->base;
	difference->base_len = oldest->base_len;
	difference->item = newest->item;
	difference->item_len = newest->item_len;
	/* To delete what was put without a look at it, its key will do. */
	if (difference->item == NULL && difference->base == NULL)
	{
		difference->base = oldest->item;
		difference->base_len = oldest->item_len;
	}
	switch (oldest->kind)
	{
		case DDB_CHANGE_INSERT:
			difference->expect = newest->kind == DDB_CHANGE_REMOVE
									 ? DDB_EXPECT_ANYTHING
									 : DDB_EXPECT_ABSENT;
			break;
		case DDB_CHANGE_UPDATE:
		case DDB_CHANGE_DELETE:
			difference->expect = DDB_EXPECT_PRESENT;
			/* What was put anew says nothing of what DynamoDB has. */
			collect_read(derived, difference);
			break;
		default:
			difference->expect = DDB_EXPECT_ANYTHING;
	}
	/* Of what was put anew, nothing of the old item may stay. */
	difference->whole = derived != newest;
}
