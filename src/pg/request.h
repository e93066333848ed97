/*
 * request.h
 *		Operations whose response is a small JSON document.
 */
#ifndef DDB_REQUEST_H
#define DDB_REQUEST_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "session.h"

/* What a call to be freed with cxt answers; a failure is raised. */
extern Jsonb *ddb_request_finish(MemoryContext cxt, DdbSession *session,
								 DdbCall *call);

/* Run one operation; payload is JSON in UTF-8. */
extern Jsonb *ddb_request_run(MemoryContext cxt, DdbSession *session,
							  const char *operation, const char *payload);

/*
 * The names of all tables, page by page, as char *. The list lives in
 * CurrentMemoryContext.
 */
extern List *ddb_request_list_tables(DdbSession *session);

/*
 * Members of an object. Whoever answers may not be DynamoDB, so what is not of
 * the type that the API says is error 08P01.
 */

/* A member that must be there and is an object. */
extern Jsonb *ddb_request_object(Jsonb *object, const char *name);

/* A member that is an array of objects or strings; NULL if it is not there. */
extern Jsonb *ddb_request_objects(Jsonb *object, const char *name);
extern Jsonb *ddb_request_strings(Jsonb *object, const char *name);

/* A member that is a string, in the server's encoding; else NULL. */
extern char *ddb_request_string(Jsonb *object, const char *name);

#endif /* DDB_REQUEST_H */
