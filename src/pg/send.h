/*
 * send.h
 *		A write on its way, and what is to be said of it.
 */
#ifndef DDB_SEND_H
#define DDB_SEND_H

#include "postgres.h"

#include "client.h"
#include "itemkey.h"

/* All is borrowed. */
typedef struct DdbSend
{
	DdbWrite write;       /* with its key, a PUT too */
	const char *identity; /* the item's key as bytes that are the same for the
								 * same item (itemkey.h) */
	size_t identity_len;
	bool retriable;    /* a refused INSERT is 40001, not 23505 */
	bool members_only; /* as in DdbChange */
} DdbSend;

/* A copy in cxt, but for the names of the table and its key. */
extern DdbSend ddb_send_copy(MemoryContext cxt, const DdbSend *send);

/* Do both write the same item of one table? */
extern bool ddb_send_same(const DdbSend *a, const DdbSend *b);

/*
 * A top-level attribute of the item that a PUT writes, if it is a string: what is
 * between its quotes. False: it is none, or the write is none.
 */
extern bool ddb_send_string(const DdbSend *send, const char *name,
							DdbKeyText *string);

#endif /* DDB_SEND_H */
