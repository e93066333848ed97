/*
 * shardreader.c
 *		One shard of the stream: when it is read, how far, and what went wrong.
 *
 * A turn goes from an iterator to records, to their application, to the
 * checkpoint; the next one begins when that is saved. While nothing comes, turns
 * become rare, since each request is billed.
 *
 * Not here: which shards there are, and in which order they may be read (stream.c).
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "batch.h"
#include "guc.h"
#include "http.h"
#include "report.h"
#include "shardreader.h"

/* Of one answer: few enough to be applied within a second. */
#define MAX_BATCH 250

/* A shard can be read five times a second. Developer Guide, "Quotas" */
#define MIN_PAUSE_US INT64CONST(200000)

/* While nothing comes, in naptimes of the worker. */
#define MAX_PAUSE_NAPS 10

/* After an error, which the request's own retries have not got over. */
#define FIRST_ERROR_PAUSE_US INT64CONST(250000)
#define MAX_ERROR_PAUSE_US INT64CONST(30000000)

/* Answers without a record, before there are taken to be no more. */
#define DRAINED_ANSWERS 3

typedef enum Phase
{
	PHASE_IDLE,
	PHASE_ITERATOR,
	PHASE_RECORDS,
	PHASE_APPLYING,
	PHASE_READY
} Phase;

struct DdbShardReader
{
	MemoryContext cxt;
	DdbSession *session;
	DdbCheckpoint checkpoint;
	Phase phase;
	DdbOwned *seat;
	DdbCall *call;
	DdbOwned *iterator_seat;
	const char *iterator; /* NULL: to be asked for */
	int limit;
	MemoryContext batch_cxt;
	DdbBatch *batch; /* records that are not saved; NULL: there are none */
	bool is_last;    /* what is read is all that the shard has */
	int nempty;      /* answers in a row that had no records */
	int64 asked_us;  /* when records were asked for */
	int64 pause_us;
	int64 due_us;
	bool is_changed; /* the row in PostgreSQL is not as the checkpoint is */
	bool is_gone;
	bool lost_position; /* the position was trimmed: there is a gap */

	/* What is to be got over, kind DDB_OK: nothing. */
	DdbStatus error;
	char operation[64];
	int64 error_pause_us;
	bool is_new_error; /* not logged yet */
};

DdbShardReader *
ddb_shardreader_create(MemoryContext parent, DdbSession *session,
					   const DdbCheckpoint *checkpoint, bool is_kept)
{
	MemoryContext cxt =
		AllocSetContextCreate(parent, "cruddur_ddb shard", ALLOCSET_SMALL_SIZES);
	DdbShardReader *reader = MemoryContextAllocZero(cxt, sizeof(DdbShardReader));

	reader->cxt = cxt;
	reader->session = session;
	reader->checkpoint = *checkpoint;
	reader->checkpoint.arn = MemoryContextStrdup(cxt, checkpoint->arn);
	reader->seat = ddb_session_own_call(cxt);
	reader->iterator_seat = ddb_own_register(cxt, free);
	reader->batch_cxt =
		AllocSetContextCreate(cxt, "cruddur_ddb batch", ALLOCSET_DEFAULT_SIZES);
	reader->pause_us = MIN_PAUSE_US;
	reader->is_changed = !is_kept;
	return reader;
}

void
ddb_shardreader_free(DdbShardReader *reader)
{
	MemoryContextDelete(reader->cxt);
}

const DdbCheckpoint *
ddb_shardreader_checkpoint(const DdbShardReader *reader)
{
	return &reader->checkpoint;
}

static void
drop_iterator(DdbShardReader *reader)
{
	ddb_own_release(reader->iterator_seat);
	reader->iterator = NULL;
}

/* Takes what was malloc'd. */
static void
keep_iterator(DdbShardReader *reader, char *iterator)
{
	drop_iterator(reader);
	reader->iterator = ddb_own_set(reader->iterator_seat, iterator);
}

