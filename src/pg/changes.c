/*
 * changes.c
 *		What one statement changes in one table, by the current write mode.
 *
 * In mode "immediate" a scan may meet what the statement has written already,
 * and a join may find a row twice. So the items that were updated, deleted or
 * moved are remembered, 16 bytes of each; those inserted are not, as a load may
 * have any number of them. An item that waits for COMMIT already, since the mode
 * was another before, goes on waiting: else what is sent now would come first.
 *
 * Not here: how writes are buffered (writeset.c) or sent (sender.c).
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "changes.h"
#include "difference.h"
#include "guc.h"
#include "itemkey.h"
#include "pages.h"
#include "sender.h"
#include "writeset.h"

struct DdbChanges
{
	MemoryContext cxt;
	MemoryContext scratch; /* of one change */
	DdbSession *session;
	const DdbWriteTable *table;
	CommandId cid;
	bool immediate;
	bool outbox;
	bool together;
	DdbSender *sender; /* immediate, not together; NULL: not needed yet */
	HTAB *changed;     /* immediate: ItemDigest; NULL: not needed yet */
	DdbSend *sends;    /* immediate, together; room for all, or NULL */
	int nsends;
};

/* Of an item's key: that two have the same does not happen. */
typedef struct ItemDigest
{
	uint64 halves[2];
} ItemDigest;

/* An insert that may not be one. */
typedef struct Candidate
{
	StringInfo identity;
	bool asked; /* its key is among those of the read */
	bool exists;
} Candidate;

DdbChanges *
ddb_changes_begin(MemoryContext cxt, DdbSession *session,
				  const DdbWriteTable *table, CommandId cid, bool together)
{
	DdbChanges *changes = MemoryContextAllocZero(cxt, sizeof(DdbChanges));

	changes->cxt = cxt;
	changes->scratch =
		AllocSetContextCreate(cxt, "cruddur_ddb change", ALLOCSET_DEFAULT_SIZES);
	changes->session = session;
	changes->table = table;
	changes->cid = cid;
	changes->immediate = ddb_guc_write_mode == DDB_WRITE_IMMEDIATE;
	changes->outbox = ddb_guc_write_mode == DDB_WRITE_OUTBOX;
	changes->together = together;
	return changes;
}

static DdbSender *
sender_of(DdbChanges *changes)
{
	if (changes->sender == NULL)
		changes->sender = ddb_sender_create(changes->cxt,
											changes->session,
											changes->table->units_per_second);
	return changes->sender;
}

static HTAB *
changed_items(DdbChanges *changes)
{
	HASHCTL control = {.keysize = sizeof(ItemDigest),
					   .entrysize = sizeof(ItemDigest),
					   .hcxt = changes->cxt};

	if (changes->changed == NULL)
		changes->changed = hash_create("cruddur_ddb changed items",
									   64,
									   &control,
									   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return changes->changed;
}

/* Remember that the item is changed. False: it was already. */
static bool
mark_changed(DdbChanges *changes, const DdbSend *send)
{
	const unsigned char *identity = (const unsigned char *) send->identity;
	ItemDigest digest;
	bool found;

	for (int i = 0; i < 2; i++)
		digest.halves[i] =
			hash_bytes_extended(identity, (int) send->identity_len, i);
	(void) hash_search(changed_items(changes), &digest, HASH_ENTER, &found);
	return !found;
}

static DdbExpect
expectation(DdbChangeKind kind)
{
	switch (kind)
	{
		case DDB_CHANGE_INSERT:
			return DDB_EXPECT_ABSENT;
		case DDB_CHANGE_UPDATE:
			return DDB_EXPECT_PRESENT;
		case DDB_CHANGE_DELETE: /* by key, so that it can be in a batch */
		case DDB_CHANGE_REPLACE:
		case DDB_CHANGE_REMOVE:
			break;
	}
	return DDB_EXPECT_ANYTHING;
}

/* The change's item: its identity, and no write yet. */
static DdbSend
identify(const DdbChanges *changes, const DdbChange *change)
{
	size_t len;
	const char *item = ddb_change_item(change, &len);
	StringInfo identity = ddb_itemkey_identity(changes->table, item, len);

	return (DdbSend){.identity = identity->data,
					 .identity_len = identity->len,
					 .retriable = change->retriable};
}

/* False: it changes nothing. */
static bool
make_write(const DdbChanges *changes, const DdbChange *change, DdbExpect expect,
		   DdbSend *send)
{
	DdbDifference difference = {.base = change->base,
								.base_len = change->base_len,
								.item = change->item,
								.item_len = change->item_len,
								.read = change->read,
								.nread = change->nread,
								.expect = expect};

	return ddb_difference_write(changes->table, &difference, &send->write);
}

/* Keep writes until the statement ends, when they are sent as one. */
static void
collect(DdbChanges *changes, const DdbSend *sends, int nsends)
{
	if (changes->nsends + nsends > DDB_TRANSACT_MAX_ACTIONS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot write more than %d items at once",
						DDB_TRANSACT_MAX_ACTIONS)));
	if (changes->sends == NULL)
		changes->sends =
			MemoryContextAlloc(changes->cxt,
							   DDB_TRANSACT_MAX_ACTIONS * sizeof(DdbSend));
	for (int i = 0; i < nsends; i++)
		changes->sends[changes->nsends++] =
			ddb_send_copy(changes->cxt, &sends[i]);
}

