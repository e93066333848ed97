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

/* An entry that is due. */
typedef struct DdbOutboxRow
{
	int64 id;
	const char *server_name;
	const char *user_name;
	pg_uuid_t token;
	int attempts; /* that were made before */
	const char *writes;
	size_t writes_len;
} DdbOutboxRow;

/* What is not to be selected. */
typedef struct DdbOutboxExcept
{
	const int64 *ids;
	int nids;
	const char *const *origins; /* all of these servers and users, each "server",
								 * a new line, "user" */
	int norigins;
} DdbOutboxExcept;

/*
 * The first entries that wait, are due and are not held back by an earlier one;
 * in CurrentMemoryContext. Returns how many there are.
 */
extern int ddb_outboxtable_select(const DdbOutboxExcept *except, int max_rows,
								  DdbOutboxRow **rows);

/* In how many ms the next one that waits for its time is due; -1: there is none. */
extern int ddb_outboxtable_due_ms(void);

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
