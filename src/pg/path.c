/*
 * path.c
 *		Document paths: where in an item a column's value is.
 *
 * What a path leads to is found by those who read items. Texts come in the
 * server's encoding, in which no byte of a longer character looks like ASCII.
 */
#include "postgres.h"

#include "convert.h"
#include "path.h"

/* Developer Guide, "Naming rules and data types": less than 64 KB */
#define MAX_NAME_LEN 65535

/* Digits of a list's index: more would fit neither an int nor a list. */
#define MAX_INDEX_DIGITS 9

static const char *
to_utf8(const char *text, size_t len)
{
	size_t utf8_len;
	const char *utf8 = ddb_convert_to_utf8(text, (int) len, &utf8_len);

	return pnstrdup(utf8, utf8_len);
}

/*
 * The parsers take what they are named for at *cursor and move past it. They
 * return NULL, or what is wrong.
 */
static const char *
parse_quoted(const char **cursor, const char **name)
{
	const char *c = *cursor + 1;
	char *plain = palloc(strlen(c) + 1);
	size_t len = 0;

	for (;;)
	{
		if (*c == '\0')
			return "A double quote is not closed.";
		if (*c == '"' && *++c != '"')
			break;
		plain[len++] = *c++;
	}
	*name = to_utf8(plain, len);
	*cursor = c;
	return NULL;
}

static const char *
parse_bare(const char **cursor, const char **name)
{
	size_t len = strcspn(*cursor, ".[]\"");

	if (len == 1 && **cursor == '*')
		return "The asterisk stands for the whole item and has no place in a "
			   "path; for an attribute of this name write it in double "
			   "quotes.";
	*name = to_utf8(*cursor, len);
	*cursor += len;
	return NULL;
}

static const char *
parse_name(const char **cursor, const char **name)
{
	const char *fault;

	if (**cursor == '"')
		fault = parse_quoted(cursor, name);
	else
		fault = parse_bare(cursor, name);
	if (fault == NULL && **name == '\0')
		fault = "A name in a path must not be empty.";
	if (fault == NULL && strlen(*name) > MAX_NAME_LEN)
		fault = "An attribute's name has 65535 bytes at most.";
	return fault;
}

static const char *
parse_index(const char **cursor, int *index)
{
	const char *digits = *cursor + 1;
	size_t len = strspn(digits, "0123456789");

	if (len < 1 || len > MAX_INDEX_DIGITS || digits[len] != ']')
		return "Write the index of a list's element as a number from 0 in "
			   "brackets, for example doc.list[0].";
	*index = atoi(digits);
	*cursor = digits + len + 1;
	return NULL;
}

static const char *
parse_step(const char **cursor, DdbStep *step)
{
	step->name = NULL;
	step->index = 0;
	if (**cursor == '[')
		return parse_index(cursor, &step->index);
	if (**cursor == '.')
	{
		(*cursor)++;
		return parse_name(cursor, &step->name);
	}
	return "A name that has dots, brackets or double quotes must stand in "
		   "double quotes, with each double quote in it doubled.";
}

static int
count_steps(const char *text)
{
	int count = 0;

	for (const char *c = text; *c != '\0'; c++)
		count += *c == '.' || *c == '[';
	return count;
}

const char *
ddb_path_parse(DdbDocumentPath *path, const char *text)
{
	const char *cursor = text;
	const char *fault;
	int room = Min(count_steps(text), DDB_PATH_MAX_STEPS);
	DdbStep *steps = room > 0 ? palloc(room * sizeof(DdbStep)) : NULL;

	memset(path, 0, sizeof(*path));
	path->text = pstrdup(text);
	path->steps = steps;
	if (strcmp(text, "*") == 0)
		return NULL;

	fault = parse_name(&cursor, &path->attribute);
	while (fault == NULL && *cursor != '\0')
	{
		DdbStep step;

		fault = parse_step(&cursor, &step);
		if (fault != NULL)
			break;
		if (path->nsteps == room)
			return "Documents of DynamoDB are nested 32 deep at most.";
		steps[path->nsteps++] = step;
	}
	return fault;
}

void
ddb_path_of_name(DdbDocumentPath *path, const char *name)
{
	memset(path, 0, sizeof(*path));
	path->text = pstrdup(name);
	path->attribute = to_utf8(name, strlen(name));
}
