/*
 * report.h
 *		From a DdbStatus to an error of PostgreSQL; the only place for it.
 */
#ifndef DDB_REPORT_H
#define DDB_REPORT_H

#include "postgres.h"

#include "status.h"

/* What failed, for the message. Any member may be NULL; all are borrowed. */
typedef struct DdbReportContext
{
	const char *server;    /* the foreign server's name */
	const char *operation; /* "Query" */
	const char *table;     /* DynamoDB's name of it, in UTF-8 */
} DdbReportContext;

/*
 * Raise the error for a status that is not DDB_OK: SQLSTATE by its kind, the
 * primary message in our words, the service's words, exception and request id
 * in the detail, and the option to change in the hint. context may be NULL.
 *
 * A refused condition is 40001 here: the item changed since it was read.
 */
extern void ddb_report_status(const DdbStatus *status,
							  const DdbReportContext *context)
	__attribute__((noreturn));

/*
 * The same for a request that had conditions. is_insert: they said that the
 * item must not exist yet, so a refused one is 23505.
 */
extern void ddb_report_condition(const DdbStatus *status,
								 const DdbReportContext *context,
								 bool is_insert) __attribute__((noreturn));

/*
 * Foreign text, in UTF-8, as text of the server, palloc'd: without control
 * characters, and with "?" for what is broken or has no counterpart.
 */
extern char *ddb_report_foreign(const char *utf8);

#endif /* DDB_REPORT_H */
