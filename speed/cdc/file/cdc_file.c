/* SPDX-License-Identifier: MIT */
/* file:PATH, file:PATTERN -- files that grow. One file is read at a time, up to its end; when there is one that comes after it and nobody writes to it
 * any more, that one is next. A file that has become shorter, or has other text where we have been, was truncated: if its text was copied before, the
 * copy is read from where we were. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/input.h"
#include "lib/text/layout.h"
#include "lib/text/scan.h"
#include "speed/cdc/file/tail.h"

#define READ_SIZE (1024 * 1024)
#define LOOK_MS 1000            /* inotify does not tell what is written from elsewhere (network file systems) */
#define BLIND_MS 100            /* and where there is none */

/* ---- the end of a file ---- */

/* Of those that we can ask: a lease for reading is given when nobody has the file open for writing. */
static bool nobody_writes(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return false;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return true;
}

static bool is_quiet(const struct tail *t)
{
	struct stat st;

	if (fstat(t->fd, &st) < 0 || clock_ms(CLOCK_REALTIME) - tail_ns(&st.st_mtim) / 1000000 >= t->request->grace_ms)
		return true;
	return nobody_writes(t->fd);
}

/* Is the text before where we are still the one that we have read? */
static bool is_other_text(const struct tail *t)
{
	char tail[PLACE_TAIL];
	size_t n = t->trail.offset < PLACE_TAIL ? (size_t)t->trail.offset : PLACE_TAIL;

	return pread(t->fd, tail, n, (off_t)(t->trail.offset - n)) != (ssize_t)n || memcmp(tail, t->trail.tail + PLACE_TAIL - n, n) != 0;
}

static bool was_truncated(const struct tail *t)
{
	struct stat st;

	if (t->inflate || fstat(t->fd, &st) < 0)
		return false;
	return (uint64_t)st.st_size < t->trail.offset + t->held || is_other_text(t);
}

/* From its beginning, unless it was copied before: then first what of it we have not read. */
static enum cdc_event begin_again(struct tail *t, struct failure *f)
{
	struct file_place place;
	bool partial = t->held_record;
	int rc;

	tail_place(t, &place);
	rc = place.offset ? tail_find_place(t, &place, true, f) : 0;
	if (rc)
		return rc < 0 ? CDC_ERROR : CDC_MORE;
	if (partial && tail_gap(t, f, "it was truncated before its last line was whole, and there is no copy") < 0)
		return CDC_ERROR;
	if (!partial)
		warn("%s: it was truncated: going on from its beginning; what was written to it just before is not known here", t->path);
	tail_rewind(t);
	return CDC_MORE;
}

/* The last record of a file that nobody writes to, without a newline. */
static int emit_rest(struct tail *t, struct emit *out)
{
	size_t n = tail_rest(t).n;

	if (n == 0 || (!t->has_header && format_is_delimited(t->format)))
		return 0;
	warn("%s: its last line has no end: taken as it is", t->path);
	buf_byte(&t->text, '\n');
	if (emit_lines(out, tail_rest(t), 1) < 0)
		return -1;
	tail_consume(t, n);
	return 0;
}

static bool is_named_still(const struct tail *t)
{
	struct stat st;

	return !file_name_is_pattern(t->request->place) && stat(t->request->place, &st) == 0 && st.st_dev == t->dev && st.st_ino == t->ino;
}

/* > 0, 0 at its end, -1. */
static ssize_t read_more(struct tail *t, struct failure *f)
{
	char *to = buf_room(&t->text, READ_SIZE);
	ssize_t n;

	if (t->inflate)
		n = input_read(t->inflate, to, READ_SIZE);
	else
		do
			n = pread(t->fd, to, READ_SIZE, (off_t)(t->trail.offset + t->text.n));
		while (n < 0 && errno == EINTR);
	if (n < 0)
		return t->inflate ? tail_fail_input(t->path, t->inflate, f) : failure_set(f, EXIT_IO, "%s: %m", t->path);
	if (!t->inflate && is_other_text(t))
		n = 0;                          /* truncated just now: what was read is of nobody */
	t->text.n += (size_t)n;
	return n;
}

/* The file is done with: what is left in it, then the one after it. */
static enum cdc_event end_file(struct tail *t, struct emit *out, struct failure *f)
{
	ssize_t n;
	int rc;

	while ((n = read_more(t, f)) > 0) {
		enum cdc_event e = tail_take_text(t, out, f);

		if (e != CDC_DRY)
			return e;
	}
	if (n < 0 || emit_rest(t, out) < 0)
		return CDC_ERROR;
	rc = tail_open_next(t, f);
	return rc < 0 ? CDC_ERROR : CDC_MORE;
}

/* What is not whole is read again the next time: it may be another text by then. */
static void hold(struct tail *t)
{
	t->held = t->text.n;
	t->held_record = tail_rest(t).n > 0;
	if (!t->inflate)
		tail_drop_text(t);
	if (!t->trail.offset)
		t->has_header = false;
}

static enum cdc_event at_end(struct tail *t, struct emit *out, struct failure *f)
{
	struct file_set set;
	ssize_t next = -1;
	int rc;

	hold(t);
	if (was_truncated(t))
		return begin_again(t, f);
	if (is_named_still(t))
		return CDC_DRY;
	if (file_set_list(&set, t->request->place, f) == 0)
		next = tail_find_next(t, &set, f);
	rc = next < 0 ? -1 : (size_t)next < set.n;
	file_set_free(&set);
	if (rc <= 0)
		return rc < 0 ? CDC_ERROR : CDC_DRY;
	return is_quiet(t) ? end_file(t, out, f) : CDC_DRY;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct tail *t = driver;
	enum cdc_event e;
	ssize_t n;

