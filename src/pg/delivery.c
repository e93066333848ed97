/*
 * delivery.c
 *		One entry of the outbox on its way to DynamoDB.
 *
 * A small state machine with one call at a time. Nothing here raises what a
 * response says: outside of a transaction an error could not be put into words.
 */
#include "postgres.h"

#include "budget.h"
#include "convert.h"
#include "delivery.h"
#include "input.h"
#include "itemkey.h"
#include "own.h"
#include "report.h"
#include "table.h"
#include "verdict.h"

/* As many tokens as can be made of one. */
#define MAX_POSTPONED 15

typedef enum Step
{
	STEP_START,
	STEP_ASK_INDEX, /* is the sender a member? */
	STEP_ASK_ROWS,  /* the same, of his own rows, consistently */
	STEP_WRITE,
	STEP_READ_BACK
} Step;

struct DdbDelivery
{
	MemoryContext cxt;
	DdbSession *session;
	DdbSend *sends;
	int nsends;
	char token[DDB_UUID_TEXT_LEN];
	bool by_token; /* sent as TransactWriteItems */
	DdbDeliveryState state;
	Step step;
	int current; /* the write that is asked for, or read back */
	DdbOwned *seat;
	DdbCall *call; /* NULL: none yet */
	DdbPage *page;
	DdbStatus status; /* of what ended it */
	bool no_member;   /* that did */
	int postponed;    /* by so many microseconds */

	/* whether the sender is a member */
	DdbRead read;
	DdbValue values[2];
	char user_pk[DDB_TABLE_PK_LEN];
};

DdbDelivery *
ddb_delivery_create(MemoryContext cxt, DdbSession *session, const DdbSend *sends,
					int nsends, const pg_uuid_t *token, bool by_token)
{
	DdbDelivery *delivery = MemoryContextAllocZero(cxt, sizeof(DdbDelivery));

	delivery->cxt = cxt;
	delivery->session = session;
	delivery->sends = MemoryContextAlloc(cxt, nsends * sizeof(DdbSend));
	memcpy(delivery->sends, sends, nsends * sizeof(DdbSend));
	delivery->nsends = nsends;
	ddb_convert_uuid_text(token, delivery->token);
	delivery->by_token =
		by_token || nsends > 1 || sends[0].write.expect == DDB_EXPECT_PRESENT;
	delivery->seat = ddb_session_own_call(cxt);
	delivery->page = ddb_session_create_page(cxt);
	ddb_status_clear(&delivery->status);
	return delivery;
}

/* The call before this one has served; the new one has copied what it needs. */
static void
set_call(DdbDelivery *delivery, Step step, DdbCall *call)
{
	ddb_own_release(delivery->seat);
	delivery->call = ddb_own_set(delivery->seat, call);
	delivery->step = step;
}

static DdbClient *
client_of(const DdbDelivery *delivery)
{
	return ddb_session_client(delivery->session);
}

static DdbRate
rate_of(const DdbDelivery *delivery)
{
	const DdbOptions *options = ddb_session_options(delivery->session);

	return (DdbRate){.server = options->server_name,
					 .table = delivery->sends[0].write.table,
					 .units_per_second = options->write_units_per_second,
					 .writes = true};
}

static void
start_write(DdbDelivery *delivery)
{
	DdbWrite writes[DDB_TRANSACT_MAX_ACTIONS];
	DdbClient *client = client_of(delivery);
	DdbRate rate = rate_of(delivery);
	int delay_ms = ddb_budget_delay_ms(&rate);

	for (int i = 0; i < delivery->nsends; i++)
		writes[i] = delivery->sends[i].write;
	set_call(delivery,
			 STEP_WRITE,
			 delivery->by_token ? ddb_client_transact_write(client,
															writes,
															delivery->nsends,
															delivery->token)
								: ddb_client_write(client, &writes[0]));
	if (delay_ms > 0)
		ddb_call_delay(delivery->call, delay_ms);
}

