/*
 * pages.c
 *		One read, page by page, to its end.
 *
 * Two seats take turns, so that a page and what it leaves to be read stay while
 * the next one is asked for.
 *
 * Not here: several reads at once, and when to ask ahead (fetch.c).
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/plancache.h"

#include "budget.h"
#include "describe.h"
#include "pages.h"

/* Pauses before the keys that a BatchGetItem left are asked for again. */
#define FIRST_PAUSE_MS 25
#define LAST_PAUSE_MS 3200

struct DdbPages
{
	DdbSession *session;
	DdbRead read;
	const DdbWanted *wanted;
	DdbPage *page;
	DdbRate rate;
	DdbOwned *seats[2]; /* of the page given out and of the next one */
	int next;           /* the next one's seat */
	DdbCall *call;      /* of the page that is asked for; NULL: none is */
	int attempts;
	int pause_ms; /* at most so long, before the next request */
	int stalls;   /* requests in a row that have left all as it was */
	bool ended;
};

DdbPages *
ddb_pages_create(MemoryContext cxt, DdbSession *session, const DdbRead *read,
				 const DdbWanted *wanted, DdbPage *page, int units_per_second)
{
	DdbPages *pages = MemoryContextAllocZero(cxt, sizeof(DdbPages));

	pages->session = session;
	pages->read = *read;
	pages->wanted = wanted;
	pages->page = page;
	pages->rate.server = ddb_session_options(session)->server_name;
	pages->rate.table = read->table;
	pages->rate.units_per_second = units_per_second;
	pages->seats[0] = ddb_session_own_call(cxt);
	pages->seats[1] = ddb_session_own_call(cxt);
	return pages;
}

DdbPages *
ddb_pages_start(MemoryContext cxt, DdbSession *session, const DdbRead *read,
				const DdbWanted *wanted)
{
	DdbPages *pages =
		ddb_pages_create(cxt,
						 session,
						 read,
						 wanted,
						 ddb_session_create_page(cxt),
						 ddb_session_options(session)->read_units_per_second);

	ddb_pages_ask(pages);
	return pages;
}

void
ddb_pages_limit(DdbPages *pages, int limit)
{
	pages->read.limit = limit;
}

void
ddb_pages_ask(DdbPages *pages)
{
	DdbClient *client = ddb_session_client(pages->session);
	int delay_ms;

	if (pages->call != NULL || pages->ended)
		return;
	ddb_budget_check();
	pages->call = ddb_own_set(pages->seats[pages->next],
							  ddb_client_read(client, &pages->read));
	delay_ms =
		Max(ddb_budget_delay_ms(&pages->rate),
			(int) (pages->pause_ms * pg_prng_double(&pg_global_prng_state)));
	if (delay_ms > 0)
		ddb_call_delay(pages->call, delay_ms);
}

bool
ddb_pages_asked(const DdbPages *pages)
{
	return pages->call != NULL;
}

bool
ddb_pages_ready(const DdbPages *pages)
{
	return pages->ended || (pages->call != NULL && ddb_call_done(pages->call));
}

/*
 * Keys that a BatchGetItem left are to be asked for after a while, as for a
 * table that is throttled. API Reference, BatchGetItem
 */
static void
pause_batch(DdbPages *pages, DdbCall *call)
{
	DdbStatus status = *ddb_call_status(call);

	pages->pause_ms = pages->pause_ms == 0
						  ? FIRST_PAUSE_MS
						  : Min(pages->pause_ms * 2, LAST_PAUSE_MS);
	if (pages->page->rest.len != pages->read.resume_len)
		pages->stalls = 0;
	else if (++pages->stalls == ddb_session_options(pages->session)->max_attempts)
	{
		ddb_status_set(&status,
					   DDB_STATUS_THROTTLED,
					   "all keys were left in UnprocessedKeys");
		ddb_session_report(pages->session, call, &status);
	}
}

/* What the page leaves to be read. */
static void
go_on(DdbPages *pages, DdbCall *call)
{
	const DdbPage *page = pages->page;

	pages->ended = page->rest.len == 0;
	if (pages->read.kind == DDB_READ_BATCH && !pages->ended)
		pause_batch(pages, call);
	pages->read.resume = page->body + page->rest.offset;
	pages->read.resume_len = page->rest.len;
}

/*
 * Others may have made the table anew, or deleted an index, since the plan was
 * made. Then this fails, but no plan to come is to be made in the same belief.
 */
static void
doubt_description(const DdbPages *pages, DdbCall *call)
{
	DdbStatusKind kind;

	ddb_session_wait(pages->session, call);
	kind = ddb_call_status(call)->kind;
	if (kind != DDB_STATUS_VALIDATION && kind != DDB_STATUS_NOT_FOUND)
		return;
	ddb_describe_forget(pages->read.table);
	ResetPlanCache();
}

const DdbPage *
ddb_pages_next(DdbPages *pages)
{
	DdbCall *call;

	if (pages->ended)
		return NULL;
	ddb_pages_ask(pages);
	call = pages->call;
	doubt_description(pages, call);
	ddb_session_read_page(pages->session, call, pages->wanted, pages->page);
	pages->call = NULL;
	pages->attempts = ddb_call_cost(call)->attempts;
	ddb_budget_pay(&pages->rate, pages->page->capacity_units);
	go_on(pages, call);
	pages->next = 1 - pages->next;
	/* Of the page before. */
	ddb_own_release(pages->seats[pages->next]);
	return pages->page;
}

bool
ddb_pages_ended(const DdbPages *pages)
{
	return pages->ended;
}

int
ddb_pages_attempts(const DdbPages *pages)
{
	return pages->attempts;
}

void
ddb_pages_release(DdbPages *pages)
{
	/* Until the next page is asked for, the body says from where. */
	if (pages->call != NULL || pages->ended)
		ddb_own_release(pages->seats[1 - pages->next]);
}
