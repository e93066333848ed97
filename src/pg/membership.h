/*
 * membership.h
 *		Is a user a member of a message group?
 *
 * Asked at the same time as the main request, so that it adds no round trip.
 */
#ifndef DDB_MEMBERSHIP_H
#define DDB_MEMBERSHIP_H

#include "postgres.h"

#include "session.h"
#include "users.h"

typedef struct DdbMembership DdbMembership;

/*
 * Ask the index, without waiting. user and group_text (36 characters) are
 * borrowed; the rest lives in cxt.
 */
extern DdbMembership *ddb_membership_ask(MemoryContext cxt, DdbSession *session,
										 const DdbUser *user,
										 const char *group_text);

/*
 * Wait for the answer: is the user a member? When the index, which is eventually consistent, says
 * no, the user's own group rows decide, read consistently.
 */
extern bool ddb_membership_holds(DdbMembership *membership);

/*
 * Without a request: has the transaction written a group row that makes the user
 * a member?
 */
extern bool ddb_membership_written(MemoryContext cxt, DdbSession *session,
								   const DdbUser *user, const char *group_text);

/* The same as ddb_membership_holds(); if not, error 42501 not_a_member. */
extern void ddb_membership_require(DdbMembership *membership);

/* Has the group any member, as far as the index knows? Waits. */
extern bool ddb_membership_any(MemoryContext cxt, DdbSession *session,
							   const char *group_text);

#endif /* DDB_MEMBERSHIP_H */
