/*
 * exchange.c
 *		One HTTP request and its response: a prepared handle of libcurl, its
 *		callbacks, the body as it grows, the few headers that matter.
 *
 * Callbacks record and return; none of them can leave by another way than
 * return. Not here: connections and waiting (http.c), signing, retries, the
 * meaning of a response (call.c).
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "exchange.h"
#include "host.h"

/* DynamoDB closes idle connections after 60 to 90 s; be first. */
#define MAX_IDLE_S 50L
/* A name may move to other addresses; look again now and then. */
#define MAX_LIFETIME_S 300L
/* How much of a body's buffer stays for the next response. */
#define FIRST_BODY 16384u
#define MAX_KEPT_BODY (256u * 1024)

/*
 * CURLOPT_OPENSOCKETFUNCTION: the address is known here, after the look-up, so
 * here is where a name is found out that only claims to be harmless.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	DdbExchange *exchange = arg;

	(void) purpose;
	if (!ddb_peer_allows(exchange->peer, &address->addr))
	{
		exchange->refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family,
				  address->socktype | SOCK_CLOEXEC,
				  address->protocol);
}

/*
 * CURLOPT_PREREQFUNCTION: about to send. libcurl resends a POST by itself when
 * a kept connection dies before the first byte of the response; the server may
 * have acted on the first one, so the second is ours to decide.
 */
static int
before_send(void *arg, char *remote_ip, char *local_ip, int remote_port,
			int local_port)
{
	DdbExchange *exchange = arg;

	(void) remote_ip;
	(void) local_ip;
	(void) remote_port;
	(void) local_port;
	exchange->sends++;
	return exchange->sends == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Room for len more bytes and a NUL. */
static bool
reserve_body(DdbExchange *exchange, size_t len)
{
	size_t need = exchange->reply.body_len + len + 1;
	size_t cap = exchange->body_cap == 0 ? FIRST_BODY : exchange->body_cap;
	char *body;

	if (need <= exchange->body_cap)
		return true;
	while (cap < need)
		cap *= 2;
	body = realloc(exchange->body, cap);
	if (body == NULL)
		return false;
	exchange->body = body;
	exchange->body_cap = cap;
	return true;
}

/* CURLOPT_WRITEFUNCTION */
static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
	DdbExchange *exchange = arg;
	size_t len = size * count;

	if (exchange->reply.body_len + len > DDB_EXCHANGE_MAX_BODY)
	{
		exchange->failure = DDB_STATUS_OVERSIZE;
		return 0;
	}
	if (!reserve_body(exchange, len))
	{
		exchange->failure = DDB_STATUS_NO_MEMORY;
		return 0;
	}
	memcpy(exchange->body + exchange->reply.body_len, data, len);
	exchange->reply.body_len += len;
	exchange->body[exchange->reply.body_len] = '\0';
	return len;
}

/*
 * If the line is this header, its value without surrounding blanks in out,
 * cut to fit.
 */
static bool
header_value(const char *line, size_t len, const char *name, char *out,
			 size_t out_size)
{
	size_t name_len = strlen(name);
	size_t value_len;

	if (len <= name_len || line[name_len] != ':' ||
		strncasecmp(line, name, name_len) != 0)
		return false;
	line += name_len + 1;
	len -= name_len + 1;
	while (len > 0 && (*line == ' ' || *line == '\t'))
	{
		line++;
		len--;
	}
	while (len > 0 && (unsigned char) line[len - 1] <= ' ')
		len--;
	value_len = len < out_size ? len : out_size - 1;
	memcpy(out, line, value_len);
	out[value_len] = '\0';
	return true;
}

/* A decimal number that is all of the text, up to max. */
static bool
parse_decimal(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *value <= max;
}

