/*
 * budget.c
 *		How many read units a statement may use, and how fast units are used.
 *
 * What a request costs is known when it is answered. So the units of a
 * statement are looked at before each request, and a rate runs into debt: the
 * request after a dear one waits until the debt is paid off.
 *
 * Not here: who asks whom, and waiting.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "budget.h"
#include "guc.h"
#include "http.h"

/*
 * A page of a Query or Scan: 1 MB, strongly consistent, at a unit for 4 KB.
 * Developer Guide, "Read consumption"
 */
#define DEAREST_PAGE_UNITS 256.0

typedef struct RateKey
{
	char server[NAMEDATALEN]; /* both padded with NUL, and cut */
	char table[256];
	bool writes;
} RateKey;

/* A token bucket. */
typedef struct RateEntry
{
	RateKey key;        /* must be first */
	double units;       /* that may be used now; below 0: a debt */
	int64 filled_at_us; /* up to when units has been reckoned */
} RateEntry;

/* When the statement began to which units_used belongs. */
static TimestampTz statement;
static double units_used;

static HTAB *rates;

/* Of the current statement. */
static double *
used(void)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (statement != now)
	{
		statement = now;
		units_used = 0;
	}
	return &units_used;
}

void
ddb_budget_charge(double read_units)
{
	*used() += read_units;
}

void
ddb_budget_check(void)
{
	if (ddb_guc_max_read_units == 0 || *used() < ddb_guc_max_read_units)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("statement has used its read units of DynamoDB"),
			 errdetail("It has used %.15g of %d.", *used(), ddb_guc_max_read_units),
			 errhint("Read less, for example by a condition on a key, or have "
					 "a superuser raise cruddur_ddb.max_read_units.")));
}

bool
ddb_budget_allows(int unanswered)
{
	return ddb_guc_max_read_units == 0 ||
		   *used() + unanswered * DEAREST_PAGE_UNITS < ddb_guc_max_read_units;
}

void
ddb_budget_check_scan(const char *name)
{
	if (ddb_guc_full_scan == DDB_FULL_SCAN_FORBID)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("full scan of \"%s\" is not allowed", name),
				 errdetail("cruddur_ddb.full_scan is \"forbid\"."),
				 errhint("Add a condition on a partition key, or have a "
						 "superuser set cruddur_ddb.full_scan.")));
	if (ddb_guc_full_scan == DDB_FULL_SCAN_WARN)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("full scan of \"%s\"", name),
				 errhint("A condition on a partition key would read less.")));
}

static void
create_rates(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(RateKey);
	control.entrysize = sizeof(RateEntry);
	control.hcxt = TopMemoryContext;
	rates = hash_create("cruddur_ddb rates",
						16,
						&control,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Reckoned up to now; NULL, or a new one, if nothing was used so far. */
static RateEntry *
find_rate(const DdbRate *rate, HASHACTION action)
{
	int64 now_us = ddb_http_now_us();
	RateEntry *entry;
	RateKey key;
	bool found;

	if (rates == NULL)
		create_rates();
	memset(&key, 0, sizeof(key));
	strlcpy(key.server, rate->server, sizeof(key.server));
	strlcpy(key.table, rate->table, sizeof(key.table));
	key.writes = rate->writes;
	entry = hash_search(rates, &key, action, &found);
	if (entry == NULL)
		return NULL;
	if (!found)
		entry->units = rate->units_per_second;
	else
		entry->units +=
			(now_us - entry->filled_at_us) / 1e6 * rate->units_per_second;
	/* What was not used for a second is gone. */
	entry->units = Min(entry->units, rate->units_per_second);
	entry->filled_at_us = now_us;
	return entry;
}

int
ddb_budget_delay_ms(const DdbRate *rate)
{
	RateEntry *entry;

	if (rate->units_per_second == 0)
		return 0;
	entry = find_rate(rate, HASH_FIND);
	if (entry == NULL || entry->units >= 0)
		return 0;
	return (int) Min(ceil(-entry->units * 1000.0 / rate->units_per_second),
					 (double) INT_MAX);
}

void
ddb_budget_pay(const DdbRate *rate, double units)
{
	if (rate->units_per_second > 0 && units > 0)
		find_rate(rate, HASH_ENTER)->units -= units;
}
