/*
 * provider.h
 *		Keys that expire: fetched from where a chain says, in time.
 *
 * A state machine without a network and without a clock. Its owner asks what is
 * to be done, makes the requests, gives the answers, and tells the time of
 * day. Nothing is ever fetched before someone wanted keys.
 *
 *	 15 min before expiry	new keys are wanted, from a moment of the following
 *							five minutes on that is drawn anew for each keys, so
 *							that not all backends ask at once; the old ones
 *							serve meanwhile, and a failure is seen by no one
 *							but tried again, after 1, 2, 4 ... 60 seconds
 *	 10 min before expiry	callers wait, and a failure is theirs
 *
 * For keys that live less than 45 minutes these are a third and two ninths of
 * what they had left when they came. Keys that came expired are used for what
 * they are worth, which only the service knows, and new ones wanted after five to
 * ten minutes.
 */
#ifndef DDB_PROVIDER_H
#define DDB_PROVIDER_H

#include "ask.h"
#include "chain.h"
#include "endpoint.h"
#include "keys.h"
#include "status.h"

typedef struct DdbProvider DdbProvider;

typedef struct DdbProviderConfig
{
	DdbEndpointConfig sts;  /* copied; what it leaves open is for the
							 * environment, then for the chain's profile */
	int request_timeout_ms; /* of one request to STS */
	uint64_t seed;          /* of its randomness; 0: it takes one itself */
} DdbProviderConfig;

typedef enum DdbProviderNext
{
	DDB_PROVIDER_IDLE, /* nothing is to be done */
	DDB_PROVIDER_ASK,  /* make this request, then ddb_provider_answer */
	DDB_PROVIDER_PAUSE /* nothing before some time */
} DdbProviderNext;

/*
 * For this chain, which is taken over, also where this fails. NULL with
 * DDB_STATUS_NO_MEMORY, or DDB_STATUS_CONFIG where STS is needed and has no
 * usable endpoint.
 */
extern DdbProvider *ddb_provider_create(DdbChain *chain,
										const DdbProviderConfig *config,
										DdbStatus *status);

/* Wipes the keys. NULL is fine. */
extern void ddb_provider_free(DdbProvider *provider);

/* What it goes along; it stays the provider's. */
extern const DdbChain *ddb_provider_chain(const DdbProvider *provider);

/*
 * Someone wants keys now, and is told what there is. now_ms: since 1970, UTC.
 *
 *	 READY		*keys is set, valid until the provider is used again; newer ones
 *				may be on their way
 *	 WAIT		for what ddb_provider_next says
 *	 FAILED		*status says why: DDB_STATUS_AUTH or DDB_STATUS_NO_MEMORY
 *
 * A failure is told at least once, and for a second to all who ask. The demand
 * after that begins anew.
 */
extern DdbKeysState ddb_provider_keys(DdbProvider *provider, int64_t now_ms,
									  DdbKeys *keys, DdbStatus *status);

/*
 * What is to be done now? ASK: *ask is set, and the same is said until
 * the answer is given. PAUSE: nothing before *until_ms. IDLE: nothing, but
 * from *until_ms on a refresh in the background; -1: never.
 */
extern DdbProviderNext ddb_provider_next(DdbProvider *provider, int64_t now_ms,
										 DdbAsk *ask, int64_t *until_ms);

/*
 * What came of the request that ddb_provider_next asked for. One that is
 * given up has an answer too: DDB_STATUS_LOST.
 */
extern void ddb_provider_answer(DdbProvider *provider, int64_t now_ms,
								const DdbAnswer *answer);

/*
 * The service refused keys of this generation as expired or unknown. If they are
 * the present ones, they are thrown away, and the next demand fetches others.
 * False, and nothing is done, where none can be fetched: they are fixed.
 */
extern bool ddb_provider_discard(DdbProvider *provider, uint64_t generation);

#endif /* DDB_PROVIDER_H */
