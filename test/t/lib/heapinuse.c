/*
 * heapinuse.c
 *		The bytes that the backend has malloc'd and not freed.
 */
#include "postgres.h"

#include <malloc.h>

#include "fmgr.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(heap_in_use);

Datum
heap_in_use(PG_FUNCTION_ARGS)
{
	struct mallinfo2 info = mallinfo2();

	(void) fcinfo;
	PG_RETURN_INT64((int64) (info.uordblks + info.hblkhd));
}
