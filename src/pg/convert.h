/*
 * convert.h
 *		DynamoDB's values <-> Datums.
 *
 * Everything is allocated in CurrentMemoryContext. Functions that take a cell
 * read one S of a decoded page; absent, NULL or of another type, it is NULL.
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

/*
 * text in the server's encoding; NULL if it has a null character. Errors:
 * 22P05 for a character that the server's encoding lacks, 22021 for bytes that
 * are not UTF-8, 08P01 for a broken escape.
 */
extern Datum ddb_convert_text(const DdbPage *page, const DdbCell *cell,
							  bool *isnull);

/* uuid, in any form that uuid's own input takes; NULL where it is none. */
extern Datum ddb_convert_uuid(const DdbPage *page, const DdbCell *cell,
							  bool *isnull);

/* timestamptz out of a sort key; NULL where it is no timestamp. */
extern Datum ddb_convert_timestamptz(const DdbPage *page, const DdbCell *cell,
									 bool *isnull);

/*
 * jsonb out of an item's span ("{...}"), plain: S and B as strings (B in
 * base64), N as an exact number, sets and L as arrays, M as an object. Errors
 * as for text, 22P05 for a null character, and 08P01 if the span is not an
 * item.
 */
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
