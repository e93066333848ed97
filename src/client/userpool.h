/*
 * userpool.h
 *		The users of a Cognito user pool, page by page.
 *
 * For a client whose service is DDB_SERVICE_COGNITO.
 */
#ifndef DDB_USERPOOL_H
#define DDB_USERPOOL_H

#include "call.h"

/* Cognito's own limit on the users of one page. */
#define DDB_USERPOOL_PAGE_USERS 60

/* The longest ID of a user pool that there can be, without the NUL. */
#define DDB_USERPOOL_POOL_LEN 55

/* Both are UTF-8 and belong to the page. */
typedef struct DdbPoolUser
{
	const char *handle; /* preferred_username; NULL: none, or an empty one */
	const char *id;     /* sub, else the user name */
} DdbPoolUser;

/* One answer of ListUsers. A page may be empty and not be the last. */
typedef struct DdbPoolPage
{
	int nusers;
	DdbPoolUser *users;
	const char *token; /* where the next page begins; NULL: this is the last */
	void *tree;        /* private: what the strings are parts of */
} DdbPoolPage;

/*
 * ListUsers: all attributes of each user, as a list of those wanted is refused
 * where a user lacks one. token: that of the page before, or NULL. Returns NULL
 * if out of memory.
 */
extern DdbCall *ddb_userpool_list(DdbClient *client, const char *pool,
								  const char *token);

/*
 * Read an answer; nothing of body is kept. False with DDB_STATUS_NO_MEMORY, or
 * with DDB_STATUS_PROTOCOL if it is not of that shape; the page is empty then.
 */
extern bool ddb_userpool_decode(DdbPoolPage *page, const char *body, size_t len,
								DdbStatus *status);

/* Safe to repeat, and on one that is all zero. */
extern void ddb_userpool_free(DdbPoolPage *page);

#endif /* DDB_USERPOOL_H */
