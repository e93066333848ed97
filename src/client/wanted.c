/*
 * wanted.c
 *		The attributes that a reader wants, and which of them a name is.
 */
#include <stdlib.h>
#include <string.h>

#include "wanted.h"

typedef struct WantedName
{
	const char *text;
	size_t len;
} WantedName;

/* Made in one piece: the struct, its names, its hash table, the text. */
struct DdbWanted
{
	int nnames;
	bool whole_item;
	uint32_t hash_mask;
	int32_t *hash_table; /* open addressing; -1: free */
	WantedName names[];
};

/* FNV-1a */
static uint32_t
hash_name(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) text[i]) * 16777619u;
	return hash;
}

static void
add_to_hash(DdbWanted *wanted, int32_t i)
{
	const WantedName *name = &wanted->names[i];
	uint32_t slot = hash_name(name->text, name->len) & wanted->hash_mask;

	while (wanted->hash_table[slot] >= 0)
		slot = (slot + 1) & wanted->hash_mask;
	wanted->hash_table[slot] = i;
}

int
ddb_wanted_find(const DdbWanted *wanted, const char *text, size_t len)
{
	uint32_t slot = hash_name(text, len) & wanted->hash_mask;
	int32_t i;

	while ((i = wanted->hash_table[slot]) >= 0)
	{
		if (wanted->names[i].len == len &&
			memcmp(wanted->names[i].text, text, len) == 0)
			return i;
		slot = (slot + 1) & wanted->hash_mask;
	}
	return -1;
}

DdbWanted *
ddb_wanted_create(const char *const *names, int nnames, bool whole_item)
{
	size_t names_size = (size_t) nnames * sizeof(WantedName);
	size_t text_size = 0;
	uint32_t nslots = 4;
	DdbWanted *wanted;
	char *text;

	/* At least half of it stays free, so a search is short and has an end. */
	while (nslots < 2 * (uint32_t) nnames)
		nslots *= 2;
	for (int i = 0; i < nnames; i++)
		text_size += strlen(names[i]);
	wanted = malloc(sizeof(DdbWanted) + names_size + nslots * sizeof(int32_t) +
					text_size);
	if (wanted == NULL)
		return NULL;

	wanted->nnames = nnames;
	wanted->whole_item = whole_item;
	wanted->hash_mask = nslots - 1;
	wanted->hash_table = (int32_t *) &wanted->names[nnames];
	memset(wanted->hash_table, 0xff, nslots * sizeof(int32_t));
	text = (char *) (wanted->hash_table + nslots);
	for (int i = 0; i < nnames; i++)
	{
		size_t len = strlen(names[i]);

		memcpy(text, names[i], len);
		wanted->names[i] = (WantedName){text, len};
		text += len;
		add_to_hash(wanted, i);
	}
	return wanted;
}

void
ddb_wanted_free(DdbWanted *wanted)
{
	free(wanted);
}

int
ddb_wanted_count(const DdbWanted *wanted)
{
	return wanted->nnames;
}

bool
ddb_wanted_whole_item(const DdbWanted *wanted)
{
	return wanted->whole_item;
}
