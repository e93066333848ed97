/*
 * path.h
 *		Document paths: where in an item a column's value is.
 *
 *		doc.a[0]    the first element of the list a in the map doc
 *		"a.b"[1]    quoted, a part is taken as it is; "" in it is one quote
 *		*           the whole item
 */
#ifndef DDB_PATH_H
#define DDB_PATH_H

#include "postgres.h"

/* Steps in one path; documents are nested 32 deep at most. */
#define DDB_PATH_MAX_STEPS 32

/* One step below the attribute: ".name" or "[index]". */
typedef struct DdbStep
{
	const char *name; /* UTF-8; NULL: index counts */
	int index;
} DdbStep;

typedef struct DdbDocumentPath
{
	const char *text;      /* as it was given, in the server's encoding */
	const char *attribute; /* top-level, in UTF-8; NULL: the whole item */
	int nsteps;            /* below the attribute */
	const DdbStep *steps;
} DdbDocumentPath;

/*
 * Take a text apart, in CurrentMemoryContext. Returns NULL, or where the text
 * is no path what is wrong with it: a full sentence, which shows nothing of it.
 */
extern const char *ddb_path_parse(DdbDocumentPath *path, const char *text);

/* The path of the attribute of this name, whatever is in it. */
extern void ddb_path_of_name(DdbDocumentPath *path, const char *name);

#endif /* DDB_PATH_H */
