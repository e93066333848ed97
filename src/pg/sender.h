/*
 * sender.h
 *		Sending writes: all or none, or many side by side.
 */
#ifndef DDB_SENDER_H
#define DDB_SENDER_H

#include "postgres.h"

#include "send.h"
#include "session.h"

/*
 * Send these and wait, all or none: one as a plain write, several (up to 100)
 * as one TransactWriteItems. Returns only when all is written; a write that was
 * applied by an attempt whose answer was lost counts as written. What is made
 * lives in cxt. Errors: 23505 where an item must not exist and does, 40001 where
 * one is not as it was read, or in conflict with another transaction; 08006
 * where it cannot be known whether the write was applied; those of section 8 of
 * the contract for the rest. Nothing is written then, unless the hint says that
 * it may be.
 */
extern void ddb_sender_send(MemoryContext cxt, DdbSession *session,
							const DdbSend *sends, int nsends,
							int units_per_second);

/*
 * Many writes of one table, each by itself: those that expect nothing by
 * BatchWriteItem, others one by one, as many at a time as the server has
 * connections. Writes of the same item keep their order.
 */
typedef struct DdbSender DdbSender;

extern DdbSender *ddb_sender_create(MemoryContext cxt, DdbSession *session,
									int units_per_second);

/*
 * Take a write, copied but for the names of the table and its key; it waits for
 * one more to come, or for ddb_sender_finish(), so that whoever finds fault with
 * the row until then can still keep it from being sent. Waits while all
 * connections are busy: memory is what is in flight. Errors as of
 * ddb_sender_send(), of any write before.
 */
extern void ddb_sender_add(DdbSender *sender, const DdbSend *send);

/* The same for a few (up to 25) that are to be written all or none. */
extern void ddb_sender_add_together(DdbSender *sender, const DdbSend *sends,
									int nsends);

/*
 * Send these side by side and wait: inserts, of which those that are refused
 * because there is such an item are none of our errors. applied[i] tells.
 */
extern void ddb_sender_try(DdbSender *sender, const DdbSend *sends, int nsends,
						   bool *applied);

/* Send what is left and wait for all. */
extern void ddb_sender_finish(DdbSender *sender);

#endif /* DDB_SENDER_H */
