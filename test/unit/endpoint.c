/*
 * endpoint.c
 *		Region, overrides and flags -> URL, host, path, signing name.
 */
#include "endpoint.h"
#include "tap.h"

static const char *const variables[] = {
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_DYNAMODB",
	"AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
	"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
	"AWS_ENDPOINT_URL_STS",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	"AWS_USE_FIPS_ENDPOINT",
	"AWS_USE_DUALSTACK_ENDPOINT",
	"AWS_STS_REGIONAL_ENDPOINTS",
};

static void
clear_environment(void)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
}

static void
check_url(DdbService service, const DdbEndpointConfig *config,
		  const char *expected)
{
	DdbEndpoint endpoint;
	DdbStatus status;

	ddb_status_clear(&status);
	if (ok(ddb_endpoint_resolve(&endpoint, service, config, &status),
		   "resolved: %s %s",
		   expected,
		   status.message))
		is_str(endpoint.url, expected, "to this URL");
}

static void
check_refused(const DdbEndpointConfig *config, const char *message)
{
	DdbEndpoint endpoint;
	DdbStatus status;

	ddb_status_clear(&status);
	ok(!ddb_endpoint_resolve(&endpoint, DDB_SERVICE_DYNAMODB, config, &status) &&
		   status.kind == DDB_STATUS_CONFIG,
	   "refused: %s",
	   config->endpoint ? config->endpoint : "(no endpoint)");
	is_str(status.message, message, "and why");
}

/* flags: 'f' FIPS, 'd' dual stack */
static void
check_aws(DdbService service, const char *region, const char *flags,
		  const char *host)
{
	DdbEndpointConfig config = {.region = region};
	char url[300];

	if (strchr(flags, 'f') != NULL)
		config.use_fips = DDB_SWITCH_ON;
	if (strchr(flags, 'd') != NULL)
		config.use_dualstack = DDB_SWITCH_ON;
	snprintf(url, sizeof(url), "https://%s/", host);
	check_url(service, &config, url);
}

static void
test_partitions(void)
{
	const DdbService service = DDB_SERVICE_DYNAMODB;

	check_aws(service, "eu-west-1", "", "dynamodb.eu-west-1.amazonaws.com");
	check_aws(service, "xx-new-9", "", "dynamodb.xx-new-9.amazonaws.com");
	check_aws(service, "us-east-1", "d", "dynamodb.us-east-1.api.aws");
	check_aws(service, "us-east-1", "f", "dynamodb-fips.us-east-1.amazonaws.com");
	check_aws(service, "us-east-1", "fd", "dynamodb-fips.us-east-1.api.aws");
	check_aws(service, "cn-north-1", "", "dynamodb.cn-north-1.amazonaws.com.cn");
	check_aws(service,
			  "cn-north-1",
			  "d",
			  "dynamodb.cn-north-1.api.amazonwebservices.com.cn");
	check_aws(service, "us-gov-west-1", "f", "dynamodb.us-gov-west-1.amazonaws.com");
	check_aws(service, "us-gov-west-1", "fd", "dynamodb-fips.us-gov-west-1.api.aws");
	check_aws(service, "us-iso-east-1", "", "dynamodb.us-iso-east-1.c2s.ic.gov");
	check_aws(service,
			  "us-isob-east-1",
			  "f",
			  "dynamodb-fips.us-isob-east-1.sc2s.sgov.gov");
	check_aws(service,
			  "eu-isoe-west-1",
			  "",
			  "dynamodb.eu-isoe-west-1.cloud.adc-e.uk");
	check_aws(service,
			  "us-isof-south-1",
			  "",
			  "dynamodb.us-isof-south-1.csp.hci.ic.gov");
	check_aws(service, "eusc-de-east-1", "", "dynamodb.eusc-de-east-1.amazonaws.eu");
	check_aws(service,
			  "eusc-de-east-1",
			  "d",
			  "dynamodb.eusc-de-east-1.api.amazonwebservices.eu");
}

