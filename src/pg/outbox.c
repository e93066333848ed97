/*
 * outbox.c
 *		Delivery of the writes of write_mode "outbox".
 *
 * Which entries are due, and which are held back, is for the table to say
 * (outboxtable.c): one under way is there until it is saved, so it holds back
 * those after it. A server that cannot be reached, or does not know its user, is
 * left alone for a while, lest its entries take all places.
 *
 * Not here: what is asked of DynamoDB for one entry (delivery.c), and how entries
 * come to be (deposit.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "delivery.h"
#include "http.h"
#include "network.h"
#include "outbox.h"
#include "outboxtable.h"
#include "sendtext.h"
#include "wakeup.h"

#define WRAPPER_NAME "cruddur_ddb"

/* Pauses before another attempt. */
#define FIRST_PAUSE_MS 1000
#define LAST_PAUSE_MS 60000

/* Beside those of keys; deposit.c */
#define LOCK_OF_DELIVERY 0xDDB2

/* Those who have been cut off. */
typedef struct Origin
{
	dlist_node node;
	const char *server_name;
	const char *user_name;
	int pause_ms; /* 0: it works */
	int64 until_us;
} Origin;

typedef struct Entry
{
	dlist_node node;
	MemoryContext cxt; /* of all that it has */
	DdbOutboxRow row;
	DdbSession *session;
	DdbSend *sends;
	int nsends;            /* 0: it could not be read */
	DdbDelivery *delivery; /* NULL: it could not be begun */
	DdbDeliveryState state;
	ErrorData *error; /* why it could not */
} Entry;

struct DdbOutbox
{
	MemoryContext cxt;
	bool in_one;
	dlist_head entries;
	int nentries;
	dlist_head origins;
	int64 due_us; /* nothing is to be done before; 0: at once */
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
	dlist_init(&outbox->entries);
	dlist_init(&outbox->origins);
	return outbox;
}

/* Run it in a subtransaction. Returns its error, in cxt, or NULL. */
static ErrorData *
attempt(MemoryContext cxt, void (*run)(Entry *entry), Entry *entry)
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

/* NULL: it has never been cut off. */
static Origin *
find_origin(DdbOutbox *outbox, const Entry *entry)
{
	dlist_iter iter;

	dlist_foreach(iter, &outbox->origins)
	{
		Origin *origin = dlist_container(Origin, node, iter.cur);

		if (strcmp(origin->server_name, entry->row.server_name) == 0 &&
			strcmp(origin->user_name, entry->row.user_name) == 0)
			return origin;
	}
	return NULL;
}

/* Returns for how long nothing more is to be asked of it. */
static int
cut_off(DdbOutbox *outbox, const Entry *entry, const char *why)
{
	int64 now_us = ddb_http_now_us();
	Origin *origin = find_origin(outbox, entry);

	if (origin == NULL)
	{
		origin = MemoryContextAllocZero(outbox->cxt, sizeof(Origin));
		origin->server_name =
			MemoryContextStrdup(outbox->cxt, entry->row.server_name);
		origin->user_name =
			MemoryContextStrdup(outbox->cxt, entry->row.user_name);
		dlist_push_tail(&outbox->origins, &origin->node);
	}
	/* Those who call a function again and again would fill the log. */
	if (origin->pause_ms == 0 && !outbox->in_one)
		ereport(LOG,
				(errmsg("the outbox of user \"%s\" on server \"%s\" waits",
						origin->user_name,
						origin->server_name),
				 errdetail_internal("%s", why)));
	/* What was under way when it was cut off counts once. */
	if (now_us >= origin->until_us)
	{
		origin->pause_ms = origin->pause_ms == 0
							   ? FIRST_PAUSE_MS
							   : Min(origin->pause_ms * 2, LAST_PAUSE_MS);
		origin->until_us = now_us + origin->pause_ms * INT64CONST(1000);
	}
	return (int) Max(1, (origin->until_us - now_us) / 1000);
}

