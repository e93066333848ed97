/*
 * rawcurl.c
 *		The floor of the benchmark: libcurl sending recorded requests.
 *
 * It sends the same requests again and again over kept connections, those of
 * one call at the same time or one after another, and takes the replies whole.
 * It signs nothing, parses nothing and checks only that every reply is a 200.
 *
 *		rawcurl URL CALLS together|in-turn REQUEST...
 *
 * A REQUEST is a file: header lines, an empty line, the body. Prints, for all
 * calls together, ns of wall time, ns of CPU and bytes of replies.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_REQUESTS 128
#define MAX_REQUEST_LEN 16384
#define MAX_REPLY_LEN (4 * 1024 * 1024)

typedef struct Request
{
	char text[MAX_REQUEST_LEN];
	struct curl_slist *headers;
	CURL *easy;
	char *reply;
	size_t reply_len;
} Request;

static Request requests[MAX_REQUESTS];
static int nrequests;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "rawcurl: %s: %s\n", what, why);
	exit(1);
}

static void
check(CURLcode code)
{
	if (code != CURLE_OK)
		die("libcurl", curl_easy_strerror(code));
}

static size_t
receive(char *data, size_t size, size_t count, void *arg)
{
	Request *request = arg;
	size_t len = size * count;

	if (request->reply_len + len > MAX_REPLY_LEN)
		return 0;
	memcpy(request->reply + request->reply_len, data, len);
	request->reply_len += len;
	return len;
}

/* Cut the file into header lines and body, in place. Returns the body. */
static char *
read_request(Request *request, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t len;
	char *line;

	if (file == NULL)
		die(path, "cannot open");
	len = fread(request->text, 1, MAX_REQUEST_LEN - 1, file);
	fclose(file);
	request->text[len] = '\0';

	for (line = request->text; *line != '\n';)
	{
		char *end = strchr(line, '\n');

		if (end == NULL)
			die(path, "has no empty line");
		*end = '\0';
		request->headers = curl_slist_append(request->headers, line);
		line = end + 1;
	}
	return line + 1;
}

static void
prepare(Request *request, const char *url, const char *path)
{
	const char *body = read_request(request, path);
	CURL *easy = curl_easy_init();

	request->easy = easy;
	request->reply = malloc(MAX_REPLY_LEN);
	if (easy == NULL || request->reply == NULL)
		die(path, "out of memory");
	check(curl_easy_setopt(easy, CURLOPT_URL, url));
	check(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
	check(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	check(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers));
	check(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body));
	check(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive));
	check(curl_easy_setopt(easy, CURLOPT_WRITEDATA, request));
}

/* Send so many requests, from this one on, at the same time. */
static void
perform(CURLM *multi, int first, int n)
{
	int running;

	for (int i = first; i < first + n; i++)
		curl_multi_add_handle(multi, requests[i].easy);
	do
	{
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			die("libcurl", "curl_multi_perform failed");
		if (running > 0 &&
			curl_multi_poll(multi, NULL, 0, 10000, NULL) != CURLM_OK)
			die("libcurl", "curl_multi_poll failed");
	} while (running > 0);
	for (int i = first; i < first + n; i++)
		curl_multi_remove_handle(multi, requests[i].easy);
}

/* One call: every request once. Returns bytes of replies. */
static size_t
call(CURLM *multi, bool together)
{
	int step = together ? nrequests : 1;
	size_t received = 0;

	for (int i = 0; i < nrequests; i++)
		requests[i].reply_len = 0;
	for (int i = 0; i < nrequests; i += step)
		perform(multi, i, step);
	for (int i = 0; i < nrequests; i++)
	{
		long status;

		check(curl_easy_getinfo(requests[i].easy, CURLINFO_RESPONSE_CODE, &status));
		if (status != 200)
			die("the server", "answered something else than 200");
		received += requests[i].reply_len;
	}
	return received;
}

static int64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int
main(int argc, char **argv)
{
	size_t received = 0;
	int64_t wall_ns;
	int64_t cpu_ns;
	bool together;
	CURLM *multi;

	if (argc < 5 || argc > 4 + MAX_REQUESTS)
		die("usage", "rawcurl URL CALLS together|in-turn REQUEST...");
	together = strcmp(argv[3], "together") == 0;
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	nrequests = argc - 4;
	for (int i = 0; i < nrequests; i++)
		prepare(&requests[i], argv[1], argv[4 + i]);

	/* Connects, which is no part of what is measured. */
	call(multi, together);

	wall_ns = now_ns(CLOCK_MONOTONIC);
	cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (int n = atoi(argv[2]); n > 0; n--)
		received += call(multi, together);
	wall_ns = now_ns(CLOCK_MONOTONIC) - wall_ns;
	cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	printf("%lld %lld %zu\n", (long long) wall_ns, (long long) cpu_ns, received);
	return 0;
}
