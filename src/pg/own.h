/*
 * own.h
 *		Ties a thing that malloc owns to the life of a MemoryContext.
 *
 * Register first, acquire later: once the register call has returned, nothing
 * between the acquiring and the taking over can throw, so the thing cannot
 * leak. Errors need no PG_TRY: the context's reset releases the thing.
 */
#ifndef DDB_OWN_H
#define DDB_OWN_H

#include "postgres.h"

typedef struct DdbOwned DdbOwned;

/*
 * A seat for one thing that lives as long as cxt: release is called with it
 * when cxt is reset or deleted. Nothing is owned yet. The seat is allocated in
 * cxt and goes with it. release must not throw and is never given NULL.
 */
extern DdbOwned *ddb_own_register(MemoryContext cxt,
								  void (*release)(void *thing));

/*
 * Put a thing on an empty seat. Returns thing. NULL is taken for a malloc that
 * failed: error 53200.
 */
extern void *ddb_own_set(DdbOwned *owned, void *thing);

/* Release the thing now. The seat is then empty and may be set again. */
extern void ddb_own_release(DdbOwned *owned);

#endif /* DDB_OWN_H */
