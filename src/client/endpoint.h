/*
 * endpoint.h
 *		From region, overrides and flags to a URL and what is signed with it.
 */
#ifndef DDB_ENDPOINT_H
#define DDB_ENDPOINT_H

#include "host.h"
#include "peer.h"
#include "status.h"

typedef enum DdbService
{
	DDB_SERVICE_DYNAMODB,
	DDB_SERVICE_STREAMS,
	DDB_SERVICE_COGNITO,
	DDB_SERVICE_STS
} DdbService;

/* A setting that the environment or a profile may make, unless it is made. */
typedef enum DdbSwitch
{
	DDB_SWITCH_UNSET,
	DDB_SWITCH_ON,
	DDB_SWITCH_OFF
} DdbSwitch;

typedef struct DdbEndpointConfig
{
	const char *region;   /* NULL: not given, so of all strings here */
	const char *endpoint; /* an explicit URL */
	DdbSwitch use_fips;
	DdbSwitch use_dualstack;
	bool allow_http; /* plain http to a host that is not loopback */

	const DdbHost *host; /* whose environment is asked; NULL: the process's */

	/* What the selected profile says; the environment goes before it. */
	const char *profile_region;
	const char *profile_url; /* of this service */
	bool profile_ignores_urls;
	bool profile_fips;
	bool profile_dualstack;
} DdbEndpointConfig;

typedef struct DdbEndpoint
{
	char url[512];  /* "http://localhost:8000/", path included */
	char host[300]; /* Host header: lower case, default port
								 * dropped, IPv6 bracketed */
	char path[256]; /* "/" */
	char region[64];
	const char *signing_name;  /* "dynamodb", static */
	const char *target_prefix; /* "DynamoDB_20120810", static */
	const char *content_type;  /* of a request, static */
	bool custom;               /* not one of AWS's own */
	DdbPeer peer;              /* loopback for plain http without allow_http,
								 * else public */
} DdbEndpoint;

/*
 * Resolve one service. False with DDB_STATUS_CONFIG and a message that says
 * what is missing or wrong: no region, a malformed URL, plain http to a host
 * that is neither loopback nor allowed, FIPS or dual stack with a custom
 * endpoint, credentials inside the URL.
 *
 * Order for the URL: config->endpoint; AWS_ENDPOINT_URL_DYNAMODB (or
 * _DYNAMODB_STREAMS, _COGNITO_IDENTITY_PROVIDER, _STS); AWS_ENDPOINT_URL; the
 * profile's; the region's. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true, or else the
 * profile, turns all off but the first and the last. For Streams, AWS's own URL
 * of DynamoDB stands for that of Streams beside it.
 * Order for the region: config->region; AWS_REGION; AWS_DEFAULT_REGION; the
 * profile's; with a custom endpoint us-east-1.
 * For FIPS and dual stack: config; AWS_USE_FIPS_ENDPOINT and
 * AWS_USE_DUALSTACK_ENDPOINT; the profile's.
 * AWS_STS_REGIONAL_ENDPOINTS=legacy: the older regions share STS's global one.
 */
extern bool ddb_endpoint_resolve(DdbEndpoint *endpoint, DdbService service,
								 const DdbEndpointConfig *config,
								 DdbStatus *status);

#endif /* DDB_ENDPOINT_H */
