/*
 * condition.h
 *		A condition and the value of this execution -> what is to be asked.
 *
 * The same for key conditions and filters. What cannot be asked for with the
 * value at hand becomes something that accepts more.
 */
#ifndef DDB_CONDITION_H
#define DDB_CONDITION_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "expression.h"
#include "operand.h"
#include "plan.h"
#include "relation.h"

/* A condition, ready to be evaluated. */
typedef struct DdbCondition
{
	const DdbCond *cond;
	const DdbColumn *column; /* NULL for AND and OR, as all below but args */
	const DdbExpressionPath *path; /* NULL where names were not asked for */
	ExprState *value;              /* NULL: there is none */
	DdbOperandMaker *maker;        /* of the value, or of its elements */
	Oid source;                    /* base type of what the maker takes */
	struct DdbCondition *args;     /* AND, OR */
	int nargs;
} DdbCondition;

typedef enum DdbDemandKind
{
	DDB_DEMAND_ANYTHING, /* every item is accepted */
	DDB_DEMAND_NOTHING,  /* none is */
	DDB_DEMAND_LIST,     /* one of the operands */
	DDB_DEMAND_NOT_LIST, /* of the column's type, and none of the operands, of
								 * which there may be none */
	DDB_DEMAND_RANGE,
	DDB_DEMAND_PREFIX, /* begins with the one operand, which is not empty */
	DDB_DEMAND_PRESENT,
	DDB_DEMAND_MISSING
} DdbDemandKind;

/* One end of a range. */
typedef struct DdbLimit
{
	DdbOperand operand;
	bool given;  /* false: the range is open there */
	bool strict; /* the operand itself is not in the range */
} DdbLimit;

/* A condition on one column with its value. */
typedef struct DdbDemand
{
	DdbDemandKind kind;
	bool exact;           /* accepts what the condition does, and no more */
	DdbOperand *operands; /* sorted, each of them once */
	int noperands;
	DdbLimit lower; /* RANGE */
	DdbLimit upper;
} DdbDemand;

/*
 * Prepare a list of DdbCond as an array; lives in CurrentMemoryContext. names:
 * gets what expressions need for them; NULL: they are not for expressions.
 */
extern DdbCondition *ddb_condition_prepare(const List *conds,
										   const DdbRelation *relation,
										   DdbNames *names, PlanState *parent);

/*
 * Evaluate one that is neither AND nor OR. Allocates in CurrentMemoryContext;
 * the value itself goes to the memory of econtext.
 */
extern void ddb_condition_demand(const DdbCondition *condition,
								 ExprContext *econtext, DdbDemand *demand);

#endif /* DDB_CONDITION_H */
