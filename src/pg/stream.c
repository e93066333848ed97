/*
 * stream.c
 *		The consumer of the messaging table's stream.
 *
 * Shards are read side by side, but none before its parent is done: a message and
 * what becomes of it may lie in both. A shard that is done keeps its checkpoint as
 * long as the service tells of it, or it would be taken for a new one.
 *
 * Not here: one shard (shardreader.c), which shards there are (lineage.c).
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "checkpoint.h"
#include "http.h"
#include "lineage.h"
#include "network.h"
#include "session.h"
#include "shardreader.h"
#include "stream.h"

/* Of the advisory lock: no meaning, but unlikely to be used by others. */
#define LOCK_CLASS 0x63646462
#define LOCK_OBJECT 1

/* Between two looks at which shards there are. */
#define LOOK_PAUSE_US INT64CONST(60000000)
#define FIRST_ERROR_PAUSE_US INT64CONST(1000000)

struct DdbStream
{
	MemoryContext cxt;
	DdbSession *session;
	DdbCheckpoints checkpoints;
	List *readers;   /* of DdbShardReader */
	List *forgotten; /* of DdbShardReader: their checkpoints are to go */
	DdbLineage *lineage;
	bool is_looking; /* at which shards there are */
	bool has_looked; /* once since it was opened */
	bool is_news;    /* what it has met with is to be logged */
	int64 look_due_us;
	int64 look_error_pause_us;
};

bool
ddb_stream_lock(bool of_session)
{
	PGFunction lock =
		of_session ? pg_try_advisory_lock_int4 : pg_try_advisory_xact_lock_int4;

	return DatumGetBool(DirectFunctionCall2(lock,
											Int32GetDatum(LOCK_CLASS),
											Int32GetDatum(LOCK_OBJECT)));
}

void
ddb_stream_unlock(void)
{
	(void) DirectFunctionCall2(pg_advisory_unlock_int4,
							   Int32GetDatum(LOCK_CLASS),
							   Int32GetDatum(LOCK_OBJECT));
}

static void
add_reader(DdbStream *stream, const DdbCheckpoint *checkpoint, bool is_kept)
{
	MemoryContext old = MemoryContextSwitchTo(stream->cxt);

	stream->readers = lappend(stream->readers,
							  ddb_shardreader_create(stream->cxt,
													 stream->session,
													 checkpoint,
													 is_kept));
	MemoryContextSwitchTo(old);
}

DdbStream *
ddb_stream_open(MemoryContext cxt)
{
	DdbStream *stream = MemoryContextAllocZero(cxt, sizeof(DdbStream));
	const DdbOptions *options;
	ListCell *cell;

	stream->cxt = cxt;
	stream->session = ddb_session_open(cxt);
	options = ddb_session_options(stream->session);
	/* Made now: that takes a look at the catalogs. */
	(void) ddb_session_client(stream->session);
	(void) ddb_session_streams_client(stream->session);
	ddb_checkpoint_open(cxt,
						&stream->checkpoints,
						options->server_name,
						options->table_name);
	foreach(cell, ddb_checkpoint_load(&stream->checkpoints))
		add_reader(stream, lfirst(cell), true);
	stream->lineage = ddb_lineage_create(cxt, stream->session);
	return stream;
}

static bool
is_in(const DdbShardReader *reader, const char *arn)
{
	return strcmp(ddb_shardreader_checkpoint(reader)->arn, arn) == 0;
}

static DdbShardReader *
find_reader(const DdbStream *stream, const char *arn, const char *shard)
{
	ListCell *cell;

	foreach(cell, stream->readers)
	{
		DdbShardReader *reader = lfirst(cell);

		if (is_in(reader, arn) &&
			strcmp(ddb_shardreader_checkpoint(reader)->shard, shard) == 0)
			return reader;
	}
	return NULL;
}

static bool
is_done(const DdbShardReader *reader)
{
	return ddb_shardreader_checkpoint(reader)->state == DDB_SHARD_DONE;
}

/* Is its parent done, if there is one of which we know? */
static bool
may_be_read(const DdbStream *stream, const DdbShardReader *reader)
{
	const DdbCheckpoint *checkpoint = ddb_shardreader_checkpoint(reader);
	const DdbShardReader *parent =
		find_reader(stream, checkpoint->arn, checkpoint->parent);

	return parent == NULL ||
		   (is_done(parent) && !ddb_shardreader_is_ready(parent));
}

/* Its row goes by the next save; until then it is kept apart. */
static void
forget(DdbStream *stream, DdbShardReader *reader)
{
	MemoryContext old = MemoryContextSwitchTo(stream->cxt);

	stream->readers = list_delete_ptr(stream->readers, reader);
	stream->forgotten = lappend(stream->forgotten, reader);
	MemoryContextSwitchTo(old);
}

