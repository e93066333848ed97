/*
 * quals.c
 *		WHERE clauses -> conditions that DynamoDB can be asked.
 *
 * What a clause means is read off the operator's place in the operator family
 * that orders the type, never off its name. A condition may be true of more
 * items than its clause, never of fewer; where both are true of the same items
 * it is called exact, and PostgreSQL need not ask again.
 *
 * DynamoDB compares a missing attribute, and one of another type, as unequal:
 * a comparison is false, "<>" is true. SQL has NULL for both, hence unknown. So
 * "<>" is never exact, and NOT is only taken into a comparison.
 *
 * Not here: values, which are known only in the executor (bind.c).
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "quals.h"

/* pg_operator.dat: text ^@ text; there is no macro for it before 16 */
#define STARTS_WITH_OPERATOR 3877

static DdbCond *
make_cond(DdbCondKind kind, const DdbColumn *column)
{
	DdbCond *cond = palloc0(sizeof(DdbCond));

	cond->kind = kind;
	cond->attno = column == NULL ? 0 : column->attno;
	return cond;
}

/* Without relabeling, and without the exact casts from integer to numeric. */
static Expr *
strip_casts(Expr *expr)
{
	for (;;)
	{
		if (IsA(expr, RelabelType))
			expr = ((RelabelType *) expr)->arg;
		else if (IsA(expr, FuncExpr) &&
				 (((FuncExpr *) expr)->funcid == F_NUMERIC_INT2 ||
				  ((FuncExpr *) expr)->funcid == F_NUMERIC_INT4 ||
				  ((FuncExpr *) expr)->funcid == F_NUMERIC_INT8))
			expr = linitial(((FuncExpr *) expr)->args);
		else
			return expr;
	}
}

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Do values of this type turn into what the column is compared as? */
static bool
is_comparable(const DdbColumn *column, Oid value_type)
{
	Oid column_type = column->base_type;

	value_type = getBaseType(value_type);
	switch (column->ddb_type)
	{
		case DDB_TYPE_N:
			if (column->match == DDB_MATCH_FLOAT)
				return value_type == FLOAT4OID || value_type == FLOAT8OID;
			return is_integer(value_type) || value_type == NUMERICOID;
		case DDB_TYPE_S:
			if (column_type == TEXTOID || column_type == VARCHAROID)
				return value_type == TEXTOID || value_type == VARCHAROID;
			return value_type == column_type;
		default:
			return value_type == column_type;
	}
}

const DdbColumn *
ddb_quals_column(const DdbQuals *quals, Expr *operand)
{
	const DdbColumn *column;
	Var *var = (Var *) strip_casts(operand);

	if (!IsA(var, Var) || var->varno != quals->relid || var->varlevelsup != 0 ||
		var->varattno <= 0)
		return NULL;
	column = ddb_relation_column(quals->relation, var->varattno);
	/* As another type it may have another order; an integer as oid does. */
	return column->attribute == NULL ||
				   !is_comparable(column, exprType((Node *) operand))
			   ? NULL
			   : column;
}

/* Can it be evaluated once, before any row of the relation is read? */
static bool
is_value(const DdbQuals *quals, Expr *expr)
{
	return !bms_is_member(quals->relid, pull_varnos(quals->root, (Node *) expr)) &&
		   !contain_volatile_functions((Node *) expr) &&
		   !contain_subplans((Node *) expr);
}

/*
 * Does every item in which the attribute equals a value of this type have a
 * column that equals it? Not where the value may be one that does not fit the
 * column. (The converse is what lets us send the comparison at all.)
 */
static bool
equality_is_exact(const DdbColumn *column, Oid value_type)
{
	if (column->typmod >= 0 || column->base_type != column->type)
		return false;
	if (is_integer(column->type))
		return is_integer(value_type) &&
			   get_typlen(value_type) <= get_typlen(column->type);
	return column->match != DDB_MATCH_FLOAT;
}

