/*
 * checkpoint.h
 *		How far the consumer of the stream has come: tables of PostgreSQL.
 *
 * All of this is done in a transaction, by SQL, with the rights of the current
 * user.
 */
#ifndef DDB_CHECKPOINT_H
#define DDB_CHECKPOINT_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "streams.h"

/* Of which stream the rows are. Strings are in the server's encoding. */
typedef struct DdbCheckpoints
{
	const char *schema; /* the extension's */
	const char *server;
	const char *table;
} DdbCheckpoints;

typedef enum DdbShardState
{
	DDB_SHARD_NEW, /* nothing of it was read: its parent is not done */
	DDB_SHARD_READING,
	DDB_SHARD_DONE
} DdbShardState;

/* One row of cruddur_stream_shards. */
typedef struct DdbCheckpoint
{
	const char *arn;
	char shard[DDB_SHARD_ID_SIZE];
	char parent[DDB_SHARD_ID_SIZE];   /* "": none */
	char position[DDB_SEQUENCE_SIZE]; /* behind it goes on; "": at the oldest */
	DdbShardState state;
	double last_record_s; /* when the record at position was written, since
								 * 1970; 0: not known */
	bool is_applied;      /* that record was applied just now */
	const char *error;    /* in the server's encoding; NULL: none */
} DdbCheckpoint;

/* A record that could not be applied. */
typedef struct DdbFailure
{
	const char *shard;
	const char *sequence;
	const char *key; /* of the item; so is reason in the server's encoding */
	const char *reason;
	int sqlstate;
	int ntries;
} DdbFailure;

/* Set all members; they live in cxt. Error 42704 without the extension. */
extern void ddb_checkpoint_open(MemoryContext cxt, DdbCheckpoints *checkpoints,
								const char *server, const char *table);

/* A list of DdbCheckpoint, in CurrentMemoryContext; error is left NULL. */
extern List *ddb_checkpoint_load(const DdbCheckpoints *checkpoints);

/* Insert or update its row. */
extern void ddb_checkpoint_save(const DdbCheckpoints *checkpoints,
								const DdbCheckpoint *checkpoint);

/* Delete its row. */
extern void ddb_checkpoint_forget(const DdbCheckpoints *checkpoints,
								  const DdbCheckpoint *checkpoint);

/* Add a row to cruddur_stream_failures, or add to its attempts. */
extern void ddb_checkpoint_fail(const DdbCheckpoints *checkpoints,
								const DdbFailure *failure);

#endif /* DDB_CHECKPOINT_H */
