/*
 * compat.h
 *		What differs between the major versions of PostgreSQL, 15 to 18.
 *
 * The only place that looks at PG_VERSION_NUM; the rest is written for the
 * newest version's API where it can be, or calls a function of this header.
 */
#ifndef DDB_COMPAT_H
#define DDB_COMPAT_H

#include "catalog/pg_foreign_server.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* 16 took the macros of varlena out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 shows a library's name and version in pg_get_loaded_modules(). */
#ifndef PG_MODULE_MAGIC_EXT
#define PG_MODULE_MAGIC_EXT(...) PG_MODULE_MAGIC
#endif

/* What the user may do with a foreign server. */
static inline AclResult
ddb_compat_server_aclcheck(Oid server, Oid user, AclMode mode)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ForeignServerRelationId, server, user, mode);
#else
	return pg_foreign_server_aclcheck(server, user, mode);
#endif
}

/* A set of events that lasts as long as the backend. */
static inline WaitEventSet *
ddb_compat_create_wait_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

/*
 * What pg_stat_activity shows of a wait under this name; before 17 it is
 * "Extension" for all. Not in _PG_init: it needs shared memory.
 */
static inline uint32
ddb_compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	return PG_WAIT_EXTENSION;
#endif
}

#endif /* DDB_COMPAT_H */
