/*
 * streams_answer.c
 *		What DynamoDB Streams answers: shards, iterators, records.
 *
 * An answer is gone through once, object by object; for each kind of object
 * there is a list of the members that we read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "streams.h"
#include "value.h"

/* An array begins with room for that many elements. */
#define FIRST_ELEMENTS 16

/* Of an answer of any kind; what it does not have is NULL. */
typedef struct Decoder
{
	DdbJson json;
	bool no_memory;
	bool found; /* what the answer is about */
	DdbShardList *list;
	DdbShard *shard;
	DdbRecords *records;
	DdbRecord *record;
	char *iterator;
} Decoder;

/* A member that is read; null is taken for none. */
typedef struct Member
{
	const char *name;
	bool (*read)(Decoder *d);
} Member;

static bool
read_member(Decoder *d, const Member *members, unsigned *seen)
{
	DdbJson *json = &d->json;
	DdbJsonString name;

	if (!ddb_json_name(json, &name))
		return false;
	for (int i = 0; members[i].name != NULL; i++)
	{
		if (!ddb_json_equals(&name, members[i].name))
			continue;
		if (*seen & 1u << i)
			return ddb_json_fail(json, name.text, "has a member twice");
		*seen |= 1u << i;
		if (ddb_json_peek(json) == 'n')
			return ddb_json_literal(json, "null");
		return members[i].read(d);
	}
	return ddb_json_skip(json, 1);
}

/* An object: those of its members that are in the list, which ends with {0}. */
static bool
read_object(Decoder *d, const Member *members)
{
	DdbJson *json = &d->json;
	unsigned seen = 0;

	if (!ddb_json_expect(json, '{'))
		return false;
	if (ddb_json_take(json, '}'))
		return true;
	do
	{
		if (!read_member(d, members, &seen))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, '}');
}

static bool
read_list(Decoder *d, bool (*read_element)(Decoder *d))
{
	DdbJson *json = &d->json;

	if (!ddb_json_expect(json, '['))
		return false;
	if (ddb_json_take(json, ']'))
		return true;
	do
	{
		if (!read_element(d))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, ']');
}

static bool
fail_no_memory(Decoder *d)
{
	d->no_memory = true;
	return ddb_json_fail(&d->json, d->json.next, "does not fit in memory");
}

/*
 * Room for one more element behind n of them: the array, moved perhaps. It is
 * full where n is a power of 2. NULL: there is none, the array is as it was.
 */
static void *
make_room(Decoder *d, void *array, int n, size_t size)
{
	size_t room = n > 0 ? 2 * (size_t) n : FIRST_ELEMENTS;
	void *moved;

	if (n > 0 && (n < FIRST_ELEMENTS || (n & (n - 1)) != 0))
		return array;
	moved = realloc(array, room * size);
	if (moved == NULL)
		fail_no_memory(d);
	return moved;
}

/* Visible ASCII: that is what names and numbers of the API are made of. */
static bool
is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return len > 0;
}

/* A name or number, into out; never empty. */
static bool
read_text(Decoder *d, char *out, size_t size)
{
	char unescaped[6 * DDB_SHARD_ID_SIZE];
	DdbJsonString string;
	long len;

	if (!ddb_json_string(&d->json, &string))
		return false;
	len = string.len <= sizeof(unescaped)
			  ? ddb_json_unescape(string.text, string.len, unescaped)
			  : -1;
	if (len < 0 || (size_t) len >= size || !is_plain(unescaped, (size_t) len))
		return ddb_json_fail(&d->json, string.text, "has a strange name");
	memcpy(out, unescaped, (size_t) len);
	out[len] = '\0';
	return true;
}

static bool
read_shard_id(Decoder *d, char *out)
{
	return read_text(d, out, DDB_SHARD_ID_SIZE);
}

static bool
read_sequence(Decoder *d, char *out)
{
	const char *start = d->json.next;

	if (!read_text(d, out, DDB_SEQUENCE_SIZE))
		return false;
	if (out[strspn(out, "0123456789")] != '\0')
		return ddb_json_fail(&d->json, start, "has a strange sequence number");
	return true;
}

