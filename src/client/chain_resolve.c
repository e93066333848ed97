/*
 * chain_resolve.c
 *		What the host's environment and profiles say of keys and roles.
 *
 * Which property goes before which is as in the SDKs. Two differences, so that
 * nobody gets other keys than those asked for: a profile that is named to us
 * has to have credentials itself, and so has a source_profile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chain.h"
#include "origin.h"
#include "profile.h"

/* AWS_PROFILE's default. */
#define DEFAULT_PROFILE "default"

/* On the way from one profile to the next. */
typedef struct Walk
{
	DdbChain *chain;
	const DdbProfiles *profiles;
	bool *seen; /* by section */
	DdbStatus *status;
} Walk;

/* Properties that stand for what a server process should not or cannot do. */
typedef struct Unsupported
{
	const char *key;
	const char *source;
} Unsupported;

static const Unsupported unsupported[] = {
	{"sso_session", "IAM Identity Center (SSO)"},
	{"sso_account_id", "IAM Identity Center (SSO)"},
	{"sso_role_name", "IAM Identity Center (SSO)"},
	{"sso_start_url", "IAM Identity Center (SSO)"},
	{"sso_region", "IAM Identity Center (SSO)"},
	{"login_session", "a console login"},
	{"credential_process", "a program"},
};

static const char *
get(const Walk *walk, const char *profile, const char *key)
{
	return ddb_profile_get(walk->profiles, profile, key);
}

static DdbFound
fault(const Walk *walk, const char *profile, const char *what)
{
	ddb_status_set(walk->status, DDB_STATUS_AUTH, "profile \"%s\" %s", profile, what);
	return DDB_FOUND_FAULT;
}

static DdbFound
found_if(bool done)
{
	return done ? DDB_FOUND : DDB_FOUND_FAULT;
}

/* The source that credential_source names. */
static DdbFound
named_source(const Walk *walk, const char *profile, const char *source)
{
	DdbChain *chain = walk->chain;
	const char *unset;
	DdbFound found;

	if (strcasecmp(source, "Environment") == 0)
	{
		found = ddb_origin_environment(chain, walk->status);
		unset = "AWS_ACCESS_KEY_ID is not set";
	}
	else if (strcasecmp(source, "EcsContainer") == 0)
	{
		found = ddb_origin_container(chain, walk->status);
		unset = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
				"AWS_CONTAINER_CREDENTIALS_FULL_URI are not set";
	}
	else if (strcasecmp(source, "Ec2InstanceMetadata") == 0)
	{
		found = ddb_origin_imds(chain, walk->profiles, profile, walk->status);
		unset = "AWS_EC2_METADATA_DISABLED is set";
	}
	else
		return fault(walk, profile, "has a credential_source that does not exist");
	if (found == DDB_FOUND_NONE)
	{
		ddb_status_set(walk->status,
					   DDB_STATUS_AUTH,
					   "profile \"%s\" has credential_source %s, but %s",
					   profile,
					   source,
					   unset);
		return DDB_FOUND_FAULT;
	}
	return found;
}

/* How long the role's keys shall live; AssumeRole's own limits. */
static bool
get_duration(const Walk *walk, const char *profile, int *duration_s)
{
	const char *text = get(walk, profile, "duration_seconds");
	char *end;
	long seconds;

	if (text == NULL)
		return true;
	errno = 0;
	seconds = strtol(text, &end, 10);
	if (*end != '\0' || errno != 0 || seconds < 900 || seconds > 43200)
	{
		fault(walk,
			  profile,
			  "has a duration_seconds that is not from 900 to 43200");
		return false;
	}
	*duration_s = (int) seconds;
	return true;
}

static bool
get_role(const Walk *walk, const char *profile, DdbRole *role)
{
	int duration_s = 0;

	if (!get_duration(walk, profile, &duration_s) ||
		!ddb_chain_fill_role(role,
							 get(walk, profile, "role_arn"),
							 get(walk, profile, "external_id"),
							 get(walk, profile, "role_session_name"),
							 walk->status))
		return false;
	role->duration_s = duration_s;
	return true;
}

static DdbFound
web_identity(const Walk *walk, const char *profile)
{
	DdbChain *chain = walk->chain;

	if (get(walk, profile, "role_arn") == NULL)
		return fault(walk, profile, "has web_identity_token_file, but no role_arn");
	chain->source = DDB_SOURCE_WEB_IDENTITY;
	return found_if(get_role(walk, profile, &chain->web_role) &&
					ddb_chain_set(&chain->token_file,
								  get(walk, profile, "web_identity_token_file"),
								  walk->status));
}

static bool
has_both_keys(const Walk *walk, const char *profile)
{
	return get(walk, profile, "aws_access_key_id") != NULL &&
		   get(walk, profile, "aws_secret_access_key") != NULL;
}

