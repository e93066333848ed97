/*
 * fetch.c
 *		Many reads at once, page by page, in whatever order they come.
 *
 * As many reads as the server has connections are open at a time, begun in
 * order. When a page of one is given out, its next page is asked for, or the
 * next read begun, so the network has work while the caller has. Where the
 * caller expects to need few items it is slower: see ask().
 *
 * Not here: one read and its rate (pages.c), what the reads are made of.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "budget.h"
#include "fetch.h"
#include "pages.h"

/*
 * A Limit beyond this hardly limits: a page of items of 256 bytes is full. And
 * what it grows by, once the bound is read and the caller wants more.
 */
#define LAST_LIMIT 4096
#define LIMIT_GROWTH 4

/* A read that has begun. */
typedef struct Stream
{
	MemoryContext cxt;
	DdbPages *pages;
	int read;
} Stream;

struct DdbFetch
{
	MemoryContext cxt;
	DdbSession *session;
	DdbFetchPlan plan;
	DdbPage *page; /* the one that was given out */
	Stream *out;   /* whose it is; NULL: none was */
	int next_read; /* the first that has not begun */
	int width;     /* so many reads at a time, */
	int max_width; /* and in the end so many */
	int64 limit;   /* of the next requests; 0: none */
	int64 stride;  /* the limit without regard to what is read already */
	int64 scanned; /* items read, whether or not they pass the filter */
	int64 npages;  /* given out */
	int nstreams;  /* reads that have begun and not come to their end */
	Stream **streams;
};

/* Is more going to be needed, as far as one knows? */
static bool
expects_more(const DdbFetch *fetch)
{
	return fetch->limit == 0 || fetch->scanned < fetch->plan.bound;
}

static bool
is_finished(const DdbFetch *fetch)
{
	return fetch->nstreams == 0 && fetch->next_read == fetch->plan.nreads;
}

static int
count_asked(const DdbFetch *fetch)
{
	int n = 0;

	for (int i = 0; i < fetch->nstreams; i++)
		n += ddb_pages_asked(fetch->streams[i]->pages);
	return n;
}

static Stream *
begin_read(DdbFetch *fetch)
{
	MemoryContext cxt = AllocSetContextCreate(fetch->cxt,
											  "cruddur_ddb read",
											  ALLOCSET_SMALL_SIZES);
	Stream *stream = MemoryContextAlloc(cxt, sizeof(Stream));

	stream->cxt = cxt;
	stream->read = fetch->next_read++;
	stream->pages = ddb_pages_create(cxt,
									 fetch->session,
									 &fetch->plan.reads[stream->read],
									 fetch->plan.wanted,
									 fetch->page,
									 fetch->plan.units_per_second);
	fetch->streams[fetch->nstreams++] = stream;
	return stream;
}

static void
ask_stream(DdbFetch *fetch, Stream *stream)
{
	const DdbRead *read = &fetch->plan.reads[stream->read];

	if (fetch->plan.bound > 0 &&
		(read->kind == DDB_READ_QUERY || read->kind == DDB_READ_SCAN))
		ddb_pages_limit(stream->pages, (int) fetch->limit);
	ddb_pages_ask(stream->pages);
}

/*
 * Ask for the next page of every read that has begun, and begin others. With a
 * bound there is one read at first, then two, and so on, as the first may yield
 * all that is needed; and none of them asks for more than the bound leaves.
 */
static void
ask(DdbFetch *fetch)
{
	int unanswered = count_asked(fetch);

	for (int i = 0; i < fetch->nstreams; i++)
	{
		if (ddb_pages_asked(fetch->streams[i]->pages) ||
			!ddb_budget_allows(unanswered))
			continue;
		ask_stream(fetch, fetch->streams[i]);
		unanswered++;
	}
	while (fetch->nstreams < fetch->width &&
		   fetch->next_read < fetch->plan.nreads && ddb_budget_allows(unanswered))
	{
		ask_stream(fetch, begin_read(fetch));
		unanswered++;
	}
}

/* The caller wants a page: there must be one to wait for. */
static void
demand(DdbFetch *fetch)
{
	if (is_finished(fetch) || count_asked(fetch) > 0)
		return;
	if (!expects_more(fetch))
	{
		fetch->stride *= LIMIT_GROWTH;
		fetch->limit = fetch->stride > LAST_LIMIT ? 0 : fetch->stride;
	}
	ddb_budget_check();
	ask(fetch);
}

