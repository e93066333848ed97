/*
 * sigv4.h
 *		AWS Signature Version 4, header mode.
 *
 * Pure but for the key cache: a request and a given time go in, the value of
 * the Authorization header comes out. A staged pipeline, as the official test
 * suite has it: canonical request, string to sign, signature, header.
 */
#ifndef DDB_SIGV4_H
#define DDB_SIGV4_H

#include <time.h>

#include "canonical.h"
#include "keys.h"
#include "status.h"

/* 32 bytes in lower-case hex and a NUL */
#define DDB_SIGV4_HEX_LEN 65
/* "20261122T075925Z" and a NUL */
#define DDB_SIGV4_DATE_LEN 17

/* Borrowed strings and a time; region and service name the scope. */
typedef struct DdbSigv4Scope
{
	const char *region;
	const char *service;
	const DdbKeys *keys;
	char date[DDB_SIGV4_DATE_LEN]; /* from ddb_sigv4_date */
} DdbSigv4Scope;

/*
 * Keeps the signing key of the day, in memory that no core file has. One per
 * user of a key; not for two threads.
 */
typedef struct DdbSigner DdbSigner;

/* NULL if out of memory. */
extern DdbSigner *ddb_sigv4_create(void);

/* Wipes the key. NULL is fine. */
extern void ddb_sigv4_free(DdbSigner *signer);

/* The time as x-amz-date has it, UTC. */
extern void ddb_sigv4_date(char date[DDB_SIGV4_DATE_LEN], time_t now);

/* SHA-256 of a body in hex. */
extern void ddb_sigv4_hash(const void *data, size_t len,
						   char hex[DDB_SIGV4_HEX_LEN]);

/*
 * The stages after ddb_canonical_build, each on its own for the sake of tests.
 * The returned string is malloc'd and the caller's; NULL with status filled if
 * out of memory.
 */
extern char *ddb_sigv4_string_to_sign(const DdbSigv4Scope *scope,
									  const char *canonical_request,
									  DdbStatus *status);
extern void ddb_sigv4_signature(DdbSigner *signer, const DdbSigv4Scope *scope,
								const char *string_to_sign,
								char hex[DDB_SIGV4_HEX_LEN]);

/* All of them: the value of the Authorization header, malloc'd. */
extern char *ddb_sigv4_authorization(DdbSigner *signer,
									 const DdbSigv4Scope *scope,
									 const DdbSigv4Request *request,
									 DdbStatus *status);

#endif /* DDB_SIGV4_H */