static void
connected(DdbOutbox *outbox, const Entry *entry)
{
	Origin *origin = find_origin(outbox, entry);

	if (origin == NULL || origin->pause_ms == 0)
		return;
	origin->pause_ms = 0;
	origin->until_us = 0;
	ereport(LOG,
			(errmsg("the outbox of user \"%s\" on server \"%s\" goes on",
					origin->user_name,
					origin->server_name)));
}

static void
read_writes(Entry *entry)
{
	DdbSend *sends = palloc(DDB_TRANSACT_MAX_ACTIONS * sizeof(DdbSend));

	entry->nsends =
		ddb_sendtext_read(entry->row.writes, entry->row.writes_len, sends);
	entry->sends = sends;
}

/* The server may be another wrapper's by now. */
static void
open_session(Entry *entry)
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
begin_delivery(const DdbOutbox *outbox, Entry *entry)
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

static void
add_entry(DdbOutbox *outbox, const DdbOutboxRow *row)
{
	MemoryContext cxt = AllocSetContextCreate(outbox->cxt,
											  "cruddur_ddb outbox entry",
											  ALLOCSET_DEFAULT_SIZES);
	Entry *entry = MemoryContextAllocZero(cxt, sizeof(Entry));
	char *writes = MemoryContextAllocHuge(cxt, row->writes_len + 1);

	entry->cxt = cxt;
	entry->row = *row;
	entry->row.server_name = MemoryContextStrdup(cxt, row->server_name);
	entry->row.user_name = MemoryContextStrdup(cxt, row->user_name);
	memcpy(writes, row->writes, row->writes_len);
	entry->row.writes = writes;
	dlist_push_tail(&outbox->entries, &entry->node);
	outbox->nentries++;
	begin_delivery(outbox, entry);
}

static void
remove_entry(DdbOutbox *outbox, Entry *entry)
{
	dlist_delete(&entry->node);
	outbox->nentries--;
	MemoryContextDelete(entry->cxt);
}

/* Entries that are under way, and those of origins that are left alone. */
static void
find_exceptions(DdbOutbox *outbox, DdbOutboxExcept *except)
{
	int64 now_us = ddb_http_now_us();
	int64 *ids = palloc((outbox->nentries + 1) * sizeof(int64));
	const char **origins = NULL;
	dlist_iter iter;

	*except = (DdbOutboxExcept){.ids = ids};
	dlist_foreach(iter, &outbox->entries) ids[except->nids++] =
		dlist_container(Entry, node, iter.cur)->row.id;
	dlist_foreach(iter, &outbox->origins)
	{
		const Origin *origin = dlist_container(Origin, node, iter.cur);
		size_t size = (except->norigins + 1) * sizeof(char *);

		if (origin->until_us <= now_us)
			continue;
		origins = origins == NULL ? palloc(size) : repalloc(origins, size);
		origins[except->norigins++] =
			psprintf("%s\n%s", origin->server_name, origin->user_name);
	}
	except->origins = origins;
}

/* When it is worth to look again, if nobody writes. */
static int64
find_due(DdbOutbox *outbox)
{
	int64 now_us = ddb_http_now_us();
	int due_ms = ddb_outboxtable_due_ms();
	int64 due_us = due_ms < 0 ? PG_INT64_MAX : now_us + due_ms * INT64CONST(1000);
	dlist_iter iter;

	dlist_foreach(iter, &outbox->origins)
	{
		const Origin *origin = dlist_container(Origin, node, iter.cur);

		if (origin->until_us > now_us)
			due_us = Min(due_us, origin->until_us);
	}
	return due_us;
}

