/*
 * verdict.c
 *		Was a write applied? The answer to one, understood.
 */
#include "postgres.h"

#include "describe.h"
#include "itemkey.h"
#include "report.h"
#include "verdict.h"

/* NULL: there is no such item. The text lives as long as CurrentMemoryContext. */
static const DdbImage *
read_back(DdbSession *session, const DdbWrite *write)
{
	static DdbWanted *whole_item = NULL;
	DdbKeyText key = {.text = write->key, .len = write->key_len};
	DdbValue values[2];
	DdbRead read = {.kind = DDB_READ_GET,
					.table = write->table,
					.keys = values,
					.nkeys = 1,
					.key_len = ddb_itemkey_values(key, values),
					.consistent = true};
	DdbOwned *seat = ddb_session_own_call(CurrentMemoryContext);
	DdbPage *page = ddb_session_create_page(CurrentMemoryContext);
	DdbCall *call =
		ddb_own_set(seat, ddb_client_read(ddb_session_client(session), &read));

	ddb_session_read_page(session,
						  call,
						  ddb_session_wanted(&whole_item, NULL, 0, true),
						  page);
	if (page->nitems == 0)
		return NULL;
	return ddb_itemkey_parse(page->body + page->items[0].offset,
							 page->items[0].len);
}

static bool
same_item(const DdbImage *a, const DdbImage *b)
{
	if (a->nattributes != b->nattributes)
		return false;
	for (int i = 0; i < a->nattributes; i++)
	{
		const DdbItemAttribute *mine = &a->attributes[i];
		const DdbItemAttribute *other = ddb_image_find(b, mine->name);

		if (other == NULL || !ddb_image_same_value(mine->json,
												   mine->json_len,
												   other->json,
												   other->json_len))
			return false;
	}
	return true;
}

static bool
is_insert(const DdbWrite *write)
{
	return write->kind == DDB_WRITE_PUT && write->expect == DDB_EXPECT_ABSENT;
}

/* Can reading it back tell that it was applied? */
static bool
can_be_told(const DdbWrite *write)
{
	return is_insert(write) || write->kind == DDB_WRITE_DELETE;
}

/* The last attempt at it was refused; an attempt before may have been applied. */
static bool
refused_after_all(const DdbStatus *status)
{
	return status->maybe_applied && (status->kind == DDB_STATUS_CONDITION ||
									 status->kind == DDB_STATUS_CONFLICT);
}

/* Has it all that an update sets, and nothing that it removes? */
static bool
is_updated(const DdbWrite *write, const DdbImage *there)
{
	for (int i = 0; i < write->nset; i++)
	{
		const DdbItemAttribute *set = &write->set[i];
		const DdbItemAttribute *found = ddb_image_find(there, set->name);

		if ((found == NULL) != (set->json == NULL))
			return false;
		if (found != NULL && !ddb_image_same_value(set->json,
												   set->json_len,
												   found->json,
												   found->json_len))
			return false;
	}
	return true;
}

bool
ddb_verdict_stands(const DdbWrite *write, const DdbImage *there)
{
	if (there == NULL || write->kind == DDB_WRITE_DELETE)
		return there == NULL && write->kind == DDB_WRITE_DELETE;
	if (write->kind == DDB_WRITE_UPDATE)
		return is_updated(write, there);
	return same_item(ddb_itemkey_parse(write->item, write->item_len), there);
}

static bool
was_applied(MemoryContext cxt, DdbSession *session, const DdbWrite *write)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	bool applied = ddb_verdict_stands(write, read_back(session, write));

	MemoryContextSwitchTo(old);
	return applied;
}

static DdbRefusal
refusal_of(const DdbSend *send)
{
	if (!is_insert(&send->write))
		return DDB_REFUSAL_CHANGED;
	return send->retriable ? DDB_REFUSAL_RACE : DDB_REFUSAL_EXISTS;
}

void
ddb_verdict_raise(const char *server, const char *operation,
				  const DdbSend *sends, int nsends, const DdbStatus *status)
{
	DdbReportContext context = {.server = server,
								.operation = operation,
								.table = sends[0].write.table};
	DdbStatusKind kind = status->kind;
	int guilty = nsends == 1 ? 0 : -1;

	if (kind == DDB_STATUS_CANCELED)
		guilty = ddb_report_canceled_by(status, &kind);
	if (guilty >= 0 && guilty < nsends)
	{
		const DdbSend *send = &sends[guilty];

		context.table = send->write.table;
		context.key = send->write.key;
		context.key_len = send->write.key_len;
		if (refused_after_all(status) && send->write.expect == DDB_EXPECT_PRESENT)
			context.refusal = DDB_REFUSAL_UNKNOWN;
		else if (kind == DDB_STATUS_CONDITION)
			context.refusal = refusal_of(send);
	}
	/* Others may have made the table anew. */
	if (kind == DDB_STATUS_VALIDATION || kind == DDB_STATUS_NOT_FOUND)
		ddb_describe_forget(context.table);
	ddb_report_status(status, &context);
}

/* With the units that the answer names; one of another's is an error. */
static double
count_applied(MemoryContext cxt, DdbSession *session, const DdbTrial *trial)
{
	DdbPage *page = ddb_session_create_page(cxt);
	DdbYield yield = {.items_written = trial->nsends};

	ddb_session_decode(session, trial->call, ddb_session_wanted_nothing(), page);
	yield.write_units = page->capacity_units;
	ddb_session_count(session, trial->call, &yield);
	return yield.write_units;
}

bool
ddb_verdict_applied(MemoryContext cxt, DdbSession *session,
					const DdbTrial *trial, double *write_units)
{
	DdbStatus status = *ddb_call_status(trial->call);
	const DdbWrite *write = &trial->sends[0].write;

	*write_units = 0;
	if (status.kind == DDB_OK)
	{
		*write_units = count_applied(cxt, session, trial);
		return true;
	}
	/* A canceled transaction was never applied: its token says so. */
	if (status.kind == DDB_STATUS_CANCELED)
		status.maybe_applied = false;
	if (trial->nsends == 1 && refused_after_all(&status) && can_be_told(write))
	{
		if (was_applied(cxt, session, write))
		{
			DdbYield yield = {.items_written = 1};

			ddb_session_count(session, trial->call, &yield);
			return true;
		}
		status.maybe_applied = false;
	}
	ddb_session_count(session, trial->call, NULL);
	if (trial->may_refuse && status.kind == DDB_STATUS_CONDITION)
		return false;
	ddb_verdict_raise(ddb_session_options(session)->server_name,
					  ddb_call_operation(trial->call),
					  trial->sends,
					  trial->nsends,
					  &status);
}
