/*
 * column.c
 *		An attribute of an item -> the Datum of a foreign table's column.
 *
 * Finds the value that the column's path leads to, has it read, and decides
 * what becomes of one that does not fit.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "column.h"
#include "compat.h"
#include "report.h"

/* Bytes of a key attribute that a message shows. */
#define MAX_SHOWN_LEN 100

DdbColumnReader *
ddb_column_reader(const DdbRelation *relation, const DdbColumn *column)
{
	DdbColumnReader *reader = palloc(sizeof(DdbColumnReader));
	bool json_strings =
		column->write_as == DDB_TYPE_M || column->write_as == DDB_TYPE_L;

	reader->relation = relation;
	reader->column = column;
	reader->datum = ddb_datum_reader(column->type, column->typmod, json_strings);
	reader->is_plain = !column->is_whole_item && column->nsteps == 0 &&
					   reader->datum->risk == DDB_DATUM_SAFE;
	return reader;
}

static bool
is_name(const DdbJsonString *string, const char *name, size_t name_len)
{
	char *plain;
	long len;
	bool equal;

	if (!string->escaped)
		return string->len == name_len &&
			   memcmp(string->text, name, name_len) == 0;
	if (string->len < name_len)
		return false;
	plain = palloc(string->len);
	len = ddb_json_unescape(string->text, string->len, plain);
	equal = len == (long) name_len && memcmp(plain, name, name_len) == 0;
	pfree(plain);
	return equal;
}

/*
 * Into a member of a map. The page was checked when it was decoded, so what
 * ends the loops here is the end of the map or list.
 */
static bool
enter_map(DdbValueSpan *value, const char *name)
{
	size_t name_len = strlen(name);
	DdbJsonString found;
	DdbValueSpan member;
	DdbJson json;

	ddb_json_init(&json, value->text, value->len);
	if (!ddb_json_take(&json, '{'))
		return false;
	while (ddb_json_name(&json, &found) && ddb_value_read(&json, 1, &member))
	{
		if (is_name(&found, name, name_len))
		{
			*value = member;
			return true;
		}
		if (!ddb_json_take(&json, ','))
			break;
	}
	return false;
}

static bool
enter_list(DdbValueSpan *value, int index)
{
	DdbValueSpan element;
	DdbJson json;

	ddb_json_init(&json, value->text, value->len);
	if (!ddb_json_take(&json, '['))
		return false;
	for (int i = 0; ddb_value_read(&json, 1, &element); i++)
	{
		if (i == index)
		{
			*value = element;
			return true;
		}
		if (!ddb_json_take(&json, ','))
			break;
	}
	return false;
}

/* Follow the column's path into the attribute; false if it leads nowhere. */
static bool
follow_path(const DdbColumn *column, DdbValueSpan *value)
{
	for (int i = 0; i < column->nsteps; i++)
	{
		const DdbStep *step = &column->steps[i];
		bool found;

		if (step->name != NULL)
			found = value->type == DDB_TYPE_M && enter_map(value, step->name);
		else
			found = value->type == DDB_TYPE_L && enter_list(value, step->index);
		if (!found)
			return false;
	}
	return true;
}

/* False if there is none, or a NULL. */
static bool
find_value(const DdbColumn *column, const DdbPage *page, int item, int cell,
		   DdbValueSpan *value)
{
	const DdbCell *found;

	if (column->is_whole_item)
	{
		const DdbSpan *span = &page->items[item];

		*value = (DdbValueSpan){.text = page->body + span->offset,
								.len = span->len,
								.type = DDB_TYPE_M};
		return true;
	}
	found = ddb_page_cell(page, item, cell);
	*value = (DdbValueSpan){.text = ddb_page_text(page, found),
							.len = found->len,
							.type = (DdbType) found->type,
							.escaped = found->escaped};
	return follow_path(column, value) && value->type != DDB_TYPE_ABSENT &&
		   value->type != DDB_TYPE_NULL;
}

/* A member of the key, as the item has it; a long one is cut. */
static void
append_key_part(StringInfo out, const char *name, const DdbPage *page,
				const DdbCell *cell)
{
	const char *text = ddb_page_text(page, cell);
	const char *quote = cell->type == DDB_TYPE_N ? "" : "\"";
	uint32 len = cell->len;
	char *shown;

	if (len > MAX_SHOWN_LEN)
		len = pg_encoding_mbcliplen(PG_UTF8, text, (int) len, MAX_SHOWN_LEN);
	shown = pnstrdup(text, len);
	appendStringInfo(out,
					 "\"%s\": %s%s%s%s",
					 ddb_report_foreign(name),
					 quote,
					 ddb_report_foreign(shown),
					 len < cell->len ? "..." : "",
					 quote);
}

