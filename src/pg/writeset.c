/*
 * writeset.c
 *		What a transaction has written and not sent yet.
 *
 * An entry is an item, with the versions that commands have made of it.
 *
 * Not here: what versions come to (version.c); how they are sent, and when
 * (commit.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_user_mapping.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "itemkey.h"
#include "session.h"
#include "version.h"
#include "writeset.h"

/* API Reference, TransactWriteItems */
#define MAX_BYTES (4 * 1024 * 1024)

typedef struct Table
{
	dlist_node node;
	DdbWriteTable table; /* its strings are ours */
	dlist_head entries;
} Table;

typedef struct Entry
{
	/* what the hash table finds it by */
	const Table *table;
	const char *key;
	size_t key_len;

	dlist_node node;    /* of the table's entries */
	DdbVersion *newest; /* NULL only until the first is added */
} Entry;

typedef struct WriteSet
{
	MemoryContext cxt;
	HTAB *entries;
	dlist_head tables;
	int nentries;
	bool outbox;    /* is it to be delivered after COMMIT? */
	bool concluded; /* it is being sent or stored */
	size_t size;    /* of the newest versions */
} WriteSet;

/* Of the current transaction; NULL: nothing was written. */
static WriteSet *set = NULL;

static uint32
hash_entry(const void *key, Size keysize)
{
	const Entry *entry = key;

	return hash_bytes((const unsigned char *) entry->key, (int) entry->key_len) ^
		   hash_bytes((const unsigned char *) &entry->table, sizeof(Table *));
}

/* A callback of dynahash: 0 where they are equal. */
static int
match_entry(const void *a, const void *b, Size keysize)
{
	const Entry *left = a;
	const Entry *right = b;

	if (left->table != right->table || left->key_len != right->key_len)
		return 1;
	return memcmp(left->key, right->key, left->key_len);
}

static WriteSet *
create_set(void)
{
	MemoryContext cxt = AllocSetContextCreate(TopTransactionContext,
											  "cruddur_ddb writes",
											  ALLOCSET_DEFAULT_SIZES);
	WriteSet *created = MemoryContextAllocZero(cxt, sizeof(WriteSet));
	HASHCTL control = {.keysize = offsetof(Entry, node),
					   .entrysize = sizeof(Entry),
					   .hash = hash_entry,
					   .match = match_entry,
					   .hcxt = cxt};

	created->cxt = cxt;
	dlist_init(&created->tables);
	created->entries =
		hash_create("cruddur_ddb writes",
					DDB_TRANSACT_MAX_ACTIONS,
					&control,
					HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	return created;
}

/* Where all that was written is rolled back, another origin may begin. */
static void
prepare_set(void)
{
	if (set != NULL && set->nentries == 0)
	{
		MemoryContextDelete(set->cxt);
		set = NULL;
	}
	if (set == NULL)
		set = create_set();
}

static Table *
find_table(Oid server, const char *name)
{
	dlist_iter iter;

	if (set == NULL)
		return NULL;
	dlist_foreach(iter, &set->tables)
	{
		Table *table = dlist_container(Table, node, iter.cur);

		if (table->table.server == server && strcmp(table->table.table, name) == 0)
			return table;
	}
	return NULL;
}

/* The user mapping that gives the credentials. */
static Oid
mapping_of(const DdbWriteTable *table)
{
	Oid mapping = GetSysCacheOid2(USERMAPPINGUSERSERVER,
								  Anum_pg_user_mapping_oid,
								  ObjectIdGetDatum(table->user),
								  ObjectIdGetDatum(table->server));

	if (OidIsValid(mapping))
		return mapping;
	return GetSysCacheOid2(USERMAPPINGUSERSERVER,
						   Anum_pg_user_mapping_oid,
						   ObjectIdGetDatum(InvalidOid),
						   ObjectIdGetDatum(table->server));
}

/* All that the transaction writes goes out as one request of one user's. */
static void
check_origin(const DdbWriteTable *table)
{
	const DdbWriteTable *first;

	if (dlist_is_empty(&set->tables))
		return;
	first = &dlist_container(Table, node, dlist_head_node(&set->tables))->table;
	if (first->server == table->server &&
		(first->user == table->user || mapping_of(first) == mapping_of(table)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot write to DynamoDB by two foreign servers or user "
					"mappings in one transaction"),
			 errdetail("They could not be committed together."),
			 errhint("Use two transactions, or set cruddur_ddb.write_mode to "
					 "\"immediate\".")));
}

/* A trigger of the outbox's table would write too late. */
static void
check_open(void)
{
	if (set->concluded)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot write to DynamoDB while the transaction "
						"commits")));
}

/* Nothing is both sent at COMMIT and not. */
static void
check_mode(bool outbox)
{
	if (set->nentries == 0)
		set->outbox = outbox;
	if (set->outbox != outbox)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot write to DynamoDB in modes \"transaction\" and "
						"\"outbox\" in one transaction"),
				 errhint("Set cruddur_ddb.write_mode before the first write.")));
}

