/*
 * mover.h
 *		Moving the rows of a message group to a new message.
 *
 * Each member's row takes the time and the text of the message, unless it is
 * newer; all of them in one transaction of DynamoDB. That may be done twice, by
 * two at once, or in the wrong order of messages: the end is the same.
 *
 * Nothing here needs a transaction of PostgreSQL, and nothing waits: whoever has
 * started moves pumps and looks at them.
 */
#ifndef DDB_MOVER_H
#define DDB_MOVER_H

#include "postgres.h"

#include "grouprow.h"
#include "session.h"

typedef struct DdbMove DdbMove;

/*
 * Ask for the group's rows, without waiting. message is borrowed, and so is
 * session, whose client was made. What is made lives in cxt; a request under way
 * ends with it.
 */
extern DdbMove *ddb_mover_start(MemoryContext cxt, DdbSession *session,
								const DdbGroupMessage *message);

/* Look at what was answered and go on, without waiting. True: it has ended. */
extern bool ddb_mover_go_on(DdbMove *move);

/* How it ended: DDB_OK, or why not. */
extern const DdbStatus *ddb_mover_status(const DdbMove *move);

/* The operation that failed. */
extern const char *ddb_mover_operation(const DdbMove *move);

/* Is there any use in trying it again? */
typedef enum DdbMoveHope
{
	DDB_MOVE_RETRY,    /* yes, when times are better */
	DDB_MOVE_DOUBTFUL, /* the rows were read, but the write was refused in a way
								 * that we do not know */
	DDB_MOVE_HOPELESS  /* no: it is for what is in the message or the rows */
} DdbMoveHope;

extern DdbMoveHope ddb_mover_hope(const DdbMove *move);

/* Those who have a row of the group, as far as it is known: a list of the user
 * uuids, as the partition keys have them. */
extern List *ddb_mover_members(const DdbMove *move);

#endif /* DDB_MOVER_H */
