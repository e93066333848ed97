/*
 * profile_suite.c
 *		The SDKs' cases of profile files: their grammar, and where they are.
 */
#include <jansson.h>

#include "chain.h"
#include "profile.h"
#include "tap.h"
#include "fakehost.h"
#include "suite.h"

static bool
has_properties(const DdbSection *section, json_t *expected)
{
	int n = 0;

	for (int i = 0; i < section->nproperties; i++)
	{
		const DdbProperty *property = &section->properties[i];
		const char *value =
			json_string_value(json_object_get(expected, property->key));

		if (value == NULL || strcmp(value, property->value) != 0)
			return false;
		n++;
	}
	return n == (int) json_object_size(expected);
}

/* Are the sections of this kind those that the case wants, and no others? */
static bool
has_sections(const DdbProfiles *profiles, DdbSectionKind kind, json_t *expected)
{
	int n = 0;

	for (int i = 0; i < profiles->nsections; i++)
	{
		const DdbSection *section = &profiles->sections[i];
		json_t *wanted = json_object_get(expected, section->name);

		if (section->kind != kind)
			continue;
		if (wanted == NULL || !has_properties(section, wanted))
			return false;
		n++;
	}
	return n == (int) json_object_size(expected);
}

static bool
parses_as(json_t *input, json_t *output)
{
	const char *error = suite_str(output, "errorContaining");
	json_t *config = json_object_get(output, "config");
	DdbProfiles *profiles = calloc(1, sizeof(*profiles));
	DdbStatus status;
	bool passed;

	ddb_status_clear(&status);
	if (ddb_profile_add(profiles, "c", true, suite_str(input, "configFile"), &status) &&
		ddb_profile_add(profiles,
						"s",
						false,
						suite_str(input, "credentialsFile"),
						&status))
		passed = config != NULL &&
				 has_sections(profiles,
							  DDB_SECTION_PROFILE,
							  json_object_get(config, "profiles")) &&
				 has_sections(profiles,
							  DDB_SECTION_SSO_SESSION,
							  json_object_get(config, "sso_sessions"));
	else
		passed = *error != '\0' && status.kind == DDB_STATUS_AUTH &&
				 strstr(status.message, error) != NULL;
	if (!passed)
		printf("# message: %s\n", status.message);
	ddb_profile_free(profiles);
	return passed;
}

static void
test_grammar(void)
{
	Suite suite;
	size_t i;
	json_t *test;

	suite_open(&suite, "credentials-tests/profile-parser-tests.json");
	json_array_foreach(json_object_get(suite.json, "tests"), i, test)
	{
		bool passed = parses_as(json_object_get(test, "input"),
								json_object_get(test, "output"));

		ok(passed, "%s", suite_str(test, "name"));
		suite_count(&suite, passed);
	}
	suite_close(&suite, 65);
}

/* A file of the case, which the selected profile alone has this property of. */
static void
write_file(const FakeHost *fake, json_t *test, const char *key, const char *format)
{
	const char *profile = suite_str(test, "profile");
	char text[500];

	snprintf(text, sizeof(text), format, *profile ? profile : "default");
	fakehost_write(fake, suite_str(test, key), text);
}

/* The files of the case are found if the chain has what is in them. */
static bool
finds_files(json_t *test)
{
	FakeHost fake;
	DdbStatus status;
	DdbChain *chain;
	const char *name;
	json_t *value;
	bool passed;

	ddb_status_clear(&status);
	fakehost_open(&fake);
	json_object_foreach(json_object_get(test, "environment"), name, value)
		fakehost_set(&fake, name, json_string_value(value));
	write_file(&fake, test, "configLocation", "[profile %s]\nregion = here");
	write_file(&fake,
			   test,
			   "credentialsLocation",
			   "[%s]\naws_access_key_id = id\naws_secret_access_key = secret");
	chain = ddb_chain_resolve(&fake.host, NULL, &status);
	passed = chain != NULL && chain->region != NULL &&
			 chain->source == DDB_SOURCE_KEYS &&
			 strcmp(chain->region, "here") == 0;
	if (!passed)
		printf("# message: %s\n", status.message);
	ddb_chain_free(chain);
	fakehost_close(&fake);
	return passed;
}

static void
test_locations(void)
{
	Suite suite;
	size_t i;
	json_t *test;

	suite_open(&suite, "credentials-tests/file-location-tests.json");
	json_array_foreach(json_object_get(suite.json, "tests"), i, test)
	{
		const char *name = suite_str(test, "name");
		bool passed;

		if (strcmp(suite_str(test, "platform"), "linux") != 0)
		{
			suite_leave_out(&suite, name, "not of Linux");
			continue;
		}
		passed = finds_files(test);
		ok(passed, "%s", name);
		suite_count(&suite, passed);
	}
	suite_close(&suite, 9);
}

int
main(void)
{
	test_grammar();
	test_locations();
	return tap_done();
}
