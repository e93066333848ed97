/*
 * provider.c
 *		Keys in time: a provider, a clock that is turned by hand, and services
 *		that are up or down.
 */
#include <time.h>

#include "asks.h"
#include "provider.h"
#include "secret.h"
#include "fakehost.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
/* 2026-11-22T07:59:25Z */
#define START (INT64_C(1795334365) * SECOND)

static const char host_token[] = "imds-ToKeN==";
static const char base_token[] = "base-SeSsIoN/+=";
static const char secret_key[] = "SeCrEtKeY";

/* All that is not the provider. */
typedef struct World
{
	FakeHost fake;
	DdbProvider *provider;
	int64_t now;
	int64_t latency_ms;
	int64_t life_ms; /* of keys that are fetched */
	int64_t born_ms; /* since when the keys of now are issued; 0: always new */
	int64_t offset_ms; /* of the service's clock */
	bool tells_date;
	const char *body;   /* of every answer, NULL: as it should be */
	int http_status;    /* of every answer, 0: as it should be */
	DdbStatusKind down; /* no response at all */
	int fail_next;      /* answers that are 503 */
	int asks;
	int tokens; /* asks for a token of the instance */
	int keys;   /* asks for keys of the source */
	int roles;  /* asks for those of a role */
	char last_url[300];
	char last_body[2000];
	char last_authorization[300];
} World;

static char *
copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static DdbChain *
chain_of(World *world, DdbSource source)
{
	DdbChain *chain = calloc(1, sizeof(*chain));

	chain->source = source;
	chain->host = &world->fake.host;
	if (source == DDB_SOURCE_IMDS)
		chain->imds_endpoint = strdup("http://169.254.169.254");
	else if (source == DDB_SOURCE_CONTAINER)
	{
		chain->container_url = strdup("http://169.254.170.2/keys");
		chain->container_token = ddb_secret_strdup("container-ToKeN");
	}
	else if (source == DDB_SOURCE_WEB_IDENTITY)
	{
		chain->token_file = strdup("/token.jwt");
		chain->web_role.arn = strdup("arn:aws:iam::1:role/web");
		fakehost_write(&world->fake, "/token.jwt", "web-ToKeN\n");
	}
	else
	{
		chain->access_key_id = strdup("AKID");
		chain->secret_access_key = ddb_secret_strdup(secret_key);
		chain->session_token = ddb_secret_strdup(base_token);
	}
	return chain;
}

static DdbChain *
with_role(DdbChain *chain, const char *name)
{
	char arn[64];
	DdbRole role = {.arn = arn};

	snprintf(arn, sizeof(arn), "arn:aws:iam::1:role/%s", name);
	ok(ddb_chain_add_role(chain, &role), "a role is added");
	return chain;
}

static DdbProvider *
provider_of(DdbChain *chain, uint64_t seed, DdbStatus *status)
{
	DdbProviderConfig config = {.sts = {.region = "eu-west-1"},
								.request_timeout_ms = 5000,
								.seed = seed};

	ddb_status_clear(status);
	return ddb_provider_create(chain, &config, status);
}

static void
world_open(World *world)
{
	memset(world, 0, sizeof(*world));
	fakehost_open(&world->fake);
	world->now = START;
	world->latency_ms = 3;
	world->life_ms = 6 * HOUR;
}

/* A world whose provider goes along this chain. */
static void
world_start(World *world, DdbChain *chain)
{
	DdbStatus status;

	world->provider = provider_of(chain, 42, &status);
	ok(world->provider != NULL, "a provider");
}

static void
world_close(World *world)
{
	ddb_provider_free(world->provider);
	fakehost_close(&world->fake);
}

