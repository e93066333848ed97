/*
 * expression.h
 *		The text of DynamoDB's expressions, with its names and values.
 *
 * Names are "#0", "#1", ... and values ":0", ":1", ..., so reserved words and
 * odd characters need no thought. Everything is palloc'd in
 * CurrentMemoryContext.
 */
#ifndef DDB_EXPRESSION_H
#define DDB_EXPRESSION_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "client.h"
#include "operand.h"
#include "relation.h"

/*
 * Developer Guide, "Quotas in Amazon DynamoDB", Expression parameters. The
 * last one is of all names and values together.
 */
#define DDB_EXPRESSION_MAX_LEN 4096
#define DDB_EXPRESSION_MAX_OPERATORS 300
#define DDB_EXPRESSION_MAX_IN 100
#define DDB_EXPRESSION_MAX_VARIABLES_LEN (2 * 1024 * 1024)

/* Attributes and path steps that expressions name, each of them once. */
typedef struct DdbNames
{
	DdbName *names; /* the i-th is "#i" */
	int nnames;
	int cap;
} DdbNames;

/* A document path as expressions say it: "#0.#1[0]". */
typedef struct DdbExpressionPath
{
	const char *text;
	const int *names; /* which names are in it */
	int nnames;
} DdbExpressionPath;

/* A filter being written; it may pass the limits, and is then taken back. */
typedef struct DdbExpression
{
	StringInfoData text;
	int noperators;
	DdbValue *values;
	int nvalues;
	int values_cap;
	size_t values_len;
	const DdbExpressionPath **paths; /* that are in the text */
	int npaths;
	int paths_cap;
	int first_value; /* the i-th value is ":(first_value + i)" */
} DdbExpression;

/* A point in an expression to which it can be taken back. */
typedef struct DdbExpressionMark
{
	int len;
	int noperators;
	int nvalues;
	size_t values_len;
	int npaths;
} DdbExpressionMark;

/* The index of the name, which is added where it is new. attribute is kept. */
extern int ddb_expression_name(DdbNames *names, const char *attribute);

extern const DdbExpressionPath *ddb_expression_path(DdbNames *names,
													const DdbColumn *column);

/* All of the names so far; NULL: there is none, or it would be too long. */
extern const char *ddb_expression_projection(const DdbNames *names);

extern void ddb_expression_init(DdbExpression *expression, int first_value);

extern DdbExpressionMark ddb_expression_mark(const DdbExpression *expression);
extern void ddb_expression_rewind(DdbExpression *expression,
								  const DdbExpressionMark *mark);

/* Is it within the limits? */
extern bool ddb_expression_fits(const DdbExpression *expression);

/*
 * Append form, in which "#" stands for the path and each ":" for the next of
 * the operands. noperators: how many of DynamoDB's operators and functions are
 * in it.
 */
extern void ddb_expression_add(DdbExpression *expression, int noperators,
							   const char *form, const DdbExpressionPath *path,
							   const DdbOperand *operands);

/* Parentheses around all that was added since the mark. */
extern void ddb_expression_wrap(DdbExpression *expression,
								const DdbExpressionMark *mark);

#endif /* DDB_EXPRESSION_H */
