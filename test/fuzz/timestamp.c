/*
 * timestamp.c
 *		Any text at all as a sort key that is a time.
 *
 * What is a time is, as we write it, the same time.
 */
#include "check.h"
#include "timestamp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact_copy(data, size);
	char written[DDB_TIMESTAMP_LEN];
	int64_t us;
	int64_t again;

	if (ddb_timestamp_parse(text, size, &us) && ddb_timestamp_format(us, written))
	{
		CHECK(written[DDB_TIMESTAMP_LEN - 1] == '\0' &&
			  strlen(written) == DDB_TIMESTAMP_LEN - 1);
		CHECK(ddb_timestamp_parse(written, DDB_TIMESTAMP_LEN - 1, &again) &&
			  again == us);
	}
	/* Any eight bytes are a time, too, if not always one that is written. */
	if (size >= sizeof(us))
	{
		memcpy(&us, text, sizeof(us));
		if (ddb_timestamp_format(us, written))
			CHECK(ddb_timestamp_parse(written, DDB_TIMESTAMP_LEN - 1, &again) &&
				  again == us);
	}
	free(text);
	return 0;
}
