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
set_kind(DdbDemand *demand, DdbDemandKind kind, bool exact)
{
	demand->kind = kind;
	demand->exact = exact;
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
				const double *high, DdbDemand *demand)
{
	bool is_float4 = condition->column->base_type == FLOAT4OID;

	if (low != NULL)
		demand->lower.given =
			ddb_operand_float_bound(*low, is_float4, false, &demand->lower.operand);
	if (high != NULL)
		demand->upper.given =
			ddb_operand_float_bound(*high, is_float4, true, &demand->upper.operand);
	if (demand->lower.given || demand->upper.given)
		set_kind(demand, DDB_DEMAND_RANGE, false);
}

static void
demand_float(const DdbCondition *condition, Datum datum, DdbDemand *demand)
{
	DdbCompare op = condition->cond->op;
	double value = float_value(condition, datum);
	bool has_low = op == DDB_EQ || op == DDB_GT || op == DDB_GE;
	bool has_high = op == DDB_EQ || op == DDB_LT || op == DDB_LE;

	set_kind(demand, DDB_DEMAND_NOT_LIST, false);
	if (op == DDB_EQ && !isfinite(value))
		set_kind(demand, DDB_DEMAND_NOTHING, true);
	else
		set_float_range(condition,
						has_low ? &value : NULL,
						has_high ? &value : NULL,
						demand);
}

static void
set_operand(DdbDemand *demand, DdbDemandKind kind, const DdbOperand *operand)
{
	set_kind(demand, kind, true);
	demand->operands = palloc(sizeof(DdbOperand));
	demand->operands[0] = *operand;
	demand->noperands = 1;
}

static void
demand_order(DdbCompare op, const DdbOperand *operand, DdbDemand *demand)
{
	DdbLimit *limit =
		op == DDB_GT || op == DDB_GE ? &demand->lower : &demand->upper;

	set_kind(demand, DDB_DEMAND_RANGE, true);
	limit->operand = *operand;
	limit->given = true;
	limit->strict = op == DDB_LT || op == DDB_GT;
}

static void
demand_compare(const DdbCondition *condition, Datum value, DdbDemand *demand)
{
	DdbCompare op = condition->cond->op;
	DdbOperand operand;

	if (condition->column->match == DDB_MATCH_FLOAT)
		demand_float(condition, value, demand);
	else if (!ddb_operand_make(condition->maker, value, &operand))
	{
		/* Nothing is equal to it, and what has an order with it is unknown. */
		if (op == DDB_EQ)
			set_kind(demand, DDB_DEMAND_NOTHING, true);
		else
			set_kind(demand, DDB_DEMAND_NOT_LIST, op == DDB_NE);
	}
	else if (op == DDB_EQ)
		set_operand(demand, DDB_DEMAND_LIST, &operand);
	else if (op == DDB_NE)
		set_operand(demand, DDB_DEMAND_NOT_LIST, &operand);
	else if (operand.type == DDB_TYPE_BOOL)
		set_kind(demand, DDB_DEMAND_NOT_LIST, false);
	else
		demand_order(op, &operand, demand);
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
demand_any_float(const DdbCondition *condition, const Datum *elements, int n,
				 DdbDemand *demand)
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
	set_kind(demand, DDB_DEMAND_NOT_LIST, false);
	if (nfinite == 0)
		set_kind(demand, DDB_DEMAND_NOTHING, true);
	else
		set_float_range(condition, &low, &high, demand);
}

static void
set_operands(const DdbCondition *condition, const Datum *elements, int n,
			 DdbDemand *demand)
{
	demand->operands = palloc(sizeof(DdbOperand) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		if (ddb_operand_make(condition->maker,
							 elements[i],
							 &demand->operands[demand->noperands]))
			demand->noperands++;
	}
	demand->noperands = ddb_operand_unique(demand->operands, demand->noperands);
}

