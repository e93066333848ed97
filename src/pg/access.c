/*
 * access.c
 *		One way to reach the items, and which clauses it answers.
 *
 * An index holds an item only if the item has all of the index's key
 * attributes, in the types of the index. So an index is used only where every
 * item that the clauses allow is sure to be in it.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/selfuncs.h"

#include "access.h"
#include "compat.h"

static bool
is_column_of(const DdbColumn *column, const char *attribute, DdbType type)
{
	return column->nsteps == 0 && column->ddb_type == type &&
		   strcmp(column->attribute, attribute) == 0;
}

bool
ddb_access_is_key(const DdbRelation *relation, const DdbCond *cond,
				  const char *attribute, DdbType type)
{
	const DdbColumn *column;

	if (attribute == NULL || cond->attno == 0)
		return false;
	column = ddb_relation_column(relation, cond->attno);
	return column->match != DDB_MATCH_FLOAT &&
		   is_column_of(column, attribute, type);
}

/* Does the condition give the values that the column may have? */
static bool
is_equality(const DdbCond *cond)
{
	return cond->kind == DDB_COND_ANY ||
		   (cond->kind == DDB_COND_COMPARE && cond->op == DDB_EQ);
}

/* Can a key condition say it of a sort key? */
static bool
is_sort_condition(const DdbCond *cond)
{
	return cond->kind == DDB_COND_ANY || cond->kind == DDB_COND_LIKE ||
		   cond->kind == DDB_COND_STARTS ||
		   (cond->kind == DDB_COND_COMPARE && cond->op != DDB_NE);
}

static bool
has_equality(List *conds)
{
	ListCell *cell;

	foreach(cell, conds)
	{
		if (is_equality(lfirst(cell)))
			return true;
	}
	return false;
}

/* A filter of a Query may not speak of the keys that the Query is by. */
static bool
can_filter(const DdbRelation *relation, const DdbAccess *access,
		   const DdbCond *cond)
{
	const DdbKeySchema *schema = access->schema;

	if (access->kind == DDB_READ_SCAN)
		return true;
	return !ddb_quals_mentions(relation, cond, schema->partition) &&
		   (schema->sort == NULL ||
			!ddb_quals_mentions(relation, cond, schema->sort));
}

static void
sort_clause(const DdbQuals *quals, RestrictInfo *clause, DdbAccess *access)
{
	const DdbRelation *relation = quals->relation;
	const DdbKeySchema *schema = access->schema;
	DdbCond *cond = ddb_quals_condition(quals, clause->clause);
	bool by_key = access->kind != DDB_READ_SCAN;
	bool sent = true;

	if (cond == NULL)
		sent = false;
	else if (by_key && is_equality(cond) &&
			 ddb_access_is_key(relation,
							   cond,
							   schema->partition,
							   schema->partition_type))
		access->partition = lappend(access->partition, cond);
	else if (by_key && is_sort_condition(cond) &&
			 ddb_access_is_key(relation, cond, schema->sort, schema->sort_type))
		access->sort = lappend(access->sort, cond);
	else if (can_filter(relation, access, cond))
	{
		access->filter = lappend(access->filter, cond);
		by_key = false;
	}
	else
		sent = false;

	if (sent)
		access->sent_clauses = lappend(access->sent_clauses, clause);
	if (sent && by_key)
		access->key_clauses = lappend(access->key_clauses, clause);
	if (sent && cond->exact)
		access->exact_clauses = lappend(access->exact_clauses, clause);
	else
		access->local_clauses = lappend(access->local_clauses, clause);
}

static void
sort_clauses(const DdbQuals *quals, List *clauses, DdbAccess *access)
{
	ListCell *cell;

	foreach(cell, clauses)
		sort_clause(quals, lfirst_node(RestrictInfo, cell), access);
}

/* GetItem and BatchGetItem take no filter: those clauses are PostgreSQL's. */
static void
drop_filter(List *clauses, DdbAccess *access)
{
	List *exact = NIL;
	ListCell *cell;

	access->filter = NIL;
	if (access->pairs != NIL)
		access->sort = NIL;
	foreach(cell, access->exact_clauses)
	{
		if (list_member_ptr(access->key_clauses, lfirst(cell)))
			exact = lappend(exact, lfirst(cell));
	}
	access->sent_clauses = access->key_clauses;
	access->exact_clauses = exact;
	access->local_clauses = list_difference_ptr(clauses, exact);
}

