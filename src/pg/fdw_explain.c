/*
 * fdw_explain.c
 *		What EXPLAIN shows of a ForeignScan.
 *
 * Conditions are shown as expressions of DynamoDB, with attributes for
 * placeholders and SQL for values; a value that comes from another relation of
 * a join is a parameter here, $0 and so on.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "fdw_explain.h"
#include "fdw_scan.h"
#include "report.h"

typedef struct Shown
{
	const DdbRelation *relation;
	List *context; /* of deparse_expression */
	bool prefix;   /* columns of other relations with their names */
	StringInfoData text;
} Shown;

static void show_cond(Shown *shown, const DdbCond *cond, bool nested);

static const char *
column_path(const Shown *shown, const DdbCond *cond)
{
	return ddb_relation_column(shown->relation, cond->attno)->path;
}

static void
show_value(Shown *shown, const DdbCond *cond)
{
	appendStringInfoString(&shown->text,
						   deparse_expression((Node *) cond->value,
											  shown->context,
											  shown->prefix,
											  false));
}

static void
show_comparison(Shown *shown, const DdbCond *cond)
{
	static const char *const operators[] = {
		[DDB_EQ] = "=",
		[DDB_NE] = "<>",
		[DDB_LT] = "<",
		[DDB_LE] = "<=",
		[DDB_GT] = ">",
		[DDB_GE] = ">=",
	};

	appendStringInfo(&shown->text,
					 "%s %s ",
					 column_path(shown, cond),
					 operators[cond->op]);
	show_value(shown, cond);
}

/* before, the column's path, between, the value, after */
static void
show_call(Shown *shown, const DdbCond *cond, const char *before,
		  const char *between, const char *after)
{
	appendStringInfo(&shown->text,
					 "%s%s%s",
					 before,
					 column_path(shown, cond),
					 between);
	if (cond->value != NULL)
		show_value(shown, cond);
	appendStringInfoString(&shown->text, after);
}

static void
show_list(Shown *shown, List *conds, const char *separator, bool nested)
{
	ListCell *cell;

	foreach(cell, conds)
	{
		if (cell != list_head(conds))
			appendStringInfoString(&shown->text, separator);
		show_cond(shown, lfirst(cell), nested);
	}
}

static void
show_tree(Shown *shown, const DdbCond *cond, bool nested)
{
	if (nested)
		appendStringInfoChar(&shown->text, '(');
	show_list(shown,
			  cond->args,
			  cond->kind == DDB_COND_AND ? " AND " : " OR ",
			  true);
	if (nested)
		appendStringInfoChar(&shown->text, ')');
}

static void
show_cond(Shown *shown, const DdbCond *cond, bool nested)
{
	switch (cond->kind)
	{
		case DDB_COND_AND:
		case DDB_COND_OR:
			show_tree(shown, cond, nested);
			break;
		case DDB_COND_COMPARE:
			show_comparison(shown, cond);
			break;
		case DDB_COND_ANY:
			show_call(shown, cond, "", " IN (", ")");
			break;
		case DDB_COND_NONE_OF:
			show_call(shown, cond, "NOT ", " IN (", ")");
			break;
		case DDB_COND_LIKE:
			show_call(shown, cond, "begins_with(", ", prefix of ", ")");
			break;
		case DDB_COND_STARTS:
			show_call(shown, cond, "begins_with(", ", ", ")");
			break;
		case DDB_COND_IS_NULL:
			appendStringInfo(&shown->text,
							 "(attribute_not_exists(%s) OR "
							 "attribute_type(%s, NULL))",
							 column_path(shown, cond),
							 column_path(shown, cond));
			break;
		case DDB_COND_IS_NOT_NULL:
			show_call(shown, cond, "attribute_exists(", "", ")");
			break;
	}
}

/* The conditions of the keys; pairs are one condition, an OR of them. */
static List *
key_conditions(const DdbPlan *plan)
{
	DdbCond *cond;

	if (plan->pairs == NIL)
		return list_concat_copy(plan->partition, plan->sort);
	cond = palloc0(sizeof(DdbCond));
	cond->kind = DDB_COND_OR;
	cond->args = plan->pairs;
	return list_make1(cond);
}

static void
show_conds(Shown *shown, const char *label, List *conds, ExplainState *es)
{
	if (conds == NIL)
		return;
	initStringInfo(&shown->text);
	show_list(shown, conds, " AND ", list_length(conds) > 1);
	ExplainPropertyText(label, shown->text.data, es);
}

/* An attribute, unless it is there. NULL is none. */
static List *
add_name(List *names, const char *attribute)
{
	char *name;
	ListCell *cell;

	if (attribute == NULL)
		return names;
	name = ddb_report_foreign(attribute);
	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return names;
	}
	return lappend(names, name);
}

static void
show_projection(const DdbScan *scan, ExplainState *es)
{
	const DdbPlan *plan = scan->plan;
	List *names = NIL;
	ListCell *cell;

	if (plan->count_only)
	{
		ExplainPropertyText("Projection", "COUNT", es);
		return;
	}
	if (plan->whole_item)
	{
		ExplainPropertyText("Projection", "all attributes", es);
		return;
	}
	foreach(cell, plan->columns)
	{
		const DdbColumn *column =
			ddb_relation_column(scan->relation, lfirst_int(cell));

		if (column->is_whole_item)
		{
			ExplainPropertyText("Projection", "all attributes", es);
			return;
		}
		names = add_name(names, column->attribute);
	}
	for (int i = 0; i < 2; i++)
		names = add_name(names, plan->item_key[i]);
	ExplainPropertyList("Projection", names, es);
}

static const char *
operation(const DdbPlan *plan)
{
	bool one_key = plan->kind == DDB_READ_BATCH && plan->prefetch_id == 0;
	ListCell *cell;

	one_key &= list_length(plan->pairs) <= 1;
	foreach(cell, list_concat_copy(plan->partition, plan->sort))
		one_key &= ((DdbCond *) lfirst(cell))->kind != DDB_COND_ANY;
	return ddb_client_read_operation(one_key ? DDB_READ_GET : plan->kind);
}

static void
show_cost(const DdbFetchCost *cost, ExplainState *es)
{
	ExplainPropertyInteger("Requests", NULL, cost->requests, es);
	ExplainPropertyInteger("Items Scanned", NULL, cost->items_scanned, es);
	ExplainPropertyInteger("Items Returned", NULL, cost->items_returned, es);
	ExplainPropertyFloat("Read Units", NULL, cost->read_units, 1, es);
	ExplainPropertyInteger("Retries", NULL, cost->retries, es);
}

void
ddbExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	const DdbScan *scan = node->fdw_state;
	const DdbPlan *plan = scan->plan;
	Shown shown = {.relation = scan->relation};

	if (es->verbose)
	{
		shown.context =
			set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, NIL);
		shown.prefix = list_length(es->rtable) > 1;
		ExplainPropertyText("Operation", operation(plan), es);
		if (plan->index != NULL)
			ExplainPropertyText("Index", plan->index, es);
		show_conds(&shown, "Key Condition", key_conditions(plan), es);
		show_conds(&shown, "Filter", plan->filter, es);
		show_projection(scan, es);
		if (plan->ordered)
			ExplainPropertyText("Order",
								plan->backward ? "descending" : "ascending",
								es);
		if (plan->segments > 0)
			ExplainPropertyInteger("Segments", NULL, plan->segments, es);
	}
	if (es->analyze)
		show_cost(&scan->cost, es);
}
