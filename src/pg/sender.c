/*
 * sender.c
 *		Sending writes: all or none, or many side by side.
 *
 * A job is one request: one write, a batch of them, or a few as a transaction.
 * There are twice as many jobs as the server has connections: those that are
 * answered about the same time leave the network the next ones while the caller
 * makes more. A job's memory is kept for the next.
 *
 * Not here: what an answer means (verdict.c).
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "budget.h"
#include "convert.h"
#include "mint.h"
#include "sender.h"
#include "verdict.h"
#include "wakeup.h"

/*
 * Of a batch: DynamoDB's limit is 16 MB, of which JSON takes more than the
 * items count. API Reference, BatchWriteItem
 */
#define MAX_BATCH_BYTES (12 * 1024 * 1024)

/* Pauses before what a BatchWriteItem left is sent again. */
#define FIRST_PAUSE_MS 25
#define LAST_PAUSE_MS 3200

typedef enum JobState
{
	JOB_FREE,
	JOB_HELD, /* has writes, of which the last may prove faulty */
	JOB_FLYING
} JobState;

typedef struct Job
{
	MemoryContext cxt; /* of what it copies, and of its calls */
	JobState state;
	bool is_batch; /* of writes that expect nothing; else one, or all or none */
	int nsends;
	DdbSend sends[DDB_BATCH_MAX_WRITES];
	uint32 hashes[DDB_BATCH_MAX_WRITES]; /* of their identities */
	size_t bytes;                        /* of all items and keys */
	bool *applied; /* where to tell; NULL: a refusal is an error */
	DdbOwned *seat;
	DdbCall *call;
	int left;     /* batch: writes that are not done */
	int pause_ms; /* batch: at most so long, before the next request */
	int stalls;   /* batch: requests in a row that have done nothing */
} Job;

struct DdbSender
{
	MemoryContext cxt;
	DdbSession *session;
	DdbRate rate;
	int njobs;
	Job **jobs; /* NULL where one was not needed yet */
	Job *batch; /* HELD and a batch, or NULL */
	Job *held;  /* HELD and no batch, or NULL */
};

/* One write as it is, several as a transaction. */
static DdbCall *
start_all_or_none(DdbSession *session, const DdbSend *sends, int nsends)
{
	DdbClient *client = ddb_session_client(session);
	DdbWrite writes[DDB_TRANSACT_MAX_ACTIONS];
	pg_uuid_t token;
	char token_text[DDB_UUID_TEXT_LEN];

	if (nsends == 1)
		return ddb_client_write(client, &sends->write);
	for (int i = 0; i < nsends; i++)
		writes[i] = sends[i].write;
	ddb_mint_uuid(&token);
	ddb_convert_uuid_text(&token, token_text);
	return ddb_client_transact_write(client, writes, nsends, token_text);
}

/* Before its first pump. */
static void
delay(DdbCall *call, const DdbRate *rate, int pause_ms)
{
	int delay_ms = Max(ddb_budget_delay_ms(rate), pause_ms);

	if (delay_ms > 0)
		ddb_call_delay(call, delay_ms);
}

void
ddb_sender_send(MemoryContext cxt, DdbSession *session, const DdbSend *sends,
				int nsends, int units_per_second)
{
	DdbOwned *seat = ddb_session_own_call(cxt);
	DdbRate rate = {.server = ddb_session_options(session)->server_name,
					.table = sends[0].write.table,
					.units_per_second = units_per_second,
					.writes = true};
	DdbTrial trial = {.sends = sends, .nsends = nsends};
	double units;

	Assert(nsends >= 1 && nsends <= DDB_TRANSACT_MAX_ACTIONS);
	trial.call = ddb_own_set(seat, start_all_or_none(session, sends, nsends));
	ddb_wakeup_request(DDB_WORKER_STREAM);
	delay(trial.call, &rate, 0);
	ddb_session_wait(session, trial.call);
	(void) ddb_verdict_applied(cxt, session, &trial, &units);
	ddb_budget_pay(&rate, units);
}

