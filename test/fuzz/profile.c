/*
 * profile.c
 *		Any two texts at all as config and credentials files.
 *
 * Beyond the absence of crashes and leaks: names are valid and there once, keys
 * are lower case, and what was read, written as one config file, reads the
 * same.
 */
#include <stdio.h>

#include "check.h"
#include "profile.h"

static DdbProfiles *
parse(const char *config, const char *credentials, DdbStatus *status)
{
	DdbProfiles *profiles = calloc(1, sizeof(*profiles));

	CHECK(profiles != NULL);
	ddb_status_clear(status);
	if (ddb_profile_add(profiles, "config", true, config, status) &&
		ddb_profile_add(profiles, "credentials", false, credentials, status))
		return profiles;
	CHECK(status->kind == DDB_STATUS_AUTH && status->message[0] != '\0');
	ddb_profile_free(profiles);
	return NULL;
}

static void
check_name(const char *name)
{
	CHECK(name[0] != '\0' && strpbrk(name, " \t\r\n[]=#;") == NULL);
}

static void
check_section(const DdbProfiles *profiles, const DdbSection *section)
{
	check_name(section->name);
	CHECK(ddb_profile_find(profiles, section->kind, section->name) == section);
	for (int i = 0; i < section->nproperties; i++)
	{
		const DdbProperty *property = &section->properties[i];
		const char *value;
		size_t len;

		check_name(property->key);
		CHECK(strpbrk(property->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
		if (section->kind != DDB_SECTION_PROFILE)
			continue;
		value = ddb_profile_get(profiles, section->name, property->key);
		CHECK(value == (property->value[0] != '\0' ? property->value : NULL));
		value = ddb_profile_service_get(profiles,
										section->name,
										"sts",
										"endpoint_url",
										&len);
		CHECK(value == NULL || len > 0);
	}
}

/* A value that goes on is indented from the second line on. */
static void
write_value(FILE *file, const char *value)
{
	for (; *value != '\0'; value++)
	{
		putc(*value, file);
		if (*value == '\n')
			putc(' ', file);
	}
	putc('\n', file);
}

static char *
write_all(const DdbProfiles *profiles)
{
	static const char *const prefixes[] = {
		[DDB_SECTION_PROFILE] = "profile",
		[DDB_SECTION_SERVICES] = "services",
		[DDB_SECTION_SSO_SESSION] = "sso-session",
	};
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	CHECK(file != NULL);
	for (int i = 0; i < profiles->nsections; i++)
	{
		const DdbSection *section = &profiles->sections[i];

		fprintf(file, "[%s %s]\n", prefixes[section->kind], section->name);
		for (int p = 0; p < section->nproperties; p++)
		{
			fprintf(file, "%s=", section->properties[p].key);
			write_value(file, section->properties[p].value);
		}
	}
	fclose(file);
	return text;
}

static void
check_same(const DdbProfiles *a, const DdbProfiles *b)
{
	CHECK(b != NULL && a->nsections == b->nsections);
	for (int i = 0; i < a->nsections; i++)
	{
		const DdbSection *one = &a->sections[i];
		const DdbSection *other = &b->sections[i];

		CHECK(one->kind == other->kind && strcmp(one->name, other->name) == 0 &&
			  one->nproperties == other->nproperties);
		for (int p = 0; p < one->nproperties; p++)
		{
			CHECK(strcmp(one->properties[p].key, other->properties[p].key) == 0);
			CHECK(strcmp(one->properties[p].value, other->properties[p].value) ==
				  0);
		}
	}
}

static void
check(const char *config, const char *credentials)
{
	DdbStatus status;
	DdbProfiles *profiles = parse(config, credentials, &status);
	DdbProfiles *again;
	char *text;

	if (profiles == NULL)
		return;
	for (int i = 0; i < profiles->nsections; i++)
		check_section(profiles, &profiles->sections[i]);
	text = write_all(profiles);
	again = parse(text, "", &status);
	check_same(profiles, again);
	ddb_profile_free(again);
	ddb_profile_free(profiles);
	free(text);
}

/* A zero byte, if there is one, stands between the files. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 2);
	size_t config_len;

	CHECK(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	text[size + 1] = '\0';
	config_len = strlen(text);
	check(text, text + config_len + 1);
	free(text);
	return 0;
}
