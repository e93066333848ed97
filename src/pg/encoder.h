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
 * option "type"; else ABSENT. Errors: HV004 if values of the column's type
 * cannot be written as its option or the key says.
 */
extern DdbEncoder *ddb_encoder_create(const DdbRelation *relation,
									  const DdbColumn *column, DdbType key_type);

/*
 * Append a value, which is not NULL, to text: {"N":"12"}. The text is not
 * dependent on any setting such as DateStyle. Errors: 22003 for a number of more
 * than 38 digits or out of range, NaN and infinity; 22008 for a time that has
 * no such text; 22023 for an empty set or one with a value twice, and for an
 * empty key; 22004 for a NULL in a set; 22P05 for a character that UTF-8 lacks;
 * 54000 for nesting deeper than 32.
 */
extern void ddb_encoder_write(DdbEncoder *encoder, Datum value, DdbText *text);

#endif /* DDB_ENCODER_H */