static void
format_iso(char *text, size_t size, int64_t ms)
{
	time_t s = (time_t) (ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Keys as the service issues them now. */
static void
write_keys(World *world, char *text, size_t size, bool is_sts, int number)
{
	int64_t there = world->now + world->offset_ms;
	int64_t born = world->born_ms != 0 ? world->born_ms : there;
	char expiry[40];

	if (is_sts)
	{
		snprintf(text,
				 size,
				 "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{"
				 "\"Credentials\":{\"AccessKeyId\":\"ASTS%d\","
				 "\"SecretAccessKey\":\"%s\",\"SessionToken\":\"sts-ToKeN%d\","
				 "\"Expiration\":%lld}}}}",
				 number,
				 secret_key,
				 number,
				 (long long) ((born + world->life_ms) / 1000));
		return;
	}
	format_iso(expiry, sizeof(expiry), born + world->life_ms);
	snprintf(text,
			 size,
			 "{\"Code\":\"Success\",\"AccessKeyId\":\"AHOST%d\","
			 "\"SecretAccessKey\":\"%s\",\"Token\":\"%s%d\","
			 "\"Expiration\":\"%s\"}",
			 number,
			 secret_key,
			 base_token,
			 number,
			 expiry);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* The body that this request should have; *http_status of it. */
static void
serve(World *world, const DdbAsk *ask, char *body, size_t size)
{
	if (ends_with(ask->url, "/latest/api/token"))
	{
		world->tokens++;
		snprintf(body, size, "%s", host_token);
	}
	else if (ends_with(ask->url, "/security-credentials/"))
		snprintf(body, size, "my-role");
	else
	{
		bool is_sts = strstr(ask->url, "sts.") != NULL;
		bool is_role = is_sts && strstr(world->last_body, "=AssumeRole&") != NULL;
		int *number = is_role ? &world->roles : &world->keys;

		write_keys(world, body, size, is_sts, world->born_ms ? 1 : ++*number);
		if (world->born_ms != 0)
			++*number;
	}
}

static void
note_ask(World *world, const DdbAsk *ask)
{
	const char *authorization = ask_header(ask, "authorization");

	world->asks++;
	snprintf(world->last_url, sizeof(world->last_url), "%s", ask->url);
	snprintf(world->last_body,
			 sizeof(world->last_body),
			 "%.*s",
			 (int) ask->body_len,
			 ask->body != NULL ? ask->body : "");
	snprintf(world->last_authorization,
			 sizeof(world->last_authorization),
			 "%s",
			 authorization != NULL ? authorization : "");
}

/* Make one request for the provider. */
static void
answer(World *world, const DdbAsk *ask)
{
	char body[1000];
	char date[40] = "";
	time_t there;
	struct tm tm;
	Reply reply;

	note_ask(world, ask);
	world->now += world->latency_ms;
	if (world->down != DDB_OK)
		reply_failure(&reply, world->down, "nobody is there");
	else if (world->fail_next > 0)
	{
		world->fail_next--;
		reply_http(&reply, 503, "busy");
	}
	else if (world->http_status != 0 || world->body != NULL)
		reply_http(&reply,
				   world->http_status != 0 ? world->http_status : 200,
				   world->body != NULL ? world->body : "");
	else
	{
		serve(world, ask, body, sizeof(body));
		reply_http(&reply, 200, body);
	}
	there = (time_t) ((world->now + world->offset_ms) / 1000);
	if (world->tells_date)
		strftime(date,
				 sizeof(date),
				 "%a, %d %b %Y %H:%M:%S GMT",
				 gmtime_r(&there, &tm));
	reply.answer.date = date;
	ddb_provider_answer(world->provider, world->now, &reply.answer);
}

/* What a client does between two demands: all that is to be done now. */
static void
pump(World *world)
{
	DdbAsk ask;
	int64_t until;

	while (ddb_provider_next(world->provider, world->now, &ask, &until) ==
		   DDB_PROVIDER_ASK)
		answer(world, &ask);
}

/* A demand, waited for. */
static DdbKeysState
demand(World *world, DdbKeys *keys, DdbStatus *status)
{
	DdbKeysState state;
	DdbAsk ask;
	int64_t until;

	ddb_status_clear(status);
	for (;;)
	{
		state = ddb_provider_keys(world->provider, world->now, keys, status);
		if (state != DDB_KEYS_WAIT)
			return state;
		switch (ddb_provider_next(world->provider, world->now, &ask, &until))
		{
			case DDB_PROVIDER_ASK:
				answer(world, &ask);
				break;
			case DDB_PROVIDER_PAUSE:
				world->now = until;
				break;
			default:
				break;
		}
	}
}

static int64_t
idle_until(World *world)
{
	DdbAsk ask;
	int64_t until = 0;

	is_int(ddb_provider_next(world->provider, world->now, &ask, &until),
		   DDB_PROVIDER_IDLE,
		   "nothing is to be done");
	return until;
}

static void
test_fixed(void)
{
	World world;
	DdbKeys keys, again;
	DdbStatus status;

	world_open(&world);
	world_start(&world, chain_of(&world, DDB_SOURCE_KEYS));
	is_int(idle_until(&world), -1, "nor will be");
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_READY,
		   "fixed keys are there at once");
	is_str(keys.access_key_id, "AKID", "its ID");
	is_str(keys.secret_access_key, secret_key, "its secret");
	is_str(keys.session_token, base_token, "its token");
	world.now += 1000 * HOUR;
	ddb_provider_keys(world.provider, world.now, &again, &status);
	ok(again.generation == keys.generation, "and stay");
	is_int(idle_until(&world), -1, "with nothing to do");
	ok(!ddb_provider_discard(world.provider, keys.generation),
	   "there are no others");
	is_int(world.asks, 0, "and nobody is asked");
	world_close(&world);

	world_open(&world);
	world_start(&world, ddb_chain_of_keys("AKID", "", NULL));
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_FAILED,
		   "half of them are none");
	is_str(status.message, "there is no secret access key", "and why");
	world_close(&world);
}

static void
test_lazy(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	DdbAsk ask, same;
	int64_t until;

	world_open(&world);
	world_start(&world, chain_of(&world, DDB_SOURCE_IMDS));
	is_int(idle_until(&world), -1, "until there is a demand");
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_WAIT,
		   "which has to wait");
	is_int(ddb_provider_next(world.provider, world.now, &ask, &until),
		   DDB_PROVIDER_ASK,
		   "for a request");
	is_str(ask.url, "http://169.254.169.254/latest/api/token", "for a token");
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_WAIT,
		   "and so has another");
	ddb_provider_next(world.provider, world.now + 5, &same, &until);
	ok(same.url == ask.url, "for the same request");
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "then there are keys");
	is_str(keys.access_key_id, "AHOST1", "the instance's");
	is_int(world.asks, 3, "after three requests");
	world_close(&world);
}

