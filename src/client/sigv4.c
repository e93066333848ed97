/*
 * sigv4.c
 *		AWS Signature Version 4, header mode.
 *
 * Presigned URLs and chunked bodies are left out; DynamoDB knows neither.
 *
 * Signing is on the path of every request, so the signing key of the day is
 * kept: one HMAC and two hashes remain.
 *
 * The hashes are OpenSSL's functions of SHA-256 alone, which 3.0 calls
 * deprecated, and not EVP: with EVP the key would lie in memory of OpenSSL's,
 * and so in every core file. They cannot fail, either.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "secret.h"
#include "sigv4.h"
#include "text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"
/* "20261122" */
#define DAY_LEN 8
#define MAX_SERVICE_LEN 32
#define MAX_REGION_LEN 64
/* RFC 2104: what a key is filled up to, and what it is mixed with */
#define BLOCK_LEN SHA256_CBLOCK
#define INNER_PAD 0x36
#define OUTER_PAD 0x5C

/* All of it in secret memory, so what passes through need not be wiped. */
struct DdbSigner
{
	SHA256_CTX inner; /* of the HMAC: the key is in, the message is not */
	SHA256_CTX outer;
	SHA256_CTX work;
	unsigned char block[BLOCK_LEN];
	unsigned char key[SHA256_DIGEST_LENGTH];
	bool keyed;          /* with the signing key of what follows */
	uint64_t generation; /* of the keys, and with it the secret */
	char day[DAY_LEN + 1];
	char region[MAX_REGION_LEN];
	char service[MAX_SERVICE_LEN];
};

static void
to_hex(const unsigned char *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++)
	{
		*hex++ = digits[bytes[i] >> 4];
		*hex++ = digits[bytes[i] & 15];
	}
	*hex = '\0';
}

DdbSigner *
ddb_sigv4_create(void)
{
	return ddb_secret_alloc(sizeof(DdbSigner));
}

void
ddb_sigv4_free(DdbSigner *signer)
{
	ddb_secret_free(signer);
}

void
ddb_sigv4_date(char date[DDB_SIGV4_DATE_LEN], time_t now)
{
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
		strftime(date, DDB_SIGV4_DATE_LEN, "%Y%m%dT%H%M%SZ", &tm) == 0)
		date[0] = '\0';
}

void
ddb_sigv4_hash(const void *data, size_t len, char hex[DDB_SIGV4_HEX_LEN])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, data, len);
	SHA256_Final(hash, &context);
	to_hex(hash, sizeof(hash), hex);
}

/* "20150830/us-east-1/dynamodb/aws4_request" */
static void
add_scope(DdbText *text, const DdbSigv4Scope *scope)
{
	ddb_text_add(text, scope->date, DAY_LEN);
	ddb_text_add_char(text, '/');
	ddb_text_add_str(text, scope->region);
	ddb_text_add_char(text, '/');
	ddb_text_add_str(text, scope->service);
	ddb_text_add_str(text, "/" TERMINATOR);
}

char *
ddb_sigv4_string_to_sign(const DdbSigv4Scope *scope,
						 const char *canonical_request, DdbStatus *status)
{
	char hex[DDB_SIGV4_HEX_LEN];
	DdbText text = {0};

	ddb_sigv4_hash(canonical_request, strlen(canonical_request), hex);
	ddb_text_add_str(&text, ALGORITHM "\n");
	ddb_text_add_str(&text, scope->date);
	ddb_text_add_char(&text, '\n');
	add_scope(&text, scope);
	ddb_text_add_char(&text, '\n');
	ddb_text_add_str(&text, hex);
	return ddb_text_finish(&text, status);
}

static void
mix_key(DdbSigner *signer, SHA256_CTX *context, unsigned char pad)
{
	for (size_t i = 0; i < BLOCK_LEN; i++)
		signer->block[i] ^= pad;
	SHA256_Init(context);
	SHA256_Update(context, signer->block, BLOCK_LEN);
}

/* Begin an HMAC with the key in signer->block, filled up with zeros. */
static void
set_key(DdbSigner *signer)
{
	mix_key(signer, &signer->inner, INNER_PAD);
	mix_key(signer, &signer->outer, INNER_PAD ^ OUTER_PAD);
	OPENSSL_cleanse(signer->block, BLOCK_LEN);
}

