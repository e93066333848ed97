/*
 * content.h
 *		The bytes of a response as they came: checked and inflated.
 */
#ifndef DDB_CONTENT_H
#define DDB_CONTENT_H

#include "status.h"

/* CRC-32 as x-amz-crc32 has it (IEEE 802.3), over the bytes as transferred. */
extern uint32_t ddb_content_crc32(const char *data, size_t len);

/*
 * Inflate a gzip body of one or more members. *out is malloc'd, NUL-ended and
 * the caller's. False with DDB_STATUS_PROTOCOL if the data are malformed or
 * truncated, DDB_STATUS_OVERSIZE if they would exceed max_len, with
 * DDB_STATUS_NO_MEMORY.
 */
extern bool ddb_content_gunzip(const char *data, size_t len, size_t max_len,
							   char **out, size_t *out_len, DdbStatus *status);

#endif /* DDB_CONTENT_H */
