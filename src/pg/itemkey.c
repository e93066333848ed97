/*
 * itemkey.c
 *		An item taken apart, and its key: as JSON, as bytes, and to read it by.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "itemkey.h"
#include "number.h"
#include "own.h"
#include "report.h"

static void
free_image(void *image)
{
	ddb_image_free(image);
}

/* The item came from elsewhere, whoever has it in hand now. */
static void fail(const char *words) __attribute__((noreturn));

static void
fail(const char *words)
{
	DdbStatus status;

	ddb_status_clear(&status);
	ddb_status_set(&status, DDB_STATUS_PROTOCOL, "%s", words);
	ddb_report_status(&status, NULL);
}

const DdbImage *
ddb_itemkey_parse(const char *text, size_t len)
{
	DdbOwned *seat = ddb_own_register(CurrentMemoryContext, free_image);
	DdbStatus status;
	DdbImage *image;

	ddb_status_clear(&status);
	image = ddb_image_parse(text, len, &status);
	if (image == NULL)
		ddb_report_status(&status, NULL);
	return ddb_own_set(seat, image);
}

const char **
ddb_itemkey_names(const DdbImage *image)
{
	const char **names = palloc_array(const char *, image->nattributes);

	for (int i = 0; i < image->nattributes; i++)
		names[i] = image->attributes[i].name;
	return names;
}

DdbKeyText
ddb_itemkey_write(const DdbImage *item, const DdbWriteTable *table)
{
	DdbOwned *seat = ddb_own_register(CurrentMemoryContext, free);
	DdbItemAttribute attributes[2];
	DdbText text = {0};
	int n = 0;

	for (; n < 2 && table->key_names[n] != NULL; n++)
	{
		const DdbItemAttribute *found = ddb_image_find(item, table->key_names[n]);

		if (found == NULL)
			fail("an item lacks its key");
		attributes[n] = *found;
	}
	ddb_image_write(&text, attributes, n);
	return (DdbKeyText){.text = ddb_own_set(seat, text.data), .len = text.len};
}

int
ddb_itemkey_values(DdbKeyText key, DdbValue values[2])
{
	const DdbImage *image = ddb_itemkey_parse(key.text, key.len);

	Assert(image->nattributes <= 2);
	for (int i = 0; i < image->nattributes; i++)
	{
		const DdbItemAttribute *attribute = &image->attributes[i];
		DdbValueSpan span;
		DdbJson json;
		char *text;
		long len;

		ddb_json_init(&json, attribute->json, attribute->json_len);
		if (!ddb_value_read(&json, 0, &span) || ddb_value_is_container(span.type))
			fail("a key is no scalar");
		text = palloc(span.len + 1);
		len = ddb_json_unescape(span.text, span.len, text);
		if (len < 0)
			fail("a key has a broken escape");
		values[i] = (DdbValue){.name = attribute->name,
							   .text = text,
							   .len = len,
							   .type = span.type};
	}
	return image->nattributes;
}

/* Type, length and bytes; a binary in base64, as DynamoDB itself writes it. */
static void
append_part(StringInfo identity, DdbType type, const char *bytes, size_t len)
{
	uint32 part_len = (uint32) len;

	appendStringInfoChar(identity, (char) type);
	appendBinaryStringInfo(identity, (const char *) &part_len, sizeof(part_len));
	appendBinaryStringInfo(identity, bytes, (int) len);
}

bool
ddb_itemkey_append(StringInfo identity, const DdbValueSpan *value)
{
	char number[DDB_NUMBER_NORMAL_LEN];
	char *plain;
	long len;

	switch (value->type)
	{
		case DDB_TYPE_N:
			len = (long) ddb_number_normalize(value->text, value->len, number);
			if (len == 0)
				return false;
			append_part(identity, value->type, number, len);
			return true;
		case DDB_TYPE_S:
		case DDB_TYPE_B:
			if (!value->escaped)
			{
				append_part(identity, value->type, value->text, value->len);
				return true;
			}
			plain = palloc(value->len);
			len = ddb_json_unescape(value->text, value->len, plain);
			if (len >= 0)
				append_part(identity, value->type, plain, len);
			pfree(plain);
			return len >= 0;
		default:
			return false;
	}
}

StringInfo
ddb_itemkey_bytes(const DdbWriteTable *table, const DdbImage *image)
{
	StringInfo identity = makeStringInfo();

	for (int i = 0; i < 2 && table->key_names[i] != NULL; i++)
	{
		const DdbItemAttribute *attribute =
			ddb_image_find(image, table->key_names[i]);
		DdbValueSpan value;
		DdbJson json;

		if (attribute == NULL)
			fail("an item lacks its key");
		ddb_json_init(&json, attribute->json, attribute->json_len);
		if (!ddb_value_read(&json, 1, &value) ||
			!ddb_itemkey_append(identity, &value))
			fail("a key is none that DynamoDB has");
	}
	return identity;
}

StringInfo
ddb_itemkey_identity(const DdbWriteTable *table, const char *item, size_t item_len)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext cxt =
		AllocSetContextCreate(caller, "cruddur_ddb key", ALLOCSET_SMALL_SIZES);
	StringInfo identity;
	StringInfo copy;

	MemoryContextSwitchTo(cxt);
	identity = ddb_itemkey_bytes(table, ddb_itemkey_parse(item, item_len));
	MemoryContextSwitchTo(caller);
	copy = makeStringInfo();
	appendBinaryStringInfo(copy, identity->data, identity->len);
	MemoryContextDelete(cxt);
	return copy;
}

bool
ddb_itemkey_is_key(const DdbWriteTable *table, const char *name)
{
	return strcmp(table->key_names[0], name) == 0 ||
		   (table->key_names[1] != NULL && strcmp(table->key_names[1], name) == 0);
}
