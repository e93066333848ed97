/*
 * users.c
 *		The users of the application: rows of the server option users_table.
 *
 * Look-ups go through plans that are prepared once a backend and kept; the
 * plan cache replans them when the relation, the role or its row-level
 * security changes. All names in them are qualified, so search_path has no say.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "input.h"
#include "users.h"

/*
 * Without the relation before them: u.handle would be a call of anyone's function
 * handle(users), where the relation has no such column.
 */
#define USER_COLUMNS                                                           \
	"uuid::pg_catalog.uuid, handle::pg_catalog.text, "                         \
	"display_name::pg_catalog.text"

typedef enum LookUp
{
	BY_HANDLE,
	BY_COGNITO_ID,
	NUM_LOOK_UPS
} LookUp;

/* The second %s of each is the relation. */
static const char *const queries[NUM_LOOK_UPS] =
	{[BY_HANDLE] = "SELECT %s FROM %s u WHERE handle::pg_catalog.text "
				   "OPERATOR(pg_catalog.=) $1",
	 [BY_COGNITO_ID] = "SELECT %s FROM %s u WHERE cognito_user_id"
					   "::pg_catalog.text OPERATOR(pg_catalog.=) $1"};

/*
 * The plans for one relation. They stay: the relation may be a view whose
 * functions ask for users of another one while a plan of the first one runs.
 */
typedef struct Lookups
{
	struct Lookups *next;
	SPIPlanPtr plans[NUM_LOOK_UPS]; /* NULL: not asked for yet */
	char users_table[];
} Lookups;

static Lookups *lookups = NULL; /* newest first */

static Lookups *
get_lookups(const char *users_table)
{
	Lookups *found = lookups;
	size_t size = strlen(users_table) + 1;

	while (found != NULL && strcmp(found->users_table, users_table) != 0)
		found = found->next;
	if (found != NULL)
		return found;

	found = MemoryContextAllocZero(TopMemoryContext,
								   offsetof(Lookups, users_table) + size);
	memcpy(found->users_table, users_table, size);
	found->next = lookups;
	lookups = found;
	return found;
}

static SPIPlanPtr
get_plan(LookUp look_up, const char *users_table)
{
	Lookups *of_table = get_lookups(users_table);
	Oid type = TEXTOID;
	char *query;
	SPIPlanPtr plan;

	if (of_table->plans[look_up] != NULL)
		return of_table->plans[look_up];

	query = psprintf(queries[look_up], USER_COLUMNS, users_table);
	plan = SPI_prepare_cursor(query, 1, &type, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not prepare the look-up of users: %s",
						SPI_result_code_string(SPI_result))));
	of_table->plans[look_up] = plan;
	return plan;
}

/* A column of the row that was found, copied to cxt. */
static Datum
take_column(int column, Oid type, MemoryContext cxt)
{
	MemoryContext old;
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[0],
								SPI_tuptable->tupdesc,
								column,
								&isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" of the users relation is null",
						SPI_fname(SPI_tuptable->tupdesc, column))));
	old = MemoryContextSwitchTo(cxt);
	value = type == TEXTOID ? PointerGetDatum(DatumGetTextPCopy(value)) : value;
	MemoryContextSwitchTo(old);
	return value;
}

static void
find(const DdbOptions *options, LookUp look_up, text *key, DdbUser *user)
{
	MemoryContext cxt = CurrentMemoryContext;
	Datum argument = PointerGetDatum(key);
	SPIPlanPtr plan;
	int rc;

	if (SPI_connect() != SPI_OK_CONNECT)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not connect to SPI")));
	plan = get_plan(look_up, options->users_table);
	/* Two rows are enough to know that one is not all. */
	rc = SPI_execute_plan(plan, &argument, NULL, true, 2);
	if (rc != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not look up users: %s",
						SPI_result_code_string(rc))));
	if (SPI_processed == 0)
		ddb_input_refuse(DDB_FAULT_NO_SUCH_USER,
						 psprintf("No row of %s has %s \"%s\".",
								  options->users_table,
								  look_up == BY_HANDLE ? "handle"
													   : "cognito_user_id",
								  text_to_cstring(key)));
	if (SPI_processed > 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("more than one user matches"),
				 errdetail("Several rows of %s have %s \"%s\".",
						   options->users_table,
						   look_up == BY_HANDLE ? "handle" : "cognito_user_id",
						   text_to_cstring(key)),
				 errhint("Make the column unique.")));
	user->uuid = *DatumGetUUIDP(take_column(1, UUIDOID, cxt));
	user->handle = DatumGetTextPP(take_column(2, TEXTOID, cxt));
	user->display_name = DatumGetTextPP(take_column(3, TEXTOID, cxt));
	SPI_finish();
	ddb_convert_uuid_text(&user->uuid, user->uuid_text);
}

void
ddb_users_find(const DdbOptions *options, text *handle, DdbUser *user)
{
	find(options, BY_HANDLE, handle, user);
}

PG_FUNCTION_INFO_V1(cruddur_handle);

/* cruddur_handle(cognito_user_id text) RETURNS text */
Datum
cruddur_handle(PG_FUNCTION_ARGS)
{
	text *id = ddb_input_text(fcinfo, 0, DDB_FAULT_COGNITO_ID_BLANK);
	DdbSession *session = ddb_session_open(CurrentMemoryContext);
	DdbUser user;

	find(ddb_session_options(session), BY_COGNITO_ID, id, &user);
	PG_RETURN_TEXT_P(user.handle);
}

PG_FUNCTION_INFO_V1(cruddur_user_short);

/* cruddur_user_short(handle text) RETURNS TABLE (uuid, handle, display_name) */
Datum
cruddur_user_short(PG_FUNCTION_ARGS)
{
	text *handle = ddb_input_text(fcinfo, 0, DDB_FAULT_HANDLE_BLANK);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DdbSession *session;
	DdbUser user;
	Datum values[3];
	bool nulls[3] = {false, false, false};

	InitMaterializedSRF(fcinfo, 0);
	session = ddb_session_open(CurrentMemoryContext);
	ddb_users_find(ddb_session_options(session), handle, &user);
	values[0] = UUIDPGetDatum(&user.uuid);
	values[1] = PointerGetDatum(user.handle);
	values[2] = PointerGetDatum(user.display_name);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}
