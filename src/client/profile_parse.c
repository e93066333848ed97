/*
 * profile_parse.c
 *		The grammar of AWS's shared config and credentials files.
 *
 * Both texts are read into one set of sections, the config file first. What is
 * no section or property of ours (an invalid name, a kind that is not known) is
 * passed over; its lines must be well-formed all the same. Look-ups are linear:
 * such a file has some dozens of profiles.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "profile.h"
#include "part.h"

/* Of sections, and of properties of one section. */
#define MAX_ENTRIES 10000

/* Of a value that goes on over more lines. */
#define MAX_VALUE_LEN (16 * 1024)

/* One file that is being read. */
typedef struct Parser
{
	DdbProfiles *profiles;
	const char *file; /* as messages have it */
	bool is_config;   /* else it is the credentials file */
	int line;         /* from 1 */
	bool in_section;
	DdbSection *section; /* NULL: none, or one that is passed over */
	bool in_property;
	int property; /* of section; -1: one that is passed over */
	bool has_subproperties;
	DdbStatus *status;
} Parser;

static bool
out_of_memory(DdbStatus *status)
{
	return ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
}

static bool
parse_error(const Parser *parser, const char *message)
{
	return ddb_status_set(parser->status,
						  DDB_STATUS_AUTH,
						  "could not parse profile file \"%s\", line %d: %s",
						  parser->file,
						  parser->line,
						  message);
}

static char *
span_copy(DdbPart part)
{
	char *copy = malloc(part.len + 1);

	if (copy != NULL)
	{
		memcpy(copy, part.text, part.len);
		copy[part.len] = '\0';
	}
	return copy;
}

static void
free_value(char *value)
{
	if (value != NULL)
		explicit_bzero(value, strlen(value));
	free(value);
}

static void
drop_properties(DdbSection *section)
{
	for (int i = 0; i < section->nproperties; i++)
	{
		free_value(section->properties[i].value);
		free(section->properties[i].key);
	}
	free(section->properties);
	section->properties = NULL;
	section->nproperties = 0;
}

/*
 * The array, perhaps moved, with room behind its n entries; NULL with the status
 * filled. Arrays hold pointers only: what realloc leaves behind is no secret.
 */
static void *
grown(Parser *parser, void *entries, int n, size_t size)
{
	if (n >= MAX_ENTRIES)
	{
		parse_error(parser, "there are too many sections or properties");
		return NULL;
	}
	/* Doubled at each power of two. */
	if (n > 0 && (n & (n - 1)) != 0)
		return entries;
	entries = realloc(entries, (n > 0 ? 2 * (size_t) n : 1) * size);
	if (entries == NULL)
		out_of_memory(parser->status);
	return entries;
}

static DdbSection *
find_section(const DdbProfiles *profiles, DdbSectionKind kind, DdbPart name)
{
	for (int i = 0; i < profiles->nsections; i++)
	{
		DdbSection *section = &profiles->sections[i];

		if (section->kind == kind && ddb_part_is(name, section->name))
			return section;
	}
	return NULL;
}

static DdbSection *
add_section(Parser *parser, DdbSectionKind kind, DdbPart name)
{
	DdbProfiles *profiles = parser->profiles;
	int n = profiles->nsections;
	DdbSection *sections =
		grown(parser, profiles->sections, n, sizeof(*sections));

	if (sections == NULL)
		return NULL;
	profiles->sections = sections;
	sections[n] = (DdbSection){.kind = kind, .name = span_copy(name)};
	if (sections[n].name == NULL)
	{
		out_of_memory(parser->status);
		return NULL;
	}
	profiles->nsections++;
	return &sections[n];
}

/* Is it the head of a section that we keep, and of which? */
static bool
classify(const Parser *parser, DdbPart head, DdbSectionKind *kind,
		 DdbPart *name, bool *prefixed)
{
	static const char *const prefixes[] = {
		[DDB_SECTION_PROFILE] = "profile",
		[DDB_SECTION_SERVICES] = "services",
		[DDB_SECTION_SSO_SESSION] = "sso-session",
	};
	DdbPart word = ddb_part_before(head, DDB_PART_BLANK);

	*name = ddb_part_trim(ddb_part_after(head, word.len));
	*kind = DDB_SECTION_PROFILE;
	*prefixed = name->len > 0;
	if (!*prefixed)
	{
		*name = word;
		return ddb_part_is_name(word) &&
			   (!parser->is_config || ddb_part_is(word, "default"));
	}
	while (!ddb_part_is(word, prefixes[*kind]))
	{
		if (*kind == DDB_SECTION_SSO_SESSION)
			return false;
		(*kind)++;
	}
	return ddb_part_is_name(*name) && parser->is_config;
}

/* Within the config file, [default] does not count beside [profile default]. */
static void
choose_default(Parser *parser, bool prefixed)
{
	DdbSection *section = parser->section;

	if (!parser->is_config || section->prefixed == prefixed)
		return;
	if (prefixed)
	{
		drop_properties(section);
		section->prefixed = true;
	}
	else
		parser->section = NULL;
}

