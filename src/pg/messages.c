/*
 * messages.c
 *		Conversations: cruddur_list_message_groups(), cruddur_list_messages(),
 *		cruddur_create_message(), cruddur_create_message_group().
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "convert.h"
#include "guc.h"
#include "input.h"
#include "membership.h"
#include "messageitem.h"
#include "mint.h"
#include "table.h"
#include "timeline.h"
#include "users.h"

PG_FUNCTION_INFO_V1(cruddur_list_message_groups);

/*
 * cruddur_list_message_groups(handle text, max_results int, before timestamptz,
 * year int): the user's groups, newest first.
 */
Datum
cruddur_list_message_groups(PG_FUNCTION_ARGS)
{
	text *handle = ddb_input_text(fcinfo, 0, DDB_FAULT_HANDLE_BLANK);
	MemoryContext cxt = ddb_session_context();
	DdbTimelineBounds bounds;
	DdbSession *session;
	DdbTimeline *timeline;
	DdbUser user;
	char pk[DDB_TABLE_PK_LEN];

	ddb_timeline_bounds(fcinfo, 1, &bounds);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	session = ddb_session_open(cxt);
	ddb_users_find(ddb_session_options(session), handle, &user);
	ddb_table_group_pk(pk, user.uuid_text);
	timeline = ddb_timeline_ask(cxt, session, pk, "message_group_uuid", &bounds);
	ddb_timeline_emit(timeline, (ReturnSetInfo *) fcinfo->resultinfo, false);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(cruddur_list_messages);

/*
 * cruddur_list_messages(handle text, message_group_uuid uuid, max_results int,
 * before timestamptz, year int): the newest messages, oldest first.
 */
Datum
cruddur_list_messages(PG_FUNCTION_ARGS)
{
	pg_uuid_t *group = ddb_input_group(fcinfo, 1);
	text *handle = ddb_input_text(fcinfo, 0, DDB_FAULT_HANDLE_BLANK);
	MemoryContext cxt = ddb_session_context();
	DdbTimelineBounds bounds;
	DdbMembership *membership;
	DdbSession *session;
	DdbTimeline *timeline;
	DdbUser user;
	char group_text[DDB_UUID_TEXT_LEN];
	char pk[DDB_TABLE_PK_LEN];

	ddb_timeline_bounds(fcinfo, 2, &bounds);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	session = ddb_session_open(cxt);
	ddb_users_find(ddb_session_options(session), handle, &user);
	ddb_convert_uuid_text(group, group_text);
	ddb_table_message_pk(pk, group_text);

	/* Both are under way before either is waited for. */
	membership = ddb_membership_ask(cxt, session, &user, group_text);
	timeline = ddb_timeline_ask(cxt, session, pk, "message_uuid", &bounds);
	ddb_membership_require(membership);
	ddb_timeline_emit(timeline, (ReturnSetInfo *) fcinfo->resultinfo, true);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}

/*
 * Is it known that the sender is a member? In mode "outbox" nothing is asked of
 * DynamoDB, which may be down: delivery will.
 */
static bool
is_proven_member(MemoryContext cxt, DdbSession *session, const DdbUser *sender,
				 const char *group_text)
{
	if (ddb_guc_write_mode == DDB_WRITE_OUTBOX)
		return ddb_membership_written(cxt, session, sender, group_text);
	ddb_membership_require(ddb_membership_ask(cxt, session, sender, group_text));
	return true;
}

PG_FUNCTION_INFO_V1(cruddur_create_message);

/*
 * cruddur_create_message(handle text, message_group_uuid uuid, message text):
 * the message as it was written. Membership is asked first: a message that is
 * on its way cannot be called back.
 */
Datum
cruddur_create_message(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext cxt;
	DdbSession *session;
	DdbChanges *changes;
	DdbMessage message;
	DdbUser user;
	text *handle;
	pg_uuid_t *group;
	char group_text[DDB_UUID_TEXT_LEN];
	Datum values[6];
	bool nulls[6] = {false};

	PreventCommandIfReadOnly("cruddur_create_message()");
	message.text = ddb_input_message(fcinfo, 2);
	group = ddb_input_group(fcinfo, 1);
	handle = ddb_input_text(fcinfo, 0, DDB_FAULT_HANDLE_BLANK);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	cxt = ddb_session_context();
	session = ddb_session_open(cxt);
	ddb_users_find(ddb_session_options(session), handle, &user);
	ddb_convert_uuid_text(group, group_text);

	message.group_text = group_text;
	message.sender = &user;
	message.members_only = !is_proven_member(cxt, session, &user, group_text);
	message.created_at = ddb_mint_time();
	ddb_mint_uuid(&message.uuid);
	changes = ddb_messageitem_begin(cxt, session);
	ddb_messageitem_add_message(changes, &message);
	ddb_changes_finish(changes);

	values[0] = UUIDPGetDatum(group);
	values[1] = UUIDPGetDatum(&message.uuid);
	values[2] = PointerGetDatum(user.display_name);
	values[3] = PointerGetDatum(user.handle);
	values[4] = PointerGetDatum(message.text);
	values[5] = TimestampTzGetDatum(message.created_at);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}

/* Two users who are not one; by uuid, as two handles may be one user's. */
static void
find_pair(const DdbOptions *options, text *handle, text *receiver_handle,
		  DdbUser *sender, DdbUser *receiver)
{
	ddb_users_find(options, handle, sender);
	ddb_users_find(options, receiver_handle, receiver);
	if (strcmp(sender->uuid_text, receiver->uuid_text) == 0)
		ddb_input_refuse(DDB_FAULT_RECEIVER_IS_SENDER, NULL);
}

/* Is it the same handle, whether or not there is such a user? */
static void
refuse_same_handle(text *handle, text *receiver_handle)
{
	if (VARSIZE_ANY_EXHDR(handle) == VARSIZE_ANY_EXHDR(receiver_handle) &&
		memcmp(VARDATA_ANY(handle),
			   VARDATA_ANY(receiver_handle),
			   VARSIZE_ANY_EXHDR(handle)) == 0)
		ddb_input_refuse(DDB_FAULT_RECEIVER_IS_SENDER, NULL);
}

PG_FUNCTION_INFO_V1(cruddur_create_message_group);

/*
 * cruddur_create_message_group(handle text, receiver_handle text, message
 * text): both members' group rows and the first message, all or none.
 */
Datum
cruddur_create_message_group(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext cxt;
	DdbSession *session;
	DdbChanges *changes;
	DdbMessage message;
	DdbUser sender;
	DdbUser receiver;
	text *handle;
	text *receiver_handle;
	pg_uuid_t group;
	char group_text[DDB_UUID_TEXT_LEN];
	Datum values[3];
	bool nulls[3] = {false};

	PreventCommandIfReadOnly("cruddur_create_message_group()");
	message.text = ddb_input_message(fcinfo, 2);
	handle = ddb_input_text(fcinfo, 0, DDB_FAULT_HANDLE_BLANK);
	receiver_handle = ddb_input_text(fcinfo, 1, DDB_FAULT_RECEIVER_BLANK);
	refuse_same_handle(handle, receiver_handle);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	cxt = ddb_session_context();
	session = ddb_session_open(cxt);
	find_pair(ddb_session_options(session),
			  handle,
			  receiver_handle,
			  &sender,
			  &receiver);
	ddb_mint_uuid(&group);
	ddb_convert_uuid_text(&group, group_text);
	message.group_text = group_text;
	message.sender = &sender;
	message.created_at = ddb_mint_time();
	message.members_only = false;
	ddb_mint_uuid(&message.uuid);

	changes = ddb_messageitem_begin(cxt, session);
	ddb_messageitem_add_group(changes, &message, &sender, &receiver);
	ddb_messageitem_add_group(changes, &message, &receiver, &sender);
	ddb_messageitem_add_message(changes, &message);
	ddb_changes_finish(changes);

	values[0] = UUIDPGetDatum(&group);
	values[1] = UUIDPGetDatum(&message.uuid);
	values[2] = TimestampTzGetDatum(message.created_at);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}
