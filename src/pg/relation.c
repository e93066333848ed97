/*
 * relation.c
 *		What a foreign table and its columns stand for.
 *
 * Every planning and every execution comes here, so for the usual types nothing
 * is looked up but the options. Keys and indexes are not known here: those are
 * DynamoDB's to tell.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "relation.h"

/* libc's "C" compares bytes, and so does all that PostgreSQL has built in. */
static bool
provider_collates_bytes(char provider, HeapTuple tuple, int cache,
						AttrNumber attno)
{
	bool isnull;
	Datum datum = SysCacheGetAttr(cache, tuple, attno, &isnull);
	char *name;

	if (provider != COLLPROVIDER_LIBC || isnull)
		return provider == COLLPROVIDER_BUILTIN;
	name = TextDatumGetCString(datum);
	return strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

/* Of the database's own collation, which cannot change. */
static bool
database_collates_bytes(void)
{
	static int known = -1;
	HeapTuple tuple;

	if (known >= 0)
		return known;
	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	if (!HeapTupleIsValid(tuple))
		return false;
	known =
		provider_collates_bytes(((Form_pg_database) GETSTRUCT(tuple))->datlocprovider,
								tuple,
								DATABASEOID,
								Anum_pg_database_datcollate);
	ReleaseSysCache(tuple);
	return known;
}

static bool
collates_bytes(Oid collation)
{
	HeapTuple tuple;
	bool result;

	if (collation == C_COLLATION_OID)
		return true;
	if (collation == DEFAULT_COLLATION_OID)
		return database_collates_bytes();
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	if (!HeapTupleIsValid(tuple))
		return false;
	result =
		provider_collates_bytes(((Form_pg_collation) GETSTRUCT(tuple))->collprovider,
								tuple,
								COLLOID,
								Anum_pg_collation_collcollate);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * DynamoDB compares the bytes of UTF-8. LATIN1 is the beginning of Unicode, so
 * its bytes have the same order; other single-byte encodings do not. In a
 * multi-byte one, two characters of Unicode may have become one.
 */
static DdbMatch
text_match(Oid collation)
{
	int encoding = GetDatabaseEncoding();
	bool same_order = encoding == PG_UTF8 || encoding == PG_LATIN1 ||
					  encoding == PG_SQL_ASCII;

	if (!OidIsValid(collation) ||
		(!same_order && pg_database_encoding_max_length() > 1))
		return DDB_MATCH_NONE;
	if (collates_bytes(collation))
		return same_order ? DDB_MATCH_ORDER : DDB_MATCH_EQUAL;
	return get_collation_isdeterministic(collation) ? DDB_MATCH_EQUAL
													: DDB_MATCH_NONE;
}

static void
set_match(DdbColumn *column, DdbType ddb_type, DdbMatch match, bool exact)
{
	column->ddb_type = ddb_type;
	column->match = match;
	column->exact = exact;
}

static void
classify_other(DdbColumn *column)
{
	Oid type = column->base_type;

	if (type_is_enum(type))
		set_match(column, DDB_TYPE_S, DDB_MATCH_EQUAL, false);
	else if (OidIsValid(get_element_type(type)))
		set_match(column, DDB_TYPE_ABSENT, DDB_MATCH_NONE, false);
	else
		set_match(column, DDB_TYPE_S, DDB_MATCH_NONE, false);
}

/*
 * What values of the column are compared as. A text with a null character does
 * not fit, which counts where that makes it NULL and not an error.
 */
static void
classify(DdbColumn *column, bool canonical, bool null_mismatch)
{
	/* A length or scale, or the check of a domain, may refuse any value. */
	bool takes_all = column->typmod < 0 && column->type == column->base_type;

	switch (column->base_type)
	{
		case TEXTOID:
		case VARCHAROID:
			set_match(column,
					  DDB_TYPE_S,
					  text_match(column->collation),
					  takes_all && !null_mismatch);
			break;
		case NUMERICOID:
			set_match(column, DDB_TYPE_N, DDB_MATCH_ORDER, takes_all);
			break;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			set_match(column, DDB_TYPE_N, DDB_MATCH_ORDER, false);
			break;
		case FLOAT4OID:
		case FLOAT8OID:
			set_match(column, DDB_TYPE_N, DDB_MATCH_FLOAT, false);
			break;
		case BOOLOID:
			set_match(column, DDB_TYPE_BOOL, DDB_MATCH_BOOL, takes_all);
			break;
		case BYTEAOID:
			set_match(column, DDB_TYPE_B, DDB_MATCH_ORDER, takes_all);
			break;
		case UUIDOID:
			set_match(column,
					  DDB_TYPE_S,
					  canonical ? DDB_MATCH_EQUAL : DDB_MATCH_NONE,
					  false);
			break;
		case JSONOID:
		case JSONBOID:
			set_match(column, DDB_TYPE_ABSENT, DDB_MATCH_NONE, false);
			break;
		default:
			classify_other(column);
			break;
	}
}

/* What the catalog allows, but the column's type does not. */
static void
check_fit(const DdbColumn *column, const DdbColumnOptions *options,
		  const char *relation)
{
	if (options->canonical && column->base_type != UUIDOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("option \"canonical\" is for columns of type uuid"),
				 errdetail("Column \"%s\" of foreign table \"%s\" is of type %s.",
						   column->name,
						   relation,
						   format_type_be(column->type))));
	if (column->is_whole_item && column->base_type != JSONBOID &&
		column->base_type != JSONOID)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("a whole item does not fit column \"%s\" of foreign "
						"table \"%s\"",
						column->name,
						relation),
				 errdetail("The column is of type %s.",
						   format_type_be(column->type)),
				 errhint("Make it a column of type jsonb.")));
}

