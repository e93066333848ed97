/*
 * worker.c
 *		The background workers: a process for each task.
 *
 * Each goes in turns. None of them has a transaction open while the network is
 * waited for, and none begins without having served interrupts. Whatever goes
 * wrong ends in recover(), and the worker goes on after a while: it leaves only if
 * it is told to, or if its database is wanted by others.
 *
 * Not here: how a process finds its database (workplace.c), and what the tasks are
 * (task.h).
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "compat.h"
#include "guc.h"
#include "http.h"
#include "task.h"
#include "wakeup.h"
#include "worker.h"
#include "workplace.h"

/* Pauses after an error. */
#define FIRST_PAUSE_MS 1000
#define LAST_PAUSE_MS 30000

/* By DdbWorkerId. */
static const DdbTask *const tasks[DDB_WORKERS] =
	{[DDB_WORKER_STREAM] = &ddb_task_stream, [DDB_WORKER_OUTBOX] = &ddb_task_outbox};

typedef struct Worker
{
	const DdbTask *task;
	MemoryContext cxt;     /* of the work, reset when it is closed */
	MemoryContext scratch; /* of one turn */
	void *work;            /* NULL: not open */
	Oid extension;         /* in which it was opened */
	bool locked;           /* are we the only one? */
	bool installed;        /* was the extension there when we looked last? */
	int64 look_us;         /* when to look around again, by ddb_http_now_us() */
	TimeoutId alarm;       /* rings then */
	uint64 wakeups;        /* that we know of */
	uint32 wait_event;     /* of naps */
	char *complaint;       /* of the last error, or NULL: got over it */
	int pause_ms;          /* after that */
	int64 quiet_until_us;
} Worker;

static Worker worker;

static void
close_work(void)
{
	worker.work = NULL;
	MemoryContextReset(worker.cxt);
}

/* Let others do it. */
static void
step_aside(void)
{
	close_work();
	if (worker.locked)
		worker.task->unlock();
	worker.locked = false;
}

static void
serve_signals(void)
{
	CHECK_FOR_INTERRUPTS();
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	/* It may be another server now. */
	close_work();
	worker.look_us = 0;
}

/*
 * Begin a transaction, look whether the extension is there, and whether the
 * database is to be left.
 */
static void
begin(void)
{
	Oid extension;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	ddb_workplace_check();
	extension = get_extension_oid("cruddur_ddb", true);
	if (worker.work == NULL)
		worker.extension = extension;
	/* The tables of a new one have rows of the same numbers. */
	worker.installed = OidIsValid(extension) && extension == worker.extension;
}

static void
commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
}

/* Look for what does not wake us. */
static void
look_around(void)
{
	int64 now_us = ddb_http_now_us();

	if (now_us < worker.look_us)
		return;
	worker.look_us = now_us + ddb_guc_worker_naptime_ms * INT64CONST(1000);
	begin();
	commit();
	if (worker.work != NULL && worker.task->is_polled)
		worker.task->wake(worker.work);
	/* The network may be silent for longer than a naptime. */
	enable_timeout_after(worker.alarm, ddb_guc_worker_naptime_ms);
}

/* Any timeout sets the latch; that is all that we want of ours. */
static void
ring(void)
{
}

static void
open_work(void)
{
	begin();
	if (worker.installed && !worker.locked)
		worker.locked = worker.task->lock(true);
	if (worker.installed && worker.locked)
		worker.work = worker.task->open(worker.cxt);
	commit();
}

/*
 * DROP EXTENSION may have been quicker; then there is nowhere to save it. Returns
 * whether it has come forward.
 */
static bool
save_work(void)
{
	bool is_good = false;

	begin();
	if (worker.installed)
		is_good = worker.task->save(worker.work);
	commit();
	return is_good;
}

/* It works again. */
static void
forget_complaint(void)
{
	if (worker.complaint == NULL)
		return;
	ereport(LOG, (errmsg_internal("%s", worker.task->recovered)));
	pfree(worker.complaint);
	worker.complaint = NULL;
	worker.pause_ms = 0;
}

/* Returns in how many ms there is more to do; -1: when it is woken. */
static int
do_work(void)
{
	const DdbTask *task = worker.task;
	uint64 wakeups = ddb_wakeup_count();
	bool is_good;

	MemoryContextReset(worker.scratch);
	MemoryContextSwitchTo(worker.scratch);
	if (wakeups != worker.wakeups)
		task->wake(worker.work);
	worker.wakeups = wakeups;
	pgstat_report_activity(STATE_RUNNING, task->active);
	if (task->step(worker.work))
		is_good = save_work();
	else
		is_good = task->is_drained(worker.work);
	if (is_good)
		forget_complaint();
	/* Whoever waits for the network resets the latch. */
	if (ddb_wakeup_count() != worker.wakeups)
		return 0;
	return task->timeout_ms(worker.work);
}

/* Why nothing can be done, or NULL. */
static const char *
find_obstacle(void)
{
	const DdbTask *task = worker.task;

	if (!*task->is_on)
		return task->off;
	if (!worker.installed)
		return "waiting for CREATE EXTENSION cruddur_ddb";
	if (ddb_http_now_us() < worker.quiet_until_us)
		return worker.complaint;
	if (worker.work != NULL && task->is_stale != NULL &&
		task->is_stale(worker.work))
		close_work();
	if (worker.work == NULL)
		open_work();
	if (worker.work == NULL)
		return task->taken;
	return NULL;
}

