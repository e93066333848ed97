/*
 * spool.c
 *		Items kept until a statement has read all that it reads.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "spool.h"

struct DdbSpool
{
	Tuplestorestate *store;
	TupleTableSlot *slot; /* one column, of type bytea */
};

DdbSpool *
ddb_spool_create(void)
{
	DdbSpool *spool = palloc(sizeof(DdbSpool));
	TupleDesc desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "item", BYTEAOID, -1, 0);
	spool->store = tuplestore_begin_heap(false, false, work_mem);
	spool->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	return spool;
}

void
ddb_spool_put(DdbSpool *spool, DdbItemText item)
{
	Datum value =
		PointerGetDatum(cstring_to_text_with_len(item.text, (int) item.len));
	bool isnull = false;

	tuplestore_putvalues(spool->store,
						 spool->slot->tts_tupleDescriptor,
						 &value,
						 &isnull);
}

bool
ddb_spool_get(DdbSpool *spool, DdbItemText *item)
{
	const bytea *bytes;
	bool isnull;

	if (!tuplestore_gettupleslot(spool->store, true, false, spool->slot))
		return false;
	bytes = DatumGetByteaPP(slot_getattr(spool->slot, 1, &isnull));
	*item = (DdbItemText){.text = VARDATA_ANY(bytes),
						  .len = VARSIZE_ANY_EXHDR(bytes)};
	return true;
}

void
ddb_spool_end(DdbSpool *spool)
{
	ExecDropSingleTupleTableSlot(spool->slot);
	tuplestore_end(spool->store);
}
