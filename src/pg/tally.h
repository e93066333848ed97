/*
 * tally.h
 *		Counters by server and operation, of all sessions or of this one.
 *
 * In shared memory, where the library is in shared_preload_libraries: then the
 * counters are of all sessions and of the worker, until the server stops or a
 * backend crashes. Else they are this backend's own.
 *
 * They take no part in transactions: a request that was sent has cost what it
 * cost.
 */
#ifndef DDB_TALLY_H
#define DDB_TALLY_H

#include "postgres.h"

typedef struct DdbTally
{
	int64 requests;
	int64 attempts;
	int64 retries;
	int64 throttles;
	int64 errors;
	int64 items_read;
	int64 items_written;
	int64 bytes_sent;
	int64 bytes_received;
	double read_units;
	double write_units;
	double total_ms;
	double max_ms; /* the greatest; all others are sums */
} DdbTally;

typedef struct DdbTallyKey
{
	Oid database;
	char server[NAMEDATALEN]; /* both padded with NUL */
	char operation[NAMEDATALEN];
} DdbTallyKey;

typedef struct DdbTallyRow
{
	DdbTallyKey key;
	DdbTally counters;
} DdbTallyRow;

/*
 * Ask for shared memory; once, from _PG_init, while the postmaster loads its
 * libraries.
 */
extern void ddb_tally_init(void);

/* Add to the counters of this database's server and operation. */
extern void ddb_tally_add(const char *server, const char *operation,
						  const DdbTally *more);

/*
 * This database's rows, palloc'd, in no order. With them comes what found no
 * room, of all databases: that has InvalidOid for the database.
 */
extern DdbTallyRow *ddb_tally_rows(int *nrows);

/*
 * Forget this database's rows, those of databases that are no more, and what
 * found no room. Within a transaction.
 */
extern void ddb_tally_reset(void);

#endif /* DDB_TALLY_H */
