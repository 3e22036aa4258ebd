/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "batch/rebuild/generations.h"
#include "batch/rebuild/rebuild.h"
#include "lib/base/diag.h"
#include "lib/view/tiling.h"

struct step_back {
	const struct rebuild_options *o;
	struct failure *failure;
	struct generations files;
	const char *log;                /* id */
	size_t newest;
};

/* How far must the view reach without the newest generation? As far as the one before it; without one, as far as now. A frozen one is
 * none: it is what generations stand on. */
static uint64_t must_reach(const struct step_back *s)
{
	const struct range_list *l = &s->files.files;
	size_t second = l->n;

	for (size_t i = 0; i < l->n; i++)
		if (i != s->newest && l->name[i].kind == RANGE_BATCH && strcmp(l->name[i].source, s->files.source) == 0 &&
		    (second == l->n || l->name[i].generation > l->name[second].generation))
			second = i;
	return l->name[second < l->n ? second : s->newest].to;
}

static int find(struct step_back *s)
{
	const struct range_name *n;

	if (generations_read(&s->files, s->failure) < 0)
		return -1;
	s->newest = generations_newest(&s->files, NULL);
	if (s->newest == s->files.files.n)
		return failure_set(s->failure, EXIT_CONFIG, "%s: there is no generation of %s to take back", s->o->store, s->files.source);
	n = &s->files.files.name[s->newest];
	if (n->kind == RANGE_FROZEN)
		return failure_set(s->failure, EXIT_CONFIG, "%s: generation %llu is frozen: the log may lack what it holds", s->o->store, (unsigned long long)n->generation);
	return 0;
}

static int take_back(struct step_back *s, struct out *out)
{
	const char *file = s->files.files.file[s->newest];
	unsigned long long generation = s->files.files.name[s->newest].generation;
	struct tilings without = { 0 };
	bool twice = tilings_check_names(s->files.dir, s->o->store, s->files.source, s->log, &(struct failure){ 0 }) < 0;
	uint64_t want = twice ? 0 : must_reach(s);      /* of a log that has another name here nothing is lost */
	int rc = tiling_without(s->files.dir, s->o->store, s->files.source, file, &without, s->failure);

	if (rc == 0 && without.of[0].end.at < want)
		rc = failure_set(s->failure, EXIT_CONFIG, "%s: without generation %llu it would end at %llu, not at %llu: rebuild instead", s->o->store, generation,
		                 (unsigned long long)without.of[0].end.at, (unsigned long long)want);
	if (rc == 0 && unlinkat(s->files.dir, file, 0) < 0)
		rc = failure_set(s->failure, EXIT_IO, "%s/%s: %s", s->o->store, file, strerror(errno));
	if (rc == 0)
		rc = disk_sync_dir(s->files.dir, s->o->store, s->failure);
	if (rc == 0)
		buf_printf(&out->buf, "removed %s: served up to %llu, by batch up to %llu\n", file, (unsigned long long)without.of[0].end.at,
		           (unsigned long long)without.of[0].cut);
	tilings_free(&without);
	return rc;
}

int rebuild_rollback(const struct rebuild_options *o, struct out *out, struct failure *f)
{
	struct step_back s = { .o = o, .failure = f };
	int dir = disk_dir(o->store, false, f), lock = dir < 0 ? -1 : generations_lock(dir, o->wait_ms, f), rc = -1;
	struct log_dir log;

	if (lock >= 0 && log_dir_open(&log, o->log, true, f) == 0) {
		s.log = log.id;
		s.files = (struct generations){ .dir = dir, .path = o->store, .source = log.name };
		rc = find(&s) < 0 ? -1 : take_back(&s, out);
		generations_free(&s.files);
		log_dir_close(&log);
	}
	if (lock >= 0)
		close(lock);
	if (dir >= 0)
		close(dir);
	return rc < 0 ? f->status : 0;
}
