/*
 * docwriter.h
 *		Attribute values in DynamoDB's JSON ({"S":"text"}); jsonb as such.
 *
 * Values are added in the way of writer.h: as a member of this name, or as an
 * element where name is NULL.
 */
#ifndef DDB_DOCWRITER_H
#define DDB_DOCWRITER_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "text.h"
#include "value.h"

/* Developer Guide, "Quotas in Amazon DynamoDB": maps and lists in each other */
#define DDB_DOCWRITER_MAX_DEPTH 32

/* An S, N or B; value is UTF-8, not escaped. */
extern void ddb_docwriter_scalar(DdbText *text, const char *name, DdbType type,
								 const char *value, size_t len);

/* BOOL, or NULL, of which value is true. */
extern void ddb_docwriter_flag(DdbText *text, const char *name, DdbType type,
							   bool value);

/*
 * An M or L, and its end with the bracket that closes it. depth: maps and
 * lists that are open then. Error 54000 beyond DDB_DOCWRITER_MAX_DEPTH.
 */
extern void ddb_docwriter_open(DdbText *text, const char *name, DdbType type,
							   int depth);
extern void ddb_docwriter_close(DdbText *text, char bracket);

/* How jsonb is to be written. */
typedef struct DdbDocForm
{
	DdbType type; /* N, BOOL or L: nothing else; ABSENT: what it is */
	int depth;    /* maps and lists around it */
	bool plain_strings;
} DdbDocForm;

/*
 * An object is an M, an array an L, a number an N, true and false a BOOL; what is
 * in them likewise, a string there an S and a null a NULL. By itself a string or
 * null is an S that has the text of JSON, since readers of jsonb take an S for
 * that; with plain_strings an S is a string to them. Errors: 22003 for a number
 * that DynamoDB cannot hold, 22023 for JSON that is not of the form, 22P05 for a
 * character that UTF-8 lacks, 54000 for nesting too deep.
 */
extern void ddb_docwriter_jsonb(DdbText *text, const char *name, Jsonb *jsonb,
								const DdbDocForm *form);

#endif /* DDB_DOCWRITER_H */
