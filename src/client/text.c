/*
 * text.c
 *		A text that grows, for building what is signed and sent.
 */
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Holds a whole canonical request of ours. */
#define FIRST_SIZE 1024

void
ddb_text_fail(DdbText *text)
{
	free(text->data);
	*text = (DdbText){.failed = true};
}

static bool
reserve(DdbText *text, size_t more)
{
	size_t size = text->size > 0 ? text->size : FIRST_SIZE;
	char *data;

	if (text->failed)
		return false;
	if (more <= text->size - text->len)
		return true;
	while (size - text->len < more)
		size *= 2;
	data = realloc(text->data, size);
	if (data == NULL)
	{
		ddb_text_fail(text);
		return false;
	}
	text->data = data;
	text->size = size;
	return true;
}

void
ddb_text_add(DdbText *text, const char *data, size_t len)
{
	if (len == 0 || !reserve(text, len))
		return;
	memcpy(text->data + text->len, data, len);
	text->len += len;
}

void
ddb_text_add_str(DdbText *text, const char *str)
{
	ddb_text_add(text, str, strlen(str));
}

void
ddb_text_add_char(DdbText *text, char c)
{
	/* Much of what is signed comes by the character. */
	if (text->len < text->size || reserve(text, 1))
		text->data[text->len++] = c;
}

char *
ddb_text_finish(DdbText *text, DdbStatus *status)
{
	ddb_text_add_char(text, '\0');
	if (text->failed)
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	return text->data;
}