/* The stages of each source, and what is asked last. */
static void
check_source(DdbSource source, int asks, const char *url)
{
	World world;
	DdbKeys keys;
	DdbStatus status;

	world_open(&world);
	world_start(&world, chain_of(&world, source));
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, url);
	is_int(world.asks, asks, "by so many requests");
	is_str(world.last_url, url, "the last of which");
	world_close(&world);
}

static void
test_sources(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;

	check_source(DDB_SOURCE_IMDS,
				 3,
				 "http://169.254.169.254/latest/meta-data/iam/"
				 "security-credentials/my-role");
	check_source(DDB_SOURCE_CONTAINER, 1, "http://169.254.170.2/keys");
	check_source(DDB_SOURCE_WEB_IDENTITY,
				 1,
				 "https://sts.eu-west-1.amazonaws.com/");

	world_open(&world);
	world_start(&world,
				with_role(with_role(chain_of(&world, DDB_SOURCE_IMDS), "one"),
						  "two"));
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "two roles");
	is_str(keys.access_key_id, "ASTS2", "the second's keys");
	is_int(world.asks, 5, "after five requests");
	ok(strstr(world.last_body, "role%2Ftwo") != NULL, "the last for it");
	ok(strstr(world.last_authorization, "Credential=ASTS1/") != NULL,
	   "signed with the keys of the first");
	world_close(&world);
}

/* A file that is read anew for each round */
static void
test_token_files(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	DdbChain *chain;

	world_open(&world);
	world_start(&world, chain_of(&world, DDB_SOURCE_WEB_IDENTITY));
	demand(&world, &keys, &status);
	ok(ends_with(world.last_body, "&WebIdentityToken=web-ToKeN"),
	   "the file's token, without its newline");
	fakehost_write(&world.fake, "/token.jwt", "web-2");
	world.now += 6 * HOUR;
	demand(&world, &keys, &status);
	ok(ends_with(world.last_body, "&WebIdentityToken=web-2"),
	   "is read each time");
	fakehost_write(&world.fake, "/token.jwt", " \n");
	world.now += 6 * HOUR;
	is_int(demand(&world, &keys, &status), DDB_KEYS_FAILED, "an empty one fails");
	is_str(status.message, "the token file \"/token.jwt\" is empty", "and why");
	world_close(&world);

	world_open(&world);
	chain = chain_of(&world, DDB_SOURCE_CONTAINER);
	chain->container_token_file = copy("/auth");
	fakehost_write(&world.fake, "/auth", "from-file\n");
	world_start(&world, chain);
	demand(&world, &keys, &status);
	is_str(world.last_authorization, "from-file", "a file before a token");
	fakehost_write(&world.fake, "/auth", "one\r\nX-Evil: two");
	world.now += 6 * HOUR;
	is_int(demand(&world, &keys, &status), DDB_KEYS_FAILED, "two lines are none");
	world_close(&world);

	world_open(&world);
	chain = chain_of(&world, DDB_SOURCE_CONTAINER);
	chain->container_token_file = copy("/nowhere");
	world_start(&world, chain);
	is_int(demand(&world, &keys, &status), DDB_KEYS_FAILED, "no file");
	ok(status.kind == DDB_STATUS_AUTH && status_says(&status, "/nowhere"),
	   "and it is named: %s",
	   status.message);
	is_int(world.asks, 0, "nobody is asked without it");
	world_close(&world);
}

