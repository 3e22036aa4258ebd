/* SPDX-License-Identifier: MIT */
#include "speed/dedupe_state.h"

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/base/mutant.h"
#include "lib/stream/signals.h"
#include "lib/text/decimal.h"
#include "lib/text/percent.h"

struct side_mark {
	char *path;
	uint64_t length;
};

static struct side_mark *mark_of(struct dedupe_state *s, const char *path)
{
	for (size_t i = 0; i < s->nmarks; i++)
		if (strcmp(s->mark[i].path, path) == 0)
			return &s->mark[i];
	s->mark = mem_grow(s->mark, s->nmarks, &s->marks_cap, sizeof *s->mark);
	s->mark[s->nmarks] = (struct side_mark){ .path = mem_text(span_of(path)) };
	return &s->mark[s->nmarks++];
}

/* ---- loading ---- */

static struct span take_word(struct span *rest)
{
	const char *blank = memchr(rest->p, ' ', rest->n);
	struct span word = { rest->p, blank ? (size_t)(blank - rest->p) : rest->n };

	rest->p += word.n + (blank != NULL), rest->n -= word.n + (blank != NULL);
	return word;
}

static bool take_i64(struct span *rest, int64_t *v)
{
	struct decimal d;

	return decimal_parse(take_word(rest), &d) == 0 && decimal_to_i64(d, v) == 0;
}

static bool take_text(struct span rest, struct buf *text)
{
	buf_clear(text);
	return percent_decode(text, rest) == 0;
}

static bool load_key(struct dedupe_state *s, struct span rest)
{
	int64_t ms = 0;

	if ((s->kept->within && !take_i64(&rest, &ms)) || !take_text(rest, &s->entry))
		return false;
	kept_add(s->kept, buf_view(&s->entry), hash_bytes(s->entry.p, s->entry.n), ms);
	return true;
}

static bool load_watermark(struct dedupe_state *s, struct span rest)
{
	struct watermark_input *in = s->watermark->input;
	int64_t ahead;

	if (!take_i64(&rest, &in->max_ms) || !take_i64(&rest, &in->at) || !take_i64(&rest, &ahead) || !take_i64(&rest, &in->ahead_ms))
		return false;
	in->ahead = (unsigned)ahead;
	watermark_combine(s->watermark);
	kept_forget(s->kept, s->watermark->at);
	return true;
}

static bool load_side(struct dedupe_state *s, struct span rest)
{
	int64_t length;

	if (!take_i64(&rest, &length) || length < 0 || !take_text(rest, &s->entry))
		return false;
	buf_byte(&s->entry, '\0');
	mark_of(s, s->entry.p)->length = (uint64_t)length;
	return true;
}

static bool load_lines(struct dedupe_state *s, struct span rest)
{
	int64_t lines;

	if (!take_i64(&rest, &lines))
		return false;
	s->lines = (uint64_t)lines;
	return true;
}

struct loader {
	struct dedupe_state *state;
	struct failure *failure;
};

static int load_entry(void *context, struct span entry)
{
	struct loader *l = context;
	struct span rest = entry, kind = take_word(&rest);
	bool ok = kind.n == 1 && (kind.p[0] == 'k' ? load_key(l->state, rest) : kind.p[0] == 'w' ? load_watermark(l->state, rest) :
	                          kind.p[0] == 's' ? load_side(l->state, rest) : kind.p[0] == 'l' && load_lines(l->state, rest));

	if (!ok)
		failure_set(l->failure, EXIT_DATA, "no entry of a state: \"%.*s\"", (int)(entry.n > 60 ? 60 : entry.n), entry.p);
	return ok ? 0 : -1;
}

/* ---- saving ---- */

static void put(struct dedupe_state *s)
{
	journal_put(s->journal, buf_view(&s->entry));
	buf_clear(&s->entry);
}

static void put_key(void *context, struct span key, int64_t ms)
{
	struct dedupe_state *s = context;

	buf_text(&s->entry, "k ");
	if (s->kept->within) {
		buf_i64(&s->entry, ms);
		buf_byte(&s->entry, ' ');
	}
	percent_encode(&s->entry, key, "");
	put(s);
}

