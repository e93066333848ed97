/*
 * report.h
 *		From a DdbStatus to an error of PostgreSQL; the only place for it.
 */
#ifndef DDB_REPORT_H
#define DDB_REPORT_H

#include "postgres.h"

#include "endpoint.h"
#include "status.h"

/* What a condition that did not hold says of a write. */
typedef enum DdbRefusal
{
	DDB_REFUSAL_NONE,    /* nothing: the status alone is to be told */
	DDB_REFUSAL_EXISTS,  /* 23505: there is such an item */
	DDB_REFUSAL_RACE,    /* 40001: the same, and there was none before */
	DDB_REFUSAL_CHANGED, /* 40001: the item is not as it was read */
	DDB_REFUSAL_UNKNOWN  /* 08006: that, or the write itself changed it */
} DdbRefusal;

/* Where the keys come from that a request is signed with. */
typedef enum DdbKeyOrigin
{
	DDB_KEYS_OF_MAPPING, /* the user mapping has them */
	DDB_KEYS_OF_ROLE,    /* of a role, assumed with those of the user mapping */
	DDB_KEYS_OF_HOST     /* the server process finds them on its host */
} DdbKeyOrigin;

/* What failed, for the message. Any member may be NULL; all are borrowed. */
typedef struct DdbReportContext
{
	const char *server; /* the foreign server's name */
	DdbService service; /* whose answer it is */
	DdbKeyOrigin origin;
	const char *operation; /* "Query" */
	const char *table;     /* DynamoDB's name of it, in UTF-8 */
	const char *key;       /* of the item that is written, JSON in UTF-8 */
	size_t key_len;
	DdbRefusal refusal; /* with a table and a key */
} DdbReportContext;

/*
 * Raise the error for a status that is not DDB_OK: SQLSTATE by its kind, the
 * primary message in our words, the item's key, the service's words, exception
 * and request id in the detail, and the option to change in the hint. context
 * may be NULL.
 *
 * A refused condition is 40001, the item changed since it was read, unless the
 * context knows more.
 */
extern void ddb_report_status(const DdbStatus *status,
							  const DdbReportContext *context)
	__attribute__((noreturn));

/*
 * The same in one line of text, palloc'd, with its SQLSTATE: for what is told in
 * another way than by an error.
 */
extern char *ddb_report_text(const DdbStatus *status,
							 const DdbReportContext *context, int *sqlstate);

/*
 * Which of its reasons tells why a transaction was canceled: the index of the
 * first of the worst kind, and that kind in *kind; -1 where none tells.
 */
extern int ddb_report_canceled_by(const DdbStatus *status, DdbStatusKind *kind);

/*
 * Foreign text, in UTF-8, as text of the server, palloc'd: without control
 * characters, and with "?" for what is broken or has no counterpart.
 */
extern char *ddb_report_foreign(const char *utf8);

#endif /* DDB_REPORT_H */
