/*
 * itemwriter.c
 *		A row of a foreign table -> the item that is to be stored.
 *
 * A new item is written along the tree of the columns' places. A changed one is
 * written along the text of the item that it was, which is copied but for the
 * places where the tree has a column that changes.
 */
#include "postgres.h"

#include <stdlib.h>

#include "docwriter.h"
#include "image.h"
#include "itemtree.h"
#include "itemwriter.h"
#include "keyset.h"
#include "own.h"
#include "report.h"
#include "writer.h"

/*
 * No item of 400 KB has a longer text: the shortest values of a list have two
 * bytes each and up to 15 characters, a control character has six.
 */
#define MAX_TEXT_LEN (4 * 1024 * 1024)

struct DdbItemWriter
{
	const DdbRelation *relation;
	const DdbWriteTable *table;
	MemoryContext cxt;
	DdbItemTree tree;
	DdbItemNode *keys[2]; /* NULL: there is no column for it */
	DdbText text;         /* malloc'd, of use for all rows */
	bool key_changed;
	const DdbColumn *column; /* whose value is being written; NULL: none */
};

static void
free_text(void *text)
{
	free(((DdbText *) text)->data);
}

DdbItemWriter *
ddb_item_writer_create(const DdbRelation *relation, const DdbWriteTable *table)
{
	DdbItemWriter *writer = palloc0(sizeof(DdbItemWriter));

	ddb_own_set(ddb_own_register(CurrentMemoryContext, free_text), &writer->text);
	writer->relation = relation;
	writer->table = table;
	writer->cxt = CurrentMemoryContext;
	ddb_itemtree_build(&writer->tree, relation);
	for (int i = 0; i < 2 && table->key_names[i] != NULL; i++)
	{
		DdbItemNode *node =
			ddb_itemtree_child(&writer->tree.root, table->key_names[i], 0);

		writer->keys[i] = node;
		if (node != NULL)
			node->key = i;
	}
	return writer;
}

static DdbEncoder *
create_encoder(DdbItemWriter *writer, const DdbColumn *column, int key)
{
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);
	DdbType key_type = DDB_TYPE_ABSENT;
	int key_max_len = 0;
	DdbEncoder *encoder;

	if (key >= 0)
	{
		key_type = writer->table->key_types[key];
		key_max_len = key == 0 ? DDB_KEY_MAX_PARTITION_LEN : DDB_KEY_MAX_SORT_LEN;
	}
	encoder = ddb_encoder_create(writer->relation, column, key_type, key_max_len);
	MemoryContextSwitchTo(old);
	return encoder;
}

static void
write_value(DdbItemWriter *writer, const DdbItemNode *node, DdbItemColumn *column)
{
	if (column->encoder == NULL)
		column->encoder = create_encoder(writer, column->column, node->key);
	writer->column = column->column;
	ddb_encoder_write(column->encoder, node->name, column->value, &writer->text);
	writer->column = NULL;
}

__attribute__((noreturn, cold)) static void
raise_no_place(const DdbItemWriter *writer, const DdbItemColumn *column,
			   const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("cannot write attribute \"%s\" of column \"%s\" of foreign "
					"table \"%s\"",
					column->column->path,
					column->column->name,
					writer->relation->name),
			 errdetail("%s", why)));
}

/* A place in which ddb_itemtree_value() has found something. */
static void
write_missing(DdbItemWriter *writer, const DdbItemNode *node)
{
	DdbItemColumn *own = ddb_itemtree_own_change(node);

	if (own != NULL)
	{
		write_value(writer, node, own);
		return;
	}
	/* Paths are not longer than documents may be deep. */
	ddb_docwriter_open(&writer->text, node->name, DDB_TYPE_M, 0);
	for (const DdbItemNode *child = node->children; child != NULL;
		 child = child->next)
	{
		const DdbItemColumn *value = ddb_itemtree_value(child);

		if (value == NULL)
			continue;
		if (child->name == NULL)
			raise_no_place(writer,
						   value,
						   "There is no such list, and none is made.");
		write_missing(writer, child);
	}
	ddb_docwriter_close(&writer->text, '}');
}

/* A member of a map or an element of a list, as it was read. */
typedef struct Part
{
	DdbJsonString name; /* of a member */
	DdbValueSpan value;
	const char *json;  /* {"S":"text"} */
	const char *whole; /* the same with its name */
	const char *end;   /* of both */
} Part;

__attribute__((noreturn, cold)) static void
raise_malformed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("malformed item from DynamoDB")));
}

/* The next part of what type opens with a bracket; false: its end was taken. */
static bool
read_part(DdbJson *json, DdbType type, bool is_first, Part *part)
{
	if (ddb_json_take(json, type == DDB_TYPE_M ? '}' : ']'))
		return false;
	if (!is_first && !ddb_json_expect(json, ','))
		raise_malformed();
	ddb_json_skip_space(json);
	part->whole = json->next;
	if (type == DDB_TYPE_M && !ddb_json_name(json, &part->name))
		raise_malformed();
	ddb_json_skip_space(json);
	part->json = json->next;
	if (!ddb_value_read(json, 1, &part->value))
		raise_malformed();
	part->end = json->next;
	return true;
}

