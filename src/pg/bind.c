/*
 * bind.c
 *		A plan with the values of this execution -> reads.
 *
 * It runs again for every row of a join's outer side, so what does not depend
 * on values is made once. In the requests, ":0" is the partition key's value,
 * ":1" and ":2" are the sort key's, and the filter's follow.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "common/int.h"

#include "bind.h"
#include "condition.h"
#include "expression.h"
#include "filter.h"
#include "keyset.h"

#define KEY_VALUES 3

static const char *const key_value_names[KEY_VALUES] = {":0", ":1", ":2"};

/* One key attribute and the conditions on it. */
typedef struct Key
{
	const char *attribute; /* NULL: there is no such key */
	int name;              /* Query: its index among the names */
	int max_len;
	DdbCondition *conditions;
	int nconditions;
} Key;

struct DdbBind
{
	const DdbPlan *plan;
	const DdbRelation *relation;
	DdbNames names;          /* first those of the projection */
	const char **attributes; /* top-level ones of the columns */
	int nattributes;
	bool whole_item;
	bool merged;
	const char *projection; /* NULL: none */
	Key partition;
	Key sort;
	DdbCondition *pairs; /* in place of partition and sort, where there are any */
	int npairs;
	DdbCondition *filter;
	int nfilter;
	ExprState *limit; /* NULL: none */
	ExprState *offset;
};

/* What the keys and the filter have become; of all reads of one execution. */
typedef struct Binding
{
	DdbBind *bind;
	DdbRead read; /* what all of them have in common */
	DdbKeySet partition;
	DdbKeySet sort;
	DdbKeyPair *pairs;
	int npairs;
	DdbExpression filter;
} Binding;

static void
prepare_projection(DdbBind *bind)
{
	ListCell *lc;

	bind->attributes =
		palloc(sizeof(char *) * (list_length(bind->plan->columns) + 4));
	bind->whole_item = bind->plan->whole_item;
	foreach(lc, bind->plan->columns)
	{
		const DdbColumn *column =
			ddb_relation_column(bind->relation, (AttrNumber) lfirst_int(lc));

		if (column->is_whole_item)
			bind->whole_item = true;
		if (column->attribute != NULL)
			ddb_expression_name(&bind->names, column->attribute);
	}
	/* They name the item in messages, and pair it with what asked for it. */
	for (int i = 0; i < 2; i++)
	{
		if (bind->plan->item_key[i] != NULL)
			ddb_expression_name(&bind->names, bind->plan->item_key[i]);
		if (bind->merged && bind->plan->key_names[i] != NULL)
			ddb_expression_name(&bind->names, bind->plan->key_names[i]);
	}
	bind->nattributes = bind->names.nnames;
	for (int i = 0; i < bind->nattributes; i++)
		bind->attributes[i] = bind->names.names[i].attribute;
	if (!bind->whole_item)
		bind->projection = ddb_expression_projection(&bind->names);
}

static void
prepare_key(DdbBind *bind, Key *key, int which, const List *conds,
			PlanState *parent)
{
	const DdbPlan *plan = bind->plan;

	key->max_len = which == 0 ? DDB_KEY_MAX_PARTITION_LEN : DDB_KEY_MAX_SORT_LEN;
	key->conditions = ddb_condition_prepare(conds, bind->relation, NULL, parent);
	key->nconditions = list_length(conds);
	key->attribute = plan->key_names[which];
	if (key->attribute != NULL && plan->kind == DDB_READ_QUERY)
		key->name = ddb_expression_name(&bind->names, key->attribute);
}

