/*
 * suite.h
 *		A suite of cases in JSON, below $DDB_SHARED_DATA (../shared/data).
 *
 * After tap.h. A suite that is not there is skipped. Cases that are left out
 * are listed with the reason.
 */
#ifndef SUITE_H
#define SUITE_H

#include <jansson.h>
#include <limits.h>

typedef struct Suite
{
	const char *name; /* of the file */
	json_t *json;     /* NULL: skipped */
	int total;
	int passed;
	int left_out;
} Suite;

static void TAP_UNUSED
suite_open(Suite *suite, const char *name)
{
	const char *data = getenv("DDB_SHARED_DATA");
	char path[PATH_MAX];

	*suite = (Suite){.name = name};
	snprintf(path,
			 sizeof(path),
			 "%s/%s",
			 data != NULL ? data : "../shared/data",
			 name);
	suite->json = json_load_file(path, 0, NULL);
	if (suite->json == NULL)
		tap_skip("the suite is not there");
}

static void TAP_UNUSED
suite_count(Suite *suite, bool passed)
{
	suite->total++;
	if (passed)
		suite->passed++;
}

static void TAP_UNUSED
suite_leave_out(Suite *suite, const char *which, const char *why)
{
	suite->left_out++;
	printf("# left out of %s: %s: %s\n", suite->name, which, why);
}

/* Are all there, and all passed? */
static void TAP_UNUSED
suite_close(Suite *suite, int total)
{
	if (suite->json == NULL)
		return;
	is_int(suite->passed, suite->total, "every case passes");
	is_int(suite->total + suite->left_out, total, "the suite is complete");
	printf("# figure: %s, %d of %d, %d left out\n",
		   suite->name,
		   suite->passed,
		   suite->total,
		   suite->left_out);
	json_decref(suite->json);
}

/* The string at a key, or "". */
static const char *TAP_UNUSED
suite_str(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

#endif /* SUITE_H */
