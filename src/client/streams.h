/*
 * streams.h
 *		DynamoDB Streams: what changed in a table, shard by shard.
 *
 * Requests as in client.h, for a client whose service is DDB_SERVICE_STREAMS:
 * NULL means out of memory. Answers are decoded here too, in one pass. Names
 * and numbers are copied; images of items stay where they lie in the body.
 *
 * Each decoder is false with DDB_STATUS_NO_MEMORY, or with DDB_STATUS_PROTOCOL
 * if the response is not of that shape; the result is empty then. Members that
 * are not known are passed over.
 */
#ifndef DDB_STREAMS_H
#define DDB_STREAMS_H

#include "call.h"

/* Room for the longest names that the API has, and a NUL. */
#define DDB_SHARD_ID_SIZE 66
#define DDB_SEQUENCE_SIZE 41

/* DynamoDB's own limit on the records of one answer. */
#define DDB_STREAMS_MAX_RECORDS 1000

/* Sequence numbers are their decimal digits: up to 40, too many for an int. */
typedef struct DdbShard
{
	char id[DDB_SHARD_ID_SIZE];
	char parent[DDB_SHARD_ID_SIZE]; /* "": none */
	char first[DDB_SEQUENCE_SIZE];
	char last[DDB_SEQUENCE_SIZE]; /* "": it is open */
} DdbShard;

/* One page of DescribeStream. */
typedef struct DdbShardList
{
	bool enabled;    /* also while it is being enabled; a stream that is not
								 * can be read for another day */
	bool new_images; /* its records have the items as they are now */
	int nshards;
	DdbShard *shards;
	char last_shard[DDB_SHARD_ID_SIZE]; /* where the next page begins; "":
								 * there is none */
} DdbShardList;

typedef enum DdbEvent
{
	DDB_EVENT_OTHER, /* none that is known */
	DDB_EVENT_INSERT,
	DDB_EVENT_MODIFY,
	DDB_EVENT_REMOVE /* by a request, or for its age (TTL) */
} DdbEvent;

/*
 * An image is the "{...}" of an item, a JSON object for certain; whether it is
 * an item is for its reader to find out. len 0: there is none.
 */
typedef struct DdbImageSpan
{
	const char *text;
	size_t len;
} DdbImageSpan;

typedef struct DdbRecord
{
	DdbEvent event;
	char sequence[DDB_SEQUENCE_SIZE];
	double created_s; /* since 1970, to the second; 0: not said */
	DdbImageSpan keys;
	DdbImageSpan new_image;
} DdbRecord;

/* One answer of GetRecords. It borrows the body. */
typedef struct DdbRecords
{
	int nrecords;
	DdbRecord *records; /* in the order in which they were written */
	char *iterator;     /* for what comes next; NULL: the shard has ended */
} DdbRecords;

/*
 * DescribeStream: up to 100 shards. after_shard: last_shard of the page before,
 * or NULL.
 */
extern DdbCall *ddb_streams_describe(DdbClient *client, const char *arn,
									 const char *after_shard);

/*
 * GetShardIterator: good for 15 minutes. after: the sequence number behind
 * which to begin, with or without its leading zeros, or NULL for the oldest
 * record that there still is.
 */
extern DdbCall *ddb_streams_iterator(DdbClient *client, const char *arn,
									 const char *shard, const char *after);

/* GetRecords, up to limit of them, at most DDB_STREAMS_MAX_RECORDS. */
extern DdbCall *ddb_streams_records(DdbClient *client, const char *iterator,
									int limit);

extern bool ddb_shard_list_decode(DdbShardList *list, const char *body,
								  size_t len, DdbStatus *status);
/* Safe to repeat, and on one that is all zero. So is ddb_records_free. */
extern void ddb_shard_list_free(DdbShardList *list);

/* The response of GetShardIterator; malloc'd. NULL where the others are false. */
extern char *ddb_iterator_decode(const char *body, size_t len, DdbStatus *status);

extern bool ddb_records_decode(DdbRecords *records, const char *body,
							   size_t len, DdbStatus *status);
extern void ddb_records_free(DdbRecords *records);

#endif /* DDB_STREAMS_H */
