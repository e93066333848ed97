/*
 * describe.c
 *		DescribeTable, asked once and kept for a while.
 *
 * Planning needs the keys of a table, and must not cost a request each time.
 * An answer belongs to the session that asked: ALTER SERVER and ALTER USER
 * MAPPING make another, which asks anew. What others do to the table is seen
 * when the answer is too old, or a read that was planned by it is refused.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "describe.h"

#define MAX_AGE_US (INT64CONST(5) * 60 * 1000000)
/* The right to describe may have been granted since. */
#define MAX_DENIED_AGE_US (INT64CONST(60) * 1000000)

/* One answer. It goes when nobody holds it; the list is one who does. */
typedef struct Description
{
	struct Description *next;
	MemoryContext cxt; /* holds this struct and owns the info */
	uint64 session;    /* its number */
	char *table;
	DdbTableInfo *info; /* NULL: access was denied */
	int64 expires_us;
	int holds;
} Description;

/* A hold, dropped by the reset of a context. */
typedef struct Hold
{
	MemoryContextCallback callback;
	Description *description;
} Hold;

static Description *descriptions = NULL;

static void
release(Description *description)
{
	if (--description->holds == 0)
		MemoryContextDelete(description->cxt);
}

/* Take those from the list that are too old, or whose session is gone. */
static void
sweep(void)
{
	Description **link = &descriptions;
	int64 now_us = ddb_http_now_us();

	while (*link != NULL)
	{
		Description *description = *link;

		if (description->expires_us > now_us &&
			ddb_session_exists(description->session))
		{
			link = &description->next;
			continue;
		}
		*link = description->next;
		release(description);
	}
}

static Description *
find(DdbSession *session, const char *table)
{
	for (Description *description = descriptions; description != NULL;
		 description = description->next)
	{
		if (description->session == ddb_session_number(session) &&
			strcmp(description->table, table) == 0 &&
			description->expires_us > ddb_http_now_us())
			return description;
	}
	return NULL;
}

/* What DescribeTable answers, malloc'd; NULL if the user may not ask. */
static DdbTableInfo *
ask(MemoryContext cxt, DdbSession *session, const char *table)
{
	DdbClient *client = ddb_session_client(session);
	DdbOwned *seat = ddb_session_own_call(cxt);
	DdbCall *call = ddb_own_set(seat, ddb_client_describe_table(client, table));
	DdbYield yield = {0};
	DdbTableInfo *info;
	DdbStatus status;
	const char *body;
	size_t len;

	ddb_session_wait(session, call);
	if (ddb_call_status(call)->kind == DDB_STATUS_DENIED)
	{
		ddb_session_count(session, call, NULL);
		return NULL;
	}
	ddb_session_finish(session, call);
	status = *ddb_call_status(call);
	body = ddb_call_body(call, &len);
	info = ddb_table_info_decode(body, len, &status);
	ddb_session_count(session, call, info != NULL ? &yield : NULL);
	if (info == NULL)
		ddb_session_report(session, call, &status);
	return info;
}

static void
free_info(void *info)
{
	ddb_table_info_free(info);
}

/* A new answer, on the list. */
static Description *
describe(DdbSession *session, const char *table)
{
	MemoryContext calls = ddb_session_context();
	MemoryContext cxt = AllocSetContextCreate(calls,
											  "cruddur_ddb description",
											  ALLOCSET_SMALL_SIZES);
	Description *description = MemoryContextAllocZero(cxt, sizeof(Description));
	DdbOwned *owned = ddb_own_register(cxt, free_info);

	description->cxt = cxt;
	description->session = ddb_session_number(session);
	description->table = MemoryContextStrdup(cxt, table);
	description->info = ask(calls, session, table);
	if (description->info != NULL)
		(void) ddb_own_set(owned, description->info);
	description->expires_us =
		ddb_http_now_us() +
		(description->info != NULL ? MAX_AGE_US : MAX_DENIED_AGE_US);
	/* Until now an error would have freed it. */
	MemoryContextSetParent(cxt, TopMemoryContext);
	MemoryContextDelete(calls);
	description->holds = 1;
	description->next = descriptions;
	descriptions = description;
	return description;
}

static void
end_hold(void *arg)
{
	release(((Hold *) arg)->description);
}

const DdbTableInfo *
ddb_describe_table(DdbSession *session, const char *table)
{
	Hold *hold = palloc(sizeof(Hold));
	Description *description = find(session, table);

	if (description == NULL)
	{
		sweep();
		description = describe(session, table);
	}
	hold->description = description;
	hold->callback.func = end_hold;
	hold->callback.arg = hold;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &hold->callback);
	description->holds++;
	return description->info;
}

void
ddb_describe_forget(const char *table)
{
	for (Description *description = descriptions; description != NULL;
		 description = description->next)
	{
		if (table == NULL || strcmp(description->table, table) == 0)
			description->expires_us = 0;
	}
	sweep();
}