/* The equality with a key in an arm of an OR; NULL: there is none. */
static DdbCond *
find_equality(const DdbRelation *relation, DdbCond *arm, const char *attribute,
			  DdbType type)
{
	ListCell *cell;

	if (arm->kind == DDB_COND_COMPARE && arm->op == DDB_EQ &&
		ddb_access_is_key(relation, arm, attribute, type))
		return arm;
	if (arm->kind != DDB_COND_AND)
		return NULL;
	foreach(cell, arm->args)
	{
		DdbCond *found = find_equality(relation, lfirst(cell), attribute, type);

		if (found != NULL)
			return found;
	}
	return NULL;
}

/*
 * (partition, sort) IN ((..), (..)), which comes as an OR of ANDs: whole keys,
 * one for each arm. NIL: it is not that.
 */
static List *
read_pairs(const DdbRelation *relation, const DdbKeySchema *schema,
		   const DdbCond *cond, bool *exact)
{
	List *pairs = NIL;
	ListCell *cell;

	*exact = cond->exact;
	foreach(cell, cond->args)
	{
		DdbCond *arm = lfirst(cell);
		DdbCond *pair = palloc0(sizeof(DdbCond));
		DdbCond *partition =
			find_equality(relation, arm, schema->partition, schema->partition_type);
		DdbCond *sort =
			find_equality(relation, arm, schema->sort, schema->sort_type);

		if (partition == NULL || sort == NULL)
			return NIL;
		*exact &= list_length(arm->args) == 2;
		pair->kind = DDB_COND_AND;
		pair->args = list_make2(partition, sort);
		pair->exact = partition->exact && sort->exact;
		pairs = lappend(pairs, pair);
	}
	return pairs;
}

/* The values that an OR allows the partition key to have; NULL: any. */
static DdbCond *
read_implied(const DdbRelation *relation, const DdbKeySchema *schema,
			 const DdbCond *cond)
{
	List *equalities = NIL;
	ListCell *cell;

	foreach(cell, cond->args)
	{
		DdbCond *equality = find_equality(relation,
										  lfirst(cell),
										  schema->partition,
										  schema->partition_type);

		if (equality == NULL)
			return NULL;
		equalities = lappend(equalities, equality);
	}
	return ddb_quals_any(relation, equalities);
}

/* Where no clause gives the partition key by itself, an OR of several may. */
static void
search_ors(const DdbQuals *quals, List *clauses, DdbAccess *access)
{
	const DdbKeySchema *schema = access->schema;
	ListCell *cell;

	foreach(cell, clauses)
	{
		RestrictInfo *clause = lfirst_node(RestrictInfo, cell);
		DdbCond *cond = ddb_quals_condition(quals, clause->clause);
		DdbCond *implied;
		bool exact = false;

		if (cond == NULL || cond->kind != DDB_COND_OR)
			continue;
		if (schema->kind == DDB_SCHEMA_TABLE && schema->sort != NULL)
			access->pairs = read_pairs(quals->relation, schema, cond, &exact);
		if (access->pairs != NIL)
		{
			access->key_clauses = list_make1(clause);
			access->exact_clauses = exact ? access->key_clauses : NIL;
			return;
		}
		implied = read_implied(quals->relation, schema, cond);
		if (implied != NULL)
		{
			access->partition = list_make1(implied);
			access->key_clauses = lappend(access->key_clauses, clause);
			return;
		}
	}
}

/* Has every item of the table this attribute, in the type of its keys? */
static bool
is_table_key(const DdbTableInfo *info, const char *attribute)
{
	const DdbKeySchema *table = &info->schemas[0];

	return strcmp(attribute, table->partition) == 0 ||
		   (table->sort != NULL && strcmp(attribute, table->sort) == 0);
}

/* Do the clauses rule out items that lack the sort key of the index? */
static bool
implies_sort_key(const DdbQuals *quals, const DdbKeySchema *schema, List *clauses)
{
	const DdbRelation *relation = quals->relation;
	List *nonnullable =
		find_nonnullable_vars((Node *) extract_actual_clauses(clauses, false));

	for (int i = 0; i < relation->ncolumns; i++)
	{
		const DdbColumn *column = &relation->columns[i];

		if (column->attribute != NULL &&
			is_column_of(column, schema->sort, schema->sort_type) &&
			ddb_compat_is_nonnullable(nonnullable, quals->relid, column->attno))
			return true;
	}
	return false;
}

