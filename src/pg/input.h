/*
 * input.h
 *		Arguments of the SQL functions, checked; the faults they may have.
 *
 * Each fault has a SQLSTATE and a name that a program can read: the error's
 * constraint name. Both are part of the contract (section 4).
 */
#ifndef DDB_INPUT_H
#define DDB_INPUT_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/uuid.h"

typedef enum DdbFault
{
	DDB_FAULT_MESSAGE_BLANK,
	DDB_FAULT_MESSAGE_TOO_LONG,
	DDB_FAULT_GROUP_BLANK,
	DDB_FAULT_HANDLE_BLANK,
	DDB_FAULT_RECEIVER_BLANK,
	DDB_FAULT_COGNITO_ID_BLANK,
	DDB_FAULT_RECEIVER_IS_SENDER,
	DDB_FAULT_MAX_RESULTS,
	DDB_FAULT_TABLE_NAME_BLANK,
	DDB_FAULT_NO_SUCH_USER,
	DDB_FAULT_NOT_A_MEMBER
} DdbFault;

/* Raise the fault's error. detail is a whole sentence, or NULL. */
extern void ddb_input_refuse(DdbFault fault, const char *detail)
	__attribute__((noreturn));

/* A text argument that is neither NULL nor empty, else the fault. */
extern text *ddb_input_text(FunctionCallInfo fcinfo, int argno, DdbFault blank);

/* A message: not blank, at most 1,024 characters (not bytes). */
extern text *ddb_input_message(FunctionCallInfo fcinfo, int argno);

/* A name that is not blank, in UTF-8; DynamoDB judges the rest of it. */
extern char *ddb_input_table_name(FunctionCallInfo fcinfo, int argno);

extern pg_uuid_t *ddb_input_group(FunctionCallInfo fcinfo, int argno);

/* 1 to 1,000; NULL is the default, 20. */
extern int ddb_input_max_results(FunctionCallInfo fcinfo, int argno);

#endif /* DDB_INPUT_H */
