/*
 * module.c
 *		The library's magic block and its start; nothing else.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "commit.h"
#include "compat.h"
#include "guc.h"
#include "prefetch.h"
#include "prefetch_path.h"
#include "session.h"
#include "tally.h"
#include "wakeup.h"
#include "worker.h"

PG_MODULE_MAGIC_EXT(.name = "cruddur_ddb", .version = DDB_VERSION);

void _PG_init(void);

void
_PG_init(void)
{
	ddb_guc_define();
	ddb_session_init();
	ddb_commit_init();
	ddb_prefetch_init();
	ddb_prefetch_path_init();
	if (!process_shared_preload_libraries_in_progress)
		return;
	ddb_tally_init();
	ddb_wakeup_init();
	ddb_worker_register();
}
