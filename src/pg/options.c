/*
 * options.c
 *		The options of foreign servers, user mappings, foreign tables and their
 *		columns.
 *
 * The validator and the loaders take values into structs; what options there
 * are is in optionspec.c. No message shows a value, an endpoint's host aside:
 * it may be a secret that was typed into the wrong option.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "common/string.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "options.h"
#include "optionspec.h"
#include "report.h"

PG_FUNCTION_INFO_V1(cruddur_ddb_fdw_validator);

static void
refuse_value(const DdbOptionSpec *spec, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value for option \"%s\"", spec->name),
			 errhint("%s", hint)));
}

/* "Write an integer from 1 to 64 or auto." */
static const char *
choices(const DdbOptionSpec *spec)
{
	const DdbOptionWord *word = spec->words;
	StringInfoData hint;

	initStringInfo(&hint);
	appendStringInfoString(&hint, "Write ");
	if (spec->kind == DDB_OPTION_INT)
		appendStringInfo(&hint, "an integer from %d to %d", spec->min, spec->max);
	for (; word != NULL && word->word != NULL; word++)
	{
		if (word > spec->words || spec->kind == DDB_OPTION_INT)
			appendStringInfoString(&hint, word[1].word != NULL ? ", " : " or ");
		appendStringInfoString(&hint, word->word);
	}
	appendStringInfoChar(&hint, '.');
	return hint.data;
}

static bool
parse_word(const DdbOptionWord *words, const char *value, int *field)
{
	for (; words != NULL && words->word != NULL; words++)
	{
		if (strcmp(words->word, value) == 0)
		{
			*field = words->value;
			return true;
		}
	}
	return false;
}

static bool
parse_int_within(const char *value, int min, int max, int *field)
{
	char *end;

	errno = 0;
	*field = strtoint(value, &end, 10);
	return errno == 0 && end != value && *end == '\0' && *field >= min &&
		   *field <= max;
}

/* Check a value and put it into its field of the struct of its place. */
static void
store_option(const DdbOptionSpec *spec, DefElem *def, void *options)
{
	char *value = defGetString(def);
	void *field = (char *) options + spec->offset;
	const char *fault = NULL;
	bool is_on = false;

	switch (spec->kind)
	{
		case DDB_OPTION_TEXT:
			fault = spec->check(value);
			*(char **) field = pstrdup(value);
			break;
		case DDB_OPTION_PATH:
			fault = ddb_path_parse(field, value);
			break;
		case DDB_OPTION_INT:
			if (!parse_word(spec->words, value, field) &&
				!parse_int_within(value, spec->min, spec->max, field))
				fault = choices(spec);
			break;
		case DDB_OPTION_WORD:
			if (!parse_word(spec->words, value, field))
				fault = choices(spec);
			break;
		case DDB_OPTION_BOOL:
			if (!parse_bool(value, field))
				fault = "Write true or false.";
			break;
		case DDB_OPTION_SWITCH:
			if (!parse_bool(value, &is_on))
				fault = "Write true or false.";
			*(int *) field = is_on ? DDB_SWITCH_ON : DDB_SWITCH_OFF;
			break;
	}
	if (fault != NULL)
		refuse_value(spec, fault);
}

/*
 * A list is validated whole, so an ALTER by someone else fails as long as such
 * an option is set. That is meant: what a superuser allowed for one endpoint is
 * not allowed for the next. Turning a boolean off is open to all, and so is the
 * first word.
 */
static void
check_permission(const DdbOptionSpec *spec, const void *options)
{
	const char *field = (const char *) options + spec->offset;

	if (!spec->superuser_only || superuser())
		return;
	if (spec->kind == DDB_OPTION_BOOL && !*(const bool *) field)
		return;
	if (spec->kind == DDB_OPTION_WORD &&
		*(const int *) field == spec->words->value)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to set option \"%s\"", spec->name),
			 errhint("Only a superuser may set this option.")));
}

