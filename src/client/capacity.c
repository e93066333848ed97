/*
 * capacity.c
 *		ConsumedCapacity: what a request has cost.
 */
#include <math.h>

#include "capacity.h"

static bool
read_units(DdbJson *json, double *units)
{
	DdbJsonString number;
	double value;

	if (!ddb_json_number(json, &number))
		return false;
	value = ddb_json_number_value(&number);
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
