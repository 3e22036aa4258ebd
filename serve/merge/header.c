/* SPDX-License-Identifier: MIT */
#include "serve/merge/header.h"

#include <inttypes.h>

#include "lib/stream/control.h"

struct header {
	const struct view *view;
	int64_t delay;                  /* of the watermark */
	bool json;
	int64_t now;
	struct buf *out;
};

static void begin(const struct header *h)
{
	if (h->json)
		control_begin(h->out, true, "view");
	else
		buf_byte(h->out, '#');
}

static void add_text(const struct header *h, const char *name, const char *text)
{
	control_add(h->out, h->json, name, span_of(text));
}

static void add_count(const struct header *h, const char *name, uint64_t n)
{
	control_add_i64(h->out, h->json, name, (int64_t)n);
}

static void add_time(const struct header *h, const char *name, int64_t t)
{
	struct buf text = { 0 };

	time_print(&text, t, h->view->zone, h->view->time_format);
	control_add(h->out, h->json, name, buf_view(&text));
	buf_free(&text);
}

/* The largest event time, and the W that it makes where the definition states a delay. */
static void add_times(const struct header *h, int64_t t)
{
	add_time(h, "t", t);
	if (h->delay != VIEW_NO_DELAY)
		add_time(h, "watermark", time_add(time_add(t, -h->delay), -1));
}

/* A file from the future is new. */
static void add_age(const struct header *h, int64_t written)
{
	int64_t age = h->now > written ? h->now - written : 0;
	struct buf text = { 0 };

	buf_printf(&text, "%" PRId64 ".%03ds", age / 1000, (int)(age % 1000));
	control_add(h->out, h->json, "age", buf_view(&text));
	buf_free(&text);
}

static void print_tiles(const struct header *h, const struct tiling *t)
{
	uint64_t speed = 0, rejected = 0;
	bool has_time = false;
	int64_t last = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct range_head *head = &t->tile[i].head;

		speed += t->tile[i].name.kind == RANGE_SPEED;
		rejected += head->rejected;
		if (head->has_time && (!has_time || head->time > last))
			last = head->time;
		has_time |= head->has_time;
	}
	add_count(h, "speed", speed);
	add_text(h, "definition", t->hash);
	if (has_time)
		add_times(h, last);
	add_count(h, "rejected", rejected);
}

static void print_source(const struct header *h, const char *view, const struct tiling *t, int64_t written)
{
	char end[POSITION_TEXT];

	begin(h);
	add_text(h, "view", view);
	add_text(h, "source", t->source);
	add_text(h, "log", t->log);
	position_print(t->end, end);
	add_text(h, "position", end);
	add_count(h, "cut", t->cut);
	add_count(h, "generation", t->generation);
	print_tiles(h, t);
	if (t->n)
		add_age(h, written);
	add_text(h, "complete", t->gap ? "no" : "yes");
	control_end(h->out, h->json);
}

static void print_absent(void *context, struct span source)
{
	const struct header *h = context;

	begin(h);
	control_add(h->out, h->json, "source", source);
	add_text(h, "complete", "no");
	control_end(h->out, h->json);
}

void header_print(const struct operands *o, const struct view *v, const struct view *named, int64_t delay, bool json, int64_t now, struct buf *out)
{
	struct header h = { v, delay, json, now, out };

	for (size_t i = 0; i < o->nviews; i++)
		for (size_t k = 0; k < o->view[i].tilings.n; k++)
			print_source(&h, o->view[i].path, &o->view[i].tilings.of[k], o->view[i].written[k]);
	operands_absent(o, named, print_absent, &h);
}
