/*
 * requests.c
 *		Requests as they arrive at a server, and when they are sent.
 */
#define _GNU_SOURCE /* strptime */

#include <time.h>

#include "client.h"
#include "streams.h"
#include "userpool.h"

#include "server.h"
#include "tap.h"

/* A server of ours and a client of it. */
typedef struct Network
{
	Server server;
	DdbHttp *http;
	DdbService service;
	int max_attempts;
	DdbCredentials *credentials;
	DdbClient *client;
} Network;

static DdbClient *
create_client(Network *network, int max_connections)
{
	DdbClientConfig config = {.service = network->service,
							  .endpoint.region = "us-east-1",
							  .endpoint.endpoint = network->server.url,
							  .connect_timeout_ms = 5000,
							  .request_timeout_ms = 5000,
							  .max_attempts = network->max_attempts,
							  .max_connections = max_connections};
	DdbStatus status;
	DdbClient *client =
		ddb_client_create(network->http, &config, network->credentials, &status);

	if (client == NULL)
		abort();
	return client;
}

static void
start_service(Network *network, DdbService service)
{
	DdbStatus status;

	network->service = service;
	network->max_attempts = 1;
	server_start(&network->server);
	network->http = ddb_http_create(&status);
	network->credentials = ddb_credentials_create_static("a", "s", NULL);
	if (network->http == NULL || network->credentials == NULL)
		abort();
	network->client = create_client(network, 1);
}

static void
start(Network *network)
{
	start_service(network, DDB_SERVICE_DYNAMODB);
}

static void
stop(Network *network)
{
	ddb_client_destroy(network->client);
	ddb_credentials_free(network->credentials);
	ddb_http_destroy(network->http);
	server_stop(&network->server);
}

/* Wait for either side, as long as the client allows, 5 s at most. */
static void
wait_for(Network *network)
{
	struct pollfd fds[] = {
		{.fd = ddb_http_fd(network->http), .events = POLLIN},
		{.fd = network->server.listener, .events = POLLIN},
		{.fd = network->server.connection, .events = POLLIN},
	};
	int timeout_ms = ddb_client_timeout_ms(network->client);

	poll(fds, 3, timeout_ms < 0 || timeout_ms > 5000 ? 5000 : timeout_ms);
}

static void
finish(Network *network, const DdbCall *call)
{
	for (ddb_client_pump(network->client); !ddb_call_done(call);
		 ddb_client_pump(network->client))
	{
		wait_for(network);
		server_step(&network->server);
	}
}

static const DdbValue key_attributes[] = {
	{"pk", "a\"b", 3, DDB_TYPE_S},
	{"sk", "-1.5", 4, DDB_TYPE_N},
	{"pk", "\\\n", 2, DDB_TYPE_S},
	{"sk", "2", 1, DDB_TYPE_N},
};
static const DdbName names[] = {{"#0", "n\"1"}, {"#1", "size"}};
static const DdbValue values[] = {
	{":0", "", 0, DDB_TYPE_S},
	{":1", "AA==", 4, DDB_TYPE_B},
	{":2", "false", 5, DDB_TYPE_BOOL},
	{":3", "true", 4, DDB_TYPE_NULL},
};

