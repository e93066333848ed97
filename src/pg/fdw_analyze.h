/*
 * fdw_analyze.h
 *		ANALYZE of a foreign table.
 */
#ifndef DDB_FDW_ANALYZE_H
#define DDB_FDW_ANALYZE_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern bool ddbAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func,
								   BlockNumber *totalpages);

#endif /* DDB_FDW_ANALYZE_H */
