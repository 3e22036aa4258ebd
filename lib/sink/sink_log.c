/* SPDX-License-Identifier: MIT */
/* The last committed block of a log says how far its source was. */
#include <string.h>

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/log/commits.h"
#include "lib/log/tail.h"
#include "lib/sink/sink_impl.h"

static void take(struct sink_state *s, const struct block_trailer *t)
{
	s->epoch = t->epoch;
	memcpy(s->run, t->run, sizeof s->run);
	buf_span(&s->pos, buf_view(&t->source));
}

int sink_read_log(int dir, const char *path, struct sink_state *s, struct failure *f)
{
	struct block_trailer t = { 0 };
	bool found;
	int rc = log_tail_commit(dir, path, &t, &found, f);

	if (rc == 0 && found && t.has_source)
		take(s, &t);
	block_trailer_free(&t);
	return rc;
}

static int read_before(int dir, const char *path, uint64_t back, struct sink_state *s, struct position *end, struct failure *f)
{
	struct block_trailer t = { 0 };
	bool found;
	int rc = log_commit_before(dir, path, back, &t, &found, f);

	if (rc == 0 && !found)
		rc = failure_set(f, EXIT_CONFIG, "%s: it has no commit %" PRIu64 " epochs before its last one", path, back);
	if (rc == 0) {
		take(s, &t);
		*end = t.end;
	}
	block_trailer_free(&t);
	return rc;
}

int sink_read_before(const char *path, uint64_t back, struct sink_state *s, struct position *end, struct failure *f)
{
	int dir, rc;

	*s = (struct sink_state){ .run = "-" };
	if (sink_expect_log(path, f) < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return failure_set(f, EXIT_IO, "%s: %m", path);
	rc = read_before(dir, path, back, s, end, f);
	close(dir);
	return rc;
}
