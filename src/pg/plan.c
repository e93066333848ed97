/*
 * plan.c
 *		What a ForeignScan does: conditions, access, and their form as a List.
 *
 * fdw_private must be made of nodes that can be copied. So a plan becomes a
 * list of Integers, Strings and Lists, in the order of the enum below, and an
 * expression becomes its place in fdw_exprs: there the planner and setrefs.c
 * find it and make it fit for the executor.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "plan.h"

/* The elements of fdw_private. */
enum PlanItem
{
	ITEM_KIND,
	ITEM_INDEX,
	ITEM_PARTITION_KEY,
	ITEM_SORT_KEY,
	ITEM_KEY_TYPES,
	ITEM_TABLE_PARTITION_KEY,
	ITEM_TABLE_SORT_KEY,
	ITEM_PAIRS,
	ITEM_PARTITION,
	ITEM_SORT,
	ITEM_FILTER,
	ITEM_COLUMNS,
	ITEM_SENT,
	ITEM_SENT_COLUMNS,
	ITEM_PROJECTED,
	ITEM_FLAGS,
	ITEM_SEGMENTS,
	ITEM_SELECTIVITY,
	ITEM_FEW,
	ITEM_LIMIT,
	ITEM_OFFSET,
	ITEM_PREFETCH,
	ITEM_OUTER_VALUES
};

#define FLAG_BACKWARD 0x01
#define FLAG_ORDERED 0x02
#define FLAG_COUNT_ONLY 0x04
#define FLAG_CONSISTENT 0x08
#define FLAG_KEEP_ITEM 0x10
#define FLAG_WHOLE_ITEM 0x20

/* "" stands for NULL; neither an attribute nor an index has an empty name. */
static Node *
encode_string(const char *string)
{
	return (Node *) makeString(pstrdup(string == NULL ? "" : string));
}

static const char *
decode_string(List *list, int item)
{
	const char *string = strVal(list_nth(list, item));

	return string[0] == '\0' ? NULL : string;
}

static Node *
encode_int(int value)
{
	return (Node *) makeInteger(value);
}

static int
decode_int(List *list, int item)
{
	return intVal(list_nth(list, item));
}

static Node *
encode_double(double value)
{
	return (Node *) makeFloat(psprintf("%.17g", value));
}

static double
decode_double(List *list, int item)
{
	return floatVal(list_nth(list, item));
}

/* The place of an expression in exprs, to which it goes; -1 for none. */
static Node *
encode_expr(Expr *expr, List **exprs)
{
	if (expr == NULL)
		return encode_int(-1);
	*exprs = lappend(*exprs, expr);
	return encode_int(list_length(*exprs) - 1);
}

static Expr *
decode_expr(List *list, int item, List *exprs)
{
	int place = decode_int(list, item);

	return place < 0 ? NULL : list_nth(exprs, place);
}

static List *
encode_exprs(List *list, List **exprs)
{
	List *places = NIL;
	ListCell *cell;

	foreach(cell, list)
		places = lappend(places, encode_expr(lfirst(cell), exprs));
	return places;
}

static List *
decode_exprs(List *places, List *exprs)
{
	List *list = NIL;

	for (int i = 0; i < list_length(places); i++)
		list = lappend(list, decode_expr(places, i, exprs));
	return list;
}

static List *
encode_conds(List *conds, List **exprs)
{
	List *encoded = NIL;
	ListCell *cell;

	foreach(cell, conds)
	{
		const DdbCond *cond = lfirst(cell);
		List *parts = list_make5(encode_int(cond->kind),
								 encode_int(cond->attno),
								 encode_int(cond->op),
								 encode_int(cond->exact),
								 encode_expr(cond->value, exprs));

		parts = lappend(parts, encode_conds(cond->args, exprs));
		encoded = lappend(encoded, parts);
	}
	return encoded;
}

static List *
decode_conds(List *encoded, List *exprs)
{
	List *conds = NIL;
	ListCell *cell;

	foreach(cell, encoded)
	{
		List *parts = lfirst(cell);
		DdbCond *cond = palloc(sizeof(DdbCond));

		cond->kind = (DdbCondKind) decode_int(parts, 0);
		cond->attno = (AttrNumber) decode_int(parts, 1);
		cond->op = (DdbCompare) decode_int(parts, 2);
		cond->exact = decode_int(parts, 3) != 0;
		cond->value = decode_expr(parts, 4, exprs);
		cond->args = decode_conds(list_nth(parts, 5), exprs);
		conds = lappend(conds, cond);
	}
	return conds;
}

