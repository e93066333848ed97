/*
 * decimal.c
 *		An N -> an integer, a float, a numeric.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "convert.h"
#include "decimal.h"
#include "number.h"

/* Longer than any N of DynamoDB, also one that is written without exponent. */
#define MAX_FLOAT_LEN 255

static bool
read_integer(const DdbValueSpan *value, Oid type, Datum *datum)
{
	int64_t integer;
	int scale;

	if ((!ddb_number_plain(value->text, value->len, &integer, &scale) ||
		 scale != 0) &&
		!ddb_number_int64(value->text, value->len, &integer))
		return false;
	switch (type)
	{
		case INT2OID:
			*datum = Int16GetDatum((int16) integer);
			return integer == (int16) integer;
		case INT4OID:
			*datum = Int32GetDatum((int32) integer);
			return integer == (int32) integer;
		default:
			*datum = Int64GetDatum(integer);
			return true;
	}
}

/* Did strtod or strtof leave the range? A result with fewer digits is fine. */
static bool
is_out_of_range(double result)
{
	return errno == ERANGE && (result == 0.0 || isinf(result));
}

static bool
read_float(const DdbValueSpan *value, Oid type, Datum *datum)
{
	char text[MAX_FLOAT_LEN + 1];
	float single;
	double result;

	if (value->len > MAX_FLOAT_LEN)
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';
	errno = 0;
	if (type == FLOAT4OID)
	{
		single = strtof(text, NULL);
		*datum = Float4GetDatum(single);
		return !is_out_of_range(single);
	}
	result = strtod(text, NULL);
	*datum = Float8GetDatum(result);
	return !is_out_of_range(result);
}

static bool
read_numeric(const DdbValueSpan *value, int32 typmod, Datum *datum)
{
	Datum exact;
	int64_t digits;
	int scale;

	if (typmod < 0 && ddb_number_plain(value->text, value->len, &digits, &scale))
	{
		*datum = NumericGetDatum(int64_div_fast_to_numeric(digits, scale));
		return true;
	}
	/* Of others, numeric_in might make something long, or an error. */
	if (ddb_number_check(value->text, value->len) != DDB_NUMBER_FITS)
		return false;
	exact = ddb_convert_numeric(value->text, value->len);
	if (typmod < 0)
	{
		*datum = exact;
		return true;
	}
	*datum = DirectFunctionCall2(numeric, exact, Int32GetDatum(typmod));
	return DatumGetBool(DirectFunctionCall2(numeric_eq, exact, *datum));
}

bool
ddb_decimal_read(const DdbValueSpan *value, Oid type, int32 typmod, Datum *datum)
{
	switch (type)
	{
		case NUMERICOID:
			return read_numeric(value, typmod, datum);
		case FLOAT4OID:
		case FLOAT8OID:
			return read_float(value, type, datum);
		default:
			return read_integer(value, type, datum);
	}
}
