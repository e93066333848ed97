/*
 * fdw_truncate.c
 *		TRUNCATE of foreign tables.
 *
 * DynamoDB cannot empty a table. The keys of all items are read by a Scan, whose
 * cost is that of all items, and each item is deleted, for a write unit or more.
 * There is nothing that refers to an item, and no sequence, so CASCADE and
 * RESTART IDENTITY change nothing.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "budget.h"
#include "changes.h"
#include "compat.h"
#include "fdw_truncate.h"
#include "fetch.h"
#include "overlay.h"
#include "writetarget.h"

#define PAGE_BYTES 1048576.0

static void
check_updatable(Relation relation)
{
	if (!ddb_write_target_updatable(relation))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" does not allow truncates",
						RelationGetRelationName(relation))));
}

static int
count_segments(const DdbWriteTarget *target)
{
	if (target->relation->segments > 0)
		return target->relation->segments;
	return (int) Min(target->keys->size_bytes / PAGE_BYTES + 1,
					 ddb_session_options(target->session)->max_connections);
}

/* A Scan for the keys of all items, none of them stale. */
static DdbFetch *
start_scan(const DdbWriteTarget *target, const DdbWanted *wanted)
{
	static const char *const projections[] = {"#0", "#0, #1"};
	static const char *const placeholders[] = {"#0", "#1"};
	int nkeys = ddb_wanted_count(wanted);
	int nsegments = count_segments(target);
	DdbRead *reads = palloc0_array(DdbRead, nsegments);
	DdbName *names = palloc_array(DdbName, nkeys);
	DdbFetchPlan plan = {.reads = reads,
						 .nreads = nsegments,
						 .wanted = wanted,
						 .units_per_second =
							 target->relation->read_units_per_second,
						 .cost = palloc0(sizeof(DdbFetchCost))};

	for (int i = 0; i < nkeys; i++)
		names[i] = (DdbName){.name = placeholders[i],
							 .attribute = target->table.key_names[i]};
	for (int i = 0; i < nsegments; i++)
		reads[i] = (DdbRead){.kind = DDB_READ_SCAN,
							 .table = target->table.table,
							 .projection = projections[nkeys - 1],
							 .names = names,
							 .nnames = nkeys,
							 .segment = i,
							 .segments = nsegments,
							 .consistent = true};
	return ddb_fetch_start(CurrentMemoryContext, target->session, &plan);
}

static void
delete_items(DdbChanges *changes, const DdbPage *page, DdbChangeKind kind)
{
	for (int i = 0; i < page->nitems; i++)
	{
		DdbChange change = {.kind = kind,
							.base = page->body + page->items[i].offset,
							.base_len = page->items[i].len};

		(void) ddb_changes_add(changes, &change);
	}
	CHECK_FOR_INTERRUPTS();
}

/* In CurrentMemoryContext, which is the caller's to delete. */
static void
truncate_table(Relation relation)
{
	CommandId cid = GetCurrentCommandId(true);
	DdbWriteTarget *target = ddb_write_target_open(relation, GetUserId());
	int nkeys = target->table.key_names[1] == NULL ? 1 : 2;
	const DdbWanted *wanted;
	DdbOverlay *overlay;
	DdbChanges *changes;
	DdbFetch *fetch;
	const DdbPage *page;
	int read;

	ddb_budget_check_scan(target->relation->name);
	wanted = ddb_session_create_wanted(CurrentMemoryContext,
									   target->table.key_names,
									   nkeys,
									   true);
	overlay = ddb_overlay_open(CurrentMemoryContext,
							   target->table.server,
							   target->table.table,
							   cid);
	changes = ddb_changes_begin(CurrentMemoryContext,
								target->session,
								&target->table,
								cid,
								false);
	fetch = start_scan(target, wanted);
	while ((page = ddb_fetch_next(fetch, &read)) != NULL)
		delete_items(changes, page, DDB_CHANGE_REMOVE);
	/* What DynamoDB has of it is dealt with by now. */
	if (overlay != NULL)
		delete_items(changes, ddb_overlay_page(overlay, wanted), DDB_CHANGE_DELETE);
	ddb_changes_finish(changes);
}

void
ddbExecForeignTruncate(List *rels, DropBehavior behavior, bool restart_seqs)
{
	MemoryContext cxt = ddb_session_context();
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	ListCell *cell;

	foreach(cell, rels)
		check_updatable(lfirst(cell));
	foreach(cell, rels)
		truncate_table(lfirst(cell));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
}
