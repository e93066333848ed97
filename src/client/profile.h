/*
 * profile.h
 *		What AWS's shared config and credentials files say.
 *
 * The grammar is that of the SDKs ("Shared config and credentials files" in
 * the AWS SDKs and Tools Reference Guide). What the properties mean is not
 * known here.
 */
#ifndef DDB_PROFILE_H
#define DDB_PROFILE_H

#include "host.h"

typedef enum DdbSectionKind
{
	DDB_SECTION_PROFILE,
	DDB_SECTION_SERVICES,   /* [services name] of the config file */
	DDB_SECTION_SSO_SESSION /* [sso-session name] of the config file */
} DdbSectionKind;

typedef struct DdbProperty
{
	char *key;   /* lower case */
	char *value; /* trimmed; sub-properties stand as "\nname = value" lines */
} DdbProperty;

typedef struct DdbSection
{
	DdbSectionKind kind;
	char *name;
	bool prefixed; /* it is "[profile default]", not "[default]" */
	DdbProperty *properties;
	int nproperties;
} DdbSection;

/* malloc'd, to be given back by ddb_profile_free. */
typedef struct DdbProfiles
{
	DdbSection *sections; /* no two of the same kind and name */
	int nsections;
} DdbProfiles;

/*
 * Read and take the host's files: AWS_CONFIG_FILE, or .aws/config below HOME;
 * AWS_SHARED_CREDENTIALS_FILE, or .aws/credentials there. One that is not there
 * is as good as empty. NULL with the status of ddb_host_read or
 * ddb_profile_add. The copies made on the way are wiped.
 */
extern DdbProfiles *ddb_profile_load(const DdbHost *host, DdbStatus *status);

/*
 * Take the text of one file, the config file first: a property of the
 * credentials file goes before the same of the config file. profiles begins as
 * {0}. The name of the file is for messages. False with DDB_STATUS_AUTH, file
 * and line in the message, but never what the line says; or out of memory.
 */
extern bool ddb_profile_add(DdbProfiles *profiles, const char *file,
							bool is_config, const char *text, DdbStatus *status);

/* The section of this kind and name, or NULL. */
extern const DdbSection *ddb_profile_find(const DdbProfiles *profiles,
										  DdbSectionKind kind, const char *name);

/*
 * The value of a profile's property; NULL where there is no such profile or
 * property, or its value is empty. The key is in lower case.
 */
extern const char *ddb_profile_get(const DdbProfiles *profiles,
								   const char *profile, const char *key);

/*
 * The value of a sub-property, of the services section that the profile names:
 * service "sts", key "endpoint_url". NULL where there is none; not NUL-ended.
 */
extern const char *ddb_profile_service_get(const DdbProfiles *profiles,
										   const char *profile,
										   const char *service, const char *key,
										   size_t *len);

/* Wipes all values. NULL is fine. */
extern void ddb_profile_free(DdbProfiles *profiles);

#endif /* DDB_PROFILE_H */
