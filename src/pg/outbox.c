/*
 * outbox.c
 *		Delivery of the writes of write_mode "outbox".
 *
 * A load goes through the entries that wait, in their order, and takes those that
 * are due and not held back by one that stays. Some are taken that are held back by
 * one that was taken before: they begin when that is saved, so that many writes of
 * one item do not want a load each. If one has to be tried again, those are dropped,
 * and wait in the table.
 *
 * A server that cannot be reached, or does not know its user, is left alone for a
 * while (cutoff.c), lest its entries take all places.
 *
 * Not here: what is asked of DynamoDB for one entry (delivery.c), and how entries
 * come to be (deposit.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "cutoff.h"
#include "http.h"
#include "network.h"
#include "outbox.h"
#include "outboxtable.h"
#include "queue.h"
#include "sendtext.h"
#include "wakeup.h"

#define WRAPPER_NAME "cruddur_ddb"

/* Pauses before another attempt of one entry. */
#define FIRST_PAUSE_MS 1000
#define LAST_PAUSE_MS 60000

/* Of the entries in memory, so many may be held back by others. */
#define MAX_HELD (DDB_OUTBOX_MAX_ENTRIES / 2)

/* To load is dear, so so many are to be done before. */
#define MAX_BEFORE_LOAD (DDB_OUTBOX_MAX_ENTRIES * 3 / 4)
#define MAX_FREE_BEFORE_LOAD (DDB_OUTBOX_MAX_ENTRIES / 2)
#define MAX_HELD_BEFORE_LOAD (MAX_HELD / 2)

/* And what a load takes is to be a fourth of the time at most, unless it is that short
 * and there is nothing else to do. */
#define PAUSE_OF_LOADS 3
#define SHORT_LOAD_US INT64CONST(5000)

/* Beside those of keys; deposit.c */
#define LOCK_OF_DELIVERY 0xDDB2

struct DdbOutbox
{
	MemoryContext cxt;
	bool in_one;
	DdbQueue queue;
	DdbCutoffs *cutoffs;

	/* Of the last load */
	bool more_free;      /* there was no room for all */
	bool more_held;      /* none for all that are held back */
	int64 due_us;        /* when it is worth to look again, if nobody writes */
	bool was_long;       /* and has taken nothing */
	int64 load_after_us; /* not before, if so or while there is something to do */
};

static LOCKTAG
lock_tag(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, 0, LOCK_OF_DELIVERY);
	return tag;
}

bool
ddb_outbox_lock(bool of_session)
{
	LOCKTAG tag = lock_tag();

	return LockAcquire(&tag, ExclusiveLock, of_session, true) !=
		   LOCKACQUIRE_NOT_AVAIL;
}

void
ddb_outbox_unlock(void)
{
	LOCKTAG tag = lock_tag();

	(void) LockRelease(&tag, ExclusiveLock, true);
}

DdbOutbox *
ddb_outbox_open(MemoryContext cxt, bool in_one)
{
	DdbOutbox *outbox = MemoryContextAllocZero(cxt, sizeof(DdbOutbox));

	outbox->cxt = cxt;
	outbox->in_one = in_one;
	ddb_queue_init(&outbox->queue, cxt);
	/* Those who call a function again and again would fill the log. */
	outbox->cutoffs = ddb_cutoff_create(cxt, !in_one);
	return outbox;
}

/* Run it in a subtransaction. Returns its error, in cxt, or NULL. */
static ErrorData *
attempt(MemoryContext cxt, void (*run)(DdbQueueEntry *entry), DdbQueueEntry *entry)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		run(entry);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error != NULL && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return error;
}

static void
read_writes(DdbQueueEntry *entry)
{
	DdbSend *sends = palloc(DDB_TRANSACT_MAX_ACTIONS * sizeof(DdbSend));

	entry->nsends = ddb_sendtext_read(entry->writes, entry->writes_len, sends);
	entry->sends = sends;
}

