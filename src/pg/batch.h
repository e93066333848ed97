/*
 * batch.h
 *		The records of one answer of a shard, on their way to be applied.
 *
 * Of each group only the newest message moves the rows; groups are moved side by
 * side. Each new message is announced.
 */
#ifndef DDB_BATCH_H
#define DDB_BATCH_H

#include "postgres.h"

#include "checkpoint.h"
#include "session.h"

typedef struct DdbBatch DdbBatch;

/* Copies what it needs. It lives in cxt; requests under way end with it. */
extern DdbBatch *ddb_batch_create(MemoryContext cxt, DdbSession *session,
								  const DdbRecords *records);

extern int ddb_batch_count(const DdbBatch *batch);

/*
 * Start moves, look at those under way, without waiting. True: all is applied, or
 * what is not has met with an error and nothing is under way.
 */
extern bool ddb_batch_go_on(DdbBatch *batch);

/* The error that is to be got over, and the operation; NULL: all is applied. */
extern const DdbStatus *ddb_batch_error(const DdbBatch *batch,
										const char **operation);

/* After a few more tries it is done without what has met with the error. */
extern bool ddb_batch_gives_up(const DdbBatch *batch);

/* Try again what has met with an error. */
extern void ddb_batch_retry(DdbBatch *batch);

/*
 * In a transaction, once all is applied: the records that could not be are kept in
 * cruddur_stream_failures, messages are announced. Moves the checkpoint to the last
 * record. Returns how many were applied: those that have written a message, not
 * those of other items, which have nothing to be applied.
 */
extern int64 ddb_batch_save(DdbBatch *batch, const DdbCheckpoints *checkpoints,
							DdbCheckpoint *checkpoint);

#endif /* DDB_BATCH_H */
