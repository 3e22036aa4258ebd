/* SPDX-License-Identifier: MIT */
/* Each thread has its own look at the log and its own states; they take segments in the order of the log and merge at the end. */
#include "batch/rebuild/scan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/base/diag.h"
#include "lib/log/read.h"

#define SHOW_EVERY_NS 200000000

struct piece {                          /* of the log, within one segment */
	struct position from, to;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t ended;           /* a thread has */
	const struct scan_options *options;
	const struct view *view;
	struct progress *progress;
	struct piece *piece;
	size_t n, cap, next;
	unsigned running;
	_Atomic size_t failed;          /* the first piece that did; SIZE_MAX: none */
	struct failure failure;         /* its reason */
	bool *seen;                     /* fields that some segment has a column for */
};

struct worker {
	pthread_t thread;
	struct pool *pool;
	struct log_dir log;
	struct intake intake;
};

/* Counting records where the reader counts lines. */
struct numbers {
	uint64_t next;                  /* CSV, TSV: a row is a record */
	uint64_t controls;              /* lines that are none; else a line is a record, and may be many rows, or none */
};

/* ---- one piece ---- */

static uint64_t number_of(struct numbers *n, const struct reader *r, const struct piece *p, uint64_t line)
{
	enum record_format format = reader_format(r);

	return format == FORMAT_CSV || format == FORMAT_TSV ? n->next++ : p->from.at + line - 1 - n->controls;
}

static int lacks_time(const struct worker *w, struct failure *f)
{
	struct span name = w->pool->view->fields.ref[w->pool->view->time_field].text;

	return failure_set(f, EXIT_DATA, "%s: no column \"%.*s\", the view's time", w->log.path, (int)(name.n > 60 ? 60 : name.n), name.p);
}

static int take_bad(struct worker *w, const struct reader *r, uint64_t number, const char *reason, struct failure *f)
{
	int time = w->pool->view->time_field;

	if (intake_bad(&w->intake) == 0)
		return 0;
	if (time >= 0 && reader_lacks(r, (size_t)time))
		return lacks_time(w, f);
	return failure_set(f, EXIT_DATA, "%s: record %llu: %s", w->log.path, (unsigned long long)number, reason);
}

static int check_bound(const struct scan_options *o, const struct intake *t, struct failure *f)
{
	if (!o->max_groups || intake_groups(t) <= o->max_groups)
		return 0;
	return failure_set(f, EXIT_MEMORY, "the view has more than %zu groups: raise --max-groups", o->max_groups);
}

static int take_record(struct worker *w, const struct reader *r, const struct span *record, uint64_t number, struct failure *f)
{
	return intake_record(&w->intake, record, number) > 0 ? take_bad(w, r, number, w->intake.rows.scratch.reason, f) : 0;
}

/* In runs of plain records with others between them. */
static int take_runs(struct worker *w, const struct piece *p, struct numbers *n, const struct reader *r, const struct batch *b, struct failure *f)
{
	uint64_t *number = w->intake.columns.position;

	for (size_t i = 0; i < b->n; i++)
		number[i] = number_of(n, r, p, b->line[i]);
	for (size_t i = 0; (i += intake_rows(&w->intake, i)) < b->n; i++)
		if (take_record(w, r, b->field + i * b->width, number[i], f) < 0)
			return -1;
	return 0;
}

static int take_each(struct worker *w, const struct piece *p, struct numbers *n, const struct reader *r, const struct batch *b, struct failure *f)
{
	for (size_t i = 0; i < b->n; i++)
		if (take_record(w, r, b->field + i * b->width, number_of(n, r, p, b->line[i]), f) < 0)
			return -1;
	return 0;
}

static int take_rows(struct worker *w, const struct piece *p, struct numbers *n, const struct reader *r, const struct batch *b, struct failure *f)
{
	int rc = intake_begin(&w->intake, b) ? take_runs(w, p, n, r, b, f) : take_each(w, p, n, r, b, f);

	if (rc < 0)
		return -1;
	w->pool->progress->done += b->n;
	return check_bound(w->pool->options, &w->intake, f);
}

static int read_piece(struct worker *w, size_t i, struct reader *r, struct failure *f)
{
	const struct piece *p = &w->pool->piece[i];
	struct numbers n = { .next = p->from.at };
	struct bad_record bad;
	struct span control;
	struct batch batch;

	while (w->pool->failed > i)             /* else nobody asks any more */
		switch (reader_next(r, &batch, &bad, &control)) {
		case READ_ROWS:
			if (take_rows(w, p, &n, r, &batch, f) < 0)
				return -1;
			break;
		case READ_BAD:
			if (take_bad(w, r, number_of(&n, r, p, bad.line), bad.reason, f) < 0)
				return -1;
			break;
		case READ_CONTROL:
			n.controls++;
			break;
		case READ_IDLE:
			break;
		case READ_ERROR:
			return failure_set(f, reader_status(r), "%s", reader_error(r));
		case READ_END:
			return 0;
		}
	return 0;
}

/* What was read must be all that was asked for. */
static int check_end(const struct worker *w, const struct piece *p, struct position at, struct failure *f)
{
	char here[POSITION_TEXT], want[POSITION_TEXT];

	position_print(at, here);
	position_print(p->to, want);
	if (at.at < p->to.at)
		return failure_set(f, EXIT_CONFIG, "%s: it ends at %s, before %s", w->log.path, here, want);
	if (!position_eq(at, p->to))
		return failure_set(f, EXIT_CONFIG, "%s: it has other records before %llu (%s) than those that were counted (%s)", w->log.path,
		                   (unsigned long long)at.at, here, want);
	return 0;
}

