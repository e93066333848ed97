/*
 * endpoint.h
 *		From region, overrides and flags to a URL and what is signed with it.
 */
#ifndef DDB_ENDPOINT_H
#define DDB_ENDPOINT_H

#include "ask.h"
#include "status.h"

typedef enum DdbService
{
	DDB_SERVICE_DYNAMODB,
	DDB_SERVICE_STREAMS,
	DDB_SERVICE_COGNITO,
	DDB_SERVICE_STS
} DdbService;

typedef struct DdbEndpointConfig
{
	const char *region;   /* NULL: from the environment */
	const char *endpoint; /* explicit URL; NULL: environment, then AWS */
	bool use_fips;
	bool use_dualstack;
	bool allow_http; /* plain http to a host that is not loopback */
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
	bool custom;               /* not one of AWS's own */
	DdbPeer peer;              /* loopback for plain http without allow_http,
								 * else public */
} DdbEndpoint;

/* The environment's variable, or NULL where it is unset or blank. */
extern const char *ddb_endpoint_getenv(const char *name);

/*
 * Resolve one service. False with DDB_STATUS_CONFIG and a message that says
 * what is missing or wrong: no region, a malformed URL, plain http to a host
 * that is neither loopback nor allowed, FIPS or dual stack with a custom
 * endpoint, credentials inside the URL.
 *
 * Order for the URL: config->endpoint; AWS_ENDPOINT_URL_DYNAMODB (or
 * _DYNAMODB_STREAMS, _COGNITO_IDENTITY_PROVIDER, _STS); AWS_ENDPOINT_URL; the
 * region's. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true turns the variables off.
 * For Streams, AWS's own URL of DynamoDB stands for that of Streams beside it.
 * Order for the region: config->region; AWS_REGION; AWS_DEFAULT_REGION; with
 * a custom endpoint us-east-1.
 */
extern bool ddb_endpoint_resolve(DdbEndpoint *endpoint, DdbService service,
								 const DdbEndpointConfig *config,
								 DdbStatus *status);

#endif /* DDB_ENDPOINT_H */
