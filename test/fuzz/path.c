/*
 * path.c
 *		Any text at all as a document path.
 *
 * Steps are as many as may be, names are not empty, and the path written anew,
 * with all names quoted, is the same path. What the parser wants of a backend
 * is here: each piece of memory is a block of its own, freed after the input.
 */
#include "check.h"
#include "postgres.h"

#include "convert.h"
#include "path.h"

/* There is no server to have its own. */
#undef sprintf

#define MAX_BLOCKS 1000

static void *blocks[MAX_BLOCKS];
static int nblocks;

void *
palloc(Size size)
{
	CHECK(nblocks < MAX_BLOCKS);
	blocks[nblocks] = malloc(size);
	CHECK(blocks[nblocks] != NULL);
	return blocks[nblocks++];
}

char *
pnstrdup(const char *text, Size len)
{
	Size real_len = strnlen(text, len);
	char *copy = palloc(real_len + 1);

	memcpy(copy, text, real_len);
	copy[real_len] = '\0';
	return copy;
}

char *
pstrdup(const char *text)
{
	return pnstrdup(text, strlen(text));
}

/* The server's encoding is UTF-8 here. */
const char *
ddb_convert_to_utf8(const char *text, int len, size_t *utf8_len)
{
	*utf8_len = (size_t) len;
	return text;
}

static void
free_all(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

static char *
write_quoted(char *out, const char *name)
{
	*out++ = '"';
	for (; *name != '\0'; name++)
	{
		if (*name == '"')
			*out++ = '"';
		*out++ = *name;
	}
	*out++ = '"';
	return out;
}

/* Room for each character doubled, two quotes and a dot or an index a step */
static char *
write_path(const DdbDocumentPath *path)
{
	char *text = palloc(2 * strlen(path->text) + 3 + DDB_PATH_MAX_STEPS * 16);
	char *end = write_quoted(text, path->attribute);

	for (int i = 0; i < path->nsteps; i++)
	{
		const DdbStep *step = &path->steps[i];

		if (step->name == NULL)
			end += sprintf(end, "[%d]", step->index);
		else
		{
			*end++ = '.';
			end = write_quoted(end, step->name);
		}
	}
	*end = '\0';
	return text;
}

static void
check_same(const DdbDocumentPath *a, const DdbDocumentPath *b)
{
	CHECK(strcmp(a->attribute, b->attribute) == 0 && a->nsteps == b->nsteps);
	for (int i = 0; i < a->nsteps; i++)
	{
		CHECK((a->steps[i].name == NULL) == (b->steps[i].name == NULL));
		if (a->steps[i].name != NULL)
			CHECK(strcmp(a->steps[i].name, b->steps[i].name) == 0);
		else
			CHECK(a->steps[i].index == b->steps[i].index);
	}
}

static void
check_path(const DdbDocumentPath *path)
{
	DdbDocumentPath again;

	CHECK(path->nsteps >= 0 && path->nsteps <= DDB_PATH_MAX_STEPS);
	if (path->attribute == NULL)
	{
		CHECK(strcmp(path->text, "*") == 0 && path->nsteps == 0);
		return;
	}
	CHECK(path->attribute[0] != '\0');
	for (int i = 0; i < path->nsteps; i++)
	{
		CHECK(path->steps[i].name == NULL || path->steps[i].name[0] != '\0');
		CHECK(path->steps[i].index >= 0);
	}
	CHECK(ddb_path_parse(&again, write_path(path)) == NULL);
	check_same(path, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_copy(data, size);
	DdbDocumentPath path;
	const char *fault = ddb_path_parse(&path, text);

	if (fault == NULL)
		check_path(&path);
	else
		CHECK(fault[0] != '\0');
	if (text[0] != '\0')
	{
		ddb_path_of_name(&path, text);
		check_path(&path);
	}
	free_all();
	free(text);
	return 0;
}
