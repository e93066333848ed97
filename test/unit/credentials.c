/*
 * credentials.c
 *		Fixed keys: copied, told apart, refused where no header can hold them.
 */
#include "credentials.h"
#include "tap.h"

static void
check_refused(const char *id, const char *secret, const char *token,
			  const char *message)
{
	DdbCredentials *credentials =
		ddb_credentials_create_static(id, secret, token);
	DdbKeys keys;
	DdbStatus status;

	ddb_status_clear(&status);
	ok(ddb_credentials_get(credentials, &keys, &status) == DDB_KEYS_FAILED &&
		   status.kind == DDB_STATUS_AUTH,
	   "refused: %s",
	   message);
	is_str(status.message, message, "and why");
	ddb_credentials_free(credentials);
}

static void
test_credentials(void)
{
	char id[] = "AKID";
	DdbCredentials *one = ddb_credentials_create_static(id, "s1", "t");
	DdbCredentials *two = ddb_credentials_create_static("AKID", "s2", "");
	DdbKeys keys, other;
	DdbStatus status;

	id[0] = 'X';
	is_int(ddb_credentials_get(one, &keys, &status), DDB_KEYS_READY, "keys");
	is_str(keys.access_key_id, "AKID", "the access key is a copy");
	is_str(keys.secret_access_key, "s1", "the secret");
	is_str(keys.session_token, "t", "the token");
	is_int(ddb_credentials_get(two, &other, &status), DDB_KEYS_READY, "other keys");
	is_str(other.session_token, NULL, "an empty token is none");
	ok(keys.generation != other.generation && keys.generation != 0,
	   "generations differ");
	ok(ddb_credentials_get(one, &other, &status) == DDB_KEYS_READY &&
		   keys.generation == other.generation,
	   "and stay with their keys");
	ddb_credentials_free(one);
	ddb_credentials_free(two);
	ddb_credentials_free(NULL);

	check_refused(NULL, "s", NULL, "there is no access key ID");
	check_refused("", "s", NULL, "there is no access key ID");
	check_refused("a", NULL, NULL, "there is no secret access key");
	check_refused("a\r\nX-Evil: 1",
				  "s",
				  NULL,
				  "the access key ID has an invalid character");
	check_refused("a", "s", "t\nX", "the session token has an invalid character");
	tap_fail_alloc(0);
	one = ddb_credentials_create_static("a", "b", "c");
	ok(tap_alloc_failed() && one == NULL, "NULL when out of memory");
	ddb_credentials_free(one);
}

int
main(void)
{
	test_credentials();
	return tap_done();
}
