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

/* Define the settings; once, from _PG_init. */
extern void ddb_guc_define(void);

#endif /* DDB_GUC_H */
