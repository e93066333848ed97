/*
 * fdw_scan.h
 *		Execution of a ForeignScan: pages in, rows out.
 */
#ifndef DDB_FDW_SCAN_H
#define DDB_FDW_SCAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "bind.h"
#include "extras.h"
#include "fetch.h"
#include "layers.h"
#include "plan.h"
#include "prefetch.h"
#include "relation.h"
#include "rowreader.h"
#include "session.h"

/* ForeignScanState.fdw_state */
typedef struct DdbScan
{
	DdbPlan *plan;
	const DdbRelation *relation;
	DdbFetchCost cost; /* of all rescans */

	/* the rest is not there in a plain EXPLAIN */
	DdbSession *session;
	DdbBind *bind;
	DdbRowReader *reader;
	DdbRowReader *checker; /* of what was written: the columns of what is
								 * sent, mismatches NULL */
	ExprState *sent;
	DdbExtras *extras;      /* NULL: none */
	DdbPrefetch *prefetch;  /* what reads ahead for it; NULL: nothing */
	MemoryContext read_cxt; /* one run: reads, pages, calls in flight */
	DdbLayers layers;       /* the items */
	bool started;           /* this run */
	bool recheck;           /* exact conditions could not all be sent */
	bool count_pages;       /* a count: DynamoDB counts, and sends no items */
	bool counted;           /* the one row of a count was given */
	int64 count;            /* up to now */
} DdbScan;

extern void ddbBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *ddbIterateForeignScan(ForeignScanState *node);
extern void ddbReScanForeignScan(ForeignScanState *node);
extern void ddbEndForeignScan(ForeignScanState *node);

/*
 * Execute the node for its next row, conditions and projection included; empty
 * or NULL after the last. False: that cannot be had without waiting for a page.
 */
extern bool ddb_scan_try(ForeignScanState *node, TupleTableSlot **row);

#endif /* DDB_FDW_SCAN_H */
