/*
 * description.c
 *		The keys and indexes of the table that a foreign table stands for.
 */
#include "postgres.h"

#include "describe.h"
#include "description.h"

/*
 * A user who may not describe the table can use it all the same: the options
 * of the columns tell the keys, and indexes stay unknown.
 */
static const DdbTableInfo *
describe_by_options(const DdbRelation *relation)
{
	DdbTableInfo *info = palloc0(sizeof(DdbTableInfo));
	DdbKeySchema *schema = palloc0(sizeof(DdbKeySchema));

	schema->usable = true;
	schema->projects_all = true;
	if (relation->index != NULL)
	{
		schema->index = relation->index;
		schema->kind = DDB_SCHEMA_GLOBAL;
	}
	for (int i = 0; i < relation->ncolumns; i++)
	{
		const DdbColumn *column = &relation->columns[i];

		if (column->key == DDB_KEY_PARTITION)
		{
			schema->partition = column->attribute;
			schema->partition_type = column->ddb_type;
		}
		else if (column->key == DDB_KEY_SORT)
		{
			schema->sort = column->attribute;
			schema->sort_type = column->ddb_type;
		}
	}
	if (schema->partition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the keys of table \"%s\" of DynamoDB are not known",
						relation->table),
				 errdetail("DynamoDB refuses DescribeTable, and no column of "
						   "foreign table \"%s\" has the option key.",
						   relation->name),
				 errhint("Allow dynamodb:DescribeTable, or set the column "
						 "option key to 'partition' and, where there is one, "
						 "to 'sort'.")));
	info->nschemas = 1;
	info->schemas = schema;
	return info;
}

const DdbTableInfo *
ddb_description_load(DdbSession *session, const DdbRelation *relation)
{
	const DdbTableInfo *info = ddb_describe_table(session, relation->table);

	return info != NULL ? info : describe_by_options(relation);
}
