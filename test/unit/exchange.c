/*
 * exchange.c
 *		Single requests: methods, where they may go, what is not followed.
 */
#include "http.h"

#include "server.h"
#include "tap.h"

typedef struct Network
{
	Server server;
	DdbHttp *http;
} Network;

/* What came of the request that went to the server last. */
typedef struct Outcome
{
	bool good;
	int http_status;
	DdbStatus status;
} Outcome;

static void
start(Network *network)
{
	DdbStatus status;

	server_start(&network->server);
	network->http = ddb_http_create(&status);
	if (network->http == NULL)
		abort();
}

static void
stop(Network *network)
{
	ddb_http_destroy(network->http);
	server_stop(&network->server);
}

static Outcome
request(Network *network, const char *method, const char *url, DdbPeer peer)
{
	static const char *const headers[] = {"x-amz-target: T", "expect:"};
	DdbTarget target = {.url = url,
						.peer = peer,
						.connect_timeout_ms = 5000,
						.request_timeout_ms = 5000};
	DdbPayload payload = {.method = method,
						  .headers = headers,
						  .nheaders = 2,
						  .body = "body",
						  .body_len = strcmp(method, "POST") == 0 ? 4 : 0};
	Outcome outcome = {.http_status = 0};
	DdbExchange *exchange;
	DdbReply reply;

	ddb_status_clear(&outcome.status);
	exchange = ddb_http_send(network->http, &target, &payload, &outcome.status);
	if (exchange == NULL)
		return outcome;
	while (!ddb_http_done(exchange))
	{
		struct pollfd fds[] = {
			{.fd = ddb_http_fd(network->http), .events = POLLIN},
			{.fd = network->server.listener, .events = POLLIN},
			{.fd = network->server.connection, .events = POLLIN},
		};

		ddb_http_pump(network->http);
		poll(fds, 3, ddb_http_done(exchange) ? 0 : 20);
		server_step(&network->server);
	}
	outcome.good = ddb_exchange_result(exchange, &reply, &outcome.status);
	if (outcome.good)
		outcome.http_status = reply.http_status;
	ddb_http_release(exchange);
	return outcome;
}

static void
check_method(Network *network, const char *method, const char *line,
			 const char *body)
{
	char url[100];

	snprintf(url, sizeof(url), "%s/x", network->server.url);
	ok(request(network, method, url, DDB_PEER_LOOPBACK).good, "%s", method);
	is_str(network->server.line, line, "arrives as such");
	is_str(network->server.body, body, "and its body");
}

/* All by the same handle, in this order. */
static void
test_methods(void)
{
	Network network;

	start(&network);
	check_method(&network, "POST", "POST /x HTTP/1.1", "body");
	check_method(&network, "GET", "GET /x HTTP/1.1", "");
	check_method(&network, "PUT", "PUT /x HTTP/1.1", "");
	check_method(&network, "GET", "GET /x HTTP/1.1", "");
	check_method(&network, "POST", "POST /x HTTP/1.1", "body");
	is_int(network.server.nconnections, 1, "over one connection");
	stop(&network);
}

static void
check_refused(Network *network, const char *url, DdbPeer peer)
{
	Outcome outcome = request(network, "POST", url, peer);

	ok(!outcome.good && outcome.status.kind == DDB_STATUS_CONNECT &&
		   !outcome.status.sent,
	   "%s is refused",
	   url);
	is_str(outcome.status.message, ddb_peer_refusal(peer), "and why");
}

static void
test_peers(void)
{
	Network network;

	start(&network);
	check_refused(&network, "http://169.254.169.254/", DDB_PEER_PUBLIC);
	check_refused(&network, "https://169.254.170.2/", DDB_PEER_PUBLIC);
	check_refused(&network, "http://2852039166/", DDB_PEER_PUBLIC);
	check_refused(&network, "http://0xa9fea9fe/", DDB_PEER_PUBLIC);
	check_refused(&network, "http://[::ffff:169.254.169.254]/", DDB_PEER_PUBLIC);
	check_refused(&network, "http://[fe80::1]/", DDB_PEER_PUBLIC);
	check_refused(&network, "http://[fd00:ec2::254]/", DDB_PEER_PUBLIC);
	check_refused(&network, "http://10.0.0.1/", DDB_PEER_LOOPBACK);
	check_refused(&network, "http://169.254.169.254/", DDB_PEER_LOOPBACK);

	/* Those connections are closed, and no kept one is taken. */
	for (int i = 0; i < 3; i++)
		ok(request(&network, "GET", network.server.url, DDB_PEER_METADATA).good,
		   "a request for metadata");
	is_int(network.server.nconnections, 3, "has a connection of its own");
	ok(request(&network, "GET", network.server.url, DDB_PEER_PUBLIC).good,
	   "a request for others, for whom loopback is fine");
	is_int(network.server.nconnections, 4, "does not use it");
	stop(&network);
}

static void
test_not_followed(void)
{
	static const char *const variables[] = {"http_proxy",
											"https_proxy",
											"HTTPS_PROXY",
											"all_proxy",
											"ALL_PROXY"};
	static const char redirect[] =
		"307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/";
	Network network;

	start(&network);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		setenv(variables[i], "http://127.0.0.1:1", 1);
	ok(request(&network, "GET", network.server.url, DDB_PEER_METADATA).good,
	   "no proxy for metadata");
	ok(request(&network, "POST", network.server.url, DDB_PEER_PUBLIC).good,
	   "nor for others");
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);

	network.server.head = redirect;
	is_int(request(&network, "PUT", network.server.url, DDB_PEER_PUBLIC).http_status,
		   307,
		   "a redirection is not followed");
	is_int(request(&network, "GET", network.server.url, DDB_PEER_METADATA).http_status,
		   307,
		   "whatever the method");
	stop(&network);
}

int
main(void)
{
	test_methods();
	test_peers();
	test_not_followed();
	return tap_done();
}
