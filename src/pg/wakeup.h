/*
 * wakeup.h
 *		What sessions and the background worker share.
 *
 * A session that has written to DynamoDB wakes the worker of its database when
 * its transaction ends. Without shared_preload_libraries there is no worker, and
 * all of this does nothing.
 */
#ifndef DDB_WAKEUP_H
#define DDB_WAKEUP_H

#include "postgres.h"

/*
 * Ask for shared memory and be called at the end of transactions; once, from
 * _PG_init, while the postmaster loads its libraries.
 */
extern void ddb_wakeup_init(void);

/* This transaction has sent a write: wake the worker when it ends. */
extern void ddb_wakeup_request(void);

/*
 * This process is the worker, of this database, until it ends: wake-ups set its
 * latch.
 */
extern void ddb_wakeup_attend(void);

/* How many wake-ups there were. */
extern uint64 ddb_wakeup_count(void);

/*
 * How often the worker has tried to connect to its database since it last
 * could. Kept while one worker ends and the next one starts.
 */
extern int ddb_wakeup_failures(void);
extern void ddb_wakeup_set_failures(int failures);

/*
 * Shall the next worker look whether there is such a database before it
 * connects?
 */
extern bool ddb_wakeup_look_first(void);
extern void ddb_wakeup_set_look_first(bool look_first);

#endif /* DDB_WAKEUP_H */
