/*
 * options.h
 *		The options of foreign servers, user mappings, foreign tables and their
 *		columns.
 */
#ifndef DDB_OPTIONS_H
#define DDB_OPTIONS_H

#include "postgres.h"

#include "foreign/foreign.h"
#include "nodes/pg_list.h"

#include "call.h"
#include "path.h"

/* Whose keys they are before a role is assumed. */
typedef enum DdbCredentialSource
{
	DDB_CREDENTIALS_UNSET, /* the mapping's, or the host's if it has a profile */
	DDB_CREDENTIALS_STATIC,
	DDB_CREDENTIALS_HOST
} DdbCredentialSource;

/*
 * The options of one server and one user mapping, defaults filled in. Strings
 * are in the server's encoding and live where the struct was loaded; NULL
 * means that the option is not given.
 */
typedef struct DdbOptions
{
	char *server_name;
	char *region;
	char *endpoint;
	char *streams_endpoint; /* NULL: that of DynamoDB */
	char *cognito_endpoint;
	char *sts_endpoint;
	char *table_name;   /* DynamoDB's messaging table */
	char *users_table;  /* schema-qualified, quoted where needed */
	char *user_pool_id; /* Cognito's */
	char *ca_file;
	bool allow_http;
	int use_fips; /* a DdbSwitch; of the next, too */
	int use_dualstack;
	bool consistent_read;
	int connect_timeout_ms;
	int request_timeout_ms;
	int max_attempts;
	int max_connections;
	int read_units_per_second; /* 0: no limit */
	int write_units_per_second;
	bool updatable;

	/* of the user mapping */
	int credential_source; /* a DdbCredentialSource */
	char *access_key_id;
	char *secret_access_key;
	char *session_token;
	char *profile;
	char *role_arn;
	char *external_id;
	char *role_session_name;
} DdbOptions;

typedef enum DdbMismatch
{
	DDB_MISMATCH_ERROR,
	DDB_MISMATCH_NULL
} DdbMismatch;

typedef enum DdbDuplicate
{
	DDB_DUPLICATE_ERROR,
	DDB_DUPLICATE_REPLACE
} DdbDuplicate;

/* Of a foreign table, defaults filled in. */
typedef struct DdbTableOptions
{
	char *table_name;
	char *index_name; /* NULL: not given */
	bool consistent_read;
	int read_units_per_second; /* 0: no limit */
	int write_units_per_second;
	int segments;         /* 0: auto */
	int on_type_mismatch; /* a DdbMismatch */
	int on_duplicate;     /* a DdbDuplicate */
	bool updatable;
} DdbTableOptions;

typedef enum DdbKeyRole
{
	DDB_KEY_NONE,
	DDB_KEY_PARTITION,
	DDB_KEY_SORT
} DdbKeyRole;

/* Of a column of a foreign table. */
typedef struct DdbColumnOptions
{
	DdbDocumentPath attribute; /* text is NULL where it is not given */
	int type;                  /* a DdbType; ABSENT: not given */
	int key;                   /* a DdbKeyRole */
	bool canonical;
} DdbColumnOptions;

/*
 * Reset options to the defaults and fill in the server's. Allocates in
 * CurrentMemoryContext; what a validator would refuse is an error here too.
 */
extern void ddb_options_load_server(DdbOptions *options,
									const ForeignServer *server);

/*
 * Fill in a user mapping's options, after those of its server; credential_source
 * is STATIC or HOST then. Error 28000 if the access key or its secret is
 * missing: only here, as ALTER USER MAPPING may set one after the other.
 */
extern void ddb_options_load_mapping(DdbOptions *options, List *mapping);

/*
 * The first of the options that say where one of the services is, by name;
 * NULL: none is given.
 */
extern const char *ddb_options_override(const DdbOptions *options);

/*
 * The options of a foreign table, what it leaves open from its server's. Error
 * HV00R if it has to have the relation's name and DynamoDB has no such names.
 */
extern void ddb_options_load_table(DdbTableOptions *options,
								   const DdbOptions *server,
								   const char *relation, List *table);

/*
 * May rows of the foreign table be inserted, updated and deleted? By its option
 * or its server's; and never those of an index. No error for a table that
 * cannot be read either: views of the catalogs ask for all tables.
 */
extern bool ddb_options_updatable(const ForeignServer *server, List *table);

/* The options of a column. */
extern void ddb_options_load_column(DdbColumnOptions *options, List *column);

/* What a client of the service is made from; its strings are those of options. */
extern void ddb_options_client_config(const DdbOptions *options,
									  DdbService service,
									  DdbClientConfig *config);

#endif /* DDB_OPTIONS_H */
