/*
 * keyset.c
 *		What conditions leave of one key attribute: some values, or a range.
 *
 * DynamoDB takes one condition on the sort key: a comparison, BETWEEN or
 * begins_with. Of those that cannot be joined into one, the narrower stays.
 */
#include "postgres.h"

#include "keyset.h"

static bool
has_prefix(const DdbOperand *operand, const DdbOperand *prefix)
{
	return operand->len >= prefix->len &&
		   memcmp(operand->bytes, prefix->bytes, prefix->len) == 0;
}

static void
add_list(DdbKeySet *set, const DdbDemand *demand)
{
	if (set->is_list)
	{
		set->noperands = ddb_operand_intersect(set->operands,
											   set->noperands,
											   demand->operands,
											   demand->noperands);
		return;
	}
	set->is_list = true;
	set->operands = demand->operands;
	set->noperands = demand->noperands;
}

/* side: 1 for a lower limit, -1 for an upper one */
static void
add_limit(DdbLimit *limit, bool *limit_exact, const DdbLimit *other, bool exact,
		  int side)
{
	int order = side;

	if (!other->given)
		return;
	if (limit->given)
		order = ddb_operand_compare(&other->operand, &limit->operand);
	if (order == side || (order == 0 && other->strict && !limit->strict))
		*limit = *other;
	*limit_exact |= exact;
}

/* False: none of the keys that had the prefixes before has this one too. */
static bool
add_prefix(DdbKeySet *set, const DdbOperand *prefix, bool exact)
{
	set->prefix_exact |= exact;
	if (set->has_prefix && has_prefix(&set->prefix, prefix))
		return true;
	if (set->has_prefix && !has_prefix(prefix, &set->prefix))
		return false;
	set->has_prefix = true;
	set->prefix = *prefix;
	return true;
}

static bool
add_demand(DdbKeySet *set, const DdbDemand *demand, bool exact, bool *complete)
{
	if (exact && !demand->exact)
		*complete = false;
	switch (demand->kind)
	{
		case DDB_DEMAND_NOTHING:
			return false;
		case DDB_DEMAND_LIST:
			add_list(set, demand);
			return true;
		case DDB_DEMAND_RANGE:
			add_limit(&set->lower, &set->lower_exact, &demand->lower, exact, 1);
			add_limit(&set->upper, &set->upper_exact, &demand->upper, exact, -1);
			return true;
		case DDB_DEMAND_PREFIX:
			return add_prefix(set, demand->operands, exact);
		case DDB_DEMAND_ANYTHING:
		case DDB_DEMAND_PRESENT:
			return true; /* as every key is */
		case DDB_DEMAND_NOT_LIST:
			*complete &= !exact || demand->noperands == 0;
			return true;
		case DDB_DEMAND_MISSING:
			*complete &= !exact;
			return true;
	}
	pg_unreachable();
}

/* Can a key have this value? */
static bool
is_key(const DdbOperand *operand, int max_len)
{
	return operand->type == DDB_TYPE_N ||
		   (operand->len > 0 && operand->len <= (size_t) max_len);
}

static bool
is_within(const DdbKeySet *set, const DdbOperand *operand)
{
	if (set->has_prefix && !has_prefix(operand, &set->prefix))
		return false;
	if (set->lower.given)
	{
		int order = ddb_operand_compare(operand, &set->lower.operand);

		if (order < 0 || (order == 0 && set->lower.strict))
			return false;
	}
	if (set->upper.given)
	{
		int order = ddb_operand_compare(operand, &set->upper.operand);

		if (order > 0 || (order == 0 && set->upper.strict))
			return false;
	}
	return true;
}

static bool
finish_list(DdbKeySet *set, int max_len)
{
	int kept = 0;

	for (int i = 0; i < set->noperands; i++)
	{
		if (is_key(&set->operands[i], max_len) &&
			is_within(set, &set->operands[i]))
			set->operands[kept++] = set->operands[i];
	}
	set->noperands = kept;
	return kept > 0;
}

static void
drop_limit(DdbLimit *limit, bool exact, bool *complete)
{
	if (limit->given && exact)
		*complete = false;
	limit->given = false;
}

/* BETWEEN takes both ends in, and refuses a lower one above the upper. */
static bool
finish_between(DdbKeySet *set, bool *complete)
{
	DdbLimit *lower = &set->lower;
	DdbLimit *upper = &set->upper;
	int order = ddb_operand_compare(&lower->operand, &upper->operand);

	if (order > 0 || (order == 0 && (lower->strict || upper->strict)))
		return false;
	if (set->has_prefix && set->prefix_exact)
		*complete = false;
	set->has_prefix = false;
	if ((lower->strict && set->lower_exact) ||
		(upper->strict && set->upper_exact))
		*complete = false;
	lower->strict = false;
	upper->strict = false;
	return true;
}