static bool
has_every_item(const DdbQuals *quals, const DdbTableInfo *info, List *clauses,
			   const DdbAccess *access)
{
	const DdbKeySchema *schema = access->schema;

	return schema->kind == DDB_SCHEMA_TABLE || quals->relation->index != NULL ||
		   schema->sort == NULL || is_table_key(info, schema->sort) ||
		   access->sort != NIL || implies_sort_key(quals, schema, clauses);
}

static bool
has_every_column(const DdbRelation *relation, const DdbTableInfo *info,
				 const DdbKeySchema *schema, Bitmapset *columns)
{
	int attno = -1;

	/* The columns of an index's own table are what the index has. */
	if (schema->projects_all || relation->index != NULL)
		return true;
	while ((attno = bms_next_member(columns, attno)) >= 0)
	{
		const DdbColumn *column;

		if (attno == 0)
			return false;
		column = ddb_relation_column(relation, attno);
		if (column->is_whole_item ||
			!ddb_table_info_projects(info, schema, column->attribute))
			return false;
	}
	return true;
}

bool
ddb_access_by_key(const DdbQuals *quals, const DdbTableInfo *info,
				  const DdbKeySchema *schema, List *clauses, Bitmapset *columns,
				  DdbAccess *access)
{
	*access = (DdbAccess){.schema = schema, .kind = DDB_READ_QUERY};
	/* A GSI has no consistent reads; one that is named says it may be late. */
	if (!schema->usable ||
		(schema->kind == DDB_SCHEMA_GLOBAL && quals->relation->consistent &&
		 quals->relation->index == NULL) ||
		!has_every_column(quals->relation, info, schema, columns))
		return false;
	sort_clauses(quals, clauses, access);
	if (access->partition == NIL)
		search_ors(quals, clauses, access);
	if ((access->partition == NIL && access->pairs == NIL) ||
		!has_every_item(quals, info, clauses, access))
		return false;
	if (schema->kind == DDB_SCHEMA_TABLE &&
		(schema->sort == NULL || has_equality(access->sort) ||
		 access->pairs != NIL))
	{
		access->kind = DDB_READ_BATCH;
		drop_filter(clauses, access);
	}
	return true;
}

void
ddb_access_by_scan(const DdbQuals *quals, const DdbKeySchema *schema,
				   List *clauses, DdbAccess *access)
{
	*access = (DdbAccess){.schema = schema, .kind = DDB_READ_SCAN};
	sort_clauses(quals, clauses, access);
}

void
ddb_access_without_pushdown(const DdbKeySchema *schema, List *clauses,
							DdbAccess *access)
{
	*access = (DdbAccess){.schema = schema,
						  .kind = DDB_READ_SCAN,
						  .local_clauses = clauses};
}

bool
ddb_access_is_ordered(const DdbAccess *access)
{
	ListCell *cell;

	if (access->kind != DDB_READ_QUERY || access->schema->sort == NULL)
		return false;
	/* Several values are several Queries. */
	foreach(cell, access->sort)
	{
		if (((DdbCond *) lfirst(cell))->kind == DDB_COND_ANY)
			return false;
	}
	return ((DdbCond *) linitial(access->partition))->kind == DDB_COND_COMPARE;
}

/* About how many values the conditions of a key allow; 0: any. */
static double
count_values(PlannerInfo *root, List *conds)
{
	double least = 0;
	ListCell *cell;

	foreach(cell, conds)
	{
		DdbCond *cond = lfirst(cell);
		double values = 1;

		if (!is_equality(cond))
			continue;
		if (cond->kind == DDB_COND_ANY)
			values = ddb_compat_array_length(root, (Node *) cond->value);
		if (least == 0 || values < least)
			least = values;
	}
	return least;
}

double
ddb_access_count_reads(PlannerInfo *root, const DdbAccess *access)
{
	double reads;

	if (access->pairs != NIL)
		return list_length(access->pairs);
	reads = Max(1, count_values(root, access->partition));
	return reads * Max(1, count_values(root, access->sort));
}
