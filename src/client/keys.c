/*
 * keys.c
 *		What every set of keys has: a number, and characters that can be sent.
 */
#include "keys.h"

/* Of the keys that were handed out last; 0 is never handed out. */
static uint64_t last_generation = 0;

uint64_t
ddb_keys_generation(void)
{
	return ++last_generation;
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
ddb_keys_check(const DdbKeys *keys, DdbStatus *status)
{
	if (keys->access_key_id[0] == '\0')
		return ddb_status_set(status, DDB_STATUS_AUTH, "there is no access key ID");
	if (keys->secret_access_key[0] == '\0')
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "there is no secret access key");
	if (!fits_header(keys->access_key_id))
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "the access key ID has an invalid character");
	if (keys->session_token != NULL && !fits_header(keys->session_token))
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "the session token has an invalid character");
	return true;
}
