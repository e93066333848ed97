/*
 * encoder.c
 *		A Datum of a foreign table's column -> an attribute value to be stored.
 *
 * Documents, lists and sets, and which type is stored as what. The text of a
 * single value comes from scalar.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "docwriter.h"
#include "encoder.h"
#include "number.h"
#include "scalar.h"
#include "writer.h"

typedef void (*WriteFunction)(DdbEncoder *encoder, const char *name,
							  Datum value, DdbText *text);

struct DdbEncoder
{
	WriteFunction write;
	DdbType type;      /* what is written; ABSENT: what the JSON is */
	DdbScalar *scalar; /* S, N and B of which the text is known */
	int depth;         /* maps and lists around the value */
	bool is_json;      /* its values are json, not jsonb */
	bool json_strings; /* strings of jsonb are S as they are, as the column
								 * reads them */

	DdbEncoder *element; /* of an array */
	Oid element_type;
	int16 typlen;
	bool typbyval;
	char typalign;
};

void
ddb_encoder_write(DdbEncoder *encoder, const char *name, Datum value,
				  DdbText *text)
{
	encoder->write(encoder, name, value, text);
}

static void
write_scalar(DdbEncoder *encoder, const char *name, Datum value, DdbText *text)
{
	char buf[DDB_SCALAR_BUF_LEN];
	size_t len;
	const char *plain = ddb_scalar_text(encoder->scalar, value, buf, &len);

	ddb_docwriter_scalar(text, name, encoder->type, plain, len);
}

static void
write_bool(DdbEncoder *encoder, const char *name, Datum value, DdbText *text)
{
	ddb_docwriter_flag(text, name, DDB_TYPE_BOOL, DatumGetBool(value));
}

static Datum
json_to_jsonb(Datum json)
{
	char *plain = TextDatumGetCString(json);

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(plain));
}

static void
write_document(DdbEncoder *encoder, const char *name, Datum value, DdbText *text)
{
	DdbDocForm form = {.type = encoder->type,
					   .depth = encoder->depth,
					   .plain_strings = encoder->json_strings};

	if (encoder->is_json)
		value = json_to_jsonb(value);
	ddb_docwriter_jsonb(text, name, DatumGetJsonbP(value), &form);
}

typedef struct Elements
{
	Datum *values;
	bool *nulls;
	int count;
} Elements;

/* Of an array that a list can hold. */
static Elements
take_apart(const DdbEncoder *encoder, Datum value)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	Elements elements;

	if (ARR_NDIM(array) > 1 ||
		(ARR_NDIM(array) == 1 && ARR_LBOUND(array)[0] != 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an array of this shape cannot be stored in DynamoDB"),
				 errdetail("It must have one dimension that begins at 1.")));
	deconstruct_array(array,
					  encoder->element_type,
					  encoder->typlen,
					  encoder->typbyval,
					  encoder->typalign,
					  &elements.values,
					  &elements.nulls,
					  &elements.count);
	return elements;
}

static void
write_list(DdbEncoder *encoder, const char *name, Datum value, DdbText *text)
{
	Elements elements = take_apart(encoder, value);
	DdbEncoder *element = encoder->element;

	ddb_docwriter_open(text, name, DDB_TYPE_L, encoder->depth + 1);
	for (int i = 0; i < elements.count; i++)
	{
		if (elements.nulls[i])
			ddb_docwriter_flag(text, NULL, DDB_TYPE_NULL, true);
		else
			element->write(element, NULL, elements.values[i], text);
	}
	ddb_docwriter_close(text, ']');
}

/* A member of a set as it was written, without the quotes. */
typedef struct Member
{
	const char *text;
	size_t len;
} Member;

static int
compare_texts(const void *left, const void *right)
{
	const Member *a = left;
	const Member *b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->text, b->text, a->len);
}

static int
compare_numbers(const void *left, const void *right)
{
	const Member *a = left;
	const Member *b = right;

	return ddb_number_compare(a->text, a->len, b->text, b->len);
}

/* ends: offsets in text, behind each member and, first, the opening bracket. */
static void
check_unique(const DdbText *text, DdbType type, const size_t *ends, int count)
{
	int (*compare)(const void *, const void *) =
		type == DDB_TYPE_NS ? compare_numbers : compare_texts;
	Member *members = palloc(count * sizeof(Member));

	for (int i = 0; i < count; i++)
	{
		size_t start = ends[i] + (i > 0 ? 2 : 1);

		members[i].text = text->data + start;
		members[i].len = ends[i + 1] - 1 - start;
	}
	qsort(members, count, sizeof(Member), compare);
	for (int i = 1; i < count; i++)
	{
		if (compare(&members[i - 1], &members[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("an array with a value twice is no set"),
					 errdetail("DynamoDB's sets have each value once.")));
	}
}

static void
write_member(DdbEncoder *element, const Elements *elements, int i, DdbText *text)
{
	char buf[DDB_SCALAR_BUF_LEN];
	const char *plain;
	size_t len;

	if (elements->nulls[i])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("an array with a NULL is no set"),
				 errdetail("DynamoDB's sets have no NULL.")));
	plain = ddb_scalar_text(element->scalar, elements->values[i], buf, &len);
	ddb_writer_string(text, NULL, plain, len);
}

