/*
 * identity.c
 *		Whose keys sign: a user mapping's, or the host's.
 *
 * Identities of the host are kept by all that they depend on, and stay until
 * another one is made or the connections are closed: an ALTER SERVER that makes
 * sessions anew does not have the keys fetched anew.
 *
 * Not here: where the host has its keys (chain.c) and when they are fetched
 * (provider.c).
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_user_mapping.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "identity.h"
#include "provider.h"

struct DdbIdentity
{
	DdbIdentity *next; /* of those that are shared */
	bool is_shared;    /* it is one of them */
	int users;         /* opened and not closed */
	DdbKeyOrigin origin;
	DdbCredentials *credentials;
	const DdbChain *chain;           /* of the credentials; NULL: fixed keys */
	char key[FLEXIBLE_ARRAY_MEMBER]; /* what one that is shared depends on */
};

static DdbIdentity *shared = NULL;

/*
 * The options of the mapping for the user, else for PUBLIC. Not
 * GetUserMapping(): its error has no hint.
 */
static List *
find_mapping(const char *server_name, Oid server, Oid user)
{
	HeapTuple tuple;
	Datum datum;
	bool isnull;
	List *options = NIL;

	tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
							ObjectIdGetDatum(user),
							ObjectIdGetDatum(server));
	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
								ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(server));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("user mapping not found for \"%s\"",
						GetUserNameFromId(user, false)),
				 errhint("Create one with CREATE USER MAPPING FOR %s SERVER "
						 "%s OPTIONS (access_key_id '...', secret_access_key "
						 "'...').",
						 quote_identifier(GetUserNameFromId(user, false)),
						 quote_identifier(server_name))));
	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER,
							tuple,
							Anum_pg_user_mapping_umoptions,
							&isnull);
	if (!isnull)
		options = untransformRelOptions(datum);
	ReleaseSysCache(tuple);
	return options;
}

static DdbKeyOrigin
origin_of(const DdbOptions *options)
{
	if (options->credential_source == DDB_CREDENTIALS_HOST)
		return DDB_KEYS_OF_HOST;
	return options->role_arn != NULL ? DDB_KEYS_OF_ROLE : DDB_KEYS_OF_MAPPING;
}

static void
add_text(StringInfo key, const char *value)
{
	if (value != NULL)
		appendStringInfoString(key, value);
	appendStringInfoChar(key, '\n');
}

/* All that keys of the host depend on; no option has a line break. */
static char *
key_of(const DdbOptions *options)
{
	StringInfoData key;

	initStringInfo(&key);
	add_text(&key, options->profile);
	add_text(&key, options->role_arn);
	add_text(&key, options->external_id);
	add_text(&key, options->role_session_name);
	add_text(&key, options->sts_endpoint);
	add_text(&key, options->region);
	add_text(&key, options->ca_file);
	appendStringInfo(&key,
					 "%d %d %d %d %d",
					 options->use_fips,
					 options->use_dualstack,
					 options->allow_http,
					 options->connect_timeout_ms,
					 options->request_timeout_ms);
	return key.data;
}

static void
report(const DdbStatus *status, const DdbOptions *options)
{
	DdbReportContext context = {.server = options->server_name,
								.service = DDB_SERVICE_STS,
								.operation = status->kind == DDB_STATUS_CONFIG
												 ? "AssumeRole"
												 : NULL,
								.origin = origin_of(options)};

	ddb_report_status(status, &context);
}

/* Malloc'd, so nothing that throws may come between this and a provider. */
static DdbChain *
make_chain(const DdbOptions *options, DdbStatus *status)
{
	DdbRole role = {.arn = options->role_arn,
					.external_id = options->external_id,
					.session_name = options->role_session_name};
	DdbChain *chain;

	if (options->credential_source == DDB_CREDENTIALS_HOST)
		chain = ddb_chain_resolve(&ddb_host_process, options->profile, status);
	else
	{
		chain = ddb_chain_of_keys(options->access_key_id,
								  options->secret_access_key,
								  options->session_token);
		if (chain == NULL)
			ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	}
	if (chain == NULL || role.arn == NULL || ddb_chain_add_role(chain, &role))
		return chain;
	ddb_chain_free(chain);
	ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	return NULL;
}

/* Keys that are fetched, or fixed ones of the host. False with the status. */
static bool
make_provider(DdbIdentity *identity, const DdbOptions *options, DdbHttp *http,
			  DdbStatus *status)
{
	DdbClientConfig sts;
	DdbProviderConfig config = {0};
	DdbProvider *provider;
	DdbChain *chain = make_chain(options, status);

	if (chain == NULL)
		return false;
	ddb_options_client_config(options, DDB_SERVICE_STS, &sts);
	config.sts = sts.endpoint;
	config.request_timeout_ms = options->request_timeout_ms;
	provider = ddb_provider_create(chain, &config, status);
	if (provider == NULL)
		return false;
	identity->chain = ddb_provider_chain(provider);
	identity->credentials =
		ddb_credentials_create_provider(http,
										provider,
										options->ca_file,
										options->connect_timeout_ms);
	return identity->credentials != NULL ||
		   ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
}