/* A busy day and a half: no demand waits but the first, none gets old keys. */
static void
test_many_demands(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	int64_t until;
	int waited = 0, failed = 0, old = 0, generations = 0;
	uint64_t generation = 0;
	int64_t issued_ms = 0;
	DdbAsk ask;

	world_open(&world);
	world.life_ms = HOUR;
	world_start(&world, with_role(chain_of(&world, DDB_SOURCE_IMDS), "r"));
	for (int i = 0; i < 1000; i++)
	{
		DdbKeysState state =
			ddb_provider_keys(world.provider, world.now, &keys, &status);

		if (state == DDB_KEYS_WAIT)
		{
			waited++;
			state = demand(&world, &keys, &status);
		}
		failed += state == DDB_KEYS_FAILED;
		if (keys.generation != generation)
		{
			generation = keys.generation;
			generations++;
			issued_ms = world.now;
		}
		old += world.now - issued_ms > HOUR - 10 * MINUTE;
		for (int second = 0; second < 100 + i % 7 * 10; second++)
		{
			pump(&world);
			world.now += SECOND;
		}
	}
	is_int(failed, 0, "1000 demands, none of which fails");
	is_int(waited, 1, "only the first waits");
	is_int(old, 0, "none gets keys that live less than ten minutes more");
	/* 36 hours of keys that live one and are replaced after 45 to 50 minutes */
	ok(generations >= 43 && generations <= 49,
	   "keys were replaced when they had to be: %d",
	   generations);
	is_int(world.roles, generations, "each by one request for the role");
	is_int(world.keys, generations, "and one for the instance's keys");
	ok(world.tokens == 6 || world.tokens == 7,
	   "whose token is kept for its six hours: %d",
	   world.tokens);
	is_int(ddb_provider_next(world.provider, world.now, &ask, &until),
		   DDB_PROVIDER_IDLE,
		   "in the end all is quiet");
	world_close(&world);
}

/* Keys of an hour, fetched at START; what others are wanted from. */
static int64_t
start_with_keys(World *world, DdbKeys *keys)
{
	DdbStatus status;

	world_open(world);
	world->life_ms = HOUR;
	world->latency_ms = 0;
	world_start(world, chain_of(world, DDB_SOURCE_CONTAINER));
	is_int(demand(world, keys, &status), DDB_KEYS_READY, "keys of an hour");
	return idle_until(world);
}

static void
test_hidden_failure(void)
{
	World world;
	DdbKeys keys, before;
	DdbStatus status;
	DdbAsk ask;
	int64_t until;
	int64_t wanted = start_with_keys(&world, &before);
	int64_t expiry = START + HOUR;
	int failed = 0, asks;

	ok(wanted >= expiry - 15 * MINUTE && wanted <= expiry - 10 * MINUTE,
	   "others are wanted from 15 to 10 minutes before they expire");
	asks = world.asks;
	world.now = wanted - 1;
	is_int(idle_until(&world), wanted, "not before");
	is_int(world.asks, asks, "so nobody is asked");

	world.down = DDB_STATUS_CONNECT;
	for (world.now = wanted; world.now < expiry - 10 * MINUTE; world.now += 100)
	{
		failed += ddb_provider_keys(world.provider, world.now, &keys, &status) !=
				  DDB_KEYS_READY;
		pump(&world);
	}
	is_int(failed, 0, "while they live ten minutes more, no failure is seen");
	ok(keys.generation == before.generation, "the old keys serve");
	ok(world.asks > asks, "although others were asked for");
	/* Rounds of three, one, two, four ... 60 seconds after one another */
	ok(world.asks - asks <= 3 * 12, "but not often: %d", world.asks - asks);

	world.now = expiry - 10 * MINUTE;
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_WAIT,
		   "then callers wait");
	is_int(demand(&world, &keys, &status), DDB_KEYS_FAILED, "and are told");
	is_int(status.kind, DDB_STATUS_AUTH, "that there are no keys");
	ok(status_says(&status, "nobody is there"), "and why: %s", status.message);
	is_int(ddb_provider_next(world.provider, world.now, &ask, &until),
		   DDB_PROVIDER_IDLE,
		   "then nothing goes on");

	world.down = DDB_OK;
	world.now += 2 * SECOND;
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "until it is up");
	ok(keys.generation != before.generation, "and gives others");
	world_close(&world);
}

