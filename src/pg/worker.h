/*
 * worker.h
 *		The background workers: a process for each task.
 */
#ifndef DDB_WORKER_H
#define DDB_WORKER_H

#include "postgres.h"

/*
 * Have the postmaster run the workers, if a database is named for them; once, from
 * _PG_init, while the postmaster loads its libraries.
 */
extern void ddb_worker_register(void);

/* A process; arg: a DdbWorkerId. It has no prefix of ours as the postmaster finds it by name. */
extern PGDLLEXPORT void cruddur_ddb_worker_main(Datum arg);

#endif /* DDB_WORKER_H */
