/*
 * announce.c
 *		NOTIFY of new messages.
 */
#include "postgres.h"

#include "commands/async.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

#include "announce.h"
#include "report.h"

#define CHANNEL "cruddur_messages"

/* A payload has room for 7999 bytes: for four long strings and the members. */
#define MAX_STRING_LEN 256
#define MAX_LEN 7000

/* UTF-8, of anyone's making. */
static void
append_string(StringInfo json, const char *string)
{
	if (string == NULL || strlen(string) > MAX_STRING_LEN)
		appendStringInfoString(json, "null");
	else
		escape_json(json, ddb_report_foreign(string));
}

static void
append_member(StringInfo json, const char *name, const char *string)
{
	appendStringInfo(json, "%s\"%s\": ", json->len > 1 ? ", " : "", name);
	append_string(json, string);
}

void
ddb_announce_message(const DdbStreamRecord *record, List *members)
{
	StringInfoData json;
	ListCell *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_member(&json, "message_group_uuid", record->message.group);
	append_member(&json, "uuid", record->uuid);
	append_member(&json, "handle", record->handle);
	append_member(&json, "created_at", record->sk);
	appendStringInfoString(&json, ", \"members\": [");
	foreach(cell, members)
	{
		if (json.len > MAX_LEN)
			break;
		if (cell != list_head(members))
			appendStringInfoString(&json, ", ");
		append_string(&json, lfirst(cell));
	}
	appendStringInfoString(&json, "]}");
	Async_Notify(CHANNEL, json.data);
	pfree(json.data);
}