static void
test_services(void)
{
	const char *region = "us-east-1";

	check_aws(DDB_SERVICE_STREAMS,
			  region,
			  "",
			  "streams.dynamodb.us-east-1.amazonaws.com");
	check_aws(DDB_SERVICE_STREAMS,
			  region,
			  "f",
			  "streams.dynamodb-fips.us-east-1.amazonaws.com");
	check_aws(DDB_SERVICE_STREAMS,
			  region,
			  "d",
			  "streams-dynamodb.us-east-1.api.aws");
	check_aws(DDB_SERVICE_STREAMS,
			  region,
			  "fd",
			  "streams-dynamodb-fips.us-east-1.api.aws");
	check_aws(DDB_SERVICE_COGNITO,
			  region,
			  "",
			  "cognito-idp.us-east-1.amazonaws.com");
	check_aws(DDB_SERVICE_COGNITO,
			  region,
			  "fd",
			  "cognito-idp-fips.us-east-1.amazonaws.com");
	check_aws(DDB_SERVICE_COGNITO,
			  "us-gov-west-1",
			  "f",
			  "cognito-idp-fips.us-gov-west-1.amazonaws.com");
	check_aws(DDB_SERVICE_STS, region, "", "sts.us-east-1.amazonaws.com");
	check_aws(DDB_SERVICE_STS, "aws-global", "", "sts.amazonaws.com");
	check_aws(DDB_SERVICE_STS,
			  "us-gov-east-1",
			  "f",
			  "sts.us-gov-east-1.amazonaws.com");
}

static void
check_signing(DdbService service, const char *region, const char *name,
			  const char *prefix, const char *type, const char *signing_region)
{
	DdbEndpointConfig config = {.region = region};
	DdbEndpoint endpoint;
	DdbStatus status;

	ok(ddb_endpoint_resolve(&endpoint, service, &config, &status),
	   "%s in %s",
	   name,
	   region);
	is_str(endpoint.signing_name, name, "signing name");
	is_str(endpoint.target_prefix, prefix, "target prefix");
	is_str(endpoint.content_type, type, "content type");
	is_str(endpoint.region, signing_region, "signing region");
	is_str(endpoint.path, "/", "path");
}

static void
test_signing(void)
{
	DdbEndpointConfig config = {.region = "eu-west-1"};
	DdbEndpoint endpoint;
	DdbStatus status;

	check_signing(DDB_SERVICE_DYNAMODB,
				  "us-west-2",
				  "dynamodb",
				  "DynamoDB_20120810",
				  "application/x-amz-json-1.0",
				  "us-west-2");
	check_signing(DDB_SERVICE_STREAMS,
				  "us-west-2",
				  "dynamodb",
				  "DynamoDBStreams_20120810",
				  "application/x-amz-json-1.0",
				  "us-west-2");
	check_signing(DDB_SERVICE_COGNITO,
				  "us-west-2",
				  "cognito-idp",
				  "AWSCognitoIdentityProviderService",
				  "application/x-amz-json-1.1",
				  "us-west-2");
	check_signing(DDB_SERVICE_STS,
				  "aws-global",
				  "sts",
				  "",
				  "application/x-www-form-urlencoded",
				  "us-east-1");
	check_signing(DDB_SERVICE_DYNAMODB,
				  "local",
				  "dynamodb",
				  "DynamoDB_20120810",
				  "application/x-amz-json-1.0",
				  "us-east-1");
	ddb_endpoint_resolve(&endpoint, DDB_SERVICE_DYNAMODB, &config, &status);
	ok(!endpoint.custom && endpoint.peer == DDB_PEER_PUBLIC,
	   "AWS's own endpoint");
	is_str(endpoint.host, "dynamodb.eu-west-1.amazonaws.com", "its host");
}

/* A custom endpoint and what becomes of it */
static void
check_custom(const char *text, const char *url, const char *host, const char *path)
{
	DdbEndpointConfig config = {.endpoint = text, .allow_http = true};
	DdbEndpoint endpoint = {.url = ""};
	DdbStatus status;

	ddb_status_clear(&status);
	ok(ddb_endpoint_resolve(&endpoint, DDB_SERVICE_DYNAMODB, &config, &status),
	   "%s is taken %s",
	   text,
	   status.message);
	is_str(endpoint.url, url, "URL");
	is_str(endpoint.host, host, "host");
	is_str(endpoint.path, path, "path");
	is_str(endpoint.region, "us-east-1", "the region that is none");
	ok(endpoint.custom && endpoint.peer == DDB_PEER_PUBLIC, "custom");
}

