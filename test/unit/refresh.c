/*
 * refresh.c
 *		Requests of clients while their keys come, expire and fail to come.
 *
 * An instance metadata service and a DynamoDB that takes no expired keys, both
 * of the test's own. When a provider asks what is provider.c's test.
 */
#include <time.h>

#include "client.h"
#include "provider.h"

#include "server.h"
#include "tap.h"
#include "fakehost.h"

#define MAX_ROUNDS 64
#define NCLIENTS 2

/* The metadata service: how long its keys live, and what it gave. */
typedef struct Imds
{
	Server server; /* first */
	bool silent;   /* takes requests and answers none */
	bool broken;   /* answers with 500 */
	int life_s;
	int rounds; /* in which keys were given, the n-th with ID "AKID<n>" */
	time_t expires[MAX_ROUNDS];
	char text[600];
} Imds;

/* One client and what it talks to. */
typedef struct Service
{
	Server server; /* first */
	Imds *imds;
	int refused_round; /* its keys are not taken, for all their life */
	bool refuse_all;
	int refusals;
	DdbClient *client;
} Service;

typedef struct Network
{
	FakeHost host;
	Imds imds;
	Service services[NCLIENTS];
	DdbHttp *http;
	DdbCredentials *credentials;
} Network;

static void
give_keys(Imds *imds)
{
	char expiration[40];
	int n = ++imds->rounds;

	if (n == MAX_ROUNDS)
		abort();
	imds->expires[n] = time(NULL) + imds->life_s;
	strftime(expiration,
			 sizeof(expiration),
			 "%Y-%m-%dT%H:%M:%SZ",
			 gmtime(&imds->expires[n]));
	snprintf(imds->text,
			 sizeof(imds->text),
			 "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":"
			 "\"AKID%d\",\"SecretAccessKey\":\"secret\",\"Token\":\"t%d\","
			 "\"Expiration\":\"%s\"}",
			 n,
			 n,
			 expiration);
}

static void
respond_imds(Server *server)
{
	Imds *imds = (Imds *) server;
	static const char keys[] = "GET /latest/meta-data/iam/security-credentials/";

	server->response = imds->text;
	server->head = imds->broken ? "500 Internal Server Error"
								: "200 OK\r\n"
								  "x-aws-ec2-metadata-token-ttl-seconds: 21600";
	if (strncmp(server->line, "PUT /latest/api/token ", 22) == 0)
		strcpy(imds->text, "token");
	else if (imds->broken)
		imds->text[0] = '\0';
	else if (strncmp(server->line, keys, strlen(keys)) == 0 &&
			 server->line[strlen(keys)] == 'r')
		give_keys(imds);
	else
		strcpy(imds->text, "role");
}

static void
respond_service(Server *server)
{
	Service *service = (Service *) server;
	int round = atoi(server_header(server,
								   "authorization: AWS4-HMAC-SHA256 "
								   "Credential=AKID"));
	bool good = round > 0 && !service->refuse_all &&
				round != service->refused_round &&
				time(NULL) < service->imds->expires[round];

	server->head = good ? "200 OK" : "400 Bad Request";
	server->response = good ? "{}"
							: "{\"__type\":\"x#ExpiredTokenException\","
							  "\"message\":\"the token has expired\"}";
	if (!good)
		service->refusals++;
}

static DdbCredentials *
create_credentials(Network *network)
{
	DdbProviderConfig config = {.request_timeout_ms = 1000, .seed = 1};
	DdbStatus status;
	DdbChain *chain = ddb_chain_resolve(&network->host.host, NULL, &status);
	DdbProvider *provider;

	if (chain == NULL || chain->source != DDB_SOURCE_IMDS)
		abort();
	provider = ddb_provider_create(chain, &config, &status);
	if (provider == NULL)
		abort();
	return ddb_credentials_create_provider(network->http, provider, NULL, 1000);
}