/* A sentence for the detail, after a space; empty if the key is unknown. */
static const char *
key_sentence(const DdbPage *page, int item, const DdbItemKey *key)
{
	StringInfoData sentence;

	initStringInfo(&sentence);
	for (int i = 0; i < 2; i++)
	{
		if (key->names[i] == NULL || key->cells[i] < 0)
			continue;
		appendStringInfoString(&sentence,
							   sentence.len == 0 ? " The item's key is {" : ", ");
		append_key_part(&sentence,
						key->names[i],
						page,
						ddb_page_cell(page, item, key->cells[i]));
	}
	if (sentence.len > 0)
		appendStringInfoString(&sentence, "}.");
	return sentence.data;
}

__attribute__((noreturn)) static void
raise_mismatch(const DdbColumnReader *reader, DdbType type, const char *key)
{
	const DdbColumn *column = reader->column;
	const char *type_name =
		format_type_with_typemod(column->type, column->typmod);
	bool takes = ddb_datum_takes(reader->datum, type);

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("attribute \"%s\" does not fit column \"%s\" of foreign "
					"table \"%s\"",
					column->path,
					column->name,
					reader->relation->name),
			 takes ? errdetail("The attribute is of type %s, and its value is not "
							   "valid for type %s.%s",
							   ddb_value_type_name(type),
							   type_name,
							   key)
				   : errdetail("The attribute is of type %s, the column of "
							   "type %s.%s",
							   ddb_value_type_name(type),
							   type_name,
							   key),
			 errhint("Change the column's type by ALTER FOREIGN TABLE, or set "
					 "the table's option on_type_mismatch to 'null' to read "
					 "such attributes as NULL.")));
}

static bool
is_class(int sqlstate, int class_state)
{
	return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(class_state);
}

/*
 * Errors of class 22 become false. Without a subtransaction that is right only
 * if an error of ours follows, or where the code holds nothing that one would
 * have to release: DDB_DATUM_THROWS.
 */
static bool
read_catching(DdbColumnReader *reader, const DdbValueSpan *value, Datum *datum)
{
	MemoryContext cxt = CurrentMemoryContext;
	bool can_go_on = reader->datum->risk == DDB_DATUM_THROWS ||
					 !reader->relation->null_mismatch;
	volatile bool fits = false;

	PG_TRY();
	{
		fits = ddb_datum_read(reader->datum, value, datum);
	}
	PG_CATCH();
	{
		if (!can_go_on || !is_class(geterrcode(), ERRCODE_DATA_EXCEPTION))
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
	}
	PG_END_TRY();
	return fits;
}

/* Errors of class 22, and of a domain's checks, become false. */
static bool
read_in_subtransaction(DdbColumnReader *reader, const DdbValueSpan *value,
					   Datum *datum)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool fits = false;
	ErrorData *error;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		fits = ddb_datum_read(reader->datum, value, datum);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(cxt);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(cxt);
		CurrentResourceOwner = owner;
		if (!is_class(error->sqlerrcode, ERRCODE_DATA_EXCEPTION) &&
			!is_class(error->sqlerrcode, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION))
			ReThrowError(error);
		FreeErrorData(error);
		fits = false;
	}
	PG_END_TRY();
	return fits;
}

static bool
read_value(DdbColumnReader *reader, const DdbValueSpan *value, Datum *datum)
{
	if (reader->datum->risk == DDB_DATUM_SAFE)
		return ddb_datum_read(reader->datum, value, datum);
	if (reader->datum->risk == DDB_DATUM_RUNS &&
		reader->relation->null_mismatch && ddb_compat_can_begin_subtransaction())
		return read_in_subtransaction(reader, value, datum);
	return read_catching(reader, value, datum);
}

Datum
ddb_column_read_any(DdbColumnReader *reader, const DdbPage *page, int item,
					int cell, const DdbItemKey *key, bool *isnull)
{
	bool null_mismatch = reader->relation->null_mismatch;
	DdbValueSpan value;
	Datum datum;

	*isnull = !find_value(reader->column, page, item, cell, &value);
	if (*isnull)
	{
		if (!null_mismatch)
			ddb_datum_check_null(reader->datum);
		return (Datum) 0;
	}
	if (read_value(reader, &value, &datum))
		return datum;
	if (!null_mismatch)
		raise_mismatch(reader, value.type, key_sentence(page, item, key));
	*isnull = true;
	return (Datum) 0;
}
