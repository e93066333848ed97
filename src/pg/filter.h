/*
 * filter.h
 *		Conditions and the values of this execution -> a FilterExpression.
 */
#ifndef DDB_FILTER_H
#define DDB_FILTER_H

#include "postgres.h"

#include "condition.h"
#include "expression.h"

/*
 * Write all of the conditions as one filter; the expression is empty where
 * every item is accepted. False: none is. A condition that would pass
 * DynamoDB's limits is left out. *complete is set to false where an exact
 * condition is not asked as it is, and is left alone elsewhere.
 */
extern bool ddb_filter_write(DdbExpression *expression,
							 const DdbCondition *conditions, int n,
							 ExprContext *econtext, bool *complete);

#endif /* DDB_FILTER_H */
