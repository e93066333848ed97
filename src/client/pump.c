/*
 * pump.c
 *		Moves the calls of a client: send, judge, send again.
 *
 * ddb_client_pump moves every call as far as it goes without waiting, and the
 * credentials with them.
 *
 * Not here: when a failure is worth another attempt (retry.c), what a response
 * holds (item.c).
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "callstate.h"
#include "content.h"
#include "envelope.h"

/* The last attempt is over, for good or ill. */
static void
end_call(DdbCall *call)
{
	call->state = CALL_DONE;
	call->client->nactive--;
	call->cost.total_ms = (ddb_http_now_us() - call->started_us) / 1000.0;
}

static int64_t
calendar_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sign and send. False with the call's status. */
static bool
post(DdbCall *call, const DdbKeys *keys)
{
	DdbClient *client = call->client;
	DdbSender sender = {.endpoint = &client->endpoint,
						.keys = keys,
						.signer = client->signer};
	DdbEnvelope envelope;
	DdbPayload payload = {.method = "POST",
						  .headers = envelope.lines,
						  .body = call->body,
						  .body_len = call->body_len};

	call->attempt_us = ddb_http_now_us();
	call->sent_ms = calendar_ms();
	call->offset_ms = client->skew.offset_ms;
	call->generation = keys->generation;
	sender.now = (call->sent_ms + call->offset_ms) / 1000;
	if (!ddb_envelope_seal(&envelope,
						   &sender,
						   call->operation,
						   call->body,
						   call->body_len,
						   &call->status))
		return false;
	payload.nheaders = envelope.nlines;
	call->exchange =
		ddb_http_send(client->http, &client->target, &payload, &call->status);
	return call->exchange != NULL;
}

/*
 * True: it was sent. Without keys it stays where it is; where there will be
 * none, or it cannot be sent, it ends.
 */
static bool
send_attempt(DdbCall *call)
{
	DdbClient *client = call->client;
	DdbKeysState state;
	DdbKeys keys;

	ddb_status_clear(&call->status);
	state = ddb_credentials_get(client->credentials, &keys, &call->status);
	client->keyless = state == DDB_KEYS_WAIT;
	if (client->keyless)
		return false;
	if (state == DDB_KEYS_FAILED || !post(call, &keys))
	{
		call->status.maybe_applied = call->maybe_applied;
		end_call(call);
		return false;
	}
	call->state = CALL_FLYING;
	client->nflying++;
	return true;
}

/* Check what came, inflate it, and read what the service says of it. */
static void
judge_reply(DdbCall *call)
{
	DdbReply *reply = &call->reply;
	DdbStatus *status = &call->status;

	status->http_status = reply->http_status;
	memcpy(status->request_id, reply->request_id, sizeof(status->request_id));
	if (reply->has_crc32 &&
		ddb_content_crc32(reply->body, reply->body_len) != reply->crc32)
	{
		ddb_status_set(status,
					   DDB_STATUS_PROTOCOL,
					   "the response does not match its x-amz-crc32");
		return;
	}
	call->response = reply->body;
	call->response_len = reply->body_len;
	if (reply->gzip)
	{
		if (!ddb_content_gunzip(reply->body,
								reply->body_len,
								DDB_EXCHANGE_MAX_BODY,
								&call->inflated,
								&call->response_len,
								status))
			return;
		call->response = call->inflated;
	}
	/* AWS's words for a bad signature have the headers in them. */
	if (reply->http_status != 200)
		ddb_status_decode(status,
						  call->response,
						  call->response_len,
						  ddb_exchange_sent(call->exchange,
											"x-amz-security-token"));
}

static void
record_attempt(DdbCall *call, int64_t elapsed_us)
{
	DdbCallCost *cost = &call->cost;
	uint64_t sent;
	uint64_t received;

	ddb_exchange_bytes(call->exchange, &sent, &received);
	cost->bytes_sent += sent;
	cost->bytes_received += received;
	if (call->status.kind == DDB_STATUS_THROTTLED)
		cost->throttles++;
	if (cost->attempts < DDB_CALL_MAX_ATTEMPTS)
	{
		DdbAttempt *attempt = &call->attempts[cost->attempts];

		attempt->http_status = call->status.http_status;
		attempt->kind = call->status.kind;
		attempt->elapsed_ms = elapsed_us / 1000.0;
		memcpy(attempt->request_id,
			   call->status.request_id,
			   sizeof(attempt->request_id));
	}
	cost->attempts++;
}

/* Has the service acted on the request, or is that left open? */
static bool
may_have_acted(const DdbStatus *status)
{
	return status->sent &&
		   (status->kind == DDB_OK || status->kind == DDB_STATUS_PROTOCOL ||
			status->http_status == 0 || status->http_status >= 500);
}