static bool
send_now(DdbChanges *changes, const DdbChange *change)
{
	DdbSend send = identify(changes, change);
	bool reads =
		change->kind == DDB_CHANGE_UPDATE || change->kind == DDB_CHANGE_DELETE;

	if (reads && !mark_changed(changes, &send))
		return false;
	if (!make_write(changes, change, expectation(change->kind), &send))
		return true;
	if (changes->together)
		collect(changes, &send, 1);
	else
		ddb_sender_add(sender_of(changes), &send);
	return true;
}

/* Does the item wait for COMMIT, whatever the mode is now? */
static bool
is_buffered(const DdbChanges *changes, const DdbChange *change)
{
	size_t len;
	const char *item = ddb_change_item(change, &len);

	return ddb_writeset_count() > 0 &&
		   ddb_writeset_holds(changes->table, item, len) != DDB_HOLDS_NOTHING;
}

/* What follows is made in the memory of one change. */
static MemoryContext
enter(DdbChanges *changes)
{
	MemoryContextReset(changes->scratch);
	return MemoryContextSwitchTo(changes->scratch);
}

/* In mode "immediate" it goes where the item is already. */
static bool
buffer(DdbChanges *changes, const DdbChange *change)
{
	return ddb_writeset_change(changes->table,
							   change,
							   changes->cid,
							   changes->immediate ? ddb_writeset_outbox()
												  : changes->outbox);
}

bool
ddb_changes_add(DdbChanges *changes, const DdbChange *change)
{
	MemoryContext old;
	bool done;

	if (!changes->immediate)
		return buffer(changes, change);
	old = enter(changes);
	done = is_buffered(changes, change) ? buffer(changes, change)
										: send_now(changes, change);
	MemoryContextSwitchTo(old);
	return done;
}

/*
 * The item goes to another place with all that it has, so all of that was read.
 */
static DdbChange
read_whole(const DdbChange *del)
{
	const DdbImage *base = ddb_itemkey_parse(del->base, del->base_len);
	DdbChange whole = *del;

	whole.read = ddb_itemkey_names(base);
	whole.nread = base->nattributes;
	return whole;
}

static bool
buffer_move(DdbChanges *changes, const DdbChange *del, const DdbChange *ins)
{
	DdbChange whole = read_whole(del);

	return buffer(changes, &whole) && buffer(changes, ins);
}

/* Where a scan meets the item at its new place, it is as one that was changed. */
static bool
send_move(DdbChanges *changes, const DdbChange *del, const DdbChange *ins)
{
	DdbSend sends[2] = {identify(changes, del), identify(changes, ins)};
	DdbChange whole = read_whole(del);

	if (!mark_changed(changes, &sends[0]))
		return false;
	(void) mark_changed(changes, &sends[1]);
	(void) make_write(changes, &whole, DDB_EXPECT_PRESENT, &sends[0]);
	(void) make_write(changes, ins, DDB_EXPECT_ABSENT, &sends[1]);
	if (changes->together)
		collect(changes, sends, 2);
	else
		ddb_sender_add_together(sender_of(changes), sends, 2);
	return true;
}

bool
ddb_changes_move(DdbChanges *changes, const DdbChange *del, const DdbChange *ins)
{
	MemoryContext old = enter(changes);
	bool waits = !changes->immediate || is_buffered(changes, del) ||
				 is_buffered(changes, ins);
	bool done =
		waits ? buffer_move(changes, del, ins) : send_move(changes, del, ins);

	MemoryContextSwitchTo(old);
	return done;
}

/* Send them, and find out by that. */
static void
try_new(DdbChanges *changes, const DdbChange *inserts, int ninserts, bool *added)
{
	DdbSend *sends = palloc(ninserts * sizeof(DdbSend));

	for (int i = 0; i < ninserts; i++)
	{
		sends[i] = identify(changes, &inserts[i]);
		(void) make_write(changes, &inserts[i], DDB_EXPECT_ABSENT, &sends[i]);
	}
	ddb_sender_try(sender_of(changes), sends, ninserts, added);
}

/* The candidate of that key which is asked for, or NULL. */
static Candidate *
find_asked(Candidate *candidates, int ncandidates, const StringInfoData *identity)
{
	for (int i = 0; i < ncandidates; i++)
	{
		const StringInfoData *other = candidates[i].identity;

		if (candidates[i].asked && other->len == identity->len &&
			memcmp(other->data, identity->data, identity->len) == 0)
			return &candidates[i];
	}
	return NULL;
}

