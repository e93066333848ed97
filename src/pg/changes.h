/*
 * changes.h
 *		What one statement changes in one table, by the current write mode.
 *
 * In modes "transaction" and "outbox" a change goes to the write set, in mode
 * "immediate" to a sender, unless the write set has the item. Whoever writes does
 * so through here.
 */
#ifndef DDB_CHANGES_H
#define DDB_CHANGES_H

#include "postgres.h"

#include "session.h"
#include "change.h"

typedef struct DdbChanges DdbChanges;

/*
 * Begin, in the mode that is set now. together: in mode "immediate" all changes
 * are sent as one, all or none, by ddb_changes_finish(). cid: of the command.
 * table and session are borrowed; what is made lives in cxt.
 */
extern DdbChanges *ddb_changes_begin(MemoryContext cxt, DdbSession *session,
									 const DdbWriteTable *table, CommandId cid,
									 bool together);

/*
 * False: the same command has changed the item already; nothing is done. Errors
 * of ddb_writeset_change(), or of ddb_sender_add().
 */
extern bool ddb_changes_add(DdbChanges *changes, const DdbChange *change);

/*
 * An item gets another key: the old one is deleted, if it has still all that it
 * was read with, and the new one inserted, both or none. False: the same command
 * has changed the item already; nothing is done. Errors as above, and 23505 where
 * the new key is taken.
 */
extern bool ddb_changes_move(DdbChanges *changes, const DdbChange *del,
							 const DdbChange *ins);

/*
 * Inserts of which those are left out whose item exists, consistently read, in
 * DynamoDB or in the transaction; or came before among these. added[i] tells. In
 * mode "transaction" one that comes to exist until COMMIT makes that fail with
 * 40001. Up to 100 at a time.
 */
extern void ddb_changes_add_new(DdbChanges *changes, const DdbChange *inserts,
								int ninserts, bool *added);

/* In mode "immediate", wait until all is written. */
extern void ddb_changes_finish(DdbChanges *changes);

#endif /* DDB_CHANGES_H */
