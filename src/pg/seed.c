/*
 * seed.c
 *		cruddur_seed(): two group rows and a conversation, to try things with.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "convert.h"
#include "input.h"
#include "membership.h"
#include "messageitem.h"
#include "mint.h"

/* Said in turn, the first by the first user; one minute lies between two. */
static const char *const conversation[] =
	{"Morning! Did you see that the archive room is open to visitors again?",
	 "I did not. Since when?",
	 "Since Monday. They moved the tide tables up from the cellar.",
	 "The handwritten ones? I thought the flood of '53 took those.",
	 "Most of them. Forty-one volumes were on a high shelf.",
	 "Lucky shelf. Can one touch them?",
	 "With gloves, and only two volumes at a time.",
	 "Fair enough. I would like to see 1907, the year of the ice.",
	 "Volume 22. The clerk drew a small seal wherever the harbour froze.",
	 "A seal as in a stamp, or the animal?",
	 "The animal. Twelve of them, each with a different hat.",
	 "Now I have to go. Is Thursday any good?",
	 "Thursday they close at noon. Friday is better.",
	 "Friday then. Half past nine at the side door?",
	 "Make it ten, the ferry is slow these days.",
	 "Ten it is. Shall I bring the camera?",
	 "No flash, but yes. And something to eat, the canteen is gone.",
	 "I have plum cake from yesterday.",
	 "Then I shall bring the flask. Coffee or tea?",
	 "Coffee, please. Tea and old paper smell too much alike.",
	 "Ha, true. Until Friday!",
	 "Until Friday. And thank you for telling me \xF0\x9F\xA6\xAD"};

/* Both members' group rows and the conversation, which ends now. */
static void
add_conversation(DdbChanges *changes, const char *group_text,
				 const DdbUser users[2])
{
	TimestampTz end = ddb_mint_time();
	DdbMessage message = {.group_text = group_text};
	int n = lengthof(conversation);

	for (int i = 0; i < n; i++)
	{
		message.sender = &users[i % 2];
		message.text = cstring_to_text(
			pg_any_to_server(conversation[i], strlen(conversation[i]), PG_UTF8));
		message.created_at = end - (TimestampTz) (n - 1 - i) * USECS_PER_MINUTE;
		ddb_mint_uuid(&message.uuid);
		ddb_messageitem_add_message(changes, &message);
	}
	ddb_messageitem_add_group(changes, &message, &users[0], &users[1]);
	ddb_messageitem_add_group(changes, &message, &users[1], &users[0]);
}

/* Is there the group of these two? A group of others is an error. */
static bool
is_group_of(MemoryContext cxt, DdbSession *session, const DdbUser users[2],
			const char *group_text)
{
	DdbMembership *first =
		ddb_membership_ask(cxt, session, &users[0], group_text);
	DdbMembership *second =
		ddb_membership_ask(cxt, session, &users[1], group_text);
	bool first_holds = ddb_membership_holds(first);
	bool second_holds = ddb_membership_holds(second);

	if (first_holds && second_holds)
		return true;
	if (first_holds || second_holds ||
		ddb_membership_any(cxt, session, group_text))
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("message group %s belongs to other users", group_text),
				 errhint("Give another message_group_uuid.")));
	return false;
}

PG_FUNCTION_INFO_V1(cruddur_seed);

/*
 * cruddur_seed(handle text, other_handle text, message_group_uuid uuid)
 * RETURNS bigint: items written, 0 if the two have the group.
 */
Datum
cruddur_seed(PG_FUNCTION_ARGS)
{
	text *handles[2] = {ddb_input_text(fcinfo, 0, DDB_FAULT_HANDLE_BLANK),
						ddb_input_text(fcinfo, 1, DDB_FAULT_RECEIVER_BLANK)};
	pg_uuid_t *group = ddb_input_group(fcinfo, 2);
	MemoryContext cxt;
	DdbSession *session;
	const DdbOptions *options;
	DdbChanges *changes;
	DdbUser users[2];
	char group_text[DDB_UUID_TEXT_LEN];
	int64 written = 0;

	PreventCommandIfReadOnly("cruddur_seed()");
	cxt = ddb_session_context();
	session = ddb_session_open(cxt);
	options = ddb_session_options(session);
	ddb_users_find(options, handles[0], &users[0]);
	ddb_users_find(options, handles[1], &users[1]);
	if (strcmp(users[0].uuid_text, users[1].uuid_text) == 0)
		ddb_input_refuse(DDB_FAULT_RECEIVER_IS_SENDER, NULL);
	ddb_convert_uuid_text(group, group_text);
	if (is_group_of(cxt, session, users, group_text))
		ereport(NOTICE,
				(errmsg("message group %s already exists, skipping", group_text)));
	else
	{
		changes = ddb_messageitem_begin(cxt, session);
		add_conversation(changes, group_text, users);
		ddb_changes_finish(changes);
		written = lengthof(conversation) + 2;
	}
	MemoryContextDelete(cxt);
	PG_RETURN_INT64(written);
}