int
ddb_outbox_load(DdbOutbox *outbox, int max_entries)
{
	int room = max_entries - outbox->nentries;
	MemoryContext scratch;
	MemoryContext caller;
	DdbOutboxExcept except;
	DdbOutboxRow *rows;
	int n;

	if (room <= 0)
		return outbox->nentries;
	scratch = AllocSetContextCreate(CurrentMemoryContext,
									"cruddur_ddb outbox rows",
									ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(scratch);
	find_exceptions(outbox, &except);
	n = ddb_outboxtable_select(&except, room, &rows);
	for (int i = 0; i < n; i++)
		add_entry(outbox, &rows[i]);
	outbox->due_us = n == room ? 0 : find_due(outbox);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return outbox->nentries;
}

/* Is any of them over? */
static bool
advance(DdbOutbox *outbox)
{
	bool any = false;
	dlist_iter iter;

	dlist_foreach(iter, &outbox->entries)
	{
		Entry *entry = dlist_container(Entry, node, iter.cur);

		if (entry->delivery != NULL)
			entry->state = ddb_delivery_advance(entry->delivery);
		any |= entry->state != DDB_DELIVERY_UNDER_WAY;
	}
	return any;
}

static bool
any_ready(DdbOutbox *outbox)
{
	dlist_iter iter;

	dlist_foreach(iter, &outbox->entries)
	{
		Entry *entry = dlist_container(Entry, node, iter.cur);

		if (entry->delivery != NULL && ddb_delivery_ready(entry->delivery))
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

	dlist_foreach(iter, &outbox->entries)
	{
		Entry *entry = dlist_container(Entry, node, iter.cur);
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
ddb_outbox_step(DdbOutbox *outbox)
{
	int timeout_ms;

	CHECK_FOR_INTERRUPTS();
	if (outbox->nentries == 0)
		return false;
	if (go_on(outbox, &timeout_ms))
		return true;
	if (timeout_ms != 0)
		ddb_network_wait(timeout_ms);
	CHECK_FOR_INTERRUPTS();
	return go_on(outbox, &timeout_ms);
}

static void
raise_fault(Entry *entry)
{
	ddb_delivery_raise(entry->delivery);
}

/* In the entry's memory. */
static const char *
describe(Entry *entry)
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
save_fault(DdbOutbox *outbox, Entry *entry)
{
	DdbOutboxFault fault = {.id = entry->row.id, .message = describe(entry)};

	fault.sqlstate = entry->error->sqlerrcode;
	switch (entry->state)
	{
		case DDB_DELIVERY_CUT_OFF:
			fault.delay_ms = cut_off(outbox, entry, fault.message);
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
 * another, in the places of others. It waits in the table still.
 */
static void
drop_cut_off(DdbOutbox *outbox)
{
	int64 now_us = ddb_http_now_us();
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &outbox->entries)
	{
		Entry *entry = dlist_container(Entry, node, iter.cur);
		const Origin *origin = find_origin(outbox, entry);

		if (origin != NULL && origin->until_us > now_us)
			remove_entry(outbox, entry);
	}
}

int64
ddb_outbox_save(DdbOutbox *outbox)
{
	MemoryContext caller = CurrentMemoryContext;
	int64 *ids = palloc((outbox->nentries + 1) * sizeof(int64));
	int n = 0;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &outbox->entries)
	{
		Entry *entry = dlist_container(Entry, node, iter.cur);

		if (entry->state == DDB_DELIVERY_UNDER_WAY)
			continue;
		MemoryContextSwitchTo(entry->cxt);
		if (entry->state == DDB_DELIVERY_DONE)
		{
			connected(outbox, entry);
			ids[n++] = entry->row.id;
		}
		else
			save_fault(outbox, entry);
		MemoryContextSwitchTo(caller);
		remove_entry(outbox, entry);
	}
	if (n > 0)
	{
		ddb_outboxtable_delete(ids, n);
		ddb_wakeup_request(DDB_WORKER_STREAM);
	}
	drop_cut_off(outbox);
	/* What was held back may be written next, and an older write not again. */
	ForceSyncCommit();
	pfree(ids);
	return n;
}

int
ddb_outbox_under_way(const DdbOutbox *outbox)
{
	return outbox->nentries;
}

int
ddb_outbox_timeout_ms(const DdbOutbox *outbox)
{
	int64 now_us = ddb_http_now_us();

	if (outbox->nentries > 0 || outbox->due_us <= now_us)
		return 0;
	if (outbox->due_us == PG_INT64_MAX)
		return -1;
	return (int) Min((outbox->due_us - now_us) / 1000 + 1, INT_MAX);
}
