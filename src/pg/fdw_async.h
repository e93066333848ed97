/*
 * fdw_async.h
 *		Several foreign scans of one Append at the same time.
 */
#ifndef DDB_FDW_ASYNC_H
#define DDB_FDW_ASYNC_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern bool ddbIsForeignPathAsyncCapable(ForeignPath *path);
extern void ddbForeignAsyncRequest(AsyncRequest *areq);
extern void ddbForeignAsyncConfigureWait(AsyncRequest *areq);
extern void ddbForeignAsyncNotify(AsyncRequest *areq);

#endif /* DDB_FDW_ASYNC_H */
