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

#endif /* DDB_VALUE_H */
