/*
 * deposit.c
 *		What a transaction has written goes to PostgreSQL's table cruddur_outbox.
 *
 * The keys of what an entry writes are hashed, with server and table, and locked
 * before the entry is numbered until the transaction ends: so the order of the
 * numbers is that of the commits, as far as entries have keys in common. A message
 * needs its group: it comes after those that make the sender a member.
 *
 * Not here: how an entry is delivered (outbox.c).
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/memutils.h"

#include "convert.h"
#include "deposit.h"
#include "mint.h"
#include "outboxtable.h"
#include "sendtext.h"
#include "session.h"
#include "table.h"

/* API Reference, TransactWriteItems */
#define MAX_BYTES (4 * 1024 * 1024)

/* Beyond so many keys one lock stands for all. */
#define MAX_KEY_LOCKS 200

/* Advisory locks of users have 1 and 2 in this place; pg_locks, objsubid. */
#define LOCK_OF_KEY 0xDDB0
#define LOCK_OF_ALL 0xDDB1

/* Hashes, which become sorted and unique. */
typedef struct Keys
{
	int64 *hashes;
	int n;
} Keys;

typedef struct Deposit
{
	const char *server_name;
	const DdbSend *sends;
	int nsends;
	Keys *keys;  /* of each: what it writes */
	Keys *needs; /* of each: what it comes after */
} Deposit;

static int64
hash_part(int64 seed, const char *bytes, size_t len)
{
	return (int64) hash_bytes_extended((const unsigned char *) bytes,
									   (int) len,
									   (uint64) seed);
}

static int64
hash_key(const Deposit *deposit, const DdbSend *send, const char *bytes,
		 size_t len)
{
	int64 hash = hash_part(0, deposit->server_name, strlen(deposit->server_name));

	hash = hash_part(hash, send->write.table, strlen(send->write.table));
	return hash_part(hash, bytes, len);
}

/* Of a group's being there. */
static int64
hash_group(const Deposit *deposit, const DdbSend *send, const char *text,
		   size_t len)
{
	return hash_key(deposit, send, psprintf("group %.*s", (int) len, text), len + 6);
}

static void
add_key(Keys *keys, int64 hash)
{
	keys->hashes[keys->n++] = hash;
}

/* A group row makes its user a member; a message needs one that does. */
static void
find_keys(Deposit *deposit, int i)
{
	const DdbSend *send = &deposit->sends[i];
	DdbKeyText pk;
	DdbKeyText group;

	add_key(&deposit->keys[i],
			hash_key(deposit, send, send->identity, send->identity_len));
	if (!ddb_send_string(send, "pk", &pk))
		return;
	if (send->members_only)
		add_key(&deposit->needs[i],
				hash_group(deposit,
						   send,
						   pk.text + DDB_TABLE_PREFIX_LEN,
						   pk.len - DDB_TABLE_PREFIX_LEN));
	else if (ddb_send_string(send, "message_group_uuid", &group))
		add_key(&deposit->keys[i],
				hash_group(deposit, send, group.text, group.len));
}

/* The items that are taken apart for it are many, so not all at a time. */
static void
find_all_keys(Deposit *deposit)
{
	int64 *room = MemoryContextAllocHuge(CurrentMemoryContext,
										 3 * deposit->nsends * sizeof(int64));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "cruddur_ddb keys",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);

	for (int i = 0; i < deposit->nsends; i++)
	{
		deposit->keys[i].hashes = room + 3 * i;
		deposit->needs[i].hashes = room + 3 * i + 2;
		find_keys(deposit, i);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

static int
compare_hashes(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Of all of these, sorted, each once. */
static Keys
unite(const Keys *parts, int nparts)
{
	Keys all = {.hashes = palloc(2 * nparts * sizeof(int64))};
	int n = 0;

	for (int i = 0; i < nparts; i++)
	{
		for (int k = 0; k < parts[i].n; k++)
			add_key(&all, parts[i].hashes[k]);
	}
	qsort(all.hashes, all.n, sizeof(int64), compare_hashes);
	for (int i = 0; i < all.n; i++)
	{
		if (i == 0 || all.hashes[i] != all.hashes[n - 1])
			all.hashes[n++] = all.hashes[i];
	}
	all.n = n;
	return all;
}

static void
lock(int64 hash, int field, LOCKMODE mode)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag,
						 MyDatabaseId,
						 (uint32) ((uint64) hash >> 32),
						 (uint32) hash,
						 field);
	(void) LockAcquire(&tag, mode, false, false);
}

/* In one order, so that two transactions do not wait for each other. */
static void
lock_keys(Keys keys, Keys needs)
{
	if (keys.n + needs.n > MAX_KEY_LOCKS)
	{
		lock(0, LOCK_OF_ALL, ExclusiveLock);
		return;
	}
	lock(0, LOCK_OF_ALL, ShareLock);
	for (int i = 0, k = 0; i < keys.n || k < needs.n;)
	{
		if (k == needs.n || (i < keys.n && keys.hashes[i] <= needs.hashes[k]))
			lock(keys.hashes[i++], LOCK_OF_KEY, ExclusiveLock);
		else
			lock(needs.hashes[k++], LOCK_OF_KEY, ShareLock);
	}
}

/* Some of the writes, as one entry. */
static void
insert(const Deposit *deposit, Oid user, int first, int n)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "cruddur_ddb entry",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Keys keys = unite(&deposit->keys[first], n);
	Keys needs = unite(&deposit->needs[first], n);
	DdbOutboxEntry entry = {.server_name = deposit->server_name,
							.user_name = GetUserNameFromId(user, false),
							.keys = keys.hashes,
							.nkeys = keys.n,
							.needs = needs.hashes,
							.nneeds = needs.n};

	ddb_mint_uuid(&entry.token);
	entry.writes =
		ddb_sendtext_write(&deposit->sends[first], n, &entry.writes_len);
	ddb_outboxtable_insert(&entry);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

static bool
fits_one_request(const DdbSend *sends, int nsends)
{
	size_t bytes = 0;

	if (nsends > DDB_TRANSACT_MAX_ACTIONS)
		return false;
	for (int i = 0; i < nsends; i++)
	{
		const DdbWrite *write = &sends[i].write;

		bytes += write->item_len + write->key_len;
		for (int k = 0; k < write->nset; k++)
			bytes += write->set[k].json_len;
		for (int k = 0; k < write->nexpected; k++)
			bytes += write->expected[k].json_len;
	}
	return bytes <= MAX_BYTES;
}

void
ddb_deposit_writes(const DdbWriteTable *table, const DdbSend *sends, int nsends)
{
	Deposit deposit = {.server_name =
						   ddb_session_get_server(table->server)->servername,
					   .sends = sends,
					   .nsends = nsends,
					   .keys = palloc0(nsends * sizeof(Keys)),
					   .needs = palloc0(nsends * sizeof(Keys))};

	find_all_keys(&deposit);
	lock_keys(unite(deposit.keys, nsends), unite(deposit.needs, nsends));
	if (fits_one_request(sends, nsends))
		insert(&deposit, table->user, 0, nsends);
	else
	{
		for (int i = 0; i < nsends; i++)
			insert(&deposit, table->user, i, 1);
	}
}
