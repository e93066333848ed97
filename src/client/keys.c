/*
 * keys.c
 *		The numbers that tell keys apart.
 */
#include "keys.h"

/* Of the keys that were handed out last; 0 is never handed out. */
static uint64_t last_generation = 0;

uint64_t
ddb_keys_generation(void)
{
	return ++last_generation;
}