static void
ask(DdbShardReader *reader)
{
	DdbClient *client = ddb_session_streams_client(reader->session);
	const DdbCheckpoint *checkpoint = &reader->checkpoint;
	bool has_position = checkpoint->position[0] != '\0';
	DdbCall *call;

	if (reader->iterator == NULL)
		call = ddb_streams_iterator(client,
									checkpoint->arn,
									checkpoint->shard,
									has_position ? checkpoint->position : NULL);
	else
		call = ddb_streams_records(client, reader->iterator, reader->limit);
	reader->phase = reader->iterator == NULL ? PHASE_ITERATOR : PHASE_RECORDS;
	reader->asked_us = ddb_http_now_us();
	ddb_own_release(reader->seat);
	reader->call = ddb_own_set(reader->seat, call);
}

void
ddb_shardreader_start(DdbShardReader *reader, int limit)
{
	if (reader->phase != PHASE_IDLE || reader->is_gone || reader->is_changed ||
		reader->checkpoint.state == DDB_SHARD_DONE ||
		ddb_http_now_us() < reader->due_us)
		return;
	if (reader->batch != NULL)
	{
		ddb_batch_retry(reader->batch);
		reader->phase = PHASE_APPLYING;
		ddb_shardreader_go_on(reader);
	}
	else if (limit > 0)
	{
		reader->limit = Min(limit, MAX_BATCH);
		ask(reader);
	}
}

/* Try again after a while. An error that is not the last one is saved and logged. */
static void
fail(DdbShardReader *reader, const DdbStatus *status, const char *operation)
{
	if (reader->error.kind != status->kind ||
		strcmp(reader->error.exception, status->exception) != 0 ||
		strcmp(reader->operation, operation) != 0)
		reader->is_changed = reader->is_new_error = true;
	reader->error = *status;
	strlcpy(reader->operation, operation, sizeof(reader->operation));
	reader->error_pause_us =
		reader->error_pause_us == 0
			? FIRST_ERROR_PAUSE_US
			: Min(2 * reader->error_pause_us, MAX_ERROR_PAUSE_US);
	reader->due_us = ddb_http_now_us() + reader->error_pause_us;
	reader->phase = PHASE_IDLE;
}

static void
get_over_error(DdbShardReader *reader)
{
	reader->is_changed |= reader->error.kind != DDB_OK;
	ddb_status_clear(&reader->error);
	reader->operation[0] = '\0';
	reader->error_pause_us = 0;
}

/* The call for an iterator or for records has failed. */
static void
fail_call(DdbShardReader *reader)
{
	const DdbStatus *status = ddb_call_status(reader->call);
	bool had_position = reader->checkpoint.position[0] != '\0';

	ddb_session_count(reader->session, reader->call, NULL);
	if (status->kind == DDB_STATUS_NOT_FOUND)
	{
		drop_iterator(reader);
		reader->is_gone = true;
		reader->phase = PHASE_IDLE;
	}
	else if (status->kind == DDB_STATUS_EXPIRED && reader->iterator != NULL)
	{
		drop_iterator(reader);
		reader->due_us = reader->asked_us + MIN_PAUSE_US;
		reader->phase = PHASE_IDLE;
	}
	else if (status->kind == DDB_STATUS_TRIMMED && had_position)
	{
		reader->lost_position = reader->is_changed = true;
		reader->checkpoint.position[0] = '\0';
		drop_iterator(reader);
		reader->phase = PHASE_IDLE;
	}
	else
	{
		/* The iterator may be at fault: it points at what is trimmed. */
		if (status->kind == DDB_STATUS_TRIMMED)
			drop_iterator(reader);
		fail(reader, status, ddb_call_operation(reader->call));
	}
}

/* An answer that is not what it should be. */
static void
fail_decoding(DdbShardReader *reader, const DdbStatus *status)
{
	ddb_session_count(reader->session, reader->call, NULL);
	fail(reader, status, ddb_call_operation(reader->call));
}

