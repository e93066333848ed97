/*
 * value.c
 *		One attribute value as DynamoDB writes it: {"S": "text"}.
 */
#include "value.h"

static const char *const type_names[] = {
	[DDB_TYPE_ABSENT] = "absent",
	[DDB_TYPE_S] = "S",
	[DDB_TYPE_N] = "N",
	[DDB_TYPE_B] = "B",
	[DDB_TYPE_BOOL] = "BOOL",
	[DDB_TYPE_NULL] = "NULL",
	[DDB_TYPE_SS] = "SS",
	[DDB_TYPE_NS] = "NS",
	[DDB_TYPE_BS] = "BS",
	[DDB_TYPE_L] = "L",
	[DDB_TYPE_M] = "M",
};

const char *
ddb_value_type_name(DdbType type)
{
	return type_names[type];
}

DdbType
ddb_value_member_type(DdbType type)
{
	switch (type)
	{
		case DDB_TYPE_SS:
			return DDB_TYPE_S;
		case DDB_TYPE_NS:
			return DDB_TYPE_N;
		case DDB_TYPE_BS:
			return DDB_TYPE_B;
		default:
			return DDB_TYPE_ABSENT;
	}
}

/* ABSENT if there is no such type. */
static DdbType
find_type(const DdbJsonString *name)
{
	const char *text = name->text;
	bool is_set = name->len == 2 && text[1] == 'S';

	if (name->len == 4 && memcmp(text, "BOOL", 4) == 0)
		return DDB_TYPE_BOOL;
	if (name->len == 4 && memcmp(text, "NULL", 4) == 0)
		return DDB_TYPE_NULL;
	if (name->len != 1 && !is_set)
		return DDB_TYPE_ABSENT;
	switch (text[0])
	{
		case 'S':
			return is_set ? DDB_TYPE_SS : DDB_TYPE_S;
		case 'N':
			return is_set ? DDB_TYPE_NS : DDB_TYPE_N;
		case 'B':
			return is_set ? DDB_TYPE_BS : DDB_TYPE_B;
		case 'L':
			return is_set ? DDB_TYPE_ABSENT : DDB_TYPE_L;
		case 'M':
			return is_set ? DDB_TYPE_ABSENT : DDB_TYPE_M;
		default:
			return DDB_TYPE_ABSENT;
	}
}

bool
ddb_value_head(DdbJson *json, DdbType *type)
{
	DdbJsonString name;

	if (!ddb_json_expect(json, '{') || !ddb_json_name(json, &name))
		return false;
	*type = find_type(&name);
	if (*type != DDB_TYPE_ABSENT)
		return true;
	json->subject = name.text;
	json->subject_len = name.len;
	return ddb_json_fail(json, name.text, "has an unknown data type");
}

/*
 * Is this the text of a number? Wider than JSON's grammar: a sign "+" and
 * leading zeros are fine.
 */
static bool
is_number(const char *text, size_t len)
{
	const char *end = text + len;
	bool has_sign = len > 0 && (*text == '-' || *text == '+');
	const char *p = ddb_value_decimal_end(text + has_sign, end);

	if (p != NULL && p < end && (*p == 'e' || *p == 'E'))
	{
		const char *digits = p + 1;

		if (digits < end && (*digits == '-' || *digits == '+'))
			digits++;
		p = ddb_json_digits_end(digits, end);
		return p > digits && p == end;
	}
	return p == end;
}

/* An S, N or B whose opening quote was taken. */
static bool
end_string(DdbJson *json, DdbType type, DdbValueSpan *value)
{
	DdbJsonString string;

	if (!ddb_json_string_body(json, &string))
		return false;
	*value = (DdbValueSpan){.text = string.text,
							.len = string.len,
							.type = type,
							.escaped = string.escaped};
	return type != DDB_TYPE_N || is_number(string.text, string.len) ||
		   ddb_json_fail(json, string.text, "has a malformed number");
}

