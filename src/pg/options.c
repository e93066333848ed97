/*
 * options.c
 *		The options of foreign servers and user mappings.
 *
 * One table describes them; the validator and the loaders walk it. No message
 * shows a value, an endpoint's host aside: it may be a secret that was typed
 * into the wrong option. Foreign tables and their columns have no options yet,
 * so every option there is unknown.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "common/string.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "options.h"
#include "report.h"

/* Further from what was typed than this, a name is no suggestion. */
#define MAX_TYPING_ERRORS 4

typedef enum OptionPlace
{
	PLACE_SERVER,
	PLACE_MAPPING,
	PLACE_OTHER /* takes no options */
} OptionPlace;

typedef enum OptionKind
{
	KIND_TEXT,
	KIND_INT,
	KIND_BOOL,
	KIND_UNAVAILABLE /* part of the contract, but of no effect yet */
} OptionKind;

/* NULL if value is fine, else how to write it: a full sentence. */
typedef const char *(*TextCheck)(const char *value);

typedef struct OptionSpec
{
	const char *name;
	size_t offset; /* of its field in DdbOptions */
	OptionPlace place;
	OptionKind kind;
	bool superuser_only; /* of a boolean: turning it on */
	TextCheck check;     /* of a text */
	int min;             /* of an integer */
	int max;
} OptionSpec;

PG_FUNCTION_INFO_V1(cruddur_ddb_fdw_validator);

/* A line break in a credential would end its HTTP header and start another. */
static const char *
check_words(const char *value)
{
	if (*value == '\0')
		return "The value must not be empty.";
	for (const char *c = value; *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			return "The value must not have control characters.";
	}
	return NULL;
}

