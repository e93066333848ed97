/*
 * shardreader.h
 *		One shard of the stream: when it is read, how far, and what went wrong.
 */
#ifndef DDB_SHARDREADER_H
#define DDB_SHARDREADER_H

#include "postgres.h"

#include "checkpoint.h"
#include "session.h"

typedef struct DdbShardReader DdbShardReader;

/* In a context of its own below parent. The checkpoint is copied; is_kept: it has a
 * row in PostgreSQL already. */
extern DdbShardReader *ddb_shardreader_create(MemoryContext parent,
											  DdbSession *session,
											  const DdbCheckpoint *checkpoint,
											  bool is_kept);

/* Ends what is under way. */
extern void ddb_shardreader_free(DdbShardReader *reader);

extern const DdbCheckpoint *
ddb_shardreader_checkpoint(const DdbShardReader *reader);

/* Begin what is due; limit: at most so many records are asked for. */
extern void ddb_shardreader_start(DdbShardReader *reader, int limit);

/* Look at what was answered and go on, without waiting. */
extern void ddb_shardreader_go_on(DdbShardReader *reader);

/* Is anything under way? */
extern bool ddb_shardreader_is_busy(const DdbShardReader *reader);

/* Is there anything to save? */
extern bool ddb_shardreader_is_ready(const DdbShardReader *reader);

/* How many records were asked for, or read, and are not saved. */
extern int ddb_shardreader_count(const DdbShardReader *reader);

/* When it has something to begin, by ddb_http_now_us(). */
extern int64 ddb_shardreader_due_us(const DdbShardReader *reader);

/* Read at once, unless there is an error to get over. */
extern void ddb_shardreader_wake(DdbShardReader *reader);

/*
 * Is there nothing more in it for now? It may take several answers without a
 * record to know that.
 */
extern bool ddb_shardreader_is_drained(const DdbShardReader *reader);

/* The service says that it does not have the shard. */
extern bool ddb_shardreader_is_gone(const DdbShardReader *reader);

/* It does have it, as its list says: if it has said otherwise, that is an error to
 * get over. */
extern void ddb_shardreader_find(DdbShardReader *reader);

/* In a transaction: save what is ready. Returns how many records were applied. */
extern int64 ddb_shardreader_save(DdbShardReader *reader,
								  const DdbCheckpoints *checkpoints);

/* In a transaction: raise the error that it has not got over, if there is one. */
extern void ddb_shardreader_check(const DdbShardReader *reader,
								  const DdbCheckpoints *checkpoints);

#endif /* DDB_SHARDREADER_H */
