/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/input.h"
#include "speed/cdc/file/tail.h"

#define FD_PATH 40

/* ---- opening ---- */

void tail_drop_text(struct tail *t)
{
	buf_clear(&t->text);
	t->skip = 0;
}

void tail_rewind(struct tail *t)
{
	struct stat st;

	if (fstat(t->fd, &st) == 0)
		t->mtime_ns = tail_ns(&st.st_mtim);
	if (t->trail.offset) {
		trail_place(&t->trail, t->dev, t->ino, &t->place);
		t->has_place = true;
	}
	tail_drop_text(t);
	t->held = 0;
	t->trail = (struct file_trail){ 0 };
	t->has_header = false;
}

void tail_leave(struct tail *t)
{
	if (t->fd < 0)
		return;
	tail_rewind(t);
	close(t->fd);
	t->fd = -1;
	input_free(t->inflate);
	t->inflate = NULL;
}

/* The file again, whatever its name is by now. */
struct input *tail_open_again(int fd)
{
	char path[FD_PATH];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return input_open(path);
}

static bool is_gzip(int fd)
{
	unsigned char begin[2];

	return pread(fd, begin, 2, 0) == 2 && begin[0] == 0x1f && begin[1] == 0x8b;
}

/* Files that rotation has compressed otherwise. */
static bool is_packed(int fd)
{
	static const struct {
		const char *begin;
		size_t n;
	} kind[] = { { "\xfd" "7zXZ", 5 }, { "\x28\xb5\x2f\xfd", 4 }, { "BZh", 3 }, { "\x04\x22\x4d\x18", 4 }, { "PK\3\4", 4 } };
	char begin[8] = "";
	ssize_t n = pread(fd, begin, sizeof begin, 0);

	for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
		if (n >= (ssize_t)kind[i].n && memcmp(begin, kind[i].begin, kind[i].n) == 0)
			return true;
	return false;
}

int tail_fail_input(const char *path, struct input *in, struct failure *f)
{
	bool cut = strstr(input_error(in), "unexpected end") != NULL;  /* gzip(1) may be at work */

	return failure_set(f, cut ? EXIT_RETRY : input_status(in), "%s: %s", path, input_error(in));
}

/* Is the place in this file? 1: yes, and the trail is that of the place; 0; -1. Without a place: the beginning of any. */
static int reach(const char *path, int fd, const struct file_place *place, struct file_trail *trail, struct input **inflate, struct failure *f)
{
	struct input *in = tail_open_again(fd);
	int rc = 1;

	*trail = (struct file_trail){ 0 };
	if (place)
		rc = place_reach(place, in, trail);
	if (rc < 0)
		tail_fail_input(path, in, f);
	if (rc == 1 && is_gzip(fd))
		*inflate = in;
	else
		input_free(in);
	return rc;
}

/* Takes a file to hand, at the place: 1; 0: the place is not in it, or it has gone; -1. Without a place: at its beginning. */
static int open_file(struct tail *t, const char *path, const struct file_place *place, struct failure *f)
{
	struct file_trail trail;
	struct input *inflate = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : failure_set(f, EXIT_IO, "%s: %m", path);
	rc = fstat(fd, &st) < 0 ? failure_set(f, EXIT_IO, "%s: %m", path) : reach(path, fd, place, &trail, &inflate, f);
	if (rc == 1 && is_packed(fd))
		rc = failure_set(f, EXIT_CONFIG, "%s: it is compressed, but not by gzip: unpack it", path);
	if (rc != 1) {
		close(fd);
		return rc;
	}
	tail_leave(t);
	free(t->path);
	t->path = mem_text(span_of(path));
	t->fd = fd;
	t->inflate = inflate;
	t->trail = trail;
	t->dev = st.st_dev;
	t->ino = st.st_ino;
	t->is_told = false;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 1;
}

static bool is_ours(const struct tail *t, const struct file_entry *e)
{
	return t->fd >= 0 && e->dev == t->dev && e->ino == t->ino;
}

/* ---- gaps ---- */

int tail_gap(const struct tail *t, struct failure *f, const char *what)
{
	if (!t->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "%s: %s: records are lost (--on-gap continue goes on without them)", t->request->place, what);
	warn("%s: %s: records are lost", t->request->place, what);
	return 0;
}

/* ---- which file ---- */

/* First that whose inode it was. */
static int find_place_in(struct tail *t, const struct file_place *place, const struct file_set *set, bool others, struct failure *f)
{
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < set->n; i++) {
			bool same = set->of[i].dev == place->dev && set->of[i].ino == place->ino;
			int rc;

			if (same == (round == 1) || (same && others))
				continue;
			rc = open_file(t, set->of[i].path, place, f);
			if (rc)
				return rc;
		}
	return 0;
}

/* A file may have got another name, or its copy have been compressed, between the listing and our opening it: only where two listings in a row are the
 * same it is nowhere. */
int tail_find_place(struct tail *t, const struct file_place *place, bool others, struct failure *f)
{
	struct file_set set;
	bool same = false;
	int rc = file_set_list(&set, t->request->place, f);

	while (rc == 0 && !same && (rc = find_place_in(t, place, &set, others, f)) == 0) {
		struct file_set again;

		rc = file_set_list(&again, t->request->place, f);
		same = file_set_same(&set, &again);
		file_set_free(&set);
		set = again;
	}
	file_set_free(&set);
	return rc;
}