/* What an operator over this type asks; false: not a comparison. */
static bool
read_operator(Oid operator, Oid operand_type, DdbCompare *op)
{
	static const DdbCompare by_strategy[] = {
		[BTLessStrategyNumber] = DDB_LT,
		[BTLessEqualStrategyNumber] = DDB_LE,
		[BTEqualStrategyNumber] = DDB_EQ,
		[BTGreaterEqualStrategyNumber] = DDB_GE,
		[BTGreaterStrategyNumber] = DDB_GT,
	};
	TypeCacheEntry *entry =
		lookup_type_cache(getBaseType(operand_type), TYPECACHE_BTREE_OPFAMILY);
	Oid negator;
	int strategy;

	if (!OidIsValid(entry->btree_opf))
		return false;
	strategy = get_op_opfamily_strategy(operator, entry->btree_opf);
	if (strategy != 0)
	{
		*op = by_strategy[strategy];
		return true;
	}
	negator = get_negator(operator);
	*op = DDB_NE;
	return OidIsValid(negator) &&
		   get_op_opfamily_strategy(negator, entry->btree_opf) ==
			   BTEqualStrategyNumber;
}

/* May this comparison of the column be sent? */
static bool
is_allowed(const DdbColumn *column, Oid collation, DdbCompare op)
{
	switch (ddb_relation_match(column, collation))
	{
		case DDB_MATCH_NONE:
			return false;
		case DDB_MATCH_EQUAL:
		case DDB_MATCH_BOOL:
			return op == DDB_EQ || op == DDB_NE;
		case DDB_MATCH_FLOAT:
			return op != DDB_NE;
		case DDB_MATCH_ORDER:
			return true;
	}
	return false;
}

static DdbCond *
from_comparison(const DdbColumn *column, OpExpr *expr, Expr *operand,
				Oid operator, Expr * value)
{
	Oid value_type = exprType((Node *) value);
	DdbCompare op;
	DdbCond *cond;

	if (!read_operator(operator, exprType((Node *) operand), &op) ||
		!is_allowed(column, expr->inputcollid, op) ||
		!is_comparable(column, value_type))
		return NULL;
	cond = make_cond(DDB_COND_COMPARE, column);
	cond->op = op;
	cond->value = value;
	if (op == DDB_EQ)
		cond->exact = equality_is_exact(column, value_type);
	else
		cond->exact = op != DDB_NE && column->exact;
	return cond;
}

/*
 * What all texts that match a constant pattern of LIKE begin with. *pure: it is
 * all that the pattern asks. NULL where the pattern is not known yet.
 */
static Const *
pattern_prefix(Expr *pattern, bool *pure)
{
	Const *constant = (Const *) pattern;
	const char *p;
	StringInfoData prefix;

	if (!IsA(pattern, Const) || constant->constisnull ||
		constant->consttype != TEXTOID)
		return NULL;
	initStringInfo(&prefix);
	for (p = TextDatumGetCString(constant->constvalue);
		 *p != '\0' && *p != '%' && *p != '_';
		 p++)
	{
		/* At the end a backslash is an error, which LIKE itself shall raise. */
		if (*p == '\\' && *++p == '\0')
			return NULL;
		appendStringInfoChar(&prefix, *p);
	}
	*pure = strcmp(p, "%") == 0;
	return makeConst(TEXTOID,
					 -1,
					 constant->constcollid,
					 -1,
					 CStringGetTextDatum(prefix.data),
					 false,
					 false);
}

/* LIKE with a pattern that is known only in the executor, or broken. */
static DdbCond *
from_like(const DdbColumn *column, Expr *pattern)
{
	bool pure = false;
	Const *prefix = pattern_prefix(pattern, &pure);
	DdbCond *cond;

	if (prefix == NULL)
	{
		cond = make_cond(DDB_COND_LIKE, column);
		cond->value = pattern;
		return cond;
	}
	if (VARSIZE_ANY_EXHDR(prefix->constvalue) == 0)
		return make_cond(DDB_COND_IS_NOT_NULL, column);
	cond = make_cond(DDB_COND_STARTS, column);
	cond->value = (Expr *) prefix;
	cond->exact = pure && column->exact;
	return cond;
}

/* LIKE and ^@ */
static DdbCond *
from_prefix(const DdbColumn *column, OpExpr *expr, Expr *value)
{
	DdbCond *cond;

	if (column->ddb_type != DDB_TYPE_S ||
		ddb_relation_match(column, expr->inputcollid) != DDB_MATCH_ORDER ||
		!is_comparable(column, exprType((Node *) value)))
		return NULL;
	if (expr->opno == OID_TEXT_LIKE_OP)
		return from_like(column, value);
	cond = make_cond(DDB_COND_STARTS, column);
	cond->value = value;
	cond->exact = column->exact;
	return cond;
}

