/*
 * secret.c
 *		What a core file of ours would have in it.
 *
 * A core file has the process's writable memory, but for what is marked as not
 * to be dumped ("dd" in /proc/self/smaps). So that memory is searched for keys
 * while they are in use. What is sought is masked in here, or the search would
 * find itself.
 */
#include <fcntl.h>
#include <openssl/crypto.h>

#include "client.h"
#include "secret.h"
#include "sigv4.h"

#include "server.h"
#include "tap.h"

#define MASK 0x5A
/* The sanitizer's own memory has no copies of ours, and no end. */
#define MAX_REGION (1024UL * 1024 * 1024)
#define CHUNK 65536

typedef struct Masked
{
	size_t len;
	unsigned char bytes[40];
} Masked;

/* The secret of the AWS documentation's examples */
static const Masked secret_key = {40, {0x2D, 0x10, 0x3B, 0x36, 0x28, 0x02, 0x0F,
									   0x2E, 0x34, 0x1C, 0x1F, 0x17, 0x13, 0x75,
									   0x11, 0x6D, 0x17, 0x1E, 0x1F, 0x14, 0x1D,
									   0x71, 0x38, 0x0A, 0x22, 0x08, 0x3C, 0x33,
									   0x19, 0x03, 0x1F, 0x02, 0x1B, 0x17, 0x0A,
									   0x16, 0x1F, 0x11, 0x1F, 0x03}};
/* And its signing key: 20261122/eu-central-1/dynamodb */
static const Masked day_key = {32, {0xCB, 0x05, 0x0E, 0xE0, 0xCE, 0xE8, 0xFD,
									0x89, 0x79, 0xD9, 0x4C, 0xF7, 0x43, 0x92,
									0x46, 0xDA, 0x9F, 0x46, 0x7B, 0xA2, 0x77,
									0x3E, 0x70, 0x33, 0xA4, 0x55, 0x51, 0x04,
									0x2E, 0xA8, 0x10, 0x80}};

static void
unmask(const Masked *masked, char *out)
{
	for (size_t i = 0; i < masked->len; i++)
		out[i] = (char) (masked->bytes[i] ^ MASK);
	out[masked->len] = '\0';
}

static bool
is_at(const Masked *masked, const unsigned char *memory)
{
	for (size_t i = 0; i < masked->len; i++)
	{
		if ((memory[i] ^ MASK) != masked->bytes[i])
			return false;
	}
	return true;
}

/* Is it in these bytes of this process? */
static bool
region_has(int memory_fd, uintptr_t start, uintptr_t end, const Masked *masked)
{
	static unsigned char chunk[CHUNK];

	while (start + masked->len <= end)
	{
		size_t wanted = end - start < CHUNK ? end - start : CHUNK;
		ssize_t len = pread(memory_fd, chunk, wanted, (off_t) start);

		if (len < (ssize_t) masked->len)
			return false;
		for (size_t i = 0; i + masked->len <= (size_t) len; i++)
		{
			if (is_at(masked, chunk + i))
			{
				memset(chunk, 0, sizeof(chunk));
				return true;
			}
		}
		start += (size_t) len - masked->len + 1;
	}
	return false;
}

/* Visit each writable mapping; a core file has it unless it is left out. */
static bool
any_region(bool (*visit)(uintptr_t start, uintptr_t end, bool left_out, void *arg),
		   void *arg)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	uintptr_t start = 0;
	uintptr_t end = 0;
	bool writable = false;
	char line[1000];
	bool found = false;

	if (maps == NULL)
		abort();
	while (!found && fgets(line, sizeof(line), maps) != NULL)
	{
		uintptr_t from, to;
		char mode[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3)
		{
			start = from;
			end = to;
			writable = mode[1] == 'w';
		}
		else if (writable && strncmp(line, "VmFlags:", 8) == 0)
			found = visit(start, end, strstr(line, " dd") != NULL, arg);
	}
	fclose(maps);
	return found;
}

typedef struct Search
{
	int memory_fd;
	const Masked *masked;
	size_t searched;
} Search;

static bool
search_region(uintptr_t start, uintptr_t end, bool left_out, void *arg)
{
	Search *search = arg;

	if (left_out || end - start > MAX_REGION)
		return false;
	search->searched += end - start;
	return region_has(search->memory_fd, start, end, search->masked);
}

static bool
core_has(const Masked *masked)
{
	Search search = {.memory_fd = open("/proc/self/mem", O_RDONLY),
					 .masked = masked};
	bool found = any_region(search_region, &search);

	close(search.memory_fd);
	if (!found)
		printf("# %zu kB searched\n", search.searched / 1024);
	return found;
}

