/*
 * queue.h
 *		Entries of the outbox that were taken, and which of them hold back others.
 */
#ifndef DDB_QUEUE_H
#define DDB_QUEUE_H

#include "postgres.h"

#include "lib/ilist.h"

#include "delivery.h"
#include "outboxtable.h"

typedef struct DdbQueueEntry
{
	dlist_node node;
	MemoryContext cxt; /* of all that it has */
	DdbOutboxRow row;  /* but for the writes */
	const char *writes;
	size_t writes_len;
	bool is_held; /* by one before it: it must not begin */

	/* For those who deliver; zeroed at first */
	DdbSession *session;
	DdbSend *sends;
	int nsends;            /* 0: it could not be read */
	DdbDelivery *delivery; /* NULL: it could not be begun */
	DdbDeliveryState state;
	ErrorData *error; /* why it could not */
} DdbQueueEntry;

/* Fields are for reading. */
typedef struct DdbQueue
{
	MemoryContext cxt;
	dlist_head entries; /* of DdbQueueEntry; one that is held back stands behind
						 * what holds it */
	int nentries;
	int nheld;
} DdbQueue;

/* Entries live in contexts of their own below cxt. */
extern void ddb_queue_init(DdbQueue *queue, MemoryContext cxt);

extern bool ddb_queue_has(const DdbQueue *queue, int64 id);

/* Does it write what this row writes or needs? */
extern bool ddb_queue_holds(const DdbQueue *queue, const DdbOutboxRow *row);

/* At its end, by a copy. is_held: the queue holds it. */
extern void ddb_queue_add(DdbQueue *queue, const DdbOutboxRow *row, bool is_held);

/* Ends what is under way. */
extern void ddb_queue_remove(DdbQueue *queue, DdbQueueEntry *entry);

/* What held them has been removed: clear is_held of those whose turn it is. */
extern void ddb_queue_let_go(DdbQueue *queue);

#endif /* DDB_QUEUE_H */
