/*
 * stats.c
 *		What requests have cost, by server and operation.
 *
 * The counters are this backend's own and do not take part in transactions:
 * a request that was sent has cost what it cost. Only find_entry, the SQL
 * function's walk and the reset know where they are stored.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "report.h"
#include "stats.h"

/*
 * The names of operations come from users too, by cruddur_ddb_request. Once
 * there are this many entries, new names are counted as one.
 */
#define MAX_ENTRIES 512
#define OTHER_OPERATIONS "(other)"

#define STATS_COLUMNS 15

typedef struct StatsKey
{
	char server[NAMEDATALEN]; /* both padded with NUL */
	char operation[NAMEDATALEN];
} StatsKey;

typedef struct StatsEntry
{
	StatsKey key; /* must be first */
	int64 requests;
	int64 attempts;
	int64 retries;
	int64 throttles;
	int64 errors;
	int64 items_read;
	int64 items_written;
	int64 bytes_sent;
	int64 bytes_received;
	double read_units;
	double write_units;
	double total_ms;
	double max_ms;
} StatsEntry;

static HTAB *stats_table;

/* The entry of the last call: mostly that of the next one too. */
static StatsEntry *last_entry;

PG_FUNCTION_INFO_V1(cruddur_ddb_stats_rows);
PG_FUNCTION_INFO_V1(cruddur_ddb_stats_reset);

static void
create_table(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(StatsKey);
	control.entrysize = sizeof(StatsEntry);
	control.hcxt = TopMemoryContext;
	stats_table = hash_create("cruddur_ddb statistics",
							  32,
							  &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
set_key(StatsKey *key, const char *server, const char *operation)
{
	int len;

	memset(key, 0, sizeof(*key));
	strlcpy(key->server, server, sizeof(key->server));
	len = pg_mbcliplen(operation, strlen(operation), NAMEDATALEN - 1);
	memcpy(key->operation, operation, len);
}

static StatsEntry *
find_entry(const char *server, const char *operation)
{
	StatsKey key;
	StatsEntry *entry;
	bool found;

	if (last_entry != NULL && strcmp(last_entry->key.operation, operation) == 0 &&
		strcmp(last_entry->key.server, server) == 0)
		return last_entry;

	if (stats_table == NULL)
		create_table();
	set_key(&key, server, operation);
	if (hash_get_num_entries(stats_table) >= MAX_ENTRIES &&
		hash_search(stats_table, &key, HASH_FIND, NULL) == NULL)
		set_key(&key, server, OTHER_OPERATIONS);
	entry = hash_search(stats_table, &key, HASH_ENTER, &found);
	if (!found)
		memset((char *) entry + sizeof(StatsKey),
			   0,
			   sizeof(StatsEntry) - sizeof(StatsKey));
	last_entry = entry;
	return entry;
}

void
ddb_stats_count(const char *server, const DdbCall *call, const DdbYield *yield)
{
	StatsEntry *entry = find_entry(server, ddb_call_operation(call));
	const DdbCallCost *cost = ddb_call_cost(call);

	entry->requests++;
	entry->attempts += cost->attempts;
	entry->retries += Max(cost->attempts - 1, 0);
	entry->throttles += cost->throttles;
	entry->bytes_sent += cost->bytes_sent;
	entry->bytes_received += cost->bytes_received;
	entry->total_ms += cost->total_ms;
	entry->max_ms = Max(entry->max_ms, cost->total_ms);
	if (yield == NULL)
	{
		entry->errors++;
		return;
	}
	entry->items_read += yield->items_read;
	entry->items_written += yield->items_written;
	entry->read_units += yield->read_units;
	entry->write_units += yield->write_units;
}

/* Bodies and headers are nobody's business. */
void
ddb_stats_log(const DdbCall *call, const DdbYield *yield)
{
	const DdbAttempt *attempt;

	for (int i = 0; (attempt = ddb_call_attempt(call, i)) != NULL; i++)
	{
		bool last = i + 1 == ddb_call_cost(call)->attempts;
		double units =
			last && yield != NULL ? yield->read_units + yield->write_units : 0;

		ereport(LOG,
				(errmsg("cruddur_ddb request: operation=%s table=%s "
						"attempt=%d status=%d time=%.3f ms units=%g "
						"request_id=%s",
						ddb_call_operation(call),
						ddb_report_foreign(ddb_call_table(call)),
						i + 1,
						attempt->http_status,
						attempt->elapsed_ms,
						units,
						ddb_report_foreign(attempt->request_id)),
				 errhidestmt(true),
				 errhidecontext(true)));
	}
}

static void
put_row(ReturnSetInfo *result, const StatsEntry *entry)
{
	Datum values[STATS_COLUMNS];
	bool nulls[STATS_COLUMNS] = {false};
	int i = 0;

	values[i++] = CStringGetTextDatum(entry->key.server);
	values[i++] = CStringGetTextDatum(entry->key.operation);
	values[i++] = Int64GetDatum(entry->requests);
	values[i++] = Int64GetDatum(entry->attempts);
	values[i++] = Int64GetDatum(entry->retries);
	values[i++] = Int64GetDatum(entry->throttles);
	values[i++] = Int64GetDatum(entry->errors);
	values[i++] = Int64GetDatum(entry->items_read);
	values[i++] = Int64GetDatum(entry->items_written);
	values[i++] = Int64GetDatum(entry->bytes_sent);
	values[i++] = Int64GetDatum(entry->bytes_received);
	values[i++] = Float8GetDatum(entry->read_units);
	values[i++] = Float8GetDatum(entry->write_units);
	values[i++] = Float8GetDatum(entry->total_ms);
	values[i++] = Float8GetDatum(entry->max_ms);
	Assert(i == STATS_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
cruddur_ddb_stats_rows(PG_FUNCTION_ARGS)
{
	HASH_SEQ_STATUS walk;
	StatsEntry *entry;

	InitMaterializedSRF(fcinfo, 0);
	if (stats_table == NULL)
		PG_RETURN_NULL();
	hash_seq_init(&walk, stats_table);
	while ((entry = hash_seq_search(&walk)) != NULL)
		put_row((ReturnSetInfo *) fcinfo->resultinfo, entry);
	PG_RETURN_NULL();
}

Datum
cruddur_ddb_stats_reset(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	last_entry = NULL;
	if (stats_table != NULL)
		hash_destroy(stats_table);
	stats_table = NULL;
	PG_RETURN_VOID();
}
