/*
 * client.c
 *		DynamoDB's operations, one function each: arguments -> a started call.
 *
 * Requests are built with jansson: they are small, and its failures are all
 * the same, out of memory, so they are counted and asked for once at the end.
 *
 * Not here: sending and retrying (call.c), reading responses (item.c).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/*
 * Not json_object(): PostgreSQL has a function of that name, and inside a
 * backend the dynamic linker would take it for jansson's.
 */
static json_t *
new_object(void)
{
	return json_pack("{}");
}

/* A request being built; `failed` sticks. */
typedef struct Request
{
	json_t *root;
	bool failed;
} Request;

/* Steals value, as json_object_set_new does; NULL is a failure. */
static void
set_in(Request *request, json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new_nocheck(object, name, value) != 0)
		request->failed = true;
}

static void
set(Request *request, const char *name, json_t *value)
{
	set_in(request, request->root, name, value);
}

static void
set_string(Request *request, const char *name, const char *value)
{
	if (value != NULL)
		set(request, name, json_string(value));
}

static Request
begin(const char *table)
{
	Request request = {.root = new_object()};

	request.failed = request.root == NULL;
	set_string(&request, "TableName", table);
	return request;
}

/* Serialize, start, forget. */
static DdbCall *
start(DdbClient *client, const char *operation, const char *table,
	  Request *request, bool idempotent)
{
	char *body = NULL;

	if (!request->failed)
		body = json_dumps(request->root, JSON_COMPACT);
	json_decref(request->root);
	return ddb_call_start(client,
						  operation,
						  table,
						  body,
						  body == NULL ? 0 : strlen(body),
						  idempotent);
}

/* Values as DynamoDB has them: {"name": {"S": "text"}, ...}. */
static json_t *
strings(Request *request, const DdbValue *values, int nvalues)
{
	json_t *object = new_object();

	for (int i = 0; i < nvalues; i++)
	{
		json_t *value = new_object();

		set_in(request, value, "S", json_stringn(values[i].text, values[i].len));
		set_in(request, object, values[i].name, value);
	}
	return object;
}

static void
set_start_key(Request *request, const char *key, size_t len)
{
	if (key != NULL)
		set(request,
			"ExclusiveStartKey",
			json_loadb(key, len, JSON_ALLOW_NUL, NULL));
}

DdbCall *
ddb_client_query(DdbClient *client, const DdbQuery *query)
{
	Request request = begin(query->table);

	set_string(&request, "IndexName", query->index);
	set_string(&request, "KeyConditionExpression", query->key_condition);
	set_string(&request, "FilterExpression", query->filter);
	set_string(&request, "ProjectionExpression", query->projection);
	if (query->nvalues > 0)
		set(&request,
			"ExpressionAttributeValues",
			strings(&request, query->values, query->nvalues));
	if (query->limit > 0)
		set(&request, "Limit", json_integer(query->limit));
	if (query->backward)
		set(&request, "ScanIndexForward", json_false());
	if (query->consistent)
		set(&request, "ConsistentRead", json_true());
	set_string(&request, "ReturnConsumedCapacity", "TOTAL");
	set_start_key(&request, query->start_key, query->start_key_len);
	return start(client, "Query", query->table, &request, true);
}

DdbCall *
ddb_client_scan(DdbClient *client, const char *table, bool consistent,
				const char *start_key, size_t start_key_len)
{
	Request request = begin(table);

	if (consistent)
		set(&request, "ConsistentRead", json_true());
	set_string(&request, "ReturnConsumedCapacity", "TOTAL");
	set_start_key(&request, start_key, start_key_len);
	return start(client, "Scan", table, &request, true);
}

DdbCall *
ddb_client_get_item(DdbClient *client, const char *table, const DdbValue *key,
					int nkey)
{
	Request request = begin(table);

	set(&request, "Key", strings(&request, key, nkey));
	set(&request, "ConsistentRead", json_true());
	set_string(&request, "ReturnConsumedCapacity", "TOTAL");
	return start(client, "GetItem", table, &request, true);
}

/* What Put says of an item, alone and within a transaction. */
static void
set_put(Request *request, json_t *object, const DdbPut *put)
{
	json_t *names = new_object();

	set_in(request, names, "#k", json_string(put->attributes[0].name));
	set_in(request,
		   object,
		   "Item",
		   strings(request, put->attributes, put->nattributes));
	set_in(request,
		   object,
		   "ConditionExpression",
		   json_string("attribute_not_exists(#k)"));
	set_in(request, object, "ExpressionAttributeNames", names);
}

DdbCall *
ddb_client_put_new(DdbClient *client, const DdbPut *put)
{
	Request request = begin(put->table);

	set_put(&request, request.root, put);
	set_string(&request, "ReturnConsumedCapacity", "TOTAL");
	return start(client, "PutItem", put->table, &request, true);
}

DdbCall *
ddb_client_transact_put(DdbClient *client, const DdbPut *puts, int nputs,
						const char *token)
{
	Request request = begin(NULL);
	json_t *actions = json_array();

	for (int i = 0; i < nputs; i++)
	{
		json_t *action = new_object();
		json_t *put = new_object();

		set_in(&request, put, "TableName", json_string(puts[i].table));
		set_put(&request, put, &puts[i]);
		set_in(&request, action, "Put", put);
		if (json_array_append_new(actions, action) != 0)
			request.failed = true;
	}
	set(&request, "TransactItems", actions);
	set_string(&request, "ClientRequestToken", token);
	set_string(&request, "ReturnConsumedCapacity", "TOTAL");
	return start(client,
				 "TransactWriteItems",
				 nputs > 0 ? puts[0].table : NULL,
				 &request,
				 true);
}

DdbCall *
ddb_client_describe_table(DdbClient *client, const char *table)
{
	Request request = begin(table);

	return start(client, "DescribeTable", table, &request, true);
}

DdbCall *
ddb_client_delete_table(DdbClient *client, const char *table)
{
	Request request = begin(table);

	return start(client, "DeleteTable", table, &request, false);
}

DdbCall *
ddb_client_list_tables(DdbClient *client, const char *start_table)
{
	Request request = begin(NULL);

	set_string(&request, "ExclusiveStartTableName", start_table);
	return start(client, "ListTables", NULL, &request, true);
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
