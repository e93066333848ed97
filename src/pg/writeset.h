/*
 * writeset.h
 *		What a transaction has written and not sent yet.
 *
 * Every write of write_mode "transaction" comes here: one entry for each item,
 * by server, table and key, with a version for each command that changed it.
 * ROLLBACK and ROLLBACK TO drop versions, COMMIT sends what is left: one write
 * as a conditional PutItem, UpdateItem or DeleteItem, several as one
 * TransactWriteItems. Readers see it through overlay.h.
 */
#ifndef DDB_WRITESET_H
#define DDB_WRITESET_H

#include "postgres.h"

#include "change.h"
#include "difference.h"

/*
 * Buffer a change made by command cid, in the current subtransaction. False: the
 * same command has changed the item already, so nothing is done; as with an
 * UPDATE whose join finds a row twice. An INSERT is refused at once if the
 * transaction has such an item. Errors: 23505 or 40001 for that; 27000 if a
 * command that began later has changed the item, as a trigger can; 54000 beyond
 * 100 items or 4 MB; 0A000 for a second server or user mapping, since no two of
 * them commit together. outbox: the change is to be delivered after COMMIT, which
 * holds for all of a transaction or for none, else 0A000; it has no limits.
 */
extern bool ddb_writeset_change(const DdbWriteTable *table,
								const DdbChange *change, CommandId cid,
								bool outbox);

typedef enum DdbHolding
{
	DDB_HOLDS_NOTHING, /* the transaction has not written the item */
	DDB_HOLDS_ITEM,
	DDB_HOLDS_DELETED
} DdbHolding;

/* What is there of the item with this one's key, after all commands so far? */
extern DdbHolding ddb_writeset_holds(const DdbWriteTable *table,
									 const char *item, size_t item_len);

/* An item as a statement sees it. All is borrowed. */
typedef struct DdbBuffered
{
	const char *key; /* bytes, as of itemkey.h */
	size_t key_len;
	const char *item; /* JSON; NULL: it is deleted */
	size_t item_len;
} DdbBuffered;

/*
 * Visit the items of a table that commands before curcid have written, in the
 * order of their first writes. key_names gets the table's, if there are any.
 * Nothing may be written meanwhile. Returns how many were visited.
 */
extern int ddb_writeset_visit(Oid server, const char *table, CommandId curcid,
							  const char *key_names[2],
							  void (*visit)(const DdbBuffered *item, void *arg),
							  void *arg);

/* What the transaction as a whole does to one item. All is borrowed. */
typedef struct DdbOutcome
{
	const DdbWriteTable *table;
	const char *key; /* bytes, as of itemkey.h */
	size_t key_len;
	DdbDifference difference;
	bool retriable;    /* as in DdbChange */
	bool members_only; /* likewise */
} DdbOutcome;

/*
 * Visit every item, in the order of their first writes. What the transaction
 * would write after that is refused: 0A000.
 */
extern void ddb_writeset_conclude(void (*visit)(const DdbOutcome *outcome,
												void *arg),
								  void *arg);

/* How many items it has; 0: nothing is buffered. */
extern int ddb_writeset_count(void);

/* Is it to be delivered after COMMIT? */
extern bool ddb_writeset_outbox(void);

/*
 * For the callbacks at the end of a transaction or subtransaction; these cannot
 * fail. The memory is the transaction's.
 */
extern void ddb_writeset_forget(void);
extern void ddb_writeset_drop(SubTransactionId aborted);
extern void ddb_writeset_hand_up(SubTransactionId committed,
								 SubTransactionId parent);

#endif /* DDB_WRITESET_H */
