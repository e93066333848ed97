/*
 * outboxfn.c
 *		cruddur_outbox_deliver() and cruddur_outbox_retry().
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/memutils.h"

#include "outbox.h"
#include "outboxtable.h"
#include "session.h"
#include "wakeup.h"

/* Until nothing is due, or so many entries were taken. */
static int64
deliver(DdbOutbox *outbox, int max_entries)
{
	int64 delivered = 0;
	int left = max_entries; /* of them, those in memory among these */

	for (;;)
	{
		int before = ddb_outbox_under_way(outbox);

		if (before == 0 || ddb_outbox_load_ms(outbox, false) == 0)
			before = ddb_outbox_load(outbox, Min(DDB_OUTBOX_MAX_ENTRIES, left));
		if (before == 0)
			return delivered;
		while (!ddb_outbox_step(outbox, -1))
			;
		delivered += ddb_outbox_save(outbox);
		left -= before - ddb_outbox_under_way(outbox);
	}
}

PG_FUNCTION_INFO_V1(cruddur_outbox_deliver);

/* cruddur_outbox_deliver(max_entries int) RETURNS bigint: entries delivered */
Datum
cruddur_outbox_deliver(PG_FUNCTION_ARGS)
{
	int max_entries = PG_GETARG_INT32(0);
	MemoryContext cxt;
	int64 delivered;

	PreventCommandIfReadOnly("cruddur_outbox_deliver()");
	if (max_entries < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_entries must be 1 or more")));
	if (!ddb_outbox_lock(false))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the outbox is being delivered by another session"),
				 errhint("Where the background worker does it, there is no "
						 "need to.")));
	cxt = ddb_session_context();
	delivered = deliver(ddb_outbox_open(cxt, true), max_entries);
	MemoryContextDelete(cxt);
	PG_RETURN_INT64(delivered);
}

PG_FUNCTION_INFO_V1(cruddur_outbox_retry);

/* cruddur_outbox_retry(id bigint) RETURNS boolean: was there one that failed? */
Datum
cruddur_outbox_retry(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("cruddur_outbox_retry()");
	ddb_wakeup_request(DDB_WORKER_OUTBOX);
	PG_RETURN_BOOL(ddb_outboxtable_retry(PG_GETARG_INT64(0)));
}
