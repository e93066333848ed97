/*
 * itemtext.c
 *		Items whose attributes are strings, read without a transaction.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "itemtext.h"
#include "own.h"

static void
free_image(void *image)
{
	ddb_image_free(image);
}

const DdbImage *
ddb_itemtext_parse(MemoryContext cxt, const char *text, size_t len)
{
	DdbOwned *seat = ddb_own_register(cxt, free_image);
	char *copied = MemoryContextAllocHuge(cxt, len + 1);
	DdbStatus status;
	DdbImage *image;

	memcpy(copied, text, len);
	copied[len] = '\0';
	ddb_status_clear(&status);
	image = ddb_image_parse(copied, len, &status);
	if (image == NULL && status.kind != DDB_STATUS_NO_MEMORY)
		return NULL;
	return ddb_own_set(seat, image);
}

char *
ddb_itemtext_string(MemoryContext cxt, const DdbImage *image, const char *name)
{
	const DdbItemAttribute *attribute = ddb_image_find(image, name);
	DdbValueSpan value;
	DdbJson json;
	char *plain;
	long len;

	if (attribute == NULL)
		return NULL;
	ddb_json_init(&json, attribute->json, attribute->json_len);
	if (!ddb_value_read(&json, 0, &value) || value.type != DDB_TYPE_S)
		return NULL;
	plain = MemoryContextAlloc(cxt, value.len + 1);
	len = ddb_json_unescape(value.text, value.len, plain);
	if (len < 0 || memchr(plain, '\0', len) != NULL)
		return NULL;
	plain[len] = '\0';
	return plain;
}

const char *
ddb_itemtext_write(MemoryContext cxt, const DdbItemAttribute *attributes,
				   int nattributes, size_t *len)
{
	DdbOwned *seat = ddb_own_register(cxt, free);
	DdbText text = {0};

	ddb_image_write(&text, attributes, nattributes);
	*len = text.len;
	return ddb_own_set(seat, text.data);
}

const char *
ddb_itemtext_value(MemoryContext cxt, const char *text)
{
	size_t size = strlen(text) + sizeof("{\"S\":\"\"}");
	char *value = MemoryContextAlloc(cxt, size);

	snprintf(value, size, "{\"S\":\"%s\"}", text);
	return value;
}
