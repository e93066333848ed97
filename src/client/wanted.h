/*
 * wanted.h
 *		The attributes that a reader wants, and which of them a name is.
 *
 * Prepared once, it serves any number of pages, at the same time too.
 */
#ifndef DDB_WANTED_H
#define DDB_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct DdbWanted DdbWanted;

/*
 * names are UTF-8, plain (not escaped), each of them once; they are copied.
 * whole_item: also give each item's own span. NULL if out of memory.
 */
extern DdbWanted *ddb_wanted_create(const char *const *names, int nnames,
									bool whole_item);

/* NULL is fine. */
extern void ddb_wanted_free(DdbWanted *wanted);

extern int ddb_wanted_count(const DdbWanted *wanted);
extern bool ddb_wanted_whole_item(const DdbWanted *wanted);

/* The index of a plain name, or -1. */
extern int ddb_wanted_find(const DdbWanted *wanted, const char *text, size_t len);

#endif /* DDB_WANTED_H */