/* CURLOPT_HEADERFUNCTION: the few headers that matter. */
static size_t
take_header(char *line, size_t size, size_t count, void *arg)
{
	DdbExchange *exchange = arg;
	DdbReply *reply = &exchange->reply;
	size_t len = size * count;
	unsigned long number;
	char value[80];

	switch (line[0] | 0x20)
	{
		case 'a':
			if (header_value(line, len, "age", value, sizeof(value)))
				reply->has_age = true;
			break;
		case 'c':
			if (header_value(line, len, "content-encoding", value, 80))
				reply->gzip = strcasecmp(value, "gzip") == 0;
			else if (header_value(line, len, "content-length", value, 80) &&
					 parse_decimal(value, DDB_EXCHANGE_MAX_BODY, &number) &&
					 !reserve_body(exchange, number))
			{
				exchange->failure = DDB_STATUS_NO_MEMORY;
				return 0;
			}
			break;
		case 'd':
			(void) header_value(line, len, "date", reply->date, 40);
			break;
		case 'x':
			if (header_value(line, len, "x-amz-crc32", value, 80))
				reply->has_crc32 = parse_decimal(value, UINT32_MAX, &number) &&
								   ((reply->crc32 = number), true);
			else if (header_value(line, len, "x-amz-retry-after", value, 80) &&
					 parse_decimal(value, 3600 * 1000, &number))
				reply->retry_after_ms = (int) number;
			else
				(void) header_value(line,
									len,
									"x-amzn-requestid",
									reply->request_id,
									sizeof(reply->request_id));
			break;
	}
	return len;
}

/* Options that hold for the life of a handle. */
static void
set_lasting_options(DdbExchange *exchange)
{
	CURL *easy = exchange->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* else removing a handle in the middle of a look-up waits for it */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, MAX_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, MAX_LIFETIME_S);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 128L * 1024);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
}

DdbExchange *
ddb_exchange_create(CURLSH *share)
{
	DdbExchange *exchange = calloc(1, sizeof(DdbExchange));

	if (exchange == NULL)
		return NULL;
	exchange->easy = curl_easy_init();
	if (exchange->easy == NULL)
	{
		free(exchange);
		return NULL;
	}
	set_lasting_options(exchange);
	curl_easy_setopt(exchange->easy, CURLOPT_SHARE, share);
	ddb_exchange_reset(exchange);
	return exchange;
}

void
ddb_exchange_free(DdbExchange *exchange)
{
	if (exchange == NULL)
		return;
	curl_easy_cleanup(exchange->easy);
	free(exchange->body);
	free(exchange);
}

void
ddb_exchange_reset(DdbExchange *exchange)
{
	exchange->refused_address = exchange->timed_out = false;
	exchange->sends = 0;
	exchange->failure = DDB_OK;
	exchange->error[0] = '\0';
	memset(&exchange->reply, 0, sizeof(exchange->reply));
	exchange->reply.retry_after_ms = -1;
	if (exchange->body_cap > MAX_KEPT_BODY)
	{
		free(exchange->body);
		exchange->body = NULL;
		exchange->body_cap = 0;
	}
}

/*
 * The list that libcurl reads, made of nodes and text inside the exchange:
 * curl_slist_append would allocate twice for each line.
 */
static bool
set_headers(DdbExchange *exchange, const char *const *headers, int nheaders)
{
	char *text = exchange->header_text;
	size_t left = sizeof(exchange->header_text);

	if (nheaders < 0 || nheaders > DDB_EXCHANGE_MAX_HEADERS)
		return false;
	for (int i = 0; i < nheaders; i++)
	{
		size_t size = strlen(headers[i]) + 1;

		if (size > left)
			return false;
		memcpy(text, headers[i], size);
		exchange->header_nodes[i].data = text;
		exchange->header_nodes[i].next =
			i + 1 < nheaders ? &exchange->header_nodes[i + 1] : NULL;
		text += size;
		left -= size;
	}
	exchange->nheaders = nheaders;
	curl_easy_setopt(exchange->easy,
					 CURLOPT_HTTPHEADER,
					 nheaders > 0 ? exchange->header_nodes : NULL);
	return true;
}

