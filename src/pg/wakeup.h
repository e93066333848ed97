/*
 * wakeup.h
 *		What sessions and the background workers share.
 *
 * A session that has left a worker something to do wakes it when its transaction
 * ends, if it works in the same database. Without shared_preload_libraries there
 * are no workers, and all of this does nothing.
 */
#ifndef DDB_WAKEUP_H
#define DDB_WAKEUP_H

#include "postgres.h"

typedef enum DdbWorkerId
{
	DDB_WORKER_STREAM, /* consumes the stream: after writes to DynamoDB */
	DDB_WORKER_OUTBOX  /* delivers the outbox: after entries of it */
} DdbWorkerId;

#define DDB_WORKERS 2

/*
 * Ask for shared memory and be called at the end of transactions; once, from
 * _PG_init, while the postmaster loads its libraries.
 */
extern void ddb_wakeup_init(void);

/* Wake this worker when the current transaction ends. */
extern void ddb_wakeup_request(DdbWorkerId id);

/* This process is that worker; what follows is of it. */
extern void ddb_wakeup_become(DdbWorkerId id);

/* From now on until this process ends, wake-ups set its latch. */
extern void ddb_wakeup_attend(void);

/* How many wake-ups there were. */
extern uint64 ddb_wakeup_count(void);

/*
 * How often the worker has tried to connect to its database since it last
 * could. Kept while one process ends and the next one starts.
 */
extern int ddb_wakeup_failures(void);
extern void ddb_wakeup_set_failures(int failures);

/*
 * Shall the next process look whether there is such a database before it
 * connects?
 */
extern bool ddb_wakeup_look_first(void);
extern void ddb_wakeup_set_look_first(bool look_first);

#endif /* DDB_WAKEUP_H */
