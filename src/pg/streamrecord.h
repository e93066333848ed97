/*
 * streamrecord.h
 *		A record of the stream: is it a message, and which?
 */
#ifndef DDB_STREAMRECORD_H
#define DDB_STREAMRECORD_H

#include "postgres.h"

#include "grouprow.h"
#include "streams.h"

typedef enum DdbStreamRecordKind
{
	DDB_RECORD_OTHER,   /* nothing that moves rows */
	DDB_RECORD_MESSAGE, /* a message was written */
	DDB_RECORD_BROKEN   /* so it was, but it cannot be read */
} DdbStreamRecordKind;

/* Strings are in UTF-8. */
typedef struct DdbStreamRecord
{
	DdbStreamRecordKind kind;
	char sequence[DDB_SEQUENCE_SIZE];
	double created_s;        /* as in DdbRecord */
	const char *key;         /* of the item, JSON */
	const char *fault;       /* BROKEN: what is wrong with it; static */
	bool is_new;             /* MESSAGE: not one that was changed */
	DdbGroupMessage message; /* MESSAGE, as the following */
	const char *sk;
	const char *uuid;   /* message_uuid; NULL: it has none */
	const char *handle; /* user_handle; NULL: it has none */
} DdbStreamRecord;

/* Read one; it lives as long as cxt and borrows nothing. */
extern void ddb_streamrecord_read(MemoryContext cxt, const DdbRecord *source,
								  DdbStreamRecord *record);

#endif /* DDB_STREAMRECORD_H */
