/*
 * checkpoint.c
 *		How far the consumer of the stream has come: tables of PostgreSQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "checkpoint.h"

#define MAX_ARGUMENTS 10

/* Arguments of a statement, all of them text; NULL: SQL's null. */
typedef struct Statement
{
	const char *query; /* with %s for the schema */
	int nargs;
	const char *args[MAX_ARGUMENTS];
} Statement;

static const char *const state_names[] =
	{[DDB_SHARD_NEW] = "new", [DDB_SHARD_READING] = "reading", [DDB_SHARD_DONE] = "done"};

static void
connect_spi(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not connect to SPI")));
}

/* Within SPI. */
static void
execute(const char *schema, const Statement *statement, int expected)
{
	char *query =
		psprintf(statement->query, schema ? quote_identifier(schema) : "");
	Oid types[MAX_ARGUMENTS];
	Datum values[MAX_ARGUMENTS] = {0};
	char nulls[MAX_ARGUMENTS];
	int rc;

	for (int i = 0; i < statement->nargs; i++)
	{
		const char *arg = statement->args[i];

		types[i] = TEXTOID;
		nulls[i] = arg == NULL ? 'n' : ' ';
		if (arg != NULL)
			values[i] = CStringGetTextDatum(arg);
	}
	rc = SPI_execute_with_args(query,
							   statement->nargs,
							   types,
							   values,
							   nulls,
							   false,
							   0);
	if (rc != expected)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not keep the stream's checkpoints: %s",
						SPI_result_code_string(rc))));
}

static void
run(const DdbCheckpoints *checkpoints, const Statement *statement, int expected)
{
	connect_spi();
	execute(checkpoints->schema, statement, expected);
	SPI_finish();
}

void
ddb_checkpoint_open(MemoryContext cxt, DdbCheckpoints *checkpoints,
					const char *server, const char *table)
{
	static const Statement statement = {
		.query = "SELECT n.nspname FROM pg_catalog.pg_extension AS e "
				 "JOIN pg_catalog.pg_namespace AS n "
				 "ON n.oid OPERATOR(pg_catalog.=) e.extnamespace "
				 "WHERE e.extname OPERATOR(pg_catalog.=) 'cruddur_ddb' %s"};

	connect_spi();
	execute(NULL, &statement, SPI_OK_SELECT);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"cruddur_ddb\" does not exist"),
				 errhint("Run CREATE EXTENSION cruddur_ddb in this "
						 "database.")));
	checkpoints->schema = MemoryContextStrdup(cxt,
											  SPI_getvalue(SPI_tuptable->vals[0],
														   SPI_tuptable->tupdesc,
														   1));
	SPI_finish();
	checkpoints->server = MemoryContextStrdup(cxt, server);
	checkpoints->table = MemoryContextStrdup(cxt, table);
}

static void
set_text(char *text, size_t size, int column, HeapTuple tuple)
{
	char *value = SPI_getvalue(tuple, SPI_tuptable->tupdesc, column);

	strlcpy(text, value != NULL ? value : "", size);
}

static DdbCheckpoint *
read_row(MemoryContext cxt, HeapTuple tuple)
{
	DdbCheckpoint *row = MemoryContextAllocZero(cxt, sizeof(DdbCheckpoint));
	char text[64];

	row->arn =
		MemoryContextStrdup(cxt, SPI_getvalue(tuple, SPI_tuptable->tupdesc, 1));
	set_text(row->shard, sizeof(row->shard), 2, tuple);
	set_text(row->parent, sizeof(row->parent), 3, tuple);
	set_text(row->position, sizeof(row->position), 4, tuple);
	set_text(text, sizeof(text), 5, tuple);
	while (strcmp(text, state_names[row->state]) != 0)
		row->state++;
	set_text(text, sizeof(text), 6, tuple);
	row->last_record_s = atof(text);
	return row;
}

