/*
 * envelope.h
 *		The headers of one attempt, signed.
 */
#ifndef DDB_ENVELOPE_H
#define DDB_ENVELOPE_H

#include "endpoint.h"
#include "exchange.h"
#include "keys.h"
#include "sigv4.h"

/* Whose request it is, where it goes and when; all borrowed. */
typedef struct DdbSender
{
	const DdbEndpoint *endpoint;
	const DdbKeys *keys;
	DdbSigner *signer;
	time_t now; /* by the service's clock */
} DdbSender;

/* Header lines, and the text they point into. */
typedef struct DdbEnvelope
{
	const char *lines[DDB_EXCHANGE_MAX_HEADERS];
	int nlines;
	size_t used;
	bool overflow;
	char text[DDB_EXCHANGE_MAX_HEADER_BYTES];
} DdbEnvelope;

/*
 * Sign operation (the API's name, letters only) with this body. False with
 * DDB_STATUS_AUTH if a session token is too long to send, with
 * DDB_STATUS_NO_MEMORY.
 */
extern bool ddb_envelope_seal(DdbEnvelope *envelope, const DdbSender *sender,
							  const char *operation, const char *body,
							  size_t body_len, DdbStatus *status);

#endif /* DDB_ENVELOPE_H */