DdbSender *
ddb_sender_create(MemoryContext cxt, DdbSession *session, int units_per_second)
{
	const DdbOptions *options = ddb_session_options(session);
	DdbSender *sender = MemoryContextAllocZero(cxt, sizeof(DdbSender));

	sender->cxt = cxt;
	sender->session = session;
	sender->rate.server = options->server_name;
	sender->rate.units_per_second = units_per_second;
	sender->rate.writes = true;
	sender->njobs = 2 * options->max_connections;
	sender->jobs = MemoryContextAllocZero(cxt, sender->njobs * sizeof(Job *));
	return sender;
}

static void
add_to_job(Job *job, const DdbSend *send, uint32 hash)
{
	job->sends[job->nsends] = ddb_send_copy(job->cxt, send);
	job->hashes[job->nsends++] = hash;
	job->bytes += send->write.item_len + send->write.key_len;
}

/* The job as a whole is done. */
static void
release(Job *job)
{
	MemoryContextReset(job->cxt);
	job->state = JOB_FREE;
	job->nsends = 0;
	job->bytes = 0;
	job->applied = NULL;
	job->pause_ms = 0;
	job->stalls = 0;
}

/* How many writes UnprocessedItems has, of one table; all if it cannot be told. */
static int
count_left(const DdbPage *page, int all)
{
	DdbJsonString table;
	DdbJson json;
	int n = 0;

	if (page->rest.len == 0)
		return 0;
	ddb_json_init(&json, page->body + page->rest.offset, page->rest.len);
	if (!ddb_json_take(&json, '{') || !ddb_json_name(&json, &table) ||
		!ddb_json_take(&json, '['))
		return all;
	do
	{
		if (!ddb_json_skip(&json, 2))
			return all;
		n++;
	} while (ddb_json_take(&json, ','));
	return Min(n, all);
}

/*
 * What a BatchWriteItem leaves is to be sent after a while, as to a table that
 * is throttled. API Reference, BatchWriteItem
 */
static void
resend(DdbSender *sender, Job *job, const DdbPage *page, int left)
{
	DdbCall *call;

	job->stalls = left < job->left ? 0 : job->stalls + 1;
	if (job->stalls == ddb_session_options(sender->session)->max_attempts)
	{
		DdbStatus status = *ddb_call_status(job->call);

		ddb_status_set(&status,
					   DDB_STATUS_THROTTLED,
					   "all writes were left in UnprocessedItems");
		ddb_session_report(sender->session, job->call, &status);
	}
	job->left = left;
	job->pause_ms = job->pause_ms == 0 ? FIRST_PAUSE_MS
									   : Min(job->pause_ms * 2, LAST_PAUSE_MS);
	call = ddb_client_batch_write(ddb_session_client(sender->session),
								  &job->sends[0].write,
								  1,
								  page->body + page->rest.offset,
								  page->rest.len);
	ddb_own_release(job->seat);
	job->call = ddb_own_set(job->seat, call);
	delay(call,
		  &sender->rate,
		  (int) (job->pause_ms * pg_prng_double(&pg_global_prng_state)));
}

static void
settle_batch(DdbSender *sender, Job *job)
{
	DdbPage *page = ddb_session_create_page(job->cxt);
	DdbYield yield = {0};
	int left;

	ddb_session_decode(sender->session,
					   job->call,
					   ddb_session_wanted_nothing(),
					   page);
	left = count_left(page, job->left);
	yield.items_written = job->left - left;
	yield.write_units = page->capacity_units;
	ddb_session_count(sender->session, job->call, &yield);
	ddb_budget_pay(&sender->rate, yield.write_units);
	if (left > 0)
		resend(sender, job, page, left);
	else
		release(job);
}

/* One write, a transaction, or a batch that failed. */
static void
settle_other(DdbSender *sender, Job *job)
{
	DdbTrial trial = {.call = job->call,
					  .sends = job->sends,
					  .nsends = job->nsends,
					  .may_refuse = job->applied != NULL};
	double units;
	bool applied = ddb_verdict_applied(job->cxt, sender->session, &trial, &units);

	ddb_budget_pay(&sender->rate, units);
	if (job->applied != NULL)
		*job->applied = applied;
	release(job);
}