/* Ask DynamoDB for these keys; what there is marks its candidate. */
static void
read_keys(const DdbChanges *changes, const DdbRead *read, Candidate *candidates,
		  int ncandidates)
{
	static DdbWanted *whole_item = NULL;
	const DdbWanted *wanted = ddb_session_wanted(&whole_item, NULL, 0, true);
	DdbPages *pages =
		ddb_pages_start(CurrentMemoryContext, changes->session, read, wanted);
	const DdbPage *page;

	while ((page = ddb_pages_next(pages)) != NULL)
	{
		for (int i = 0; i < page->nitems; i++)
		{
			StringInfo identity =
				ddb_itemkey_identity(changes->table,
									 page->body + page->items[i].offset,
									 page->items[i].len);
			Candidate *found = find_asked(candidates, ncandidates, identity);

			if (found != NULL)
				found->exists = true;
		}
	}
}

/*
 * Have the keys of these in keys, each once, as BatchGetItem wants it, and none
 * of which the transaction itself knows. Returns how many attributes.
 */
static int
collect_keys(const DdbWriteTable *table, const DdbChange *inserts, int ninserts,
			 Candidate *candidates, DdbValue *keys)
{
	int n = 0;

	for (int i = 0; i < ninserts; i++)
	{
		const char *item = inserts[i].item;
		size_t len = inserts[i].item_len;
		Candidate *candidate = &candidates[i];
		DdbKeyText key;

		candidate->identity = ddb_itemkey_identity(table, item, len);
		if (ddb_writeset_holds(table, item, len) != DDB_HOLDS_NOTHING ||
			find_asked(candidates, i, candidate->identity) != NULL)
			continue;
		candidate->asked = true;
		key = ddb_itemkey_write(ddb_itemkey_parse(item, len), table);
		n += ddb_itemkey_values(key, &keys[n]);
	}
	return n;
}

/* Which of these are there? Of the same key, the first is marked. */
static void
look_up(const DdbChanges *changes, const DdbChange *inserts, int ninserts,
		Candidate *candidates)
{
	const DdbWriteTable *table = changes->table;
	int key_len = table->key_names[1] == NULL ? 1 : 2;
	DdbValue *keys = palloc(ninserts * key_len * sizeof(DdbValue));
	DdbName names[2] = {{"#p", table->key_names[0]}, {"#s", table->key_names[1]}};
	DdbRead read = {.kind = DDB_READ_BATCH,
					.table = table->table,
					.projection = key_len == 1 ? "#p" : "#p, #s",
					.names = names,
					.nnames = key_len,
					.keys = keys,
					.key_len = key_len,
					.consistent = true};

	read.nkeys =
		collect_keys(table, inserts, ninserts, candidates, keys) / key_len;
	if (read.nkeys > 0)
		read_keys(changes, &read, candidates, ninserts);
}

/* Read first; what comes to be there until COMMIT is a matter of time. */
static void
buffer_new(DdbChanges *changes, const DdbChange *inserts, int ninserts,
		   bool *added)
{
	const DdbWriteTable *table = changes->table;
	Candidate *candidates = palloc0(ninserts * sizeof(Candidate));

	look_up(changes, inserts, ninserts, candidates);
	for (int i = 0; i < ninserts; i++)
	{
		const Candidate *asked =
			find_asked(candidates, ninserts, candidates[i].identity);
		DdbChange insert = inserts[i];

		/* Never over one that comes up: on_duplicate has no say here. */
		insert.kind = DDB_CHANGE_INSERT;
		insert.retriable = true;
		added[i] = (asked == NULL || !asked->exists) &&
				   ddb_writeset_holds(table, insert.item, insert.item_len) !=
					   DDB_HOLDS_ITEM &&
				   buffer(changes, &insert);
	}
}

static bool
any_buffered(const DdbChanges *changes, const DdbChange *inserts, int ninserts)
{
	for (int i = 0; i < ninserts; i++)
	{
		if (is_buffered(changes, &inserts[i]))
			return true;
	}
	return false;
}

void
ddb_changes_add_new(DdbChanges *changes, const DdbChange *inserts, int ninserts,
					bool *added)
{
	MemoryContext old = enter(changes);

	if (changes->immediate && !any_buffered(changes, inserts, ninserts))
		try_new(changes, inserts, ninserts, added);
	else
		buffer_new(changes, inserts, ninserts, added);
	MemoryContextSwitchTo(old);
}

void
ddb_changes_finish(DdbChanges *changes)
{
	if (changes->sender != NULL)
		ddb_sender_finish(changes->sender);
	if (changes->nsends > 0)
		ddb_sender_send(changes->cxt,
						changes->session,
						changes->sends,
						changes->nsends,
						changes->table->units_per_second);
	changes->nsends = 0;
}
