/*
 * send.h
 *		A write on its way, and what is to be said of it.
 */
#ifndef DDB_SEND_H
#define DDB_SEND_H

#include "postgres.h"

#include "client.h"

/* All is borrowed. */
typedef struct DdbSend
{
	DdbWrite write;       /* with its key, a PUT too */
	const char *identity; /* the item's key as bytes that are the same for the
								 * same item (itemkey.h) */
	size_t identity_len;
	bool retriable; /* a refused INSERT is 40001, not 23505 */
} DdbSend;

/* A copy in cxt, but for the names of the table and its key. */
extern DdbSend ddb_send_copy(MemoryContext cxt, const DdbSend *send);

/* Do both write the same item of one table? */
extern bool ddb_send_same(const DdbSend *a, const DdbSend *b);

#endif /* DDB_SEND_H */
