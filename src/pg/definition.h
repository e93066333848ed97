/*
 * definition.h
 *		CREATE FOREIGN TABLE for a table of DynamoDB.
 */
#ifndef DDB_DEFINITION_H
#define DDB_DEFINITION_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef struct DdbDefinition
{
	const char *relation; /* its name, without a schema */
	const char *table;    /* DynamoDB's */
	const char *server;   /* name of the foreign server */
	List *attributes;     /* DdbAttribute pointers, in the order of columns */
} DdbDefinition;

/*
 * The command, palloc'd. The last column is the whole item. Attributes that can
 * be no column are left out with a notice: the names of some have characters
 * that the server's encoding lacks, and there are only so many columns.
 */
extern char *ddb_definition_command(const DdbDefinition *definition);

#endif /* DDB_DEFINITION_H */
