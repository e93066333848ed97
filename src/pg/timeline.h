/*
 * timeline.h
 *		The newest rows of one partition, by time, whoever wrote them.
 *
 * The sort key is a time in text, and old writers left several forms of it:
 * see "The order of old rows" in src/README.md.
 */
#ifndef DDB_TIMELINE_H
#define DDB_TIMELINE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "nodes/execnodes.h"

#include "session.h"

/* The columns of cruddur_list_messages() and cruddur_list_message_groups() */
#define DDB_TIMELINE_COLUMNS 5

typedef struct DdbTimelineBounds
{
	int max_results;
	bool has_before;
	TimestampTz before; /* exclusive */
	bool has_year;
	int year; /* the first four characters of the sort key */
} DdbTimelineBounds;

typedef struct DdbTimeline DdbTimeline;

/* Arguments max_results, before and year, the first of them at argno. */
extern void ddb_timeline_bounds(FunctionCallInfo fcinfo, int argno,
								DdbTimelineBounds *bounds);

/*
 * Ask for the rows under pk, without waiting. uuid_attribute is what the first
 * column is read from. pk and bounds are borrowed, the rest lives in cxt.
 */
extern DdbTimeline *ddb_timeline_ask(MemoryContext cxt, DdbSession *session,
									 const char *pk, const char *uuid_attribute,
									 const DdbTimelineBounds *bounds);

/*
 * Wait for the rows and put the newest of them into the result of a set
 * returning function made by InitMaterializedSRF: uuid, display_name, handle,
 * message, created_at. What does not fit its column reads as NULL.
 */
extern void ddb_timeline_emit(DdbTimeline *timeline, ReturnSetInfo *result,
							  bool oldest_first);

#endif /* DDB_TIMELINE_H */
