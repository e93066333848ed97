/*
 * relation.h
 *		What a foreign table and its columns stand for.
 */
#ifndef DDB_RELATION_H
#define DDB_RELATION_H

#include "postgres.h"

#include "utils/relcache.h"

#include "options.h"
#include "value.h"

/* How a column's values relate to what DynamoDB stores and compares. */
typedef enum DdbMatch
{
	DDB_MATCH_NONE,  /* comparisons are PostgreSQL's alone */
	DDB_MATCH_EQUAL, /* equal values are equal bytes, order is another */
	DDB_MATCH_ORDER, /* equality and order are the same on both sides */
	DDB_MATCH_FLOAT, /* order is the same but for rounding */
	DDB_MATCH_BOOL
} DdbMatch;

typedef struct DdbColumn
{
	AttrNumber attno;
	const char *name;      /* of the column, in the server's encoding */
	const char *attribute; /* top-level attribute in UTF-8; NULL: the whole
								 * item ("*"), or the column is not in it */
	const char *path;      /* the option as it was given, for messages, in the
								 * server's encoding */
	int nsteps;            /* below the attribute */
	const DdbStep *steps;
	Oid type;
	Oid base_type; /* type, or what is below it if it is a domain */
	int32 typmod;
	Oid collation;
	DdbType ddb_type; /* the scalar that the column is compared as: S, N, B
								 * or BOOL; ABSENT: none */
	DdbType write_as; /* option "type"; ABSENT: not given */
	DdbKeyRole key;   /* option "key", as IMPORT FOREIGN SCHEMA sets it */
	DdbMatch match;   /* under the column's own collation */
	bool exact;       /* every value of ddb_type fits the column, so that
								 * what DynamoDB compares is what SQL compares */
	bool in_item;     /* false: it is dropped, or virtual */
	bool is_whole_item;
} DdbColumn;

/* All of it lives in the context in which it was loaded. */
typedef struct DdbRelation
{
	Oid oid;
	Oid server;
	const char *name;          /* of the relation */
	const char *table;         /* DynamoDB's, ASCII by its rules */
	const char *index;         /* option index_name; NULL: none */
	bool consistent;           /* option of the table, else of the server */
	bool null_mismatch;        /* on_type_mismatch 'null' */
	int segments;              /* 0: auto */
	int read_units_per_second; /* of the table, else of the server; 0: no limit */
	int write_units_per_second;
	bool replace; /* on_duplicate 'replace' */
	int ncolumns;
	DdbColumn *columns; /* columns[attno - 1], those not in the item included */
} DdbRelation;

/*
 * Of an open foreign table: its options and its columns' from the catalog, what
 * they leave open from the server's. In CurrentMemoryContext. Errors: HV00R if
 * it has no table_name and its own is none for DynamoDB, HV004 if a column of
 * the whole item is not json or jsonb, 42804 if a canonical one is not uuid.
 */
extern DdbRelation *ddb_relation_load(Relation relation,
									  const DdbOptions *server);

static inline const DdbColumn *
ddb_relation_column(const DdbRelation *relation, AttrNumber attno)
{
	return &relation->columns[attno - 1];
}

/*
 * How comparisons of the column under this collation (of the operator) may be
 * sent. Text has an order only under "C", and nothing at all under a
 * nondeterministic collation; for other types the collation has no say.
 */
extern DdbMatch ddb_relation_match(const DdbColumn *column, Oid collation);

#endif /* DDB_RELATION_H */
