/*
 * credentials.h
 *		Who signs the requests of a client.
 *
 * Static keys for now; the host's provider chain (environment, profile, web
 * identity, container, IMDSv2) takes its seat behind the same functions.
 */
#ifndef DDB_CREDENTIALS_H
#define DDB_CREDENTIALS_H

#include "keys.h"
#include "status.h"

typedef struct DdbCredentials DdbCredentials;

/*
 * A provider of fixed keys, which are copied. session_token may be NULL.
 * NULL if out of memory.
 */
extern DdbCredentials *ddb_credentials_create_static(const char *access_key_id,
													 const char *secret_access_key,
													 const char *session_token);

/*
 * The keys to sign with now. Valid until the next call for this provider.
 * False with DDB_STATUS_AUTH if there are none.
 */
extern bool ddb_credentials_get(DdbCredentials *credentials, DdbKeys *keys,
								DdbStatus *status);

/* Wipes the secrets. NULL is fine. */
extern void ddb_credentials_free(DdbCredentials *credentials);

#endif /* DDB_CREDENTIALS_H */