/* A region becomes one label of a host name. */
static const char *
check_region(const char *value)
{
	size_t len = strlen(value);

	if (len < 1 || len > 63 || value[0] == '-' || value[len - 1] == '-' ||
		strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return "Write the region as AWS does, for example us-east-1.";
	return NULL;
}

static const char *
check_path(const char *value)
{
	return is_absolute_path(value) ? NULL : "Write an absolute path.";
}

/* DynamoDB's naming rules, Developer Guide, "Naming rules and data types" */
static const char *
check_table(const char *value)
{
	size_t len = strlen(value);

	if (len < 3 || len > 255 ||
		strspn(value,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789_.-") != len)
		return "A table of DynamoDB has a name of 3 to 255 characters out of "
			   "a-z, A-Z, 0-9, underscore, hyphen and dot.";
	return NULL;
}

static const char *
check_relation(const char *value)
{
	List *names = NIL;

	if (!SplitIdentifierString(pstrdup(value), '.', &names) ||
		list_length(names) != 2)
		return "Write the relation with its schema, for example "
			   "public.users.";
	return NULL;
}

static void
refuse_unavailable(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s is not available in this version of cruddur_ddb", what)));
}

static const char *
check_source(const char *value)
{
	if (strcmp(value, "host") == 0)
		refuse_unavailable("credential_source \"host\"");
	if (strcmp(value, "static") != 0)
		return "The only source in this version is \"static\".";
	return NULL;
}

#define FIELD(name) #name, offsetof(DdbOptions, name)

static const OptionSpec option_specs[] = {
	{FIELD(region), PLACE_SERVER, .kind = KIND_TEXT, .check = check_region},
	{FIELD(endpoint), PLACE_SERVER, .kind = KIND_TEXT, .check = check_words},
	{FIELD(table_name), PLACE_SERVER, .kind = KIND_TEXT, .check = check_table},
	{FIELD(users_table), PLACE_SERVER, .kind = KIND_TEXT, .check = check_relation},
	{FIELD(ca_file),
	 PLACE_SERVER,
	 .kind = KIND_TEXT,
	 .check = check_path,
	 .superuser_only = true},
	{FIELD(allow_http), PLACE_SERVER, .kind = KIND_BOOL, .superuser_only = true},
	{FIELD(use_fips), PLACE_SERVER, .kind = KIND_BOOL},
	{FIELD(use_dualstack), PLACE_SERVER, .kind = KIND_BOOL},
	{FIELD(connect_timeout_ms), PLACE_SERVER, .kind = KIND_INT, .min = 1, .max = 600000},
	{FIELD(request_timeout_ms), PLACE_SERVER, .kind = KIND_INT, .min = 1, .max = 600000},
	{FIELD(max_attempts),
	 PLACE_SERVER,
	 .kind = KIND_INT,
	 .min = 1,
	 .max = DDB_CALL_MAX_ATTEMPTS},
	{FIELD(max_connections), PLACE_SERVER, .kind = KIND_INT, .min = 1, .max = 64},
	{FIELD(consistent_read), PLACE_SERVER, .kind = KIND_BOOL},
	{"streams_endpoint", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{"cognito_endpoint", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{"sts_endpoint", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{"user_pool_id", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{"read_units_per_second", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{"write_units_per_second", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{"updatable", 0, PLACE_SERVER, .kind = KIND_UNAVAILABLE},
	{FIELD(access_key_id), PLACE_MAPPING, .kind = KIND_TEXT, .check = check_words},
	{FIELD(secret_access_key), PLACE_MAPPING, .kind = KIND_TEXT, .check = check_words},
	{FIELD(session_token), PLACE_MAPPING, .kind = KIND_TEXT, .check = check_words},
	{FIELD(credential_source),
	 PLACE_MAPPING,
	 .kind = KIND_TEXT,
	 .check = check_source},
	{"profile", 0, PLACE_MAPPING, .kind = KIND_UNAVAILABLE},
	{"role_arn", 0, PLACE_MAPPING, .kind = KIND_UNAVAILABLE},
	{"external_id", 0, PLACE_MAPPING, .kind = KIND_UNAVAILABLE},
	{"role_session_name", 0, PLACE_MAPPING, .kind = KIND_UNAVAILABLE},
};

#undef FIELD

static const OptionSpec *
find_spec(OptionPlace place, const char *name)
{
	for (size_t i = 0; i < lengthof(option_specs); i++)
	{
		const OptionSpec *spec = &option_specs[i];

		if (spec->place == place && strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
}

/* The name nearest to what was typed, by the rule that core has for its own. */
static const char *
nearest_name(OptionPlace place, const char *typed)
{
	int typed_len = strlen(typed);
	int best = Min(MAX_TYPING_ERRORS, typed_len / 2) + 1;
	const char *nearest = NULL;

	if (typed_len >= NAMEDATALEN)
		return NULL;
	for (size_t i = 0; i < lengthof(option_specs); i++)
	{
		const OptionSpec *spec = &option_specs[i];
		int distance;

		if (spec->place != place || spec->kind == KIND_UNAVAILABLE)
			continue;
		distance = varstr_levenshtein_less_equal(typed,
												 typed_len,
												 spec->name,
												 strlen(spec->name),
												 1,
												 1,
												 1,
												 best,
												 true);
		if (distance < best)
		{
			best = distance;
			nearest = spec->name;
		}
	}
	return nearest;
}

static char *
valid_names(OptionPlace place)
{
	StringInfoData names;

	initStringInfo(&names);
	for (size_t i = 0; i < lengthof(option_specs); i++)
	{
		const OptionSpec *spec = &option_specs[i];

		if (spec->place == place && spec->kind != KIND_UNAVAILABLE)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", spec->name);
	}
	return names.data;
}

static const char *
unknown_option_hint(OptionPlace place, const char *name)
{
	const char *nearest = nearest_name(place, name);

	if (find_spec(PLACE_SERVER, name) != NULL)
		return psprintf("\"%s\" is an option of a foreign server.", name);
	if (find_spec(PLACE_MAPPING, name) != NULL)
		return psprintf("\"%s\" is an option of a user mapping.", name);
	if (nearest != NULL)
		return psprintf("Perhaps you meant the option \"%s\".", nearest);
	if (place == PLACE_OTHER)
		return "There are no valid options in this context.";
	return psprintf("Valid options in this context are: %s", valid_names(place));
}

static void
refuse_value(const OptionSpec *spec, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value for option \"%s\"", spec->name),
			 errhint("%s", hint)));
}

static void
store_int(const OptionSpec *spec, const char *value, int *field)
{
	char *end;

	errno = 0;
	*field = strtoint(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || *field < spec->min ||
		*field > spec->max)
		refuse_value(spec,
					 psprintf("Write an integer from %d to %d.",
							  spec->min,
							  spec->max));
}

/* Check a value and put it into its field of options. */
static void
store_option(const OptionSpec *spec, DefElem *def, DdbOptions *options)
{
	char *value = defGetString(def);
	char *field = (char *) options + spec->offset;
	const char *hint;

	switch (spec->kind)
	{
		case KIND_TEXT:
			hint = spec->check(value);
			if (hint != NULL)
				refuse_value(spec, hint);
			*(char **) field = pstrdup(value);
			break;
		case KIND_INT:
			store_int(spec, value, (int *) field);
			break;
		case KIND_BOOL:
			if (!parse_bool(value, (bool *) field))
				refuse_value(spec, "Write true or false.");
			break;
		case KIND_UNAVAILABLE:
			refuse_unavailable(psprintf("option \"%s\"", spec->name));
			break;
	}
}

/*
 * A list is validated whole, so an ALTER by someone else fails as long as such
 * an option is set. That is meant: what a superuser allowed for one endpoint is
 * not allowed for the next. Turning a boolean off is open to all.
 */
static void
check_permission(const OptionSpec *spec, const DdbOptions *options)
{
	const char *field = (const char *) options + spec->offset;

	if (!spec->superuser_only || superuser())
		return;
	if (spec->kind == KIND_BOOL && !*(const bool *) field)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to set option \"%s\"", spec->name),
			 errhint("Only a superuser may set this option.")));
}

/* The endpoint is right or wrong together with allow_http and its like. */
static void
check_endpoint(const DdbOptions *options)
{
	DdbClientConfig config;
	DdbEndpoint endpoint;
	DdbStatus status;

	if (options->endpoint == NULL)
		return;
	ddb_status_clear(&status);
	ddb_options_client_config(options, &config);
	if (ddb_endpoint_resolve(&endpoint,
							 DDB_SERVICE_DYNAMODB,
							 &config.endpoint,
							 &status))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value for option \"endpoint\": %s", status.message),
			 errhint("Check it together with the options region, allow_http, "
					 "use_fips and use_dualstack.")));
}

static void
set_defaults(DdbOptions *options)
{
	memset(options, 0, sizeof(*options));
	options->table_name = pstrdup("cruddur-messages");
	options->users_table = pstrdup("public.users");
	options->connect_timeout_ms = 1100;
	options->request_timeout_ms = 10000;
	options->max_attempts = 4;
	options->max_connections = 4;
}

Datum
cruddur_ddb_fdw_validator(PG_FUNCTION_ARGS)
{
	List *list = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);
	OptionPlace place = PLACE_OTHER;
	DdbOptions options;
	ListCell *cell;

	if (catalog == ForeignServerRelationId)
		place = PLACE_SERVER;
	else if (catalog == UserMappingRelationId)
		place = PLACE_MAPPING;

	set_defaults(&options);
	foreach(cell, list)
	{
		DefElem *def = lfirst_node(DefElem, cell);
		const OptionSpec *spec = find_spec(place, def->defname);

		if (spec == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", def->defname),
					 errhint("%s", unknown_option_hint(place, def->defname))));
		store_option(spec, def, &options);
		check_permission(spec, &options);
	}
	check_endpoint(&options);
	PG_RETURN_VOID();
}

