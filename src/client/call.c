/*
 * call.c
 *		Clients of a service, and calls: one operation with its retries.
 *
 * Not here: how a call gets on (pump.c), what an operation's request looks like
 * (client.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callstate.h"

static bool
fill_client(DdbClient *client, const DdbClientConfig *config, DdbStatus *status)
{
	if (!ddb_endpoint_resolve(&client->endpoint,
							  config->service,
							  &config->endpoint,
							  status))
		return false;
	client->signer = ddb_sigv4_create();
	if (config->ca_file != NULL)
		client->ca_file = strdup(config->ca_file);
	if (client->signer == NULL || !ddb_jitter_init(&client->jitter, 0) ||
		(config->ca_file != NULL && client->ca_file == NULL))
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");

	client->target.url = client->endpoint.url;
	client->target.ca_file = client->ca_file;
	client->target.peer = client->endpoint.peer;
	client->target.connect_timeout_ms = config->connect_timeout_ms;
	client->target.request_timeout_ms = config->request_timeout_ms;
	client->max_attempts = config->max_attempts;
	client->max_connections = config->max_connections;
	client->skew.off = ddb_host_is_true(config->endpoint.host,
										"AWS_DISABLE_CLOCK_SKEW_CORRECTION");
	ddb_retry_bucket_init(&client->bucket);
	return true;
}

DdbClient *
ddb_client_create(DdbHttp *http, const DdbClientConfig *config,
				  DdbCredentials *credentials, DdbStatus *status)
{
	DdbClient *client = calloc(1, sizeof(DdbClient));

	if (client == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	client->http = http;
	client->service = config->service;
	client->credentials = credentials;
	if (!fill_client(client, config, status))
	{
		ddb_client_destroy(client);
		return NULL;
	}
	return client;
}

void
ddb_client_destroy(DdbClient *client)
{
	if (client == NULL)
		return;
	ddb_sigv4_free(client->signer);
	free(client->ca_file);
	free(client);
}

const DdbEndpoint *
ddb_client_endpoint(const DdbClient *client)
{
	return &client->endpoint;
}

int
ddb_client_active(const DdbClient *client)
{
	return client->nactive;
}

static void
copy_name(char *to, size_t size, const char *from)
{
	if (from != NULL)
		snprintf(to, size, "%s", from);
}

DdbCall *
ddb_call_start(DdbClient *client, const char *operation, const char *table,
			   char *body, size_t body_len, bool idempotent)
{
	DdbCall *call = body == NULL ? NULL : calloc(1, sizeof(DdbCall));

	if (call == NULL)
	{
		free(body);
		return NULL;
	}
	call->client = client;
	call->body = body;
	call->body_len = body_len;
	call->idempotent = idempotent;
	copy_name(call->operation, sizeof(call->operation), operation);
	copy_name(call->table, sizeof(call->table), table);
	call->started_us = ddb_http_now_us();
	call->prev = client->last;
	if (client->last != NULL)
		client->last->next = call;
	else
		client->first = call;
	client->last = call;
	client->nactive++;
	return call;
}

void
ddb_call_delay(DdbCall *call, int delay_ms)
{
	call->resume_us = ddb_http_now_us() + (int64_t) delay_ms * 1000;
	call->state = CALL_PAUSED;
}

bool
ddb_call_done(const DdbCall *call)
{
	return call->state == CALL_DONE;
}

bool
ddb_call_in_flight(const DdbCall *call)
{
	return call->state == CALL_FLYING;
}

const DdbStatus *
ddb_call_status(const DdbCall *call)
{
	return &call->status;
}

const char *
ddb_call_body(const DdbCall *call, size_t *len)
{
	*len = call->response_len;
	return call->response;
}

const char *
ddb_call_operation(const DdbCall *call)
{
	return call->operation;
}

DdbService
ddb_call_service(const DdbCall *call)
{
	return call->client->service;
}

const char *
ddb_call_table(const DdbCall *call)
{
	return call->table;
}

const DdbCallCost *
ddb_call_cost(const DdbCall *call)
{
	return &call->cost;
}

const DdbAttempt *
ddb_call_attempt(const DdbCall *call, int i)
{
	if (i < 0 || i >= call->cost.attempts || i >= DDB_CALL_MAX_ATTEMPTS)
		return NULL;
	return &call->attempts[i];
}

void
ddb_call_free(DdbCall *call)
{
	DdbClient *client;

	if (call == NULL)
		return;
	client = call->client;
	if (call->state == CALL_FLYING)
		client->nflying--;
	if (call->state != CALL_DONE)
		client->nactive--;
	if (call->prev != NULL)
		call->prev->next = call->next;
	else
		client->first = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	else
		client->last = call->prev;
	ddb_http_release(call->exchange);
	free(call->inflated);
	free(call->body);
	free(call);
}
