/*
 * streams.c
 *		Any bytes at all as an answer of DynamoDB Streams.
 *
 * Images lie in the body and are JSON objects; names and numbers are strings;
 * a refused answer leaves nothing behind.
 */
#include "check.h"
#include "json.h"
#include "streams.h"

static void
check_refused(const DdbStatus *status)
{
	CHECK(status->kind == DDB_STATUS_PROTOCOL && status->message[0] != '\0');
}

static void
check_shards(const char *body, size_t len)
{
	DdbShardList list = {0};
	DdbStatus status;

	ddb_status_clear(&status);
	if (!ddb_shard_list_decode(&list, body, len, &status))
	{
		check_refused(&status);
		CHECK(list.nshards == 0 && list.shards == NULL);
		return;
	}
	CHECK(list.nshards >= 0 && IS_STRING(list.last_shard));
	for (int i = 0; i < list.nshards; i++)
	{
		const DdbShard *shard = &list.shards[i];

		CHECK(IS_STRING(shard->id) && IS_STRING(shard->parent));
		CHECK(IS_STRING(shard->first) && IS_STRING(shard->last));
		CHECK(shard->id[0] != '\0');
		CHECK(strspn(shard->first, "0123456789") == strlen(shard->first));
		CHECK(strspn(shard->last, "0123456789") == strlen(shard->last));
	}
	ddb_shard_list_free(&list);
}

static void
check_image(const DdbImageSpan *image, const char *body, size_t len)
{
	DdbJson json;

	if (image->len == 0)
		return;
	CHECK(image->text >= body && image->text + image->len <= body + len);
	CHECK(image->text[0] == '{' && image->text[image->len - 1] == '}');
	ddb_json_init(&json, image->text, image->len);
	CHECK(ddb_json_skip(&json, 0) && json.next == json.end);
}

static void
check_records(const char *body, size_t len)
{
	DdbRecords records = {0};
	DdbStatus status;

	ddb_status_clear(&status);
	if (!ddb_records_decode(&records, body, len, &status))
	{
		check_refused(&status);
		CHECK(records.nrecords == 0 && records.records == NULL &&
			  records.iterator == NULL);
		return;
	}
	for (int i = 0; i < records.nrecords; i++)
	{
		const DdbRecord *record = &records.records[i];

		CHECK(record->event <= DDB_EVENT_REMOVE);
		CHECK(IS_STRING(record->sequence));
		CHECK(record->created_s >= 0);
		check_image(&record->keys, body, len);
		check_image(&record->new_image, body, len);
	}
	ddb_records_free(&records);
}

static void
check_iterator(const char *body, size_t len)
{
	DdbStatus status;
	char *iterator;

	ddb_status_clear(&status);
	iterator = ddb_iterator_decode(body, len, &status);
	if (iterator == NULL)
		check_refused(&status);
	free(iterator);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = exact_copy(data, size);

	check_shards(body, size);
	check_records(body, size);
	check_iterator(body, size);
	free(body);
	return 0;
}
