/*
 * outboxtable.c
 *		The table cruddur_outbox.
 *
 * It is where the extension is, which may be moved. Statements run with an empty
 * search_path, so that nobody's operators take the place of PostgreSQL's.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "outboxtable.h"

/* Of a walk. */
#define ROWS_AT_A_TIME 100

/* A statement: %s is the table. */
typedef struct Statement
{
	const char *text;
	int nargs;
	Oid types[8];
} Statement;

static const Statement insert_entry =
	{"INSERT INTO %s (server_name, user_name, token, keys, needs, writes) "
	 "VALUES ($1, $2, $3, $4, $5, $6)",
	 6,
	 {TEXTOID, TEXTOID, UUIDOID, INT8ARRAYOID, INT8ARRAYOID, BYTEAOID}};

/*
 * due_ms: in how many ms it is due. No pause is longer than a minute, so a time
 * behind that was said by a clock that has been put back since.
 */
static const Statement select_waiting =
	{"SELECT id, server_name, user_name, token, attempts, keys, needs, writes, "
	 "CASE WHEN next_attempt_at <= clock_timestamp() THEN 0 "
	 "WHEN next_attempt_at = 'infinity' THEN 3600000 "
	 "WHEN next_attempt_at > clock_timestamp() + interval '61 s' THEN 0 "
	 "ELSE ceil(extract(epoch FROM next_attempt_at - clock_timestamp()) * 1000) "
	 "END::int4 AS due_ms FROM %s WHERE state = 'waiting' ORDER BY id",
	 0,
	 {InvalidOid}};

static const Statement lock_entries =
	{"SELECT FROM %s WHERE id = ANY ($1) FOR UPDATE", 1, {INT8ARRAYOID}};

static const Statement delete_entries = {"DELETE FROM %s WHERE id = ANY ($1)",
										 1,
										 {INT8ARRAYOID}};

static const Statement record_fault =
	{"UPDATE %s SET attempts = attempts + 1, sqlstate = $2, last_error = $3, "
	 "state = CASE WHEN $4 < 0 THEN 'failed' ELSE 'waiting' END, "
	 "next_attempt_at = clock_timestamp() "
	 "+ greatest($4, 0) * interval '1 millisecond' WHERE id = $1",
	 4,
	 {INT8OID, TEXTOID, TEXTOID, INT4OID}};

static const Statement retry_entry =
	{"UPDATE %s SET state = 'waiting', next_attempt_at = clock_timestamp() "
	 "WHERE id = $1 AND state = 'failed'",
	 1,
	 {INT8OID}};

static Oid
extension_schema(void)
{
	Relation relation = table_open(ExtensionRelationId, AccessShareLock);
	Oid schema = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key,
				Anum_pg_extension_oid,
				BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(get_extension_oid("cruddur_ddb", true)));
	scan = systable_beginscan(relation, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return schema;
}

/* The table, quoted, and its owner. */
static char *
find_table(Oid *owner)
{
	Oid schema = extension_schema();
	Oid table = OidIsValid(schema) ? get_relname_relid("cruddur_outbox", schema)
								   : InvalidOid;
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"cruddur_outbox\" does not exist"),
				 errhint("Create the extension cruddur_ddb.")));
	*owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return quote_qualified_identifier(get_namespace_name(schema),
									  "cruddur_outbox");
}

/* What a statement changes of the backend while it runs. */
typedef struct Place
{
	Oid user;
	int context;
	int guc_level;
} Place;

static void
leave(const Place *place)
{
	SPI_finish();
	PopActiveSnapshot();
	AtEOXact_GUC(true, place->guc_level);
	SetUserIdAndSecContext(place->user, place->context);
}

/* A setting, until we leave. */
static void
set(const char *name, const char *value)
{
	(void) set_config_option(name,
							 value,
							 PGC_USERSET,
							 PGC_S_SESSION,
							 GUC_ACTION_SAVE,
							 true,
							 0,
							 false);
}

/*
 * What this changes an error puts back. A COMMIT has no snapshot any more when it
 * comes here. Returns the statement's text.
 */
static const char *
enter(Place *place, const Statement *statement)
{
	Oid owner;
	char *query = psprintf(statement->text, find_table(&owner));

	GetUserIdAndSecContext(&place->user, &place->context);
	SetUserIdAndSecContext(owner,
						   place->context | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_NOFORCE_RLS);
	place->guc_level = NewGUCNestLevel();
	set("search_path", "pg_catalog, pg_temp");
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	return query;
}

