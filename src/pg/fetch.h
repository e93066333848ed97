/*
 * fetch.h
 *		Many reads at once, page by page, in whatever order they come.
 *
 * Each read (a Query, a segment of a Scan, a batch of keys) goes on to its last
 * page. Memory is the pages in flight, however many reads there are.
 */
#ifndef DDB_FETCH_H
#define DDB_FETCH_H

#include "postgres.h"

#include "session.h"

typedef struct DdbFetch DdbFetch;

/* What it has cost so far, for EXPLAIN ANALYZE; it may serve many fetches. */
typedef struct DdbFetchCost
{
	int64 requests;
	int64 retries; /* attempts beyond the first */
	int64 items_scanned;
	int64 items_returned;
	double read_units;
} DdbFetchCost;

typedef struct DdbFetchPlan
{
	const DdbRead *reads; /* borrowed, with all that they point at; resume NULL */
	int nreads;           /* 0: nothing to be read */
	const DdbWanted *wanted;
	int64 bound; /* items read (before the filter) of which the caller expects
								 * to need no more, so read no further ahead; 0:
								 * all of them */
	int units_per_second; /* 0: no limit */
	DdbFetchCost *cost;   /* added to, page by page as they are given out */
} DdbFetchPlan;

/*
 * Ask for the first pages, without waiting. The plan is copied, what it points
 * at is borrowed. What is made lives in cxt; calls in flight end with it.
 *
 * With a bound, one read begins, with Limit = bound; others join it, and all
 * ask for what the bound leaves. Beyond the bound a page is only asked for when
 * the caller asks, for ever more items each time, until that is a page anyway.
 */
extern DdbFetch *ddb_fetch_start(MemoryContext cxt, DdbSession *session,
								 const DdbFetchPlan *plan);

/*
 * The next page of any read, waiting for it; NULL after the last. *read is its
 * index in the plan. A page is good until the next one is asked for. Pages may
 * be empty. Errors: those of the request, 54000 where cruddur_ddb.max_read_units
 * of the statement are spent and more would have to be asked for.
 */
extern const DdbPage *ddb_fetch_next(DdbFetch *fetch, int *read);

/*
 * Would ddb_fetch_next return at once? Pumps, and asks for a page if none is
 * asked for. For asynchronous execution; the owner waits for ddb_network_fd(),
 * no longer than ddb_fetch_timeout_ms().
 */
extern bool ddb_fetch_ready(DdbFetch *fetch);

/* As ddb_client_timeout_ms(); 0 where it is ready. Does not pump. */
extern int ddb_fetch_timeout_ms(const DdbFetch *fetch);

#endif /* DDB_FETCH_H */
