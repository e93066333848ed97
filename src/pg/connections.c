/*
 * connections.c
 *		cruddur_ddb_connections() and cruddur_ddb_disconnect().
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "session.h"

#define NUM_COLUMNS 5

static void
emit_session(const DdbSessionInfo *info, void *arg)
{
	ReturnSetInfo *result = arg;
	char *user = GetUserNameFromId(info->user, true);
	Datum values[NUM_COLUMNS] = {0};
	bool nulls[NUM_COLUMNS] = {false};

	values[0] = CStringGetTextDatum(info->server_name);
	nulls[1] = user == NULL;
	if (user != NULL)
		values[1] = CStringGetTextDatum(user);
	nulls[2] = info->url == NULL;
	if (info->url != NULL)
		values[2] = CStringGetTextDatum(info->url);
	values[3] = Int32GetDatum(info->active_calls);
	values[4] = BoolGetDatum(info->valid);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(cruddur_ddb_connections);

/*
 * cruddur_ddb_connections() RETURNS TABLE (server text, user_name text,
 * endpoint text, active_requests int, valid boolean): this backend's sessions
 */
Datum
cruddur_ddb_connections(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	ddb_session_visit(emit_session, fcinfo->resultinfo);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(cruddur_ddb_disconnect);

/* cruddur_ddb_disconnect() RETURNS boolean: was there anything to close? */
Datum
cruddur_ddb_disconnect(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ddb_session_disconnect());
}
