/*
 * document.c
 *		A walk over an item or an attribute value, for those who want all of it.
 *
 * A stack with one byte for each map, list or set that is open is all the
 * state there is besides the place in the text.
 */
#include "document.h"

/* A byte of the stack: the DdbType of what is open, and these. */
#define OPEN_TYPE 0x0f
#define OPEN_HAS_MEMBER 0x10 /* so a comma comes before the next */
#define OPEN_HAS_NAME 0x20   /* so a value comes next */
#define OPEN_WRAPPED 0x40    /* so a brace comes after its end */

void
ddb_walk_value(DdbWalk *walk, DdbType type, const char *text, size_t len,
			   bool escaped)
{
	ddb_json_init(&walk->json, text, len);
	walk->root = type;
	walk->root_escaped = escaped;
	walk->depth = 0;
	if (type == DDB_TYPE_ABSENT)
		walk->json.next = walk->json.end;
}

void
ddb_walk_item(DdbWalk *walk, const char *text, size_t len)
{
	ddb_walk_value(walk, DDB_TYPE_M, text, len, false);
}

static bool
begin_container(DdbWalk *walk, DdbToken *token, DdbType type, int flags)
{
	DdbJson *json = &walk->json;
	bool is_map = type == DDB_TYPE_M;

	if (!ddb_json_expect(json, is_map ? '{' : '['))
		return false;
	if (walk->depth == DDB_VALUE_MAX_DEPTH)
		return ddb_json_fail(json, json->next, "is nested too deep");
	walk->stack[walk->depth++] = (uint8_t) ((int) type | flags);
	token->kind = is_map ? DDB_TOKEN_MAP_BEGIN : DDB_TOKEN_LIST_BEGIN;
	token->type = type;
	return true;
}

static bool
give_scalar(DdbWalk *walk, DdbToken *token, DdbType type)
{
	DdbValueSpan value;

	if (!ddb_value_scalar(&walk->json, type, &value))
		return false;
	*token = (DdbToken){.kind = DDB_TOKEN_SCALAR,
						.type = type,
						.text = value.text,
						.len = value.len,
						.escaped = value.escaped};
	return true;
}

static bool
give_value(DdbWalk *walk, DdbToken *token)
{
	DdbType type;

	if (!ddb_value_head(&walk->json, &type))
		return false;
	if (ddb_value_is_container(type))
		return begin_container(walk, token, type, OPEN_WRAPPED);
	return give_scalar(walk, token, type) && ddb_value_tail(&walk->json);
}

static bool
give_name(DdbWalk *walk, DdbToken *token)
{
	DdbJsonString name;

	if (!ddb_json_name(&walk->json, &name))
		return false;
	token->kind = DDB_TOKEN_KEY;
	token->text = name.text;
	token->len = name.len;
	token->escaped = name.escaped;
	return true;
}

/* Behind the closing bracket. */
static bool
end_container(DdbWalk *walk, DdbToken *token)
{
	int open = walk->stack[--walk->depth];

	token->type = (DdbType) (open & OPEN_TYPE);
	token->kind =
		token->type == DDB_TYPE_M ? DDB_TOKEN_MAP_END : DDB_TOKEN_LIST_END;
	return !(open & OPEN_WRAPPED) || ddb_value_tail(&walk->json);
}

/* What comes next in the innermost container. */
static bool
give_member(DdbWalk *walk, DdbToken *token)
{
	uint8_t *open = &walk->stack[walk->depth - 1];
	DdbType type = (DdbType) (*open & OPEN_TYPE);

	if (*open & OPEN_HAS_NAME)
	{
		*open &= (uint8_t) ~OPEN_HAS_NAME;
		return give_value(walk, token);
	}
	if (ddb_json_take(&walk->json, type == DDB_TYPE_M ? '}' : ']'))
		return end_container(walk, token);
	if ((*open & OPEN_HAS_MEMBER) && !ddb_json_expect(&walk->json, ','))
		return false;
	*open |= OPEN_HAS_MEMBER;
	if (type == DDB_TYPE_M)
	{
		*open |= OPEN_HAS_NAME;
		return give_name(walk, token);
	}
	if (type == DDB_TYPE_L)
		return give_value(walk, token);
	return give_scalar(walk, token, ddb_value_member_type(type));
}

/* The outermost value, which has no wrapper. */
static bool
give_root(DdbWalk *walk, DdbToken *token)
{
	DdbJson *json = &walk->json;
	DdbType type = walk->root;

	walk->root = DDB_TYPE_ABSENT;
	if (ddb_value_is_container(type))
		return begin_container(walk, token, type, 0);
	*token = (DdbToken){.kind = DDB_TOKEN_SCALAR,
						.type = type,
						.text = json->next,
						.len = (size_t) (json->end - json->next),
						.escaped = walk->root_escaped};
	json->next = json->end;
	return true;
}

DdbTokenKind
ddb_walk_next(DdbWalk *walk, DdbToken *token)
{
	bool ok;

	*token = (DdbToken){.kind = DDB_TOKEN_END};
	if (walk->json.fault != NULL)
		ok = false;
	else if (walk->root != DDB_TYPE_ABSENT)
		ok = give_root(walk, token);
	else if (walk->depth > 0)
		ok = give_member(walk, token);
	else
		ok = ddb_json_expect_end(&walk->json);
	if (!ok)
		*token = (DdbToken){.kind = DDB_TOKEN_BROKEN};
	return token->kind;
}
