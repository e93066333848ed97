/*
 * own.c
 *		Ties a thing that malloc owns to the life of a MemoryContext.
 *
 * By the reset callbacks of memory contexts, which also run where an error
 * unwinds. File descriptors and transactions are not their business.
 */
#include "postgres.h"

#include "utils/palloc.h"

#include "own.h"

struct DdbOwned
{
	MemoryContextCallback callback;
	void (*release)(void *thing);
	void *thing; /* NULL: nothing is owned */
};

static void
release_on_reset(void *arg)
{
	ddb_own_release((DdbOwned *) arg);
}

DdbOwned *
ddb_own_register(MemoryContext cxt, void (*release)(void *thing))
{
	DdbOwned *owned = MemoryContextAllocZero(cxt, sizeof(DdbOwned));

	owned->release = release;
	owned->callback.func = release_on_reset;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->callback);
	return owned;
}

void *
ddb_own_set(DdbOwned *owned, void *thing)
{
	Assert(owned->thing == NULL);
	if (thing == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	owned->thing = thing;
	return thing;
}

void
ddb_own_release(DdbOwned *owned)
{
	void *thing = owned->thing;

	owned->thing = NULL;
	if (thing != NULL)
		owned->release(thing);
}
