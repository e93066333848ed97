/*
 * credentials.c
 *		The providers of keys. So far one: fixed keys.
 */
#include <string.h>

#include "credentials.h"
#include "secret.h"

struct DdbCredentials
{
	DdbKeys keys;
	size_t text_len;
	char text[]; /* the three strings, each with its NUL */
};

static const char *
text_append(DdbCredentials *credentials, const char *value)
{
	char *copy = credentials->text + credentials->text_len;
	size_t size = strlen(value) + 1;

	memcpy(copy, value, size);
	credentials->text_len += size;
	return copy;
}

DdbCredentials *
ddb_credentials_create_static(const char *access_key_id,
							  const char *secret_access_key,
							  const char *session_token)
{
	const char *id = access_key_id != NULL ? access_key_id : "";
	const char *secret = secret_access_key != NULL ? secret_access_key : "";
	const char *token = session_token != NULL ? session_token : "";
	DdbCredentials *credentials;

	credentials = ddb_secret_alloc(sizeof(*credentials) + strlen(id) +
								   strlen(secret) + strlen(token) + 3);
	if (credentials == NULL)
		return NULL;
	credentials->text_len = 0;
	credentials->keys.access_key_id = text_append(credentials, id);
	credentials->keys.secret_access_key = text_append(credentials, secret);
	token = text_append(credentials, token);
	credentials->keys.session_token = token[0] != '\0' ? token : NULL;
	credentials->keys.generation = ddb_keys_generation();
	return credentials;
}

/* Can it stand in a header? Anything else would be a way to forge one. */
static bool
fits_header(const char *value)
{
	for (; *value != '\0'; value++)
	{
		if (*value <= ' ' || *value > '~')
			return false;
	}
	return true;
}

bool
ddb_credentials_get(DdbCredentials *credentials, DdbKeys *keys, DdbStatus *status)
{
	const DdbKeys *own = &credentials->keys;

	if (own->access_key_id[0] == '\0')
		return ddb_status_set(status, DDB_STATUS_AUTH, "there is no access key ID");
	if (own->secret_access_key[0] == '\0')
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "there is no secret access key");
	if (!fits_header(own->access_key_id))
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "the access key ID has an invalid character");
	if (own->session_token != NULL && !fits_header(own->session_token))
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "the session token has an invalid character");
	*keys = *own;
	return true;
}

void
ddb_credentials_free(DdbCredentials *credentials)
{
	ddb_secret_free(credentials);
}
