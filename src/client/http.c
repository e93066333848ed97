/*
 * http.c
 *		Many exchanges in flight over kept connections.
 *
 * libcurl's multi interface is driven by curl_multi_socket_action: libcurl
 * tells which sockets it watches (they go into one epoll set) and when it
 * wants to be woken (kept as a deadline), and is called only for a socket that
 * is ready or a deadline that has passed.
 *
 * Not here: what an exchange is made of (exchange.c), signing, retries, the
 * meaning of a response (call.c).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "http.h"

#define MAX_KEPT_CONNECTIONS 16L
#define MAX_IDLE_EXCHANGES 8
#define EVENTS_PER_WAIT 16

struct DdbHttp
{
	CURLM *multi;
	CURLSH *share; /* TLS sessions, to be resumed by new connections */
	int epoll_fd;
	int timer_fd;         /* in the epoll set: the owner's alarm */
	int64_t alarm_us;     /* when that rings, -1: not set */
	int64_t wake_at_us;   /* libcurl's timer, -1: none */
	int64_t pumped_at_us; /* end of the last pump */
	bool waiting;         /* since then the owner began to wait */
	DdbExchange *active;  /* in flight */
	DdbExchange *idle;    /* kept for reuse */
	int nactive;
	int nidle;
	int nwatched; /* sockets in the epoll set */
	bool drop;    /* kept connections are not to be used */
};

int64_t
ddb_http_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* CURLMOPT_SOCKETFUNCTION: which socket to watch, for what. */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	DdbHttp *http = arg;
	struct epoll_event event = {.data.fd = fd};
	int op = known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		if (epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL) == 0)
			http->nwatched--;
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(http->epoll_fd, op, fd, &event) < 0)
		return -1;
	if (known == NULL)
	{
		http->nwatched++;
		curl_multi_assign(http->multi, fd, http);
	}
	return 0;
}

/* CURLMOPT_TIMERFUNCTION: when to call even if no socket is ready. */
static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	DdbHttp *http = arg;

	(void) multi;
	http->wake_at_us =
		timeout_ms < 0 ? -1 : ddb_http_now_us() + (int64_t) timeout_ms * 1000;
	return 0;
}

/* A multi handle that reports to http. NULL if out of memory. */
static CURLM *
create_multi(DdbHttp *http)
{
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		return NULL;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, MAX_KEPT_CONNECTIONS);
#if LIBCURL_VERSION_NUM >= 0x081400
	/* From 8.20 on look-ups outlive their transfers; do not wait for them. */
	curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L);
#endif
	return multi;
}

/*
 * A handle by itself remembers its own TLS sessions alone. There are no locks:
 * only one thread uses the handles. NULL if out of memory.
 */
static CURLSH *
create_share(void)
{
	CURLSH *share = curl_share_init();

	if (share != NULL)
		curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return share;
}

/* False with errno set; also where a descriptor could not be made. */
static bool
watch_timer(DdbHttp *http)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = http->timer_fd};

	return http->epoll_fd >= 0 && http->timer_fd >= 0 &&
		   epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->timer_fd, &event) == 0;
}

/* libcurl's process-wide start, once, and what we cannot do without. */
static bool
start_libcurl(DdbStatus *status)
{
	static bool started = false;

	if (started)
		return true;
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return ddb_status_set(status,
							  DDB_STATUS_CONFIG,
							  "libcurl could not be initialized");
	if ((curl_version_info(CURLVERSION_NOW)->features &
		 CURL_VERSION_ASYNCHDNS) == 0)
		return ddb_status_set(status,
							  DDB_STATUS_CONFIG,
							  "libcurl was built without an asynchronous "
							  "resolver");
	started = true;
	return true;
}

