/*
 * number.h
 *		DynamoDB's number: decimal text of up to 38 digits.
 *
 * An N comes and goes as text. Here it is looked at without arithmetic, and
 * turned into machine numbers where it is exactly one.
 */
#ifndef DDB_NUMBER_H
#define DDB_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Developer Guide, "Naming rules and data types", Number */
#define DDB_NUMBER_MAX_DIGITS 38
#define DDB_NUMBER_MIN_EXPONENT (-130) /* of the first significant digit */
#define DDB_NUMBER_MAX_EXPONENT 125

typedef enum DdbNumberFit
{
	DDB_NUMBER_FITS,
	DDB_NUMBER_TOO_LONG,   /* more than 38 significant digits */
	DDB_NUMBER_TOO_LARGE,  /* magnitude of 1E126 or more */
	DDB_NUMBER_TOO_SMALL,  /* not zero, magnitude below 1E-130 */
	DDB_NUMBER_NOT_DECIMAL /* NaN, Infinity, or no number at all */
} DdbNumberFit;

/*
 * Can DynamoDB hold it? Takes what numeric_out and float8out write:
 * [+-]digits[.digits][e[+-]digits]. Zeros at both ends count for nothing.
 */
extern DdbNumberFit ddb_number_check(const char *text, size_t len);

/*
 * The integer that it is: "12", "-12.00" and "1.2e1" are, "1.5" is none. False
 * where it is none or out of int64's range.
 */
extern bool ddb_number_int64(const char *text, size_t len, int64_t *value);

/* Appends the digits that begin at p to those of *sum; returns their end. */
static inline const char *
ddb_number_add_digits(const char *p, const char *end, uint64_t *sum)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		*sum = *sum * 10 + (uint64_t) (*p - '0');
	return p;
}

/*
 * The same in the form that nearly all have: [-]digits[.digits], 19 digits at
 * most. It is *value times 10^-scale. False: it has another form, or is out of
 * range.
 */
static inline bool
ddb_number_plain(const char *text, size_t len, int64_t *value, int *scale)
{
	const char *end = text + len;
	const char *digits = text + (len > 0 && *text == '-');
	uint64_t sum = 0;
	const char *p = ddb_number_add_digits(digits, end, &sum);
	const char *fraction = p;
	long ndigits = p - digits;

	if (p > digits && p < end && *p == '.')
	{
		fraction = p + 1;
		p = ddb_number_add_digits(fraction, end, &sum);
		ndigits += p - fraction;
		if (p == fraction)
			return false;
	}
	/* Up to 19 digits, sum has not overflowed. */
	if (p < end || ndigits == 0 || ndigits > 19 || sum > INT64_MAX)
		return false;
	*value = digits > text ? -(int64_t) sum : (int64_t) sum;
	*scale = (int) (p - fraction);
	return true;
}

/* -1, 0 or 1 as a is less than, equal to or greater than b; both are numbers. */
extern int ddb_number_compare(const char *a, size_t a_len, const char *b,
							  size_t b_len);

/* Sign, 38 digits, "e", exponent */
#define DDB_NUMBER_NORMAL_LEN 48

/*
 * The one text that all forms of a number that fits have in common ("1.0", "1",
 * "0.1e1"), to be compared by bytes. Returns its length, at most
 * DDB_NUMBER_NORMAL_LEN; 0: text is no number that fits.
 */
extern size_t ddb_number_normalize(const char *text, size_t len,
								   char out[DDB_NUMBER_NORMAL_LEN]);

#endif /* DDB_NUMBER_H */
