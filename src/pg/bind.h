/*
 * bind.h
 *		A plan with the values of this execution -> reads.
 *
 * What cannot be said to DynamoDB with the values at hand (a number of 40
 * digits, an expression of more than 4 KB) is left out, so the reads yield a
 * superset; the executor asks again.
 */
#ifndef DDB_BIND_H
#define DDB_BIND_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "client.h"
#include "plan.h"
#include "relation.h"
#include "tableinfo.h"

typedef struct DdbBind DdbBind;

/* The reads of one execution; they live in the context given to ddb_bind_reads. */
typedef struct DdbBound
{
	DdbRead *reads; /* segments and Limit aside, complete */
	int nreads;     /* 0: no item can match */
	bool complete;  /* all that the plan's exact conditions say is in the
								 * reads; false: they must be asked again */
} DdbBound;

/*
 * Prepare for a scan, once: expression states and the text that never changes.
 * Lives in CurrentMemoryContext. Everything is borrowed.
 */
extern DdbBind *ddb_bind_prepare(const DdbPlan *plan, const DdbRelation *relation,
								 const char *const key_names[2],
								 const DdbType key_types[2], PlanState *parent);

/*
 * Evaluate the values and make the reads, in cxt. No two of them yield the
 * same item.
 */
extern void ddb_bind_reads(DdbBind *bind, ExprContext *econtext,
						   MemoryContext cxt, DdbBound *bound);

/* LIMIT plus OFFSET as of now; 0: unknown. */
extern int64 ddb_bind_limit(DdbBind *bind, ExprContext *econtext);

#endif /* DDB_BIND_H */
