/*
 * delivery.h
 *		One entry of the outbox on its way to DynamoDB.
 *
 * First those who send messages are looked up as members, then the entry is
 * written. It may have been written before, by a delivery whose answer was lost or
 * not saved. Where a write is put or deleted without a condition, another one
 * does no harm. An INSERT that is refused is read back: an item that is the same
 * is ours: but only as long as nothing that comes after it was delivered, or it
 * would undo that. All else goes as TransactWriteItems with the entry's token, so that
 * DynamoDB knows it again for ten minutes; later an UPDATE that is refused,
 * though the item is as it leaves it, cannot be told from another's.
 *
 * A message whose time another one of its group has takes the next microsecond.
 */
#ifndef DDB_DELIVERY_H
#define DDB_DELIVERY_H

#include "postgres.h"

#include "utils/uuid.h"

#include "send.h"
#include "session.h"

typedef struct DdbDelivery DdbDelivery;

typedef enum DdbDeliveryState
{
	DDB_DELIVERY_UNDER_WAY,
	DDB_DELIVERY_DONE,
	DDB_DELIVERY_REFUSED, /* and will always be */
	DDB_DELIVERY_DELAYED, /* it may be done later */
	DDB_DELIVERY_CUT_OFF  /* the same, as for all of this server and user */
} DdbDeliveryState;

/*
 * Nothing is asked yet. All but cxt is borrowed; it ends with cxt. by_token: a
 * single write that could do without goes with the token, too; that costs twice
 * the write units.
 */
extern DdbDelivery *ddb_delivery_create(MemoryContext cxt, DdbSession *session,
										const DdbSend *sends, int nsends,
										const pg_uuid_t *token, bool by_token);

/*
 * Go on as far as that goes without waiting, in or outside of a transaction. The
 * caller pumps before and after.
 */
extern DdbDeliveryState ddb_delivery_advance(DdbDelivery *delivery);

/* Would ddb_delivery_advance() go on? */
extern bool ddb_delivery_ready(const DdbDelivery *delivery);

/* In a transaction: raise the error of one that is over and was not done. */
extern void ddb_delivery_raise(const DdbDelivery *delivery)
	__attribute__((noreturn));

#endif /* DDB_DELIVERY_H */
