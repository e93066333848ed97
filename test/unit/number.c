/*
 * number.c
 *		Numbers as text: what fits, what is an integer, what is greater.
 */
#include "number.h"

#include "tap.h"

/* 38 digits, and one more */
#define DIGITS_38 "12345678901234567890123456789012345678"
#define DIGITS_39 DIGITS_38 "9"

#define ZEROS_10 "0000000000"

static void
test_check(void)
{
	static const struct
	{
		const char *text;
		DdbNumberFit fit;
	} cases[] = {
		{"0", DDB_NUMBER_FITS},
		{"-0.00", DDB_NUMBER_FITS},
		{"0e999", DDB_NUMBER_FITS},
		{"+1", DDB_NUMBER_FITS},
		{"00012.500", DDB_NUMBER_FITS},
		{DIGITS_38, DDB_NUMBER_FITS},
		{"-" DIGITS_38 ".000", DDB_NUMBER_FITS},
		{"0.000" DIGITS_38, DDB_NUMBER_FITS},
		{"000" DIGITS_38 ZEROS_10, DDB_NUMBER_FITS},
		{"1234567890123456789.0123456789012345678", DDB_NUMBER_FITS},
		{"1234567890123456789.01234567890123456789", DDB_NUMBER_TOO_LONG},
		{DIGITS_39, DDB_NUMBER_TOO_LONG},
		{DIGITS_38 ".1", DDB_NUMBER_TOO_LONG},
		{"1" ZEROS_10 ZEROS_10 ZEROS_10 "0000000.1", DDB_NUMBER_TOO_LONG},
		{"9.9999999999999999999999999999999999999e125", DDB_NUMBER_FITS},
		{"1E126", DDB_NUMBER_TOO_LARGE},
		{"-0.01e+128", DDB_NUMBER_TOO_LARGE},
		{DIGITS_39 "e90", DDB_NUMBER_TOO_LARGE},
		{"1e99999999999999999999", DDB_NUMBER_TOO_LARGE},
		{"1e-130", DDB_NUMBER_FITS},
		{"1000e-133", DDB_NUMBER_FITS},
		{"9.9e-131", DDB_NUMBER_TOO_SMALL},
		{"1e-99999999999999999999", DDB_NUMBER_TOO_SMALL},
		{"", DDB_NUMBER_NOT_DECIMAL},
		{"-", DDB_NUMBER_NOT_DECIMAL},
		{"1.", DDB_NUMBER_NOT_DECIMAL},
		{".5", DDB_NUMBER_NOT_DECIMAL},
		{"1e", DDB_NUMBER_NOT_DECIMAL},
		{"1e+", DDB_NUMBER_NOT_DECIMAL},
		{"1.5.5", DDB_NUMBER_NOT_DECIMAL},
		{" 1", DDB_NUMBER_NOT_DECIMAL},
		{"1 ", DDB_NUMBER_NOT_DECIMAL},
		{"0x1", DDB_NUMBER_NOT_DECIMAL},
		{"NaN", DDB_NUMBER_NOT_DECIMAL},
		{"Infinity", DDB_NUMBER_NOT_DECIMAL},
		{"-Infinity", DDB_NUMBER_NOT_DECIMAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *text = cases[i].text;

		is_int(ddb_number_check(text, strlen(text)), cases[i].fit, text);
	}
	is_int(ddb_number_check("12e", 2), DDB_NUMBER_FITS, "only len bytes count");
	is_int(ddb_number_check("1\0", 2), DDB_NUMBER_NOT_DECIMAL, "no NUL");
}

static void
test_int64(void)
{
	static const struct
	{
		const char *text;
		int64_t value;
	} good[] = {
		{"0", 0},
		{"-0", 0},
		{"0.000e9", 0},
		{"12", 12},
		{"-12.00", -12},
		{"1.2e1", 12},
		{"1200e-2", 12},
		{"0.0012e4", 12},
		{"+0007", 7},
		{"1e18", INT64_C(1000000000000000000)},
		{"9007199254740993", INT64_C(9007199254740993)},
		{"9223372036854775807", INT64_MAX},
		{"9.223372036854775807e18", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
		{"-9223372036854775808.0", INT64_MIN},
	};
	static const char *const bad[] = {
		"1.5",
		"12e-1",
		"0.1",
		"1e-99999999999999999999",
		"9223372036854775808",
		"-9223372036854775809",
		"9999999999999999999",
		"9.3e18",
		"1e19",
		"1e99999999999999999999",
		"NaN",
		"",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		int64_t value = 99;

		ok(ddb_number_int64(good[i].text, strlen(good[i].text), &value) &&
			   value == good[i].value,
		   "%s is an integer",
		   good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		int64_t value;

		ok(!ddb_number_int64(bad[i], strlen(bad[i]), &value),
		   "%s is none",
		   bad[i]);
	}
}

/* Ascending; a line's texts are the same number. Each is compared with all. */
static void
test_compare(void)
{
	static const char *const lines[][4] = {
		{"-1e126", "-10e125"},
		{"-" DIGITS_39, "-" DIGITS_39 ".0"},
		{"-" DIGITS_38, "-" DIGITS_38 "e0"},
		{"-10", "-1e1"},
		{"-9.5", "-95e-1", "-00009.500"},
		{"-0.5", "-5e-1"},
		{"0", "-0", "0.00", "0e7"},
		{"1e-130", "0.1e-129"},
		{"0.05", "5e-2", "0.0500"},
		{"0.5", "5e-1"},
		{"1", "1.0", "0.1e1", "+1"},
		{"1.00000000000000000000000000000000000001"},
		{"1.5"},
		{"1.51"},
		{"12", "1.2e1", "12.0"},
		{"100", "1e2"},
		{"100.5", "1005e-1"},
		{"101"},
		{"1e126"},
	};
	enum
	{
		NLINES = sizeof(lines) / sizeof(lines[0])
	};
	int wrong = 0;
	int compared = 0;

	for (int i = 0; i < NLINES * 4; i++)
	{
		const char *a = lines[i / 4][i % 4];

		for (int j = 0; a != NULL && j < NLINES * 4; j++)
		{
			const char *b = lines[j / 4][j % 4];
			int expected = (i / 4 > j / 4) - (i / 4 < j / 4);

			if (b == NULL)
				continue;
			compared++;
			if (ddb_number_compare(a, strlen(a), b, strlen(b)) == expected)
				continue;
			wrong++;
			printf("# %s against %s is not %d\n", a, b, expected);
		}
	}
	ok(compared > 1000 && wrong == 0, "%d comparisons are right", compared);
}

/* The short cut: right where it answers, silent where it does not know. */
static void
test_plain(void)
{
	static const struct
	{
		const char *text;
		int64_t value;
		int scale; /* -1: not answered */
	} cases[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"7", 7, 0},
		{"007", 7, 0},
		{"-12.50", -1250, 2},
		{"0.001", 1, 3},
		{"999999999999999999", INT64_C(999999999999999999), 0},
		{"-99999999999999999", INT64_C(-99999999999999999), 0},
		{"1234567890123456789", INT64_C(1234567890123456789), 0},
		{"-123456789.0123456789", INT64_C(-1234567890123456789), 10},
		{"0.123456789012345678", INT64_C(123456789012345678), 18},
		{"12345678.12345678", INT64_C(1234567812345678), 8},
		{"00000000.00000009", 9, 8},
		{"9223372036854775807", INT64_MAX, 0},
		{"-9223372036854775807", -INT64_MAX, 0},
		{"9223372036854775808", 0, -1},
		{"-9223372036854775808", 0, -1},
		{"9999999999999999999", 0, -1},
		{"18446744073709551617", 0, -1},
		{"12345678901234567890", 0, -1},
		{"1.0000000000000000000", 0, -1},
		{"1234567a", 0, -1},
		{"12345678.1234567a", 0, -1},
		{"", 0, -1},
		{"-", 0, -1},
		{"+1", 0, -1},
		{".5", 0, -1},
		{"-.5", 0, -1},
		{"5.", 0, -1},
		{"1.2.3", 0, -1},
		{"1e3", 0, -1},
		{" 1", 0, -1},
		{"1-", 0, -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *text = cases[i].text;
		int64_t value = 0;
		int scale = 0;
		bool plain = ddb_number_plain(text, strlen(text), &value, &scale);

		if (cases[i].scale < 0)
			ok(!plain, "\"%s\" is not plain", text);
		else
			ok(plain && value == cases[i].value && scale == cases[i].scale,
			   "\"%s\" is plain",
			   text);
	}
}

/* Each line of what is the same number has one normal text. */
static void
test_normalize(void)
{
	static const struct
	{
		const char *text;
		const char *normal; /* "": it has none */
	} cases[] = {
		{"0", "0"},
		{"-0", "0"},
		{"0.000e99", "0"},
		{"1", "1e0"},
		{"+1.0", "1e0"},
		{"0.1E1", "1e0"},
		{"100e-2", "1e0"},
		{"-1", "-1e0"},
		{"100", "1e2"},
		{"-0012.500", "-125e1"},
		{"0.00125", "125e-3"},
		{DIGITS_38, DIGITS_38 "e37"},
		{"-0." DIGITS_38 "00e-129", "-" DIGITS_38 "e-130"},
		{"9.9e125", "99e125"},
		{DIGITS_39, ""},
		{"1e126", ""},
		{"1e-131", ""},
		{"NaN", ""},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		/* One byte more, which must stay. */
		char out[DDB_NUMBER_NORMAL_LEN + 1];
		const char *text = cases[i].text;
		size_t len;

		memset(out, '~', sizeof(out));
		len = ddb_number_normalize(text, strlen(text), out);
		ok(len == strlen(cases[i].normal) &&
			   memcmp(out, cases[i].normal, len) == 0 &&
			   out[DDB_NUMBER_NORMAL_LEN] == '~',
		   "\"%s\" is %.*s",
		   text,
		   (int) len,
		   out);
	}
}

int
main(void)
{
	test_check();
	test_int64();
	test_plain();
	test_compare();
	test_normalize();
	return tap_done();
}
