/*
 * scalar.c
 *		A Datum -> the text of an S, N or B.
 *
 * The usual types have functions here that look nothing up. Of the rest the
 * output functions are called, under settings that are always the same.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "compat.h"
#include "convert.h"
#include "number.h"
#include "scalar.h"

/* Developer Guide, "Quotas in Amazon DynamoDB": no item is larger. */
#define MAX_ITEM_LEN (400 * 1024)

typedef const char *(*TextFunction)(DdbScalar *scalar, Datum value, char *buf,
									size_t *len);

struct DdbScalar
{
	TextFunction text;
	Oid type;
	int key_max_len;    /* 0: no key */
	FmgrInfo output;    /* of types that are not known here */
	bool needs_catalog; /* output looks at more settings than most do */
};

__attribute__((noreturn, cold)) static void
raise_length(const DdbScalar *scalar, size_t len)
{
	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a key must not be empty"),
				 errdetail("DynamoDB has no empty strings and no empty binary "
						   "values in keys.")));
	if (scalar->key_max_len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a key is too long"),
				 errdetail("It has %zu bytes, %d are allowed.",
						   len,
						   scalar->key_max_len)));
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("a value is too large for an item of DynamoDB"),
			 errdetail("It has %zu bytes; an item has up to %d, all of its "
					   "attributes together.",
					   len,
					   MAX_ITEM_LEN)));
}

static void
check_length(const DdbScalar *scalar, size_t len)
{
	bool is_key = scalar->key_max_len > 0;
	size_t max_len = is_key ? (size_t) scalar->key_max_len : MAX_ITEM_LEN;

	if (len > max_len || (len == 0 && is_key))
		raise_length(scalar, len);
}

static void
check_number(const char *text, size_t len)
{
	DdbNumberFit fit = ddb_number_check(text, len);

	if (fit == DDB_NUMBER_FITS)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a number cannot be stored in DynamoDB"),
			 fit == DDB_NUMBER_NOT_DECIMAL
				 ? errdetail("DynamoDB has neither NaN nor infinity.")
			 : fit == DDB_NUMBER_TOO_LONG
				 ? errdetail("DynamoDB holds %d significant digits.",
							 DDB_NUMBER_MAX_DIGITS)
				 : errdetail("DynamoDB holds magnitudes from 1E%d to below "
							 "1E+%d, and zero.",
							 DDB_NUMBER_MIN_EXPONENT,
							 DDB_NUMBER_MAX_EXPONENT + 1)));
}

/* Text of the server. */
static const char *
store_text(const DdbScalar *scalar, const char *text, int text_len, size_t *len)
{
	const char *utf8;

	/* Before the conversion, which makes nothing shorter. */
	if (text_len > MAX_ITEM_LEN)
		raise_length(scalar, text_len);
	utf8 = ddb_convert_to_utf8(text, text_len, len);
	check_length(scalar, *len);
	return utf8;
}

/* Also of json, whose text is kept as it is. */
static const char *
text_of_text(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

	return store_text(scalar,
					  VARDATA_ANY(packed),
					  (int) VARSIZE_ANY_EXHDR(packed),
					  len);
}

static const char *
text_of_jsonb(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	Jsonb *jsonb = DatumGetJsonbP(value);
	char *text = JsonbToCString(NULL, &jsonb->root, (int) VARSIZE(jsonb));

	return store_text(scalar, text, (int) strlen(text), len);
}

static const char *
text_of_uuid(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	StaticAssertStmt(DDB_UUID_TEXT_LEN <= DDB_SCALAR_BUF_LEN, "buf is short");
	ddb_convert_uuid_text(DatumGetUUIDP(value), buf);
	*len = DDB_UUID_TEXT_LEN - 1;
	return buf;
}

static const char *
text_of_timestamptz(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	StaticAssertStmt(DDB_TIMESTAMP_LEN <= DDB_SCALAR_BUF_LEN, "buf is short");
	ddb_convert_sort_key(DatumGetTimestampTz(value), buf);
	*len = strlen(buf);
	return buf;
}

static const char *
text_of_integer(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	int64 integer = scalar->type == INT2OID   ? DatumGetInt16(value)
					: scalar->type == INT4OID ? DatumGetInt32(value)
											  : DatumGetInt64(value);

	*len = pg_lltoa(integer, buf);
	return buf;
}

/* The shortest text that reads back as the same. */
static const char *
text_of_float(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	StaticAssertStmt(DOUBLE_SHORTEST_DECIMAL_LEN <= DDB_SCALAR_BUF_LEN,
					 "buf is short");
	if (scalar->type == FLOAT4OID)
		*len = float_to_shortest_decimal_bufn(DatumGetFloat4(value), buf);
	else
		*len = double_to_shortest_decimal_bufn(DatumGetFloat8(value), buf);
	check_number(buf, *len);
	return buf;
}

const char *
ddb_scalar_numeric(Numeric value, size_t *len)
{
	const char *text = numeric_normalize(value);

	*len = strlen(text);
	check_number(text, *len);
	return text;
}

static const char *
text_of_numeric(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	return ddb_scalar_numeric(DatumGetNumeric(value), len);
}

