/* SPDX-License-Identifier: MIT */
/* file:PATH, file:PATTERN -- files that grow. One file is read at a time, up to its end; when there is one that comes after it and nobody writes to it
 * any more, that one is next. A file that has become shorter, or has other text where we have been, was truncated: if its text was copied before, the
 * copy is read from where we were. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/csv_quoted.h"
#include "lib/text/input.h"
#include "lib/text/layout.h"
#include "lib/text/scan.h"
#include "speed/cdc/driver.h"
#include "speed/cdc/file_place.h"
#include "speed/cdc/file_set.h"

#define READ_SIZE (1024 * 1024)
#define LOOK_MS 1000            /* inotify does not tell what is written from elsewhere (network file systems) */
#define BLIND_MS 100            /* and where there is none */
#define FD_PATH 40

struct tail {
	const struct cdc_request *request;
	const struct scan_kernel *scan;
	int watch;                      /* inotify of the directory; -1 */

	int fd;                         /* the file at hand; -1: none yet, or its successor is not there yet */
	struct input *inflate;          /* of it, when it is gzip */
	char *path;                     /* as it was found, for messages */
	dev_t dev;
	ino_t ino;
	int64_t mtime_ns;               /* when it was left */

	struct file_trail trail;        /* up to what was emitted of it */
	struct buf text;                /* read behind that; not whole yet */
	size_t skip;                    /* of it, the header: it goes with the first record */
	bool has_header;                /* the columns of this file are told */
	uint64_t held;                  /* bytes that were there at the last end but not whole: they are read again */
	bool held_record;               /* there was more than a header among them */
	enum record_format format;      /* AUTO: no byte was seen yet */

	struct file_place place;        /* what position() says while nothing of the file at hand was emitted */
	bool has_place, is_told;        /* is_told: that there is no file */
};

static int64_t ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* ---- opening ---- */

static void drop_text(struct tail *t)
{
	buf_clear(&t->text);
	t->skip = 0;
}

static void leave(struct tail *t)
{
	struct stat st;

	if (t->fd < 0)
		return;
	if (fstat(t->fd, &st) == 0)
		t->mtime_ns = ns_of(&st.st_mtim);
	if (t->trail.offset) {
		trail_place(&t->trail, t->dev, t->ino, &t->place);
		t->has_place = true;
	}
	close(t->fd);
	t->fd = -1;
	input_free(t->inflate);
	t->inflate = NULL;
	drop_text(t);
	t->held = 0;
	t->trail = (struct file_trail){ 0 };
	t->has_header = false;
}

/* The file again, whatever its name is by now. */
static struct input *open_again(int fd)
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

static int fail_input(const char *path, struct input *in, struct failure *f)
{
	bool cut = strstr(input_error(in), "unexpected end") != NULL;  /* gzip(1) may be at work */

	return failure_set(f, cut ? EXIT_RETRY : input_status(in), "%s: %s", path, input_error(in));
}

/* Is the place in this file? 1: yes, and the trail is that of the place; 0; -1. Without a place: the beginning of any. */
static int reach(const char *path, int fd, const struct file_place *place, struct file_trail *trail, struct input **inflate, struct failure *f)
{
	struct input *in = open_again(fd);
	int rc = 1;

	*trail = (struct file_trail){ 0 };
	if (place)
		rc = place_reach(place, in, trail);
	if (rc < 0)
		fail_input(path, in, f);
	if (rc == 1 && is_gzip(fd))
		*inflate = in;
	else
		input_free(in);
	return rc;
}

/* 1, 0: the place is not in it, or it has gone; -1. */
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
	leave(t);
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

static int gap(const struct tail *t, struct failure *f, const char *what)
{
	if (!t->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "%s: %s: records are lost (--on-gap continue goes on without them)", t->request->place, what);
	warn("%s: %s: records are lost", t->request->place, what);
	return 0;
}

/* ---- which file ---- */

/* Where we were is in a file that has another name by now, or is a copy, compressed perhaps. 1; 0: nowhere; -1. First that whose inode it was. */
static int find_place(struct tail *t, const struct file_place *place, const struct file_set *set, bool others, struct failure *f)
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