/* The server may be another wrapper's by now. */
static void
open_session(DdbQueueEntry *entry)
{
	ForeignServer *server = GetForeignServerByName(entry->row.server_name, false);

	if (strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, WRAPPER_NAME) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("server \"%s\" does not belong to foreign-data "
						"wrapper \"%s\"",
						server->servername,
						WRAPPER_NAME)));
	entry->session =
		ddb_session_open_for(entry->cxt,
							 server->serverid,
							 get_role_oid(entry->row.user_name, false));
	(void) ddb_session_client(entry->session);
}

static void
begin_delivery(const DdbOutbox *outbox, DdbQueueEntry *entry)
{
	entry->error = attempt(entry->cxt, read_writes, entry);
	if (entry->error != NULL)
	{
		entry->state = DDB_DELIVERY_REFUSED;
		return;
	}
	entry->error = attempt(entry->cxt, open_session, entry);
	if (entry->error != NULL)
	{
		entry->state = DDB_DELIVERY_CUT_OFF;
		return;
	}
	entry->delivery = ddb_delivery_create(entry->cxt,
										  entry->session,
										  entry->sends,
										  entry->nsends,
										  &entry->row.token,
										  outbox->in_one);
}

/* A load. */
typedef struct Load
{
	DdbOutbox *outbox;
	int room;
	HTAB *staying; /* hashes of what is written by entries that stay */
} Load;

static bool
has_staying(const Load *load, const int64 *hashes, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (hash_search(load->staying, &hashes[i], HASH_FIND, NULL) != NULL)
			return true;
	}
	return false;
}

/* May it be taken, alone or behind others that were? */
static bool
may_take(const Load *load, const DdbOutboxRow *row)
{
	return row->due_ms == 0 &&
		   !ddb_cutoff_holds(load->outbox->cutoffs,
							 row->server_name,
							 row->user_name) &&
		   !has_staying(load, row->keys, row->nkeys) &&
		   !has_staying(load, row->needs, row->nneeds);
}

static void
note_due(DdbOutbox *outbox, int due_ms)
{
	int64 due_us = ddb_http_now_us() + due_ms * INT64CONST(1000);

	if (due_ms > 0)
		outbox->due_us = Min(outbox->due_us, due_us);
}

/* One entry that waits: it is taken, or it stays. */
static bool
consider(void *arg, const DdbOutboxRow *row)
{
	Load *load = arg;
	DdbOutbox *outbox = load->outbox;

	if (ddb_queue_has(&outbox->queue, row->id))
		return true;
	if (outbox->queue.nentries >= load->room)
	{
		outbox->more_free = true;
		return false;
	}
	note_due(outbox, row->due_ms);
	if (may_take(load, row))
	{
		bool is_held = ddb_queue_holds(&outbox->queue, row);

		if (!is_held || outbox->queue.nheld < MAX_HELD)
		{
			ddb_queue_add(&outbox->queue, row, is_held);
			return true;
		}
		outbox->more_held = true;
	}
	for (int i = 0; i < row->nkeys; i++)
		(void) hash_search(load->staying, &row->keys[i], HASH_ENTER, NULL);
	return true;
}

/* Those that were just taken. */
static void
begin_new(DdbOutbox *outbox)
{
	int64 *ids = palloc((outbox->queue.nentries + 1) * sizeof(int64));
	int n = 0;
	dlist_iter iter;

	dlist_foreach(iter, &outbox->queue.entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);

		if (entry->sends != NULL || entry->error != NULL)
			continue;
		begin_delivery(outbox, entry);
		ids[n++] = entry->row.id;
	}
	if (n > 0 && IsolationUsesXactSnapshot())
		ddb_outboxtable_lock(ids, n);
}

