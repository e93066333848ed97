/*
 * worker.c
 *		The background worker: one process that consumes the stream.
 *
 * It goes in turns. None of them has a transaction open while the network is
 * waited for, and none begins without having served interrupts. Whatever goes
 * wrong ends in recover(), and the worker goes on after a while: it leaves only if
 * it is told to, or if its database is wanted by others.
 *
 * Not here: how the process finds its database (workplace.c), and what is done
 * with the stream (stream.c).
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
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "stream.h"
#include "wakeup.h"
#include "worker.h"
#include "workplace.h"

#define WORKER_NAME "cruddur_ddb worker"

/* Records from one checkpoint to the next. */
#define MAX_RECORDS 1000

/* Pauses after an error. */
#define FIRST_PAUSE_MS 1000
#define LAST_PAUSE_MS 30000

typedef struct Worker
{
	MemoryContext cxt;     /* of the stream, reset when it is closed */
	MemoryContext scratch; /* of one turn */
	DdbStream *stream;     /* NULL: not open */
	bool locked;           /* are we the one consumer? */
	bool installed;        /* was the extension there when we looked last? */
	TimestampTz look_at;
	TimeoutId alarm;   /* rings at look_at */
	uint64 wakeups;    /* that we know of */
	uint32 wait_event; /* of naps */
	char *complaint;   /* of the last error, or NULL: got over it */
	int pause_ms;      /* after that */
	TimestampTz quiet_until;
} Worker;

static Worker worker;

static void
close_stream(void)
{
	worker.stream = NULL;
	MemoryContextReset(worker.cxt);
}

/* Let others consume. */
static void
step_aside(void)
{
	close_stream();
	if (worker.locked)
		ddb_stream_unlock();
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
	/* It may be another server's stream now. */
	close_stream();
	worker.look_at = 0;
}

/*
 * Begin a transaction, look whether the extension is there, and whether the
 * database is to be left.
 */
static void
begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	ddb_workplace_check();
	worker.installed = OidIsValid(get_extension_oid("cruddur_ddb", true));
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
	TimestampTz now = GetCurrentTimestamp();

	if (now < worker.look_at)
		return;
	worker.look_at = TimestampTzPlusMilliseconds(now, ddb_guc_worker_naptime_ms);
	begin();
	commit();
	/* The network may be silent for longer than a naptime. */
	enable_timeout_at(worker.alarm, worker.look_at);
}

/* Any timeout sets the latch; that is all that we want of ours. */
static void
ring(void)
{
}

static void
open_stream(void)
{
	begin();
	if (worker.installed && !worker.locked)
		worker.locked = ddb_stream_lock(true);
	if (worker.installed && worker.locked)
		worker.stream = ddb_stream_open(worker.cxt);
	commit();
}

/* DROP EXTENSION may have been quicker; then there is nowhere to save it. */
static void
save_stream(void)
{
	begin();
	if (worker.installed)
		(void) ddb_stream_save(worker.stream);
	commit();
}

/* Not before something was saved, or all shards were asked: then it works. */
static void
forget_complaint(void)
{
	if (worker.complaint == NULL)
		return;
	ereport(LOG, (errmsg("the stream is consumed again")));
	pfree(worker.complaint);
	worker.complaint = NULL;
	worker.pause_ms = 0;
}

/* Returns in how many ms there is more to do. */
static int
consume(void)
{
	uint64 wakeups = ddb_wakeup_count();
	bool saved;

	MemoryContextReset(worker.scratch);
	MemoryContextSwitchTo(worker.scratch);
	if (wakeups != worker.wakeups)
		ddb_stream_wake(worker.stream);
	worker.wakeups = wakeups;
	pgstat_report_activity(STATE_RUNNING, "consuming the stream");
	saved = ddb_stream_step(worker.stream, MAX_RECORDS);
	if (saved)
		save_stream();
	if (saved || ddb_stream_drained(worker.stream))
		forget_complaint();
	/* Whoever waits for the network resets the latch. */
	if (ddb_wakeup_count() != worker.wakeups)
		return 0;
	return ddb_stream_timeout_ms(worker.stream);
}

/* Why nothing can be consumed, or NULL. */
static const char *
find_obstacle(void)
{
	if (!ddb_guc_stream_worker)
		return "turned off by cruddur_ddb.stream_worker";
	if (!worker.installed)
		return "waiting for CREATE EXTENSION cruddur_ddb";
	if (GetCurrentTimestamp() < worker.quiet_until)
		return worker.complaint;
	if (worker.stream != NULL && ddb_stream_stale(worker.stream))
		close_stream();
	if (worker.stream == NULL)
		open_stream();
	if (worker.stream == NULL)
		return "waiting for another session that consumes the stream";
	return NULL;
}

/* Returns in how many ms there is more to do. */
static int
turn(void)
{
	const char *obstacle;

	serve_signals();
	look_around();
	obstacle = find_obstacle();
	if (obstacle == NULL)
		return consume();
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
	worker.quiet_until =
		TimestampTzPlusMilliseconds(GetCurrentTimestamp(), worker.pause_ms);
	RESUME_INTERRUPTS();
}

/* A turn that may fail. Returns in how many ms the next one is due. */
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
	if (nap_ms <= 0)
		return;
	if (worker.stream != NULL)
		pgstat_report_activity(STATE_IDLE, "waiting for records of the stream");
	(void) WaitLatch(MyLatch,
					 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Min(nap_ms, ddb_guc_worker_naptime_ms),
					 worker.wait_event);
	ResetLatch(MyLatch);
}

/* Of all that the worker logs. */
static void
tell_who_speaks(void *arg)
{
	errcontext("background worker of cruddur_ddb");
}

void
cruddur_ddb_worker_main(Datum arg)
{
	ErrorContextCallback callback;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	ddb_workplace_enter();
	SetConfigOption("application_name", WORKER_NAME, PGC_USERSET, PGC_S_SESSION);
	ddb_wakeup_attend();
	callback.callback = tell_who_speaks;
	callback.arg = NULL;
	callback.previous = NULL;
	error_context_stack = &callback;
	worker.wait_event = ddb_compat_wait_event("CruddurDdbWorker");
	worker.alarm = RegisterTimeout(USER_TIMEOUT, ring);
	worker.cxt = AllocSetContextCreate(TopMemoryContext,
									   "cruddur_ddb stream",
									   ALLOCSET_DEFAULT_SIZES);
	worker.scratch = AllocSetContextCreate(TopMemoryContext,
										   "cruddur_ddb turn",
										   ALLOCSET_DEFAULT_SIZES);
	for (;;)
		nap(try_turn());
}

void
ddb_worker_register(void)
{
	BackgroundWorker process = {0};

	if (ddb_guc_worker_database[0] == '\0' || IsBinaryUpgrade)
		return;
	strlcpy(process.bgw_name, WORKER_NAME, BGW_MAXLEN);
	strlcpy(process.bgw_type, WORKER_NAME, BGW_MAXLEN);
	strlcpy(process.bgw_library_name, "cruddur_ddb", BGW_MAXLEN);
	strlcpy(process.bgw_function_name, "cruddur_ddb_worker_main", BGW_MAXLEN);
	process.bgw_flags =
		BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	process.bgw_start_time = BgWorkerStart_RecoveryFinished;
	process.bgw_restart_time = 1;
	RegisterBackgroundWorker(&process);
}
