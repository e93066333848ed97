/*
 * scalar.h
 *		A Datum -> the text of an S, N or B.
 *
 * The counterpart of datum.h, for values that are neither documents nor arrays.
 * No text depends on a setting such as DateStyle.
 */
#ifndef DDB_SCALAR_H
#define DDB_SCALAR_H

#include "postgres.h"

#include "utils/numeric.h"

#include "value.h"

/* Longer texts are palloc'd. */
#define DDB_SCALAR_BUF_LEN 64

typedef struct DdbScalar DdbScalar;

/*
 * What values of a base type (no domain, no array) are stored as: S, N, B or
 * BOOL.
 */
extern DdbType ddb_scalar_type(Oid base_type);

/*
 * For values of a base type that ddb_scalar_type() does not store as BOOL, in
 * CurrentMemoryContext. json and jsonb give their text. key_max_len: bytes that
 * a key may have, 0 where the values are no keys.
 */
extern DdbScalar *ddb_scalar_create(Oid base_type, int key_max_len);

/*
 * The text of a value in UTF-8, not escaped: static, in buf, a part of the
 * value, or palloc'd. Of a B it is base64. Errors: 22003 for a number that
 * DynamoDB cannot hold; 22008 for a timestamptz beyond the years of sort keys;
 * 22P05 and 22021 for characters that UTF-8 lacks; 22023 for an empty key; 54000
 * for what is longer than a key or an item can be.
 */
extern const char *ddb_scalar_text(DdbScalar *scalar, Datum value,
								   char buf[DDB_SCALAR_BUF_LEN], size_t *len);

/* The text of a number, palloc'd. Error 22003 as above. */
extern const char *ddb_scalar_numeric(Numeric value, size_t *len);

#endif /* DDB_SCALAR_H */
