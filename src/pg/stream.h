/*
 * stream.h
 *		The consumer of the messaging table's stream.
 *
 * It reads the shards of the stream, has each new message move the group rows
 * (mover.h), and keeps in PostgreSQL how far it has come (shards.h). One turn
 * makes requests, the next one saves what came of them: so no transaction need be
 * open while the network is waited for. Those who consume hold the lock.
 */
#ifndef DDB_STREAM_H
#define DDB_STREAM_H

#include "postgres.h"

typedef struct DdbStream DdbStream;

/*
 * Become the database's one consumer, without waiting. False: another one is.
 * In a transaction; of the session, until ddb_stream_unlock() or its end, or of
 * this transaction only.
 */
extern bool ddb_stream_lock(bool of_session);
extern void ddb_stream_unlock(void);

/*
 * The stream of the messaging table of the server that cruddur_ddb.server names,
 * read as the current user, from where the checkpoints are. In a transaction;
 * makes no request. What is made lives in cxt, which may outlive the transaction;
 * its reset ends all requests, and what was not saved is read again by the next
 * to open it. Errors: those of ddb_session_open() and ddb_session_client(), and of
 * SQL on the extension's tables, such as 42501.
 */
extern DdbStream *ddb_stream_open(MemoryContext cxt);

/*
 * One turn, in or outside of a transaction: start what is due, wait once for the
 * network or the latch (which is then reset) if anything is under way, and take
 * what has come. Serves interrupts. At most max_records records are asked for from
 * now to the next save. True: there is something to save, and until then no turn
 * does more.
 *
 * Whatever goes wrong with a request is kept for its shard, to be saved and
 * logged, and tried again later. An error that is raised leaves the stream of no
 * use but for the reset of its context.
 */
extern bool ddb_stream_step(DdbStream *stream, int max_records);

/*
 * In a transaction: checkpoints, failures, and NOTIFY for each new message.
 * Returns how many records were applied since the last save. If the transaction
 * aborts, the stream is to be opened anew.
 */
extern int64 ddb_stream_save(DdbStream *stream);

/* In how many ms a turn has something to do; 0: now. */
extern int ddb_stream_timeout_ms(const DdbStream *stream);

/* Look for new records now, not when it would be due. */
extern void ddb_stream_wake(DdbStream *stream);

/* Was the server or the user mapping altered? Then open it anew. */
extern bool ddb_stream_stale(const DdbStream *stream);

/*
 * Has every shard been asked since the stream was opened, and had nothing more, or
 * failed?
 */
extern bool ddb_stream_drained(const DdbStream *stream);

/*
 * In a transaction: raise the error that the stream or one of its shards has met
 * last, if it has not got over it.
 */
extern void ddb_stream_check(const DdbStream *stream);

#endif /* DDB_STREAM_H */
