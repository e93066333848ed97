/*
 * wakeup.c
 *		What sessions and the background workers share.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#include "wakeup.h"

/* One for each worker. */
typedef struct Shared
{
	slock_t lock; /* of the next two */
	Latch *latch; /* of its process; NULL: none runs */
	Oid database; /* in which that runs */
	pg_atomic_uint64 wakeups;

	/* The worker's own, kept from one process to the next. */
	int failures;
	bool look_first;
} Shared;

static Shared *shared = NULL;       /* NULL: not in shared_preload_libraries */
static Shared *mine = NULL;         /* of the worker that this process is */
static bool requested[DDB_WORKERS]; /* by the current transaction */
static shmem_request_hook_type next_request_hook = NULL;
static shmem_startup_hook_type next_startup_hook = NULL;

static void
request_memory(void)
{
	if (next_request_hook != NULL)
		next_request_hook();
	RequestAddinShmemSpace(MAXALIGN(DDB_WORKERS * sizeof(Shared)));
}

static void
start_memory(void)
{
	bool found;

	if (next_startup_hook != NULL)
		next_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("cruddur_ddb", DDB_WORKERS * sizeof(Shared), &found);
	for (int id = 0; !found && id < DDB_WORKERS; id++)
	{
		memset(&shared[id], 0, sizeof(Shared));
		SpinLockInit(&shared[id].lock);
		pg_atomic_init_u64(&shared[id].wakeups, 0);
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * The latch may be another process's by now: latches are never freed, and whoever
 * owns one is used to its being set for nothing.
 */
static void
wake_worker(Shared *worker)
{
	Latch *latch;

	SpinLockAcquire(&worker->lock);
	latch = worker->database == MyDatabaseId ? worker->latch : NULL;
	SpinLockRelease(&worker->lock);
	if (latch == NULL)
		return;
	(void) pg_atomic_fetch_add_u64(&worker->wakeups, 1);
	SetLatch(latch);
}

/* In mode "immediate" what was sent stays, also if the transaction aborts. */
static void
end_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	for (int id = 0; id < DDB_WORKERS; id++)
	{
		if (requested[id])
			wake_worker(&shared[id]);
		requested[id] = false;
	}
}

void
ddb_wakeup_init(void)
{
	next_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_memory;
	RegisterXactCallback(end_transaction, NULL);
}

void
ddb_wakeup_request(DdbWorkerId id)
{
	requested[id] = shared != NULL;
}

void
ddb_wakeup_become(DdbWorkerId id)
{
	mine = &shared[id];
}

static void
set_latch(Latch *latch, Oid database)
{
	SpinLockAcquire(&mine->lock);
	mine->latch = latch;
	mine->database = database;
	SpinLockRelease(&mine->lock);
}

static void
forget_latch(int code, Datum arg)
{
	set_latch(NULL, InvalidOid);
}

void
ddb_wakeup_attend(void)
{
	on_shmem_exit(forget_latch, (Datum) 0);
	set_latch(MyLatch, MyDatabaseId);
}

uint64
ddb_wakeup_count(void)
{
	return pg_atomic_read_u64(&mine->wakeups);
}

int
ddb_wakeup_failures(void)
{
	return mine->failures;
}

void
ddb_wakeup_set_failures(int failures)
{
	mine->failures = failures;
}

bool
ddb_wakeup_look_first(void)
{
	return mine->look_first;
}

void
ddb_wakeup_set_look_first(bool look_first)
{
	mine->look_first = look_first;
}