/* The profile's own keys; DDB_FOUND_NONE if it has nothing of the kind. */
static DdbFound
static_keys(const Walk *walk, const char *profile)
{
	const char *id = get(walk, profile, "aws_access_key_id");
	const char *secret = get(walk, profile, "aws_secret_access_key");
	const char *token = get(walk, profile, "aws_session_token");
	DdbChain *chain = walk->chain;
	DdbStatus *status = walk->status;

	if (id == NULL && secret == NULL)
		return DDB_FOUND_NONE;
	if (id == NULL)
		return fault(walk,
					 profile,
					 "has aws_secret_access_key, but no aws_access_key_id");
	if (secret == NULL)
		return fault(walk,
					 profile,
					 "has aws_access_key_id, but no aws_secret_access_key");
	chain->source = DDB_SOURCE_KEYS;
	return found_if(
		ddb_chain_set(&chain->access_key_id, id, status) &&
		ddb_chain_set_secret(&chain->secret_access_key, secret, status) &&
		ddb_chain_set_secret(&chain->session_token, token, status));
}

/* Where the keys of a profile come from that stands at the end of the walk. */
static DdbFound
base_source(const Walk *walk, const char *profile)
{
	const char *source = get(walk, profile, "credential_source");

	if (source != NULL)
		return named_source(walk, profile, source);
	if (get(walk, profile, "web_identity_token_file") != NULL)
		return web_identity(walk, profile);
	for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
	{
		const Unsupported *it = &unsupported[i];

		if (get(walk, profile, it->key) == NULL)
			continue;
		ddb_status_set(walk->status,
					   DDB_STATUS_AUTH,
					   "profile \"%s\" has %s: credentials from %s are not "
					   "supported",
					   profile,
					   it->key,
					   it->source);
		return DDB_FOUND_FAULT;
	}
	return static_keys(walk, profile);
}

/*
 * Put the profile's role before those that are there. Sets *next to the
 * profile whose keys assume it; to the profile itself where it has them.
 */
static bool
take_role(const Walk *walk, const char *profile, const char **next)
{
	const char *source_profile = get(walk, profile, "source_profile");
	const char *credential_source = get(walk, profile, "credential_source");
	const char *why = NULL;
	DdbRole role;

	if (source_profile != NULL && credential_source != NULL)
		why = "has both source_profile and credential_source";
	else if (source_profile == NULL && credential_source == NULL)
		why = "has role_arn, but neither source_profile nor credential_source";
	else if (get(walk, profile, "mfa_serial") != NULL)
		why = "has mfa_serial: roles that want an MFA device are not supported";
	if (why != NULL)
	{
		fault(walk, profile, why);
		return false;
	}
	*next = source_profile != NULL ? source_profile : profile;
	return get_role(walk, profile, &role) &&
		   ddb_chain_insert_role(walk->chain, 0, &role, walk->status);
}

/* Has the walk been at this profile? From now on it has. */
static bool
was_seen(const Walk *walk, const DdbSection *section)
{
	bool *seen = &walk->seen[section - walk->profiles->sections];
	bool before = *seen;

	*seen = true;
	return before;
}

/*
 * Look at one profile, reached from the one before or, if that is NULL, the
 * first. Sets *next to the profile to look at then; to itself at the end of the
 * walk.
 */
static bool
step(const Walk *walk, const char *before, const char *profile, const char **next)
{
	const DdbSection *section =
		ddb_profile_find(walk->profiles, DDB_SECTION_PROFILE, profile);

	*next = profile;
	if (section == NULL)
		return ddb_status_set(walk->status,
							  DDB_STATUS_AUTH,
							  "profile \"%s\" does not exist; it is the "
							  "source_profile of \"%s\"",
							  profile,
							  before);
	if (was_seen(walk, section))
	{
		fault(walk, profile, "is in a loop of source_profile");
		return false;
	}
	/* Its keys go before its role, and a token file makes the role a source. */
	if ((before != NULL && has_both_keys(walk, profile)) ||
		get(walk, profile, "role_arn") == NULL ||
		get(walk, profile, "web_identity_token_file") != NULL)
		return true;
	return take_role(walk, profile, next);
}

static DdbFound
walk_profiles(const Walk *walk, const char *profile)
{
	const char *before = NULL;
	const char *next = profile;
	DdbFound found;

	for (;;)
	{
		if (!step(walk, before, profile, &next))
			return DDB_FOUND_FAULT;
		if (strcmp(next, profile) == 0)
			break;
		before = profile;
		profile = next;
	}
	if (before != NULL && has_both_keys(walk, profile))
		return static_keys(walk, profile);
	found = base_source(walk, profile);
	if (found == DDB_FOUND_NONE && walk->chain->nroles > 0)
		return fault(walk, profile, "has no credentials");
	return found;
}

