/*
 * provider.c
 *		Keys that expire: fetched from where a chain says, in time.
 *
 * Here is when: which keys serve, when others are due, who hears of a failure.
 * How they are fetched is round.c's business.
 */
#include <stdlib.h>
#include <string.h>

#include "provider.h"
#include "round.h"

#define MINUTE_MS INT64_C(60000)

/* Before expiry: from when new keys are wanted, from when they are needed */
#define WANTED_MS (15 * MINUTE_MS)
#define NEEDED_MS (10 * MINUTE_MS)
/* Of short lives, in ninths */
#define WANTED_NINTHS 3
#define NEEDED_NINTHS 2

/* When to ask again after keys that came expired */
#define EXPIRED_MS (5 * MINUTE_MS)

/* Keys serve for at least so long after they came. */
#define MIN_SERVICE_MS 1000
/* Rounds begin at least so long after one another. */
#define ROUND_INTERVAL_MS 1000
/* How long a failure is told, from when it was first, and until when */
#define FAILURE_MS 1000
#define STALE_FAILURE_MS 30000
/* Between failures that no one sees: the first pause, and the longest */
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS MINUTE_MS

#define NEVER INT64_MAX

struct DdbProvider
{
	DdbJitter jitter;
	DdbRound *round;
	bool busy; /* a round is under way */
	bool began;
	int64_t began_ms; /* when the last round did */

	DdbIssued current;   /* the keys that serve; text NULL: none */
	int64_t wanted_ms;   /* from here on others are fetched meanwhile */
	int64_t needed_ms;   /* from here on they serve no longer */
	int hidden_failures; /* one after the other, of rounds that no one awaits */
	int64_t again_ms;    /* after one of those, nothing before */

	bool failed; /* the last round that someone awaited */
	bool told;   /* of which someone heard */
	int64_t failed_ms;
	int64_t told_ms;
	DdbStatus failure;
};

DdbProvider *
ddb_provider_create(DdbChain *chain, const DdbProviderConfig *config,
					DdbStatus *status)
{
	DdbProvider *provider = calloc(1, sizeof(*provider));

	if (provider == NULL || !ddb_jitter_init(&provider->jitter, config->seed))
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		ddb_chain_free(chain);
		free(provider);
		return NULL;
	}
	provider->round = ddb_round_create(chain,
									   &config->sts,
									   config->request_timeout_ms,
									   &provider->jitter,
									   status);
	if (provider->round == NULL)
	{
		free(provider);
		return NULL;
	}
	return provider;
}

void
ddb_provider_free(DdbProvider *provider)
{
	if (provider == NULL)
		return;
	ddb_round_free(provider->round);
	ddb_issued_clear(&provider->current);
	free(provider);
}

const DdbChain *
ddb_provider_chain(const DdbProvider *provider)
{
	return ddb_round_chain(provider->round);
}

static int64_t
min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Have these keys serve, and see when others are due. */
static void
plan_refresh(DdbProvider *provider, int64_t now_ms)
{
	int64_t expires_ms = provider->current.expires_ms;
	double jitter = ddb_jitter_next(&provider->jitter);
	int64_t life_ms, wanted_ms, needed_ms;

	provider->wanted_ms = NEVER;
	provider->needed_ms = NEVER;
	if (expires_ms == DDB_ISSUED_FOR_EVER)
		return;
	life_ms = expires_ms - now_ms;
	if (life_ms <= 0)
	{
		provider->wanted_ms =
			now_ms + EXPIRED_MS + (int64_t) (jitter * EXPIRED_MS);
		return;
	}
	wanted_ms = min_ms(WANTED_MS, life_ms * WANTED_NINTHS / 9);
	needed_ms = min_ms(NEEDED_MS, life_ms * NEEDED_NINTHS / 9);
	provider->wanted_ms = expires_ms - wanted_ms +
						  (int64_t) (jitter * (double) (wanted_ms - needed_ms));
	provider->needed_ms = expires_ms - needed_ms;
	if (provider->needed_ms < now_ms + MIN_SERVICE_MS)
		provider->needed_ms = now_ms + MIN_SERVICE_MS;
}

static bool
can_serve(const DdbProvider *provider, int64_t now_ms)
{
	return provider->current.text != NULL && now_ms < provider->needed_ms;
}

/* Is the time there, or is it so far off that the clock was set back? */
static bool
is_due(int64_t due_ms, int64_t now_ms, int64_t longest_ms)
{
	return now_ms >= due_ms || due_ms - now_ms > longest_ms;
}

static bool
refresh_due(const DdbProvider *provider, int64_t now_ms)
{
	return !provider->busy && provider->current.text != NULL &&
		   now_ms >= provider->wanted_ms &&
		   (provider->hidden_failures == 0 ||
			is_due(provider->again_ms, now_ms, MAX_PAUSE_MS));
}

