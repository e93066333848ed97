/*
 * queue.c
 *		Entries of the outbox that were taken, and which of them hold back others.
 *
 * They are few, so looking at each is fine.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "compat.h"
#include "queue.h"

void
ddb_queue_init(DdbQueue *queue, MemoryContext cxt)
{
	queue->cxt = cxt;
	dlist_init(&queue->entries);
	queue->nentries = queue->nheld = 0;
}

bool
ddb_queue_has(const DdbQueue *queue, int64 id)
{
	dlist_iter iter;

	dlist_foreach(iter, unconstify(dlist_head *, &queue->entries))
	{
		if (dlist_container(DdbQueueEntry, node, iter.cur)->row.id == id)
			return true;
	}
	return false;
}

/* Have they any in common? Both are sorted. */
static bool
overlap(const int64 *a, int na, const int64 *b, int nb)
{
	for (int i = 0, k = 0; i < na && k < nb;)
	{
		if (a[i] == b[k])
			return true;
		if (a[i] < b[k])
			i++;
		else
			k++;
	}
	return false;
}

/* Is it held back by one of those before end, or by any (NULL)? */
static bool
is_held(const DdbQueue *queue, const DdbOutboxRow *row, const DdbQueueEntry *end)
{
	dlist_iter iter;

	dlist_foreach(iter, unconstify(dlist_head *, &queue->entries))
	{
		const DdbQueueEntry *entry =
			dlist_container(DdbQueueEntry, node, iter.cur);
		const DdbOutboxRow *before = &entry->row;

		if (entry == end)
			break;
		if (overlap(before->keys, before->nkeys, row->keys, row->nkeys) ||
			overlap(before->keys, before->nkeys, row->needs, row->nneeds))
			return true;
	}
	return false;
}

bool
ddb_queue_holds(const DdbQueue *queue, const DdbOutboxRow *row)
{
	return is_held(queue, row, NULL);
}

static const int64 *
copy_hashes(MemoryContext cxt, const int64 *hashes, int n)
{
	int64 *copied = MemoryContextAlloc(cxt, (n + 1) * sizeof(int64));

	memcpy(copied, hashes, n * sizeof(int64));
	return copied;
}

void
ddb_queue_add(DdbQueue *queue, const DdbOutboxRow *row, bool is_held)
{
	MemoryContext cxt = AllocSetContextCreate(queue->cxt,
											  "cruddur_ddb outbox entry",
											  ALLOCSET_DEFAULT_SIZES);
	DdbQueueEntry *entry = MemoryContextAllocZero(cxt, sizeof(DdbQueueEntry));
	bytea *writes = DatumGetByteaPP(row->writes);
	char *copied = MemoryContextAllocHuge(cxt, VARSIZE_ANY_EXHDR(writes) + 1);

	entry->cxt = cxt;
	entry->row = *row;
	entry->row.server_name = MemoryContextStrdup(cxt, row->server_name);
	entry->row.user_name = MemoryContextStrdup(cxt, row->user_name);
	entry->row.keys = copy_hashes(cxt, row->keys, row->nkeys);
	entry->row.needs = copy_hashes(cxt, row->needs, row->nneeds);
	entry->writes_len = VARSIZE_ANY_EXHDR(writes);
	memcpy(copied, VARDATA_ANY(writes), entry->writes_len);
	entry->writes = copied;
	entry->is_held = is_held;
	dlist_push_tail(&queue->entries, &entry->node);
	queue->nentries++;
	queue->nheld += is_held;
}

void
ddb_queue_remove(DdbQueue *queue, DdbQueueEntry *entry)
{
	dlist_delete(&entry->node);
	queue->nentries--;
	queue->nheld -= entry->is_held;
	MemoryContextDelete(entry->cxt);
}

void
ddb_queue_let_go(DdbQueue *queue)
{
	dlist_iter iter;

	dlist_foreach(iter, &queue->entries)
	{
		DdbQueueEntry *entry = dlist_container(DdbQueueEntry, node, iter.cur);

		if (!entry->is_held || is_held(queue, &entry->row, entry))
			continue;
		entry->is_held = false;
		queue->nheld--;
	}
}
