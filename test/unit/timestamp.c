/*
 * timestamp.c
 *		Times as sort keys: the written form, the read forms, the refused ones.
 */
#include "tap.h"
#include "timestamp.h"

/* 2026-11-22 07:59:25.651123 UTC */
#define NOW_US INT64_C(1795334365651123)

static void
check_format(int64_t us, const char *expected)
{
	char text[DDB_TIMESTAMP_LEN] = "";

	ok(ddb_timestamp_format(us, text), "%s is written", expected);
	is_str(text, expected, "and so");
}

static void
test_format(void)
{
	char text[DDB_TIMESTAMP_LEN];

	check_format(NOW_US, "2026-11-22T07:59:25.651123+00:00");
	check_format(0, "1970-01-01T00:00:00.000000+00:00");
	check_format(-1, "1969-12-31T23:59:59.999999+00:00");
	check_format(1, "1970-01-01T00:00:00.000001+00:00");
	check_format(INT64_C(951782400000000), "2000-02-29T00:00:00.000000+00:00");
	check_format(INT64_C(-62135596800000000), "0001-01-01T00:00:00.000000+00:00");
	check_format(INT64_C(253402300799999999), "9999-12-31T23:59:59.999999+00:00");
	ok(!ddb_timestamp_format(INT64_C(-62135596800000001), text),
	   "nothing before year 1");
	ok(!ddb_timestamp_format(INT64_C(253402300800000000), text),
	   "nothing after year 9999");
	ok(!ddb_timestamp_format(INT64_MIN, text), "nor the least integer");
	ok(!ddb_timestamp_format(INT64_MAX, text), "nor the greatest");
}

static void
check_parse(const char *text, int64_t expected)
{
	/* Without a NUL, so that a read beyond the end is seen. */
	size_t len = strlen(text);
	char *copy = malloc(len);
	int64_t us = 0;

	memcpy(copy, text, len);
	ok(ddb_timestamp_parse(copy, len, &us), "\"%s\" is read", text);
	is_int(us, expected, "and so");
	free(copy);
}

static void
test_parse(void)
{
	const int64_t sec = 1000000;
	const int64_t whole = NOW_US - 651123;

	check_parse("2026-11-22T07:59:25.651123+00:00", NOW_US);
	check_parse("2026-11-22 07:59:25.651123", NOW_US);
	check_parse("2026-11-22T07:59:25", whole);
	check_parse("2026-11-22T07:59:25Z", whole);
	check_parse("2026-11-22T07:59", whole - 25 * sec);
	check_parse("2026-11-22T07:59Z", whole - 25 * sec);
	check_parse("2026-11-22T07:59+01", whole - 3625 * sec);
	check_parse("2026-11-22T07:59:25.6Z", whole + 600000);
	check_parse("2026-11-22T07:59:25.651Z", whole + 651000);
	check_parse("2026-11-22T07:59:25.6511234Z", NOW_US);
	check_parse("2026-11-22T07:59:25.6511235Z", NOW_US + 1);
	check_parse("2026-11-22T07:59:25.65112349999999999999Z", NOW_US);
	check_parse("2026-11-22T07:59:25.9999999Z", whole + sec);
	check_parse("2026-11-22T09:59:25+02:00", whole);
	check_parse("2026-11-22T13:29:25+0530", whole);
	check_parse("2026-11-22T04:29:25-03:30", whole);
	check_parse("2026-11-22T07:59:25-00:00", whole);
	check_parse("2026-11-22T09:00:05+01:00:40", whole);
	check_parse("2026-11-22T23:59:24+15:59:59", whole);
	check_parse("2026-11-21T15:59:26-15:59:59", whole);
	check_parse("2000-02-29T00:00:00Z", INT64_C(951782400000000));
	check_parse("0001-01-01T00:00:00Z", INT64_C(-62135596800000000));
	check_parse("9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999));
}

static const char *const refused[] = {
	"",
	"2026",
	"2026-11-22",
	"2026-11-22T",
	"2026-11-22T07",
	"2026-11-22T07:5",
	"2026-11-22T7:59:25",
	"2026-11-22x07:59:25",
	"2026-11-22  07:59:25",
	" 2026-11-22T07:59:25",
	"2026-11-22T07:59:25 ",
	"2026-11-22T07:59:25.",
	"2026-11-22T07:59:25.Z",
	"2026-11-22T07:59.5",
	"2026-11-22T07:59:",
	"2026-11-22T24:00:00",
	"2026-11-22T07:60:00",
	"2026-11-22T07:59:60",
	"2026-02-29T00:00:00",
	"2026-02-30T00:00:00",
	"1900-02-29T00:00:00",
	"2026-04-31T00:00:00",
	"2026-00-01T00:00:00",
	"2026-13-01T00:00:00",
	"2026-11-00T00:00:00",
	"0000-01-01T00:00:00",
	"20261-11-22T07:59:25",
	"2026-11-22T07:59:25ZZ",
	"2026-11-22T07:59:25z",
	"2026-11-22T07:59:25+",
	"2026-11-22T07:59:25+1",
	"2026-11-22T07:59:25+16",
	"2026-11-22T07:59:25+01:",
	"2026-11-22T07:59:25+01:60",
	"2026-11-22T07:59:25+010",
	"2026-11-22T07:59:25+01:00:",
	"2026-11-22T07:59:25+01:00:60",
	"2026-11-22T07:59:25+01:0000",
	"-026-11-22T07:59:25",
	"2026-1\xd9\xa1-22T07:59:25",
	"GRP#5ae290ed-55d1-47a0-bc6d-fe2bc2700399",
};

static void
test_refused(void)
{
	int64_t us;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok(!ddb_timestamp_parse(refused[i], strlen(refused[i]), &us),
		   "\"%s\" is refused",
		   refused[i]);
	ok(!ddb_timestamp_parse("2026-11-22T07:59:25Z\0", 21, &us),
	   "a NUL is no end");
}

/* Every day from year 1 to 9999 there and back, the days one apart */
static void
test_calendar(void)
{
	const int64_t day_us = INT64_C(86400000000);
	char before[DDB_TIMESTAMP_LEN] = "";
	int64_t us = INT64_C(-62135596800000000) + day_us / 3;
	int64_t wrong = 0;

	for (int64_t day = 0; day < 3652059; day++, us += day_us)
	{
		char text[DDB_TIMESTAMP_LEN];
		int64_t back;

		if (!ddb_timestamp_format(us, text) ||
			!ddb_timestamp_parse(text, DDB_TIMESTAMP_LEN - 1, &back) ||
			back != us || strcmp(before, text) >= 0)
			wrong++;
		memcpy(before, text, sizeof(before));
	}
	is_int(wrong, 0, "every day survives the round trip, in byte order");
	is_str(before, "9999-12-31T08:00:00.000000+00:00", "to the last");
}

int
main(void)
{
	test_format();
	test_parse();
	test_refused();
	test_calendar();
	return tap_done();
}
