/* SPDX-License-Identifier: MIT */
/* Jobs (blocks) go through a ring to the workers. Each worker ends its job by waiting for its turn, in the order of the
 * blocks, to write its rejects: what comes out, the first error too, is what one thread would have said. */
#include "speed/window/parallel.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "lib/base/diag.h"
#include "speed/window/interrupt.h"
#include "speed/window/many.h"

#define RING_PER_THREAD 4

struct job {
	struct block block;
	struct blocks *blocks;
	size_t input;
	uint64_t number;
	bool is_bad;            /* the block is one bad record */
};

struct bad_list {
	struct bad_record *item;        /* raw points into text */
	size_t n, cap;
	struct arena text;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied, turned;
	struct job *ring;
	size_t size, head, count;       /* head: the oldest */
	bool closed;                    /* no job follows */
	uint64_t turn;                  /* jobs before this number are done */
	bool failed;                    /* by the engine below: stop */
	struct engine *engine;          /* the one that speaks: rejects, errors */
	const struct view *view;
	const struct run_options *options;
};

struct worker {
	pthread_t thread;
	struct pool *pool;
	struct engine engine;
	struct rows *rows;
};

static bool take_job(struct pool *p, struct job *job)
{
	bool got;

	pthread_mutex_lock(&p->lock);
	while (p->count == 0 && !p->closed)
		pthread_cond_wait(&p->filled, &p->lock);
	got = p->count != 0;
	if (got) {
		*job = p->ring[p->head];
		p->head = (p->head + 1) % p->size;
		p->count--;
		pthread_cond_signal(&p->emptied);
	}
	pthread_mutex_unlock(&p->lock);
	return got;
}

static bool give_job(struct pool *p, const struct job *job)
{
	bool go;

	pthread_mutex_lock(&p->lock);
	while (p->count == p->size && !p->failed)
		pthread_cond_wait(&p->emptied, &p->lock);
	go = !p->failed;
	if (go) {
		p->ring[(p->head + p->count++) % p->size] = *job;
		pthread_cond_signal(&p->filled);
	}
	pthread_mutex_unlock(&p->lock);
	return go;
}

static void note_bad(struct bad_list *list, const struct bad_record *bad)
{
	list->item = mem_grow(list->item, list->n, &list->cap, sizeof *list->item);
	list->item[list->n] = *bad;
	list->item[list->n++].raw = arena_copy(&list->text, bad->raw);
}

static void note_reason(struct bad_list *list, uint64_t line, struct span raw, const char *reason)
{
	struct bad_record bad = { .line = line, .raw = raw };

	snprintf(bad.reason, sizeof bad.reason, "%s", reason);
	note_bad(list, &bad);
}

/* Waits for the job's turn, says what is to be said, and passes the turn on. */
static void end_job(struct worker *w, const struct job *job, const struct bad_list *bad)
{
	struct pool *p = w->pool;
	struct place at = { .name = blocks_name(job->blocks), .input = job->input };

	pthread_mutex_lock(&p->lock);
	while (p->turn != job->number && !p->failed)
		pthread_cond_wait(&p->turned, &p->lock);
	for (size_t i = 0; i < bad->n && !p->failed; i++) {
		at.line = bad->item[i].line;
		at.raw = bad->item[i].raw;
		if (engine_bad(p->engine, bad->item[i].reason, &at) < 0)
			p->failed = true;
	}
	if (w->engine.failure.status && !p->failed) {
		p->failed = true;
		p->engine->failure = w->engine.failure;
	}
	p->turn++;
	pthread_cond_broadcast(&p->turned);
	pthread_cond_signal(&p->emptied);
	pthread_mutex_unlock(&p->lock);
}

static uint64_t turn_of(struct pool *p)
{
	uint64_t turn;

	pthread_mutex_lock(&p->lock);
	turn = p->turn;
	pthread_mutex_unlock(&p->lock);
	return turn;
}

static bool has_failed(struct pool *p)
{
	bool failed;

	pthread_mutex_lock(&p->lock);
	failed = p->failed;
	pthread_mutex_unlock(&p->lock);
	return failed;
}

static void take_row(struct worker *w, const struct job *job, const struct batch *b, size_t i, struct bad_list *bad)
{
	struct place at = { .name = blocks_name(job->blocks), .input = job->input, .line = b->line[i], .raw = b->raw[i] };

	at.position = place_plain(at.input, at.line);
	if (engine_try(&w->engine, b->field + i * b->width, &at) > 0)
		note_reason(bad, at.line, at.raw, w->engine.rows.scratch.reason);
}

static void begin_many(struct worker *w, const struct job *job, const struct batch *b)
{
	many_begin(&w->engine, b);
	for (size_t i = 0; i < b->n; i++)
		w->engine.columns.position[i] = place_plain(job->input, b->line[i]);
}

