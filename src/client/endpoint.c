/*
 * endpoint.c
 *		From region, overrides and flags to a URL and what is signed with it.
 *
 * The hosts are those of the SDKs' endpoint rules for these four services.
 * Account-based endpoints are left out, and so are endpoints in profiles.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "endpoint.h"

#define MAX_HOST_LEN 253
#define DEFAULT_REGION "us-east-1"

typedef struct ServiceTraits
{
	const char *signing_name;
	const char *target_prefix; /* of X-Amz-Target; STS has none */
	const char *host;
	const char *dualstack_host;
	const char *url_variable;
} ServiceTraits;

static const ServiceTraits services[] = {
	[DDB_SERVICE_DYNAMODB] = {"dynamodb",
							  "DynamoDB_20120810",
							  "dynamodb",
							  "dynamodb",
							  "AWS_ENDPOINT_URL_DYNAMODB"},
	[DDB_SERVICE_STREAMS] = {"dynamodb",
							 "DynamoDBStreams_20120810",
							 "streams.dynamodb",
							 "streams-dynamodb",
							 "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"},
	[DDB_SERVICE_COGNITO] = {"cognito-idp",
							 "AWSCognitoIdentityProviderService",
							 "cognito-idp",
							 "cognito-idp",
							 "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"},
	[DDB_SERVICE_STS] = {"sts", "", "sts", "sts", "AWS_ENDPOINT_URL_STS"},
};

typedef struct Partition
{
	const char *region_prefix;
	const char *suffix;
	const char *dualstack_suffix;
} Partition;

/* The first prefix that fits; the last fits all. */
static const Partition partitions[] = {
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"us-gov-", "amazonaws.com", "api.aws"},
	{"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
	{"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"", "amazonaws.com", "api.aws"},
};

/* A URL taken apart. */
typedef struct Url
{
	bool https;
	char host[MAX_HOST_LEN + 1]; /* lower case, without brackets */
	bool ipv6;
	int port;         /* 0: the scheme's */
	const char *path; /* "" or from the slash on */
} Url;

static bool
config_error(DdbStatus *status, const char *message)
{
	return ddb_status_set(status, DDB_STATUS_CONFIG, "%s", message);
}

const char *
ddb_endpoint_getenv(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL || value[strspn(value, " \t\r\n")] == '\0')
		return NULL;
	return value;
}

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		   (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
		   (c >= 'A' && c <= 'F');
}

static void
copy_lower(char *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		char c = text[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
	}
	out[len] = '\0';
}

/* A label of a host name: RFC 1123 section 2.1 */
static bool
is_host_label(const char *text, size_t len)
{
	if (len < 1 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (!is_alnum(text[i]) && text[i] != '-')
			return false;
	}
	return true;
}

/* Labels and dots. Underscores too: Docker Compose puts them in its names. */
static bool
is_host_name(const char *text)
{
	if (text[0] == '.' || text[0] == '\0' || strstr(text, "..") != NULL)
		return false;
	for (; *text != '\0'; text++)
	{
		if (!is_alnum(*text) && strchr("-._", *text) == NULL)
			return false;
	}
	return true;
}

static bool
is_loopback(const Url *url)
{
	struct in_addr v4;
	struct in6_addr v6;
	size_t len = strlen(url->host);

	if (url->ipv6)
		return inet_pton(AF_INET6, url->host, &v6) == 1 &&
			   IN6_IS_ADDR_LOOPBACK(&v6);
	if (inet_pton(AF_INET, url->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (len > 0 && url->host[len - 1] == '.')
		len--;
	/* RFC 6761 section 6.3: every name under localhost is loopback. */
	if (len < 9 || memcmp(url->host + len - 9, "localhost", 9) != 0)
		return false;
	return len == 9 || url->host[len - 10] == '.';
}

static bool
parse_host(Url *url, const char *text, size_t len)
{
	struct in6_addr v6;

	url->ipv6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
	if (url->ipv6)
	{
		text++;
		len -= 2;
	}
	if (len > MAX_HOST_LEN)
		return false;
	copy_lower(url->host, text, len);
	if (url->ipv6)
		return inet_pton(AF_INET6, url->host, &v6) == 1;
	return is_host_name(url->host);
}

/* ":8000", or nothing where len is 0 */
static bool
parse_port(Url *url, const char *text, size_t len)
{
	int port = 0;

	if (len == 0)
		return true;
	if (len < 2 || len > 6)
		return false;
	for (size_t i = 1; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (text[i] - '0');
	}
	if (port != (url->https ? 443 : 80))
		url->port = port;
	return port > 0 && port <= 65535;
}

/* What RFC 3986 section 3.3 lets stand in a path */
static bool
is_path(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text == '%' && is_hex(text[1]) && is_hex(text[2]))
			text += 2;
		else if (!is_alnum(*text) && strchr("-._~!$&'()*+,;=:@/", *text) == NULL)
			return false;
	}
	return true;
}

