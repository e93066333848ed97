/*
 * moment.c
 *		An S -> a date, a time, an interval.
 *
 * The input functions of PostgreSQL take much: only a part of a text, or a word
 * that means another time tomorrow. Such texts are found out here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/timestamp.h"

#include "convert.h"
#include "moment.h"

/* "2026-11-22" */
#define ISO_DATE_LEN 10

/* Without what pads a TimeTzADT. */
#define TIMETZ_LEN (sizeof(TimeADT) + sizeof(int32))

typedef struct MomentType
{
	Oid type;
	PGFunction input;
	bool byval;
	int len;
} MomentType;

static const MomentType moment_types[] = {
	{TIMESTAMPTZOID, timestamptz_in, FLOAT8PASSBYVAL, sizeof(TimestampTz)},
	{TIMESTAMPOID, timestamp_in, FLOAT8PASSBYVAL, sizeof(Timestamp)},
	{DATEOID, date_in, true, sizeof(DateADT)},
	{TIMEOID, time_in, FLOAT8PASSBYVAL, sizeof(TimeADT)},
	{TIMETZOID, timetz_in, false, TIMETZ_LEN},
	{INTERVALOID, interval_in, false, sizeof(Interval)},
};

/* So many digits; -1 if there are not. */
static int
parse_digits(const char *p, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++)
	{
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

static bool
parse_date(const char *text, size_t len, DateADT *date)
{
	int year;
	int month;
	int day;

	if (len != ISO_DATE_LEN || text[4] != '-' || text[7] != '-')
		return false;
	year = parse_digits(text, 4);
	month = parse_digits(text + 5, 2);
	day = parse_digits(text + 8, 2);
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || day < 1 ||
		day > day_tab[isleap(year)][month - 1])
		return false;
	*date = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return true;
}

/* A date is its midnight. */
static bool
parse_timestamptz(const char *text, size_t len, TimestampTz *at)
{
	DateADT date;

	if (ddb_convert_parse_timestamptz(text, len, at))
		return true;
	if (!parse_date(text, len, &date))
		return false;
	*at = date * USECS_PER_DAY;
	return true;
}

/* Does a timestamptz(typmod) hold every digit of it? */
static bool
has_precision(TimestampTz at, int32 typmod)
{
	int64 unit = 1;

	if (typmod < 0)
		return true;
	for (int digits = typmod; digits < MAX_TIMESTAMP_PRECISION; digits++)
		unit *= 10;
	return at % unit == 0;
}

/* "Date/Time Types", "Special Values": what is converted when it is read. */
static bool
is_relative(const char *text)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};

	for (size_t i = 0; i < lengthof(words); i++)
	{
		if (strcasestr(text, words[i]) != NULL)
			return true;
	}
	return false;
}

/* Has it, if it is a date, a time of day besides? */
static bool
has_time_of_day(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
	{
		if (*p == ':')
			return true;
		/* "20261122T0759" */
		if ((*p == 'T' || *p == 't') && p > text &&
			parse_digits(p - 1, 1) >= 0 && parse_digits(p + 1, 1) >= 0)
			return true;
	}
	return false;
}

/*
 * Would the type's input drop a part? That of timestamp drops an offset; a
 * second's difference is left to both roundings.
 */
static bool
drops_part(const char *text, size_t len, Oid type, Datum datum)
{
	TimestampTz at;

	switch (type)
	{
		case DATEOID:
			return has_time_of_day(text);
		case TIMEOID:
		case TIMETZOID:
			return parse_timestamptz(text, len, &at);
		case TIMESTAMPOID:
			return ddb_convert_parse_timestamptz(text, len, &at) &&
				   llabs(at - DatumGetTimestamp(datum)) >= USECS_PER_SEC;
		default:
			return false;
	}
}

static Datum
call_input(const MomentType *of, const char *text, int32 typmod)
{
	return DirectFunctionCall3(of->input,
							   CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(typmod));
}

static bool
read_text(const char *text, size_t len, Oid type, int32 typmod, Datum *datum)
{
	const MomentType *of = moment_types;
	Datum exact;

	if (is_relative(text))
		return false;
	while (of->type != type)
		of++;
	exact = call_input(of, text, -1);
	if (drops_part(text, len, type, exact))
		return false;
	*datum = typmod >= 0 ? call_input(of, text, typmod) : exact;
	return datumIsEqual(exact, *datum, of->byval, of->len);
}

bool
ddb_moment_read(const DdbValueSpan *value, Oid type, int32 typmod, Datum *datum)
{
	char buf[DDB_SHORT_STRING_LEN];
	char text[DDB_SHORT_STRING_LEN + 1];
	size_t len;
	const char *plain = ddb_convert_short_string(value, buf, &len);
	TimestampTz at;
	DateADT date;

	if (plain == NULL || memchr(plain, '\0', len) != NULL)
		return false;
	if (type == TIMESTAMPTZOID && parse_timestamptz(plain, len, &at))
	{
		*datum = TimestampTzGetDatum(at);
		return has_precision(at, typmod);
	}
	if (type == DATEOID && parse_date(plain, len, &date))
	{
		*datum = DateADTGetDatum(date);
		return true;
	}
	memcpy(text, plain, len);
	text[len] = '\0';
	return read_text(text, len, type, typmod, datum);
}
