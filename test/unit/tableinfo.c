/*
 * tableinfo.c
 *		DescribeTable's response: keys, indexes, sizes, and what is none.
 */
#include "tableinfo.h"

#include "tap.h"

#define DEFINITIONS                                                            \
	"\"AttributeDefinitions\":["                                               \
	"{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"                      \
	"{\"AttributeName\":\"sk\",\"AttributeType\":\"N\"},"                      \
	"{\"AttributeName\":\"g\\u0072\\u00fc\\u00df\",\"AttributeType\":\"B\"}]"

#define KEY(hash, range)                                                       \
	"\"KeySchema\":[{\"AttributeName\":\"" hash "\",\"KeyType\":\"HASH\"}"     \
	",{\"AttributeName\":\"" range "\",\"KeyType\":\"RANGE\"}]"

#define HASH_KEY(hash)                                                         \
	"\"KeySchema\":[{\"AttributeName\":\"" hash "\",\"KeyType\":\"HASH\"}]"

static const char full[] =
	"{\"Table\":{" KEY("pk",
					   "sk") ","
							 "\"LocalSecondaryIndexes\":[{\"IndexName\":\"local\"," KEY(
								 "pk",
								 "gr\xc3\xbc"
								 "\xc3\x9f") ",\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"},"
											 "\"ItemCount\":5,\"IndexSizeBytes\":50}],"
											 "\"TableStatus\":\"UPDATING\",\"ItemCount\":123456789012,"
											 "\"TableSizeBytes\":9876543210987,\"Unknown\":[{}],"
											 "\"GlobalSecondaryIndexes\":["
											 "{\"IndexName\":\"one\"," HASH_KEY(
												 "gr\\u00fc\\u00df") ","
																	 "\"Projection\":{\"NonKeyAttributes\":[\"a\\nb\",\"c\"],"
																	 "\"ProjectionType\":\"INCLUDE\"},\"IndexStatus\":\"ACTIVE\"},"
																	 "{\"IndexName\":\"two\",\"IndexStatus\":\"CREATING\","
																	 "\"Backfilling\":false," HASH_KEY(
																		 "sk") ","
																			   "\"Projection\":{\"ProjectionType\":\"ALL\"}},"
																			   "{\"IndexName\":\"three\",\"IndexStatus\":\"ACTIVE\","
																			   "\"Backfilling\":true," HASH_KEY(
																				   "sk") ","
																						 "\"Projection\":{\"ProjectionType\":\"ALL\"}}]," DEFINITIONS
																						 "}}";

/* Decode from a block of exactly its size. */
static DdbTableInfo *
decode(const char *text, size_t len, DdbStatus *status)
{
	char *copy = __real_malloc(len > 0 ? len : 1);
	DdbTableInfo *info;

	if (copy == NULL)
		abort();
	memcpy(copy, text, len);
	ddb_status_clear(status);
	info = ddb_table_info_decode(copy, len, status);
	free(copy);
	return info;
}

static void
test_table(void)
{
	DdbStatus status;
	DdbTableInfo *info = decode(full, strlen(full), &status);
	const DdbKeySchema *table = &info->schemas[0];
	const DdbKeySchema *local = &info->schemas[1];

	is_int(info->nschemas, 5, "a table, a local and three global indexes");
	ok(table->kind == DDB_SCHEMA_TABLE && table->index == NULL &&
		   table->usable && table->projects_all,
	   "the table comes first");
	is_str(table->partition, "pk", "its partition key");
	is_str(table->sort, "sk", "its sort key");
	ok(table->partition_type == DDB_TYPE_S && table->sort_type == DDB_TYPE_N,
	   "their types");
	is_int(table->item_count, 123456789012, "its items");
	is_int(table->size_bytes, 9876543210987, "its size");
	ok(local->kind == DDB_SCHEMA_LOCAL && local->usable &&
		   !local->projects_all && local->nprojected == 0,
	   "a local index is always usable");
	is_str(local->index, "local", "its name");
	is_str(local->sort, "gr\xc3\xbc\xc3\x9f", "its sort key");
	is_int(local->sort_type, DDB_TYPE_B, "a definition that is escaped");
	ok(local->item_count == 5 && local->size_bytes == 50, "its size");
	ddb_table_info_free(info);
	ddb_table_info_free(NULL);
}

