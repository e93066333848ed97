/*
 * definition.c
 *		CREATE FOREIGN TABLE for a table of DynamoDB.
 *
 * A column has the name of its attribute. An attribute whose name no column can
 * have, or that another column has by then, gets one that is made of it and the
 * option attribute.
 */
#include "postgres.h"

#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "attributes.h"
#include "definition.h"
#include "report.h"

/* PostgreSQL allows 1,600; some are left for those who alter the table. */
#define MAX_COLUMNS 1500

/* How to declare a column. Names are qualified: pg_temp may have its own. */
typedef struct ColumnType
{
	const char *sql;
	const char *collation; /* NULL: none */
	const char *option;    /* "type"; NULL: not needed */
} ColumnType;

#define COLLATE_C "pg_catalog.\"C\""

static const ColumnType column_types[] = {
	[DDB_TYPE_S] = {"pg_catalog.text", COLLATE_C, NULL},
	[DDB_TYPE_N] = {"pg_catalog.numeric", NULL, NULL},
	[DDB_TYPE_B] = {"pg_catalog.bytea", NULL, NULL},
	[DDB_TYPE_BOOL] = {"pg_catalog.bool", NULL, NULL},
	[DDB_TYPE_SS] = {"pg_catalog.text[]", COLLATE_C, "SS"},
	[DDB_TYPE_NS] = {"pg_catalog.numeric[]", NULL, "NS"},
	[DDB_TYPE_BS] = {"pg_catalog.bytea[]", NULL, "BS"},
	[DDB_TYPE_L] = {"pg_catalog.jsonb", NULL, "L"},
	[DDB_TYPE_M] = {"pg_catalog.jsonb", NULL, "M"},
};

/* An attribute that becomes a column. */
typedef struct Column
{
	const DdbAttribute *attribute; /* NULL: the whole item */
	const char *wanted;            /* name in the server's encoding */
	const char *name;              /* of the column */
} Column;

typedef struct Columns
{
	int ncolumns;
	Column *columns;
	HTAB *taken; /* names of columns, NAMEDATALEN long */
} Columns;

/* In the server's encoding; NULL if that lacks a character. */
static const char *
to_server(const char *utf8)
{
	int encoding = GetDatabaseEncoding();
	int len = (int) strlen(utf8);
	int size = (len + 2) * MAX_CONVERSION_GROWTH;
	unsigned char *converted;
	Oid proc;

	if (!pg_verify_mbstr(PG_UTF8, utf8, len, true))
		return NULL;
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return utf8;
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(proc))
		return NULL;
	converted = palloc(size);
	if (pg_do_encoding_conversion_buf(proc,
									  PG_UTF8,
									  encoding,
									  (unsigned char *) unconstify(char *, utf8),
									  len,
									  converted,
									  size,
									  true) != len)
		return NULL;
	return (const char *) converted;
}

/* False if it is taken already. */
static bool
take_name(Columns *columns, const char *name)
{
	bool found;

	(void) hash_search(columns->taken, name, HASH_ENTER, &found);
	return !found;
}

/* A name of one's own: the one wanted, cut, and then "_" or a number. */
static const char *
make_name(Columns *columns, const char *wanted)
{
	const char *suffix = "";

	for (int i = 1;; i++)
	{
		int len = pg_mbcliplen(wanted,
							   (int) strlen(wanted),
							   NAMEDATALEN - 1 - (int) strlen(suffix));
		const char *name = psprintf("%.*s%s", len, wanted, suffix);

		if (SystemAttributeByName(name) == NULL && take_name(columns, name))
			return name;
		suffix = i == 1 ? "_" : psprintf("_%d", i);
	}
}

/* The columns of as many attributes as there may be, not named yet. */
static void
choose_columns(Columns *columns, const DdbDefinition *definition)
{
	int left_out = 0;
	ListCell *cell;

	columns->columns = palloc_array(Column, MAX_COLUMNS);
	columns->ncolumns = 0;
	foreach(cell, definition->attributes)
	{
		const DdbAttribute *attribute = lfirst(cell);
		const char *wanted = to_server(attribute->name);

		if (wanted == NULL || columns->ncolumns == MAX_COLUMNS - 1)
			left_out++;
		else
			columns->columns[columns->ncolumns++] =
				(Column){.attribute = attribute, .wanted = wanted};
	}
	columns->columns[columns->ncolumns++] = (Column){.wanted = "item"};
	if (left_out > 0)
		ereport(NOTICE,
				(errmsg("foreign table \"%s\" has no columns for %d of the "
						"attributes",
						definition->relation,
						left_out),
				 errdetail("A table has %d columns at most here, and names "
						   "must be such that the encoding of the database "
						   "has them.",
						   MAX_COLUMNS)));
}

