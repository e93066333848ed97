/*
 * datum.c
 *		One attribute value -> a Datum of a type.
 *
 * The types that DynamoDB's own become have readers here that neither throw
 * nor look anything up. The rest is read by the input functions of the types.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "convert.h"
#include "datum.h"
#include "decimal.h"
#include "moment.h"

#define TAKES(type) (1U << (type))
#define TAKES_S TAKES(DDB_TYPE_S)
#define TAKES_N TAKES(DDB_TYPE_N)
#define TAKES_B TAKES(DDB_TYPE_B)
#define TAKES_BOOL TAKES(DDB_TYPE_BOOL)
#define TAKES_ALL (~(TAKES(DDB_TYPE_ABSENT) | TAKES(DDB_TYPE_NULL)))

static bool
read_text(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	text *result = ddb_convert_string_text(value);
	int max_chars = reader->typmod - VARHDRSZ;
	int len;

	if (result == NULL)
		return false;
	len = VARSIZE(result) - VARHDRSZ;
	*datum = PointerGetDatum(result);
	return reader->typmod < 0 || len <= max_chars ||
		   pg_mbstrlen_with_len(VARDATA(result), len) <= max_chars;
}

static bool
read_bool(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	*datum = BoolGetDatum(value->text[0] == 't');
	return true;
}

static bool
read_number(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	return ddb_decimal_read(value, reader->type, reader->typmod, datum);
}

static bool
read_moment(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	return ddb_moment_read(value, reader->type, reader->typmod, datum);
}

static bool
read_bytea(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	const char *base64 = value->text;
	long len = (long) value->len;
	int room;
	bytea *result;

	/* "/" may come as "\/". */
	if (value->escaped)
	{
		char *plain = palloc(value->len);

		len = ddb_json_unescape(value->text, value->len, plain);
		base64 = plain;
	}
	if (len < 0)
		return false;
	room = pg_b64_dec_len((int) len);
	result = palloc(VARHDRSZ + room);
	/* char * up to 17, uint8 * since. */
	len = pg_b64_decode(base64, (int) len, (void *) VARDATA(result), room);
	if (len < 0)
		return false;
	SET_VARSIZE(result, VARHDRSZ + len);
	*datum = PointerGetDatum(result);
	return true;
}

static bool
read_uuid(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	char buf[DDB_SHORT_STRING_LEN];
	pg_uuid_t *uuid;
	size_t len;
	const char *text = ddb_convert_short_string(value, buf, &len);

	if (text == NULL)
		return false;
	uuid = palloc(sizeof(pg_uuid_t));
	*datum = UUIDPGetDatum(uuid);
	return ddb_convert_parse_uuid(text, len, uuid);
}

static bool
read_by_input(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	int len;
	const char *text = ddb_convert_string(value, &len);

	if (text == NULL)
		return false;
	/* These two cut what is too long. */
	if ((reader->type == NAMEOID && len >= NAMEDATALEN) ||
		(reader->type == CHAROID && len > 1))
		return false;
	*datum = InputFunctionCall(&reader->input,
							   pnstrdup(text, len),
							   reader->ioparam,
							   reader->typmod);
	return true;
}

static bool
read_jsonb(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	if (value->type == DDB_TYPE_S && !reader->json_strings)
		return read_by_input(reader, value, datum);
	*datum = ddb_convert_jsonb(value);
	return true;
}

static bool
read_json(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	Jsonb *jsonb;
	char *text;

	if (value->type == DDB_TYPE_S && !reader->json_strings)
		return read_by_input(reader, value, datum);
	jsonb = DatumGetJsonbP(ddb_convert_jsonb(value));
	text = JsonbToCString(NULL, &jsonb->root, (int) VARSIZE(jsonb));
	*datum = CStringGetTextDatum(text);
	return true;
}

/* The elements of a list or set, as they are read. */
typedef struct Elements
{
	Datum *values;
	bool *nulls;
	int count;
	int room;
} Elements;

