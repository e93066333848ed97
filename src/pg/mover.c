/*
 * mover.c
 *		Moving the rows of a message group to a new message.
 *
 * The index names all rows of a group, but is behind the table. So a write that is
 * refused, or an index that has not two members, sends us to the members' own rows,
 * read consistently: the members are those of the rows that were found, those whom
 * the rows name as the other one, and the sender.
 *
 * Not here: which rows go where (grouprow.c).
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "budget.h"
#include "convert.h"
#include "mint.h"
#include "mover.h"
#include "report.h"
#include "table.h"

/* Others move the same rows, or have them in hand: so often do we look again. */
#define MAX_REFUSALS 8
#define FIRST_PAUSE_MS 10

/* Those that a group has. */
#define FULL_GROUP 2

/* API Reference, "Limits": of a partition key, in bytes */
#define MAX_PK_LEN 2048

typedef enum MovePhase
{
	MOVE_INDEX,   /* reads the rows by the index */
	MOVE_MEMBERS, /* reads them member by member */
	MOVE_WRITING,
	MOVE_DONE
} MovePhase;

struct DdbMove
{
	MemoryContext cxt;
	DdbSession *session;
	const DdbGroupMessage *message;
	MovePhase phase;
	DdbOwned *seat;
	DdbCall *call;
	DdbPage *page;
	char *resume;  /* of the read: where the next page begins; NULL: nowhere */
	List *members; /* of DdbGroupMember */
	int reading;   /* MEMBERS: which of them */
	DdbGroupWrites writes;
	int refusals;
	DdbStatus status;
	const char *operation;
	DdbMoveHope hope;
};

static const DdbWanted *
wanted_item(void)
{
	static DdbWanted *cache = NULL;

	return ddb_session_wanted(&cache, NULL, 0, true);
}

static DdbRate
rate_of(const DdbMove *move, bool writes)
{
	const DdbOptions *options = ddb_session_options(move->session);

	return (DdbRate){.server = options->server_name,
					 .table = options->table_name,
					 .units_per_second = writes ? options->write_units_per_second
												: options->read_units_per_second,
					 .writes = writes};
}

/* The one call that is under way. */
static void
set_call(DdbMove *move, DdbCall *call, int pause_ms)
{
	DdbRate rate = rate_of(move, move->phase == MOVE_WRITING);
	int delay_ms = Max(ddb_budget_delay_ms(&rate), pause_ms);

	ddb_own_release(move->seat);
	move->call = ddb_own_set(move->seat, call);
	if (delay_ms > 0)
		ddb_call_delay(call, delay_ms);
}

/* Ask for a page of rows: of the group, or of the member that is being read. */
static void
ask(DdbMove *move, int pause_ms)
{
	const char *group = move->message->group;
	DdbValue values[2] = {{":g", group, strlen(group), DDB_TYPE_S}};
	DdbRead read = {.kind = DDB_READ_QUERY,
					.table = ddb_session_options(move->session)->table_name,
					.values = values,
					.nvalues = 1,
					.resume = move->resume,
					.resume_len = move->resume ? strlen(move->resume) : 0};

	if (move->phase == MOVE_INDEX)
	{
		read.index = DDB_TABLE_GROUP_INDEX;
		read.key_condition = "message_group_uuid = :g";
	}
	else
	{
		DdbGroupMember *member = list_nth(move->members, move->reading);

		read.key_condition = "pk = :p";
		read.filter = "message_group_uuid = :g";
		read.consistent = true;
		values[read.nvalues++] =
			(DdbValue){":p", member->pk, strlen(member->pk), DDB_TYPE_S};
	}
	set_call(move,
			 ddb_client_read(ddb_session_client(move->session), &read),
			 pause_ms);
}

DdbMove *
ddb_mover_start(MemoryContext cxt, DdbSession *session,
				const DdbGroupMessage *message)
{
	DdbMove *move = MemoryContextAllocZero(cxt, sizeof(DdbMove));

	move->cxt = cxt;
	move->session = session;
	move->message = message;
	move->seat = ddb_session_own_call(cxt);
	move->page = ddb_session_create_page(cxt);
	move->phase = MOVE_INDEX;
	ask(move, 0);
	return move;
}

static void
end(DdbMove *move, const DdbStatus *status)
{
	move->status = *status;
	move->operation = ddb_call_operation(move->call);
	move->phase = MOVE_DONE;
}

static void
end_well(DdbMove *move)
{
	move->phase = MOVE_DONE;
}

