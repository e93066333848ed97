/*
 * verdict.h
 *		Was a write applied? The answer to one, understood.
 *
 * A write that was repeated because no answer came to its first attempt may be
 * refused by what that one did. Then the item is read back:
 *
 * - of an insert, an item that is the same in all of its attributes is ours;
 * - of a delete, no item means that it was applied;
 * - of an update nothing can be known. That the item has the new values may be
 *   due to another session that has added 1 as we did, and that it has not, to
 *   one that came after ours.
 *
 * A transaction has its token for that.
 */
#ifndef DDB_VERDICT_H
#define DDB_VERDICT_H

#include "postgres.h"

#include "send.h"
#include "session.h"

/* A call that is done: of one write, of several as a transaction, or of a batch
 * that failed. */
typedef struct DdbTrial
{
	DdbCall *call;
	const DdbSend *sends;
	int nsends;
	bool may_refuse; /* one insert: that there is an item is no error */
} DdbTrial;

/*
 * True: all of it was applied; *write_units is what it has cost. False: there is
 * an item, which trial->may_refuse allows. What else went wrong is raised. The
 * call is counted. What is made lives in cxt.
 */
extern bool ddb_verdict_applied(MemoryContext cxt, DdbSession *session,
								const DdbTrial *trial, double *write_units);

/*
 * Does the item stand as this write leaves it? there: as it was read, NULL: there
 * is none.
 */
extern bool ddb_verdict_stands(const DdbWrite *write, const DdbImage *there);

/*
 * Raise the error of writes that were not applied: of the one, or of that one of a
 * transaction which is the reason. server: the foreign server's name.
 */
extern void ddb_verdict_raise(const char *server, const char *operation,
							  const DdbSend *sends, int nsends,
							  const DdbStatus *status) __attribute__((noreturn));

#endif /* DDB_VERDICT_H */
