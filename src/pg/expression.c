/*
 * expression.c
 *		The text of DynamoDB's expressions, with its names and values.
 *
 * What the text means is the business of those who write it.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "expression.h"

/* "#" or ":" and an int */
#define NAME_LEN 12

/* Not psprintf: every execution of a statement names all its columns. */
static char *
number_name(char sign, int number)
{
	char *name = palloc(NAME_LEN);

	name[0] = sign;
	pg_ltoa(number, name + 1);
	return name;
}

int
ddb_expression_name(DdbNames *names, const char *attribute)
{
	int i;

	for (i = 0; i < names->nnames; i++)
	{
		if (strcmp(names->names[i].attribute, attribute) == 0)
			return i;
	}
	if (names->names == NULL)
	{
		names->cap = 16;
		names->names = palloc(sizeof(DdbName) * names->cap);
	}
	else if (names->nnames == names->cap)
	{
		names->cap *= 2;
		names->names = repalloc(names->names, sizeof(DdbName) * names->cap);
	}
	names->names[i].name = number_name('#', i);
	names->names[i].attribute = attribute;
	names->nnames++;
	return i;
}

const DdbExpressionPath *
ddb_expression_path(DdbNames *names, const DdbColumn *column)
{
	DdbExpressionPath *path = palloc(sizeof(DdbExpressionPath));
	int *used = palloc(sizeof(int) * (column->nsteps + 1));
	StringInfoData text;
	int n = 0;

	Assert(column->attribute != NULL);
	initStringInfo(&text);
	used[n] = ddb_expression_name(names, column->attribute);
	appendStringInfo(&text, "#%d", used[n++]);
	for (int i = 0; i < column->nsteps; i++)
	{
		const DdbStep *step = &column->steps[i];

		if (step->name == NULL)
		{
			appendStringInfo(&text, "[%d]", step->index);
			continue;
		}
		used[n] = ddb_expression_name(names, step->name);
		appendStringInfo(&text, ".#%d", used[n++]);
	}
	path->text = text.data;
	path->names = used;
	path->nnames = n;
	return path;
}

const char *
ddb_expression_projection(const DdbNames *names)
{
	StringInfoData text;

	if (names->nnames == 0)
		return NULL;
	initStringInfo(&text);
	for (int i = 0; i < names->nnames; i++)
	{
		if (i > 0)
			appendStringInfoString(&text, ", ");
		appendStringInfoString(&text, names->names[i].name);
	}
	return text.len > DDB_EXPRESSION_MAX_LEN ? NULL : text.data;
}

void
ddb_expression_init(DdbExpression *expression, int first_value)
{
	memset(expression, 0, sizeof(DdbExpression));
	initStringInfo(&expression->text);
	expression->first_value = first_value;
	expression->values_cap = 8;
	expression->values = palloc(sizeof(DdbValue) * expression->values_cap);
	expression->paths_cap = 8;
	expression->paths =
		palloc(sizeof(DdbExpressionPath *) * expression->paths_cap);
}

DdbExpressionMark
ddb_expression_mark(const DdbExpression *expression)
{
	DdbExpressionMark mark = {.len = expression->text.len,
							  .noperators = expression->noperators,
							  .nvalues = expression->nvalues,
							  .values_len = expression->values_len,
							  .npaths = expression->npaths};

	return mark;
}

void
ddb_expression_rewind(DdbExpression *expression, const DdbExpressionMark *mark)
{
	expression->text.len = mark->len;
	expression->text.data[mark->len] = '\0';
	expression->noperators = mark->noperators;
	expression->nvalues = mark->nvalues;
	expression->values_len = mark->values_len;
	expression->npaths = mark->npaths;
}

bool
ddb_expression_fits(const DdbExpression *expression)
{
	/* Half of it is left to the names and the key condition's values. */
	return expression->text.len <= DDB_EXPRESSION_MAX_LEN &&
		   expression->noperators <= DDB_EXPRESSION_MAX_OPERATORS &&
		   expression->values_len <= DDB_EXPRESSION_MAX_VARIABLES_LEN / 2;
}

static void
add_path(DdbExpression *expression, const DdbExpressionPath *path)
{
	if (expression->npaths == expression->paths_cap)
	{
		expression->paths_cap *= 2;
		expression->paths =
			repalloc(expression->paths,
					 sizeof(DdbExpressionPath *) * expression->paths_cap);
	}
	expression->paths[expression->npaths++] = path;
	appendStringInfoString(&expression->text, path->text);
}

static void
add_value(DdbExpression *expression, const DdbOperand *operand)
{
	char *name = number_name(':', expression->first_value + expression->nvalues);

	if (expression->nvalues == expression->values_cap)
	{
		expression->values_cap *= 2;
		expression->values = repalloc(expression->values,
									  sizeof(DdbValue) * expression->values_cap);
	}
	ddb_operand_value(operand, name, &expression->values[expression->nvalues++]);
	expression->values_len += operand->len;
	appendStringInfoString(&expression->text, name);
}

void
ddb_expression_add(DdbExpression *expression, int noperators, const char *form,
				   const DdbExpressionPath *path, const DdbOperand *operands)
{
	/* One that is too long already will be taken back. */
	if (!ddb_expression_fits(expression))
		return;
	expression->noperators += noperators;
	for (; *form != '\0'; form++)
	{
		if (*form == '#')
			add_path(expression, path);
		else if (*form == ':')
			add_value(expression, operands++);
		else
			appendStringInfoChar(&expression->text, *form);
	}
}

void
ddb_expression_wrap(DdbExpression *expression, const DdbExpressionMark *mark)
{
	StringInfo text = &expression->text;

	appendStringInfoString(text, "()");
	memmove(text->data + mark->len + 1,
			text->data + mark->len,
			text->len - mark->len - 2);
	text->data[mark->len] = '(';
}