static void
take_iterator(DdbShardReader *reader)
{
	DdbStatus status = *ddb_call_status(reader->call);
	DdbYield yield = {0};
	size_t len;
	const char *body = ddb_call_body(reader->call, &len);
	char *iterator = ddb_iterator_decode(body, len, &status);

	if (iterator == NULL)
	{
		fail_decoding(reader, &status);
		return;
	}
	keep_iterator(reader, iterator);
	ddb_session_count(reader->session, reader->call, &yield);
	ask(reader);
}

/* No record has come. */
static void
rest(DdbShardReader *reader)
{
	int64 max_pause_us =
		INT64CONST(1000) * MAX_PAUSE_NAPS * ddb_guc_worker_naptime_ms;

	get_over_error(reader);
	reader->nempty++;
	reader->pause_us = Max(Min(2 * reader->pause_us, max_pause_us), MIN_PAUSE_US);
	reader->due_us = reader->asked_us + reader->pause_us;
	reader->phase = PHASE_IDLE;
	if (!reader->is_last)
		return;
	reader->checkpoint.state = DDB_SHARD_DONE;
	reader->is_changed = true;
}

/* All records are applied, or there is an error to get over. */
static void
end_batch(DdbShardReader *reader)
{
	const char *operation;
	const DdbStatus *error = ddb_batch_error(reader->batch, &operation);

	if (error != NULL)
	{
		fail(reader, error, operation);
		return;
	}
	get_over_error(reader);
	reader->phase = PHASE_READY;
}

static void
free_records(void *records)
{
	ddb_records_free(records);
}

/* Decoded, in the context of the batch, whose last one was saved. NULL: failed. */
static DdbRecords *
decode_records(DdbShardReader *reader)
{
	MemoryContext cxt = reader->batch_cxt;
	DdbStatus status = *ddb_call_status(reader->call);
	DdbYield yield = {0};
	DdbRecords *records;
	size_t len;
	const char *body = ddb_call_body(reader->call, &len);

	MemoryContextReset(cxt);
	records = MemoryContextAllocZero(cxt, sizeof(DdbRecords));
	(void) ddb_own_set(ddb_own_register(cxt, free_records), records);
	if (!ddb_records_decode(records, body, len, &status))
	{
		fail_decoding(reader, &status);
		return NULL;
	}
	yield.items_read = records->nrecords;
	ddb_session_count(reader->session, reader->call, &yield);
	return records;
}

static void
take_records(DdbShardReader *reader)
{
	DdbRecords *records = decode_records(reader);

	if (records == NULL)
		return;
	reader->is_last = records->iterator == NULL;
	if (reader->is_last)
		drop_iterator(reader);
	else
		keep_iterator(reader, records->iterator);
	records->iterator = NULL;
	if (reader->checkpoint.state == DDB_SHARD_NEW)
	{
		reader->checkpoint.state = DDB_SHARD_READING;
		reader->is_changed = true;
	}
	if (records->nrecords == 0)
		rest(reader);
	else
	{
		reader->nempty = 0;
		reader->pause_us = MIN_PAUSE_US;
		reader->batch =
			ddb_batch_create(reader->batch_cxt, reader->session, records);
		reader->phase = PHASE_APPLYING;
	}
}

void
ddb_shardreader_go_on(DdbShardReader *reader)
{
	bool is_waiting =
		reader->phase == PHASE_ITERATOR || reader->phase == PHASE_RECORDS;

	if (is_waiting && ddb_call_done(reader->call))
	{
		if (ddb_call_status(reader->call)->kind != DDB_OK)
			fail_call(reader);
		else if (reader->phase == PHASE_ITERATOR)
			take_iterator(reader);
		else
			take_records(reader);
	}
	if (reader->phase == PHASE_APPLYING && ddb_batch_go_on(reader->batch))
		end_batch(reader);
}

bool
ddb_shardreader_is_busy(const DdbShardReader *reader)
{
	return reader->phase != PHASE_IDLE && reader->phase != PHASE_READY;
}

bool
ddb_shardreader_is_ready(const DdbShardReader *reader)
{
	return reader->phase == PHASE_READY ||
		   (reader->phase == PHASE_IDLE && reader->is_changed);
}

