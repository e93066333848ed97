/*
 * attributes.h
 *		What attributes the items of a table have, as far as a sample tells.
 */
#ifndef DDB_ATTRIBUTES_H
#define DDB_ATTRIBUTES_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "options.h"
#include "session.h"
#include "tableinfo.h"

typedef struct DdbAttribute
{
	const char *name; /* UTF-8, neither empty nor with a null character */
	DdbKeyRole key;   /* of the table */
	int rank;         /* of keys: those of the table, then those of indexes */
	uint32 types;     /* those that it has: bits 1 << DdbType */
	int64 items;      /* of the sample, that have it */
} DdbAttribute;

/*
 * The attributes of a table that is described by info, in up to so many items:
 * DdbAttribute pointers in CurrentMemoryContext. First the keys of the table,
 * then those of its indexes, seen or not, then the rest: what more items have
 * comes first, and among equals the name decides. Names that no text of
 * PostgreSQL can be are left out.
 */
extern List *ddb_attributes_sample(DdbSession *session, const char *table,
								   const DdbTableInfo *info, int nitems);

#endif /* DDB_ATTRIBUTES_H */