static void note_columns(struct pool *p, const struct reader *r)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->view->fields.n; i++)
		p->seen[i] |= !reader_lacks(r, i);
	pthread_mutex_unlock(&p->lock);
}

static int scan_piece(struct worker *w, size_t i, struct failure *f)
{
	static const struct log_reader_options options = { 0 };
	const struct piece *p = &w->pool->piece[i];
	struct log_reader *log = log_reader_open(&w->log, p->from, p->to.at, &options, f);
	struct reader *r;
	int rc;

	if (!log)
		return -1;
	r = reader_open_on(log_input(log), w->log.path, &w->pool->view->fields, &w->pool->options->reader);
	rc = read_piece(w, i, r, f);
	if (rc == 0 && w->pool->failed > i)
		rc = check_end(w, p, log_reader_at(log), f);
	note_columns(w->pool, r);
	w->intake.ledger.bytes += log_reader_bytes(log);
	reader_free(r);
	log_reader_free(log);
	return rc;
}

/* ---- threads ---- */

static bool take_piece(struct pool *p, size_t *i)
{
	bool got;

	pthread_mutex_lock(&p->lock);
	got = p->next < p->n && p->failed == SIZE_MAX;
	*i = p->next;
	p->next += got;
	pthread_mutex_unlock(&p->lock);
	return got;
}

/* The one that is first in the log is told, whoever was quicker. */
static void note_failure(struct pool *p, size_t i, const struct failure *why)
{
	pthread_mutex_lock(&p->lock);
	if (i < p->failed) {
		p->failed = i;
		p->failure = *why;
	}
	pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	size_t i;

	while (take_piece(p, &i)) {
		struct failure why = { 0 };

		if (scan_piece(w, i, &why) < 0)
			note_failure(p, i, &why);
	}
	pthread_mutex_lock(&p->lock);
	p->running--;
	pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void wait_for_all(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->running) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += SHOW_EVERY_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (!p->progress->wanted)
			pthread_cond_wait(&p->ended, &p->lock);
		else if (pthread_cond_timedwait(&p->ended, &p->lock, &until) != 0)
			progress_show(p->progress);
	}
	pthread_mutex_unlock(&p->lock);
	progress_end(p->progress);
}

static void init_pool(struct pool *p)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&p->lock, NULL);
	p->seen = mem_zalloc(p->view->fields.n * sizeof *p->seen);
}

/* ---- the whole ---- */

static void plan(struct pool *p, const struct log_dir *d, struct position from, struct position to)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct log_segment *s = &d->segment[i];
		struct piece piece = { s->head.first, s->end };

		if (piece.from.at < from.at)
			piece.from = from;
		if (piece.to.at >= to.at)
			piece.to = to;
		if (piece.from.at >= piece.to.at)
			continue;
		p->piece = mem_grow(p->piece, p->n, &p->cap, sizeof *p->piece);
		p->piece[p->n++] = piece;
	}
}

/* A field that no segment has is null everywhere: perhaps it is not written well. Without a time nothing is in any window. */
static int check_columns(const struct pool *p, const struct worker *w, struct failure *f)
{
	const struct view *v = p->view;

	for (size_t i = 0; i < v->fields.n && p->n; i++) {
		struct span name = v->fields.ref[i].text;

		if (p->seen[i] || (int)i == v->op_field || (int)i == v->change_field)
			continue;
		if ((int)i == v->time_field)
			return lacks_time(w, f);
		warn("%s: no column \"%.*s\": it is null", w->log.path, (int)(name.n > 60 ? 60 : name.n), name.p);
	}
	return 0;
}

static int run(struct pool *p, struct worker *w, unsigned threads, struct intake *t, struct failure *f)
{
	p->running = threads;
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			die(EXIT_MEMORY, "-j %u: cannot start that many threads", threads);
	wait_for_all(p);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(w[i].thread, NULL);
		intake_merge(t, &w[i].intake);
	}
	if (p->failed != SIZE_MAX) {
		*f = p->failure;
		return -1;
	}
	return check_columns(p, w, f) < 0 ? -1 : check_bound(p->options, t, f);
}

int scan_log(const struct log_dir *d, struct position from, struct position to, const struct scan_options *o, struct progress *progress,
             struct intake *t, struct failure *f)
{
	struct pool p = { .options = o, .view = t->view, .progress = progress, .failed = SIZE_MAX };
	struct worker *w;
	unsigned threads, opened = 0;
	int rc = 0;

	plan(&p, d, from, to);
	threads = p.n < o->threads ? (unsigned)p.n : o->threads;
	w = mem_zalloc((threads ? threads : 1) * sizeof *w);
	init_pool(&p);
	progress_begin(progress, to.at - from.at);
	for (unsigned i = 0; i < threads; i++) {
		w[i].pool = &p;
		intake_init(&w[i].intake, t->view);
	}
	while (rc == 0 && opened < threads) {
		rc = log_dir_open(&w[opened].log, d->path, false, f);
		opened += rc == 0;
	}
	if (rc == 0 && threads)
		rc = run(&p, w, threads, t, f);
	while (opened)
		log_dir_close(&w[--opened].log);
	for (unsigned i = 0; i < threads; i++)
		intake_free(&w[i].intake);
	pthread_cond_destroy(&p.ended);
	pthread_mutex_destroy(&p.lock);
	free(p.piece);
	free(p.seen);
	free(w);
	return rc;
}
