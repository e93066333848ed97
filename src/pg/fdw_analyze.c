/*
 * fdw_analyze.c
 *		ANALYZE of a foreign table: a random sample of its items.
 *
 * A small table is read whole. Of a large one, random segments of a Scan are
 * read, each to its end; DynamoDB assigns partition keys to segments by a hash.
 * All items of a partition key are in one segment, so where keys have many
 * items the sample has few keys, and n_distinct of that column comes out too
 * low; ALTER COLUMN SET (n_distinct) is for that. Of what is read a reservoir
 * keeps as many rows as are asked for (Vitter's algorithm, as in PostgreSQL's
 * analyze.c).
 *
 * A value that does not fit its column is read as NULL, for a sample has to
 * come to its end; the query that meets it will tell.
 */
#include "postgres.h"

#include <math.h>

#include "commands/vacuum.h"
#include "miscadmin.h"
#include "storage/block.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "compat.h"
#include "describe.h"
#include "fdw_analyze.h"
#include "fetch.h"
#include "rowreader.h"

/* About so many items has a segment. */
#define SEGMENT_ITEMS 500.0

/* API Reference, Scan: TotalSegments */
#define MAX_SEGMENTS 1000000.0

#define PAGE_BYTES 1048576.0

/* What is to be sampled; all of it lives in one context. */
typedef struct Source
{
	DdbSession *session;
	DdbRelation *relation;
	double items; /* as far as DynamoDB knows; 0: unknown, or none */
	double bytes;
} Source;

typedef struct Sampling
{
	const Source *source;
	TupleDesc desc;
	DdbRead read; /* a Scan, not in segments */
	const DdbRowReader *reader;
	Datum *values;
	bool *isnull;
	MemoryContext row_cxt; /* one row */

	ReservoirStateData reservoir;
	MemoryContext rows_cxt;
	HeapTuple *rows; /* the sample, in rows_cxt */
	int target;      /* rows that it shall have */
	int nrows;
	double skip; /* items to be passed over; below 0: to be drawn */
	double seen; /* items read */

	int nread; /* segments */
	int nsegments;
} Sampling;

/* Size of the table or index. */
static void
find_size(Source *source)
{
	const DdbRelation *relation = source->relation;
	const DdbTableInfo *info =
		ddb_describe_table(source->session, relation->table);

	for (int i = 0; info != NULL && i < info->nschemas; i++)
	{
		const DdbKeySchema *schema = &info->schemas[i];

		if (relation->index == NULL
				? schema->index == NULL
				: schema->index != NULL &&
					  strcmp(schema->index, relation->index) == 0)
		{
			source->items = schema->item_count;
			source->bytes = schema->size_bytes;
		}
	}
}

/* It is the owner who reads, as the statistics are there for all. */
static Source *
open_source(Relation relation)
{
	Source *source = palloc0(sizeof(Source));
	Oid owner = relation->rd_rel->relowner;
	Oid server = GetForeignTable(RelationGetRelid(relation))->serverid;

	source->session = ddb_session_open_for(CurrentMemoryContext, server, owner);
	source->relation =
		ddb_relation_load(relation, ddb_session_options(source->session));
	source->relation->null_mismatch = true;
	return source;
}

static List *
all_columns(const DdbRelation *relation)
{
	List *columns = NIL;

	for (int i = 0; i < relation->ncolumns; i++)
	{
		if (relation->columns[i].in_item)
			columns = lappend_int(columns, relation->columns[i].attno);
	}
	return columns;
}

static void
prepare_reading(Sampling *sampling, const Source *source)
{
	DdbRelation *relation = source->relation;
	DdbPlan *plan = palloc0(sizeof(DdbPlan));
	DdbBind *bind;
	DdbBound bound;

	plan->kind = DDB_READ_SCAN;
	plan->index = relation->index;
	plan->columns = all_columns(relation);
	bind = ddb_bind_prepare(plan, relation, false, NULL);
	ddb_bind_reads(bind, NULL, CurrentMemoryContext, &bound);
	sampling->source = source;
	sampling->read = bound.reads[0];
	sampling->reader = ddb_row_reader_create(plan, relation, bind);
	sampling->values = palloc_array(Datum, relation->ncolumns);
	sampling->isnull = palloc_array(bool, relation->ncolumns);
	sampling->row_cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "cruddur_ddb sampled row",
											  ALLOCSET_DEFAULT_SIZES);
}

/* A place in the sample for one more item, or -1. */
static int
draw_place(Sampling *sampling)
{
	ReservoirState reservoir = &sampling->reservoir;
	double seen = sampling->seen++;
	int place;

	if (sampling->nrows < sampling->target)
		return sampling->nrows++;
	if (sampling->skip < 0)
		sampling->skip = reservoir_get_next_S(reservoir, seen, sampling->target);
	if (sampling->skip-- > 0)
		return -1;
	place =
		(int) (sampling->target * sampler_random_fract(&reservoir->randstate));
	heap_freetuple(sampling->rows[place]);
	return place;
}