static const struct
{
	const char *operation;
	DdbRead read;
	const char *body;
} reads[] = {
	{"GetItem",
	 {.kind = DDB_READ_GET,
	  .table = "t",
	  .keys = key_attributes,
	  .nkeys = 1,
	  .key_len = 2},
	 "{\"TableName\":\"t\",\"Key\":{\"pk\":{\"S\":\"a\\\"b\"},"
	 "\"sk\":{\"N\":\"-1.5\"}},\"ReturnConsumedCapacity\":\"TOTAL\"}"},
	{"GetItem",
	 {.kind = DDB_READ_GET,
	  .table = "t",
	  .projection = "#0, #1",
	  .names = names,
	  .nnames = 2,
	  .keys = key_attributes,
	  .nkeys = 1,
	  .key_len = 1,
	  .consistent = true},
	 "{\"TableName\":\"t\",\"Key\":{\"pk\":{\"S\":\"a\\\"b\"}},"
	 "\"ProjectionExpression\":\"#0, #1\","
	 "\"ExpressionAttributeNames\":{\"#0\":\"n\\\"1\",\"#1\":\"size\"},"
	 "\"ConsistentRead\":true,\"ReturnConsumedCapacity\":\"TOTAL\"}"},
	{"BatchGetItem",
	 {.kind = DDB_READ_BATCH,
	  .table = "t",
	  .projection = "#1",
	  .names = names + 1,
	  .nnames = 1,
	  .keys = key_attributes,
	  .nkeys = 2,
	  .key_len = 2,
	  .consistent = true},
	 "{\"RequestItems\":{\"t\":{\"Keys\":[{\"pk\":{\"S\":\"a\\\"b\"},"
	 "\"sk\":{\"N\":\"-1.5\"}},{\"pk\":{\"S\":\"\\\\\\u000a\"},"
	 "\"sk\":{\"N\":\"2\"}}],\"ProjectionExpression\":\"#1\","
	 "\"ExpressionAttributeNames\":{\"#1\":\"size\"},"
	 "\"ConsistentRead\":true}},\"ReturnConsumedCapacity\":\"TOTAL\"}"},
	{"BatchGetItem",
	 {.kind = DDB_READ_BATCH,
	  .table = "t",
	  .keys = key_attributes,
	  .nkeys = 2,
	  .key_len = 2,
	  .resume = "{\"t\":{\"Keys\":[]}} and beyond",
	  .resume_len = 17},
	 "{\"RequestItems\":{\"t\":{\"Keys\":[]}},"
	 "\"ReturnConsumedCapacity\":\"TOTAL\"}"},
	{"Query",
	 {.kind = DDB_READ_QUERY,
	  .table = "t",
	  .index = "i",
	  .key_condition = "#0 = :0",
	  .filter = "#1 > :1",
	  .projection = "#0",
	  .names = names,
	  .nnames = 2,
	  .values = values,
	  .nvalues = 4,
	  .limit = 7,
	  .backward = true,
	  .resume = "{\"pk\":{\"S\":\"\"}}",
	  .resume_len = 15},
	 "{\"TableName\":\"t\",\"IndexName\":\"i\","
	 "\"KeyConditionExpression\":\"#0 = :0\","
	 "\"FilterExpression\":\"#1 > :1\",\"ProjectionExpression\":\"#0\","
	 "\"ExpressionAttributeNames\":{\"#0\":\"n\\\"1\",\"#1\":\"size\"},"
	 "\"ExpressionAttributeValues\":{\":0\":{\"S\":\"\"},"
	 "\":1\":{\"B\":\"AA==\"},\":2\":{\"BOOL\":false},\":3\":{\"NULL\":true}},"
	 "\"Limit\":7,\"ScanIndexForward\":false,"
	 "\"ExclusiveStartKey\":{\"pk\":{\"S\":\"\"}},"
	 "\"ReturnConsumedCapacity\":\"TOTAL\"}"},
	{"Scan",
	 {.kind = DDB_READ_SCAN,
	  .table = "t",
	  .segment = 0,
	  .segments = 4,
	  .count_only = true,
	  .consistent = true},
	 "{\"TableName\":\"t\",\"ConsistentRead\":true,\"Segment\":0,"
	 "\"TotalSegments\":4,\"Select\":\"COUNT\","
	 "\"ReturnConsumedCapacity\":\"TOTAL\"}"},
	{"Scan",
	 {.kind = DDB_READ_SCAN, .table = "t"},
	 "{\"TableName\":\"t\",\"ReturnConsumedCapacity\":\"TOTAL\"}"},
};

#define ITEM "{\"pk\":{\"S\":\"p\"}, \"a\":{\"M\":{}}}"
#define KEY "{\"pk\" :{\"S\":\"p\"}}"
#define IS_ABSENT                                                              \
	",\"ConditionExpression\":\"attribute_not_exists(#k)\","                   \
	"\"ExpressionAttributeNames\":{\"#k\":\"pk\"}"
#define IS_PRESENT                                                             \
	",\"ConditionExpression\":\"attribute_exists(#k)\","                       \
	"\"ExpressionAttributeNames\":{\"#k\":\"pk\"}"
#define UNITS ",\"ReturnConsumedCapacity\":\"TOTAL\"}"

