/*
 * deposit.h
 *		What a transaction has written goes to PostgreSQL's table cruddur_outbox.
 */
#ifndef DDB_DEPOSIT_H
#define DDB_DEPOSIT_H

#include "postgres.h"

#include "change.h"
#include "send.h"

/*
 * Before COMMIT or PREPARE TRANSACTION: store these writes of one user, as one
 * entry where DynamoDB can take them as one, else each as its own. Entries that
 * write the same item are numbered in the order in which their transactions
 * commit: until this one ends, others that write its items wait in here. table is
 * that of any of them.
 */
extern void ddb_deposit_writes(const DdbWriteTable *table, const DdbSend *sends,
							   int nsends);

#endif /* DDB_DEPOSIT_H */