DdbFetch *
ddb_fetch_start(MemoryContext cxt, DdbSession *session, const DdbFetchPlan *plan)
{
	DdbFetch *fetch = MemoryContextAllocZero(cxt, sizeof(DdbFetch));
	int max_connections = ddb_session_options(session)->max_connections;

	fetch->cxt = cxt;
	fetch->session = session;
	fetch->plan = *plan;
	/* A count reads whole pages; Limit would only cut them. */
	if (plan->nreads > 0 && plan->reads->count_only)
		fetch->plan.bound = 0;
	fetch->page = ddb_session_create_page(cxt);
	fetch->max_width = Max(Min(plan->nreads, max_connections), 1);
	fetch->streams = MemoryContextAlloc(cxt, fetch->max_width * sizeof(Stream *));
	fetch->width = fetch->plan.bound > 0 ? 1 : fetch->max_width;
	fetch->limit = fetch->stride = Min(fetch->plan.bound, PG_INT32_MAX);
	demand(fetch);
	ddb_client_pump(ddb_session_client(session));
	return fetch;
}

/* The caller is done with the page that it has. */
static void
take_back(DdbFetch *fetch)
{
	Stream *stream = fetch->out;

	fetch->out = NULL;
	if (stream == NULL)
		return;
	if (ddb_pages_ended(stream->pages))
		MemoryContextDelete(stream->cxt);
	else
		ddb_pages_release(stream->pages);
}

/* The index of a stream whose next page is here, or -1. */
static int
find_ready(const DdbFetch *fetch)
{
	for (int i = 0; i < fetch->nstreams; i++)
	{
		if (ddb_pages_ready(fetch->streams[i]->pages))
			return i;
	}
	return -1;
}

static void
count_page(DdbFetch *fetch, int attempts)
{
	const DdbPage *page = fetch->page;
	DdbFetchCost *cost = fetch->plan.cost;
	int64 scanned = page->scanned_count < 0 ? page->nitems : page->scanned_count;

	fetch->scanned += scanned;
	fetch->npages++;
	cost->requests++;
	cost->retries += attempts - 1;
	cost->items_scanned += scanned;
	cost->items_returned += page->count < 0 ? page->nitems : page->count;
	cost->read_units += page->capacity_units;
}

/*
 * How many reads at a time, and their Limit, after one more page. What the
 * bound leaves is divided by what a page has brought so far.
 */
static void
pace(DdbFetch *fetch)
{
	int64 left = fetch->plan.bound - fetch->scanned;
	double pages_left = (double) left * fetch->npages / Max(fetch->scanned, 1);

	fetch->width = Min(fetch->width * 2, fetch->max_width);
	if (left <= 0)
		return;
	fetch->limit = Min(left, PG_INT32_MAX);
	fetch->width = (int) Min(ceil(pages_left), (double) fetch->width);
}

/* Give out the page of a stream, and ask for what comes after it. */
static void
give_out(DdbFetch *fetch, int i)
{
	Stream *stream = fetch->streams[i];

	(void) ddb_pages_next(stream->pages);
	fetch->out = stream;
	count_page(fetch, ddb_pages_attempts(stream->pages));

	/* To the end of the row, so that all take turns. */
	fetch->nstreams--;
	memmove(&fetch->streams[i],
			&fetch->streams[i + 1],
			(fetch->nstreams - i) * sizeof(Stream *));
	if (!ddb_pages_ended(stream->pages))
		fetch->streams[fetch->nstreams++] = stream;

	pace(fetch);
	if (expects_more(fetch))
	{
		ask(fetch);
		ddb_client_pump(ddb_session_client(fetch->session));
	}
}

const DdbPage *
ddb_fetch_next(DdbFetch *fetch, int *read)
{
	int i;

	take_back(fetch);
	if (is_finished(fetch))
		return NULL;
	demand(fetch);
	while ((i = find_ready(fetch)) < 0)
		ddb_session_step(fetch->session);
	*read = fetch->streams[i]->read;
	give_out(fetch, i);
	return fetch->page;
}

bool
ddb_fetch_ready(DdbFetch *fetch)
{
	demand(fetch);
	ddb_client_pump(ddb_session_client(fetch->session));
	return is_finished(fetch) || find_ready(fetch) >= 0;
}

int
ddb_fetch_timeout_ms(const DdbFetch *fetch)
{
	/* Others of the same client may have pumped since it was asked. */
	if (is_finished(fetch) || find_ready(fetch) >= 0)
		return 0;
	return ddb_client_timeout_ms(ddb_session_client(fetch->session));
}
