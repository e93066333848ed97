/*
 * commit.c
 *		COMMIT and ROLLBACK of what was buffered.
 *
 * The write set is sent before PostgreSQL commits, when an error can still abort
 * the transaction; in mode "outbox" it is stored instead (deposit.c). What fails
 * after it was sent (a serialization failure, a crash) finds DynamoDB written;
 * README.md says so.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "commit.h"
#include "deposit.h"
#include "sender.h"
#include "wakeup.h"
#include "writeset.h"

/* What is to be written of the write set. */
typedef struct Batch
{
	const DdbWriteTable *table; /* of the first of them */
	DdbSend *sends;
	int nsends;
} Batch;

/* A callback of ddb_writeset_conclude. */
static void
add_send(const DdbOutcome *outcome, void *arg)
{
	Batch *batch = arg;
	DdbSend send = {.identity = outcome->key,
					.identity_len = outcome->key_len,
					.retriable = outcome->retriable,
					.members_only = outcome->members_only};

	if (!ddb_difference_write(outcome->table, &outcome->difference, &send.write))
		return;
	if (batch->nsends == 0)
		batch->table = outcome->table;
	batch->sends[batch->nsends++] = send;
}

/*
 * Core has turned the statement's timer off before the commit begins. Go on with
 * what it had left. False: there is none, or a procedure's runs already.
 */
static bool
resume_timeout(void)
{
	TimestampTz start = GetCurrentStatementStartTimestamp();

	if (StatementTimeout <= 0 || get_timeout_active(STATEMENT_TIMEOUT))
		return false;
	enable_timeout_at(STATEMENT_TIMEOUT,
					  TimestampTzPlusMilliseconds(start, StatementTimeout));
	return true;
}

/* One that rang after all was written is not to cancel what comes next. */
static void
stop_timeout(void)
{
	disable_timeout(STATEMENT_TIMEOUT, true);
	if (get_timeout_indicator(STATEMENT_TIMEOUT, true))
		QueryCancelPending = false;
}

static void
tell_what_is_done(void *arg)
{
	errcontext("sending the writes of the transaction to DynamoDB");
}

static void
send_batch(MemoryContext cxt, const Batch *batch)
{
	const DdbWriteTable *table = batch->table;
	DdbSession *session = ddb_session_open_for(cxt, table->server, table->user);
	ErrorContextCallback callback;

	callback.callback = tell_what_is_done;
	callback.arg = NULL;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	ddb_sender_send(cxt,
					session,
					batch->sends,
					batch->nsends,
					table->units_per_second);
	error_context_stack = callback.previous;
}

/* Either takes its time: the network's, or that of another who commits. */
static void
send_or_store(MemoryContext cxt, const Batch *batch)
{
	bool timed = resume_timeout();

	if (ddb_writeset_outbox())
	{
		ddb_deposit_writes(batch->table, batch->sends, batch->nsends);
		ddb_wakeup_request(DDB_WORKER_OUTBOX);
	}
	else
		send_batch(cxt, batch);
	if (timed)
		stop_timeout();
}

static void
finish_writes(void)
{
	int count = ddb_writeset_count();
	MemoryContext cxt;
	MemoryContext caller;
	Batch batch = {0};

	if (count == 0)
		return;
	cxt = ddb_session_context();
	caller = MemoryContextSwitchTo(cxt);
	batch.sends = MemoryContextAllocHuge(cxt, count * sizeof(DdbSend));
	ddb_writeset_conclude(add_send, &batch);
	if (batch.nsends > 0)
		send_or_store(cxt, &batch);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
	ddb_writeset_forget();
}

/* What is stored is committed with the rest, what would be sent is not. */
static void
prepare_writes(void)
{
	if (ddb_writeset_count() > 0 && !ddb_writeset_outbox())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that has written to "
						"DynamoDB"),
				 errdetail("Its writes would be lost with the session."),
				 errhint("Set cruddur_ddb.write_mode to \"outbox\".")));
	finish_writes();
}

static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			finish_writes();
			break;
		case XACT_EVENT_PRE_PREPARE:
			prepare_writes();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_ABORT:
			ddb_writeset_forget();
			break;
		default:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId mine,
				   SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		ddb_writeset_drop(mine);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		ddb_writeset_hand_up(mine, parent);
}

void
ddb_commit_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}
