/*
 * session.c
 *		One server and one user, ready to be asked: options, client, waiting.
 *
 * Whoever opens a session pins it until a memory context of theirs is reset.
 * An invalidation only marks sessions: those in use serve their users to the
 * end, the others are freed when the next one is opened.
 *
 * Not here: what is asked (client.h) and what an answer means.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_foreign_server.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "budget.h"
#include "compat.h"
#include "deputy.h"
#include "guc.h"
#include "identity.h"
#include "network.h"
#include "report.h"
#include "session.h"

#define WRAPPER_NAME "cruddur_ddb"

/* Services that a session has clients of: STS is none of them. */
#define NUM_CLIENTS (DDB_SERVICE_COGNITO + 1)

struct DdbSession
{
	DdbSession *next;
	MemoryContext cxt; /* holds this struct and the options */
	Oid server;
	Oid owner; /* of the server */
	Oid user;
	uint64 number;
	bool valid;
	int pins;
	DdbOptions options;              /* of the server */
	DdbIdentity *identity;           /* NULL: not asked for yet */
	DdbClient *clients[NUM_CLIENTS]; /* by service; NULL: not asked for yet */
};

/* A hold on a session, dropped by the reset of a context. */
typedef struct Pin
{
	MemoryContextCallback callback;
	DdbSession *session;
} Pin;

static DdbSession *sessions = NULL; /* newest first */
static bool any_invalid = false;
static bool connections_stale = false; /* kept from before an invalidation */
static uint64 invalidations = 0;       /* how many there were */
static uint64 last_number = 0;         /* of a session */

MemoryContext
ddb_session_context(void)
{
	return AllocSetContextCreate(CurTransactionContext,
								 "cruddur_ddb call",
								 ALLOCSET_SMALL_SIZES);
}

/* Syscache callback for servers and user mappings. Must not fail. */
static void
invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	for (DdbSession *session = sessions; session != NULL; session = session->next)
		session->valid = false;
	any_invalid = connections_stale = sessions != NULL;
	invalidations++;
}

void
ddb_session_init(void)
{
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate, (Datum) 0);
}

/* Free the sessions that nobody may or does use. */
static void
sweep(void)
{
	DdbSession **link = &sessions;

	any_invalid = false;
	while (*link != NULL)
	{
		DdbSession *session = *link;

		if (session->valid || session->pins > 0)
		{
			any_invalid |= !session->valid;
			link = &session->next;
			continue;
		}
		*link = session->next;
		for (int i = 0; i < NUM_CLIENTS; i++)
			ddb_client_destroy(session->clients[i]);
		ddb_identity_close(session->identity);
		MemoryContextDelete(session->cxt);
	}
	/* Once: a session in use stays invalid for as long as its user likes. */
	if (connections_stale)
		ddb_network_drop_connections();
	connections_stale = false;
}

/* The server that the functions use, if the user may use it. */
static ForeignServer *
find_server(void)
{
	ForeignServer *server = GetForeignServerByName(ddb_guc_server, true);

	if (server == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("server \"%s\" does not exist", ddb_guc_server),
				 errhint("Create it with CREATE SERVER ... FOREIGN DATA "
						 "WRAPPER cruddur_ddb, or name another one in "
						 "cruddur_ddb.server.")));
	if (strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, WRAPPER_NAME) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("server \"%s\" does not belong to foreign-data "
						"wrapper \"%s\"",
						server->servername,
						WRAPPER_NAME),
				 errhint("Name another server in cruddur_ddb.server.")));
	return server;
}

ForeignServer *
ddb_session_get_server(Oid oid)
{
	ForeignServer *server = GetForeignServerExtended(oid, FSV_MISSING_OK);

	if (server == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the foreign server does not exist any more")));
	return server;
}

/* As dblink does: a server's name alone must not open it to everyone. */
static void
check_usage(const DdbSession *session)
{
	AclResult result =
		ddb_compat_server_aclcheck(session->server, session->user, ACL_USAGE);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, session->options.server_name);
}

/* server_oid: InvalidOid for the one that the functions use */
static DdbSession *
create_session(Oid server_oid, Oid user)
{
	uint64 before = invalidations;
	ForeignServer *server = OidIsValid(server_oid)
								? ddb_session_get_server(server_oid)
								: find_server();
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "cruddur_ddb session",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	DdbSession *session = palloc0(sizeof(DdbSession));

	session->cxt = cxt;
	session->server = server->serverid;
	session->owner = server->owner;
	session->user = user;
	ddb_options_load_server(&session->options, server);
	MemoryContextSwitchTo(old);
	/* Nothing can fail from here on; until now the caller's context owned it. */
	MemoryContextSetParent(cxt, TopMemoryContext);
	/* Reading one catalog may have brought news of the other: serve once. */
	session->valid = invalidations == before;
	any_invalid |= !session->valid;
	session->number = ++last_number;
	session->next = sessions;
	sessions = session;
	return session;
}

