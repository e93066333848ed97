/*
 * timestamp.c
 *		Sort keys that are times: the form we write, the forms we read.
 *
 * No locale, no time zone of the process and no libc calendar takes part.
 * Leap seconds and hour 24 are refused: no writer of the table makes them.
 */
#include "timestamp.h"

#define US_PER_SEC INT64_C(1000000)
#define SECS_PER_DAY 86400
#define US_PER_DAY (SECS_PER_DAY * US_PER_SEC)

/* 0001-01-01 00:00 and the end of 9999 */
#define MIN_US (INT64_C(-719162) * US_PER_DAY)
#define END_US (INT64_C(2932897) * US_PER_DAY)

/* What is left to read. */
typedef struct Reader
{
	const char *p;
	const char *end;
} Reader;

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar, by eras of 400
 * years that begin on 1 March, so that the leap day comes last.
 */
static int64_t
days_from_civil(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = y / 400;
	int year_of_era = y % 400;
	int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
					 day_of_year - 1;

	return (int64_t) era * 146097 + day_of_era - 719468;
}

/* Its inverse, for days from 0001-01-01 on. */
static void
civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int z = (int) days + 719468;
	int era = z / 146097;
	int day_of_era = z % 146097;
	int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
					   day_of_era / 146096) /
					  365;
	int day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int shifted = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

/* The lowest ndigits decimal digits of value */
static char *
put_digits(char *out, int value, int ndigits)
{
	for (int i = ndigits - 1; i >= 0; i--)
	{
		out[i] = (char) ('0' + value % 10);
		value /= 10;
	}
	return out + ndigits;
}

static char *
put_field(char *out, int value, char separator)
{
	out = put_digits(out, value, 2);
	*out++ = separator;
	return out;
}

bool
ddb_timestamp_format(int64_t unix_us, char text[DDB_TIMESTAMP_LEN])
{
	int64_t us;
	int year, month, day, secs;
	char *p = text;

	if (unix_us < MIN_US || unix_us >= END_US)
		return false;
	/* Counted from 0001-01-01, so that nothing here is negative. */
	us = unix_us - MIN_US;
	civil_from_days(us / US_PER_DAY + MIN_US / US_PER_DAY, &year, &month, &day);
	us %= US_PER_DAY;
	secs = (int) (us / US_PER_SEC);

	p = put_digits(p, year, 4);
	*p++ = '-';
	p = put_field(p, month, '-');
	p = put_field(p, day, 'T');
	p = put_field(p, secs / 3600, ':');
	p = put_field(p, secs / 60 % 60, ':');
	p = put_field(p, secs % 60, '.');
	p = put_digits(p, (int) (us % US_PER_SEC), 6);
	*p++ = '+';
	p = put_field(p, 0, ':');
	p = put_digits(p, 0, 2);
	*p = '\0';
	return true;
}

static bool
take(Reader *reader, char c)
{
	if (reader->p == reader->end || *reader->p != c)
		return false;
	reader->p++;
	return true;
}

static bool
at_digit(const Reader *reader)
{
	return reader->p < reader->end && *reader->p >= '0' && *reader->p <= '9';
}

/* Exactly ndigits digits, no less than min and no more than max */
static bool
take_number(Reader *reader, int ndigits, int min, int max, int *value)
{
	*value = 0;
	for (int i = 0; i < ndigits; i++)
	{
		if (!at_digit(reader))
			return false;
		*value = *value * 10 + (*reader->p++ - '0');
	}
	return *value >= min && *value <= max;
}

static bool
take_date(Reader *reader, int64_t *days)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;

	if (!take_number(reader, 4, 1, 9999, &year) || !take(reader, '-') ||
		!take_number(reader, 2, 1, 12, &month) || !take(reader, '-') ||
		!take_number(reader, 2, 1, month_days[month - 1], &day))
		return false;
	if (month == 2 && day == 29 &&
		(year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return false;
	*days = days_from_civil(year, month, day);
	return true;
}

/* The digits after the point; the seventh decides the rounding */
static bool
take_fraction(Reader *reader, int64_t *us)
{
	int64_t unit = US_PER_SEC / 10;

	if (!at_digit(reader))
		return false;
	for (; at_digit(reader); reader->p++)
	{
		int digit = *reader->p - '0';

		if (unit > 0)
			*us += digit * unit;
		else if (unit == 0 && digit >= 5)
			*us += 1;
		unit = unit > 0 ? unit / 10 : -1;
	}
	return true;
}

static bool
take_time(Reader *reader, int64_t *us)
{
	int hour, minute, second;

	if (!take_number(reader, 2, 0, 23, &hour) || !take(reader, ':') ||
		!take_number(reader, 2, 0, 59, &minute))
		return false;
	*us = (hour * 60 + minute) * 60 * US_PER_SEC;
	if (!take(reader, ':'))
		return true;
	if (!take_number(reader, 2, 0, 59, &second))
		return false;
	*us += second * US_PER_SEC;
	return !take(reader, '.') || take_fraction(reader, us);
}

/* +HH, +HHMM, +HH:MM or +HH:MM:SS, the sign already taken */
static bool
take_offset(Reader *reader, int *secs)
{
	int hour;
	int minute = 0;
	int second = 0;

	if (!take_number(reader, 2, 0, 15, &hour))
		return false;
	if (take(reader, ':'))
	{
		if (!take_number(reader, 2, 0, 59, &minute) ||
			(take(reader, ':') && !take_number(reader, 2, 0, 59, &second)))
			return false;
	}
	else if (at_digit(reader) && !take_number(reader, 2, 0, 59, &minute))
		return false;
	*secs = hour * 3600 + minute * 60 + second;
	return true;
}

static bool
take_zone(Reader *reader, int *secs)
{
	*secs = 0;
	if (reader->p == reader->end || take(reader, 'Z'))
		return true;
	if (take(reader, '+'))
		return take_offset(reader, secs);
	if (!take(reader, '-') || !take_offset(reader, secs))
		return false;
	*secs = -*secs;
	return true;
}

bool
ddb_timestamp_parse(const char *text, size_t len, int64_t *unix_us)
{
	Reader reader = {text, text + len};
	int64_t days, us;
	int offset_secs;

	if (!take_date(&reader, &days) ||
		!(take(&reader, 'T') || take(&reader, ' ')) || !take_time(&reader, &us))
		return false;
	if (!take_zone(&reader, &offset_secs) || reader.p != reader.end)
		return false;
	*unix_us = days * US_PER_DAY + us - offset_secs * US_PER_SEC;
	return true;
}
