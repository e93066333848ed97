/*
 * chain.h
 *		Where keys come from: what to ask first, and which roles then.
 *
 * A chain is found out from the host alone, without a request. It is of the
 * host's own keys (environment, profile, web identity, container, instance
 * metadata, in this order), or of given ones; roles may stand behind either.
 */
#ifndef DDB_CHAIN_H
#define DDB_CHAIN_H

#include "host.h"

typedef enum DdbSource
{
	DDB_SOURCE_KEYS,         /* keys that are known already */
	DDB_SOURCE_WEB_IDENTITY, /* a token file, exchanged by STS */
	DDB_SOURCE_CONTAINER,    /* the endpoint of ECS or EKS Pod Identity */
	DDB_SOURCE_IMDS          /* the instance metadata service of EC2 */
} DdbSource;

/* A role to assume. NULL or 0: not given. */
typedef struct DdbRole
{
	char *arn;
	char *external_id;
	char *session_name;
	int duration_s;
} DdbRole;

/*
 * All strings are malloc'd, but for secrets, which are of ddb_secret_strdup;
 * those that do not concern the source are NULL.
 */
typedef struct DdbChain
{
	DdbSource source;

	/* DDB_SOURCE_KEYS */
	char *access_key_id;
	char *secret_access_key; /* secret */
	char *session_token;     /* secret; NULL: none */

	/* DDB_SOURCE_WEB_IDENTITY; the file is read anew for each request */
	char *token_file;
	DdbRole web_role;

	/*
	 * DDB_SOURCE_CONTAINER. The Authorization header: the file's text, read
	 * anew for each request; else the token; else none.
	 */
	char *container_url;
	char *container_token_file;
	char *container_token; /* secret */

	/* DDB_SOURCE_IMDS: "http://169.254.169.254", without a slash behind */
	char *imds_endpoint;

	/* Assumed one after the other, each with the keys of the one before. */
	DdbRole *roles;
	int nroles;

	/* What the selected profile says; NULL and false: nothing. */
	char *region;
	char *sts_url;
	char *dynamodb_url;
	char *streams_url;
	char *cognito_url;
	bool ignore_configured_urls;
	bool use_fips;
	bool use_dualstack;

	const DdbHost *host; /* for the token files; borrowed */
} DdbChain;

/*
 * The chain of the host. profile NULL: AWS_PROFILE, else "default", and where
 * it has no word of credentials, what comes behind it in the order. A profile
 * that is named here is to have credentials itself: nothing before or behind it
 * in the order is looked at.
 *
 * NULL with DDB_STATUS_AUTH and a message that names the profile and the
 * property or the variable at fault, but no secret; or out of memory. What is
 * not supported is such an error too: SSO, credential_process, mfa_serial,
 * login_session.
 */
extern DdbChain *ddb_chain_resolve(const DdbHost *host, const char *profile,
								   DdbStatus *status);

/*
 * A chain of keys, which are copied; session_token may be NULL. NULL: no memory.
 */
extern DdbChain *ddb_chain_of_keys(const char *access_key_id,
								   const char *secret_access_key,
								   const char *session_token);

/* Put a copy of the role behind what is there. False: no memory. */
extern bool ddb_chain_add_role(DdbChain *chain, const DdbRole *role);

/* Wipes the secrets. NULL is fine. */
extern void ddb_chain_free(DdbChain *chain);

/*
 * For those that make a chain, field by field. All are false for want of memory
 * only, with the status filled.
 */

/* Set the field to a copy of the value, which may be NULL. It was NULL. */
extern bool ddb_chain_set(char **field, const char *value, DdbStatus *status);

/* The same of a secret. */
extern bool ddb_chain_set_secret(char **field, const char *value,
								 DdbStatus *status);

/* Make the role of copies; any but the ARN may be NULL. */
extern bool ddb_chain_fill_role(DdbRole *role, const char *arn,
								const char *external_id,
								const char *session_name, DdbStatus *status);

/*
 * Put the role before the one that is at this place now, or behind all. Its
 * strings are the chain's then, or freed.
 */
extern bool ddb_chain_insert_role(DdbChain *chain, int place, DdbRole *role,
								  DdbStatus *status);

#endif /* DDB_CHAIN_H */
