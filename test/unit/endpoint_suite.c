/*
 * endpoint_suite.c
 *		Endpoints by the test cases that the SDKs share.
 *
 * They are read from $DDB_SHARED_DATA/endpoint-tests (by default
 * ../shared/data/endpoint-tests) and skipped where they are not there. Left
 * out are those of endpoints of an account: they have an account's ID, a mode
 * of using it, or a table's ARN that has one.
 */
#include <jansson.h>
#include <limits.h>

#include "endpoint.h"
#include "tap.h"

static const struct
{
	DdbService service;
	const char *name; /* of the file, too */
	const char *signing_name;
} services[] = {
	{DDB_SERVICE_DYNAMODB, "dynamodb", "dynamodb"},
	{DDB_SERVICE_STREAMS, "dynamodbstreams", "dynamodb"},
	{DDB_SERVICE_COGNITO, "cognito-idp", "cognito-idp"},
	{DDB_SERVICE_STS, "sts", "sts"},
};

static const char *const left_out[] = {"AccountId",
									   "AccountIdEndpointMode",
									   "ResourceArn",
									   "ResourceArnList"};

/* How the SDKs begin a refusal, and how we put it. */
static const char *const refusals[][2] = {
	{"Invalid Configuration: FIPS and custom",
	 "FIPS is not possible with a custom endpoint"},
	{"Invalid Configuration: Dualstack and custom",
	 "dual stack is not possible with a custom endpoint"},
	{"Invalid Configuration: Missing Region", "no region is configured"},
	{"Endpoint override is not supported for dual-stack endpoints",
	 "AWS's dual-stack endpoint cannot be a custom endpoint, turn dual stack on "
	 "instead"},
};

/* The only parameter that is no option of ours but a variable. */
static bool use_global_sts;

static const char *
variable(const DdbHost *host, const char *name)
{
	(void) host;
	if (strcmp(name, "AWS_STS_REGIONAL_ENDPOINTS") == 0 && use_global_sts)
		return "legacy";
	return NULL;
}

static const DdbHost machine = {.variable = variable, .root = ""};

static bool
is_left_out(json_t *params)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
	{
		if (json_object_get(params, left_out[i]) != NULL)
			return true;
	}
	return false;
}

static DdbSwitch
get_switch(json_t *params, const char *name)
{
	json_t *value = json_object_get(params, name);

	if (value == NULL)
		return DDB_SWITCH_UNSET;
	return json_is_true(value) ? DDB_SWITCH_ON : DDB_SWITCH_OFF;
}

static bool
resolves_to(const DdbEndpoint *endpoint, json_t *expected, size_t service)
{
	const char *url = json_string_value(json_object_get(expected, "url"));
	size_t len = strlen(url);
	json_t *properties = json_object_get(expected, "properties");
	json_t *scheme =
		json_array_get(json_object_get(properties, "authSchemes"), 0);
	const char *signing_name = services[service].signing_name;
	const char *region = endpoint->region;

	json_unpack(scheme,
				"{s?s,s?s}",
				"signingName",
				&signing_name,
				"signingRegion",
				&region);
	/* A URL without a path and one with "/" are the same. */
	return strncmp(endpoint->url, url, len) == 0 &&
		   strcmp(endpoint->url + len, url[len - 1] == '/' ? "" : "/") == 0 &&
		   strcmp(endpoint->signing_name, signing_name) == 0 &&
		   strcmp(endpoint->region, region) == 0;
}

static bool
is_refusal(const char *message, const char *expected)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (strncmp(expected, refusals[i][0], strlen(refusals[i][0])) == 0)
			return strcmp(message, refusals[i][1]) == 0;
	}
	return false;
}

static bool
run_case(size_t service, json_t *test)
{
	json_t *params = json_object_get(test, "params");
	json_t *expected = json_object_get(test, "expect");
	json_t *error = json_object_get(expected, "error");
	DdbEndpointConfig config = {
		.region = json_string_value(json_object_get(params, "Region")),
		.endpoint = json_string_value(json_object_get(params, "Endpoint")),
		.use_fips = get_switch(params, "UseFIPS"),
		.use_dualstack = get_switch(params, "UseDualStack"),
		.host = &machine,
	};
	DdbEndpoint endpoint;
	DdbStatus status;
	bool resolved, passed;

	use_global_sts = json_is_true(json_object_get(params, "UseGlobalEndpoint"));
	ddb_status_clear(&status);
	resolved = ddb_endpoint_resolve(&endpoint,
									services[service].service,
									&config,
									&status);
	if (error != NULL)
		passed =
			!resolved && is_refusal(status.message, json_string_value(error));
	else
		passed = resolved && resolves_to(&endpoint,
										 json_object_get(expected, "endpoint"),
										 service);
	ok(passed,
	   "%s: %s",
	   services[service].name,
	   json_string_value(json_object_get(test, "documentation")));
	if (!passed)
		printf("# got %s\n", resolved ? endpoint.url : status.message);
	return passed;
}

/* False where the file is not there. */
static bool
run_service(size_t service, const char *data)
{
	char path[PATH_MAX];
	json_t *root, *tests, *test;
	size_t i;
	int passed = 0;
	int run = 0;

	snprintf(path,
			 sizeof(path),
			 "%s/endpoint-tests/%s.json",
			 data,
			 services[service].name);
	root = json_load_file(path, 0, NULL);
	if (root == NULL)
		return false;
	tests = json_object_get(root, "testCases");
	json_array_foreach(tests, i, test)
	{
		if (is_left_out(json_object_get(test, "params")))
			continue;
		run++;
		passed += run_case(service, test);
	}
	ok(run > 0 && passed == run, "%s: every case", services[service].name);
	printf("# figure: endpoints of %s, %d of %d; left out %d: account ID, ARN\n",
		   services[service].name,
		   passed,
		   run,
		   (int) json_array_size(tests) - run);
	json_decref(root);
	return true;
}

int
main(void)
{
	const char *data = getenv("DDB_SHARED_DATA");

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
	{
		if (!run_service(i, data != NULL ? data : "../shared/data"))
			tap_skip("the endpoint tests are not there");
	}
	return tap_done();
}