static bool
add_element(DdbDatumReader *reader, Elements *elements, const DdbValueSpan *value)
{
	int i = elements->count++;

	if (i == elements->room)
	{
		elements->room *= 2;
		elements->values =
			repalloc(elements->values, elements->room * sizeof(Datum));
		elements->nulls =
			repalloc(elements->nulls, elements->room * sizeof(bool));
	}
	elements->nulls[i] = value->type == DDB_TYPE_NULL;
	if (!elements->nulls[i])
		return ddb_datum_read(reader, value, &elements->values[i]);
	elements->values[i] = (Datum) 0;
	ddb_datum_check_null(reader);
	return true;
}

/* False if one of them does not fit. */
static bool
read_elements(DdbDatumReader *reader, const DdbValueSpan *value,
			  Elements *elements)
{
	DdbType member = ddb_value_member_type(value->type);
	DdbValueSpan element;
	DdbJson json;

	ddb_json_init(&json, value->text, value->len);
	if (!ddb_json_expect(&json, '[') || ddb_json_take(&json, ']'))
		return json.fault == NULL;
	do
	{
		bool found = member == DDB_TYPE_ABSENT
						 ? ddb_value_read(&json, 1, &element)
						 : ddb_value_scalar(&json, member, &element);

		if (!found || !add_element(reader, elements, &element))
			return false;
	} while (ddb_json_take(&json, ','));
	return true;
}

static bool
read_array(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	const int first_room = 16;
	DdbDatumReader *inner = reader->inner;
	Elements elements = {.values = palloc(first_room * sizeof(Datum)),
						 .nulls = palloc(first_room * sizeof(bool)),
						 .room = first_room};
	int dims[1];
	int lbs[1] = {1};
	ArrayType *array;

	if (!read_elements(inner, value, &elements))
		return false;
	dims[0] = elements.count;
	array = construct_md_array(elements.values,
							   elements.nulls,
							   elements.count > 0 ? 1 : 0,
							   dims,
							   lbs,
							   inner->type,
							   inner->typlen,
							   inner->typbyval,
							   inner->typalign);
	*datum = PointerGetDatum(array);
	return true;
}

static void
check_domain(DdbDatumReader *reader, Datum datum, bool isnull)
{
	domain_check(datum, isnull, reader->type, &reader->domain, reader->cxt);
}

static bool
read_domain(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	if (!reader->inner->read(reader->inner, value, datum))
		return false;
	check_domain(reader, *datum, false);
	return true;
}

void
ddb_datum_check_null(DdbDatumReader *reader)
{
	if (reader->read == read_domain)
		check_domain(reader, (Datum) 0, true);
}

/*
 * Base types of which this file knows more than that they have an input
 * function. Only json and jsonb use that, too.
 */
typedef struct KnownType
{
	Oid type;
	unsigned takes;
	DdbDatumRisk risk;
	DdbDatumRead read;
} KnownType;

static const KnownType known_types[] = {
	{TEXTOID, TAKES_S, DDB_DATUM_SAFE, read_text},
	{VARCHAROID, TAKES_S, DDB_DATUM_SAFE, read_text},
	{NUMERICOID, TAKES_N, DDB_DATUM_SAFE, read_number},
	{INT2OID, TAKES_N, DDB_DATUM_SAFE, read_number},
	{INT4OID, TAKES_N, DDB_DATUM_SAFE, read_number},
	{INT8OID, TAKES_N, DDB_DATUM_SAFE, read_number},
	{FLOAT4OID, TAKES_N, DDB_DATUM_SAFE, read_number},
	{FLOAT8OID, TAKES_N, DDB_DATUM_SAFE, read_number},
	{BOOLOID, TAKES_BOOL, DDB_DATUM_SAFE, read_bool},
	{BYTEAOID, TAKES_B, DDB_DATUM_SAFE, read_bytea},
	{UUIDOID, TAKES_S, DDB_DATUM_SAFE, read_uuid},
	{TIMESTAMPTZOID, TAKES_S, DDB_DATUM_THROWS, read_moment},
	{DATEOID, TAKES_S, DDB_DATUM_THROWS, read_moment},
	{TIMESTAMPOID, TAKES_S, DDB_DATUM_THROWS, read_moment},
	{TIMEOID, TAKES_S, DDB_DATUM_THROWS, read_moment},
	{TIMETZOID, TAKES_S, DDB_DATUM_THROWS, read_moment},
	{INTERVALOID, TAKES_S, DDB_DATUM_THROWS, read_moment},
	{JSONBOID, TAKES_ALL, DDB_DATUM_THROWS, read_jsonb},
	{JSONOID, TAKES_ALL, DDB_DATUM_THROWS, read_json},
};

