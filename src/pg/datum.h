/*
 * datum.h
 *		One attribute value -> a Datum of a type.
 *
 * Knows types, but neither columns nor what becomes of a value that does not
 * fit. A value never changes on its way: what would be cut, rounded or
 * misunderstood does not fit.
 */
#ifndef DDB_DATUM_H
#define DDB_DATUM_H

#include "postgres.h"

#include "fmgr.h"

#include "value.h"

typedef struct DdbDatumReader DdbDatumReader;

/* How a reader refuses values besides returning false. */
typedef enum DdbDatumRisk
{
	DDB_DATUM_SAFE,   /* in no way */
	DDB_DATUM_THROWS, /* errors of class 22, of code that holds nothing but
								 * memory then */
	DDB_DATUM_RUNS    /* errors out of any code: of extensions, of users */
} DdbDatumRisk;

typedef bool (*DdbDatumRead)(DdbDatumReader *reader, const DdbValueSpan *value,
							 Datum *datum);

struct DdbDatumReader
{
	DdbDatumRisk risk;

	/* private */
	DdbDatumRead read;
	unsigned takes; /* DynamoDB types, by bit */
	Oid type;
	int32 typmod;
	int16 typlen; /* this and two more: only of an array's elements */
	bool typbyval;
	char typalign;
	bool json_strings;
	FmgrInfo input;
	Oid ioparam;
	DdbDatumReader *inner; /* of an array's elements, a domain's base type */
	void *domain;          /* domain_check's */
	MemoryContext cxt;     /* in which the reader lives */
};

/*
 * A reader of a type, with what it needs from the catalog; in
 * CurrentMemoryContext. json_strings: to json and jsonb an S is a string, not
 * the text of a value.
 */
extern DdbDatumReader *ddb_datum_reader(Oid type, int32 typmod,
										bool json_strings);

/* Are there values of this DynamoDB type that fit? */
static inline bool
ddb_datum_takes(const DdbDatumReader *reader, DdbType type)
{
	return (reader->takes & (1U << type)) != 0;
}

/*
 * A value that is neither ABSENT nor NULL; false if it does not fit. Allocates
 * in CurrentMemoryContext.
 */
static inline bool
ddb_datum_read(DdbDatumReader *reader, const DdbValueSpan *value, Datum *datum)
{
	return ddb_datum_takes(reader, value->type) &&
		   reader->read(reader, value, datum);
}

/* Error where the type is a domain that allows no NULL. */
extern void ddb_datum_check_null(DdbDatumReader *reader);

#endif /* DDB_DATUM_H */
