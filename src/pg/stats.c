/*
 * stats.c
 *		What requests have cost, by server and operation.
 *
 * Where the counters are kept: tally.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "report.h"
#include "stats.h"
#include "tally.h"

#define STATS_COLUMNS 15

PG_FUNCTION_INFO_V1(cruddur_ddb_stats_rows);
PG_FUNCTION_INFO_V1(cruddur_ddb_stats_reset);

void
ddb_stats_count(const char *server, const DdbCall *call, const DdbYield *yield)
{
	const DdbCallCost *cost = ddb_call_cost(call);
	DdbTally tally = {.requests = 1,
					  .attempts = cost->attempts,
					  .retries = Max(cost->attempts - 1, 0),
					  .throttles = cost->throttles,
					  .errors = yield == NULL ? 1 : 0,
					  .bytes_sent = cost->bytes_sent,
					  .bytes_received = cost->bytes_received,
					  .total_ms = cost->total_ms,
					  .max_ms = cost->total_ms};

	if (yield != NULL)
	{
		tally.items_read = yield->items_read;
		tally.items_written = yield->items_written;
		tally.read_units = yield->read_units;
		tally.write_units = yield->write_units;
	}
	ddb_tally_add(server, ddb_call_operation(call), &tally);
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
put_row(ReturnSetInfo *result, const DdbTallyRow *row)
{
	const DdbTally *sums = &row->counters;
	Datum values[STATS_COLUMNS];
	bool nulls[STATS_COLUMNS] = {false};
	int i = 0;

	values[i++] = CStringGetTextDatum(row->key.server);
	values[i++] = CStringGetTextDatum(row->key.operation);
	values[i++] = Int64GetDatum(sums->requests);
	values[i++] = Int64GetDatum(sums->attempts);
	values[i++] = Int64GetDatum(sums->retries);
	values[i++] = Int64GetDatum(sums->throttles);
	values[i++] = Int64GetDatum(sums->errors);
	values[i++] = Int64GetDatum(sums->items_read);
	values[i++] = Int64GetDatum(sums->items_written);
	values[i++] = Int64GetDatum(sums->bytes_sent);
	values[i++] = Int64GetDatum(sums->bytes_received);
	values[i++] = Float8GetDatum(sums->read_units);
	values[i++] = Float8GetDatum(sums->write_units);
	values[i++] = Float8GetDatum(sums->total_ms);
	values[i++] = Float8GetDatum(sums->max_ms);
	Assert(i == STATS_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
cruddur_ddb_stats_rows(PG_FUNCTION_ARGS)
{
	const DdbTallyRow *rows;
	int nrows;

	InitMaterializedSRF(fcinfo, 0);
	rows = ddb_tally_rows(&nrows);
	for (int i = 0; i < nrows; i++)
		put_row((ReturnSetInfo *) fcinfo->resultinfo, &rows[i]);
	PG_RETURN_NULL();
}

Datum
cruddur_ddb_stats_reset(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	ddb_tally_reset();
	PG_RETURN_VOID();
}
