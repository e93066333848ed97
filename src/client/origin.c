/*
 * origin.c
 *		The host's own sources of keys, one by one.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "origin.h"

#define ECS_ENDPOINT "http://169.254.170.2"
#define IMDS_ENDPOINT "http://169.254.169.254"
#define IMDS_ENDPOINT_IPV6 "http://[fd00:ec2::254]"

static const char no_host[] = "the URI did not specify a host";

static DdbFound
found_if(bool done)
{
	return done ? DDB_FOUND : DDB_FOUND_FAULT;
}

static bool
not_usable(DdbStatus *status, const char *what, const char *why)
{
	return ddb_status_set(status, DDB_STATUS_AUTH, "%s is not usable: %s", what, why);
}

DdbFound
ddb_origin_environment(DdbChain *chain, DdbStatus *status)
{
	const char *id = ddb_host_variable(chain->host, "AWS_ACCESS_KEY_ID");
	const char *secret = ddb_host_variable(chain->host, "AWS_SECRET_ACCESS_KEY");
	const char *token = ddb_host_variable(chain->host, "AWS_SESSION_TOKEN");

	if (id == NULL)
		return DDB_FOUND_NONE;
	if (secret == NULL)
		return found_if(not_usable(status,
								   "AWS_ACCESS_KEY_ID",
								   "AWS_SECRET_ACCESS_KEY is not set"));
	chain->source = DDB_SOURCE_KEYS;
	return found_if(
		ddb_chain_set(&chain->access_key_id, id, status) &&
		ddb_chain_set_secret(&chain->secret_access_key, secret, status) &&
		ddb_chain_set_secret(&chain->session_token, token, status));
}

DdbFound
ddb_origin_web_identity(DdbChain *chain, DdbStatus *status)
{
	const DdbHost *host = chain->host;
	const char *file = ddb_host_variable(host, "AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *arn = ddb_host_variable(host, "AWS_ROLE_ARN");
	const char *session = ddb_host_variable(host, "AWS_ROLE_SESSION_NAME");

	if (file == NULL)
		return DDB_FOUND_NONE;
	if (arn == NULL)
		return found_if(not_usable(status,
								   "AWS_WEB_IDENTITY_TOKEN_FILE",
								   "AWS_ROLE_ARN is not set"));
	chain->source = DDB_SOURCE_WEB_IDENTITY;
	return found_if(
		ddb_chain_set(&chain->token_file, file, status) &&
		ddb_chain_fill_role(&chain->web_role, arn, NULL, session, status));
}

/* May keys be asked for in plain http there? host is as libcurl has it. */
static bool
is_near(const char *host)
{
	static const char *const endpoints[] = {"169.254.170.2",
											"169.254.170.23",
											"[fd00:ec2::23]",
											"[::1]",
											"localhost"};
	struct in_addr address;

	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
	{
		if (strcasecmp(host, endpoints[i]) == 0)
			return true;
	}
	return inet_pton(AF_INET, host, &address) == 1 &&
		   (ntohl(address.s_addr) >> 24) == 127;
}

/* As check_url. The parts of url are libcurl's to free. */
static bool
check_parts(const char *what, CURLU *url, bool must_be_near, DdbStatus *status)
{
	char *scheme = NULL;
	char *host = NULL;
	const char *why = NULL;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		why = no_host;
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		why = "the URI is neither http nor https";
	else if (must_be_near && strcmp(scheme, "http") == 0 && !is_near(host))
		why = "plain http goes only to a loopback address, 169.254.170.2, "
			  "169.254.170.23 or fd00:ec2::23";
	if (why != NULL)
		not_usable(status, what, why);
	curl_free(scheme);
	curl_free(host);
	return why == NULL;
}

/*
 * Can we ask for keys at this URL? libcurl takes it apart, as it does later
 * to connect: both are to see the same host in it. The URL itself, which may
 * have a password in it, is in no message.
 */