/* The messages do not repeat the URL: it may hold a secret. */
static bool
parse_url(Url *url, const char *text, DdbStatus *status)
{
	const char *authority;
	size_t len, host_len;

	memset(url, 0, sizeof(*url));
	url->https = strncasecmp(text, "https://", 8) == 0;
	if (!url->https && strncasecmp(text, "http://", 7) != 0)
		return config_error(status,
							"endpoint must begin with http:// or https://");
	authority = text + (url->https ? 8 : 7);
	len = strcspn(authority, "/?#");
	url->path = authority + len;
	if (memchr(authority, '@', len) != NULL)
		return config_error(status, "endpoint must not contain credentials");
	if (url->path[strcspn(url->path, "?#")] != '\0')
		return config_error(status,
							"endpoint must not have a query or a fragment");

	/* The colons of an IPv6 address are within its brackets. */
	host_len = strcspn(authority, authority[0] == '[' ? "]/" : ":/");
	if (authority[host_len] == ']')
		host_len++;
	if (!parse_host(url, authority, host_len))
		return config_error(status, "endpoint has an invalid host");
	if ((host_len < len && authority[host_len] != ':') ||
		!parse_port(url, authority + host_len, len - host_len))
		return config_error(status, "endpoint has an invalid port");
	if (!is_path(url->path))
		return config_error(status, "endpoint has an invalid path");
	return true;
}

static bool
set_url(DdbEndpoint *endpoint, const Url *url, DdbStatus *status)
{
	char port[8] = "";
	int host_len, path_len, url_len;

	if (url->port != 0)
		snprintf(port, sizeof(port), ":%d", url->port);
	host_len = snprintf(endpoint->host,
						sizeof(endpoint->host),
						url->ipv6 ? "[%s]%s" : "%s%s",
						url->host,
						port);
	path_len = snprintf(endpoint->path,
						sizeof(endpoint->path),
						"%s",
						url->path[0] != '\0' ? url->path : "/");
	url_len = snprintf(endpoint->url,
					   sizeof(endpoint->url),
					   "%s://%s%s",
					   url->https ? "https" : "http",
					   endpoint->host,
					   endpoint->path);
	if (host_len < 0 || (size_t) host_len >= sizeof(endpoint->host) ||
		path_len < 0 || (size_t) path_len >= sizeof(endpoint->path) ||
		url_len < 0 || (size_t) url_len >= sizeof(endpoint->url))
		return config_error(status, "endpoint is too long");
	return true;
}

/* AWS's own host of a service in a region */
static void
aws_host(char *host, size_t size, DdbService service, const char *region,
		 const DdbEndpointConfig *config)
{
	const ServiceTraits *traits = &services[service];
	const Partition *partition = partitions;
	bool dualstack = config->use_dualstack;
	bool fips = config->use_fips;

	/* STS still has one endpoint for all regions. */
	if (service == DDB_SERVICE_STS && strcmp(region, "aws-global") == 0)
	{
		snprintf(host, size, "sts.amazonaws.com");
		return;
	}
	while (!starts_with(region, partition->region_prefix))
		partition++;
	/* In this partition Cognito has no dual-stack names. */
	if (service == DDB_SERVICE_COGNITO && partition->region_prefix[0] == '\0')
		dualstack = false;
	/* GovCloud's plain endpoints are FIPS endpoints, but for Cognito's. */
	if (starts_with(region, "us-gov-") && service != DDB_SERVICE_COGNITO &&
		!dualstack)
		fips = false;
	snprintf(host,
			 size,
			 "%s%s.%s.%s",
			 dualstack ? traits->dualstack_host : traits->host,
			 fips ? "-fips" : "",
			 region,
			 dualstack ? partition->dualstack_suffix : partition->suffix);
}

static const char *
custom_url(DdbService service, const DdbEndpointConfig *config)
{
	const char *ignore;
	const char *url;

	if (config->endpoint != NULL)
		return config->endpoint;
	ignore = ddb_endpoint_getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	if (ignore != NULL && strcasecmp(ignore, "true") == 0)
		return NULL;
	url = ddb_endpoint_getenv(services[service].url_variable);
	return url != NULL ? url : ddb_endpoint_getenv("AWS_ENDPOINT_URL");
}

