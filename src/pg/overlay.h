/*
 * overlay.h
 *		The writes of the transaction, laid over what DynamoDB gives.
 *
 * A reader drops every item of a page that is hidden, and takes the items of
 * the overlay's own page besides. Whether those meet its conditions is for the
 * reader to find out: they are all the items that the transaction has written
 * to the table.
 */
#ifndef DDB_OVERLAY_H
#define DDB_OVERLAY_H

#include "postgres.h"

#include "item.h"

typedef struct DdbOverlay DdbOverlay;

/*
 * The table as a statement sees it whose snapshot has this curcid: with the
 * writes of commands before it. NULL: there are none. A copy in cxt, which later
 * writes and rollbacks leave alone.
 */
extern DdbOverlay *ddb_overlay_open(MemoryContext cxt, Oid server,
									const char *table, CommandId curcid);

/* The same for the active snapshot, for functions. */
extern DdbOverlay *ddb_overlay_open_active(MemoryContext cxt, Oid server,
										   const char *table);

/* The table's key attributes: pages must be decoded for them, too. The second is
 * NULL where there is no sort key. */
extern const char *const *ddb_overlay_key_names(const DdbOverlay *overlay);

/*
 * Has the transaction written the item? cells: where the key attributes are
 * among those that the page was decoded for.
 */
extern bool ddb_overlay_hides(const DdbOverlay *overlay, const DdbPage *page,
							  int item, const int cells[2]);

/* The items as the transaction has them, those deleted left out, decoded for
 * wanted. Good as long as the overlay; each call decodes anew. */
extern const DdbPage *ddb_overlay_page(DdbOverlay *overlay,
									   const DdbWanted *wanted);

#endif /* DDB_OVERLAY_H */