static HeapTuple
read_row(Sampling *sampling, const DdbPage *page, int item)
{
	MemoryContext caller = MemoryContextSwitchTo(sampling->row_cxt);
	HeapTuple row;

	ddb_row_read(sampling->reader, page, item, sampling->values, sampling->isnull);
	MemoryContextSwitchTo(sampling->rows_cxt);
	row = heap_form_tuple(sampling->desc, sampling->values, sampling->isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(sampling->row_cxt);
	return row;
}

/* Every item that these reads give. */
static void
sample_reads(Sampling *sampling, const DdbRead *reads, int nreads)
{
	const Source *source = sampling->source;
	DdbFetchCost cost = {0};
	DdbFetchPlan plan = {.reads = reads,
						 .nreads = nreads,
						 .wanted = sampling->reader->wanted,
						 .units_per_second =
							 source->relation->read_units_per_second,
						 .cost = &cost};
	MemoryContext cxt = ddb_session_context();
	DdbFetch *fetch = ddb_fetch_start(cxt, source->session, &plan);
	const DdbPage *page;
	int read;

	while ((page = ddb_fetch_next(fetch, &read)) != NULL)
	{
		ddb_compat_analyze_delay();
		for (int i = 0; i < page->nitems; i++)
		{
			int place = draw_place(sampling);

			if (place >= 0)
				sampling->rows[place] = read_row(sampling, page, i);
		}
	}
	MemoryContextDelete(cxt);
}

/* The next segments in this order. */
static void
sample_segments(Sampling *sampling, const int *order, int n)
{
	DdbRead *reads = palloc_array(DdbRead, n);

	for (int i = 0; i < n; i++)
	{
		reads[i] = sampling->read;
		reads[i].segment = order[sampling->nread++];
		reads[i].segments = sampling->nsegments;
	}
	sample_reads(sampling, reads, n);
	pfree(reads);
}

/* The numbers below n, shuffled. */
static int *
random_order(Sampling *sampling, int n)
{
	int *order = palloc_array(int, n);

	for (int i = 0; i < n; i++)
	{
		int j = (int) ((i + 1) *
					   sampler_random_fract(&sampling->reservoir.randstate));

		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

/*
 * Random segments, as many at a time as are likely to be enough. None is left
 * unfinished, as that would count its items for too few.
 */
static void
sample_some(Sampling *sampling)
{
	int nsegments =
		(int) Min(ceil(sampling->source->items / SEGMENT_ITEMS), MAX_SEGMENTS);
	const int *order = random_order(sampling, nsegments);
	double rate = sampling->source->items / nsegments;

	sampling->nsegments = nsegments;
	while (sampling->nread < nsegments && sampling->seen < sampling->target)
	{
		double wave = ceil((sampling->target - sampling->seen) / rate);

		sample_segments(sampling,
						order,
						(int) Min(wave, nsegments - sampling->nread));
		rate = Max(sampling->seen, 1) / sampling->nread;
	}
}

static void
sample_all(Sampling *sampling)
{
	const Source *source = sampling->source;
	int max_connections = ddb_session_options(source->session)->max_connections;
	int nsegments = source->relation->segments;

	if (nsegments == 0)
		nsegments = (int) Min(source->bytes / PAGE_BYTES + 1, max_connections);
	sampling->nsegments = nsegments;
	sample_segments(sampling, random_order(sampling, nsegments), nsegments);
}

/*
 * Values come with the row here, not by reference to a TOAST table, so that a
 * sample of large items is kept small.
 */
static int
limit_target(const Source *source, int targrows)
{
	if (source->items <= 0 || source->bytes <= 0)
		return targrows;
	return (int) Max(1,
					 Min(targrows,
						 maintenance_work_mem * 1024.0 /
							 (source->bytes / source->items)));
}

static int
acquire_sample_rows(Relation relation, int elevel, HeapTuple *rows,
					int targrows, double *totalrows, double *totaldeadrows)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext cxt = AllocSetContextCreate(caller,
											  "cruddur_ddb sample",
											  ALLOCSET_DEFAULT_SIZES);
	Sampling sampling = {.desc = RelationGetDescr(relation),
						 .rows_cxt = caller,
						 .rows = rows,
						 .skip = -1};
	Source *source;

	MemoryContextSwitchTo(cxt);
	source = open_source(relation);
	find_size(source);
	prepare_reading(&sampling, source);
	sampling.target = limit_target(source, targrows);
	reservoir_init_selection_state(&sampling.reservoir, sampling.target);
	if (source->items <= sampling.target)
		sample_all(&sampling);
	else
		sample_some(&sampling);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);

	*totalrows = sampling.seen * sampling.nsegments / sampling.nread;
	*totaldeadrows = 0;
	ereport(elevel,
			(errmsg("\"%s\": read %d of %d segments, containing %.0f items; %d "
					"rows in sample, %.0f estimated total rows",
					RelationGetRelationName(relation),
					sampling.nread,
					sampling.nsegments,
					sampling.seen,
					sampling.nrows,
					*totalrows)));
	return sampling.nrows;
}

bool
ddbAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func,
					   BlockNumber *totalpages)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext cxt = AllocSetContextCreate(caller,
											  "cruddur_ddb analyze",
											  ALLOCSET_DEFAULT_SIZES);
	Source *source;

	MemoryContextSwitchTo(cxt);
	source = open_source(relation);
	ddb_describe_forget(source->relation->table);
	find_size(source);
	*totalpages =
		(BlockNumber) Min(Max(1, source->bytes / BLCKSZ), MaxBlockNumber);
	*func = acquire_sample_rows;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
	return true;
}
