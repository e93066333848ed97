/*
 * fdw_import.h
 *		IMPORT FOREIGN SCHEMA.
 */
#ifndef DDB_FDW_IMPORT_H
#define DDB_FDW_IMPORT_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern List *ddbImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid server);

#endif /* DDB_FDW_IMPORT_H */