static bool
finish_range(DdbKeySet *set, int max_len, bool *complete)
{
	DdbLimit *lower = &set->lower;
	DdbLimit *upper = &set->upper;

	/* Every key is above the empty string, and none below. */
	if (lower->given && lower->operand.len == 0)
		lower->given = false;
	if (upper->given && upper->operand.len == 0)
		return false;
	if (set->has_prefix && !is_key(&set->prefix, max_len))
		return false;
	if (lower->given && !is_key(&lower->operand, max_len))
		drop_limit(lower, set->lower_exact, complete);
	if (upper->given && !is_key(&upper->operand, max_len))
		drop_limit(upper, set->upper_exact, complete);
	if (lower->given && upper->given)
		return finish_between(set, complete);
	if (set->has_prefix)
	{
		drop_limit(lower, set->lower_exact, complete);
		drop_limit(upper, set->upper_exact, complete);
	}
	return true;
}

bool
ddb_keyset_build(DdbKeySet *set, const DdbCondition *conditions, int n,
				 int max_len, ExprContext *econtext, bool *complete)
{
	memset(set, 0, sizeof(DdbKeySet));
	for (int i = 0; i < n; i++)
	{
		DdbDemand demand;
		bool exact = conditions[i].cond->exact;

		/* Of no use to a key. */
		if (conditions[i].column == NULL)
		{
			if (exact)
				*complete = false;
			continue;
		}
		ddb_condition_demand(&conditions[i], econtext, &demand);
		if (!add_demand(set, &demand, exact, complete))
			return false;
	}
	if (set->is_list)
		return finish_list(set, max_len);
	return finish_range(set, max_len, complete);
}

int
ddb_keyset_range(const DdbKeySet *set, const char *name, DdbValue values[2],
				 StringInfo text)
{
	const DdbLimit *lower = &set->lower;
	const DdbLimit *upper = &set->upper;

	if (set->has_prefix)
	{
		appendStringInfo(text, "begins_with(%s, %s)", name, values[0].name);
		ddb_operand_value(&set->prefix, values[0].name, &values[0]);
		return 1;
	}
	if (lower->given && upper->given)
	{
		appendStringInfo(text,
						 "%s BETWEEN %s AND %s",
						 name,
						 values[0].name,
						 values[1].name);
		ddb_operand_value(&lower->operand, values[0].name, &values[0]);
		ddb_operand_value(&upper->operand, values[1].name, &values[1]);
		return 2;
	}
	if (!lower->given && !upper->given)
		return 0;
	if (!lower->given)
		lower = upper;
	appendStringInfo(text,
					 "%s %c%s %s",
					 name,
					 lower == upper ? '<' : '>',
					 lower->strict ? "" : "=",
					 values[0].name);
	ddb_operand_value(&lower->operand, values[0].name, &values[0]);
	return 1;
}

/* A callback of qsort, of two DdbKeyPair. */
static int
compare_pairs(const void *a, const void *b)
{
	const DdbKeyPair *left = a;
	const DdbKeyPair *right = b;
	int order = ddb_operand_compare(&left->operands[0], &right->operands[0]);

	if (order == 0)
		order = ddb_operand_compare(&left->operands[1], &right->operands[1]);
	return order;
}

/* The one value that an equality gives; false: no key has it. */
static bool
read_equality(const DdbCondition *condition, int max_len, ExprContext *econtext,
			  DdbOperand *operand)
{
	bool complete = true;
	DdbKeySet set;

	if (!ddb_keyset_build(&set, condition, 1, max_len, econtext, &complete))
		return false;
	if (!set.is_list || set.noperands != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("no value of a key attribute")));
	*operand = set.operands[0];
	return true;
}

int
ddb_keyset_pairs(const DdbCondition *conditions, int n, ExprContext *econtext,
				 DdbKeyPair *pairs)
{
	int nread = 0;
	int nkept = 0;

	for (int i = 0; i < n; i++)
	{
		const DdbCondition *args = conditions[i].args;
		DdbKeyPair *pair = &pairs[nread];

		if (read_equality(&args[0],
						  DDB_KEY_MAX_PARTITION_LEN,
						  econtext,
						  &pair->operands[0]) &&
			read_equality(&args[1],
						  DDB_KEY_MAX_SORT_LEN,
						  econtext,
						  &pair->operands[1]))
			nread++;
	}
	qsort(pairs, nread, sizeof(DdbKeyPair), compare_pairs);
	for (int i = 0; i < nread; i++)
	{
		if (nkept == 0 || compare_pairs(&pairs[nkept - 1], &pairs[i]) != 0)
			pairs[nkept++] = pairs[i];
	}
	return nkept;
}
