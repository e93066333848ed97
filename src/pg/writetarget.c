/*
 * writetarget.c
 *		A foreign table that is written.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "foreign/foreign.h"
#include "nodes/parsenodes.h"
#include "utils/rel.h"

#include "description.h"
#include "writetarget.h"

bool
ddb_write_target_updatable(Relation relation)
{
	const ForeignTable *table = GetForeignTable(RelationGetRelid(relation));

	return ddb_options_updatable(GetForeignServer(table->serverid),
								 table->options);
}

DdbWriteTarget *
ddb_write_target_open(Relation relation, Oid user)
{
	DdbWriteTarget *target = palloc0(sizeof(DdbWriteTarget));
	Oid server = GetForeignTable(RelationGetRelid(relation))->serverid;
	const DdbKeySchema *keys;

	target->session = ddb_session_open_for(CurrentMemoryContext, server, user);
	target->relation =
		ddb_relation_load(relation, ddb_session_options(target->session));
	keys = ddb_description_load(target->session, target->relation)->schemas;
	target->keys = keys;
	target->table =
		(DdbWriteTable){.server = server,
						.user = user,
						.table = target->relation->table,
						.key_names = {keys->partition, keys->sort},
						.key_types = {keys->partition_type, keys->sort_type},
						.units_per_second =
							target->relation->write_units_per_second};
	return target;
}

/* Does the foreign table stand for the table that is written? */
static bool
is_same(const DdbWriteTarget *target, Oid relid)
{
	bool same = GetForeignTable(relid)->serverid == target->table.server;
	Relation relation;

	if (!same)
		return false;
	relation = table_open(relid, AccessShareLock);
	same =
		strcmp(ddb_relation_load(relation, ddb_session_options(target->session))->table,
			   target->table.table) == 0;
	table_close(relation, AccessShareLock);
	return same;
}

bool
ddb_write_target_is_read(const DdbWriteTarget *target, List *rtable, Index own)
{
	ListCell *cell;

	foreach(cell, rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->rtekind == RTE_RELATION &&
			rte->relkind == RELKIND_FOREIGN_TABLE &&
			foreach_current_index(cell) + 1 != (int) own &&
			is_same(target, rte->relid))
			return true;
	}
	return false;
}
