/*
 * credentials.h
 *		Who signs the requests of clients: fixed keys, or those of a provider.
 *
 * Whoever makes credentials owns them; clients borrow them, and several may
 * share them. What a provider wants asked is asked while a client of them is
 * pumped, side by side with the client's own requests.
 */
#ifndef DDB_CREDENTIALS_H
#define DDB_CREDENTIALS_H

#include "http.h"
#include "keys.h"
#include "status.h"

typedef struct DdbCredentials DdbCredentials;
typedef struct DdbProvider DdbProvider; /* of provider.h */

/*
 * Fixed keys, which are copied. session_token may be NULL. NULL if out of
 * memory.
 */
extern DdbCredentials *ddb_credentials_create_static(const char *access_key_id,
													 const char *secret_access_key,
													 const char *session_token);

/*
 * The keys of a provider, which becomes the credentials', also where this
 * fails. http is borrowed and must outlive them. ca_file is for STS, as that of
 * a client; NULL: the system's. NULL if out of memory.
 */
extern DdbCredentials *ddb_credentials_create_provider(DdbHttp *http,
													   DdbProvider *provider,
													   const char *ca_file,
													   int connect_timeout_ms);

/*
 * The keys to sign with now, valid until the next call for these credentials.
 * WAIT: they are being fetched; pump and ask again. FAILED: status says why,
 * with DDB_STATUS_AUTH or DDB_STATUS_NO_MEMORY.
 */
extern DdbKeysState ddb_credentials_get(DdbCredentials *credentials,
										DdbKeys *keys, DdbStatus *status);

/*
 * Take what came and ask what there is to ask. True: the network has
 * something new to do and wants to be pumped.
 */
extern bool ddb_credentials_pump(DdbCredentials *credentials);

/* How long to wait before the next pump: ms, 0 for now, -1 for no bound. */
extern int ddb_credentials_timeout_ms(const DdbCredentials *credentials);

/* Are keys on their way, so that it makes sense to wait for them? */
extern bool ddb_credentials_fetching(const DdbCredentials *credentials);

/*
 * The service has refused keys of this generation as expired or unknown. True:
 * there will be, or are, others.
 */
extern bool ddb_credentials_discard(DdbCredentials *credentials,
									uint64_t generation);

/* Wipes the secrets. NULL is fine. */
extern void ddb_credentials_free(DdbCredentials *credentials);

#endif /* DDB_CREDENTIALS_H */
