/*
 * module.c
 *		The library's magic block and its start; nothing else.
 */
#include "postgres.h"

#include "fmgr.h"

#include "guc.h"
#include "session.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	ddb_guc_define();
	ddb_session_init();
}
