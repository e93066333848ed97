/*
 * plan.h
 *		What a ForeignScan does: conditions, access, and their form as a List.
 *
 * One encoder and one decoder stand between the planner, which makes a DdbPlan,
 * and the executor, which reads it out of fdw_private.
 */
#ifndef DDB_PLAN_H
#define DDB_PLAN_H

#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"

#include "client.h"

typedef enum DdbCondKind
{
	DDB_COND_AND,
	DDB_COND_OR,
	DDB_COND_COMPARE, /* column op value */
	DDB_COND_ANY,     /* column = ANY(array) */
	DDB_COND_NONE_OF, /* column <> ALL(array) */
	DDB_COND_LIKE,    /* column LIKE pattern */
	DDB_COND_STARTS,  /* column ^@ prefix */
	DDB_COND_IS_NULL,
	DDB_COND_IS_NOT_NULL
} DdbCondKind;

typedef enum DdbCompare
{
	DDB_EQ,
	DDB_NE,
	DDB_LT,
	DDB_LE,
	DDB_GT,
	DDB_GE
} DdbCompare;

/*
 * A condition that DynamoDB can be asked: true for every item for which the
 * SQL clause is true (a superset), if not for more.
 */
typedef struct DdbCond
{
	DdbCondKind kind;
	AttrNumber attno; /* of the column; 0 for AND and OR */
	DdbCompare op;    /* COMPARE */
	Expr *value;      /* without Vars of the relation; NULL: none */
	List *args;       /* AND, OR: DdbCond pointers */
	bool exact;       /* as long as value can be sent, DynamoDB says true
								 * if and only if SQL does */
} DdbCond;

/*
 * How the item of a row gets from the scan to an UPDATE or DELETE: a junk column
 * of type bytea, the item's JSON in UTF-8. For the planner it is one of the
 * system columns, of which foreign tables have none but tableoid.
 */
#define DDB_ITEM_ATTNO MaxCommandIdAttributeNumber
#define DDB_ITEM_NAME "cruddur_ddb_item"

/* Of a ForeignScan. In the executor, cond->value is an element of fdw_exprs. */
typedef struct DdbPlan
{
	DdbReadKind kind;         /* GET where there is one key, else BATCH */
	const char *index;        /* NULL: the table itself */
	const char *key_names[2]; /* partition and sort key attribute of the access,
								 * NULL: there is none */
	DdbType key_types[2];
	const char *item_key[2]; /* the table's key, which names an item */
	List *pairs;             /* BATCH: DdbCond AND of two COMPARE EQ, partition
								 * key and sort key: one of the keys that are read.
								 * NIL: the keys come from partition and sort */
	List *partition;         /* DdbCond: COMPARE EQ or ANY; conditions of the
								 * partition key, any of them will do */
	List *sort;              /* DdbCond of the sort key, all of them true */
	List *filter;       /* DdbCond, for FilterExpression, all of them true */
	List *columns;      /* attnos that are needed, as integers */
	List *sent;         /* clauses that DynamoDB answers, for items that it
								 * does not have yet */
	List *sent_columns; /* their attnos */
	List *projected;    /* Strings, the attributes that an index has, where
								 * all that it has are read; NIL: all */
	bool backward;      /* sort key descending */
	bool ordered;       /* rows must come in order of the sort key */
	bool consistent;    /* not for a GSI, which cannot */
	bool keep_item;     /* rows carry the item that they were read from, in
								 * DDB_ITEM_ATTNO: it is to be changed */
	bool whole_item;    /* and all of it, not only what columns need */
	bool count_only;    /* yields one row, the number of items */
	int segments;       /* SCAN: 1 or more */
	double selectivity; /* of what is left to be filtered, in DynamoDB and
								 * here: rows that pass by item read */
	Expr *limit;        /* LIMIT and OFFSET where they bound what is read; */
	Expr *offset;       /* NULL: there is none */
	double few;         /* a number of rows with which the query may be
								 * content; 0: unknown */
	int prefetch_id;    /* of the node that reads ahead for it; 0: none */
	List *outer_values; /* that node's columns that we need: Vars in the planner,
								 * the join's Params in the executor */
} DdbPlan;

/*
 * plan as fdw_private; its expressions go to *exprs, fdw_exprs to be, and are
 * there found again by the decoder.
 */
extern List *ddb_plan_encode(const DdbPlan *plan, List **exprs);

extern DdbPlan *ddb_plan_decode(List *fdw_private, List *exprs);

#endif /* DDB_PLAN_H */
