/*
 * lineage.h
 *		Which streams the messaging table has, and which shards those have.
 *
 * A stream that is turned off can be read for another day; turned on again, it is
 * a new one.
 */
#ifndef DDB_LINEAGE_H
#define DDB_LINEAGE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "session.h"
#include "streams.h"

typedef struct DdbLineage DdbLineage;

typedef struct DdbLineageStream
{
	const char *arn;
	bool is_latest;
	bool is_gone; /* the service does not have it any more */
	List *shards; /* of DdbShard, all that it has */
} DdbLineageStream;

/* Nothing is asked yet. It lives in cxt; a request under way ends with it. */
extern DdbLineage *ddb_lineage_create(MemoryContext cxt, DdbSession *session);

/*
 * Ask for the table's latest stream, and for the shards of that and of others, of
 * which we know: a list of their ARNs, copied. Forgets what was found before.
 */
extern void ddb_lineage_ask(DdbLineage *lineage, List *arns);

/* Look at what was answered and go on, without waiting. True: it has ended. */
extern bool ddb_lineage_go_on(DdbLineage *lineage);

/* A list of DdbLineageStream; NIL where it has failed. */
extern List *ddb_lineage_streams(const DdbLineage *lineage);

/*
 * In a transaction: why it has failed, or why there is no stream to be read, in
 * one line of text; NULL: neither.
 */
extern char *ddb_lineage_describe_error(const DdbLineage *lineage);

/* Is there such an error, and is it another one than the time before? */
extern bool ddb_lineage_has_error(const DdbLineage *lineage);
extern bool ddb_lineage_has_new_error(const DdbLineage *lineage);

/* In a transaction: raise it. */
extern void ddb_lineage_check(const DdbLineage *lineage);

#endif /* DDB_LINEAGE_H */
