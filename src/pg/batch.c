/*
 * batch.c
 *		The records of one answer of a shard, on their way to be applied.
 *
 * A message that cannot be applied for what is in it leaves its turn to the one
 * before it in the batch, so that it does not hold up its group.
 *
 * Not here: how rows are moved (mover.c), when records are read (shardreader.c).
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "announce.h"
#include "batch.h"
#include "mover.h"
#include "report.h"
#include "streamrecord.h"

typedef struct Group
{
	const char *name;
	int head;          /* the record whose message moves its rows; -1: none is
								 * left */
	MemoryContext cxt; /* of the move */
	DdbMove *move;     /* NULL: none is under way */
	List *members;
	bool is_done;
	int ntries; /* of the head's move that have failed */
} Group;

/* Tries of a move that is refused in a way that we do not know. */
#define MAX_DOUBTFUL_TRIES 5

/* Why a record was not applied. */
typedef struct Refusal
{
	DdbStatus status;
	char operation[64];
	bool is_doubtful;
	int ntries;
} Refusal;

struct DdbBatch
{
	MemoryContext cxt;
	DdbSession *session;
	int nrecords;
	DdbStreamRecord *records;
	Group **groups;     /* of each record; NULL: it is no message */
	Refusal **refusals; /* of each record; NULL: it was applied */
	List *all_groups;
	int nmoving;
	Refusal error; /* the last that is to be got over */
};

static Group *
find_group(DdbBatch *batch, const char *name)
{
	MemoryContext old;
	Group *group;
	ListCell *cell;

	foreach(cell, batch->all_groups)
	{
		group = lfirst(cell);
		if (strcmp(group->name, name) == 0)
			return group;
	}
	old = MemoryContextSwitchTo(batch->cxt);
	group = palloc0(sizeof(Group));
	group->name = name;
	batch->all_groups = lappend(batch->all_groups, group);
	MemoryContextSwitchTo(old);
	return group;
}

/* The newest message of the group that was not refused; of two, the later. */
static void
set_head(DdbBatch *batch, Group *group)
{
	group->head = -1;
	for (int i = 0; i < batch->nrecords; i++)
	{
		if (batch->groups[i] != group || batch->refusals[i] != NULL)
			continue;
		if (group->head < 0 || batch->records[i].message.time_us >=
								   batch->records[group->head].message.time_us)
			group->head = i;
	}
	group->is_done = group->head < 0;
	group->ntries = 0;
}

DdbBatch *
ddb_batch_create(MemoryContext cxt, DdbSession *session, const DdbRecords *records)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	DdbBatch *batch = palloc0(sizeof(DdbBatch));
	int n = records->nrecords;
	ListCell *cell;

	batch->cxt = cxt;
	batch->session = session;
	batch->nrecords = n;
	batch->records = palloc(n * sizeof(DdbStreamRecord));
	batch->groups = palloc0(n * sizeof(Group *));
	batch->refusals = palloc0(n * sizeof(Refusal *));
	for (int i = 0; i < n; i++)
	{
		DdbStreamRecord *record = &batch->records[i];

		ddb_streamrecord_read(cxt, &records->records[i], record);
		if (record->kind == DDB_RECORD_MESSAGE)
			batch->groups[i] = find_group(batch, record->message.group);
	}
	foreach(cell, batch->all_groups)
		set_head(batch, lfirst(cell));
	MemoryContextSwitchTo(old);
	return batch;
}

int
ddb_batch_count(const DdbBatch *batch)
{
	return batch->nrecords;
}

static void
start_move(DdbBatch *batch, Group *group)
{
	group->cxt = AllocSetContextCreate(batch->cxt,
									   "cruddur_ddb move",
									   ALLOCSET_SMALL_SIZES);
	group->move = ddb_mover_start(group->cxt,
								  batch->session,
								  &batch->records[group->head].message);
	batch->nmoving++;
}

static void
set_refusal(Refusal *refusal, const Group *group)
{
	refusal->status = *ddb_mover_status(group->move);
	strlcpy(refusal->operation,
			ddb_mover_operation(group->move),
			sizeof(refusal->operation));
	refusal->is_doubtful = ddb_mover_hope(group->move) == DDB_MOVE_DOUBTFUL;
	refusal->ntries = group->ntries;
}

