/*
 * tap.h
 *		What a unit test needs: TAP on stdout and allocations that fail.
 *
 * Each test/unit/X.c is one program. It includes this header once, calls the
 * checks below and ends with "return tap_done();". The plan comes last, so a
 * program that dies early has no plan and fails.
 *
 * The wrappers of malloc and its kin are part of every test program, so all of
 * them are linked with these flags:
 *
 *		-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=mmap
 *
 * They reach the objects that are linked in, not the shared libraries: hand
 * jansson (json_set_alloc_funcs) and OpenSSL (CRYPTO_set_mem_functions)
 * functions of the test that call malloc where their failures matter.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TAP_UNUSED __attribute__((unused))

static int tap_run;
static int tap_bad;

/* One check; the description is printf style. Returns the condition. */
static bool TAP_UNUSED __attribute__((format(printf, 2, 3)))
ok(bool condition, const char *format, ...)
{
	char what[500];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	for (char *p = what; *p != '\0'; p++)
	{
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
	tap_run++;
	if (!condition)
		tap_bad++;
	printf("%sok %d - %s\n", condition ? "" : "not ", tap_run, what);
	fflush(stdout);
	return condition;
}

static bool TAP_UNUSED
is_str(const char *got, const char *expected, const char *what)
{
	bool same = got == expected ||
				(got != NULL && expected != NULL && strcmp(got, expected) == 0);

	ok(same, "%s", what);
	if (!same)
		printf("#      got: %s\n# expected: %s\n",
			   got ? got : "(null)",
			   expected ? expected : "(null)");
	return same;
}

static bool TAP_UNUSED
is_int(long long got, long long expected, const char *what)
{
	ok(got == expected, "%s", what);
	if (got != expected)
		printf("#      got: %lld\n# expected: %lld\n", got, expected);
	return got == expected;
}

/* A test that cannot run here; it counts as passed and says why. */
static void TAP_UNUSED
tap_skip(const char *why)
{
	printf("ok %d # SKIP %s\n", ++tap_run, why);
}

/* Print the plan; the exit status of the program. */
static int TAP_UNUSED
tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_bad == 0 && tap_run > 0 ? 0 : 1;
}

/*
 * Failing allocations. tap_fail_alloc(n) makes the n-th allocation from now,
 * counted from 0, return NULL, once; tap_alloc_failed() switches that off and
 * tells whether it came to it. A loop over n until it did not covers them all:
 *
 *		for (int n = 0;; n++)
 *		{
 *			tap_fail_alloc(n);
 *			... call, keeping what it returned ...
 *			if (!tap_alloc_failed())
 *				break;
 *			... check that it failed as it should ...
 *		}
 */
static long tap_alloc_countdown = -1;
static bool tap_alloc_hit;

static void TAP_UNUSED
tap_fail_alloc(long n)
{
	tap_alloc_hit = false;
	tap_alloc_countdown = n;
}

static bool TAP_UNUSED
tap_alloc_failed(void)
{
	tap_alloc_countdown = -1;
	return tap_alloc_hit;
}

static bool
tap_alloc_refused(void)
{
	if (tap_alloc_countdown < 0 || tap_alloc_countdown-- > 0)
		return false;
	tap_alloc_hit = true;
	return true;
}

extern void *__real_malloc(size_t size);
extern void *__real_calloc(size_t n, size_t size);
extern void *__real_realloc(void *pointer, size_t size);
extern void *__real_mmap(void *at, size_t len, int protection, int flags,
						 int fd, off_t offset);
extern void *__wrap_mmap(void *at, size_t len, int protection, int flags,
						 int fd, off_t offset);
extern void *__wrap_malloc(size_t size);
extern void *__wrap_calloc(size_t n, size_t size);
extern void *__wrap_realloc(void *pointer, size_t size);
extern char *__wrap_strdup(const char *text);

void *
__wrap_malloc(size_t size)
{
	return tap_alloc_refused() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return tap_alloc_refused() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *pointer, size_t size)
{
	return tap_alloc_refused() ? NULL : __real_realloc(pointer, size);
}

void *
__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	return tap_alloc_refused()
			   ? MAP_FAILED
			   : __real_mmap(at, len, protection, flags, fd, offset);
}

char *
__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = __wrap_malloc(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

#endif /* TAP_H */
