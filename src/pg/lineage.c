/*
 * lineage.c
 *		Which streams the messaging table has, and which shards those have.
 *
 * Not here: which of them are read, and when (stream.c).
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "client.h"
#include "lineage.h"
#include "report.h"
#include "tableinfo.h"

/* What went wrong: a request, or what it has found. */
typedef struct Trouble
{
	DdbStatus status;
	char operation[64];
	const char *fault; /* static; NULL: it is the request, if anything */
} Trouble;

struct DdbLineage
{
	DdbSession *session;
	DdbOwned *seat;
	DdbCall *call;
	MemoryContext cxt; /* of what is found */
	List *streams;     /* of DdbLineageStream */
	int reading;       /* which of them; -1: the table itself */
	bool is_enabled;   /* the latest of them, as the table says */
	bool is_done;
	Trouble trouble;
	Trouble before; /* that of the time before */
};

DdbLineage *
ddb_lineage_create(MemoryContext cxt, DdbSession *session)
{
	DdbLineage *lineage = MemoryContextAllocZero(cxt, sizeof(DdbLineage));

	lineage->session = session;
	lineage->seat = ddb_session_own_call(cxt);
	lineage->cxt =
		AllocSetContextCreate(cxt, "cruddur_ddb lineage", ALLOCSET_SMALL_SIZES);
	return lineage;
}

/* In the context of what is found. */
static DdbLineageStream *
add_stream(DdbLineage *lineage, const char *arn)
{
	DdbLineageStream *stream = palloc0(sizeof(DdbLineageStream));

	stream->arn = pstrdup(arn);
	lineage->streams = lappend(lineage->streams, stream);
	return stream;
}

static DdbLineageStream *
find_stream(const DdbLineage *lineage, const char *arn)
{
	ListCell *cell;

	foreach(cell, lineage->streams)
	{
		DdbLineageStream *stream = lfirst(cell);

		if (strcmp(stream->arn, arn) == 0)
			return stream;
	}
	return NULL;
}

static void
set_call(DdbLineage *lineage, DdbCall *call)
{
	ddb_own_release(lineage->seat);
	lineage->call = ddb_own_set(lineage->seat, call);
}

void
ddb_lineage_ask(DdbLineage *lineage, List *arns)
{
	MemoryContext old;
	ListCell *cell;

	MemoryContextReset(lineage->cxt);
	lineage->streams = NIL;
	lineage->before = lineage->trouble;
	memset(&lineage->trouble, 0, sizeof(Trouble));
	old = MemoryContextSwitchTo(lineage->cxt);
	foreach(cell, arns)
	{
		if (find_stream(lineage, lfirst(cell)) == NULL)
			(void) add_stream(lineage, lfirst(cell));
	}
	MemoryContextSwitchTo(old);
	lineage->reading = -1;
	lineage->is_done = false;
	set_call(lineage,
			 ddb_client_describe_table(ddb_session_client(lineage->session),
									   ddb_session_options(lineage->session)
										   ->table_name));
}

static void
fail(DdbLineage *lineage, const DdbStatus *status)
{
	lineage->trouble.status = *status;
	strlcpy(lineage->trouble.operation,
			ddb_call_operation(lineage->call),
			sizeof(lineage->trouble.operation));
	lineage->streams = NIL;
	lineage->is_done = true;
}

/* after: the last shard of the page before, or NULL */
static void
ask_stream(DdbLineage *lineage, const char *after)
{
	const DdbLineageStream *stream = list_nth(lineage->streams, lineage->reading);
	DdbClient *client = ddb_session_streams_client(lineage->session);

	set_call(lineage, ddb_streams_describe(client, stream->arn, after));
}

static void
next_stream(DdbLineage *lineage)
{
	if (++lineage->reading < list_length(lineage->streams))
		ask_stream(lineage, NULL);
	else
		lineage->is_done = true;
}

static void
free_info(void *info)
{
	ddb_table_info_free(info);
}

/* The answer to DescribeTable. In the context of what is found. */
static void
take_table(DdbLineage *lineage)
{
	DdbStatus status = *ddb_call_status(lineage->call);
	DdbOwned *seat = ddb_own_register(CurrentMemoryContext, free_info);
	DdbYield yield = {0};
	DdbTableInfo *info;
	DdbLineageStream *latest = NULL;
	size_t len;
	const char *body = ddb_call_body(lineage->call, &len);

	info = ddb_table_info_decode(body, len, &status);
	ddb_session_count(lineage->session, lineage->call, info ? &yield : NULL);
	if (info == NULL)
	{
		fail(lineage, &status);
		return;
	}
	(void) ddb_own_set(seat, info);
	if (info->stream_arn != NULL)
	{
		latest = find_stream(lineage, info->stream_arn);
		if (latest == NULL)
			latest = add_stream(lineage, info->stream_arn);
		latest->is_latest = true;
	}
	lineage->is_enabled = latest != NULL && info->stream_enabled;
	if (!lineage->is_enabled)
		lineage->trouble.fault = "The table has no stream that is enabled.";
	next_stream(lineage);
}