static const DdbItemAttribute removed = {.name = "a"};
static const DdbWrite writes[] = {
	{.kind = DDB_WRITE_PUT,
	 .table = "t",
	 .key_name = "pk",
	 .item = ITEM,
	 .item_len = sizeof(ITEM) - 1,
	 .expect = DDB_EXPECT_ABSENT},
	{.kind = DDB_WRITE_UPDATE,
	 .table = "u",
	 .key_name = "pk",
	 .key = KEY,
	 .key_len = sizeof(KEY) - 1,
	 .set = &removed,
	 .nset = 1,
	 .expect = DDB_EXPECT_PRESENT},
	{.kind = DDB_WRITE_DELETE,
	 .table = "t",
	 .key_name = "pk",
	 .key = KEY,
	 .key_len = sizeof(KEY) - 1,
	 .expect = DDB_EXPECT_PRESENT},
};

/* What arrived for this call, which is freed. */
static void
check_request(Network *network, DdbCall *call, const char *operation,
			  const char *body)
{
	static const char *const prefixes[] = {
		[DDB_SERVICE_DYNAMODB] = "DynamoDB_20120810",
		[DDB_SERVICE_STREAMS] = "DynamoDBStreams_20120810",
		[DDB_SERVICE_COGNITO] = "AWSCognitoIdentityProviderService",
	};
	char target[100];

	network->server.body[0] = '\0';
	finish(network, call);
	snprintf(target, sizeof(target), "%s.%s", prefixes[network->service], operation);
	is_int(ddb_call_status(call)->kind, DDB_OK, "a request is sent");
	is_str(network->server.target, target, "of the right operation");
	is_str(network->server.body, body, "with the right members");
	ddb_call_free(call);
}

static void
test_reads(void)
{
	Network network;

	start(&network);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
	{
		check_request(&network,
					  ddb_client_read(network.client, &reads[i].read),
					  reads[i].operation,
					  reads[i].body);
		is_str(ddb_client_read_operation(reads[i].read.kind),
			   reads[i].operation,
			   "whose name is known");
	}
	stop(&network);
}

static void
test_writes(void)
{
	static const char put[] = "\"Item\":" ITEM IS_ABSENT;
	static const char update[] =
		"\"Key\":" KEY ",\"UpdateExpression\":\"REMOVE #0\","
		"\"ConditionExpression\":\"attribute_exists(#k)\","
		"\"ExpressionAttributeNames\":{\"#k\":\"pk\",\"#0\":\"a\"}";
	static const char delete[] = "\"Key\":" KEY IS_PRESENT;
	char body[2000];
	Network network;

	start(&network);
	snprintf(body, sizeof(body), "{\"TableName\":\"t\",%s%s", put, UNITS);
	check_request(&network,
				  ddb_client_write(network.client, &writes[0]),
				  "PutItem",
				  body);
	snprintf(body, sizeof(body), "{\"TableName\":\"u\",%s%s", update, UNITS);
	check_request(&network,
				  ddb_client_write(network.client, &writes[1]),
				  "UpdateItem",
				  body);
	snprintf(body, sizeof(body), "{\"TableName\":\"t\",%s%s", delete, UNITS);
	check_request(&network,
				  ddb_client_write(network.client, &writes[2]),
				  "DeleteItem",
				  body);
	snprintf(body,
			 sizeof(body),
			 "{\"TransactItems\":[{\"Put\":{\"TableName\":\"t\",%s}},"
			 "{\"Update\":{\"TableName\":\"u\",%s}},"
			 "{\"Delete\":{\"TableName\":\"t\",%s}}],"
			 "\"ClientRequestToken\":\"k\"%s",
			 put,
			 update,
			 delete,
			 UNITS);
	check_request(&network,
				  ddb_client_transact_write(network.client, writes, 3, "k"),
				  "TransactWriteItems",
				  body);
	stop(&network);
}

static void
test_batch_writes(void)
{
	const DdbWrite batch[] = {writes[0], writes[2]};
	Network network;

	start(&network);
	check_request(&network,
				  ddb_client_batch_write(network.client, batch, 2, NULL, 0),
				  "BatchWriteItem",
				  "{\"RequestItems\":{\"t\":[{\"PutRequest\":{\"Item\":" ITEM
				  "}},{\"DeleteRequest\":{\"Key\":" KEY "}}]}" UNITS);
	check_request(&network,
				  ddb_client_batch_write(network.client,
										 batch,
										 2,
										 "{\"t\":[]} and beyond",
										 8),
				  "BatchWriteItem",
				  "{\"RequestItems\":{\"t\":[]}" UNITS);
	stop(&network);
}

