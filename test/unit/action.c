/*
 * action.c
 *		What a request says of the write of one item.
 */
#include "action.h"

#include "tap.h"

#define JSON(text) text, sizeof(text) - 1

static const DdbItemAttribute new_values[] = {
	{"a", JSON("{\"N\":\"1\"}")},
	{"b\"", NULL, 0},
	{"c", JSON("{\"L\":[]}")},
	{"d", NULL, 0},
};
static const DdbItemAttribute old_values[] = {
	{"c", NULL, 0},
	{"x", JSON("{\"NULL\":true}")},
	{"pk", JSON("{\"S\":\"p\"}")},
	{"b\"", JSON("{\"SS\":[\"1\"]}")},
	{"y", NULL, 0},
};

#define ITEM "{\"pk\":{\"S\":\"p\"}, \"a\":{\"M\":{}}}"
#define KEY "{\"pk\" :{\"S\":\"p\"}}"
#define IS_PRESENT                                                             \
	"\"ConditionExpression\":\"attribute_exists(#k) AND "                      \
	"attribute_not_exists(#0) AND #1=:1 AND #k=:2 AND #3=:3 AND "              \
	"attribute_not_exists(#4)\","
#define OLD_NAMES                                                              \
	"\"#k\":\"pk\",\"#0\":\"c\",\"#1\":\"x\",\"#3\":\"b\\\"\",\"#4\":\"y\""
#define OLD_MARKS                                                              \
	"\":1\":{\"NULL\":true},\":2\":{\"S\":\"p\"},\":3\":{\"SS\":[\"1\"]}"

static const struct
{
	DdbWrite write;
	const char *members;
} writes[] = {
	{{.kind = DDB_WRITE_PUT,
	  .key_name = "pk",
	  .item = ITEM,
	  .item_len = sizeof(ITEM) - 1},
	 "\"Item\":" ITEM},
	{{.kind = DDB_WRITE_PUT,
	  .key_name = "p\"k",
	  .item = ITEM " and beyond",
	  .item_len = sizeof(ITEM) - 1,
	  .expect = DDB_EXPECT_ABSENT},
	 "\"Item\":" ITEM ",\"ConditionExpression\":\"attribute_not_exists(#k)\","
	 "\"ExpressionAttributeNames\":{\"#k\":\"p\\\"k\"}"},
	{{.kind = DDB_WRITE_PUT,
	  .key_name = "pk",
	  .item = ITEM,
	  .item_len = sizeof(ITEM) - 1,
	  .expect = DDB_EXPECT_PRESENT,
	  .expected = old_values,
	  .nexpected = 5},
	 "\"Item\":" ITEM "," IS_PRESENT "\"ExpressionAttributeNames\":{" OLD_NAMES
	 "},\"ExpressionAttributeValues\":{" OLD_MARKS "}"},
	{{.kind = DDB_WRITE_UPDATE,
	  .key_name = "pk",
	  .key = KEY,
	  .key_len = sizeof(KEY) - 1,
	  .set = new_values,
	  .nset = 4,
	  .expect = DDB_EXPECT_PRESENT,
	  .expected = old_values,
	  .nexpected = 5},
	 "\"Key\":" KEY
	 ",\"UpdateExpression\":\"SET #5=:5,#0=:7 REMOVE #3,#8\"," IS_PRESENT
	 "\"ExpressionAttributeNames\":{" OLD_NAMES
	 ",\"#5\":\"a\",\"#8\":\"d\"},\"ExpressionAttributeValues\":{" OLD_MARKS
	 ",\":5\":{\"N\":\"1\"},\":7\":{\"L\":[]}}"},
	{{.kind = DDB_WRITE_UPDATE,
	  .key_name = "pk",
	  .key = KEY,
	  .key_len = sizeof(KEY) - 1,
	  .set = new_values + 1,
	  .nset = 1,
	  .expect = DDB_EXPECT_PRESENT},
	 "\"Key\":" KEY ",\"UpdateExpression\":\"REMOVE #0\","
	 "\"ConditionExpression\":\"attribute_exists(#k)\","
	 "\"ExpressionAttributeNames\":{\"#k\":\"pk\",\"#0\":\"b\\\"\"}"},
	{{.kind = DDB_WRITE_UPDATE,
	  .key_name = "pk",
	  .key = KEY,
	  .key_len = sizeof(KEY) - 1,
	  .set = new_values,
	  .nset = 1},
	 "\"Key\":" KEY ",\"UpdateExpression\":\"SET #0=:0\","
	 "\"ExpressionAttributeNames\":{\"#0\":\"a\"},"
	 "\"ExpressionAttributeValues\":{\":0\":{\"N\":\"1\"}}"},
	{{.kind = DDB_WRITE_DELETE,
	  .key_name = "pk",
	  .key = KEY,
	  .key_len = sizeof(KEY) - 1,
	  .expect = DDB_EXPECT_PRESENT,
	  .expected = old_values + 1,
	  .nexpected = 1},
	 "\"Key\":" KEY ",\"ConditionExpression\":\"attribute_exists(#k) AND "
	 "#0=:0\",\"ExpressionAttributeNames\":{\"#k\":\"pk\",\"#0\":\"x\"},"
	 "\"ExpressionAttributeValues\":{\":0\":{\"NULL\":true}}"},
	{{.kind = DDB_WRITE_DELETE,
	  .key_name = "pk",
	  .key = KEY,
	  .key_len = sizeof(KEY) - 1},
	 "\"Key\":" KEY},
};

/* The members of a write as a request has them; malloc'd. */
static char *
members_of(const DdbWrite *write)
{
	DdbText json = {0};
	DdbStatus status;

	ddb_action_add(&json, write);
	return ddb_text_finish(&json, &status);
}

static void
test_members(void)
{
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
	{
		char *members = members_of(&writes[i].write);

		is_str(members, writes[i].members, "a write");
		free(members);
	}
}

/*
 * Of 250 attributes, each expected and set, no expression has more than 4 KB.
 */
static void
test_long_expressions(void)
{
	DdbItemAttribute attributes[250];
	char names[250][16];
	DdbWrite write = {.kind = DDB_WRITE_UPDATE,
					  .key_name = "pk",
					  .key = KEY,
					  .key_len = sizeof(KEY) - 1,
					  .set = attributes,
					  .nset = 250,
					  .expect = DDB_EXPECT_PRESENT,
					  .expected = attributes,
					  .nexpected = 250};
	char *members;
	size_t update_len;
	size_t condition_len;

	for (int i = 0; i < 250; i++)
	{
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		attributes[i] = (DdbItemAttribute){names[i], JSON("{\"S\":\"\"}")};
	}
	members = members_of(&write);
	update_len = strcspn(strstr(members, "\"SET ") + 1, "\"");
	condition_len = strcspn(strstr(members, "\"attribute_exists") + 1, "\"");
	ok(update_len > 2000 && update_len <= 4096, "SET of %zu bytes", update_len);
	ok(condition_len > 2000 && condition_len <= 4096,
	   "a condition of %zu bytes",
	   condition_len);
	free(members);
}

int
main(void)
{
	test_members();
	test_long_expressions();
	return tap_done();
}