static void here(const struct tail *t, struct file_place *place)
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
static ssize_t find_next(const struct tail *t, const struct file_set *set, struct failure *f)
{
	int64_t mtime_ns = t->mtime_ns;
	struct file_place place;
	struct stat st;

	if (t->fd >= 0 && fstat(t->fd, &st) == 0)
		mtime_ns = ns_of(&st.st_mtim);
	here(t, &place);
	return find_after(t, set, &place, mtime_ns, true, f);
}

/* 1: it is open; 0: there is none yet; -1. */
static int open_next(struct tail *t, struct failure *f)
{
	struct file_set set;
	ssize_t i = -1;
	int rc = file_set_list(&set, t->request->place, f);

	if (rc == 0)
		i = find_next(t, &set, f);
	if (i >= 0)
		rc = (size_t)i < set.n ? open_file(t, set.of[i].path, NULL, f) : 0;
	else
		rc = -1;
	file_set_free(&set);
	return rc;
}

/* Is the file at hand, of which nothing was emitted yet, the one that comes after the one that was? Its text is here already, but the file may
 * have been copied and truncated meanwhile, with nothing in it that would tell. 1; 0: another one is open now; -1. */
static int confirm_next(struct tail *t, struct failure *f)
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
static int open_first(struct tail *t, struct failure *f)
{
	struct file_set set;
	int rc = file_set_list(&set, t->request->place, f);
	size_t first = file_name_is_pattern(t->request->place) || set.n == 0 ? 0 : set.n - 1;

	if (rc == 0 && set.n && (set.of[first].is_named || file_name_is_pattern(t->request->place)))
		rc = open_file(t, set.of[first].path, NULL, f);
	file_set_free(&set);
	return rc;
}

static int open_place(struct tail *t, struct failure *f)
{
	struct file_set set;
	int rc;

	if (place_parse(t->request->from, &t->place) < 0)
		return failure_set(f, EXIT_CONFIG, "%s: \"%s\" is no position in a file: is the sink fed by another source?", t->request->place,
		                   diag_show(t->request->from.p, t->request->from.n));
	t->has_place = true;
	rc = file_set_list(&set, t->request->place, f);
	if (rc == 0)
		rc = find_place(t, &t->place, &set, false, f);
	file_set_free(&set);
	if (rc)
		return rc;
	if (gap(t, f, "none of its files is the one that was read last") < 0)
		return -1;
	t->has_place = false;
	return open_first(t, f);
}

static int open_some(struct tail *t, struct failure *f)
{
	int rc = t->has_place ? open_next(t, f) : open_first(t, f);

	if (rc == 0 && !t->is_told)
		warn("%s: no such file yet: waiting for it", t->request->place);
	t->is_told = true;
	return rc;
}

/* ---- records ---- */

static enum record_format sniff(struct span text)
{
	const char *nl = memchr(text.p, '\n', text.n);
	size_t n = nl ? (size_t)(nl - text.p) : text.n;

	if (text.p[0] == '{')
		return FORMAT_NDJSON;
	return memchr(text.p, '\t', n) && !memchr(text.p, ',', n) ? FORMAT_TSV : FORMAT_CSV;
}

static size_t max_record(const struct tail *t)
{
	return t->request->max_record ? t->request->max_record : 1024 * 1024;
}

/* What ends well. A record that is bad goes up to the end of its line: whoever reads it says so. */
static size_t quoted_records(const struct tail *t, struct span text, uint64_t *records)
{
	const char *p = text.p, *end = text.p + text.n;

	for (*records = 0; p < end; ++*records) {
		struct csv_record r;
		enum csv_extent extent = csv_extent(p, end, max_record(t), false, &r);
		const char *nl;

		if (extent == CSV_MORE)
			break;
		nl = extent == CSV_WHOLE ? p + r.length - 1 : memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		p = nl + 1;
	}
	return (size_t)(p - text.p);
}

static size_t whole_records(const struct tail *t, struct span text, uint64_t *records)
{
	bool quoted;
	const char *last;

	*records = t->scan->count(text.p, text.n, '"', &quoted);
	if (quoted && t->format == FORMAT_CSV)
		return quoted_records(t, text, records);
	last = *records ? memrchr(text.p, '\n', text.n) : NULL;
	return last ? (size_t)(last - text.p) + 1 : 0;
}

