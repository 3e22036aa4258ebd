/* SPDX-License-Identifier: MIT */
#include "lib/stream/checked.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"

static const char *const barrier_word[] = { "barrier", "stop", "end" };

/* ---- values ---- */

/* A short text: run, lineage. Letters and digits alone, so that it may stand in a file name. */
static bool take_name(const struct control *c, const char *name, char *to, size_t size)
{
	struct buf text = { 0 };
	bool ok = control_value(c, name, &text) && text.n > 0 && text.n < size;

	for (size_t i = 0; ok && i < text.n; i++)
		ok = (text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] >= 'a' && text.p[i] <= 'z') || (text.p[i] == '-' && text.n == 1);
	if (ok) {
		memcpy(to, text.p, text.n);
		to[text.n] = '\0';
	}
	buf_free(&text);
	return ok;
}

static bool take_text(const struct control *c, const char *name, struct buf *to)
{
	buf_clear(to);
	return control_value(c, name, to);
}

/* ---- resume ---- */

int resume_parse(struct resume *r, const struct control *c, struct failure *f)
{
	int64_t several = 0;

	if (!take_name(c, "run", r->run, sizeof r->run) || !take_name(c, "erun", r->erun, sizeof r->erun) || !control_u64(c, "epoch", &r->epoch))
		return failure_set(f, EXIT_DATA, "malformed resume line: it lacks run, epoch or erun");
	take_text(c, "pos", &r->pos);           /* in NDJSON an empty one is as none */
	if (!take_name(c, "cfg", r->cfg, sizeof r->cfg))
		r->cfg[0] = '\0';
	take_text(c, "source", &r->source);
	take_text(c, "log", &r->log);
	take_text(c, "fallback", &r->fallback);
	r->several = control_i64(c, "several", &several) && several == 1;
	return 0;
}

void resume_print(const struct resume *r, bool json, const char *format, struct buf *out)
{
	control_begin(out, json, "resume");
	control_add(out, json, "run", span_of(r->run));
	control_add_i64(out, json, "epoch", (int64_t)r->epoch);
	control_add(out, json, "erun", span_of(r->erun));
	control_add(out, json, "pos", buf_view(&r->pos));
	control_add(out, json, "source", buf_view(&r->source));
	control_add(out, json, "log", buf_view(&r->log));
	control_add(out, json, "format", span_of(format));
	control_add(out, json, "cfg", span_of(r->cfg));
	if (r->fallback.n)
		control_add(out, json, "fallback", buf_view(&r->fallback));
	if (r->several)
		control_add_i64(out, json, "several", 1);
	control_end(out, json);
}

void resume_free(struct resume *r)
{
	buf_free(&r->pos);
	buf_free(&r->source);
	buf_free(&r->log);
	buf_free(&r->fallback);
}

/* ---- barriers ---- */

static bool barrier_kind(struct span word, enum barrier_kind *kind)
{
	for (int i = 0; i < 3; i++)
		if (span_eq(word, span_of(barrier_word[i]))) {
			*kind = (enum barrier_kind)i;
			return true;
		}
	return false;
}

int barrier_parse(struct barrier *b, const struct control *c, struct failure *f)
{
	int64_t edge = 0;

	if (!barrier_kind(c->word, &b->kind))
		return 0;
	if (!take_name(c, "run", b->run, sizeof b->run) || !control_u64(c, "epoch", &b->epoch) || !take_text(c, "pos", &b->pos) ||
	    !control_u64(c, "n", &b->n) || !control_hex32(c, "crc", &b->crc))
		return failure_set(f, EXIT_DATA, "malformed %s line: it lacks run, epoch, pos, n or crc", barrier_word[b->kind]);
	if (!control_u64(c, "committed", &b->committed))
		b->committed = 0;
	b->edge = control_i64(c, "edge", &edge) && edge == 1;
	b->has_time = control_i64(c, "t", &b->time);
	if (!control_u64(c, "rejected", &b->rejected))
		b->rejected = 0;
	return 1;
}