static void
begin(DdbProvider *provider, int64_t now_ms)
{
	int64_t begin_ms = provider->began_ms + ROUND_INTERVAL_MS;

	if (!provider->began || is_due(begin_ms, now_ms, ROUND_INTERVAL_MS))
		begin_ms = now_ms;
	provider->busy = true;
	provider->began = true;
	provider->began_ms = begin_ms;
	provider->failed = false;
	ddb_round_begin(provider->round, begin_ms);
}

static void
succeed(DdbProvider *provider, int64_t now_ms)
{
	DdbIssued issued = {0};

	ddb_round_take(provider->round, &issued);
	if (provider->current.text != NULL &&
		ddb_issued_same(&provider->current, &issued))
		issued.keys.generation = provider->current.keys.generation;
	ddb_issued_clear(&provider->current);
	provider->current = issued;
	provider->hidden_failures = 0;
	plan_refresh(provider, now_ms);
}

/* While there are keys that serve, nobody has to know. */
static void
fail(DdbProvider *provider, int64_t now_ms)
{
	int doublings = min_ms(provider->hidden_failures, 6);

	if (can_serve(provider, now_ms))
	{
		provider->hidden_failures++;
		provider->again_ms =
			now_ms + min_ms(FIRST_PAUSE_MS << doublings, MAX_PAUSE_MS);
		return;
	}
	provider->failed = true;
	provider->told = false;
	provider->failed_ms = now_ms;
	provider->failure = *ddb_round_status(provider->round);
}

/* Move the round as far as it goes; what it waits for. */
static DdbProviderNext
advance(DdbProvider *provider, int64_t now_ms, DdbAsk *ask, int64_t *until_ms)
{
	if (!provider->busy)
		return DDB_PROVIDER_IDLE;
	switch (ddb_round_next(provider->round, now_ms, ask, until_ms))
	{
		case DDB_ROUND_ASK:
			return DDB_PROVIDER_ASK;
		case DDB_ROUND_PAUSE:
			return DDB_PROVIDER_PAUSE;
		case DDB_ROUND_DONE:
			provider->busy = false;
			succeed(provider, now_ms);
			break;
		case DDB_ROUND_FAILED:
			provider->busy = false;
			fail(provider, now_ms);
			break;
	}
	return DDB_PROVIDER_IDLE;
}

/*
 * Is the last failure to be told now? Those who awaited it may have gone away,
 * and whoever comes much later has nothing to do with it.
 */
static bool
is_told(DdbProvider *provider, int64_t now_ms)
{
	if (!provider->failed)
		return false;
	if (!provider->told)
	{
		if (is_due(provider->failed_ms + STALE_FAILURE_MS, now_ms, STALE_FAILURE_MS))
			return false;
		provider->told = true;
		provider->told_ms = now_ms;
	}
	return !is_due(provider->told_ms + FAILURE_MS, now_ms, FAILURE_MS);
}

DdbKeysState
ddb_provider_keys(DdbProvider *provider, int64_t now_ms, DdbKeys *keys,
				  DdbStatus *status)
{
	DdbAsk ask;
	int64_t until_ms;

	if (!provider->busy &&
		(refresh_due(provider, now_ms) ||
		 (!can_serve(provider, now_ms) && !is_told(provider, now_ms))))
		begin(provider, now_ms);
	advance(provider, now_ms, &ask, &until_ms);
	if (can_serve(provider, now_ms))
	{
		*keys = provider->current.keys;
		return DDB_KEYS_READY;
	}
	if (provider->busy)
		return DDB_KEYS_WAIT;
	is_told(provider, now_ms);
	*status = provider->failure;
	return DDB_KEYS_FAILED;
}

DdbProviderNext
ddb_provider_next(DdbProvider *provider, int64_t now_ms, DdbAsk *ask,
				  int64_t *until_ms)
{
	DdbProviderNext next;

	if (refresh_due(provider, now_ms))
		begin(provider, now_ms);
	next = advance(provider, now_ms, ask, until_ms);
	if (next != DDB_PROVIDER_IDLE)
		return next;
	*until_ms = -1;
	if (provider->current.text != NULL && provider->wanted_ms != NEVER)
	{
		*until_ms = provider->wanted_ms;
		if (provider->hidden_failures > 0 && provider->again_ms > *until_ms)
			*until_ms = provider->again_ms;
	}
	return DDB_PROVIDER_IDLE;
}

void
ddb_provider_answer(DdbProvider *provider, int64_t now_ms, const DdbAnswer *answer)
{
	DdbAsk ask;
	int64_t until_ms;

	if (!provider->busy)
		return;
	ddb_round_answer(provider->round, now_ms, answer);
	advance(provider, now_ms, &ask, &until_ms);
}

bool
ddb_provider_discard(DdbProvider *provider, uint64_t generation)
{
	const DdbChain *chain = ddb_provider_chain(provider);

	if (chain->source == DDB_SOURCE_KEYS && chain->nroles == 0)
		return false;
	if (provider->current.text != NULL &&
		provider->current.keys.generation == generation)
		ddb_issued_clear(&provider->current);
	return true;
}
