/*
 * streams.c
 *		What DynamoDB Streams answers: shards, iterators, records.
 */
#include "streams.h"

#include "tap.h"

#define ID "shardId-00000001414562045508-2bac9cd2"
/* As long as a name may be */
#define PARENT                                                                 \
	"shardId-00000001414562045507-1bac9cd1-012345678901234567890123456"
#define SEQUENCE "300000000000000499659"
#define LONG_SEQUENCE "1234567890123456789012345678901234567890"

static const char shards[] =
	"{\"StreamDescription\":{\"StreamArn\":\"arn\",\"KeySchema\":[{}],"
	"\"StreamStatus\":\"ENABLED\",\"StreamViewType\":\"NEW_IMAGE\","
	"\"Shards\":[{\"ShardId\":\"" ID "\",\"SequenceNumberRange\":"
	"{\"StartingSequenceNumber\":\"" SEQUENCE "\",\"EndingSequenceNumber\":"
	"\"" LONG_SEQUENCE "\"},\"ParentShardId\":\"" PARENT "\"},"
	"{\"Unknown\":[1],\"ShardId\":\"s\\u0068ard\",\"ParentShardId\":null,"
	"\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"1\"}}],"
	"\"LastEvaluatedShardId\":\"" ID "\"}}";

#define NEW_IMAGE "{\"pk\":{\"S\":\"a\"},\"m\":{\"M\":{\"l\":{\"L\":[]}}}}"
#define KEYS "{\"pk\":{\"S\":\"a\"}}"

static const char records[] =
	"{\"Records\":[{\"eventID\":\"1\",\"eventName\":\"INSERT\",\"dynamodb\":"
	"{\"ApproximateCreationDateTime\":1795390320.5,\"Keys\":" KEYS ","
	"\"NewImage\":" NEW_IMAGE ",\"SequenceNumber\":\"" SEQUENCE "\","
	"\"SizeBytes\":174,\"StreamViewType\":\"NEW_IMAGE\"}},"
	"{\"eventName\":\"MODIFY\",\"dynamodb\":{\"SequenceNumber\":\"" LONG_SEQUENCE
	"\",\"ApproximateCreationDateTime\":1.79539032E9,\"OldImage\":" KEYS "}},"
	"{\"dynamodb\":{\"SequenceNumber\":\"7\",\"Keys\":{}},"
	"\"userIdentity\":{\"type\":\"Service\"},\"eventName\":\"REMOVE\"},"
	"{\"eventName\":\"PURGE\",\"dynamodb\":{\"SequenceNumber\":\"8\"}}],"
	"\"NextShardIterator\":\"arn:aws:x\\/y|1|AA==\"}";

/* A block of exactly its size, so that a sanitizer sees a read beyond it. */
static char *
exact_copy(const char *text, size_t len)
{
	char *copy = __real_malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	return memcpy(copy, text, len);
}

static bool
decode_shards(DdbShardList *list, const char *text, size_t len, DdbStatus *status)
{
	char *copy = exact_copy(text, len);
	bool decoded;

	ddb_status_clear(status);
	decoded = ddb_shard_list_decode(list, copy, len, status);
	free(copy);
	return decoded;
}

/* The images are checked before the body goes: *images is how long they are. */
static bool
decode_records(DdbRecords *out, const char *text, size_t len, DdbStatus *status,
			   size_t *images)
{
	char *copy = exact_copy(text, len);
	bool decoded;

	ddb_status_clear(status);
	decoded = ddb_records_decode(out, copy, len, status);
	*images = 0;
	for (int i = 0; i < out->nrecords; i++)
	{
		const DdbRecord *record = &out->records[i];

		*images += record->keys.len + record->new_image.len;
		if ((record->keys.len > 0 && *record->keys.text != '{') ||
			(record->new_image.len > 0 && *record->new_image.text != '{'))
			abort();
	}
	free(copy);
	return decoded;
}

static char *
decode_iterator(const char *text, DdbStatus *status)
{
	char *copy = exact_copy(text, strlen(text));
	char *iterator;

	ddb_status_clear(status);
	iterator = ddb_iterator_decode(copy, strlen(text), status);
	free(copy);
	return iterator;
}

