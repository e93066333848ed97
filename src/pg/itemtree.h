/*
 * itemtree.h
 *		Where in an item the columns of a foreign table are, as a tree.
 *
 * A node is an attribute, or a part of a document that some column's path goes
 * through or leads to. With the values of one row in it, it says what of an item
 * changes.
 */
#ifndef DDB_ITEMTREE_H
#define DDB_ITEMTREE_H

#include "postgres.h"

#include "nodes/bitmapset.h"

#include "encoder.h"
#include "relation.h"

/* A row, values and isnull by attno - 1. */
typedef struct DdbRow
{
	const Datum *values;
	const bool *isnull;
} DdbRow;

/* A column, and what the row at hand has in it. */
typedef struct DdbItemColumn
{
	const DdbColumn *column;
	DdbEncoder *encoder; /* NULL: not made yet */
	int16 typlen;
	bool typbyval;
	struct DdbItemColumn *next; /* another one of the same node */

	bool changes; /* it is to be written, or removed where it is NULL */
	bool isnull;
	Datum value;
} DdbItemColumn;

typedef struct DdbItemNode
{
	const char *name; /* UTF-8; NULL: an element of a list, by index */
	int index;
	int key; /* which key of the table it is, -1: none */
	DdbItemColumn *columns;
	struct DdbItemNode *children;
	struct DdbItemNode *next;
	uint64 met_in; /* the last row whose item was found to have it */
} DdbItemNode;

typedef struct DdbItemTree
{
	DdbItemNode root; /* the item */
	uint64 row;       /* counts those taken */
	int ncolumns;
	DdbItemColumn *columns; /* by attno - 1; column is NULL for dropped ones */
} DdbItemTree;

/*
 * The tree of a foreign table, in CurrentMemoryContext; relation is borrowed.
 * Columns of the whole item have no node.
 */
extern void ddb_itemtree_build(DdbItemTree *tree, const DdbRelation *relation);

/*
 * Take the values of a row, which are borrowed, and note which columns change:
 * of a new row (before is NULL) those that are not NULL, else those whose values
 * differ, and those that are NULL before or after and assigned (attnos).
 */
extern void ddb_itemtree_take(DdbItemTree *tree, const DdbRow *before,
							  const DdbRow *after, const Bitmapset *assigned);

/* By name, or if that is NULL by index; NULL: there is none. */
extern DdbItemNode *ddb_itemtree_child(const DdbItemNode *node,
									   const char *name, int index);

/* A column that changes, at the node or below; NULL: none. */
extern const DdbItemColumn *ddb_itemtree_change(const DdbItemNode *node);

/* The same of those that change to a value. */
extern const DdbItemColumn *ddb_itemtree_value(const DdbItemNode *node);

/*
 * The column that changes the node as a whole; NULL: none. Error 22023 if another
 * one changes the node too, or what is below.
 */
extern DdbItemColumn *ddb_itemtree_own_change(const DdbItemNode *node);

#endif /* DDB_ITEMTREE_H */