/* An option that the catalog has and this version does not know has no say. */
static void
load(DdbOptions *options, OptionPlace place, List *list)
{
	ListCell *cell;

	foreach(cell, list)
	{
		DefElem *def = lfirst_node(DefElem, cell);
		const OptionSpec *spec = find_spec(place, def->defname);

		if (spec != NULL)
			store_option(spec, def, options);
	}
}

/*
 * The relation's name as SQL: each part quoted, whatever is in it. The text of
 * the option goes into queries that run with the rights of whoever calls.
 */
static char *
quote_relation(const char *value)
{
	List *names = NIL;

	/* It was checked when it was stored. */
	(void) SplitIdentifierString(pstrdup(value), '.', &names);
	return quote_qualified_identifier(linitial(names), lsecond(names));
}

void
ddb_options_load_server(DdbOptions *options, const ForeignServer *server)
{
	set_defaults(options);
	options->server_name = pstrdup(server->servername);
	load(options, PLACE_SERVER, server->options);
	options->users_table = quote_relation(options->users_table);
}

void
ddb_options_load_mapping(DdbOptions *options, List *mapping)
{
	load(options, PLACE_MAPPING, mapping);
	if (options->access_key_id != NULL && options->secret_access_key != NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("no credentials for server \"%s\"", options->server_name),
			 errdetail("The user mapping has no option \"%s\".",
					   options->access_key_id ? "secret_access_key"
											  : "access_key_id"),
			 errhint("Set the options access_key_id and secret_access_key of "
					 "the user mapping.")));
}

void
ddb_options_client_config(const DdbOptions *options, DdbClientConfig *config)
{
	memset(config, 0, sizeof(*config));
	config->endpoint.region = options->region;
	config->endpoint.endpoint = options->endpoint;
	config->endpoint.use_fips = options->use_fips;
	config->endpoint.use_dualstack = options->use_dualstack;
	config->endpoint.allow_http = options->allow_http;
	config->ca_file = options->ca_file;
	config->connect_timeout_ms = options->connect_timeout_ms;
	config->request_timeout_ms = options->request_timeout_ms;
	config->max_attempts = options->max_attempts;
	config->max_connections = options->max_connections;
}
