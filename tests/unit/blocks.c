/* SPDX-License-Identifier: MIT */
/* Blocks parsed by several threads, each with its own rows: the same records as by one reader. */
#include "lib/text/blocks.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/text/rows.h"
#include "tests/unit/check.h"
#include "tests/unit/transcript.h"

#define WORKERS 3
#define QUEUE 4

/* A slot is empty, holds a block to be parsed, or a transcript to be printed, in order. */
struct slot {
	enum { EMPTY, READY, TAKEN, DONE } state;
	struct block block;
	struct buf out;
};

struct team {
	struct blocks *blocks;
	const struct fields *fields;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct slot slot[QUEUE];
	bool ended;
};

static void parse(struct rows *rows, struct slot *slot)
{
	struct batch batch;
	struct bad_record bad;
	enum read_event e;

	rows_begin(rows, &slot->block);
	while ((e = rows_next(rows, &batch, &bad)) != READ_END)
		if (e == READ_BAD)
			transcript_bad(&slot->out, bad.line, bad.raw, bad.reason);
		else
			for (size_t i = 0; i < batch.n; i++)
				transcript_row(&slot->out, batch.line[i], batch.raw[i], batch.field + i * batch.width, batch.width);
}

static struct slot *next_slot(struct team *t)
{
	for (;;) {
		for (int i = 0; i < QUEUE; i++)
			if (t->slot[i].state == READY)
				return &t->slot[i];
		if (t->ended)
			return NULL;
		pthread_cond_wait(&t->changed, &t->lock);
	}
}

static void *work(void *arg)
{
	struct team *t = arg;
	struct rows *rows = rows_new(t->fields, 0);
	struct slot *slot;

	pthread_mutex_lock(&t->lock);
	while ((slot = next_slot(t))) {
		slot->state = TAKEN;
		pthread_mutex_unlock(&t->lock);
		parse(rows, slot);
		blocks_release(t->blocks, &slot->block);
		pthread_mutex_lock(&t->lock);
		slot->state = DONE;
		pthread_cond_broadcast(&t->changed);
	}
	pthread_mutex_unlock(&t->lock);
	rows_free(rows);
	return NULL;
}

/* Waits until the slot is done, and prints it. Under lock. */
static void drain(struct team *t, struct slot *slot, struct buf *out)
{
	while (slot->state == READY || slot->state == TAKEN)
		pthread_cond_wait(&t->changed, &t->lock);
	buf_span(out, buf_view(&slot->out));
	buf_clear(&slot->out);
	slot->state = EMPTY;
}

static void put(struct team *t, struct slot *slot, enum read_event e, struct block *block)
{
	if (e == READ_BAD)
		transcript_bad(&slot->out, block->line, (struct span){ block->data, block->n }, block->reason);
	if (e == READ_CONTROL)
		transcript_control(&slot->out, (struct span){ block->data, block->n });
	if (e != READ_ROWS) {
		blocks_release(t->blocks, block);
		return;
	}
	slot->block = *block;
	slot->state = READY;
	pthread_cond_broadcast(&t->changed);
}

static void read_by_team(struct buf *out, const char *path, const struct fields *fields)
{
	struct reader_options options = { 0 };
	struct team t = { .blocks = blocks_open(path, fields, &options), .fields = fields,
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	pthread_t thread[WORKERS];
	struct block block;
	enum read_event e;
	int i;

	for (i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, work, &t);
	for (i = 0; (e = blocks_next(t.blocks, &block)) != READ_END && e != READ_ERROR; i = (i + 1) % QUEUE) {
		pthread_mutex_lock(&t.lock);
		drain(&t, &t.slot[i], out);
		put(&t, &t.slot[i], e, &block);
		pthread_mutex_unlock(&t.lock);
	}
	pthread_mutex_lock(&t.lock);
	for (int k = 0; k < QUEUE; k++) {
		drain(&t, &t.slot[(i + k) % QUEUE], out);
		buf_free(&t.slot[(i + k) % QUEUE].out);
	}
	t.ended = true;
	pthread_cond_broadcast(&t.changed);
	pthread_mutex_unlock(&t.lock);
	for (int k = 0; k < WORKERS; k++)
		pthread_join(thread[k], NULL);
	CHECK_INT(e, READ_END);
	buf_text(out, "END\n");
	blocks_free(t.blocks);
}

static void same_by_team(struct span text)
{
	struct fields f = { 0 };
	struct buf one = { 0 }, many = { 0 };
	const char *error;
	char path[40];
	int fd = memfd_create("blocks", MFD_CLOEXEC);

	CHECK_INT(fields_add(&f, SPAN("b"), &error), 0);
	for (size_t at = 0; at < text.n;) {
		ssize_t n = write(fd, text.p + at, text.n - at);

		if (n <= 0)
			abort();
		at += (size_t)n;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	transcript_read(&one, path, &f, &(struct reader_options){ 0 });
	read_by_team(&many, path, &f);
	CHECK(one.n > text.n / 2);
	CHECK(span_eq(buf_view(&one), buf_view(&many)));
	close(fd);
	buf_free(&one);
	buf_free(&many);
	fields_free(&f);
}

TEST(several_threads)
{
	struct buf text = { 0 };
	unsigned long long seed = 5;

	buf_text(&text, "a,b,c\n");
	for (int i = 0; i < 100000; i++)
		switch (check_random(&seed) % 1000) {
		case 0: buf_text(&text, "ragged\n"); break;
		case 1: buf_text(&text, "1,\"unclosed,3\n"); break;
		case 2: buf_text(&text, "1,\"two\nlines\",3\n"); break;
		default: buf_printf(&text, "%d,some text,more text\n", i);
		}
	same_by_team(buf_view(&text));
	buf_free(&text);
}

TEST(several_threads_controlled)
{
	struct buf text = { 0 };

	buf_text(&text, "#!weir stream format=csv\n#!weir columns a,b,c\n");
	for (int i = 0; i < 100000; i++) {
		buf_printf(&text, "%d,x,\\\n", i);
		if (i % 1000 == 0)
			buf_printf(&text, "#!weir watermark t=%d\n", i);
		if (i % 5000 == 0)
			buf_text(&text, i % 10000 ? "#!weir columns a,b,c\n" : "#!weir columns b,c,a\n");
	}
	same_by_team(buf_view(&text));
	buf_free(&text);
}