static void
test_custom(void)
{
	check_custom("http://localhost:8000",
				 "http://localhost:8000/",
				 "localhost:8000",
				 "/");
	check_custom("HTTPS://Example.COM/Base/",
				 "https://example.com/Base/",
				 "example.com",
				 "/Base/");
	check_custom("https://e.com:443/", "https://e.com/", "e.com", "/");
	check_custom("http://e.com:80", "http://e.com/", "e.com", "/");
	check_custom("http://e.com:443", "http://e.com:443/", "e.com:443", "/");
	check_custom("https://e.com:80/x", "https://e.com:80/x", "e.com:80", "/x");
	check_custom("http://[::1]:8000/a%20b",
				 "http://[::1]:8000/a%20b",
				 "[::1]:8000",
				 "/a%20b");
	check_custom("https://[2001:DB8::1]",
				 "https://[2001:db8::1]/",
				 "[2001:db8::1]",
				 "/");
	check_custom("http://dynamodb_local:8000",
				 "http://dynamodb_local:8000/",
				 "dynamodb_local:8000",
				 "/");
	check_custom("http://10.0.0.1:65535",
				 "http://10.0.0.1:65535/",
				 "10.0.0.1:65535",
				 "/");
}

static void
test_malformed(void)
{
	static const char *const cases[][2] = {
		{"", "endpoint must begin with http:// or https://"},
		{"localhost:8000", "endpoint must begin with http:// or https://"},
		{"ftp://localhost", "endpoint must begin with http:// or https://"},
		{" http://localhost", "endpoint must begin with http:// or https://"},
		{"http://", "endpoint has an invalid host"},
		{"http://:8000", "endpoint has an invalid host"},
		{"http:///x", "endpoint has an invalid host"},
		{"http://local host", "endpoint has an invalid host"},
		{"http://localhost\r\nX:1", "endpoint has an invalid host"},
		{"http://.localhost", "endpoint has an invalid host"},
		{"http://a..localhost", "endpoint has an invalid host"},
		{"http://localhost\\x", "endpoint has an invalid host"},
		{"http://l\xc3\xb6kal.localhost", "endpoint has an invalid host"},
		{"http://[::1", "endpoint has an invalid host"},
		/* Addresses to inet_aton and libcurl */
		{"http://2130706433", "endpoint has an invalid host"},
		{"http://127.1", "endpoint has an invalid host"},
		{"http://0177.0.0.1", "endpoint has an invalid host"},
		{"https://0x7F.0.0.1/", "endpoint has an invalid host"},
		{"http://[]", "endpoint has an invalid host"},
		{"http://[::1%25lo]", "endpoint has an invalid host"},
		{"http://[localhost]", "endpoint has an invalid host"},
		{"http://::1", "endpoint has an invalid host"},
		{"http://[::1]8000", "endpoint has an invalid port"},
		{"http://localhost:", "endpoint has an invalid port"},
		{"http://localhost:0", "endpoint has an invalid port"},
		{"http://localhost:65536", "endpoint has an invalid port"},
		{"http://localhost:8000000000", "endpoint has an invalid port"},
		{"http://localhost:80a", "endpoint has an invalid port"},
		{"http://localhost:-1", "endpoint has an invalid port"},
		{"http://user:secret@localhost", "endpoint must not contain credentials"},
		{"http://user@localhost/", "endpoint must not contain credentials"},
		{"http://localhost?x", "endpoint must not have a query or a fragment"},
		{"http://localhost/#", "endpoint must not have a query or a fragment"},
		{"http://localhost/a b", "endpoint has an invalid path"},
		{"http://localhost/%4", "endpoint has an invalid path"},
		{"http://localhost/\xc3\xb6", "endpoint has an invalid path"},
	};
	char endpoint[700] = "http://localhost/";
	DdbEndpointConfig config = {.endpoint = endpoint};

	memset(endpoint + strlen(endpoint), 'x', 600);
	check_refused(&config, "endpoint is too long");
	memset(endpoint + 7, 'x', 600);
	check_refused(&config, "endpoint has an invalid host");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		config.endpoint = cases[i][0];
		check_refused(&config, cases[i][1]);
	}
}

static void
check_plain_http(const char *url, bool allowed)
{
	DdbEndpointConfig config = {.endpoint = url};
	DdbEndpoint endpoint;
	DdbStatus status;

	ddb_status_clear(&status);
	is_int(ddb_endpoint_resolve(&endpoint, DDB_SERVICE_DYNAMODB, &config, &status),
		   allowed,
		   url);
	if (allowed)
		ok(endpoint.peer == DDB_PEER_LOOPBACK, "to a loopback address only");
	else
		ok(strstr(status.message, "plain http") != NULL, "%s", status.message);
}

