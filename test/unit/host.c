/*
 * host.c
 *		Variables and files of the machine: what is refused, what never blocks.
 */
#include <fcntl.h>
#include <pwd.h>

#include "host.h"
#include "tap.h"
#include "fakehost.h"
#include "wiped.h"

static void
check_refused(const FakeHost *fake, const char *path, bool is_missing,
			  const char *why)
{
	bool missing = !is_missing;
	char expected[200];
	DdbStatus status;

	ddb_status_clear(&status);
	ok(ddb_host_read(&fake->host, path, 10, NULL, &missing, &status) == NULL &&
		   status.kind == DDB_STATUS_AUTH,
	   "%s is refused",
	   path);
	snprintf(expected, sizeof(expected), "could not read file \"%s\": %s", path, why);
	is_str(status.message, expected, "and why");
	ok(missing == is_missing, "and whether it is missing");
}

static void
check_read(const FakeHost *fake, const char *path, const char *expected)
{
	size_t len = 999;
	DdbStatus status;
	char *text;

	ddb_status_clear(&status);
	text = ddb_host_read(&fake->host, path, 10, &len, NULL, &status);
	is_str(text, expected, "the text of the file");
	is_int((long long) len, (long long) strlen(expected), "and its length");
	ddb_host_free(text);
}

static void
test_files(void)
{
	char long_path[PATH_MAX + 1];
	char pipe_path[PATH_MAX];
	FakeHost fake;

	fakehost_open(&fake);
	fakehost_write(&fake, "/dir/ten", "0123456789");
	fakehost_write(&fake, "empty", "");
	fakehost_write(&fake, "/eleven", "0123456789a");
	fakehost_write_bytes(&fake, "/zero", "a\0b", 3);
	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", fake.root);
	mkfifo(pipe_path, 0600);

	check_read(&fake, "/dir/ten", "0123456789");
	check_read(&fake, "dir/ten", "0123456789");
	check_read(&fake, "/empty", "");
	check_read(&fake, "/pipe", "");
	check_refused(&fake, "/none", true, "No such file or directory");
	check_refused(&fake, "/dir/ten/none", true, "Not a directory");
	check_refused(&fake, "/dir", false, "Is a directory");
	check_refused(&fake, "/eleven", false, "it is too long");
	check_refused(&fake, "/zero", false, "it has a zero byte in it");
	memset(long_path, 'a', sizeof(long_path));
	long_path[PATH_MAX] = '\0';
	ok(ddb_host_read(&fake.host, long_path, 10, NULL, NULL, &(DdbStatus){0}) ==
		   NULL,
	   "a path that is too long");
	ddb_host_free(NULL);
	fakehost_close(&fake);
}

/* A file that may not be read is not the same as one that nobody can see. */
static void
test_permissions(void)
{
	FakeHost fake;
	char path[PATH_MAX];
	int closed;

	if (geteuid() == 0 && seteuid(65534) != 0)
	{
		tap_skip("cannot become a user without rights");
		return;
	}
	fakehost_open(&fake);
	fakehost_write(&fake, "/open/closed", "x");
	snprintf(path, sizeof(path), "%s/open/closed", fake.root);
	closed = chmod(path, 0);
	check_refused(&fake, "/open/closed", false, "Permission denied");
	snprintf(path, sizeof(path), "%s/open", fake.root);
	closed |= chmod(path, 0);
	check_refused(&fake, "/open/closed", true, "Permission denied");
	closed |= chmod(path, 0700);
	is_int(closed, 0, "rights were taken and given back");
	fakehost_close(&fake);
	if (getuid() == 0 && seteuid(0) != 0)
		abort();
}

static void
test_wiped(void)
{
	const char *secret = "a token of more than a few bytes";
	DdbStatus status;
	FakeHost fake;
	uintptr_t address;
	char *text;

	fakehost_open(&fake);
	fakehost_write(&fake, "/token", secret);
	text = ddb_host_read(&fake.host, "/token", 100, NULL, NULL, &status);
	is_str(text, secret, "a secret");
	address = (uintptr_t) text;
	ddb_host_free(text);
	ok(is_wiped(address, strlen(secret)), "is wiped");
	fakehost_close(&fake);
}

static void
test_variables(void)
{
	struct passwd *user = getpwuid(geteuid());

	setenv("AWS_PROFILE", "one", 1);
	is_str(ddb_host_variable(NULL, "AWS_PROFILE"), "one", "a variable");
	setenv("AWS_PROFILE", " \t", 1);
	is_str(ddb_host_variable(NULL, "AWS_PROFILE"), NULL, "a blank one is none");
	unsetenv("AWS_PROFILE");
	is_str(ddb_host_variable(&ddb_host_process, "AWS_PROFILE"), NULL, "none");
	setenv("AWS_PROFILE", "True", 1);
	ok(ddb_host_is_true(NULL, "AWS_PROFILE"), "True is true");
	setenv("AWS_PROFILE", "1", 1);
	ok(!ddb_host_is_true(NULL, "AWS_PROFILE"), "1 is not");
	setenv("HOME", "/some/where", 1);
	is_str(ddb_host_variable(NULL, "HOME"), "/some/where", "HOME as it is set");
	unsetenv("HOME");
	is_str(ddb_host_variable(NULL, "HOME"), user->pw_dir, "and the user's own");
}

static void
test_no_memory(void)
{
	DdbStatus status;
	char *text;

	ddb_status_clear(&status);
	tap_fail_alloc(0);
	text = ddb_host_read(NULL, "/dev/null", 10, NULL, NULL, &status);
	ok(tap_alloc_failed() && text == NULL && status.kind == DDB_STATUS_NO_MEMORY,
	   "out of memory");
	text = ddb_host_read(NULL, "/dev/null", 10, NULL, NULL, &status);
	is_str(text, "", "/dev/null is an empty file");
	ddb_host_free(text);
}

int
main(void)
{
	test_files();
	test_permissions();
	test_wiped();
	test_variables();
	test_no_memory();
	return tap_done();
}
