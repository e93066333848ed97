/*
 * host.h
 *		The machine that we run on: its environment and its files.
 *
 * Whatever is found out about the host goes through here, so that a test can
 * put another host in its place.
 */
#ifndef DDB_HOST_H
#define DDB_HOST_H

#include "status.h"

typedef struct DdbHost DdbHost;

/* A test embeds it as the first member of what its function needs. */
struct DdbHost
{
	/* The variable's value, borrowed; NULL: unset or blank. */
	const char *(*variable)(const DdbHost *host, const char *name);
	const char *root; /* stands before each path; "" */
};

/*
 * The process itself: getenv and the file system. Where HOME is unset, it is
 * the home directory of the process's user.
 */
extern const DdbHost ddb_host_process;

/*
 * The variable's value, or NULL where it is unset or blank. Borrowed until the
 * environment changes. A host of NULL is the process.
 */
extern const char *ddb_host_variable(const DdbHost *host, const char *name);

/* Is the variable "true", in upper or lower case? */
extern bool ddb_host_is_true(const DdbHost *host, const char *name);

/*
 * The whole file, malloc'd, with a NUL behind it; to be given back by
 * ddb_host_free. *len may be NULL. Never blocks on a pipe or a terminal. A path
 * that is not absolute is below root, as any other.
 *
 * NULL with DDB_STATUS_AUTH and a message that names the path and says why,
 * also where the file is longer than max_len or has a NUL in it; *missing, if
 * not NULL, tells whether there is no such file, or none that we could know of:
 * it is below a directory that we may not enter.
 */
extern char *ddb_host_read(const DdbHost *host, const char *path, size_t max_len,
						   size_t *len, bool *missing, DdbStatus *status);

/* Wipes and frees what ddb_host_read returned. NULL is fine. */
extern void ddb_host_free(char *text);

#endif /* DDB_HOST_H */
