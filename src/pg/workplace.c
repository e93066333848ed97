/*
 * workplace.c
 *		The database in which a background worker runs, coming and going.
 *
 * A process connects to one database only, and fails for good if it is not there.
 * So that the log does not fill with such failures, the next process connects to
 * none, waits until there is one, and ends; the postmaster starts another one in
 * its place. An exit code other than 0 is what makes it do so.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/guc.h"

#include "compat.h"
#include "guc.h"
#include "wakeup.h"
#include "workplace.h"

/* Doubled with each failure to connect, at most so often. */
#define FIRST_PAUSE_MS 1000
#define MAX_DOUBLINGS 5

/*
 * Does nobody hold or want a lock that keeps others out of the database? This is
 * the lock that every session takes while it connects.
 */
static bool
is_free(Oid database)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, database, 0);
	return LockAcquire(&tag, RowExclusiveLock, false, true) !=
		   LOCKACQUIRE_NOT_AVAIL;
}

static bool
can_connect(void)
{
	const char *role = ddb_guc_worker_role;
	Oid database;
	bool can;

	StartTransactionCommand();
	database = get_database_oid(ddb_guc_worker_database, true);
	can = OidIsValid(database) && is_free(database) &&
		  (role[0] == '\0' || OidIsValid(get_role_oid(role, true)));
	CommitTransactionCommand();
	return can;
}

/* Signals set the latch, so each is served at once. */
static void
pause_for(int pause_ms)
{
	(void) WaitLatch(MyLatch,
					 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 pause_ms,
					 ddb_compat_wait_event("CruddurDdbWorker"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
}

/* Leave the place to the next process. */
static void
leave(bool look_first)
{
	ddb_wakeup_set_look_first(look_first);
	proc_exit(1);
}

static void
await_workplace(void)
{
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_activity(STATE_IDLE,
						   "waiting for the database of "
						   "cruddur_ddb.worker_database");
	pause_for(FIRST_PAUSE_MS << Min(ddb_wakeup_failures(), MAX_DOUBLINGS));
	while (!can_connect())
		pause_for(ddb_guc_worker_naptime_ms);
	leave(false);
}

void
ddb_workplace_enter(void)
{
	const char *role = ddb_guc_worker_role;

	if (ddb_wakeup_look_first())
		await_workplace();
	/* For the next process, if this one does not get past the next line. */
	ddb_wakeup_set_look_first(true);
	ddb_wakeup_set_failures(ddb_wakeup_failures() + 1);
	BackgroundWorkerInitializeConnection(ddb_guc_worker_database,
										 role[0] == '\0' ? NULL : role,
										 0);
	ddb_wakeup_set_look_first(false);
	ddb_wakeup_set_failures(0);
}

void
ddb_workplace_check(void)
{
	if (is_free(MyDatabaseId))
		return;
	ereport(LOG,
			(errmsg("leaving database \"%s\", which is about to be dropped, "
					"renamed, moved or copied",
					ddb_guc_worker_database)));
	leave(true);
}
