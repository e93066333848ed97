/*
 * tableinfo.h
 *		What DescribeTable says of a table: its keys, its indexes, its size.
 */
#ifndef DDB_TABLEINFO_H
#define DDB_TABLEINFO_H

#include "status.h"
#include "value.h"

typedef enum DdbKeySchemaKind
{
	DDB_SCHEMA_TABLE,
	DDB_SCHEMA_LOCAL, /* LSI */
	DDB_SCHEMA_GLOBAL /* GSI */
} DdbKeySchemaKind;

/*
 * One way to reach items by key: the table's own, or an index. Strings are
 * UTF-8 and belong to the DdbTableInfo.
 */
typedef struct DdbKeySchema
{
	DdbKeySchemaKind kind;
	const char *index;      /* NULL: the table itself */
	const char *partition;  /* attribute names */
	const char *sort;       /* NULL: there is no sort key */
	DdbType partition_type; /* S, N or B */
	DdbType sort_type;
	bool usable;       /* false: being created, backfilled or deleted, or
								 * keyed by more than one attribute of a kind */
	bool projects_all; /* ProjectionType ALL, and the table itself */
	const char *const *projected; /* NonKeyAttributes of INCLUDE; keys of the
								 * table and of the index come besides */
	int nprojected;
	int64_t item_count; /* as of some hours ago, on AWS */
	int64_t size_bytes;
} DdbKeySchema;

typedef struct DdbTableInfo
{
	int nschemas;                /* 1 or more */
	const DdbKeySchema *schemas; /* the first is the table's */
	const char *stream_arn; /* of the latest stream; NULL: it never had one */
	bool stream_enabled;    /* that stream gets what is written now */
} DdbTableInfo;

/*
 * Decode the response of DescribeTable. What comes back was malloc'd in one
 * piece. NULL with DDB_STATUS_NO_MEMORY, or with DDB_STATUS_PROTOCOL if it is
 * not of that shape. Members that are not known are passed over.
 */
extern DdbTableInfo *ddb_table_info_decode(const char *body, size_t len,
										   DdbStatus *status);

/* NULL is fine. */
extern void ddb_table_info_free(DdbTableInfo *info);

/* Is this attribute in the items that the schema gives? */
extern bool ddb_table_info_projects(const DdbTableInfo *info,
									const DdbKeySchema *schema,
									const char *attribute);

#endif /* DDB_TABLEINFO_H */
