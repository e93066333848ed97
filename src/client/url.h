/*
 * url.h
 *		The URL of an endpoint, taken apart and checked.
 */
#ifndef DDB_URL_H
#define DDB_URL_H

#include "status.h"

#define DDB_URL_MAX_HOST 253

typedef struct DdbUrl
{
	bool https;
	char host[DDB_URL_MAX_HOST + 1]; /* lower case, without brackets */
	bool ipv6;
	int port;         /* 0: the scheme's */
	const char *path; /* "" or from the slash on; in the text that was parsed */
} DdbUrl;

/*
 * http or https, host, port, path. False with DDB_STATUS_CONFIG; the message
 * does not repeat the URL, which may hold a secret.
 */
extern bool ddb_url_parse(DdbUrl *url, const char *text, DdbStatus *status);

/* A loopback address, or a name that is for nothing else. */
extern bool ddb_url_is_loopback(const DdbUrl *url);

#endif /* DDB_URL_H */
