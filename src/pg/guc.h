/*
 * guc.h
 *		The settings cruddur_ddb.*
 */
#ifndef DDB_GUC_H
#define DDB_GUC_H

#include "postgres.h"

/* cruddur_ddb.server: the foreign server that the functions use */
extern PGDLLIMPORT char *ddb_guc_server;

/* cruddur_ddb.log_requests: one LOG line for each request */
extern PGDLLIMPORT bool ddb_guc_log_requests;

/* cruddur_ddb.enable_pushdown: off = scan and filter here */
extern PGDLLIMPORT bool ddb_guc_enable_pushdown;

typedef enum DdbFullScan
{
	DDB_FULL_SCAN_ALLOW,
	DDB_FULL_SCAN_WARN,
	DDB_FULL_SCAN_FORBID
} DdbFullScan;

/* cruddur_ddb.full_scan: a DdbFullScan */
extern PGDLLIMPORT int ddb_guc_full_scan;

/* cruddur_ddb.max_read_units: of one statement; 0: no limit */
extern PGDLLIMPORT int ddb_guc_max_read_units;

typedef enum DdbWriteMode
{
	DDB_WRITE_TRANSACTION, /* buffered, sent at COMMIT */
	DDB_WRITE_IMMEDIATE,   /* sent before the statement ends */
	DDB_WRITE_OUTBOX       /* stored at COMMIT, delivered later */
} DdbWriteMode;

/* cruddur_ddb.write_mode: a DdbWriteMode */
extern PGDLLIMPORT int ddb_guc_write_mode;

/*
 * cruddur_ddb.worker_database, .worker_role: where and as whom the background
 * workers run. No database: there are none. No role: the superuser whom initdb
 * made.
 */
extern PGDLLIMPORT char *ddb_guc_worker_database;
extern PGDLLIMPORT char *ddb_guc_worker_role;

/* cruddur_ddb.stream_worker, .outbox_worker: does this one work? */
extern PGDLLIMPORT bool ddb_guc_stream_worker;
extern PGDLLIMPORT bool ddb_guc_outbox_worker;

/*
 * cruddur_ddb.worker_naptime_ms: how often a worker looks for what does not wake
 * it
 */
extern PGDLLIMPORT int ddb_guc_worker_naptime_ms;

/* Define the settings; once, from _PG_init. */
extern void ddb_guc_define(void);

#endif /* DDB_GUC_H */
