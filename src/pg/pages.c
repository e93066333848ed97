/*
 * pages.c
 *		A Query or Scan, page by page, to its end.
 *
 * Two slots take turns, so that a page and the key in it stay while the next
 * one is asked for.
 */
#include "postgres.h"

#include "pages.h"

typedef struct Slot
{
	DdbOwned *seat; /* holds the call */
	DdbCall *call;
	DdbPage *page;
} Slot;

struct DdbPages
{
	MemoryContext cxt;
	DdbSession *session;
	DdbQuery query;
	const DdbWanted *wanted;
	bool read_ahead;
	bool asked; /* the call of the current slot is under way */
	bool ended;
	int current;
	Slot slots[2];
};

static void
ask(DdbPages *pages)
{
	DdbClient *client = ddb_session_client(pages->session);
	const DdbQuery *query = &pages->query;
	Slot *slot = &pages->slots[pages->current];

	/* Most queries end with their first page and never need the other slot. */
	if (slot->seat == NULL)
	{
		slot->seat = ddb_session_own_call(pages->cxt);
		slot->page = ddb_session_create_page(pages->cxt);
	}
	ddb_own_release(slot->seat);
	if (query->key_condition != NULL)
		slot->call = ddb_own_set(slot->seat, ddb_client_query(client, query));
	else
		slot->call = ddb_own_set(slot->seat,
								 ddb_client_scan(client,
												 query->table,
												 query->consistent,
												 query->start_key,
												 query->start_key_len));
	pages->asked = true;
}

DdbPages *
ddb_pages_start(MemoryContext cxt, DdbSession *session, const DdbQuery *query,
				const DdbWanted *wanted)
{
	DdbPages *pages = MemoryContextAllocZero(cxt, sizeof(DdbPages));

	pages->cxt = cxt;
	pages->session = session;
	pages->query = *query;
	pages->wanted = wanted;
	ask(pages);
	return pages;
}

void
ddb_pages_read_ahead(DdbPages *pages)
{
	pages->read_ahead = true;
}

const DdbPage *
ddb_pages_next(DdbPages *pages)
{
	Slot *slot = &pages->slots[pages->current];
	DdbPage *page;

	if (pages->ended)
		return NULL;
	if (!pages->asked)
		ask(pages);
	page = slot->page;
	ddb_session_read_page(pages->session, slot->call, pages->wanted, page);
	pages->asked = false;
	pages->current = 1 - pages->current;
	pages->ended = page->last_key.len == 0;
	pages->query.start_key = page->body + page->last_key.offset;
	pages->query.start_key_len = page->last_key.len;
	if (pages->read_ahead && !pages->ended)
	{
		ask(pages);
		/* Nobody may wait for a long time, and only pumping sends. */
		ddb_client_pump(ddb_session_client(pages->session));
	}
	return page;
}