/* It stays set from request to request. A PUT is a POST by another name. */
static void
set_method(DdbExchange *exchange, const char *method)
{
	CURL *easy = exchange->easy;
	bool get = strcmp(method, "GET") == 0;
	bool post = strcmp(method, "POST") == 0;

	if (exchange->method != NULL && strcmp(exchange->method, method) == 0)
		return;
	curl_easy_setopt(easy, get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, get || post ? NULL : method);
	exchange->method = get ? "GET" : post ? "POST" : "PUT";
}

/*
 * A connection to a metadata service is not for others, who must not get
 * there: libcurl would give it to whoever names the same host.
 */
static void
set_peer(DdbExchange *exchange, DdbPeer peer, bool fresh)
{
	bool apart = peer == DDB_PEER_METADATA;

	curl_easy_setopt(exchange->easy,
					 CURLOPT_FRESH_CONNECT,
					 fresh || apart ? 1L : 0L);
	curl_easy_setopt(exchange->easy, CURLOPT_FORBID_REUSE, apart ? 1L : 0L);
	exchange->peer = peer;
}

/* As the SDKs have it; else what CURLOPT_CAINFO is unless it is set. */
static const char *
default_ca_file(CURL *easy)
{
	const char *file = ddb_host_variable(&ddb_host_process, "AWS_CA_BUNDLE");

	/* Not curl_version_info, which asks every library that libcurl has. */
	if (file == NULL)
		curl_easy_getinfo(easy, CURLINFO_CAINFO, &file);
	return file;
}

bool
ddb_exchange_prepare(DdbExchange *exchange, const DdbTarget *target,
					 const DdbPayload *payload, bool fresh, DdbStatus *status)
{
	CURL *easy = exchange->easy;
	const char *ca_file = target->ca_file;

	if (!set_headers(exchange, payload->headers, payload->nheaders))
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "the request's headers exceed %d bytes",
							  DDB_EXCHANGE_MAX_HEADER_BYTES);
	/* CAPATH keeps its default, so a CA file adds to the system's own. */
	if (ca_file == NULL)
		ca_file = default_ca_file(easy);
	set_method(exchange, payload->method);
	set_peer(exchange, target->peer, fresh);
	curl_easy_setopt(easy, CURLOPT_URL, target->url);
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(easy,
					 CURLOPT_CONNECTTIMEOUT_MS,
					 (long) target->connect_timeout_ms);
	/* Setting a body makes a POST of it. */
	if (strcmp(payload->method, "GET") != 0)
	{
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, payload->body);
		curl_easy_setopt(easy,
						 CURLOPT_POSTFIELDSIZE_LARGE,
						 (curl_off_t) payload->body_len);
	}
	return true;
}

void
ddb_exchange_finish(DdbExchange *exchange, CURLcode result, bool timed_out)
{
	long code = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &code);
	exchange->reply.http_status = (int) code;
	exchange->result = result;
	exchange->timed_out = timed_out;
}

/* The kind of a failure that libcurl reported. */
static DdbStatusKind
failure_kind(const DdbExchange *exchange)
{
	bool sent = exchange->sends > 0;

	switch (exchange->result)
	{
		case CURLE_OUT_OF_MEMORY:
			return DDB_STATUS_NO_MEMORY;
		case CURLE_SSL_CACERT_BADFILE:
			return DDB_STATUS_CONFIG;
		case CURLE_OPERATION_TIMEDOUT:
			return sent ? DDB_STATUS_TIMEOUT : DDB_STATUS_CONNECT;
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_UNSUPPORTED_PROTOCOL:
			return sent ? DDB_STATUS_PROTOCOL : DDB_STATUS_CONFIG;
		default:
			return sent ? DDB_STATUS_LOST : DDB_STATUS_CONNECT;
	}
}