void barrier_print(const struct barrier *b, bool json, struct buf *out)
{
	char crc[9];

	snprintf(crc, sizeof crc, "%08" PRIx32, b->crc);
	control_begin(out, json, barrier_word[b->kind]);
	control_add(out, json, "run", span_of(b->run));
	control_add_i64(out, json, "epoch", (int64_t)b->epoch);
	control_add(out, json, "pos", buf_view(&b->pos));
	control_add_i64(out, json, "n", (int64_t)b->n);
	control_add(out, json, "crc", span_of(crc));
	control_add_i64(out, json, "committed", (int64_t)b->committed);
	if (b->edge)
		control_add_i64(out, json, "edge", 1);
	if (b->has_time)
		control_add_i64(out, json, "t", b->time);
	if (b->rejected)
		control_add_i64(out, json, "rejected", (int64_t)b->rejected);
	control_end(out, json);
}

void barrier_free(struct barrier *b)
{
	buf_free(&b->pos);
}

/* ---- run and lineage ---- */

void run_draw(char run[RUN_TEXT])
{
	uint64_t bits;

	if (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		bits = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)now.tv_sec << 20 ^ (uint64_t)getpid();
	}
	snprintf(run, RUN_TEXT, "%015" PRIx64, bits >> 4);
}

void lineage_fold(char cfg[LINEAGE_TEXT], const char *stage, struct span options)
{
	struct buf all = { 0 };

	buf_printf(&all, "%s\n%s\n", cfg, stage);
	buf_span(&all, options);
	snprintf(cfg, LINEAGE_TEXT, "%08" PRIx32, (uint32_t)(hash_xxh64(all.p, all.n) >> 32));
	buf_free(&all);
}

/* ---- as it passes ---- */

void stream_check_data(struct stream_check *k, const char *p, size_t n)
{
	const char *end = p + n;

	k->crc = hash_crc32c(k->crc, p, n);
	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		k->n++;
}

static int check_resume(struct stream_check *k, const struct control *c, struct failure *f)
{
	struct resume r = { 0 };
	int rc = resume_parse(&r, c, f);

	if (rc == 0 && k->begun)
		rc = failure_set(f, EXIT_DATA, k->on ? "a second resume line" : "a resume line that is not the first");
	k->on = true;
	memcpy(k->run, r.run, sizeof k->run);
	k->epoch = r.epoch;
	resume_free(&r);
	return rc;
}

static int check_barrier(struct stream_check *k, const struct barrier *b, struct failure *f)
{
	if (strcmp(b->run, k->run) != 0)
		return failure_set(f, EXIT_DATA, "a barrier of run %s in a stream of run %s", b->run, k->run);
	if (b->epoch != k->epoch + 1)
		return failure_set(f, EXIT_DATA, "barrier %" PRIu64 " behind epoch %" PRIu64, b->epoch, k->epoch);
	if (b->n != k->n || b->crc != k->crc)
		return failure_set(f, EXIT_DATA, "the lines before barrier %" PRIu64 " are not those that were sent: %" PRIu64 " lines, crc %08" PRIx32
		                   "; it says %" PRIu64 ", %08" PRIx32 " (filters in a checked stream go through through(1))",
		                   b->epoch, k->n, k->crc, b->n, b->crc);
	k->epoch = b->epoch;
	k->n = 0;
	k->crc = 0;
	k->done = b->kind != BARRIER;
	return 0;
}

int stream_check_control(struct stream_check *k, struct span line, struct failure *f)
{
	struct control c = { 0 };
	struct barrier b = { 0 };
	int rc = 0;

	if (control_parse(&c, line) < 0)
		rc = k->on ? failure_set(f, EXIT_DATA, "malformed control line") : 0;
	else if (k->done)
		rc = failure_set(f, EXIT_DATA, "a line behind stop or end");
	else if (span_eq(c.word, SPAN("resume")))
		rc = check_resume(k, &c, f);
	else if (k->on)
		rc = barrier_parse(&b, &c, f);
	if (rc > 0)
		rc = check_barrier(k, &b, f);
	k->begun = true;
	barrier_free(&b);
	control_free(&c);
	return rc;
}

int stream_check_end(const struct stream_check *k, struct failure *f)
{
	if (!k->on)
		return 0;
	if (!k->done)
		return failure_set(f, EXIT_RETRY, "it ends without stop or end: upstream has died; nothing of its last epoch counts");
	if (k->n || k->crc)
		return failure_set(f, EXIT_DATA, "data behind stop or end");
	return 0;
}