static void
load_column(DdbColumn *column, const FormData_pg_attribute *attribute,
			const DdbRelation *relation)
{
	DdbColumnOptions options;
	DdbDocumentPath *path = &options.attribute;
	Oid type = attribute->atttypid;

	column->attno = attribute->attnum;
	column->name = pstrdup(NameStr(attribute->attname));
	column->in_item =
		!attribute->attisdropped && !ddb_compat_is_virtual(attribute);
	if (!column->in_item)
		return;

	ddb_options_load_column(&options,
							GetForeignColumnOptions(relation->oid,
													attribute->attnum));
	if (path->text == NULL)
		ddb_path_of_name(path, column->name);
	column->path = path->text;
	column->attribute = path->attribute;
	column->nsteps = path->nsteps;
	column->steps = path->steps;
	column->is_whole_item = path->attribute == NULL;
	column->write_as = options.type;
	column->key = options.key;
	column->type = type;
	column->typmod = attribute->atttypmod;
	column->collation = attribute->attcollation;

	/* Only what was made by SQL can be a domain. */
	column->base_type = type < FirstGenbkiObjectId ? type : getBaseType(type);
	classify(column, options.canonical, relation->null_mismatch);
	check_fit(column, &options, relation->name);
}

DdbRelation *
ddb_relation_load(Relation relation, const DdbOptions *server)
{
	TupleDesc desc = RelationGetDescr(relation);
	Oid oid = RelationGetRelid(relation);
	ForeignTable *table = GetForeignTable(oid);
	DdbRelation *loaded = palloc0(sizeof(DdbRelation));
	DdbTableOptions options;

	loaded->oid = oid;
	loaded->server = table->serverid;
	loaded->name = pstrdup(RelationGetRelationName(relation));
	ddb_options_load_table(&options, server, loaded->name, table->options);
	loaded->table = options.table_name;
	loaded->index = options.index_name;
	loaded->consistent = options.consistent_read;
	loaded->null_mismatch = options.on_type_mismatch == DDB_MISMATCH_NULL;
	loaded->segments = options.segments;
	loaded->read_units_per_second = options.read_units_per_second;
	loaded->write_units_per_second = options.write_units_per_second;
	loaded->replace = options.on_duplicate == DDB_DUPLICATE_REPLACE;
	loaded->ncolumns = desc->natts;
	loaded->columns = palloc0(desc->natts * sizeof(DdbColumn));
	for (int i = 0; i < desc->natts; i++)
		load_column(&loaded->columns[i], TupleDescAttr(desc, i), loaded);
	return loaded;
}

DdbMatch
ddb_relation_match(const DdbColumn *column, Oid collation)
{
	if (column->base_type == TEXTOID || column->base_type == VARCHAROID)
		return text_match(collation);
	return column->match;
}
