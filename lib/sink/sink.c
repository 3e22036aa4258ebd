/* SPDX-License-Identifier: MIT */
#include "lib/sink/sink_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/segment.h"
#include "lib/view/range.h"

enum kind { FRESH, A_LOG, A_VIEW };

static enum kind kind_of(const char *file)
{
	struct range_name range;
	uint64_t first;

	if (segment_name_parse(file, ".log", &first) == 0 || segment_name_parse(file, ".log.gz", &first) == 0)
		return A_LOG;
	return range_name_parse(file, &range) == 0 ? A_VIEW : FRESH;
}

static int look(int dir, const char *path, enum kind *kind, struct failure *f)
{
	struct disk_list list = { 0 };

	*kind = FRESH;
	if (disk_read_dir(dir, path, &list, f) < 0)
		return -1;
	for (size_t i = 0; i < list.n && *kind == FRESH; i++)
		*kind = kind_of(list.name[i]);
	disk_list_free(&list);
	return 0;
}

int sink_read(const char *path, const char *source, struct sink_state *s, struct failure *f)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	enum kind kind;

	s->epoch = 0;
	strcpy(s->run, "-");
	buf_clear(&s->pos);
	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0) {
		dir = disk_dir(path, false, f);
		if (dir < 0)
			return -1;
	}
	rc = look(dir, path, &kind, f);
	if (rc == 0 && kind == A_LOG)
		rc = sink_read_log(dir, path, s, f);
	if (rc == 0 && kind == A_VIEW)
		rc = sink_read_view(dir, path, source, s, f);
	close(dir);
	return rc;
}

static int expect(const char *path, enum kind other, const char *text, struct failure *f)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	enum kind kind = FRESH;

	if (dir < 0)
		return 0;               /* whoever opens it will say why */
	rc = look(dir, path, &kind, f);
	close(dir);
	return rc == 0 && kind == other ? failure_set(f, EXIT_CONFIG, "%s: %s", path, text) : rc;
}

int sink_expect_log(const char *path, struct failure *f)
{
	return expect(path, A_VIEW, "it is a view, not a log", f);
}

int sink_expect_view(const char *path, struct failure *f)
{
	return expect(path, A_LOG, "it is a log, not a view", f);
}

void sink_state_free(struct sink_state *s)
{
	buf_free(&s->pos);
}
