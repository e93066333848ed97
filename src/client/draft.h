/*
 * draft.h
 *		A request that is being written: it owns what a DdbAsk borrows.
 *
 * Failure is kept in the draft: once an allocation has failed, adding does
 * nothing, and ddb_draft_finish tells. All of it is wiped when it is cleared.
 */
#ifndef DDB_DRAFT_H
#define DDB_DRAFT_H

#include "ask.h"

#define DDB_DRAFT_MAX_HEADERS 6

/* Begins as {0}. */
typedef struct DdbDraft
{
	DdbAsk ask;
	char *url;
	char *body;
	char *lines[DDB_DRAFT_MAX_HEADERS];
	char *secret; /* what the request holds that no message may repeat; NULL:
				   * nothing */
	bool failed;
} DdbDraft;

/* Forget what it was. method is borrowed for good; the URL is the two parts. */
extern void ddb_draft_begin(DdbDraft *draft, const char *method,
							const char *url_base, const char *url_rest);

extern void ddb_draft_header(DdbDraft *draft, const char *name,
							 const char *value);

/* The same, of a value that no message may repeat. */
extern void ddb_draft_secret_header(DdbDraft *draft, const char *name,
									const char *value);

/* This becomes its body. NULL is taken for "out of memory". */
extern void ddb_draft_body(DdbDraft *draft, char *body, size_t body_len);

/* No message may repeat this; there is one such thing in each draft. */
extern void ddb_draft_secret(DdbDraft *draft, const char *secret);

/* Now draft->ask is whole. False with DDB_STATUS_NO_MEMORY. */
extern bool ddb_draft_finish(DdbDraft *draft, int timeout_ms, DdbPeer peer,
							 DdbStatus *status);

/* Wipes and frees; it is {0} again. */
extern void ddb_draft_clear(DdbDraft *draft);

#endif /* DDB_DRAFT_H */
