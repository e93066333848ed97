/*
 * send.c
 *		A write on its way, and what is to be said of it.
 */
#include "postgres.h"

#include "send.h"

static char *
copy(MemoryContext cxt, const char *text, size_t len)
{
	char *copied = MemoryContextAlloc(cxt, len + 1);

	memcpy(copied, text, len);
	copied[len] = '\0';
	return copied;
}

static const DdbItemAttribute *
copy_attributes(MemoryContext cxt, const DdbItemAttribute *attributes, int n)
{
	DdbItemAttribute *copied;

	if (n == 0)
		return NULL;
	copied = MemoryContextAlloc(cxt, n * sizeof(DdbItemAttribute));
	for (int i = 0; i < n; i++)
	{
		const char *json = attributes[i].json;

		copied[i] = attributes[i];
		copied[i].name =
			copy(cxt, attributes[i].name, strlen(attributes[i].name));
		if (json != NULL)
			copied[i].json = copy(cxt, json, attributes[i].json_len);
	}
	return copied;
}

DdbSend
ddb_send_copy(MemoryContext cxt, const DdbSend *send)
{
	DdbSend copied = *send;
	DdbWrite *write = &copied.write;

	copied.identity = copy(cxt, send->identity, send->identity_len);
	write->key = copy(cxt, write->key, write->key_len);
	if (write->item != NULL)
		write->item = copy(cxt, write->item, write->item_len);
	write->set = copy_attributes(cxt, write->set, write->nset);
	write->expected = copy_attributes(cxt, write->expected, write->nexpected);
	return copied;
}

bool
ddb_send_same(const DdbSend *a, const DdbSend *b)
{
	return a->identity_len == b->identity_len &&
		   memcmp(a->identity, b->identity, a->identity_len) == 0;
}

bool
ddb_send_string(const DdbSend *send, const char *name, DdbKeyText *string)
{
	const DdbWrite *write = &send->write;
	const DdbItemAttribute *found;
	DdbValueSpan value;
	DdbJson json;

	if (write->kind != DDB_WRITE_PUT)
		return false;
	found = ddb_image_find(ddb_itemkey_parse(write->item, write->item_len), name);
	if (found == NULL)
		return false;
	ddb_json_init(&json, found->json, found->json_len);
	if (!ddb_value_read(&json, 1, &value) || value.type != DDB_TYPE_S)
		return false;
	*string = (DdbKeyText){.text = value.text, .len = value.len};
	return true;
}