static void
test_plain_http(void)
{
	DdbEndpointConfig https = {.endpoint = "https://localhost"};
	DdbEndpoint endpoint;
	DdbStatus status;

	check_plain_http("http://localhost", true);
	check_plain_http("http://LOCALHOST:1", true);
	check_plain_http("http://localhost.", true);
	check_plain_http("http://a.b.localhost", true);
	check_plain_http("http://127.0.0.1", true);
	check_plain_http("http://127.255.0.9:8000", true);
	check_plain_http("http://[::1]:8000", true);
	check_plain_http("http://[0:0::1]", true);
	check_plain_http("http://notlocalhost", false);
	check_plain_http("http://localhost.example.com", false);
	check_plain_http("http://128.0.0.1", false);
	check_plain_http("http://0.0.0.0", false);
	check_plain_http("http://127.0.0.1.nip.io", false);
	check_plain_http("http://[::2]", false);
	check_plain_http("http://[::ffff:10.0.0.1]", false);
	check_plain_http("http://169.254.169.254", false);
	ddb_endpoint_resolve(&endpoint, DDB_SERVICE_DYNAMODB, &https, &status);
	ok(endpoint.peer == DDB_PEER_PUBLIC, "https may go anywhere");
}

static void
test_flags_and_region(void)
{
	DdbEndpointConfig config = {.endpoint = "https://e.com",
								.use_fips = DDB_SWITCH_ON};

	check_refused(&config, "FIPS is not possible with a custom endpoint");
	config.use_fips = DDB_SWITCH_UNSET;
	config.use_dualstack = DDB_SWITCH_ON;
	check_refused(&config, "dual stack is not possible with a custom endpoint");
	config =
		(DdbEndpointConfig){.region = "us-east-1",
							.endpoint = "https://dynamodb.us-east-1.api.aws/"};
	check_refused(&config,
				  "AWS's dual-stack endpoint cannot be a custom endpoint, "
				  "turn dual stack on instead");
	config = (DdbEndpointConfig){.region = "local", .use_fips = DDB_SWITCH_ON};
	check_refused(&config, "FIPS is not possible with a custom endpoint");

	config = (DdbEndpointConfig){0};
	check_refused(&config, "no region is configured");
	config.region = "";
	check_refused(&config, "\"\" is not a valid region");
	config.region = "-a";
	check_refused(&config, "\"-a\" is not a valid region");
	config.region = "a.evil.example";
	check_refused(&config, "\"a.evil.example\" is not a valid region");
	config.region = "a/b";
	check_refused(&config, "\"a/b\" is not a valid region");
	config.region = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					"aaaaaaaa";
	check_refused(&config,
				  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				  "aaaaaaaaaa\" is not a valid region");
}

/* Where DynamoDB's URL is given and Streams are asked for. */
static void
test_beside(void)
{
	DdbEndpointConfig aws = {.region = "eu-west-3",
							 .endpoint =
								 "https://dynamodb.eu-west-3.amazonaws.com"};
	DdbEndpointConfig elsewhere = {.region = "eu-west-2",
								   .endpoint = aws.endpoint};
	DdbEndpointConfig local = {.endpoint = "http://localhost:8000"};

	check_url(DDB_SERVICE_STREAMS,
			  &aws,
			  "https://streams.dynamodb.eu-west-3.amazonaws.com/");
	check_url(DDB_SERVICE_DYNAMODB,
			  &aws,
			  "https://dynamodb.eu-west-3.amazonaws.com/");
	check_url(DDB_SERVICE_STREAMS,
			  &elsewhere,
			  "https://dynamodb.eu-west-3.amazonaws.com/");
	check_url(DDB_SERVICE_STREAMS, &local, "http://localhost:8000/");
}

