/*
 * chain.c
 *		Where keys come from: the host's order, what is refused, roles.
 */
#include <errno.h>
#include <sys/mman.h>

#include "chain.h"
#include "tap.h"
#include "fakehost.h"

#define SECRET "verysecret"

static const char *const source_names[] = {
	[DDB_SOURCE_KEYS] = "keys",
	[DDB_SOURCE_WEB_IDENTITY] = "web identity",
	[DDB_SOURCE_CONTAINER] = "container",
	[DDB_SOURCE_IMDS] = "instance metadata",
};

/*
 * A host of this config file, or none if NULL, and these variables: name, value
 * and so on, NULL at the end.
 */
static void
open_host(FakeHost *fake, const char *config, const char *const *variables)
{
	fakehost_open(fake);
	fakehost_set(fake, "HOME", "/home");
	if (config != NULL)
		fakehost_write(fake, "/home/.aws/config", config);
	for (; variables != NULL && *variables != NULL; variables += 2)
		fakehost_set(fake, variables[0], variables[1]);
}

static DdbChain *
resolve(const char *config, const char *const *variables, const char *profile,
		DdbStatus *status)
{
	DdbChain *chain;
	FakeHost fake;

	ddb_status_clear(status);
	open_host(&fake, config, variables);
	chain = ddb_chain_resolve(&fake.host, profile, status);
	fakehost_close(&fake);
	return chain;
}

/* Where the keys come from, as one text. */
static void
check_source(const char *config, const char *const *variables,
			 const char *profile, const char *expected)
{
	DdbStatus status;
	DdbChain *chain = resolve(config, variables, profile, &status);
	char got[1200];

	if (chain == NULL)
		snprintf(got, sizeof(got), "error: %s", status.message);
	else
		snprintf(got,
				 sizeof(got),
				 "%s%s%s",
				 source_names[chain->source],
				 chain->source == DDB_SOURCE_KEYS ? " " : "",
				 chain->source == DDB_SOURCE_KEYS ? chain->access_key_id : "");
	is_str(got, expected, expected);
	if (chain == NULL)
		ok(status.kind == DDB_STATUS_AUTH &&
			   strstr(status.message, SECRET) == NULL,
		   "and no secret in it");
	ddb_chain_free(chain);
}

#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})

#define ENVIRONMENT "AWS_ACCESS_KEY_ID", "ENV", "AWS_SECRET_ACCESS_KEY", SECRET
#define WEB_IDENTITY                                                           \
	"AWS_WEB_IDENTITY_TOKEN_FILE", "/t", "AWS_ROLE_ARN", "arn:r"
#define CONTAINER "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c"
#define NO_IMDS "AWS_EC2_METADATA_DISABLED", "TRUE"

#define KEYS "aws_access_key_id = FILE\naws_secret_access_key = " SECRET "\n"

static void
test_order(void)
{
	const char *keys = "[default]\n" KEYS "[profile a]\nregion = x\n";

	check_source(keys,
				 VARIABLES(ENVIRONMENT, WEB_IDENTITY, CONTAINER),
				 NULL,
				 "keys ENV");
	check_source(keys, VARIABLES(WEB_IDENTITY, CONTAINER), NULL, "keys FILE");
	check_source(NULL, VARIABLES(WEB_IDENTITY, CONTAINER), NULL, "web identity");
	check_source(keys,
				 VARIABLES("AWS_PROFILE", "a", WEB_IDENTITY, CONTAINER),
				 NULL,
				 "web identity");
	check_source(NULL, VARIABLES(CONTAINER), NULL, "container");
	check_source(NULL, NULL, NULL, "instance metadata");
	check_source(NULL,
				 VARIABLES("AWS_PROFILE", "default"),
				 NULL,
				 "instance metadata");
	check_source(NULL,
				 VARIABLES(NO_IMDS),
				 NULL,
				 "error: the host has no credentials: none in its environment, "
				 "in profile \"default\", by web identity or from a container, "
				 "and AWS_EC2_METADATA_DISABLED is set");
}

