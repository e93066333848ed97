/*
 * optionspec.c
 *		What options there are, where, and what values they take.
 *
 * One table describes them all. Taking the values into their structs is left to
 * options.c.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "userpool.h"
#include "options.h"
#include "optionspec.h"
#include "value.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Further from what was typed than this, a name is no suggestion. */
#define MAX_TYPING_ERRORS 4

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
check_file(const char *value)
{
	return is_absolute_path(value) ? NULL : "Write an absolute path.";
}

/* DynamoDB's naming rules, Developer Guide, "Naming rules and data types" */
static const char *
check_table(const char *value)
{
	size_t len = strlen(value);

	if (len < 3 || len > 255 || strspn(value, DIGITS LETTERS "_.-") != len)
		return "Tables and indexes of DynamoDB have names of 3 to 255 "
			   "characters out of a-z, A-Z, 0-9, underscore, hyphen and dot.";
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

/* UserPoolId in the API reference of Cognito user pools */
static const char *
check_pool(const char *value)
{
	size_t len = strlen(value);
	size_t region_len = strspn(value, DIGITS LETTERS "_-");
	const char *end = strrchr(value, '_');

	if (len > DDB_USERPOOL_POOL_LEN || region_len != len || end == NULL ||
		end == value || end[1] == '\0' || strchr(end, '-') != NULL)
		return "Write the ID of a Cognito user pool, for example "
			   "us-east-1_AbCdEfGhI.";
	return NULL;
}

/* AssumeRole in the API reference of STS, as of the next two */
static const char *
check_role(const char *value)
{
	size_t len = strlen(value);

	if (strncmp(value, "arn:", 4) != 0 || strstr(value, ":role/") == NULL ||
		len > 2048 || check_words(value) != NULL)
		return "Write the ARN of a role, for example "
			   "arn:aws:iam::123456789012:role/cruddur.";
	return NULL;
}

static const char *
check_external_id(const char *value)
{
	size_t len = strlen(value);

	if (len < 2 || len > 1224 || strspn(value, DIGITS LETTERS "_+=,.@:/-") != len)
		return "Write 2 to 1224 characters out of a-z, A-Z, 0-9 and "
			   "_+=,.@:/-.";
	return NULL;
}

static const char *
check_session_name(const char *value)
{
	size_t len = strlen(value);

	if (len < 2 || len > 64 || strspn(value, DIGITS LETTERS "_+=,.@-") != len)
		return "Write 2 to 64 characters out of a-z, A-Z, 0-9 and _+=,.@-.";
	return NULL;
}

static const DdbOptionWord source_words[] = {{"static", DDB_CREDENTIALS_STATIC},
											 {"host", DDB_CREDENTIALS_HOST},
											 {NULL, 0}};

static const DdbOptionWord segment_words[] = {{"auto", 0}, {NULL, 0}};

static const DdbOptionWord mismatch_words[] = {{"error", DDB_MISMATCH_ERROR},
											   {"null", DDB_MISMATCH_NULL},
											   {NULL, 0}};

static const DdbOptionWord duplicate_words[] = {{"error", DDB_DUPLICATE_ERROR},
												{"replace", DDB_DUPLICATE_REPLACE},
												{NULL, 0}};

static const DdbOptionWord key_words[] = {{"partition", DDB_KEY_PARTITION},
										  {"sort", DDB_KEY_SORT},
										  {NULL, 0}};

static const DdbOptionWord type_words[] = {{"S", DDB_TYPE_S},
										   {"N", DDB_TYPE_N},
										   {"B", DDB_TYPE_B},
										   {"BOOL", DDB_TYPE_BOOL},
										   {"SS", DDB_TYPE_SS},
										   {"NS", DDB_TYPE_NS},
										   {"BS", DDB_TYPE_BS},
										   {"L", DDB_TYPE_L},
										   {"M", DDB_TYPE_M},
										   {NULL, 0}};

#define FIELD(struct, option, of, is)                                          \
	.name = #option, .offset = offsetof(struct, option), .place = of, .kind = is
#define SERVER(option, is) FIELD(DdbOptions, option, DDB_OPTION_SERVER, is)
#define MAPPING(option, is) FIELD(DdbOptions, option, DDB_OPTION_MAPPING, is)
#define TABLE(option, is) FIELD(DdbTableOptions, option, DDB_OPTION_TABLE, is)
#define COLUMN(option, is)                                                     \
	FIELD(DdbColumnOptions, option, DDB_OPTION_COLUMN, is)

static const DdbOptionSpec specs[] = {
	{SERVER(region, DDB_OPTION_TEXT), .check = check_region},
	{SERVER(endpoint, DDB_OPTION_TEXT), .check = check_words},
	{SERVER(streams_endpoint, DDB_OPTION_TEXT), .check = check_words},
	{SERVER(cognito_endpoint, DDB_OPTION_TEXT), .check = check_words},
	{SERVER(sts_endpoint, DDB_OPTION_TEXT), .check = check_words},
	{SERVER(table_name, DDB_OPTION_TEXT), .check = check_table},
	{SERVER(users_table, DDB_OPTION_TEXT), .check = check_relation},
	{SERVER(user_pool_id, DDB_OPTION_TEXT), .check = check_pool},
	{SERVER(ca_file, DDB_OPTION_TEXT), .check = check_file, .superuser_only = true},
	{SERVER(allow_http, DDB_OPTION_BOOL), .superuser_only = true},
	{SERVER(use_fips, DDB_OPTION_SWITCH)},
	{SERVER(use_dualstack, DDB_OPTION_SWITCH)},
	{SERVER(connect_timeout_ms, DDB_OPTION_INT), .min = 1, .max = 600000},
	{SERVER(request_timeout_ms, DDB_OPTION_INT), .min = 1, .max = 600000},
	{SERVER(max_attempts, DDB_OPTION_INT), .min = 1, .max = DDB_CALL_MAX_ATTEMPTS},
	{SERVER(max_connections, DDB_OPTION_INT), .min = 1, .max = 64},
	{SERVER(consistent_read, DDB_OPTION_BOOL)},
	{SERVER(read_units_per_second, DDB_OPTION_INT), .max = 1000000},
	{SERVER(write_units_per_second, DDB_OPTION_INT), .max = 1000000},
	{SERVER(updatable, DDB_OPTION_BOOL)},

	{MAPPING(access_key_id, DDB_OPTION_TEXT), .check = check_words},
	{MAPPING(secret_access_key, DDB_OPTION_TEXT), .check = check_words},
	{MAPPING(session_token, DDB_OPTION_TEXT), .check = check_words},
	{MAPPING(credential_source, DDB_OPTION_WORD),
	 .words = source_words,
	 .superuser_only = true},
	{MAPPING(profile, DDB_OPTION_TEXT),
	 .check = check_words,
	 .superuser_only = true},
	{MAPPING(role_arn, DDB_OPTION_TEXT), .check = check_role},
	{MAPPING(external_id, DDB_OPTION_TEXT), .check = check_external_id},
	{MAPPING(role_session_name, DDB_OPTION_TEXT), .check = check_session_name},

	{TABLE(table_name, DDB_OPTION_TEXT), .check = check_table},
	{TABLE(index_name, DDB_OPTION_TEXT), .check = check_table},
	{TABLE(consistent_read, DDB_OPTION_BOOL)},
	{TABLE(read_units_per_second, DDB_OPTION_INT), .max = 1000000},
	{TABLE(write_units_per_second, DDB_OPTION_INT), .max = 1000000},
	{TABLE(updatable, DDB_OPTION_BOOL)},
	{TABLE(segments, DDB_OPTION_INT), .min = 1, .max = 64, .words = segment_words},
	{TABLE(on_type_mismatch, DDB_OPTION_WORD), .words = mismatch_words},
	{TABLE(on_duplicate, DDB_OPTION_WORD), .words = duplicate_words},

	{COLUMN(attribute, DDB_OPTION_PATH)},
	{COLUMN(type, DDB_OPTION_WORD), .words = type_words},
	{COLUMN(key, DDB_OPTION_WORD), .words = key_words},
	{COLUMN(canonical, DDB_OPTION_BOOL)},
};

#undef FIELD
#undef SERVER
#undef MAPPING
#undef TABLE
#undef COLUMN

static const char *const place_names[] = {
	[DDB_OPTION_SERVER] = "a foreign server",
	[DDB_OPTION_TABLE] = "a foreign table",
	[DDB_OPTION_COLUMN] = "a foreign table's column",
	[DDB_OPTION_MAPPING] = "a user mapping",
};

const DdbOptionSpec *
ddb_optionspec_find(DdbOptionPlace place, const char *name)
{
	for (size_t i = 0; i < lengthof(specs); i++)
	{
		const DdbOptionSpec *spec = &specs[i];

		if (spec->place == place && strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
}

/* The name nearest to what was typed, by the rule that core has for its own. */
static const char *
nearest_name(DdbOptionPlace place, const char *typed)
{
	int typed_len = strlen(typed);
	int best = Min(MAX_TYPING_ERRORS, typed_len / 2) + 1;
	const char *nearest = NULL;

	if (typed_len >= NAMEDATALEN)
		return NULL;
	for (size_t i = 0; i < lengthof(specs); i++)
	{
		const DdbOptionSpec *spec = &specs[i];
		int distance;

		if (spec->place != place)
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
valid_names(DdbOptionPlace place)
{
	StringInfoData names;

	initStringInfo(&names);
	for (size_t i = 0; i < lengthof(specs); i++)
	{
		const DdbOptionSpec *spec = &specs[i];

		if (spec->place == place)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", spec->name);
	}
	return names.data;
}

/* "a foreign server or a foreign table": where there is such an option. */
static char *
places_of(const char *name)
{
	StringInfoData places;

	initStringInfo(&places);
	for (DdbOptionPlace place = 0; place < DDB_OPTION_NOWHERE; place++)
	{
		if (ddb_optionspec_find(place, name) != NULL)
			appendStringInfo(&places,
							 "%s%s",
							 places.len > 0 ? " or " : "",
							 place_names[place]);
	}
	return places.data;
}

const char *
ddb_optionspec_hint(DdbOptionPlace place, const char *name)
{
	const char *places = places_of(name);
	const char *nearest = nearest_name(place, name);

	if (*places != '\0')
		return psprintf("\"%s\" is an option of %s.", name, places);
	if (nearest != NULL)
		return psprintf("Perhaps you meant the option \"%s\".", nearest);
	if (place == DDB_OPTION_NOWHERE)
		return "There are no valid options in this context.";
	return psprintf("Valid options in this context are: %s", valid_names(place));
}