static void
test_environment(void)
{
	DdbEndpointConfig none = {0};
	DdbEndpointConfig region = {.region = "eu-west-3"};
	DdbEndpointConfig own = {.endpoint = "http://localhost:1"};

	setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
	check_url(DDB_SERVICE_DYNAMODB,
			  &none,
			  "https://dynamodb.eu-west-1.amazonaws.com/");
	setenv("AWS_REGION", "eu-west-2", 1);
	check_url(DDB_SERVICE_DYNAMODB,
			  &none,
			  "https://dynamodb.eu-west-2.amazonaws.com/");
	setenv("AWS_REGION", "  ", 1);
	check_url(DDB_SERVICE_DYNAMODB,
			  &none,
			  "https://dynamodb.eu-west-1.amazonaws.com/");
	check_url(DDB_SERVICE_DYNAMODB,
			  &region,
			  "https://dynamodb.eu-west-3.amazonaws.com/");

	setenv("AWS_ENDPOINT_URL", "http://localhost:2", 1);
	check_url(DDB_SERVICE_DYNAMODB, &region, "http://localhost:2/");
	setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:3", 1);
	setenv("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http://localhost:4", 1);
	setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://localhost:5", 1);
	check_url(DDB_SERVICE_DYNAMODB, &region, "http://localhost:3/");
	check_url(DDB_SERVICE_STREAMS, &region, "http://localhost:4/");
	check_url(DDB_SERVICE_COGNITO, &region, "http://localhost:5/");
	check_url(DDB_SERVICE_STS, &region, "http://localhost:2/");
	setenv("AWS_ENDPOINT_URL_STS", "http://localhost:6", 1);
	check_url(DDB_SERVICE_STS, &region, "http://localhost:6/");
	check_url(DDB_SERVICE_DYNAMODB, &own, "http://localhost:1/");

	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True", 1);
	check_url(DDB_SERVICE_DYNAMODB,
			  &region,
			  "https://dynamodb.eu-west-3.amazonaws.com/");
	check_url(DDB_SERVICE_DYNAMODB, &own, "http://localhost:1/");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", 1);
	check_url(DDB_SERVICE_DYNAMODB, &region, "http://localhost:3/");
	clear_environment();
}

/* What is given goes before the environment, and that before the profile. */
static void
test_switches(void)
{
	const DdbService service = DDB_SERVICE_DYNAMODB;
	DdbEndpointConfig config = {.region = "us-east-2"};
	static const char plain[] = "https://dynamodb.us-east-2.amazonaws.com/";
	static const char fips[] = "https://dynamodb-fips.us-east-2.amazonaws.com/";
	static const char both[] = "https://dynamodb-fips.us-east-2.api.aws/";

	setenv("AWS_USE_FIPS_ENDPOINT", "TRUE", 1);
	check_url(service, &config, fips);
	setenv("AWS_USE_DUALSTACK_ENDPOINT", "true", 1);
	check_url(service, &config, both);
	config.use_dualstack = config.use_fips = DDB_SWITCH_OFF;
	check_url(service, &config, plain);
	config.use_dualstack = config.use_fips = DDB_SWITCH_UNSET;
	config.profile_fips = config.profile_dualstack = true;
	setenv("AWS_USE_FIPS_ENDPOINT", "false", 1);
	setenv("AWS_USE_DUALSTACK_ENDPOINT", "false", 1);
	check_url(service, &config, plain);
	setenv("AWS_USE_FIPS_ENDPOINT", "perhaps", 1);
	unsetenv("AWS_USE_DUALSTACK_ENDPOINT");
	check_url(service, &config, both);
	config.profile_dualstack = false;
	check_url(service, &config, fips);
	clear_environment();

	config = (DdbEndpointConfig){.region = "us-east-2"};
	setenv("AWS_STS_REGIONAL_ENDPOINTS", "regional", 1);
	check_url(DDB_SERVICE_STS, &config, "https://sts.us-east-2.amazonaws.com/");
	setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy", 1);
	check_url(DDB_SERVICE_STS, &config, "https://sts.amazonaws.com/");
	config.use_fips = DDB_SWITCH_ON;
	check_url(DDB_SERVICE_STS,
			  &config,
			  "https://sts-fips.us-east-2.amazonaws.com/");
	clear_environment();
}

static void
test_profile(void)
{
	const DdbService service = DDB_SERVICE_DYNAMODB;
	DdbEndpointConfig config = {.profile_region = "eu-west-1"};
	static const char plain[] = "https://dynamodb.eu-west-1.amazonaws.com/";

	check_url(service, &config, plain);
	config.profile_url = "http://localhost:1";
	check_url(service, &config, "http://localhost:1/");
	config.profile_ignores_urls = true;
	check_url(service, &config, plain);
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", 1);
	check_url(service, &config, "http://localhost:1/");
	setenv("AWS_ENDPOINT_URL", "http://localhost:2", 1);
	check_url(service, &config, "http://localhost:2/");
	config.endpoint = "http://localhost:3";
	check_url(service, &config, "http://localhost:3/");
	config.endpoint = NULL;
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	check_url(service, &config, plain);
	setenv("AWS_DEFAULT_REGION", "eu-west-2", 1);
	check_url(service, &config, "https://dynamodb.eu-west-2.amazonaws.com/");
	clear_environment();
}

int
main(void)
{
	clear_environment();

	test_partitions();
	test_services();
	test_signing();
	test_custom();
	test_malformed();
	test_plain_http();
	test_flags_and_region();
	test_beside();
	test_environment();
	test_switches();
	test_profile();
	return tap_done();
}
