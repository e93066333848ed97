/*
 * version.h
 *		What the commands of a transaction have made of one item.
 *
 * A version for each command that changed the item, linked from the newest to
 * the oldest. Versions of a subtransaction that rolls back are always the newest,
 * so dropping them leaves the item as it was before.
 */
#ifndef DDB_VERSION_H
#define DDB_VERSION_H

#include "postgres.h"

#include "change.h"
#include "difference.h"

/* Made in one piece: pfree() of it frees all. */
typedef struct DdbVersion
{
	struct DdbVersion *older; /* NULL: there is none */
	DdbChangeKind kind;
	CommandId cid;
	SubTransactionId subid;
	bool retriable;    /* as in DdbChange */
	bool members_only; /* likewise */
	size_t size;       /* of the item, as DynamoDB counts; 0: deleted */
	const char *item;  /* NULL: deleted */
	size_t item_len;
	const char *base; /* of the oldest: as it was read; NULL: nobody looked */
	size_t base_len;
	const char **read;
	int nread;
} DdbVersion;

/*
 * A copy of the change in cxt, of the current subtransaction, with nothing
 * older and no size yet. is_first: what was read is kept.
 */
extern DdbVersion *ddb_version_create(MemoryContext cxt, const DdbChange *change,
									  CommandId cid, bool is_first);

/* The newest one made by a command before curcid; NULL: there is none. */
extern const DdbVersion *ddb_version_before(const DdbVersion *newest,
											CommandId curcid);

extern const DdbVersion *ddb_version_oldest(const DdbVersion *newest);

/*
 * Made and deleted again: nothing of it is left to be sent. Except where TRUNCATE
 * has found that DynamoDB has an item of that key.
 */
extern bool ddb_version_is_void(const DdbVersion *newest);

/*
 * What all of them come to. Expected of DynamoDB's item is what the oldest, the
 * first to read or to insert it, says; attributes that decided a version are
 * collected over all of them, in CurrentMemoryContext. The rest is borrowed.
 */
extern void ddb_version_conclude(const DdbVersion *newest,
								 DdbDifference *difference);

#endif /* DDB_VERSION_H */