/*
 * BOOL and NULL. DynamoDB refuses {"NULL": false}, other writers of the
 * protocol do not.
 */
static bool
read_literal(DdbJson *json, DdbType type, DdbValueSpan *value)
{
	bool is_false = ddb_json_peek(json) == 'f';

	value->type = type;
	value->escaped = false;
	value->text = json->next;
	value->len = is_false ? strlen("false") : strlen("true");
	return is_false ? ddb_json_literal(json, "false")
					: ddb_json_literal(json, "true");
}

/* Does a quote come before what is in a value of this type? */
static inline bool
is_quoted(DdbType type)
{
	return type == DDB_TYPE_S || type == DDB_TYPE_N || type == DDB_TYPE_B;
}

bool
ddb_value_scalar(DdbJson *json, DdbType type, DdbValueSpan *value)
{
	if (!is_quoted(type))
		return read_literal(json, type, value);
	return ddb_json_expect(json, '"') && end_string(json, type, value);
}

/* The members of a list or a set; its opening bracket was taken. */
static bool
pass_elements(DdbJson *json, DdbType type, int depth)
{
	DdbType member = ddb_value_member_type(type);
	DdbValueSpan ignored;

	if (ddb_json_take(json, ']'))
		return true;
	do
	{
		if (type == DDB_TYPE_L ? !ddb_value_read(json, depth, &ignored)
							   : !ddb_value_scalar(json, member, &ignored))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, ']');
}

/* The members of a map; its opening brace was taken. */
static bool
pass_members(DdbJson *json, int depth)
{
	DdbJsonString name;
	DdbValueSpan ignored;

	if (ddb_json_take(json, '}'))
		return true;
	do
	{
		if (!ddb_json_name(json, &name) || !ddb_value_read(json, depth, &ignored))
			return false;
	} while (ddb_json_take(json, ','));
	return ddb_json_expect(json, '}');
}

/* A list, a set or a map, brackets included. */
static bool
read_container(DdbJson *json, DdbType type, int depth, DdbValueSpan *value)
{
	bool ok;

	value->type = type;
	value->escaped = false;
	if (!ddb_json_expect(json, type == DDB_TYPE_M ? '{' : '['))
		return false;
	value->text = json->next - 1;
	if (depth >= DDB_VALUE_MAX_DEPTH)
		return ddb_json_fail(json, value->text, "is nested too deep");
	if (type == DDB_TYPE_M)
		ok = pass_members(json, depth + 1);
	else
		ok = pass_elements(json, type, depth + 1);
	value->len = (size_t) (json->next - value->text);
	return ok;
}

bool
ddb_value_read_map(DdbJson *json, int depth, DdbValueSpan *value)
{
	return read_container(json, DDB_TYPE_M, depth, value);
}

bool
ddb_value_begin(DdbJson *json, DdbType *type)
{
	static const char plain_s[] = "{\"S\":\"";
	const size_t plain_s_len = sizeof(plain_s) - 1;

	/* Nearly all there is, written as DynamoDB writes it. */
	if ((size_t) (json->end - json->next) >= plain_s_len &&
		memcmp(json->next, plain_s, plain_s_len) == 0)
	{
		json->next += plain_s_len;
		*type = DDB_TYPE_S;
		return true;
	}
	return ddb_value_head(json, type) &&
		   (!is_quoted(*type) || ddb_json_expect(json, '"'));
}

bool
ddb_value_end_any(DdbJson *json, DdbType type, int depth, DdbValueSpan *value)
{
	bool ok;

	if (is_quoted(type))
		ok = end_string(json, type, value);
	else if (ddb_value_is_container(type))
		ok = read_container(json, type, depth, value);
	else
		ok = read_literal(json, type, value);
	return ok && ddb_value_tail(json);
}

bool
ddb_value_read(DdbJson *json, int depth, DdbValueSpan *value)
{
	DdbType type;

	return ddb_value_begin(json, &type) &&
		   ddb_value_end(json, type, depth, value);
}