static void
demand_any(const DdbCondition *condition, Datum value, DdbDemand *demand)
{
	int n;
	bool has_null;
	Datum *elements = elements_of(condition, value, &n, &has_null);

	if (condition->column->match == DDB_MATCH_FLOAT)
	{
		demand_any_float(condition, elements, n, demand);
		return;
	}
	set_operands(condition, elements, n, demand);
	set_kind(demand,
			 demand->noperands > 0 ? DDB_DEMAND_LIST : DDB_DEMAND_NOTHING,
			 true);
}

static void
demand_none_of(const DdbCondition *condition, Datum value, DdbDemand *demand)
{
	int n;
	bool has_null;
	Datum *elements = elements_of(condition, value, &n, &has_null);

	if (has_null)
		set_kind(demand, DDB_DEMAND_NOTHING, true);
	else if (n == 0)
		set_kind(demand, DDB_DEMAND_ANYTHING, true); /* also where it is NULL */
	else if (condition->column->match == DDB_MATCH_FLOAT)
		set_kind(demand, DDB_DEMAND_NOT_LIST, false);
	else
	{
		set_operands(condition, elements, n, demand);
		set_kind(demand, DDB_DEMAND_NOT_LIST, true);
	}
}

static void
demand_prefix(const DdbCondition *condition, text *prefix, bool exact,
			  DdbDemand *demand)
{
	DdbOperand operand;

	if (VARSIZE_ANY_EXHDR(prefix) == 0)
		set_kind(demand, DDB_DEMAND_NOT_LIST, exact);
	else if (!ddb_operand_make(condition->maker, PointerGetDatum(prefix), &operand))
		set_kind(demand, DDB_DEMAND_NOTHING, true);
	else
	{
		set_operand(demand, DDB_DEMAND_PREFIX, &operand);
		demand->exact = exact;
	}
}

/* LIKE with the default escape character, a backslash */
static void
demand_like(const DdbCondition *condition, Datum value, DdbDemand *demand)
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
			set_kind(demand, DDB_DEMAND_ANYTHING, false);
			return;
		}
		literal[literal_len++] = pattern[i];
	}
	packed = cstring_to_text_with_len(literal, literal_len);
	if (i == len)
	{
		DdbOperand operand;

		if (ddb_operand_make(condition->maker, PointerGetDatum(packed), &operand))
			set_operand(demand, DDB_DEMAND_LIST, &operand);
		else
			set_kind(demand, DDB_DEMAND_NOTHING, true);
		return;
	}
	is_prefix = strspn(pnstrdup(pattern + i, len - i), "%") == (size_t) (len - i);
	demand_prefix(condition, packed, is_prefix, demand);
}

/* value is not NULL. */
static void
demand_with(const DdbCondition *condition, Datum value, DdbDemand *demand)
{
	switch (condition->cond->kind)
	{
		case DDB_COND_COMPARE:
			demand_compare(condition, value, demand);
			return;
		case DDB_COND_ANY:
			demand_any(condition, value, demand);
			return;
		case DDB_COND_NONE_OF:
			demand_none_of(condition, value, demand);
			return;
		case DDB_COND_LIKE:
			demand_like(condition, value, demand);
			return;
		case DDB_COND_STARTS:
			demand_prefix(condition, DatumGetTextPP(value), true, demand);
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("unexpected condition with a value: %d",
							(int) condition->cond->kind)));
	}
}

void
ddb_condition_demand(const DdbCondition *condition, ExprContext *econtext,
					 DdbDemand *demand)
{
	Datum value;
	bool isnull;

	memset(demand, 0, sizeof(DdbDemand));
	if (condition->value == NULL)
	{
		set_kind(demand,
				 condition->cond->kind == DDB_COND_IS_NULL ? DDB_DEMAND_MISSING
														   : DDB_DEMAND_PRESENT,
				 true);
		return;
	}
	value = ExecEvalExprSwitchContext(condition->value, econtext, &isnull);
	if (isnull)
		set_kind(demand, DDB_DEMAND_NOTHING, true);
	else
		demand_with(condition, value, demand);
}
