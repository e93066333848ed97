/*
 * chain_suite.c
 *		The SDKs' cases of roles in profiles, and of a container's endpoint.
 */
#include <jansson.h>

#include "chain.h"
#include "tap.h"
#include "fakehost.h"
#include "suite.h"

/* The suite's words for a fault, and ours. */
static const char *const faults[][2] = {
	{"profile must contain `source_profile`",
	 "has role_arn, but neither source_profile nor credential_source"},
	{"profile contained both source_profile and credential_source",
	 "has both source_profile and credential_source"},
	{"profile missing aws_secret_access_key",
	 "profile \"B\" has aws_access_key_id, but no aws_secret_access_key"},
	{"profile missing aws_access_key_id",
	 "profile \"B\" has aws_secret_access_key, but no aws_access_key_id"},
	{"profile `B` did not contain credential information",
	 "profile \"B\" has no credentials"},
	{"profile `A` did not contain credential information",
	 "profile \"A\" has no credentials"},
	{"could not find source profile B referenced from A",
	 "profile \"B\" does not exist; it is the source_profile of \"A\""},
	{"No profiles were defined",
	 "profile \"A\" does not exist in the host's AWS config and credentials "
	 "files"},
	{"profile formed an infinite loop",
	 "profile \"A\" is in a loop of source_profile"},
	{"`role_arn` was missing", "has web_identity_token_file, but no role_arn"},
	{"No environment variables were set to configure ECS provider",
	 "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
	 "AWS_CONTAINER_CREDENTIALS_FULL_URI are not set"},
	{"URI did not specify a host", "URI did not specify a host"},
};

/* Is it the fault that the case wants? */
static bool
is_fault(const DdbStatus *status, const char *wanted)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		if (strcmp(faults[i][0], wanted) == 0)
			return status->kind == DDB_STATUS_AUTH &&
				   strstr(status->message, faults[i][1]) != NULL;
	}
	return false;
}

static void
write_section(FILE *file, const char *prefix, json_t *sections)
{
	const char *name;
	const char *key;
	json_t *section;
	json_t *value;

	json_object_foreach(sections, name, section)
	{
		fprintf(file, "[%s %s]\n", prefix, name);
		json_object_foreach(section, key, value)
			fprintf(file, "%s = %s\n", key, json_string_value(value));
	}
}

static void
write_profiles(const FakeHost *fake, json_t *input)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	write_section(file, "profile", json_object_get(input, "profiles"));
	write_section(file, "sso-session", json_object_get(input, "sso_sessions"));
	fclose(file);
	fakehost_write(fake, "/home/.aws/config", text);
	free(text);
}

/* Has the object this string, or neither? */
static bool
has(json_t *object, const char *key, const char *value)
{
	const char *wanted = json_string_value(json_object_get(object, key));

	return wanted == value ||
		   (wanted != NULL && value != NULL && strcmp(wanted, value) == 0);
}

static bool
is_role(json_t *wanted, const DdbRole *role)
{
	return has(wanted, "role_arn", role->arn) &&
		   has(wanted, "external_id", role->external_id) &&
		   has(wanted, "role_session_name", role->session_name);
}

static bool
is_source(json_t *wanted, const DdbChain *chain)
{
	json_t *keys = json_object_get(wanted, "AccessKey");
	json_t *token = json_object_get(wanted, "WebIdentityToken");

	if (keys != NULL)
		return chain->source == DDB_SOURCE_KEYS &&
			   has(keys, "access_key_id", chain->access_key_id) &&
			   has(keys, "secret_access_key", chain->secret_access_key) &&
			   has(keys, "session_token", chain->session_token);
	if (token != NULL)
		return chain->source == DDB_SOURCE_WEB_IDENTITY &&
			   has(token, "web_identity_token_file", chain->token_file) &&
			   is_role(token, &chain->web_role);
	return has(wanted, "NamedSource", "Ec2InstanceMetadata") &&
		   chain->source == DDB_SOURCE_IMDS;
}

