/*
 * round.h
 *		One way along a chain: from its source over its roles to keys.
 *
 * A state machine without a network: it says what is to be asked, takes the
 * answers, and tries again what is worth it. What outlives a round is
 * kept for the next one: the token of the instance metadata service, the
 * service's clock, the retries that may still be made.
 */
#ifndef DDB_ROUND_H
#define DDB_ROUND_H

#include "ask.h"
#include "chain.h"
#include "endpoint.h"
#include "issued.h"
#include "jitter.h"

typedef struct DdbRound DdbRound;

typedef enum DdbRoundNext
{
	DDB_ROUND_ASK,   /* make this request */
	DDB_ROUND_PAUSE, /* nothing before some time */
	DDB_ROUND_DONE,
	DDB_ROUND_FAILED
} DdbRoundNext;

/*
 * For this chain, which is taken over, also on failure; jitter is borrowed.
 * sts and timeout_ms are for STS. NULL with status filled.
 */
extern DdbRound *ddb_round_create(DdbChain *chain, const DdbEndpointConfig *sts,
								  int timeout_ms, DdbJitter *jitter,
								  DdbStatus *status);

/* NULL is fine. */
extern void ddb_round_free(DdbRound *round);

extern const DdbChain *ddb_round_chain(const DdbRound *round);

/* Begin anew, at this time. */
extern void ddb_round_begin(DdbRound *round, int64_t begin_ms);

/*
 * What is to be done now? ASK: *ask, until it has its answer. PAUSE: *until_ms.
 * Times are in ms since 1970, by our clock.
 */
extern DdbRoundNext ddb_round_next(DdbRound *round, int64_t now_ms, DdbAsk *ask,
								   int64_t *until_ms);

extern void ddb_round_answer(DdbRound *round, int64_t now_ms,
							 const DdbAnswer *answer);

/* After DONE: hand over the keys; they expire by our clock. */
extern void ddb_round_take(DdbRound *round, DdbIssued *issued);

/* After FAILED: why, as DDB_STATUS_AUTH or DDB_STATUS_NO_MEMORY. */
extern const DdbStatus *ddb_round_status(const DdbRound *round);

#endif /* DDB_ROUND_H */
