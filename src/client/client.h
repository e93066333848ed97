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

#include "action.h"
#include "call.h"
#include "item.h"

/*
 * A scalar by its name: an attribute of an item or a key, or the ":name" of
 * an expression. type is S, N, B, BOOL or NULL and text what DdbValueSpan
 * has for it, S unescaped, in UTF-8. All is borrowed.
 */
typedef struct DdbValue
{
	const char *name;
	const char *text;
	size_t len;
	DdbType type;
} DdbValue;

/* An attribute's name behind the "#name" of an expression, in UTF-8. */
typedef struct DdbName
{
	const char *name;
	const char *attribute;
} DdbName;

typedef enum DdbReadKind
{
	DDB_READ_GET,   /* GetItem: one item by its whole key */
	DDB_READ_BATCH, /* BatchGetItem: up to DDB_BATCH_MAX_KEYS of them */
	DDB_READ_QUERY,
	DDB_READ_SCAN
} DdbReadKind;

/* DynamoDB's own limit on the keys of one BatchGetItem. */
#define DDB_BATCH_MAX_KEYS 100

/* One request that yields a page of items. Members that a kind does not have
 * are left 0. All is borrowed. */
typedef struct DdbRead
{
	DdbReadKind kind;
	const char *table;
	const char *index;         /* QUERY, SCAN; NULL: the table itself */
	const char *key_condition; /* QUERY: KeyConditionExpression */
	const char *filter;        /* QUERY, SCAN: FilterExpression or NULL */
	const char *projection;    /* ProjectionExpression or NULL */
	const DdbName *names;      /* of all expressions */
	int nnames;
	const DdbValue *values; /* of all expressions */
	int nvalues;
	const DdbValue *keys; /* GET, BATCH: nkeys times key_len attributes */
	int nkeys;
	int key_len;
	int limit;          /* QUERY, SCAN: Limit, 0: none */
	int segment;        /* SCAN: Segment, from 0 */
	int segments;       /* SCAN: TotalSegments, 0: not in segments */
	bool count_only;    /* QUERY, SCAN: Select=COUNT */
	bool backward;      /* QUERY: ScanIndexForward false */
	bool consistent;    /* not for a GSI */
	const char *resume; /* what the page before left to be read: its
								 * DdbPage.rest, JSON as it came; NULL: nothing */
	size_t resume_len;
} DdbRead;

/* Start it. */
extern DdbCall *ddb_client_read(DdbClient *client, const DdbRead *read);

/* The API's name of the operation. */
extern const char *ddb_client_read_operation(DdbReadKind kind);

/* PutItem, UpdateItem or DeleteItem, by its kind. */
extern DdbCall *ddb_client_write(DdbClient *client, const DdbWrite *write);

/*
 * TransactWriteItems: all or none, up to DDB_TRANSACT_MAX_ACTIONS, no two of the
 * same item. token is the ClientRequestToken, 1 to 36 characters: with it a
 * repeat is harmless.
 */
extern DdbCall *ddb_client_transact_write(DdbClient *client,
										  const DdbWrite *writes, int nwrites,
										  const char *token);

/* DynamoDB's own limit on the items of one BatchWriteItem. */
#define DDB_BATCH_MAX_WRITES 25

/*
 * BatchWriteItem: puts and deletes that expect nothing, of one table, no two of
 * the same item. What is left over is DdbPage.rest of the response; resume, where
 * it is not NULL, is that, and is sent instead of writes.
 */
extern DdbCall *ddb_client_batch_write(DdbClient *client,
									   const DdbWrite *writes, int nwrites,
									   const char *resume, size_t resume_len);

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