static Table *
find_or_create_table(const DdbWriteTable *table)
{
	Table *found = find_table(table->server, table->table);
	DdbWriteTable *copy;

	if (found != NULL)
		return found;
	found = MemoryContextAllocZero(set->cxt, sizeof(Table));
	copy = &found->table;
	*copy = *table;
	copy->table = MemoryContextStrdup(set->cxt, table->table);
	for (int i = 0; i < 2 && table->key_names[i] != NULL; i++)
		copy->key_names[i] = MemoryContextStrdup(set->cxt, table->key_names[i]);
	dlist_init(&found->entries);
	dlist_push_tail(&set->tables, &found->node);
	return found;
}

static Entry *
find_entry(const Table *table, StringInfo key)
{
	Entry wanted = {.table = table, .key = key->data, .key_len = key->len};

	return hash_search(set->entries, &wanted, HASH_FIND, NULL);
}

/* The entry has no version yet. */
static Entry *
create_entry(Table *table, StringInfo key)
{
	char *bytes = MemoryContextAlloc(set->cxt, key->len + 1);
	Entry wanted = {.table = table, .key = bytes, .key_len = key->len};
	Entry *entry;
	bool found;

	memcpy(bytes, key->data, key->len);
	entry = hash_search(set->entries, &wanted, HASH_ENTER, &found);
	entry->newest = NULL;
	dlist_push_tail(&table->entries, &entry->node);
	set->nentries++;
	return entry;
}

static void
remove_entry(Entry *entry)
{
	char *key = unconstify(char *, entry->key);

	dlist_delete(&entry->node);
	set->nentries--;
	(void) hash_search(set->entries, entry, HASH_REMOVE, NULL);
	pfree(key);
}

static void
push_version(Entry *entry, DdbVersion *version)
{
	if (entry->newest != NULL)
		set->size -= entry->newest->size;
	set->size += version->size;
	version->older = entry->newest;
	entry->newest = version;
}

/* False: it was the entry's last one. */
static bool
pop_version(Entry *entry)
{
	DdbVersion *version = entry->newest;

	set->size -= version->size;
	entry->newest = version->older;
	if (entry->newest != NULL)
		set->size += entry->newest->size;
	pfree(version);
	return entry->newest != NULL;
}

static int
count_sent(void)
{
	int n = 0;
	dlist_iter tables;
	dlist_iter entries;

	dlist_foreach(tables, &set->tables)
	{
		Table *table = dlist_container(Table, node, tables.cur);

		dlist_foreach(entries, &table->entries)
		{
			const Entry *entry = dlist_container(Entry, node, entries.cur);

			n += !ddb_version_is_void(entry->newest);
		}
	}
	return n;
}

/* What one TransactWriteItems can have */
static void
check_limits(void)
{
	const char *limit = NULL;

	if (set->outbox)
		return;
	if (set->size > MAX_BYTES)
		limit = "4 MB";
	else if (set->nentries > DDB_TRANSACT_MAX_ACTIONS &&
			 count_sent() > DDB_TRANSACT_MAX_ACTIONS)
		limit = psprintf("%d items", DDB_TRANSACT_MAX_ACTIONS);
	if (limit == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("cannot write more than %s to DynamoDB in one transaction",
					limit),
			 errdetail("A transaction's writes are sent together at COMMIT, as "
					   "one TransactWriteItems."),
			 errhint("To write more, without the guarantees of a transaction, "
					 "set cruddur_ddb.write_mode to \"immediate\".")));
}

static void
refuse_duplicate(const DdbWriteTable *table, const DdbChange *change)
{
	ereport(ERROR,
			(errcode(change->retriable ? ERRCODE_T_R_SERIALIZATION_FAILURE
									   : ERRCODE_UNIQUE_VIOLATION),
			 errmsg("duplicate key value violates the primary key of DynamoDB "
					"table \"%s\"",
					table->table),
			 errdetail("This transaction has written an item with this key.")));
}

/* May the change be made? False: this command has made one already. */
static bool
is_allowed(const DdbWriteTable *table, const DdbChange *change,
		   const Entry *entry, CommandId cid)
{
	const DdbVersion *newest = entry == NULL ? NULL : entry->newest;

	if (newest == NULL)
		return true;
	if (change->kind == DDB_CHANGE_INSERT && newest->item != NULL)
		refuse_duplicate(table, change);
	if (change->kind != DDB_CHANGE_UPDATE && change->kind != DDB_CHANGE_DELETE)
		return true;
	if (newest->cid > cid)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("item to be changed was already modified by an "
						"operation triggered by the current command"),
				 errhint("Consider using an AFTER trigger instead of a BEFORE "
						 "trigger to propagate changes to other rows.")));
	return newest->cid < cid;
}

static bool
add_change(const DdbWriteTable *write_table, const DdbChange *change,
		   CommandId cid, bool outbox)
{
	size_t len;
	const char *item = ddb_change_item(change, &len);
	const DdbImage *image = ddb_itemkey_parse(item, len);
	StringInfo key = ddb_itemkey_bytes(write_table, image);
	Table *table;
	Entry *entry;
	DdbVersion *version;

	prepare_set();
	check_origin(write_table);
	check_open();
	check_mode(outbox);
	table = find_or_create_table(write_table);
	entry = find_entry(table, key);
	if (!is_allowed(write_table, change, entry, cid))
		return false;
	version = ddb_version_create(set->cxt, change, cid, entry == NULL);
	if (change->item != NULL)
		version->size = ddb_image_size(image->attributes, image->nattributes);
	if (entry == NULL)
		entry = create_entry(table, key);
	push_version(entry, version);
	check_limits();
	return true;
}