static DdbSession *
find_session(Oid server_oid, Oid user)
{
	for (DdbSession *session = sessions; session != NULL; session = session->next)
	{
		if (!session->valid || session->user != user)
			continue;
		if (OidIsValid(server_oid)
				? session->server == server_oid
				: strcmp(session->options.server_name, ddb_guc_server) == 0)
			return session;
	}
	return NULL;
}

static DdbSession *
find_or_create_session(Oid server_oid, Oid user)
{
	DdbSession *session;

	if (any_invalid)
		sweep();
	session = find_session(server_oid, user);
	return session != NULL ? session : create_session(server_oid, user);
}

/*
 * A role that was no superuser's invalidates no server. Without a transaction
 * nothing can be looked up, and nothing is opened for the first time.
 */
static void
check_owner(const DdbSession *session)
{
	if (session->identity != NULL && IsTransactionState())
		ddb_identity_check(session->identity, &session->options, session->owner);
}

static void
unpin(void *arg)
{
	((Pin *) arg)->session->pins--;
}

static void
pin(MemoryContext cxt, DdbSession *session)
{
	Pin *pin = MemoryContextAlloc(cxt, sizeof(Pin));

	pin->session = session;
	pin->callback.func = unpin;
	pin->callback.arg = pin;
	MemoryContextRegisterResetCallback(cxt, &pin->callback);
	session->pins++;
}

DdbSession *
ddb_session_open(MemoryContext cxt)
{
	DdbSession *session = find_or_create_session(InvalidOid, GetUserId());

	check_usage(session);
	ddb_deputy_check_server(session->server);
	check_owner(session);
	pin(cxt, session);
	return session;
}

DdbSession *
ddb_session_open_for(MemoryContext cxt, Oid server, Oid user)
{
	DdbSession *session = find_or_create_session(server, user);

	check_owner(session);
	pin(cxt, session);
	return session;
}

Oid
ddb_session_server(const DdbSession *session)
{
	return session->server;
}

Oid
ddb_session_user(const DdbSession *session)
{
	return session->user;
}

uint64
ddb_session_number(const DdbSession *session)
{
	return session->number;
}

bool
ddb_session_exists(uint64 number)
{
	for (DdbSession *session = sessions; session != NULL; session = session->next)
	{
		if (session->number == number)
			return true;
	}
	return false;
}

bool
ddb_session_valid(const DdbSession *session)
{
	return session->valid;
}

const DdbOptions *
ddb_session_options(const DdbSession *session)
{
	return &session->options;
}

static DdbClient *
create_client(DdbSession *session, DdbService service)
{
	const DdbOptions *options = &session->options;
	DdbClientConfig config;
	DdbStatus status;
	DdbClient *client;
	DdbHttp *http;
	int nclients = 1;

	for (int i = 0; i < NUM_CLIENTS; i++)
		nclients += session->clients[i] != NULL;
	http = ddb_network_start(nclients * options->max_connections +
							 DDB_IDENTITY_CONNECTIONS);
	if (session->identity == NULL)
		session->identity =
			ddb_identity_open(options, session->server, session->user, http);
	ddb_identity_check(session->identity, options, session->owner);
	ddb_options_client_config(options, service, &config);
	ddb_identity_fill_endpoint(session->identity, service, &config.endpoint);
	ddb_status_clear(&status);
	client = ddb_client_create(http,
							   &config,
							   ddb_identity_credentials(session->identity),
							   &status);
	if (client == NULL)
	{
		DdbReportContext context = {.server = options->server_name,
									.service = service,
									.origin =
										ddb_identity_origin(session->identity)};

		ddb_report_status(&status, &context);
	}
	return client;
}

DdbClient *
ddb_session_client_of(DdbSession *session, DdbService service)
{
	Assert(service < NUM_CLIENTS);
	if (session->clients[service] == NULL)
		session->clients[service] = create_client(session, service);
	return session->clients[service];
}

DdbClient *
ddb_session_client(DdbSession *session)
{
	return ddb_session_client_of(session, DDB_SERVICE_DYNAMODB);
}

DdbClient *
ddb_session_streams_client(DdbSession *session)
{
	return ddb_session_client_of(session, DDB_SERVICE_STREAMS);
}

static void
free_call(void *call)
{
	ddb_call_free(call);
}

DdbOwned *
ddb_session_own_call(MemoryContext cxt)
{
	return ddb_own_register(cxt, free_call);
}

void
ddb_session_pump(DdbSession *session)
{
	for (int i = 0; i < NUM_CLIENTS; i++)
	{
		if (session->clients[i] != NULL)
			ddb_client_pump(session->clients[i]);
	}
}

int
ddb_session_timeout_ms(DdbSession *session)
{
	int timeout_ms = -1;

	for (int i = 0; i < NUM_CLIENTS; i++)
	{
		DdbClient *client = session->clients[i];
		int client_ms = client != NULL ? ddb_client_timeout_ms(client) : -1;

		if (client_ms >= 0 && (timeout_ms < 0 || client_ms < timeout_ms))
			timeout_ms = client_ms;
	}
	return timeout_ms;
}

