/*
 * fdw_import.c
 *		IMPORT FOREIGN SCHEMA: which tables, and with what sample.
 *
 * DynamoDB has no schemas; "dynamodb" stands for all that it has. Names of
 * tables may be longer than names of relations, and LIMIT TO and EXCEPT speak
 * of the latter.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "common/string.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "attributes.h"
#include "definition.h"
#include "describe.h"
#include "fdw_import.h"
#include "request.h"

#define REMOTE_SCHEMA "dynamodb"

/* Items of each table that are looked at */
#define DEFAULT_SAMPLE 100
#define MAX_SAMPLE 100000

static void
check_schema(const ImportForeignSchemaStmt *stmt)
{
	if (strcmp(stmt->remote_schema, REMOTE_SCHEMA) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("schema \"%s\" is not present on foreign server \"%s\"",
						stmt->remote_schema,
						stmt->server_name),
				 errhint("All tables of DynamoDB are in the schema \"%s\".",
						 REMOTE_SCHEMA)));
}

/* The option "sample", the only one that there is. */
static int
take_sample_size(List *options)
{
	int sample = DEFAULT_SAMPLE;
	ListCell *cell;

	foreach(cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);
		const char *value = defGetString(option);
		char *end;

		if (strcmp(option->defname, "sample") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", option->defname),
					 errhint("The only option is \"sample\".")));
		errno = 0;
		sample = strtoint(value, &end, 10);
		if (errno != 0 || end == value || *end != '\0' || sample < 0 ||
			sample > MAX_SAMPLE)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("invalid value for option \"sample\""),
					 errhint("Write an integer from 0 to %d.", MAX_SAMPLE)));
	}
	return sample;
}

/* DynamoDB's names of tables are ASCII. */
static char *
relation_name(const char *table)
{
	return pnstrdup(table, NAMEDATALEN - 1);
}

static void
check_no_duplicate(const char *table, const char *other, const char *relation)
{
	if (other == NULL || strcmp(relation_name(other), relation) != 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("two tables of DynamoDB would be imported as \"%s\"", relation),
			 errdetail("They are \"%s\" and \"%s\".", other, table),
			 errhint("Leave them out by EXCEPT, and use CREATE FOREIGN TABLE "
					 "with the option table_name.")));
}

static int
compare_names(const ListCell *left, const ListCell *right)
{
	return strcmp(lfirst(left), lfirst(right));
}

/* Those that the statement asks for, by name. */
static List *
choose_tables(ImportForeignSchemaStmt *stmt, DdbSession *session)
{
	List *tables = ddb_request_list_tables(session);
	List *chosen = NIL;
	const char *last = NULL;
	ListCell *cell;

	list_sort(tables, compare_names);
	foreach(cell, tables)
	{
		char *table = lfirst(cell);
		char *relation = relation_name(table);

		if (!IsImportableForeignTable(relation, stmt))
			continue;
		check_no_duplicate(table, last, relation);
		chosen = lappend(chosen, table);
		last = table;
	}
	return chosen;
}

/* The table as it is now. */
static const DdbTableInfo *
describe(DdbSession *session, const char *table)
{
	const DdbTableInfo *info;

	ddb_describe_forget(table);
	info = ddb_describe_table(session, table);
	if (info == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for DescribeTable on table \"%s\"",
						table),
				 errhint("Allow dynamodb:DescribeTable in the IAM policy of "
						 "the credentials, or leave the table out by "
						 "EXCEPT.")));
	return info;
}

/* CREATE FOREIGN TABLE for one table, in CurrentMemoryContext. */
static char *
make_command(DdbSession *session, const ImportForeignSchemaStmt *stmt,
			 const char *table, int sample)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext cxt = AllocSetContextCreate(caller,
											  "cruddur_ddb import",
											  ALLOCSET_DEFAULT_SIZES);
	DdbDefinition definition = {.relation = relation_name(table),
								.table = table,
								.server = stmt->server_name};
	char *command;

	MemoryContextSwitchTo(cxt);
	definition.attributes =
		ddb_attributes_sample(session, table, describe(session, table), sample);
	command = ddb_definition_command(&definition);
	MemoryContextSwitchTo(caller);
	command = pstrdup(command);
	MemoryContextDelete(cxt);
	return command;
}

List *
ddbImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid server)
{
	int sample = take_sample_size(stmt->options);
	List *commands = NIL;
	DdbSession *session;
	ListCell *cell;

	check_schema(stmt);
	session = ddb_session_open_for(CurrentMemoryContext, server, GetUserId());
	foreach(cell, choose_tables(stmt, session))
		commands =
			lappend(commands, make_command(session, stmt, lfirst(cell), sample));
	return commands;
}