int
ddb_outbox_load(DdbOutbox *outbox, int max_entries)
{
	int64 start_us = ddb_http_now_us();
	HASHCTL settings = {.keysize = sizeof(int64), .entrysize = sizeof(int64)};
	Load load = {.outbox = outbox, .room = max_entries};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "cruddur_ddb outbox load",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	int before = outbox->queue.nentries;
	int64 now_us;

	settings.hcxt = scratch;
	load.staying = hash_create("cruddur_ddb outbox load",
							   1024,
							   &settings,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	outbox->more_free = outbox->more_held = false;
	outbox->due_us = PG_INT64_MAX;
	ddb_outboxtable_walk(consider, &load);
	outbox->due_us = Min(outbox->due_us, ddb_cutoff_due_us(outbox->cutoffs));
	begin_new(outbox);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	now_us = ddb_http_now_us();
	outbox->was_long =
		outbox->queue.nentries == before && now_us - start_us > SHORT_LOAD_US;
	outbox->load_after_us = now_us + PAUSE_OF_LOADS * (now_us - start_us);
	return outbox->queue.nentries;
}

/* Is there room for what a load would bring? */
static bool
wants_load(const DdbOutbox *outbox, bool is_awake)
{
	const DdbQueue *queue = &outbox->queue;

	if (outbox->more_held && queue->nheld <= MAX_HELD_BEFORE_LOAD)
		return true;
	return (is_awake || outbox->more_free) &&
		   queue->nentries <= MAX_BEFORE_LOAD &&
		   queue->nentries - queue->nheld <= MAX_FREE_BEFORE_LOAD;
}

int
ddb_outbox_load_ms(const DdbOutbox *outbox, bool is_awake)
{
	bool is_idle = outbox->queue.nentries == 0;
	int64 left_us;

	if (is_idle && !is_awake)
		return ddb_outbox_timeout_ms(outbox);
	if (is_idle && !outbox->was_long)
		return 0;
	if (!is_idle && !wants_load(outbox, is_awake))
		return -1;
	left_us = outbox->load_after_us - ddb_http_now_us();
	return left_us <= 0 ? 0 : (int) Min(left_us / 1000 + 1, INT_MAX);
}

/* Is any of them over? */
static bool
advance(DdbOutbox *outbox)
{
	bool any = false;
	dlist_iter iter;

	dlist_foreach(iter, &outbox->queue.entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);

		if (entry->delivery != NULL && !entry->is_held)
			entry->state = ddb_delivery_advance(entry->delivery);
		any |= entry->state != DDB_DELIVERY_UNDER_WAY;
	}
	return any;
}

static bool
any_ready(DdbOutbox *outbox)
{
	dlist_iter iter;

	dlist_foreach(iter, &outbox->queue.entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);

		if (entry->delivery != NULL && !entry->is_held &&
			ddb_delivery_ready(entry->delivery))
			return true;
	}
	return false;
}

/* Pump each client. Returns for how long one may wait then. */
static int
pump(DdbOutbox *outbox)
{
	DdbClient *last = NULL;
	int timeout_ms = -1;
	dlist_iter iter;

	dlist_foreach(iter, &outbox->queue.entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);
		DdbClient *client;
		int client_ms;

		if (entry->delivery == NULL)
			continue;
		client = ddb_session_client(entry->session);
		if (client == last)
			continue;
		last = client;
		ddb_client_pump(client);
		client_ms = ddb_client_timeout_ms(client);
		if (client_ms >= 0 && (timeout_ms < 0 || client_ms < timeout_ms))
			timeout_ms = client_ms;
	}
	return timeout_ms;
}

/* All that can be done without waiting. Is any of them over? */
static bool
go_on(DdbOutbox *outbox, int *timeout_ms)
{
	bool over;

	do
	{
		over = advance(outbox);
		*timeout_ms = pump(outbox);
	} while (!over && any_ready(outbox));
	return over;
}

bool
ddb_outbox_step(DdbOutbox *outbox, int max_wait_ms)
{
	int timeout_ms;

	CHECK_FOR_INTERRUPTS();
	if (outbox->queue.nentries == 0)
		return false;
	if (go_on(outbox, &timeout_ms))
		return true;
	if (timeout_ms < 0 || (max_wait_ms >= 0 && max_wait_ms < timeout_ms))
		timeout_ms = max_wait_ms;
	if (timeout_ms == 0)
		return false;
	ddb_network_wait(timeout_ms);
	CHECK_FOR_INTERRUPTS();
	return go_on(outbox, &timeout_ms);
}

