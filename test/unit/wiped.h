/*
 * wiped.h
 *		Was a secret overwritten before its memory was given back?
 *
 * Looks at freed memory, which the address sanitizer keeps for a while: ask at
 * once.
 */
#ifndef WIPED_H
#define WIPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An allocator may write this much into what it got back. */
#define WIPED_UNKNOWN 16

/* Are the len bytes zeros that were at this address before they were freed? */
static bool __attribute__((no_sanitize("address"), unused))
is_wiped(uintptr_t address, size_t len)
{
	const volatile char *bytes = (const volatile char *) address;

	for (size_t i = WIPED_UNKNOWN; i < len; i++)
	{
		if (bytes[i] != '\0')
			return false;
	}
	return len > WIPED_UNKNOWN;
}

#endif /* WIPED_H */