DdbHttp *
ddb_http_create(DdbStatus *status)
{
	DdbHttp *http;

	if (!start_libcurl(status))
		return NULL;
	http = calloc(1, sizeof(DdbHttp));
	if (http == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	http->wake_at_us = http->alarm_us = -1;
	http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	http->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	http->share = create_share();
	if (http->share != NULL && watch_timer(http))
		http->multi = create_multi(http);
	if (http->multi == NULL)
	{
		ddb_status_set(status,
					   DDB_STATUS_NO_MEMORY,
					   "could not start the HTTP client: %s",
					   strerror(errno));
		ddb_http_destroy(http);
		return NULL;
	}
	return http;
}

/* Out of the multi handle and of the list of those in flight. */
static void
detach(DdbExchange *exchange)
{
	DdbHttp *http = exchange->http;

	if (!exchange->in_flight)
		return;
	curl_multi_remove_handle(http->multi, exchange->easy);
	exchange->in_flight = false;
	if (exchange->prev != NULL)
		exchange->prev->next = exchange->next;
	else
		http->active = exchange->next;
	if (exchange->next != NULL)
		exchange->next->prev = exchange->prev;
	http->nactive--;
}

void
ddb_http_destroy(DdbHttp *http)
{
	DdbExchange *exchange;

	if (http == NULL)
		return;
	while ((exchange = http->active) != NULL)
	{
		detach(exchange);
		ddb_exchange_free(exchange);
	}
	while ((exchange = http->idle) != NULL)
	{
		http->idle = exchange->next;
		ddb_exchange_free(exchange);
	}
	if (http->multi != NULL)
		curl_multi_cleanup(http->multi);
	/* Only now, when no handle uses it. */
	if (http->share != NULL)
		curl_share_cleanup(http->share);
	if (http->timer_fd >= 0)
		close(http->timer_fd);
	if (http->epoll_fd >= 0)
		close(http->epoll_fd);
	free(http);
}

int
ddb_http_fd(const DdbHttp *http)
{
	return http->epoll_fd;
}

int
ddb_http_in_flight(const DdbHttp *http)
{
	return http->nactive;
}

/* Start over with an empty set of connections, where nothing uses the old. */
static void
drop_if_unused(DdbHttp *http)
{
	CURLM *fresh;

	if (!http->drop || http->nactive > 0)
		return;
	fresh = create_multi(http);
	if (fresh == NULL)
		return;
	curl_multi_cleanup(http->multi);
	http->multi = fresh;
	http->wake_at_us = -1;
	http->drop = false;
}

void
ddb_http_drop_connections(DdbHttp *http)
{
	http->drop = true;
	drop_if_unused(http);
}

/* One from the idle ones or a new one. NULL if out of memory. */
static DdbExchange *
take_exchange(DdbHttp *http)
{
	DdbExchange *exchange = http->idle;

	if (exchange != NULL)
	{
		http->idle = exchange->next;
		http->nidle--;
	}
	else
		exchange = ddb_exchange_create(http->share);
	if (exchange == NULL)
		return NULL;
	exchange->http = http;
	exchange->next = exchange->prev = NULL;
	return exchange;
}

/* Hand it to libcurl and list it. False if out of memory. */
static bool
attach(DdbExchange *exchange)
{
	DdbHttp *http = exchange->http;

	if (curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
		return false;
	exchange->in_flight = true;
	exchange->next = http->active;
	if (http->active != NULL)
		http->active->prev = exchange;
	http->active = exchange;
	if (http->nactive++ == 0)
		http->pumped_at_us = ddb_http_now_us();
	return true;
}

DdbExchange *
ddb_http_send(DdbHttp *http, const DdbTarget *target, const DdbPayload *payload,
			  DdbStatus *status)
{
	DdbExchange *exchange;

	drop_if_unused(http);
	exchange = take_exchange(http);
	if (exchange == NULL)
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	exchange->deadline_us =
		ddb_http_now_us() + (int64_t) target->request_timeout_ms * 1000;
	if (!ddb_exchange_prepare(exchange, target, payload, http->drop, status))
	{
		ddb_http_release(exchange);
		return NULL;
	}
	if (!attach(exchange))
	{
		ddb_status_set(status, DDB_STATUS_NO_MEMORY, "out of memory");
		ddb_http_release(exchange);
		return NULL;
	}
	return exchange;
}

/* The owner was elsewhere since the last pump: no fault of the service's. */
static void
forgive_absence(DdbHttp *http, int64_t now)
{
	int64_t away = now - http->pumped_at_us;

	if (http->waiting)
		return;
	http->pumped_at_us = now;
	for (DdbExchange *exchange = http->active; exchange != NULL;
		 exchange = exchange->next)
		exchange->deadline_us += away;
}

int
ddb_http_timeout_ms(DdbHttp *http)
{
	int64_t now = ddb_http_now_us();
	int64_t first = http->wake_at_us;

	forgive_absence(http, now);
	http->waiting = true;
	for (DdbExchange *exchange = http->active; exchange != NULL;
		 exchange = exchange->next)
	{
		if (first < 0 || exchange->deadline_us < first)
			first = exchange->deadline_us;
	}
	if (first < 0)
		return -1;
	return first <= now ? 0 : (int) ((first - now + 999) / 1000);
}

void
ddb_http_wake_in(DdbHttp *http, int timeout_ms)
{
	struct itimerspec alarm = {.it_value.tv_sec = timeout_ms / 1000,
							   .it_value.tv_nsec =
								   (long) (timeout_ms % 1000) * 1000000};
	int64_t at_us = ddb_http_now_us() + (int64_t) timeout_ms * 1000;

	if (timeout_ms < 0 || (http->alarm_us >= 0 && http->alarm_us <= at_us))
		return;
	/* All zero would disarm it. */
	if (timeout_ms == 0)
		alarm.it_value.tv_nsec = 1;
	(void) timerfd_settime(http->timer_fd, 0, &alarm, NULL);
	http->alarm_us = at_us;
}

/* Setting it anew also takes back that it rang. */
static void
stop_alarm(DdbHttp *http)
{
	struct itimerspec never = {0};

	if (http->alarm_us < 0)
		return;
	(void) timerfd_settime(http->timer_fd, 0, &never, NULL);
	http->alarm_us = -1;
}

/* Take a finished exchange off the wire. */
static void
finish(DdbExchange *exchange, CURLcode result, bool timed_out)
{
	ddb_exchange_finish(exchange, result, timed_out);
	detach(exchange);
}

static void
pump_sockets(DdbHttp *http)
{
	struct epoll_event events[EVENTS_PER_WAIT];
	int running;
	int n = epoll_wait(http->epoll_fd, events, EVENTS_PER_WAIT, 0);

	for (int i = 0; i < n; i++)
	{
		int what = 0;

		if (events[i].events & EPOLLIN)
			what |= CURL_CSELECT_IN;
		if (events[i].events & EPOLLOUT)
			what |= CURL_CSELECT_OUT;
		if (events[i].events & (EPOLLERR | EPOLLHUP))
			what |= CURL_CSELECT_ERR;
		curl_multi_socket_action(http->multi, events[i].data.fd, what, &running);
	}
}

static void
collect_finished(DdbHttp *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
	{
		CURLcode result = message->data.result;
		char *private = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		finish((DdbExchange *) private, result, false);
	}
}

static void
expire_overdue(DdbHttp *http, int64_t now)
{
	DdbExchange *next;

	for (DdbExchange *exchange = http->active; exchange != NULL; exchange = next)
	{
		next = exchange->next;
		if (now < exchange->deadline_us)
			continue;
		finish(exchange, CURLE_OPERATION_TIMEDOUT, true);
	}
}

/*
 * libcurl's resolver thread inherits the mask, and no signal is for it. It can
 * only start for an exchange that has not been sent. False: there is none.
 */
static bool
block_signals(const DdbHttp *http, sigset_t *before)
{
	const DdbExchange *exchange = http->active;
	sigset_t all;

	while (exchange != NULL && exchange->sends > 0)
		exchange = exchange->next;
	if (exchange == NULL)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
	return true;
}

void
ddb_http_pump(DdbHttp *http)
{
	sigset_t before;
	bool masked;
	int running;

	stop_alarm(http);
	if (http->nactive == 0)
		return;

	forgive_absence(http, ddb_http_now_us());
	http->waiting = false;
	masked = block_signals(http, &before);
	if (http->nwatched > 0)
		pump_sockets(http);
	if (http->wake_at_us >= 0 && http->wake_at_us <= ddb_http_now_us())
	{
		http->wake_at_us = -1;
		curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	collect_finished(http);
	http->pumped_at_us = ddb_http_now_us();
	expire_overdue(http, http->pumped_at_us);
	if (masked)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool
ddb_http_done(const DdbExchange *exchange)
{
	return !exchange->in_flight;
}

void
ddb_http_release(DdbExchange *exchange)
{
	DdbHttp *http;

	if (exchange == NULL)
		return;
	http = exchange->http;
	detach(exchange);
	/* Where an error ends the wait, no pump follows it. */
	http->waiting = false;
	if (http->nidle >= MAX_IDLE_EXCHANGES)
	{
		ddb_exchange_free(exchange);
		return;
	}
	ddb_exchange_reset(exchange);
	exchange->next = http->idle;
	http->idle = exchange;
	http->nidle++;
}