static DdbGroupMember *
find_member(DdbMove *move, const char *pk)
{
	MemoryContext old;
	DdbGroupMember *member;
	ListCell *cell;

	foreach(cell, move->members)
	{
		member = lfirst(cell);
		if (strcmp(member->pk, pk) == 0)
			return member;
	}
	old = MemoryContextSwitchTo(move->cxt);
	member = palloc0(sizeof(DdbGroupMember));
	member->pk = pstrdup(pk);
	move->members = lappend(move->members, member);
	MemoryContextSwitchTo(old);
	return member;
}

/* A user of whom a row or the message speaks. */
static void
add_user(DdbMove *move, const char *user)
{
	MemoryContext old = MemoryContextSwitchTo(move->cxt);

	if (user != NULL && user[0] != '\0' && strlen(user) + 4 <= MAX_PK_LEN)
		(void) find_member(move, psprintf("GRP#%s", user));
	MemoryContextSwitchTo(old);
}

/*
 * Read the rows from the table itself. Whom the rows of before name are those to
 * look for.
 */
static void
read_members(DdbMove *move, int pause_ms)
{
	List *rows = NIL;
	ListCell *cell;
	MemoryContext old = MemoryContextSwitchTo(move->cxt);

	foreach(cell, move->members)
	{
		DdbGroupMember *member = lfirst(cell);

		rows = list_concat(rows, member->rows);
		member->rows = NIL;
	}
	MemoryContextSwitchTo(old);
	add_user(move, move->message->sender);
	foreach(cell, rows)
		add_user(move, ((DdbGroupRow *) lfirst(cell))->other);
	if (move->members == NIL)
	{
		end_well(move);
		return;
	}
	move->phase = MOVE_MEMBERS;
	move->reading = 0;
	ask(move, pause_ms);
}

/* The transaction's actions, or a single one as a plain write. */
static DdbCall *
start_writes(DdbMove *move)
{
	DdbClient *client = ddb_session_client(move->session);
	pg_uuid_t token;
	char token_text[DDB_UUID_TEXT_LEN];

	if (move->writes.nwrites == 1)
		return ddb_client_write(client, move->writes.writes);
	ddb_mint_uuid(&token);
	ddb_convert_uuid_text(&token, token_text);
	return ddb_client_transact_write(client,
									 move->writes.writes,
									 move->writes.nwrites,
									 token_text);
}

/* All rows are known. */
static void
write_rows(DdbMove *move)
{
	ddb_grouprow_plan(move->cxt,
					  move->members,
					  move->message,
					  ddb_session_options(move->session)->table_name,
					  &move->writes);
	if (move->writes.nwrites == 0)
	{
		end_well(move);
		return;
	}
	move->phase = MOVE_WRITING;
	set_call(move, start_writes(move), 0);
}

static int
count_members(const DdbMove *move)
{
	int n = 0;
	ListCell *cell;

	foreach(cell, move->members)
		n += ((DdbGroupMember *) lfirst(cell))->rows != NIL;
	return n;
}

/* A read has come to its end. */
static void
end_read(DdbMove *move)
{
	if (move->phase == MOVE_INDEX && count_members(move) < FULL_GROUP)
		read_members(move, 0);
	else if (move->phase == MOVE_MEMBERS &&
			 ++move->reading < list_length(move->members))
		ask(move, 0);
	else
		write_rows(move);
}

/* Decode the answer to a call that went well. False: it has ended. */
static bool
decode(DdbMove *move, const DdbWanted *wanted)
{
	bool is_write = move->phase == MOVE_WRITING;
	DdbStatus status = *ddb_call_status(move->call);
	DdbRate rate = rate_of(move, is_write);
	DdbYield yield = {0};
	size_t len;
	const char *body = ddb_call_body(move->call, &len);

	if (!ddb_page_decode(move->page, body, len, wanted, &status))
	{
		ddb_session_count(move->session, move->call, NULL);
		end(move, &status);
		return false;
	}
	if (is_write)
	{
		yield.items_written = move->writes.nwrites;
		yield.write_units = move->page->capacity_units;
	}
	else
	{
		yield.items_read = move->page->nitems;
		yield.read_units = move->page->capacity_units;
	}
	ddb_session_count(move->session, move->call, &yield);
	ddb_budget_pay(&rate, move->page->capacity_units);
	return true;
}