static void
test_background(void)
{
	World world;
	DdbKeys keys, before;
	DdbStatus status;
	DdbAsk ask;
	int64_t until;
	int64_t wanted = start_with_keys(&world, &before);

	world.now = wanted;
	is_int(ddb_provider_next(world.provider, world.now, &ask, &until),
		   DDB_PROVIDER_ASK,
		   "others are fetched without a demand");
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_READY,
		   "those that come meanwhile do not wait");
	ok(keys.generation == before.generation, "they get the old ones");
	answer(&world, &ask);
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_READY,
		   "and when the others are there");
	ok(keys.generation != before.generation, "those");
	ok(idle_until(&world) >= wanted + 45 * MINUTE, "the next ones are far off");

	/* Failures that were hidden do not delay those who have to wait. */
	world.down = DDB_STATUS_TIMEOUT;
	world.now = wanted + HOUR - 11 * MINUTE;
	pump(&world);
	world.down = DDB_OK;
	world.now = wanted + HOUR - 10 * MINUTE;
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "late, but there");
	ok(world.now <= wanted + HOUR - 10 * MINUTE + 2 * SECOND, "at once");
	world_close(&world);
}

static void
test_retries(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;

	world_open(&world);
	world.fail_next = 2;
	world_start(&world, with_role(chain_of(&world, DDB_SOURCE_IMDS), "r"));
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "503 twice is borne");
	is_int(world.asks, 6, "and costs two requests");
	ok(world.now - START < SECOND, "and little time");
	ddb_provider_discard(world.provider, keys.generation);
	world.fail_next = 3;
	is_int(demand(&world, &keys, &status), DDB_KEYS_FAILED, "three times is not");
	is_str(status.message,
		   "cannot get keys from the instance metadata service: HTTP 503",
		   "and why");
	is_int(status.kind, DDB_STATUS_AUTH, "there are no keys");
	world_close(&world);

	world_open(&world);
	world.fail_next = 3;
	world_start(&world, with_role(chain_of(&world, DDB_SOURCE_KEYS), "r"));
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "STS is asked 4 times");
	ok(strstr(world.last_authorization, "Credential=AKID/") != NULL,
	   "each time with the keys that are there");
	world_close(&world);
}

/* The token of the instance is refused, once and for good */
static void
test_expired_token(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	DdbAsk ask;
	int64_t until;
	Reply reply;

	world_open(&world);
	world_start(&world, chain_of(&world, DDB_SOURCE_IMDS));
	demand(&world, &keys, &status);
	ddb_provider_discard(world.provider, keys.generation);
	world.now += 2 * SECOND;
	ddb_provider_keys(world.provider, world.now, &keys, &status);
	ddb_provider_next(world.provider, world.now, &ask, &until);
	ok(ends_with(ask.url, "/security-credentials/"), "the token is kept");
	ddb_provider_answer(world.provider,
						world.now,
						reply_http(&reply, 401, "Unauthorized"));
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "401: a new token");
	is_int(world.tokens, 2, "is asked for");

	ddb_provider_discard(world.provider, keys.generation);
	world.now += 2 * SECOND;
	for (int i = 0; i < 10; i++)
	{
		if (ddb_provider_keys(world.provider, world.now, &keys, &status) !=
				DDB_KEYS_WAIT ||
			ddb_provider_next(world.provider, world.now, &ask, &until) !=
				DDB_PROVIDER_ASK)
			break;
		world.asks = i + 1;
		if (strcmp(ask.method, "PUT") == 0)
			reply_http(&reply, 200, "another");
		else
			reply_http(&reply, 401, "Unauthorized");
		ddb_provider_answer(world.provider, world.now, &reply.answer);
	}
	is_int(world.asks, 3, "401 again is the end of it");
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_FAILED,
		   "which is told");
	world_close(&world);
}

/* How often is a dead source asked, when someone always wants keys? */
static void
test_dead_source(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	DdbAsk ask;
	int64_t until;
	int64_t last_round = 0, shortest = HOUR;
	int rounds = 0, failed = 0, ready = 0;
	bool waits = false;

	world_open(&world);
	world.down = DDB_STATUS_CONNECT;
	world.latency_ms = 0;
	world_start(&world, chain_of(&world, DDB_SOURCE_IMDS));
	for (; world.now < START + MINUTE; world.now += 10)
	{
		DdbKeysState state =
			ddb_provider_keys(world.provider, world.now, &keys, &status);

		if (state == DDB_KEYS_WAIT && !waits)
		{
			rounds++;
			if (last_round != 0 && world.now - last_round < shortest)
				shortest = world.now - last_round;
			last_round = world.now;
		}
		waits = state == DDB_KEYS_WAIT;
		failed += state == DDB_KEYS_FAILED;
		ready += state == DDB_KEYS_READY;
		if (ddb_provider_next(world.provider, world.now, &ask, &until) ==
			DDB_PROVIDER_ASK)
			answer(&world, &ask);
	}
	ok(rounds >= 30 && rounds <= 60, "a minute of demands: %d rounds", rounds);
	ok(shortest >= SECOND,
	   "at least a second apart: %lld ms",
	   (long long) shortest);
	ok(world.asks <= 3 * rounds, "%d requests in all", world.asks);
	ok(failed > 1000 && ready == 0, "the others are told of the last failure");

	world.down = DDB_OK;
	world.now += SECOND;
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "it is never too late");
	world_close(&world);
}

