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

static size_t
count_digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t) (p - start);
}

/*
 * Is this the text of a number? Wider than JSON's grammar: a sign "+" and
 * leading zeros are fine.
 */
static bool
is_number(const char *text, size_t len)
{
	const char *p = text;
	const char *end = text + len;
	size_t n;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	n = count_digits(p, end);
	p += n;
	if (n > 0 && p < end && *p == '.')
	{
		n = count_digits(++p, end);
		p += n;
	}
	if (n > 0 && p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		n = count_digits(p, end);
		p += n;
	}
	return n > 0 && p == end;
}

static bool
read_string(DdbJson *json, DdbValueSpan *value)
{
	DdbJsonString string;

	if (!ddb_json_string(json, &string))
		return false;
	value->text = string.text;
	value->len = string.len;
	value->escaped = string.escaped;
	return true;
}

bool
ddb_value_scalar(DdbJson *json, DdbType type, DdbValueSpan *value)
{
	value->type = type;
	if (type == DDB_TYPE_S || type == DDB_TYPE_B)
		return read_string(json, value);
	if (type == DDB_TYPE_N)
		return read_string(json, value) &&
			   (is_number(value->text, value->len) ||
				ddb_json_fail(json, value->text, "has a malformed number"));

	/* BOOL and NULL. DynamoDB refuses {"NULL": false}, other writers of the
	 * protocol do not. */
	value->escaped = false;
	value->len = ddb_json_peek(json) == 'f' ? 5 : 4;
	value->text = json->next;
	return ddb_json_literal(json, value->len == 5 ? "false" : "true");
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
ddb_value_read(DdbJson *json, int depth, DdbValueSpan *value)
{
	static const char plain_s[] = "{\"S\":\"";
	const size_t plain_s_len = sizeof(plain_s) - 1;
	DdbJsonString string;
	DdbType type;

	/* Nearly all there is, written as DynamoDB writes it. */
	if ((size_t) (json->end - json->next) > plain_s_len &&
		memcmp(json->next, plain_s, plain_s_len) == 0)
	{
		json->next += plain_s_len;
		if (!ddb_json_string_body(json, &string))
			return false;
		*value = (DdbValueSpan){.text = string.text,
								.len = string.len,
								.type = DDB_TYPE_S,
								.escaped = string.escaped};
		return ddb_value_tail(json);
	}

	if (!ddb_value_head(json, &type))
		return false;
	if (ddb_value_is_container(type))
		return read_container(json, type, depth, value) && ddb_value_tail(json);
	return ddb_value_scalar(json, type, value) && ddb_value_tail(json);
}
