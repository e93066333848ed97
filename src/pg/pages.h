/*
 * pages.h
 *		One read, page by page, to its end.
 *
 * A page may be empty and yet not the last: only a page that leaves nothing to
 * be read is.
 */
#ifndef DDB_PAGES_H
#define DDB_PAGES_H

#include "postgres.h"

#include "session.h"

typedef struct DdbPages DdbPages;

/*
 * Nothing is asked yet. read is copied, what it points at is borrowed, as is
 * wanted. page is decoded into, and may serve several reads in turn. What is
 * made lives in cxt; a call in flight ends with it.
 */
extern DdbPages *ddb_pages_create(MemoryContext cxt, DdbSession *session,
								  const DdbRead *read, const DdbWanted *wanted,
								  DdbPage *page, int units_per_second);

/* With a page of its own, at the server's rate, and the first page asked for. */
extern DdbPages *ddb_pages_start(MemoryContext cxt, DdbSession *session,
								 const DdbRead *read, const DdbWanted *wanted);

/* Of the pages that are not asked for yet; 0: none. */
extern void ddb_pages_limit(DdbPages *pages, int limit);

/*
 * Ask for the next page, without waiting, where that is not done. The next pump
 * sends it. Error 54000 if the statement may not read any more.
 */
extern void ddb_pages_ask(DdbPages *pages);

/* Asked for, and not yet given out? */
extern bool ddb_pages_asked(const DdbPages *pages);

/* Would ddb_pages_next return at once? Whoever asks has pumped. */
extern bool ddb_pages_ready(const DdbPages *pages);

/*
 * Wait for the next page; NULL after the last. A page is good until the next
 * one is asked of this function.
 */
extern const DdbPage *ddb_pages_next(DdbPages *pages);

/* Was the page that was given out the last? */
extern bool ddb_pages_ended(const DdbPages *pages);

/* How often the page that was given out has been tried for. */
extern int ddb_pages_attempts(const DdbPages *pages);

/* The page that was given out is not used any more. */
extern void ddb_pages_release(DdbPages *pages);

#endif /* DDB_PAGES_H */
