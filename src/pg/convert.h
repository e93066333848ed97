/*
 * convert.h
 *		DynamoDB's values <-> Datums.
 *
 * Everything is allocated in CurrentMemoryContext. Functions that take a cell
 * read one S of a decoded page; absent, NULL or of another type, it is NULL.
 * Those that take a string read an S, or a name, without a look at its type.
 */
#ifndef DDB_CONVERT_H
#define DDB_CONVERT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "item.h"
#include "timestamp.h"

/* 36 characters and a NUL */
#define DDB_UUID_TEXT_LEN 37

/* Longest string, as it came, that can be a uuid or a time. */
#define DDB_SHORT_STRING_LEN 256

/*
 * A string in the server's encoding, not always NUL-ended: a part of the page
 * where there is nothing to change. NULL if it has a null character, which no
 * text of PostgreSQL can have. Errors: 22P05 for a character that the server's
 * encoding lacks, 22021 for bytes that are not UTF-8, 08P01 for a broken escape.
 */
extern const char *ddb_convert_string(const DdbValueSpan *string, int *len);

/* The same, as text. */
extern text *ddb_convert_string_text(const DdbValueSpan *string);

/*
 * A short string in UTF-8, unchecked: a part of the page, or unescaped into
 * buf. NULL where it is longer or has a broken escape.
 */
extern const char *ddb_convert_short_string(const DdbValueSpan *string,
											char buf[DDB_SHORT_STRING_LEN],
											size_t *len);

/* The forms that uuid_in takes: braces around it, hyphens between groups. */
extern bool ddb_convert_parse_uuid(const char *text, size_t len, pg_uuid_t *uuid);

/* Out of a text that ddb_timestamp_parse takes. */
extern bool ddb_convert_parse_timestamptz(const char *text, size_t len,
										  TimestampTz *at);

/* An N as numeric: every digit. Error 22P02 or 22003 if numeric has no such. */
extern Datum ddb_convert_numeric(const char *text, size_t len);

/* text, with the errors of ddb_convert_string. */
extern Datum ddb_convert_text(const DdbPage *page, const DdbCell *cell,
							  bool *isnull);

/* uuid, in any form that uuid's own input takes; NULL where it is none. */
extern Datum ddb_convert_uuid(const DdbPage *page, const DdbCell *cell,
							  bool *isnull);

/* timestamptz out of a sort key; NULL where it is no timestamp. */
extern Datum ddb_convert_timestamptz(const DdbPage *page, const DdbCell *cell,
									 bool *isnull);

/*
 * jsonb out of a value that is not ABSENT, plain: S and B as strings (B in
 * base64), N as an exact number, NULL as null, sets and L as arrays, M as an
 * object. Errors as for a string, 22P05 for a null character, 08P01 if the span
 * is no such value.
 */
extern Datum ddb_convert_jsonb(const DdbValueSpan *value);

/* The same out of an item's span ("{...}"). */
extern Datum ddb_convert_item_jsonb(const char *text, size_t len);

/*
 * Text of the server as UTF-8, with its length: the input itself where nothing
 * is to be converted, so not always NUL-ended.
 */
extern const char *ddb_convert_to_utf8(const char *text, int len,
									   size_t *utf8_len);

/* Lower case, with hyphens. */
extern void ddb_convert_uuid_text(const pg_uuid_t *uuid,
								  char text[DDB_UUID_TEXT_LEN]);

/*
 * The sort key of a time. Error 22008 if it is infinite or not within the
 * years 0001 to 9999.
 */
extern void ddb_convert_sort_key(TimestampTz at, char text[DDB_TIMESTAMP_LEN]);

#endif /* DDB_CONVERT_H */
