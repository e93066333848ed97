/*
 * filter.c
 *		Conditions and the values of this execution -> a FilterExpression.
 *
 * A comparison of DynamoDB's is false where the attribute is absent or of
 * another type, as SQL's is not true then; but "<>" and NOT are true there,
 * and need a test of the type beside them.
 */
#include "postgres.h"

#include "filter.h"

/* What became of a condition. */
typedef enum Outcome
{
	ALWAYS, /* nothing was written */
	NEVER,
	WRITTEN,
	WRITTEN_OR /* and its outermost operator is OR */
} Outcome;

typedef struct Writer
{
	DdbExpression *expression;
	ExprContext *econtext;
	bool complete;
} Writer;

static const DdbOperand null_type = {DDB_TYPE_S, "NULL", 4};

static Outcome
write_in(DdbExpression *expression, const DdbExpressionPath *path,
		 const DdbDemand *demand)
{
	for (int i = 0; i < demand->noperands && ddb_expression_fits(expression); i++)
	{
		if (i > 0 && i % DDB_EXPRESSION_MAX_IN == 0)
			ddb_expression_add(expression, 1, ") OR ", NULL, NULL);
		if (i % DDB_EXPRESSION_MAX_IN == 0)
			ddb_expression_add(expression, 1, "# IN (", path, NULL);
		else
			ddb_expression_add(expression, 0, ", ", NULL, NULL);
		ddb_expression_add(expression, 0, ":", NULL, &demand->operands[i]);
	}
	ddb_expression_add(expression, 0, ")", NULL, NULL);
	return demand->noperands > DDB_EXPRESSION_MAX_IN ? WRITTEN_OR : WRITTEN;
}

static void
write_not_in(DdbExpression *expression, const DdbCondition *condition,
			 const DdbDemand *demand)
{
	const char *name = ddb_value_type_name(condition->column->ddb_type);
	DdbOperand type = {DDB_TYPE_S, name, strlen(name)};

	ddb_expression_add(expression, 1, "attribute_type(#, :)", condition->path, &type);
	if (demand->noperands == 0)
		return;
	if (demand->noperands == 1)
	{
		ddb_expression_add(expression,
						   2,
						   " AND # <> :",
						   condition->path,
						   demand->operands);
		return;
	}
	ddb_expression_add(expression, 2, " AND NOT (", NULL, NULL);
	write_in(expression, condition->path, demand);
	ddb_expression_add(expression, 0, ")", NULL, NULL);
}

static void
write_range(DdbExpression *expression, const DdbExpressionPath *path,
			const DdbDemand *demand)
{
	const DdbLimit *lower = &demand->lower;
	const DdbLimit *upper = &demand->upper;

	if (lower->given && upper->given)
	{
		DdbOperand both[2] = {lower->operand, upper->operand};

		Assert(!lower->strict && !upper->strict);
		ddb_expression_add(expression, 1, "# BETWEEN : AND :", path, both);
	}
	else if (lower->given)
		ddb_expression_add(expression,
						   1,
						   lower->strict ? "# > :" : "# >= :",
						   path,
						   &lower->operand);
	else
		ddb_expression_add(expression,
						   1,
						   upper->strict ? "# < :" : "# <= :",
						   path,
						   &upper->operand);
}