DdbBind *
ddb_bind_prepare(const DdbPlan *plan, const DdbRelation *relation, bool merged,
				 PlanState *parent)
{
	DdbBind *bind = palloc0(sizeof(DdbBind));

	bind->plan = plan;
	bind->relation = relation;
	bind->merged = merged;
	prepare_projection(bind);
	prepare_key(bind, &bind->partition, 0, plan->partition, parent);
	prepare_key(bind, &bind->sort, 1, plan->sort, parent);
	bind->pairs = ddb_condition_prepare(plan->pairs, relation, NULL, parent);
	bind->npairs = list_length(plan->pairs);
	bind->filter =
		ddb_condition_prepare(plan->filter, relation, &bind->names, parent);
	bind->nfilter = list_length(plan->filter);
	if (plan->limit != NULL)
		bind->limit = ExecInitExpr(plan->limit, parent);
	if (plan->offset != NULL)
		bind->offset = ExecInitExpr(plan->offset, parent);
	return bind;
}

const char *const *
ddb_bind_attributes(const DdbBind *bind, int *nattributes, bool *whole_item)
{
	*nattributes = bind->nattributes;
	*whole_item = bind->whole_item || bind->plan->keep_item;
	return bind->attributes;
}

/* The names that this execution's expressions have; no other may be sent. */
static void
set_names(Binding *binding)
{
	DdbBind *bind = binding->bind;
	const DdbNames *all = &bind->names;
	DdbRead *read = &binding->read;
	bool *used = palloc0(sizeof(bool) * (all->nnames + 1));
	DdbName *names = palloc(sizeof(DdbName) * (all->nnames + 1));

	if (read->projection != NULL)
		memset(used, true, bind->nattributes);
	if (read->kind == DDB_READ_QUERY)
		used[bind->partition.name] = true;
	if (binding->sort.is_list || binding->sort.has_prefix ||
		binding->sort.lower.given || binding->sort.upper.given)
		used[bind->sort.name] |= read->kind == DDB_READ_QUERY;
	for (int i = 0; i < binding->filter.npaths; i++)
	{
		const DdbExpressionPath *path = binding->filter.paths[i];

		for (int j = 0; j < path->nnames; j++)
			used[path->names[j]] = true;
	}
	for (int i = 0; i < all->nnames; i++)
	{
		if (used[i])
			names[read->nnames++] = all->names[i];
	}
	read->names = names;
}

/* Keys and filter with their values. False: nothing can match. */
static bool
evaluate(Binding *binding, ExprContext *econtext, bool *complete)
{
	DdbBind *bind = binding->bind;

	if (bind->npairs > 0)
	{
		binding->pairs = palloc(sizeof(DdbKeyPair) * bind->npairs);
		binding->npairs =
			ddb_keyset_pairs(bind->pairs, bind->npairs, econtext, binding->pairs);
		if (binding->npairs == 0)
			return false;
	}
	if (!ddb_keyset_build(&binding->partition,
						  bind->partition.conditions,
						  bind->partition.nconditions,
						  bind->partition.max_len,
						  econtext,
						  complete) ||
		!ddb_keyset_build(&binding->sort,
						  bind->sort.conditions,
						  bind->sort.nconditions,
						  bind->sort.max_len,
						  econtext,
						  complete))
		return false;
	ddb_expression_init(&binding->filter, KEY_VALUES);
	return ddb_filter_write(&binding->filter,
							bind->filter,
							bind->nfilter,
							econtext,
							complete);
}

/* GetItem and BatchGetItem have no filter. */
static void
drop_filter(Binding *binding, bool *complete)
{
	if (binding->filter.text.len > 0)
		*complete = false;
	ddb_expression_init(&binding->filter, KEY_VALUES);
}

static void
set_common(Binding *binding, bool count_only)
{
	DdbBind *bind = binding->bind;
	DdbRead *read = &binding->read;

	read->table = bind->relation->table;
	read->index = bind->plan->index;
	read->consistent = bind->plan->consistent;
	read->backward = read->kind == DDB_READ_QUERY && bind->plan->backward;
	read->count_only = count_only;
	if (!count_only)
		read->projection = bind->projection;
	if (binding->filter.text.len > 0)
		read->filter = binding->filter.text.data;
	set_names(binding);
}

/* Of partition and sort key, as many as there are together */
static int
combinations(const Binding *binding, int nsorts)
{
	int n;

	if (pg_mul_s32_overflow(binding->partition.noperands, nsorts, &n))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many combinations of key values")));
	return n;
}

