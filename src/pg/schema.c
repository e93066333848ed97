/*
 * schema.c
 *		Tables as a whole: cruddur_schema_load(), cruddur_list_tables(),
 *		cruddur_drop_table().
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "describe.h"
#include "input.h"
#include "network.h"
#include "request.h"
#include "table.h"

/* Between two looks at a table that is being made or dropped. */
#define FIRST_PAUSE_MS 20
#define LAST_PAUSE_MS 2000

/* The messaging table: the contract, section 2. */
#define CREATE_TABLE                                                           \
	"{\"TableName\":\"%s\",\"BillingMode\":\"%s\","                            \
	"\"AttributeDefinitions\":["                                               \
	"{\"AttributeName\":\"message_group_uuid\",\"AttributeType\":\"S\"},"      \
	"{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"                      \
	"{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],"                     \
	"\"KeySchema\":["                                                          \
	"{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"                         \
	"{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"                       \
	"\"GlobalSecondaryIndexes\":[{\"IndexName\":\"%s\","                       \
	"\"KeySchema\":["                                                          \
	"{\"AttributeName\":\"message_group_uuid\",\"KeyType\":\"HASH\"},"         \
	"{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"                       \
	"\"Projection\":{\"ProjectionType\":\"ALL\"}%s}]%s,"                       \
	"\"StreamSpecification\":{\"StreamEnabled\":true,"                         \
	"\"StreamViewType\":\"NEW_IMAGE\"}}"
#define THROUGHPUT                                                             \
	",\"ProvisionedThroughput\":"                                              \
	"{\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":5}"

/* The table as it stands; NULL if there is none. */
static Jsonb *
describe(MemoryContext cxt, DdbSession *session, const char *table)
{
	DdbClient *client = ddb_session_client(session);
	DdbOwned *seat = ddb_session_own_call(cxt);
	DdbCall *call = ddb_own_set(seat, ddb_client_describe_table(client, table));
	Jsonb *response;

	ddb_session_wait(session, call);
	if (ddb_call_status(call)->kind == DDB_STATUS_NOT_FOUND)
	{
		ddb_session_count(session, call, NULL);
		return NULL;
	}
	response = ddb_request_finish(cxt, session, call);
	ddb_own_release(seat);
	return ddb_request_object(response, "Table");
}

static bool
has_status(Jsonb *object, const char *name, const char *wanted)
{
	char *status = ddb_request_string(object, name);

	return status != NULL && strcmp(status, wanted) == 0;
}

/* Are the table and its indexes ready for use? */
static bool
is_active(Jsonb *table)
{
	Jsonb *indexes = ddb_request_objects(table, "GlobalSecondaryIndexes");

	if (!has_status(table, "TableStatus", "ACTIVE"))
		return false;
	for (uint32 i = 0; indexes != NULL && i < JB_ROOT_COUNT(indexes); i++)
	{
		JsonbValue *index = getIthJsonbValueFromContainer(&indexes->root, i);

		if (!has_status(JsonbValueToJsonb(index), "IndexStatus", "ACTIVE"))
			return false;
	}
	return true;
}

/* Look again and again, until it is active or, if gone is wanted, gone. */
static Jsonb *
wait_for_table(MemoryContext cxt, DdbSession *session, const char *table,
			   bool gone)
{
	int pause_ms = FIRST_PAUSE_MS;

	for (;;)
	{
		Jsonb *description = describe(cxt, session, table);

		if (gone ? description == NULL
				 : description != NULL && is_active(description))
			return description;
		ddb_network_sleep(pause_ms);
		pause_ms = Min(pause_ms * 2, LAST_PAUSE_MS);
	}
}

static const char *
billing_mode(FunctionCallInfo fcinfo, int argno)
{
	char *mode;

	if (PG_ARGISNULL(argno))
		return "PROVISIONED";
	mode = text_to_cstring(PG_GETARG_TEXT_PP(argno));
	if (strcmp(mode, "PROVISIONED") != 0 && strcmp(mode, "PAY_PER_REQUEST") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid billing_mode: \"%s\"", mode),
				 errhint("Use PROVISIONED or PAY_PER_REQUEST.")));
	return mode;
}

PG_FUNCTION_INFO_V1(cruddur_schema_load);

/*
 * cruddur_schema_load(if_not_exists boolean, billing_mode text) RETURNS jsonb:
 * the description of the messaging table, once it is active.
 */
Datum
cruddur_schema_load(PG_FUNCTION_ARGS)
{
	bool if_not_exists = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	const char *mode = billing_mode(fcinfo, 1);
	const char *throughput = strcmp(mode, "PROVISIONED") == 0 ? THROUGHPUT : "";
	MemoryContext cxt;
	DdbSession *session;
	const char *table;
	char *request;
	DdbOwned *seat;
	DdbCall *call;
	Jsonb *description;

	PreventCommandIfReadOnly("cruddur_schema_load()");
	cxt = ddb_session_context();
	session = ddb_session_open(cxt);
	table = ddb_session_options(session)->table_name;
	request = psprintf(CREATE_TABLE,
					   table,
					   mode,
					   DDB_TABLE_GROUP_INDEX,
					   throughput,
					   throughput);
	seat = ddb_session_own_call(cxt);
	call = ddb_own_set(seat,
					   ddb_client_request(ddb_session_client(session),
										  "CreateTable",
										  request,
										  NULL));
	ddb_session_wait(session, call);
	if (if_not_exists && ddb_call_status(call)->kind == DDB_STATUS_IN_USE)
	{
		ddb_session_count(session, call, NULL);
		ereport(NOTICE,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("DynamoDB table \"%s\" already exists, skipping", table)));
	}
	else
		(void) ddb_request_finish(cxt, session, call);
	ddb_describe_forget(table);
	description = wait_for_table(cxt, session, table, false);
	MemoryContextDelete(cxt);
	PG_RETURN_JSONB_P(description);
}

PG_FUNCTION_INFO_V1(cruddur_drop_table);

/*
 * cruddur_drop_table(table_name text) RETURNS jsonb: the description of the
 * table, once it is gone.
 */
Datum
cruddur_drop_table(PG_FUNCTION_ARGS)
{
	char *table = ddb_input_table_name(fcinfo, 0);
	MemoryContext cxt;
	DdbSession *session;
	DdbOwned *seat;
	DdbCall *call;
	Jsonb *description;

	PreventCommandIfReadOnly("cruddur_drop_table()");
	cxt = ddb_session_context();
	session = ddb_session_open(cxt);
	seat = ddb_session_own_call(cxt);
	call =
		ddb_own_set(seat,
					ddb_client_delete_table(ddb_session_client(session), table));
	description = ddb_request_object(ddb_request_finish(cxt, session, call),
									 "TableDescription");
	ddb_describe_forget(table);
	(void) wait_for_table(cxt, session, table, true);
	MemoryContextDelete(cxt);
	PG_RETURN_JSONB_P(description);
}

PG_FUNCTION_INFO_V1(cruddur_list_tables);

/* cruddur_list_tables() RETURNS SETOF text, every page */
Datum
cruddur_list_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext cxt = ddb_session_context();
	ListCell *cell;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	foreach(cell, ddb_request_list_tables(ddb_session_open(cxt)))
	{
		Datum value = CStringGetTextDatum(lfirst(cell));
		bool isnull = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	MemoryContextDelete(cxt);
	return (Datum) 0;
}
