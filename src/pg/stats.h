/*
 * stats.h
 *		What requests have cost, by server and operation.
 */
#ifndef DDB_STATS_H
#define DDB_STATS_H

#include "postgres.h"

#include "call.h"

/* What the response to a request brought. */
typedef struct DdbYield
{
	double read_units;
	double write_units;
	int64 items_read;
	int64 items_written;
} DdbYield;

/*
 * Count one call that is done, once. server is the foreign server's name.
 * yield NULL: the call failed, or its response was no use.
 */
extern void ddb_stats_count(const char *server, const DdbCall *call,
							const DdbYield *yield);

/* One LOG line for each attempt of a call that is done. yield as above. */
extern void ddb_stats_log(const DdbCall *call, const DdbYield *yield);

#endif /* DDB_STATS_H */
