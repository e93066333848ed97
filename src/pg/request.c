/*
 * request.c
 *		Operations whose response is a small JSON document; any operation at
 *		all: cruddur_ddb_request().
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "budget.h"
#include "convert.h"
#include "describe.h"
#include "mint.h"
#include "request.h"
#include "wakeup.h"

#define MAX_OPERATION_LEN 40

Jsonb *
ddb_request_finish(MemoryContext cxt, DdbSession *session, DdbCall *call)
{
	DdbPage *page = ddb_session_create_page(cxt);
	const char *body;
	size_t len;

	/* Checks that it is JSON, so jsonb's input does not have to complain. */
	ddb_session_read_page(session, call, ddb_session_wanted_nothing(), page);
	body = ddb_call_body(call, &len);
	body = pg_any_to_server(body, len, PG_UTF8);
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(body)));
}

Jsonb *
ddb_request_run(MemoryContext cxt, DdbSession *session, const char *operation,
				const char *payload)
{
	DdbClient *client = ddb_session_client(session);
	DdbOwned *seat = ddb_session_own_call(cxt);
	pg_uuid_t token;
	char token_text[DDB_UUID_TEXT_LEN];
	DdbCall *call;

	ddb_mint_uuid(&token);
	ddb_convert_uuid_text(&token, token_text);
	call =
		ddb_own_set(seat,
					ddb_client_request(client, operation, payload, token_text));
	return ddb_request_finish(cxt, session, call);
}

static JsonbValue *
find_member(Jsonb *object, const char *name)
{
	return getKeyJsonValueFromContainer(&object->root, name, strlen(name), NULL);
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		   JsonContainerIsObject(value->val.binary.data);
}

static bool
is_string(const JsonbValue *value)
{
	return value->type == jbvString;
}

static void
refuse_member(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("malformed response from DynamoDB"),
			 errdetail("The member \"%s\" is missing or of another type.", name)));
}

Jsonb *
ddb_request_object(Jsonb *object, const char *name)
{
	JsonbValue *value = find_member(object, name);

	if (value == NULL || !is_object(value))
		refuse_member(name);
	return JsonbValueToJsonb(value);
}

/* An array whose elements are all of one type; NULL if it is not there. */
static Jsonb *
find_array(Jsonb *object, const char *name, bool (*fits)(const JsonbValue *))
{
	JsonbValue *value = find_member(object, name);
	Jsonb *array;

	if (value == NULL)
		return NULL;
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		refuse_member(name);
	array = JsonbValueToJsonb(value);
	for (uint32 i = 0; i < JB_ROOT_COUNT(array); i++)
	{
		if (!fits(getIthJsonbValueFromContainer(&array->root, i)))
			refuse_member(name);
	}
	return array;
}

Jsonb *
ddb_request_objects(Jsonb *object, const char *name)
{
	return find_array(object, name, is_object);
}

Jsonb *
ddb_request_strings(Jsonb *object, const char *name)
{
	return find_array(object, name, is_string);
}

char *
ddb_request_string(Jsonb *object, const char *name)
{
	JsonbValue *value = find_member(object, name);

	if (value == NULL || !is_string(value))
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

List *
ddb_request_list_tables(DdbSession *session)
{
	MemoryContext cxt = ddb_session_context();
	DdbClient *client = ddb_session_client(session);
	DdbOwned *seat = ddb_session_own_call(cxt);
	char *start = NULL;
	List *tables = NIL;

	do
	{
		DdbCall *call = ddb_own_set(seat, ddb_client_list_tables(client, start));
		Jsonb *response = ddb_request_finish(cxt, session, call);
		Jsonb *names = ddb_request_strings(response, "TableNames");

		for (uint32 i = 0; names != NULL && i < JB_ROOT_COUNT(names); i++)
		{
			JsonbValue *name = getIthJsonbValueFromContainer(&names->root, i);

			tables =
				lappend(tables,
						pnstrdup(name->val.string.val, name->val.string.len));
		}
		start = ddb_request_string(response, "LastEvaluatedTableName");
		ddb_own_release(seat);
	} while (start != NULL);
	MemoryContextDelete(cxt);
	return tables;
}

/* It becomes a part of a header: letters only. */
static char *
operation_name(FunctionCallInfo fcinfo)
{
	char *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	size_t len = strlen(name);

	if (len == 0 || len > MAX_OPERATION_LEN ||
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") !=
			len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid name of a DynamoDB operation: \"%s\"", name),
				 errhint("Names are spelled as in the API, for example "
						 "DescribeTable.")));
	return name;
}

/* The payload as JSON in UTF-8. */
static const char *
payload_text(FunctionCallInfo fcinfo)
{
	Jsonb *payload;
	char *json;

	if (PG_ARGISNULL(1))
		return "{}";
	payload = PG_GETARG_JSONB_P(1);
	if (!JB_ROOT_IS_OBJECT(payload))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("payload of a DynamoDB operation must be a JSON "
						"object")));
	json = JsonbToCString(NULL, &payload->root, VARSIZE(payload));
	return pg_server_to_any(json, strlen(json), PG_UTF8);
}

PG_FUNCTION_INFO_V1(cruddur_ddb_request);

/* cruddur_ddb_request(operation text, payload jsonb) RETURNS jsonb */
Datum
cruddur_ddb_request(PG_FUNCTION_ARGS)
{
	char *operation = operation_name(fcinfo);
	const char *payload = payload_text(fcinfo);
	MemoryContext cxt;
	Jsonb *response;

	if (ddb_client_is_read(operation))
		ddb_budget_check();
	else
	{
		PreventCommandIfReadOnly("cruddur_ddb_request()");
		ddb_wakeup_request(DDB_WORKER_STREAM);
	}
	cxt = ddb_session_context();
	response = ddb_request_run(cxt, ddb_session_open(cxt), operation, payload);
	/* CreateTable, UpdateTable, DeleteTable and their like */
	if (!ddb_client_is_read(operation) && strstr(operation, "Table") != NULL)
		ddb_describe_forget(NULL);
	MemoryContextDelete(cxt);
	PG_RETURN_JSONB_P(response);
}
