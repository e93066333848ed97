/*
 * writer.c
 *		JSON as we send it, written straight into a text.
 *
 * Not here: what a request has (client.c).
 */
#include <stdio.h>

#include "json.h"
#include "writer.h"

static void
add_escape(DdbText *json, char c)
{
	char escape[8];

	if (c == '"' || c == '\\')
		snprintf(escape, sizeof(escape), "\\%c", c);
	else
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char) c);
	ddb_text_add_str(json, escape);
}

static void
add_string(DdbText *json, const char *text, size_t len)
{
	const char *end = text + len;

	ddb_text_add_char(json, '"');
	for (;;)
	{
		const char *special = ddb_json_plain_end(text, end);

		ddb_text_add(json, text, (size_t) (special - text));
		if (special == end)
			break;
		add_escape(json, *special);
		text = special + 1;
	}
	ddb_text_add_char(json, '"');
}

/* What stands before a value: a comma unless it is the first, its name. */
static void
begin_value(DdbText *json, const char *name)
{
	char last = json->len > 0 ? json->data[json->len - 1] : '{';

	if (last != '{' && last != '[')
		ddb_text_add_char(json, ',');
	if (name == NULL)
		return;
	add_string(json, name, strlen(name));
	ddb_text_add_char(json, ':');
}

void
ddb_writer_open(DdbText *json, const char *name, char bracket)
{
	begin_value(json, name);
	ddb_text_add_char(json, bracket);
}

void
ddb_writer_close(DdbText *json, char bracket)
{
	ddb_text_add_char(json, bracket);
}

void
ddb_writer_string(DdbText *json, const char *name, const char *text, size_t len)
{
	begin_value(json, name);
	add_string(json, text, len);
}

void
ddb_writer_verbatim(DdbText *json, const char *name, const char *text, size_t len)
{
	begin_value(json, name);
	ddb_text_add(json, text, len);
}
