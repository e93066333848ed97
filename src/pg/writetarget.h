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

#endif /* DDB_WRITETARGET_H */
