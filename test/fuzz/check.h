/*
 * check.h
 *		What a fuzz target is, and how it says that something is wrong.
 *
 * A target is one function. libFuzzer calls it with what it makes up (test/fuzz/
 * run), replay.c with the files of the target's corpus ("make unit").
 */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                       \
	do                                                                         \
	{                                                                          \
		if (!(condition))                                                      \
			abort();                                                           \
	} while (0)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of exactly its size, so that a sanitizer sees a read beyond it. */
static inline char *
exact_copy(const uint8_t *data, size_t len)
{
	char *copy = calloc(1, len > 0 ? len : 1);

	CHECK(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

/* The same with a NUL behind it. */
static inline char *
text_copy(const uint8_t *data, size_t len)
{
	char *copy = malloc(len + 1);

	CHECK(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

/* Is the array a string, with its NUL within it? */
#define IS_STRING(array) (memchr((array), '\0', sizeof(array)) != NULL)

#endif /* CHECK_H */