static DdbClient *
create_client(Network *network, const char *url)
{
	DdbClientConfig config = {.service = DDB_SERVICE_DYNAMODB,
							  .endpoint.region = "us-east-1",
							  .endpoint.endpoint = url,
							  .connect_timeout_ms = 5000,
							  .request_timeout_ms = 5000,
							  .max_attempts = 3,
							  .max_connections = 1};
	DdbStatus status;
	DdbClient *client =
		ddb_client_create(network->http, &config, network->credentials, &status);

	if (client == NULL)
		abort();
	return client;
}

static void
start(Network *network, int life_s)
{
	DdbStatus status;

	memset(network, 0, sizeof(*network));
	server_start(&network->imds.server);
	network->imds.server.respond = respond_imds;
	network->imds.life_s = life_s;
	fakehost_open(&network->host);
	fakehost_set(&network->host, "HOME", "/home");
	fakehost_set(&network->host,
				 "AWS_EC2_METADATA_SERVICE_ENDPOINT",
				 network->imds.server.url);
	network->http = ddb_http_create(&status);
	network->credentials = create_credentials(network);
	for (int i = 0; i < NCLIENTS; i++)
	{
		Service *service = &network->services[i];

		server_start(&service->server);
		service->server.respond = respond_service;
		service->imds = &network->imds;
		service->client = create_client(network, service->server.url);
	}
}

static void
stop(Network *network)
{
	for (int i = 0; i < NCLIENTS; i++)
	{
		ddb_client_destroy(network->services[i].client);
		server_stop(&network->services[i].server);
	}
	ddb_credentials_free(network->credentials);
	ddb_http_destroy(network->http);
	server_stop(&network->imds.server);
	fakehost_close(&network->host);
}

static void
step_imds(Imds *imds)
{
	if (!imds->silent)
		server_step(&imds->server);
}

/* Wait for what the clients wait for, 5 s at most; then a turn of everyone. */
static void
step(Network *network)
{
	struct pollfd fds[2 + 2 * NCLIENTS + 2] = {
		{.fd = ddb_http_fd(network->http), .events = POLLIN},
	};
	int n = 1;
	int timeout_ms = 5000;

	if (!network->imds.silent)
	{
		fds[n++].fd = network->imds.server.listener;
		fds[n++].fd = network->imds.server.connection;
	}
	for (int i = 0; i < NCLIENTS; i++)
	{
		int client_ms = ddb_client_timeout_ms(network->services[i].client);

		if (client_ms >= 0 && client_ms < timeout_ms)
			timeout_ms = client_ms;
		fds[n++].fd = network->services[i].server.listener;
		fds[n++].fd = network->services[i].server.connection;
	}
	for (int i = 1; i < n; i++)
		fds[i].events = POLLIN;
	poll(fds, (nfds_t) n, timeout_ms);
	step_imds(&network->imds);
	for (int i = 0; i < NCLIENTS; i++)
	{
		server_step(&network->services[i].server);
		ddb_client_pump(network->services[i].client);
	}
}

static DdbCall *
start_call(Network *network, int client)
{
	DdbRead read = {.kind = DDB_READ_SCAN, .table = "t"};

	return ddb_client_read(network->services[client].client, &read);
}

static void
finish(Network *network, const DdbCall *call)
{
	for (int i = 0; i < NCLIENTS; i++)
		ddb_client_pump(network->services[i].client);
	while (!ddb_call_done(call))
		step(network);
}

/* One request from beginning to end; its status. */
static DdbStatus
request(Network *network, int client, int *attempts)
{
	DdbCall *call = start_call(network, client);
	DdbStatus status;

	finish(network, call);
	status = *ddb_call_status(call);
	if (attempts != NULL)
		*attempts = ddb_call_cost(call)->attempts;
	ddb_call_free(call);
	return status;
}

