/*
 * fdw_explain.h
 *		What EXPLAIN shows of a ForeignScan.
 */
#ifndef DDB_FDW_EXPLAIN_H
#define DDB_FDW_EXPLAIN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "compat.h"

extern void ddbExplainForeignScan(ForeignScanState *node, ExplainState *es);

#endif /* DDB_FDW_EXPLAIN_H */
