/*
 * writeset.h
 *		What a statement writes, gathered and sent as one.
 *
 * Every write of the extension passes through here. A set is sent within the
 * statement: one write as a conditional PutItem, several as one
 * TransactWriteItems, so that either all of them happen or none.
 */
#ifndef DDB_WRITESET_H
#define DDB_WRITESET_H

#include "postgres.h"

#include "session.h"

typedef struct DdbWriteset DdbWriteset;

/* An empty set. table is DynamoDB's name of it, borrowed. */
extern DdbWriteset *ddb_writeset_create(MemoryContext cxt, DdbSession *session,
										const char *table);

/*
 * Begin a new item, which must not exist yet. The attributes that follow are
 * its own, the partition key first. Error 54000 beyond 100 items.
 */
extern void ddb_writeset_put(DdbWriteset *writeset);

/* An attribute of the last item: a string (S), copied. Text is UTF-8. */
extern void ddb_writeset_set(DdbWriteset *writeset, const char *name,
							 const char *text, size_t len);

/*
 * Send and wait. Returns only when all is written; a write of ours that was
 * applied by an attempt whose answer was lost counts as written. Error 40001
 * if an item exists already: nothing was written then.
 */
extern void ddb_writeset_send(DdbWriteset *writeset);

extern int ddb_writeset_count(const DdbWriteset *writeset);

#endif /* DDB_WRITESET_H */
