/*
 * condition.c
 *		A condition and the value of this execution -> what is to be asked.
 *
 * SQL's NULL decides here: a comparison with it is never true. How it all is
 * said to DynamoDB is left to filter.c and keyset.c.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "condition.h"

static void
prepare_value(DdbCondition *condition, PlanState *parent)
{
	const DdbCond *cond = condition->cond;
	Oid type = exprType((Node *) cond->value);

	condition->value = ExecInitExpr(cond->value, parent);
	if (cond->kind == DDB_COND_ANY || cond->kind == DDB_COND_NONE_OF)
		type = get_base_element_type(type);
	condition->source = getBaseType(type);
	if (condition->column->match != DDB_MATCH_FLOAT)
		condition->maker =
			ddb_operand_maker(condition->column->ddb_type, condition->source);
}

DdbCondition *
ddb_condition_prepare(const List *conds, const DdbRelation *relation,
					  DdbNames *names, PlanState *parent)
{
	DdbCondition *conditions =
		palloc0(sizeof(DdbCondition) * (list_length(conds) + 1));
	DdbCondition *condition = conditions;
	ListCell *lc;

	foreach(lc, conds)
	{
		const DdbCond *cond = lfirst(lc);

		condition->cond = cond;
		if (cond->kind == DDB_COND_AND || cond->kind == DDB_COND_OR)
		{
			condition->args =
				ddb_condition_prepare(cond->args, relation, names, parent);
			condition->nargs = list_length(cond->args);
		}
		else
			condition->column = ddb_relation_column(relation, cond->attno);
		if (condition->column != NULL && names != NULL)
			condition->path = ddb_expression_path(names, condition->column);
		if (cond->value != NULL)
			prepare_value(condition, parent);
		condition++;
	}
	return conditions;
}

static void
set_kind(DdbAsk *ask, DdbAskKind kind, bool exact)
{
	ask->kind = kind;
	ask->exact = exact;
}

static double
float_value(const DdbCondition *condition, Datum value)
{
	return condition->source == FLOAT4OID ? DatumGetFloat4(value)
										  : DatumGetFloat8(value);
}

/*
 * From low to high. An N becomes the float next to it, so that the N's of one
 * float lie on both sides of it; the neighbours of both ends are the bounds.
 */
static void
set_float_range(const DdbCondition *condition, const double *low,
				const double *high, DdbAsk *ask)
{
	bool is_float4 = condition->column->base_type == FLOAT4OID;

	if (low != NULL)
		ask->lower.given =
			ddb_operand_float_bound(*low, is_float4, false, &ask->lower.operand);
	if (high != NULL)
		ask->upper.given =
			ddb_operand_float_bound(*high, is_float4, true, &ask->upper.operand);
	if (ask->lower.given || ask->upper.given)
		set_kind(ask, DDB_ASK_RANGE, false);
}

static void
ask_float(const DdbCondition *condition, Datum datum, DdbAsk *ask)
{
	DdbCompare op = condition->cond->op;
	double value = float_value(condition, datum);
	bool has_low = op == DDB_EQ || op == DDB_GT || op == DDB_GE;
	bool has_high = op == DDB_EQ || op == DDB_LT || op == DDB_LE;

	set_kind(ask, DDB_ASK_NOT_LIST, false);
	if (op == DDB_EQ && !isfinite(value))
		set_kind(ask, DDB_ASK_NOTHING, true);
	else
		set_float_range(condition,
						has_low ? &value : NULL,
						has_high ? &value : NULL,
						ask);
}

static void
set_operand(DdbAsk *ask, DdbAskKind kind, const DdbOperand *operand)
{
	set_kind(ask, kind, true);
	ask->operands = palloc(sizeof(DdbOperand));
	ask->operands[0] = *operand;
	ask->noperands = 1;
}

static void
ask_order(DdbCompare op, const DdbOperand *operand, DdbAsk *ask)
{
	DdbLimit *limit = op == DDB_GT || op == DDB_GE ? &ask->lower : &ask->upper;

	set_kind(ask, DDB_ASK_RANGE, true);
	limit->operand = *operand;
	limit->given = true;
	limit->strict = op == DDB_LT || op == DDB_GT;
}

static void
ask_compare(const DdbCondition *condition, Datum value, DdbAsk *ask)
{
	DdbCompare op = condition->cond->op;
	DdbOperand operand;

	if (condition->column->match == DDB_MATCH_FLOAT)
		ask_float(condition, value, ask);
	else if (!ddb_operand_make(condition->maker, value, &operand))
	{
		/* Nothing is equal to it, and what has an order with it is unknown. */
		if (op == DDB_EQ)
			set_kind(ask, DDB_ASK_NOTHING, true);
		else
			set_kind(ask, DDB_ASK_NOT_LIST, op == DDB_NE);
	}
	else if (op == DDB_EQ)
		set_operand(ask, DDB_ASK_LIST, &operand);
	else if (op == DDB_NE)
		set_operand(ask, DDB_ASK_NOT_LIST, &operand);
	else if (operand.type == DDB_TYPE_BOOL)
		set_kind(ask, DDB_ASK_NOT_LIST, false);
	else
		ask_order(op, &operand, ask);
}

/* The elements of an array that are not NULL. */
static Datum *
elements_of(const DdbCondition *condition, Datum value, int *n, bool *has_null)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	Datum *elements;
	bool *nulls;
	int nelements;
	int16 len;
	bool by_value;
	char align;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &len, &by_value, &align);
	deconstruct_array(array,
					  ARR_ELEMTYPE(array),
					  len,
					  by_value,
					  align,
					  &elements,
					  &nulls,
					  &nelements);
	*n = 0;
	for (int i = 0; i < nelements; i++)
	{
		if (!nulls[i])
			elements[(*n)++] = elements[i];
	}
	*has_null = *n < nelements;
	return elements;
}

