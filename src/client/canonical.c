/*
 * canonical.c
 *		The canonical form of a request, the first stage of signing.
 *
 * Follows "Create a signed AWS API request" of the IAM User Guide for services
 * other than S3: the path is encoded as it is sent, so what is percent-encoded
 * already is encoded once more.
 */
#include <stdlib.h>
#include <string.h>

#include "canonical.h"
#include "text.h"

typedef struct QueryParameter
{
	const char *name;
	const char *value;
} QueryParameter;

/* ASCII only, whatever the locale of the process */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3986 unreserved characters stay, all others become %XX. */
static void
add_encoded(DdbText *text, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char) c;
	char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};

	if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
		c == '-' || c == '.' || c == '_' || c == '~')
		ddb_text_add(text, &c, 1);
	else
		ddb_text_add(text, encoded, sizeof(encoded));
}

/*
 * Segments without ".", ".." and empty ones, RFC 3986 section 5.2.4. A slash
 * at the end stays, once.
 */
static void
add_normalized_path(DdbText *text, const char *path)
{
	size_t start = text->len;
	const char *p = path;

	while (*p != '\0')
	{
		size_t len = strcspn(p, "/");

		if (len == 2 && memcmp(p, "..", 2) == 0)
		{
			while (text->len > start && text->data[--text->len] != '/')
				;
		}
		else if (len > 0 && !(len == 1 && *p == '.'))
		{
			ddb_text_add_char(text, '/');
			for (size_t i = 0; i < len; i++)
				add_encoded(text, p[i]);
		}
		p += len;
		if (*p == '/')
			p++;
	}
	if (text->len == start || p[-1] == '/')
		ddb_text_add_char(text, '/');
}

static void
add_path(DdbText *text, const DdbSigv4Request *request)
{
	const char *path = request->path[0] != '\0' ? request->path : "/";

	if (request->normalize_path)
	{
		add_normalized_path(text, path);
		return;
	}
	for (; *path != '\0'; path++)
	{
		if (*path == '/')
			ddb_text_add_char(text, '/');
		else
			add_encoded(text, *path);
	}
}

/*
 * One name or value up to an end character, encoded anew, and a NUL: sent
 * encoded or not, upper or lower case, it is signed in one form.
 */
static const char *
add_query_part(DdbText *text, const char *p, const char *end_chars)
{
	size_t len = strcspn(p, end_chars);
	const char *end = p + len;

	for (; p < end; p++)
	{
		if (*p == '%' && end - p > 2 && hex_value(p[1]) >= 0 &&
			hex_value(p[2]) >= 0)
		{
			add_encoded(text, (char) (hex_value(p[1]) * 16 + hex_value(p[2])));
			p += 2;
		}
		else
			add_encoded(text, *p);
	}
	ddb_text_add_char(text, '\0');
	return end;
}

/* Names and values in turns, each with its NUL; the number of pairs. */
static size_t
split_query(DdbText *pairs, const char *p)
{
	size_t n = 0;

	while (*p != '\0')
	{
		if (*p == '&')
		{
			p++;
			continue;
		}
		p = add_query_part(pairs, p, "=&");
		p = add_query_part(pairs, *p == '=' ? p + 1 : p, "&");
		n++;
	}
	return n;
}

static int
compare_parameters(const void *a, const void *b)
{
	const QueryParameter *left = a;
	const QueryParameter *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->value, right->value);
}

/* By name first: '=' is no part of the order, as "a=1&a-b=2" shows. */
static void
add_query(DdbText *text, const char *query)
{
	DdbText pairs = {0};
	size_t n = split_query(&pairs, query);
	QueryParameter *parameters = malloc((n + 1) * sizeof(*parameters));
	const char *p = pairs.data;

	if (pairs.failed || parameters == NULL)
	{
		ddb_text_fail(text);
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
	{
		parameters[i].name = p;
		parameters[i].value = p + strlen(p) + 1;
		p = parameters[i].value + strlen(parameters[i].value) + 1;
	}
	if (n > 0)
		qsort(parameters, n, sizeof(*parameters), compare_parameters);
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			ddb_text_add_char(text, '&');
		ddb_text_add_str(text, parameters[i].name);
		ddb_text_add_char(text, '=');
		ddb_text_add_str(text, parameters[i].value);
	}
	free(parameters);
	free(pairs.data);
}

static int
compare_names(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b))
	{
		a++;
		b++;
	}
	return (unsigned char) lower(*a) - (unsigned char) lower(*b);
}

/* By name; stable, as values of one name keep their order. Few, so inserted. */
static const DdbSigv4Header **
sort_headers(const DdbSigv4Request *request)
{
	size_t n = (size_t) request->nheaders;
	const DdbSigv4Header **sorted = malloc((n + 1) * sizeof(*sorted));

	if (sorted == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
	{
		const DdbSigv4Header *header = &request->headers[i];
		size_t at = i;

		for (; at > 0 && compare_names(sorted[at - 1]->name, header->name) > 0;
			 at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = header;
	}
	sorted[n] = NULL;
	return sorted;
}

static void
add_lower(DdbText *text, const char *name)
{
	for (; *name != '\0'; name++)
		ddb_text_add_char(text, lower(*name));
}

/* Trimmed, each run of white space one space */
static void
add_header_value(DdbText *text, const char *value)
{
	bool first = true;

	while (*value != '\0')
	{
		size_t len = 0;

		while (is_space(*value))
			value++;
		while (value[len] != '\0' && !is_space(value[len]))
			len++;
		if (len > 0 && !first)
			ddb_text_add_char(text, ' ');
		ddb_text_add(text, value, len);
		first = false;
		value += len;
	}
}

static bool
same_name_as_before(const DdbSigv4Header *const *sorted, size_t i)
{
	return i > 0 && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0;
}

/* "name:value\n" each, values of one name joined by commas */
static void
add_headers(DdbText *text, const DdbSigv4Header *const *sorted)
{
	for (size_t i = 0; sorted[i] != NULL; i++)
	{
		if (same_name_as_before(sorted, i))
			ddb_text_add_char(text, ',');
		else
		{
			add_lower(text, sorted[i]->name);
			ddb_text_add_char(text, ':');
		}
		add_header_value(text, sorted[i]->value);
		if (sorted[i + 1] == NULL || !same_name_as_before(sorted, i + 1))
			ddb_text_add_char(text, '\n');
	}
}

static void
add_signed_names(DdbText *text, const DdbSigv4Header *const *sorted)
{
	for (size_t i = 0; sorted[i] != NULL; i++)
	{
		if (same_name_as_before(sorted, i))
			continue;
		if (i > 0)
			ddb_text_add_char(text, ';');
		add_lower(text, sorted[i]->name);
	}
}

char *
ddb_canonical_build(const DdbSigv4Request *request, DdbStatus *status)
{
	const DdbSigv4Header **sorted = sort_headers(request);
	DdbText text = {0};

	if (sorted == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	ddb_text_add_str(&text, request->method);
	ddb_text_add_char(&text, '\n');
	add_path(&text, request);
	ddb_text_add_char(&text, '\n');
	if (request->query != NULL)
		add_query(&text, request->query);
	ddb_text_add_char(&text, '\n');
	add_headers(&text, sorted);
	ddb_text_add_char(&text, '\n');
	add_signed_names(&text, sorted);
	ddb_text_add_char(&text, '\n');
	ddb_text_add_str(&text, request->body_sha256);
	free(sorted);
	return ddb_text_finish(&text, status);
}
