/* SPDX-License-Identifier: MIT */
/* The thread fills a chunk, marks it full and goes on with the other one; the reader empties them in the same order.
 * Before the thread would wait for the descriptor it hands over what it has: live streams may be gzip too. */
#include "lib/text/gzip.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/inflate.h"

#define CHUNK (256 * 1024)
#define TAKE GZIP_BEGIN         /* compressed bytes per read */

struct chunk {
	size_t n;
	bool full;              /* the reader's; else the thread's */
	char data[CHUNK];
};

enum place { AT_MEMBER, IN_MEMBER, IN_PADDING };

struct gzip {
	int fd, wake;           /* wake: eventfd, readable when the thread shall end */
	_Atomic uint64_t *count;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;

	/* under lock */
	bool starved;           /* the thread waits for fd */
	bool ended;             /* it will fill no more chunks */
	bool stop;              /* it shall end */

	/* the thread's; the reader's after ended */
	int status;             /* 0, or why it ended */
	char error[200];
	struct inflate *inflate;
	struct inflate_io io;
	enum place place;
	uint64_t member;        /* from 1 */
	uint64_t taken;         /* bytes of fd up to the end of io.in */
	unsigned filling;
	unsigned char in[TAKE];

	/* the reader's */
	unsigned reading;
	size_t at;

	struct chunk chunk[2];
};

static void fail_damaged(struct gzip *g, const char *reason)
{
	g->status = EXIT_DATA;
	snprintf(g->error, sizeof g->error, "gzip: member %llu, byte %llu: %s", (unsigned long long)g->member,
		(unsigned long long)(g->taken - g->io.nin), reason);
}

static void fail_io(struct gzip *g, int error)
{
	char text[100];

	g->status = EXIT_IO;
	snprintf(g->error, sizeof g->error, "%s", strerror_r(error, text, sizeof text));
}

/* Hands over the chunk being filled, if there is anything in it. */
static void publish(struct gzip *g)
{
	struct chunk *c = &g->chunk[g->filling];
	size_t n = CHUNK - g->io.nout;

	if (!n || !g->io.out)
		return;
	pthread_mutex_lock(&g->lock);
	c->n = n;
	c->full = true;
	pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
	g->filling ^= 1;
	g->io.out = NULL;
	g->io.nout = 0;
}

/* A chunk to fill. False when the thread shall end. */
static bool acquire(struct gzip *g)
{
	struct chunk *c = &g->chunk[g->filling];
	bool stop;

	pthread_mutex_lock(&g->lock);
	while (c->full && !g->stop)
		pthread_cond_wait(&g->changed, &g->lock);
	stop = g->stop;
	pthread_mutex_unlock(&g->lock);
	g->io.out = (unsigned char *)c->data;
	g->io.nout = CHUNK;
	return !stop;
}