static bool
is_listed(const DdbLineageStream *found, const char *shard)
{
	ListCell *cell;

	foreach(cell, found->shards)
	{
		if (strcmp(((DdbShard *) lfirst(cell))->id, shard) == 0)
			return true;
	}
	return false;
}

static void
add_shards(DdbStream *stream, const DdbLineageStream *found)
{
	ListCell *cell;

	foreach(cell, found->shards)
	{
		const DdbShard *shard = lfirst(cell);
		DdbCheckpoint checkpoint = {.arn = found->arn, .state = DDB_SHARD_NEW};
		DdbShardReader *known = find_reader(stream, found->arn, shard->id);

		if (known != NULL)
		{
			ddb_shardreader_find(known);
			continue;
		}
		strlcpy(checkpoint.shard, shard->id, sizeof(checkpoint.shard));
		strlcpy(checkpoint.parent, shard->parent, sizeof(checkpoint.parent));
		add_reader(stream, &checkpoint, false);
	}
}

/* Nothing is left to be read of it. */
static bool
is_finished(const DdbStream *stream, const char *arn)
{
	ListCell *cell;

	foreach(cell, stream->readers)
	{
		if (is_in(lfirst(cell), arn) && !is_done(lfirst(cell)))
			return false;
	}
	return true;
}

/* What is known of a stream now. */
static void
take_stream(DdbStream *stream, const DdbLineageStream *found)
{
	List *readers = list_copy(stream->readers);
	bool is_over;
	ListCell *cell;

	if (!found->is_gone)
		add_shards(stream, found);
	is_over = found->is_gone ||
			  (!found->is_latest && is_finished(stream, found->arn));
	foreach(cell, readers)
	{
		DdbShardReader *reader = lfirst(cell);

		if (is_in(reader, found->arn) &&
			(is_over ||
			 !is_listed(found, ddb_shardreader_checkpoint(reader)->shard)))
			forget(stream, reader);
	}
	list_free(readers);
}

static void
look(DdbStream *stream)
{
	List *arns = NIL;
	ListCell *cell;

	foreach(cell, stream->readers)
		arns = lappend(arns,
					   unconstify(char *,
								  ddb_shardreader_checkpoint(lfirst(cell))->arn));
	ddb_lineage_ask(stream->lineage, arns);
	list_free(arns);
	stream->is_looking = true;
}

static void
end_look(DdbStream *stream)
{
	int64 pause_us = LOOK_PAUSE_US;
	ListCell *cell;

	foreach(cell, ddb_lineage_streams(stream->lineage))
		take_stream(stream, lfirst(cell));
	if (ddb_lineage_has_error(stream->lineage))
	{
		pause_us = stream->look_error_pause_us == 0
					   ? FIRST_ERROR_PAUSE_US
					   : Min(2 * stream->look_error_pause_us, LOOK_PAUSE_US);
		stream->look_error_pause_us = pause_us;
	}
	else
		stream->look_error_pause_us = 0;
	stream->is_news |= ddb_lineage_has_new_error(stream->lineage);
	stream->look_due_us = ddb_http_now_us() + pause_us;
	stream->is_looking = false;
	stream->has_looked = true;
}

static bool
has_news(const DdbStream *stream)
{
	ListCell *cell;

	foreach(cell, stream->readers)
	{
		if (ddb_shardreader_is_ready(lfirst(cell)))
			return true;
	}
	return stream->forgotten != NIL || stream->is_news;
}

static void
start(DdbStream *stream, int max_records)
{
	ListCell *cell;

	if (!stream->is_looking && ddb_http_now_us() >= stream->look_due_us)
		look(stream);
	foreach(cell, stream->readers)
		max_records -= ddb_shardreader_count(lfirst(cell));
	foreach(cell, stream->readers)
	{
		DdbShardReader *reader = lfirst(cell);
		int before = ddb_shardreader_count(reader);

		if (!may_be_read(stream, reader))
			continue;
		ddb_shardreader_start(reader, max_records);
		max_records -= ddb_shardreader_count(reader) - before;
	}
}

static void
go_on(DdbStream *stream)
{
	ListCell *cell;

	if (stream->is_looking && ddb_lineage_go_on(stream->lineage))
		end_look(stream);
	foreach(cell, stream->readers)
	{
		ddb_shardreader_go_on(lfirst(cell));
		/* Of a shard that is gone, look what else is. */
		if (ddb_shardreader_is_gone(lfirst(cell)) && !stream->is_looking)
			stream->look_due_us = Min(stream->look_due_us,
									  ddb_http_now_us() + FIRST_ERROR_PAUSE_US);
	}
}

static bool
is_busy(const DdbStream *stream)
{
	ListCell *cell;

	foreach(cell, stream->readers)
	{
		if (ddb_shardreader_is_busy(lfirst(cell)))
			return true;
	}
	return stream->is_looking;
}