/* An endpoint is right or wrong together with allow_http and its like. */
static void
check_endpoint(const DdbOptions *options, DdbService service, const char *name,
			   const char *value)
{
	DdbClientConfig config;
	DdbEndpoint endpoint;
	DdbStatus status;

	if (value == NULL)
		return;
	ddb_status_clear(&status);
	ddb_options_client_config(options, service, &config);
	if (ddb_endpoint_resolve(&endpoint, service, &config.endpoint, &status))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value for option \"%s\": %s", name, status.message),
			 errhint("Check it together with the options region, allow_http, "
					 "use_fips and use_dualstack.")));
}

/* Two options of a user mapping that do not go together. */
static void
refuse_pair(const char *name, const char *why, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("option \"%s\" %s option \"%s\"", name, why, other),
			 errhint("Change both in one statement.")));
}

/* What would have no effect is refused, rather than kept. */
static void
check_mapping(const DdbOptions *options)
{
	static const char *const without = "has no effect without";
	static const char *const beside = "has no effect beside";
	const char *host = options->profile != NULL ? "profile" : "credential_source";

	if (options->profile != NULL &&
		options->credential_source == DDB_CREDENTIALS_STATIC)
		refuse_pair("profile", beside, "credential_source");
	if (options->profile != NULL ||
		options->credential_source == DDB_CREDENTIALS_HOST)
	{
		if (options->access_key_id != NULL)
			refuse_pair("access_key_id", beside, host);
		if (options->secret_access_key != NULL)
			refuse_pair("secret_access_key", beside, host);
		if (options->session_token != NULL)
			refuse_pair("session_token", beside, host);
	}
	if (options->role_arn == NULL && options->external_id != NULL)
		refuse_pair("external_id", without, "role_arn");
	if (options->role_arn == NULL && options->role_session_name != NULL)
		refuse_pair("role_session_name", without, "role_arn");
}

static void
check_endpoints(const DdbOptions *options)
{
	check_endpoint(options, DDB_SERVICE_DYNAMODB, "endpoint", options->endpoint);
	check_endpoint(options,
				   DDB_SERVICE_STREAMS,
				   "streams_endpoint",
				   options->streams_endpoint);
	check_endpoint(options,
				   DDB_SERVICE_COGNITO,
				   "cognito_endpoint",
				   options->cognito_endpoint);
	check_endpoint(options, DDB_SERVICE_STS, "sts_endpoint", options->sts_endpoint);
}

const char *
ddb_options_override(const DdbOptions *options)
{
	if (options->endpoint != NULL)
		return "endpoint";
	if (options->streams_endpoint != NULL)
		return "streams_endpoint";
	if (options->cognito_endpoint != NULL)
		return "cognito_endpoint";
	return options->sts_endpoint != NULL ? "sts_endpoint" : NULL;
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
	options->updatable = true;
}

static DdbOptionPlace
place_of(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return DDB_OPTION_SERVER;
		case UserMappingRelationId:
			return DDB_OPTION_MAPPING;
		case ForeignTableRelationId:
			return DDB_OPTION_TABLE;
		case AttributeRelationId:
			return DDB_OPTION_COLUMN;
		default:
			return DDB_OPTION_NOWHERE;
	}
}

Datum
cruddur_ddb_fdw_validator(PG_FUNCTION_ARGS)
{
	List *list = untransformRelOptions(PG_GETARG_DATUM(0));
	DdbOptionPlace place = place_of(PG_GETARG_OID(1));
	union
	{
		DdbOptions connection; /* of a server or a user mapping */
		DdbTableOptions table;
		DdbColumnOptions column;
	} options;
	ListCell *cell;

	memset(&options, 0, sizeof(options));
	if (place == DDB_OPTION_SERVER)
		set_defaults(&options.connection);
	foreach(cell, list)
	{
		DefElem *def = lfirst_node(DefElem, cell);
		const DdbOptionSpec *spec = ddb_optionspec_find(place, def->defname);

		if (spec == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", def->defname),
					 errhint("%s", ddb_optionspec_hint(place, def->defname))));
		store_option(spec, def, &options);
		check_permission(spec, &options);
	}
	if (place == DDB_OPTION_SERVER)
		check_endpoints(&options.connection);
	if (place == DDB_OPTION_MAPPING)
		check_mapping(&options.connection);
	PG_RETURN_VOID();
}