/* What the response says of the service's clock. */
static void
learn_time(DdbCall *call, int64_t elapsed_us)
{
	DdbSkewTrip trip = {.sent_ms = call->sent_ms,
						.received_ms = call->sent_ms + elapsed_us / 1000,
						.date = call->reply.date,
						.cached = call->reply.has_age};

	ddb_skew_learn(&call->client->skew, &trip);
}

/* Were the keys refused, and are there others to try, once? */
static bool
change_keys(DdbCall *call)
{
	if (call->rekeyed || !ddb_retry_keys_refused(&call->status))
		return false;
	call->rekeyed =
		ddb_credentials_discard(call->client->credentials, call->generation);
	return call->rekeyed;
}

/* Is it worth another attempt, and of which kind? */
static DdbRetryClass
classify(DdbCall *call)
{
	if (ddb_skew_explains(&call->client->skew, call->offset_ms, &call->status) ||
		change_keys(call))
		return DDB_RETRY_MENDED;
	return ddb_retry_classify(&call->status, call->idempotent);
}

static void
judge_attempt(DdbCall *call)
{
	DdbClient *client = call->client;
	DdbStatus *status = &call->status;
	int64_t elapsed_us = ddb_http_now_us() - call->attempt_us;
	int delay_ms;

	client->nflying--;
	call->reply.retry_after_ms = -1;
	if (ddb_exchange_result(call->exchange, &call->reply, status))
	{
		learn_time(call, elapsed_us);
		judge_reply(call);
	}
	record_attempt(call, elapsed_us);
	call->retry.attempts = call->cost.attempts;
	call->maybe_applied |= may_have_acted(status);
	status->maybe_applied = call->maybe_applied;
	if (status->kind == DDB_OK)
	{
		ddb_retry_success(&client->bucket, &call->retry);
		end_call(call);
		return;
	}

	delay_ms = ddb_retry_delay_ms(&client->bucket,
								  &call->retry,
								  classify(call),
								  client->max_attempts,
								  ddb_jitter_next(&client->jitter),
								  call->reply.retry_after_ms);
	if (delay_ms < 0)
	{
		end_call(call);
		return;
	}
	ddb_http_release(call->exchange);
	call->exchange = NULL;
	free(call->inflated);
	call->inflated = NULL;
	call->resume_us = ddb_http_now_us() + (int64_t) delay_ms * 1000;
	call->state = CALL_PAUSED;
}

/* What an attempt in flight or a pause has come to. */
static void
advance(DdbCall *call)
{
	if (call->state == CALL_FLYING && ddb_http_done(call->exchange))
		judge_attempt(call);
	if (call->state == CALL_PAUSED && call->resume_us <= ddb_http_now_us())
		call->state = CALL_QUEUED;
}

static bool
may_send(const DdbCall *call)
{
	return call->state == CALL_QUEUED && !call->client->keyless &&
		   call->client->nflying < call->client->max_connections;
}

void
ddb_client_pump(DdbClient *client)
{
	bool any_sent;

	/* What was handed to the network moves only by another pump of it. */
	do
	{
		ddb_http_pump(client->http);
		any_sent = ddb_credentials_pump(client->credentials);
		client->keyless = false;
		for (DdbCall *call = client->first; call != NULL; call = call->next)
			advance(call);
		/* Only now, when every seat that can be free is free. */
		for (DdbCall *call = client->first; call != NULL; call = call->next)
			any_sent |= may_send(call) && send_attempt(call);
		/* That may have been the first to want keys. */
		if (client->keyless)
			any_sent |= ddb_credentials_pump(client->credentials);
	} while (any_sent);
}

/* When the call itself wants the next pump; -1: its sockets will tell. */
static int
call_timeout_ms(const DdbCall *call, int64_t now)
{
	int64_t left_us = call->state == CALL_PAUSED ? call->resume_us - now : 0;

	/* Another client's pump may have ended the exchange. */
	if (call->state == CALL_PAUSED || may_send(call) ||
		(call->state == CALL_FLYING && ddb_http_done(call->exchange)))
		return left_us <= 0 ? 0 : (int) ((left_us + 999) / 1000);
	return -1;
}

int
ddb_client_timeout_ms(DdbClient *client)
{
	int timeout_ms = ddb_http_timeout_ms(client->http);
	int keys_ms = ddb_credentials_timeout_ms(client->credentials);
	int64_t now = ddb_http_now_us();

	/* Another client's pump may have brought the keys. */
	if (client->keyless && !ddb_credentials_fetching(client->credentials))
		client->keyless = false;
	if (keys_ms >= 0 && (timeout_ms < 0 || keys_ms < timeout_ms))
		timeout_ms = keys_ms;
	for (DdbCall *call = client->first; call != NULL; call = call->next)
	{
		int call_ms = call_timeout_ms(call, now);

		if (call_ms >= 0 && (timeout_ms < 0 || call_ms < timeout_ms))
			timeout_ms = call_ms;
	}
	return timeout_ms;
}
