/*
 * operand.h
 *		A Datum -> the scalar that DynamoDB compares attributes with.
 *
 * Only for comparing. What is stored is written elsewhere, by other rules.
 */
#ifndef DDB_OPERAND_H
#define DDB_OPERAND_H

#include "postgres.h"

#include "client.h"

/*
 * A scalar that can be compared here as DynamoDB does: S in UTF-8, N as decimal
 * text, B as it is (not yet in base64), BOOL as true or false.
 */
typedef struct DdbOperand
{
	DdbType type;
	const char *bytes;
	size_t len;
} DdbOperand;

typedef struct DdbOperandMaker DdbOperandMaker;

/*
 * Of values of this type (or domain) -> operands of type S, N, B or BOOL, with
 * what that needs looked up once. In CurrentMemoryContext.
 */
extern DdbOperandMaker *ddb_operand_maker(DdbType type, Oid source);

/*
 * The operand of a value that is not NULL, copied into CurrentMemoryContext.
 * False: no attribute can be equal to it (NaN, 40 digits, text that UTF-8
 * lacks, more than an item can have).
 */
extern bool ddb_operand_make(DdbOperandMaker *maker, Datum value,
							 DdbOperand *operand);

/*
 * A bound which no N that is read as value, or is on that side of it, passes:
 * above it where upper is set, else below it. is_float4: what is read is a
 * float4. False: such a bound cannot be said.
 */
extern bool ddb_operand_float_bound(double value, bool is_float4, bool upper,
									DdbOperand *operand);

/* As DynamoDB orders them: -1, 0, 1. Both are of one type. */
extern int ddb_operand_compare(const DdbOperand *a, const DdbOperand *b);

/* Sort ascending and leave each value once; returns how many are left. */
extern int ddb_operand_unique(DdbOperand *operands, int n);

/* What of the first list is in the second; both sorted, each value once. */
extern int ddb_operand_intersect(DdbOperand *operands, int n,
								 const DdbOperand *others, int nothers);

/* The operand as a request has it; name is borrowed. */
extern void ddb_operand_value(const DdbOperand *operand, const char *name,
							  DdbValue *value);

#endif /* DDB_OPERAND_H */
