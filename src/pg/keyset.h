/*
 * keyset.h
 *		What conditions leave of one key attribute: some values, or a range.
 */
#ifndef DDB_KEYSET_H
#define DDB_KEYSET_H

#include "postgres.h"

#include "condition.h"
#include "operand.h"

/* Developer Guide, "Quotas in Amazon DynamoDB"; of S and B, at least 1 byte */
#define DDB_KEY_MAX_PARTITION_LEN 2048
#define DDB_KEY_MAX_SORT_LEN 1024

/*
 * The values in it: where is_list is set the operands; else all that begin
 * with prefix where there is one; else all from lower to upper.
 */
typedef struct DdbKeySet
{
	bool is_list;
	DdbOperand *operands; /* ascending, each of them once */
	int noperands;
	bool has_prefix;
	DdbOperand prefix;
	DdbLimit lower;
	DdbLimit upper; /* of two limits none is strict */

	/* private: without it, less is asked than exact conditions say */
	bool prefix_exact;
	bool lower_exact;
	bool upper_exact;
} DdbKeySet;

/*
 * All of the conditions together, for a key of up to max_len bytes. False: no
 * key meets them. *complete is set to false where an exact condition is not
 * asked as it is, and is left alone elsewhere.
 */
extern bool ddb_keyset_build(DdbKeySet *set, const DdbCondition *conditions,
							 int n, int max_len, ExprContext *econtext,
							 bool *complete);

/* A whole key: partition key and sort key. */
typedef struct DdbKeyPair
{
	DdbOperand operands[2];
} DdbKeyPair;

/*
 * The keys that conditions give each of which is an AND of two equalities, one
 * with each key attribute: ascending, each of them once. Returns how many.
 */
extern int ddb_keyset_pairs(const DdbCondition *conditions, int n,
							ExprContext *econtext, DdbKeyPair *pairs);

/*
 * Append the condition of a set that is no list, as a KeyConditionExpression
 * has it: name, with values[0] and values[1], whose names are given. Returns
 * how many of them it has; 0: every key is in the set.
 */
extern int ddb_keyset_range(const DdbKeySet *set, const char *name,
							DdbValue values[2], StringInfo text);

#endif /* DDB_KEYSET_H */