bool
ddb_writeset_change(const DdbWriteTable *table, const DdbChange *change,
					CommandId cid, bool outbox)
{
	MemoryContext cxt = ddb_session_context();
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	bool changed = add_change(table, change, cid, outbox);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
	return changed;
}

DdbHolding
ddb_writeset_holds(const DdbWriteTable *table, const char *item, size_t item_len)
{
	const Table *found = find_table(table->server, table->table);
	const Entry *entry;

	if (found == NULL)
		return DDB_HOLDS_NOTHING;
	entry = find_entry(found, ddb_itemkey_identity(table, item, item_len));
	if (entry == NULL)
		return DDB_HOLDS_NOTHING;
	return entry->newest->item == NULL ? DDB_HOLDS_DELETED : DDB_HOLDS_ITEM;
}

int
ddb_writeset_visit(Oid server, const char *table, CommandId curcid,
				   const char *key_names[2],
				   void (*visit)(const DdbBuffered *item, void *arg), void *arg)
{
	Table *found = find_table(server, table);
	int n = 0;
	dlist_iter iter;

	if (found == NULL)
		return 0;
	key_names[0] = found->table.key_names[0];
	key_names[1] = found->table.key_names[1];
	dlist_foreach(iter, &found->entries)
	{
		const Entry *entry = dlist_container(Entry, node, iter.cur);
		const DdbVersion *version = ddb_version_before(entry->newest, curcid);
		DdbBuffered item;

		if (version == NULL)
			continue;
		item = (DdbBuffered){.key = entry->key,
							 .key_len = entry->key_len,
							 .item = version->item,
							 .item_len = version->item_len};
		visit(&item, arg);
		n++;
	}
	return n;
}

static void
conclude(const Table *table, const Entry *entry, DdbOutcome *outcome)
{
	memset(outcome, 0, sizeof(DdbOutcome));
	outcome->table = &table->table;
	outcome->key = entry->key;
	outcome->key_len = entry->key_len;
	outcome->retriable = ddb_version_oldest(entry->newest)->retriable;
	for (const DdbVersion *v = entry->newest; v != NULL; v = v->older)
		outcome->members_only |= v->members_only && entry->newest->item != NULL;
	ddb_version_conclude(entry->newest, &outcome->difference);
}

void
ddb_writeset_conclude(void (*visit)(const DdbOutcome *outcome, void *arg),
					  void *arg)
{
	dlist_iter tables;
	dlist_iter entries;

	if (set == NULL)
		return;
	set->concluded = true;
	dlist_foreach(tables, &set->tables)
	{
		Table *table = dlist_container(Table, node, tables.cur);

		dlist_foreach(entries, &table->entries)
		{
			const Entry *entry = dlist_container(Entry, node, entries.cur);
			DdbOutcome outcome;

			if (ddb_version_is_void(entry->newest))
				continue;
			conclude(table, entry, &outcome);
			visit(&outcome, arg);
		}
	}
}

int
ddb_writeset_count(void)
{
	return set == NULL ? 0 : set->nentries;
}

bool
ddb_writeset_outbox(void)
{
	return set != NULL && set->outbox;
}

void
ddb_writeset_forget(void)
{
	set = NULL;
}

/* For each entry whose newest version is the subtransaction's */
static void
end_subtransaction(SubTransactionId subid,
				   void (*end)(Entry *, SubTransactionId, SubTransactionId),
				   SubTransactionId parent)
{
	dlist_iter tables;
	dlist_mutable_iter entries;

	if (set == NULL)
		return;
	dlist_foreach(tables, &set->tables)
	{
		Table *table = dlist_container(Table, node, tables.cur);

		dlist_foreach_modify(entries, &table->entries)
		{
			Entry *entry = dlist_container(Entry, node, entries.cur);

			if (entry->newest->subid == subid)
				end(entry, subid, parent);
		}
	}
}

static void
drop_versions(Entry *entry, SubTransactionId subid, SubTransactionId parent)
{
	while (entry->newest->subid == subid)
	{
		if (!pop_version(entry))
		{
			remove_entry(entry);
			return;
		}
	}
}

static void
hand_up_versions(Entry *entry, SubTransactionId subid, SubTransactionId parent)
{
	for (DdbVersion *v = entry->newest; v != NULL && v->subid == subid;
		 v = v->older)
		v->subid = parent;
}

void
ddb_writeset_drop(SubTransactionId aborted)
{
	end_subtransaction(aborted, drop_versions, InvalidSubTransactionId);
}

void
ddb_writeset_hand_up(SubTransactionId committed, SubTransactionId parent)
{
	end_subtransaction(committed, hand_up_versions, parent);
}