/* The place of a member, whose name may have escapes. */
static DdbItemNode *
find_member(const DdbItemNode *node, const DdbJsonString *name)
{
	char *plain = palloc(name->len + 1);
	long len = ddb_json_unescape(name->text, name->len, plain);
	DdbItemNode *child = NULL;

	if (len >= 0 && memchr(plain, '\0', (size_t) len) == NULL)
	{
		plain[len] = '\0';
		child = ddb_itemtree_child(node, plain, 0);
	}
	pfree(plain);
	return child;
}

static void
copy_part(DdbItemWriter *writer, const Part *part)
{
	ddb_writer_verbatim(&writer->text,
						NULL,
						part->whole,
						(size_t) (part->end - part->whole));
}

/* A key was written: is it another? start: of what was written */
static void
note_key(DdbItemWriter *writer, const Part *before, size_t start)
{
	const DdbText *text = &writer->text;
	DdbJson json;
	Part after;

	if (text->failed)
		return;
	ddb_json_init(&json, text->data + start, text->len - start);
	(void) ddb_json_take(&json, ',');
	(void) read_part(&json, DDB_TYPE_M, true, &after);
	if (!ddb_image_same_value(before->json,
							  (size_t) (before->end - before->json),
							  after.json,
							  (size_t) (after.end - after.json)))
		writer->key_changed = true;
}

static void write_changed_parts(DdbItemWriter *writer, const DdbItemNode *node,
								const DdbValueSpan *value);

/* Something below the node changes in a value that there is. */
static void
write_changed_inside(DdbItemWriter *writer, const DdbItemNode *node,
					 const Part *part)
{
	const DdbItemColumn *value = ddb_itemtree_value(node);
	DdbType type = part->value.type;

	if (type == DDB_TYPE_M || type == DDB_TYPE_L)
	{
		ddb_docwriter_open(&writer->text, node->name, type, 0);
		write_changed_parts(writer, node, &part->value);
		ddb_docwriter_close(&writer->text, type == DDB_TYPE_M ? '}' : ']');
	}
	else if (value == NULL)
		copy_part(writer, part);
	else if (type == DDB_TYPE_NULL)
		write_missing(writer, node);
	else
		raise_no_place(writer,
					   value,
					   "The item has a value on the way there that is neither a "
					   "map nor a list.");
}

/* The node is set to NULL as a whole. */
static void
write_removed(DdbItemWriter *writer, const DdbItemNode *node,
			  const DdbItemColumn *own, const Part *part)
{
	if (node->name != NULL)
		return;
	if (part->value.type != DDB_TYPE_NULL)
		raise_no_place(writer,
					   own,
					   "NULL would remove an element from a list, and move those "
					   "behind it.");
	copy_part(writer, part);
}

/* node: the place of the part; NULL: no column has it. */
static void
write_changed_part(DdbItemWriter *writer, DdbItemNode *node, const Part *part)
{
	size_t start = writer->text.len;
	DdbItemColumn *own;

	if (node != NULL)
		node->met_in = writer->tree.row;
	if (node == NULL || ddb_itemtree_change(node) == NULL)
	{
		copy_part(writer, part);
		return;
	}
	own = ddb_itemtree_own_change(node);
	if (own == NULL)
		write_changed_inside(writer, node, part);
	else if (own->isnull)
		write_removed(writer, node, own, part);
	else
		write_value(writer, node, own);
	if (node->key >= 0)
		note_key(writer, part, start);
}

/* What the tree has and the item has not. */
static void
write_missing_parts(DdbItemWriter *writer, const DdbItemNode *node,
					DdbType type, int nelements)
{
	DdbItemNode *child;

	/* A list grows at its end. */
	while (type == DDB_TYPE_L &&
		   (child = ddb_itemtree_child(node, NULL, nelements)) != NULL &&
		   ddb_itemtree_value(child) != NULL)
	{
		child->met_in = writer->tree.row;
		write_missing(writer, child);
		nelements++;
	}
	for (child = node->children; child != NULL; child = child->next)
	{
		const DdbItemColumn *value = ddb_itemtree_value(child);

		if (child->met_in == writer->tree.row || value == NULL)
			continue;
		if (type == DDB_TYPE_L)
			raise_no_place(writer,
						   value,
						   child->name == NULL
							   ? "The list has fewer elements."
							   : "The item has a list in place of the map.");
		if (child->name == NULL)
			raise_no_place(writer,
						   value,
						   "The item has a map in place of the list.");
		write_missing(writer, child);
	}
}

