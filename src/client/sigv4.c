/*
 * sigv4.c
 *		AWS Signature Version 4, header mode.
 *
 * Presigned URLs and chunked bodies are left out; DynamoDB knows neither.
 *
 * Signing is on the path of every request. The digest and the MAC are fetched
 * once, and the MAC context keeps the signing key of the day: one HMAC and two
 * hashes remain.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "sigv4.h"
#include "text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"
#define SHA256_LEN 32
/* "20261122" */
#define DAY_LEN 8
#define MAX_SERVICE_LEN 32
#define MAX_REGION_LEN 64

struct DdbSigner
{
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	EVP_MAC *hmac;
	EVP_MAC_CTX *mac; /* keyed with the signing key where `keyed`; NULL: failed */
	bool keyed;
	uint64_t generation; /* of the keys, and with it the secret */
	char day[DAY_LEN + 1];
	char region[MAX_REGION_LEN];
	char service[MAX_SERVICE_LEN];
};

static bool
crypto_failed(DdbStatus *status)
{
	/* The error queue is the thread's, and others in this process read it. */
	ERR_clear_error();
	return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory in OpenSSL");
}

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

static EVP_MAC_CTX *
create_mac(EVP_MAC *hmac)
{
	char name[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("digest", name, 6),
						   OSSL_PARAM_END};
	EVP_MAC_CTX *mac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);

	if (mac != NULL && !EVP_MAC_CTX_set_params(mac, params))
	{
		EVP_MAC_CTX_free(mac);
		return NULL;
	}
	return mac;
}

DdbSigner *
ddb_sigv4_create(void)
{
	DdbSigner *signer = calloc(1, sizeof(*signer));

	if (signer == NULL)
		return NULL;
	signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	signer->digest = EVP_MD_CTX_new();
	signer->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	signer->mac = create_mac(signer->hmac);
	if (signer->sha256 == NULL || signer->digest == NULL || signer->mac == NULL)
	{
		ERR_clear_error();
		ddb_sigv4_free(signer);
		return NULL;
	}
	return signer;
}

void
ddb_sigv4_free(DdbSigner *signer)
{
	if (signer == NULL)
		return;
	/* OpenSSL wipes the key along with its context. */
	EVP_MAC_CTX_free(signer->mac);
	EVP_MAC_free(signer->hmac);
	EVP_MD_CTX_free(signer->digest);
	EVP_MD_free(signer->sha256);
	free(signer);
}

void
ddb_sigv4_date(char date[DDB_SIGV4_DATE_LEN], time_t now)
{
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
		strftime(date, DDB_SIGV4_DATE_LEN, "%Y%m%dT%H%M%SZ", &tm) == 0)
		date[0] = '\0';
}