/* Of the message, by the key that is set; any number of times. */
static void
hmac(DdbSigner *signer, const char *message,
	 unsigned char out[SHA256_DIGEST_LENGTH])
{
	signer->work = signer->inner;
	SHA256_Update(&signer->work, message, strlen(message));
	SHA256_Final(out, &signer->work);
	signer->work = signer->outer;
	SHA256_Update(&signer->work, out, SHA256_DIGEST_LENGTH);
	SHA256_Final(out, &signer->work);
}

/* "AWS4" and the secret; what is longer than a block is hashed first. */
static void
set_secret(DdbSigner *signer, const char *secret)
{
	size_t len = strlen(secret);

	if (len + 4 <= BLOCK_LEN)
	{
		memcpy(signer->block, "AWS4", 4);
		memcpy(signer->block + 4, secret, len);
	}
	else
	{
		SHA256_Init(&signer->work);
		SHA256_Update(&signer->work, "AWS4", 4);
		SHA256_Update(&signer->work, secret, len);
		SHA256_Final(signer->block, &signer->work);
	}
	set_key(signer);
}

/* Go on with the message's HMAC as the key. */
static void
derive(DdbSigner *signer, const char *message)
{
	hmac(signer, message, signer->key);
	memcpy(signer->block, signer->key, sizeof(signer->key));
	OPENSSL_cleanse(signer->key, sizeof(signer->key));
	set_key(signer);
}

static bool
is_keyed_for(const DdbSigner *signer, const DdbSigv4Scope *scope)
{
	return signer->keyed && signer->generation == scope->keys->generation &&
		   memcmp(signer->day, scope->date, DAY_LEN) == 0 &&
		   strcmp(signer->region, scope->region) == 0 &&
		   strcmp(signer->service, scope->service) == 0;
}

/* Leave it with the signing key of the scope. */
static void
key_signer(DdbSigner *signer, const DdbSigv4Scope *scope)
{
	size_t region_len = strlen(scope->region);
	size_t service_len = strlen(scope->service);

	memcpy(signer->day, scope->date, DAY_LEN);
	set_secret(signer, scope->keys->secret_access_key);
	derive(signer, signer->day);
	derive(signer, scope->region);
	derive(signer, scope->service);
	derive(signer, TERMINATOR);
	signer->generation = scope->keys->generation;
	signer->keyed = region_len < MAX_REGION_LEN && service_len < MAX_SERVICE_LEN;
	if (!signer->keyed)
		return;
	memcpy(signer->region, scope->region, region_len + 1);
	memcpy(signer->service, scope->service, service_len + 1);
}

void
ddb_sigv4_signature(DdbSigner *signer, const DdbSigv4Scope *scope,
					const char *string_to_sign, char hex[DDB_SIGV4_HEX_LEN])
{
	unsigned char mac[SHA256_DIGEST_LENGTH];

	if (!is_keyed_for(signer, scope))
		key_signer(signer, scope);
	hmac(signer, string_to_sign, mac);
	to_hex(mac, sizeof(mac), hex);
}

/* The signed names are the canonical request's last line but one. */
static void
add_names_of(DdbText *text, const char *canonical_request)
{
	const char *end = strrchr(canonical_request, '\n');
	const char *start = end;

	while (start[-1] != '\n')
		start--;
	ddb_text_add(text, start, (size_t) (end - start));
}

static char *
format_header(const DdbSigv4Scope *scope, const char *canonical_request,
			  const char *signature, DdbStatus *status)
{
	DdbText text = {0};

	ddb_text_add_str(&text, ALGORITHM " Credential=");
	ddb_text_add_str(&text, scope->keys->access_key_id);
	ddb_text_add_char(&text, '/');
	add_scope(&text, scope);
	ddb_text_add_str(&text, ", SignedHeaders=");
	add_names_of(&text, canonical_request);
	ddb_text_add_str(&text, ", Signature=");
	ddb_text_add_str(&text, signature);
	return ddb_text_finish(&text, status);
}

char *
ddb_sigv4_authorization(DdbSigner *signer, const DdbSigv4Scope *scope,
						const DdbSigv4Request *request, DdbStatus *status)
{
	char *canonical = ddb_canonical_build(request, status);
	char *to_sign = NULL;
	char *authorization = NULL;
	char signature[DDB_SIGV4_HEX_LEN];

	if (canonical != NULL)
		to_sign = ddb_sigv4_string_to_sign(scope, canonical, status);
	if (to_sign != NULL)
	{
		ddb_sigv4_signature(signer, scope, to_sign, signature);
		authorization = format_header(scope, canonical, signature, status);
	}
	free(to_sign);
	free(canonical);
	return authorization;
}
