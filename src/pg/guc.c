/*
 * guc.c
 *		The settings cruddur_ddb.*
 *
 * Definitions only: what a setting does is written where it is read.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "guc.h"

char *ddb_guc_server;
bool ddb_guc_log_requests;

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

	MarkGUCPrefixReserved("cruddur_ddb");
}