void
ddb_session_step(DdbSession *session)
{
	int timeout_ms = ddb_session_timeout_ms(session);

	if (timeout_ms != 0)
		ddb_network_wait(timeout_ms);
	CHECK_FOR_INTERRUPTS();
	ddb_session_pump(session);
}

void
ddb_session_wait(DdbSession *session, DdbCall *call)
{
	ddb_session_pump(session);
	while (!ddb_call_done(call))
		ddb_session_step(session);
}

void
ddb_session_count(DdbSession *session, DdbCall *call, const DdbYield *yield)
{
	ddb_stats_count(session->options.server_name, call, yield);
	if (yield != NULL)
		ddb_budget_charge(yield->read_units);
	/* Whoever comes next looks at the host's files again. */
	if (ddb_call_status(call)->kind == DDB_STATUS_AUTH &&
		ddb_identity_distrust(session->identity))
	{
		session->valid = false;
		any_invalid = true;
	}
	if (ddb_guc_log_requests)
		ddb_stats_log(call, yield);
}

void
ddb_session_report(DdbSession *session, DdbCall *call, const DdbStatus *status)
{
	const char *table = ddb_call_table(call);
	DdbReportContext context = {.server = session->options.server_name,
								.service = ddb_call_service(call),
								.origin = ddb_identity_origin(session->identity),
								.operation = ddb_call_operation(call),
								.table = table[0] == '\0' ? NULL : table};

	ddb_report_status(status, &context);
}

void
ddb_session_finish(DdbSession *session, DdbCall *call)
{
	ddb_session_wait(session, call);
	if (ddb_call_status(call)->kind == DDB_OK)
		return;
	ddb_session_count(session, call, NULL);
	ddb_session_report(session, call, ddb_call_status(call));
}

const DdbWanted *
ddb_session_wanted(DdbWanted **cache, const char *const *names, int nnames,
				   bool whole_item)
{
	if (*cache == NULL)
		*cache = ddb_wanted_create(names, nnames, whole_item);
	if (*cache == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return *cache;
}

const DdbWanted *
ddb_session_wanted_nothing(void)
{
	static DdbWanted *cache = NULL;

	return ddb_session_wanted(&cache, NULL, 0, false);
}

static void
free_wanted(void *wanted)
{
	ddb_wanted_free(wanted);
}

const DdbWanted *
ddb_session_create_wanted(MemoryContext cxt, const char *const *names,
						  int nnames, bool whole_item)
{
	return ddb_own_set(ddb_own_register(cxt, free_wanted),
					   ddb_wanted_create(names, nnames, whole_item));
}

int
ddb_session_find_cell(const DdbWanted *wanted, const char *name)
{
	return name == NULL ? -1 : ddb_wanted_find(wanted, name, strlen(name));
}

static void
free_page(void *page)
{
	ddb_page_free(page);
}

DdbPage *
ddb_session_create_page(MemoryContext cxt)
{
	DdbPage *page = MemoryContextAlloc(cxt, sizeof(DdbPage));

	ddb_page_init(page);
	(void) ddb_own_set(ddb_own_register(cxt, free_page), page);
	return page;
}

void
ddb_session_decode(DdbSession *session, DdbCall *call, const DdbWanted *wanted,
				   DdbPage *page)
{
	DdbStatus status = *ddb_call_status(call);
	const char *body;
	size_t len;

	body = ddb_call_body(call, &len);
	if (ddb_page_decode(page, body, len, wanted, &status))
		return;
	ddb_session_count(session, call, NULL);
	ddb_session_report(session, call, &status);
}

void
ddb_session_read_page(DdbSession *session, DdbCall *call,
					  const DdbWanted *wanted, DdbPage *page)
{
	DdbYield yield = {0};

	ddb_session_finish(session, call);
	ddb_session_decode(session, call, wanted, page);
	yield.read_units = page->capacity_units;
	yield.items_read = page->nitems;
	ddb_session_count(session, call, &yield);
}

void
ddb_session_visit(void (*visit)(const DdbSessionInfo *info, void *arg), void *arg)
{
	for (DdbSession *session = sessions; session != NULL; session = session->next)
	{
		DdbSessionInfo info = {.server_name = session->options.server_name,
							   .user = session->user,
							   .valid = session->valid};

		if (session->clients[DDB_SERVICE_DYNAMODB] != NULL)
			info.url =
				ddb_client_endpoint(session->clients[DDB_SERVICE_DYNAMODB])->url;
		for (int i = 0; i < NUM_CLIENTS; i++)
		{
			if (session->clients[i] != NULL)
				info.active_calls += ddb_client_active(session->clients[i]);
		}
		visit(&info, arg);
	}
}

bool
ddb_session_disconnect(void)
{
	bool any = sessions != NULL;

	for (DdbSession *session = sessions; session != NULL; session = session->next)
		session->valid = false;
	connections_stale = any;
	sweep();
	ddb_identity_sweep();
	return any;
}
