/*
 * writetarget.h
 *		A foreign table that is written.
 */
#ifndef DDB_WRITETARGET_H
#define DDB_WRITETARGET_H

#include "postgres.h"

#include "utils/relcache.h"

#include "change.h"
#include "relation.h"
#include "session.h"
#include "tableinfo.h"

typedef struct DdbWriteTarget
{
	DdbSession *session;
	DdbRelation *relation;
	const DdbKeySchema *keys; /* the table's */
	DdbWriteTable table;
} DdbWriteTarget;

/* May its rows be inserted, updated and deleted? */
extern bool ddb_write_target_updatable(Relation relation);

/*
 * An open foreign table, to be written as this user; lives in
 * CurrentMemoryContext. Errors: those of ddb_relation_load() and
 * ddb_description_load().
 */
extern DdbWriteTarget *ddb_write_target_open(Relation relation, Oid user);

/*
 * Does a statement with this range table read it, too? own: the entry of the
 * relation that is written; 0: it has none.
 */
extern bool ddb_write_target_is_read(const DdbWriteTarget *target, List *rtable,
									 Index own);

#endif /* DDB_WRITETARGET_H */
