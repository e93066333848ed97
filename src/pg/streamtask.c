/*
 * streamtask.c
 *		Consuming the stream, as a background worker does it.
 */
#include "postgres.h"

#include "guc.h"
#include "stream.h"
#include "task.h"

/* Records from one checkpoint to the next. */
#define MAX_RECORDS 1000

static void *
open_stream(MemoryContext cxt)
{
	return ddb_stream_open(cxt);
}

static bool
is_stale(const void *work)
{
	return ddb_stream_stale(work);
}

static void
wake(void *work)
{
	ddb_stream_wake(work);
}

static bool
step(void *work)
{
	return ddb_stream_step(work, MAX_RECORDS);
}

static bool
save(void *work)
{
	(void) ddb_stream_save(work);
	return true;
}

static bool
is_drained(const void *work)
{
	return ddb_stream_drained(work);
}

static int
timeout_ms(const void *work)
{
	return ddb_stream_timeout_ms(work);
}

const DdbTask ddb_task_stream = {
	.name = "cruddur_ddb stream worker",
	.off = "turned off by cruddur_ddb.stream_worker",
	.taken = "waiting for another session that consumes the stream",
	.active = "consuming the stream",
	.idle = "waiting for records of the stream",
	.recovered = "the stream is consumed again",
	.is_on = &ddb_guc_stream_worker,
	.lock = ddb_stream_lock,
	.unlock = ddb_stream_unlock,
	.open = open_stream,
	.is_stale = is_stale,
	.wake = wake,
	.step = step,
	.save = save,
	.is_drained = is_drained,
	.timeout_ms = timeout_ms,
};
