/*
 * client.c
 *		DynamoDB's operations, one function each: arguments -> a started call.
 *
 * Not here: how JSON is written (writer.c), sending and retrying (call.c),
 * reading responses (item.c), what a write says of its item
 * (action.c).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "writer.h"

static void
set_string(DdbText *json, const char *name, const char *value)
{
	if (value != NULL)
		ddb_writer_string(json, name, value, strlen(value));
}

static void
set_verbatim(DdbText *json, const char *name, const char *value)
{
	ddb_writer_verbatim(json, name, value, strlen(value));
}

static void
set_int(DdbText *json, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	set_verbatim(json, name, text);
}

/* The request so far, table NULL: without a TableName. */
static DdbText
begin(const char *table)
{
	DdbText json = {0};

	ddb_writer_open(&json, NULL, '{');
	set_string(&json, "TableName", table);
	return json;
}

/* The text becomes the call's; where it failed it is NULL. */
static DdbCall *
start(DdbClient *client, const char *operation, const char *table,
	  DdbText *json, bool idempotent)
{
	ddb_writer_close(json, '}');
	return ddb_call_start(client, operation, table, json->data, json->len, idempotent);
}

/* "name": {"S": "text"} */
static void
set_value(DdbText *json, const DdbValue *value)
{
	const char *type = ddb_value_type_name(value->type);

	ddb_writer_open(json, value->name, '{');
	if (value->type == DDB_TYPE_BOOL || value->type == DDB_TYPE_NULL)
		ddb_writer_verbatim(json, type, value->text, value->len);
	else
		ddb_writer_string(json, type, value->text, value->len);
	ddb_writer_close(json, '}');
}

/* An item, a key or the values of an expression; name NULL in a list. */
static void
set_values(DdbText *json, const char *name, const DdbValue *values, int nvalues)
{
	ddb_writer_open(json, name, '{');
	for (int i = 0; i < nvalues; i++)
		set_value(json, &values[i]);
	ddb_writer_close(json, '}');
}

/* What every read may have. */
static void
set_selection(DdbText *json, const DdbRead *read)
{
	set_string(json, "ProjectionExpression", read->projection);
	if (read->nnames > 0)
	{
		ddb_writer_open(json, "ExpressionAttributeNames", '{');
		for (int i = 0; i < read->nnames; i++)
			set_string(json, read->names[i].name, read->names[i].attribute);
		ddb_writer_close(json, '}');
	}
	if (read->consistent)
		set_verbatim(json, "ConsistentRead", "true");
}

static void
set_batch(DdbText *json, const DdbRead *read)
{
	if (read->resume != NULL)
	{
		ddb_writer_verbatim(json, "RequestItems", read->resume, read->resume_len);
		return;
	}
	ddb_writer_open(json, "RequestItems", '{');
	ddb_writer_open(json, read->table, '{');
	ddb_writer_open(json, "Keys", '[');
	for (int i = 0; i < read->nkeys; i++)
		set_values(json, NULL, read->keys + i * read->key_len, read->key_len);
	ddb_writer_close(json, ']');
	set_selection(json, read);
	ddb_writer_close(json, '}');
	ddb_writer_close(json, '}');
}

/* Query and Scan, which differ in few members. */
static void
set_search(DdbText *json, const DdbRead *read)
{
	set_string(json, "IndexName", read->index);
	set_string(json, "KeyConditionExpression", read->key_condition);
	set_string(json, "FilterExpression", read->filter);
	set_selection(json, read);
	if (read->nvalues > 0)
		set_values(json, "ExpressionAttributeValues", read->values, read->nvalues);
	if (read->limit > 0)
		set_int(json, "Limit", read->limit);
	if (read->segments > 0)
	{
		set_int(json, "Segment", read->segment);
		set_int(json, "TotalSegments", read->segments);
	}
	if (read->count_only)
		set_string(json, "Select", "COUNT");
	if (read->backward)
		set_verbatim(json, "ScanIndexForward", "false");
	if (read->resume != NULL)
		ddb_writer_verbatim(json,
							"ExclusiveStartKey",
							read->resume,
							read->resume_len);
}

const char *
ddb_client_read_operation(DdbReadKind kind)
{
	static const char *const operations[] = {[DDB_READ_GET] = "GetItem",
											 [DDB_READ_BATCH] = "BatchGetItem",
											 [DDB_READ_QUERY] = "Query",
											 [DDB_READ_SCAN] = "Scan"};

	return operations[kind];
}

DdbCall *
ddb_client_read(DdbClient *client, const DdbRead *read)
{
	DdbText json = begin(read->kind == DDB_READ_BATCH ? NULL : read->table);

	if (read->kind == DDB_READ_BATCH)
		set_batch(&json, read);
	else if (read->kind == DDB_READ_GET)
	{
		set_values(&json, "Key", read->keys, read->key_len);
		set_selection(&json, read);
	}
	else
		set_search(&json, read);
	set_string(&json, "ReturnConsumedCapacity", "TOTAL");
	return start(client,
				 ddb_client_read_operation(read->kind),
				 read->table,
				 &json,
				 true);
}

/*
 * Each of these may be repeated: it ends in the same item, or is refused since
 * the first attempt was applied. See DdbStatus.maybe_applied.
 */