/* Of those that wait, when is the first one due? */
static int64
due_us(const DdbStream *stream)
{
	int64 first_us = stream->is_looking ? PG_INT64_MAX : stream->look_due_us;
	ListCell *cell;

	foreach(cell, stream->readers)
	{
		const DdbShardReader *reader = lfirst(cell);

		if (!ddb_shardreader_is_busy(reader) && !is_done(reader) &&
			!ddb_shardreader_is_gone(reader) && may_be_read(stream, reader))
			first_us = Min(first_us, ddb_shardreader_due_us(reader));
	}
	return first_us;
}

static int
ms_until_due(const DdbStream *stream)
{
	int64 left_us = due_us(stream) - ddb_http_now_us();

	return left_us <= 0 ? 0 : (int) Min((left_us + 999) / 1000, 60000);
}

bool
ddb_stream_step(DdbStream *stream, int max_records)
{
	int timeout_ms;

	if (has_news(stream))
		return true;
	start(stream, max_records);
	ddb_session_pump(stream->session);
	go_on(stream);
	if (has_news(stream) || !is_busy(stream))
		return has_news(stream);
	timeout_ms = ddb_session_timeout_ms(stream->session);
	if (timeout_ms != 0)
	{
		int due_ms = Max(ms_until_due(stream), 1);

		ddb_network_wait(timeout_ms < 0 ? due_ms : Min(timeout_ms, due_ms));
	}
	CHECK_FOR_INTERRUPTS();
	ddb_session_pump(stream->session);
	go_on(stream);
	return has_news(stream);
}

/* Those that were read to their end are no loss. */
static void
save_forgotten(DdbStream *stream)
{
	ListCell *cell;

	foreach(cell, stream->forgotten)
	{
		DdbShardReader *reader = lfirst(cell);
		const DdbCheckpoint *checkpoint = ddb_shardreader_checkpoint(reader);

		ddb_checkpoint_forget(&stream->checkpoints, checkpoint);
		if (!is_done(reader))
			ereport(LOG,
					(errmsg("stream of DynamoDB table \"%s\" has lost a shard "
							"that was not read to its end",
							stream->checkpoints.table),
					 errdetail("Shard %s is not there any more.",
							   checkpoint->shard)));
		ddb_shardreader_free(reader);
	}
	list_free(stream->forgotten);
	stream->forgotten = NIL;
}

int64
ddb_stream_save(DdbStream *stream)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "cruddur_ddb checkpoint",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	int64 napplied = 0;
	ListCell *cell;

	foreach(cell, stream->readers)
	{
		DdbShardReader *reader = lfirst(cell);
		bool was_ready = ddb_shardreader_is_ready(reader);

		napplied += ddb_shardreader_save(reader, &stream->checkpoints);
		/* Its children are to be found. */
		if (was_ready && is_done(reader))
			stream->look_due_us = ddb_http_now_us();
	}
	save_forgotten(stream);
	if (stream->is_news)
		ereport(LOG,
				(errmsg("could not find the stream of DynamoDB table \"%s\", "
						"trying again",
						stream->checkpoints.table),
				 errdetail_internal("%s",
									ddb_lineage_describe_error(stream->lineage))));
	stream->is_news = false;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return napplied;
}

int
ddb_stream_timeout_ms(const DdbStream *stream)
{
	if (is_busy(stream) || has_news(stream))
		return 0;
	return ms_until_due(stream);
}

void
ddb_stream_wake(DdbStream *stream)
{
	ListCell *cell;

	foreach(cell, stream->readers)
		ddb_shardreader_wake(lfirst(cell));
}

bool
ddb_stream_stale(const DdbStream *stream)
{
	return !ddb_session_valid(stream->session);
}

/* Of a shard that is gone the next look tells more, if there is one to be had. */
static bool
is_drained(const DdbStream *stream, const DdbShardReader *reader)
{
	if (ddb_shardreader_is_gone(reader))
		return ddb_lineage_has_error(stream->lineage);
	return !may_be_read(stream, reader) || ddb_shardreader_is_drained(reader);
}

bool
ddb_stream_drained(const DdbStream *stream)
{
	ListCell *cell;

	if (!stream->has_looked || stream->is_looking || has_news(stream))
		return false;
	foreach(cell, stream->readers)
	{
		if (!is_drained(stream, lfirst(cell)))
			return false;
	}
	return stream->look_due_us > ddb_http_now_us();
}

void
ddb_stream_check(const DdbStream *stream)
{
	ListCell *cell;

	ddb_lineage_check(stream->lineage);
	foreach(cell, stream->readers)
		ddb_shardreader_check(lfirst(cell), &stream->checkpoints);
}