static DdbRead *
create_reads(const Binding *binding, DdbBound *bound, int nreads)
{
	bound->reads = palloc_extended(sizeof(DdbRead) * nreads, MCXT_ALLOC_HUGE);
	bound->nreads = nreads;
	for (int i = 0; i < nreads; i++)
		bound->reads[i] = binding->read;
	return bound->reads;
}

static void
make_scan(Binding *binding, DdbBound *bound)
{
	int segments = Max(binding->bind->plan->segments, 1);
	DdbRead *reads;

	binding->read.values = binding->filter.values;
	binding->read.nvalues = binding->filter.nvalues;
	reads = create_reads(binding, bound, segments);
	for (int i = 0; i < segments && segments > 1; i++)
	{
		reads[i].segment = i;
		reads[i].segments = segments;
	}
}

/* The i-th in the order in which DynamoDB is to give them. */
static const DdbOperand *
sort_operand(const Binding *binding, int i)
{
	const DdbKeySet *sort = &binding->sort;

	return &sort->operands[binding->bind->plan->backward ? sort->noperands - 1 - i
														 : i];
}

/* Get these whole keys, nkeys times key_len attributes. */
static void
get_keys(Binding *binding, DdbBound *bound, const DdbValue *keys, int nkeys,
		 int key_len)
{
	int nreads = (nkeys - 1) / DDB_BATCH_MAX_KEYS + 1;
	DdbRead *reads = create_reads(binding, bound, nreads);

	for (int i = 0; i < nreads; i++)
	{
		int first = i * DDB_BATCH_MAX_KEYS;

		reads[i].kind = nkeys == 1 ? DDB_READ_GET : DDB_READ_BATCH;
		reads[i].keys = keys + (size_t) first * key_len;
		reads[i].nkeys = Min(nkeys - first, DDB_BATCH_MAX_KEYS);
		reads[i].key_len = key_len;
	}
}

/* Each partition with each value of the sort key. */
static void
make_keys(Binding *binding, DdbBound *bound)
{
	const DdbBind *bind = binding->bind;
	int nsorts = bind->sort.attribute == NULL ? 1 : binding->sort.noperands;
	int nkeys = combinations(binding, nsorts);
	int key_len = bind->sort.attribute == NULL ? 1 : 2;
	DdbValue *keys =
		palloc_extended(sizeof(DdbValue) * key_len * nkeys, MCXT_ALLOC_HUGE);
	DdbValue *key = keys;

	for (int i = 0; i < nkeys; i++, key += key_len)
	{
		ddb_operand_value(&binding->partition.operands[i / nsorts],
						  bind->partition.attribute,
						  &key[0]);
		if (key_len == 2)
			ddb_operand_value(sort_operand(binding, i % nsorts),
							  bind->sort.attribute,
							  &key[1]);
	}
	get_keys(binding, bound, keys, nkeys, key_len);
}

/* The pairs that there are. */
static void
make_pairs(Binding *binding, DdbBound *bound)
{
	const DdbBind *bind = binding->bind;
	DdbValue *keys = palloc(sizeof(DdbValue) * 2 * binding->npairs);

	for (int i = 0; i < binding->npairs; i++)
	{
		const DdbOperand *operands = binding->pairs[i].operands;

		ddb_operand_value(&operands[0], bind->partition.attribute, &keys[2 * i]);
		ddb_operand_value(&operands[1], bind->sort.attribute, &keys[2 * i + 1]);
	}
	get_keys(binding, bound, keys, binding->npairs, 2);
}

