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

typedef struct DdbBind DdbBind;

/* The reads of one execution; they live in the context given to ddb_bind_reads. */
typedef struct DdbBound
{
	DdbRead *reads;  /* Limit aside, complete */
	int nreads;      /* 0: no item can match */
	bool complete;   /* all that the plan's exact conditions say is in the
								 * reads; false: they must be asked again */
	bool count_only; /* as the plan has it, if complete: else the reads give
								 * items, to be counted here */
} DdbBound;

/*
 * Prepare for a scan, once: expression states and the text that never changes.
 * merged: what the transaction has written is merged with what is read. So there
 * are items even if the plan counts, and among the attributes are the keys of
 * the access. Lives in CurrentMemoryContext. Everything is borrowed.
 */
extern DdbBind *ddb_bind_prepare(const DdbPlan *plan, const DdbRelation *relation,
								 bool merged, PlanState *parent);

/*
 * The top-level attributes that a page is wanted for, each of them once, in the
 * order of the plan's columns. *whole_item: the items' own text, too.
 */
extern const char *const *ddb_bind_attributes(const DdbBind *bind,
											  int *nattributes, bool *whole_item);

/*
 * Evaluate the values and make the reads, in cxt. No two of them yield the
 * same item. The reads of one partition come in the plan's order.
 */
extern void ddb_bind_reads(DdbBind *bind, ExprContext *econtext,
						   MemoryContext cxt, DdbBound *bound);

/* LIMIT plus OFFSET as of now; 0: unknown. */
extern int64 ddb_bind_limit(DdbBind *bind, ExprContext *econtext);

#endif /* DDB_BIND_H */