/* Enter, and execute it. */
static void
run(Place *place, const Statement *statement, Datum *values)
{
	const char *query = enter(place, statement);
	Oid types[lengthof(statement->types)];
	int rc;

	memcpy(types, statement->types, sizeof(types));
	rc =
		SPI_execute_with_args(query, statement->nargs, types, values, NULL, false, 0);
	if (rc < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not use the outbox: %s",
						SPI_result_code_string(rc))));
}

static Datum
bigint_array(const int64 *values, int n)
{
	Datum *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(values[i]);
	return PointerGetDatum(construct_array(datums,
										   n,
										   INT8OID,
										   sizeof(int64),
										   FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

void
ddb_outboxtable_insert(const DdbOutboxEntry *entry)
{
	bytea *writes = palloc(VARHDRSZ + entry->writes_len);
	Datum values[6];
	Place place;

	SET_VARSIZE(writes, VARHDRSZ + entry->writes_len);
	memcpy(VARDATA(writes), entry->writes, entry->writes_len);
	values[0] = CStringGetTextDatum(entry->server_name);
	values[1] = CStringGetTextDatum(entry->user_name);
	values[2] = UUIDPGetDatum(&entry->token);
	values[3] = bigint_array(entry->keys, entry->nkeys);
	values[4] = bigint_array(entry->needs, entry->nneeds);
	values[5] = PointerGetDatum(writes);
	run(&place, &insert_entry, values);
	leave(&place);
	pfree(writes);
}

static Datum
column(uint64 row, int number)
{
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row],
								SPI_tuptable->tupdesc,
								number,
								&isnull);

	Assert(!isnull);
	return value;
}

static const int64 *
bigints(Datum datum, int *n)
{
	ArrayType *array = DatumGetArrayTypeP(datum);

	*n = ARR_HASNULL(array) ? 0
							: ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (const int64 *) ((char *) array +
							ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
}

/* In the current context; the writes are left where they are. */
static void
read_row(uint64 n, DdbOutboxRow *row)
{
	row->id = DatumGetInt64(column(n, 1));
	row->server_name = TextDatumGetCString(column(n, 2));
	row->user_name = TextDatumGetCString(column(n, 3));
	row->token = *DatumGetUUIDP(column(n, 4));
	row->attempts = DatumGetInt32(column(n, 5));
	row->keys = bigints(column(n, 6), &row->nkeys);
	row->needs = bigints(column(n, 7), &row->nneeds);
	row->writes = column(n, 8);
	row->due_ms = DatumGetInt32(column(n, 9));
}

/* Show what was fetched. False: the walk ends here. */
static bool
show_rows(DdbOutboxVisit visit, void *arg, MemoryContext cxt)
{
	bool goes_on = true;

	for (uint64 i = 0; i < SPI_processed && goes_on; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(cxt);
		DdbOutboxRow row;

		read_row(i, &row);
		goes_on = visit(arg, &row);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(cxt);
	}
	return goes_on;
}

void
ddb_outboxtable_walk(DdbOutboxVisit visit, void *arg)
{
	Place place;
	const char *query = enter(&place, &select_waiting);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "cruddur_ddb outbox row",
											  ALLOCSET_DEFAULT_SIZES);
	Portal portal;
	bool goes_on;

	/* By the index, as it may end soon; without statistics it would not be. */
	set("enable_sort", "off");
	portal = SPI_cursor_open_with_args(NULL,
									   query,
									   0,
									   NULL,
									   NULL,
									   NULL,
									   false,
									   CURSOR_OPT_NO_SCROLL);
	do
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_A_TIME);
		goes_on = SPI_processed > 0 && show_rows(visit, arg, cxt);
		SPI_freetuptable(SPI_tuptable);
	} while (goes_on);
	SPI_cursor_close(portal);
	leave(&place);
}

void
ddb_outboxtable_lock(const int64 *ids, int nids)
{
	Datum values[1] = {bigint_array(ids, nids)};
	Place place;

	run(&place, &lock_entries, values);
	leave(&place);
}

void
ddb_outboxtable_delete(const int64 *ids, int nids)
{
	Datum values[1] = {bigint_array(ids, nids)};
	Place place;

	run(&place, &delete_entries, values);
	leave(&place);
}

void
ddb_outboxtable_fault(const DdbOutboxFault *fault)
{
	Datum values[4] = {Int64GetDatum(fault->id),
					   CStringGetTextDatum(unpack_sql_state(fault->sqlstate)),
					   CStringGetTextDatum(fault->message),
					   Int32GetDatum(fault->delay_ms)};
	Place place;

	run(&place, &record_fault, values);
	leave(&place);
}

bool
ddb_outboxtable_retry(int64 id)
{
	Datum values[1] = {Int64GetDatum(id)};
	Place place;
	bool found;

	run(&place, &retry_entry, values);
	found = SPI_processed > 0;
	leave(&place);
	return found;
}