/* First come those that have the name of their attribute. */
static void
name_columns(Columns *columns)
{
	HASHCTL control = {.keysize = NAMEDATALEN,
					   .entrysize = NAMEDATALEN,
					   .hcxt = CurrentMemoryContext};

	columns->taken = hash_create("cruddur_ddb column names",
								 columns->ncolumns,
								 &control,
								 HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	for (int i = 0; i < columns->ncolumns; i++)
	{
		Column *column = &columns->columns[i];

		if (strlen(column->wanted) < NAMEDATALEN &&
			SystemAttributeByName(column->wanted) == NULL &&
			take_name(columns, column->wanted))
			column->name = column->wanted;
	}
	for (int i = 0; i < columns->ncolumns; i++)
	{
		Column *column = &columns->columns[i];

		if (column->name == NULL)
			column->name = make_name(columns, column->wanted);
	}
}

/* The attribute as a document path. */
static const char *
quote_path(const char *name)
{
	StringInfoData path;

	if (strcmp(name, "*") != 0 && strpbrk(name, ".[]\"") == NULL)
		return name;
	initStringInfo(&path);
	appendStringInfoChar(&path, '"');
	for (const char *c = name; *c != '\0'; c++)
	{
		if (*c == '"')
			appendStringInfoChar(&path, '"');
		appendStringInfoChar(&path, *c);
	}
	appendStringInfoChar(&path, '"');
	return path.data;
}

static const ColumnType *
column_type(uint32 types)
{
	types &= ~(1U << DDB_TYPE_NULL);
	for (size_t i = 0; i < lengthof(column_types); i++)
	{
		if (types == 1U << i && column_types[i].sql != NULL)
			return &column_types[i];
	}
	/* Of several types, or of none: what is written as M reads all of them. */
	return &column_types[DDB_TYPE_M];
}

static void
append_option(StringInfo out, const char **separator, const char *name,
			  const char *value)
{
	appendStringInfo(out, "%s%s %s", *separator, name, quote_literal_cstr(value));
	*separator = ", ";
}

static void
append_attribute(StringInfo out, const Column *column)
{
	const DdbAttribute *attribute = column->attribute;
	const ColumnType *type = column_type(attribute->types);
	const char *separator = " OPTIONS (";

	appendStringInfo(out, "%s %s", quote_identifier(column->name), type->sql);
	if (strcmp(column->name, column->wanted) != 0)
		append_option(out, &separator, "attribute", quote_path(column->wanted));
	if (type->option != NULL)
		append_option(out, &separator, "type", type->option);
	if (attribute->key != DDB_KEY_NONE)
		append_option(out,
					  &separator,
					  "key",
					  attribute->key == DDB_KEY_PARTITION ? "partition" : "sort");
	if (separator[0] == ',')
		appendStringInfoChar(out, ')');
	if (type->collation != NULL)
		appendStringInfo(out, " COLLATE %s", type->collation);
}

char *
ddb_definition_command(const DdbDefinition *definition)
{
	StringInfoData out;
	Columns columns;

	choose_columns(&columns, definition);
	name_columns(&columns);
	initStringInfo(&out);
	appendStringInfo(&out,
					 "CREATE FOREIGN TABLE %s (",
					 quote_identifier(definition->relation));
	for (int i = 0; i < columns.ncolumns; i++)
	{
		const Column *column = &columns.columns[i];

		appendStringInfoString(&out, i > 0 ? ", " : "");
		if (column->attribute != NULL)
			append_attribute(&out, column);
		else
			appendStringInfo(&out,
							 "%s pg_catalog.jsonb OPTIONS (attribute '*')",
							 quote_identifier(column->name));
	}
	appendStringInfo(&out,
					 ") SERVER %s OPTIONS (table_name %s)",
					 quote_identifier(definition->server),
					 quote_literal_cstr(definition->table));
	return out.data;
}
