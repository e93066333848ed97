/*
 * extras.h
 *		What a scan for UPDATE or DELETE gives besides the table's columns.
 *
 * The item that a row was read from, the whole row, tableoid. Such a scan has a
 * tuple of its own form: the table's columns, each at its place, and then these.
 */
#ifndef DDB_EXTRAS_H
#define DDB_EXTRAS_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

#include "item.h"
#include "relation.h"

/* Are the rows of the relation to be changed, so that their items are needed? */
extern bool ddb_extras_wanted(const RelOptInfo *rel);

/* And these as a whole, not only what columns need? */
extern bool ddb_extras_want_all(const PlannerInfo *root, const RelOptInfo *rel);

/* The table's columns as a fdw_scan_tlist: entry attno - 1 is the column. */
extern List *ddb_extras_columns(Index relid, const DdbRelation *relation);

/*
 * The fdw_scan_tlist of a scan of rel that gives tlist and has quals, if the
 * items are wanted. Error 0A000 for system columns.
 */
extern List *ddb_extras_tlist(const RelOptInfo *rel, const DdbRelation *relation,
							  List *tlist, List *quals);

typedef struct DdbExtras DdbExtras;

/*
 * For the executor; NULL: the scan gives columns alone. May make the node's
 * expressions anew.
 */
extern DdbExtras *ddb_extras_prepare(ForeignScanState *node);

/* Fill the places after the columns', which are filled, for an item of a page.
 * Allocates in CurrentMemoryContext. */
extern void ddb_extras_fill(const DdbExtras *extras, const DdbPage *page,
							int item, TupleTableSlot *slot);

#endif /* DDB_EXTRAS_H */
