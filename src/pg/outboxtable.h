/*
 * outboxtable.h
 *		The table cruddur_outbox.
 *
 * All of this is done in a transaction, as the table's owner: who may is for the
 * callers to decide.
 */
#ifndef DDB_OUTBOXTABLE_H
#define DDB_OUTBOXTABLE_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/uuid.h"

/* An entry that is new. */
typedef struct DdbOutboxEntry
{
	const char *server_name;
	const char *user_name; /* whose mapping has the credentials */
	pg_uuid_t token;       /* ClientRequestToken */
	const int64 *keys;     /* hashes of what it writes */
	int nkeys;
	const int64 *needs; /* hashes of what must have been written before */
	int nneeds;
	const char *writes; /* as of sendtext.h */
	size_t writes_len;
} DdbOutboxEntry;

extern void ddb_outboxtable_insert(const DdbOutboxEntry *entry);

/* An entry that waits. */
typedef struct DdbOutboxRow
{
	int64 id;
	const char *server_name;
	const char *user_name;
	pg_uuid_t token;
	int attempts;      /* that were made before */
	int due_ms;        /* when it is due; 0: it is */
	const int64 *keys; /* as of DdbOutboxEntry */
	int nkeys;
	const int64 *needs;
	int nneeds;
	Datum writes; /* bytea */
} DdbOutboxRow;

/*
 * Is shown one row after another, which is there until it returns; false: no more.
 * It runs as the table's owner, and must not look at anything of others.
 */
typedef bool (*DdbOutboxVisit)(void *arg, const DdbOutboxRow *row);

/* All entries that wait, in the order of their numbers. */
extern void ddb_outboxtable_walk(DdbOutboxVisit visit, void *arg);

/* 40001 if one is not there any more though the transaction's snapshot has it. */
extern void ddb_outboxtable_lock(const int64 *ids, int nids);

extern void ddb_outboxtable_delete(const int64 *ids, int nids);

/* Why an entry was not delivered; text of the server. */
typedef struct DdbOutboxFault
{
	int64 id;
	int sqlstate;
	const char *message;
	int delay_ms; /* until it is tried again; -1: it has failed */
} DdbOutboxFault;

extern void ddb_outboxtable_fault(const DdbOutboxFault *fault);

/* Have one that has failed wait again. False: there is none with this id. */
extern bool ddb_outboxtable_retry(int64 id);

#endif /* DDB_OUTBOXTABLE_H */
