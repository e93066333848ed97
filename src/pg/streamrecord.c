/*
 * streamrecord.c
 *		A record of the stream: is it a message, and which?
 *
 * What others have put into the table comes here too: whatever is under "MSG#" is
 * taken for a message, and one that cannot be read is told with its reason.
 */
#include "postgres.h"

#include "itemtext.h"
#include "streamrecord.h"
#include "timestamp.h"

#define MESSAGE_PREFIX "MSG#"

static char *
copy(MemoryContext cxt, DdbImageSpan span)
{
	char *copied = MemoryContextAlloc(cxt, span.len + 1);

	memcpy(copied, span.text, span.len);
	copied[span.len] = '\0';
	return copied;
}

/* Is it an S? Then as the item has it. */
static bool
take_string(const DdbImage *image, const char *name, DdbItemAttribute *taken)
{
	const DdbItemAttribute *found = ddb_image_find(image, name);
	DdbValueSpan value;
	DdbJson json;

	if (found == NULL)
		return false;
	ddb_json_init(&json, found->json, found->json_len);
	*taken = *found;
	return ddb_value_read(&json, 0, &value) && value.type == DDB_TYPE_S;
}

/* Read the item. What is wrong with it, or NULL. */
static const char *
read_message(MemoryContext cxt, const DdbImage *image, DdbStreamRecord *record)
{
	DdbGroupMessage *message = &record->message;
	char *pk = ddb_itemtext_string(cxt, image, "pk");

	record->sk = ddb_itemtext_string(cxt, image, "sk");
	record->uuid = ddb_itemtext_string(cxt, image, "message_uuid");
	record->handle = ddb_itemtext_string(cxt, image, "user_handle");
	message->sender = ddb_itemtext_string(cxt, image, "user_uuid");
	if (pk == NULL || pk[strlen(MESSAGE_PREFIX)] == '\0')
		return "its partition key names no group";
	message->group = pk + strlen(MESSAGE_PREFIX);
	if (record->sk == NULL ||
		!ddb_timestamp_parse(record->sk, strlen(record->sk), &message->time_us) ||
		!take_string(image, "sk", &message->sk))
		return "its sort key is no time";
	if (!take_string(image, "message", &message->text))
		return "it has no text";
	return NULL;
}

static bool
is_message_key(MemoryContext cxt, const DdbImage *key)
{
	char *pk = ddb_itemtext_string(cxt, key, "pk");

	return pk != NULL && strncmp(pk, MESSAGE_PREFIX, strlen(MESSAGE_PREFIX)) == 0;
}

void
ddb_streamrecord_read(MemoryContext cxt, const DdbRecord *source,
					  DdbStreamRecord *record)
{
	const DdbImage *image;

	memset(record, 0, sizeof(DdbStreamRecord));
	strlcpy(record->sequence, source->sequence, sizeof(record->sequence));
	record->created_s = source->created_s;
	if (source->event != DDB_EVENT_INSERT && source->event != DDB_EVENT_MODIFY)
		return;
	record->key = copy(cxt, source->keys);
	record->is_new = source->event == DDB_EVENT_INSERT;
	image = ddb_itemtext_parse(cxt, source->keys.text, source->keys.len);
	if (image == NULL)
		record->fault = "its key cannot be read";
	else if (!is_message_key(cxt, image))
		return;
	else if (source->new_image.len == 0)
		record->fault = "the stream does not carry the item";
	else
	{
		image =
			ddb_itemtext_parse(cxt, source->new_image.text, source->new_image.len);
		record->fault = image == NULL ? "the item cannot be read"
									  : read_message(cxt, image, record);
	}
	record->kind = record->fault == NULL ? DDB_RECORD_MESSAGE : DDB_RECORD_BROKEN;
}
