/*
 * chain.c
 *		A chain of keys and roles, as a thing in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "secret.h"

bool
ddb_chain_set(char **field, const char *value, DdbStatus *status)
{
	char *copy = value != NULL ? strdup(value) : NULL;

	if (value != NULL && copy == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	*field = copy;
	return true;
}

bool
ddb_chain_set_secret(char **field, const char *value, DdbStatus *status)
{
	char *copy = value != NULL ? ddb_secret_strdup(value) : NULL;

	if (value != NULL && copy == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	*field = copy;
	return true;
}

DdbChain *
ddb_chain_of_keys(const char *access_key_id, const char *secret_access_key,
				  const char *session_token)
{
	DdbChain *chain = calloc(1, sizeof(*chain));
	DdbStatus status;

	if (chain == NULL)
		return NULL;
	ddb_status_clear(&status);
	chain->source = DDB_SOURCE_KEYS;
	chain->host = &ddb_host_process;
	if (ddb_chain_set(&chain->access_key_id, access_key_id, &status) &&
		ddb_chain_set_secret(&chain->secret_access_key, secret_access_key, &status) &&
		ddb_chain_set_secret(&chain->session_token, session_token, &status))
		return chain;
	ddb_chain_free(chain);
	return NULL;
}

static void
free_role(DdbRole *role)
{
	free(role->arn);
	free(role->external_id);
	free(role->session_name);
}

bool
ddb_chain_insert_role(DdbChain *chain, int place, DdbRole *role, DdbStatus *status)
{
	size_t size = ((size_t) chain->nroles + 1) * sizeof(*role);
	DdbRole *roles = realloc(chain->roles, size);

	if (roles == NULL)
	{
		free_role(role);
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	}
	memmove(&roles[place + 1],
			&roles[place],
			(size_t) (chain->nroles - place) * sizeof(*roles));
	roles[place] = *role;
	chain->roles = roles;
	chain->nroles++;
	return true;
}

bool
ddb_chain_fill_role(DdbRole *role, const char *arn, const char *external_id,
					const char *session_name, DdbStatus *status)
{
	*role = (DdbRole){0};
	if (ddb_chain_set(&role->arn, arn, status) &&
		ddb_chain_set(&role->external_id, external_id, status) &&
		ddb_chain_set(&role->session_name, session_name, status))
		return true;
	free_role(role);
	*role = (DdbRole){0};
	return false;
}

bool
ddb_chain_add_role(DdbChain *chain, const DdbRole *role)
{
	DdbStatus status;
	DdbRole copy;

	ddb_status_clear(&status);
	if (!ddb_chain_fill_role(&copy,
							 role->arn,
							 role->external_id,
							 role->session_name,
							 &status))
		return false;
	copy.duration_s = role->duration_s;
	return ddb_chain_insert_role(chain, chain->nroles, &copy, &status);
}

void
ddb_chain_free(DdbChain *chain)
{
	if (chain == NULL)
		return;
	free(chain->access_key_id);
	ddb_secret_free(chain->secret_access_key);
	ddb_secret_free(chain->session_token);
	free(chain->token_file);
	free_role(&chain->web_role);
	free(chain->container_url);
	free(chain->container_token_file);
	ddb_secret_free(chain->container_token);
	free(chain->imds_endpoint);
	for (int i = 0; i < chain->nroles; i++)
		free_role(&chain->roles[i]);
	free(chain->roles);
	free(chain->region);
	free(chain->sts_url);
	free(chain->dynamodb_url);
	free(chain->streams_url);
	free(chain->cognito_url);
	free(chain);
}