static struct span rest_of(const struct tail *t)
{
	return (struct span){ t->text.p + t->skip, t->text.n - t->skip };
}

/* With the header before it. */
static void consume(struct tail *t, size_t n)
{
	n += t->skip;
	t->skip = 0;
	trail_add(&t->trail, t->text.p, n);
	memmove(t->text.p, t->text.p + n, t->text.n - n);
	t->text.n -= n;
}

static struct span without_end(struct span line)
{
	line.n -= line.n && line.p[line.n - 1] == '\n';
	line.n -= line.n && line.p[line.n - 1] == '\r';
	return line;
}

/* The first record of text, with its newline; 0: it is not whole. */
static size_t first_record(const struct tail *t, struct span text)
{
	struct csv_record r;
	const char *nl = memchr(text.p, '\n', text.n);

	if (t->format == FORMAT_CSV && csv_extent(text.p, text.p + text.n, max_record(t), false, &r) == CSV_WHOLE)
		return r.length;
	return t->format == FORMAT_TSV && nl ? (size_t)(nl - text.p) + 1 : 0;
}

/* Of a file that is gone on with behind its header. */
static int read_header(struct tail *t, struct buf *text, size_t *n, struct failure *f)
{
	struct input *in = open_again(t->fd);
	ssize_t got;
	int rc = 0;

	do {
		got = input_read(in, buf_room(text, READ_SIZE), READ_SIZE);
		text->n += got > 0 ? (size_t)got : 0;
		*n = text->n ? first_record(t, buf_view(text)) : 0;
	} while (got > 0 && *n == 0 && text->n <= max_record(t));
	if (got < 0)
		rc = fail_input(t->path, in, f);
	else if (*n == 0)
		rc = failure_set(f, EXIT_DATA, "%s: it has no header that ends", t->path);
	input_free(in);
	return rc;
}

/* 1: the columns are told; 0: call again behind a barrier, or when there is more; -1. */
static int take_header(struct tail *t, struct emit *out, bool *barrier, struct failure *f)
{
	struct buf again = { 0 };
	struct span text = buf_view(&t->text);
	size_t n;
	int rc;

	*barrier = false;
	if (t->trail.offset) {
		if (read_header(t, &again, &n, f) < 0) {
			buf_free(&again);
			return -1;
		}
		text = buf_view(&again);
	} else {
		n = first_record(t, text);
	}
	rc = n ? emit_header(out, without_end((struct span){ text.p, n }), t->request->no_header, f) : 0;
	*barrier = n && rc == 0;
	if (rc > 0 && !t->trail.offset && !t->request->no_header)
		t->skip = n;
	t->has_header = rc > 0;
	buf_free(&again);
	return rc;
}

static enum cdc_event not_whole(const struct tail *t, struct failure *f)
{
	if (t->text.n <= max_record(t))
		return CDC_DRY;
	failure_set(f, EXIT_DATA, "%s: offset %" PRIu64 ": a record longer than %zu bytes (--max-record)", t->path, t->trail.offset + t->skip, max_record(t));
	return CDC_ERROR;
}

static enum cdc_event take_records(struct tail *t, struct emit *out, struct failure *f)
{
	struct span rest = rest_of(t);
	uint64_t records;
	size_t n = rest.n ? whole_records(t, rest, &records) : 0;

	if (n == 0)
		return not_whole(t, f);
	if (emit_lines(out, (struct span){ rest.p, n }, records) < 0)
		return CDC_ERROR;
	consume(t, n);
	return CDC_MORE;
}

/* DRY: what is there is not whole. */
static enum cdc_event take_text(struct tail *t, struct emit *out, struct failure *f)
{
	bool barrier;
	int rc = confirm_next(t, f);

