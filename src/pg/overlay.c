/*
 * overlay.c
 *		The writes of the transaction, laid over what DynamoDB gives.
 *
 * The items are put together as a response that DynamoDB could have given, and
 * decoded as one, so readers of pages need to know nothing of it.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "itemkey.h"
#include "overlay.h"
#include "session.h"
#include "text.h"
#include "writeset.h"

/* A key that is hidden, in the hash table. */
typedef struct HiddenKey
{
	const char *bytes;
	size_t len;
} HiddenKey;

struct DdbOverlay
{
	MemoryContext cxt;
	const char *key_names[2];
	HTAB *hidden;
	StringInfoData body; /* the response */
	int nitems;
	DdbPage *page;
};

static uint32
hash_hidden(const void *key, Size keysize)
{
	const HiddenKey *hidden = key;

	return hash_bytes((const unsigned char *) hidden->bytes, (int) hidden->len);
}

/* A callback of dynahash: 0 where they are equal. */
static int
match_hidden(const void *a, const void *b, Size keysize)
{
	const HiddenKey *left = a;
	const HiddenKey *right = b;

	if (left->len != right->len)
		return 1;
	return memcmp(left->bytes, right->bytes, left->len);
}

static DdbOverlay *
create_overlay(MemoryContext cxt)
{
	MemoryContext own =
		AllocSetContextCreate(cxt, "cruddur_ddb overlay", ALLOCSET_SMALL_SIZES);
	DdbOverlay *overlay = MemoryContextAllocZero(own, sizeof(DdbOverlay));
	HASHCTL control = {.keysize = sizeof(HiddenKey),
					   .entrysize = sizeof(HiddenKey),
					   .hash = hash_hidden,
					   .match = match_hidden,
					   .hcxt = own};

	overlay->cxt = own;
	overlay->hidden =
		hash_create("cruddur_ddb overlay",
					32,
					&control,
					HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	return overlay;
}

/* A callback of ddb_writeset_visit. */
static void
add_item(const DdbBuffered *item, void *arg)
{
	DdbOverlay *overlay = arg;
	char *bytes = palloc(item->key_len + 1);
	HiddenKey key = {.bytes = bytes, .len = item->key_len};

	memcpy(bytes, item->key, item->key_len);
	(void) hash_search(overlay->hidden, &key, HASH_ENTER, NULL);
	if (item->item == NULL)
		return;
	if (overlay->nitems++ > 0)
		appendStringInfoChar(&overlay->body, ',');
	appendBinaryStringInfo(&overlay->body, item->item, (int) item->item_len);
}

DdbOverlay *
ddb_overlay_open(MemoryContext cxt, Oid server, const char *table,
				 CommandId curcid)
{
	DdbOverlay *overlay;
	MemoryContext caller;
	int nwritten;

	if (ddb_writeset_count() == 0)
		return NULL;
	overlay = create_overlay(cxt);
	caller = MemoryContextSwitchTo(overlay->cxt);
	initStringInfo(&overlay->body);
	appendStringInfoString(&overlay->body, "{\"Items\":[");
	nwritten = ddb_writeset_visit(server,
								  table,
								  curcid,
								  overlay->key_names,
								  add_item,
								  overlay);
	appendStringInfoString(&overlay->body, "]}");
	for (int i = 0; i < 2 && overlay->key_names[i] != NULL; i++)
		overlay->key_names[i] = pstrdup(overlay->key_names[i]);
	overlay->page = ddb_session_create_page(overlay->cxt);
	MemoryContextSwitchTo(caller);
	if (nwritten > 0)
		return overlay;
	MemoryContextDelete(overlay->cxt);
	return NULL;
}

DdbOverlay *
ddb_overlay_open_active(MemoryContext cxt, Oid server, const char *table)
{
	return ddb_overlay_open(cxt, server, table, GetActiveSnapshot()->curcid);
}

const char *const *
ddb_overlay_key_names(const DdbOverlay *overlay)
{
	return overlay->key_names;
}

bool
ddb_overlay_hides(const DdbOverlay *overlay, const DdbPage *page, int item,
				  const int cells[2])
{
	StringInfoData bytes;
	HiddenKey key;
	bool hidden;

	initStringInfo(&bytes);
	for (int i = 0; i < 2 && overlay->key_names[i] != NULL; i++)
	{
		const DdbCell *cell = ddb_page_cell(page, item, cells[i]);
		DdbValueSpan value = {.text = ddb_page_text(page, cell),
							  .len = cell->len,
							  .type = (DdbType) cell->type,
							  .escaped = cell->escaped};

		if (!ddb_itemkey_append(&bytes, &value))
			break;
	}
	key = (HiddenKey){.bytes = bytes.data, .len = bytes.len};
	hidden = hash_search(overlay->hidden, &key, HASH_FIND, NULL) != NULL;
	pfree(bytes.data);
	return hidden;
}

const DdbPage *
ddb_overlay_page(DdbOverlay *overlay, const DdbWanted *wanted)
{
	DdbStatus status;

	ddb_status_clear(&status);
	/* It was decoded, or made by us, before it was kept. */
	if (!ddb_page_decode(overlay->page,
						 overlay->body.data,
						 overlay->body.len,
						 wanted,
						 &status))
		ereport(ERROR,
				(errcode(status.kind == DDB_STATUS_NO_MEMORY
							 ? ERRCODE_OUT_OF_MEMORY
							 : ERRCODE_INTERNAL_ERROR),
				 errmsg("cannot read the items that the transaction has "
						"written"),
				 errdetail_internal("%s", status.message)));
	return overlay->page;
}
