/* SPDX-License-Identifier: MIT */
/* A segment from elsewhere. Checksums would stop nearly every input, so each line of ours that has one gets the right one first. What is then
 * taken is written again and must say the same; and the walk goes through all of it, plain and as gzip. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/hash.h"
#include "lib/log/walk.h"

#define CRC_TAIL ((size_t)13)           /* " crc=" and eight digits */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static struct span without_newline(const struct buf *b)
{
	return (struct span){ b->p, b->n - 1 };
}

static void sign(char *line, size_t n)
{
	char crc[9];

	if (n < CRC_TAIL || memcmp(line + n - CRC_TAIL, " crc=", 5) != 0)
		return;
	snprintf(crc, sizeof crc, "%08x", (unsigned)hash_crc32c(0, line, n - CRC_TAIL));
	memcpy(line + n - 8, crc, 8);
}

static void check_head(struct span line)
{
	struct segment_head h = { 0 }, again = { 0 };
	struct buf out = { 0 };

	if (segment_parse_head(&h, line) == 0) {
		const char *newline;

		segment_print_head(&h, &out);
		newline = memchr(out.p, '\n', out.n);
		expect(segment_parse_head(&again, (struct span){ out.p, (size_t)(newline - out.p) }) == 0);
		expect(strcmp(h.log, again.log) == 0 && position_eq(h.first, again.first) && h.format == again.format);
	}
	segment_head_free(&h);
	segment_head_free(&again);
	buf_free(&out);
}

static void check_block(struct span line)
{
	struct block_trailer t = { 0 }, again = { 0 };
	struct buf out = { 0 };

	if (segment_parse_block(&t, line) == 0) {
		segment_print_block(&t, &out);
		expect(segment_parse_block(&again, without_newline(&out)) == 0);
		expect(t.first.at == again.first.at && position_eq(t.end, again.end) && t.lines == again.lines && t.len == again.len);
		expect(t.synced == again.synced && t.time == again.time && t.more == again.more && t.changes == again.changes);
		expect(t.has_source == again.has_source && t.epoch == again.epoch && strcmp(t.run, again.run) == 0);
		expect(span_eq(buf_view(&t.source), buf_view(&again.source)) && span_eq(buf_view(&t.once), buf_view(&again.once)));
	}
	block_trailer_free(&t);
	block_trailer_free(&again);
	buf_free(&out);
}

static void check_seal(struct span line)
{
	struct segment_seal s, again;
	struct buf out = { 0 };

	if (segment_parse_seal(&s, line) < 0)
		return;
	segment_print_seal(&s, &out);
	expect(segment_parse_seal(&again, without_newline(&out)) == 0);
	expect(s.first == again.first && s.n == again.n && s.len == again.len && s.chain == again.chain);
	buf_free(&out);
}

static void walk(struct span text, bool compressed)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_head head = { 0 };
	struct segment_walk w = { 0 };
	struct failure f = { 0 };
	struct span block;
	uint64_t end = 0;
	enum walk_event e;
	int fd = memfd_create("segment", MFD_CLOEXEC);

	expect(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	segment_file_take(&file, fd, "segment", compressed);
	if (segment_file_head(&file, 0, &head, &f) == 0) {
		walk_begin(&w, &file, 0, head.first, file.offset);
		while ((e = walk_next(&w, &block, &f)) == WALK_BLOCK) {
			expect(w.offset > end && w.trailer.end.at >= w.trailer.first.at);
			expect(hash_crc32c(w.trailer.first.chain, block.p, block.n) == w.at.chain);
			end = w.offset;
		}
		expect(e != WALK_ERROR && (e != WALK_DAMAGED || f.status));
	}
	walk_free(&w);
	segment_head_free(&head);
	segment_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { 0 };

	if (size == 0)
		return 0;
	walk((struct span){ (const char *)data, size }, true);
	buf_add(&text, data, size);
	for (size_t at = 0, n; at < text.n; at += n + 1) {
		const char *newline = memchr(text.p + at, '\n', text.n - at);
		struct span line;

		n = newline ? (size_t)(newline - text.p) - at : text.n - at;
		sign(text.p + at, n);
		line = (struct span){ text.p + at, n };
		check_head(line);
		check_block(line);
		check_seal(line);
	}
	walk(buf_view(&text), false);
	buf_free(&text);
	return 0;
}