static bool
holds_address(uintptr_t start, uintptr_t end, bool left_out, void *arg)
{
	return left_out && (uintptr_t) arg >= start && (uintptr_t) arg < end;
}

static bool
is_left_out(const void *address)
{
	return any_region(holds_address, (void *) address);
}

static void
test_memory(void)
{
	static const char text[] = "a text";
	char *block = ddb_secret_alloc(10000);
	char *copy = ddb_secret_strdup(text);
	bool zero = true;

	for (int i = 0; i < 10000; i++)
		zero &= block[i] == 0;
	ok(zero, "zeroed");
	is_int((uintptr_t) block % _Alignof(max_align_t), 0, "aligned");
	ok(is_left_out(block) && is_left_out(block + 9999) && is_left_out(copy),
	   "all of it is left out of core files");
	ok(!is_left_out(text) && !is_left_out(&block), "as nothing else is");
	is_str(copy, text, "a copy");
	ddb_secret_free(block);
	ddb_secret_free(copy);
	ddb_secret_free(NULL);
	ok(ddb_secret_alloc(SIZE_MAX) == NULL, "there are limits");
	tap_fail_alloc(0);
	copy = ddb_secret_strdup(text);
	ok(tap_alloc_failed() && copy == NULL, "NULL when out of memory");
}

static void
test_search(void)
{
	char *planted = malloc(secret_key.len + 1);

	unmask(&secret_key, planted);
	ok(core_has(&secret_key), "the search finds a secret on the heap");
	OPENSSL_cleanse(planted, secret_key.len);
	ok(!core_has(&secret_key), "and none where there is none");
	free(planted);
}

static DdbCredentials *
create_credentials(void)
{
	char secret[41];
	DdbCredentials *credentials;

	unmask(&secret_key, secret);
	credentials = ddb_credentials_create_static("AKID", secret, NULL);
	OPENSSL_cleanse(secret, sizeof(secret));
	return credentials;
}

static void
test_keys(void)
{
	DdbCredentials *credentials = create_credentials();
	DdbSigner *signer = ddb_sigv4_create();
	DdbKeys keys;
	DdbSigv4Scope scope = {.region = "eu-central-1",
						   .service = "dynamodb",
						   .keys = &keys,
						   .date = "20261122T075925Z"};
	DdbStatus status;
	char hex[DDB_SIGV4_HEX_LEN];

	ddb_credentials_get(credentials, &keys, &status);
	ok(is_at(&secret_key, (const unsigned char *) keys.secret_access_key),
	   "the keys have it");
	ok(is_left_out(keys.secret_access_key), "where no core file has it");
	ddb_sigv4_signature(signer, &scope, "text", hex);
	is_str(hex,
		   "d5254ccdb4845de5ea4e0dec8fc7f7030718a051b7a6d4412724af22593fad55",
		   "and it signs");
	ok(is_left_out(signer), "so of the signer");
	ok(!core_has(&secret_key), "there is no other copy of the secret");
	ok(!core_has(&day_key), "nor of the signing key");
	ddb_sigv4_free(signer);
	ddb_credentials_free(credentials);
}

/* All that a client does with it. */
static void
test_request(void)
{
	DdbCredentials *credentials = create_credentials();
	DdbRead read = {.kind = DDB_READ_SCAN, .table = "t"};
	DdbClientConfig config = {.service = DDB_SERVICE_DYNAMODB,
							  .endpoint.region = "us-east-1",
							  .connect_timeout_ms = 5000,
							  .request_timeout_ms = 5000,
							  .max_attempts = 1,
							  .max_connections = 1};
	DdbStatus status;
	Server server;
	DdbHttp *http = ddb_http_create(&status);
	DdbClient *client;
	DdbCall *call;

	server_start(&server);
	config.endpoint.endpoint = server.url;
	client = ddb_client_create(http, &config, credentials, &status);
	call = ddb_client_read(client, &read);
	for (ddb_client_pump(client); !ddb_call_done(call); ddb_client_pump(client))
		server_step(&server);
	is_int(ddb_call_status(call)->kind, DDB_OK, "a request was made");
	ok(strstr(server_header(&server, "authorization: "), "AKID/") != NULL,
	   "and signed");
	ok(!core_has(&secret_key), "that leaves no copy of the secret");
	ddb_call_free(call);
	ddb_client_destroy(client);
	ddb_credentials_free(credentials);
	ok(!core_has(&secret_key), "nor does its end");
	ddb_http_destroy(http);
	server_stop(&server);
}

int
main(void)
{
	test_memory();
	test_search();
	test_keys();
	test_request();
	return tap_done();
}