static void
test_shards(void)
{
	DdbStatus status;
	DdbShardList list;

	ok(decode_shards(&list, shards, strlen(shards), &status), "a description");
	ok(list.enabled && list.new_images, "of a stream that serves us");
	is_int(list.nshards, 2, "with two shards");
	is_str(list.shards[0].id, ID, "a name");
	is_str(list.shards[0].parent, PARENT, "its parent's");
	is_str(list.shards[0].first, SEQUENCE, "where it begins");
	is_str(list.shards[0].last, LONG_SEQUENCE, "where it ends");
	is_str(list.shards[1].id, "shard", "a name that is escaped");
	is_str(list.shards[1].parent, "", "no parent");
	is_str(list.shards[1].last, "", "no end");
	is_str(list.last_shard, ID, "where the next page begins");
	ddb_shard_list_free(&list);
	ddb_shard_list_free(&list);
	is_int(list.nshards, 0, "nothing is left");
}

static void
check_state(const char *members, bool enabled, bool new_images)
{
	char body[200];
	DdbStatus status;
	DdbShardList list;

	snprintf(body, sizeof(body), "{\"StreamDescription\":{%s}}", members);
	ok(decode_shards(&list, body, strlen(body), &status), "%s", members);
	ok(list.enabled == enabled && list.new_images == new_images &&
		   list.nshards == 0 && list.last_shard[0] == '\0',
	   "enabled: %d, new images: %d",
	   enabled,
	   new_images);
	ddb_shard_list_free(&list);
}

