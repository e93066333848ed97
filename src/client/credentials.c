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

bool
ddb_credentials_get(DdbCredentials *credentials, DdbKeys *keys, DdbStatus *status)
{
	if (!ddb_keys_check(&credentials->keys, status))
		return false;
	*keys = credentials->keys;
	return true;
}

void
ddb_credentials_free(DdbCredentials *credentials)
{
	ddb_secret_free(credentials);
}
