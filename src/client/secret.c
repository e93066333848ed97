/*
 * secret.c
 *		Memory for secrets: in no core file, and wiped before it is given back.
 */
#include <openssl/crypto.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "secret.h"

/* Before what the caller gets; as long as the strictest alignment. */
typedef struct Header
{
	_Alignas(max_align_t) size_t size; /* of the mapping */
} Header;

void *
ddb_secret_alloc(size_t size)
{
	Header *header;

	if (size > SIZE_MAX - sizeof(Header))
		return NULL;
	size += sizeof(Header);
	header =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (header == MAP_FAILED)
		return NULL;
	/* A kernel that cannot leave it out has no core files to speak of. */
	(void) madvise(header, size, MADV_DONTDUMP);
	header->size = size;
	return header + 1;
}

char *
ddb_secret_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = ddb_secret_alloc(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void
ddb_secret_free(void *secret)
{
	Header *header = secret;
	size_t size;

	if (header == NULL)
		return;
	header--;
	size = header->size;
	OPENSSL_cleanse(header, size);
	(void) munmap(header, size);
}

void
ddb_secret_blot_out(char *text, size_t len, const char *secret)
{
	size_t secret_len = secret != NULL ? strlen(secret) : 0;
	size_t at = 0;

	while (secret_len > 0 && at + secret_len <= len)
	{
		if (memcmp(text + at, secret, secret_len) == 0)
		{
			memset(text + at, '*', secret_len);
			at += secret_len;
		}
		else
			at++;
	}
}
