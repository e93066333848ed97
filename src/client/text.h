/*
 * text.h
 *		A text that grows, for building what is signed and sent.
 *
 * Failure is kept in the text: once an allocation has failed, adding does
 * nothing, and ddb_text_finish tells.
 */
#ifndef DDB_TEXT_H
#define DDB_TEXT_H

#include "status.h"

/* Begins as {0}. */
typedef struct DdbText
{
	char *data; /* not NUL-ended; NULL while empty */
	size_t len;
	size_t size;
	bool failed;
} DdbText;

extern void ddb_text_add(DdbText *text, const char *data, size_t len);
extern void ddb_text_add_str(DdbText *text, const char *str);
extern void ddb_text_add_char(DdbText *text, char c);

/* Drop what it has and fail, as when an allocation failed. */
extern void ddb_text_fail(DdbText *text);

/*
 * End it with a NUL and hand it over: malloc'd and the caller's. NULL with
 * DDB_STATUS_NO_MEMORY if an allocation failed on the way.
 */
extern char *ddb_text_finish(DdbText *text, DdbStatus *status);

#endif /* DDB_TEXT_H */
