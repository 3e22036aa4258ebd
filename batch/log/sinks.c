/* SPDX-License-Identifier: MIT */
#include "batch/log/sinks.h"

#include <string.h>

#include "lib/base/diag.h"

#define OPEN_MOST 8                     /* epochs sent but not committed */
#define LOOK_MS 10                      /* between looks, as long as there is room */

/* A view whose last file is one of batch names no run. */
static bool has_run(const struct one_sink *k)
{
	return strcmp(k->begin.run, "-") != 0;
}

static bool is_behind(const struct one_sink *a, const struct one_sink *b)
{
	if (a->at.at != b->at.at)
		return a->at.at < b->at.at;
	if (a->at.at && has_run(a) != has_run(b))
		return has_run(a);
	return a->begin.epoch < b->begin.epoch;
}

static int open_one(struct one_sink *k, const char *path, const char *source, struct failure *f)
{
	k->path = path;
	if (sink_read(path, source, &k->begin, f) < 0)
		return -1;
	if (position_parse(buf_view(&k->begin.pos), &k->at) == 0)
		return 0;
	return failure_set(f, EXIT_CONFIG, "%s: it stands at \"%s\", which is no position in a log: is it fed by another source?", path,
	                   diag_show(k->begin.pos.p, k->begin.pos.n));
}

/* Stages know no state of a sink that names no run. When others had come to an epoch they are not to take that for the beginning: it is
 * theirs, of no run, which a stage that keeps state refuses and others do not mind. */
static uint64_t epoch_of(const struct sinks *s, const struct one_sink *last)
{
	uint64_t epoch = last->begin.epoch;

	for (size_t i = 0; last->at.at && !has_run(last) && i < s->n; i++)
		if (s->of[i].begin.epoch > epoch)
			epoch = s->of[i].begin.epoch;
	return epoch;
}

int sinks_open(struct sinks *s, const char *const *path, size_t n, const char *source, struct failure *f)
{
	size_t last = 0;

	*s = (struct sinks){ .source = source, .run = "-", .of = mem_zalloc(n * sizeof *s->of), .n = n };
	for (size_t i = 0; i < n; i++) {
		if (open_one(&s->of[i], path[i], source, f) < 0)
			return -1;
		if (is_behind(&s->of[i], &s->of[last]))
			last = i;
	}
	if (n == 0)
		return 0;
	s->from = s->of[last].at;
	s->epoch = s->committed = s->sent = epoch_of(s, &s->of[last]);
	s->sent_at = s->from;
	memcpy(s->run, s->of[last].begin.run, sizeof s->run);
	for (size_t i = 0; i < n; i++)
		s->of[i].committed = s->of[i].had = s->epoch;
	return 0;
}

int sinks_fall_back(struct sinks *s, uint64_t epochs, struct failure *f)
{
	struct one_sink *k = s->of;
	struct sink_state before;
	int rc = sink_read_before(k->path, epochs, &before, &s->fallback, f);

	if (rc == 0 && position_parse(buf_view(&before.pos), &s->from) < 0)
		rc = failure_set(f, EXIT_CONFIG, "%s: it stood at \"%s\", which is no position in a log: is it fed by another source?", k->path,
		                 diag_show(before.pos.p, before.pos.n));
	if (rc == 0) {
		s->fell_back = true;
		s->epoch = s->committed = s->sent = k->committed = k->had = before.epoch;
		s->sent_at = s->from;
		memcpy(s->run, before.run, sizeof s->run);
	}
	sink_state_free(&before);
	return rc;
}

void sinks_close(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		sink_state_free(&s->of[i].begin);
	free(s->of);
	*s = (struct sinks){ 0 };
}

static bool same_record(const struct sink_state *a, const struct sink_state *b)
{
	return a->epoch == b->epoch && strcmp(a->run, b->run) == 0;
}

/* A view whose last file is one of batch names no run. When it ends where our last barrier was nothing is open; where else it may
 * have got without us, its store finds out. */
static bool has_all(const struct sinks *s, const struct sink_state *now)
{
	struct position at;

	return strcmp(now->run, "-") == 0 && now->pos.n && position_parse(buf_view(&now->pos), &at) == 0 && position_eq(at, s->sent_at);
}

static int look_at(struct sinks *s, struct one_sink *k, struct failure *f)
{
	struct sink_state now = { 0 };
	int rc = sink_read(k->path, s->source, &now, f);

	if (rc == 0 && strcmp(now.run, s->ours) == 0)
		k->committed = now.epoch;
	else if (rc == 0 && has_all(s, &now))
		k->committed = s->sent;
	else if (rc == 0 && !same_record(&now, &k->begin) && strcmp(now.run, "-") != 0)
		rc = failure_set(f, EXIT_RETRY, "%s: another run has taken over: %s", k->path, now.run);
	sink_state_free(&now);
	return rc;
}

void sinks_sent(struct sinks *s, uint64_t epoch, struct position at)
{
	s->sent = epoch;
	s->sent_at = at;
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].at.at >= at.at)
			s->of[i].had = epoch;
}

static uint64_t known(const struct one_sink *k)
{
	return k->committed > k->had ? k->committed : k->had;
}

static const struct one_sink *slowest(const struct sinks *s)
{
	const struct one_sink *k = s->of;

	for (size_t i = 1; i < s->n; i++)
		if (known(&s->of[i]) < known(k))
			k = &s->of[i];
	return k;
}

const char *sinks_slowest(const struct sinks *s)
{
	return slowest(s)->path;
}

bool sinks_are_full(const struct sinks *s)
{
	return s->n && s->sent - known(slowest(s)) >= OPEN_MOST;
}

bool sinks_moved(const struct sinks *s)
{
	bool moved = false;

	for (size_t i = 0; !moved && i < s->n; i++) {
		struct sink_state now = { 0 };
		struct failure ignored = { 0 };

		moved = sink_read(s->of[i].path, s->source, &now, &ignored) == 0 && !span_eq(buf_view(&now.pos), buf_view(&s->of[i].begin.pos));
		sink_state_free(&now);
	}
	return moved;
}

int sinks_look(struct sinks *s, int64_t now_ms, struct failure *f)
{
	int64_t pause = sinks_are_full(s) ? 1 : LOOK_MS;

	if (s->n == 0 || now_ms - s->looked_ms < pause)
		return 0;
	s->looked_ms = now_ms;
	for (size_t i = 0; i < s->n; i++) {
		if (look_at(s, &s->of[i], f) < 0)
			return -1;
		if (i == 0 || s->of[i].committed < s->committed)
			s->committed = s->of[i].committed;
	}
	return 0;
}

bool sinks_next_cut(const struct sinks *s, uint64_t at, uint64_t *cut)
{
	bool found = false;

	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].at.at > at && (!found || s->of[i].at.at < *cut)) {
			*cut = s->of[i].at.at;
			found = true;
		}
	return found;
}

bool sinks_cut_at_once(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].at.at == s->from.at && (s->of[i].begin.epoch != s->epoch || strcmp(s->of[i].begin.run, s->run) != 0))
			return true;
	return false;
}

int sinks_confirm(const struct sinks *s, struct position at, struct failure *f)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].at.at == at.at && s->of[i].at.chain != at.chain)
			return failure_set(f, EXIT_CONFIG, "%s: it stands at %.*s, but the log has other records before that", s->of[i].path,
			                   (int)s->of[i].begin.pos.n, s->of[i].begin.pos.p);
	return 0;
}
