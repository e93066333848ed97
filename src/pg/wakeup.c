/*
 * wakeup.c
 *		What sessions and the background worker share.
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

typedef struct Shared
{
	slock_t lock; /* of the next two */
	Latch *latch; /* of the worker; NULL: none runs */
	Oid database; /* in which it runs */
	pg_atomic_uint64 wakeups;

	/* The worker's own, kept from one to the next. */
	int failures;
	bool look_first;
} Shared;

static Shared *shared = NULL;  /* NULL: not in shared_preload_libraries */
static bool requested = false; /* by the current transaction */
static shmem_request_hook_type next_request_hook = NULL;
static shmem_startup_hook_type next_startup_hook = NULL;

static void
request_memory(void)
{
	if (next_request_hook != NULL)
		next_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(Shared)));
}

static void
start_memory(void)
{
	bool found;

	if (next_startup_hook != NULL)
		next_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("cruddur_ddb", sizeof(Shared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(Shared));
		SpinLockInit(&shared->lock);
		pg_atomic_init_u64(&shared->wakeups, 0);
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * The latch may be another process's by now: latches are never freed, and whoever
 * owns one is used to its being set for nothing.
 */
static void
wake_worker(void)
{
	Latch *latch;

	SpinLockAcquire(&shared->lock);
	latch = shared->database == MyDatabaseId ? shared->latch : NULL;
	SpinLockRelease(&shared->lock);
	if (latch == NULL)
		return;
	(void) pg_atomic_fetch_add_u64(&shared->wakeups, 1);
	SetLatch(latch);
}

/* In mode "immediate" what was sent stays, also if the transaction aborts. */
static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			if (requested)
				wake_worker();
			requested = false;
			break;
		default:
			break;
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
ddb_wakeup_request(void)
{
	requested = shared != NULL;
}

static void
set_worker(Latch *latch, Oid database)
{
	SpinLockAcquire(&shared->lock);
	shared->latch = latch;
	shared->database = database;
	SpinLockRelease(&shared->lock);
}

static void
forget_worker(int code, Datum arg)
{
	set_worker(NULL, InvalidOid);
}

void
ddb_wakeup_attend(void)
{
	on_shmem_exit(forget_worker, (Datum) 0);
	set_worker(MyLatch, MyDatabaseId);
}

uint64
ddb_wakeup_count(void)
{
	return pg_atomic_read_u64(&shared->wakeups);
}

int
ddb_wakeup_failures(void)
{
	return shared->failures;
}

void
ddb_wakeup_set_failures(int failures)
{
	shared->failures = failures;
}

bool
ddb_wakeup_look_first(void)
{
	return shared->look_first;
}

void
ddb_wakeup_set_look_first(bool look_first)
{
	shared->look_first = look_first;
}