/* Does it hold what we have read already? */
static int is_copy(const struct file_entry *e, const struct file_place *place, struct failure *f)
{
	struct file_trail trail;
	struct input *inflate = NULL;
	int fd, rc;

	if (place->offset == 0)
		return 0;
	fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 1 : failure_set(f, EXIT_IO, "%s: %m", e->path);
	rc = reach(e->path, fd, place, &trail, &inflate, f);
	input_free(inflate);
	close(fd);
	return rc;
}

void tail_place(const struct tail *t, struct file_place *place)
{
	if (t->fd >= 0 && t->trail.offset)
		trail_place(&t->trail, t->dev, t->ino, place);
	else
		*place = t->place;
}

/* The first file, the one at hand or another, that was written after that time and is no copy of the one where the place is. Its number in the set;
 * set->n: there is none; -1. */
static ssize_t find_after(const struct tail *t, const struct file_set *set, const struct file_place *place, int64_t mtime_ns, bool others, struct failure *f)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct file_entry *e = &set->of[i];
		int copy;

		if ((others && is_ours(t, e)) || (!e->is_named && e->mtime_ns <= mtime_ns))
			continue;
		copy = is_copy(e, place, f);
		if (copy < 0)
			return -1;
		if (!copy)
			return (ssize_t)i;
	}
	return (ssize_t)set->n;
}

/* The one that comes after the file at hand, or after the one that was. */
ssize_t tail_find_next(const struct tail *t, const struct file_set *set, struct failure *f)
{
	int64_t mtime_ns = t->mtime_ns;
	struct file_place place;
	struct stat st;

	if (t->fd >= 0 && fstat(t->fd, &st) == 0)
		mtime_ns = tail_ns(&st.st_mtim);
	tail_place(t, &place);
	return find_after(t, set, &place, mtime_ns, true, f);
}

/* 1: it is open; 0: there is none yet; -1. */
int tail_open_next(struct tail *t, struct failure *f)
{
	struct file_set set;
	ssize_t i = -1;
	int rc = file_set_list(&set, t->request->place, f);

	if (rc == 0)
		i = tail_find_next(t, &set, f);
	if (i >= 0)
		rc = (size_t)i < set.n ? open_file(t, set.of[i].path, NULL, f) : 0;
	else
		rc = -1;
	file_set_free(&set);
	return rc;
}

/* Is the file at hand, of which nothing was emitted yet, the one that comes after the one that was? Its text is here already, but the file may
 * have been copied and truncated meanwhile, with nothing in it that would tell. 1; 0: another one is open now; -1. */
int tail_confirm_next(struct tail *t, struct failure *f)
{
	struct file_set set;
	ssize_t i = -1;
	int rc = 1;

	if (t->trail.offset || !t->has_place)
		return 1;
	if (file_set_list(&set, t->request->place, f) == 0)
		i = find_after(t, &set, &t->place, t->mtime_ns, false, f);
	if (i < 0)
		rc = -1;
	else if ((size_t)i < set.n && !is_ours(t, &set.of[i]))
		rc = open_file(t, set.of[i].path, NULL, f) < 0 ? -1 : 0;
	file_set_free(&set);
	return rc;
}

/* Without a position: the file of that name, or the oldest of a pattern. */
int tail_open_first(struct tail *t, struct failure *f)
{
	struct file_set set;
	int rc = file_set_list(&set, t->request->place, f);
	size_t first = file_name_is_pattern(t->request->place) || set.n == 0 ? 0 : set.n - 1;

	if (rc == 0 && set.n && (set.of[first].is_named || file_name_is_pattern(t->request->place)))
		rc = open_file(t, set.of[first].path, NULL, f);
	file_set_free(&set);
	return rc;
}

/* Nothing was read yet when the sink was left: the first file that was written since. Clocks of files tick in milliseconds: one of the very same time may be
 * an older one, whose records nobody has asked for; the other way round some would be lost. */
static int open_since(struct tail *t, struct failure *f)
{
	const struct file_place *p = &t->place;
	struct file_set set;
	int rc = file_set_list(&set, t->request->place, f);
	size_t i = 0;

	t->mtime_ns = p->mtime_ns - 1;
	while (i < set.n && set.of[i].mtime_ns < p->mtime_ns && !set.of[i].is_named)
		i++;
	if (rc == 0 && i < set.n)
		rc = open_file(t, set.of[i].path, NULL, f);
	file_set_free(&set);
	return rc;
}

int tail_open_place(struct tail *t, struct failure *f)
{
	int rc;

	if (place_parse(t->request->from, &t->place) < 0)
		return failure_set(f, EXIT_CONFIG, "%s: \"%s\" is no position in a file: is the sink fed by another source?", t->request->place,
		                   diag_show(t->request->from.p, t->request->from.n));
	t->has_place = true;
	if (t->place.offset == 0 && t->place.mtime_ns)
		return open_since(t, f);
	rc = tail_find_place(t, &t->place, false, f);
	if (rc)
		return rc;
	if (tail_gap(t, f, "none of its files is the one that was read last") < 0)
		return -1;
	t->has_place = false;
	return tail_open_first(t, f);
}

int tail_open_some(struct tail *t, struct failure *f)
{
	int rc = t->has_place ? tail_open_next(t, f) : tail_open_first(t, f);

	if (rc == 0 && !t->is_told)
		warn("%s: no such file yet: waiting for it", t->request->place);
	t->is_told = true;
	return rc;
}
