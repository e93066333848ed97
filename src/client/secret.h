/*
 * secret.h
 *		Memory for secrets: in no core file, and wiped before it is given back.
 *
 * Each piece takes whole pages and some system calls, so this is for keys that
 * live long, not for what a request passes through.
 */
#ifndef DDB_SECRET_H
#define DDB_SECRET_H

#include <stddef.h>

/* Zeroed, aligned for anything. NULL if out of memory. */
extern void *ddb_secret_alloc(size_t size);

/* A copy. NULL if out of memory. */
extern char *ddb_secret_strdup(const char *text);

/* Wipes it. NULL is fine. */
extern void ddb_secret_free(void *secret);

/*
 * Put asterisks over the secret wherever it stands in a text of others'. NULL
 * and "" are no secret.
 */
extern void ddb_secret_blot_out(char *text, size_t len, const char *secret);

#endif /* DDB_SECRET_H */
