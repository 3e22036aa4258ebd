/* SPDX-License-Identifier: MIT */
/* Any bytes as the segments of a log, in pieces parted by a line `----`: each is a file, plain or (when it begins as gzip does) compressed.
 * Checksums would stop nearly all of them at the first line, so that of each line of ours is made right before. Whatever is delivered joins up,
 * is what its chain says, and is the same when it is read from its middle. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/log/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void empty(void)
{
	DIR *d = opendir(path);
	struct dirent *e;

	check(d != NULL);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static void remove_all(void)
{
	empty();
	rmdir(path);
}

static void write_file(const char *name, struct span text)
{
	char file[128];
	int fd;

	snprintf(file, sizeof file, "%s/%s", path, name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	check(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

/* The checksum of each line of ours, where it has one. */
static struct buf made_right(struct span text)
{
	struct buf out = { 0 };

	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		struct span line = { text.p, nl ? (size_t)(nl - text.p) : text.n };
		size_t from = out.n;

		buf_span(&out, line);
		if (segment_line_kind(line) != SEGMENT_DATA && line.n > 13 && memcmp(line.p + line.n - 13, " crc=", 5) == 0) {
			out.n -= 13;
			buf_printf(&out, " crc=%08x", (unsigned)hash_crc32c(0, out.p + from, out.n - from));
		}
		line.n += nl != NULL;
		text.p += line.n, text.n -= line.n;
		if (nl)
			buf_byte(&out, '\n');
	}
	return out;
}

/* Position and compression of a segment: what its first line says, else where the one before it might end. */
static void put_segment(struct span text, uint64_t at)
{
	char name[SEGMENT_NAME];
	struct segment_head h = { 0 };
	struct buf right = made_right(text);
	const char *nl = right.n ? memchr(right.p, '\n', right.n) : NULL;
	bool packed = text.n > 1 && text.p[0] == 0x1f && (unsigned char)text.p[1] == 0x8b;

	if (nl && segment_parse_head(&h, (struct span){ right.p, (size_t)(nl - right.p) }) == 0)
		at = h.first.at;
	segment_name(at, packed ? ".log.gz" : ".log", name);
	write_file(name, packed ? text : buf_view(&right));
	segment_head_free(&h);
	buf_free(&right);
}

/* Everything from a position; the end of what came, where reading may begin again. */
static struct position read_from(struct position from, bool with_chain, struct buf *out, struct position *middle)
{
	struct log_dir d;
	struct failure f = { 0 };
	struct log_reader *r;
	struct log_block b, head;
	struct position at = from;
	enum log_event e;

	if (log_dir_open(&d, path, true, &f) < 0) {
		check(f.status == EXIT_DATA || f.status == EXIT_IO || f.status == EXIT_RETRY);
		return at;
	}
	if (!with_chain && d.n)
		at = d.segment[0].head.first;
	r = log_reader_open(&d, at, LOG_END, &(struct log_reader_options){ 0 }, &f);
	while ((e = log_next(r, &b)) == LOG_BLOCK || e == LOG_EDGE) {
		if (e == LOG_EDGE)
			continue;
		check(position_eq(b.first, at) && b.end.at > at.at && b.data.n && b.data.p[b.data.n - 1] == '\n');
		check(hash_crc32c(b.first.chain, b.data.p, b.data.n) == b.end.chain);
		at = b.end;
		buf_span(out, b.data);
		log_block_cut(&b, (b.end.at - b.first.at + 1) / 2, &head);
		if (middle)
			*middle = head.end;
		check(head.data.n + b.data.n > 0 && position_eq(head.end, b.first));
	}
	check(e == LOG_DRY || e == LOG_ERROR);
	check((e == LOG_ERROR) == (f.status != 0));
	log_reader_free(r);
	log_dir_close(&d);
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char part[] = "\n----\n";
	struct span rest = { (const char *)data, size };
	struct buf all = { 0 }, again = { 0 };
	struct position middle = { 0 }, end;

	if (!*path) {
		strcpy(path, "/tmp/weir-fuzz.XXXXXX");
		check(mkdtemp(path) != NULL);
		atexit(remove_all);
	}
	empty();
	for (uint64_t at = 0; at < 8; at++) {
		const char *p = rest.n ? memmem(rest.p, rest.n, part, sizeof part - 1) : NULL;
		size_t n = p ? (size_t)(p - rest.p) + 1 : rest.n;

		put_segment((struct span){ rest.p, n }, at);
		if (!p)
			break;
		n += sizeof part - 2;
		rest.p += n, rest.n -= n;
	}
	end = read_from(middle, false, &all, &middle);
	if (all.n && middle.at < end.at) {
		check(position_eq(read_from(middle, true, &again, NULL), end));
		check(again.n <= all.n && memcmp(all.p + all.n - again.n, again.p, again.n) == 0);
	}
	buf_free(&all);
	buf_free(&again);
	return 0;
}
