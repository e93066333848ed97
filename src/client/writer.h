/*
 * writer.h
 *		JSON as we send it, written straight into a text.
 *
 * Members and elements are added in order; commas come by themselves. name is
 * the member's, NULL for an element of a list and for the outermost value.
 * Names and strings are UTF-8 and are escaped here. Failure is kept in the
 * text.
 */
#ifndef DDB_WRITER_H
#define DDB_WRITER_H

#include "text.h"

/* bracket: '{' or '['; ddb_writer_close takes its counterpart. */
extern void ddb_writer_open(DdbText *json, const char *name, char bracket);
extern void ddb_writer_close(DdbText *json, char bracket);

extern void ddb_writer_string(DdbText *json, const char *name, const char *text,
							  size_t len);

/* A value that is JSON already: a number, true, an object that came so. */
extern void ddb_writer_verbatim(DdbText *json, const char *name,
								const char *text, size_t len);

#endif /* DDB_WRITER_H */
