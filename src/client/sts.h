/*
 * sts.h
 *		Assuming a role: what is asked of STS, and what its answer says.
 *
 * "Accept: application/json" has STS answer in JSON, so that there is no XML
 * here.
 */
#ifndef DDB_STS_H
#define DDB_STS_H

#include "chain.h"
#include "draft.h"
#include "endpoint.h"
#include "issued.h"
#include "retry.h"
#include "sigv4.h"

/* How STS is reached; borrowed. */
typedef struct DdbSts
{
	const DdbEndpoint *endpoint;
	DdbSigner *signer;
	int timeout_ms;
} DdbSts;

/*
 * Write the request for a role's keys, signed with these. now_s: the time of
 * day, UTC; it also names the session where the role does not. False with
 * status filled.
 */
extern bool ddb_sts_assume_role(const DdbSts *sts, DdbDraft *draft,
								const DdbRole *role, const DdbKeys *keys,
								int64_t now_s, DdbStatus *status);

/* The same for the bearer of a token; it is not signed. */
extern bool
ddb_sts_assume_role_with_web_identity(const DdbSts *sts, DdbDraft *draft,
									  const DdbRole *role, const char *token,
									  int64_t now_s, DdbStatus *status);

/*
 * The keys in the answer to either. False with status filled: the message
 * names the role and says why in the words of STS or of the network, never
 * with draft's secret in it.
 */
extern bool ddb_sts_read(const DdbAnswer *answer, const DdbDraft *draft,
						 const DdbRole *role, DdbIssued *issued,
						 DdbStatus *status);

/* Is what ddb_sts_read has failed with worth another attempt? */
extern DdbRetryClass ddb_sts_classify(const DdbStatus *status);

#endif /* DDB_STS_H */