static void
ask(DdbDelivery *delivery, Step step)
{
	DdbRead *read = &delivery->read;
	bool of_index = step == STEP_ASK_INDEX;

	read->index = of_index ? DDB_TABLE_GROUP_INDEX : NULL;
	read->key_condition = of_index ? "message_group_uuid = :g" : "pk = :p";
	read->filter = of_index ? "pk = :p" : "message_group_uuid = :g";
	read->consistent = !of_index;
	set_call(delivery, step, ddb_client_read(client_of(delivery), read));
	read->resume = NULL;
	read->resume_len = 0;
}

/* Is the one who sends this message a member of its group? */
static void
start_asking(DdbDelivery *delivery, const DdbSend *send)
{
	DdbRead *read = &delivery->read;
	DdbKeyText pk = {0};
	DdbKeyText user = {0};

	*read = (DdbRead){.kind = DDB_READ_QUERY,
					  .table = send->write.table,
					  .projection = "pk, sk",
					  .values = delivery->values,
					  .nvalues = 2};
	if (!ddb_send_string(send, "pk", &pk) || pk.len < DDB_TABLE_PREFIX_LEN ||
		!ddb_send_string(send, "user_uuid", &user) ||
		user.len != DDB_UUID_TEXT_LEN - 1)
	{
		delivery->no_member = true;
		delivery->state = DDB_DELIVERY_REFUSED;
		return;
	}
	memcpy(delivery->user_pk, "GRP#", DDB_TABLE_PREFIX_LEN);
	memcpy(delivery->user_pk + DDB_TABLE_PREFIX_LEN, user.text, user.len);
	delivery->values[0] = (DdbValue){":g",
									 pk.text + DDB_TABLE_PREFIX_LEN,
									 pk.len - DDB_TABLE_PREFIX_LEN,
									 DDB_TYPE_S};
	delivery->values[1] =
		(DdbValue){":p", delivery->user_pk, DDB_TABLE_PK_LEN - 1, DDB_TYPE_S};
	ask(delivery, STEP_ASK_INDEX);
}

/* Whoever sends the next message is asked for, or all is written. */
static void
go_on(DdbDelivery *delivery)
{
	while (delivery->current < delivery->nsends)
	{
		const DdbSend *send = &delivery->sends[delivery->current++];

		if (send->members_only)
		{
			start_asking(delivery, send);
			return;
		}
	}
	start_write(delivery);
}

/* What the status means for the entry. */
static DdbDeliveryState
judge(const DdbStatus *status)
{
	DdbStatusKind kind = status->kind;

	if (kind == DDB_STATUS_CANCELED)
		(void) ddb_report_canceled_by(status, &kind);
	switch (kind)
	{
		case DDB_STATUS_CONFIG:
		case DDB_STATUS_CONNECT:
		case DDB_STATUS_TIMEOUT:
		case DDB_STATUS_AUTH:
			return DDB_DELIVERY_CUT_OFF;
		case DDB_STATUS_CONDITION:
		case DDB_STATUS_CANCELED:
		case DDB_STATUS_LIMIT:
		case DDB_STATUS_VALIDATION:
			return DDB_DELIVERY_REFUSED;
		case DDB_STATUS_OTHER:
			return status->http_status >= 400 && status->http_status < 500
					   ? DDB_DELIVERY_REFUSED
					   : DDB_DELIVERY_DELAYED;
		default:
			/* It passes, or someone mends it: a table, a policy. */
			return DDB_DELIVERY_DELAYED;
	}
}

static void
fail(DdbDelivery *delivery, const DdbStatus *status)
{
	delivery->status = *status;
	delivery->state = judge(status);
}

