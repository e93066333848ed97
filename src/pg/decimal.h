/*
 * decimal.h
 *		An N -> an integer, a float, a numeric.
 */
#ifndef DDB_DECIMAL_H
#define DDB_DECIMAL_H

#include "postgres.h"

#include "value.h"

/*
 * type is one of PostgreSQL's own number types. False if the value does not
 * fit: out of range, or digits would be lost, but for those that a float has
 * not. Error 22003 if it has too many digits for a numeric's typmod, no other.
 */
extern bool ddb_decimal_read(const DdbValueSpan *value, Oid type, int32 typmod,
							 Datum *datum);

#endif /* DDB_DECIMAL_H */