static bool
check_url(const char *what, const char *text, bool must_be_near, DdbStatus *status)
{
	CURLU *url = curl_url();
	CURLUcode code;
	bool good;

	if (url == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	code = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
	if (code == CURLUE_OUT_OF_MEMORY)
		good = ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	else if (strstr(text, "://") == NULL)
		good = not_usable(status, what, no_host);
	else if (code == CURLUE_USER_NOT_ALLOWED)
		good = not_usable(status, what, "there is a user in the URI");
	else if (code != CURLUE_OK)
		good = not_usable(status, what, "the URI is malformed");
	else
		good = check_parts(what, url, must_be_near, status);
	curl_url_cleanup(url);
	return good;
}

/* Set the URL, base and path put together. */
static bool
set_url(char **field, const char *base, const char *path, DdbStatus *status)
{
	size_t base_len = strlen(base);
	size_t path_size = strlen(path) + 1;
	char *url = malloc(base_len + path_size);

	if (url == NULL)
		return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
	memcpy(url, base, base_len);
	memcpy(url + base_len, path, path_size);
	*field = url;
	return true;
}

static bool
set_container_url(DdbChain *chain, const char *relative, const char *full,
				  DdbStatus *status)
{
	const char *what = relative != NULL ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
										: "AWS_CONTAINER_CREDENTIALS_FULL_URI";

	if (relative != NULL && relative[0] != '/')
		return not_usable(status, what, "it does not begin with a slash");
	return set_url(&chain->container_url,
				   relative != NULL ? ECS_ENDPOINT : "",
				   relative != NULL ? relative : full,
				   status) &&
		   check_url(what, chain->container_url, true, status);
}

DdbFound
ddb_origin_container(DdbChain *chain, DdbStatus *status)
{
	const DdbHost *host = chain->host;
	const char *relative =
		ddb_host_variable(host, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full =
		ddb_host_variable(host, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	const char *file =
		ddb_host_variable(host, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token =
		ddb_host_variable(host, "AWS_CONTAINER_AUTHORIZATION_TOKEN");

	if (relative == NULL && full == NULL)
		return DDB_FOUND_NONE;
	/* It becomes a header. */
	if (token != NULL && strpbrk(token, "\r\n") != NULL)
		return found_if(not_usable(status,
								   "AWS_CONTAINER_AUTHORIZATION_TOKEN",
								   "it has a line break in it"));
	chain->source = DDB_SOURCE_CONTAINER;
	return found_if(set_container_url(chain, relative, full, status) &&
					ddb_chain_set(&chain->container_token_file, file, status) &&
					ddb_chain_set_secret(&chain->container_token, token, status));
}

/* A setting of IMDS and what it is called: the variable's, then the profile's. */
typedef struct Setting
{
	const char *value;
	const char *what;
} Setting;

static Setting
imds_setting(const DdbChain *chain, const char *variable,
			 const DdbProfiles *profiles, const char *profile, const char *key)
{
	Setting setting = {ddb_host_variable(chain->host, variable), variable};

	if (setting.value == NULL)
		setting = (Setting){ddb_profile_get(profiles, profile, key), key};
	return setting;
}

static bool
set_imds_endpoint(DdbChain *chain, Setting endpoint, DdbStatus *status)
{
	char *url;
	size_t len;

	if (!check_url(endpoint.what, endpoint.value, false, status) ||
		!ddb_chain_set(&chain->imds_endpoint, endpoint.value, status))
		return false;
	url = chain->imds_endpoint;
	len = strlen(url);
	while (url[len - 1] == '/')
		url[--len] = '\0';
	return true;
}

static bool
set_imds_mode(DdbChain *chain, Setting mode, DdbStatus *status)
{
	const char *url = IMDS_ENDPOINT;

	if (mode.value != NULL && strcasecmp(mode.value, "IPv6") == 0)
		url = IMDS_ENDPOINT_IPV6;
	else if (mode.value != NULL && strcasecmp(mode.value, "IPv4") != 0)
		return ddb_status_set(status,
							  DDB_STATUS_AUTH,
							  "%s: \"%s\" is not a valid endpoint mode",
							  mode.what,
							  mode.value);
	return ddb_chain_set(&chain->imds_endpoint, url, status);
}

DdbFound
ddb_origin_imds(DdbChain *chain, const DdbProfiles *profiles,
				const char *profile, DdbStatus *status)
{
	Setting endpoint = imds_setting(chain,
									"AWS_EC2_METADATA_SERVICE_ENDPOINT",
									profiles,
									profile,
									"ec2_metadata_service_endpoint");
	Setting mode = imds_setting(chain,
								"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
								profiles,
								profile,
								"ec2_metadata_service_endpoint_mode");

	if (ddb_host_is_true(chain->host, "AWS_EC2_METADATA_DISABLED"))
		return DDB_FOUND_NONE;
	chain->source = DDB_SOURCE_IMDS;
	return found_if(endpoint.value != NULL
						? set_imds_endpoint(chain, endpoint, status)
						: set_imds_mode(chain, mode, status));
}
