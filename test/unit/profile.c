/*
 * profile.c
 *		Profiles: the grammar's main rules, and what the SDKs' suite leaves out.
 */
#include "profile.h"
#include "tap.h"
#include "fakehost.h"
#include "wiped.h"

static DdbProfiles *
parse(const char *config, const char *credentials, DdbStatus *status)
{
	DdbProfiles *profiles = calloc(1, sizeof(*profiles));

	ddb_status_clear(status);
	if (profiles == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	if (ddb_profile_add(profiles, "config", true, config, status) &&
		ddb_profile_add(profiles, "credentials", false, credentials, status))
		return profiles;
	ddb_profile_free(profiles);
	return NULL;
}

static void
check_refused(const char *config, const char *message)
{
	DdbStatus status;
	DdbProfiles *profiles = parse(config, "", &status);

	ok(profiles == NULL && status.kind == DDB_STATUS_AUTH, "refused");
	is_str(status.message, message, "with file, line and reason");
	ddb_profile_free(profiles);
}

static void
check_value(const char *config, const char *credentials, const char *profile,
			const char *expected)
{
	DdbStatus status;
	DdbProfiles *profiles = parse(config, credentials, &status);

	is_str(profiles != NULL ? ddb_profile_get(profiles, profile, "a")
							: status.message,
		   expected,
		   config);
	ddb_profile_free(profiles);
}

static void
test_grammar(void)
{
	check_value("[default]\na = 1", "", "default", "1");
	check_value("[profile default]\na = 1\n[default]\na=2", "", "default", "1");
	check_value("[default]\na = 2\n[profile default]\na=1", "", "default", "1");
	check_value("[default]\na = 2\n[profile default]\nb=1", "", "default", NULL);
	check_value("[profile b]\na = 1\n[profile b]\n 2",
				"",
				"b",
				"could not parse profile file \"config\", line 4: Expected a "
				"property definition, found continuation");
	check_value("[profile default]\na = 1", "[default]\na=2", "default", "2");
	check_value("[b]\na = 1", "", "b", NULL);
	check_value("[profile b]\na = 1\n[profile b]\na=2", "", "b", "2");
	check_value("", "[profile b]\na = 1", "b", NULL);
	check_value("[ profile\tb ]; c\n A = 1",
				"",
				"b",
				"could not parse profile file \"config\", line 2: Expected a "
				"property definition, found continuation");
	check_value("[profile b]\nA = x=1;2 ;3\n 4 ;5\t\r\n", "", "b", "x=1;2\n4 ;5");
	check_value(" a = 1",
				"",
				"b",
				"could not parse profile file \"config\", line 1: Expected a "
				"profile definition, found continuation");
	check_value("[profile b]\na =\n c",
				"",
				"b",
				"could not parse profile file \"config\", line 3: Expected an "
				"'=' sign defining a sub-property");
	check_value("[profile b]\na =\n = c",
				"",
				"b",
				"could not parse profile file \"config\", line 3: "
				"Sub-property did not have a name");
	check_value("[profile b]\n= c",
				"",
				"b",
				"could not parse profile file \"config\", line 2: Property did "
				"not have a name");
	check_value("a = 1",
				"",
				"b",
				"could not parse profile file \"config\", line 1: Expected a "
				"profile definition");
}

static void
test_wiped(void)
{
	const char *secret = "a/secret/access/key/of/forty/characters/";
	char text[100];
	DdbStatus status;
	DdbProfiles *profiles;
	uintptr_t first, second;

	snprintf(text, sizeof(text), "[b]\na = %s\n x\nb = %s", secret, secret);
	profiles = parse("", text, &status);
	first = (uintptr_t) profiles->sections[0].properties[0].value;
	second = (uintptr_t) profiles->sections[0].properties[1].value;
	ok(ddb_profile_add(profiles, "again", false, "[b]\na = 1", &status),
	   "another value");
	ok(is_wiped(first, strlen(secret)), "the one before is wiped");
	ddb_profile_free(profiles);
	ok(is_wiped(second, strlen(secret)), "and all in the end");
}

static void
test_get(void)
{
	DdbStatus status;
	DdbProfiles *profiles = parse("[profile a]\nRegion = x\nempty =\n"
								  "  # a comment, not a continuation\n"
								  "bad name = y\n a = continued\n"
								  "[profile bad name]\nkey = y\n -continued\n"
								  "[profile]\nkey = y\n[]\nkey = z",
								  "[b]\nregion = y\n",
								  &status);

	is_str(ddb_profile_get(profiles, "a", "region"), "x", "any case of a key");
	is_str(ddb_profile_get(profiles, "a", "empty"), NULL, "an empty value");
	is_str(ddb_profile_get(profiles, "a", "none"), NULL, "no such property");
	is_str(ddb_profile_get(profiles, "none", "region"), NULL, "no such profile");
	is_str(ddb_profile_get(profiles, "b", "region"), "y", "credentials file");
	is_int(profiles->nsections, 2, "heads without a valid name are none");
	ddb_profile_free(profiles);
	ddb_profile_free(NULL);
}

static void
is_service(const DdbProfiles *profiles, const char *profile,
		   const char *service, const char *expected, const char *what)
{
	size_t len = 0;
	const char *value =
		ddb_profile_service_get(profiles, profile, service, "endpoint_url", &len);
	char text[100];

	if (value != NULL)
		snprintf(text, sizeof(text), "%.*s", (int) len, value);
	is_str(value != NULL ? text : NULL, expected, what);
}

static void
test_services(void)
{
	DdbStatus status;
	DdbProfiles *profiles =
		parse("[profile a]\nservices = mine\n[profile b]\nservices = other\n"
			  "[profile c]\n[services mine]\nsts =\n  region = z\n"
			  "  # endpoint_url = http://no\n"
			  "  endpoint_url = http://sts # why\n"
			  "dynamodb =\n  endpoint_url = http://ddb/=x\n"
			  "dynamodb_streams = flat\ncognito =\n  endpoint_url =\n",
			  "",
			  &status);

	is_service(profiles, "a", "sts", "http://sts", "comments are not in it");
	is_service(profiles, "a", "dynamodb", "http://ddb/=x", "the last line");
	is_service(profiles, "a", "dynamodb_streams", NULL, "no sub-properties");
	is_service(profiles, "a", "cognito", NULL, "an empty one");
	is_service(profiles, "a", "s3", NULL, "no such service");
	is_service(profiles, "b", "sts", NULL, "no such section");
	is_service(profiles, "c", "sts", NULL, "no services named");
	ddb_profile_free(profiles);
}

static void
test_messages(void)
{
	check_refused("\n[profile a]\n# c\nsecret",
				  "could not parse profile file \"config\", line 4: Expected an "
				  "'=' sign defining a property");
	check_refused("[profile a]\r\n[b",
				  "could not parse profile file \"config\", line 2: Profile "
				  "definition must end with ']'");
	check_refused("[",
				  "could not parse profile file \"config\", line 1: Profile "
				  "definition must end with ']'");
	check_refused("[#]",
				  "could not parse profile file \"config\", line 1: Profile "
				  "definition must end with ']'");
}

/* What takes long to look up is not taken. */
static void
test_limits(void)
{
	char *text = malloc(200000);
	size_t len = 0;
	DdbStatus status;
	DdbProfiles *profiles;

	for (int i = 0; i < 10000; i++)
		len += (size_t) sprintf(text + len, "[profile p%d]\n", i);
	profiles = parse(text, "", &status);
	ok(profiles != NULL, "10000 profiles");
	ddb_profile_free(profiles);
	strcpy(text + len, "[profile p10000]");
	check_refused(text,
				  "could not parse profile file \"config\", line 10001: there "
				  "are too many sections or properties");
	len = (size_t) sprintf(text, "[profile a]\nb = c");
	for (int i = 0; i < 8191; i++)
		len += (size_t) sprintf(text + len, "\n d");
	profiles = parse(text, "", &status);
	ok(profiles != NULL, "8192 lines of one value");
	ddb_profile_free(profiles);
	strcpy(text + len, "\n ddd");
	check_refused(text,
				  "could not parse profile file \"config\", line 8194: the "
				  "value is too long");
	free(text);
}

static void
test_load(void)
{
	FakeHost fake;
	DdbStatus status;
	DdbProfiles *profiles;

	ddb_status_clear(&status);
	fakehost_open(&fake);
	profiles = ddb_profile_load(&fake.host, &status);
	ok(profiles != NULL && profiles->nsections == 0 && status.kind == DDB_OK,
	   "without a HOME there are no files");
	ddb_profile_free(profiles);

	fakehost_set(&fake, "HOME", "/home/us");
	fakehost_set(&fake, "AWS_CONFIG_FILE", "~/conf");
	profiles = ddb_profile_load(&fake.host, &status);
	ok(profiles != NULL && profiles->nsections == 0 && status.kind == DDB_OK,
	   "files that are not there are empty");
	ddb_profile_free(profiles);

	fakehost_write(&fake, "/home/us/conf", "[default]\na = b");
	profiles = ddb_profile_load(&fake.host, &status);
	is_str(ddb_profile_get(profiles, "default", "a"), "b", "~ is HOME");
	ddb_profile_free(profiles);

	fakehost_write(&fake, "/home/us/.aws/credentials/x", "it is a directory");
	ok(ddb_profile_load(&fake.host, &status) == NULL, "a directory is no file");
	is_str(status.message,
		   "could not read file \"/home/us/.aws/credentials\": Is a directory",
		   "and the message says so");
	fakehost_close(&fake);
}

static void
test_no_memory(void)
{
	FakeHost fake;
	DdbStatus status;
	DdbProfiles *profiles;
	int n;

	fakehost_open(&fake);
	fakehost_set(&fake, "HOME", "/h");
	fakehost_write(&fake,
				   "/h/.aws/config",
				   "[default]\nx = y\n[profile a]\nb = c\n d\ne =\n f = g\n");
	fakehost_write(&fake, "/h/.aws/credentials", "[a]\nb = i\nj = k");
	for (n = 0;; n++)
	{
		ddb_status_clear(&status);
		tap_fail_alloc(n);
		profiles = ddb_profile_load(&fake.host, &status);
		if (!tap_alloc_failed())
			break;
		if (profiles != NULL || status.kind != DDB_STATUS_NO_MEMORY)
			ok(false, "allocation %d failed unseen", n);
		ddb_profile_free(profiles);
	}
	ok(n > 15 && profiles != NULL, "each of %d allocations may fail", n);
	ddb_profile_free(profiles);
	fakehost_close(&fake);
}

int
main(void)
{
	test_grammar();
	test_wiped();
	test_get();
	test_services();
	test_messages();
	test_limits();
	test_load();
	test_no_memory();
	return tap_done();
}
