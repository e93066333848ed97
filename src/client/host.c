/*
 * host.c
 *		The machine that we run on: its environment and its files.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

/* An entry of the user database is far shorter. */
#define MAX_PASSWD_LEN 4096

static bool
is_blank(const char *value)
{
	return value == NULL || value[strspn(value, " \t\r\n")] == '\0';
}

/* The home directory of our user, or NULL. A server may run without HOME. */
static const char *
user_home(void)
{
	static char home[PATH_MAX];
	char buffer[MAX_PASSWD_LEN];
	struct passwd entry;
	struct passwd *found = NULL;

	if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) != 0 ||
		found == NULL || strlen(entry.pw_dir) >= sizeof(home))
		return NULL;
	return strcpy(home, entry.pw_dir);
}

static const char *
process_variable(const DdbHost *host, const char *name)
{
	const char *value = getenv(name);

	(void) host;
	if (is_blank(value) && strcmp(name, "HOME") == 0)
		return user_home();
	return value;
}

const DdbHost ddb_host_process = {.variable = process_variable, .root = ""};

const char *
ddb_host_variable(const DdbHost *host, const char *name)
{
	const char *value;

	if (host == NULL)
		host = &ddb_host_process;
	value = host->variable(host, name);
	return is_blank(value) ? NULL : value;
}

bool
ddb_host_is_true(const DdbHost *host, const char *name)
{
	const char *value = ddb_host_variable(host, name);

	return value != NULL && strcasecmp(value, "true") == 0;
}

/* All that the file has, up to size bytes; -1 with errno. */
static ssize_t
read_all(int fd, char *data, size_t size)
{
	size_t len = 0;

	while (len < size)
	{
		ssize_t n = read(fd, data + len, size - len);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
		{
			explicit_bzero(data, len);
			return -1;
		}
		len += (size_t) n;
	}
	return (ssize_t) len;
}

/* As read_all, of the file at this path. O_NONBLOCK is for pipes. */
static ssize_t
read_path(const char *path, char *data, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t len;
	int failure;

	if (fd < 0)
		return -1;
	len = read_all(fd, data, size);
	failure = errno;
	close(fd);
	errno = failure;
	return len;
}

/* Is it as if there were no file at path? The error is that of opening it. */
static bool
is_missing(const char *path, int error)
{
	struct stat found;

	if (error == EACCES)
		return stat(path, &found) != 0;
	return error == ENOENT || error == ENOTDIR;
}

/* Why there is nothing to be used, or NULL. data has room for max_len + 1. */
static const char *
load(const char *path, char *data, size_t max_len, size_t *len, bool *missing)
{
	ssize_t got = read_path(path, data, max_len + 1);

	*len = 0;
	if (got < 0)
	{
		int error = errno;

		*missing = is_missing(path, error);
		return strerror(error);
	}
	*len = (size_t) got;
	if (*len > max_len)
		return "it is too long";
	if (memchr(data, '\0', *len) != NULL)
		return "it has a zero byte in it";
	return NULL;
}

char *
ddb_host_read(const DdbHost *host, const char *path, size_t max_len,
			  size_t *len, bool *missing, DdbStatus *status)
{
	const char *root = host != NULL ? host->root : "";
	const char *slash = root[0] != '\0' && path[0] != '/' ? "/" : "";
	const char *why = strerror(ENAMETOOLONG);
	char whole[PATH_MAX];
	char *data = malloc(max_len + 1);
	size_t data_len = 0;
	bool none = false;

	if (data == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	if (snprintf(whole, sizeof(whole), "%s%s%s", root, slash, path) < PATH_MAX)
		why = load(whole, data, max_len, &data_len, &none);
	if (missing != NULL)
		*missing = none;
	if (why != NULL)
	{
		ddb_status_set(status,
					   DDB_STATUS_AUTH,
					   "could not read file \"%s\": %s",
					   path,
					   why);
		explicit_bzero(data, data_len);
		free(data);
		return NULL;
	}
	data[data_len] = '\0';
	if (len != NULL)
		*len = data_len;
	return data;
}

void
ddb_host_free(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}