static bool
read_head(Parser *parser, DdbPart line)
{
	DdbPart head = ddb_part_trim(ddb_part_before(line, DDB_PART_COMMENT));
	DdbSectionKind kind;
	DdbPart name;
	bool prefixed;

	if (head.text[head.len - 1] != ']')
		return parse_error(parser, "Profile definition must end with ']'");
	parser->in_section = true;
	parser->section = NULL;
	parser->in_property = false;
	head = ddb_part_trim((DdbPart){head.text + 1, head.len - 2});
	if (!classify(parser, head, &kind, &name, &prefixed))
		return true;
	parser->section = find_section(parser->profiles, kind, name);
	if (parser->section != NULL)
	{
		choose_default(parser, prefixed);
		return true;
	}
	parser->section = add_section(parser, kind, name);
	if (parser->section == NULL)
		return false;
	parser->section->prefixed = prefixed;
	return true;
}

static int
find_property(const DdbSection *section, DdbPart name)
{
	for (int i = 0; i < section->nproperties; i++)
	{
		const char *key = section->properties[i].key;

		if (strlen(key) == name.len && strncasecmp(key, name.text, name.len) == 0)
			return i;
	}
	return -1;
}

/* A property without a value yet; its place, or -1 with the status filled. */
static int
add_property(Parser *parser, DdbPart name)
{
	DdbSection *section = parser->section;
	int n = section->nproperties;
	DdbProperty *properties =
		grown(parser, section->properties, n, sizeof(*properties));
	char *key;

	if (properties == NULL)
		return -1;
	section->properties = properties;
	key = span_copy(name);
	if (key == NULL)
	{
		out_of_memory(parser->status);
		return -1;
	}
	for (char *p = key; *p != '\0'; p++)
	{
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	}
	properties[n] = (DdbProperty){.key = key};
	section->nproperties++;
	return n;
}

/* Takes the value over; it may be NULL, for want of memory. */
static bool
set_value(Parser *parser, char *value)
{
	DdbProperty *property = &parser->section->properties[parser->property];

	if (value == NULL)
		return out_of_memory(parser->status);
	free_value(property->value);
	property->value = value;
	return true;
}

static bool
read_property(Parser *parser, DdbPart line)
{
	const char *complaint;
	DdbPart name, value;

	if (!parser->in_section)
		return parse_error(parser, "Expected a profile definition");
	complaint = ddb_part_split_property(line, &name, &value, false);
	if (complaint != NULL)
		return parse_error(parser, complaint);
	parser->in_property = true;
	parser->has_subproperties = value.len == 0;
	parser->property = -1;
	if (parser->section == NULL || !ddb_part_is_name(name))
		return true;
	parser->property = find_property(parser->section, name);
	if (parser->property < 0)
		parser->property = add_property(parser, name);
	return parser->property >= 0 && set_value(parser, span_copy(value));
}

/* Put the line behind the value that is there. */
static bool
append_line(Parser *parser, DdbPart line)
{
	const char *value = parser->section->properties[parser->property].value;
	size_t len = strlen(value);
	char *longer;

	if (len + line.len > MAX_VALUE_LEN)
		return parse_error(parser, "the value is too long");
	longer = malloc(len + line.len + 2);
	if (longer != NULL)
	{
		memcpy(longer, value, len);
		longer[len] = '\n';
		memcpy(longer + len + 1, line.text, line.len);
		longer[len + 1 + line.len] = '\0';
	}
	return set_value(parser, longer);
}

static bool
read_continuation(Parser *parser, DdbPart line)
{
	DdbPart name, value;
	const char *complaint = NULL;

	if (!parser->in_section)
		return parse_error(parser,
						   "Expected a profile definition, found continuation");
	if (!parser->in_property)
		return parse_error(parser,
						   "Expected a property definition, found continuation");
	if (parser->has_subproperties)
		complaint = ddb_part_split_property(line, &name, &value, true);
	if (complaint != NULL)
		return parse_error(parser, complaint);
	return parser->section == NULL || parser->property < 0 ||
		   append_line(parser, line);
}

static bool
read_line(Parser *parser, DdbPart line)
{
	DdbPart text = ddb_part_trim(line);

	/* Blank, or all comment. */
	if (ddb_part_before(text, DDB_PART_COMMENT).len == 0)
		return true;
	if (text.text != line.text)
		return read_continuation(parser, text);
	if (text.text[0] == '[')
		return read_head(parser, text);
	return read_property(parser, text);
}

bool
ddb_profile_add(DdbProfiles *profiles, const char *file, bool is_config,
				const char *text, DdbStatus *status)
{
	Parser parser = {.profiles = profiles,
					 .file = file,
					 .is_config = is_config,
					 .status = status};
	DdbPart rest = {text, strlen(text)};

	while (rest.len > 0)
	{
		DdbPart line = ddb_part_cut_line(&rest);

		parser.line++;
		if (!read_line(&parser, line))
			return false;
	}
	return true;
}

const DdbSection *
ddb_profile_find(const DdbProfiles *profiles, DdbSectionKind kind,
				 const char *name)
{
	return find_section(profiles, kind, (DdbPart){name, strlen(name)});
}

void
ddb_profile_free(DdbProfiles *profiles)
{
	if (profiles == NULL)
		return;
	for (int i = 0; i < profiles->nsections; i++)
	{
		drop_properties(&profiles->sections[i]);
		free(profiles->sections[i].name);
	}
	free(profiles->sections);
	free(profiles);
}
