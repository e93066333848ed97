/*
 * timeline.c
 *		The newest rows of one partition, by time, whoever wrote them.
 *
 * DynamoDB orders a partition by the bytes of the sort key. In the one form
 * that we write that is the order of time. Of the forms that old writers left,
 * only a "Z" sorts wrongly: behind every fraction of its own second ("25Z"
 * comes after "25.651"). So a page may not end inside a second that has such a
 * row, and a bound is put at the end of its second; the exact times decide
 * here. A row with an offset other than UTC is found where its bytes are.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "convert.h"
#include "input.h"
#include "overlay.h"
#include "pages.h"
#include "timeline.h"

/* Up to the seconds: "2026-11-22T07:59:25" */
#define SECOND_LEN 19
#define MAX_YEAR 9999

typedef enum Column
{
	COLUMN_UUID,
	COLUMN_DISPLAY_NAME,
	COLUMN_HANDLE,
	COLUMN_MESSAGE,
	COLUMN_CREATED_AT, /* the sort key */
	COLUMN_PK          /* not of the result: the partition key */
} Column;

typedef struct Row
{
	Datum values[DDB_TIMELINE_COLUMNS];
	bool nulls[DDB_TIMELINE_COLUMNS];
	int place; /* in the partition, newest bytes first */
} Row;

struct DdbTimeline
{
	MemoryContext cxt;
	const DdbTimelineBounds *bounds;
	const char *pk;
	const DdbWanted *wanted;
	DdbPages *pages;     /* NULL: the bounds leave nothing */
	DdbOverlay *overlay; /* NULL: the transaction has written nothing */
	DdbValue values[3];
	char before_text[DDB_TIMESTAMP_LEN];
	char year_text[5];
	Row *rows;
	int nrows;
	int nwritten; /* of them, those that the transaction has written */
	int cap;

	/* The second of the last row: its text, and has it a row with a "Z"? */
	char second[SECOND_LEN];
	int second_len;
	bool second_has_z;
};

void
ddb_timeline_bounds(FunctionCallInfo fcinfo, int argno, DdbTimelineBounds *bounds)
{
	bounds->max_results = ddb_input_max_results(fcinfo, argno);
	bounds->has_before = !PG_ARGISNULL(argno + 1);
	if (bounds->has_before)
		bounds->before = PG_GETARG_TIMESTAMPTZ(argno + 1);
	bounds->has_year = !PG_ARGISNULL(argno + 2);
	if (!bounds->has_year)
		return;
	bounds->year = PG_GETARG_INT32(argno + 2);
	if (bounds->year < 1 || bounds->year > MAX_YEAR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("year must be from 1 to %d", MAX_YEAR),
				 errdetail("The value is %d.", bounds->year)));
}

/* Which attributes hold the columns; the first differs. */
static const DdbWanted *
wanted_of(const char *uuid_attribute)
{
	static DdbWanted *of_messages = NULL;
	static DdbWanted *of_groups = NULL;
	const char *names[] = {[COLUMN_UUID] = uuid_attribute,
						   [COLUMN_DISPLAY_NAME] = "user_display_name",
						   [COLUMN_HANDLE] = "user_handle",
						   [COLUMN_MESSAGE] = "message",
						   [COLUMN_CREATED_AT] = "sk",
						   [COLUMN_PK] = "pk"};
	bool is_message = strcmp(uuid_attribute, "message_uuid") == 0;

	return ddb_session_wanted(is_message ? &of_messages : &of_groups,
							  names,
							  lengthof(names),
							  false);
}

/*
 * The end of the bound's second in before_text. False if the bound lies
 * outside of the years that a sort key can have; *nothing then says on which
 * side.
 */
static bool
set_before(DdbTimeline *timeline, TimestampTz before, bool *nothing)
{
	TimestampTz past_second = before % USECS_PER_SEC;
	int64 unix_us;

	*nothing = before < 0;
	if (TIMESTAMP_NOT_FINITE(before))
		return false;
	if (past_second < 0)
		past_second += USECS_PER_SEC;
	if (past_second > 0)
		before += USECS_PER_SEC - past_second;
	unix_us = before + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	return ddb_timestamp_format(unix_us, timeline->before_text);
}

static DdbValue *
add_value(DdbTimeline *timeline, DdbRead *read, const char *name)
{
	DdbValue *value = &timeline->values[read->nvalues++];

	value->name = name;
	value->type = DDB_TYPE_S;
	return value;
}

