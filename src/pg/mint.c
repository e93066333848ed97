/*
 * mint.c
 *		What a new message needs: a uuid of its own and a time of its own.
 */
#include "postgres.h"

#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "mint.h"

void
ddb_mint_uuid(pg_uuid_t *uuid)
{
	*uuid = *DatumGetUUIDP(OidFunctionCall0(F_GEN_RANDOM_UUID));
}

TimestampTz
ddb_mint_time(void)
{
	static TimestampTz last = 0;
	TimestampTz now = GetCurrentTimestamp();

	last = now > last ? now : last + 1;
	return last;
}
