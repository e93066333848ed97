/*
 * description.h
 *		The keys and indexes of the table that a foreign table stands for.
 */
#ifndef DDB_DESCRIPTION_H
#define DDB_DESCRIPTION_H

#include "postgres.h"

#include "relation.h"
#include "session.h"
#include "tableinfo.h"

/*
 * As ddb_describe_table(); where the user may not describe the table, what the
 * columns' option "key" says: one schema, that of relation->index if there is
 * one. Good until CurrentMemoryContext is reset. Error 42501 if they do not say
 * it.
 */
extern const DdbTableInfo *ddb_description_load(DdbSession *session,
												const DdbRelation *relation);

#endif /* DDB_DESCRIPTION_H */
