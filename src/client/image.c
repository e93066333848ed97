/*
 * image.c
 *		One item in DynamoDB's JSON, attribute by attribute.
 *
 * Not here: whether two values are the same (image_same.c), how a request has
 * an item (action.c), what a page of items holds (item.c).
 */
#include <stdlib.h>

#include "document.h"
#include "image.h"
#include "number.h"
#include "writer.h"

/* What DynamoDB counts beside the content of a list or map, and per element */
#define CONTAINER_SIZE 3
#define ELEMENT_SIZE 1

/* Reading an item twice: once to count, once to keep. */
typedef struct Reader
{
	DdbJson json;
	DdbImage *image; /* NULL: only count */
	char *names;     /* room for the next name */
	int nattributes;
	size_t names_size;
} Reader;

static bool
keep_attribute(Reader *reader, const DdbJsonString *name, const char *value)
{
	DdbItemAttribute *attribute = &reader->image->attributes[reader->nattributes];
	long len = ddb_json_unescape(name->text, name->len, reader->names);

	if (len < 0)
		return ddb_json_fail(&reader->json, name->text, "has a broken escape");
	if (memchr(reader->names, '\0', (size_t) len) != NULL)
		return ddb_json_fail(&reader->json,
							 name->text,
							 "has a null character in a name");
	reader->names[len] = '\0';
	*attribute =
		(DdbItemAttribute){.name = reader->names,
						   .json = value,
						   .json_len = (size_t) (reader->json.next - value)};
	reader->names += len + 1;
	return true;
}

static bool
read_attribute(Reader *reader)
{
	DdbJson *json = &reader->json;
	DdbJsonString name;
	DdbValueSpan value;
	const char *start;

	if (!ddb_json_name(json, &name))
		return false;
	ddb_json_skip_space(json);
	start = json->next;
	if (!ddb_value_read(json, 1, &value) ||
		(reader->image != NULL && !keep_attribute(reader, &name, start)))
		return false;
	reader->nattributes++;
	reader->names_size += name.len + 1;
	return true;
}

static bool
read_item(Reader *reader, const char *text, size_t len)
{
	DdbJson *json = &reader->json;

	ddb_json_init(json, text, len);
	reader->nattributes = 0;
	reader->names_size = 0;
	if (!ddb_json_expect(json, '{'))
		return false;
	if (!ddb_json_take(json, '}'))
	{
		do
		{
			if (!read_attribute(reader))
				return false;
		} while (ddb_json_take(json, ','));
		if (!ddb_json_expect(json, '}'))
			return false;
	}
	return ddb_json_expect_end(json);
}

