/*
 * profile.c
 *		The host's config and credentials files, and what is in them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "part.h"

#define MAX_FILE_LEN (1024 * 1024)

/* Where a file is: the variable that tells, else this below HOME. */
typedef struct Place
{
	const char *variable;
	const char *name;
	bool is_config;
} Place;

static const Place config_place = {"AWS_CONFIG_FILE", "/.aws/config", true};
static const Place credentials_place = {"AWS_SHARED_CREDENTIALS_FILE",
										"/.aws/credentials",
										false};

static bool
out_of_memory(DdbStatus *status)
{
	return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
}

/* Sets *path, malloc'd; NULL if there is none for want of a HOME. */
static bool
find_path(const DdbHost *host, const Place *place, char **path, DdbStatus *status)
{
	const char *home = ddb_host_variable(host, "HOME");
	const char *name = ddb_host_variable(host, place->variable);
	const char *base = "";
	size_t size;

	*path = NULL;
	if (name == NULL || strncmp(name, "~/", 2) == 0)
	{
		if (home == NULL)
			return true;
		base = home;
		name = name == NULL ? place->name : name + 1;
	}
	size = strlen(base) + strlen(name) + 1;
	*path = malloc(size);
	if (*path == NULL)
		return out_of_memory(status);
	snprintf(*path, size, "%s%s", base, name);
	return true;
}

static bool
load_file(DdbProfiles *profiles, const DdbHost *host, const Place *place,
		  DdbStatus *status)
{
	bool missing = false;
	bool loaded = true;
	char *path;
	char *text = NULL;

	if (!find_path(host, place, &path, status))
		return false;
	if (path == NULL)
		return true;
	text = ddb_host_read(host, path, MAX_FILE_LEN, NULL, &missing, status);
	if (text != NULL)
		loaded = ddb_profile_add(profiles, path, place->is_config, text, status);
	else if (missing)
		ddb_status_clear(status);
	else
		loaded = false;
	ddb_host_free(text);
	free(path);
	return loaded;
}

DdbProfiles *
ddb_profile_load(const DdbHost *host, DdbStatus *status)
{
	DdbProfiles *profiles = calloc(1, sizeof(*profiles));

	if (profiles == NULL)
		out_of_memory(status);
	else if (!load_file(profiles, host, &config_place, status) ||
			 !load_file(profiles, host, &credentials_place, status))
	{
		ddb_profile_free(profiles);
		profiles = NULL;
	}
	return profiles;
}

/* The value of a section's property, which may be ""; NULL: none. */
static const char *
property_value(const DdbSection *section, const char *key)
{
	for (int i = 0; section != NULL && i < section->nproperties; i++)
	{
		if (strcmp(section->properties[i].key, key) == 0)
			return section->properties[i].value;
	}
	return NULL;
}

const char *
ddb_profile_get(const DdbProfiles *profiles, const char *profile, const char *key)
{
	const char *value =
		property_value(ddb_profile_find(profiles, DDB_SECTION_PROFILE, profile),
					   key);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The value of a sub-property, within that of its property. */
static const char *
subproperty(const char *value, const char *key, size_t *len)
{
	DdbPart rest = {value, strlen(value)};

	while (rest.len > 0)
	{
		DdbPart line = ddb_part_cut_line(&rest);
		DdbPart name, part;

		if (ddb_part_split_property(line, &name, &part, true) == NULL &&
			ddb_part_is(name, key) && part.len > 0)
		{
			*len = part.len;
			return part.text;
		}
	}
	return NULL;
}

const char *
ddb_profile_service_get(const DdbProfiles *profiles, const char *profile,
						const char *service, const char *key, size_t *len)
{
	const char *name = ddb_profile_get(profiles, profile, "services");
	const char *value;

	if (name == NULL)
		return NULL;
	value = property_value(ddb_profile_find(profiles, DDB_SECTION_SERVICES, name),
						   service);
	return value != NULL ? subproperty(value, key, len) : NULL;
}