static void
test_expiring(void)
{
	Network network;
	int64_t start_us = ddb_http_now_us();
	double seconds;
	int good = 0;

	start(&network, 3);
	for (int i = 0; i < 1000; i++)
	{
		good += request(&network, i % NCLIENTS, NULL).kind == DDB_OK;
		usleep(6000);
	}
	seconds = (double) (ddb_http_now_us() - start_us) / 1e6;
	is_int(good, 1000, "of 1,000 requests over expiring keys all succeed");
	is_int(network.services[0].refusals + network.services[1].refusals,
		   0,
		   "none of them with keys that have expired");
	ok(network.imds.rounds >= 3 && network.imds.rounds <= 1 + seconds,
	   "keys were fetched %d times in %.1f s",
	   network.imds.rounds,
	   seconds);
	is_int(network.imds.server.nrequests,
		   2 * network.imds.rounds + 1,
		   "each time by two requests, after one for a token");
	stop(&network);
}

static void
test_shared(void)
{
	Network network;
	DdbCall *calls[20];
	int good = 0;

	start(&network, 3600);
	for (int i = 0; i < 20; i++)
		calls[i] = start_call(&network, i % NCLIENTS);
	for (int i = 0; i < 20; i++)
		finish(&network, calls[i]);
	for (int i = 0; i < 20; i++)
	{
		good += ddb_call_status(calls[i])->kind == DDB_OK;
		ddb_call_free(calls[i]);
	}
	is_int(good, 20, "twenty calls of two clients wait for the same keys");
	is_int(network.imds.server.nrequests, 3, "which are fetched once");
	for (int i = 0; i < 100; i++)
		good += request(&network, i % NCLIENTS, NULL).kind == DDB_OK;
	is_int(good, 120, "others use them");
	is_int(network.imds.server.nrequests, 3, "and ask for nothing");
	stop(&network);
}

static void
test_refused_keys(void)
{
	Network network;
	DdbStatus status;
	int attempts;

	start(&network, 3600);
	network.services[0].refused_round = 1;
	status = request(&network, 0, &attempts);
	is_int(status.kind, DDB_OK, "keys that are refused are changed");
	is_int(attempts, 2, "by a second attempt");
	is_int(network.imds.rounds, 2, "with keys that were fetched for it");

	network.services[0].refuse_all = true;
	status = request(&network, 0, &attempts);
	is_int(status.kind, DDB_STATUS_AUTH, "if those are refused too");
	is_int(attempts, 2, "it ends");
	is_int(network.imds.rounds, 3, "without more of them");
	is_str(status.exception, "ExpiredTokenException", "and says why");
	stop(&network);
}

static void
test_hidden_failure(void)
{
	Network network;
	int good = 0;
	int n = 0;

	start(&network, 6);
	good += request(&network, 0, NULL).kind == DDB_OK;
	network.imds.broken = true;
	while (network.imds.server.nrequests <= 4 && n++ < 1000)
	{
		good += request(&network, n % NCLIENTS, NULL).kind == DDB_OK;
		usleep(20000);
	}
	is_int(network.imds.server.nrequests, 5, "others were asked for in vain");
	network.imds.broken = false;
	while (network.imds.rounds < 2 && n++ < 2000)
	{
		good += request(&network, n % NCLIENTS, NULL).kind == DDB_OK;
		usleep(1000);
	}
	is_int(network.imds.rounds, 2, "until there were some");
	is_int(good, n + 1, "while the old ones served: no request has failed");
	stop(&network);
}

static void
test_dead(void)
{
	Network network;
	DdbCall *calls[6];
	int64_t start_us;
	int failed = 0;

	start(&network, 3600);
	network.imds.silent = true;
	start_us = ddb_http_now_us();
	for (int i = 0; i < 6; i++)
		calls[i] = start_call(&network, i % NCLIENTS);
	for (int i = 0; i < 6; i++)
		finish(&network, calls[i]);
	for (int i = 0; i < 6; i++)
	{
		failed += ddb_call_status(calls[i])->kind == DDB_STATUS_AUTH &&
				  ddb_call_cost(calls[i])->attempts == 0;
		if (i == 0)
			printf("# %s\n", ddb_call_status(calls[i])->message);
		ddb_call_free(calls[i]);
	}
	is_int(failed, 6, "without keys all calls that wait fail");
	ok(ddb_http_now_us() - start_us < 10000000, "together, in good time");

	/* What the failed requests have left in the sockets is not answered. */
	server_stop(&network.imds.server);
	start_us = ddb_http_now_us();
	while (request(&network, 0, NULL).kind == DDB_STATUS_AUTH &&
		   ddb_http_now_us() - start_us < 100000)
		failed++;
	ok(failed > 6, "the next ones are told the same at once");
	server_start(&network.imds.server);
	stop(&network);
}

