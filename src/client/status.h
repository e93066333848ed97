/*
 * status.h
 *		What went wrong with one request.
 *
 * The client layer never throws. Each of its functions that can fail fills a
 * DdbStatus; src/pg/report.c is the only place that turns one into an error
 * of PostgreSQL.
 */
#ifndef DDB_STATUS_H
#define DDB_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DynamoDB's own limit on the actions of one transaction. */
#define DDB_TRANSACT_MAX_ACTIONS 100

/* One kind for each row of the error table in the contract (section 8). */
typedef enum DdbStatusKind
{
	DDB_OK = 0,
	DDB_STATUS_NO_MEMORY,  /* malloc returned NULL */
	DDB_STATUS_CONFIG,     /* unusable region, endpoint or CA file */
	DDB_STATUS_CONNECT,    /* name look-up, TCP or TLS failed */
	DDB_STATUS_LOST,       /* the connection broke after it stood */
	DDB_STATUS_TIMEOUT,    /* no whole response within its time */
	DDB_STATUS_PROTOCOL,   /* response malformed or its checksum wrong */
	DDB_STATUS_OVERSIZE,   /* response over its cap */
	DDB_STATUS_CONDITION,  /* ConditionalCheckFailedException */
	DDB_STATUS_CANCELED,   /* TransactionCanceledException: see reasons */
	DDB_STATUS_CONFLICT,   /* TransactionConflictException and kin */
	DDB_STATUS_THROTTLED,  /* still throttled after the last attempt */
	DDB_STATUS_NOT_FOUND,  /* ResourceNotFoundException */
	DDB_STATUS_IN_USE,     /* ResourceInUseException */
	DDB_STATUS_DENIED,     /* AccessDeniedException */
	DDB_STATUS_AUTH,       /* no, bad or expired credentials */
	DDB_STATUS_LIMIT,      /* item, expression or request too large */
	DDB_STATUS_VALIDATION, /* ValidationException */
	DDB_STATUS_EXPIRED,    /* ExpiredIteratorException */
	DDB_STATUS_TRIMMED,    /* TrimmedDataAccessException */
	DDB_STATUS_OTHER       /* any other exception of the service */
} DdbStatusKind;

/* Why one action of a canceled transaction was refused. */
typedef enum DdbReason
{
	DDB_REASON_NONE = 0,   /* this action was fine */
	DDB_REASON_CONDITION,  /* ConditionalCheckFailed */
	DDB_REASON_CONFLICT,   /* TransactionConflict */
	DDB_REASON_THROTTLED,  /* throttling or provisioned throughput */
	DDB_REASON_LIMIT,      /* ItemCollectionSizeLimitExceeded, item too large */
	DDB_REASON_VALIDATION, /* ValidationError */
	DDB_REASON_OTHER
} DdbReason;

/* Why no connection came to be, for DDB_STATUS_CONNECT. */
typedef enum DdbConnectFault
{
	DDB_CONNECT_UNKNOWN = 0, /* it did, or the network failed */
	DDB_CONNECT_HANDSHAKE,   /* no common version or cipher, or no TLS at all */
	/* From here on, another attempt would end the same. */
	DDB_CONNECT_ISSUER,      /* a certificate of an authority not known here */
	DDB_CONNECT_SELF_SIGNED, /* one that no authority has issued */
	DDB_CONNECT_HOST,        /* one for another host */
	DDB_CONNECT_EXPIRED,     /* one that is not valid any more */
	DDB_CONNECT_NOT_YET,     /* one that is not valid yet */
	DDB_CONNECT_CERTIFICATE, /* one that is wrong otherwise */
	DDB_CONNECT_PLAIN,       /* an address that plain http may not go to */
	DDB_CONNECT_LINK_LOCAL   /* an address that no request may go to */
} DdbConnectFault;

typedef struct DdbStatus
{
	DdbStatusKind kind;
	DdbConnectFault connect_fault;
	bool sent;          /* the request may have reached the service */
	bool maybe_applied; /* a write may have been applied, by this attempt or by
								 * one before it; set by call.c */
	int http_status;    /* 0: there was no response */
	int nreasons;       /* for DDB_STATUS_CANCELED, in request order */
	uint8_t reasons[DDB_TRANSACT_MAX_ACTIONS]; /* DdbReason */
	char exception[64];  /* "ValidationException"; "" if none */
	char request_id[72]; /* x-amzn-RequestId; "" if none */
	char message[1024];  /* the other side's words in UTF-8; "" if none */
} DdbStatus;

/* Back to DDB_OK with nothing said. */
extern void ddb_status_clear(DdbStatus *status);

/*
 * Set kind and message (printf style, cut at a character boundary). Leaves
 * sent, http_status, request_id and exception as they are. Returns false, so
 * that a failing function can return the call.
 */
extern bool ddb_status_set(DdbStatus *status, DdbStatusKind kind,
						   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is its exception one of these n names? */
extern bool ddb_status_is_any(const DdbStatus *status,
							  const char *const *exceptions, size_t n);

/*
 * Decode the body of a response that is not 200: exception, message, reasons
 * and from them the kind. The body need not be JSON; then it is the message.
 * status->http_status and request_id are the caller's to set, before. Where the
 * secret (NULL: none) is in the exception or the message, it is blotted out.
 */
extern void ddb_status_decode(DdbStatus *status, const char *body, size_t len,
							  const char *secret);

#endif /* DDB_STATUS_H */
