/*
 * url.c
 *		The URL of an endpoint, taken apart and checked.
 *
 * Stricter than RFC 3986: what is not needed to name a service is an error,
 * so that nothing in it can mean one thing here and another to libcurl.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "url.h"

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

static bool
fault(DdbStatus *status, const char *message)
{
	return ddb_status_set(status, DDB_STATUS_CONFIG, "%s", message);
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

/*
 * Is the last label a number? No name on the internet ends so (RFC 3696 section
 * 2), but libcurl, as inet_aton, takes "1", "127.1" or "0x7f.1" for addresses.
 */
static bool
ends_in_number(const char *text)
{
	size_t len = strlen(text);
	size_t end = len > 0 && text[len - 1] == '.' ? len - 1 : len;
	size_t start = end;

	while (start > 0 && text[start - 1] != '.')
		start--;
	if (end - start >= 2 && text[start] == '0' && text[start + 1] == 'x')
		return strspn(text + start + 2, "0123456789abcdef") >= end - start - 2;
	return end > start && strspn(text + start, "0123456789") >= end - start;
}

/* A name, or an address of IPv4 in its one usual form */
static bool
is_host(const char *text)
{
	struct in_addr v4;

	return is_host_name(text) &&
		   (!ends_in_number(text) || inet_pton(AF_INET, text, &v4) == 1);
}

bool
ddb_url_is_loopback(const DdbUrl *url)
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
parse_host(DdbUrl *url, const char *text, size_t len)
{
	struct in6_addr v6;

	url->ipv6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
	if (url->ipv6)
	{
		text++;
		len -= 2;
	}
	if (len > DDB_URL_MAX_HOST)
		return false;
	copy_lower(url->host, text, len);
	if (url->ipv6)
		return inet_pton(AF_INET6, url->host, &v6) == 1;
	return is_host(url->host);
}

/* ":8000", or nothing where len is 0 */
static bool
parse_port(DdbUrl *url, const char *text, size_t len)
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

bool
ddb_url_parse(DdbUrl *url, const char *text, DdbStatus *status)
{
	const char *authority;
	size_t len, host_len;

	memset(url, 0, sizeof(*url));
	url->https = strncasecmp(text, "https://", 8) == 0;
	if (!url->https && strncasecmp(text, "http://", 7) != 0)
		return fault(status, "endpoint must begin with http:// or https://");
	authority = text + (url->https ? 8 : 7);
	len = strcspn(authority, "/?#");
	url->path = authority + len;
	if (memchr(authority, '@', len) != NULL)
		return fault(status, "endpoint must not contain credentials");
	if (url->path[strcspn(url->path, "?#")] != '\0')
		return fault(status, "endpoint must not have a query or a fragment");

	/* The colons of an IPv6 address are within its brackets. */
	host_len = strcspn(authority, authority[0] == '[' ? "]/" : ":/");
	if (authority[host_len] == ']')
		host_len++;
	if (!parse_host(url, authority, host_len))
		return fault(status, "endpoint has an invalid host");
	if ((host_len < len && authority[host_len] != ':') ||
		!parse_port(url, authority + host_len, len - host_len))
		return fault(status, "endpoint has an invalid port");
	if (!is_path(url->path))
		return fault(status, "endpoint has an invalid path");
	return true;
}