/* Returns in how many ms there is more to do; -1: when it is woken. */
static int
turn(void)
{
	const char *obstacle;

	serve_signals();
	look_around();
	obstacle = find_obstacle();
	if (obstacle == NULL)
		return do_work();
	step_aside();
	pgstat_report_activity(STATE_IDLE, obstacle);
	return ddb_guc_worker_naptime_ms;
}

/* One line in the log for each change of what is wrong. */
static void
complain(ErrorData *error)
{
	ErrorContextCallback *callbacks = error_context_stack;
	char *complaint = psprintf("waiting after an error: %s", error->message);

	if (worker.complaint != NULL && strcmp(worker.complaint, complaint) == 0)
	{
		pfree(complaint);
		return;
	}
	if (worker.complaint != NULL)
		pfree(worker.complaint);
	worker.complaint = complaint;
	error->elevel = WARNING;
	/* The error has its context already. */
	error_context_stack = NULL;
	ThrowErrorData(error);
	error_context_stack = callbacks;
}

static void
recover(void)
{
	ErrorData *error;

	HOLD_INTERRUPTS();
	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	FlushErrorState();
	AbortOutOfAnyTransaction();
	step_aside();
	complain(error);
	FreeErrorData(error);
	pgstat_report_stat(true);
	worker.pause_ms = worker.pause_ms == 0
						  ? FIRST_PAUSE_MS
						  : Min(worker.pause_ms * 2, LAST_PAUSE_MS);
	worker.quiet_until_us =
		ddb_http_now_us() + worker.pause_ms * INT64CONST(1000);
	RESUME_INTERRUPTS();
}

/* A turn that may fail. Returns what it returns. */
static int
try_turn(void)
{
	volatile int nap_ms = 0;

	PG_TRY();
	{
		nap_ms = turn();
	}
	PG_CATCH();
	{
		recover();
	}
	PG_END_TRY();
	return nap_ms;
}

/* Until something is due, or wakes us. */
static void
nap(int nap_ms)
{
	if (nap_ms == 0)
		return;
	if (nap_ms < 0 || nap_ms > ddb_guc_worker_naptime_ms)
		nap_ms = ddb_guc_worker_naptime_ms;
	if (worker.work != NULL)
		pgstat_report_activity(STATE_IDLE, worker.task->idle);
	(void) WaitLatch(MyLatch,
					 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 nap_ms,
					 worker.wait_event);
	ResetLatch(MyLatch);
}

/* Of all that the worker logs. */
static void
tell_who_speaks(void *arg)
{
	errcontext("%s", worker.task->name);
}

/* What a database or a role is set to is for its users. */
static void
set_settings(void)
{
	SetConfigOption("application_name",
					worker.task->name,
					PGC_USERSET,
					PGC_S_SESSION);
	/* A load is to see what others have committed before its last statement. */
	SetConfigOption("default_transaction_isolation",
					"read committed",
					PGC_SUSET,
					PGC_S_OVERRIDE);
}

static void
start(DdbWorkerId id)
{
	worker.task = tasks[id];
	ddb_wakeup_become(id);
	ddb_workplace_enter();
	set_settings();
	ddb_wakeup_attend();
	worker.wait_event = ddb_compat_wait_event("CruddurDdbWorker");
	worker.alarm = RegisterTimeout(USER_TIMEOUT, ring);
	worker.cxt = AllocSetContextCreate(TopMemoryContext,
									   "cruddur_ddb work",
									   ALLOCSET_DEFAULT_SIZES);
	worker.scratch = AllocSetContextCreate(TopMemoryContext,
										   "cruddur_ddb turn",
										   ALLOCSET_DEFAULT_SIZES);
}

void
cruddur_ddb_worker_main(Datum arg)
{
	ErrorContextCallback callback;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	start(DatumGetInt32(arg));
	callback.callback = tell_who_speaks;
	callback.arg = NULL;
	callback.previous = NULL;
	error_context_stack = &callback;
	for (;;)
		nap(try_turn());
}

void
ddb_worker_register(void)
{
	if (ddb_guc_worker_database[0] == '\0' || IsBinaryUpgrade)
		return;
	for (int id = 0; id < DDB_WORKERS; id++)
	{
		BackgroundWorker process = {0};

		strlcpy(process.bgw_name, tasks[id]->name, BGW_MAXLEN);
		strlcpy(process.bgw_type, tasks[id]->name, BGW_MAXLEN);
		strlcpy(process.bgw_library_name, "cruddur_ddb", BGW_MAXLEN);
		strlcpy(process.bgw_function_name, "cruddur_ddb_worker_main", BGW_MAXLEN);
		process.bgw_flags =
			BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
		process.bgw_start_time = BgWorkerStart_RecoveryFinished;
		process.bgw_restart_time = 1;
		process.bgw_main_arg = Int32GetDatum(id);
		RegisterBackgroundWorker(&process);
	}
}