bool
ddb_sigv4_hash(DdbSigner *signer, const void *data, size_t len,
			   char hex[DDB_SIGV4_HEX_LEN], DdbStatus *status)
{
	unsigned char hash[SHA256_LEN];

	if (!EVP_DigestInit_ex2(signer->digest, signer->sha256, NULL) ||
		!EVP_DigestUpdate(signer->digest, data, len) ||
		!EVP_DigestFinal_ex(signer->digest, hash, NULL))
		return crypto_failed(status);
	to_hex(hash, sizeof(hash), hex);
	return true;
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
ddb_sigv4_string_to_sign(DdbSigner *signer, const DdbSigv4Scope *scope,
						 const char *canonical_request, DdbStatus *status)
{
	char hex[DDB_SIGV4_HEX_LEN];
	DdbText text = {0};

	if (!ddb_sigv4_hash(signer,
						canonical_request,
						strlen(canonical_request),
						hex,
						status))
		return NULL;
	ddb_text_add_str(&text, ALGORITHM "\n");
	ddb_text_add_str(&text, scope->date);
	ddb_text_add_char(&text, '\n');
	add_scope(&text, scope);
	ddb_text_add_char(&text, '\n');
	ddb_text_add_str(&text, hex);
	return ddb_text_finish(&text, status);
}

/* key NULL: the one that the context has */
static bool
hmac(DdbSigner *signer, const void *key, size_t key_len, const char *data,
	 unsigned char out[SHA256_LEN])
{
	const unsigned char *bytes = (const unsigned char *) data;

	return EVP_MAC_init(signer->mac, key, key_len, NULL) &&
		   EVP_MAC_update(signer->mac, bytes, strlen(data)) &&
		   EVP_MAC_final(signer->mac, out, NULL, SHA256_LEN);
}

/* "AWS4" and the secret, through day, region and service */
static bool
derive_key(DdbSigner *signer, const DdbSigv4Scope *scope, const char *day,
		   unsigned char key[SHA256_LEN])
{
	const char *secret = scope->keys->secret_access_key;
	size_t len = strlen(secret) + 4;
	char *start = malloc(len + 1);
	bool good;

	if (start == NULL)
		return false;
	memcpy(start, "AWS4", 4);
	memcpy(start + 4, secret, len - 3);
	good = hmac(signer, start, len, day, key) &&
		   hmac(signer, key, SHA256_LEN, scope->region, key) &&
		   hmac(signer, key, SHA256_LEN, scope->service, key) &&
		   hmac(signer, key, SHA256_LEN, TERMINATOR, key);
	OPENSSL_cleanse(start, len);
	free(start);
	return good;
}

static bool
is_keyed_for(const DdbSigner *signer, const DdbSigv4Scope *scope)
{
	return signer->keyed && signer->generation == scope->keys->generation &&
		   memcmp(signer->day, scope->date, DAY_LEN) == 0 &&
		   strcmp(signer->region, scope->region) == 0 &&
		   strcmp(signer->service, scope->service) == 0;
}

/* Leave the context with the signing key of the scope. */
static bool
key_signer(DdbSigner *signer, const DdbSigv4Scope *scope)
{
	size_t region_len = strlen(scope->region);
	size_t service_len = strlen(scope->service);
	unsigned char key[SHA256_LEN];
	bool good;

	signer->keyed = false;
	memcpy(signer->day, scope->date, DAY_LEN);
	signer->day[DAY_LEN] = '\0';
	good = derive_key(signer, scope, signer->day, key) &&
		   EVP_MAC_init(signer->mac, key, sizeof(key), NULL);
	OPENSSL_cleanse(key, sizeof(key));
	if (!good || region_len >= MAX_REGION_LEN || service_len >= MAX_SERVICE_LEN)
		return good;
	memcpy(signer->region, scope->region, region_len + 1);
	memcpy(signer->service, scope->service, service_len + 1);
	signer->generation = scope->keys->generation;
	signer->keyed = true;
	return true;
}

bool
ddb_sigv4_signature(DdbSigner *signer, const DdbSigv4Scope *scope,
					const char *string_to_sign, char hex[DDB_SIGV4_HEX_LEN],
					DdbStatus *status)
{
	unsigned char mac[SHA256_LEN];

	if (signer->mac == NULL)
		signer->mac = create_mac(signer->hmac);
	if (signer->mac == NULL ||
		(!is_keyed_for(signer, scope) && !key_signer(signer, scope)) ||
		!hmac(signer, NULL, 0, string_to_sign, mac))
	{
		/* A context that has once failed crashes OpenSSL 3.5 when used again. */
		EVP_MAC_CTX_free(signer->mac);
		signer->mac = NULL;
		signer->keyed = false;
		return crypto_failed(status);
	}
	to_hex(mac, sizeof(mac), hex);
	return true;
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
		to_sign = ddb_sigv4_string_to_sign(signer, scope, canonical, status);
	if (to_sign != NULL &&
		ddb_sigv4_signature(signer, scope, to_sign, signature, status))
		authorization = format_header(scope, canonical, signature, status);
	free(to_sign);
	free(canonical);
	return authorization;
}