/* Who awaited a failure may be gone; who comes later does not hear of it. */
static void
test_stale_failure(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;

	world_open(&world);
	world.down = DDB_STATUS_CONFIG;
	world_start(&world, chain_of(&world, DDB_SOURCE_CONTAINER));
	ddb_provider_keys(world.provider, world.now, &keys, &status);
	pump(&world);
	world.now += 5 * SECOND;
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_FAILED,
		   "a failure is told to who was away for some seconds");
	world.now += 900;
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_FAILED,
		   "and to the next within a second");
	world.now += 100;
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_WAIT,
		   "then it begins anew");
	pump(&world);
	world.now += MINUTE;
	world.down = DDB_OK;
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "an old one is not");
	world_close(&world);
}

/* Keys that the service always refuses: new ones, but not in a hurry */
static void
test_discard(void)
{
	World world;
	DdbKeys keys, other;
	DdbStatus status;

	world_open(&world);
	world_start(&world, chain_of(&world, DDB_SOURCE_CONTAINER));
	demand(&world, &keys, &status);
	ok(ddb_provider_discard(world.provider, keys.generation), "thrown away");
	is_int(demand(&world, &other, &status), DDB_KEYS_READY, "others come");
	ok(other.generation != keys.generation, "which are others");
	is_int(world.now, START + SECOND + 3, "a second after the last");
	ok(ddb_provider_discard(world.provider, keys.generation),
	   "the old ones again");
	is_int(ddb_provider_keys(world.provider, world.now, &keys, &status),
		   DDB_KEYS_READY,
		   "says nothing of these");
	ok(keys.generation == other.generation, "which stay");
	world_close(&world);

	/* An instance gives the same keys until it has others. */
	world_open(&world);
	world.born_ms = START;
	world_start(&world, chain_of(&world, DDB_SOURCE_IMDS));
	demand(&world, &keys, &status);
	world.now = START + 6 * HOUR - 11 * MINUTE;
	pump(&world);
	world.now = START + 6 * HOUR - 10 * MINUTE;
	is_int(demand(&world, &other, &status), DDB_KEYS_READY, "the same keys");
	is_int(world.keys, 2, "were fetched again");
	ok(other.generation == keys.generation, "and are known to be the same");
	world.born_ms = START + 6 * HOUR - 5 * MINUTE;
	world.now = START + 6 * HOUR - 2 * MINUTE;
	is_int(demand(&world, &other, &status), DDB_KEYS_READY, "in time");
	is_int(world.keys, 3, "there are others");
	world_close(&world);
}

/* How long before expiry keys of some life are replaced */
static void
check_life(int64_t life_ms, int64_t from_ms, int64_t to_ms)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	int64_t wanted;

	world_open(&world);
	world.life_ms = life_ms;
	world.latency_ms = 0;
	world_start(&world, chain_of(&world, DDB_SOURCE_CONTAINER));
	is_int(demand(&world, &keys, &status), DDB_KEYS_READY, "keys of some life");
	wanted = idle_until(&world) - START;
	ok(wanted >= from_ms && wanted <= to_ms,
	   "%lld s: replaced after %lld s",
	   (long long) (life_ms / SECOND),
	   (long long) (wanted / SECOND));
	world_close(&world);
}

static void
test_lives(void)
{
	World world;
	DdbKeys keys;
	DdbStatus status;

	check_life(12 * HOUR, 12 * HOUR - 15 * MINUTE, 12 * HOUR - 10 * MINUTE);
	check_life(45 * MINUTE, 30 * MINUTE, 35 * MINUTE);
	check_life(15 * MINUTE, 10 * MINUTE, 12 * MINUTE);
	check_life(90 * SECOND, 60 * SECOND, 70 * SECOND);
	check_life(0, 5 * MINUTE, 10 * MINUTE);
	check_life(-HOUR, 5 * MINUTE, 10 * MINUTE);

	/* Too short to be of use, but each demand gets some. */
	world_open(&world);
	world.life_ms = SECOND;
	world_start(&world, chain_of(&world, DDB_SOURCE_CONTAINER));
	for (int i = 0; i < 10; i++)
	{
		if (demand(&world, &keys, &status) != DDB_KEYS_READY)
			ok(false, "a demand for short-lived keys");
		world.now += 5 * SECOND;
	}
	is_int(world.keys, 10, "keys of a second are fetched each time");
	world_close(&world);
}

