/*
 * cognito.c
 *		The users of a Cognito user pool: cruddur_cognito_list_users() and
 *		cruddur_update_cognito_user_ids().
 *
 * A user's handle is the attribute preferred_username, and the id what Cognito
 * calls sub. Memory is one page of the pool, however large that is; for the
 * update the users go to a tuplestore, which may lie on disk.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "userpool.h"
#include "host.h"
#include "optionspec.h"
#include "session.h"

#define POOL_VARIABLE "AWS_USER_POOLS_ID"

/* What the queries call the users of the pool. */
#define POOL_RELATION "cruddur_ddb_pool_users"

/* So many handles that several users have are shown. */
#define SHOWN_HANDLES 10

/*
 * Anyone may choose a handle for preferred_username that somebody else has, so
 * one that several users of the pool have says nothing of who is who. Handles
 * are compared byte by byte whatever the column's collation is, for the same
 * reason. %s: the users relation, whose columns go without its name, as in
 * users.c.
 */
#define UPDATE_QUERY                                                           \
	"UPDATE %s u SET cognito_user_id = c.pool_id FROM (SELECT p.handle AS "    \
	"pool_handle, pg_catalog.min(p.id) AS pool_id FROM " POOL_RELATION " p "   \
	"GROUP BY p.handle HAVING pg_catalog.min(p.id) "                           \
	"OPERATOR(pg_catalog.=) pg_catalog.max(p.id)) c "                          \
	"WHERE (handle::pg_catalog.text COLLATE pg_catalog.\"C\") "                \
	"OPERATOR(pg_catalog.=) c.pool_handle "                                    \
	"AND ((cognito_user_id::pg_catalog.text COLLATE pg_catalog.\"C\") "        \
	"OPERATOR(pg_catalog.=) c.pool_id) IS NOT TRUE "                           \
	"RETURNING handle::pg_catalog.text, cognito_user_id::pg_catalog.text"

#define AMBIGUOUS_QUERY                                                        \
	"SELECT p.handle FROM " POOL_RELATION " p "                                \
	"GROUP BY p.handle HAVING pg_catalog.min(p.id) "                           \
	"OPERATOR(pg_catalog.<>) pg_catalog.max(p.id) ORDER BY p.handle"

/* The users of the pool, one after the other. All of it lives in cxt. */
typedef struct PoolReader
{
	DdbSession *session;
	DdbClient *client;
	const char *pool;
	DdbOwned *seat; /* of the call */
	DdbPoolPage *page;
	bool asked;    /* for the first page */
	int user;      /* next of the page */
	int64 skipped; /* users without a handle, so far */
} PoolReader;

/* By the option, else by the environment of the server process. */
static const char *
pool_of(const DdbOptions *options)
{
	const char *pool = options->user_pool_id;
	const char *fault;

	if (pool == NULL)
		pool = ddb_host_variable(NULL, POOL_VARIABLE);
	if (pool == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("server \"%s\" names no Cognito user pool",
						options->server_name),
				 errhint("Set the option user_pool_id of the server, or "
						 "%s in the environment of the PostgreSQL server.",
						 POOL_VARIABLE)));
	fault = ddb_optionspec_find(DDB_OPTION_SERVER, "user_pool_id")->check(pool);
	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("invalid value of %s in the environment of the server",
						POOL_VARIABLE),
				 errhint("%s", fault)));
	return pool;
}

static void
free_pool_page(void *page)
{
	ddb_userpool_free(page);
}

static PoolReader *
start_reader(MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PoolReader *reader = palloc0(sizeof(PoolReader));

	reader->session = ddb_session_open(cxt);
	reader->pool = pool_of(ddb_session_options(reader->session));
	reader->client = ddb_session_client_of(reader->session, DDB_SERVICE_COGNITO);
	reader->seat = ddb_session_own_call(cxt);
	reader->page = palloc0(sizeof(DdbPoolPage));
	(void) ddb_own_set(ddb_own_register(cxt, free_pool_page), reader->page);
	MemoryContextSwitchTo(old);
	return reader;
}

/* Is the answer another page? One that leads to itself would never end. */
static bool
decode_page(DdbPoolPage *page, const DdbPoolPage *before, const DdbCall *call,
			DdbStatus *status)
{
	size_t len;
	const char *body = ddb_call_body(call, &len);

	*status = *ddb_call_status(call);
	if (!ddb_userpool_decode(page, body, len, status))
		return false;
	if (page->token == NULL || before->token == NULL ||
		strcmp(page->token, before->token) != 0)
		return true;
	ddb_userpool_free(page);
	return ddb_status_set(status,
						  DDB_STATUS_PROTOCOL,
						  "the same PaginationToken came twice");
}

static void
turn_page(PoolReader *reader)
{
	DdbCall *call = ddb_own_set(reader->seat,
								ddb_userpool_list(reader->client,
												  reader->pool,
												  reader->page->token));
	DdbYield yield = {0};
	DdbPoolPage page;
	DdbStatus status;

	ddb_session_finish(reader->session, call);
	if (!decode_page(&page, reader->page, call, &status))
	{
		ddb_session_count(reader->session, call, NULL);
		ddb_session_report(reader->session, call, &status);
	}
	ddb_userpool_free(reader->page);
	*reader->page = page;
	reader->asked = true;
	reader->user = 0;
	yield.items_read = page.nusers;
	ddb_session_count(reader->session, call, &yield);
	ddb_own_release(reader->seat);
}

/*
 * The next user who has a handle; NULL: there are no more. Good until the next
 * one is asked for.
 */