static void
write_set(DdbEncoder *encoder, const char *name, Datum value, DdbText *text)
{
	Elements elements = take_apart(encoder, value);
	size_t *ends;

	if (elements.count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an empty array is no set"),
				 errdetail("DynamoDB has no empty sets."),
				 errhint("Write NULL, so that the item lacks the attribute.")));
	ends = palloc((elements.count + 1) * sizeof(size_t));
	ddb_writer_open(text, name, '{');
	ddb_writer_open(text, ddb_value_type_name(encoder->type), '[');
	ends[0] = text->len;
	for (int i = 0; i < elements.count; i++)
	{
		write_member(encoder->element, &elements, i, text);
		ends[i + 1] = text->len;
	}
	if (!text->failed)
		check_unique(text, encoder->type, ends, elements.count);
	ddb_docwriter_close(text, ']');
}

/* Where in an item values are, and as what they are wanted. */
typedef struct Place
{
	DdbType wanted; /* ABSENT: whatever the type is stored as */
	int depth;
	int key_max_len;
	bool json_strings;
} Place;

static DdbEncoder *create_for_type(Oid type, const Place *place);

static DdbEncoder *
new_encoder(WriteFunction write, DdbType type, const Place *place)
{
	DdbEncoder *encoder = palloc0(sizeof(DdbEncoder));

	encoder->write = write;
	encoder->type = type;
	encoder->depth = place->depth;
	encoder->json_strings = place->json_strings;
	return encoder;
}

static DdbEncoder *
create_scalar(Oid base_type, const Place *place)
{
	DdbType type = ddb_scalar_type(base_type);
	DdbEncoder *encoder;

	if (place->wanted != DDB_TYPE_ABSENT && place->wanted != type)
		return NULL;
	if (type == DDB_TYPE_BOOL)
		return new_encoder(write_bool, type, place);
	encoder = new_encoder(write_scalar, type, place);
	encoder->scalar = ddb_scalar_create(base_type, place->key_max_len);
	return encoder;
}

/* json is stored as its text unless something else is wanted. */
static DdbEncoder *
create_json(Oid base_type, const Place *place)
{
	bool is_json = base_type == JSONOID;
	DdbEncoder *encoder;

	switch (place->wanted)
	{
		case DDB_TYPE_S:
			return create_scalar(base_type, place);
		case DDB_TYPE_ABSENT:
			if (is_json && !place->json_strings)
				return create_scalar(base_type, place);
			break;
		case DDB_TYPE_N:
		case DDB_TYPE_BOOL:
		case DDB_TYPE_L:
		case DDB_TYPE_M:
			break;
		default:
			return NULL;
	}
	/* An attribute that has had several types is imported as M. */
	encoder = new_encoder(write_document,
						  place->wanted == DDB_TYPE_M ? DDB_TYPE_ABSENT
													  : place->wanted,
						  place);
	encoder->is_json = is_json;
	return encoder;
}

static DdbEncoder *
create_array(Oid element_type, const Place *place)
{
	DdbType member = ddb_value_member_type(place->wanted);
	bool is_set = member != DDB_TYPE_ABSENT;
	Place inside = {.wanted = member,
					.depth = place->depth + 1,
					.json_strings = place->json_strings};
	DdbEncoder *element = create_for_type(element_type, &inside);
	DdbEncoder *encoder;

	if (element == NULL || (is_set && element->scalar == NULL))
		return NULL;
	if (!is_set && place->wanted != DDB_TYPE_ABSENT && place->wanted != DDB_TYPE_L)
		return NULL;
	encoder = new_encoder(is_set ? write_set : write_list,
						  is_set ? place->wanted : DDB_TYPE_L,
						  place);
	encoder->element = element;
	encoder->element_type = element_type;
	get_typlenbyvalalign(element_type,
						 &encoder->typlen,
						 &encoder->typbyval,
						 &encoder->typalign);
	return encoder;
}

/* NULL: values of the type cannot be stored so. */
static DdbEncoder *
create_for_type(Oid type, const Place *place)
{
	Oid base = getBaseType(type);
	Oid element = get_element_type(base);

	if (base == JSONOID || base == JSONBOID)
		return create_json(base, place);
	if (OidIsValid(element))
		return create_array(element, place);
	return create_scalar(base, place);
}

__attribute__((noreturn)) static void
raise_unfit(const DdbRelation *relation, const DdbColumn *column,
			DdbType wanted, DdbType key_type)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be written as "
					"DynamoDB's type %s",
					column->name,
					relation->name,
					ddb_value_type_name(wanted)),
			 key_type != DDB_TYPE_ABSENT
				 ? errdetail("The column is of type %s, the attribute is a key "
							 "of type %s.",
							 format_type_with_typemod(column->type, column->typmod),
							 ddb_value_type_name(key_type))
				 : errdetail("The column is of type %s.",
							 format_type_with_typemod(column->type,
													  column->typmod)),
			 errhint("Change the column's type or its option \"type\" by ALTER "
					 "FOREIGN TABLE.")));
}

DdbEncoder *
ddb_encoder_create(const DdbRelation *relation, const DdbColumn *column,
				   DdbType key_type, int key_max_len)
{
	DdbType option = column->write_as;
	Place place = {.wanted = option != DDB_TYPE_ABSENT ? option : key_type,
				   .depth = column->nsteps,
				   .key_max_len = key_max_len,
				   .json_strings = option == DDB_TYPE_M || option == DDB_TYPE_L};
	DdbEncoder *encoder = NULL;

	if (key_type == DDB_TYPE_ABSENT || place.wanted == key_type)
		encoder = create_for_type(column->type, &place);
	if (encoder == NULL)
		raise_unfit(relation, column, place.wanted, key_type);
	return encoder;
}
