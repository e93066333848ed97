/*
 * url.c
 *		Any text at all as the URL of an endpoint.
 *
 * A URL that is taken means to libcurl what it means to us: the same scheme,
 * host, port and path, and no user, query or fragment.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>

#include "check.h"
#include "endpoint.h"
#include "url.h"

static const char *
no_variable(const DdbHost *host, const char *name)
{
	(void) host;
	(void) name;
	return NULL;
}

static void
check_part(CURLU *parsed, CURLUPart part, unsigned flags, const char *expected)
{
	char *text = NULL;

	if (curl_url_get(parsed, part, &text, flags) != CURLUE_OK)
		text = NULL;
	if (expected == NULL)
		CHECK(text == NULL);
	else
		CHECK(text != NULL && strcasecmp(text, expected) == 0);
	curl_free(text);
}

/* What libcurl, which is given this text, makes of it. */
static void
check_with_curl(const char *text, const DdbUrl *url)
{
	CURLU *parsed = curl_url();
	char host[DDB_URL_MAX_HOST + 3];
	char port[12];

	CHECK(parsed != NULL);
	CHECK(curl_url_set(parsed, CURLUPART_URL, text, CURLU_PATH_AS_IS) ==
		  CURLUE_OK);
	snprintf(host, sizeof(host), url->ipv6 ? "[%s]" : "%s", url->host);
	snprintf(port,
			 sizeof(port),
			 "%d",
			 url->port ? url->port : (url->https ? 443 : 80));
	check_part(parsed, CURLUPART_SCHEME, 0, url->https ? "https" : "http");
	check_part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT, port);
	check_part(parsed, CURLUPART_PATH, 0, url->path[0] ? url->path : "/");
	check_part(parsed, CURLUPART_USER, 0, NULL);
	check_part(parsed, CURLUPART_PASSWORD, 0, NULL);
	check_part(parsed, CURLUPART_QUERY, 0, NULL);
	check_part(parsed, CURLUPART_FRAGMENT, 0, NULL);
	/* It writes an address of IPv6 in its shortest form. */
	if (!url->ipv6)
		check_part(parsed, CURLUPART_HOST, 0, host);
	curl_url_cleanup(parsed);
}

static void
check_url(const char *text)
{
	DdbStatus status;
	DdbUrl url;

	ddb_status_clear(&status);
	if (!ddb_url_parse(&url, text, &status))
	{
		CHECK(status.kind == DDB_STATUS_CONFIG && status.message[0] != '\0');
		return;
	}
	CHECK(IS_STRING(url.host) && url.host[0] != '\0');
	CHECK(url.port >= 0 && url.port <= 65535);
	CHECK(url.path >= text && url.path <= text + strlen(text));
	CHECK(url.path[0] == '\0' || url.path[0] == '/');
	check_with_curl(text, &url);
}

static void
check_endpoint(const DdbEndpointConfig *config)
{
	DdbEndpoint endpoint;
	DdbStatus status;
	DdbUrl url;

	ddb_status_clear(&status);
	if (!ddb_endpoint_resolve(&endpoint, DDB_SERVICE_STREAMS, config, &status))
	{
		CHECK(status.kind == DDB_STATUS_CONFIG && status.message[0] != '\0');
		return;
	}
	CHECK(IS_STRING(endpoint.url) && IS_STRING(endpoint.host));
	CHECK(IS_STRING(endpoint.path) && IS_STRING(endpoint.region));
	CHECK(ddb_url_parse(&url, endpoint.url, &status));
	CHECK(url.https || config->allow_http || ddb_url_is_loopback(&url));
	check_with_curl(endpoint.url, &url);
	/* Header lines */
	CHECK(strpbrk(endpoint.host, "\r\n \t") == NULL);
	CHECK(strpbrk(endpoint.path, "\r\n \t") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const DdbHost host = {.variable = no_variable, .root = "/nonexistent"};
	DdbEndpointConfig config = {.host = &host};
	char *text = text_copy(data, size);

	check_url(text);
	config.endpoint = text;
	check_endpoint(&config);
	config.allow_http = true;
	check_endpoint(&config);
	/* A region is a part of the URL. */
	config.endpoint = NULL;
	config.region = text;
	check_endpoint(&config);
	free(text);
	return 0;
}
