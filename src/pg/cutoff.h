/*
 * cutoff.h
 *		Servers, with their users, to whom nothing can be delivered for a while.
 */
#ifndef DDB_CUTOFF_H
#define DDB_CUTOFF_H

#include "postgres.h"

typedef struct DdbCutoffs DdbCutoffs;

/* Nobody is. is_logged: who is cut off, and who is not any more, goes to the log. */
extern DdbCutoffs *ddb_cutoff_create(MemoryContext cxt, bool is_logged);

/* Cut off, for a second at first and for up to a minute later. Returns for how many
 * ms from now. */
extern int ddb_cutoff_begin(DdbCutoffs *cutoffs, const char *server,
							const char *user, const char *why);

/* It works. */
extern void ddb_cutoff_end(DdbCutoffs *cutoffs, const char *server,
						   const char *user);

/* Is it to be left alone? */
extern bool ddb_cutoff_holds(const DdbCutoffs *cutoffs, const char *server,
							 const char *user);

/* When the first of them is worth a try again, by ddb_http_now_us(); PG_INT64_MAX:
 * nobody is cut off. */
extern int64 ddb_cutoff_due_us(const DdbCutoffs *cutoffs);

#endif /* DDB_CUTOFF_H */
