/*
 * userpool.c
 *		The users of a Cognito user pool, page by page.
 *
 * API reference: Amazon Cognito user pools, ListUsers. Answers are small, sixty
 * users at most, so they are read by way of jansson's tree.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "userpool.h"
#include "writer.h"

#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number

DdbCall *
ddb_userpool_list(DdbClient *client, const char *pool, const char *token)
{
	static const char limit[] = TEXT_OF(DDB_USERPOOL_PAGE_USERS);
	DdbText json = {0};

	ddb_writer_open(&json, NULL, '{');
	ddb_writer_string(&json, "UserPoolId", pool, strlen(pool));
	ddb_writer_verbatim(&json, "Limit", limit, strlen(limit));
	if (token != NULL)
		ddb_writer_string(&json, "PaginationToken", token, strlen(token));
	ddb_writer_close(&json, '}');
	return ddb_call_start(client, "ListUsers", NULL, json.data, json.len, true);
}

/* A member that is a string and has something in it; else NULL. */
static const char *
string_member(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *
attribute(const json_t *user, const char *name)
{
	const json_t *attributes = json_object_get(user, "Attributes");

	/* Of what is no array the size is 0. */
	for (size_t i = 0; i < json_array_size(attributes); i++)
	{
		const json_t *pair = json_array_get(attributes, i);
		const char *its_name = string_member(pair, "Name");

		if (its_name != NULL && strcmp(its_name, name) == 0)
			return string_member(pair, "Value");
	}
	return NULL;
}

static bool
malformed(DdbStatus *status, const char *what)
{
	return ddb_status_set(status, DDB_STATUS_PROTOCOL, "the list of users %s", what);
}

static bool
take_users(DdbPoolPage *page, const json_t *list, DdbStatus *status)
{
	size_t nusers = json_array_size(list);

	if (!json_is_array(list))
		return malformed(status, "has no member \"Users\" that is an array");
	page->users = malloc((nusers > 0 ? nusers : 1) * sizeof(*page->users));
	if (page->users == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < nusers; i++)
	{
		const json_t *user = json_array_get(list, i);
		DdbPoolUser *taken = &page->users[i];

		taken->handle = attribute(user, "preferred_username");
		taken->id = attribute(user, "sub");
		if (taken->id == NULL)
			taken->id = string_member(user, "Username");
		if (taken->id == NULL)
			return malformed(status, "has a user without a name");
	}
	page->nusers = (int) nusers;
	return true;
}

bool
ddb_userpool_decode(DdbPoolPage *page, const char *body, size_t len,
					DdbStatus *status)
{
	json_error_t error;
	json_t *tree = json_loadb(body, len, 0, &error);

	memset(page, 0, sizeof(*page));
	if (tree == NULL)
		return json_error_code(&error) == json_error_out_of_memory
				   ? ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory")
				   : malformed(status, "is not JSON");
	page->tree = tree;
	page->token = string_member(tree, "PaginationToken");
	if (take_users(page, json_object_get(tree, "Users"), status))
		return true;
	ddb_userpool_free(page);
	return false;
}

void
ddb_userpool_free(DdbPoolPage *page)
{
	free(page->users);
	json_decref(page->tree);
	memset(page, 0, sizeof(*page));
}
