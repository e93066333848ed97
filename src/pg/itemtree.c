/*
 * itemtree.c
 *		Where in an item the columns of a foreign table are, as a tree.
 */
#include "postgres.h"

#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "itemtree.h"

DdbItemNode *
ddb_itemtree_child(const DdbItemNode *node, const char *name, int index)
{
	for (DdbItemNode *child = node->children; child != NULL; child = child->next)
	{
		if (name == NULL ? child->name == NULL && child->index == index
						 : child->name != NULL && strcmp(child->name, name) == 0)
			return child;
	}
	return NULL;
}

static DdbItemNode *
find_or_add_child(DdbItemNode *node, const char *name, int index)
{
	DdbItemNode *child = ddb_itemtree_child(node, name, index);
	DdbItemNode **last = &node->children;

	if (child != NULL)
		return child;
	while (*last != NULL)
		last = &(*last)->next;
	child = palloc0(sizeof(DdbItemNode));
	child->name = name;
	child->index = index;
	child->key = -1;
	*last = child;
	return child;
}

static void
add_column(DdbItemTree *tree, const DdbColumn *column)
{
	DdbItemColumn *added = &tree->columns[column->attno - 1];
	DdbItemNode *node;

	added->column = column;
	get_typlenbyval(column->type, &added->typlen, &added->typbyval);
	if (column->is_whole_item)
		return;
	node = find_or_add_child(&tree->root, column->attribute, 0);
	for (int i = 0; i < column->nsteps; i++)
		node =
			find_or_add_child(node, column->steps[i].name, column->steps[i].index);
	added->next = node->columns;
	node->columns = added;
}

void
ddb_itemtree_build(DdbItemTree *tree, const DdbRelation *relation)
{
	memset(tree, 0, sizeof(*tree));
	tree->root.key = -1;
	tree->ncolumns = relation->ncolumns;
	tree->columns = palloc0_array(DdbItemColumn, relation->ncolumns);
	for (int i = 0; i < relation->ncolumns; i++)
	{
		if (relation->columns[i].in_item)
			add_column(tree, &relation->columns[i]);
	}
}

const DdbItemColumn *
ddb_itemtree_change(const DdbItemNode *node)
{
	const DdbItemColumn *found = NULL;

	for (const DdbItemColumn *column = node->columns; column != NULL;
		 column = column->next)
	{
		if (column->changes)
			return column;
	}
	for (const DdbItemNode *child = node->children;
		 child != NULL && found == NULL;
		 child = child->next)
		found = ddb_itemtree_change(child);
	return found;
}

const DdbItemColumn *
ddb_itemtree_value(const DdbItemNode *node)
{
	const DdbItemColumn *found = NULL;

	for (const DdbItemColumn *column = node->columns; column != NULL;
		 column = column->next)
	{
		if (column->changes && !column->isnull)
			return column;
	}
	for (const DdbItemNode *child = node->children;
		 child != NULL && found == NULL;
		 child = child->next)
		found = ddb_itemtree_value(child);
	return found;
}

__attribute__((noreturn, cold)) static void
raise_conflict(const DdbItemColumn *one, const DdbItemColumn *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("columns \"%s\" and \"%s\" cannot be written together",
					one->column->name,
					other->column->name),
			 errdetail("They are the same part of an item, or one is a part of "
					   "the other.")));
}

DdbItemColumn *
ddb_itemtree_own_change(const DdbItemNode *node)
{
	DdbItemColumn *found = NULL;

	for (DdbItemColumn *column = node->columns; column != NULL;
		 column = column->next)
	{
		if (!column->changes)
			continue;
		if (found != NULL)
			raise_conflict(found, column);
		found = column;
	}
	if (found == NULL)
		return NULL;
	for (const DdbItemNode *child = node->children; child != NULL;
		 child = child->next)
	{
		const DdbItemColumn *below = ddb_itemtree_change(child);

		if (below != NULL)
			raise_conflict(found, below);
	}
	return found;
}

static bool
is_changed(const DdbItemColumn *column, const DdbRow *before,
		   const DdbRow *after, bool is_assigned)
{
	int i = column->column->attno - 1;

	if (after->isnull[i] || before->isnull[i])
		return is_assigned || after->isnull[i] != before->isnull[i];
	return !datum_image_eq(before->values[i],
						   after->values[i],
						   column->typbyval,
						   column->typlen);
}

void
ddb_itemtree_take(DdbItemTree *tree, const DdbRow *before, const DdbRow *after,
				  const Bitmapset *assigned)
{
	tree->row++;
	for (int i = 0; i < tree->ncolumns; i++)
	{
		DdbItemColumn *column = &tree->columns[i];

		if (column->column == NULL)
			continue;
		column->isnull = after->isnull[i];
		column->value = after->values[i];
		column->changes =
			before == NULL
				? !column->isnull
				: is_changed(column, before, after, bms_is_member(i + 1, assigned));
	}
}
