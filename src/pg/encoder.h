/*
 * encoder.h
 *		A Datum of a foreign table's column -> an attribute value to be stored.
 *
 * The counterpart of column.h: what is written here reads back as it was. A
 * value that DynamoDB would change on its way is refused.
 */
#ifndef DDB_ENCODER_H
#define DDB_ENCODER_H

#include "postgres.h"

#include "relation.h"
#include "text.h"

typedef struct DdbEncoder DdbEncoder;

/*
 * An encoder of values of a column, with what its type needs looked up once; in
 * CurrentMemoryContext. key_type: where the column is a key of the table, the
 * type of that (S, N or B), which is what is written unless the column has an
 * option "type"; else ABSENT. key_max_len: bytes of a key of type S or B; 0 where
 * it is no key. Errors: HV004 if values of the column's type cannot be written as
 * its option or the key says.
 */
extern DdbEncoder *ddb_encoder_create(const DdbRelation *relation,
									  const DdbColumn *column, DdbType key_type,
									  int key_max_len);

/*
 * Add a value, which is not NULL, to text in the way of writer.h, as a member of
 * this name or an element: {"N":"12"}. It does not depend on any setting such as
 * DateStyle. Errors, which do not name the column: 22003 for a number of more
 * than 38 digits or out of range, NaN and infinity; 22008 for a time that has
 * no such text; 22023 for an empty set or one with a value twice, an empty key,
 * JSON that is not what the option "type" says, and an array with more than one
 * dimension or another lower bound than 1; 22004 for a NULL in a set; 22P05 for
 * a character that UTF-8 lacks; 54000 for nesting deeper than 32, and for what
 * is longer than a key or an item can be.
 */
extern void ddb_encoder_write(DdbEncoder *encoder, const char *name,
							  Datum value, DdbText *text);

#endif /* DDB_ENCODER_H */
