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

/* One step of a document path below the attribute: ".name" or "[index]". */
typedef struct DdbStep
{
	const char *name; /* UTF-8; NULL: index counts */
	int index;
} DdbStep;

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
								 * item ("*"), or a dropped column */
	const char *path;      /* the option as it was given, for messages, in the
								 * server's encoding */
	int nsteps;            /* below the attribute */
	const DdbStep *steps;
	Oid type;
	int32 typmod;
	Oid collation;
	DdbType ddb_type; /* the scalar that the column is compared as: S, N, B
								 * or BOOL; ABSENT: none */
	DdbType write_as; /* option "type"; ABSENT: not given */
	DdbMatch match;   /* under the column's own collation */
	bool exact;       /* every value of ddb_type fits the column, so that
								 * what DynamoDB compares is what SQL compares */
	bool is_dropped;
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
	int ncolumns;
	DdbColumn *columns; /* columns[attno - 1], dropped ones included */
} DdbRelation;

/*
 * Of an open foreign table: its options and its columns' from the catalog, what
 * they leave open from the server's. In CurrentMemoryContext.
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
 * sent: column->match, or less. Text has an order only under "C", and none at
 * all under a nondeterministic collation.
 */
extern DdbMatch ddb_relation_match(const DdbColumn *column, Oid collation);

/*
 * The parts of a document path "doc.a[0]"; a part in double quotes is taken as
 * it is, a double quote in it is doubled. Returns NULL with *fault, a full
 * sentence, where it is none; else the attribute in UTF-8, palloc'd.
 */
extern const char *ddb_relation_parse_path(const char *path, int *nsteps,
										   const DdbStep **steps,
										   const char **fault);

#endif /* DDB_RELATION_H */
