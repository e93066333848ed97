/*
 * pages.h
 *		A Query or Scan, page by page, to its end.
 *
 * A page may be empty and yet not the last: only a page without a
 * LastEvaluatedKey is.
 */
#ifndef DDB_PAGES_H
#define DDB_PAGES_H

#include "postgres.h"

#include "session.h"

typedef struct DdbPages DdbPages;

/*
 * Ask for the first page, without waiting. The query is copied, its strings
 * and values are borrowed; a query without a key condition is a Scan. wanted
 * is borrowed. What is made lives in cxt; a call in flight ends with it.
 */
extern DdbPages *ddb_pages_start(MemoryContext cxt, DdbSession *session,
								 const DdbQuery *query, const DdbWanted *wanted);

/* Ask for page n+1 as soon as page n is here: for those who read all. */
extern void ddb_pages_read_ahead(DdbPages *pages);

/*
 * Wait for the next page; NULL after the last. A page is good until the next
 * but one is asked for.
 */
extern const DdbPage *ddb_pages_next(DdbPages *pages);

#endif /* DDB_PAGES_H */
