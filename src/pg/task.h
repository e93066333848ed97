/*
 * task.h
 *		What a background worker does (worker.c says when).
 *
 * A task goes in turns: a step, which waits for the network with no transaction
 * open, and a save, in one, of what came of it.
 */
#ifndef DDB_TASK_H
#define DDB_TASK_H

#include "postgres.h"

typedef struct DdbTask
{
	/* What is said of it */
	const char *name;      /* of the process */
	const char *off;       /* it is turned off */
	const char *taken;     /* another session does it */
	const char *active;    /* it is at work */
	const char *idle;      /* there is nothing to do */
	const char *recovered; /* it works again after an error */

	/* cruddur_ddb.*_worker */
	const bool *is_on;

	/* Not all that there is to do wakes it: wake() once in a naptime. */
	bool is_polled;

	/*
	 * Become the database's only one to do it, without waiting, in a transaction;
	 * until unlock() or the end of the process. False: another one is.
	 */
	bool (*lock)(bool of_session);
	void (*unlock)(void);

	/*
	 * In a transaction. The work lives in cxt, whose reset ends it, whatever it is
	 * at.
	 */
	void *(*open)(MemoryContext cxt);

	/* Is it to be opened anew? NULL: never. */
	bool (*is_stale)(const void *work);

	/* There may be more to do than it knows of. */
	void (*wake)(void *work);

	/* Without a transaction. True: a save is due. */
	bool (*step)(void *work);

	/* In a transaction. True: it has come forward, so it works. */
	bool (*save)(void *work);

	/* Is nothing left to do that could be done now? Then it works, too. */
	bool (*is_drained)(const void *work);

	/* In how many ms a step has something to do; 0: now; -1: when it is woken. */
	int (*timeout_ms)(const void *work);
} DdbTask;

extern const DdbTask ddb_task_stream;
extern const DdbTask ddb_task_outbox;

#endif /* DDB_TASK_H */