/* A service that takes a request and hangs up. */
static void
hang_up(Network *network, Service *service)
{
	const int attempts = service->server.nrequests;

	service->server.drop = true;
	while (service->server.nrequests == attempts)
		step(network);
	service->server.drop = false;
}

/* Its first attempt may have been applied, and for the next there are no keys. */
static void
test_unknown(void)
{
	Network network;
	DdbWrite write = {.kind = DDB_WRITE_DELETE,
					  .table = "t",
					  .key_name = "pk",
					  .key = "{}",
					  .key_len = 2};
	DdbKeys keys;
	DdbStatus status;
	DdbCall *call;

	start(&network, 3600);
	request(&network, 0, NULL);
	call = ddb_client_write(network.services[0].client, &write);
	ddb_client_pump(network.services[0].client);
	network.imds.broken = true;
	ddb_credentials_get(network.credentials, &keys, &status);
	ddb_credentials_discard(network.credentials, keys.generation);
	hang_up(&network, &network.services[0]);
	finish(&network, call);
	is_int(ddb_call_status(call)->kind, DDB_STATUS_AUTH, "a write without keys");
	is_int(ddb_call_cost(call)->attempts, 1, "for its second attempt");
	ok(ddb_call_status(call)->maybe_applied,
	   "may have been applied by the first");
	ddb_call_free(call);
	stop(&network);
}

static void
test_cancel(void)
{
	Network network;
	DdbCall *call;

	start(&network, 3600);
	network.imds.silent = true;
	call = start_call(&network, 0);
	ddb_client_pump(network.services[0].client);
	ok(!ddb_call_done(call), "a call waits for keys");
	ok(ddb_client_timeout_ms(network.services[0].client) != 0,
	   "and not for a pump");
	ddb_call_free(call);
	network.imds.silent = false;
	is_int(request(&network, 1, NULL).kind, DDB_OK, "when it has gone away");
	is_int(network.imds.server.nrequests, 3, "what it asked serves the next one");

	ddb_credentials_discard(network.credentials, 0);
	stop(&network);

	/* In the middle of a request for keys, too. */
	start(&network, 3600);
	network.imds.silent = true;
	call = start_call(&network, 0);
	ddb_client_pump(network.services[0].client);
	is_int(ddb_http_in_flight(network.http), 1, "a request is under way");
	ddb_call_free(call);
	stop(&network);
}

static void
test_fixed(void)
{
	DdbCredentials *credentials = ddb_credentials_create_static("a", "b", NULL);
	DdbKeys keys;
	DdbStatus status;

	ddb_credentials_get(credentials, &keys, &status);
	ok(!ddb_credentials_pump(credentials) &&
		   ddb_credentials_timeout_ms(credentials) == -1 &&
		   !ddb_credentials_fetching(credentials),
	   "fixed keys ask nothing");
	ok(!ddb_credentials_discard(credentials, keys.generation),
	   "and are all there is");
	ddb_credentials_free(credentials);
}

static void
test_no_memory(void)
{
	DdbProviderConfig config = {.seed = 1};
	DdbStatus status;
	DdbHttp *http = ddb_http_create(&status);
	DdbChain *chain = ddb_chain_of_keys("a", "b", NULL);
	DdbProvider *provider = ddb_provider_create(chain, &config, &status);
	DdbCredentials *credentials;

	tap_fail_alloc(0);
	credentials = ddb_credentials_create_provider(http, provider, NULL, 1000);
	ok(tap_alloc_failed() && credentials == NULL, "NULL when out of memory");
	ddb_http_destroy(http);
}

int
main(void)
{
	test_fixed();
	test_no_memory();
	test_shared();
	test_refused_keys();
	test_cancel();
	test_unknown();
	test_dead();
	test_hidden_failure();
	test_expiring();
	return tap_done();
}
