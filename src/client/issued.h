/*
 * issued.h
 *		Keys as STS, containers and instances issue them: the JSON of it.
 *
 * The three differ in what is around the keys and in how they say no. What is
 * sought is sought by name, however deep.
 */
#ifndef DDB_ISSUED_H
#define DDB_ISSUED_H

#include "keys.h"

/* As expiry: they do not. */
#define DDB_ISSUED_FOR_EVER INT64_MAX

/* Begins as {0}. */
typedef struct DdbIssued
{
	DdbKeys keys;       /* pointers into text; of a new generation */
	int64_t expires_ms; /* since 1970, UTC */
	char *text;         /* a secret; NULL: there are no keys */
} DdbIssued;

/* Copy these, which do not expire. False with DDB_STATUS_NO_MEMORY. */
extern bool ddb_issued_copy(DdbIssued *issued, const char *access_key_id,
							const char *secret_access_key,
							const char *session_token, DdbStatus *status);

/*
 * Take the keys out of a response. Otherwise false, and status has
 *
 *	 DDB_STATUS_AUTH		the issuer says no; its code and its words are in
 *							exception and message, as far as it gave them
 *	 DDB_STATUS_PROTOCOL	it is no JSON, or the keys are not all there or
 *							unusable; the message says so
 *	 DDB_STATUS_NO_MEMORY
 *
 * Where the words have the secret in them (NULL: none), it is blotted out.
 */
extern bool ddb_issued_read(DdbIssued *issued, const char *body, size_t len,
							const char *secret, DdbStatus *status);

/* Are they the same keys, whenever they expire? */
extern bool ddb_issued_same(const DdbIssued *one, const DdbIssued *other);

/* Wipes and frees; it is {0} again. */
extern void ddb_issued_clear(DdbIssued *issued);

#endif /* DDB_ISSUED_H */
