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

/* Entries under way at a time. */
#define MAX_UNDER_WAY 100

/* To look for more is dear, so so many are to be done before. */
#define MAX_BEFORE_LOAD (MAX_UNDER_WAY / 2)

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

	return work->is_awake ? 0 : ddb_outbox_timeout_ms(work->outbox);
}

/* Is it worth to look for more? */
static bool
may_load(const Work *work)
{
	int under_way = ddb_outbox_under_way(work->outbox);

	if (under_way == 0)
		return timeout_ms(work) == 0;
	return work->is_awake && under_way <= MAX_BEFORE_LOAD;
}

static bool
step(void *arg)
{
	Work *work = arg;

	return may_load(work) || ddb_outbox_step(work->outbox);
}

static bool
save(void *arg)
{
	Work *work = arg;
	int before = ddb_outbox_under_way(work->outbox);
	int after;

	(void) ddb_outbox_save(work->outbox);
	after = ddb_outbox_under_way(work->outbox);
	/* What was saved may have held back others. */
	if (after <= MAX_BEFORE_LOAD)
	{
		(void) ddb_outbox_load(work->outbox, MAX_UNDER_WAY);
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
