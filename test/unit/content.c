/*
 * content.c
 *		CRC-32 and gzip: whole, cut short, broken, too large, without memory.
 */
#include <zlib.h>

#include "content.h"
#include "tap.h"

typedef struct Bytes
{
	char *data;
	size_t len;
} Bytes;

/* One gzip member, compressed by zlib itself. */
static Bytes
gzip(const char *data, size_t len)
{
	z_stream stream = {0};
	Bytes out;

	deflateInit2(&stream,
				 Z_BEST_COMPRESSION,
				 Z_DEFLATED,
				 16 + MAX_WBITS,
				 8,
				 Z_DEFAULT_STRATEGY);
	out.len = deflateBound(&stream, len);
	out.data = malloc(out.len);
	stream.next_in = (Bytef *) (uintptr_t) data;
	stream.avail_in = (uInt) len;
	stream.next_out = (Bytef *) out.data;
	stream.avail_out = (uInt) out.len;
	deflate(&stream, Z_FINISH);
	out.len = stream.total_out;
	out.data = realloc(out.data, out.len);
	deflateEnd(&stream);
	return out;
}

/* Text that does not repeat, so that it does not compress to nothing */
static Bytes
sample(size_t len)
{
	Bytes out = {malloc(len + 1), len};
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++)
	{
		x = x * 1664525 + 1013904223;
		out.data[i] = (char) ('a' + (x >> 24) % 26);
	}
	out.data[len] = '\0';
	return out;
}

static void
check_refused(Bytes packed, size_t max_len, DdbStatusKind kind, const char *what)
{
	DdbStatus status;
	char *out = NULL;
	size_t out_len;
	bool good;

	ddb_status_clear(&status);
	good =
		ddb_content_gunzip(packed.data, packed.len, max_len, &out, &out_len, &status);
	ok(!good && out == NULL && status.kind == kind && status.message[0] != '\0',
	   "%s: %s",
	   what,
	   good ? "(accepted)" : status.message);
	if (good)
		free(out);
}

static void
check_round_trip(size_t len, size_t max_len)
{
	Bytes plain = sample(len);
	Bytes packed = gzip(plain.data, plain.len);
	DdbStatus status;
	char *out = NULL;
	size_t out_len = 0;
	bool good =
		ddb_content_gunzip(packed.data, packed.len, max_len, &out, &out_len, &status);

	ok(good && out_len == len && memcmp(out, plain.data, len + 1) == 0,
	   "%zu bytes, cap %zu: inflated, with a NUL at the end",
	   len,
	   max_len);
	if (good)
		free(out);
	if (len > 0)
		check_refused(packed, len - 1, DDB_STATUS_OVERSIZE, "a byte too many");
	free(plain.data);
	free(packed.data);
}

static void
test_crc32(void)
{
	is_int(ddb_content_crc32("123456789", 9), 0xCBF43926, "CRC-32's check");
	is_int(ddb_content_crc32("", 0), 0, "of nothing");
}

static void
test_round_trips(void)
{
	check_round_trip(0, 0);
	check_round_trip(0, 100);
	check_round_trip(1, 1);
	check_round_trip(4094, 4094);
	check_round_trip(4095, 4095);
	check_round_trip(4095, 100000);
	check_round_trip(4096, 4096);
	check_round_trip(100000, 100000);
	check_round_trip(3000000, 67108864);
}

static void
test_members(void)
{
	Bytes first = gzip("one ", 4);
	Bytes second = gzip("two", 3);
	Bytes both = {malloc(first.len + second.len), first.len + second.len};
	DdbStatus status;
	char *out = NULL;
	size_t out_len = 0;

	memcpy(both.data, first.data, first.len);
	memcpy(both.data + first.len, second.data, second.len);
	ok(ddb_content_gunzip(both.data, both.len, 7, &out, &out_len, &status),
	   "two members are inflated");
	is_str(out, "one two", "one after the other");
	is_int(out_len, 7, "to their length");
	free(out);
	check_refused(both, 6, DDB_STATUS_OVERSIZE, "the cap is for both");
	both.len--;
	check_refused(both, 100, DDB_STATUS_PROTOCOL, "the second cut short");
	free(first.data);
	free(second.data);
	free(both.data);
}

static void
test_broken(void)
{
	Bytes plain = sample(5000);
	Bytes packed = gzip(plain.data, plain.len);
	Bytes cut = {packed.data, 0};
	Bytes longer = {malloc(packed.len + 1), packed.len + 1};
	int accepted = 0;

	for (; cut.len < packed.len; cut.len++)
	{
		DdbStatus status;
		char *out;
		size_t out_len;

		if (!ddb_content_gunzip(cut.data, cut.len, 100000, &out, &out_len, &status))
			continue;
		free(out);
		accepted++;
	}
	is_int(accepted, 0, "cut short at any byte, it is refused");
	memcpy(longer.data, packed.data, packed.len);
	longer.data[packed.len] = 'x';
	check_refused(longer, 100000, DDB_STATUS_PROTOCOL, "garbage behind");
	packed.data[packed.len - 5] ^= 1;
	check_refused(packed, 100000, DDB_STATUS_PROTOCOL, "a wrong checksum");
	check_refused(plain, 100000, DDB_STATUS_PROTOCOL, "no gzip");
	free(plain.data);
	free(packed.data);
	free(longer.data);
}

static void
test_bomb(void)
{
	size_t len = 50000000;
	char *zeros = calloc(1, len);
	Bytes packed = gzip(zeros, len);

	ok(packed.len < 100000, "50 MB in %zu bytes", packed.len);
	check_refused(packed, 1000000, DDB_STATUS_OVERSIZE, "a bomb");
	free(zeros);
	free(packed.data);
}

static void
test_no_memory(void)
{
	Bytes plain = sample(20000);
	Bytes packed = gzip(plain.data, plain.len);
	int n;

	for (n = 0;; n++)
	{
		DdbStatus status;
		char *out = NULL;
		size_t out_len;
		bool good;

		ddb_status_clear(&status);
		tap_fail_alloc(n);
		good = ddb_content_gunzip(packed.data,
								  packed.len,
								  20000,
								  &out,
								  &out_len,
								  &status);
		if (!tap_alloc_failed())
		{
			ok(good, "it is inflated once no allocation fails");
			free(out);
			break;
		}
		ok(!good && status.kind == DDB_STATUS_NO_MEMORY, "allocation %d fails", n);
	}
	ok(n > 1, "the buffer grew");
	free(plain.data);
	free(packed.data);
}

int
main(void)
{
	test_crc32();
	test_round_trips();
	test_members();
	test_broken();
	test_bomb();
	test_no_memory();
	return tap_done();
}
