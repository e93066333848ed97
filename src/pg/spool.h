/*
 * spool.h
 *		Items kept until a statement has read all that it reads; on disk, if they
 *		are many.
 */
#ifndef DDB_SPOOL_H
#define DDB_SPOOL_H

#include "postgres.h"

#include "itemwriter.h"

typedef struct DdbSpool DdbSpool;

/* Empty; in CurrentMemoryContext. Files go with the current resource owner. */
extern DdbSpool *ddb_spool_create(void);

/* Copied. */
extern void ddb_spool_put(DdbSpool *spool, DdbItemText item);

/* The next one, in the order in which they were put, good until the one after;
 * false: there are no more. */
extern bool ddb_spool_get(DdbSpool *spool, DdbItemText *item);

extern void ddb_spool_end(DdbSpool *spool);

#endif /* DDB_SPOOL_H */
