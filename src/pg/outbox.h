/*
 * outbox.h
 *		Delivery of the writes of write_mode "outbox".
 *
 * An entry of the table cruddur_outbox is one request, made at a COMMIT. Entries
 * are taken in the order in which they came, several at a time; never are two under
 * way that write the same item. One that has to wait holds back only later ones
 * that write the same. One turn makes requests, the next one saves what came of
 * them: so no transaction need be open while the network is waited for. Those
 * who deliver hold the lock.
 */
#ifndef DDB_OUTBOX_H
#define DDB_OUTBOX_H

#include "postgres.h"

/* In memory at a time. */
#define DDB_OUTBOX_MAX_ENTRIES 100

typedef struct DdbOutbox DdbOutbox;

/*
 * Become the database's one who delivers, without waiting. False: another one
 * does. In a transaction; of the session, until ddb_outbox_unlock() or its end,
 * or of this transaction only.
 */
extern bool ddb_outbox_lock(bool of_session);
extern void ddb_outbox_unlock(void);

/*
 * Nothing is taken yet. What is made lives in cxt, which may outlive
 * transactions; its reset ends all requests, and what was not saved is delivered
 * again by the next to open it, which does no harm. in_one: it is loaded, stepped
 * and saved several times in one transaction, after whose end an entry may be
 * delivered again though others of its item were, too; so all are known by their
 * tokens, which costs twice the write units.
 */
extern DdbOutbox *ddb_outbox_open(MemoryContext cxt, bool in_one);

/*
 * In a transaction: take entries that are due, besides those that were taken, up
 * to max_entries of both. Each is delivered as the user who wrote it; the caller
 * needs no right to the table. Returns how many there are now.
 */
extern int ddb_outbox_load(DdbOutbox *outbox, int max_entries);

/*
 * In how many ms a load is worth its while; -1: not before a save, or before
 * someone writes. is_awake: someone has written since the last.
 */
extern int ddb_outbox_load_ms(const DdbOutbox *outbox, bool is_awake);

/*
 * One turn, in or outside of a transaction: start what may begin, wait once for
 * the network or the latch (which is then reset), up to max_wait_ms (-1: no limit), if
 * anything is under way and nothing is to be saved, and take what has come. Serves
 * interrupts. True: there is something to save. Whatever goes wrong with a request
 * is kept for its entry.
 */
extern bool ddb_outbox_step(DdbOutbox *outbox, int max_wait_ms);

/*
 * In a transaction: delete the entries that were delivered; have those wait that
 * could not be, and those fail that never can. Returns how many were delivered
 * since the last save. If the transaction aborts, the outbox is to be opened
 * anew. ddb_outbox_load() is worth a call in the same transaction.
 */
extern int64 ddb_outbox_save(DdbOutbox *outbox);

/* How many entries are taken and not saved. */
extern int ddb_outbox_under_way(const DdbOutbox *outbox);

/*
 * In how many ms there is something to do: 0 while entries are under way or to
 * be saved; else when the first of those that wait is due, as of the last load;
 * -1: not before someone writes.
 */
extern int ddb_outbox_timeout_ms(const DdbOutbox *outbox);

#endif /* DDB_OUTBOX_H */
