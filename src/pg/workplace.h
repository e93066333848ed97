/*
 * workplace.h
 *		The database in which a background worker runs, coming and going.
 */
#ifndef DDB_WORKPLACE_H
#define DDB_WORKPLACE_H

#include "postgres.h"

/*
 * Connect to the database of cruddur_ddb.worker_database as the role of
 * cruddur_ddb.worker_role. Where there is none, the process ends, and the next one
 * waits in here until there is.
 */
extern void ddb_workplace_enter(void);

/*
 * In a transaction: if the database is about to be dropped, renamed, moved or
 * copied, which nobody connected to it may see, the process ends.
 */
extern void ddb_workplace_check(void);

#endif /* DDB_WORKPLACE_H */
