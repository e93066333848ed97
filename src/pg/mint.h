/*
 * mint.h
 *		What a new message needs: a uuid of its own and a time of its own.
 */
#ifndef DDB_MINT_H
#define DDB_MINT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

/* A random (version 4) uuid. */
extern void ddb_mint_uuid(pg_uuid_t *uuid);

/*
 * The time of day, later than any that this backend was given before: it is a
 * sort key, and a second message with the same one would be refused.
 */
extern TimestampTz ddb_mint_time(void);

#endif /* DDB_MINT_H */
