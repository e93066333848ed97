/*
 * fdw_async.c
 *		Several foreign scans of one Append at the same time.
 *
 * The Append asks all of them for a row, and waits in a set of events of its
 * own where none has one. What wakes us is the same descriptor for every scan
 * of the backend, which a set can hold but once. So of our scans that wait, the
 * first adds it for all, and when it is notified has all of them try again.
 *
 * Not here: what a scan does to try (fdw_scan.c).
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/instrument.h"
#include "storage/latch.h"

#include "compat.h"
#include "fdw_async.h"
#include "fdw_scan.h"
#include "network.h"
#include "planning.h"

bool
ddbIsForeignPathAsyncCapable(ForeignPath *path)
{
	/* What another node has read ahead for it may have to be waited for. */
	return ddb_planning_choice(path)->prefetch == NULL;
}

/* Of the Append's scans that wait, the first of ours beyond this index. */
static AsyncRequest *
next_waiting(const AppendState *append, int index)
{
	while ((index = bms_next_member(append->as_asyncplans, index)) >= 0)
	{
		AsyncRequest *areq = append->as_asyncrequests[index];
		const ForeignScanState *node = (ForeignScanState *) areq->requestee;

		if (areq->callback_pending && IsA(node, ForeignScanState) &&
			node->fdwroutine->ForeignAsyncNotify == ddbForeignAsyncNotify)
			return areq;
	}
	return NULL;
}

void
ddbForeignAsyncRequest(AsyncRequest *areq)
{
	TupleTableSlot *row;

	if (ddb_scan_try((ForeignScanState *) areq->requestee, &row))
		ExecAsyncRequestDone(areq, row);
	else
		ExecAsyncRequestPending(areq);
}

void
ddbForeignAsyncConfigureWait(AsyncRequest *areq)
{
	const AppendState *append = (AppendState *) areq->requestor;
	const DdbScan *scan = ((ForeignScanState *) areq->requestee)->fdw_state;

	/*
	 * While other subplans have rows this is no wait but a look, after which
	 * the network may be left alone for long.
	 */
	ddb_network_wake_in(
		append->as_syncdone ? ddb_fetch_timeout_ms(scan->layers.fetch) : 0);
	if (next_waiting(append, -1) == areq)
		AddWaitEventToSet(append->as_eventset,
						  WL_SOCKET_READABLE,
						  ddb_network_fd(),
						  NULL,
						  areq);
}

/* As a node of its own each is timed by itself. */
static void
notify_others(const AppendState *append)
{
	AsyncRequest *other;

	for (int i = -1; (other = next_waiting(append, i)) != NULL;
		 i = other->request_index)
	{
		other->callback_pending = false;
		ExecAsyncRequest(other);
	}
}

void
ddbForeignAsyncNotify(AsyncRequest *areq)
{
	Instrumentation *instrument = areq->requestee->instrument;

	if (instrument != NULL)
		InstrStopNode(instrument, 0);
	notify_others((AppendState *) areq->requestor);
	if (instrument != NULL)
		InstrStartNode(instrument);
	ddbForeignAsyncRequest(areq);
}
