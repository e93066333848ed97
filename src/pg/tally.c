/*
 * tally.c
 *		Counters by server and operation, of all sessions or of this one.
 *
 * Who adds to an entry holds the lock shared, so that it stays where it is, and
 * the entry's own spinlock for the sums. Who makes or removes entries holds the
 * lock exclusively. There is no lock where the counters are this backend's own.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "tally.h"

/*
 * Of all databases. The names of operations come from users too, by
 * cruddur_ddb_request. What comes when there are so many is counted as one.
 */
#define MAX_ENTRIES 1000
#define NO_ROOM "(other)"

#define LOCK_NAME "cruddur_ddb"
#define TABLE_FLAGS (HASH_ELEM | HASH_BLOBS)

typedef struct Entry
{
	DdbTallyKey key; /* must be first */
	slock_t lock;    /* of the counters */
	DdbTally counters;
} Entry;

static HTAB *table = NULL;
static Entry *no_room = NULL;     /* what is not in the table */
static LWLockPadded *lock = NULL; /* of the table; NULL: it is our own */
static shmem_request_hook_type next_request_hook = NULL;
static shmem_startup_hook_type next_startup_hook = NULL;

static void
request_memory(void)
{
	if (next_request_hook != NULL)
		next_request_hook();
	RequestAddinShmemSpace(
		add_size(MAXALIGN(sizeof(Entry)),
				 hash_estimate_size(MAX_ENTRIES, sizeof(Entry))));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

static void
clear(Entry *entry)
{
	SpinLockInit(&entry->lock);
	memset(&entry->counters, 0, sizeof(entry->counters));
}

static void
set_key(DdbTallyKey *key, Oid database, const char *server, const char *operation)
{
	memset(key, 0, sizeof(*key));
	key->database = database;
	strlcpy(key->server, server, sizeof(key->server));
	strlcpy(key->operation, operation, sizeof(key->operation));
}

static void
clear_no_room(void)
{
	set_key(&no_room->key, InvalidOid, NO_ROOM, NO_ROOM);
	clear(no_room);
}

static void
start_memory(void)
{
	HASHCTL control = {.keysize = sizeof(DdbTallyKey),
					   .entrysize = sizeof(Entry)};
	bool found;

	if (next_startup_hook != NULL)
		next_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	lock = GetNamedLWLockTranche(LOCK_NAME);
	no_room = ShmemInitStruct("cruddur_ddb statistics", sizeof(Entry), &found);
	if (!found)
		clear_no_room();
	table = ShmemInitHash("cruddur_ddb statistics by operation",
						  MAX_ENTRIES,
						  MAX_ENTRIES,
						  &control,
						  TABLE_FLAGS);
	LWLockRelease(AddinShmemInitLock);
}

void
ddb_tally_init(void)
{
	next_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

/* Not preloaded: this backend's own, from the first request on. */
static void
make_own(void)
{
	HASHCTL control = {.keysize = sizeof(DdbTallyKey),
					   .entrysize = sizeof(Entry),
					   .hcxt = TopMemoryContext};

	no_room = MemoryContextAlloc(TopMemoryContext, sizeof(Entry));
	clear_no_room();
	table = hash_create("cruddur_ddb statistics",
						32,
						&control,
						TABLE_FLAGS | HASH_CONTEXT);
}

static void
acquire(LWLockMode mode)
{
	if (lock != NULL)
		LWLockAcquire(&lock->lock, mode);
}

static void
release(void)
{
	if (lock != NULL)
		LWLockRelease(&lock->lock);
}

/* The lock is held exclusively. */
static Entry *
find_or_make(const DdbTallyKey *key)
{
	bool is_full = hash_get_num_entries(table) >= MAX_ENTRIES;
	bool found;
	Entry *entry =
		hash_search(table, key, is_full ? HASH_FIND : HASH_ENTER, &found);

	if (entry == NULL)
		return no_room;
	if (!found)
		clear(entry);
	return entry;
}

static void
add(Entry *entry, const DdbTally *more)
{
	DdbTally *sums = &entry->counters;

	SpinLockAcquire(&entry->lock);
	sums->requests += more->requests;
	sums->attempts += more->attempts;
	sums->retries += more->retries;
	sums->throttles += more->throttles;
	sums->errors += more->errors;
	sums->items_read += more->items_read;
	sums->items_written += more->items_written;
	sums->bytes_sent += more->bytes_sent;
	sums->bytes_received += more->bytes_received;
	sums->read_units += more->read_units;
	sums->write_units += more->write_units;
	sums->total_ms += more->total_ms;
	sums->max_ms = Max(sums->max_ms, more->max_ms);
	SpinLockRelease(&entry->lock);
}

void
ddb_tally_add(const char *server, const char *operation, const DdbTally *more)
{
	DdbTallyKey key;
	Entry *entry;

	if (table == NULL)
		make_own();
	set_key(&key, MyDatabaseId, server, operation);
	acquire(LW_SHARED);
	entry = hash_search(table, &key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		release();
		acquire(LW_EXCLUSIVE);
		entry = find_or_make(&key);
	}
	add(entry, more);
	release();
}

static void
copy_row(Entry *entry, DdbTallyRow *row)
{
	row->key = entry->key;
	SpinLockAcquire(&entry->lock);
	row->counters = entry->counters;
	SpinLockRelease(&entry->lock);
}

DdbTallyRow *
ddb_tally_rows(int *nrows)
{
	DdbTallyRow *rows;
	HASH_SEQ_STATUS walk;
	Entry *entry;

	*nrows = 0;
	if (table == NULL)
		return NULL;
	acquire(LW_SHARED);
	rows = palloc((hash_get_num_entries(table) + 1) * sizeof(DdbTallyRow));
	hash_seq_init(&walk, table);
	while ((entry = hash_seq_search(&walk)) != NULL)
	{
		if (entry->key.database == MyDatabaseId)
			copy_row(entry, &rows[(*nrows)++]);
	}
	copy_row(no_room, &rows[*nrows]);
	release();
	if (rows[*nrows].counters.requests > 0)
		(*nrows)++;
	return rows;
}

/* This database, and those that have rows and are no more. */
static List *
list_forgotten(void)
{
	List *all = NIL;
	List *forgotten = list_make1_oid(MyDatabaseId);
	HASH_SEQ_STATUS walk;
	ListCell *cell;
	Entry *entry;

	acquire(LW_SHARED);
	hash_seq_init(&walk, table);
	while ((entry = hash_seq_search(&walk)) != NULL)
		all = list_append_unique_oid(all, entry->key.database);
	release();
	foreach(cell, all)
	{
		if (!SearchSysCacheExists1(DATABASEOID,
								   ObjectIdGetDatum(lfirst_oid(cell))))
			forgotten = lappend_oid(forgotten, lfirst_oid(cell));
	}
	return forgotten;
}

void
ddb_tally_reset(void)
{
	List *forgotten;
	HASH_SEQ_STATUS walk;
	Entry *entry;

	if (table == NULL)
		return;
	forgotten = list_forgotten();
	acquire(LW_EXCLUSIVE);
	hash_seq_init(&walk, table);
	while ((entry = hash_seq_search(&walk)) != NULL)
	{
		if (list_member_oid(forgotten, entry->key.database))
			hash_search(table, &entry->key, HASH_REMOVE, NULL);
	}
	clear_no_room();
	release();
}
