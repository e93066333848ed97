/*
 * fdw_scan.h
 *		Execution of a ForeignScan: pages in, rows out.
 */
#ifndef DDB_FDW_SCAN_H
#define DDB_FDW_SCAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "bind.h"
#include "column.h"
#include "fetch.h"
#include "plan.h"
#include "prefetch.h"
#include "relation.h"
#include "session.h"

/* One column that is read, and where it is found in a page. */
typedef struct DdbScanColumn
{
	int attno;
	int cell; /* -1: the whole item */
	DdbColumnReader *reader;
} DdbScanColumn;

/* ForeignScanState.fdw_state */
typedef struct DdbScan
{
	const DdbPlan *plan;
	const DdbRelation *relation;
	DdbFetchCost cost; /* of all rescans */

	/* the rest is not there in a plain EXPLAIN */
	DdbSession *session;
	DdbBind *bind;
	const DdbWanted *wanted;
	int ncolumns;
	DdbScanColumn *columns;
	DdbItemKey key;         /* of the table, which names an item */
	MemoryContext read_cxt; /* one run: reads, pages, calls in flight */
	DdbFetch *fetch;        /* NULL: not started, or given is all there is */
	const DdbPage *given;   /* has the one item of this run; NULL: none */
	int given_item;
	DdbPrefetch *prefetch; /* what reads ahead for it; NULL: nothing */
	bool started;          /* this run */
	bool recheck;          /* exact conditions could not all be sent */
	const DdbPage *page;   /* NULL: none */
	int item;              /* next of the page */
	bool counted;          /* the one row of a count was given */
} DdbScan;

extern void ddbBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *ddbIterateForeignScan(ForeignScanState *node);
extern void ddbReScanForeignScan(ForeignScanState *node);
extern void ddbEndForeignScan(ForeignScanState *node);

#endif /* DDB_FDW_SCAN_H */