static void put_numbers(struct dedupe_state *s)
{
	const struct watermark_input *in = s->watermark->input;

	if (in->max_ms != WATERMARK_NONE || in->at != WATERMARK_NONE) {
		buf_printf(&s->entry, "w %lld %lld %u %lld", (long long)in->max_ms, (long long)in->at, in->ahead, (long long)in->ahead_ms);
		put(s);
	}
	buf_printf(&s->entry, "l %llu", (unsigned long long)s->lines);
	put(s);
}

static int put_sides(struct dedupe_state *s, struct failure *f)
{
	for (size_t i = 0; i < DEDUPE_SIDES; i++) {
		if (s->side[i] && side_sync(s->side[i], f) < 0)
			return -1;
		if (s->side[i])
			mark_of(s, side_path(s->side[i]))->length = side_length(s->side[i]);
	}
	for (size_t i = 0; i < s->nmarks; i++) {
		buf_printf(&s->entry, "s %llu ", (unsigned long long)s->mark[i].length);
		percent_encode(&s->entry, span_of(s->mark[i].path), "");
		put(s);
	}
	return 0;
}

static int save(struct dedupe_state *s, struct failure *f)
{
	const struct barrier *b = &s->stage.barrier;

	s->lines += b->n;
	buf_clear(&s->entry);
	kept_each(s->kept, journal_begin(s->journal), put_key, s);
	put_numbers(s);
	if (put_sides(s, f) < 0)
		return -1;
	return journal_commit(s->journal, b->epoch, b->committed, f);
}

/* ---- the stream ---- */

/* Without a state to go on from they stay as they are. */
static void hold_sides(struct dedupe_state *s)
{
	for (size_t i = 0; i < DEDUPE_SIDES; i++)
		if (s->side[i])
			side_hold(s->side[i]);
}

static int resume_sides(struct dedupe_state *s, struct failure *f)
{
	for (size_t i = 0; i < DEDUPE_SIDES; i++)
		if (s->side[i] && side_resume(s->side[i], mark_of(s, side_path(s->side[i]))->length, f) < 0)
			return -1;
	return 0;
}

int dedupe_state_begin(struct dedupe_state *s, const char *dir, struct out *out, const char *format, const struct control *c, struct span options, struct failure *f)
{
	struct loader loader = { s, f };
	const struct resume *r = &s->stage.resume;
	char cfg[LINEAGE_TEXT] = "";

	hold_sides(s);
	if (!dir)
		return failure_set(f, EXIT_CONFIG, "a checked stream needs --state DIR: what was passed on must outlive this run");
	lineage_fold(cfg, "dedupe", options);
	s->journal = journal_open(dir, "dedupe", cfg, f);
	if (!s->journal || stage_begin(&s->stage, "dedupe", out, format, c, options, f) < 0)
		return -1;
	if (journal_load(s->journal, r->epoch, r->erun, r->run, load_entry, &loader, f) < 0 || resume_sides(s, f) < 0)
		return -1;
	kept_journal(s->kept);
	stage_signals();
	stage_forward(&s->stage);
	return out_flush(out);
}

static int pass(struct dedupe_state *s, struct failure *f)
{
	if (mutant("early-forward") && stage_pass(&s->stage) < 0)
		return -1;
	if (save(s, f) < 0)
		return -1;
	return mutant("early-forward") ? 0 : stage_pass(&s->stage);
}

int dedupe_state_control(struct dedupe_state *s, const struct control *c, struct failure *f)
{
	int rc = s->stage.checked ? stage_barrier(&s->stage, c, f) : 0;

	return rc <= 0 ? rc : pass(s, f) < 0 ? -1 : 1;
}

int dedupe_state_end(struct dedupe_state *s, struct failure *f)
{
	struct barrier *b = &s->stage.barrier;

	if (!b->epoch) {
		b->epoch = s->stage.resume.epoch;
		memcpy(b->run, s->stage.resume.run, sizeof b->run);
		buf_span(&b->pos, buf_view(&s->stage.resume.pos));
	}
	b->epoch++;
	b->kind = BARRIER_END;
	return pass(s, f);
}

void dedupe_state_free(struct dedupe_state *s)
{
	journal_close(s->journal);
	stage_free(&s->stage);
	for (size_t i = 0; i < s->nmarks; i++)
		free(s->mark[i].path);
	free(s->mark);
	buf_free(&s->entry);
}