/* NULL: there is none */
static const char *
configured_region(const DdbEndpointConfig *config)
{
	const char *region = config->region;

	if (region == NULL)
		region = ddb_endpoint_getenv("AWS_REGION");
	if (region == NULL)
		region = ddb_endpoint_getenv("AWS_DEFAULT_REGION");
	return region;
}

/*
 * Streams are sought where DynamoDB is, but on AWS they have a host of their
 * own.
 */
static bool
is_aws_table_url(const char *text, const char *region)
{
	DdbEndpointConfig plain = {0};
	char host[MAX_HOST_LEN + 1];
	DdbStatus ignored;
	Url url;

	aws_host(host, sizeof(host), DDB_SERVICE_DYNAMODB, region, &plain);
	return parse_url(&url, text, &ignored) && strcmp(url.host, host) == 0;
}

static bool
resolve_custom(DdbEndpoint *endpoint, DdbService service, const char *text,
			   const DdbEndpointConfig *config, DdbStatus *status)
{
	DdbEndpointConfig dualstack = {.use_dualstack = true};
	char dualstack_host[MAX_HOST_LEN + 1];
	Url url;

	if (config->use_fips)
		return config_error(status,
							"FIPS is not possible with a custom endpoint");
	if (config->use_dualstack)
		return config_error(status,
							"dual stack is not possible with a custom endpoint");
	if (!parse_url(&url, text, status))
		return false;
	if (!url.https && !config->allow_http && !is_loopback(&url))
		return ddb_status_set(status,
							  DDB_STATUS_CONFIG,
							  "endpoint host \"%s\" is not a loopback host, so "
							  "plain http to it is not allowed",
							  url.host);

	/* The SDKs' rules want these reached by their flag alone. */
	aws_host(dualstack_host,
			 sizeof(dualstack_host),
			 service,
			 endpoint->region,
			 &dualstack);
	if (service == DDB_SERVICE_DYNAMODB && url.https &&
		strcmp(url.host, dualstack_host) == 0)
		return config_error(status,
							"AWS's dual-stack endpoint cannot be a custom "
							"endpoint, turn dual stack on instead");
	endpoint->custom = true;
	if (!url.https && !config->allow_http)
		endpoint->peer = DDB_PEER_LOOPBACK;
	return set_url(endpoint, &url, status);
}

static bool
resolve_aws(DdbEndpoint *endpoint, DdbService service,
			const DdbEndpointConfig *config, DdbStatus *status)
{
	Url url = {.https = true, .path = ""};
	char host[MAX_HOST_LEN + 1];

	aws_host(host, sizeof(host), service, endpoint->region, config);
	copy_lower(url.host, host, strlen(host));
	if (strcmp(endpoint->region, "aws-global") == 0)
		strcpy(endpoint->region, DEFAULT_REGION);
	return set_url(endpoint, &url, status);
}

static bool
set_region(DdbEndpoint *endpoint, const char *region, DdbStatus *status)
{
	size_t len = strlen(region);

	if (!is_host_label(region, len))
		return ddb_status_set(status,
							  DDB_STATUS_CONFIG,
							  "\"%s\" is not a valid region",
							  region);
	memcpy(endpoint->region, region, len + 1);
	return true;
}

bool
ddb_endpoint_resolve(DdbEndpoint *endpoint, DdbService service,
					 const DdbEndpointConfig *config, DdbStatus *status)
{
	const char *url = custom_url(service, config);
	const char *region = configured_region(config);

	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->signing_name = services[service].signing_name;
	endpoint->target_prefix = services[service].target_prefix;

	/* The SDKs' pseudo region for DynamoDB Local */
	if (url == NULL && region != NULL && strcmp(region, "local") == 0 &&
		(service == DDB_SERVICE_DYNAMODB || service == DDB_SERVICE_STREAMS))
	{
		url = "http://localhost:8000";
		region = DEFAULT_REGION;
	}
	if (region == NULL && url != NULL)
		region = DEFAULT_REGION;
	if (region == NULL)
		return config_error(status, "no region is configured");
	if (!set_region(endpoint, region, status))
		return false;
	if (service == DDB_SERVICE_STREAMS && url != NULL &&
		is_aws_table_url(url, region))
		url = NULL;
	if (url != NULL)
		return resolve_custom(endpoint, service, url, config, status);
	return resolve_aws(endpoint, service, config, status);
}