/* Key condition and values. False if the bounds leave nothing to be found. */
static bool
set_condition(DdbTimeline *timeline, DdbRead *read)
{
	const DdbTimelineBounds *bounds = timeline->bounds;
	bool has_before = bounds->has_before;
	bool has_year = bounds->has_year;
	bool nothing;
	int side = 0;

	read->key_condition = "pk = :p";
	if (has_before && !set_before(timeline, bounds->before, &nothing))
	{
		if (nothing)
			return false;
		has_before = false;
	}
	if (has_year)
		snprintf(timeline->year_text,
				 sizeof(timeline->year_text),
				 "%04d",
				 bounds->year);
	if (has_year && has_before)
		side = strncmp(timeline->before_text, timeline->year_text, 4);
	if (side < 0)
		return false; /* before the year began */

	/* One condition on the sort key is all that DynamoDB takes. */
	if (has_year && has_before && side == 0)
		read->key_condition = "pk = :p AND sk BETWEEN :y AND :b";
	else if (has_year)
		read->key_condition = "pk = :p AND begins_with(sk, :y)";
	else if (has_before)
		read->key_condition = "pk = :p AND sk < :b";
	if (has_year)
	{
		DdbValue *value = add_value(timeline, read, ":y");

		value->text = timeline->year_text;
		value->len = 4;
	}
	if (has_before && side == 0)
	{
		DdbValue *value = add_value(timeline, read, ":b");

		value->text = timeline->before_text;
		value->len = SECOND_LEN;
	}
	return true;
}

DdbTimeline *
ddb_timeline_ask(MemoryContext cxt, DdbSession *session, const char *pk,
				 const char *uuid_attribute, const DdbTimelineBounds *bounds)
{
	const DdbOptions *options = ddb_session_options(session);
	DdbTimeline *timeline = MemoryContextAllocZero(cxt, sizeof(DdbTimeline));
	DdbRead read = {.kind = DDB_READ_QUERY,
					.table = options->table_name,
					.values = timeline->values,
					.limit = bounds->max_results,
					.backward = true,
					.consistent = options->consistent_read};
	DdbValue *value = add_value(timeline, &read, ":p");

	value->text = pk;
	value->len = strlen(pk);
	timeline->cxt = cxt;
	timeline->bounds = bounds;
	timeline->pk = pk;
	timeline->wanted = wanted_of(uuid_attribute);
	if (!set_condition(timeline, &read))
		return timeline;
	read.projection =
		strcmp(uuid_attribute, "message_uuid") == 0
			? "pk, sk, message, message_uuid, user_display_name, user_handle"
			: "pk, sk, message, message_group_uuid, user_display_name, "
			  "user_handle";
	timeline->pages = ddb_pages_start(cxt, session, &read, timeline->wanted);
	timeline->overlay = ddb_overlay_open_active(cxt,
												ddb_session_server(session),
												options->table_name);
	return timeline;
}

/* Room for one more row. */
static Row *
next_row(DdbTimeline *timeline)
{
	if (timeline->cap == 0)
	{
		timeline->cap = timeline->bounds->max_results;
		timeline->rows =
			MemoryContextAlloc(timeline->cxt, timeline->cap * sizeof(Row));
	}
	else if (timeline->nrows == timeline->cap)
	{
		timeline->cap *= 2;
		timeline->rows = repalloc(timeline->rows, timeline->cap * sizeof(Row));
	}
	return &timeline->rows[timeline->nrows];
}

static void
read_row(Row *row, const DdbPage *page, int item)
{
	const DdbCell *cells = ddb_page_cell(page, item, 0);

	row->values[COLUMN_UUID] =
		ddb_convert_uuid(page, &cells[COLUMN_UUID], &row->nulls[COLUMN_UUID]);
	for (int i = COLUMN_DISPLAY_NAME; i <= COLUMN_MESSAGE; i++)
		row->values[i] = ddb_convert_text(page, &cells[i], &row->nulls[i]);
	row->values[COLUMN_CREATED_AT] =
		ddb_convert_timestamptz(page,
								&cells[COLUMN_CREATED_AT],
								&row->nulls[COLUMN_CREATED_AT]);
}

/* Does this sort key begin another second than the row before? */
static bool
enter_second(DdbTimeline *timeline, const char *sk, int len)
{
	int second_len = Min(len, SECOND_LEN);

	if (second_len == timeline->second_len &&
		memcmp(sk, timeline->second, second_len) == 0)
		return false;
	memcpy(timeline->second, sk, second_len);
	timeline->second_len = second_len;
	timeline->second_has_z = false;
	return true;
}

/* Is the row, whose sort key has been read, too new? */
static bool
is_after(const DdbTimelineBounds *bounds, const Row *row)
{
	return bounds->has_before && !row->nulls[COLUMN_CREATED_AT] &&
		   DatumGetTimestampTz(row->values[COLUMN_CREATED_AT]) >= bounds->before;
}