static void
take_rows(DdbMove *move)
{
	const DdbPage *page = move->page;
	MemoryContext old;

	for (int i = 0; i < page->nitems; i++)
	{
		DdbGroupRow *row = ddb_grouprow_read(move->cxt,
											 page->body + page->items[i].offset,
											 page->items[i].len);
		DdbGroupMember *member;

		if (row == NULL)
			continue;
		member = find_member(move, row->pk);
		old = MemoryContextSwitchTo(move->cxt);
		member->rows = lappend(member->rows, row);
		MemoryContextSwitchTo(old);
		/* Of those who are read consistently, the other one is too. */
		if (move->phase == MOVE_MEMBERS)
			add_user(move, row->other);
	}
	move->resume = NULL;
	if (page->rest.len == 0)
		return;
	old = MemoryContextSwitchTo(move->cxt);
	move->resume = pnstrdup(page->body + page->rest.offset, page->rest.len);
	MemoryContextSwitchTo(old);
}

/* Keys that are taken: by other groups, or by this one, as will be seen. */
static void
put_off(DdbMove *move, const DdbStatus *status)
{
	for (int i = 0; i < status->nreasons && i < move->writes.nwrites; i++)
	{
		if (move->writes.writes[i].kind == DDB_WRITE_PUT &&
			status->reasons[i] == DDB_REASON_CONDITION)
			move->writes.members[i]->put_off_us++;
	}
}

/*
 * kind is that of the status, or of the reason why it was canceled. What would
 * refuse every write, such as keys that have expired, says nothing of this one.
 */
static DdbMoveHope
hope_of(const DdbStatus *status, DdbStatusKind kind)
{
	switch (kind)
	{
		case DDB_STATUS_VALIDATION:
		case DDB_STATUS_LIMIT:
			return DDB_MOVE_HOPELESS;
		case DDB_STATUS_CANCELED:
		case DDB_STATUS_OTHER:
			return status->http_status < 500 ? DDB_MOVE_DOUBTFUL : DDB_MOVE_RETRY;
		default:
			return DDB_MOVE_RETRY;
	}
}

/* A write was refused. */
static void
refuse(DdbMove *move, const DdbStatus *status)
{
	DdbStatusKind kind = status->kind;
	int pause_ms = 0;

	if (kind == DDB_STATUS_CANCELED)
		(void) ddb_report_canceled_by(status, &kind);
	if ((kind != DDB_STATUS_CONDITION && kind != DDB_STATUS_CONFLICT) ||
		++move->refusals > MAX_REFUSALS)
	{
		move->hope = hope_of(status, kind);
		end(move, status);
		return;
	}
	put_off(move, status);
	if (kind == DDB_STATUS_CONFLICT || move->refusals > 1)
		pause_ms = (FIRST_PAUSE_MS << move->refusals) *
				   pg_prng_double(&pg_global_prng_state);
	read_members(move, pause_ms);
}

static void
fail(DdbMove *move)
{
	const DdbStatus *status = ddb_call_status(move->call);

	ddb_session_count(move->session, move->call, NULL);
	if (move->phase == MOVE_WRITING)
		refuse(move, status);
	else
		end(move, status);
}

static void
settle(DdbMove *move)
{
	if (ddb_call_status(move->call)->kind != DDB_OK)
		fail(move);
	else if (move->phase == MOVE_WRITING)
	{
		if (!decode(move, ddb_session_wanted_nothing()))
			return;
		if (move->writes.more)
			read_members(move, 0);
		else
			end_well(move);
	}
	else if (decode(move, wanted_item()))
	{
		take_rows(move);
		if (move->resume != NULL)
			ask(move, 0);
		else
			end_read(move);
	}
}

bool
ddb_mover_go_on(DdbMove *move)
{
	while (move->phase != MOVE_DONE && ddb_call_done(move->call))
		settle(move);
	return move->phase == MOVE_DONE;
}

const DdbStatus *
ddb_mover_status(const DdbMove *move)
{
	return &move->status;
}

const char *
ddb_mover_operation(const DdbMove *move)
{
	return move->operation;
}

DdbMoveHope
ddb_mover_hope(const DdbMove *move)
{
	return move->hope;
}

List *
ddb_mover_members(const DdbMove *move)
{
	List *users = NIL;
	ListCell *cell;

	foreach(cell, move->members)
	{
		const DdbGroupMember *member = lfirst(cell);

		if (member->rows != NIL)
			users = lappend(users, pstrdup(member->pk + strlen("GRP#")));
	}
	return users;
}
