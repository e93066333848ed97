/*
 * cutoff.c
 *		Servers, with their users, to whom nothing can be delivered for a while.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "cutoff.h"
#include "http.h"

/* Pauses before another attempt. */
#define FIRST_PAUSE_MS 1000
#define LAST_PAUSE_MS 60000

/* Those who have been cut off. */
typedef struct Origin
{
	dlist_node node;
	const char *server;
	const char *user;
	int pause_ms; /* 0: it works */
	int64 until_us;
} Origin;

struct DdbCutoffs
{
	MemoryContext cxt;
	bool is_logged;
	dlist_head origins;
};

DdbCutoffs *
ddb_cutoff_create(MemoryContext cxt, bool is_logged)
{
	DdbCutoffs *cutoffs = MemoryContextAllocZero(cxt, sizeof(DdbCutoffs));

	cutoffs->cxt = cxt;
	cutoffs->is_logged = is_logged;
	dlist_init(&cutoffs->origins);
	return cutoffs;
}

/* NULL: it has never been cut off. */
static Origin *
find_origin(const DdbCutoffs *cutoffs, const char *server, const char *user)
{
	dlist_iter iter;

	dlist_foreach(iter, unconstify(dlist_head *, &cutoffs->origins))
	{
		Origin *origin = dlist_container(Origin, node, iter.cur);

		if (strcmp(origin->server, server) == 0 && strcmp(origin->user, user) == 0)
			return origin;
	}
	return NULL;
}

static Origin *
add_origin(DdbCutoffs *cutoffs, const char *server, const char *user)
{
	Origin *origin = MemoryContextAllocZero(cutoffs->cxt, sizeof(Origin));

	origin->server = MemoryContextStrdup(cutoffs->cxt, server);
	origin->user = MemoryContextStrdup(cutoffs->cxt, user);
	dlist_push_tail(&cutoffs->origins, &origin->node);
	return origin;
}

int
ddb_cutoff_begin(DdbCutoffs *cutoffs, const char *server, const char *user,
				 const char *why)
{
	int64 now_us = ddb_http_now_us();
	Origin *origin = find_origin(cutoffs, server, user);

	if (origin == NULL)
		origin = add_origin(cutoffs, server, user);
	if (origin->pause_ms == 0 && cutoffs->is_logged)
		ereport(LOG,
				(errmsg("the outbox of user \"%s\" on server \"%s\" waits",
						user,
						server),
				 errdetail_internal("%s", why)));
	/* What was under way when it was cut off counts once. */
	if (now_us >= origin->until_us)
	{
		origin->pause_ms = origin->pause_ms == 0
							   ? FIRST_PAUSE_MS
							   : Min(origin->pause_ms * 2, LAST_PAUSE_MS);
		origin->until_us = now_us + origin->pause_ms * INT64CONST(1000);
	}
	return (int) Max(1, (origin->until_us - now_us) / 1000);
}

void
ddb_cutoff_end(DdbCutoffs *cutoffs, const char *server, const char *user)
{
	Origin *origin = find_origin(cutoffs, server, user);

	if (origin == NULL || origin->pause_ms == 0)
		return;
	origin->pause_ms = 0;
	origin->until_us = 0;
	ereport(LOG,
			(errmsg("the outbox of user \"%s\" on server \"%s\" goes on",
					user,
					server)));
}

bool
ddb_cutoff_holds(const DdbCutoffs *cutoffs, const char *server, const char *user)
{
	const Origin *origin = find_origin(cutoffs, server, user);

	return origin != NULL && origin->until_us > ddb_http_now_us();
}

int64
ddb_cutoff_due_us(const DdbCutoffs *cutoffs)
{
	int64 now_us = ddb_http_now_us();
	int64 due_us = PG_INT64_MAX;
	dlist_iter iter;

	dlist_foreach(iter, unconstify(dlist_head *, &cutoffs->origins))
	{
		const Origin *origin = dlist_container(Origin, node, iter.cur);

		if (origin->until_us > now_us)
			due_us = Min(due_us, origin->until_us);
	}
	return due_us;
}
