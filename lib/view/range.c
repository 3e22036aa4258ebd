/* SPDX-License-Identifier: MIT */
#include "lib/view/range.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/text/percent.h"

#define SUFFIX ".tsv"
#define VIEW_LINE_FIRST 8192            /* bytes read of a file at first; its view line is seldom longer */
#define VIEW_LINE_MAX (16 << 20)
#define END_LINE_MAX 256
#define SUM_PIECE (256 * 1024)
#define CRC_TAIL 14                     /* bytes of ` crc=1a2b3c4d` and its newline */

static const char *const kind_name[] = { "speed", "batch", "frozen" };

/* ---- names ---- */

/* Cuts what stands behind the last dot off text. */
static bool take_last(struct span *text, struct span *part)
{
	const char *dot = memrchr(text->p, '.', text->n);

	if (!dot)
		return false;
	*part = (struct span){ dot + 1, text->n - (size_t)(dot + 1 - text->p) };
	text->n = (size_t)(dot - text->p);
	return true;
}

static bool parse_u64(struct span text, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned d = (unsigned)(text.p[i] - '0');

		if (d > 9 || *v > (UINT64_MAX - d) / 10)
			return false;
		*v = *v * 10 + d;
	}
	return text.n > 0;
}

static bool parse_span(struct span text, struct range_name *n)
{
	return text.n == 41 && text.p[20] == '-' && parse_u64((struct span){ text.p, 20 }, &n->from) &&
	       parse_u64((struct span){ text.p + 21, 20 }, &n->to) && n->from < n->to;
}

static bool parse_kind(struct span text, struct range_name *n)
{
	n->generation = 0;
	if (span_eq(text, span_of(kind_name[RANGE_SPEED]))) {
		n->kind = RANGE_SPEED;
		return true;
	}
	for (int kind = RANGE_BATCH; kind <= RANGE_FROZEN; kind++) {
		struct span name = span_of(kind_name[kind]);

		if (span_starts(text, name) && text.n > name.n + 1 && text.p[name.n] == '-') {
			n->kind = (enum range_kind)kind;
			return text.p[name.n + 1] != '0' && parse_u64((struct span){ text.p + name.n + 1, text.n - name.n - 1 }, &n->generation);
		}
	}
	return false;
}

static bool parse_hash(struct span text, char hash[9])
{
	if (text.n != 8)
		return false;
	memcpy(hash, text.p, 8);
	hash[8] = '\0';
	return strspn(hash, "0123456789abcdef") == 8;
}

/* Each range has one name: a source that would be printed in another way is none of ours. */
static bool is_canonical(struct span text, struct span source)
{
	struct buf again = { 0 };
	bool same;

	percent_encode(&again, source, "./");
	same = span_eq(buf_view(&again), text);
	buf_free(&again);
	return same;
}

static bool parse_source(struct span text, char source[256])
{
	struct buf name = { 0 };
	bool ok = percent_decode(&name, text) == 0 && name.n > 0 && name.n < 256 && !memchr(name.p, '\0', name.n) && is_canonical(text, buf_view(&name));

	if (ok) {
		memcpy(source, name.p, name.n);
		source[name.n] = '\0';
	}
	buf_free(&name);
	return ok;
}

int range_name_parse(const char *file, struct range_name *n)
{
	struct span rest = span_of(file), hash, kind, range;

	if (rest.n <= sizeof SUFFIX - 1 || strcmp(file + rest.n - (sizeof SUFFIX - 1), SUFFIX) != 0)
		return -1;
	rest.n -= sizeof SUFFIX - 1;
	if (!take_last(&rest, &hash) || !take_last(&rest, &kind) || !take_last(&rest, &range))
		return -1;
	return parse_hash(hash, n->hash) && parse_kind(kind, n) && parse_span(range, n) && parse_source(rest, n->source) ? 0 : -1;
}

