/* SPDX-License-Identifier: MIT */
/* log_of -- logs made by hand, byte by byte as weir-format(5) has them, in a directory of their own: whatever a writer would do, or would
 * never do. What was put in is kept, so that what comes out can be compared. */
#ifndef TESTS_UNIT_LOG_OF_H
#define TESTS_UNIT_LOG_OF_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/base/hash.h"
#include "lib/log/index.h"
#include "tests/unit/check.h"

#define LOG_OF_ID "0123456789abcdef"

struct log_of {
	char path[64];
	enum record_format format;
	const char *columns;

	struct buf text;                /* of the segment at hand */
	struct segment_head head;
	bool is_open;
	struct segment_index index;     /* of it, places in the text */
	struct position at;             /* behind the last block */
	struct position committed;

	struct buf records;             /* all there are */
	size_t *end;                    /* record i ends there */
	uint32_t *chain;                /* and the chain behind it */
	size_t n, end_cap, chain_cap;
};

static inline void log_of_begin(struct log_of *l, enum record_format format, const char *columns)
{
	*l = (struct log_of){ .format = format, .columns = columns };
	strcpy(l->path, "/tmp/weir-log.XXXXXX");
	CHECK(mkdtemp(l->path) != NULL);
}

static inline void log_of_file(const struct log_of *l, const char *name, char path[160])
{
	snprintf(path, 160, "%s/%s", l->path, name);
}

static inline void log_of_write(const struct log_of *l, const char *name, struct span text)
{
	char path[160];
	FILE *file;

	log_of_file(l, name, path);
	file = fopen(path, "w");
	CHECK(file != NULL);
	CHECK(fwrite(text.p, 1, text.n, file) == text.n);
	fclose(file);
}

static inline void log_of_remove(const struct log_of *l, const char *name)
{
	char path[160];

	log_of_file(l, name, path);
	unlink(path);
}

/* The segment at hand as it is now, plain. */
static inline void log_of_save(const struct log_of *l)
{
	char name[SEGMENT_NAME];

	segment_name(l->head.first.at, ".log", name);
	log_of_write(l, name, buf_view(&l->text));
}

static inline void log_of_open_segment(struct log_of *l)
{
	l->is_open = true;
	strcpy(l->head.log, LOG_OF_ID);
	l->head.first = l->at;
	l->head.format = l->format;
	buf_clear(&l->head.columns);
	buf_text(&l->head.columns, l->columns);
	buf_clear(&l->text);
	index_free(&l->index);
	index_add(&l->index, (struct index_member){ 0, l->at, 0, 0 });
	segment_print_head(&l->head, &l->text);
}

/* The trailer that a block of n records in data at the end has. */
static inline struct block_trailer log_of_trailer(const struct log_of *l, struct span data, uint64_t n)
{
	struct block_trailer t = { .first = l->at, .len = data.n, .synced = l->at.at, .time = 1000 + (int64_t)l->at.at };

	for (size_t i = 0; i < data.n; i++)
		t.lines += data.p[i] == '\n';
	t.end = (struct position){ l->at.at + n, hash_crc32c(l->at.chain, data.p, data.n) };
	return t;
}

/* Without keeping the records: damage of all kinds. */
static inline void log_of_put(struct log_of *l, struct span data, const struct block_trailer *t)
{
	if (!l->is_open)
		log_of_open_segment(l);
	buf_span(&l->text, data);
	segment_print_block(t, &l->text);
}

/* One block of records, each with its newline. */
static inline void log_of_block(struct log_of *l, const char *const *record, size_t n, bool more)
{
	struct buf data = { 0 };
	struct block_trailer t;

	for (size_t i = 0; i < n; i++) {
		buf_text(&data, record[i]);
		buf_text(&l->records, record[i]);
		l->end = mem_grow(l->end, l->n, &l->end_cap, sizeof *l->end);
		l->chain = mem_grow(l->chain, l->n, &l->chain_cap, sizeof *l->chain);
		l->end[l->n] = l->records.n;
		l->chain[l->n++] = hash_crc32c(0, l->records.p, l->records.n);
	}
	t = log_of_trailer(l, buf_view(&data), n);
	t.more = more;
	log_of_put(l, buf_view(&data), &t);
	l->at = t.end;
	if (!more)
		l->committed = l->at;
	index_add(&l->index, (struct index_member){ l->text.n, l->at, t.time, t.time });
	buf_free(&data);
}

static inline void log_of_seal(struct log_of *l)
{
	struct segment_seal s = { l->head.first.at, l->at.at - l->head.first.at, l->text.n, l->at.chain };

	segment_print_seal(&s, &l->text);
	log_of_save(l);
	l->is_open = false;
}

static inline void log_of_member(struct buf *out, struct span text)
{
	z_stream z = { .next_in = (unsigned char *)text.p, .avail_in = (uInt)text.n };
	size_t most;

	CHECK_INT(deflateInit2(&z, 4, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	most = deflateBound(&z, text.n);
	z.next_out = (unsigned char *)buf_room(out, most);
	z.avail_out = (uInt)most;
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += most - z.avail_out;
	deflateEnd(&z);
}

/* The segment just sealed, compressed, so many blocks to a member; in place of the plain one unless both shall be there. */
static inline void log_of_compress(struct log_of *l, size_t blocks, bool with_index, bool both)
{
	char gz[SEGMENT_NAME], plain[SEGMENT_NAME];
	struct segment_index x = { 0 };
	struct buf packed = { 0 };
	struct failure f = { 0 };
	size_t n = l->index.n - 1;              /* the last place is the seal's */
	struct index_of of = { &l->head, l->at, gz, 0 };
	int dir = open(l->path, O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < n; i += blocks) {
		size_t from = (size_t)l->index.member[i].offset, to = i + blocks < n ? (size_t)l->index.member[i + blocks].offset : l->text.n;

		index_add(&x, (struct index_member){ packed.n, l->index.member[i].first, 0, 0 });
		log_of_member(&packed, (struct span){ l->text.p + from, to - from });
	}
	segment_name(l->head.first.at, ".log.gz", gz);
	segment_name(l->head.first.at, ".log", plain);
	log_of_write(l, gz, buf_view(&packed));
	of.bytes = packed.n;
	if (with_index)
		CHECK_INT(index_write(dir, &of, &x, &f), 0);
	if (!both)
		log_of_remove(l, plain);
	close(dir);
	index_free(&x);
	buf_free(&packed);
}

/* A position of what was put in. */
static inline struct position log_of_position(const struct log_of *l, size_t at)
{
	return (struct position){ at, at ? l->chain[at - 1] : 0 };
}

static inline struct span log_of_range(const struct log_of *l, size_t from, size_t to)
{
	size_t begin = from ? l->end[from - 1] : 0;

	return (struct span){ l->records.p + begin, (to ? l->end[to - 1] : 0) - begin };
}

static inline void log_of_end(struct log_of *l)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf '%s'", l->path);
	CHECK_INT(system(command), 0);
	buf_free(&l->text);
	buf_free(&l->records);
	segment_head_free(&l->head);
	index_free(&l->index);
	free(l->end);
	free(l->chain);
}

#endif
