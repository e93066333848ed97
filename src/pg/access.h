/*
 * access.h
 *		One way to reach the items, and which clauses it answers.
 */
#ifndef DDB_ACCESS_H
#define DDB_ACCESS_H

#include "postgres.h"

#include "nodes/bitmapset.h"

#include "quals.h"
#include "tableinfo.h"

/*
 * The clauses of a relation, split for one way to reach its items. Conditions
 * are DdbCond, clauses RestrictInfo.
 */
typedef struct DdbAccess
{
	const DdbKeySchema *schema;
	DdbReadKind kind;
	List *pairs; /* conditions, as in DdbPlan */
	List *partition;
	List *sort;
	List *filter;
	List *key_clauses;   /* of partition and sort, exact or not */
	List *sent_clauses;  /* of all of these, exact or not */
	List *exact_clauses; /* need not be asked again */
	List *local_clauses; /* PostgreSQL's, the ones sent inexactly included */
} DdbAccess;

/*
 * By key: false if the clauses do not say what the key schema needs, or the
 * index may lack items that the clauses allow, or attributes of columns.
 * columns: attnos that are needed, and 0 for all that an item has.
 */
extern bool ddb_access_by_key(const DdbQuals *quals, const DdbTableInfo *info,
							  const DdbKeySchema *schema, List *clauses,
							  Bitmapset *columns, DdbAccess *access);

/* By reading all of it. */
extern void ddb_access_by_scan(const DdbQuals *quals, const DdbKeySchema *schema,
							   List *clauses, DdbAccess *access);

/* Without asking DynamoDB for anything but all items. */
extern void ddb_access_without_pushdown(const DdbKeySchema *schema,
										List *clauses, DdbAccess *access);

/*
 * Is the condition about this key, so that DynamoDB can use it as a key
 * condition? attribute NULL: there is no such key.
 */
extern bool ddb_access_is_key(const DdbRelation *relation, const DdbCond *cond,
							  const char *attribute, DdbType type);

/* Does the access read one partition, in the order of its sort key? */
extern bool ddb_access_is_ordered(const DdbAccess *access);

/*
 * About how many Queries there are, or how many keys to get; for costs.
 */
extern double ddb_access_count_reads(PlannerInfo *root, const DdbAccess *access);

#endif /* DDB_ACCESS_H */