static DdbCond *
from_operator(const DdbQuals *quals, OpExpr *expr)
{
	Oid operator= expr->opno;
	const DdbColumn *column;
	Expr *left;
	Expr *right;

	if (list_length(expr->args) != 2)
		return NULL;
	left = linitial(expr->args);
	right = lsecond(expr->args);
	column = ddb_quals_column(quals, left);
	if (column != NULL && is_value(quals, right))
	{
		if (operator== OID_TEXT_LIKE_OP || operator== STARTS_WITH_OPERATOR)
			return from_prefix(column, expr, right);
		return from_comparison(column, expr, left, operator, right);
	}
	column = ddb_quals_column(quals, right);
	operator= get_commutator(operator);
	if (column != NULL && OidIsValid(operator) && is_value(quals, left))
		return from_comparison(column, expr, right, operator, left);
	return NULL;
}

/* column = ANY(array), column <> ALL(array) */
static DdbCond *
from_array_operator(const DdbQuals *quals, ScalarArrayOpExpr *expr)
{
	Expr *operand = linitial(expr->args);
	Expr *array = lsecond(expr->args);
	const DdbColumn *column = ddb_quals_column(quals, operand);
	Oid member_type = get_base_element_type(exprType((Node *) array));
	DdbCompare op;
	DdbCond *cond;

	if (column == NULL || !OidIsValid(member_type) || !is_value(quals, array) ||
		!read_operator(expr->opno, exprType((Node *) operand), &op) ||
		!is_allowed(column, expr->inputcollid, op) ||
		!is_comparable(column, member_type))
		return NULL;
	if (op == DDB_EQ && expr->useOr)
		cond = make_cond(DDB_COND_ANY, column);
	else if (op == DDB_NE && !expr->useOr)
		cond = make_cond(DDB_COND_NONE_OF, column);
	else
		return NULL;
	cond->value = array;
	cond->exact =
		cond->kind == DDB_COND_ANY && equality_is_exact(column, member_type);
	return cond;
}

static DdbCond *
from_boolean(const DdbColumn *column, bool value)
{
	DdbCond *cond;

	if (column == NULL || column->match != DDB_MATCH_BOOL)
		return NULL;
	cond = make_cond(DDB_COND_COMPARE, column);
	cond->op = DDB_EQ;
	cond->value = (Expr *) makeBoolConst(value, false);
	cond->exact = equality_is_exact(column, BOOLOID);
	return cond;
}

static DdbCond *
from_boolean_test(const DdbQuals *quals, BooleanTest *test)
{
	const DdbColumn *column = ddb_quals_column(quals, test->arg);

	if (test->booltesttype == IS_TRUE)
		return from_boolean(column, true);
	if (test->booltesttype == IS_FALSE)
		return from_boolean(column, false);
	return NULL;
}

/*
 * Under on_type_mismatch 'null' a column is also NULL where its attribute is
 * there and does not fit; that cannot be asked.
 */
static DdbCond *
from_null_test(const DdbQuals *quals, NullTest *test)
{
	const DdbColumn *column = ddb_quals_column(quals, test->arg);

	if (column == NULL || test->argisrow || column->is_whole_item)
		return NULL;
	if (test->nulltesttype == IS_NOT_NULL)
		return make_cond(DDB_COND_IS_NOT_NULL, column);
	if (quals->relation->null_mismatch)
		return NULL;
	return make_cond(DDB_COND_IS_NULL, column);
}

/* What can be said of the parts is true whenever the whole is. */
static DdbCond *
from_and(const DdbQuals *quals, List *args)
{
	DdbCond *cond = make_cond(DDB_COND_AND, NULL);
	ListCell *cell;

	cond->exact = true;
	foreach(cell, args)
	{
		DdbCond *part = ddb_quals_condition(quals, lfirst(cell));

		cond->exact &= part != NULL && part->exact;
		if (part != NULL)
			cond->args = lappend(cond->args, part);
	}
	if (list_length(cond->args) == 1)
	{
		DdbCond *part = linitial(cond->args);

		part->exact &= cond->exact;
		return part;
	}
	return cond->args == NIL ? NULL : cond;
}

/* The members of a constant array, as constants. */
static List *
constant_members(const Const *constant)
{
	Oid type = get_element_type(constant->consttype);
	ArrayType *array;
	List *members = NIL;
	Datum *values;
	bool *isnull;
	int n;
	int16 len;
	bool byval;
	char align;

	if (constant->constisnull || !OidIsValid(type))
		return NIL;
	array = DatumGetArrayTypeP(constant->constvalue);
	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(array, type, len, byval, align, &values, &isnull, &n);
	for (int i = 0; i < n; i++)
		members = lappend(members,
						  makeConst(type,
									-1,
									constant->constcollid,
									len,
									values[i],
									isnull[i],
									byval));
	return members;
}

