/*
 * server.h
 *		An HTTP server of one connection at a time inside the test program.
 *
 * It has no thread: server_step() does what can be done without waiting. Every
 * request is kept and answered with the same response, unless a function of the
 * test sets another one.
 */
#ifndef SERVER_H
#define SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Server
{
	void (*respond)(struct Server *server); /* NULL: nothing to set */
	int listener;
	int connection; /* -1: none */
	char url[64];
	bool drop;            /* hang up instead of answering */
	const char *head;     /* of the response: status, and headers if any */
	const char *response; /* the body */
	int nrequests;
	int nconnections;
	char received[100000]; /* a request as it comes, NUL-ended */
	size_t len;
	char line[200];   /* of the last one: method, path, version */
	char target[100]; /* its X-Amz-Target */
	char body[100000];
} Server;

static void
server_start(Server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
								  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	*server = (Server){.connection = -1, .head = "200 OK", .response = "{}"};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(server->listener, (struct sockaddr *) &address, len) < 0 ||
		listen(server->listener, 8) < 0 ||
		getsockname(server->listener, (struct sockaddr *) &address, &len) < 0)
		abort();
	snprintf(server->url,
			 sizeof(server->url),
			 "http://127.0.0.1:%d",
			 ntohs(address.sin_port));
}

static void
server_hang_up(Server *server)
{
	if (server->connection >= 0)
		close(server->connection);
	server->connection = -1;
	server->len = 0;
}

static void
server_stop(Server *server)
{
	server_hang_up(server);
	close(server->listener);
}

static void
server_answer(Server *server)
{
	char answer[1000];
	int len = snprintf(answer,
					   sizeof(answer),
					   "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
					   server->head,
					   strlen(server->response),
					   server->response);

	if (send(server->connection, answer, (size_t) len, MSG_NOSIGNAL) != len)
		abort();
	server->nrequests++;
	server->len = 0;
}

/* What follows this in the request; "" if it is not there. */
static const char *
server_header(const Server *server, const char *name)
{
	const char *at = strstr(server->received, name);

	return at == NULL ? "" : at + strlen(name);
}

/* Keep and answer the request if all of it is here. */
static void
server_take_request(Server *server)
{
	const char *body = strstr(server->received, "\r\n\r\n");
	size_t body_len;

	if (body == NULL)
		return;
	body += 4;
	body_len = (size_t) atol(server_header(server, "\r\nContent-Length: "));
	if (strlen(body) < body_len)
		return;
	snprintf(server->body, sizeof(server->body), "%s", body);
	sscanf(server->received, "%199[^\r]", server->line);
	sscanf(server_header(server, "\r\nx-amz-target: "), "%99s", server->target);
	if (server->drop)
	{
		server->nrequests++;
		server_hang_up(server);
		return;
	}
	if (server->respond != NULL)
		server->respond(server);
	server_answer(server);
}

static void
server_step(Server *server)
{
	ssize_t n;
	int fresh = accept(server->listener, NULL, NULL);

	if (fresh >= 0)
	{
		server_hang_up(server);
		server->connection = fresh;
		server->nconnections++;
	}
	if (server->connection < 0)
		return;
	n = recv(server->connection,
			 server->received + server->len,
			 sizeof(server->received) - server->len - 1,
			 MSG_DONTWAIT);
	if (n == 0)
		server_hang_up(server);
	if (n <= 0)
		return;
	server->len += (size_t) n;
	server->received[server->len] = '\0';
	server_take_request(server);
}

#endif /* SERVER_H */
