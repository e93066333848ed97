/*
 * guc.c
 *		The settings cruddur_ddb.*
 *
 * Definitions only: what a setting does is written where it is read.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "guc.h"

char *ddb_guc_server;
bool ddb_guc_log_requests;
bool ddb_guc_enable_pushdown;
int ddb_guc_full_scan;
int ddb_guc_max_read_units;
int ddb_guc_write_mode;
char *ddb_guc_worker_database;
char *ddb_guc_worker_role;
bool ddb_guc_stream_worker;
bool ddb_guc_outbox_worker;
int ddb_guc_worker_naptime_ms;

static const struct config_enum_entry full_scan_options[] =
	{{"allow", DDB_FULL_SCAN_ALLOW, false},
	 {"warn", DDB_FULL_SCAN_WARN, false},
	 {"forbid", DDB_FULL_SCAN_FORBID, false},
	 {NULL, 0, false}};

static const struct config_enum_entry write_modes[] =
	{{"transaction", DDB_WRITE_TRANSACTION, false},
	 {"immediate", DDB_WRITE_IMMEDIATE, false},
	 {"outbox", DDB_WRITE_OUTBOX, false},
	 {NULL, 0, false}};

/* What a reader may cost; who pays the bill decides. */
static void
define_limits(void)
{
	DefineCustomEnumVariable("cruddur_ddb.full_scan",
							 "Sets whether a whole DynamoDB table may be "
							 "scanned.",
							 NULL,
							 &ddb_guc_full_scan,
							 DDB_FULL_SCAN_ALLOW,
							 full_scan_options,
							 PGC_SUSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomIntVariable("cruddur_ddb.max_read_units",
							"Sets the read units that a statement may use.",
							"A statement that has used them fails before its "
							"next request. 0 turns this off.",
							&ddb_guc_max_read_units,
							0,
							0,
							INT_MAX,
							PGC_SUSET,
							0,
							NULL,
							NULL,
							NULL);
}

/* Where and as whom the workers run. */
static void
define_worker_place(void)
{
	/*
	 * A setting for the postmaster can be made in the postmaster only. A library
	 * that is loaded later knows these too, or it would complain of what
	 * postgresql.conf says, but they do nothing there.
	 */
	GucContext context = process_shared_preload_libraries_in_progress
							 ? PGC_POSTMASTER
							 : PGC_SIGHUP;

	DefineCustomStringVariable("cruddur_ddb.worker_database",
							   "Sets the database in which the background "
							   "workers run.",
							   "If empty, there are no background workers.",
							   &ddb_guc_worker_database,
							   "",
							   context,
							   0,
							   NULL,
							   NULL,
							   NULL);

	DefineCustomStringVariable("cruddur_ddb.worker_role",
							   "Sets the role as which the background workers "
							   "run.",
							   "If empty, it is the superuser that the cluster "
							   "was initialized with.",
							   &ddb_guc_worker_role,
							   "",
							   context,
							   0,
							   NULL,
							   NULL,
							   NULL);
}

static void
define_workers(void)
{
	define_worker_place();

	DefineCustomBoolVariable("cruddur_ddb.stream_worker",
							 "Lets a background worker consume the stream of "
							 "the messaging table.",
							 NULL,
							 &ddb_guc_stream_worker,
							 true,
							 PGC_SIGHUP,
							 0,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomBoolVariable("cruddur_ddb.outbox_worker",
							 "Lets a background worker deliver the outbox.",
							 NULL,
							 &ddb_guc_outbox_worker,
							 true,
							 PGC_SIGHUP,
							 0,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomIntVariable("cruddur_ddb.worker_naptime_ms",
							"Sets how often a background worker looks for "
							"what does not wake it, in milliseconds.",
							NULL,
							&ddb_guc_worker_naptime_ms,
							1000,
							10,
							INT_MAX / 1000,
							PGC_SIGHUP,
							0,
							NULL,
							NULL,
							NULL);
}

void
ddb_guc_define(void)
{
	DefineCustomStringVariable("cruddur_ddb.server",
							   "Sets the foreign server that the functions of "
							   "cruddur_ddb use.",
							   NULL,
							   &ddb_guc_server,
							   "cruddur",
							   PGC_USERSET,
							   0,
							   NULL,
							   NULL,
							   NULL);

	/* It fills the server's log, so it is not for everyone to turn on. */
	DefineCustomBoolVariable("cruddur_ddb.log_requests",
							 "Logs each request to DynamoDB.",
							 "One line for each request: operation, table, "
							 "attempt, status, time, units and request id.",
							 &ddb_guc_log_requests,
							 false,
							 PGC_SUSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomBoolVariable("cruddur_ddb.enable_pushdown",
							 "Lets DynamoDB evaluate conditions of queries on "
							 "foreign tables.",
							 "If off, tables are scanned whole and everything "
							 "is evaluated here.",
							 &ddb_guc_enable_pushdown,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomEnumVariable("cruddur_ddb.write_mode",
							 "Sets when writes are sent to DynamoDB.",
							 "\"transaction\" sends them at COMMIT, all or none. "
							 "\"immediate\" sends them before the statement "
							 "ends; ROLLBACK does not undo them. \"outbox\" "
							 "stores them at COMMIT, to be delivered later.",
							 &ddb_guc_write_mode,
							 DDB_WRITE_TRANSACTION,
							 write_modes,
							 PGC_USERSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	define_limits();
	define_workers();
	MarkGUCPrefixReserved("cruddur_ddb");
}