static const DdbPoolUser *
next_user(PoolReader *reader)
{
	for (;;)
	{
		while (reader->user < reader->page->nusers)
		{
			const DdbPoolUser *user = &reader->page->users[reader->user++];

			if (user->handle != NULL)
				return user;
			reader->skipped++;
		}
		if (reader->asked && reader->page->token == NULL)
			break;
		turn_page(reader);
	}
	if (reader->skipped > 0)
		ereport(NOTICE,
				(errmsg_plural("skipped " INT64_FORMAT " user of the pool "
							   "without preferred_username",
							   "skipped " INT64_FORMAT " users of the pool "
							   "without preferred_username",
							   (unsigned long) reader->skipped,
							   reader->skipped)));
	reader->skipped = 0;
	return NULL;
}

static Datum
text_datum(const char *utf8)
{
	return CStringGetTextDatum(pg_any_to_server(utf8, strlen(utf8), PG_UTF8));
}

PG_FUNCTION_INFO_V1(cruddur_cognito_list_users);

/* cruddur_cognito_list_users() RETURNS TABLE (handle, cognito_user_id) */
Datum
cruddur_cognito_list_users(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	const DdbPoolUser *user;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &call->tuple_desc) !=
			TYPEFUNC_COMPOSITE)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("function returning record called in context "
							"that cannot accept type record")));
		call->tuple_desc = BlessTupleDesc(call->tuple_desc);
		call->user_fctx = start_reader(call->multi_call_memory_ctx);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	user = next_user(call->user_fctx);
	if (user == NULL)
		SRF_RETURN_DONE(call);
	values[0] = text_datum(user->handle);
	values[1] = text_datum(user->id);
	SRF_RETURN_NEXT(call,
					HeapTupleGetDatum(
						heap_form_tuple(call->tuple_desc, values, nulls)));
}

/* All users of the pool who have a handle, as a relation for the queries. */
static EphemeralNamedRelation
read_pool(MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	EphemeralNamedRelation relation = palloc0(sizeof(*relation));
	TupleDesc desc = CreateTemplateTupleDesc(2);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	PoolReader *reader = start_reader(cxt);
	MemoryContext row_cxt =
		AllocSetContextCreate(cxt, "cruddur_ddb pool user", ALLOCSET_SMALL_SIZES);
	const DdbPoolUser *user;
	Datum values[2];
	bool nulls[2] = {false, false};

	TupleDescInitEntry(desc, 1, "handle", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, 1, C_COLLATION_OID);
	TupleDescInitEntry(desc, 2, "id", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, 2, C_COLLATION_OID);
	MemoryContextSwitchTo(row_cxt);
	while ((user = next_user(reader)) != NULL)
	{
		values[0] = text_datum(user->handle);
		values[1] = text_datum(user->id);
		tuplestore_putvalues(store, desc, values, nulls);
		relation->md.enrtuples++;
		MemoryContextReset(row_cxt);
	}
	MemoryContextSwitchTo(cxt);
	relation->md.name = pstrdup(POOL_RELATION);
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->reldata = store;
	MemoryContextSwitchTo(old);
	return relation;
}

static void
run_query(const char *query, DestReceiver *dest, bool read_only, int expected)
{
	SPIExecuteOptions options = {.read_only = read_only, .dest = dest};
	int rc = SPI_execute_extended(query, &options);

	if (rc != expected)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not update the users: %s",
						SPI_result_code_string(rc))));
}

/* Tell of the handles that several users of the pool have. */
static void
warn_of_ambiguous(void)
{
	StringInfoData handles;

	run_query(AMBIGUOUS_QUERY, NULL, true, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return;
	initStringInfo(&handles);
	for (uint64 i = 0; i < Min(SPI_processed, SHOWN_HANDLES); i++)
		appendStringInfo(&handles,
						 "%s\"%s\"",
						 i > 0 ? ", " : "",
						 SPI_getvalue(SPI_tuptable->vals[i],
									  SPI_tuptable->tupdesc,
									  1));
	if (SPI_processed > SHOWN_HANDLES)
		appendStringInfoString(&handles, ", ...");
	ereport(WARNING,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg_plural("left " UINT64_FORMAT " handle alone that several "
						   "users of the pool have",
						   "left " UINT64_FORMAT " handles alone that several "
						   "users of the pool have",
						   (unsigned long) SPI_processed,
						   SPI_processed),
			 errdetail_internal("%s", handles.data)));
}

PG_FUNCTION_INFO_V1(cruddur_update_cognito_user_ids);

/* cruddur_update_cognito_user_ids() RETURNS TABLE (handle, cognito_user_id) */
Datum
cruddur_update_cognito_user_ids(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);
	DdbSession *session;
	EphemeralNamedRelation pool;
	MemoryContext cxt;

	PreventCommandIfReadOnly("cruddur_update_cognito_user_ids()");
	InitMaterializedSRF(fcinfo, 0);
	cxt = ddb_session_context();
	session = ddb_session_open(cxt);
	pool = read_pool(cxt);
	SetTuplestoreDestReceiverParams(dest,
									result->setResult,
									result->econtext->ecxt_per_query_memory,
									false,
									NULL,
									NULL);
	if (SPI_connect() != SPI_OK_CONNECT ||
		SPI_register_relation(pool) != SPI_OK_REL_REGISTER)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not connect to SPI")));
	run_query(psprintf(UPDATE_QUERY, ddb_session_options(session)->users_table),
			  dest,
			  false,
			  SPI_OK_UPDATE_RETURNING);
	warn_of_ambiguous();
	SPI_finish();
	tuplestore_end(pool->reldata);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}
