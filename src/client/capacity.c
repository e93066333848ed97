/*
 * capacity.c
 *		ConsumedCapacity: what a request has cost.
 */
#include <math.h>
#include <stdlib.h>

#include "capacity.h"

/* Longest text of a number of units. */
#define MAX_UNITS_LEN 64

/*
 * The value of a JSON number's text, up to MAX_UNITS_LEN of it. strtod
 * would want an end and a locale; this is exact up to 15 digits, which
 * read and write units do not exceed.
 */
static double
number_value(const DdbJsonString *number)
{
	const char *p = number->text;
	const char *end = p + number->len;
	bool negative = *p == '-';
	bool fraction = false;
	double mantissa = 0;
	double power = 1;
	int scale = 0;
	int exponent = 0;

	for (p += negative; p < end && *p != 'e' && *p != 'E'; p++)
	{
		if (*p == '.')
			fraction = true;
		else
		{
			mantissa = mantissa * 10 + (*p - '0');
			scale -= fraction;
		}
	}
	if (p < end)
	{
		bool down = *++p == '-';

		for (p += down || *p == '+'; p < end && exponent < 1000; p++)
			exponent = exponent * 10 + (*p - '0');
		scale += down ? -exponent : exponent;
	}
	for (int i = abs(scale); i > 0; i--)
		power *= 10;
	mantissa = scale < 0 ? mantissa / power : mantissa * power;
	return negative ? -mantissa : mantissa;
}

static bool
read_units(DdbJson *json, double *units)
{
	DdbJsonString number;
	double value;

	if (!ddb_json_number(json, &number))
		return false;
	value = number.len <= MAX_UNITS_LEN ? number_value(&number) : INFINITY;
	if (!isfinite(value))
		return ddb_json_fail(json, number.text, "has a strange capacity");
	*units += value;
	return true;
}

/* One table's {"TableName": ..., "CapacityUnits": 0.5, ...}. */
static bool
read_table(DdbJson *json, int depth, double *units)
{
	DdbJsonString name;

	if (!ddb_json_expect(json, '{'))
		return false;
	if (ddb_json_take(json, '}'))
		return true;
	do
	{
		bool ok = ddb_json_name(json, &name);

		if (ok && ddb_json_equals(&name, "CapacityUnits"))
			ok = read_units(json, units);
		else if (ok)
			ok = ddb_json_skip(json, depth + 1);
		if (!ok)
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, '}');
}

bool
ddb_capacity_read(DdbJson *json, int depth, double *units)
{
	if (!ddb_json_take(json, '['))
		return read_table(json, depth, units);
	if (ddb_json_take(json, ']'))
		return true;
	do
	{
		if (!read_table(json, depth + 1, units))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, ']');
}