	if (rc <= 0)
		return rc < 0 ? CDC_ERROR : CDC_MORE;
	if (!t->has_header && format_is_delimited(t->format)) {
		rc = take_header(t, out, &barrier, f);
		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : barrier ? CDC_BARRIER : not_whole(t, f);
	}
	return take_records(t, out, f);
}

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

	if (fstat(t->fd, &st) < 0 || clock_ms(CLOCK_REALTIME) - ns_of(&st.st_mtim) / 1000000 >= t->request->grace_ms)
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
	struct file_set set;
	struct file_place place;
	bool partial = t->held_record;
	int rc = file_set_list(&set, t->request->place, f);

	here(t, &place);
	if (rc == 0 && place.offset)
		rc = find_place(t, &place, &set, true, f);
	file_set_free(&set);
	if (rc)
		return rc < 0 ? CDC_ERROR : CDC_MORE;
	if (partial && gap(t, f, "it was truncated before its last line was whole, and there is no copy") < 0)
		return CDC_ERROR;
	if (!partial)
		warn("%s: it was truncated: going on from its beginning; what was written to it just before is not known here", t->path);
	rc = open_file(t, t->path, NULL, f);
	return rc < 0 ? CDC_ERROR : rc ? CDC_MORE : CDC_DRY;
}

/* The last record of a file that nobody writes to, without a newline. */
static int emit_rest(struct tail *t, struct emit *out)
{
	size_t n = rest_of(t).n;

	if (n == 0 || (!t->has_header && format_is_delimited(t->format)))
		return 0;
	warn("%s: its last line has no end: taken as it is", t->path);
	buf_byte(&t->text, '\n');
	if (emit_lines(out, rest_of(t), 1) < 0)
		return -1;
	consume(t, n);
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
		return t->inflate ? fail_input(t->path, t->inflate, f) : failure_set(f, EXIT_IO, "%s: %m", t->path);
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
		enum cdc_event e = take_text(t, out, f);

		if (e != CDC_DRY)
			return e;
	}
	if (n < 0 || emit_rest(t, out) < 0)
		return CDC_ERROR;
	rc = open_next(t, f);
	return rc < 0 ? CDC_ERROR : CDC_MORE;
}

/* What is not whole is read again the next time: it may be another text by then. */
static void hold(struct tail *t)
{
	t->held = t->text.n;
	t->held_record = rest_of(t).n > 0;
	if (!t->inflate)
		drop_text(t);
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
		next = find_next(t, &set, f);
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
		int rc = open_some(t, f);

		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : CDC_DRY;
	}
	if (t->format == FORMAT_AUTO)
		return CDC_DRY;
	if (t->text.n && (e = take_text(t, out, f)) != CDC_DRY)
		return e;
	n = read_more(t, f);
	if (n <= 0)
		return n < 0 ? CDC_ERROR : at_end(t, out, f);
	e = take_text(t, out, f);
	return e == CDC_DRY ? CDC_MORE : e;
}

/* ---- the driver ---- */

static enum record_format format(void *driver, struct failure *f)
{
	struct tail *t = driver;
	struct span begin;

	if (t->format == FORMAT_AUTO && t->fd < 0 && open_some(t, f) < 0)
		return FORMAT_AUTO;
	if (t->format != FORMAT_AUTO || t->fd < 0)
		return t->format;
	if (t->trail.offset == 0 && t->text.n == 0 && read_more(t, f) <= 0)
		return FORMAT_AUTO;
	begin = t->trail.offset ? (struct span){ t->trail.head, t->trail.offset < PLACE_HEAD ? (size_t)t->trail.offset : PLACE_HEAD } : buf_view(&t->text);
	return t->format = sniff(begin);
}

static void position(void *driver, struct buf *out)
{
	struct tail *t = driver;
	struct file_place place;

	here(t, &place);
	if (t->has_place || t->trail.offset)
		place_print(&place, out);
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

	leave(t);
	if (t->watch >= 0)
		close(t->watch);
	buf_free(&t->text);
	free(t->path);
	free(t);
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
	rc = check(r, f) < 0 ? -1 : r->from.n ? open_place(t, f) : open_first(t, f);
	if (rc == 0 && !r->follow && !t->has_place)
		rc = failure_set(f, EXIT_IO, "%s: no such file", r->place);
	if (rc >= 0)
		return t;
	close_tail(t);
	return NULL;
}

const struct cdc_driver cdc_file = {
	.scheme = "file", .open = open_tail, .close = close_tail, .format = format, .next = next, .position = position, .wait = wait,
};
