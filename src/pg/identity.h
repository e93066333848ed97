/*
 * identity.h
 *		Whose keys sign: a user mapping's, or the host's.
 *
 * Keys of the host are fetched once a backend for all sessions that ask for
 * the same; keys of a user mapping belong to one session.
 */
#ifndef DDB_IDENTITY_H
#define DDB_IDENTITY_H

#include "postgres.h"

#include "credentials.h"
#include "options.h"
#include "report.h"

typedef struct DdbIdentity DdbIdentity;

/* Connections that fetching keys may need at a time. */
#define DDB_IDENTITY_CONNECTIONS 1

/*
 * What the user mapping for the user, else for PUBLIC, says of the server, whose
 * options are given. Errors: 42704 no user mapping, 28000 no keys, and those of
 * an unusable STS endpoint.
 */
extern DdbIdentity *ddb_identity_open(const DdbOptions *options, Oid server,
									  Oid user, DdbHttp *http);

/* Once for each open; its clients are gone by then. Must not fail. NULL is fine. */
extern void ddb_identity_close(DdbIdentity *identity);

/* For as long as it is open. */
extern DdbCredentials *ddb_identity_credentials(const DdbIdentity *identity);

extern DdbKeyOrigin ddb_identity_origin(const DdbIdentity *identity);

/* What the selected profile of the host says of a service's endpoint. */
extern void ddb_identity_fill_endpoint(const DdbIdentity *identity,
									   DdbService service,
									   DdbEndpointConfig *config);

/*
 * Error 42501 if the host's keys would be sent where the server's options say,
 * and its owner is no superuser. For each use: owners change.
 */
extern void ddb_identity_check(const DdbIdentity *identity,
							   const DdbOptions *options, Oid owner);

/*
 * The service did not know the keys. If they came out of a file, it is read
 * again by the next open; true then.
 */
extern bool ddb_identity_distrust(DdbIdentity *identity);

/* Free what no session has open. */
extern void ddb_identity_sweep(void);

#endif /* DDB_IDENTITY_H */