static void
test_global(void)
{
	DdbStatus status;
	DdbTableInfo *info = decode(full, strlen(full), &status);
	const DdbKeySchema *local = &info->schemas[1];
	const DdbKeySchema *one = &info->schemas[2];

	ok(one->kind == DDB_SCHEMA_GLOBAL && one->usable && one->sort == NULL,
	   "a global index without a sort key");
	is_str(one->partition, "gr\xc3\xbc\xc3\x9f", "a name that is escaped");
	is_int(one->nprojected, 2, "it projects two attributes");
	is_str(one->projected[0], "a\nb", "the first");
	is_str(one->projected[1], "c", "the second");
	is_str(info->schemas[3].index, "two", "the next");
	ok(!info->schemas[3].usable, "one that is being created is not usable");
	ok(!info->schemas[4].usable, "nor is one that is being filled");
	ok(info->schemas[4].projects_all, "it projects all");

	ok(ddb_table_info_projects(info, one, "c") &&
		   ddb_table_info_projects(info, one, "a\nb"),
	   "what is projected");
	ok(ddb_table_info_projects(info, one, "pk") &&
		   ddb_table_info_projects(info, one, "sk") &&
		   ddb_table_info_projects(info, one, "gr\xc3\xbc\xc3\x9f"),
	   "the keys of the table and its own");
	ok(!ddb_table_info_projects(info, one, "d") &&
		   !ddb_table_info_projects(info, local, "c"),
	   "and nothing else");
	ok(ddb_table_info_projects(info, &info->schemas[0], "d") &&
		   ddb_table_info_projects(info, &info->schemas[3], "d"),
	   "but all where all is projected");
	ddb_table_info_free(info);
}

/* Of an index with several attributes of a kind the first ones are given. */
static void
test_many_keys(void)
{
	static const char body[] = "{\"Table\":{" DEFINITIONS "," HASH_KEY(
		"pk") ","
			  "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"KeySchema\":["
			  "{\"AttributeName\":\"sk\",\"KeyType\":\"HASH\"},"
			  "{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}]}]}}";
	DdbStatus status;
	DdbTableInfo *info = decode(body, strlen(body), &status);

	ok(info != NULL && info->nschemas == 2, "a table without a sort key");
	ok(info->schemas[0].usable && info->schemas[0].sort == NULL,
	   "usable where nothing is said of its status");
	is_str(info->schemas[1].partition, "sk", "the first of two");
	ok(!info->schemas[1].usable, "we cannot use such an index");
	ddb_table_info_free(info);
}

static void
check_stream(const char *members, const char *arn, bool enabled)
{
	char body[1000];
	DdbStatus status;
	DdbTableInfo *info;

	snprintf(body,
			 sizeof(body),
			 "{\"Table\":{%s," DEFINITIONS "," HASH_KEY("pk") "}}",
			 members);
	info = decode(body, strlen(body), &status);
	is_str(info->stream_arn, arn, "the stream's ARN");
	ok(info->stream_enabled == enabled, "enabled: %d", enabled);
	ddb_table_info_free(info);
}

static void
test_stream(void)
{
	check_stream("\"ItemCount\":1", NULL, false);
	check_stream("\"LatestStreamArn\":null", NULL, false);
	check_stream("\"LatestStreamArn\":\"arn:a\\/b\"", "arn:a/b", false);
	check_stream("\"StreamSpecification\":{\"StreamEnabled\":false},"
				 "\"LatestStreamArn\":\"arn\"",
				 "arn",
				 false);
	check_stream("\"LatestStreamArn\":\"arn\",\"StreamSpecification\":"
				 "{\"StreamViewType\":\"NEW_IMAGE\",\"StreamEnabled\":true}",
				 "arn",
				 true);
}

