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

typedef enum DdbAskKind
{
	DDB_ASK_ANYTHING, /* every item is accepted */
	DDB_ASK_NOTHING,  /* none is */
	DDB_ASK_LIST,     /* one of the operands */
	DDB_ASK_NOT_LIST, /* of the column's type, and none of the operands, of
								 * which there may be none */
	DDB_ASK_RANGE,
	DDB_ASK_PREFIX, /* begins with the one operand, which is not empty */
	DDB_ASK_PRESENT,
	DDB_ASK_MISSING
} DdbAskKind;

/* One end of a range. */
typedef struct DdbLimit
{
	DdbOperand operand;
	bool given;  /* false: the range is open there */
	bool strict; /* the operand itself is not in the range */
} DdbLimit;

/* A condition on one column with its value. */
typedef struct DdbAsk
{
	DdbAskKind kind;
	bool exact;           /* accepts what the condition does, and no more */
	DdbOperand *operands; /* sorted, each of them once */
	int noperands;
	DdbLimit lower; /* RANGE */
	DdbLimit upper;
} DdbAsk;

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
extern void ddb_condition_ask(const DdbCondition *condition,
							  ExprContext *econtext, DdbAsk *ask);

#endif /* DDB_CONDITION_H */
