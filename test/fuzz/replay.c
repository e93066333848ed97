/*
 * replay.c
 *		A fuzz target over the files of its corpus, each of which is a test.
 *
 * CORPUS is the folder. What a target finds wrong ends the program, as does
 * what a sanitizer finds.
 */
#include <dirent.h>
#include <stdio.h>

#include "check.h"

#define MAX_LEN (1 << 20)

static void
replay(const char *name)
{
	static uint8_t data[MAX_LEN];
	char path[1000];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
	file = fopen(path, "rb");
	CHECK(file != NULL);
	len = fread(data, 1, sizeof(data), file);
	CHECK(!ferror(file) && feof(file));
	fclose(file);
	LLVMFuzzerTestOneInput(data, len);
}

int
main(void)
{
	DIR *corpus = opendir(CORPUS);
	struct dirent *entry;
	int count = 0;

	CHECK(corpus != NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((entry = readdir(corpus)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		printf("# %s\n", entry->d_name);
		replay(entry->d_name);
		printf("ok %d - %s\n", ++count, entry->d_name);
	}
	closedir(corpus);
	printf("1..%d\n", count);
	return 0;
}
