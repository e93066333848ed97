/*
 * keys.h
 *		Keys to sign with, and whether there are any yet.
 */
#ifndef DDB_KEYS_H
#define DDB_KEYS_H

#include "status.h"

/* One set of keys. All strings are owned by whoever returned it. */
typedef struct DdbKeys
{
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token; /* NULL: none */
	uint64_t generation;       /* differs whenever a key differs; unique in the
								 * process, so it can stand for the secret in a
								 * cache key */
} DdbKeys;

typedef enum DdbKeysState
{
	DDB_KEYS_READY,
	DDB_KEYS_WAIT,  /* they are being fetched */
	DDB_KEYS_FAILED /* a status says why */
} DdbKeysState;

/* A generation that no keys of this process have had; never 0. */
extern uint64_t ddb_keys_generation(void);

/*
 * Can a request be signed with them? False with DDB_STATUS_AUTH where there is
 * no ID or no secret ("" is none), or something that no header can hold.
 */
extern bool ddb_keys_check(const DdbKeys *keys, DdbStatus *status);

#endif /* DDB_KEYS_H */