List *
ddb_checkpoint_load(const DdbCheckpoints *checkpoints)
{
	Statement statement = {.query = "SELECT stream_arn, shard_id, parent_shard_id, "
									"position, state, "
									"EXTRACT(epoch FROM last_record_at) "
									"FROM %s.cruddur_stream_shards "
									"WHERE server OPERATOR(pg_catalog.=) $1 "
									"AND table_name OPERATOR(pg_catalog.=) $2 "
									"ORDER BY stream_arn, shard_id",
						   .nargs = 2,
						   .args = {checkpoints->server, checkpoints->table}};
	MemoryContext cxt = CurrentMemoryContext;
	List *rows = NIL;

	connect_spi();
	execute(checkpoints->schema, &statement, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		DdbCheckpoint *row = read_row(cxt, SPI_tuptable->vals[i]);
		MemoryContext old = MemoryContextSwitchTo(cxt);

		rows = lappend(rows, row);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return rows;
}

static const char *
or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

void
ddb_checkpoint_save(const DdbCheckpoints *checkpoints,
					const DdbCheckpoint *checkpoint)
{
	Statement statement =
		{.query =
			 "INSERT INTO %s.cruddur_stream_shards AS s (server, table_name, "
			 "stream_arn, shard_id, parent_shard_id, position, state, "
			 "last_record_at, last_error, last_applied_at) "
			 "SELECT $1, $2, $3, $4, $5, $6::pg_catalog.numeric, $7, "
			 "pg_catalog.to_timestamp($8::pg_catalog.float8), $9, "
			 "CASE WHEN $10::pg_catalog.bool THEN pg_catalog.clock_timestamp() END "
			 "ON CONFLICT (server, table_name, stream_arn, shard_id) DO UPDATE "
			 "SET position = excluded.position, state = excluded.state, "
			 "last_record_at = excluded.last_record_at, "
			 "last_error = excluded.last_error, "
			 "last_applied_at = COALESCE(excluded.last_applied_at, s.last_applied_at), "
			 "updated_at = excluded.updated_at",
		 .nargs = 10,
		 .args = {checkpoints->server,
				  checkpoints->table,
				  checkpoint->arn,
				  checkpoint->shard,
				  or_null(checkpoint->parent),
				  or_null(checkpoint->position),
				  state_names[checkpoint->state],
				  checkpoint->last_record_s > 0
					  ? psprintf("%.6f", checkpoint->last_record_s)
					  : NULL,
				  checkpoint->error,
				  checkpoint->is_applied ? "true" : "false"}};

	run(checkpoints, &statement, SPI_OK_INSERT);
}

void
ddb_checkpoint_forget(const DdbCheckpoints *checkpoints,
					  const DdbCheckpoint *checkpoint)
{
	Statement statement = {.query = "DELETE FROM %s.cruddur_stream_shards "
									"WHERE server OPERATOR(pg_catalog.=) $1 "
									"AND table_name OPERATOR(pg_catalog.=) $2 "
									"AND stream_arn OPERATOR(pg_catalog.=) $3 "
									"AND shard_id OPERATOR(pg_catalog.=) $4",
						   .nargs = 4,
						   .args = {checkpoints->server,
									checkpoints->table,
									checkpoint->arn,
									checkpoint->shard}};

	run(checkpoints, &statement, SPI_OK_DELETE);
}

void
ddb_checkpoint_fail(const DdbCheckpoints *checkpoints, const DdbFailure *failure)
{
	Statement statement =
		{.query = "INSERT INTO %s.cruddur_stream_failures AS f (server, "
				  "table_name, shard_id, sequence_number, item_key, reason, "
				  "sqlstate, attempts) "
				  "SELECT $1, $2, $3, $4::pg_catalog.numeric, $5, $6, $7, "
				  "$8::pg_catalog.int4 "
				  "ON CONFLICT (server, table_name, shard_id, sequence_number) "
				  "DO UPDATE SET reason = excluded.reason, "
				  "sqlstate = excluded.sqlstate, "
				  "attempts = f.attempts OPERATOR(pg_catalog.+) excluded.attempts, "
				  "failed_at = excluded.failed_at",
		 .nargs = 8,
		 .args = {checkpoints->server,
				  checkpoints->table,
				  failure->shard,
				  failure->sequence,
				  failure->key,
				  failure->reason,
				  unpack_sql_state(failure->sqlstate),
				  psprintf("%d", failure->ntries)}};

	run(checkpoints, &statement, SPI_OK_INSERT);
}