/* A thousand backends that began at once */
static void
test_spread(void)
{
	int slots[10] = {0};
	int fewest = 1000, most = 0;
	bool outside = false;

	for (uint64_t seed = 1; seed <= 1000; seed++)
	{
		DdbChain *chain = calloc(1, sizeof(*chain));
		DdbKeys keys;
		DdbStatus status;
		DdbAsk ask;
		Reply reply;
		int64_t until;
		DdbProvider *provider;

		chain->source = DDB_SOURCE_CONTAINER;
		chain->container_url = copy("http://127.0.0.1/");
		provider = provider_of(chain, seed, &status);
		ddb_provider_keys(provider, START, &keys, &status);
		ddb_provider_next(provider, START, &ask, &until);
		/* An hour after START */
		ddb_provider_answer(provider,
							START,
							reply_http(&reply,
									   200,
									   "{\"AccessKeyId\":\"a\","
									   "\"SecretAccessKey\":\"b\","
									   "\"Expiration\":1795337965}"));
		ddb_provider_next(provider, START, &ask, &until);
		until -= START + HOUR - 15 * MINUTE;
		if (until < 0 || until >= 5 * MINUTE)
			outside = true;
		else
			slots[until / (30 * SECOND)]++;
		ddb_provider_free(provider);
	}
	for (int i = 0; i < 10; i++)
	{
		fewest = slots[i] < fewest ? slots[i] : fewest;
		most = slots[i] > most ? slots[i] : most;
	}
	ok(!outside, "1000 providers refresh within the five minutes");
	ok(fewest >= 70 && most <= 130,
	   "spread over them: %d to %d in each half minute",
	   fewest,
	   most);
}

/* The service's clock is an hour from ours, and signatures are looked at. */
static void
check_skew(int64_t offset_ms, bool off)
{
	World world;
	DdbKeys keys;
	DdbStatus status;
	DdbKeysState state;

	world_open(&world);
	if (off)
		fakehost_set(&world.fake, "AWS_DISABLE_CLOCK_SKEW_CORRECTION", "true");
	world.offset_ms = offset_ms;
	world.tells_date = true;
	world.http_status = 403;
	world.body = "{\"Error\":{\"Code\":\"SignatureDoesNotMatch\",\"Message\":"
				 "\"Signature expired\"}}";
	world_start(&world, with_role(chain_of(&world, DDB_SOURCE_KEYS), "r"));
	ddb_provider_keys(world.provider, world.now, &keys, &status);
	{
		DdbAsk ask;
		int64_t until;

		ddb_provider_next(world.provider, world.now, &ask, &until);
		answer(&world, &ask);
	}
	world.http_status = 0;
	world.body = NULL;
	state = demand(&world, &keys, &status);
	if (off)
	{
		is_int(state, DDB_KEYS_FAILED, "a wrong clock is not corrected");
		world_close(&world);
		return;
	}
	is_int(state, DDB_KEYS_READY, "a wrong clock is found out");
	is_int(world.asks, 2, "by one refusal");
	ok(strstr(world.last_authorization,
			  offset_ms > 0 ? "/20261122/" : "/20261121/") != NULL,
	   "and signed for: %.60s",
	   world.last_authorization);
	ok(idle_until(&world) >= world.now + 6 * HOUR - 16 * MINUTE &&
		   idle_until(&world) <= world.now + 6 * HOUR - 9 * MINUTE,
	   "the keys expire by our clock");
	world_close(&world);
}

static void
test_skew(void)
{
	check_skew(HOUR, false);
	check_skew(-9 * HOUR, false);
	check_skew(HOUR, true);
}

