/*
 * round.c
 *		One way along a chain: from its source over its roles to keys.
 *
 * Not here: what requests and answers look like (sts.c, metadata.c), and when
 * a round is due (provider.c).
 */
#include <stdlib.h>
#include <string.h>

#include "metadata.h"
#include "retry.h"
#include "round.h"
#include "secret.h"
#include "skew.h"
#include "sts.h"

#define STS_ATTEMPTS 4
/* On a host without such a service each attempt may take its whole timeout. */
#define METADATA_ATTEMPTS 3

/* STS takes web identity tokens up to this length. */
#define MAX_TOKEN_LEN 20000

/* Longer than any pause; beyond it the clock has been set back. */
#define MAX_PAUSE_MS 60000

/* A token of the instance metadata service is not used to its last moment. */
#define TOKEN_MARGIN_S 300

typedef enum Stage
{
	STAGE_IMDS_TOKEN,
	STAGE_IMDS_ROLE,
	STAGE_IMDS_KEYS,
	STAGE_CONTAINER,
	STAGE_WEB_IDENTITY,
	STAGE_ROLE,
	STAGE_DONE,
	STAGE_FAILED
} Stage;

struct DdbRound
{
	DdbChain *chain;
	DdbEndpoint endpoint; /* of STS */
	DdbSts sts;
	DdbJitter *jitter;
	DdbRetryBucket bucket;
	DdbSkew skew;

	Stage stage;
	int role;       /* that is assumed in STAGE_ROLE */
	DdbIssued keys; /* of the last stage that had some */
	bool asked;     /* draft is out, its answer is awaited */
	DdbDraft draft; /* of this stage */
	int64_t asked_ms;
	int64_t offset_ms;   /* of the clocks, as the draft has it */
	DdbRetryState retry; /* of this stage */
	int64_t resume_ms;   /* nothing is asked before */
	bool token_renewed;  /* once in a round */
	DdbStatus status;    /* of the last failure */

	char *imds_token; /* a secret; NULL: none */
	int64_t imds_token_until_ms;
	char *imds_role;
};

static bool
needs_sts(const DdbChain *chain)
{
	return chain->source == DDB_SOURCE_WEB_IDENTITY || chain->nroles > 0;
}