static void
test_control(void)
{
	Network network;

	start(&network);
	check_request(&network,
				  ddb_client_describe_table(network.client, "t"),
				  "DescribeTable",
				  "{\"TableName\":\"t\"}");
	check_request(&network,
				  ddb_client_delete_table(network.client, "t"),
				  "DeleteTable",
				  "{\"TableName\":\"t\"}");
	check_request(&network,
				  ddb_client_list_tables(network.client, NULL),
				  "ListTables",
				  "{}");
	check_request(&network,
				  ddb_client_list_tables(network.client, "t"),
				  "ListTables",
				  "{\"ExclusiveStartTableName\":\"t\"}");
	check_request(&network,
				  ddb_client_request(network.client, "Query", "{ \"A\":1E5}", "k"),
				  "Query",
				  "{ \"A\":1E5}");
	check_request(&network,
				  ddb_client_request(network.client,
									 "TransactWriteItems",
									 " {\"A\":1}",
									 "k"),
				  "TransactWriteItems",
				  "{\"ClientRequestToken\":\"k\",\"A\":1}");
	stop(&network);
}

#define ARN "arn:aws:dynamodb:r:0:table/t-1.x/stream/2026-11-22T23:32:55.701"

static DdbCall *
check_table(DdbCall *call, const char *table)
{
	is_str(ddb_call_table(call), table, "the table that it is about");
	return call;
}

static void
test_streams(void)
{
	Network network;
	DdbClient *client;

	start_service(&network, DDB_SERVICE_STREAMS);
	client = network.client;
	check_request(&network,
				  check_table(ddb_streams_describe(client, ARN, NULL), "t-1.x"),
				  "DescribeStream",
				  "{\"StreamArn\":\"" ARN "\"}");
	check_request(&network,
				  ddb_streams_describe(client, "a\"b", "shardId-1"),
				  "DescribeStream",
				  "{\"StreamArn\":\"a\\\"b\","
				  "\"ExclusiveStartShardId\":\"shardId-1\"}");
	check_request(&network,
				  ddb_streams_iterator(client, ARN, "s", NULL),
				  "GetShardIterator",
				  "{\"StreamArn\":\"" ARN "\",\"ShardId\":\"s\","
				  "\"ShardIteratorType\":\"TRIM_HORIZON\"}");
	check_request(&network,
				  check_table(ddb_streams_records(client, ARN "|1|AA", 7),
							  "t-1.x"),
				  "GetRecords",
				  "{\"ShardIterator\":\"" ARN "|1|AA\",\"Limit\":7}");
	check_request(&network,
				  check_table(ddb_streams_records(client, "AA", 1000), ""),
				  "GetRecords",
				  "{\"ShardIterator\":\"AA\",\"Limit\":1000}");
	stop(&network);
}

static void
test_userpool(void)
{
	Network network;

	start_service(&network, DDB_SERVICE_COGNITO);
	check_request(&network,
				  ddb_userpool_list(network.client, "us-east-1_a", NULL),
				  "ListUsers",
				  "{\"UserPoolId\":\"us-east-1_a\",\"Limit\":60}");
	check_request(&network,
				  ddb_userpool_list(network.client, "us-east-1_a", "a\"+/="),
				  "ListUsers",
				  "{\"UserPoolId\":\"us-east-1_a\",\"Limit\":60,"
				  "\"PaginationToken\":\"a\\\"+/=\"}");
	stop(&network);
}

/* The service wants 21 digits, of which a number keeps those that count. */
static void
test_sequence_numbers(void)
{
	static const char *const cases[][2] = {
		{"5", "000000000000000000005"},
		{"10000000000000000001", "010000000000000000001"},
		{"100000000000000000001", "100000000000000000001"},
		{"1234567890123456789012345678901234567890",
		 "1234567890123456789012345678901234567890"},
	};
	char body[300];
	Network network;

	start_service(&network, DDB_SERVICE_STREAMS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		snprintf(body,
				 sizeof(body),
				 "{\"StreamArn\":\"a\",\"ShardId\":\"s\","
				 "\"ShardIteratorType\":\"AFTER_SEQUENCE_NUMBER\","
				 "\"SequenceNumber\":\"%s\"}",
				 cases[i][1]);
		check_request(&network,
					  ddb_streams_iterator(network.client, "a", "s", cases[i][0]),
					  "GetShardIterator",
					  body);
	}
	stop(&network);
}

