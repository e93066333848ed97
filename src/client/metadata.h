/*
 * metadata.h
 *		Keys from beside us: the endpoint of a container, and the instance
 *		metadata service of EC2 in its second version.
 *
 * The first version of the latter is left out. It gave keys to whoever could
 * have this host send a GET.
 */
#ifndef DDB_METADATA_H
#define DDB_METADATA_H

#include "draft.h"
#include "issued.h"
#include "retry.h"

/* What a token of the instance metadata service is asked to live. */
#define DDB_METADATA_TOKEN_S 21600

/*
 * Write a request. False with DDB_STATUS_NO_MEMORY; that for the container also
 * with DDB_STATUS_AUTH if its token, which may be NULL, fits no header.
 */
extern bool ddb_metadata_ask_container(DdbDraft *draft, const char *url,
									   const char *token, DdbStatus *status);
extern bool ddb_metadata_ask_token(DdbDraft *draft, const char *endpoint,
								   DdbStatus *status);
extern bool ddb_metadata_ask_role(DdbDraft *draft, const char *endpoint,
								  const char *token, DdbStatus *status);
extern bool ddb_metadata_ask_keys(DdbDraft *draft, const char *endpoint,
								  const char *token, const char *role,
								  DdbStatus *status);

/*
 * Read the answer: keys, the token, which is a secret, or the malloc'd name of
 * the role. False (NULL) with status filled; the message says what could not be
 * had and why, without what the draft keeps secret.
 */
extern bool ddb_metadata_read_container(const DdbAnswer *answer,
										const DdbDraft *draft,
										DdbIssued *issued, DdbStatus *status);
extern char *ddb_metadata_read_token(const DdbAnswer *answer, DdbStatus *status);
extern char *ddb_metadata_read_role(const DdbAnswer *answer, DdbStatus *status);
extern bool ddb_metadata_read_keys(const DdbAnswer *answer, const DdbDraft *draft,
								   DdbIssued *issued, DdbStatus *status);

/* Is what one of those has failed with worth another attempt? */
extern DdbRetryClass ddb_metadata_classify(const DdbStatus *status);

/* Did the instance metadata service refuse its token, as after its time? */
extern bool ddb_metadata_token_expired(const DdbStatus *status);

#endif /* DDB_METADATA_H */