static const char *
text_of_bytea(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	int bytes_len = (int) VARSIZE_ANY_EXHDR(packed);
	int room;
	char *base64;
	int base64_len;

	check_length(scalar, bytes_len);
	room = pg_b64_enc_len(bytes_len);
	base64 = room <= DDB_SCALAR_BUF_LEN ? buf : palloc(room);
	/* Through void: what the bytes point to differs between versions. */
	base64_len =
		pg_b64_encode((const void *) VARDATA_ANY(packed), bytes_len, base64, room);
	Assert(base64_len >= 0);
	*len = (size_t) base64_len;
	return base64;
}

/* For the rest of this nest level of settings, which begins with the first. */
static void
set_for_now(int *nest_level, const char *name, const char *value)
{
	if (*nest_level == 0)
		*nest_level = NewGUCNestLevel();
	(void) set_config_option(name,
							 value,
							 PGC_USERSET,
							 PGC_S_SESSION,
							 GUC_ACTION_SAVE,
							 true,
							 0,
							 false);
}

/*
 * The settings that output functions look at, as pg_dump and postgres_fdw have
 * them. Returns the nest level to be left; 0: nothing was to be set. An error
 * leaves it by the abort of its (sub)transaction.
 */
static int
fix_settings(const DdbScalar *scalar)
{
	int nest_level = 0;

	if (DateStyle != USE_ISO_DATES)
		set_for_now(&nest_level, "datestyle", "ISO");
	if (IntervalStyle != INTSTYLE_POSTGRES)
		set_for_now(&nest_level, "intervalstyle", "postgres");
	if (extra_float_digits < 1)
		set_for_now(&nest_level, "extra_float_digits", "3");
	if (!scalar->needs_catalog)
		return nest_level;
	if (bytea_output != BYTEA_OUTPUT_HEX)
		set_for_now(&nest_level, "bytea_output", "hex");
	if (strcmp(pg_get_timezone_name(session_timezone), "UTC") != 0)
		set_for_now(&nest_level, "timezone", "UTC");
	/* Names of what is elsewhere come with their schema then. */
	if (strcmp(namespace_search_path, "pg_catalog") != 0)
		set_for_now(&nest_level, "search_path", "pg_catalog");
	return nest_level;
}

static const char *
text_by_output(DdbScalar *scalar, Datum value, char *buf, size_t *len)
{
	int nest_level = fix_settings(scalar);
	char *text = OutputFunctionCall(&scalar->output, value);
	int text_len = (int) strlen(text);

	if (nest_level > 0)
		AtEOXact_GUC(true, nest_level);
	/* A "char" may be half of a character. */
	pg_verifymbstr(text, text_len, false);
	return store_text(scalar, text, text_len, len);
}

/* Types whose values are written without a call of their output function. */
static const struct
{
	Oid type;
	DdbType stored_as;
	TextFunction text;
} known_types[] = {
	{TEXTOID, DDB_TYPE_S, text_of_text},
	{VARCHAROID, DDB_TYPE_S, text_of_text},
	{BPCHAROID, DDB_TYPE_S, text_of_text},
	{JSONOID, DDB_TYPE_S, text_of_text},
	{JSONBOID, DDB_TYPE_S, text_of_jsonb},
	{UUIDOID, DDB_TYPE_S, text_of_uuid},
	{TIMESTAMPTZOID, DDB_TYPE_S, text_of_timestamptz},
	{INT2OID, DDB_TYPE_N, text_of_integer},
	{INT4OID, DDB_TYPE_N, text_of_integer},
	{INT8OID, DDB_TYPE_N, text_of_integer},
	{FLOAT4OID, DDB_TYPE_N, text_of_float},
	{FLOAT8OID, DDB_TYPE_N, text_of_float},
	{NUMERICOID, DDB_TYPE_N, text_of_numeric},
	{BYTEAOID, DDB_TYPE_B, text_of_bytea},
	{BOOLOID, DDB_TYPE_BOOL, NULL},
};

DdbType
ddb_scalar_type(Oid base_type)
{
	for (size_t i = 0; i < lengthof(known_types); i++)
	{
		if (known_types[i].type == base_type)
			return known_types[i].stored_as;
	}
	return DDB_TYPE_S;
}

/*
 * Does an output function look at the catalog, as those of regclass and of
 * records do? It is not immutable then. Dates, intervals and enums are not
 * immutable either, but need no more than the settings that all have.
 */
static bool
output_needs_catalog(Oid type, Oid output)
{
	char category;
	bool is_preferred;

	get_type_category_preferred(type, &category, &is_preferred);
	return category != TYPCATEGORY_DATETIME &&
		   category != TYPCATEGORY_TIMESPAN && category != TYPCATEGORY_ENUM &&
		   func_volatile(output) != PROVOLATILE_IMMUTABLE;
}

DdbScalar *
ddb_scalar_create(Oid base_type, int key_max_len)
{
	DdbScalar *scalar = palloc0(sizeof(DdbScalar));
	Oid output;
	bool is_varlena;

	scalar->type = base_type;
	scalar->key_max_len = key_max_len;
	for (size_t i = 0; i < lengthof(known_types); i++)
	{
		if (known_types[i].type == base_type)
			scalar->text = known_types[i].text;
	}
	if (scalar->text == NULL)
	{
		getTypeOutputInfo(base_type, &output, &is_varlena);
		fmgr_info(output, &scalar->output);
		scalar->needs_catalog = output_needs_catalog(base_type, output);
		scalar->text = text_by_output;
	}
	return scalar;
}

const char *
ddb_scalar_text(DdbScalar *scalar, Datum value, char buf[DDB_SCALAR_BUF_LEN],
				size_t *len)
{
	return scalar->text(scalar, value, buf, len);
}
