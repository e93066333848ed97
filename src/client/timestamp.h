/*
 * timestamp.h
 *		Sort keys that are times: the form we write, the forms we read.
 */
#ifndef DDB_TIMESTAMP_H
#define DDB_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2026-11-22T07:59:25.651123+00:00" and a NUL */
#define DDB_TIMESTAMP_LEN 33

/*
 * Microseconds since 1970-01-01 00:00 UTC -> the one form we write: UTC,
 * always six digits, always the offset, so byte order is time order. For
 * years 0001 to 9999; false outside of them.
 */
extern bool ddb_timestamp_format(int64_t unix_us, char text[DDB_TIMESTAMP_LEN]);

/*
 * Read what any writer of the table may have written: date, "T" or a space,
 * time with or without seconds and fraction (any digits, rounded to
 * microseconds), and nothing (UTC), "Z", +HH, +HHMM, +HH:MM or +HH:MM:SS.
 * False if it is no timestamp.
 */
extern bool ddb_timestamp_parse(const char *text, size_t len, int64_t *unix_us);

#endif /* DDB_TIMESTAMP_H */
