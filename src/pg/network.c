/*
 * network.c
 *		The backend's one network client, and waiting for it.
 *
 * The set of events is made once: making one for each wait, as
 * WaitLatchOrSocket does, costs half a dozen system calls.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "network.h"
#include "report.h"

static DdbHttp *http = NULL;
static WaitEventSet *wait_set = NULL;
static int reserved_fds = 0;

/* What we wait for, in pg_stat_activity. */
static uint32 wait_event = PG_WAIT_EXTENSION;

/*
 * Tell fd.c of the descriptors that libcurl opens behind its back: for each
 * request a socket and one end of a resolver's pair.
 */
static void
reserve_fds(int max_connections)
{
	int wanted = DDB_HTTP_OWN_FDS + 2 * max_connections;

	while (reserved_fds < wanted)
	{
		if (!AcquireExternalFD())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("could not reserve file descriptors for %d "
							"connections",
							max_connections),
					 errhint("Lower the server option max_connections, or "
							 "raise max_files_per_process.")));
		reserved_fds++;
	}
}

static WaitEventSet *
create_wait_set(int fd)
{
	WaitEventSet *set = ddb_compat_create_wait_set(3);

	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	/* A single-user backend has no postmaster. */
	if (IsUnderPostmaster)
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, fd, NULL, NULL);
	return set;
}

DdbHttp *
ddb_network_start(int max_connections)
{
	DdbStatus status;

	reserve_fds(max_connections);
	ddb_status_clear(&status);
	if (http == NULL)
		http = ddb_http_create(&status);
	if (http == NULL)
		ddb_report_status(&status, NULL);
	if (wait_set == NULL)
	{
		wait_event = ddb_compat_wait_event("CruddurDdbRequest");
		wait_set = create_wait_set(ddb_http_fd(http));
	}
	return http;
}

void
ddb_network_drop_connections(void)
{
	if (http != NULL)
		ddb_http_drop_connections(http);
}

void
ddb_network_wait(int timeout_ms)
{
	WaitEvent events[2];
	int n =
		WaitEventSetWait(wait_set, timeout_ms, events, lengthof(events), wait_event);

	for (int i = 0; i < n; i++)
	{
		if (events[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
	}
}

int
ddb_network_fd(void)
{
	return ddb_http_fd(http);
}

void
ddb_network_wake_in(int timeout_ms)
{
	ddb_http_wake_in(http, timeout_ms);
}

void
ddb_network_sleep(int ms)
{
	(void) WaitLatch(MyLatch,
					 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 ms,
					 wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}