	if (t->fd < 0) {
		int rc = tail_open_some(t, f);

		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : CDC_DRY;
	}
	if (t->format == FORMAT_AUTO)
		return CDC_DRY;
	if (t->text.n && (e = tail_take_text(t, out, f)) != CDC_DRY)
		return e;
	n = read_more(t, f);
	if (n <= 0)
		return n < 0 ? CDC_ERROR : at_end(t, out, f);
	e = tail_take_text(t, out, f);
	return e == CDC_DRY ? CDC_MORE : e;
}

/* ---- the driver ---- */

static enum record_format format(void *driver, struct failure *f)
{
	struct tail *t = driver;
	struct span begin;

	if (t->format == FORMAT_AUTO && t->fd < 0 && tail_open_some(t, f) < 0)
		return FORMAT_AUTO;
	if (t->format != FORMAT_AUTO || t->fd < 0)
		return t->format;
	if (t->trail.offset == 0 && t->text.n == 0 && read_more(t, f) <= 0)
		return FORMAT_AUTO;
	begin = t->trail.offset ? (struct span){ t->trail.head, t->trail.offset < PLACE_HEAD ? (size_t)t->trail.offset : PLACE_HEAD } : buf_view(&t->text);
	return t->format = tail_sniff(begin);
}

static void position(void *driver, struct buf *out)
{
	struct tail *t = driver;
	struct file_place place;

	tail_place(t, &place);
	place_print(t->has_place || t->trail.offset ? &place : &t->anchor, out);
}

static void watch(struct tail *t)
{
	const char *slash = strrchr(t->request->place, '/');
	char *dir = slash ? mem_text((struct span){ t->request->place, (size_t)(slash - t->request->place) + (slash == t->request->place) }) : mem_text(SPAN("."));

	t->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (t->watch >= 0 && inotify_add_watch(t->watch, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ONLYDIR) < 0) {
		close(t->watch);
		t->watch = -1;
	}
	free(dir);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	struct tail *t = driver;
	char events[4096];

	if (t->watch < 0)
		return BLIND_MS;
	while (read(t->watch, events, sizeof events) > 0)
		;
	fds[0] = (struct pollfd){ .fd = t->watch, .events = POLLIN };
	*n = 1;
	return LOOK_MS;
}

static void close_tail(void *driver)
{
	struct tail *t = driver;

	tail_leave(t);
	if (t->watch >= 0)
		close(t->watch);
	buf_free(&t->text);
	free(t->path);
	free(t);
}

/* So that what is rotated before anything of it was read is not taken for what was there before. */
static void drop_anchor(struct tail *t)
{
	struct stat st;

	t->anchor.mtime_ns = t->fd >= 0 && fstat(t->fd, &st) == 0 ? tail_ns(&st.st_mtim) : clock_ms(CLOCK_REALTIME) * 1000000;
}

static int check(const struct cdc_request *r, struct failure *f)
{
	if (r->ntables || r->snapshot != SNAPSHOT_INITIAL)
		return failure_set(f, EXIT_USAGE, "files: no --table, no --snapshot: their records are taken as they stand");
	return 0;
}

static void *open_tail(const struct cdc_request *r, struct failure *f)
{
	struct tail *t = mem_zalloc(sizeof *t);
	int rc;

	*t = (struct tail){ .request = r, .fd = -1, .watch = -1, .scan = scan_kernel(NULL) };
	signal(SIGIO, SIG_IGN);         /* of leases, should a writer come just then */
	watch(t);
	rc = check(r, f) < 0 ? -1 : r->from.n ? tail_open_place(t, f) : tail_open_first(t, f);
	drop_anchor(t);
	if (rc == 0 && !r->follow && !t->has_place)
		rc = failure_set(f, EXIT_IO, "%s: no such file", r->place);
	if (rc >= 0)
		return t;
	close_tail(t);
	return NULL;
}

/* The files in their order, what the sink has of which; bytes of compressed ones are those of the file. */
static int print_status(struct tail *t, const struct file_set *set, struct buf *out, struct failure *f)
{
	uint64_t behind = 0;
	ssize_t next = t->fd < 0 ? 0 : tail_find_next(t, set, f);
	struct stat st;

	for (size_t i = 0; next >= 0 && i < set->n; i++) {
		bool at_hand = t->fd >= 0 && set->of[i].dev == t->dev && set->of[i].ino == t->ino;

		if (stat(set->of[i].path, &st) < 0)
			continue;
		if (at_hand)
			buf_printf(out, "file\t%s at %" PRIu64 " of %lld\n", set->of[i].path, t->trail.offset, (long long)st.st_size);
		else
			buf_printf(out, "file\t%s, %lld bytes, %s\n", set->of[i].path, (long long)st.st_size, (ssize_t)i < next ? "read" : "to come");
		if (at_hand && !t->inflate)
			behind += (uint64_t)st.st_size - t->trail.offset;
		else if ((ssize_t)i >= next)
			behind += (uint64_t)st.st_size;
	}
	buf_printf(out, "behind\t%" PRIu64 " bytes\n", behind);
	return next < 0 ? -1 : 0;
}

static int status(const struct cdc_request *r, struct buf *out, struct failure *f)
{
	struct file_set set = { 0 };
	struct tail *t = open_tail(r, f);
	int rc = t && file_set_list(&set, r->place, f) == 0 ? print_status(t, &set, out, f) : -1;

	file_set_free(&set);
	if (t)
		close_tail(t);
	return rc;
}

const struct cdc_driver cdc_file = {
	.scheme = "file", .open = open_tail, .close = close_tail, .format = format, .next = next, .position = position, .wait = wait,
	.status = status,
};