static int
flags_of(const DdbPlan *plan)
{
	return (plan->backward ? FLAG_BACKWARD : 0) |
		   (plan->ordered ? FLAG_ORDERED : 0) |
		   (plan->count_only ? FLAG_COUNT_ONLY : 0) |
		   (plan->consistent ? FLAG_CONSISTENT : 0) |
		   (plan->keep_item ? FLAG_KEEP_ITEM : 0) |
		   (plan->whole_item ? FLAG_WHOLE_ITEM : 0);
}

List *
ddb_plan_encode(const DdbPlan *plan, List **exprs)
{
	List *list = NIL;

	/* In the order of enum PlanItem. */
	list = lappend(list, encode_int(plan->kind));
	list = lappend(list, encode_string(plan->index));
	list = lappend(list, encode_string(plan->key_names[0]));
	list = lappend(list, encode_string(plan->key_names[1]));
	list = lappend(list, list_make2_int(plan->key_types[0], plan->key_types[1]));
	list = lappend(list, encode_string(plan->item_key[0]));
	list = lappend(list, encode_string(plan->item_key[1]));
	list = lappend(list, encode_conds(plan->pairs, exprs));
	list = lappend(list, encode_conds(plan->partition, exprs));
	list = lappend(list, encode_conds(plan->sort, exprs));
	list = lappend(list, encode_conds(plan->filter, exprs));
	list = lappend(list, plan->columns);
	list = lappend(list, encode_exprs(plan->sent, exprs));
	list = lappend(list, plan->sent_columns);
	list = lappend(list, plan->projected);
	list = lappend(list, encode_int(flags_of(plan)));
	list = lappend(list, encode_int(plan->segments));
	list = lappend(list, encode_double(plan->selectivity));
	list = lappend(list, encode_double(plan->few));
	list = lappend(list, encode_expr(plan->limit, exprs));
	list = lappend(list, encode_expr(plan->offset, exprs));
	list = lappend(list, encode_int(plan->prefetch_id));
	list = lappend(list, encode_exprs(plan->outer_values, exprs));
	return list;
}

DdbPlan *
ddb_plan_decode(List *fdw_private, List *exprs)
{
	DdbPlan *plan = palloc0(sizeof(DdbPlan));
	List *key_types = list_nth(fdw_private, ITEM_KEY_TYPES);
	int flags = decode_int(fdw_private, ITEM_FLAGS);

	plan->kind = (DdbReadKind) decode_int(fdw_private, ITEM_KIND);
	plan->index = decode_string(fdw_private, ITEM_INDEX);
	plan->key_names[0] = decode_string(fdw_private, ITEM_PARTITION_KEY);
	plan->key_names[1] = decode_string(fdw_private, ITEM_SORT_KEY);
	plan->key_types[0] = (DdbType) linitial_int(key_types);
	plan->key_types[1] = (DdbType) lsecond_int(key_types);
	plan->item_key[0] = decode_string(fdw_private, ITEM_TABLE_PARTITION_KEY);
	plan->item_key[1] = decode_string(fdw_private, ITEM_TABLE_SORT_KEY);
	plan->pairs = decode_conds(list_nth(fdw_private, ITEM_PAIRS), exprs);
	plan->partition = decode_conds(list_nth(fdw_private, ITEM_PARTITION), exprs);
	plan->sort = decode_conds(list_nth(fdw_private, ITEM_SORT), exprs);
	plan->filter = decode_conds(list_nth(fdw_private, ITEM_FILTER), exprs);
	plan->columns = list_nth(fdw_private, ITEM_COLUMNS);
	plan->sent = decode_exprs(list_nth(fdw_private, ITEM_SENT), exprs);
	plan->sent_columns = list_nth(fdw_private, ITEM_SENT_COLUMNS);
	plan->projected = list_nth(fdw_private, ITEM_PROJECTED);
	plan->backward = (flags & FLAG_BACKWARD) != 0;
	plan->ordered = (flags & FLAG_ORDERED) != 0;
	plan->count_only = (flags & FLAG_COUNT_ONLY) != 0;
	plan->consistent = (flags & FLAG_CONSISTENT) != 0;
	plan->keep_item = (flags & FLAG_KEEP_ITEM) != 0;
	plan->whole_item = (flags & FLAG_WHOLE_ITEM) != 0;
	plan->segments = decode_int(fdw_private, ITEM_SEGMENTS);
	plan->selectivity = decode_double(fdw_private, ITEM_SELECTIVITY);
	plan->few = decode_double(fdw_private, ITEM_FEW);
	plan->limit = decode_expr(fdw_private, ITEM_LIMIT, exprs);
	plan->offset = decode_expr(fdw_private, ITEM_OFFSET, exprs);
	plan->prefetch_id = decode_int(fdw_private, ITEM_PREFETCH);
	plan->outer_values =
		decode_exprs(list_nth(fdw_private, ITEM_OUTER_VALUES), exprs);
	return plan;
}
