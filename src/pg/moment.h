/*
 * moment.h
 *		An S -> a date, a time, an interval.
 */
#ifndef DDB_MOMENT_H
#define DDB_MOMENT_H

#include "postgres.h"

#include "value.h"

/*
 * type is one of PostgreSQL's own date and time types. ISO forms come first,
 * whatever DateStyle is: a timestamptz without an offset is UTC, whatever
 * TimeZone is. Then comes what the type's input takes.
 *
 * False if the value does not fit: a part of it would be dropped or rounded by
 * typmod, or it is a word like "today". Errors of class 22 if it is no value of
 * the type.
 */
extern bool ddb_moment_read(const DdbValueSpan *value, Oid type, int32 typmod,
							Datum *datum);

#endif /* DDB_MOMENT_H */
