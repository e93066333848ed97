/*
 * image_same.c
 *		Are two values of attributes the same to DynamoDB?
 *
 * Each is written in a canonical form, of which equal ones have the same bytes:
 * frames of a type, the length of what follows, and that. Numbers are
 * normalized, strings unescaped, B decoded, the members of sets and maps
 * sorted, so it takes as long as sorting them does.
 */
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "image.h"
#include "number.h"

/* The bracket that comes next, of either kind. */
static void
take_bracket(DdbJson *json)
{
	ddb_json_skip_space(json);
	json->next++;
}

/*
 * Is there a member after the first n? The name of a map's has been read then;
 * otherwise the closing bracket has been. The text was checked as a whole.
 */
static bool
next_member(DdbJson *json, DdbType container, size_t n, DdbJsonString *name)
{
	if (n == 0)
		take_bracket(json);
	if (n == 0 ? ddb_json_peek(json) == '}' || ddb_json_peek(json) == ']'
			   : !ddb_json_take(json, ','))
	{
		take_bracket(json);
		return false;
	}
	return container != DDB_TYPE_M || ddb_json_name(json, name);
}

/* Is it one value and nothing else? Then json is at its begin. */
static bool
check_value(DdbJson *json, const char *text, size_t len)
{
	DdbValueSpan value;

	ddb_json_init(json, text, len);
	if (!ddb_value_read(json, 1, &value) || !ddb_json_expect_end(json))
		return false;
	ddb_json_init(json, text, len);
	return true;
}

/* A frame's head is to come here; the place for end_frame. */
static size_t
begin_frame(DdbText *out, DdbType type)
{
	static const size_t unknown = 0;

	ddb_text_add_char(out, (char) type);
	ddb_text_add(out, (const char *) &unknown, sizeof(unknown));
	return out->len;
}

static void
end_frame(DdbText *out, size_t start)
{
	size_t len = out->len - start;

	if (!out->failed)
		memcpy(out->data + start - sizeof(len), &len, sizeof(len));
}

/* The length of a frame with its head. */
static size_t
frame_len(const char *frame)
{
	size_t len;

	memcpy(&len, frame + 1, sizeof(len));
	return 1 + sizeof(len) + len;
}

static int
compare_frames(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;
	size_t x_len = frame_len(*x);
	size_t y_len = frame_len(*y);

	if (x_len != y_len)
		return x_len < y_len ? -1 : 1;
	return memcmp(*x, *y, x_len);
}

/* Sort the last n frames, which begin at start. */
static void
sort_frames(DdbText *out, size_t start, size_t n)
{
	size_t len = out->len - start;
	const char **frames;
	char *next;

	if (out->failed || n < 2)
		return;
	frames = malloc(n * sizeof(*frames) + len);
	if (frames == NULL)
	{
		ddb_text_fail(out);
		return;
	}
	next = memcpy(frames + n, out->data + start, len);
	for (size_t i = 0; i < n; i++)
	{
		frames[i] = next;
		next += frame_len(next);
	}
	qsort(frames, n, sizeof(*frames), compare_frames);
	out->len = start;
	for (size_t i = 0; i < n; i++)
		ddb_text_add(out, frames[i], frame_len(frames[i]));
	free(frames);
}

/* What is between the quotes of an S, a B or a name, without escapes. */
static void
add_string(DdbText *out, DdbType type, const char *span, size_t len)
{
	unsigned char *plain = malloc(2 * len + 1);
	unsigned char *bytes;
	long plain_len;
	int n = -1;

	if (plain == NULL)
	{
		ddb_text_fail(out);
		return;
	}
	plain_len = ddb_json_unescape(span, len, (char *) plain);
	bytes = plain + len;
	if (type == DDB_TYPE_B && plain_len >= 0 && plain_len <= INT_MAX)
		n = EVP_DecodeBlock(bytes, plain, (int) plain_len);
	if (n >= 0)
	{
		/* It counts what the padding stands for. */
		for (long i = plain_len; n > 0 && i > 0 && plain[i - 1] == '='; i--)
			n--;
		ddb_text_add(out, (const char *) bytes, (size_t) n);
	}
	else if (plain_len >= 0)
		ddb_text_add(out, (const char *) plain, (size_t) plain_len);
	else
		ddb_text_add(out, span, len);
	free(plain);
}

static void
add_number(DdbText *out, const char *text, size_t len)
{
	char normal[DDB_NUMBER_NORMAL_LEN];
	size_t normal_len = ddb_number_normalize(text, len, normal);

	if (normal_len > 0)
		ddb_text_add(out, normal, normal_len);
	else
		ddb_text_add(out, text, len);
}

static void
add_scalar(DdbText *out, DdbJson *json, DdbType type)
{
	size_t start = begin_frame(out, type);
	DdbValueSpan scalar;

	(void) ddb_value_scalar(json, type, &scalar);
	if (type == DDB_TYPE_S || type == DDB_TYPE_B)
		add_string(out, type, scalar.text, scalar.len);
	else if (type == DDB_TYPE_N)
		add_number(out, scalar.text, scalar.len);
	else
		ddb_text_add(out, scalar.text, scalar.len);
	end_frame(out, start);
}

static void add_value(DdbText *out, DdbJson *json);

static void
add_container(DdbText *out, DdbJson *json, DdbType type)
{
	DdbType member = ddb_value_member_type(type);
	size_t start = begin_frame(out, type);
	DdbJsonString name;
	size_t n;

	for (n = 0; next_member(json, type, n, &name); n++)
	{
		size_t entry = type == DDB_TYPE_M ? begin_frame(out, type) : 0;

		if (type == DDB_TYPE_M)
		{
			size_t name_start = begin_frame(out, DDB_TYPE_S);

			add_string(out, DDB_TYPE_S, name.text, name.len);
			end_frame(out, name_start);
		}
		if (member != DDB_TYPE_ABSENT)
			add_scalar(out, json, member);
		else
			add_value(out, json);
		if (type == DDB_TYPE_M)
			end_frame(out, entry);
	}
	if (type != DDB_TYPE_L)
		sort_frames(out, start, n);
	end_frame(out, start);
}

/* Of text that was checked. */
static void
add_value(DdbText *out, DdbJson *json)
{
	DdbType type;

	(void) ddb_value_head(json, &type);
	if (ddb_value_is_container(type))
		add_container(out, json, type);
	else
		add_scalar(out, json, type);
	(void) ddb_value_tail(json);
}

bool
ddb_image_same_value(const char *a, size_t a_len, const char *b, size_t b_len)
{
	DdbText x = {0};
	DdbText y = {0};
	DdbJson json;
	bool same;

	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return true;
	if (!check_value(&json, a, a_len))
		return false;
	add_value(&x, &json);
	if (!check_value(&json, b, b_len))
	{
		free(x.data);
		return false;
	}
	add_value(&y, &json);
	same = !x.failed && !y.failed && x.len == y.len &&
		   memcmp(x.data, y.data, x.len) == 0;
	free(x.data);
	free(y.data);
	return same;
}
