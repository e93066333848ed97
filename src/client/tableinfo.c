/*
 * tableinfo.c
 *		What DescribeTable says of a table: its keys, its indexes, its size.
 *
 * The response is small and its parts are looked up where they lie, without a
 * tree. What comes out lies in one piece of memory: the struct, the schemas,
 * the pointers to projected names, and last the strings. A string is never
 * longer than it was in the response with its quotes, and each is used once:
 * so the strings need no more room than the response.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "tableinfo.h"

/* A value of the response; empty: there is none. */
typedef struct Span
{
	const char *text;
	size_t len;
} Span;

static const Span nothing = {"", 0};

typedef struct Decoder
{
	Span table;
	DdbKeySchema *schema; /* the next one */
	DdbTableInfo *info;
	const char **projected; /* where the next names go */
	char *text;             /* where the next string goes */
} Decoder;

/* The value that comes next; nothing where it is malformed. */
static Span
take_value(DdbJson *json)
{
	Span value = nothing;

	ddb_json_skip_space(json);
	value.text = json->next;
	if (!ddb_json_skip(json, 0))
		return nothing;
	value.len = (size_t) (json->next - value.text);
	return value;
}

/* A member of an object; nothing where it lacks it or is none. */
static Span
member(Span object, const char *name)
{
	DdbJson json;
	DdbJsonString key;

	ddb_json_init(&json, object.text, object.len);
	if (!ddb_json_take(&json, '{') || ddb_json_take(&json, '}'))
		return nothing;
	do
	{
		Span value;

		if (!ddb_json_name(&json, &key))
			return nothing;
		value = take_value(&json);
		if (ddb_json_equals(&key, name))
			return value;
	} while (ddb_json_take(&json, ','));
	return nothing;
}

/* The next element of a list that open_list began; false behind the last. */
static bool
next_element(DdbJson *json, Span *element)
{
	char first = ddb_json_peek(json);

	if (first != '[' && first != ',')
		return false;
	json->next++;
	*element = nothing;
	if (ddb_json_peek(json) != ']')
		*element = take_value(json);
	return element->len > 0;
}

static DdbJson
open_list(Span list)
{
	DdbJson json;

	ddb_json_init(&json, list.text, list.len);
	return json;
}

static size_t
count_elements(Span list)
{
	DdbJson json = open_list(list);
	size_t count = 0;
	Span element;

	while (next_element(&json, &element))
		count++;
	return count;
}

/* Is it this string? */
static bool
is_text(Span value, const char *plain)
{
	DdbJson json;
	DdbJsonString string;

	ddb_json_init(&json, value.text, value.len);
	return ddb_json_peek(&json) == '"' && ddb_json_string(&json, &string) &&
		   ddb_json_equals(&string, plain);
}

/* A number of things; 0 where there is none. */
static int64_t
count_of(Span value)
{
	int64_t count = 0;

	for (size_t i = 0; i < value.len; i++)
	{
		char c = value.text[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(count, 10, &count) ||
			__builtin_add_overflow(count, c - '0', &count))
			return 0;
	}
	return count;
}

/*
 * Unescape a string into the room that is left, without taking it. NULL if it
 * is no string, or none that C can hold.
 */
static const char *
plain_text(const Decoder *d, Span value)
{
	DdbJson json;
	DdbJsonString string;
	long len;

	ddb_json_init(&json, value.text, value.len);
	if (ddb_json_peek(&json) != '"' || !ddb_json_string(&json, &string))
		return NULL;
	len = ddb_json_unescape(string.text, string.len, d->text);
	if (len <= 0 || memchr(d->text, '\0', (size_t) len) != NULL)
		return NULL;
	d->text[len] = '\0';
	return d->text;
}

/* The same, and take the room. */
static const char *
keep_text(Decoder *d, Span value)
{
	const char *text = plain_text(d, value);

	if (text != NULL)
		d->text += strlen(text) + 1;
	return text;
}

static DdbType
type_of(Span value)
{
	for (int type = DDB_TYPE_S; type <= DDB_TYPE_B; type++)
	{
		if (is_text(value, ddb_value_type_name((DdbType) type)))
			return (DdbType) type;
	}
	return DDB_TYPE_ABSENT;
}

/* Of a key attribute; ABSENT if it is none. */
static DdbType
key_type(const Decoder *d, const char *attribute)
{
	DdbJson list = open_list(member(d->table, "AttributeDefinitions"));
	Span definition;

	while (next_element(&list, &definition))
	{
		const char *name = plain_text(d, member(definition, "AttributeName"));

		if (name != NULL && strcmp(name, attribute) == 0)
			return type_of(member(definition, "AttributeType"));
	}
	return DDB_TYPE_ABSENT;
}

static bool
read_key_element(Decoder *d, Span element)
{
	DdbKeySchema *schema = d->schema;
	bool is_partition = is_text(member(element, "KeyType"), "HASH");
	const char **name = is_partition ? &schema->partition : &schema->sort;
	DdbType *type = is_partition ? &schema->partition_type : &schema->sort_type;

	/*
	 * A GSI may have several attributes of a kind (Developer Guide,
	 * "Multi-attribute keys"). Then it is not for us to use.
	 */
	if (*name != NULL)
	{
		schema->usable = false;
		return true;
	}
	*name = keep_text(d, member(element, "AttributeName"));
	if (*name != NULL)
		*type = key_type(d, *name);
	return *type != DDB_TYPE_ABSENT;
}

static bool
read_key(Decoder *d, Span source)
{
	DdbJson list = open_list(member(source, "KeySchema"));
	Span element;

	while (next_element(&list, &element))
	{
		if (!read_key_element(d, element))
			return false;
	}
	return d->schema->partition != NULL;
}

