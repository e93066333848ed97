/*
 * content.c
 *		The bytes of a response as they came: checked and inflated.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>
#include <zlib.h>

#include "content.h"

/* zlib: a gzip wrapper and nothing else, the largest window */
#define GZIP_WINDOW_BITS (16 + MAX_WBITS)
#define FIRST_OUT_SIZE 4096

/* What was inflated so far. */
typedef struct Inflated
{
	char *data;
	size_t len;
	size_t size;
	size_t max_len;
} Inflated;

uint32_t
ddb_content_crc32(const char *data, size_t len)
{
	return libdeflate_crc32(0, data, len);
}

static bool
malformed(DdbStatus *status)
{
	return ddb_status_set(status,
						  DDB_STATUS_PROTOCOL,
						  "the response is not valid gzip");
}

static bool
out_of_memory(DdbStatus *status)
{
	return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
}

/* Make room for at least one more byte beyond the NUL to come. */
static bool
grow(Inflated *out, DdbStatus *status)
{
	size_t size = out->size < FIRST_OUT_SIZE ? FIRST_OUT_SIZE : out->size * 2;
	char *data;

	/* One byte over the limit, to see it passed, and one for the NUL */
	if (size > out->max_len + 2)
		size = out->max_len + 2;
	data = realloc(out->data, size);
	if (data == NULL)
		return out_of_memory(status);
	out->data = data;
	out->size = size;
	return true;
}

/* Inflate until the room or the member ends; sets *member_ended. */
static bool
inflate_some(z_stream *stream, Inflated *out, bool *member_ended,
			 DdbStatus *status)
{
	size_t room = out->size - 1 - out->len;
	int result;

	stream->next_out = (Bytef *) out->data + out->len;
	stream->avail_out = (uInt) room;
	result = inflate(stream, Z_NO_FLUSH);
	out->len += room - stream->avail_out;

	if (result == Z_MEM_ERROR)
		return out_of_memory(status);
	if (out->len > out->max_len)
		return ddb_status_set(status,
							  DDB_STATUS_OVERSIZE,
							  "the response exceeds %zu bytes once inflated",
							  out->max_len);
	*member_ended = result == Z_STREAM_END;
	if (*member_ended)
		return true;
	/* Room left over although the member goes on: the data end too early. */
	if (result != Z_OK || (stream->avail_in == 0 && stream->avail_out > 0))
		return malformed(status);
	return true;
}

static bool
inflate_members(z_stream *stream, Inflated *out, DdbStatus *status)
{
	bool member_ended = false;

	while (!member_ended || stream->avail_in > 0)
	{
		if (member_ended && inflateReset(stream) != Z_OK)
			return malformed(status);
		if (out->len + 1 >= out->size && !grow(out, status))
			return false;
		if (!inflate_some(stream, out, &member_ended, status))
			return false;
	}
	return true;
}

bool
ddb_content_gunzip(const char *data, size_t len, size_t max_len, char **out,
				   size_t *out_len, DdbStatus *status)
{
	z_stream stream = {0};
	Inflated inflated = {NULL, 0, 0, max_len};
	bool good;

	/* zlib counts in unsigned int. */
	if (len == 0 || len > INT_MAX || max_len > INT_MAX)
		return malformed(status);
	if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
		return out_of_memory(status);
	stream.next_in = (Bytef *) (uintptr_t) data;
	stream.avail_in = (uInt) len;
	good = inflate_members(&stream, &inflated, status);
	inflateEnd(&stream);
	if (!good)
	{
		free(inflated.data);
		return false;
	}
	inflated.data[inflated.len] = '\0';
	*out = inflated.data;
	*out_len = inflated.len;
	return true;
}