void range_name_print(const struct range_name *n, struct buf *out)
{
	percent_encode(out, span_of(n->source), "./");
	buf_printf(out, ".%020" PRIu64 "-%020" PRIu64 ".%s", n->from, n->to, kind_name[n->kind]);
	if (n->kind != RANGE_SPEED)
		buf_printf(out, "-%" PRIu64, n->generation);
	buf_printf(out, ".%s" SUFFIX, n->hash);
	buf_byte(out, '\0');
	out->n--;
}

/* ---- head ---- */

/* Appends what is at offset, up to n bytes. -1: errno. */
static int read_at(int fd, uint64_t offset, size_t n, struct buf *out)
{
	while (n) {
		ssize_t got = pread(fd, buf_room(out, n), n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		out->n += (size_t)got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* 0 and the first line, which points into text; 1: there is none; -1: errno. */
static int first_line(int fd, struct buf *text, struct span *line)
{
	for (size_t step = VIEW_LINE_FIRST; text->n < VIEW_LINE_MAX; step *= 8) {
		size_t had = text->n;
		const char *newline;

		if (read_at(fd, had, step, text) < 0)
			return -1;
		newline = text->n ? memchr(text->p, '\n', text->n) : NULL;
		if (newline) {
			*line = (struct span){ text->p, (size_t)(newline - text->p) };
			return 0;
		}
		if (text->n - had < step)
			break;
	}
	return 1;
}

/* The last line of a range file is `#!weir end rows=N rejected=N crc=XXXXXXXX`, and no row looks like it. */
static bool is_end_line(struct span tail, int64_t *rejected)
{
	const char *newline = tail.n > 1 && tail.p[tail.n - 1] == '\n' ? memrchr(tail.p, '\n', tail.n - 1) : NULL;
	struct control c = { 0 };
	struct buf crc = { 0 };
	int64_t rows;
	bool ok = newline != NULL;

	if (ok) {
		struct span line = { newline + 1, (size_t)(tail.p + tail.n - 1 - (newline + 1)) };

		ok = control_parse(&c, line) == 0 && span_eq(c.word, SPAN("end")) && control_i64(&c, "rows", &rows) &&
		     control_i64(&c, "rejected", rejected) && *rejected >= 0 && control_value(&c, "crc", &crc) && crc.n == 8;
	}
	buf_free(&crc);
	control_free(&c);
	return ok;
}

/* 0: it is whole, 1: not, -1: errno. */
static int check_end(int fd, int64_t *rejected)
{
	struct buf tail = { 0 };
	struct stat st;
	int rc = fstat(fd, &st);
	size_t n = 0;

	if (rc == 0) {
		n = st.st_size < END_LINE_MAX ? (size_t)st.st_size : END_LINE_MAX;
		rc = read_at(fd, (uint64_t)st.st_size - n, n, &tail);
	}
	if (rc == 0)
		rc = !is_end_line(buf_view(&tail), rejected);
	buf_free(&tail);
	return rc;
}

/* A text value that fits. */
static bool take_text(const struct control *c, const char *name, char *to, size_t size)
{
	struct buf text = { 0 };
	bool ok = control_value(c, name, &text) && text.n < size && (text.n == 0 || !memchr(text.p, '\0', text.n));

	if (ok) {
		buf_byte(&text, '\0');
		memcpy(to, text.p, text.n);
	}
	buf_free(&text);
	return ok;
}

static bool take_position(const struct control *c, const char *name, struct position *p)
{
	char text[POSITION_TEXT];

	return take_text(c, name, text, sizeof text) && *text && position_parse(span_of(text), p) == 0;
}

static bool take_count(const struct control *c, const char *name, uint64_t *v)
{
	char text[24];

	return take_text(c, name, text, sizeof text) && parse_u64(span_of(text), v);
}

/* What is wrong with the view line; NULL: nothing. */
static const char *parse_head(struct range_head *h, const struct range_name *n, struct span line)
{
	struct control c = { 0 };
	char source[256], hash[9];
	uint64_t level = 0;
	int64_t edge = 0, start = 0;
	const char *bad = NULL;

	*h = (struct range_head){ 0 };
	if (control_parse(&c, line) < 0 || !span_eq(c.word, SPAN("view")))
		bad = "it does not begin with a view line";
	else if (!take_position(&c, "from", &h->from) || !take_position(&c, "to", &h->to) || !take_text(&c, "source", source, sizeof source) ||
	         !take_text(&c, "hash", hash, sizeof hash) || !take_text(&c, "log", h->log, sizeof h->log) || !take_count(&c, "epoch", &h->epoch) ||
	         !take_text(&c, "run", h->run, sizeof h->run) || !take_text(&c, "cfg", h->cfg, sizeof h->cfg) || !take_count(&c, "level", &level) || level > 64)
		bad = "its view line lacks what a range file says";
	else if (h->from.at != n->from || h->to.at != n->to || strcmp(source, n->source) != 0 || strcmp(hash, n->hash) != 0)
		bad = "its view line says another range than its name";
	if (!bad) {
		h->level = (unsigned)level;
		h->start = control_i64(&c, "start", &start) && start == 1;
		h->edge = control_i64(&c, "edge", &edge) && edge == 1;
		h->has_time = control_i64(&c, "t", &h->time);
	}
	control_free(&c);
	return bad;
}

int range_head_read(int dir, const char *file, const struct range_name *n, struct range_head *h, struct failure *f)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc;
	struct buf text = { 0 };
	struct span line;
	const char *bad = NULL;
	int64_t rejected = 0;

	if (fd < 0 && errno == ENOENT)
		return 2;
	rc = fd < 0 ? -1 : check_end(fd, &rejected);
	if (rc == 0)
		rc = first_line(fd, &text, &line);
	if (rc == 0)
		bad = parse_head(h, n, line), h->rejected = (uint64_t)rejected;
	else if (rc > 0)
		bad = "it was cut off";
	else
		failure_set(f, EXIT_IO, "%s: %s", file, strerror(errno));
	if (bad) {
		failure_set(f, EXIT_DATA, "%s: damaged: %s", file, bad);
		rc = 1;
	}
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return rc;
}

/* The checksum of the first n bytes. */
static int sum_file(int fd, uint64_t n, uint32_t *crc)
{
	struct buf piece = { 0 };
	int rc = 0;

	*crc = 0;
	for (uint64_t at = 0; at < n && rc == 0; at += piece.n) {
		buf_clear(&piece);
		rc = read_at(fd, at, n - at < SUM_PIECE ? (size_t)(n - at) : SUM_PIECE, &piece);
		if (rc == 0 && piece.n == 0)
			break;
		*crc = hash_crc32c(*crc, piece.p, piece.n);
	}
	buf_free(&piece);
	return rc;
}

/* 0: the checksum that stands at the end is that of all before it. */
static int check_sum(int fd)
{
	char tail[CRC_TAIL + 1] = "", sum[CRC_TAIL + 1];
	struct stat st;
	uint64_t n;
	uint32_t crc;

	if (fstat(fd, &st) < 0)
		return -1;
	if (st.st_size < CRC_TAIL)
		return 1;
	n = (uint64_t)st.st_size - CRC_TAIL;
	if (sum_file(fd, n, &crc) < 0 || pread(fd, tail, CRC_TAIL, (off_t)n) < 0)
		return -1;
	snprintf(sum, sizeof sum, " crc=%08" PRIx32 "\n", crc);
	return strcmp(tail, sum) != 0;
}

int range_verify(int dir, const char *file, struct failure *f)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0 && errno == ENOENT)
		return 2;
	rc = fd < 0 ? -1 : check_sum(fd);
	if (rc < 0)
		failure_set(f, EXIT_IO, "%s: %s", file, strerror(errno));
	else if (rc > 0)
		failure_set(f, EXIT_DATA, "%s: damaged: its checksum is another", file);
	if (fd >= 0)
		close(fd);
	return rc;
}
