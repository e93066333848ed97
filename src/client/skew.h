/*
 * skew.h
 *		How far the service's clock is from ours.
 *
 * Pure: no clock of its own. AWS refuses a request that was signed at a time
 * some minutes from its own. Each response tells the time there, so the second
 * request of a host whose clock is wrong is signed right.
 */
#ifndef DDB_SKEW_H
#define DDB_SKEW_H

#include "status.h"

typedef struct DdbSkew
{
	bool off;          /* AWS_DISABLE_CLOCK_SKEW_CORRECTION */
	int64_t offset_ms; /* the service's time less ours */
} DdbSkew;

/* When a request was signed and what came back; by our clock, since 1970. */
typedef struct DdbSkewTrip
{
	int64_t sent_ms;
	int64_t received_ms;
	const char *date; /* the response's Date; "" if it had none */
	bool cached;      /* it has an Age: its Date is that of a cache */
} DdbSkewTrip;

/* Learn from any response, of whatever HTTP status. */
extern void ddb_skew_learn(DdbSkew *skew, const DdbSkewTrip *trip);

/*
 * Is it the clock that a request was refused for, and would it be signed at
 * another time now? offset_ms: by which it was corrected.
 */
extern bool ddb_skew_explains(const DdbSkew *skew, int64_t offset_ms,
							  const DdbStatus *status);

/*
 * "Thu, 01 Jan 2026 00:00:01 GMT" as ms since 1970, or false: RFC 9110 section
 * 5.6.7, of its three forms the one that is to be sent.
 */
extern bool ddb_skew_parse_date(const char *text, int64_t *ms);

#endif /* DDB_SKEW_H */
