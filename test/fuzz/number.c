/*
 * number.c
 *		Any two texts at all as numbers.
 *
 * What fits has a normal form; the readers of integers say the same; two numbers
 * compare in both directions alike, and are equal where their normal forms are.
 */
#include <stdio.h>

#include "check.h"
#include "number.h"

typedef struct Number
{
	const char *text;
	size_t len;
	DdbNumberFit fit;
	size_t normal_len;
	char normal[DDB_NUMBER_NORMAL_LEN];
} Number;

static void
check_int64(const Number *number)
{
	char text[32];
	int64_t value;
	int len;

	if (!ddb_number_int64(number->text, number->len, &value))
		return;
	CHECK(number->fit == DDB_NUMBER_FITS);
	len = snprintf(text, sizeof(text), "%lld", (long long) value);
	CHECK(ddb_number_compare(number->text, number->len, text, (size_t) len) == 0);
}

static void
check_plain(const Number *number)
{
	char text[40];
	int64_t value;
	int64_t whole;
	int scale;
	int len;

	if (!ddb_number_plain(number->text, number->len, &value, &scale))
		return;
	CHECK(number->fit == DDB_NUMBER_FITS && scale >= 0 && scale < 19);
	len = snprintf(text, sizeof(text), "%llde-%d", (long long) value, scale);
	CHECK(ddb_number_compare(number->text, number->len, text, (size_t) len) == 0);
	CHECK(scale > 0 || (ddb_number_int64(number->text, number->len, &whole) &&
						whole == value));
}

static void
check_one(Number *number, const char *text, size_t len)
{
	number->text = text;
	number->len = len;
	number->fit = ddb_number_check(text, len);
	number->normal_len = ddb_number_normalize(text, len, number->normal);
	CHECK(number->normal_len <= DDB_NUMBER_NORMAL_LEN);
	CHECK((number->normal_len > 0) == (number->fit == DDB_NUMBER_FITS));
	check_int64(number);
	check_plain(number);
}

static void
check_two(const Number *a, const Number *b)
{
	int order;

	if (a->fit == DDB_NUMBER_NOT_DECIMAL || b->fit == DDB_NUMBER_NOT_DECIMAL)
		return;
	order = ddb_number_compare(a->text, a->len, b->text, b->len);
	CHECK(order >= -1 && order <= 1);
	CHECK(ddb_number_compare(b->text, b->len, a->text, a->len) == -order);
	CHECK(ddb_number_compare(a->text, a->len, a->text, a->len) == 0);
	if (a->fit != DDB_NUMBER_FITS || b->fit != DDB_NUMBER_FITS)
		return;
	CHECK((order == 0) == (a->normal_len == b->normal_len &&
						   memcmp(a->normal, b->normal, a->normal_len) == 0));
}

/* A space, if there is one, stands between them. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *space = size > 0 ? memchr(data, ' ', size) : NULL;
	size_t a_len = space ? (size_t) (space - data) : size;
	size_t b_len = space ? size - a_len - 1 : 0;
	char *a_text = exact_copy(data, a_len);
	char *b_text = exact_copy(space ? space + 1 : data, b_len);
	Number a;
	Number b;

	check_one(&a, a_text, a_len);
	check_one(&b, b_text, b_len);
	check_two(&a, &b);
	free(a_text);
	free(b_text);
	return 0;
}