static Outcome
write_leaf(Writer *writer, const DdbCondition *condition)
{
	DdbExpression *expression = writer->expression;
	const DdbExpressionPath *path = condition->path;
	DdbDemand demand;

	ddb_condition_demand(condition, writer->econtext, &demand);
	if (condition->cond->exact && !demand.exact)
		writer->complete = false;
	switch (demand.kind)
	{
		case DDB_DEMAND_ANYTHING:
			return ALWAYS;
		case DDB_DEMAND_NOTHING:
			return NEVER;
		case DDB_DEMAND_LIST:
			if (demand.noperands > 1)
				return write_in(expression, path, &demand);
			ddb_expression_add(expression, 1, "# = :", path, demand.operands);
			return WRITTEN;
		case DDB_DEMAND_NOT_LIST:
			write_not_in(expression, condition, &demand);
			return WRITTEN;
		case DDB_DEMAND_RANGE:
			write_range(expression, path, &demand);
			return WRITTEN;
		case DDB_DEMAND_PREFIX:
			ddb_expression_add(expression,
							   1,
							   "begins_with(#, :)",
							   path,
							   demand.operands);
			return WRITTEN;
		case DDB_DEMAND_PRESENT:
			ddb_expression_add(expression,
							   4,
							   "attribute_exists(#) AND "
							   "NOT attribute_type(#, :)",
							   path,
							   &null_type);
			return WRITTEN;
		case DDB_DEMAND_MISSING:
			ddb_expression_add(expression,
							   3,
							   "attribute_not_exists(#) OR "
							   "attribute_type(#, :)",
							   path,
							   &null_type);
			return WRITTEN_OR;
	}
	pg_unreachable();
}

static Outcome write_condition(Writer *writer, const DdbCondition *condition);

/* One more of those joined by AND. */
static Outcome
write_conjunct(Writer *writer, const DdbCondition *condition, bool is_first)
{
	DdbExpression *expression = writer->expression;
	DdbExpressionMark before = ddb_expression_mark(expression);
	DdbExpressionMark start;
	Outcome outcome;

	if (!is_first)
		ddb_expression_add(expression, 1, " AND ", NULL, NULL);
	start = ddb_expression_mark(expression);
	outcome = write_condition(writer, condition);
	if (outcome == ALWAYS || outcome == NEVER)
		ddb_expression_rewind(expression, &before);
	/* DynamoDB refuses "((a))", so only where they are needed. */
	if (outcome == WRITTEN_OR)
		ddb_expression_wrap(expression, &start);
	return outcome;
}

static Outcome
write_and(Writer *writer, const DdbCondition *condition)
{
	Outcome result = ALWAYS;

	for (int i = 0; i < condition->nargs; i++)
	{
		Outcome outcome =
			write_conjunct(writer, &condition->args[i], result == ALWAYS);

		if (outcome == NEVER)
			return NEVER;
		if (outcome != ALWAYS)
			result = WRITTEN;
	}
	return result;
}

static Outcome
write_or(Writer *writer, const DdbCondition *condition)
{
	DdbExpression *expression = writer->expression;
	Outcome result = NEVER;

	for (int i = 0; i < condition->nargs; i++)
	{
		DdbExpressionMark before = ddb_expression_mark(expression);
		Outcome outcome;

		if (result != NEVER)
			ddb_expression_add(expression, 1, " OR ", NULL, NULL);
		outcome = write_condition(writer, &condition->args[i]);
		if (outcome == ALWAYS)
			return ALWAYS;
		if (outcome == NEVER)
			ddb_expression_rewind(expression, &before);
		else
			result = result == NEVER ? outcome : WRITTEN_OR;
	}
	return result;
}

/* What is written is to be taken back by the caller where it does not count. */
static Outcome
write_condition(Writer *writer, const DdbCondition *condition)
{
	switch (condition->cond->kind)
	{
		case DDB_COND_AND:
			return write_and(writer, condition);
		case DDB_COND_OR:
			return write_or(writer, condition);
		default:
			return write_leaf(writer, condition);
	}
}

bool
ddb_filter_write(DdbExpression *expression, const DdbCondition *conditions,
				 int n, ExprContext *econtext, bool *complete)
{
	Writer writer = {expression, econtext, *complete};

	for (int i = 0; i < n; i++)
	{
		DdbExpressionMark before = ddb_expression_mark(expression);
		Outcome outcome =
			write_conjunct(&writer, &conditions[i], expression->text.len == 0);

		if (outcome == NEVER)
			return false;
		if (ddb_expression_fits(expression))
			continue;
		ddb_expression_rewind(expression, &before);
		if (conditions[i].cond->exact)
			writer.complete = false;
	}
	*complete = writer.complete;
	return true;
}
