/*
 * prefetch_path.h
 *		Nested loops whose outer side reads ahead for a foreign table.
 */
#ifndef DDB_PREFETCH_PATH_H
#define DDB_PREFETCH_PATH_H

/* Offer such joins to the planner; once, from _PG_init. */
extern void ddb_prefetch_path_init(void);

#endif /* DDB_PREFETCH_PATH_H */
