/*
 * options.h
 *		The options of foreign servers and user mappings.
 */
#ifndef DDB_OPTIONS_H
#define DDB_OPTIONS_H

#include "postgres.h"

#include "foreign/foreign.h"
#include "nodes/pg_list.h"

#include "call.h"

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
	char *table_name;  /* DynamoDB's messaging table */
	char *users_table; /* schema-qualified, quoted where needed */
	char *ca_file;
	bool allow_http;
	bool use_fips;
	bool use_dualstack;
	bool consistent_read;
	int connect_timeout_ms;
	int request_timeout_ms;
	int max_attempts;
	int max_connections;

	/* of the user mapping */
	char *credential_source;
	char *access_key_id;
	char *secret_access_key;
	char *session_token;
} DdbOptions;

/*
 * Reset options to the defaults and fill in the server's. Allocates in
 * CurrentMemoryContext; what a validator would refuse is an error here too.
 */
extern void ddb_options_load_server(DdbOptions *options,
									const ForeignServer *server);

/*
 * Fill in a user mapping's options, after those of its server. Error 28000 if
 * the access key or its secret is missing: only here, as ALTER USER MAPPING
 * may set one after the other.
 */
extern void ddb_options_load_mapping(DdbOptions *options, List *mapping);

/* What a client is made from; its strings are those of options. */
extern void ddb_options_client_config(const DdbOptions *options,
									  DdbClientConfig *config);

#endif /* DDB_OPTIONS_H */