static void
test_states(void)
{
	check_state("", false, false);
	check_state("\"StreamStatus\":\"ENABLING\",\"Shards\":[]", true, false);
	check_state("\"StreamStatus\":\"DISABLING\"", false, false);
	check_state("\"StreamStatus\":\"DISABLED\",\"Shards\":null", false, false);
	check_state("\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"", false, true);
	check_state("\"StreamViewType\":\"KEYS_ONLY\"", false, false);
	check_state("\"StreamViewType\":\"OLD_IMAGE\"", false, false);
}

static void
test_records(void)
{
	DdbStatus status;
	DdbRecords got;
	const DdbRecord *r;

	ddb_status_clear(&status);
	ok(ddb_records_decode(&got, records, strlen(records), &status), "records");
	is_int(got.nrecords, 4, "four of them");
	r = got.records;
	is_int(r[0].event, DDB_EVENT_INSERT, "an item that was inserted");
	is_int(r[1].event, DDB_EVENT_MODIFY, "modified");
	is_int(r[2].event, DDB_EVENT_REMOVE, "removed");
	is_int(r[3].event, DDB_EVENT_OTHER, "or something else");
	is_str(r[0].sequence, SEQUENCE, "a sequence number");
	is_str(r[1].sequence, LONG_SEQUENCE, "the longest one");
	ok(r[0].created_s == 1795390320.5 && r[1].created_s == 1795390320 &&
		   r[2].created_s == 0,
	   "times");
	ok(r[0].keys.len == strlen(KEYS) &&
		   memcmp(r[0].keys.text, KEYS, r[0].keys.len) == 0,
	   "keys as they came");
	ok(r[0].new_image.len == strlen(NEW_IMAGE) &&
		   memcmp(r[0].new_image.text, NEW_IMAGE, r[0].new_image.len) == 0,
	   "an image as it came");
	ok(r[1].keys.len == 0 && r[1].new_image.len == 0, "neither of them");
	is_str(got.iterator, "arn:aws:x/y|1|AA==", "the iterator");
	ddb_records_free(&got);
	ddb_records_free(&got);
	ok(got.records == NULL && got.iterator == NULL, "nothing is left");
}

/* An image as deep as DynamoDB has them: 32 levels, two brackets each. */
static void
test_deep_images(void)
{
	static const char *const members[] = {"NewImage", "OldImage"};

	for (size_t m = 0; m < 2; m++)
	{
		char body[1000];
		size_t images;
		DdbStatus status;
		DdbRecords got;
		int len = snprintf(body,
						   sizeof(body),
						   "{\"Records\":[{\"dynamodb\":{\"SequenceNumber\":"
						   "\"1\",\"%s\":{\"a\":",
						   members[m]);

		for (int i = 0; i < 32; i++)
			len += sprintf(body + len, "{\"M\":{\"a\":");
		len += sprintf(body + len, "{\"S\":\"\"}");
		for (int i = 0; i < 32; i++)
			len += sprintf(body + len, "}}");
		len += sprintf(body + len, "}}}]}");
		ok(decode_records(&got, body, (size_t) len, &status, &images) &&
			   (m == 1) == (images == 0),
		   "a deep %s",
		   members[m]);
		ddb_records_free(&got);
	}
}

/* Where a shard ends, and where nothing has come yet. */
static void
test_no_records(void)
{
	static const char *const ends[] = {
		"{\"Records\":[]}",
		"{\"NextShardIterator\":null,\"Records\":[]}",
	};
	static const char none[] =
		"{\"NextShardIterator\":\"a\",\"Records\":[],\"More\":{}}";
	DdbStatus status;
	DdbRecords got;
	size_t images;

	for (size_t i = 0; i < 2; i++)
	{
		ok(decode_records(&got, ends[i], strlen(ends[i]), &status, &images) &&
			   got.nrecords == 0 && got.iterator == NULL,
		   "the shard has ended");
		ddb_records_free(&got);
	}
	ok(decode_records(&got, none, strlen(none), &status, &images) &&
		   got.nrecords == 0,
	   "no record");
	is_str(got.iterator, "a", "but there may be some later");
	ddb_records_free(&got);
}

/* More than a first allocation has room for, and more than is ever sent. */
static void
test_many_records(void)
{
	const int n = 2500;
	char *body = __real_malloc((size_t) n * 60 + 20);
	size_t images;
	DdbStatus status;
	DdbRecords got;
	int wrong = 0;
	int len;

	if (body == NULL)
		abort();
	len = sprintf(body, "{\"Records\":[");
	for (int i = 0; i < n; i++)
		len += sprintf(body + len,
					   "%s{\"dynamodb\":{\"SequenceNumber\":\"%d\"}}",
					   i > 0 ? "," : "",
					   i);
	len += sprintf(body + len, "]}");
	ok(decode_records(&got, body, (size_t) len, &status, &images),
	   "many records");
	is_int(got.nrecords, n, "all of them");
	for (int i = 0; i < got.nrecords; i++)
		wrong += atoi(got.records[i].sequence) != i;
	is_int(wrong, 0, "in their order");
	ddb_records_free(&got);
	free(body);
}

static void
test_iterator(void)
{
	DdbStatus status;
	char *iterator =
		decode_iterator("{\"Other\":1,\"ShardIterator\":\"a\\/b|c\"}", &status);

	is_str(iterator, "a/b|c", "an iterator");
	free(iterator);
}

#define RECORD(members) "{\"Records\":[{\"dynamodb\":{" members "}}]}"
#define SHARD(members) "{\"StreamDescription\":{\"Shards\":[{" members "}]}}"
#define DIGITS_41 LONG_SEQUENCE "1"
#define NAME_66                                                                \
	ID "-"                                                                     \
	   "0123456789012345678901234567"

static const struct
{
	const char *body;
	const char *message;
} bad_records[] = {
	{"", "the response ends too early at byte 0"},
	{"[]", "the response is not well-formed JSON at byte 0"},
	{"{}", "the response lacks Records"},
	{"{\"NextShardIterator\":\"a\"}", "the response lacks Records"},
	{"{\"Records\":null}", "the response lacks Records"},
	{"{\"Records\":[]} x", "the response goes on after its end at byte 15"},
	{"{\"Records\":{}}", "the response is not well-formed JSON at byte 11"},
	{"{\"Records\":[1]}", "the response is not well-formed JSON at byte 12"},
	{"{\"Records\":[],\"Records\":[]}",
	 "the response has a member twice at byte 15"},
	{"{\"Records\":[{}]}",
	 "the response has a record without a sequence number at byte 12"},
	{RECORD("\"SequenceNumber\":\"\""),
	 "the response has a strange name at byte 43"},
	{RECORD("\"SequenceNumber\":\"-1\""),
	 "the response has a strange sequence number at byte 42"},
	{RECORD("\"SequenceNumber\":\"" DIGITS_41 "\""),
	 "the response has a strange name at byte 43"},
	{RECORD("\"SequenceNumber\":1"),
	 "the response is not well-formed JSON at byte 42"},
	{RECORD("\"ApproximateCreationDateTime\":1E999"),
	 "the response has a strange time at byte 55"},
	{RECORD("\"Keys\":[]"), "the response is not well-formed JSON at byte 32"},
	{RECORD("\"NewImage\":{\"a\":1}"),
	 "the response is not well-formed JSON at byte 41"},
	{"{\"Records\":[],\"NextShardIterator\":\"\"}",
	 "the response has a strange iterator at byte 35"},
	{"{\"Records\":[],\"NextShardIterator\":\"a\\u0000\"}",
	 "the response has a strange iterator at byte 35"},
	{"{\"Records\":[],\"NextShardIterator\":\"\xc3\xa9\"}",
	 "the response has a strange iterator at byte 35"},
	{"{\"Records\":[],\"NextShardIterator\":\"\\ud800\"}",
	 "the response has a strange iterator at byte 35"},
};

static const struct
{
	const char *body;
	const char *message;
} bad_shards[] = {
	{"{}", "the response lacks StreamDescription"},
	{SHARD(""), "the response has a shard without a name at byte 32"},
	{SHARD("\"ShardId\":\"" NAME_66 "\""),
	 "the response has a strange name at byte 44"},
	{SHARD("\"ShardId\":\"a b\""), "the response has a strange name at byte 44"},
	{SHARD("\"ShardId\":\"a\\nb\""), "the response has a strange name at byte 44"},
	{SHARD("\"SequenceNumberRange\":{\"EndingSequenceNumber\":\"a\"}"),
	 "the response has a strange sequence number at byte 79"},
};

static void
test_refusals(void)
{
	DdbStatus status;

	for (size_t i = 0; i < sizeof(bad_records) / sizeof(bad_records[0]); i++)
	{
		const char *body = bad_records[i].body;
		DdbRecords got;
		size_t images;

		ok(!decode_records(&got, body, strlen(body), &status, &images) &&
			   status.kind == DDB_STATUS_PROTOCOL && got.records == NULL &&
			   got.iterator == NULL,
		   "refused: %s",
		   body);
		is_str(status.message, bad_records[i].message, "it is told why");
	}
	for (size_t i = 0; i < sizeof(bad_shards) / sizeof(bad_shards[0]); i++)
	{
		const char *body = bad_shards[i].body;
		DdbShardList list;

		ok(!decode_shards(&list, body, strlen(body), &status) &&
			   status.kind == DDB_STATUS_PROTOCOL && list.shards == NULL,
		   "refused: %s",
		   body);
		is_str(status.message, bad_shards[i].message, "it is told why");
	}
	ok(decode_iterator("{\"ShardIterator\":1}", &status) == NULL, "no iterator");
	ok(decode_iterator("{}", &status) == NULL, "none at all");
	is_str(status.message, "the response lacks ShardIterator", "it is told why");
}

/* Each beginning of a response, and each change of one byte of it. */
static void
test_damage(void)
{
	static const char bytes[] = "\"\\{}[]:,0et \x01";
	DdbStatus status;
	DdbRecords got;
	DdbShardList list;
	size_t images;
	int accepted = 0;
	int wrong = 0;

	for (size_t cut = 0; cut < strlen(records); cut++)
		wrong += decode_records(&got, records, cut, &status, &images);
	for (size_t cut = 0; cut < strlen(shards); cut++)
		wrong += decode_shards(&list, shards, cut, &status);
	is_int(wrong, 0, "no response that was cut off is accepted");
	for (size_t at = 0; at < strlen(records) * sizeof(bytes); at++)
	{
		char text[sizeof(records)];

		memcpy(text, records, sizeof(records));
		text[at / sizeof(bytes)] = bytes[at % sizeof(bytes)];
		accepted += decode_records(&got, text, strlen(records), &status, &images);
		wrong += images > sizeof(records);
		ddb_records_free(&got);
	}
	for (size_t at = 0; at < strlen(shards) * sizeof(bytes); at++)
	{
		char text[sizeof(shards)];

		memcpy(text, shards, sizeof(shards));
		text[at / sizeof(bytes)] = bytes[at % sizeof(bytes)];
		accepted += decode_shards(&list, text, strlen(shards), &status);
		ddb_shard_list_free(&list);
	}
	ok(accepted > 1000 && wrong == 0, "%d changed ones are", accepted);
}

static void
test_memory(void)
{
	DdbStatus status;
	int n;

	for (n = 0;; n++)
	{
		DdbRecords got;
		DdbShardList list = {0};
		size_t images;
		bool failed;

		tap_fail_alloc(n);
		if (decode_records(&got, records, strlen(records), &status, &images))
			decode_shards(&list, shards, strlen(shards), &status);
		failed = tap_alloc_failed();
		ok(failed == (list.shards == NULL) &&
			   (!failed || status.kind == DDB_STATUS_NO_MEMORY),
		   "allocation %d",
		   n);
		ddb_records_free(&got);
		ddb_shard_list_free(&list);
		if (!failed)
			break;
	}
	is_int(n, 3, "records, iterator, shards");
	tap_fail_alloc(0);
	ok(decode_iterator("{\"ShardIterator\":\"a\"}", &status) == NULL &&
		   tap_alloc_failed() && status.kind == DDB_STATUS_NO_MEMORY,
	   "an iterator needs memory");
}

int
main(void)
{
	test_shards();
	test_states();
	test_records();
	test_deep_images();
	test_no_records();
	test_many_records();
	test_iterator();
	test_refusals();
	test_damage();
	test_memory();
	return tap_done();
}