static void
test_refusals(void)
{
	static const char *const cases[] = {
		"",
		"{",
		"{} x",
		"[]",
		"{}",
		"{\"Table\":[]}",
		"{\"Table\":{}}",
		"{\"Table\":{" HASH_KEY("pk") "}}",
		"{\"Table\":{" DEFINITIONS "}}",
		"{\"Table\":{" DEFINITIONS ",\"KeySchema\":[]}}",
		"{\"Table\":{" DEFINITIONS ",\"KeySchema\":{}}}",
		"{\"Table\":{" DEFINITIONS "," HASH_KEY("other") "}}",
		"{\"Table\":{" DEFINITIONS "," HASH_KEY("") "}}",
		"{\"Table\":{" DEFINITIONS "," HASH_KEY("p\\u0000k") "}}",
		"{\"Table\":{" DEFINITIONS "," HASH_KEY("\\ud800") "}}",
		"{\"Table\":{" DEFINITIONS ",\"KeySchema\":[{\"AttributeName\":1,"
		"\"KeyType\":\"HASH\"}]}}",
		"{\"Table\":{" DEFINITIONS ",\"KeySchema\":[{\"AttributeName\":\"pk\","
		"\"KeyType\":\"RANGE\"}]}}",
		"{\"Table\":{" DEFINITIONS "," HASH_KEY("pk") ",\"LatestStreamArn\":1}}",
		"{\"Table\":{\"AttributeDefinitions\":[{\"AttributeName\":\"pk\","
		"\"AttributeType\":\"BOOL\"}]," HASH_KEY("pk") "}}",
		"{\"Table\":{" DEFINITIONS
		"," HASH_KEY("pk") ",\"LocalSecondaryIndexes\":[{" HASH_KEY("pk") "}]}}",
		"{\"Table\":{" DEFINITIONS
		"," HASH_KEY("pk") ",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\"}]}}",
		"{\"Table\":{" DEFINITIONS
		"," HASH_KEY("pk") ",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\"," HASH_KEY(
			"pk") ",\"Projection\":{\"NonKeyAttributes\":[1]}}]}}",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		DdbStatus status;

		ok(decode(cases[i], strlen(cases[i]), &status) == NULL &&
			   status.kind == DDB_STATUS_PROTOCOL && status.message[0] != '\0',
		   "refused: %s",
		   cases[i]);
	}
}

/* Each beginning of a response, and each change of one byte of it. */
static void
test_damage(void)
{
	static const char bytes[] = "\"\\{}[]:,0et \x01";
	int accepted = 0;
	int wrong = 0;

	for (size_t cut = 0; cut < strlen(full); cut++)
	{
		DdbStatus status;
		DdbTableInfo *info = decode(full, cut, &status);

		wrong += info != NULL;
		ddb_table_info_free(info);
	}
	is_int(wrong, 0, "no response that was cut off is accepted");
	for (size_t at = 0; at < strlen(full) * sizeof(bytes); at++)
	{
		char text[sizeof(full)];
		DdbStatus status;
		DdbTableInfo *info;

		memcpy(text, full, sizeof(full));
		text[at / sizeof(bytes)] = bytes[at % sizeof(bytes)];
		info = decode(text, strlen(full), &status);
		accepted += info != NULL;
		for (int i = 0; info != NULL && i < info->nschemas; i++)
			wrong += strlen(info->schemas[i].partition) > sizeof(full);
		ddb_table_info_free(info);
	}
	ok(accepted > 1000 && wrong == 0, "%d changed ones are", accepted);
}

static void
test_memory(void)
{
	DdbStatus status;
	int n;

	for (n = 0;; n++)
	{
		DdbTableInfo *info;

		tap_fail_alloc(n);
		info = decode(full, strlen(full), &status);
		if (!tap_alloc_failed())
		{
			ok(info != NULL, "enough memory at last");
			ddb_table_info_free(info);
			break;
		}
		ok(info == NULL && status.kind == DDB_STATUS_NO_MEMORY,
		   "allocation %d fails",
		   n);
	}
	is_int(n, 1, "it is one piece of memory");
}

int
main(void)
{
	test_table();
	test_global();
	test_many_keys();
	test_stream();
	test_refusals();
	test_damage();
	test_memory();
	return tap_done();
}