/* Has DynamoDB's item been written anew by the transaction? */
static bool
is_hidden(const DdbTimeline *timeline, const DdbPage *page, int item)
{
	static const int key_cells[2] = {COLUMN_PK, COLUMN_CREATED_AT};

	return timeline->overlay != NULL &&
		   ddb_overlay_hides(timeline->overlay, page, item, key_cells);
}

/* Take the rows of a page. True: more of them are needed. */
static bool
take_page(DdbTimeline *timeline, const DdbPage *page)
{
	int max_rows = timeline->bounds->max_results + timeline->nwritten;

	for (int i = 0; i < page->nitems; i++)
	{
		const DdbCell *cell = ddb_page_cell(page, i, COLUMN_CREATED_AT);
		const char *sk = ddb_page_text(page, cell);
		Row *row;

		if (enter_second(timeline, sk, cell->len) && timeline->nrows >= max_rows)
			return false;
		timeline->second_has_z |= cell->len > 0 && sk[cell->len - 1] == 'Z';
		if (is_hidden(timeline, page, i))
			continue;
		row = next_row(timeline);
		read_row(row, page, i);
		if (is_after(timeline->bounds, row))
			continue;
		row->place = timeline->nrows++;
		if (timeline->nrows >= max_rows && !timeline->second_has_z)
			return false;
	}
	return true;
}

/* Does DynamoDB's key condition, were it asked, let this item through? */
static bool
is_within(const DdbTimeline *timeline, const DdbPage *page, int item)
{
	const DdbTimelineBounds *bounds = timeline->bounds;
	const DdbCell *pk = ddb_page_cell(page, item, COLUMN_PK);
	const DdbCell *sk = ddb_page_cell(page, item, COLUMN_CREATED_AT);
	const char *sk_text = ddb_page_text(page, sk);
	int order;

	if (pk->len != strlen(timeline->pk) ||
		memcmp(ddb_page_text(page, pk), timeline->pk, pk->len) != 0)
		return false;
	if (bounds->has_year &&
		(sk->len < 4 || memcmp(sk_text, timeline->year_text, 4) != 0))
		return false;
	if (timeline->before_text[0] == '\0')
		return true;
	/* The same bound as DynamoDB gets; the exact time is asked for later. */
	order = memcmp(sk_text, timeline->before_text, Min(sk->len, SECOND_LEN));
	return order < 0 || (order == 0 && sk->len < SECOND_LEN);
}

/* The rows that the transaction has written, in any order. */
static void
take_written(DdbTimeline *timeline)
{
	const DdbPage *page;

	if (timeline->overlay == NULL)
		return;
	page = ddb_overlay_page(timeline->overlay, timeline->wanted);
	for (int i = 0; i < page->nitems; i++)
	{
		Row *row;

		if (!is_within(timeline, page, i))
			continue;
		row = next_row(timeline);
		read_row(row, page, i);
		if (!is_after(timeline->bounds, row))
			row->place = timeline->nrows++;
	}
	timeline->nwritten = timeline->nrows;
}

/* Newest first; a row without a time before all others. */
static int
compare_rows(const void *left, const void *right)
{
	const Row *a = left;
	const Row *b = right;
	bool a_null = a->nulls[COLUMN_CREATED_AT];
	bool b_null = b->nulls[COLUMN_CREATED_AT];
	TimestampTz a_time = DatumGetTimestampTz(a->values[COLUMN_CREATED_AT]);
	TimestampTz b_time = DatumGetTimestampTz(b->values[COLUMN_CREATED_AT]);

	if (a_null != b_null)
		return a_null ? -1 : 1;
	if (!a_null && a_time != b_time)
		return a_time > b_time ? -1 : 1;
	return a->place - b->place;
}

/* In the common case they are in order as they came. */
static void
sort_rows(DdbTimeline *timeline)
{
	for (int i = 1; i < timeline->nrows; i++)
	{
		if (compare_rows(&timeline->rows[i - 1], &timeline->rows[i]) > 0)
		{
			qsort(timeline->rows, timeline->nrows, sizeof(Row), compare_rows);
			return;
		}
	}
}

void
ddb_timeline_emit(DdbTimeline *timeline, ReturnSetInfo *result, bool oldest_first)
{
	MemoryContext old = MemoryContextSwitchTo(timeline->cxt);
	const DdbPage *page;
	int n;

	take_written(timeline);
	while (timeline->pages != NULL &&
		   (page = ddb_pages_next(timeline->pages)) != NULL)
	{
		if (!take_page(timeline, page))
			break;
	}
	sort_rows(timeline);
	n = Min(timeline->nrows, timeline->bounds->max_results);
	for (int i = 0; i < n; i++)
	{
		Row *row = &timeline->rows[oldest_first ? n - 1 - i : i];

		tuplestore_putvalues(result->setResult,
							 result->setDesc,
							 row->values,
							 row->nulls);
	}
	MemoryContextSwitchTo(old);
}
