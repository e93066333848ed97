/*
 * describe.h
 *		DescribeTable, asked once and kept for a while.
 */
#ifndef DDB_DESCRIBE_H
#define DDB_DESCRIBE_H

#include "postgres.h"

#include "session.h"
#include "tableinfo.h"

/*
 * What DescribeTable says of a table, at most some minutes old; good until
 * CurrentMemoryContext is reset. Errors as of the request. NULL: the user may
 * not describe the table (AccessDeniedException).
 */
extern const DdbTableInfo *ddb_describe_table(DdbSession *session,
											  const char *table);

/*
 * Ask anew next time; for those who change a table, or find it changed. NULL:
 * of all tables.
 */
extern void ddb_describe_forget(const char *table);

#endif /* DDB_DESCRIBE_H */