/* What neither we nor the environment say, the chain's profile does. */
static bool
prepare_sts(DdbRound *round, const DdbEndpointConfig *given, int timeout_ms,
			DdbStatus *status)
{
	const DdbChain *chain = round->chain;
	DdbEndpointConfig config = *given;

	config.host = chain->host;
	config.profile_region = chain->region;
	config.profile_url = chain->sts_url;
	config.profile_ignores_urls = chain->ignore_configured_urls;
	config.profile_fips = chain->use_fips;
	config.profile_dualstack = chain->use_dualstack;
	if (!ddb_endpoint_resolve(&round->endpoint, DDB_SERVICE_STS, &config, status))
		return false;
	round->sts.endpoint = &round->endpoint;
	round->sts.timeout_ms = timeout_ms;
	round->sts.signer = ddb_sigv4_create();
	if (round->sts.signer == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	return true;
}

DdbRound *
ddb_round_create(DdbChain *chain, const DdbEndpointConfig *sts, int timeout_ms,
				 DdbJitter *jitter, DdbStatus *status)
{
	DdbRound *round = calloc(1, sizeof(*round));

	if (round == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		ddb_chain_free(chain);
		return NULL;
	}
	round->chain = chain;
	round->jitter = jitter;
	round->skew.off =
		ddb_host_is_true(chain->host, "AWS_DISABLE_CLOCK_SKEW_CORRECTION");
	ddb_retry_bucket_init(&round->bucket);
	if (needs_sts(chain) && !prepare_sts(round, sts, timeout_ms, status))
	{
		ddb_round_free(round);
		return NULL;
	}
	return round;
}

void
ddb_round_free(DdbRound *round)
{
	if (round == NULL)
		return;
	ddb_chain_free(round->chain);
	ddb_sigv4_free(round->sts.signer);
	ddb_draft_clear(&round->draft);
	ddb_issued_clear(&round->keys);
	ddb_secret_free(round->imds_token);
	free(round->imds_role);
	free(round);
}

const DdbChain *
ddb_round_chain(const DdbRound *round)
{
	return round->chain;
}

/* Callers hear that there are no keys; why is in the message, its code too. */
static void
fail(DdbRound *round)
{
	round->stage = STAGE_FAILED;
	round->status.exception[0] = '\0';
	if (round->status.kind != DDB_STATUS_NO_MEMORY)
		round->status.kind = DDB_STATUS_AUTH;
}

static void
enter(DdbRound *round, Stage stage)
{
	round->stage = stage;
	memset(&round->retry, 0, sizeof(round->retry));
}

/* There are keys of the source, or of a role: on to the next role. */
static void
enter_role(DdbRound *round, int role)
{
	round->role = role;
	enter(round, role < round->chain->nroles ? STAGE_ROLE : STAGE_DONE);
}

/* The keys that the chain itself has. */
static void
take_fixed_keys(DdbRound *round)
{
	const DdbChain *chain = round->chain;
	const char *id = chain->access_key_id;
	const char *secret = chain->secret_access_key;

	if (ddb_issued_copy(&round->keys,
						id != NULL ? id : "",
						secret != NULL ? secret : "",
						chain->session_token,
						&round->status) &&
		ddb_keys_check(&round->keys.keys, &round->status))
		enter_role(round, 0);
	else
		fail(round);
}

void
ddb_round_begin(DdbRound *round, int64_t begin_ms)
{
	round->asked = false;
	round->token_renewed = false;
	round->resume_ms = begin_ms;
	ddb_status_clear(&round->status);
	ddb_issued_clear(&round->keys);
	switch (round->chain->source)
	{
		case DDB_SOURCE_KEYS:
			take_fixed_keys(round);
			break;
		case DDB_SOURCE_WEB_IDENTITY:
			enter(round, STAGE_WEB_IDENTITY);
			break;
		case DDB_SOURCE_CONTAINER:
			enter(round, STAGE_CONTAINER);
			break;
		case DDB_SOURCE_IMDS:
			enter(round,
				  round->imds_token != NULL && begin_ms < round->imds_token_until_ms
					  ? STAGE_IMDS_ROLE
					  : STAGE_IMDS_TOKEN);
			break;
	}
}

/* A token file's text without the newline behind it; NULL with status. */
static char *
read_token_file(const DdbRound *round, const char *path, DdbStatus *status)
{
	char *text;
	size_t len = 0;

	text =
		ddb_host_read(round->chain->host, path, MAX_TOKEN_LEN, &len, NULL, status);
	if (text == NULL)
		return NULL;
	while (len > 0 && (unsigned char) text[len - 1] <= ' ')
		text[--len] = '\0';
	if (len > 0)
		return text;
	ddb_host_free(text);
	ddb_status_set(status, DDB_STATUS_AUTH, "the token file \"%s\" is empty", path);
	return NULL;
}

static bool
write_container(DdbRound *round)
{
	const DdbChain *chain = round->chain;
	char *token = NULL;
	bool written;

	if (chain->container_token_file != NULL)
	{
		token =
			read_token_file(round, chain->container_token_file, &round->status);
		if (token == NULL)
			return false;
	}
	written = ddb_metadata_ask_container(&round->draft,
										 chain->container_url,
										 token != NULL ? token
													   : chain->container_token,
										 &round->status);
	ddb_host_free(token);
	return written;
}

static bool
write_web_identity(DdbRound *round, int64_t now_s)
{
	const DdbChain *chain = round->chain;
	char *token = read_token_file(round, chain->token_file, &round->status);
	bool written;

	if (token == NULL)
		return false;
	written = ddb_sts_assume_role_with_web_identity(&round->sts,
													&round->draft,
													&chain->web_role,
													token,
													now_s,
													&round->status);
	ddb_host_free(token);
	return written;
}

/* The request of this stage */
static bool
write_draft(DdbRound *round, int64_t now_ms)
{
	const DdbChain *chain = round->chain;
	int64_t now_s = (now_ms + round->skew.offset_ms) / 1000;

	switch (round->stage)
	{
		case STAGE_IMDS_TOKEN:
			return ddb_metadata_ask_token(&round->draft,
										  chain->imds_endpoint,
										  &round->status);
		case STAGE_IMDS_ROLE:
			return ddb_metadata_ask_role(&round->draft,
										 chain->imds_endpoint,
										 round->imds_token,
										 &round->status);
		case STAGE_IMDS_KEYS:
			return ddb_metadata_ask_keys(&round->draft,
										 chain->imds_endpoint,
										 round->imds_token,
										 round->imds_role,
										 &round->status);
		case STAGE_CONTAINER:
			return write_container(round);
		case STAGE_WEB_IDENTITY:
			return write_web_identity(round, now_s);
		default:
			return ddb_sts_assume_role(&round->sts,
									   &round->draft,
									   &chain->roles[round->role],
									   &round->keys.keys,
									   now_s,
									   &round->status);
	}
}

DdbRoundNext
ddb_round_next(DdbRound *round, int64_t now_ms, DdbAsk *ask, int64_t *until_ms)
{
	if (round->stage == STAGE_DONE)
		return DDB_ROUND_DONE;
	if (round->stage == STAGE_FAILED)
		return DDB_ROUND_FAILED;
	if (!round->asked)
	{
		if (now_ms < round->resume_ms && round->resume_ms - now_ms < MAX_PAUSE_MS)
		{
			*until_ms = round->resume_ms;
			return DDB_ROUND_PAUSE;
		}
		if (!write_draft(round, now_ms))
		{
			fail(round);
			return DDB_ROUND_FAILED;
		}
		round->asked = true;
		round->asked_ms = now_ms;
		round->offset_ms = round->skew.offset_ms;
	}
	*ask = round->draft.ask;
	return DDB_ROUND_ASK;
}

static bool
read_imds_token(DdbRound *round, int64_t now_ms, const DdbAnswer *answer)
{
	ddb_secret_free(round->imds_token);
	round->imds_token = ddb_metadata_read_token(answer, &round->status);
	round->imds_token_until_ms =
		now_ms + (DDB_METADATA_TOKEN_S - TOKEN_MARGIN_S) * INT64_C(1000);
	return round->imds_token != NULL;
}

static bool
read_imds_role(DdbRound *round, const DdbAnswer *answer)
{
	free(round->imds_role);
	round->imds_role = ddb_metadata_read_role(answer, &round->status);
	return round->imds_role != NULL;
}

/*
 * What this stage wanted of the answer, if it is there. Keys go to *issued: those
 * of the stage before may be needed for another attempt.
 */
static bool
read_answer(DdbRound *round, int64_t now_ms, const DdbAnswer *answer,
			DdbIssued *issued)
{
	const DdbChain *chain = round->chain;
	const DdbDraft *draft = &round->draft;

	switch (round->stage)
	{
		case STAGE_IMDS_TOKEN:
			return read_imds_token(round, now_ms, answer);
		case STAGE_IMDS_ROLE:
			return read_imds_role(round, answer);
		case STAGE_IMDS_KEYS:
			return ddb_metadata_read_keys(answer, draft, issued, &round->status);
		case STAGE_CONTAINER:
			return ddb_metadata_read_container(answer,
											   draft,
											   issued,
											   &round->status);
		case STAGE_WEB_IDENTITY:
			return ddb_sts_read(answer,
								draft,
								&chain->web_role,
								issued,
								&round->status);
		default:
			return ddb_sts_read(answer,
								draft,
								&chain->roles[round->role],
								issued,
								&round->status);
	}
}

static void
replace_keys(DdbRound *round, const DdbIssued *issued)
{
	ddb_issued_clear(&round->keys);
	round->keys = *issued;
}

static void
enter_next(DdbRound *round)
{
	ddb_retry_success(&round->bucket, &round->retry);
	switch (round->stage)
	{
		case STAGE_IMDS_TOKEN:
			enter(round, STAGE_IMDS_ROLE);
			break;
		case STAGE_IMDS_ROLE:
			enter(round, STAGE_IMDS_KEYS);
			break;
		case STAGE_ROLE:
			enter_role(round, round->role + 1);
			break;
		default:
			enter_role(round, 0);
			break;
	}
}

/* Try this stage again, sooner or later, or give up. */
static void
try_again(DdbRound *round, int64_t now_ms)
{
	bool is_sts =
		round->stage == STAGE_ROLE || round->stage == STAGE_WEB_IDENTITY;
	DdbRetryClass retry_class = is_sts ? ddb_sts_classify(&round->status)
									   : ddb_metadata_classify(&round->status);
	int delay_ms;

	if ((round->stage == STAGE_IMDS_ROLE || round->stage == STAGE_IMDS_KEYS) &&
		ddb_metadata_token_expired(&round->status) && !round->token_renewed)
	{
		round->token_renewed = true;
		enter(round, STAGE_IMDS_TOKEN);
		return;
	}
	if (is_sts &&
		ddb_skew_explains(&round->skew, round->offset_ms, &round->status))
		retry_class = DDB_RETRY_MENDED;
	delay_ms = ddb_retry_delay_ms(&round->bucket,
								  &round->retry,
								  retry_class,
								  is_sts ? STS_ATTEMPTS : METADATA_ATTEMPTS,
								  ddb_jitter_next(round->jitter),
								  -1);
	if (delay_ms < 0)
		fail(round);
	else
		round->resume_ms = now_ms + delay_ms;
}

void
ddb_round_answer(DdbRound *round, int64_t now_ms, const DdbAnswer *answer)
{
	DdbIssued issued = {0};

	if (!round->asked)
		return;
	if (answer->status->kind == DDB_OK)
	{
		DdbSkewTrip trip = {.sent_ms = round->asked_ms,
							.received_ms = now_ms,
							.date = answer->date != NULL ? answer->date : ""};

		ddb_skew_learn(&round->skew, &trip);
	}
	round->asked = false;
	round->retry.attempts++;
	if (read_answer(round, now_ms, answer, &issued))
	{
		if (issued.text != NULL)
			replace_keys(round, &issued);
		enter_next(round);
	}
	else if (round->status.kind == DDB_STATUS_NO_MEMORY)
		fail(round);
	else
		try_again(round, now_ms);
	ddb_draft_clear(&round->draft);
}

void
ddb_round_take(DdbRound *round, DdbIssued *issued)
{
	if (round->keys.expires_ms != DDB_ISSUED_FOR_EVER)
		round->keys.expires_ms -= round->skew.offset_ms;
	ddb_issued_clear(issued);
	*issued = round->keys;
	memset(&round->keys, 0, sizeof(round->keys));
}

const DdbStatus *
ddb_round_status(const DdbRound *round)
{
	return &round->status;
}
