/*
 * sendtext.h
 *		Writes as text, to be kept for later, and back.
 *
 * The text is JSON in UTF-8: a list with an object for each write, items and
 * values as DynamoDB has them.
 */
#ifndef DDB_SENDTEXT_H
#define DDB_SENDTEXT_H

#include "postgres.h"

#include "send.h"

/* It lives as long as CurrentMemoryContext. */
extern const char *ddb_sendtext_write(const DdbSend *sends, int nsends,
									  size_t *len);

/*
 * Fill sends, which has room for DDB_TRANSACT_MAX_ACTIONS, and return how many
 * there are, one at least. What they point at is the text, or lives as long as
 * CurrentMemoryContext. Error XX001 where it is no such text.
 */
extern int ddb_sendtext_read(const char *text, size_t len, DdbSend *sends);

#endif /* DDB_SENDTEXT_H */