/* The values that a column is to equal, each an expression; NIL: not known. */
static List *
equal_values(const DdbCond *cond)
{
	const ArrayExpr *array = (const ArrayExpr *) cond->value;

	if (cond->kind == DDB_COND_COMPARE && cond->op == DDB_EQ)
		return list_make1(cond->value);
	if (cond->kind != DDB_COND_ANY)
		return NIL;
	if (IsA(array, Const))
		return constant_members((const Const *) array);
	return IsA(array, ArrayExpr) && !array->multidims ? array->elements : NIL;
}

DdbCond *
ddb_quals_any(const DdbRelation *relation, List *equalities)
{
	const DdbCond *first = linitial(equalities);
	ArrayExpr *array = makeNode(ArrayExpr);
	DdbCond *any;
	ListCell *cell;

	if (first->attno == 0 ||
		ddb_relation_column(relation, first->attno)->match == DDB_MATCH_BOOL)
		return NULL;
	any = make_cond(DDB_COND_ANY, ddb_relation_column(relation, first->attno));
	any->exact = true;
	foreach(cell, equalities)
	{
		const DdbCond *cond = lfirst(cell);
		List *values = equal_values(cond);

		if (values == NIL || cond->attno != first->attno)
			return NULL;
		any->exact &= cond->exact;
		array->elements = list_concat_copy(array->elements, values);
	}
	array->element_typeid = exprType(linitial(array->elements));
	array->array_typeid = get_array_type(array->element_typeid);
	array->array_collid = exprCollation(linitial(array->elements));
	array->location = -1;
	foreach(cell, array->elements)
	{
		if (exprType(lfirst(cell)) != array->element_typeid)
			return NULL;
	}
	if (!OidIsValid(array->array_typeid))
		return NULL;
	any->value = (Expr *) eval_const_expressions(NULL, (Node *) array);
	return any;
}

/*
 * Nothing can be said unless every part can. Equalities of one column are one
 * condition, as if they had been written as IN; 18 makes that of them itself.
 */
static DdbCond *
from_or(const DdbQuals *quals, List *args)
{
	DdbCond *cond = make_cond(DDB_COND_OR, NULL);
	DdbCond *any;
	ListCell *cell;

	cond->exact = true;
	foreach(cell, args)
	{
		DdbCond *part = ddb_quals_condition(quals, lfirst(cell));

		if (part == NULL)
			return NULL;
		cond->exact &= part->exact;
		cond->args = lappend(cond->args, part);
	}
	any = ddb_quals_any(quals->relation, cond->args);
	return any != NULL ? any : cond;
}

static DdbCond *
from_bool_expr(const DdbQuals *quals, BoolExpr *expr)
{
	switch (expr->boolop)
	{
		case AND_EXPR:
			return from_and(quals, expr->args);
		case OR_EXPR:
			return from_or(quals, expr->args);
		case NOT_EXPR:
			return from_boolean(ddb_quals_column(quals, linitial(expr->args)),
								false);
	}
	return NULL;
}

DdbCond *
ddb_quals_condition(const DdbQuals *quals, Expr *clause)
{
	switch (nodeTag(clause))
	{
		case T_Var:
			return from_boolean(ddb_quals_column(quals, clause), true);
		case T_OpExpr:
			return from_operator(quals, (OpExpr *) clause);
		case T_ScalarArrayOpExpr:
			return from_array_operator(quals, (ScalarArrayOpExpr *) clause);
		case T_NullTest:
			return from_null_test(quals, (NullTest *) clause);
		case T_BooleanTest:
			return from_boolean_test(quals, (BooleanTest *) clause);
		case T_BoolExpr:
			return from_bool_expr(quals, (BoolExpr *) clause);
		default:
			return NULL;
	}
}

bool
ddb_quals_mentions(const DdbRelation *relation, const DdbCond *cond,
				   const char *attribute)
{
	ListCell *cell;

	foreach(cell, cond->args)
	{
		if (ddb_quals_mentions(relation, lfirst(cell), attribute))
			return true;
	}
	return cond->attno > 0 &&
		   strcmp(ddb_relation_column(relation, cond->attno)->attribute,
				  attribute) == 0;
}
