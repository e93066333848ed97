/*
 * input.c
 *		Arguments of the SQL functions, checked; the faults they may have.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "input.h"

#define MAX_MESSAGE_CHARS 1024
#define DEFAULT_RESULTS 20
#define MAX_RESULTS 1000

typedef struct FaultText
{
	int sqlstate;
	const char *constraint;
	const char *message;
	const char *hint; /* NULL: none */
} FaultText;

/* user_reciever_handle_blank keeps the old API's spelling. */
static const FaultText faults[] =
	{[DDB_FAULT_MESSAGE_BLANK] = {ERRCODE_CHECK_VIOLATION,
								  "message_blank",
								  "message must not be empty",
								  NULL},
	 [DDB_FAULT_MESSAGE_TOO_LONG] = {ERRCODE_CHECK_VIOLATION,
									 "message_exceed_max_chars",
									 "message must not exceed 1024 characters",
									 NULL},
	 [DDB_FAULT_GROUP_BLANK] = {ERRCODE_CHECK_VIOLATION,
								"message_group_uuid_blank",
								"message_group_uuid must not be null",
								NULL},
	 [DDB_FAULT_HANDLE_BLANK] = {ERRCODE_CHECK_VIOLATION,
								 "handle_blank",
								 "handle must not be empty",
								 NULL},
	 [DDB_FAULT_RECEIVER_BLANK] = {ERRCODE_CHECK_VIOLATION,
								   "user_reciever_handle_blank",
								   "receiver_handle must not be empty",
								   NULL},
	 [DDB_FAULT_COGNITO_ID_BLANK] = {ERRCODE_CHECK_VIOLATION,
									 "cognito_user_id_blank",
									 "cognito_user_id must not be empty",
									 NULL},
	 [DDB_FAULT_RECEIVER_IS_SENDER] = {ERRCODE_CHECK_VIOLATION,
									   "receiver_is_sender",
									   "a message group needs two users",
									   "Name another user as the receiver."},
	 [DDB_FAULT_MAX_RESULTS] = {ERRCODE_INVALID_PARAMETER_VALUE,
								"max_results_out_of_range",
								"max_results must be from 1 to 1000",
								"Page back with the argument \"before\"."},
	 [DDB_FAULT_TABLE_NAME_BLANK] = {ERRCODE_INVALID_PARAMETER_VALUE,
									 "table_name_blank",
									 "table_name must not be empty",
									 NULL},
	 [DDB_FAULT_NO_SUCH_USER] = {ERRCODE_NO_DATA_FOUND,
								 "user_not_found",
								 "user does not exist",
								 NULL},
	 [DDB_FAULT_NOT_A_MEMBER] = {ERRCODE_INSUFFICIENT_PRIVILEGE,
								 "not_a_member",
								 "user is not a member of the message group",
								 NULL}};

void
ddb_input_refuse(DdbFault fault, const char *detail)
{
	const FaultText *text = &faults[fault];

	ereport(ERROR,
			(errcode(text->sqlstate),
			 errmsg("%s", text->message),
			 detail == NULL ? 0 : errdetail_internal("%s", detail),
			 text->hint == NULL ? 0 : errhint("%s", text->hint),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, text->constraint)));
}

text *
ddb_input_text(FunctionCallInfo fcinfo, int argno, DdbFault blank)
{
	text *value;

	if (PG_ARGISNULL(argno))
		ddb_input_refuse(blank, NULL);
	value = PG_GETARG_TEXT_PP(argno);
	if (VARSIZE_ANY_EXHDR(value) == 0)
		ddb_input_refuse(blank, NULL);
	return value;
}

text *
ddb_input_message(FunctionCallInfo fcinfo, int argno)
{
	text *message = ddb_input_text(fcinfo, argno, DDB_FAULT_MESSAGE_BLANK);
	int nchars =
		pg_mbstrlen_with_len(VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message));

	if (nchars > MAX_MESSAGE_CHARS)
		ddb_input_refuse(DDB_FAULT_MESSAGE_TOO_LONG,
						 psprintf("The message has %d characters.", nchars));
	return message;
}

char *
ddb_input_table_name(FunctionCallInfo fcinfo, int argno)
{
	char *name = text_to_cstring(
		ddb_input_text(fcinfo, argno, DDB_FAULT_TABLE_NAME_BLANK));

	return pg_server_to_any(name, strlen(name), PG_UTF8);
}

pg_uuid_t *
ddb_input_group(FunctionCallInfo fcinfo, int argno)
{
	if (PG_ARGISNULL(argno))
		ddb_input_refuse(DDB_FAULT_GROUP_BLANK, NULL);
	return PG_GETARG_UUID_P(argno);
}

int
ddb_input_max_results(FunctionCallInfo fcinfo, int argno)
{
	int max_results;

	if (PG_ARGISNULL(argno))
		return DEFAULT_RESULTS;
	max_results = PG_GETARG_INT32(argno);
	if (max_results < 1 || max_results > MAX_RESULTS)
		ddb_input_refuse(DDB_FAULT_MAX_RESULTS,
						 psprintf("The value is %d.", max_results));
	return max_results;
}
