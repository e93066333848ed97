/*
 * quals.h
 *		WHERE clauses -> conditions that DynamoDB can be asked.
 */
#ifndef DDB_QUALS_H
#define DDB_QUALS_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "plan.h"
#include "relation.h"

/* Of whose clauses we speak. */
typedef struct DdbQuals
{
	PlannerInfo *root;
	const DdbRelation *relation;
	int relid; /* range table index */
} DdbQuals;

/*
 * The condition that stands for a clause: DynamoDB says true for every item
 * for which SQL does. NULL: there is none, the clause is for PostgreSQL alone.
 * Parts of an AND that cannot be said are left out, and then it is not exact.
 */
extern DdbCond *ddb_quals_condition(const DdbQuals *quals, Expr *clause);

/*
 * The column that an operand of a comparison is, seen through casts that
 * change neither value nor order; NULL: it is none.
 */
extern const DdbColumn *ddb_quals_column(const DdbQuals *quals, Expr *operand);

/*
 * column = ANY of the values of these conditions, COMPARE EQ or ANY of one
 * column; NULL if they are not that.
 */
extern DdbCond *ddb_quals_any(const DdbRelation *relation, List *equalities);

/* Is some column of this top-level attribute in the condition? */
extern bool ddb_quals_mentions(const DdbRelation *relation, const DdbCond *cond,
							   const char *attribute);

#endif /* DDB_QUALS_H */