DdbCall *
ddb_client_write(DdbClient *client, const DdbWrite *write)
{
	static const char *const operations[] = {[DDB_WRITE_PUT] = "PutItem",
											 [DDB_WRITE_UPDATE] = "UpdateItem",
											 [DDB_WRITE_DELETE] = "DeleteItem"};
	DdbText json = begin(write->table);

	ddb_action_add(&json, write);
	set_string(&json, "ReturnConsumedCapacity", "TOTAL");
	return start(client, operations[write->kind], write->table, &json, true);
}

DdbCall *
ddb_client_transact_write(DdbClient *client, const DdbWrite *writes,
						  int nwrites, const char *token)
{
	static const char *const actions[] =
		{[DDB_WRITE_PUT] = "Put", [DDB_WRITE_UPDATE] = "Update", [DDB_WRITE_DELETE] = "Delete"};
	DdbText json = begin(NULL);

	ddb_writer_open(&json, "TransactItems", '[');
	for (int i = 0; i < nwrites; i++)
	{
		ddb_writer_open(&json, NULL, '{');
		ddb_writer_open(&json, actions[writes[i].kind], '{');
		set_string(&json, "TableName", writes[i].table);
		ddb_action_add(&json, &writes[i]);
		ddb_writer_close(&json, '}');
		ddb_writer_close(&json, '}');
	}
	ddb_writer_close(&json, ']');
	set_string(&json, "ClientRequestToken", token);
	set_string(&json, "ReturnConsumedCapacity", "TOTAL");
	return start(client,
				 "TransactWriteItems",
				 nwrites > 0 ? writes[0].table : NULL,
				 &json,
				 true);
}

static void
set_batch_writes(DdbText *json, const DdbWrite *writes, int nwrites)
{
	ddb_writer_open(json, "RequestItems", '{');
	ddb_writer_open(json, writes[0].table, '[');
	for (int i = 0; i < nwrites; i++)
	{
		bool is_put = writes[i].kind == DDB_WRITE_PUT;

		ddb_writer_open(json, NULL, '{');
		ddb_writer_open(json, is_put ? "PutRequest" : "DeleteRequest", '{');
		ddb_action_add_subject(json, &writes[i]);
		ddb_writer_close(json, '}');
		ddb_writer_close(json, '}');
	}
	ddb_writer_close(json, ']');
	ddb_writer_close(json, '}');
}

DdbCall *
ddb_client_batch_write(DdbClient *client, const DdbWrite *writes, int nwrites,
					   const char *resume, size_t resume_len)
{
	DdbText json = begin(NULL);

	if (resume != NULL)
		ddb_writer_verbatim(&json, "RequestItems", resume, resume_len);
	else
		set_batch_writes(&json, writes, nwrites);
	set_string(&json, "ReturnConsumedCapacity", "TOTAL");
	return start(client,
				 "BatchWriteItem",
				 nwrites > 0 ? writes[0].table : NULL,
				 &json,
				 true);
}

DdbCall *
ddb_client_describe_table(DdbClient *client, const char *table)
{
	DdbText json = begin(table);

	return start(client, "DescribeTable", table, &json, true);
}

DdbCall *
ddb_client_delete_table(DdbClient *client, const char *table)
{
	DdbText json = begin(table);

	return start(client, "DeleteTable", table, &json, false);
}

DdbCall *
ddb_client_list_tables(DdbClient *client, const char *start_table)
{
	DdbText json = begin(NULL);

	set_string(&json, "ExclusiveStartTableName", start_table);
	return start(client, "ListTables", NULL, &json, true);
}

bool
ddb_client_is_read(const char *operation)
{
	static const char *const prefixes[] =
		{"BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		if (strncmp(operation, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/*
 * The payload with a ClientRequestToken in front of its members; malloc'd,
 * NULL if out of memory.
 */
static char *
add_token(const char *payload, const char *token)
{
	const char *members = strchr(payload, '{') + 1;
	size_t size = strlen(payload) + strlen(token) + 32;
	char *body = malloc(size);

	if (body == NULL)
		return NULL;
	members += strspn(members, " \t\r\n");
	snprintf(body,
			 size,
			 "{\"ClientRequestToken\":\"%s\"%s%s",
			 token,
			 *members == '}' ? "" : ",",
			 members);
	return body;
}

/*
 * The payload goes as it is, numbers and all: what jansson cannot hold is for
 * DynamoDB to judge.
 */
DdbCall *
ddb_client_request(DdbClient *client, const char *operation,
				   const char *payload, const char *token)
{
	json_t *root = json_loads(payload, 0, NULL);
	const char *table = json_string_value(json_object_get(root, "TableName"));
	bool is_transaction = strcmp(operation, "TransactWriteItems") == 0;
	bool has_token = json_object_get(root, "ClientRequestToken") != NULL;
	bool idempotent = ddb_client_is_read(operation);
	char *body;
	DdbCall *call;

	if (is_transaction && root != NULL && !has_token && token != NULL)
	{
		body = add_token(payload, token);
		idempotent = true;
	}
	else
	{
		body = strdup(payload);
		idempotent |= is_transaction && has_token;
	}
	call = ddb_call_start(client,
						  operation,
						  table,
						  body,
						  body == NULL ? 0 : strlen(body),
						  idempotent);
	json_decref(root);
	return call;
}