/* "#0 = :0 AND #1 ...", and in values what follows the partition's. */
static const char *
key_condition(const Binding *binding, DdbValue values[2], int *nvalues)
{
	const DdbBind *bind = binding->bind;
	const DdbName *names = bind->names.names;
	StringInfoData text;
	int len;

	initStringInfo(&text);
	appendStringInfo(&text,
					 "%s = %s",
					 names[bind->partition.name].name,
					 key_value_names[0]);
	*nvalues = 0;
	if (bind->sort.attribute == NULL)
		return text.data;
	len = text.len;
	appendStringInfoString(&text, " AND ");
	if (binding->sort.is_list)
	{
		appendStringInfo(&text,
						 "%s = %s",
						 names[bind->sort.name].name,
						 key_value_names[1]);
		*nvalues = 1;
		return text.data;
	}
	values[0].name = key_value_names[1];
	values[1].name = key_value_names[2];
	*nvalues = ddb_keyset_range(&binding->sort,
								names[bind->sort.name].name,
								values,
								&text);
	if (*nvalues == 0)
		text.data[len] = '\0';
	return text.data;
}

static void
make_queries(Binding *binding, DdbBound *bound)
{
	const DdbKeySet *partition = &binding->partition;
	const DdbExpression *filter = &binding->filter;
	int nsorts = binding->sort.is_list ? binding->sort.noperands : 1;
	DdbValue range[2];
	int nrange;
	DdbRead *reads;

	binding->read.key_condition = key_condition(binding, range, &nrange);
	binding->read.nvalues = 1 + nrange + filter->nvalues;
	reads = create_reads(binding, bound, combinations(binding, nsorts));
	for (int i = 0; i < bound->nreads; i++)
	{
		DdbValue *values = palloc(sizeof(DdbValue) * reads[i].nvalues);

		ddb_operand_value(&partition->operands[i / nsorts],
						  key_value_names[0],
						  &values[0]);
		memcpy(&values[1], range, sizeof(DdbValue) * nrange);
		if (binding->sort.is_list)
			ddb_operand_value(sort_operand(binding, i % nsorts),
							  key_value_names[1],
							  &values[1]);
		memcpy(&values[1 + nrange],
			   filter->values,
			   sizeof(DdbValue) * filter->nvalues);
		reads[i].values = values;
	}
}

void
ddb_bind_reads(DdbBind *bind, ExprContext *econtext, MemoryContext cxt,
			   DdbBound *bound)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	Binding binding = {.bind = bind, .read = {.kind = bind->plan->kind}};
	bool by_key = binding.read.kind == DDB_READ_GET ||
				  binding.read.kind == DDB_READ_BATCH;

	memset(bound, 0, sizeof(DdbBound));
	bound->complete = true;
	if (evaluate(&binding, econtext, &bound->complete))
	{
		if (by_key)
			drop_filter(&binding, &bound->complete);
		bound->count_only = bind->plan->count_only && bound->complete &&
							!by_key && !bind->merged;
		set_common(&binding, bound->count_only);
		if (binding.read.kind == DDB_READ_SCAN)
			make_scan(&binding, bound);
		else if (bind->npairs > 0)
			make_pairs(&binding, bound);
		else if (!binding.partition.is_list ||
				 (by_key && bind->sort.attribute != NULL && !binding.sort.is_list))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("no value of a key attribute")));
		else if (by_key)
			make_keys(&binding, bound);
		else
			make_queries(&binding, bound);
	}
	else
		bound->complete = true;
	MemoryContextSwitchTo(caller);
}

/* False: NULL or out of LIMIT's and OFFSET's range. */
static bool
evaluate_count(ExprState *state, ExprContext *econtext, int64 *count)
{
	bool isnull;
	Datum value;

	*count = 0;
	if (state == NULL)
		return true;
	value = ExecEvalExprSwitchContext(state, econtext, &isnull);
	if (isnull)
		return false;
	*count = DatumGetInt64(value);
	return *count >= 0;
}

int64
ddb_bind_limit(DdbBind *bind, ExprContext *econtext)
{
	int64 limit;
	int64 offset;
	int64 sum;

	/* An OFFSET that is NULL is none; faults are left to the Limit node. */
	if (bind->limit == NULL || !evaluate_count(bind->limit, econtext, &limit) ||
		(!evaluate_count(bind->offset, econtext, &offset) && offset < 0) ||
		pg_add_s64_overflow(limit, offset, &sum))
		return 0;
	return sum;
}
