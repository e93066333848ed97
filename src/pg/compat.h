/*
 * compat.h
 *		What differs between the major versions of PostgreSQL, 15 to 18.
 *
 * The only place that looks at PG_VERSION_NUM; the rest is written for the
 * newest version's API where it can be, or calls a function of this header.
 */
#ifndef DDB_COMPAT_H
#define DDB_COMPAT_H

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_foreign_server.h"
#include "commands/vacuum.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/guc_tables.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/wait_event.h"

/* 16 took the macros of varlena out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 took EXPLAIN's output out of commands/explain.h. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

/* 18 shows a library's name and version in pg_get_loaded_modules(). */
#ifndef PG_MODULE_MAGIC_EXT
#define PG_MODULE_MAGIC_EXT(...) PG_MODULE_MAGIC
#endif

/* 17 has collations of its own, all of which compare bytes. */
#ifndef COLLPROVIDER_BUILTIN
#define COLLPROVIDER_BUILTIN 'b'
#endif

/*
 * 18 has generated columns that are worked out when they are read: they stand
 * for their expressions in every plan, and are NULL in every tuple.
 */
static inline bool
ddb_compat_is_virtual(const FormData_pg_attribute *attribute)
{
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
	return attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	(void) attribute;
	return false;
#endif
}

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

/* A setting that exists, with who has set it. */
static inline struct config_generic *
ddb_compat_setting(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return find_option(name, false, false, ERROR);
#else
	struct config_generic **settings = get_guc_variables();

	while (strcmp((*settings)->name, name) != 0)
		settings++;
	return *settings;
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

/*
 * Is the column in what find_nonnullable_vars() found? 16 made bitmaps of a
 * list of Vars.
 */
static inline bool
ddb_compat_is_nonnullable(List *found, int relid, AttrNumber attno)
{
#if PG_VERSION_NUM >= 160000
	return relid < list_length(found) &&
		   bms_is_member(attno - FirstLowInvalidHeapAttributeNumber,
						 list_nth(found, relid));
#else
	ListCell *cell;

	foreach(cell, found)
	{
		const Var *var = lfirst(cell);

		if (IsA(var, Var) && var->varno == relid && var->varattno == attno)
			return true;
	}
	return false;
#endif
}

/* About how many elements an array expression has. */
static inline double
ddb_compat_array_length(PlannerInfo *root, Node *array)
{
#if PG_VERSION_NUM >= 170000
	return estimate_array_length(root, array);
#else
	return estimate_array_length(array);
#endif
}

/* Does the pathkey ask for descending order? */
static inline bool
ddb_compat_is_descending(const PathKey *pathkey)
{
#if PG_VERSION_NUM >= 180000
	return pathkey->pk_cmptype == COMPARE_GT;
#else
	return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/*
 * The members of a class, those of a base relation that is a partition
 * included. 18 keeps the latter apart.
 */
static inline List *
ddb_compat_class_members(EquivalenceClass *class, Relids relids)
{
#if PG_VERSION_NUM >= 180000
	EquivalenceMemberIterator it;
	EquivalenceMember *member;
	List *members = NIL;

	setup_eclass_member_iterator(&it, class, relids);
	while ((member = eclass_member_iterator_next(&it)) != NULL)
		members = lappend(members, member);
	return members;
#else
	(void) relids;
	return class->ec_members;
#endif
}

/* What every ForeignPath of ours has. */
typedef struct DdbPathShape
{
	double rows;
	Cost startup_cost;
	Cost total_cost;
	bool disabled; /* by a setting: only where there is no other path */
	List *pathkeys;
	List *fdw_private;
} DdbPathShape;

#if PG_VERSION_NUM < 180000
/* What takes the place of disabled_nodes. */
static inline Cost
ddb_compat_penalty(const DdbPathShape *shape)
{
	return shape->disabled ? disable_cost : 0;
}
#endif

static inline ForeignPath *
ddb_compat_scan_path(PlannerInfo *root, RelOptInfo *rel, Relids required_outer,
					 const DdbPathShape *shape)
{
	return create_foreignscan_path(root,
								   rel,
								   NULL,
								   shape->rows,
#if PG_VERSION_NUM >= 180000
								   shape->disabled,
								   shape->startup_cost,
								   shape->total_cost,
#else
								   shape->startup_cost + ddb_compat_penalty(shape),
								   shape->total_cost + ddb_compat_penalty(shape),
#endif
								   shape->pathkeys,
								   required_outer,
								   NULL,
#if PG_VERSION_NUM >= 170000
								   NIL,
#endif
								   shape->fdw_private);
}

static inline ForeignPath *
ddb_compat_upper_path(PlannerInfo *root, RelOptInfo *rel, PathTarget *target,
					  const DdbPathShape *shape)
{
	return create_foreign_upper_path(root,
									 rel,
									 target,
									 shape->rows,
#if PG_VERSION_NUM >= 180000
									 shape->disabled,
									 shape->startup_cost,
									 shape->total_cost,
#else
									 shape->startup_cost +
										 ddb_compat_penalty(shape),
									 shape->total_cost + ddb_compat_penalty(shape),
#endif
									 shape->pathkeys,
									 NULL,
#if PG_VERSION_NUM >= 170000
									 NIL,
#endif
									 shape->fdw_private);
}

/* Path by path, 18 counts what settings like enable_seqscan rule out. */
static inline void
ddb_compat_inherit_disabled(Path *path, const Path *from)
{
#if PG_VERSION_NUM >= 180000
	path->disabled_nodes = from->disabled_nodes;
#else
	(void) path;
	(void) from;
#endif
}

/* The user as whom a foreign scan reads. */
static inline Oid
ddb_compat_scan_user(const ForeignScan *scan, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	(void) estate;
	return OidIsValid(scan->checkAsUser) ? scan->checkAsUser : GetUserId();
#else
	Index relid = scan->scan.scanrelid;
	RangeTblEntry *rte;

	if (relid == 0)
		relid = bms_next_member(scan->fs_relids, -1);
	rte = exec_rt_fetch(relid, estate);
	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
#endif
}

/* The user as whom rows of a result relation are written. */
static inline Oid
ddb_compat_modify_user(ResultRelInfo *result, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return ExecGetResultRelCheckAsUser(result, estate);
#else
	Index relid = result->ri_RangeTableIndex;
	RangeTblEntry *rte;

	/* A partition to which rows are routed: as whom the parent is written. */
	if (relid == 0)
		relid = result->ri_RootResultRelInfo->ri_RangeTableIndex;
	rte = exec_rt_fetch(relid, estate);
	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
#endif
}

/* The one base relation below a foreign scan that has no relation itself. */
static inline Index
ddb_compat_scan_base_relid(const ForeignScan *scan)
{
#if PG_VERSION_NUM >= 160000
	return bms_next_member(scan->fs_base_relids, -1);
#else
	return bms_next_member(scan->fs_relids, -1);
#endif
}

/*
 * May there be a subtransaction now? Until 17, not while any node of the query
 * runs in parallel.
 */
static inline bool
ddb_compat_can_begin_subtransaction(void)
{
#if PG_VERSION_NUM >= 170000
	return true;
#else
	return !IsInParallelMode();
#endif
}

/* ANALYZE lets others have a turn; serves interrupts. */
static inline void
ddb_compat_analyze_delay(void)
{
#if PG_VERSION_NUM >= 180000
	vacuum_delay_point(true);
#else
	vacuum_delay_point();
#endif
}

#endif /* DDB_COMPAT_H */