/* A move has failed: now, or for good. */
static void
fail_move(DdbBatch *batch, Group *group)
{
	DdbMoveHope hope = ddb_mover_hope(group->move);

	group->ntries++;
	if (hope == DDB_MOVE_RETRY ||
		(hope == DDB_MOVE_DOUBTFUL && group->ntries < MAX_DOUBTFUL_TRIES))
	{
		set_refusal(&batch->error, group);
		return;
	}
	/* The members are told of it all the same. */
	group->members = ddb_mover_members(group->move);
	batch->refusals[group->head] = palloc(sizeof(Refusal));
	set_refusal(batch->refusals[group->head], group);
	set_head(batch, group);
}

static void
end_move(DdbBatch *batch, Group *group)
{
	MemoryContext old = MemoryContextSwitchTo(batch->cxt);

	if (ddb_mover_status(group->move)->kind == DDB_OK)
	{
		group->members = ddb_mover_members(group->move);
		group->is_done = true;
	}
	else
		fail_move(batch, group);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(group->cxt);
	group->move = NULL;
	batch->nmoving--;
}

bool
ddb_batch_go_on(DdbBatch *batch)
{
	int max_moving = ddb_session_options(batch->session)->max_connections;
	ListCell *cell;

	foreach(cell, batch->all_groups)
	{
		Group *group = lfirst(cell);

		if (group->move != NULL && ddb_mover_go_on(group->move))
			end_move(batch, group);
	}
	foreach(cell, batch->all_groups)
	{
		Group *group = lfirst(cell);

		/* One error is enough to wait for better times. */
		if (batch->error.status.kind == DDB_OK && batch->nmoving < max_moving &&
			group->move == NULL && !group->is_done)
			start_move(batch, group);
	}
	return batch->nmoving == 0;
}

const DdbStatus *
ddb_batch_error(const DdbBatch *batch, const char **operation)
{
	*operation = batch->error.operation;
	return batch->error.status.kind == DDB_OK ? NULL : &batch->error.status;
}

bool
ddb_batch_gives_up(const DdbBatch *batch)
{
	return batch->error.status.kind != DDB_OK && batch->error.is_doubtful;
}

void
ddb_batch_retry(DdbBatch *batch)
{
	ddb_status_clear(&batch->error.status);
}

static void
save_failure(const DdbBatch *batch, int i, const DdbCheckpoints *checkpoints,
			 const DdbCheckpoint *checkpoint)
{
	const DdbStreamRecord *record = &batch->records[i];
	const Refusal *refusal = batch->refusals[i];
	DdbFailure failure = {.shard = checkpoint->shard,
						  .sequence = record->sequence,
						  .key = ddb_report_foreign(record->key),
						  .reason = record->fault,
						  .ntries = 1,
						  .sqlstate = ERRCODE_DATA_EXCEPTION};

	if (refusal != NULL)
	{
		DdbReportContext context = {.server = checkpoints->server,
									.operation = refusal->operation,
									.table = checkpoints->table};

		failure.ntries = refusal->ntries;
		failure.reason =
			ddb_report_text(&refusal->status, &context, &failure.sqlstate);
	}
	ddb_checkpoint_fail(checkpoints, &failure);
	ereport(LOG,
			(errcode(failure.sqlstate),
			 errmsg("message of DynamoDB table \"%s\" could not be applied",
					checkpoints->table),
			 errdetail_internal("Key %s: %s", failure.key, failure.reason)));
}

int64
ddb_batch_save(DdbBatch *batch, const DdbCheckpoints *checkpoints,
			   DdbCheckpoint *checkpoint)
{
	int64 napplied = 0;

	checkpoint->is_applied = true;
	for (int i = 0; i < batch->nrecords; i++)
	{
		const DdbStreamRecord *record = &batch->records[i];

		if (record->kind == DDB_RECORD_BROKEN || batch->refusals[i] != NULL)
			save_failure(batch, i, checkpoints, checkpoint);
		else if (record->kind == DDB_RECORD_MESSAGE)
			napplied++;
		if (record->kind == DDB_RECORD_MESSAGE && record->is_new)
			ddb_announce_message(record, batch->groups[i]->members);
		strlcpy(checkpoint->position,
				record->sequence,
				sizeof(checkpoint->position));
		if (record->created_s > 0)
			checkpoint->last_record_s = record->created_s;
	}
	return napplied;
}
