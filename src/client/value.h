/*
 * value.h
 *		One attribute value as DynamoDB writes it: {"S": "text"}.
 *
 * An object of one member, whose name is the type. What is read is checked
 * whole, whatever is in it, and comes back as a type and a span of the text.
 * That a B is base64 is left to those who decode it.
 */
#ifndef DDB_VALUE_H
#define DDB_VALUE_H

#include "json.h"

/* DynamoDB's data types, and one for an attribute that an item lacks. */
typedef enum DdbType
{
	DDB_TYPE_ABSENT = 0,
	DDB_TYPE_S,
	DDB_TYPE_N,
	DDB_TYPE_B,
	DDB_TYPE_BOOL,
	DDB_TYPE_NULL,
	DDB_TYPE_SS,
	DDB_TYPE_NS,
	DDB_TYPE_BS,
	DDB_TYPE_L,
	DDB_TYPE_M
} DdbType;

/* Maps, lists and sets that may be open at a time, the item included. */
#define DDB_VALUE_MAX_DEPTH 64

/*
 * The span covers: for S, N and B the bytes between the quotes; for BOOL and
 * NULL the token true or false; for the rest the JSON text of the value,
 * brackets included.
 */
typedef struct DdbValueSpan
{
	const char *text;
	size_t len;
	DdbType type;
	bool escaped; /* a backslash is in an S or B span */
} DdbValueSpan;

/* "S", "N", ...; "absent" for DDB_TYPE_ABSENT. */
extern const char *ddb_value_type_name(DdbType type);

/* What the members of a set are: S for SS; ABSENT where type is no set. */
extern DdbType ddb_value_member_type(DdbType type);

/* Does the span of this type begin with a bracket? */
static inline bool
ddb_value_is_container(DdbType type)
{
	return type >= DDB_TYPE_SS;
}

/*
 * Read one value. depth: maps and lists open around it. False with
 * json->fault set where it is malformed.
 */
extern bool ddb_value_read(DdbJson *json, int depth, DdbValueSpan *value);

/* Read a map of names to values: an item, a key, or what is inside an M. */
extern bool ddb_value_read_map(DdbJson *json, int depth, DdbValueSpan *value);

/*
 * The parts of a value, for those who go through it step by step: its head
 * ({"S":), a scalar, which also a member of a set is, and its tail (}).
 */
extern bool ddb_value_head(DdbJson *json, DdbType *type);
extern bool ddb_value_scalar(DdbJson *json, DdbType type, DdbValueSpan *value);

static inline bool
ddb_value_tail(DdbJson *json)
{
	return ddb_json_expect(json, '}');
}

/* Where digits[.digits] ends, without the rest of a number; NULL: none is there. */
static inline const char *
ddb_value_decimal_end(const char *digits, const char *end)
{
	const char *p = ddb_json_digits_end(digits, end);

	if (p > digits && p < end && *p == '.')
	{
		digits = p + 1;
		p = ddb_json_digits_end(digits, end);
	}
	return p > digits ? p : NULL;
}

/*
 * A value in two parts, for those who know its beginning again: all of it that
 * values of a type share, with the quote that opens an S, N or B; and the rest.
 */
extern bool ddb_value_begin(DdbJson *json, DdbType *type);
extern bool ddb_value_end_any(DdbJson *json, DdbType type, int depth,
							  DdbValueSpan *value);

static inline bool
ddb_value_end(DdbJson *json, DdbType type, int depth, DdbValueSpan *value)
{
	const char *text = json->next;
	const char *end = json->end;
	const char *quote = NULL;

	/* Nearly all there is, written as DynamoDB writes it. */
	if (type == DDB_TYPE_S)
		quote = ddb_json_plain_end(text, end);
	else if (type == DDB_TYPE_N)
		quote = ddb_value_decimal_end(text + (text < end && *text == '-'), end);
	if (quote != NULL && end - quote >= 2 && quote[0] == '"' && quote[1] == '}')
	{
		*value = (DdbValueSpan){.text = text,
								.len = (size_t) (quote - text),
								.type = type};
		json->next = quote + 2;
		return true;
	}
	return ddb_value_end_any(json, type, depth, value);
}

#endif /* DDB_VALUE_H */