/* What is between the brackets of a map (so is the item) or list. */
static void
write_changed_parts(DdbItemWriter *writer, const DdbItemNode *node,
					const DdbValueSpan *value)
{
	bool is_map = value->type == DDB_TYPE_M;
	int count = 0;
	DdbJson json;
	Part part;

	ddb_json_init(&json, value->text, value->len);
	if (!ddb_json_expect(&json, is_map ? '{' : '['))
		raise_malformed();
	while (read_part(&json, value->type, count == 0, &part))
	{
		DdbItemNode *child = is_map ? find_member(node, &part.name)
									: ddb_itemtree_child(node, NULL, count);

		write_changed_part(writer, child, &part);
		count++;
	}
	write_missing_parts(writer, node, value->type, count);
}

/* The error context of a value: which column it is of. */
static void
add_context(void *arg)
{
	const DdbItemWriter *writer = arg;

	if (writer->column != NULL)
		errcontext("column \"%s\" of foreign table \"%s\"",
				   writer->column->name,
				   writer->relation->name);
}

static void
check_whole_item(const DdbItemWriter *writer)
{
	for (int i = 0; i < writer->tree.ncolumns; i++)
	{
		const DdbItemColumn *column = &writer->tree.columns[i];

		if (column->column == NULL || !column->column->is_whole_item ||
			!column->changes)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("cannot write column \"%s\" of foreign table \"%s\"",
						column->column->name,
						writer->relation->name),
				 errdetail("It is the whole item, which the other columns make."),
				 errhint("Leave the column out of the statement.")));
	}
}

__attribute__((noreturn, cold)) static void
raise_no_key(const DdbItemWriter *writer, int key)
{
	const DdbItemNode *node = writer->keys[key];
	const char *column;

	if (node == NULL || node->columns == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("foreign table \"%s\" has no column for the key attribute "
						"\"%s\"",
						writer->relation->name,
						ddb_report_foreign(writer->table->key_names[key]))));
	column = node->columns->column->name;
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("null value in key column \"%s\" of foreign table \"%s\"",
					column,
					writer->relation->name),
			 errdetail("The attribute is a key of the DynamoDB table."),
			 err_generic_string(PG_DIAG_TABLE_NAME, writer->relation->name),
			 err_generic_string(PG_DIAG_COLUMN_NAME, column)));
}

/* A new row has its keys, and a changed one does not lose them. */
static void
check_keys(const DdbItemWriter *writer, bool is_new)
{
	for (int i = 0; i < 2 && writer->table->key_names[i] != NULL; i++)
	{
		const DdbItemNode *node = writer->keys[i];
		const DdbItemColumn *own =
			node == NULL ? NULL : ddb_itemtree_own_change(node);

		if (own == NULL ? is_new : own->isnull)
			raise_no_key(writer, i);
	}
}

/* The text as it is now, in CurrentMemoryContext. */
static DdbItemText
take_item(DdbItemWriter *writer)
{
	DdbText *text = &writer->text;
	char *copy;

	if (text->failed)
	{
		*text = (DdbText){0};
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	if (text->len > MAX_TEXT_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a row of foreign table \"%s\" is too large for an item "
						"of DynamoDB",
						writer->relation->name)));
	copy = palloc(text->len);
	memcpy(copy, text->data, text->len);
	return (DdbItemText){.text = copy, .len = text->len};
}

static void
write_new(DdbItemWriter *writer)
{
	ddb_writer_open(&writer->text, NULL, '{');
	write_missing_parts(writer, &writer->tree.root, DDB_TYPE_M, 0);
	ddb_writer_close(&writer->text, '}');
}

static void
write_changed(DdbItemWriter *writer, DdbItemText base)
{
	DdbValueSpan item = {.text = base.text, .len = base.len, .type = DDB_TYPE_M};

	ddb_writer_open(&writer->text, NULL, '{');
	write_changed_parts(writer, &writer->tree.root, &item);
	ddb_writer_close(&writer->text, '}');
}

/* From one row to another; base and before are NULL for a new one. */
static DdbItemText
write_row(DdbItemWriter *writer, const DdbItemText *base, const DdbRow *before,
		  const DdbRow *after, const Bitmapset *assigned)
{
	ErrorContextCallback context = {.previous = error_context_stack,
									.callback = add_context,
									.arg = writer};
	bool is_new = base == NULL;

	error_context_stack = &context;
	writer->column = NULL;
	writer->key_changed = false;
	writer->text.len = 0;
	ddb_itemtree_take(&writer->tree, before, after, assigned);
	check_whole_item(writer);
	check_keys(writer, is_new);
	if (is_new)
		write_new(writer);
	else
		write_changed(writer, *base);
	error_context_stack = context.previous;
	return take_item(writer);
}

DdbItemText
ddb_item_write_new(DdbItemWriter *writer, const DdbRow *row)
{
	return write_row(writer, NULL, NULL, row, NULL);
}

DdbItemText
ddb_item_write_changed(DdbItemWriter *writer, DdbItemText base,
					   const DdbRow *before, const DdbRow *after,
					   const Bitmapset *assigned, bool *key_changed)
{
	DdbItemText item = write_row(writer, &base, before, after, assigned);

	*key_changed = writer->key_changed;
	return item;
}
