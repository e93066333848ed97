/*
 * number.c
 *		DynamoDB's number: decimal text of up to 38 digits.
 *
 * A text is first taken apart: sign, significant digits, power of ten. The
 * digits stay where they are, perhaps with a point among them.
 */
#include <stdio.h>
#include <string.h>

#include "number.h"

/* Exponents stop here; far beyond all limits, far below an overflow. */
#define MAX_EXPONENT INT64_C(1000000000000000)

typedef struct Decimal
{
	bool negative;
	const char *first; /* the first digit that is not 0; NULL: it is zero */
	const char *last;  /* the last one */
	int64_t ndigits;   /* from the first to the last, without the point */
	int64_t exponent;  /* of ten, of the first digit */
} Decimal;

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

static bool
is_one_of(const char *p, const char *end, const char *chars)
{
	return p < end && *p != '\0' && strchr(chars, *p) != NULL;
}

/* A run of digits, on one side of the point; its end, NULL if it is empty. */
static const char *
read_digits(Decimal *d, const char *p, const char *end, bool fraction)
{
	if (!is_digit(p, end))
		return NULL;
	for (; is_digit(p, end); p++)
	{
		/* Each digit before the point lifts the first one, each 0 behind the
		 * point that comes before the first one lowers it. */
		if (fraction && d->first == NULL)
			d->exponent--;
		else if (!fraction && d->first != NULL)
			d->exponent++;
		if (*p == '0')
			continue;
		if (d->first == NULL)
			d->first = p;
		d->last = p;
	}
	return p;
}

/* Behind the "e"; the end, NULL if there is no digit. */
static const char *
read_exponent(Decimal *d, const char *p, const char *end)
{
	bool negative = is_one_of(p, end, "-");
	int64_t exponent = 0;

	if (is_one_of(p, end, "+-"))
		p++;
	if (!is_digit(p, end))
		return NULL;
	for (; is_digit(p, end); p++)
	{
		exponent = exponent * 10 + (*p - '0');
		if (exponent > MAX_EXPONENT)
			exponent = MAX_EXPONENT;
	}
	d->exponent += negative ? -exponent : exponent;
	return p;
}

/* False if it is no number. */
static bool
parse(Decimal *d, const char *text, size_t len)
{
	const char *p = text;
	const char *end = text + len;
	const char *point = NULL;

	*d = (Decimal){.negative = is_one_of(p, end, "-")};
	if (is_one_of(p, end, "+-"))
		p++;
	p = read_digits(d, p, end, false);
	if (p != NULL && is_one_of(p, end, "."))
	{
		point = p;
		p = read_digits(d, p + 1, end, true);
	}
	if (p != NULL && is_one_of(p, end, "eE"))
		p = read_exponent(d, p + 1, end);
	if (p == NULL || p < end)
		return false;
	if (d->first != NULL)
		d->ndigits = d->last - d->first + 1;
	if (point != NULL && d->first < point && point < d->last)
		d->ndigits--;
	return true;
}

DdbNumberFit
ddb_number_check(const char *text, size_t len)
{
	Decimal d;

	if (!parse(&d, text, len))
		return DDB_NUMBER_NOT_DECIMAL;
	if (d.first == NULL)
		return DDB_NUMBER_FITS;
	if (d.exponent > DDB_NUMBER_MAX_EXPONENT)
		return DDB_NUMBER_TOO_LARGE;
	if (d.exponent < DDB_NUMBER_MIN_EXPONENT)
		return DDB_NUMBER_TOO_SMALL;
	return d.ndigits > DDB_NUMBER_MAX_DIGITS ? DDB_NUMBER_TOO_LONG
											 : DDB_NUMBER_FITS;
}

bool
ddb_number_int64(const char *text, size_t len, int64_t *value)
{
	int64_t result = 0;
	Decimal d;

	if (!parse(&d, text, len))
		return false;
	if (d.first == NULL)
	{
		*value = 0;
		return true;
	}
	/* 19 digits are the most that int64 has. */
	if (d.exponent > 18 || d.ndigits > d.exponent + 1)
		return false;
	/* Downwards, as the least int64 has no positive counterpart. */
	for (const char *p = d.first; p <= d.last; p++)
	{
		if (*p != '.' && (__builtin_mul_overflow(result, 10, &result) ||
						  __builtin_sub_overflow(result, *p - '0', &result)))
			return false;
	}
	for (int64_t i = d.ndigits; i <= d.exponent; i++)
	{
		if (__builtin_mul_overflow(result, 10, &result))
			return false;
	}
	if (!d.negative && __builtin_sub_overflow(0, result, &result))
		return false;
	*value = result;
	return true;
}

/* Of two with the same exponent. */
static int
compare_digits(const Decimal *a, const Decimal *b)
{
	const char *p = a->first;
	const char *q = b->first;

	while (p <= a->last && q <= b->last)
	{
		if (*p == '.')
			p++;
		if (*q == '.')
			q++;
		if (*p != *q)
			return *p < *q ? -1 : 1;
		p++;
		q++;
	}
	return (p <= a->last) - (q <= b->last);
}

int
ddb_number_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	Decimal x;
	Decimal y;
	int order;

	(void) parse(&x, a, a_len);
	(void) parse(&y, b, b_len);
	if (x.first == NULL && y.first == NULL)
		return 0;
	if (x.first == NULL)
		return y.negative ? 1 : -1;
	if (y.first == NULL)
		return x.negative ? -1 : 1;
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	if (x.exponent != y.exponent)
		order = x.exponent < y.exponent ? -1 : 1;
	else
		order = compare_digits(&x, &y);
	return x.negative ? -order : order;
}

size_t
ddb_number_normalize(const char *text, size_t len,
					 char out[DDB_NUMBER_NORMAL_LEN])
{
	char *to = out;
	Decimal d;

	if (ddb_number_check(text, len) != DDB_NUMBER_FITS)
		return 0;
	(void) parse(&d, text, len);
	if (d.first == NULL)
	{
		*to = '0';
		return 1;
	}
	if (d.negative)
		*to++ = '-';
	for (const char *p = d.first; p <= d.last; p++)
	{
		if (*p != '.')
			*to++ = *p;
	}
	to +=
		snprintf(to, DDB_NUMBER_NORMAL_LEN - (to - out), "e%d", (int) d.exponent);
	return (size_t) (to - out);
}
