/*
 * endpoint.c
 *		From region, overrides and flags to a URL and what is signed with it.
 *
 * The hosts are those of the SDKs' endpoint rules for these four services.
 * Account-based endpoints are left out.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "endpoint.h"
#include "url.h"

#define DEFAULT_REGION "us-east-1"

#define JSON_1_0 "application/x-amz-json-1.0"
#define JSON_1_1 "application/x-amz-json-1.1"

typedef struct ServiceTraits
{
	const char *signing_name;
	const char *target_prefix; /* of X-Amz-Target; STS has none */
	const char *content_type;
	const char *host;
	const char *dualstack_host;
	const char *url_variable;
} ServiceTraits;

static const ServiceTraits services[] = {
	[DDB_SERVICE_DYNAMODB] = {"dynamodb",
							  "DynamoDB_20120810",
							  JSON_1_0,
							  "dynamodb",
							  "dynamodb",
							  "AWS_ENDPOINT_URL_DYNAMODB"},
	[DDB_SERVICE_STREAMS] = {"dynamodb",
							 "DynamoDBStreams_20120810",
							 JSON_1_0,
							 "streams.dynamodb",
							 "streams-dynamodb",
							 "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"},
	[DDB_SERVICE_COGNITO] = {"cognito-idp",
							 "AWSCognitoIdentityProviderService",
							 JSON_1_1,
							 "cognito-idp",
							 "cognito-idp",
							 "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"},
	[DDB_SERVICE_STS] = {"sts",
						 "",
						 "application/x-www-form-urlencoded",
						 "sts",
						 "sts",
						 "AWS_ENDPOINT_URL_STS"},
};

/* Those that there were before STS had an endpoint in each region. */
static const char *const global_sts_regions[] = {
	"ap-northeast-1",
	"ap-south-1",
	"ap-southeast-1",
	"ap-southeast-2",
	"aws-global",
	"ca-central-1",
	"eu-central-1",
	"eu-north-1",
	"eu-west-1",
	"eu-west-2",
	"eu-west-3",
	"sa-east-1",
	"us-east-1",
	"us-east-2",
	"us-west-1",
	"us-west-2",
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

static bool
config_error(DdbStatus *status, const char *message)
{
	return ddb_status_set(status, DDB_STATUS_CONFIG, "%s", message);
}

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A label of a host name: RFC 1123 section 2.1 */
static bool
is_host_label(const char *text, size_t len)
{
	if (len < 1 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return false;
	return strspn(text,
				  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-") >= len;
}

static bool
set_url(DdbEndpoint *endpoint, const DdbUrl *url, DdbStatus *status)
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
		 bool fips, bool dualstack)
{
	const ServiceTraits *traits = &services[service];
	const Partition *partition = partitions;

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

static bool
is_on(DdbSwitch setting, const DdbHost *host, const char *variable, bool otherwise)
{
	const char *value;

	if (setting != DDB_SWITCH_UNSET)
		return setting == DDB_SWITCH_ON;
	value = ddb_host_variable(host, variable);
	if (value != NULL && strcasecmp(value, "true") == 0)
		return true;
	if (value != NULL && strcasecmp(value, "false") == 0)
		return false;
	return otherwise;
}

static bool
wants_fips(const DdbEndpointConfig *config)
{
	return is_on(config->use_fips,
				 config->host,
				 "AWS_USE_FIPS_ENDPOINT",
				 config->profile_fips);
}

static bool
wants_dualstack(const DdbEndpointConfig *config)
{
	return is_on(config->use_dualstack,
				 config->host,
				 "AWS_USE_DUALSTACK_ENDPOINT",
				 config->profile_dualstack);
}

/* STS has an endpoint for all regions, too. */
static bool
is_global_sts(const DdbEndpointConfig *config, const char *region)
{
	const char *mode;

	if (strcmp(region, "aws-global") == 0)
		return true;
	mode = ddb_host_variable(config->host, "AWS_STS_REGIONAL_ENDPOINTS");
	if (mode == NULL || strcasecmp(mode, "legacy") != 0 || wants_fips(config) ||
		wants_dualstack(config))
		return false;
	for (size_t i = 0;
		 i < sizeof(global_sts_regions) / sizeof(global_sts_regions[0]);
		 i++)
	{
		if (strcmp(region, global_sts_regions[i]) == 0)
			return true;
	}
	return false;
}

/* NULL: there is none, so of the next */
static const char *
custom_url(DdbService service, const DdbEndpointConfig *config)
{
	const char *url;

	if (config->endpoint != NULL)
		return config->endpoint;
	if (is_on(DDB_SWITCH_UNSET,
			  config->host,
			  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
			  config->profile_ignores_urls))
		return NULL;
	url = ddb_host_variable(config->host, services[service].url_variable);
	if (url == NULL)
		url = ddb_host_variable(config->host, "AWS_ENDPOINT_URL");
	return url != NULL ? url : config->profile_url;
}

static const char *
configured_region(const DdbEndpointConfig *config)
{
	const char *region = config->region;

	if (region == NULL)
		region = ddb_host_variable(config->host, "AWS_REGION");
	if (region == NULL)
		region = ddb_host_variable(config->host, "AWS_DEFAULT_REGION");
	return region != NULL ? region : config->profile_region;
}

/*
 * Streams are sought where DynamoDB is, but on AWS they have a host of their
 * own.
 */
static bool
is_aws_table_url(const char *text, const char *region)
{
	char host[DDB_URL_MAX_HOST + 1];
	DdbStatus ignored;
	DdbUrl url;

	aws_host(host, sizeof(host), DDB_SERVICE_DYNAMODB, region, false, false);
	return ddb_url_parse(&url, text, &ignored) && strcmp(url.host, host) == 0;
}

static bool
resolve_custom(DdbEndpoint *endpoint, DdbService service, const char *text,
			   const DdbEndpointConfig *config, DdbStatus *status)
{
	char dualstack_host[DDB_URL_MAX_HOST + 1];
	DdbUrl url;

	if (wants_fips(config))
		return config_error(status,
							"FIPS is not possible with a custom endpoint");
	if (wants_dualstack(config))
		return config_error(status,
							"dual stack is not possible with a custom endpoint");
	if (!ddb_url_parse(&url, text, status))
		return false;
	if (!url.https && !config->allow_http && !ddb_url_is_loopback(&url))
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
			 false,
			 true);
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
	DdbUrl url = {.https = true, .path = ""};

	if (service == DDB_SERVICE_STS && is_global_sts(config, endpoint->region))
	{
		strcpy(url.host, "sts.amazonaws.com");
		strcpy(endpoint->region, DEFAULT_REGION);
	}
	else
		aws_host(url.host,
				 sizeof(url.host),
				 service,
				 endpoint->region,
				 wants_fips(config),
				 wants_dualstack(config));
	for (char *p = url.host; *p != '\0'; p++)
	{
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	}
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
	endpoint->content_type = services[service].content_type;

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
