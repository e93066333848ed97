/*
 * part.h
 *		A profile file's text, cut into lines and those into names and values.
 */
#ifndef DDB_PART_H
#define DDB_PART_H

#include <stdbool.h>
#include <stddef.h>

#define DDB_PART_BLANK " \t\r"
#define DDB_PART_COMMENT "#;" /* either begins one */

/* A part of a text; not NUL-ended, and without a NUL in it. */
typedef struct DdbPart
{
	const char *text;
	size_t len;
} DdbPart;

/* Without blanks at both ends. */
extern DdbPart ddb_part_trim(DdbPart part);

/* The part before the first character of the set, or all. */
extern DdbPart ddb_part_before(DdbPart part, const char *set);

/* What follows the first n characters. */
extern DdbPart ddb_part_after(DdbPart part, size_t n);

/* Take the first line off, which is returned without its end. */
extern DdbPart ddb_part_cut_line(DdbPart *rest);

extern bool ddb_part_is(DdbPart part, const char *text);

/* May a profile or a property be called so? */
extern bool ddb_part_is_name(DdbPart part);

/*
 * Take "name = value # comment" apart, trimmed. Why it is none, or NULL; sub:
 * it is to be a sub-property.
 */
extern const char *ddb_part_split_property(DdbPart line, DdbPart *name,
										   DdbPart *value, bool sub);

#endif /* DDB_PART_H */