int
ddb_shardreader_count(const DdbShardReader *reader)
{
	if (reader->batch != NULL)
		return ddb_batch_count(reader->batch);
	return ddb_shardreader_is_busy(reader) ? reader->limit : 0;
}

int64
ddb_shardreader_due_us(const DdbShardReader *reader)
{
	return reader->due_us;
}

void
ddb_shardreader_wake(DdbShardReader *reader)
{
	if (reader->error.kind != DDB_OK)
		return;
	reader->pause_us = MIN_PAUSE_US;
	reader->due_us = Min(reader->due_us, reader->asked_us + MIN_PAUSE_US);
}

bool
ddb_shardreader_is_drained(const DdbShardReader *reader)
{
	if (ddb_shardreader_is_busy(reader) || ddb_shardreader_is_ready(reader))
		return false;
	if (reader->error.kind != DDB_OK)
		return reader->batch == NULL || !ddb_batch_gives_up(reader->batch);
	return reader->checkpoint.state == DDB_SHARD_DONE ||
		   reader->nempty >= DRAINED_ANSWERS;
}

bool
ddb_shardreader_is_gone(const DdbShardReader *reader)
{
	return reader->is_gone;
}

void
ddb_shardreader_find(DdbShardReader *reader)
{
	if (!reader->is_gone)
		return;
	reader->is_gone = false;
	fail(reader, ddb_call_status(reader->call), ddb_call_operation(reader->call));
}

static DdbReportContext
context_of(const DdbShardReader *reader, const DdbCheckpoints *checkpoints)
{
	return (DdbReportContext){.server = checkpoints->server,
							  .operation = reader->operation,
							  .table = checkpoints->table};
}

static void
log_gap(const DdbShardReader *reader, const DdbCheckpoints *checkpoints)
{
	ereport(LOG,
			(errmsg("stream of DynamoDB table \"%s\" has lost records that were "
					"not read yet",
					checkpoints->table),
			 errdetail("Shard %s goes on with the oldest record that there is.",
					   reader->checkpoint.shard),
			 errhint("A stream keeps its records for 24 hours.")));
}

/* The error in words, logged once. NULL: there is none. */
static char *
describe_error(DdbShardReader *reader, const DdbCheckpoints *checkpoints)
{
	DdbReportContext context = context_of(reader, checkpoints);
	int sqlstate;
	char *words;

	if (reader->error.kind == DDB_OK)
		return NULL;
	words = ddb_report_text(&reader->error, &context, &sqlstate);
	if (reader->is_new_error)
		ereport(LOG,
				(errcode(sqlstate),
				 errmsg("could not read shard %s of the stream of DynamoDB "
						"table \"%s\", trying again",
						reader->checkpoint.shard,
						checkpoints->table),
				 errdetail_internal("%s", words)));
	reader->is_new_error = false;
	return words;
}

int64
ddb_shardreader_save(DdbShardReader *reader, const DdbCheckpoints *checkpoints)
{
	DdbCheckpoint *checkpoint = &reader->checkpoint;
	int64 napplied = 0;

	if (!ddb_shardreader_is_ready(reader))
		return 0;
	if (reader->phase == PHASE_READY)
	{
		napplied = ddb_batch_save(reader->batch, checkpoints, checkpoint);
		MemoryContextReset(reader->batch_cxt);
		reader->batch = NULL;
		reader->due_us = reader->asked_us + MIN_PAUSE_US;
		reader->phase = PHASE_IDLE;
		if (reader->is_last)
			checkpoint->state = DDB_SHARD_DONE;
	}
	if (reader->lost_position)
		log_gap(reader, checkpoints);
	checkpoint->error = describe_error(reader, checkpoints);
	ddb_checkpoint_save(checkpoints, checkpoint);
	checkpoint->error = NULL;
	checkpoint->is_applied = false;
	reader->is_changed = reader->lost_position = false;
	return napplied;
}

void
ddb_shardreader_check(const DdbShardReader *reader,
					  const DdbCheckpoints *checkpoints)
{
	DdbReportContext context = context_of(reader, checkpoints);

	if (reader->error.kind != DDB_OK)
		ddb_report_status(&reader->error, &context);
}
