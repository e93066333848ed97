/*
 * document.h
 *		A walk over an item or an attribute value, for those who want all of it.
 *
 * It goes over an "{...}" span out of a decoded page, but holds against any
 * text. Tokens come in document order; a map gives MAP_BEGIN, then KEY and the
 * value in turn, then MAP_END; lists and sets likewise. It holds no memory.
 */
#ifndef DDB_DOCUMENT_H
#define DDB_DOCUMENT_H

#include "value.h"

typedef enum DdbTokenKind
{
	DDB_TOKEN_END,    /* nothing is left */
	DDB_TOKEN_BROKEN, /* not a DynamoDB value; so are all that follow */
	DDB_TOKEN_MAP_BEGIN,
	DDB_TOKEN_KEY, /* span: the name between the quotes */
	DDB_TOKEN_MAP_END,
	DDB_TOKEN_LIST_BEGIN, /* type: L, SS, NS or BS */
	DDB_TOKEN_LIST_END,
	DDB_TOKEN_SCALAR /* type: S, N, B, BOOL or NULL; span as in a
								 * cell; set members come as S, N or B */
} DdbTokenKind;

typedef struct DdbToken
{
	DdbTokenKind kind;
	DdbType type;
	const char *text;
	size_t len;
	bool escaped;
} DdbToken;

typedef struct DdbWalk
{
	DdbJson json;
	DdbType root; /* what is yet to begin, else ABSENT */
	bool root_escaped;
	int depth;
	uint8_t stack[DDB_VALUE_MAX_DEPTH]; /* what is open */
} DdbWalk;

/* Walk an item: "{"name": {"S": "..."}, ...}", as one map. */
extern void ddb_walk_item(DdbWalk *walk, const char *text, size_t len);

/*
 * Walk the value of a cell: type and span as the page gave them. A scalar
 * gives one token, its span unchecked; ABSENT gives none.
 */
extern void ddb_walk_value(DdbWalk *walk, DdbType type, const char *text,
						   size_t len, bool escaped);

extern DdbTokenKind ddb_walk_next(DdbWalk *walk, DdbToken *token);

#endif /* DDB_DOCUMENT_H */
