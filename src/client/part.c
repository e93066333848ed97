/*
 * part.c
 *		A profile file's text, cut into lines and those into names and values.
 */
#include <string.h>

#include "part.h"

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

DdbPart
ddb_part_trim(DdbPart part)
{
	while (part.len > 0 && is_one_of(part.text[0], DDB_PART_BLANK))
	{
		part.text++;
		part.len--;
	}
	while (part.len > 0 && is_one_of(part.text[part.len - 1], DDB_PART_BLANK))
		part.len--;
	return part;
}

DdbPart
ddb_part_before(DdbPart part, const char *set)
{
	size_t len = 0;

	while (len < part.len && !is_one_of(part.text[len], set))
		len++;
	return (DdbPart){part.text, len};
}

DdbPart
ddb_part_after(DdbPart part, size_t n)
{
	return (DdbPart){part.text + n, part.len - n};
}

DdbPart
ddb_part_cut_line(DdbPart *rest)
{
	DdbPart line = ddb_part_before(*rest, "\n");

	*rest = ddb_part_after(*rest, line.len < rest->len ? line.len + 1 : line.len);
	return line;
}

bool
ddb_part_is(DdbPart part, const char *text)
{
	return strlen(text) == part.len && memcmp(part.text, text, part.len) == 0;
}

bool
ddb_part_is_name(DdbPart part)
{
	for (size_t i = 0; i < part.len; i++)
	{
		char c = part.text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || is_one_of(c, "-_/.%@:+")))
			return false;
	}
	return part.len > 0;
}

/* The value of a property: a comment in it begins behind a blank. */
static DdbPart
without_comment(DdbPart part)
{
	for (size_t i = 1; i < part.len; i++)
	{
		if (is_one_of(part.text[i], DDB_PART_COMMENT) &&
			is_one_of(part.text[i - 1], DDB_PART_BLANK))
			return ddb_part_trim((DdbPart){part.text, i});
	}
	return ddb_part_trim(part);
}

const char *
ddb_part_split_property(DdbPart line, DdbPart *name, DdbPart *value, bool sub)
{
	DdbPart whole = without_comment(line);

	*name = ddb_part_before(whole, "=");
	if (name->len == whole.len)
		return sub ? "Expected an '=' sign defining a sub-property"
				   : "Expected an '=' sign defining a property";
	*value = ddb_part_trim(ddb_part_after(whole, name->len + 1));
	*name = ddb_part_trim(*name);
	if (name->len == 0)
		return sub ? "Sub-property did not have a name"
				   : "Property did not have a name";
	return NULL;
}
