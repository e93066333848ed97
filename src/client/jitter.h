/*
 * jitter.h
 *		Random numbers that spread requests over time. Good for nothing else.
 */
#ifndef DDB_JITTER_H
#define DDB_JITTER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct DdbJitter
{
	uint64_t state; /* never 0 */
} DdbJitter;

/* From this seed, or where it is 0 from one of its own; false: there is none. */
extern bool ddb_jitter_init(DdbJitter *jitter, uint64_t seed);

/* Uniform in [0,1). */
extern double ddb_jitter_next(DdbJitter *jitter);

#endif /* DDB_JITTER_H */