static void
free_list(void *list)
{
	ddb_shard_list_free(list);
}

/* The answer to DescribeStream. In the context of what is found. */
static void
take_shards(DdbLineage *lineage)
{
	DdbLineageStream *stream = list_nth(lineage->streams, lineage->reading);
	DdbStatus status = *ddb_call_status(lineage->call);
	DdbShardList *list = palloc0(sizeof(DdbShardList));
	DdbYield yield = {0};
	size_t len;
	const char *body = ddb_call_body(lineage->call, &len);
	bool decoded;

	(void) ddb_own_set(ddb_own_register(CurrentMemoryContext, free_list), list);
	decoded = ddb_shard_list_decode(list, body, len, &status);
	ddb_session_count(lineage->session, lineage->call, decoded ? &yield : NULL);
	if (!decoded)
	{
		fail(lineage, &status);
		return;
	}
	for (int i = 0; list->new_images && i < list->nshards; i++)
		stream->shards = lappend(stream->shards, &list->shards[i]);
	if (!list->new_images && stream->is_latest)
		lineage->trouble.fault = "The table's stream does not carry new images.";
	if (list->last_shard[0] != '\0')
		ask_stream(lineage, list->last_shard);
	else
		next_stream(lineage);
}

/*
 * Does the service not have the stream any more? One that the table has just named as
 * enabled is there, and its shards are not to be read anew.
 */
static bool
is_gone(const DdbLineage *lineage, const DdbStatus *status)
{
	const DdbLineageStream *stream;

	if (status->kind != DDB_STATUS_NOT_FOUND || lineage->reading < 0)
		return false;
	stream = list_nth(lineage->streams, lineage->reading);
	return !(stream->is_latest && lineage->is_enabled);
}

static void
settle(DdbLineage *lineage)
{
	const DdbStatus *status = ddb_call_status(lineage->call);

	if (status->kind == DDB_OK)
	{
		MemoryContext old = MemoryContextSwitchTo(lineage->cxt);

		if (lineage->reading < 0)
			take_table(lineage);
		else
			take_shards(lineage);
		MemoryContextSwitchTo(old);
		return;
	}
	ddb_session_count(lineage->session, lineage->call, NULL);
	if (is_gone(lineage, status))
	{
		DdbLineageStream *stream = list_nth(lineage->streams, lineage->reading);

		stream->is_gone = true;
		next_stream(lineage);
	}
	else
		fail(lineage, status);
}

bool
ddb_lineage_go_on(DdbLineage *lineage)
{
	while (!lineage->is_done && ddb_call_done(lineage->call))
		settle(lineage);
	return lineage->is_done;
}

List *
ddb_lineage_streams(const DdbLineage *lineage)
{
	return lineage->streams;
}

bool
ddb_lineage_has_error(const DdbLineage *lineage)
{
	return lineage->trouble.status.kind != DDB_OK ||
		   lineage->trouble.fault != NULL;
}

bool
ddb_lineage_has_new_error(const DdbLineage *lineage)
{
	const Trouble *now = &lineage->trouble;
	const Trouble *before = &lineage->before;

	return ddb_lineage_has_error(lineage) &&
		   (now->fault != before->fault ||
			now->status.kind != before->status.kind ||
			strcmp(now->status.exception, before->status.exception) != 0);
}

static DdbReportContext
context_of(const DdbLineage *lineage)
{
	const DdbOptions *options = ddb_session_options(lineage->session);

	return (DdbReportContext){.server = options->server_name,
							  .operation = lineage->trouble.operation,
							  .table = options->table_name};
}

char *
ddb_lineage_describe_error(const DdbLineage *lineage)
{
	DdbReportContext context = context_of(lineage);
	int sqlstate;

	if (!ddb_lineage_has_error(lineage))
		return NULL;
	if (lineage->trouble.fault != NULL)
		return pstrdup(lineage->trouble.fault);
	return ddb_report_text(&lineage->trouble.status, &context, &sqlstate);
}

void
ddb_lineage_check(const DdbLineage *lineage)
{
	DdbReportContext context = context_of(lineage);

	if (lineage->trouble.fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("DynamoDB table \"%s\" has no stream to be read",
						context.table),
				 errdetail_internal("%s", lineage->trouble.fault),
				 errhint("Enable a stream of new images (NEW_IMAGE) by "
						 "UpdateTable; cruddur_schema_load() makes the table "
						 "with one.")));
	if (lineage->trouble.status.kind != DDB_OK)
		ddb_report_status(&lineage->trouble.status, &context);
}
