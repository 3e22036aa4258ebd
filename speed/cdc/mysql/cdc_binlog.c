/* SPDX-License-Identifier: MIT */
/* binlog:PATTERN -- files of a binlog, by name: an archive, or those of a server that is down. A sink that was fed by the server goes on with them, and
 * the other way round: what it has is passed over, and where a file does not begin with what it has something is lost.
 *
 * Only transactions that are whole are taken; the last file is read ahead for that, by the same reader with nothing to emit. */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/mysql/binlog_reader.h"

#define STEP 1000               /* events of one call */
#define MAGIC "\xfe" "bin"

struct binlog_source {
	const struct cdc_request *request;
	struct binlog_reader reader;
	glob_t files;
	size_t nth;                     /* file at hand */
	FILE *file;
	uint64_t at, whole;             /* offset in it; where its last whole transaction ends */
	struct buf event;
	bool is_held;                   /* it waits for a barrier */
};

static const char *name_at(const struct binlog_source *s)
{
	return s->files.gl_pathv[s->nth];
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- files ---- */

static int damaged(const struct binlog_source *s, struct failure *f, const char *how)
{
	return failure_set(f, EXIT_DATA, "%s: %s", name_at(s), how);
}

/* The next event of the file, header and body. 1; 0: the end, or the rest is no whole event; -1. */
static int read_event(struct binlog_source *s, struct failure *f)
{
	const unsigned char *head;
	uint32_t n;

	buf_clear(&s->event);
	if (fread(buf_room(&s->event, BINLOG_HEADER), 1, BINLOG_HEADER, s->file) < BINLOG_HEADER)
		return ferror(s->file) ? failure_set(f, EXIT_IO, "%s: %s", name_at(s), strerror(errno)) : 0;
	head = (const unsigned char *)s->event.p;
	n = (uint32_t)wire_little_at(head + 9, 4);
	if (n < BINLOG_HEADER || n > UINT32_C(1) << 30)
		return damaged(s, f, "this is no event of a binlog, or it is encrypted");
	s->event.n = BINLOG_HEADER;
	if (fread(buf_room(&s->event, n - BINLOG_HEADER), 1, n - BINLOG_HEADER, s->file) < n - BINLOG_HEADER)
		return ferror(s->file) ? failure_set(f, EXIT_IO, "%s: %s", name_at(s), strerror(errno)) : 0;
	s->event.n = n;
	return 1;
}

static int to_first(struct binlog_source *s, struct failure *f)
{
	char magic[4];

	rewind(s->file);
	s->at = sizeof magic;
	if (fread(magic, sizeof magic, 1, s->file) != 1 || memcmp(magic, MAGIC, sizeof magic) != 0)
		return damaged(s, f, "this is no binlog");
	return 0;
}

/* Reads ahead to where the last transaction ends that is whole. */
static int find_whole(struct binlog_source *s, struct failure *f)
{
	struct binlog_reader ahead = { .request = s->request, .source = name_at(s) };
	int rc;

	if (to_first(s, f) < 0)
		return -1;
	s->whole = s->at;
	while ((rc = read_event(s, f)) > 0) {
		rc = binlog_take(&ahead, buf_view(&s->event), NULL, f);
		if (rc < 0)
			break;
		s->at += s->event.n;
		if (binlog_between(&ahead))
			s->whole = s->at;
	}
	binlog_reader_free(&ahead);
	return rc;
}

static int open_file(struct binlog_source *s, struct failure *f)
{
	const char *path = name_at(s);

	s->file = fopen(path, "re");
	if (!s->file)
		return failure_set(f, EXIT_IO, "%s: %s", path, strerror(errno));
	s->whole = UINT64_MAX;
	if (s->nth + 1 == s->files.gl_pathc && find_whole(s, f) < 0)
		return -1;
	binlog_reader_reset(&s->reader);
	s->reader.source = path;
	snprintf(s->reader.at.file, sizeof s->reader.at.file, "%s", base_name(path));
	return to_first(s, f);
}

static void close_file(struct binlog_source *s)
{
	if (s->file)
		fclose(s->file);
	s->file = NULL;
}

/* ---- two phases ---- */

static int replay_event(struct binlog_source *s, struct binlog_source *other, struct emit *out, struct failure *f)
{
	int rc = read_event(other, f);

	return rc == 0 ? damaged(other, f, "it is cut") : rc < 0 ? -1 : binlog_take(&s->reader, buf_view(&other->event), out, f);
}

/* From the format of its file and from the group. */
static int replay_group(struct binlog_source *s, struct binlog_source *other, uint64_t at, struct emit *out, struct failure *f)
{
	int rc = to_first(other, f) < 0 ? -1 : replay_event(s, other, out, f);

	if (rc > 0 && fseeko(other->file, (off_t)at, SEEK_SET) < 0)
		rc = failure_set(f, EXIT_IO, "%s: %s", name_at(other), strerror(errno));
	if (rc > 0)
		rc = replay_event(s, other, out, f);
	while (rc > 0 && !binlog_between(&s->reader))
		rc = replay_event(s, other, out, f);
	return rc;
}

static int replay(void *source, const char *name, uint64_t at, struct emit *out, struct failure *f)
{
	struct binlog_source *s = source, other = { .request = s->request, .files = s->files };
	int rc;

	while (other.nth < s->nth && strcmp(base_name(name_at(&other)), name) != 0)
		other.nth++;
	if (strcmp(base_name(name_at(&other)), name) == 0)
		other.file = fopen(name_at(&other), "re");
	rc = other.file ? replay_group(s, &other, at, out, f) :
	     failure_set(f, EXIT_CONFIG, "%s: rows that were prepared in it (XA) are committed behind it: that file is needed as well", name);
	close_file(&other);
	buf_free(&other.event);
	return rc;
}

/* ---- changes ---- */

/* What came before a file must be there already. A sink that has nothing begins with it. */
static int check_begin(struct binlog_source *s, struct failure *f)
{
	struct binlog_event e;
	struct binlog_format format = s->reader.at.format;
	struct wire list;
	const char *why;

	if (binlog_event(&format, buf_view(&s->event), &e, &s->reader.inflated, &why) < 0 || e.kind != BINLOG_GTID_LIST)
		return 0;
	for (list = wire_of(e.list); wire_left(&list);) {
		struct binlog_gtid g = { .domain = (uint32_t)wire_little(&list, 4) };
		const struct binlog_gtid *has;

		g.server = (uint32_t)wire_little(&list, 4);
		g.seq = wire_little(&list, 8);
		has = binlog_place_gtid(&s->reader.place, g.domain);
		binlog_found(&s->reader, g);
		if (has && has->seq >= g.seq)
			continue;
		if (s->reader.place.file[0] && !s->request->continue_at_gap)
			return failure_set(f, EXIT_CONFIG, "%s: it begins behind transaction %" PRIu32 "-%" PRIu32 "-%" PRIu64 ", which the sink does not have: changes are lost (--on-gap continue goes on)",
			                   name_at(s), g.domain, g.server, g.seq);
		if (s->reader.place.file[0])
			warn("%s: changes before it are lost", name_at(s));
		binlog_place_set(&s->reader.place, g);
	}
	return 0;
}

static enum cdc_event next_file(struct binlog_source *s, struct failure *f)
{
	if (s->nth + 1 == s->files.gl_pathc && s->event.n)
		warn("%s: what stands behind offset %" PRIu64 " is no whole transaction", name_at(s), s->whole);
	close_file(s);
	s->nth++;
	return f->status ? CDC_ERROR : CDC_MORE;
}

/* 1: an event was taken; 0: behind a barrier; 2: the file is over; -1. */
static int step(struct binlog_source *s, struct emit *out, struct failure *f)
{
	int rc;

	if (!s->is_held) {
		rc = s->at < s->whole ? read_event(s, f) : (buf_clear(&s->event), read_event(s, f) < 0 ? -1 : 0);
		if (rc <= 0)
			return rc < 0 ? -1 : 2;
		if (check_begin(s, f) < 0)
			return -1;
	}
	rc = binlog_take(&s->reader, buf_view(&s->event), out, f);
	s->is_held = rc == 0;
	if (rc > 0)
		s->at += s->event.n;
	return rc;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct binlog_source *s = driver;

	if (s->nth == s->files.gl_pathc)
		return CDC_END;
	if (!s->file && open_file(s, f) < 0)
		return CDC_ERROR;
	for (int i = 0; i < STEP; i++) {
		bool was_inside = !binlog_between(&s->reader);
		int rc = step(s, out, f);

		if (rc < 0)
			return CDC_ERROR;
		if (rc == 0)
			return CDC_BARRIER;
		if (rc == 2)
			return next_file(s, f);
		if (was_inside && binlog_between(&s->reader) && out->pending)
			return CDC_MORE;
	}
	return binlog_between(&s->reader) ? CDC_MORE : CDC_INSIDE;
}

static void position(void *driver, struct buf *out)
{
	struct binlog_source *s = driver;

	if (s->reader.place.file[0])
		binlog_position(&s->reader, out);
}

/* ---- beginning and end ---- */

static void close_source(void *driver)
{
	struct binlog_source *s = driver;

	close_file(s);
	globfree(&s->files);
	binlog_reader_free(&s->reader);
	buf_free(&s->event);
	free(s);
}

static int find_files(struct binlog_source *s, struct failure *f)
{
	int rc = glob(s->request->place, GLOB_ERR, NULL, &s->files);

	if (rc == GLOB_NOSPACE)
		mem_fail();
	return rc == 0 ? 0 : failure_set(f, EXIT_CONFIG, "%s: there is no such file", s->request->place);
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	struct binlog_source *s = mem_zalloc(sizeof *s);

	s->request = r;
	s->reader = (struct binlog_reader){ .request = r, .source = "binlog", .replay = replay, .context = s, .has_rows = r->from.n };
	if (r->ntables == 0)
		failure_set(f, EXIT_USAGE, "--table: which tables, as database.table?");
	else if (binlog_want(&s->reader, "", f) == 0 && (!r->from.n || binlog_place_parse(&s->reader.place, r->from, f) == 0) && find_files(s, f) == 0) {
		binlog_seek(&s->reader);
		return s;
	}
	close_source(s);
	return NULL;
}

const struct cdc_driver cdc_binlog = {
	.scheme = "binlog", .connector = "mariadb", .has_tx = true, .ends = true, .open = open_source, .close = close_source, .next = next, .position = position,
};