/* What the profile has; DDB_FOUND_NONE if it says nothing of credentials. */
static DdbFound
from_profile(DdbChain *chain, const DdbProfiles *profiles, const char *profile,
			 DdbStatus *status)
{
	Walk walk = {.chain = chain, .profiles = profiles, .status = status};
	DdbFound found;

	if (ddb_profile_find(profiles, DDB_SECTION_PROFILE, profile) == NULL)
	{
		if (strcmp(profile, DEFAULT_PROFILE) == 0)
			return DDB_FOUND_NONE;
		return fault(&walk,
					 profile,
					 "does not exist in the host's AWS config and credentials "
					 "files");
	}
	walk.seen = calloc((size_t) profiles->nsections, sizeof(bool));
	if (walk.seen == NULL)
		return found_if(
			ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory"));
	found = walk_profiles(&walk, profile);
	free(walk.seen);
	return found;
}

/* The host's order. */
static DdbFound
from_host(DdbChain *chain, const DdbProfiles *profiles, const char *profile,
		  DdbStatus *status)
{
	DdbFound found = ddb_origin_environment(chain, status);

	if (found == DDB_FOUND_NONE)
		found = from_profile(chain, profiles, profile, status);
	if (found == DDB_FOUND_NONE)
		found = ddb_origin_web_identity(chain, status);
	if (found == DDB_FOUND_NONE)
		found = ddb_origin_container(chain, status);
	if (found == DDB_FOUND_NONE)
		found = ddb_origin_imds(chain, profiles, profile, status);
	return found;
}

static bool
find_source(DdbChain *chain, const DdbProfiles *profiles, const char *named,
			const char *profile, DdbStatus *status)
{
	DdbFound found = named != NULL
						 ? from_profile(chain, profiles, profile, status)
						 : from_host(chain, profiles, profile, status);

	if (found != DDB_FOUND_NONE)
		return found == DDB_FOUND;
	if (named != NULL)
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "profile \"%s\" has no credentials",
							  profile);
	return ddb_status_set(status,
						  DDB_STATUS_AUTH,
						  "the host has no credentials: none in its "
						  "environment, in profile \"%s\", by web identity or "
						  "from a container, and AWS_EC2_METADATA_DISABLED is "
						  "set",
						  profile);
}

/* The profile's URL for a service; its endpoint_url is for all services. */
static bool
set_url(char **field, const DdbProfiles *profiles, const char *profile,
		const char *service, DdbStatus *status)
{
	size_t len;
	const char *url =
		ddb_profile_service_get(profiles, profile, service, "endpoint_url", &len);

	if (url == NULL)
		return ddb_chain_set(field,
							 ddb_profile_get(profiles, profile, "endpoint_url"),
							 status);
	*field = malloc(len + 1);
	if (*field == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	memcpy(*field, url, len);
	(*field)[len] = '\0';
	return true;
}

static bool
is_true(const DdbProfiles *profiles, const char *profile, const char *key)
{
	const char *value = ddb_profile_get(profiles, profile, key);

	return value != NULL && strcasecmp(value, "true") == 0;
}

static bool
read_settings(DdbChain *chain, const DdbProfiles *profiles, const char *profile,
			  DdbStatus *status)
{
	chain->ignore_configured_urls =
		is_true(profiles, profile, "ignore_configured_endpoint_urls");
	chain->use_fips = is_true(profiles, profile, "use_fips_endpoint");
	chain->use_dualstack = is_true(profiles, profile, "use_dualstack_endpoint");
	return ddb_chain_set(&chain->region,
						 ddb_profile_get(profiles, profile, "region"),
						 status) &&
		   set_url(&chain->sts_url, profiles, profile, "sts", status) &&
		   set_url(&chain->dynamodb_url, profiles, profile, "dynamodb", status) &&
		   set_url(&chain->streams_url,
				   profiles,
				   profile,
				   "dynamodb_streams",
				   status) &&
		   set_url(&chain->cognito_url,
				   profiles,
				   profile,
				   "cognito_identity_provider",
				   status);
}

DdbChain *
ddb_chain_resolve(const DdbHost *host, const char *profile, DdbStatus *status)
{
	const char *selected = profile;
	DdbProfiles *profiles = ddb_profile_load(host, status);
	DdbChain *chain;

	if (profiles == NULL)
		return NULL;
	if (selected == NULL)
		selected = ddb_host_variable(host, "AWS_PROFILE");
	if (selected == NULL)
		selected = DEFAULT_PROFILE;
	chain = calloc(1, sizeof(*chain));
	if (chain == NULL)
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	else
	{
		chain->host = host != NULL ? host : &ddb_host_process;
		if (!read_settings(chain, profiles, selected, status) ||
			!find_source(chain, profiles, profile, selected, status))
		{
			ddb_chain_free(chain);
			chain = NULL;
		}
	}
	ddb_profile_free(profiles);
	return chain;
}