/* False: the response is none, or was to no avail. */
static bool
decode(DdbDelivery *delivery, const DdbWanted *wanted)
{
	DdbCall *call = delivery->call;
	DdbStatus status = *ddb_call_status(call);
	DdbYield yield = {0};
	const char *body;
	size_t len;

	if (status.kind == DDB_OK)
	{
		body = ddb_call_body(call, &len);
		(void) ddb_page_decode(delivery->page, body, len, wanted, &status);
	}
	if (status.kind != DDB_OK)
	{
		ddb_session_count(delivery->session, call, NULL);
		fail(delivery, &status);
		return false;
	}
	if (delivery->step == STEP_WRITE)
	{
		yield.write_units = delivery->page->capacity_units;
		yield.items_written = delivery->nsends;
	}
	else
	{
		yield.read_units = delivery->page->capacity_units;
		yield.items_read = delivery->page->nitems;
	}
	ddb_session_count(delivery->session, call, &yield);
	return true;
}

static void
take_membership(DdbDelivery *delivery)
{
	const DdbPage *page = delivery->page;

	if (!decode(delivery, ddb_session_wanted_nothing()))
		return;
	if (page->nitems > 0)
		go_on(delivery);
	else if (page->rest.len > 0)
	{
		delivery->read.resume = page->body + page->rest.offset;
		delivery->read.resume_len = page->rest.len;
		ask(delivery, delivery->step);
	}
	/* The index is eventually consistent. */
	else if (delivery->step == STEP_ASK_INDEX)
		ask(delivery, STEP_ASK_ROWS);
	else
	{
		delivery->no_member = true;
		delivery->state = DDB_DELIVERY_REFUSED;
	}
}

static void
read_back(DdbDelivery *delivery, int i)
{
	const DdbWrite *write = &delivery->sends[i].write;
	DdbKeyText key = {.text = write->key, .len = write->key_len};
	DdbValue values[2];
	DdbRead read = {.kind = DDB_READ_GET,
					.table = write->table,
					.keys = values,
					.nkeys = 1,
					.key_len = ddb_itemkey_values(key, values),
					.consistent = true};

	delivery->current = i;
	set_call(delivery,
			 STEP_READ_BACK,
			 ddb_client_read(client_of(delivery), &read));
}

/* A condition that did not hold may have been undone by the entry itself. */
static void
take_write(DdbDelivery *delivery)
{
	DdbRate rate = rate_of(delivery);
	DdbStatusKind kind;

	if (decode(delivery, ddb_session_wanted_nothing()))
	{
		ddb_budget_pay(&rate, delivery->page->capacity_units);
		delivery->state = DDB_DELIVERY_DONE;
		return;
	}
	kind = delivery->status.kind;
	if (kind == DDB_STATUS_CANCELED)
		(void) ddb_report_canceled_by(&delivery->status, &kind);
	if (kind != DDB_STATUS_CONDITION)
		return;
	delivery->state = DDB_DELIVERY_UNDER_WAY;
	read_back(delivery, 0);
}

/*
 * Every item stands as the entry leaves it. An insert tells that this was the
 * entry, which is all or none; a delete has what it wants. Of an update nothing is
 * known.
 */
static void
conclude(DdbDelivery *delivery)
{
	bool has_update = false;

	for (int i = 0; i < delivery->nsends; i++)
	{
		const DdbWrite *write = &delivery->sends[i].write;

		has_update |= write->kind == DDB_WRITE_UPDATE;
		if (write->kind == DDB_WRITE_PUT && write->expect == DDB_EXPECT_ABSENT)
		{
			delivery->state = DDB_DELIVERY_DONE;
			return;
		}
	}
	delivery->status.maybe_applied = has_update;
	delivery->state = has_update ? DDB_DELIVERY_REFUSED : DDB_DELIVERY_DONE;
}

/* The item or key with another sort key, as JSON. */
static DdbKeyText
replace_sort_key(DdbDelivery *delivery, const char *json, size_t len,
				 const char *sk)
{
	const DdbImage *image = ddb_itemkey_parse(json, len);
	DdbItemAttribute *attributes =
		palloc(image->nattributes * sizeof(DdbItemAttribute));
	char *value = psprintf("{\"S\":\"%s\"}", sk);
	DdbOwned *seat = ddb_own_register(delivery->cxt, free);
	DdbText text = {0};

	for (int i = 0; i < image->nattributes; i++)
	{
		attributes[i] = image->attributes[i];
		if (strcmp(attributes[i].name, "sk") != 0)
			continue;
		attributes[i].json = value;
		attributes[i].json_len = strlen(value);
	}
	ddb_image_write(&text, attributes, image->nattributes);
	return (DdbKeyText){.text = ddb_own_set(seat, text.data), .len = text.len};
}