static void take_rows(struct worker *w, const struct job *job, const struct batch *b, struct bad_list *bad)
{
	bool many = many_fit(&w->engine);

	if (many)
		begin_many(w, job, b);
	for (size_t i = 0; i < b->n && !w->engine.failure.status; i++) {
		ssize_t n = many ? many_take(&w->engine, i, job->input) : 0;

		i += n > 0 ? (size_t)n : 0;
		if (i < b->n && n >= 0)
			take_row(w, job, b, i, bad);
	}
}

static void do_job(struct worker *w, struct job *job, struct bad_list *bad)
{
	struct batch batch;
	struct bad_record one;
	enum read_event event;

	if (job->is_bad) {
		note_reason(bad, job->block.line, (struct span){ job->block.data, job->block.n }, job->block.reason);
		return;
	}
	rows_begin(w->rows, &job->block);
	while ((event = rows_next(w->rows, &batch, &one)) != READ_END)
		if (event == READ_ROWS)
			take_rows(w, job, &batch, bad);
		else
			note_bad(bad, &one);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct bad_list bad = { 0 };
	struct job job;

	while (take_job(w->pool, &job)) {
		bad.n = 0;
		arena_clear(&bad.text);
		do_job(w, &job, &bad);
		blocks_release(job.blocks, &job.block);
		end_job(w, &job, &bad);         /* after it the source may be closed */
	}
	arena_free(&bad.text);
	free(bad.item);
	return NULL;
}

/* Until there is something to read, or a signal: it is let in only here, so that none is missed just before. */
static void wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!interrupted)
		(void)!ppoll(&p, 1, NULL, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Reads one input to its end. */
static int feed(struct pool *p, struct source *s, size_t input, uint64_t *number)
{
	for (;;) {
		enum read_event event = source_block(s);
		struct job job = { s->block, s->blocks, input, *number, event == READ_BAD };

		switch (event) {
		case READ_IDLE:
			wait_for(blocks_fd(s->blocks));
			if (interrupted)
				return 0;
			continue;
		case READ_END:
			s->ended = true;
			return 0;
		case READ_ERROR:
			return -1;
		default:
			if (interrupted || !give_job(p, &job))
				return 0;
			s->block = (struct block){ 0 };         /* the worker releases it */
			++*number;
		}
	}
}

/* Signals are for the thread that reads. */
static void start(struct pool *p, struct worker *w, unsigned threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (unsigned i = 0; i < threads; i++) {
		w[i].pool = p;
		engine_init(&w[i].engine, p->view, p->engine->watermark.n);
		w[i].engine.max_groups = p->engine->max_groups;
		w[i].rows = rows_new(&p->view->fields, p->options->reader.max_record);
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			die(EXIT_MEMORY, "-j %u: cannot start that many threads", threads);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void finish(struct pool *p, struct worker *w, unsigned threads)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_cond_broadcast(&p->filled);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(w[i].thread, NULL);
	for (unsigned i = 0; i < threads; i++) {
		if (engine_merge(p->engine, &w[i].engine) < 0)
			p->failed = true;
		engine_free(&w[i].engine);
		rows_free(w[i].rows);
	}
}

int parallel_run(const struct view *v, const struct run_options *o, struct source *source, size_t n, struct engine *engine,
                 parallel_open *open_next, parallel_close *close_done, void *context)
{
	struct pool p = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER, .emptied = PTHREAD_COND_INITIALIZER,
	                  .turned = PTHREAD_COND_INITIALIZER, .size = o->threads * RING_PER_THREAD, .engine = engine, .view = v, .options = o };
	struct worker *w = mem_zalloc(o->threads * sizeof *w);
	uint64_t number = 0, *behind = mem_zalloc(n * sizeof *behind);   /* the number after the last job of each source */
	size_t i = 0, closed = 0;
	int rc = 0;

	p.ring = mem_zalloc(p.size * sizeof *p.ring);
	start(&p, w, o->threads);
	for (; i < n && rc == 0 && !has_failed(&p) && !interrupted; i++) {
		for (uint64_t turn = turn_of(&p); closed < i && behind[closed] <= turn; closed++)
			close_done(context, closed);
		rc = open_next(context, i);
		if (rc == 0)
			rc = feed(&p, &source[i], i, &number);
		behind[i] = number;
	}
	finish(&p, w, o->threads);
	free(p.ring);
	free(behind);
	free(w);
	if (p.failed)
		return -1;
	if (rc < 0 && !engine->failure.status)          /* an open that failed has said why */
		failure_set(&engine->failure, blocks_status(source[i - 1].blocks), "%s", blocks_error(source[i - 1].blocks));
	return rc;
}
