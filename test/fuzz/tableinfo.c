/*
 * tableinfo.c
 *		Any bytes at all as DescribeTable's answer.
 *
 * What is taken has a table with a key; each key is of a type that a key may
 * be of; an index has a name and gives its own key.
 */
#include "check.h"
#include "tableinfo.h"

static bool
is_key_type(DdbType type)
{
	return type == DDB_TYPE_S || type == DDB_TYPE_N || type == DDB_TYPE_B;
}

static void
check_schema(const DdbTableInfo *info, const DdbKeySchema *schema)
{
	CHECK(schema->kind <= DDB_SCHEMA_GLOBAL);
	CHECK((schema->index == NULL) == (schema->kind == DDB_SCHEMA_TABLE));
	for (int i = 0; i < schema->nprojected; i++)
		CHECK(ddb_table_info_projects(info, schema, schema->projected[i]));
	if (!schema->usable)
		return;
	CHECK(schema->partition != NULL && is_key_type(schema->partition_type));
	CHECK(schema->sort == NULL || is_key_type(schema->sort_type));
	CHECK(ddb_table_info_projects(info, schema, schema->partition));
	CHECK(schema->sort == NULL ||
		  ddb_table_info_projects(info, schema, schema->sort));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = exact_copy(data, size);
	DdbStatus status;
	DdbTableInfo *info;

	ddb_status_clear(&status);
	info = ddb_table_info_decode(body, size, &status);
	/* It keeps nothing of the body. */
	free(body);
	if (info == NULL)
	{
		CHECK(status.kind == DDB_STATUS_PROTOCOL && status.message[0] != '\0');
		return 0;
	}
	CHECK(info->nschemas >= 1 && info->schemas[0].kind == DDB_SCHEMA_TABLE);
	for (int i = 0; i < info->nschemas; i++)
		check_schema(info, &info->schemas[i]);
	CHECK(info->stream_arn == NULL || strlen(info->stream_arn) < size);
	ddb_table_info_free(info);
	return 0;
}
