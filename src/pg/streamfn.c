/*
 * streamfn.c
 *		cruddur_process_stream(): pattern E, for those without the worker.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/memutils.h"

#include "network.h"
#include "session.h"
#include "stream.h"

static int
get_max_records(FunctionCallInfo fcinfo)
{
	int max_records = PG_ARGISNULL(0) ? 1000 : PG_GETARG_INT32(0);

	if (max_records < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_records must be positive"),
				 errdetail("The value is %d.", max_records)));
	return max_records;
}

/* Until nothing is left, or so many records were applied. */
static int64
process(DdbStream *stream, int max_records)
{
	int64 applied = 0;

	while (applied < max_records && !ddb_stream_drained(stream))
	{
		int timeout_ms;

		ddb_stream_wake(stream);
		timeout_ms = ddb_stream_timeout_ms(stream);
		if (timeout_ms > 0)
			ddb_network_sleep(timeout_ms);
		else if (ddb_stream_step(stream, max_records - (int) applied))
			applied += ddb_stream_save(stream);
	}
	return applied;
}

PG_FUNCTION_INFO_V1(cruddur_process_stream);

/*
 * cruddur_process_stream(max_records int) RETURNS bigint: how many records were
 * applied. What keeps it from going on is an error if there was none.
 */
Datum
cruddur_process_stream(PG_FUNCTION_ARGS)
{
	int max_records = get_max_records(fcinfo);
	MemoryContext cxt;
	DdbStream *stream;
	int64 applied;

	PreventCommandIfReadOnly("cruddur_process_stream()");
	if (!ddb_stream_lock(false))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the stream is being processed by another session"),
				 errhint("The background worker does it where "
						 "cruddur_ddb.stream_worker is on.")));
	cxt = ddb_session_context();
	stream = ddb_stream_open(cxt);
	applied = process(stream, max_records);
	if (applied == 0)
		ddb_stream_check(stream);
	MemoryContextDelete(cxt);
	PG_RETURN_INT64(applied);
}