static void
destroy(DdbIdentity *identity)
{
	ddb_credentials_free(identity->credentials);
	pfree(identity);
}

static DdbIdentity *
create(const DdbOptions *options, const char *key, DdbHttp *http)
{
	DdbIdentity *identity =
		MemoryContextAllocZero(TopMemoryContext,
							   offsetof(DdbIdentity, key) + strlen(key) + 1);
	DdbStatus status;
	bool made;

	strcpy(identity->key, key);
	ddb_status_clear(&status);
	identity->origin = origin_of(options);
	if (identity->origin == DDB_KEYS_OF_MAPPING)
	{
		identity->credentials =
			ddb_credentials_create_static(options->access_key_id,
										  options->secret_access_key,
										  options->session_token);
		made = identity->credentials != NULL;
		if (!made)
			ddb_status_set(&status, DDB_STATUS_NO_MEMORY, "out of memory");
	}
	else
		made = make_provider(identity, options, http, &status);
	if (!made)
	{
		destroy(identity);
		report(&status, options);
	}
	return identity;
}

static DdbIdentity *
find_shared(const char *key)
{
	DdbIdentity *identity = shared;

	while (identity != NULL && strcmp(identity->key, key) != 0)
		identity = identity->next;
	return identity;
}

/* Opens of the host that ask for the same have the same. */
static DdbIdentity *
open_shared(const DdbOptions *options, DdbHttp *http)
{
	char *key = key_of(options);
	DdbIdentity *identity = find_shared(key);

	if (identity == NULL)
	{
		ddb_identity_sweep();
		identity = create(options, key, http);
		identity->is_shared = true;
		identity->next = shared;
		shared = identity;
	}
	return identity;
}

DdbIdentity *
ddb_identity_open(const DdbOptions *options, Oid server, Oid user, DdbHttp *http)
{
	DdbOptions own = *options;
	DdbIdentity *identity;

	/* Keys do not stay in the session's options. */
	ddb_options_load_mapping(&own,
							 find_mapping(options->server_name, server, user));
	if (own.credential_source == DDB_CREDENTIALS_HOST)
		identity = open_shared(&own, http);
	else
		identity = create(&own, "", http);
	identity->users++;
	return identity;
}

void
ddb_identity_close(DdbIdentity *identity)
{
	if (identity == NULL)
		return;
	identity->users--;
	if (identity->users == 0 && !identity->is_shared)
		destroy(identity);
}

/* Take it out of those that others find. */
static void
unlink_shared(DdbIdentity *identity)
{
	DdbIdentity **link = &shared;

	while (*link != identity)
		link = &(*link)->next;
	*link = identity->next;
	identity->is_shared = false;
}

void
ddb_identity_sweep(void)
{
	DdbIdentity *next;

	for (DdbIdentity *identity = shared; identity != NULL; identity = next)
	{
		next = identity->next;
		if (identity->users > 0)
			continue;
		unlink_shared(identity);
		destroy(identity);
	}
}

bool
ddb_identity_distrust(DdbIdentity *identity)
{
	if (identity->origin != DDB_KEYS_OF_HOST ||
		identity->chain->source != DDB_SOURCE_KEYS)
		return false;
	if (identity->is_shared)
		unlink_shared(identity);
	return true;
}

DdbCredentials *
ddb_identity_credentials(const DdbIdentity *identity)
{
	return identity->credentials;
}

DdbKeyOrigin
ddb_identity_origin(const DdbIdentity *identity)
{
	return identity->origin;
}

void
ddb_identity_fill_endpoint(const DdbIdentity *identity, DdbService service,
						   DdbEndpointConfig *config)
{
	const DdbChain *chain = identity->chain;

	if (identity->origin != DDB_KEYS_OF_HOST)
		return;
	config->profile_region = chain->region;
	if (service == DDB_SERVICE_DYNAMODB)
		config->profile_url = chain->dynamodb_url;
	else if (service == DDB_SERVICE_STREAMS)
		config->profile_url = chain->streams_url;
	else if (service == DDB_SERVICE_COGNITO)
		config->profile_url = chain->cognito_url;
	config->profile_ignores_urls = chain->ignore_configured_urls;
	config->profile_fips = chain->use_fips;
	config->profile_dualstack = chain->use_dualstack;
}

void
ddb_identity_check(const DdbIdentity *identity, const DdbOptions *options,
				   Oid owner)
{
	const char *override = ddb_options_override(options);

	if (identity->origin != DDB_KEYS_OF_HOST || override == NULL ||
		superuser_arg(owner))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to use the host's credentials on server "
					"\"%s\"",
					options->server_name),
			 errdetail("Its option \"%s\" says where requests go, and its owner "
					   "\"%s\" is not a superuser.",
					   override,
					   GetUserNameFromId(owner, true)),
			 errhint("Drop the option, or have a superuser own the server: "
					 "ALTER SERVER %s OWNER TO ....",
					 quote_identifier(options->server_name))));
}