static void
raise_fault(DdbQueueEntry *entry)
{
	ddb_delivery_raise(entry->delivery);
}

/* In the entry's memory. */
static const char *
describe(DdbQueueEntry *entry)
{
	const ErrorData *error;

	if (entry->error == NULL)
		entry->error = attempt(entry->cxt, raise_fault, entry);
	error = entry->error;
	return error->detail == NULL
			   ? error->message
			   : psprintf("%s\n%s", error->message, error->detail);
}

static void
save_fault(DdbOutbox *outbox, DdbQueueEntry *entry)
{
	DdbOutboxFault fault = {.id = entry->row.id, .message = describe(entry)};

	fault.sqlstate = entry->error->sqlerrcode;
	switch (entry->state)
	{
		case DDB_DELIVERY_CUT_OFF:
			fault.delay_ms = ddb_cutoff_begin(outbox->cutoffs,
											  entry->row.server_name,
											  entry->row.user_name,
											  fault.message);
			break;
		case DDB_DELIVERY_DELAYED:
			fault.delay_ms = Min(LAST_PAUSE_MS,
								 FIRST_PAUSE_MS << Min(entry->row.attempts, 6));
			break;
		default:
			fault.delay_ms = -1;
			ereport(WARNING,
					(errcode(fault.sqlstate),
					 errmsg("entry " INT64_FORMAT " of the outbox has failed",
							fault.id),
					 errdetail_internal("%s", fault.message),
					 errhint("It stays in cruddur_outbox. "
							 "cruddur_outbox_retry() has it tried again.")));
	}
	ddb_outboxtable_fault(&fault);
}

/*
 * What was begun of those that are left alone would fail the same way, one after
 * another, in the places of others. What is held back may be so by one of those, or
 * by one that is to be tried again. It waits in the table still.
 */
static void
drop_waiting(DdbOutbox *outbox)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &outbox->queue.entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);

		if (entry->is_held || ddb_cutoff_holds(outbox->cutoffs,
											   entry->row.server_name,
											   entry->row.user_name))
			ddb_queue_remove(&outbox->queue, entry);
	}
	/* There is a time to wait for. */
	outbox->more_free = true;
}

int64
ddb_outbox_save(DdbOutbox *outbox)
{
	MemoryContext caller = CurrentMemoryContext;
	int64 *ids = palloc((outbox->queue.nentries + 1) * sizeof(int64));
	int n = 0;
	bool any_delayed = false;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &outbox->queue.entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);

		if (entry->state == DDB_DELIVERY_UNDER_WAY)
			continue;
		any_delayed |= entry->state == DDB_DELIVERY_CUT_OFF ||
					   entry->state == DDB_DELIVERY_DELAYED;
		MemoryContextSwitchTo(entry->cxt);
		if (entry->state == DDB_DELIVERY_DONE)
		{
			ddb_cutoff_end(outbox->cutoffs,
						   entry->row.server_name,
						   entry->row.user_name);
			ids[n++] = entry->row.id;
		}
		else
			save_fault(outbox, entry);
		MemoryContextSwitchTo(caller);
		ddb_queue_remove(&outbox->queue, entry);
	}
	if (n > 0)
	{
		ddb_outboxtable_delete(ids, n);
		ddb_wakeup_request(DDB_WORKER_STREAM);
	}
	if (any_delayed)
		drop_waiting(outbox);
	ddb_queue_let_go(&outbox->queue);
	/* What was held back may be written next, and an older write not again. */
	ForceSyncCommit();
	pfree(ids);
	return n;
}

int
ddb_outbox_under_way(const DdbOutbox *outbox)
{
	return outbox->queue.nentries;
}

int
ddb_outbox_timeout_ms(const DdbOutbox *outbox)
{
	int64 now_us = ddb_http_now_us();

	if (outbox->queue.nentries > 0 || outbox->more_free ||
		outbox->due_us <= now_us)
		return 0;
	if (outbox->due_us == PG_INT64_MAX)
		return -1;
	return (int) Min((outbox->due_us - now_us) / 1000 + 1, INT_MAX);
}
