/*
 * commit.h
 *		COMMIT and ROLLBACK of what was buffered.
 */
#ifndef DDB_COMMIT_H
#define DDB_COMMIT_H

#include "postgres.h"

/*
 * Have the write set sent before each COMMIT, or stored for the outbox, and
 * dropped by each ROLLBACK; once, from _PG_init. What fails aborts the transaction
 * with its error.
 */
extern void ddb_commit_init(void);

#endif /* DDB_COMMIT_H */
