/*
 * keyorder.c
 *		The order that DynamoDB has its keys in.
 *
 * Numbers by their value, S and B by bytes; of S those of UTF-8. Developer
 * Guide, "Core components", Primary key; "Query", ScanIndexForward
 */
#include "postgres.h"

#include "json.h"
#include "keyorder.h"
#include "number.h"

bool
ddb_keyorder_read(const DdbPage *page, int item, int cell, DdbType type,
				  DdbValue *value)
{
	const DdbCell *found;
	char *plain;
	long len;

	if (cell < 0)
		return false;
	found = ddb_page_cell(page, item, cell);
	value->type = (DdbType) found->type;
	value->text = ddb_page_text(page, found);
	value->len = found->len;
	if (value->type != type)
		return false;
	if (!found->escaped)
		return true;
	plain = palloc(found->len);
	len = ddb_json_unescape(value->text, found->len, plain);
	if (len < 0)
		return false;
	value->text = plain;
	value->len = (size_t) len;
	return true;
}

/* What a character of base64 stands for; the padding comes before all. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/*
 * Bytes by their base64, six bits at a time: bits that the last character has
 * too many are 0.
 */
static int
compare_base64(const DdbValue *a, const DdbValue *b)
{
	size_t len = Min(a->len, b->len);

	for (size_t i = 0; i < len; i++)
	{
		int order = sextet(a->text[i]) - sextet(b->text[i]);

		if (order != 0)
			return order;
	}
	return (a->len > b->len) - (a->len < b->len);
}

int
ddb_keyorder_compare(const DdbValue *a, const DdbValue *b, DdbType type)
{
	int order;

	if (type == DDB_TYPE_N)
		return ddb_number_compare(a->text, a->len, b->text, b->len);
	if (type == DDB_TYPE_B)
		return compare_base64(a, b);
	order = memcmp(a->text, b->text, Min(a->len, b->len));
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}