/* The i-th of all requests with arguments. */
static DdbCall *
start_any(DdbClient *client, size_t i)
{
	const size_t nreads = sizeof(reads) / sizeof(reads[0]);

	if (i < nreads)
		return ddb_client_read(client, &reads[i].read);
	i -= nreads;
	if (i < 3)
		return ddb_client_write(client, &writes[i]);
	if (i == 3)
		return ddb_client_transact_write(client, writes, 3, "k");
	if (i == 4)
		return ddb_streams_iterator(client, "a", "s", "1");
	return ddb_client_batch_write(client, writes, 1, NULL, 0);
}

static void
test_memory(void)
{
	const size_t nrequests = sizeof(reads) / sizeof(reads[0]) + 6;
	Network network;

	start(&network);
	for (size_t i = 0; i < nrequests; i++)
	{
		int n;

		for (n = 0;; n++)
		{
			DdbCall *call;
			bool failed;

			tap_fail_alloc(n);
			call = start_any(network.client, i);
			failed = tap_alloc_failed();
			ok((call == NULL) == failed, "allocation %d", n);
			ddb_call_free(call);
			if (!failed)
				break;
		}
		ok(n >= 2, "%d allocations can fail", n);
	}
	is_int(ddb_client_active(network.client), 0, "no call is left");
	stop(&network);
}

/* Does anything become readable within so many ms? */
static bool
readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static void
test_sending(void)
{
	DdbRead read = {.kind = DDB_READ_SCAN, .table = "t"};
	Network network;
	DdbCall *first;
	DdbCall *second;

	start(&network);
	first = ddb_client_read(network.client, &read);
	second = ddb_client_read(network.client, &read);
	ok(!readable(network.server.listener, 50), "a call alone sends nothing");
	is_int(ddb_client_timeout_ms(network.client), 0, "it wants a pump");
	ddb_client_pump(network.client);
	ok(readable(network.server.listener, 5000), "one pump connects");
	ok(ddb_client_timeout_ms(network.client) != 0, "then there is to wait");
	finish(&network, second);
	ok(ddb_call_done(first), "one connection serves them in their order");
	is_int(network.server.nrequests, 2, "each was sent once");
	ddb_call_free(first);
	ddb_call_free(second);

	/* Over the kept connection now. */
	first = ddb_client_read(network.client, &read);
	ddb_client_pump(network.client);
	ok(readable(network.server.connection, 5000), "one pump sends");
	ddb_call_free(first);
	stop(&network);
}

static void
test_delay(void)
{
	DdbRead read = {.kind = DDB_READ_SCAN, .table = "t"};
	Network network;
	DdbCall *call;
	int64_t start_us;
	int timeout_ms;

	start(&network);
	start_us = ddb_http_now_us();
	call = ddb_client_read(network.client, &read);
	ddb_call_delay(call, 80);
	ddb_client_pump(network.client);
	timeout_ms = ddb_client_timeout_ms(network.client);
	ok(timeout_ms > 0 && timeout_ms <= 80, "it waits %d ms", timeout_ms);
	ok(!readable(network.server.listener, 0), "and is not sent");
	finish(&network, call);
	ok(ddb_call_status(call)->kind == DDB_OK &&
		   ddb_http_now_us() - start_us >= 80000,
	   "until its time has come");
	ddb_call_free(call);

	call = ddb_client_read(network.client, &read);
	ddb_call_delay(call, 1000);
	ddb_call_free(call);
	is_int(ddb_client_active(network.client), 0, "a delayed call can be freed");
	stop(&network);
}

/* Clients share the network: the pump of one takes what came for another. */
static void
test_two_clients(void)
{
	DdbRead read = {.kind = DDB_READ_SCAN, .table = "t"};
	Network network;
	DdbClient *other;
	DdbCall *call;

	start(&network);
	other = create_client(&network, 1);
	call = ddb_client_read(network.client, &read);
	ddb_client_pump(network.client);
	while (network.server.nrequests == 0 ||
		   readable(ddb_http_fd(network.http), 100))
	{
		ddb_client_pump(other);
		server_step(&network.server);
	}
	is_int(ddb_client_timeout_ms(network.client), 0, "its owner need not wait");
	ddb_client_pump(network.client);
	ok(ddb_call_done(call), "and finds its call done");
	ddb_call_free(call);
	ddb_client_destroy(other);
	stop(&network);
}

/* A service whose clock is ahead of ours, and that insists on it. */
#define AHEAD_S 3600