/* The words that a member may be, NULL behind the last; -1: none of them. */
static bool
read_word(Decoder *d, const char *const *words, int *word)
{
	DdbJsonString string;

	if (!ddb_json_string(&d->json, &string))
		return false;
	*word = -1;
	for (int i = 0; words[i] != NULL; i++)
	{
		if (ddb_json_equals(&string, words[i]))
			*word = i;
	}
	return true;
}

static bool
read_first(Decoder *d)
{
	return read_sequence(d, d->shard->first);
}

static bool
read_last(Decoder *d)
{
	return read_sequence(d, d->shard->last);
}

static bool
read_range(Decoder *d)
{
	static const Member members[] = {{"StartingSequenceNumber", read_first},
									 {"EndingSequenceNumber", read_last},
									 {0}};

	return read_object(d, members);
}

static bool
read_id(Decoder *d)
{
	return read_shard_id(d, d->shard->id);
}

static bool
read_parent(Decoder *d)
{
	return read_shard_id(d, d->shard->parent);
}

static bool
read_shard(Decoder *d)
{
	static const Member members[] = {{"ShardId", read_id},
									 {"ParentShardId", read_parent},
									 {"SequenceNumberRange", read_range},
									 {0}};
	DdbShardList *list = d->list;
	const char *start = d->json.next;
	DdbShard *shards =
		make_room(d, list->shards, list->nshards, sizeof(DdbShard));

	if (shards == NULL)
		return false;
	list->shards = shards;
	d->shard = &shards[list->nshards];
	memset(d->shard, 0, sizeof(*d->shard));
	if (!read_object(d, members))
		return false;
	if (d->shard->id[0] == '\0')
		return ddb_json_fail(&d->json, start, "has a shard without a name");
	list->nshards++;
	return true;
}

static bool
read_shards(Decoder *d)
{
	return read_list(d, read_shard);
}

static bool
read_last_shard(Decoder *d)
{
	return read_shard_id(d, d->list->last_shard);
}

static bool
read_stream_status(Decoder *d)
{
	static const char *const words[] = {"ENABLED", "ENABLING", NULL};
	int word;

	if (!read_word(d, words, &word))
		return false;
	d->list->enabled = word >= 0;
	return true;
}

static bool
read_view_type(Decoder *d)
{
	static const char *const words[] = {"NEW_IMAGE", "NEW_AND_OLD_IMAGES", NULL};
	int word;

	if (!read_word(d, words, &word))
		return false;
	d->list->new_images = word >= 0;
	return true;
}

static bool
read_description(Decoder *d)
{
	static const Member members[] = {{"StreamStatus", read_stream_status},
									 {"StreamViewType", read_view_type},
									 {"Shards", read_shards},
									 {"LastEvaluatedShardId", read_last_shard},
									 {0}};

	d->found = true;
	return read_object(d, members);
}

static bool
read_image(Decoder *d, DdbImageSpan *image)
{
	DdbValueSpan map;

	if (!ddb_value_read_map(&d->json, 0, &map))
		return false;
	*image = (DdbImageSpan){map.text, map.len};
	return true;
}

static bool
read_keys(Decoder *d)
{
	return read_image(d, &d->record->keys);
}

static bool
read_new_image(Decoder *d)
{
	return read_image(d, &d->record->new_image);
}

/* An item may be nested deeper than what is passed over unread. */
static bool
read_old_image(Decoder *d)
{
	DdbImageSpan ignored;

	return read_image(d, &ignored);
}

static bool
read_record_sequence(Decoder *d)
{
	return read_sequence(d, d->record->sequence);
}

static bool
read_time(Decoder *d)
{
	DdbJsonString number;

	if (!ddb_json_number(&d->json, &number))
		return false;
	d->record->created_s = ddb_json_number_value(&number);
	return isfinite(d->record->created_s) ||
		   ddb_json_fail(&d->json, number.text, "has a strange time");
}

static bool
read_change(Decoder *d)
{
	static const Member members[] = {
		{"ApproximateCreationDateTime", read_time},
		{"Keys", read_keys},
		{"NewImage", read_new_image},
		{"OldImage", read_old_image},
		{"SequenceNumber", read_record_sequence},
		{0},
	};

	return read_object(d, members);
}

