/*
 * fakehost.h
 *		A host of the test's own: its variables, and files in a directory.
 *
 * After tap.h.
 */
#ifndef FAKEHOST_H
#define FAKEHOST_H

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define FAKEHOST_MAX_VARIABLES 16

typedef struct FakeHost
{
	DdbHost host; /* first: a variable is asked for by it */
	char root[64];
	int nvariables;
	char *names[FAKEHOST_MAX_VARIABLES];
	char *values[FAKEHOST_MAX_VARIABLES];
} FakeHost;

static const char *
fakehost_variable(const DdbHost *host, const char *name)
{
	const FakeHost *fake = (const FakeHost *) host;

	for (int i = 0; i < fake->nvariables; i++)
	{
		if (strcmp(fake->names[i], name) == 0)
			return fake->values[i];
	}
	return NULL;
}

static void TAP_UNUSED
fakehost_set(FakeHost *fake, const char *name, const char *value)
{
	if (fake->nvariables == FAKEHOST_MAX_VARIABLES)
		abort();
	fake->names[fake->nvariables] = strdup(name);
	fake->values[fake->nvariables++] = strdup(value);
}

/* An empty host. */
static void TAP_UNUSED
fakehost_open(FakeHost *fake)
{
	memset(fake, 0, sizeof(*fake));
	strcpy(fake->root, "/tmp/ddb-host-XXXXXX");
	if (mkdtemp(fake->root) == NULL)
		abort();
	fake->host = (DdbHost){.variable = fakehost_variable, .root = fake->root};
}

/* Make the directories above path, which is changed and restored. */
static void
fakehost_make_dirs(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++)
	{
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

static void TAP_UNUSED
fakehost_write_bytes(const FakeHost *fake, const char *path, const char *data,
					 size_t len)
{
	char whole[PATH_MAX];
	FILE *file;

	snprintf(whole,
			 sizeof(whole),
			 "%s%s%s",
			 fake->root,
			 path[0] == '/' ? "" : "/",
			 path);
	fakehost_make_dirs(whole);
	file = fopen(whole, "w");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0)
		abort();
}

static void TAP_UNUSED
fakehost_write(const FakeHost *fake, const char *path, const char *text)
{
	fakehost_write_bytes(fake, path, text, strlen(text));
}

static void TAP_UNUSED
fakehost_close(FakeHost *fake)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", fake->root);
	if (system(command) != 0)
		abort();
	for (int i = 0; i < fake->nvariables; i++)
	{
		free(fake->names[i]);
		free(fake->values[i]);
	}
}

#endif /* FAKEHOST_H */