static void
respond_ahead(Server *server)
{
	static char head[100];
	struct tm signed_at = {0};
	time_t now = time(NULL) + AHEAD_S;
	char date[40];
	bool good;

	strptime(server_header(server, "x-amz-date: "), "%Y%m%dT%H%M%SZ", &signed_at);
	good = llabs((long long) (timegm(&signed_at) - now)) < 300;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	snprintf(head,
			 sizeof(head),
			 "%s\r\nDate: %s",
			 good ? "200 OK" : "403 Forbidden",
			 date);
	server->head = head;
	server->response = good ? "{}" : "{\"__type\":\"RequestTimeTooSkewed\"}";
}

static void
check_clock(Network *network, DdbStatusKind kind, int attempts, const char *what)
{
	DdbRead read = {.kind = DDB_READ_SCAN, .table = "t"};
	DdbCall *call = ddb_client_read(network->client, &read);

	finish(network, call);
	is_int(ddb_call_status(call)->kind, kind, what);
	is_int(ddb_call_cost(call)->attempts, attempts, "attempts");
	ddb_call_free(call);
}

static void
test_clock(void)
{
	Network network;

	start(&network);
	network.server.respond = respond_ahead;
	check_clock(&network, DDB_STATUS_AUTH, 1, "a single attempt is not enough");
	check_clock(&network, DDB_OK, 1, "but the next request knows the time");
	ddb_client_destroy(network.client);
	network.max_attempts = 3;
	network.client = create_client(&network, 1);
	check_clock(&network, DDB_OK, 2, "a second attempt is made at the right time");
	check_clock(&network, DDB_OK, 1, "and later ones need none");

	ddb_client_destroy(network.client);
	setenv("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "true", 1);
	network.client = create_client(&network, 1);
	unsetenv("AWS_DISABLE_CLOCK_SKEW_CORRECTION");
	check_clock(&network, DDB_STATUS_AUTH, 1, "unless it is turned off");
	check_clock(&network, DDB_STATUS_AUTH, 1, "for good");
	stop(&network);
}

static void
test_alarm(void)
{
	Network network;
	int64_t start_us;
	int fd;

	start(&network);
	fd = ddb_http_fd(network.http);
	ddb_http_wake_in(network.http, -1);
	ok(!readable(fd, 30), "not by time");
	ddb_http_wake_in(network.http, 0);
	ok(readable(fd, 5000), "now");
	ok(readable(fd, 0), "until the next pump");
	ddb_http_pump(network.http);
	ok(!readable(fd, 0), "which forgets it");

	start_us = ddb_http_now_us();
	ddb_http_wake_in(network.http, 10000);
	ddb_http_wake_in(network.http, 50);
	ddb_http_wake_in(network.http, 20000);
	ok(readable(fd, 5000) && ddb_http_now_us() - start_us >= 49000,
	   "the soonest counts");
	ddb_http_pump(network.http);
	ddb_http_wake_in(network.http, 60000);
	ddb_http_pump(network.http);
	ddb_http_wake_in(network.http, 20);
	ok(readable(fd, 5000), "and nothing is left of one that did not ring");
	stop(&network);
}

/* A service, or one that stands for it, that says in what headers it was asked */
static void
test_token_told(void)
{
	static const char token[] = "IQoJb3JpZ2luX2VjEBEaCXVzLWVhc3Qt";
	char json[] = "{\"__type\":\"x#InvalidSignatureException\",\"message\":"
				  "\"your headers: IQoJb3JpZ2luX2VjEBEaCXVzLWVhc3Qt\"}";
	const DdbStatus *status;
	Network network;
	DdbCall *call;

	start(&network);
	ddb_client_destroy(network.client);
	ddb_credentials_free(network.credentials);
	network.credentials = ddb_credentials_create_static("a", "s", token);
	network.client = create_client(&network, 1);
	network.server.head = "403 Forbidden";
	network.server.response = json;
	call = ddb_call_start(network.client, "GetItem", "t", strdup("{}"), 2, true);
	finish(&network, call);
	status = ddb_call_status(call);
	ok(strstr(network.server.received, token) != NULL, "the token was sent");
	is_str(status->message,
		   "your headers: ********************************",
		   "and is not told");
	ddb_call_free(call);
	stop(&network);
}

int
main(void)
{
	test_reads();
	test_writes();
	test_batch_writes();
	test_control();
	test_streams();
	test_userpool();
	test_sequence_numbers();
	test_memory();
	test_sending();
	test_delay();
	test_two_clients();
	test_clock();
	test_token_told();
	test_alarm();
	return tap_done();
}
