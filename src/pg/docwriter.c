/*
 * docwriter.c
 *		Attribute values in DynamoDB's JSON; jsonb as such.
 */
#include "postgres.h"

#include "convert.h"
#include "docwriter.h"
#include "scalar.h"
#include "writer.h"

void
ddb_docwriter_scalar(DdbText *text, const char *name, DdbType type,
					 const char *value, size_t len)
{
	ddb_writer_open(text, name, '{');
	ddb_writer_string(text, ddb_value_type_name(type), value, len);
	ddb_writer_close(text, '}');
}

void
ddb_docwriter_flag(DdbText *text, const char *name, DdbType type, bool value)
{
	const char *literal = value ? "true" : "false";

	ddb_writer_open(text, name, '{');
	ddb_writer_verbatim(text, ddb_value_type_name(type), literal, strlen(literal));
	ddb_writer_close(text, '}');
}

void
ddb_docwriter_open(DdbText *text, const char *name, DdbType type, int depth)
{
	if (depth > DDB_DOCWRITER_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a document is nested too deep"),
				 errdetail("DynamoDB nests maps and lists %d deep at most.",
						   DDB_DOCWRITER_MAX_DEPTH)));
	ddb_writer_open(text, name, '{');
	ddb_writer_open(text,
					ddb_value_type_name(type),
					type == DDB_TYPE_M ? '{' : '[');
}

void
ddb_docwriter_close(DdbText *text, char bracket)
{
	ddb_writer_close(text, bracket);
	ddb_writer_close(text, '}');
}

/* A string of jsonb has no NUL. */
static void
write_json_string(DdbText *text, const char *name, const JsonbValue *value)
{
	size_t len;
	const char *utf8 =
		ddb_convert_to_utf8(value->val.string.val, value->val.string.len, &len);

	ddb_docwriter_scalar(text, name, DDB_TYPE_S, utf8, len);
}

/* In a document, where each JSON value has a type of its own. */
static void
write_json_scalar(DdbText *text, const char *name, const JsonbValue *value)
{
	const char *number;
	size_t len;

	switch (value->type)
	{
		case jbvNull:
			ddb_docwriter_flag(text, name, DDB_TYPE_NULL, true);
			break;
		case jbvBool:
			ddb_docwriter_flag(text, name, DDB_TYPE_BOOL, value->val.boolean);
			break;
		case jbvNumeric:
			number = ddb_scalar_numeric(value->val.numeric, &len);
			ddb_docwriter_scalar(text, name, DDB_TYPE_N, number, len);
			break;
		default:
			write_json_string(text, name, value);
			break;
	}
}

static const char *
key_name(const JsonbValue *key)
{
	size_t len;
	const char *utf8 =
		ddb_convert_to_utf8(key->val.string.val, key->val.string.len, &len);

	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a key of a JSON object is empty"),
				 errdetail("Attributes of DynamoDB have names of one "
						   "character at least.")));
	return pnstrdup(utf8, len);
}

static void
write_json_container(DdbText *text, const char *name, JsonbContainer *container,
					 int depth)
{
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		switch (token)
		{
			case WJB_KEY:
				name = key_name(&value);
				continue;
			case WJB_BEGIN_OBJECT:
				ddb_docwriter_open(text, name, DDB_TYPE_M, ++depth);
				break;
			case WJB_BEGIN_ARRAY:
				ddb_docwriter_open(text, name, DDB_TYPE_L, ++depth);
				break;
			case WJB_END_OBJECT:
				ddb_docwriter_close(text, '}');
				depth--;
				break;
			case WJB_END_ARRAY:
				ddb_docwriter_close(text, ']');
				depth--;
				break;
			default:
				write_json_scalar(text, name, &value);
				break;
		}
		name = NULL;
	}
}

static void
check_json_type(const DdbDocForm *form, DdbType type)
{
	if (form->type != DDB_TYPE_ABSENT && form->type != type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a JSON value is not what the column is written as"),
				 errdetail("It would be of DynamoDB's type %s, the column is "
						   "written as %s.",
						   ddb_value_type_name(type),
						   ddb_value_type_name(form->type))));
}

/*
 * A string or null that is no part of a document. Columns read an S as the text
 * of JSON, so it has to be that; unless their strings are plain, and then there
 * is nothing that would read back as null.
 */
static void
write_json_text(DdbText *text, const char *name, Jsonb *jsonb,
				const JsonbValue *value, const DdbDocForm *form)
{
	char *json;
	size_t len;
	const char *utf8;

	check_json_type(form, DDB_TYPE_S);
	if (form->plain_strings && value->type == jbvString)
	{
		write_json_string(text, name, value);
		return;
	}
	if (form->plain_strings)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a JSON null cannot be stored by itself"),
				 errdetail("It would be read as NULL.")));
	json = JsonbToCString(NULL, &jsonb->root, (int) VARSIZE(jsonb));
	utf8 = ddb_convert_to_utf8(json, (int) strlen(json), &len);
	ddb_docwriter_scalar(text, name, DDB_TYPE_S, utf8, len);
}

void
ddb_docwriter_jsonb(DdbText *text, const char *name, Jsonb *jsonb,
					const DdbDocForm *form)
{
	JsonbValue scalar;

	if (!JsonbExtractScalar(&jsonb->root, &scalar))
	{
		check_json_type(form, JB_ROOT_IS_OBJECT(jsonb) ? DDB_TYPE_M : DDB_TYPE_L);
		write_json_container(text, name, &jsonb->root, form->depth);
	}
	else if (scalar.type == jbvNumeric || scalar.type == jbvBool)
	{
		check_json_type(form,
						scalar.type == jbvBool ? DDB_TYPE_BOOL : DDB_TYPE_N);
		write_json_scalar(text, name, &scalar);
	}
	else
		write_json_text(text, name, jsonb, &scalar, form);
}