static bool
read_projection(Decoder *d, Span source)
{
	Span projection = member(source, "Projection");
	DdbJson list = open_list(member(projection, "NonKeyAttributes"));
	DdbKeySchema *schema = d->schema;
	Span name;

	schema->projects_all = is_text(member(projection, "ProjectionType"), "ALL");
	schema->projected = d->projected;
	while (next_element(&list, &name))
	{
		*d->projected = keep_text(d, name);
		if (*d->projected++ == NULL)
			return false;
		schema->nprojected++;
	}
	return true;
}

/* What has no status, as a local index has none, is always there. */
static bool
is_active(Span status)
{
	return status.len == 0 || is_text(status, "ACTIVE") ||
		   is_text(status, "UPDATING");
}

static bool
read_table(Decoder *d)
{
	DdbKeySchema *schema = d->schema;

	schema->kind = DDB_SCHEMA_TABLE;
	schema->usable = is_active(member(d->table, "TableStatus"));
	schema->projects_all = true;
	schema->item_count = count_of(member(d->table, "ItemCount"));
	schema->size_bytes = count_of(member(d->table, "TableSizeBytes"));
	if (!read_key(d, d->table))
		return false;
	d->schema++;
	return true;
}

/* A table whose stream was turned off still has its ARN. */
static bool
read_stream(Decoder *d)
{
	Span arn = member(d->table, "LatestStreamArn");
	Span enabled =
		member(member(d->table, "StreamSpecification"), "StreamEnabled");

	if (arn.len == 0 || *arn.text == 'n')
		return true;
	d->info->stream_arn = keep_text(d, arn);
	d->info->stream_enabled = *enabled.text == 't';
	return d->info->stream_arn != NULL;
}

static bool
read_index(Decoder *d, DdbKeySchemaKind kind, Span source)
{
	DdbKeySchema *schema = d->schema;

	schema->kind = kind;
	schema->index = keep_text(d, member(source, "IndexName"));
	schema->usable = is_active(member(source, "IndexStatus")) &&
					 *member(source, "Backfilling").text != 't';
	schema->item_count = count_of(member(source, "ItemCount"));
	schema->size_bytes = count_of(member(source, "IndexSizeBytes"));
	if (schema->index == NULL || !read_key(d, source) ||
		!read_projection(d, source))
		return false;
	d->schema++;
	return true;
}

static bool
read_indexes(Decoder *d, DdbKeySchemaKind kind, Span list)
{
	DdbJson json = open_list(list);
	Span source;

	while (next_element(&json, &source))
	{
		if (!read_index(d, kind, source))
			return false;
	}
	return true;
}

/* Projected names of all indexes of a list. */
static size_t
count_projected(Span list)
{
	DdbJson json = open_list(list);
	size_t count = 0;
	Span source;

	while (next_element(&json, &source))
		count += count_elements(
			member(member(source, "Projection"), "NonKeyAttributes"));
	return count;
}

/* text_size: the room that all strings need. */
static DdbTableInfo *
read_all(Span table, size_t text_size, DdbStatus *status)
{
	Span local = member(table, "LocalSecondaryIndexes");
	Span global = member(table, "GlobalSecondaryIndexes");
	size_t nschemas = 1 + count_elements(local) + count_elements(global);
	size_t nprojected = count_projected(local) + count_projected(global);
	size_t fixed_size = sizeof(DdbTableInfo) + nschemas * sizeof(DdbKeySchema) +
						nprojected * sizeof(char *);
	DdbTableInfo *info = calloc(1, fixed_size + text_size);
	Decoder d = {.table = table, .info = info};

	if (info == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	d.schema = (DdbKeySchema *) (info + 1);
	d.projected = (const char **) (d.schema + nschemas);
	d.text = (char *) (d.projected + nprojected);
	info->nschemas = (int) nschemas;
	info->schemas = d.schema;
	if (read_table(&d) && read_stream(&d) &&
		read_indexes(&d, DDB_SCHEMA_LOCAL, local) &&
		read_indexes(&d, DDB_SCHEMA_GLOBAL, global))
		return info;
	free(info);
	ddb_status_set(status,
				   DDB_STATUS_PROTOCOL,
				   "the response does not describe a table");
	return NULL;
}

DdbTableInfo *
ddb_table_info_decode(const char *body, size_t len, DdbStatus *status)
{
	DdbJson json;

	/* Checked once, so that what is looked up is known to be whole. */
	ddb_json_init(&json, body, len);
	if (!ddb_json_skip(&json, 0) || !ddb_json_expect_end(&json))
	{
		ddb_status_set(status,
					   DDB_STATUS_PROTOCOL,
					   "the response %s at byte %zu",
					   json.fault,
					   (size_t) (json.next - body));
		return NULL;
	}
	return read_all(member((Span){body, len}, "Table"), len, status);
}

void
ddb_table_info_free(DdbTableInfo *info)
{
	free(info);
}

static bool
is_key(const DdbKeySchema *schema, const char *attribute)
{
	return strcmp(schema->partition, attribute) == 0 ||
		   (schema->sort != NULL && strcmp(schema->sort, attribute) == 0);
}

bool
ddb_table_info_projects(const DdbTableInfo *info, const DdbKeySchema *schema,
						const char *attribute)
{
	if (schema->projects_all || is_key(schema, attribute) ||
		is_key(&info->schemas[0], attribute))
		return true;
	for (int i = 0; i < schema->nprojected; i++)
	{
		if (strcmp(schema->projected[i], attribute) == 0)
			return true;
	}
	return false;
}
