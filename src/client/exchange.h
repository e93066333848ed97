/*
 * exchange.h
 *		One HTTP request and its response: a prepared handle of libcurl, its
 *		callbacks, the body as it grows, the few headers that matter.
 *
 * http.c moves exchanges over the network; call.c reads their outcome. An
 * exchange is reused from request to request, with its handle and its buffer.
 */
#ifndef DDB_EXCHANGE_H
#define DDB_EXCHANGE_H

#include <curl/curl.h>

#include "peer.h"
#include "status.h"

/* Responses over this, before or after inflating, are refused. */
#define DDB_EXCHANGE_MAX_BODY (64u * 1024 * 1024)
#define DDB_EXCHANGE_USER_AGENT "cruddur_ddb/1.0"
#define DDB_EXCHANGE_MAX_HEADERS 12
#define DDB_EXCHANGE_MAX_HEADER_BYTES 8192

/* Where a request goes. Strings are borrowed until the exchange is released. */
typedef struct DdbTarget
{
	const char *url;
	const char *ca_file; /* NULL: the environment's or the system's */
	DdbPeer peer;
	int connect_timeout_ms;
	int request_timeout_ms; /* of one attempt, connecting included */
} DdbTarget;

/*
 * What is sent. Header lines ("name: value") are copied, method and body
 * borrowed.
 */
typedef struct DdbPayload
{
	const char *method; /* "POST", "GET" or "PUT"; a GET has no body */
	const char *const *headers;
	int nheaders;
	const char *body;
	size_t body_len;
} DdbPayload;

/* What came back. Strings and body live until the exchange is released. */
typedef struct DdbReply
{
	int http_status;
	const char *body; /* as transferred, a NUL beyond body_len */
	size_t body_len;
	bool gzip; /* Content-Encoding */
	bool has_crc32;
	uint32_t crc32;      /* x-amz-crc32 */
	int retry_after_ms;  /* x-amz-retry-after, -1 if there was none */
	bool has_age;        /* an Age header: Date is a cache's */
	char date[40];       /* Date, "" if there was none */
	char request_id[72]; /* x-amzn-RequestId, "" if there was none */
} DdbReply;

typedef struct DdbExchange DdbExchange;

struct DdbExchange
{
	CURL *easy;
	struct DdbHttp *http; /* in whose pool it lives */
	DdbExchange *prev;    /* of http's list */
	DdbExchange *next;
	bool in_flight;
	int64_t deadline_us; /* monotonic, kept by http */

	/* private to exchange.c */
	const char *method; /* that the handle is set to */
	DdbPeer peer;
	bool refused_address; /* peer did not allow one */
	bool timed_out;       /* by our own deadline */
	int sends;            /* how often libcurl was about to send it */
	CURLcode result;
	DdbStatusKind failure; /* of a callback; DDB_OK: none */
	DdbReply reply;
	char *body;
	size_t body_cap;
	int nheaders; /* that were sent */
	struct curl_slist header_nodes[DDB_EXCHANGE_MAX_HEADERS];
	char header_text[DDB_EXCHANGE_MAX_HEADER_BYTES];
	char error[CURL_ERROR_SIZE];
};

/*
 * A handle with every option that never changes; share: what it has in common
 * with others. NULL if out of memory.
 */
extern DdbExchange *ddb_exchange_create(CURLSH *share);

/* Must not be in flight. NULL is fine. */
extern void ddb_exchange_free(DdbExchange *exchange);

/* Forget the last request; a large buffer is given back. */
extern void ddb_exchange_reset(DdbExchange *exchange);

/*
 * Make it ready to be sent. fresh: not over a kept connection. False with
 * status filled if the headers do not fit.
 */
extern bool ddb_exchange_prepare(DdbExchange *exchange, const DdbTarget *target,
								 const DdbPayload *payload, bool fresh,
								 DdbStatus *status);

/* It has ended with this result; timed_out: by our own deadline. */
extern void ddb_exchange_finish(DdbExchange *exchange, CURLcode result,
								bool timed_out);

/*
 * The outcome of an exchange that has ended. True: a whole response came, of
 * whatever HTTP status, and *reply is set. False: status says what happened.
 * Either way status->sent says whether the request may have been received.
 */
extern bool ddb_exchange_result(const DdbExchange *exchange, DdbReply *reply,
								DdbStatus *status);

/*
 * The value of a header that was sent, by its name in lower case; NULL if there
 * was none. Good until the exchange is released.
 */
extern const char *ddb_exchange_sent(const DdbExchange *exchange,
									 const char *name);

/* It held secrets: wipe what was sent and what came, but not what is borrowed. */
extern void ddb_exchange_wipe(DdbExchange *exchange);

/* Bytes that went over the wire for it, bodies and headers. */
extern void ddb_exchange_bytes(const DdbExchange *exchange, uint64_t *sent,
							   uint64_t *received);

#endif /* DDB_EXCHANGE_H */
