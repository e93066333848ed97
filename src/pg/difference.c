/*
 * difference.c
 *		Two states of an item -> the write that leads from one to the other.
 *
 * An update sends the attributes that differ, and has DynamoDB compare these
 * and those that were read with what they were. So nobody's change is lost, and
 * changes of other attributes do not matter.
 */
#include "postgres.h"

#include "difference.h"
#include "itemkey.h"

/*
 * The attribute of that name, or NULL. Two states of an item mostly have their
 * attributes in the same order: look at this place first.
 */
static const DdbItemAttribute *
find_near(const DdbImage *image, const char *name, int place)
{
	if (place < image->nattributes &&
		strcmp(image->attributes[place].name, name) == 0)
		return &image->attributes[place];
	return ddb_image_find(image, name);
}

/* Byte by byte first: what was not touched is the same text. */
static bool
same_value(const DdbItemAttribute *a, const DdbItemAttribute *b)
{
	if (a->json_len == b->json_len && memcmp(a->json, b->json, a->json_len) == 0)
		return true;
	return ddb_image_same_value(a->json, a->json_len, b->json, b->json_len);
}

/* What is to be set, and removed, to make item of base. */
static void
set_changed(DdbWrite *write, const DdbImage *base, const DdbImage *item)
{
	DdbItemAttribute *set =
		palloc((base->nattributes + item->nattributes) * sizeof(*set));
	int n = 0;

	for (int i = 0; i < item->nattributes; i++)
	{
		const DdbItemAttribute *now = &item->attributes[i];
		const DdbItemAttribute *before = find_near(base, now->name, i);

		if (before == NULL || !same_value(before, now))
			set[n++] = *now;
	}
	for (int i = 0; i < base->nattributes; i++)
	{
		const char *name = base->attributes[i].name;

		if (find_near(item, name, i) == NULL)
			set[n++] = (DdbItemAttribute){.name = name};
	}
	write->set = set;
	write->nset = n;
}

static bool
contains(const DdbItemAttribute *attributes, int nattributes, const char *name)
{
	for (int i = 0; i < nattributes; i++)
	{
		if (strcmp(attributes[i].name, name) == 0)
			return true;
	}
	return false;
}

/* An attribute shall be as base has it, or lacks it. */
static void
expect_value(DdbWrite *write, DdbItemAttribute *expected, const DdbImage *base,
			 const char *name)
{
	const DdbItemAttribute *found;

	if (contains(expected, write->nexpected, name))
		return;
	found = ddb_image_find(base, name);
	expected[write->nexpected++] =
		found != NULL ? *found : (DdbItemAttribute){.name = name};
}

/* The key is given by the write itself; DynamoDB compares nothing with it. */
static void
set_expected(DdbWrite *write, const DdbWriteTable *table,
			 const DdbDifference *difference, const DdbImage *base)
{
	DdbItemAttribute *expected =
		palloc((difference->nread + write->nset) * sizeof(*expected));

	write->expected = expected;
	for (int i = 0; i < difference->nread; i++)
	{
		if (!ddb_itemkey_is_key(table, difference->read[i]))
			expect_value(write, expected, base, difference->read[i]);
	}
	for (int i = 0; i < write->nset; i++)
		expect_value(write, expected, base, write->set[i].name);
}

static void
set_key(DdbWrite *write, const DdbWriteTable *table, const DdbImage *image)
{
	DdbKeyText key = ddb_itemkey_write(image, table);

	write->key = key.text;
	write->key_len = key.len;
}

static void
make_put(DdbWrite *write, const DdbWriteTable *table,
		 const DdbDifference *difference)
{
	write->kind = DDB_WRITE_PUT;
	write->item = difference->item;
	write->item_len = difference->item_len;
	set_key(write, table, ddb_itemkey_parse(write->item, write->item_len));
}

bool
ddb_difference_write(const DdbWriteTable *table,
					 const DdbDifference *difference, DdbWrite *write)
{
	bool present = difference->expect == DDB_EXPECT_PRESENT;
	const DdbImage *base = NULL;

	if (difference->item == NULL && difference->expect == DDB_EXPECT_ABSENT)
		return false;
	*write = (DdbWrite){.table = table->table,
						.key_name = table->key_names[0],
						.expect = difference->expect};
	if (present || difference->item == NULL)
		base = ddb_itemkey_parse(difference->base, difference->base_len);

	if (difference->item == NULL)
	{
		write->kind = DDB_WRITE_DELETE;
		set_key(write, table, base);
	}
	else if (!present || difference->whole)
		make_put(write, table, difference);
	else
	{
		write->kind = DDB_WRITE_UPDATE;
		set_key(write, table, base);
		set_changed(write,
					base,
					ddb_itemkey_parse(difference->item, difference->item_len));
		if (write->nset == 0)
			return false;
	}
	if (present)
		set_expected(write, table, difference, base);
	return true;
}