static int
compare_names(const void *a, const void *b)
{
	const DdbItemAttribute *const *x = a;
	const DdbItemAttribute *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* False if a name comes twice. */
static bool
sort_names(DdbImage *image)
{
	for (int i = 0; i < image->nattributes; i++)
		image->by_name[i] = &image->attributes[i];
	qsort(image->by_name,
		  (size_t) image->nattributes,
		  sizeof(*image->by_name),
		  compare_names);
	for (int i = 1; i < image->nattributes; i++)
	{
		if (compare_names(&image->by_name[i - 1], &image->by_name[i]) == 0)
			return false;
	}
	return true;
}

/* An image with room for what the reader has counted. */
static DdbImage *
allocate(const Reader *reader)
{
	size_t n = (size_t) reader->nattributes;
	size_t arrays_size =
		n * (sizeof(DdbItemAttribute) + sizeof(const DdbItemAttribute *));
	DdbImage *image = malloc(sizeof(DdbImage) + arrays_size + reader->names_size);

	if (image == NULL)
		return NULL;
	image->nattributes = reader->nattributes;
	image->attributes = (DdbItemAttribute *) (image + 1);
	image->by_name = (const DdbItemAttribute **) (image->attributes + n);
	return image;
}

static DdbImage *
fail(DdbStatus *status, const char *fault)
{
	ddb_status_set(status, DDB_STATUS_PROTOCOL, "the item %s", fault);
	return NULL;
}

DdbImage *
ddb_image_parse(const char *text, size_t len, DdbStatus *status)
{
	Reader reader = {0};
	DdbImage *image;

	if (!read_item(&reader, text, len))
		return fail(status, reader.json.fault);
	image = allocate(&reader);
	if (image == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory for an item");
		return NULL;
	}
	reader.image = image;
	reader.names = (char *) (image->by_name + image->nattributes);
	if (read_item(&reader, text, len) && sort_names(image))
		return image;
	ddb_image_free(image);
	return fail(status,
				reader.json.fault != NULL ? reader.json.fault
										  : "has an attribute twice");
}

void
ddb_image_free(DdbImage *image)
{
	free(image);
}

const DdbItemAttribute *
ddb_image_find(const DdbImage *image, const char *name)
{
	const DdbItemAttribute key = {.name = name};
	const DdbItemAttribute *wanted = &key;
	const DdbItemAttribute **found = bsearch(&wanted,
											 image->by_name,
											 (size_t) image->nattributes,
											 sizeof(wanted),
											 compare_names);

	return found != NULL ? *found : NULL;
}

void
ddb_image_write(DdbText *text, const DdbItemAttribute *attributes, int nattributes)
{
	ddb_text_add_char(text, '{');
	for (int i = 0; i < nattributes; i++)
	{
		const DdbItemAttribute *attribute = &attributes[i];

		if (attribute->json != NULL)
			ddb_writer_verbatim(text,
								attribute->name,
								attribute->json,
								attribute->json_len);
	}
	ddb_text_add_char(text, '}');
}

/* The bytes of UTF-8 that the span between two quotes stands for. */
static size_t
unescaped_len(const char *span, size_t len)
{
	const char *end = span + len;
	char character[12];
	size_t sum = 0;

	while (span < end)
	{
		size_t step = 1;
		long n = 1;

		if (*span == '\\')
		{
			/* A character beyond the first 65536 is a pair of escapes; the half
			 * of one alone is none. */
			step = span[1] == 'u' ? 6 : 2;
			n = ddb_json_unescape(span, step, character);
			if (n < 0 && (size_t) (end - span) >= sizeof(character))
			{
				step = sizeof(character);
				n = ddb_json_unescape(span, step, character);
			}
		}
		sum += n < 0 ? step : (size_t) n;
		span += step;
	}
	return sum;
}

/*
 * Two digits a byte, a digit before and one behind perhaps alone in theirs; one
 * more for the exponent and one for the sign of a negative number.
 */
static size_t
number_size(const char *text, size_t len)
{
	char normal[DDB_NUMBER_NORMAL_LEN];
	size_t normal_len = ddb_number_normalize(text, len, normal);
	const char *e = memchr(normal, 'e', normal_len);
	size_t digits = e != NULL ? (size_t) (e - normal) : 1;
	bool negative = normal_len > 0 && normal[0] == '-';

	return (digits - negative) / 2 + 2 + negative;
}

static size_t
base64_size(const char *text, size_t len)
{
	size_t size = unescaped_len(text, len) / 4 * 3;

	for (size_t i = 1; i <= 2 && size > 0 && text[len - i] == '='; i++)
		size--;
	return size;
}

static size_t
scalar_size(DdbType type, const char *text, size_t len)
{
	switch (type)
	{
		case DDB_TYPE_S:
			return unescaped_len(text, len);
		case DDB_TYPE_N:
			return number_size(text, len);
		case DDB_TYPE_B:
			return base64_size(text, len);
		default: /* BOOL and NULL */
			return 1;
	}
}

/* Of a value that is a container, whose head has been taken off. */
static size_t
container_size(const DdbValueSpan *value)
{
	bool in_set = false;
	size_t size = 0;
	DdbToken token;
	DdbWalk walk;

	ddb_walk_value(&walk, value->type, value->text, value->len, value->escaped);
	while (ddb_walk_next(&walk, &token) > DDB_TOKEN_BROKEN)
	{
		switch (token.kind)
		{
			case DDB_TOKEN_MAP_BEGIN:
			case DDB_TOKEN_LIST_BEGIN:
				in_set = ddb_value_member_type(token.type) != DDB_TYPE_ABSENT;
				size += ELEMENT_SIZE + (in_set ? 0 : CONTAINER_SIZE);
				break;
			case DDB_TOKEN_KEY:
				size += unescaped_len(token.text, token.len);
				break;
			case DDB_TOKEN_SCALAR:
				size += scalar_size(token.type, token.text, token.len) +
						(in_set ? 0 : ELEMENT_SIZE);
				break;
			default:
				in_set = false;
		}
	}
	/* The outermost one is no element. */
	return size - ELEMENT_SIZE;
}

static size_t
value_size(const char *text, size_t len)
{
	DdbValueSpan value;
	DdbJson json;

	ddb_json_init(&json, text, len);
	if (!ddb_value_read(&json, 1, &value))
		return len;
	return ddb_value_is_container(value.type)
			   ? container_size(&value)
			   : scalar_size(value.type, value.text, value.len);
}

size_t
ddb_image_size(const DdbItemAttribute *attributes, int nattributes)
{
	size_t size = 0;

	for (int i = 0; i < nattributes; i++)
	{
		const DdbItemAttribute *attribute = &attributes[i];

		if (attribute->json == NULL)
			continue;
		size += strlen(attribute->name);
		size += value_size(attribute->json, attribute->json_len);
	}
	return size;
}
