/*
 * client.h
 *		DynamoDB's operations, one function each: arguments -> a started call.
 *
 * This is the wall's upper side: what src/pg knows of the network. Each
 * function builds the request's JSON and starts a call; the caller pumps until
 * it is done and decodes the response by item.h (pages of items) or as JSON
 * (small control replies). NULL means out of memory, always.
 *
 * jansson.h is not included: its json_object() and PostgreSQL's cannot be
 * declared in one file.
 */
#ifndef DDB_CLIENT_H
#define DDB_CLIENT_H

#include "call.h"
#include "item.h"

/*
 * A string (S) by its name: an attribute of an item, or the ":name" of an
 * expression. Text is UTF-8; all is borrowed.
 */
typedef struct DdbValue
{
	const char *name;
	const char *text;
	size_t len;
} DdbValue;

typedef struct DdbQuery
{
	const char *table;
	const char *index;         /* NULL: the table itself */
	const char *key_condition; /* KeyConditionExpression */
	const char *filter;        /* FilterExpression or NULL */
	const char *projection;    /* ProjectionExpression or NULL */
	const DdbValue *values;    /* of all expressions */
	int nvalues;
	int limit;             /* Limit, 0: none */
	bool backward;         /* ScanIndexForward false */
	bool consistent;       /* not for a GSI */
	const char *start_key; /* LastEvaluatedKey of the page before, JSON as
								 * it came; NULL: from the start */
	size_t start_key_len;
} DdbQuery;

extern DdbCall *ddb_client_query(DdbClient *client, const DdbQuery *query);

/* One page of a whole table, every attribute. */
extern DdbCall *ddb_client_scan(DdbClient *client, const char *table,
								bool consistent, const char *start_key,
								size_t start_key_len);

/* A consistent read of one item by its whole key. */
extern DdbCall *ddb_client_get_item(DdbClient *client, const char *table,
									const DdbValue *key, int nkey);

/*
 * One item to be put unless its key exists. The first attribute is the
 * partition key: the condition is attribute_not_exists of it.
 */
typedef struct DdbPut
{
	const char *table;
	const DdbValue *attributes;
	int nattributes;
} DdbPut;

extern DdbCall *ddb_client_put_new(DdbClient *client, const DdbPut *put);

/*
 * Put all or none, up to DDB_TRANSACT_MAX_ACTIONS. token is the
 * ClientRequestToken, 1 to 36 characters: with it a repeat is harmless.
 */
extern DdbCall *ddb_client_transact_put(DdbClient *client, const DdbPut *puts,
										int nputs, const char *token);

extern DdbCall *ddb_client_describe_table(DdbClient *client, const char *table);
extern DdbCall *ddb_client_delete_table(DdbClient *client, const char *table);

/* start_table: LastEvaluatedTableName of the page before, or NULL. */
extern DdbCall *ddb_client_list_tables(DdbClient *client,
									   const char *start_table);

/* Does this operation only read? False for names that are not known. */
extern bool ddb_client_is_read(const char *operation);

/*
 * Any operation, the request as the API has it: the text of a JSON object, of
 * which the caller has made sure. TransactWriteItems without a
 * ClientRequestToken gets token (NULL: none), so that it can be repeated; other
 * writes are not repeated once they may have been applied.
 */
extern DdbCall *ddb_client_request(DdbClient *client, const char *operation,
								   const char *payload, const char *token);

#endif /* DDB_CLIENT_H */
