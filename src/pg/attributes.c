/*
 * attributes.c
 *		What attributes the items of a table have, as far as a sample tells.
 *
 * DynamoDB knows the keys of a table and of its indexes; of all the rest only
 * the items do. The sample is the first items of a Scan, which come in the order
 * of a hash: as good as random, but the same each time.
 *
 * Not here: what columns are made of it (definition.c).
 */
#include "postgres.h"

#include <limits.h>

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "attributes.h"
#include "fetch.h"

#define NO_KEY_RANK INT_MAX

/* The set of attributes; what they consist of lives in cxt. */
typedef struct Attributes
{
	MemoryContext cxt;
	HTAB *by_name; /* DdbAttribute, of which the name is the key */
	int nkeys;
} Attributes;

static uint32
hash_name(const void *key, Size keysize)
{
	const char *name = *(const char *const *) key;

	return DatumGetUInt32(hash_any((const unsigned char *) name, strlen(name)));
}

static int
match_names(const void *left, const void *right, Size keysize)
{
	return strcmp(*(const char *const *) left, *(const char *const *) right);
}

static void
init_attributes(Attributes *attributes)
{
	HASHCTL control = {.keysize = sizeof(const char *),
					   .entrysize = sizeof(DdbAttribute),
					   .hash = hash_name,
					   .match = match_names,
					   .hcxt = CurrentMemoryContext};

	attributes->cxt = CurrentMemoryContext;
	attributes->nkeys = 0;
	attributes->by_name =
		hash_create("cruddur_ddb attributes",
					256,
					&control,
					HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

static DdbAttribute *
find_or_add(Attributes *attributes, const char *name)
{
	bool found;
	DdbAttribute *attribute =
		hash_search(attributes->by_name, &name, HASH_ENTER, &found);

	if (!found)
		*attribute =
			(DdbAttribute){.name = MemoryContextStrdup(attributes->cxt, name),
						   .rank = NO_KEY_RANK};
	return attribute;
}

static void
add_key(Attributes *attributes, const char *name, DdbType type, DdbKeyRole role)
{
	DdbAttribute *attribute;

	if (name == NULL)
		return;
	attribute = find_or_add(attributes, name);
	attribute->types |= 1U << type;
	if (role != DDB_KEY_NONE)
		attribute->key = role;
	if (attribute->rank == NO_KEY_RANK)
		attribute->rank = attributes->nkeys++;
}

/* The table's schema is the first, so its keys are. */
static void
add_keys(Attributes *attributes, const DdbTableInfo *info)
{
	for (int i = 0; i < info->nschemas; i++)
	{
		const DdbKeySchema *schema = &info->schemas[i];
		bool is_table = schema->kind == DDB_SCHEMA_TABLE;

		add_key(attributes,
				schema->partition,
				schema->partition_type,
				is_table ? DDB_KEY_PARTITION : DDB_KEY_NONE);
		add_key(attributes,
				schema->sort,
				schema->sort_type,
				is_table ? DDB_KEY_SORT : DDB_KEY_NONE);
	}
}

/* Without its escapes; NULL if it cannot be the name of a column's attribute. */
static const char *
plain_name(const DdbJsonString *name)
{
	char *plain = palloc(name->len + 1);
	long len = ddb_json_unescape(name->text, name->len, plain);

	if (len <= 0 || memchr(plain, '\0', len) != NULL)
		return NULL;
	plain[len] = '\0';
	return plain;
}

/* The page was checked when it was decoded. */
static void
note_item(Attributes *attributes, const char *text, size_t len)
{
	DdbJsonString name;
	DdbValueSpan value;
	DdbJson json;

	ddb_json_init(&json, text, len);
	if (!ddb_json_take(&json, '{'))
		return;
	while (ddb_json_name(&json, &name) && ddb_value_read(&json, 1, &value))
	{
		const char *plain = plain_name(&name);

		if (plain != NULL)
		{
			DdbAttribute *attribute = find_or_add(attributes, plain);

			attribute->types |= 1U << value.type;
			attribute->items++;
		}
		if (!ddb_json_take(&json, ','))
			break;
	}
}

static void
note_page(Attributes *attributes, const DdbPage *page)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "cruddur_ddb sampled page",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(cxt);

	for (int i = 0; i < page->nitems; i++)
		note_item(attributes,
				  page->body + page->items[i].offset,
				  page->items[i].len);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
}

static void
read_items(Attributes *attributes, DdbSession *session, const char *table,
		   int nitems)
{
	static DdbWanted *cache = NULL;
	const DdbOptions *options = ddb_session_options(session);
	DdbRead read = {.kind = DDB_READ_SCAN,
					.table = table,
					.consistent = options->consistent_read};
	DdbFetchCost cost = {0};
	DdbFetchPlan plan = {.reads = &read,
						 .nreads = nitems > 0 ? 1 : 0,
						 .wanted = ddb_session_wanted(&cache, NULL, 0, true),
						 .bound = nitems,
						 .units_per_second = options->read_units_per_second,
						 .cost = &cost};
	MemoryContext cxt = ddb_session_context();
	DdbFetch *fetch = ddb_fetch_start(cxt, session, &plan);
	const DdbPage *page;
	int which;

	/* No page has more than the bound leaves. */
	while (nitems > 0 && (page = ddb_fetch_next(fetch, &which)) != NULL)
	{
		note_page(attributes, page);
		nitems -= page->nitems;
	}
	MemoryContextDelete(cxt);
}

static int
compare_attributes(const ListCell *left, const ListCell *right)
{
	const DdbAttribute *a = lfirst(left);
	const DdbAttribute *b = lfirst(right);

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->items != b->items)
		return a->items > b->items ? -1 : 1;
	return strcmp(a->name, b->name);
}

List *
ddb_attributes_sample(DdbSession *session, const char *table,
					  const DdbTableInfo *info, int nitems)
{
	Attributes attributes;
	HASH_SEQ_STATUS status;
	DdbAttribute *attribute;
	List *list = NIL;

	init_attributes(&attributes);
	add_keys(&attributes, info);
	read_items(&attributes, session, table, nitems);
	hash_seq_init(&status, attributes.by_name);
	while ((attribute = hash_seq_search(&status)) != NULL)
		list = lappend(list, attribute);
	list_sort(list, compare_attributes);
	return list;
}