/* What was wrong with a certificate that was not accepted. */
static DdbConnectFault
certificate_fault(const DdbExchange *exchange)
{
	long verified = X509_V_OK;

	curl_easy_getinfo(exchange->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	switch (verified)
	{
		/* libcurl compares the host itself, after OpenSSL found no fault. */
		case X509_V_OK:
		case X509_V_ERR_UNSPECIFIED:
		case X509_V_ERR_HOSTNAME_MISMATCH:
		case X509_V_ERR_IP_ADDRESS_MISMATCH:
			return DDB_CONNECT_HOST;
		case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
		case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
			return DDB_CONNECT_ISSUER;
		case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
			return DDB_CONNECT_SELF_SIGNED;
		case X509_V_ERR_CERT_HAS_EXPIRED:
			return DDB_CONNECT_EXPIRED;
		case X509_V_ERR_CERT_NOT_YET_VALID:
			return DDB_CONNECT_NOT_YET;
		default:
			return DDB_CONNECT_CERTIFICATE;
	}
}

static DdbConnectFault
connect_fault(const DdbExchange *exchange)
{
	if (exchange->refused_address)
		return exchange->peer == DDB_PEER_LOOPBACK ? DDB_CONNECT_PLAIN
												   : DDB_CONNECT_LINK_LOCAL;
	if (exchange->result == CURLE_PEER_FAILED_VERIFICATION)
		return certificate_fault(exchange);
	/* Without these words of OpenSSL's it was the connection that broke. */
	if (exchange->result == CURLE_SSL_CONNECT_ERROR &&
		strstr(exchange->error, "SSL routines") != NULL)
		return DDB_CONNECT_HANDSHAKE;
	return DDB_CONNECT_UNKNOWN;
}

static const char *
failure_message(const DdbExchange *exchange)
{
	if (exchange->refused_address)
		return ddb_peer_refusal(exchange->peer);
	if (exchange->timed_out)
		return exchange->sends > 0 ? "no whole response within its time"
								   : "no connection within its time";
	if (exchange->sends > 1)
		return "the kept connection was closed by the other side";
	if (exchange->error[0] != '\0')
		return exchange->error;
	return curl_easy_strerror(exchange->result);
}

bool
ddb_exchange_result(const DdbExchange *exchange, DdbReply *reply,
					DdbStatus *status)
{
	status->sent = exchange->sends > 0;
	if (exchange->failure == DDB_STATUS_OVERSIZE)
		return ddb_status_set(status,
							  DDB_STATUS_OVERSIZE,
							  "the response exceeds %u bytes",
							  DDB_EXCHANGE_MAX_BODY);
	if (exchange->failure != DDB_OK)
		return ddb_status_set(status, exchange->failure, "out of memory");
	if (exchange->result != CURLE_OK)
	{
		status->connect_fault = connect_fault(exchange);
		return ddb_status_set(status,
							  failure_kind(exchange),
							  "%s",
							  failure_message(exchange));
	}
	*reply = exchange->reply;
	reply->body = exchange->body == NULL ? "" : exchange->body;
	return true;
}

const char *
ddb_exchange_sent(const DdbExchange *exchange, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < exchange->nheaders; i++)
	{
		const char *line = exchange->header_nodes[i].data;

		if (strncmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0)
			return line + len + 2;
	}
	return NULL;
}

void
ddb_exchange_wipe(DdbExchange *exchange)
{
	OPENSSL_cleanse(exchange->header_text, sizeof(exchange->header_text));
	if (exchange->body != NULL)
		OPENSSL_cleanse(exchange->body, exchange->body_cap);
}

void
ddb_exchange_bytes(const DdbExchange *exchange, uint64_t *sent, uint64_t *received)
{
	long request = 0;
	long header = 0;
	curl_off_t upload = 0;
	curl_off_t download = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &request);
	curl_easy_getinfo(exchange->easy, CURLINFO_HEADER_SIZE, &header);
	curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &upload);
	curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_DOWNLOAD_T, &download);
	/*
	 * The request's size includes a body that left with the headers, as those
	 * under 64 KiB do.
	 */
	*sent = (uint64_t) request;
	if (upload > request)
		*sent += (uint64_t) upload;
	*received = (uint64_t) header + (uint64_t) download;
}
