/*
 * image.h
 *		One item in DynamoDB's JSON, attribute by attribute.
 *
 * For those who write items: what an item has, what a changed one will have,
 * how large it is, and whether two values are the same. Values stay the JSON
 * text that they came as, type included ({"S":"text"}); only names are plain.
 */
#ifndef DDB_IMAGE_H
#define DDB_IMAGE_H

#include "status.h"
#include "text.h"
#include "value.h"

/* A top-level attribute. All is borrowed. */
typedef struct DdbItemAttribute
{
	const char *name; /* UTF-8, not escaped, NUL-ended */
	const char *json; /* {"S":"text"}, UTF-8; NULL: the item lacks it */
	size_t json_len;
} DdbItemAttribute;

/* An item taken apart; one malloc'd piece beside the text that it points into. */
typedef struct DdbImage
{
	int nattributes;
	DdbItemAttribute *attributes; /* in the text's order */

	/* private */
	const DdbItemAttribute **by_name;
} DdbImage;

/*
 * Take an item apart ("{"name":{"S":"text"},...}"). The text is borrowed and
 * must outlive it. NULL with DDB_STATUS_NO_MEMORY, or DDB_STATUS_PROTOCOL where
 * it is no item or has an attribute twice.
 */
extern DdbImage *ddb_image_parse(const char *text, size_t len, DdbStatus *status);

/* NULL is fine. */
extern void ddb_image_free(DdbImage *image);

/* NULL: it has no such attribute. */
extern const DdbItemAttribute *ddb_image_find(const DdbImage *image,
											  const char *name);

/* Append the item that has these attributes; those without a value are left out. */
extern void ddb_image_write(DdbText *text, const DdbItemAttribute *attributes,
							int nattributes);

/*
 * The size in bytes that DynamoDB counts for an item of these attributes:
 * names, and values by type. Developer Guide, "DynamoDB item sizes and
 * formats". Of a number it is the upper bound.
 */
extern size_t ddb_image_size(const DdbItemAttribute *attributes, int nattributes);

/*
 * Are two values ({"N":"1.0"}) the same to DynamoDB? Numbers by their value, sets
 * and maps in any order. False where memory runs out.
 */
extern bool ddb_image_same_value(const char *a, size_t a_len, const char *b,
								 size_t b_len);

#endif /* DDB_IMAGE_H */