/*
 * Another message of the group has the same microsecond: this one takes the next.
 * Its token follows from the one before, as the same is to come of it when it is
 * delivered again. False: it cannot.
 */
static bool
postpone_message(DdbDelivery *delivery, DdbSend *send)
{
	DdbWrite *write = &send->write;
	char *last = &delivery->token[DDB_UUID_TEXT_LEN - 2];
	char next[DDB_TIMESTAMP_LEN];
	TimestampTz at;
	DdbKeyText text;

	if (++delivery->postponed > MAX_POSTPONED ||
		!ddb_send_string(send, "sk", &text) ||
		!ddb_convert_parse_timestamptz(text.text, text.len, &at))
		return false;
	ddb_convert_sort_key(at + 1, next);
	text = replace_sort_key(delivery, write->item, write->item_len, next);
	write->item = text.text;
	write->item_len = text.len;
	text = replace_sort_key(delivery, write->key, write->key_len, next);
	write->key = text.text;
	write->key_len = text.len;
	*last = *last == 'f' ? '0' : *last == '9' ? 'a' : *last + 1;
	start_write(delivery);
	return true;
}

static void
take_item(DdbDelivery *delivery)
{
	static DdbWanted *whole_item = NULL;
	const DdbPage *page = delivery->page;
	DdbStatus refusal = delivery->status;
	const DdbImage *there = NULL;
	DdbSend *send = &delivery->sends[delivery->current];

	if (!decode(delivery, ddb_session_wanted(&whole_item, NULL, 0, true)))
		return;
	delivery->status = refusal;
	if (page->nitems > 0)
		there = ddb_itemkey_parse(page->body + page->items[0].offset,
								  page->items[0].len);
	if (!ddb_verdict_stands(&send->write, there))
	{
		if (there != NULL && send->members_only &&
			postpone_message(delivery, send))
			return;
		delivery->status.maybe_applied = false;
		delivery->state = DDB_DELIVERY_REFUSED;
	}
	else if (delivery->current + 1 < delivery->nsends)
		read_back(delivery, delivery->current + 1);
	else
		conclude(delivery);
}

bool
ddb_delivery_ready(const DdbDelivery *delivery)
{
	return delivery->state == DDB_DELIVERY_UNDER_WAY &&
		   (delivery->call == NULL || ddb_call_done(delivery->call));
}

DdbDeliveryState
ddb_delivery_advance(DdbDelivery *delivery)
{
	MemoryContext caller = MemoryContextSwitchTo(delivery->cxt);

	while (ddb_delivery_ready(delivery))
	{
		switch (delivery->step)
		{
			case STEP_START:
				go_on(delivery);
				break;
			case STEP_ASK_INDEX:
			case STEP_ASK_ROWS:
				take_membership(delivery);
				break;
			case STEP_WRITE:
				take_write(delivery);
				break;
			case STEP_READ_BACK:
				take_item(delivery);
				break;
		}
	}
	MemoryContextSwitchTo(caller);
	return delivery->state;
}

/* What a transaction of one says is as if it had been none. */
static DdbStatus
plain_status(const DdbDelivery *delivery)
{
	DdbStatus status = delivery->status;

	if (delivery->nsends == 1 && status.kind == DDB_STATUS_CANCELED)
		(void) ddb_report_canceled_by(&status, &status.kind);
	return status;
}

void
ddb_delivery_raise(const DdbDelivery *delivery)
{
	DdbStatus status = plain_status(delivery);

	if (delivery->no_member)
		ddb_input_refuse(DDB_FAULT_NOT_A_MEMBER, NULL);
	ddb_verdict_raise(ddb_session_options(delivery->session)->server_name,
					  ddb_call_operation(delivery->call),
					  delivery->sends,
					  delivery->nsends,
					  &status);
}