static bool
is_chain(json_t *wanted, const DdbChain *chain)
{
	if ((int) json_array_size(wanted) != chain->nroles + 1 ||
		!is_source(json_array_get(wanted, 0), chain))
		return false;
	for (int i = 0; i < chain->nroles; i++)
	{
		json_t *role = json_object_get(json_array_get(wanted, (size_t) i + 1),
									   "AssumeRole");

		if (role == NULL || !is_role(role, &chain->roles[i]))
			return false;
	}
	return true;
}

/* Of SSO nothing is supported but to say so. */
static bool
is_of_sso(json_t *test)
{
	return strstr(suite_str(test, "docs"), "SSO ") != NULL;
}

static bool
resolves(json_t *test)
{
	json_t *input = json_object_get(test, "input");
	json_t *output = json_object_get(test, "output");
	FakeHost fake;
	DdbStatus status;
	DdbChain *chain;
	bool passed;

	ddb_status_clear(&status);
	fakehost_open(&fake);
	fakehost_set(&fake, "HOME", "/home");
	write_profiles(&fake, input);
	chain = ddb_chain_resolve(&fake.host,
							  suite_str(input, "selected_profile"),
							  &status);
	if (is_of_sso(test))
		passed = chain == NULL && status.kind == DDB_STATUS_AUTH &&
				 strncmp(status.message, "profile \"A\" has sso_", 19) == 0 &&
				 strstr(status.message, "not supported") != NULL;
	else if (chain != NULL)
		passed = is_chain(json_object_get(output, "ProfileChain"), chain);
	else
		passed = is_fault(&status, suite_str(output, "Error"));
	if (!passed)
		printf("# message: %s\n", status.message);
	ddb_chain_free(chain);
	fakehost_close(&fake);
	return passed;
}

static void
test_roles(void)
{
	Suite suite;
	size_t i;
	json_t *test;

	suite_open(&suite, "credentials-tests/assume-role-tests.json");
	json_array_foreach(suite.json, i, test)
	{
		bool passed = resolves(test);
		const char *docs = suite_str(test, "docs");

		ok(passed, "%s%s", docs, is_of_sso(test) ? ": not supported" : "");
		if (is_of_sso(test))
			suite_leave_out(&suite, docs, "not supported, and the error says so");
		else
			suite_count(&suite, passed);
	}
	suite_close(&suite, 28);
}

static bool
finds_container(json_t *test)
{
	json_t *result = json_object_get(test, "result");
	FakeHost fake;
	DdbStatus status;
	DdbChain *chain;
	const char *name;
	json_t *value;
	bool passed;

	ddb_status_clear(&status);
	fakehost_open(&fake);
	json_object_foreach(json_object_get(test, "env"), name, value)
		fakehost_set(&fake, name, json_string_value(value));
	/* The container alone, so that nothing before or behind it is taken. */
	fakehost_set(&fake, "HOME", "/home");
	fakehost_write(&fake,
				   "/home/.aws/config",
				   "[default]\ncredential_source = EcsContainer\n");
	chain = ddb_chain_resolve(&fake.host, NULL, &status);
	if (chain != NULL)
		passed = chain->source == DDB_SOURCE_CONTAINER &&
				 has(result, "Ok", chain->container_url);
	else
		passed = is_fault(&status, suite_str(result, "ErrorContains"));
	if (!passed)
		printf("# message: %s\n", status.message);
	ddb_chain_free(chain);
	fakehost_close(&fake);
	return passed;
}

static void
test_container(void)
{
	Suite suite;
	size_t i;
	json_t *test;

	suite_open(&suite, "credentials-tests/ecs-tests.json");
	json_array_foreach(json_object_get(suite.json, "tests"), i, test)
	{
		bool passed = finds_container(test);

		ok(passed, "%s", suite_str(test, "docs"));
		suite_count(&suite, passed);
	}
	suite_close(&suite, 11);
}

int
main(void)
{
	test_roles();
	test_container();
	return tap_done();
}