/* Drop what is not with the service. Is anything left? */
static bool
drop_waiting(DdbSender *sender)
{
	bool any = false;

	for (int i = 0; i < sender->njobs; i++)
	{
		Job *job = sender->jobs[i];

		if (job == NULL || job->state != JOB_FLYING)
			continue;
		if (ddb_call_in_flight(job->call))
		{
			any = true;
			continue;
		}
		ddb_own_release(job->seat);
		job->state = JOB_FREE;
	}
	return any;
}

/*
 * One write is an error, so the statement ends. What is under way ends before
 * that: else it could be applied after a write of the next statement. Only a
 * cancel cannot wait for it.
 */
static void
end_with_error(DdbSender *sender)
{
	MemoryContext cxt = MemoryContextSwitchTo(sender->cxt);
	ErrorData *error = CopyErrorData();

	FlushErrorState();
	MemoryContextSwitchTo(cxt);
	while (error->sqlerrcode != ERRCODE_QUERY_CANCELED && drop_waiting(sender))
		ddb_session_step(sender->session);
	ReThrowError(error);
}

static void
settle(DdbSender *sender, Job *job)
{
	PG_TRY();
	{
		if (job->is_batch && ddb_call_status(job->call)->kind == DDB_OK)
			settle_batch(sender, job);
		else
			settle_other(sender, job);
	}
	PG_CATCH();
	{
		end_with_error(sender);
	}
	PG_END_TRY();
}

/* Look at what has been answered. Was there anything? */
static bool
settle_answered(DdbSender *sender)
{
	bool any = false;

	for (int i = 0; i < sender->njobs; i++)
	{
		Job *job = sender->jobs[i];

		if (job == NULL || job->state != JOB_FLYING || !ddb_call_done(job->call))
			continue;
		any = true;
		settle(sender, job);
	}
	return any;
}

/* A turn of the loop of those who wait until a job is done. */
static void
wait_turn(DdbSender *sender)
{
	ddb_client_pump(ddb_session_client(sender->session));
	if (!settle_answered(sender))
		ddb_session_step(sender->session);
}

static void
launch(DdbSender *sender, Job *job)
{
	DdbClient *client = ddb_session_client(sender->session);
	DdbWrite writes[DDB_BATCH_MAX_WRITES];
	DdbCall *call;

	if (job == sender->batch)
		sender->batch = NULL;
	else
		sender->held = NULL;
	/* A batch of one is a plain write. */
	job->is_batch &= job->nsends > 1;
	for (int i = 0; i < job->nsends; i++)
		writes[i] = job->sends[i].write;
	call = job->is_batch
			   ? ddb_client_batch_write(client, writes, job->nsends, NULL, 0)
			   : start_all_or_none(sender->session, job->sends, job->nsends);
	job->call = ddb_own_set(job->seat, call);
	ddb_wakeup_request(DDB_WORKER_STREAM);
	job->state = JOB_FLYING;
	job->left = job->nsends;
	delay(call, &sender->rate, 0);
	ddb_client_pump(client);
}

/* The one that is not launched, or is not done, and writes the same item. */
static Job *
find_same(const DdbSender *sender, const DdbSend *send, uint32 hash)
{
	for (int i = 0; i < sender->njobs; i++)
	{
		Job *job = sender->jobs[i];

		for (int k = 0; job != NULL && k < job->nsends; k++)
		{
			if (job->hashes[k] == hash && ddb_send_same(&job->sends[k], send))
				return job;
		}
	}
	return NULL;
}

