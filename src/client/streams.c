/*
 * streams.c
 *		Requests to DynamoDB Streams: arguments -> a started call.
 *
 * Not here: reading the answers (streams_answer.c). Which shard is read when, and
 * from where on, is for the caller to know.
 */
#include <stdio.h>
#include <string.h>

#include "streams.h"
#include "writer.h"

/* The API refuses sequence numbers of less digits than that. */
#define MIN_SEQUENCE_LEN 21

/*
 * The table in the ARN of a stream, arn:...:table/NAME/stream/LABEL, which also
 * a shard iterator has within; "" where there is none.
 */
static void
find_table(char *table, size_t size, const char *text)
{
	const char *name = strstr(text, ":table/");
	size_t len;

	table[0] = '\0';
	if (name == NULL)
		return;
	name += strlen(":table/");
	len = strcspn(name, "/");
	if (len < size)
		snprintf(table, size, "%.*s", (int) len, name);
}

static void
set_string(DdbText *json, const char *name, const char *value)
{
	if (value != NULL)
		ddb_writer_string(json, name, value, strlen(value));
}

/* stream: the ARN or an iterator. The text becomes the call's. */
static DdbCall *
start(DdbClient *client, const char *operation, const char *stream, DdbText *json)
{
	char table[256];

	find_table(table, sizeof(table), stream);
	ddb_writer_close(json, '}');
	return ddb_call_start(client, operation, table, json->data, json->len, true);
}

DdbCall *
ddb_streams_describe(DdbClient *client, const char *arn, const char *after_shard)
{
	DdbText json = {0};

	ddb_writer_open(&json, NULL, '{');
	set_string(&json, "StreamArn", arn);
	set_string(&json, "ExclusiveStartShardId", after_shard);
	return start(client, "DescribeStream", arn, &json);
}

/* Who keeps a sequence number as a number loses the zeros in front of it. */
static void
set_sequence(DdbText *json, const char *sequence)
{
	char padded[DDB_SEQUENCE_SIZE];
	size_t len = strlen(sequence);
	size_t zeros = len < MIN_SEQUENCE_LEN ? MIN_SEQUENCE_LEN - len : 0;

	snprintf(padded,
			 sizeof(padded),
			 "%.*s%s",
			 (int) zeros,
			 "000000000000000000000",
			 sequence);
	set_string(json, "SequenceNumber", padded);
}

DdbCall *
ddb_streams_iterator(DdbClient *client, const char *arn, const char *shard,
					 const char *after)
{
	DdbText json = {0};

	ddb_writer_open(&json, NULL, '{');
	set_string(&json, "StreamArn", arn);
	set_string(&json, "ShardId", shard);
	set_string(&json,
			   "ShardIteratorType",
			   after != NULL ? "AFTER_SEQUENCE_NUMBER" : "TRIM_HORIZON");
	if (after != NULL)
		set_sequence(&json, after);
	return start(client, "GetShardIterator", arn, &json);
}

DdbCall *
ddb_streams_records(DdbClient *client, const char *iterator, int limit)
{
	DdbText json = {0};
	char digits[16];
	int len = snprintf(digits, sizeof(digits), "%d", limit);

	ddb_writer_open(&json, NULL, '{');
	set_string(&json, "ShardIterator", iterator);
	ddb_writer_verbatim(&json, "Limit", digits, (size_t) len);
	return start(client, "GetRecords", iterator, &json);
}