/* Whatever is answered, no status has what we sent. */
static void
test_secrets(void)
{
	static const DdbSource sources[] = {DDB_SOURCE_IMDS,
										DDB_SOURCE_CONTAINER,
										DDB_SOURCE_WEB_IDENTITY,
										DDB_SOURCE_KEYS};
	static const char *const forms[] = {
		"{\"Error\":{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"%s\"}}",
		"{\"Code\":\"Failed\",\"Message\":\"you said '%s'\"}",
		"{\"code\":\"%s\",\"message\":\"%s\"}",
		"{\"Code\":\"x\",\"Message\":\"\",\"RequestId\":\"%s\"}",
		"<html>%s</html>",
		"%s\n%s",
		"{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"\"}",
	};
	static const int http[] = {200, 400, 403, 500};
	int told = 0, tried = 0;

	for (size_t i = 0; i < 4 * 7 * 4; i++)
	{
		const char *form = forms[i / 4 % 7];
		const char *secrets[] = {host_token,
								 base_token,
								 "container-ToKeN",
								 "web-ToKeN",
								 secret_key};
		char body[1000];
		World world;
		DdbKeys keys;
		DdbStatus status;
		DdbChain *chain;
		int stage = 0;

		world_open(&world);
		chain = chain_of(&world, sources[i % 4]);
		world.provider = provider_of(sources[i % 4] == DDB_SOURCE_KEYS
										 ? with_role(chain, "r")
										 : chain,
									 7,
									 &status);
		for (; ddb_provider_keys(world.provider, world.now, &keys, &status) ==
			   DDB_KEYS_WAIT;
			 world.now += 10 * SECOND)
		{
			DdbAsk ask;
			int64_t until;
			const char *secret = secrets[i % 4 == 0   ? 0
										 : i % 4 == 1 ? 2
										 : i % 4 == 2 ? 3
													  : 1];

			if (ddb_provider_next(world.provider, world.now, &ask, &until) !=
				DDB_PROVIDER_ASK)
				continue;
			snprintf(body, sizeof(body), form, secret, secret);
			world.body = stage++ < 1 && ask.method[0] == 'P' &&
								 ends_with(ask.url, "/token")
							 ? host_token
							 : body;
			world.http_status = world.body == body ? http[i / 28] : 200;
			answer(&world, &ask);
		}
		for (size_t s = 0; s < 5; s++)
		{
			if (status_says(&status, secrets[s]))
				told++;
			if (status_says(&status, secrets[s]))
				printf("# %s\n# %s\n", status.exception, status.message);
		}
		tried++;
		world_close(&world);
	}
	is_int(told, 0, "no secret in a status");
	is_int(tried, 112, "of so many refusals");
}

/* Every allocation on the way fails once: the round does, and nothing leaks. */
static void
test_no_memory(DdbSource source)
{
	int bad = 0;
	int n;

	for (n = 0;; n++)
	{
		World world;
		DdbKeys keys;
		DdbStatus status;
		DdbChain *chain;
		DdbKeysState state = DDB_KEYS_FAILED;

		world_open(&world);
		chain = chain_of(&world, source);
		chain = with_role(chain, "r");
		tap_fail_alloc(n);
		world.provider = provider_of(chain, 7, &status);
		if (world.provider != NULL)
			state = demand(&world, &keys, &status);
		if (!tap_alloc_failed())
		{
			is_int(state, DDB_KEYS_READY, "with memory there are keys");
			world_close(&world);
			break;
		}
		bad += state != DDB_KEYS_FAILED || status.kind != DDB_STATUS_NO_MEMORY;
		world_close(&world);
	}
	is_int(bad, 0, "out of memory is what it says");
	ok(n > 10, "in each of %d places", n);
}

static void
test_create(void)
{
	World world;
	DdbStatus status;
	DdbProviderConfig config = {.seed = 1};
	DdbChain *chain;

	world_open(&world);
	chain = with_role(chain_of(&world, DDB_SOURCE_KEYS), "r");
	ok(ddb_provider_create(chain, &config, &status) == NULL, "STS of no region");
	is_int(status.kind, DDB_STATUS_CONFIG, "is a fault");
	chain = with_role(chain_of(&world, DDB_SOURCE_KEYS), "r");
	chain->region = copy("ap-south-1");
	world.provider = ddb_provider_create(chain, &config, &status);
	ok(ddb_provider_chain(world.provider) == chain,
	   "the profile's region will do");
	ddb_provider_free(world.provider);
	world.provider = NULL;
	ddb_provider_free(NULL);
	world_close(&world);
}

int
main(void)
{
	test_fixed();
	test_lazy();
	test_sources();
	test_token_files();
	test_many_demands();
	test_hidden_failure();
	test_background();
	test_retries();
	test_expired_token();
	test_dead_source();
	test_stale_failure();
	test_discard();
	test_lives();
	test_spread();
	test_skew();
	test_secrets();
	test_no_memory(DDB_SOURCE_IMDS);
	test_no_memory(DDB_SOURCE_CONTAINER);
	test_no_memory(DDB_SOURCE_WEB_IDENTITY);
	test_create();
	return tap_done();
}
