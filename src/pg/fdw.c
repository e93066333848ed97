/*
 * fdw.c
 *		The foreign-data wrapper's handler.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"

#include "fdw_analyze.h"
#include "fdw_async.h"
#include "fdw_count.h"
#include "fdw_explain.h"
#include "fdw_import.h"
#include "fdw_modify.h"
#include "fdw_paths.h"
#include "fdw_plan.h"
#include "fdw_scan.h"
#include "fdw_truncate.h"
#include "modify_plan.h"

PG_FUNCTION_INFO_V1(cruddur_ddb_fdw_handler);

Datum
cruddur_ddb_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = ddbGetForeignRelSize;
	routine->GetForeignPaths = ddbGetForeignPaths;
	routine->GetForeignPlan = ddbGetForeignPlan;
	routine->GetForeignUpperPaths = ddbGetForeignUpperPaths;
	routine->BeginForeignScan = ddbBeginForeignScan;
	routine->IterateForeignScan = ddbIterateForeignScan;
	routine->ReScanForeignScan = ddbReScanForeignScan;
	routine->EndForeignScan = ddbEndForeignScan;
	routine->ExplainForeignScan = ddbExplainForeignScan;
	routine->IsForeignPathAsyncCapable = ddbIsForeignPathAsyncCapable;
	routine->ForeignAsyncRequest = ddbForeignAsyncRequest;
	routine->ForeignAsyncConfigureWait = ddbForeignAsyncConfigureWait;
	routine->ForeignAsyncNotify = ddbForeignAsyncNotify;
	routine->IsForeignRelUpdatable = ddbIsForeignRelUpdatable;
	routine->AddForeignUpdateTargets = ddbAddForeignUpdateTargets;
	routine->PlanForeignModify = ddbPlanForeignModify;
	routine->BeginForeignModify = ddbBeginForeignModify;
	routine->ExecForeignInsert = ddbExecForeignInsert;
	routine->ExecForeignBatchInsert = ddbExecForeignBatchInsert;
	routine->GetForeignModifyBatchSize = ddbGetForeignModifyBatchSize;
	routine->ExecForeignUpdate = ddbExecForeignUpdate;
	routine->ExecForeignDelete = ddbExecForeignDelete;
	routine->EndForeignModify = ddbEndForeignModify;
	routine->BeginForeignInsert = ddbBeginForeignInsert;
	routine->EndForeignInsert = ddbEndForeignModify;
	routine->ExplainForeignModify = ddbExplainForeignModify;
	routine->ExecForeignTruncate = ddbExecForeignTruncate;
	routine->AnalyzeForeignTable = ddbAnalyzeForeignTable;
	routine->ImportForeignSchema = ddbImportForeignSchema;
	PG_RETURN_POINTER(routine);
}
