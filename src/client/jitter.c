/*
 * jitter.c
 *		Random numbers that spread requests over time: xorshift64*.
 */
#include <openssl/rand.h>

#include "jitter.h"

bool
ddb_jitter_init(DdbJitter *jitter, uint64_t seed)
{
	if (seed == 0 && RAND_bytes((unsigned char *) &seed, sizeof(seed)) != 1)
		return false;
	/* Xorshift stays at 0 for ever; neighbouring seeds shall begin apart. */
	jitter->state = (seed * UINT64_C(0x9E3779B97F4A7C15)) | 1;
	return true;
}

double
ddb_jitter_next(DdbJitter *jitter)
{
	jitter->state ^= jitter->state >> 12;
	jitter->state ^= jitter->state << 25;
	jitter->state ^= jitter->state >> 27;
	return (double) ((jitter->state * UINT64_C(0x2545F4914F6CDD1D)) >> 11) /
		   (double) (UINT64_C(1) << 53);
}