/* The column is one of them: a range around them all. */
static void
ask_any_float(const DdbCondition *condition, const Datum *elements, int n,
			  DdbAsk *ask)
{
	double low = 0;
	double high = 0;
	int nfinite = 0;

	for (int i = 0; i < n; i++)
	{
		double value = float_value(condition, elements[i]);

		if (!isfinite(value))
			continue;
		low = nfinite == 0 ? value : Min(low, value);
		high = nfinite == 0 ? value : Max(high, value);
		nfinite++;
	}
	set_kind(ask, DDB_ASK_NOT_LIST, false);
	if (nfinite == 0)
		set_kind(ask, DDB_ASK_NOTHING, true);
	else
		set_float_range(condition, &low, &high, ask);
}

static void
set_operands(const DdbCondition *condition, const Datum *elements, int n,
			 DdbAsk *ask)
{
	ask->operands = palloc(sizeof(DdbOperand) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		if (ddb_operand_make(condition->maker,
							 elements[i],
							 &ask->operands[ask->noperands]))
			ask->noperands++;
	}
	ask->noperands = ddb_operand_unique(ask->operands, ask->noperands);
}

static void
ask_any(const DdbCondition *condition, Datum value, DdbAsk *ask)
{
	int n;
	bool has_null;
	Datum *elements = elements_of(condition, value, &n, &has_null);

	if (condition->column->match == DDB_MATCH_FLOAT)
	{
		ask_any_float(condition, elements, n, ask);
		return;
	}
	set_operands(condition, elements, n, ask);
	set_kind(ask, ask->noperands > 0 ? DDB_ASK_LIST : DDB_ASK_NOTHING, true);
}

static void
ask_none_of(const DdbCondition *condition, Datum value, DdbAsk *ask)
{
	int n;
	bool has_null;
	Datum *elements = elements_of(condition, value, &n, &has_null);

	if (has_null)
		set_kind(ask, DDB_ASK_NOTHING, true);
	else if (n == 0)
		set_kind(ask, DDB_ASK_ANYTHING, true); /* also where it is NULL */
	else if (condition->column->match == DDB_MATCH_FLOAT)
		set_kind(ask, DDB_ASK_NOT_LIST, false);
	else
	{
		set_operands(condition, elements, n, ask);
		set_kind(ask, DDB_ASK_NOT_LIST, true);
	}
}

static void
ask_prefix(const DdbCondition *condition, text *prefix, bool exact, DdbAsk *ask)
{
	DdbOperand operand;

	if (VARSIZE_ANY_EXHDR(prefix) == 0)
		set_kind(ask, DDB_ASK_NOT_LIST, exact);
	else if (!ddb_operand_make(condition->maker, PointerGetDatum(prefix), &operand))
		set_kind(ask, DDB_ASK_NOTHING, true);
	else
	{
		set_operand(ask, DDB_ASK_PREFIX, &operand);
		ask->exact = exact;
	}
}

/* LIKE with the default escape character, a backslash */
static void
ask_like(const DdbCondition *condition, Datum value, DdbAsk *ask)
{
	text *packed = DatumGetTextPP(value);
	const char *pattern = VARDATA_ANY(packed);
	int len = VARSIZE_ANY_EXHDR(packed);
	char *literal = palloc(len + 1);
	int literal_len = 0;
	int i;
	bool is_prefix;

	for (i = 0; i < len && pattern[i] != '%' && pattern[i] != '_'; i++)
	{
		/* One at the end is an error, if a row comes that far. */
		if (pattern[i] == '\\' && ++i == len)
		{
			set_kind(ask, DDB_ASK_ANYTHING, false);
			return;
		}
		literal[literal_len++] = pattern[i];
	}
	packed = cstring_to_text_with_len(literal, literal_len);
	if (i == len)
	{
		DdbOperand operand;

		if (ddb_operand_make(condition->maker, PointerGetDatum(packed), &operand))
			set_operand(ask, DDB_ASK_LIST, &operand);
		else
			set_kind(ask, DDB_ASK_NOTHING, true);
		return;
	}
	is_prefix = strspn(pnstrdup(pattern + i, len - i), "%") == (size_t) (len - i);
	ask_prefix(condition, packed, is_prefix, ask);
}

/* value is not NULL. */
static void
ask_with(const DdbCondition *condition, Datum value, DdbAsk *ask)
{
	switch (condition->cond->kind)
	{
		case DDB_COND_COMPARE:
			ask_compare(condition, value, ask);
			return;
		case DDB_COND_ANY:
			ask_any(condition, value, ask);
			return;
		case DDB_COND_NONE_OF:
			ask_none_of(condition, value, ask);
			return;
		case DDB_COND_LIKE:
			ask_like(condition, value, ask);
			return;
		case DDB_COND_STARTS:
			ask_prefix(condition, DatumGetTextPP(value), true, ask);
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("unexpected condition with a value: %d",
							(int) condition->cond->kind)));
	}
}

void
ddb_condition_ask(const DdbCondition *condition, ExprContext *econtext,
				  DdbAsk *ask)
{
	Datum value;
	bool isnull;

	memset(ask, 0, sizeof(DdbAsk));
	if (condition->value == NULL)
	{
		set_kind(ask,
				 condition->cond->kind == DDB_COND_IS_NULL ? DDB_ASK_MISSING
														   : DDB_ASK_PRESENT,
				 true);
		return;
	}
	value = ExecEvalExprSwitchContext(condition->value, econtext, &isnull);
	if (isnull)
		set_kind(ask, DDB_ASK_NOTHING, true);
	else
		ask_with(condition, value, ask);
}
