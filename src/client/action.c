/*
 * action.c
 *		One write of one item, as a request has it.
 *
 * Names and values are behind marks in the expressions: #k is the partition
 * key, #1 and :1 are of the second of the attributes that are expected or set.
 *
 * Not here: the operations (client.c).
 */
#include <stdio.h>
#include <string.h>

#include "action.h"
#include "writer.h"

/* The attributes of a write's expressions, numbered: expected ones, then set. */
static const DdbItemAttribute *
attribute_at(const DdbWrite *write, int i)
{
	return i < write->nexpected ? &write->expected[i]
								: &write->set[i - write->nexpected];
}

/* An attribute that is set and expected has two numbers; the lower names it. */
static int
name_number(const DdbWrite *write, int i)
{
	const char *name = attribute_at(write, i)->name;
	int first = 0;

	while (strcmp(attribute_at(write, first)->name, name) != 0)
		first++;
	return first;
}

static bool
is_key(const DdbWrite *write, int i)
{
	return strcmp(attribute_at(write, i)->name, write->key_name) == 0;
}

/* ":12", of the value of attribute 12. */
static void
print_value_mark(char mark[16], int i)
{
	snprintf(mark, 16, ":%d", i);
}

/* "#12", or "#k" of the partition key. */
static void
print_name_mark(char mark[16], const DdbWrite *write, int i)
{
	if (is_key(write, i))
		snprintf(mark, 16, "#k");
	else
		snprintf(mark, 16, "#%d", name_number(write, i));
}

/* "#1=:2"; an expression has room for 4 KB, so there is no space in it. */
static void
add_equation(DdbText *json, const DdbWrite *write, int i)
{
	char mark[16];

	print_name_mark(mark, write, i);
	ddb_text_add_str(json, mark);
	ddb_text_add_char(json, '=');
	print_value_mark(mark, i);
	ddb_text_add_str(json, mark);
}

static void
add_condition(DdbText *json, const DdbWrite *write)
{
	char mark[16];

	if (write->expect == DDB_EXPECT_ANYTHING)
		return;
	ddb_writer_verbatim(json, "ConditionExpression", "\"", 1);
	ddb_text_add_str(json,
					 write->expect == DDB_EXPECT_ABSENT
						 ? "attribute_not_exists(#k)"
						 : "attribute_exists(#k)");
	for (int i = 0; i < write->nexpected; i++)
	{
		ddb_text_add_str(json, " AND ");
		if (write->expected[i].json != NULL)
		{
			add_equation(json, write, i);
			continue;
		}
		print_name_mark(mark, write, i);
		ddb_text_add_str(json, "attribute_not_exists(");
		ddb_text_add_str(json, mark);
		ddb_text_add_char(json, ')');
	}
	ddb_text_add_char(json, '"');
}

static void
add_update(DdbText *json, const DdbWrite *write)
{
	const char *before = "SET ";
	char mark[16];

	ddb_writer_verbatim(json, "UpdateExpression", "\"", 1);
	for (int i = 0; i < write->nset; i++)
	{
		if (write->set[i].json == NULL)
			continue;
		ddb_text_add_str(json, before);
		add_equation(json, write, write->nexpected + i);
		before = ",";
	}
	before = *before == ',' ? " REMOVE " : "REMOVE ";
	for (int i = 0; i < write->nset; i++)
	{
		if (write->set[i].json != NULL)
			continue;
		print_name_mark(mark, write, write->nexpected + i);
		ddb_text_add_str(json, before);
		ddb_text_add_str(json, mark);
		before = ",";
	}
	ddb_text_add_char(json, '"');
}

static void
add_name(DdbText *json, const char *mark, const char *name)
{
	ddb_writer_string(json, mark, name, strlen(name));
}

/* What the marks of a write's expressions stand for. */
static void
add_marks(DdbText *json, const DdbWrite *write)
{
	int nattributes = write->nexpected + write->nset;
	bool any_value = false;
	char mark[16];

	if (write->expect == DDB_EXPECT_ANYTHING && nattributes == 0)
		return;
	ddb_writer_open(json, "ExpressionAttributeNames", '{');
	if (write->expect != DDB_EXPECT_ANYTHING)
		add_name(json, "#k", write->key_name);
	for (int i = 0; i < nattributes; i++)
	{
		any_value |= attribute_at(write, i)->json != NULL;
		print_name_mark(mark, write, i);
		if (!is_key(write, i) && name_number(write, i) == i)
			add_name(json, mark, attribute_at(write, i)->name);
	}
	ddb_writer_close(json, '}');

	/* An empty one is refused. */
	if (!any_value)
		return;
	ddb_writer_open(json, "ExpressionAttributeValues", '{');
	for (int i = 0; i < nattributes; i++)
	{
		const DdbItemAttribute *attribute = attribute_at(write, i);

		print_value_mark(mark, i);
		if (attribute->json != NULL)
			ddb_writer_verbatim(json, mark, attribute->json, attribute->json_len);
	}
	ddb_writer_close(json, '}');
}

void
ddb_action_add_subject(DdbText *json, const DdbWrite *write)
{
	if (write->kind == DDB_WRITE_PUT)
		ddb_writer_verbatim(json, "Item", write->item, write->item_len);
	else
		ddb_writer_verbatim(json, "Key", write->key, write->key_len);
}

void
ddb_action_add(DdbText *json, const DdbWrite *write)
{
	ddb_action_add_subject(json, write);
	if (write->kind == DDB_WRITE_UPDATE)
		add_update(json, write);
	add_condition(json, write);
	add_marks(json, write);
}
