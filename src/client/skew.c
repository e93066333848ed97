/*
 * skew.c
 *		How far the service's clock is from ours.
 *
 * The rules are those of the AWS SDKs. They measure against the middle of the
 * trip, for that is when the service wrote its Date, more or less. But a backend
 * may have been busy elsewhere before it took the response. So what is known is
 * kept where the Date may have been written at such a time within the trip.
 */
#include <string.h>

#include "skew.h"

/* AWS allows five minutes. */
#define TOLERATED_MS (4 * 60 * 1000)
/* A trip of that length says too little about when the Date was written. */
#define MAX_TRIP_MS (15 * 60 * 1000)

/* The two digits at text, or -1. */
static int
two_digits(const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	return (text[0] - '0') * 10 + (text[1] - '0');
}

/* The index of the three letters at text in names, or -1. */
static int
find_name(const char *names, const char *text)
{
	for (int i = 0; names[3 * i] != '\0'; i++)
	{
		if (memcmp(names + 3 * i, text, 3) == 0)
			return i;
	}
	return -1;
}

/* Days from 1970-01-01; month from 0. The Gregorian rule, from March on. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int y = month < 2 ? year - 1 : year;
	int m = (month + 10) % 12;

	return (int64_t) 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 +
		   day - 719469;
}

static bool
is_day_of_month(int year, int month, int day)
{
	static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return day >= 1 && day <= lengths[month] + (month == 1 && leap);
}

bool
ddb_skew_parse_date(const char *text, int64_t *ms)
{
	static const char pattern[] = "###, ## ### #### ##:##:## GMT";
	int weekday, day, month, century, year, hour, minute, second;
	int64_t days;

	if (strlen(text) != sizeof(pattern) - 1)
		return false;
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
	{
		if (pattern[i] != '#' && pattern[i] != text[i])
			return false;
	}
	weekday = find_name("ThuFriSatSunMonTueWed", text);
	day = two_digits(text + 5);
	month = find_name("JanFebMarAprMayJunJulAugSepOctNovDec", text + 8);
	century = two_digits(text + 12);
	year = two_digits(text + 14);
	hour = two_digits(text + 17);
	minute = two_digits(text + 20);
	second = two_digits(text + 23);
	year += century * 100;
	if (weekday < 0 || month < 0 || century < 0 || year < 1970 || hour < 0 ||
		hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
		!is_day_of_month(year, month, day))
		return false;
	days = days_since_1970(year, month, day);
	*ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000;
	return days % 7 == weekday;
}

void
ddb_skew_learn(DdbSkew *skew, const DdbSkewTrip *trip)
{
	int64_t length_ms = trip->received_ms - trip->sent_ms;
	int64_t date_ms; /* cut to the second */

	if (skew->off || trip->cached || length_ms < 0 || length_ms > MAX_TRIP_MS ||
		!ddb_skew_parse_date(trip->date, &date_ms))
		return;
	if (trip->sent_ms + skew->offset_ms < date_ms + 1000 &&
		trip->received_ms + skew->offset_ms >= date_ms)
		return;
	skew->offset_ms = date_ms - (trip->sent_ms + length_ms / 2);
}

/* A wrong time makes a wrong signature, and some policies look at the time. */
static bool
may_be_of_time(const DdbStatus *status)
{
	static const char *const names[] = {"InvalidSignatureException",
										"SignatureDoesNotMatch",
										"AuthFailure",
										"RequestTimeTooSkewed",
										"AccessDeniedException"};

	return ddb_status_is_any(status, names, sizeof(names) / sizeof(names[0]));
}

bool
ddb_skew_explains(const DdbSkew *skew, int64_t offset_ms, const DdbStatus *status)
{
	int64_t change_ms = skew->offset_ms - offset_ms;

	return (change_ms > TOLERATED_MS || change_ms < -TOLERATED_MS) &&
		   may_be_of_time(status);
}
