/*
 * prefetch.h
 *		Reading ahead for the inner side of a nested loop.
 *
 * A node of ours above the outer side fetches some of its rows at a time,
 * remembers them, and has the inner side's reads started for all of them: whole
 * keys as one BatchGetItem, Queries side by side. Then it hands out the rows,
 * and the inner side takes up for each what was started for it. The join itself
 * is PostgreSQL's.
 */
#ifndef DDB_PREFETCH_H
#define DDB_PREFETCH_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "bind.h"
#include "column.h"
#include "fetch.h"

typedef struct DdbPrefetch DdbPrefetch;

/* The scan on the inner side. All is borrowed, for as long as the query runs. */
typedef struct DdbPrefetchInner
{
	DdbBind *bind;
	ExprContext *econtext;
	List *params; /* Param nodes of what the outer node gives, in its order */
	DdbSession *session;
	DdbFetchPlan fetch;    /* without its reads */
	const DdbItemKey *key; /* the table's */
	const DdbType *key_types;
} DdbPrefetchInner;

/* What was read, or begun to be read, for the current row of the outer side. */
typedef struct DdbAhead
{
	bool complete;       /* as in DdbBound */
	DdbFetch *fetch;     /* NULL: there is one item at most, and it is here */
	const DdbPage *page; /* NULL: there is no item */
	int item;
} DdbAhead;

/* The outer node of this execution with this id; NULL: there is none. */
extern DdbPrefetch *ddb_prefetch_find(const EState *estate, int id);

/* inner is copied. */
extern void ddb_prefetch_attach(DdbPrefetch *prefetch,
								const DdbPrefetchInner *inner);

/*
 * What there is for the outer side's current row, good until its next one.
 * False: nothing, or it was taken already; then the scan reads by itself.
 */
extern bool ddb_prefetch_take(DdbPrefetch *prefetch, DdbAhead *ahead);

/*
 * A node over outer_plan that hands out its rows, at most max_rows ahead. Its
 * custom_exprs, columns of outer_plan that the inner side needs, are yet to be
 * set.
 */
extern CustomScan *ddb_prefetch_plan(Plan *outer_plan, List *tlist, int id,
									 int max_rows);

/* Once, from _PG_init. */
extern void ddb_prefetch_init(void);

#endif /* DDB_PREFETCH_H */