/* An option that the catalog has and this version does not know has no say. */
static void
load(void *options, DdbOptionPlace place, List *list)
{
	ListCell *cell;

	foreach(cell, list)
	{
		DefElem *def = lfirst_node(DefElem, cell);
		const DdbOptionSpec *spec = ddb_optionspec_find(place, def->defname);

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
	load(options, DDB_OPTION_SERVER, server->options);
	options->users_table = quote_relation(options->users_table);
}

void
ddb_options_load_mapping(DdbOptions *options, List *mapping)
{
	load(options, DDB_OPTION_MAPPING, mapping);
	if (options->profile != NULL)
		options->credential_source = DDB_CREDENTIALS_HOST;
	if (options->credential_source == DDB_CREDENTIALS_HOST)
		return;
	options->credential_source = DDB_CREDENTIALS_STATIC;
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

static void
load_table(DdbTableOptions *options, const DdbOptions *server, List *table)
{
	memset(options, 0, sizeof(*options));
	options->consistent_read = server->consistent_read;
	options->read_units_per_second = server->read_units_per_second;
	options->write_units_per_second = server->write_units_per_second;
	options->updatable = server->updatable;
	load(options, DDB_OPTION_TABLE, table);
}

void
ddb_options_load_table(DdbTableOptions *options, const DdbOptions *server,
					   const char *relation, List *table)
{
	const char *fault;

	load_table(options, server, table);
	if (options->table_name != NULL)
		return;
	fault = ddb_optionspec_find(DDB_OPTION_TABLE, "table_name")->check(relation);
	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
				 errmsg("\"%s\" cannot be the name of a table of DynamoDB",
						relation),
				 errdetail("%s", fault),
				 errhint("Set the option table_name of foreign table \"%s\".",
						 relation)));
	options->table_name = pstrdup(relation);
}

bool
ddb_options_updatable(const ForeignServer *server, List *table)
{
	DdbOptions server_options;
	DdbTableOptions options;

	ddb_options_load_server(&server_options, server);
	load_table(&options, &server_options, table);
	return options.updatable && options.index_name == NULL;
}

void
ddb_options_load_column(DdbColumnOptions *options, List *column)
{
	memset(options, 0, sizeof(*options));
	load(options, DDB_OPTION_COLUMN, column);
}

void
ddb_options_client_config(const DdbOptions *options, DdbService service,
						  DdbClientConfig *config)
{
	memset(config, 0, sizeof(*config));
	config->service = service;
	config->endpoint.region = options->region;
	config->endpoint.endpoint = options->endpoint;
	if (service == DDB_SERVICE_STREAMS && options->streams_endpoint != NULL)
		config->endpoint.endpoint = options->streams_endpoint;
	if (service == DDB_SERVICE_COGNITO)
		config->endpoint.endpoint = options->cognito_endpoint;
	if (service == DDB_SERVICE_STS)
		config->endpoint.endpoint = options->sts_endpoint;
	config->endpoint.use_fips = options->use_fips;
	config->endpoint.use_dualstack = options->use_dualstack;
	config->endpoint.allow_http = options->allow_http;
	config->ca_file = options->ca_file;
	config->connect_timeout_ms = options->connect_timeout_ms;
	config->request_timeout_ms = options->request_timeout_ms;
	config->max_attempts = options->max_attempts;
	config->max_connections = options->max_connections;
}
