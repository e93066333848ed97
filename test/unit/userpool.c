/*
 * userpool.c
 *		What Cognito answers to ListUsers: users with and without names.
 */
#include "userpool.h"

#include "tap.h"

static const char users[] =
	"{\"Users\":[{\"Username\":\"u1\",\"Enabled\":true,\"Attributes\":["
	"{\"Name\":\"email\",\"Value\":\"a@example.com\"},"
	"{\"Name\":\"preferred_username\",\"Value\":\"andrew\"},"
	"{\"Name\":\"sub\",\"Value\":\"5ae290ed\"}],"
	"\"UserCreateDate\":1.79539032E9},"
	"{\"Username\":\"u2\",\"Attributes\":[{\"Name\":\"sub\",\"Value\":\"2\"},"
	"{\"Name\":\"preferred_username\",\"Value\":\"\"}]},"
	"{\"Username\":\"u3\"},"
	"{\"Username\":\"u4\",\"Attributes\":[7,{\"Name\":\"sub\"},{\"Value\":1},"
	"{\"Value\":\"b\\u00e4r\\\"\",\"Name\":\"preferred_username\"}]}],"
	"\"PaginationToken\":\"CAISlAIIARKTAQ==\"}";

/* Decode from a block of exactly its size. */
static bool
decode(DdbPoolPage *page, const char *text, DdbStatus *status)
{
	size_t len = strlen(text);
	char *copy = __real_malloc(len > 0 ? len : 1);
	bool decoded;

	if (copy == NULL)
		abort();
	memcpy(copy, text, len);
	ddb_status_clear(status);
	decoded = ddb_userpool_decode(page, copy, len, status);
	free(copy);
	return decoded;
}

static void
test_users(void)
{
	static const char *const expected[][2] = {
		{"andrew", "5ae290ed"},
		{NULL, "2"},
		{NULL, "u3"},
		{"b\xc3\xa4r\"", "u4"},
	};
	DdbPoolPage page;
	DdbStatus status;

	ok(decode(&page, users, &status), "a page");
	is_int(page.nusers, 4, "of four users");
	for (int i = 0; i < 4 && i < page.nusers; i++)
	{
		is_str(page.users[i].handle, expected[i][0], "a handle, or none");
		is_str(page.users[i].id, expected[i][1], "sub, or else the name");
	}
	is_str(page.token, "CAISlAIIARKTAQ==", "there is another page");
	ddb_userpool_free(&page);
	ddb_userpool_free(&page);
	is_int(page.nusers, 0, "nothing is left");
}

static void
test_empty_pages(void)
{
	DdbPoolPage page;
	DdbStatus status;

	ok(decode(&page, "{\"PaginationToken\":\"a\",\"Users\":[]}", &status) &&
		   page.nusers == 0 && page.token != NULL,
	   "an empty page that is not the last");
	ddb_userpool_free(&page);
	ok(decode(&page, "{\"Users\":[],\"PaginationToken\":null}", &status) &&
		   page.token == NULL,
	   "an empty page that is the last");
	ddb_userpool_free(&page);
	ok(decode(&page, "{\"Users\":[],\"PaginationToken\":\"\"}", &status) &&
		   page.token == NULL,
	   "an empty token leads nowhere");
	ddb_userpool_free(&page);
}

static void
test_refusals(void)
{
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"7",
		"null",
		"{}",
		"{\"Users\":null}",
		"{\"Users\":{}}",
		"{\"Users\":[7]}",
		"{\"Users\":[{\"Attributes\":{}}]}",
		"{\"Users\":[{\"Username\":\"\"}]}",
		"{\"Users\":[{\"Username\":\"a\\u0000b\"}]}",
		"{\"Users\":[{\"Username\":\"\xff\"}]}",
		"{\"Users\":[]} x",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		DdbPoolPage page;
		DdbStatus status;

		ok(!decode(&page, bodies[i], &status) &&
			   status.kind == DDB_STATUS_PROTOCOL && page.nusers == 0 &&
			   page.users == NULL && page.tree == NULL,
		   "refused: %s",
		   bodies[i]);
	}
}

/* Whatever byte is missing or another: no crash, no leak. */
static void
test_damage(void)
{
	char text[sizeof(users)];
	DdbPoolPage page;
	DdbStatus status;
	int decoded = 0;

	for (size_t i = 0; i + 1 < sizeof(users); i++)
	{
		memcpy(text, users, sizeof(users));
		text[i] = '\0';
		decoded += decode(&page, text, &status);
		ddb_userpool_free(&page);
		memcpy(text, users, sizeof(users));
		text[i] ^= 2;
		(void) decode(&page, text, &status);
		ddb_userpool_free(&page);
	}
	is_int(decoded, 0, "no part of a page is a page");
}

static void
test_memory(void)
{
	DdbPoolPage page;
	DdbStatus status;

	tap_fail_alloc(0);
	ok(!decode(&page, users, &status) && tap_alloc_failed() &&
		   status.kind == DDB_STATUS_NO_MEMORY && page.tree == NULL,
	   "users need memory");
}

int
main(void)
{
	test_users();
	test_empty_pages();
	test_refusals();
	test_damage();
	test_memory();
	return tap_done();
}
