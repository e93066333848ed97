/*
 * session.h
 *		One server and one user, ready to be asked: options, client, waiting.
 *
 * Sessions are cached for the life of the backend and made anew after ALTER
 * SERVER or ALTER USER MAPPING. All of them share one network client.
 */
#ifndef DDB_SESSION_H
#define DDB_SESSION_H

#include "postgres.h"

#include "client.h"
#include "options.h"
#include "own.h"
#include "stats.h"

typedef struct DdbSession DdbSession;

/* One cached session, for cruddur_ddb_connections(). */
typedef struct DdbSessionInfo
{
	const char *server_name;
	Oid user;
	const char *url; /* DynamoDB's; NULL: nothing was sent there yet */
	int active_calls;
	bool valid; /* false: its server or mapping was altered; it
								 * goes when its last user ends */
} DdbSessionInfo;

/*
 * A memory context for one run of a function that makes calls. It goes with
 * the current subtransaction at the latest, so that whatever way an error
 * takes, calls in flight are aborted and their memory is freed. Delete it when
 * done.
 */
extern MemoryContext ddb_session_context(void);

/*
 * The session of the current user on the server named by cruddur_ddb.server,
 * good until cxt is reset. Errors: 42704 no such server, HV000 a server of
 * another wrapper, 42501 no USAGE on it.
 */
extern DdbSession *ddb_session_open(MemoryContext cxt);

/*
 * The session of this user on this server, for foreign tables: there USAGE was
 * asked for when the table was created.
 */
extern DdbSession *ddb_session_open_for(MemoryContext cxt, Oid server, Oid user);

/*
 * The server itself. What a transaction has written may outlive it: error 42704.
 */
extern ForeignServer *ddb_session_get_server(Oid oid);

extern Oid ddb_session_server(const DdbSession *session);
extern Oid ddb_session_user(const DdbSession *session);

/* No other session of this backend has or had this number. */
extern uint64 ddb_session_number(const DdbSession *session);

/* Is the one of this number still there? */
extern bool ddb_session_exists(uint64 number);

/* False: its server or mapping was altered since. */
extern bool ddb_session_valid(const DdbSession *session);

/* Of the server; those of the user mapping are not kept. */
extern const DdbOptions *ddb_session_options(const DdbSession *session);

/*
 * The client of a service, made at first use; all of a session have the same
 * keys, and waiting and stepping serve them all. Errors: 42704 no user mapping,
 * 28000 no keys, and those of an unusable region, endpoint or CA file.
 */
extern DdbClient *ddb_session_client_of(DdbSession *session, DdbService service);

/* Those of DynamoDB and of DynamoDB Streams. */
extern DdbClient *ddb_session_client(DdbSession *session);
extern DdbClient *ddb_session_streams_client(DdbSession *session);

/* A seat for a call: it is freed, and aborted where active, with cxt. */
extern DdbOwned *ddb_session_own_call(MemoryContext cxt);

/*
 * Wait until the call is done. Interrupts are served at once; an error leaves
 * by way of longjmp with no frame of the client on the stack.
 */
extern void ddb_session_wait(DdbSession *session, DdbCall *call);

/* Pump all clients, as far as they go without waiting. */
extern void ddb_session_pump(DdbSession *session);

/* How long to wait before the next pump: ms, 0 for now, -1 for no bound. */
extern int ddb_session_timeout_ms(DdbSession *session);

/*
 * Wait for the network once, serve interrupts, pump: a turn of the loop of
 * those who wait for any of several calls. They have pumped before, and look
 * after each turn.
 */
extern void ddb_session_step(DdbSession *session);

/* Wait; a call that failed is counted and its error raised. */
extern void ddb_session_finish(DdbSession *session, DdbCall *call);

/* Raise the error of a call that failed, or of its response. */
extern void ddb_session_report(DdbSession *session, DdbCall *call,
							   const DdbStatus *status) __attribute__((noreturn));

/*
 * Statistics and log line for a call that is done; exactly once for each.
 * yield NULL: it failed.
 */
extern void ddb_session_count(DdbSession *session, DdbCall *call,
							  const DdbYield *yield);

/*
 * Decode the response to a call that is done. One that is not DynamoDB's is
 * counted and its error raised.
 */
extern void ddb_session_decode(DdbSession *session, DdbCall *call,
							   const DdbWanted *wanted, DdbPage *page);

/* Finish a call that yields items, decode its page and count it. */
extern void ddb_session_read_page(DdbSession *session, DdbCall *call,
								  const DdbWanted *wanted, DdbPage *page);

/*
 * A set of wanted attributes for the life of the backend: made at first use,
 * kept in *cache, a static pointer of the caller's. names as in wanted.h.
 */
extern const DdbWanted *ddb_session_wanted(DdbWanted **cache,
										   const char *const *names, int nnames,
										   bool whole_item);

/*
 * No attribute, for those who only ask whether there is an item, or what the
 * members beside the items say.
 */
extern const DdbWanted *ddb_session_wanted_nothing(void);

/* Such a set that lives as long as cxt. */
extern const DdbWanted *ddb_session_create_wanted(MemoryContext cxt,
												  const char *const *names,
												  int nnames, bool whole_item);

/* Where an attribute is among those wanted; -1: nowhere. name may be NULL. */
extern int ddb_session_find_cell(const DdbWanted *wanted, const char *name);

/* A page whose arrays live as long as cxt. */
extern DdbPage *ddb_session_create_page(MemoryContext cxt);

/* Visit every cached session, oldest first. */
extern void ddb_session_visit(void (*visit)(const DdbSessionInfo *info, void *arg),
							  void *arg);

/*
 * Close kept connections and forget every session that is not in use. False
 * if there was nothing to close.
 */
extern bool ddb_session_disconnect(void);

/* Invalidation callbacks; once, from _PG_init. */
extern void ddb_session_init(void);

#endif /* DDB_SESSION_H */