/* A free job, made where there is still room, or NULL. */
static Job *
find_free(DdbSender *sender)
{
	for (int i = 0; i < sender->njobs; i++)
	{
		if (sender->jobs[i] == NULL)
		{
			Job *job = MemoryContextAllocZero(sender->cxt, sizeof(Job));

			job->cxt = AllocSetContextCreate(sender->cxt,
											 "cruddur_ddb write",
											 ALLOCSET_DEFAULT_SIZES);
			sender->jobs[i] = job;
		}
		if (sender->jobs[i]->state == JOB_FREE)
			return sender->jobs[i];
	}
	return NULL;
}

/* All but a batch that is being gathered are in flight, so one becomes free. */
static Job *
take_job(DdbSender *sender, bool is_batch)
{
	Job *job;

	while ((job = find_free(sender)) == NULL)
		wait_turn(sender);
	job->seat = ddb_session_own_call(job->cxt);
	job->state = JOB_HELD;
	job->is_batch = is_batch;
	if (is_batch)
		sender->batch = job;
	else
		sender->held = job;
	return job;
}

/* Nobody can find fault with the last write any more. */
static void
launch_held(DdbSender *sender)
{
	if (sender->held != NULL)
		launch(sender, sender->held);
	if (sender->batch != NULL && (sender->batch->nsends == DDB_BATCH_MAX_WRITES ||
								  sender->batch->bytes >= MAX_BATCH_BYTES))
		launch(sender, sender->batch);
	ddb_client_pump(ddb_session_client(sender->session));
	(void) settle_answered(sender);
}

/* Wait until no write of the same item is under way. */
static void
wait_for_same(DdbSender *sender, const DdbSend *send, uint32 hash)
{
	Job *job;

	while ((job = find_same(sender, send, hash)) != NULL)
	{
		if (job->state == JOB_HELD)
			launch(sender, job);
		wait_turn(sender);
	}
}

/* Have a job for these, which is then HELD. */
static Job *
hold(DdbSender *sender, const DdbSend *sends, int nsends)
{
	bool is_batch = nsends == 1 && sends[0].write.expect == DDB_EXPECT_ANYTHING;
	uint32 hashes[DDB_BATCH_MAX_WRITES];
	Job *job;

	Assert(nsends <= DDB_BATCH_MAX_WRITES);
	sender->rate.table = sends[0].write.table;
	launch_held(sender);
	for (int i = 0; i < nsends; i++)
	{
		hashes[i] = hash_bytes((const unsigned char *) sends[i].identity,
							   (int) sends[i].identity_len);
		wait_for_same(sender, &sends[i], hashes[i]);
	}
	job = is_batch && sender->batch != NULL ? sender->batch
											: take_job(sender, is_batch);
	for (int i = 0; i < nsends; i++)
		add_to_job(job, &sends[i], hashes[i]);
	return job;
}

void
ddb_sender_add(DdbSender *sender, const DdbSend *send)
{
	(void) hold(sender, send, 1);
}

void
ddb_sender_add_together(DdbSender *sender, const DdbSend *sends, int nsends)
{
	(void) hold(sender, sends, nsends);
}

static bool
came_before(const DdbSend *sends, int i)
{
	for (int k = 0; k < i; k++)
	{
		if (sends[k].identity_len == sends[i].identity_len &&
			memcmp(sends[k].identity, sends[i].identity, sends[i].identity_len) ==
				0)
			return true;
	}
	return false;
}

void
ddb_sender_try(DdbSender *sender, const DdbSend *sends, int nsends, bool *applied)
{
	for (int i = 0; i < nsends; i++)
	{
		applied[i] = false;
		if (!came_before(sends, i))
			hold(sender, &sends[i], 1)->applied = &applied[i];
	}
	ddb_sender_finish(sender);
}

static bool
any_flying(const DdbSender *sender)
{
	for (int i = 0; i < sender->njobs; i++)
	{
		if (sender->jobs[i] != NULL && sender->jobs[i]->state == JOB_FLYING)
			return true;
	}
	return false;
}

void
ddb_sender_finish(DdbSender *sender)
{
	if (sender->held != NULL)
		launch(sender, sender->held);
	if (sender->batch != NULL)
		launch(sender, sender->batch);
	while (any_flying(sender))
		wait_turn(sender);
}
