/*
 * worker.h
 *		The background worker: one process that consumes the stream.
 */
#ifndef DDB_WORKER_H
#define DDB_WORKER_H

#include "postgres.h"

/*
 * Have the postmaster run the worker, if a database is named for it; once, from
 * _PG_init, while the postmaster loads its libraries.
 */
extern void ddb_worker_register(void);

/* The process. It has no prefix of ours as the postmaster finds it by name. */
extern PGDLLEXPORT void cruddur_ddb_worker_main(Datum arg);

#endif /* DDB_WORKER_H */