static void set_starved(struct gzip *g, bool starved)
{
	pthread_mutex_lock(&g->lock);
	g->starved = starved;
	if (starved)
		pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* Waits until fd has bytes or its end. False when the thread shall end. */
static bool wait_readable(struct gzip *g)
{
	struct pollfd p[2] = { { .fd = g->fd, .events = POLLIN }, { .fd = g->wake, .events = POLLIN } };
	int n = poll(p, 2, 0);

	if (n == 0) {
		publish(g);
		set_starved(g, true);
		while ((n = poll(p, 2, -1)) < 0 && errno == EINTR)
			;
		set_starved(g, false);
	}
	return n <= 0 || !p[1].revents;
}

/* More compressed bytes: 1, 0 at the end of the file, -1 when the thread shall end. */
static int take(struct gzip *g)
{
	ssize_t n;

	do {
		if (!wait_readable(g))
			return -1;
		n = read(g->fd, g->in, sizeof g->in);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0) {
		fail_io(g, errno);
		return -1;
	}
	*g->count += (uint64_t)n;
	g->taken += (uint64_t)n;
	g->io.in = g->in;
	g->io.nin = (size_t)n;
	return n > 0;
}

/* Between members: what the next byte begins. */
static bool begin_member(struct gzip *g)
{
	if (g->place == AT_MEMBER && g->io.in[0] == 0x1f) {
		g->place = IN_MEMBER;
		g->member++;
		return true;
	}
	g->place = IN_PADDING;
	while (g->io.nin && g->io.in[0] == 0)
		g->io.in++, g->io.nin--;
	if (g->io.nin)
		fail_damaged(g, "garbage behind the end");
	return !g->io.nin;
}

/* Decodes what io.in holds. False when it is damaged or the thread shall end. */
static bool decode(struct gzip *g)
{
	const char *reason = NULL;
	bool was_full = false;

	while (g->io.nin || was_full) {
		if (g->place != IN_MEMBER) {
			if (!g->io.nin)
				return true;
			if (!begin_member(g))
				return false;
			continue;
		}
		if (!g->io.out && !acquire(g))
			return false;
		switch (inflate_step(g->inflate, &g->io, &reason)) {
		case INFLATE_DAMAGED:
			fail_damaged(g, reason);
			return false;
		case INFLATE_MEMBER_END:
			g->place = AT_MEMBER;
			break;
		case INFLATE_GOES_ON:
			break;
		}
		was_full = g->io.nout == 0;     /* there may be more output for the same input */
		if (was_full)
			publish(g);
	}
	return true;
}

static void *inflate_thread(void *arg)
{
	struct gzip *g = arg;
	int rc;

	while (decode(g) && (rc = take(g)) >= 0)
		if (rc == 0) {
			if (g->place == IN_MEMBER)
				fail_damaged(g, "unexpected end of file");
			break;
		}
	publish(g);
	pthread_mutex_lock(&g->lock);
	g->ended = true;
	pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* With all signals blocked: they are for the threads that know what to do about them. */
static int start_thread(struct gzip *g)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&g->thread, NULL, inflate_thread, g);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

struct gzip *gzip_open(int fd, struct span begin, _Atomic uint64_t *count)
{
	struct gzip *g = mem_alloc(sizeof *g);
	int error;

	memset(g, 0, offsetof(struct gzip, chunk));
	g->chunk[0].full = g->chunk[1].full = false;
	g->fd = fd;
	g->count = count;
	memcpy(g->in, begin.p, begin.n);
	g->io.in = g->in;
	g->io.nin = begin.n;
	g->taken = begin.n;
	g->wake = eventfd(0, EFD_CLOEXEC);
	if (g->wake < 0) {
		free(g);
		return NULL;
	}
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	g->inflate = inflate_new(NULL);
	error = start_thread(g);
	if (!error)
		return g;
	inflate_free(g->inflate);
	close(g->wake);
	free(g);
	errno = error;
	return NULL;
}

ssize_t gzip_read(struct gzip *g, char *p, size_t n)
{
	struct chunk *c = &g->chunk[g->reading];
	bool full;

	pthread_mutex_lock(&g->lock);
	while (!c->full && !g->ended)
		pthread_cond_wait(&g->changed, &g->lock);
	full = c->full;
	pthread_mutex_unlock(&g->lock);
	if (!full)
		return g->status ? -1 : 0;
	if (n > c->n - g->at)
		n = c->n - g->at;
	memcpy(p, c->data + g->at, n);
	g->at += n;
	if (g->at == c->n) {
		g->at = 0;
		g->reading ^= 1;
		pthread_mutex_lock(&g->lock);
		c->full = false;
		pthread_cond_signal(&g->changed);
		pthread_mutex_unlock(&g->lock);
	}
	return (ssize_t)n;
}

bool gzip_waits(struct gzip *g)
{
	struct chunk *c = &g->chunk[g->reading];
	bool waits;

	pthread_mutex_lock(&g->lock);
	while (!c->full && !g->ended && !g->starved)
		pthread_cond_wait(&g->changed, &g->lock);
	waits = !c->full && !g->ended;
	pthread_mutex_unlock(&g->lock);
	return waits;
}

const char *gzip_error(const struct gzip *g)
{
	return g->error;
}

int gzip_status(const struct gzip *g)
{
	return g->status;
}

void gzip_close(struct gzip *g)
{
	uint64_t one = 1;

	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
	while (write(g->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
	pthread_join(g->thread, NULL);
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
	inflate_free(g->inflate);
	close(g->wake);
	free(g);
}
