/*
 * outboxtask.c
 *		Delivering the outbox, as a background worker does it.
 *
 * Entries come when a session wakes the worker. Those of prepared transactions, and
 * those that a restore has brought, do not; they are found by looking.
 */
#include "postgres.h"

#include "guc.h"
#include "outbox.h"
#include "task.h"

typedef struct Work
{
	DdbOutbox *outbox;
	bool is_awake; /* there may be more than was loaded */
} Work;

static void *
open_outbox(MemoryContext cxt)
{
	Work *work = MemoryContextAllocZero(cxt, sizeof(Work));

	work->outbox = ddb_outbox_open(cxt, false);
	work->is_awake = true;
	return work;
}

static void
wake(void *arg)
{
	Work *work = arg;

	work->is_awake = true;
}

static bool
is_drained(const void *arg)
{
	const Work *work = arg;

	return !work->is_awake && ddb_outbox_under_way(work->outbox) == 0;
}

static int
timeout_ms(const void *arg)
{
	const Work *work = arg;

	if (work->is_awake && ddb_outbox_under_way(work->outbox) == 0)
		return ddb_outbox_load_ms(work->outbox, true);
	return ddb_outbox_timeout_ms(work->outbox);
}

/* Who writes again and again is not to keep us from what is under way. */
static bool
step(void *arg)
{
	Work *work = arg;
	int load_ms;

	if (ddb_outbox_step(work->outbox, 0))
		return true;
	load_ms = ddb_outbox_load_ms(work->outbox, work->is_awake);
	return load_ms == 0 || ddb_outbox_step(work->outbox, load_ms);
}

static bool
save(void *arg)
{
	Work *work = arg;
	int before = ddb_outbox_under_way(work->outbox);
	int after;

	(void) ddb_outbox_save(work->outbox);
	after = ddb_outbox_under_way(work->outbox);
	if (after == 0 || ddb_outbox_load_ms(work->outbox, work->is_awake) == 0)
	{
		(void) ddb_outbox_load(work->outbox, DDB_OUTBOX_MAX_ENTRIES);
		work->is_awake = false;
	}
	return after < before || is_drained(work);
}

const DdbTask ddb_task_outbox = {
	.name = "cruddur_ddb outbox worker",
	.off = "turned off by cruddur_ddb.outbox_worker",
	.taken = "waiting for another session that delivers the outbox",
	.active = "delivering the outbox",
	.idle = "waiting for entries of the outbox",
	.recovered = "the outbox is delivered again",
	.is_on = &ddb_guc_outbox_worker,
	.is_polled = true,
	.lock = ddb_outbox_lock,
	.unlock = ddb_outbox_unlock,
	.open = open_outbox,
	.wake = wake,
	.step = step,
	.save = save,
	.is_drained = is_drained,
	.timeout_ms = timeout_ms,
};
