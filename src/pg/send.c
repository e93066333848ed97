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