static bool
read_event(Decoder *d)
{
	static const char *const words[] = {"INSERT", "MODIFY", "REMOVE", NULL};
	static const DdbEvent events[] = {DDB_EVENT_INSERT,
									  DDB_EVENT_MODIFY,
									  DDB_EVENT_REMOVE};
	int word;

	if (!read_word(d, words, &word))
		return false;
	d->record->event = word >= 0 ? events[word] : DDB_EVENT_OTHER;
	return true;
}

static bool
read_record(Decoder *d)
{
	static const Member members[] = {{"eventName", read_event},
									 {"dynamodb", read_change},
									 {0}};
	DdbRecords *records = d->records;
	const char *start = d->json.next;
	DdbRecord *array =
		make_room(d, records->records, records->nrecords, sizeof(DdbRecord));

	if (array == NULL)
		return false;
	records->records = array;
	d->record = &array[records->nrecords];
	memset(d->record, 0, sizeof(*d->record));
	if (!read_object(d, members))
		return false;
	if (d->record->sequence[0] == '\0')
		return ddb_json_fail(&d->json,
							 start,
							 "has a record without a sequence number");
	records->nrecords++;
	return true;
}

static bool
read_records(Decoder *d)
{
	d->found = true;
	return read_list(d, read_record);
}

static bool
read_iterator(Decoder *d)
{
	DdbJsonString string;
	long len;

	if (!ddb_json_string(&d->json, &string))
		return false;
	d->iterator = malloc(string.len + 1);
	if (d->iterator == NULL)
		return fail_no_memory(d);
	len = ddb_json_unescape(string.text, string.len, d->iterator);
	if (len < 0 || !is_plain(d->iterator, (size_t) len))
		return ddb_json_fail(&d->json, string.text, "has a strange iterator");
	d->iterator[len] = '\0';
	return true;
}

static bool
read_shard_iterator(Decoder *d)
{
	d->found = true;
	return read_iterator(d);
}

/* For a failing function to return. */
static bool
report_fault(const Decoder *d, const char *body, DdbStatus *status)
{
	if (d->no_memory)
		return ddb_status_set(status,
							  DDB_STATUS_NO_MEMORY,
							  "out of memory for a response of the stream");
	return ddb_status_set(status,
						  DDB_STATUS_PROTOCOL,
						  "the response %s at byte %zu",
						  d->json.fault,
						  (size_t) (d->json.next - body));
}

/*
 * All of the body. An answer that lacks what it is about is no answer: one
 * without records and iterator would end a shard.
 */
static bool
read_response(Decoder *d, const Member *members, const char *body, size_t len,
			  DdbStatus *status)
{
	ddb_json_init(&d->json, body, len);
	if (!read_object(d, members) || !ddb_json_expect_end(&d->json))
		return report_fault(d, body, status);
	if (!d->found)
		return ddb_status_set(status,
							  DDB_STATUS_PROTOCOL,
							  "the response lacks %s",
							  members[0].name);
	return true;
}

bool
ddb_shard_list_decode(DdbShardList *list, const char *body, size_t len,
					  DdbStatus *status)
{
	static const Member members[] = {{"StreamDescription", read_description},
									 {0}};
	Decoder d = {.list = list};

	*list = (DdbShardList){0};
	if (read_response(&d, members, body, len, status))
		return true;
	ddb_shard_list_free(list);
	return false;
}

void
ddb_shard_list_free(DdbShardList *list)
{
	free(list->shards);
	*list = (DdbShardList){0};
}

char *
ddb_iterator_decode(const char *body, size_t len, DdbStatus *status)
{
	static const Member members[] = {{"ShardIterator", read_shard_iterator}, {0}};
	Decoder d = {0};

	if (read_response(&d, members, body, len, status))
		return d.iterator;
	free(d.iterator);
	return NULL;
}

bool
ddb_records_decode(DdbRecords *records, const char *body, size_t len,
				   DdbStatus *status)
{
	static const Member members[] = {{"Records", read_records},
									 {"NextShardIterator", read_iterator},
									 {0}};
	Decoder d = {.records = records};
	bool ok;

	*records = (DdbRecords){0};
	ok = read_response(&d, members, body, len, status);
	records->iterator = d.iterator;
	if (!ok)
		ddb_records_free(records);
	return ok;
}

void
ddb_records_free(DdbRecords *records)
{
	free(records->records);
	free(records->iterator);
	*records = (DdbRecords){0};
}
