/*
 * canonical.h
 *		The canonical form of a request, the first stage of signing.
 */
#ifndef DDB_CANONICAL_H
#define DDB_CANONICAL_H

#include "status.h"

typedef struct DdbSigv4Header
{
	const char *name; /* any case */
	const char *value;
} DdbSigv4Header;

typedef struct DdbSigv4Request
{
	const char *method;
	const char *path;              /* as sent, undecoded; "" is "/" */
	const char *query;             /* as sent, without "?"; NULL: none */
	const DdbSigv4Header *headers; /* exactly those to be signed, any order;
									 * duplicates allowed */
	int nheaders;
	const char *body_sha256; /* hex, from ddb_sigv4_hash */
	bool normalize_path;     /* remove dot segments and double slashes */
} DdbSigv4Request;

/*
 * The canonical request. Its last line but one is the list of the signed
 * headers. malloc'd and the caller's; NULL with DDB_STATUS_NO_MEMORY.
 */
extern char *ddb_canonical_build(const DdbSigv4Request *request,
								 DdbStatus *status);

#endif /* DDB_CANONICAL_H */
