/*
 * announce.h
 *		NOTIFY of new messages.
 */
#ifndef DDB_ANNOUNCE_H
#define DDB_ANNOUNCE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "streamrecord.h"

/*
 * In a transaction: announce on channel cruddur_messages, as JSON, whose message
 * it is and when it was sent, never its text. members: a list of their uuids. What
 * is too long to be what it should is null.
 */
extern void ddb_announce_message(const DdbStreamRecord *record, List *members);

#endif /* DDB_ANNOUNCE_H */