/* A profile that is named to us is all there is. */
static void
test_named(void)
{
	const char *config = "[profile a]\nregion = x\n[profile b]\n" KEYS;

	check_source(config, VARIABLES(ENVIRONMENT), "b", "keys FILE");
	check_source(config,
				 VARIABLES(ENVIRONMENT, WEB_IDENTITY, CONTAINER),
				 "a",
				 "error: profile \"a\" has no credentials");
	check_source(config,
				 VARIABLES(CONTAINER),
				 "default",
				 "error: profile \"default\" has no credentials");
	check_source(config,
				 VARIABLES(ENVIRONMENT),
				 "c",
				 "error: profile \"c\" does not exist in the host's AWS config "
				 "and credentials files");
	check_source(config,
				 VARIABLES("AWS_PROFILE", "c", CONTAINER),
				 NULL,
				 "error: profile \"c\" does not exist in the host's AWS config "
				 "and credentials files");
	check_source("[default",
				 VARIABLES(ENVIRONMENT),
				 NULL,
				 "error: could not parse profile file \"/home/.aws/config\", "
				 "line 1: Profile definition must end with ']'");
}

static void
test_refused(void)
{
	check_source(NULL,
				 VARIABLES("AWS_ACCESS_KEY_ID", "x"),
				 NULL,
				 "error: AWS_ACCESS_KEY_ID is not usable: "
				 "AWS_SECRET_ACCESS_KEY is not set");
	check_source(NULL,
				 VARIABLES("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
				 NULL,
				 "error: AWS_WEB_IDENTITY_TOKEN_FILE is not usable: "
				 "AWS_ROLE_ARN is not set");
	check_source("[default]\ncredential_process = " SECRET "\n" KEYS,
				 NULL,
				 NULL,
				 "error: profile \"default\" has credential_process: "
				 "credentials from a program are not supported");
	check_source("[default]\nlogin_session = x\n",
				 VARIABLES(CONTAINER),
				 NULL,
				 "error: profile \"default\" has login_session: credentials "
				 "from a console login are not supported");
	check_source("[default]\nrole_arn = r\nsource_profile = b\n[profile b]\n"
				 "sso_session = x\n",
				 NULL,
				 NULL,
				 "error: profile \"b\" has sso_session: credentials from IAM "
				 "Identity Center (SSO) are not supported");
	check_source("[default]\nrole_arn = r\nmfa_serial = x\n"
				 "source_profile = default\n" KEYS,
				 NULL,
				 NULL,
				 "error: profile \"default\" has mfa_serial: roles that want "
				 "an MFA device are not supported");
}

static void
test_named_source(void)
{
#define ROLE_BY(source)                                                        \
	"[default]\nrole_arn = arn:x\ncredential_source = " source "\n"

	check_source(ROLE_BY("Environment"),
				 VARIABLES(ENVIRONMENT),
				 "default",
				 "keys ENV");
	check_source(ROLE_BY("EcsContainer"), VARIABLES(CONTAINER), NULL, "container");
	check_source(ROLE_BY("ec2instancemetadata"),
				 VARIABLES(CONTAINER),
				 NULL,
				 "instance metadata");
	check_source(ROLE_BY("Environment"),
				 VARIABLES(WEB_IDENTITY),
				 NULL,
				 "error: profile \"default\" has credential_source "
				 "Environment, but AWS_ACCESS_KEY_ID is not set");
	check_source(ROLE_BY("Ec2InstanceMetadata"),
				 VARIABLES(NO_IMDS),
				 NULL,
				 "error: profile \"default\" has credential_source "
				 "Ec2InstanceMetadata, but AWS_EC2_METADATA_DISABLED is set");
	check_source(ROLE_BY("Cloud9"),
				 NULL,
				 NULL,
				 "error: profile \"default\" has a credential_source that does "
				 "not exist");
#undef ROLE_BY
}

static void
test_source_profile(void)
{
#define ROLE_OF(name, source)                                                  \
	"[profile " name "]\nrole_arn = arn:x\nsource_profile = " source "\n"

	check_source(ROLE_OF("a", "b") "[profile b]\ncredential_process = x\n" KEYS,
				 NULL,
				 "a",
				 "keys FILE");
	check_source(ROLE_OF("a", "b") "[profile b]\n",
				 VARIABLES("AWS_PROFILE", "a", CONTAINER),
				 NULL,
				 "error: profile \"b\" has no credentials");
	check_source(ROLE_OF("a", "b"),
				 VARIABLES("AWS_PROFILE", "a", CONTAINER),
				 NULL,
				 "error: profile \"b\" does not exist; it is the "
				 "source_profile of \"a\"");
	check_source(ROLE_OF("a", "b") ROLE_OF("b", "c") ROLE_OF("c", "b"),
				 NULL,
				 "a",
				 "error: profile \"b\" is in a loop of source_profile");
#undef ROLE_OF
}

static void
check_container(const char *url, const char *expected)
{
	DdbStatus status;
	DdbChain *chain =
		resolve(NULL,
				VARIABLES("AWS_CONTAINER_CREDENTIALS_FULL_URI", url),
				NULL,
				&status);

	if (expected == NULL)
		is_str(chain != NULL ? chain->container_url : NULL, url, url);
	else
	{
		char whole[300];

		snprintf(whole,
				 sizeof(whole),
				 "AWS_CONTAINER_CREDENTIALS_FULL_URI is not usable: %s",
				 expected);
		ok(chain == NULL && status.kind == DDB_STATUS_AUTH, "not %s", url);
		is_str(status.message, whole, "and why");
	}
	ddb_chain_free(chain);
}

/* Keys go through the container's endpoint: nobody else's may stand there. */
static void
test_container_hosts(void)
{
	const char *far = "plain http goes only to a loopback address, "
					  "169.254.170.2, 169.254.170.23 or fd00:ec2::23";
	const char *user = "there is a user in the URI";

	check_container("http://127.0.0.1/x", NULL);
	check_container("http://127.255.0.9:99/x", NULL);
	check_container("http://[::1]:99/", NULL);
	check_container("http://LocalHost/", NULL);
	check_container("http://0x7f.1/", NULL);
	check_container("https://example.com/", NULL);
	check_container("http://example.com/", far);
	check_container("http://127.0.0.1.example.com/", far);
	check_container("http://169.254.169.254/", far);
	check_container("http://169.254.170.20/", far);
	check_container("http://[fd00:ec2::24]/", far);
	check_container("http://[::ffff:10.0.0.1]/", far);
	check_container("http://localhost@example.com/", user);
	check_container("http://" SECRET ":x@localhost/", user);
	check_container("ftp://localhost/", "the URI is neither http nor https");
	check_container("localhost/x", "the URI did not specify a host");
	check_container("http://", "the URI is malformed");
	check_container("http://localhost/a b", "the URI is malformed");
	check_container("http://localhost/\r\nX: y", "the URI is malformed");
}

static void
test_container(void)
{
	DdbStatus status;
	DdbChain *chain = resolve(NULL,
							  VARIABLES(CONTAINER,
										"AWS_CONTAINER_AUTHORIZATION_TOKEN",
										"Bearer " SECRET,
										"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
										"/token"),
							  NULL,
							  &status);

	is_str(chain->container_url, "http://169.254.170.2/c", "the URL");
	is_str(chain->container_token, "Bearer " SECRET, "the token");
	is_str(chain->container_token_file, "/token", "and its file");
	ddb_chain_free(chain);
	check_source(NULL,
				 VARIABLES(CONTAINER,
						   "AWS_CONTAINER_AUTHORIZATION_TOKEN",
						   SECRET "\r\nX-Evil: 1"),
				 NULL,
				 "error: AWS_CONTAINER_AUTHORIZATION_TOKEN is not usable: it "
				 "has a line break in it");
	check_source(NULL,
				 VARIABLES("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil/"),
				 NULL,
				 "error: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not usable: "
				 "it does not begin with a slash");
}

static void
check_imds(const char *config, const char *const *variables, const char *expected)
{
	DdbStatus status;
	DdbChain *chain = resolve(config, variables, NULL, &status);

	is_str(chain != NULL ? chain->imds_endpoint : status.message,
		   expected,
		   expected);
	ddb_chain_free(chain);
}

static void
test_imds(void)
{
#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define MODE "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
	const char *v6 = "[default]\nec2_metadata_service_endpoint_mode = ipv6\n";
	const char *other = "[default]\nec2_metadata_service_endpoint = http://o\n"
						"ec2_metadata_service_endpoint_mode = IPv6\n";

	check_imds(NULL, NULL, "http://169.254.169.254");
	check_imds(v6, NULL, "http://[fd00:ec2::254]");
	check_imds(v6, VARIABLES(MODE, "IPv4"), "http://169.254.169.254");
	check_imds(other, VARIABLES(MODE, "IPv4"), "http://o");
	check_imds(other, VARIABLES(ENDPOINT, "http://e:1//"), "http://e:1");
	check_imds(NULL,
			   VARIABLES(MODE, "IPv7"),
			   MODE ": \"IPv7\" is not a valid endpoint mode");
	check_imds("[default]\nec2_metadata_service_endpoint_mode = x\n",
			   NULL,
			   "ec2_metadata_service_endpoint_mode: \"x\" is not a valid "
			   "endpoint mode");
	check_imds(NULL,
			   VARIABLES(ENDPOINT, "not a uri"),
			   ENDPOINT " is not usable: the URI did not specify a host");
#undef ENDPOINT
#undef MODE
}

static void
check_duration(const char *text, int expected)
{
	char config[200];
	DdbStatus status;
	DdbChain *chain;

	snprintf(config,
			 sizeof(config),
			 "[default]\nrole_arn = r\nduration_seconds = %s\n"
			 "web_identity_token_file = /t\n",
			 text);
	chain = resolve(config, NULL, NULL, &status);
	is_int(chain != NULL ? chain->web_role.duration_s : -1, expected, text);
	if (chain == NULL)
		is_str(status.message,
			   "profile \"default\" has a duration_seconds that is not from 900 "
			   "to 43200",
			   "and why not");
	ddb_chain_free(chain);
}

static void
test_duration(void)
{
	check_duration("", 0);
	check_duration("900", 900);
	check_duration("43200", 43200);
	check_duration("899", -1);
	check_duration("43201", -1);
	check_duration("3600s", -1);
	check_duration("99999999999999999999", -1);
}

static const char settings_config[] =
	"[profile a]\n"
	"region = eu-west-1\nrole_arn = arn:a\nsource_profile = b\n"
	"duration_seconds = 1000\nendpoint_url = http://all\nservices = s\n"
	"use_fips_endpoint = true\nuse_dualstack_endpoint = True\n"
	"ignore_configured_endpoint_urls = true\n"
	"[services s]\nsts =\n endpoint_url = http://sts\n"
	"cognito_identity_provider =\n endpoint_url = http://cognito\n"
	"[profile b]\nregion = no\nrole_arn = arn:b\nsource_profile = c\n"
	"[profile c]\nrole_arn = arn:c\nsource_profile = c\n"
	"aws_session_token = t\n" KEYS;

static void
test_settings(void)
{
	DdbStatus status;
	DdbChain *chain = resolve(settings_config, NULL, "a", &status);

	is_str(chain->region, "eu-west-1", "region of the selected profile");
	is_str(chain->sts_url, "http://sts", "URL of a service");
	is_str(chain->cognito_url, "http://cognito", "and of Cognito");
	is_str(chain->dynamodb_url, "http://all", "and of the others");
	is_str(chain->streams_url, "http://all", "all of them");
	ok(chain->use_fips && chain->use_dualstack && chain->ignore_configured_urls,
	   "what is true");
	is_str(chain->session_token, "t", "the session token");
	is_int(chain->nroles, 2, "C has keys: its role is not assumed");
	is_str(chain->roles[0].arn, "arn:b", "the first role");
	is_str(chain->roles[1].arn, "arn:a", "the last role");
	is_int(chain->roles[1].duration_s, 1000, "with its duration");
	ddb_chain_free(chain);

	chain = resolve("[default]\n" KEYS, NULL, NULL, &status);
	ok(chain->region == NULL && chain->sts_url == NULL && !chain->use_fips &&
		   !chain->use_dualstack && !chain->ignore_configured_urls,
	   "what is not said");
	ddb_chain_free(chain);
}

static void
test_keys(void)
{
	DdbRole role = {.arn = "arn", .external_id = "x", .duration_s = 900};
	DdbChain *chain = ddb_chain_of_keys("id", SECRET, NULL);

	ok(ddb_chain_add_role(chain, &role), "a role");
	role.arn = "other";
	ok(ddb_chain_add_role(chain, &role), "and another behind it");
	ok(chain->source == DDB_SOURCE_KEYS && chain->session_token == NULL &&
		   chain->host == &ddb_host_process && chain->nroles == 2,
	   "a chain of keys");
	is_str(chain->secret_access_key, SECRET, "its secret");
	is_str(chain->roles[0].arn, "arn", "the first role");
	is_str(chain->roles[0].external_id, "x", "its external ID");
	is_str(chain->roles[0].session_name, NULL, "no session name");
	is_int(chain->roles[0].duration_s, 900, "its duration");
	is_str(chain->roles[1].arn, "other", "the second");
	ddb_chain_free(chain);
	ddb_chain_free(NULL);
}

/* Is there no memory any more? Then whoever unmapped it has wiped it. */
static bool
is_gone(uintptr_t address)
{
	uintptr_t page = address - address % (uintptr_t) sysconf(_SC_PAGESIZE);

	return msync((void *) page, 1, MS_ASYNC) != 0 && errno == ENOMEM;
}

/* Secrets lie in memory of their own, which is given back. */
static void
test_secrets(void)
{
	DdbStatus status;
	DdbChain *keys = ddb_chain_of_keys("id", SECRET, SECRET);
	DdbChain *container =
		resolve(NULL,
				VARIABLES(CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN", SECRET),
				NULL,
				&status);
	uintptr_t secret = (uintptr_t) keys->secret_access_key;
	uintptr_t token = (uintptr_t) keys->session_token;
	uintptr_t authorization = (uintptr_t) container->container_token;

	ok(!is_gone(secret) && !is_gone(token) && !is_gone(authorization),
	   "there are secrets");
	ddb_chain_free(keys);
	ok(is_gone(secret), "the secret is gone");
	ok(is_gone(token), "and the token");
	ddb_chain_free(container);
	ok(is_gone(authorization), "and that of a container");
}

/* Every allocation on the way of this config and these variables may fail. */
static void
check_no_memory(const char *config, const char *const *variables,
				const char *profile)
{
	FakeHost fake;
	DdbStatus status;
	DdbChain *chain;
	int n;

	open_host(&fake, config, variables);
	for (n = 0;; n++)
	{
		ddb_status_clear(&status);
		tap_fail_alloc(n);
		chain = ddb_chain_resolve(&fake.host, profile, &status);
		if (!tap_alloc_failed())
			break;
		if (chain != NULL || status.kind != DDB_STATUS_NO_MEMORY)
			ok(false, "allocation %d failed unseen", n);
		ddb_chain_free(chain);
	}
	ok(chain != NULL && n > 5, "each of %d allocations may fail", n);
	ddb_chain_free(chain);
	fakehost_close(&fake);
}

static void
test_no_memory(void)
{
	DdbRole role = {.arn = "arn", .external_id = "x", .session_name = "s"};
	bool failed = true;

	check_no_memory(settings_config, NULL, "a");
	check_no_memory(NULL, VARIABLES(ENVIRONMENT), NULL);
	check_no_memory(NULL, VARIABLES(WEB_IDENTITY), NULL);
	check_no_memory(NULL, VARIABLES(CONTAINER), NULL);
	check_no_memory(NULL, NULL, NULL);
	check_no_memory("[default]\nweb_identity_token_file = t\nrole_arn = r\n"
					"role_session_name = s\n",
					NULL,
					NULL);
	for (int n = 0; failed; n++)
	{
		DdbChain *chain;

		tap_fail_alloc(n);
		chain = ddb_chain_of_keys("a", "b", "c");
		if (chain != NULL && !ddb_chain_add_role(chain, &role))
			is_int(chain->nroles, 0, "a role that was not added");
		failed = tap_alloc_failed();
		ddb_chain_free(chain);
	}
}

int
main(void)
{
	test_order();
	test_named();
	test_refused();
	test_named_source();
	test_source_profile();
	test_container_hosts();
	test_container();
	test_imds();
	test_duration();
	test_settings();
	test_keys();
	test_secrets();
	test_no_memory();
	return tap_done();
}
