/*
 * optionspec.h
 *		What options there are, where, and what values they take.
 */
#ifndef DDB_OPTIONSPEC_H
#define DDB_OPTIONSPEC_H

#include "postgres.h"

typedef enum DdbOptionPlace
{
	DDB_OPTION_SERVER,
	DDB_OPTION_TABLE,
	DDB_OPTION_COLUMN,
	DDB_OPTION_MAPPING,
	DDB_OPTION_NOWHERE /* takes no options */
} DdbOptionPlace;

/* What the field of the option is. */
typedef enum DdbOptionKind
{
	DDB_OPTION_TEXT,  /* char * */
	DDB_OPTION_PATH,  /* DdbDocumentPath */
	DDB_OPTION_INT,   /* int; min to max, or one of words */
	DDB_OPTION_WORD,  /* int; one of words */
	DDB_OPTION_BOOL,  /* bool */
	DDB_OPTION_SWITCH /* int, a DdbSwitch */
} DdbOptionKind;

/* A word that an option takes, and what it is in the field. */
typedef struct DdbOptionWord
{
	const char *word; /* NULL ends a list of them */
	int value;
} DdbOptionWord;

typedef struct DdbOptionSpec
{
	const char *name;
	size_t offset; /* of its field in the struct of its place */
	DdbOptionPlace place;
	DdbOptionKind kind;
	bool superuser_only; /* of a boolean: turning it on; of a word: any but the
								 * first */

	/* Of a text: NULL if value is fine, else how to write it, a sentence. */
	const char *(*check)(const char *value);
	int min;
	int max;
	const DdbOptionWord *words;
} DdbOptionSpec;

/* NULL where the place has no such option. */
extern const DdbOptionSpec *ddb_optionspec_find(DdbOptionPlace place,
												const char *name);

/* What to say of a name that the place does not have: a sentence, palloc'd. */
extern const char *ddb_optionspec_hint(DdbOptionPlace place, const char *name);

#endif /* DDB_OPTIONSPEC_H */