/*
 * What an input function may do. PostgreSQL's own, of base types and enums,
 * have nothing in their hands when they refuse a text. Those of records hold
 * a row type, and with ranges and arrays they call others.
 */
static DdbDatumRisk
input_risk(Oid type, Oid function)
{
	char typtype = get_typtype(type);
	bool is_own = function < FirstUnpinnedObjectId;

	return is_own && (typtype == TYPTYPE_BASE || typtype == TYPTYPE_ENUM)
			   ? DDB_DATUM_THROWS
			   : DDB_DATUM_RUNS;
}

static Oid
set_input(DdbDatumReader *reader)
{
	Oid function;

	getTypeInputInfo(reader->type, &function, &reader->ioparam);
	fmgr_info(function, &reader->input);
	return function;
}

/* A base type of which nothing is known. */
static void
set_other(DdbDatumReader *reader)
{
	Oid function = set_input(reader);

	reader->takes = TAKES_S;
	reader->risk = input_risk(reader->type, function);
	reader->read = read_by_input;
}

static const KnownType *
find_known(Oid type)
{
	for (size_t i = 0; i < lengthof(known_types); i++)
	{
		if (known_types[i].type == type)
			return &known_types[i];
	}
	return NULL;
}

/* Every execution comes here for every column: nothing is looked up. */
static void
set_known(DdbDatumReader *reader, const KnownType *known)
{
	int encoding = GetDatabaseEncoding();

	reader->takes = known->takes;
	reader->risk = known->risk;
	reader->read = known->read;
	if (known->takes == TAKES_ALL)
		(void) set_input(reader);
	/* Not every character has a counterpart in every encoding; "numeric"
	 * throws where there are too many digits before the point. */
	if ((reader->read == read_text && encoding != PG_UTF8 &&
		 encoding != PG_SQL_ASCII) ||
		(reader->type == NUMERICOID && reader->typmod >= 0))
		reader->risk = DDB_DATUM_THROWS;
}

static void
set_array(DdbDatumReader *reader, Oid element)
{
	DdbDatumReader *inner =
		ddb_datum_reader(element, reader->typmod, reader->json_strings);

	get_typlenbyvalalign(element,
						 &inner->typlen,
						 &inner->typbyval,
						 &inner->typalign);
	reader->inner = inner;
	reader->takes = TAKES(DDB_TYPE_L);
	if (inner->takes & TAKES_S)
		reader->takes |= TAKES(DDB_TYPE_SS);
	if (inner->takes & TAKES_N)
		reader->takes |= TAKES(DDB_TYPE_NS);
	if (inner->takes & TAKES_B)
		reader->takes |= TAKES(DDB_TYPE_BS);
	reader->risk = inner->risk;
	reader->read = read_array;
}

/* Of a domain, an array, or anything else. */
static void
set_unknown(DdbDatumReader *reader)
{
	int32 base_typmod = reader->typmod;
	Oid base = getBaseTypeAndTypmod(reader->type, &base_typmod);
	Oid element = get_element_type(reader->type);

	if (base != reader->type)
	{
		reader->inner = ddb_datum_reader(base, base_typmod, reader->json_strings);
		reader->takes = reader->inner->takes;
		reader->risk = DDB_DATUM_RUNS;
		reader->read = read_domain;
	}
	else if (OidIsValid(element))
		set_array(reader, element);
	else
		set_other(reader);
}

DdbDatumReader *
ddb_datum_reader(Oid type, int32 typmod, bool json_strings)
{
	DdbDatumReader *reader = palloc0(sizeof(DdbDatumReader));
	const KnownType *known = find_known(type);

	reader->type = type;
	reader->typmod = typmod;
	reader->json_strings = json_strings;
	reader->cxt = CurrentMemoryContext;
	if (known != NULL)
		set_known(reader, known);
	else
		set_unknown(reader);
	return reader;
}
