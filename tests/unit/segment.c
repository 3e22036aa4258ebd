/* SPDX-License-Identifier: MIT */
/* The lines of segments: what is written reads back, and nothing that was changed does. */
#include "lib/log/segment.h"

#include "lib/base/hash.h"
#include "tests/unit/check.h"

static struct span without_newline(const struct buf *b)
{
	return (struct span){ b->p, b->n - 1 };
}

static struct block_trailer full_trailer(void)
{
	struct block_trailer t = {
		.first = { 10, 0 }, .end = { 13, 0x5f3a91c2 }, .lines = 5, .len = 77, .synced = 10, .time = -3, .more = true, .changes = true, .final = true,
		.has_source = true, .epoch = 12, .run = "aabbccddeeff001",
	};

	buf_text(&t.source, "A:5@c, 50%");
	buf_text(&t.once, "2026 11/22");
	t.rejects = 99;
	buf_text(&t.rejects_to, "a b/rej");
	return t;
}

TEST(names)
{
	char name[SEGMENT_NAME];
	uint64_t first;

	segment_name(1200000, ".log", name);
	CHECK_TEXT(name, "00000000000001200000.log");
	segment_name(UINT64_MAX, ".log.gz", name);
	CHECK_TEXT(name, "18446744073709551615.log.gz");
	CHECK_INT(segment_name_parse(name, ".log.gz", &first), 0);
	CHECK(first == UINT64_MAX);
	CHECK_INT(segment_name_parse(name, ".log", &first), -1);
	CHECK_INT(segment_name_parse("00000000000001200000.idx", ".idx", &first), 0);
	CHECK_INT(first, 1200000);
	CHECK_INT(segment_name_parse("0000000000001200000.log", ".log", &first), -1);
	CHECK_INT(segment_name_parse("000000000000012000000.log", ".log", &first), -1);
	CHECK_INT(segment_name_parse("18446744073709551616.log", ".log", &first), -1);
	CHECK_INT(segment_name_parse("0000000000000120000x.log", ".log", &first), -1);
	CHECK_INT(segment_name_parse("", ".log", &first), -1);
	CHECK_INT(segment_name_parse("00000000000001200000", ".log", &first), -1);
	CHECK_INT(segment_name_parse("lost", ".log", &first), -1);
}

TEST(head_of_csv)
{
	struct segment_head h = { .log = "0123456789abcdef", .first = { 42, 0xdeadbeef }, .format = FORMAT_CSV }, back = { 0 };
	struct buf out = { 0 };
	const char *newline;

	buf_text(&h.columns, "id,a%2Cb");
	segment_print_head(&h, &out);
	newline = memchr(out.p, '\n', out.n);
	CHECK_SPAN(((struct span){ out.p, 83 }), "#!weir segment v=1 log=0123456789abcdef first=42 chain=deadbeef format=csv columns=");
	CHECK_INT(segment_line_kind(buf_view(&out)), SEGMENT_HEAD);
	CHECK_INT(segment_parse_head(&back, (struct span){ out.p, (size_t)(newline - out.p) }), 0);
	CHECK_TEXT(back.log, "0123456789abcdef");
	CHECK(position_eq(back.first, h.first));
	CHECK_INT(back.format, FORMAT_CSV);
	CHECK_INT(back.columns.n, 0);
	CHECK_SPAN(((struct span){ newline + 1, out.n - (size_t)(newline + 1 - out.p) }), "#!weir columns id,a%2Cb\n");
	CHECK_INT(segment_parse_columns(&back, SPAN("#!weir columns id,a%2Cb")), 0);
	CHECK_BUF(back.columns, "id,a%2Cb");
	CHECK_INT(segment_parse_columns(&back, SPAN("#!weir columns id,a%2Cc")), -1);
	CHECK_INT(segment_parse_columns(&back, SPAN("id,a%2Cb")), -1);
	segment_head_free(&h);
	segment_head_free(&back);
	buf_free(&out);
}

TEST(head_of_ndjson_has_no_columns)
{
	struct segment_head h = { .log = "0123456789abcdef", .format = FORMAT_NDJSON }, back = { 0 };
	struct buf out = { 0 };

	segment_print_head(&h, &out);
	CHECK(memchr(out.p, '\n', out.n) == out.p + out.n - 1);
	CHECK_INT(segment_parse_head(&back, without_newline(&out)), 0);
	CHECK_INT(back.format, FORMAT_NDJSON);
	CHECK_INT(segment_parse_columns(&back, SPAN("#!weir columns a")), -1);
	buf_free(&out);
}

TEST(block_reads_back)
{
	struct block_trailer t = full_trailer(), back = { 0 };
	struct buf out = { 0 };

	segment_print_block(&t, &out);
	CHECK_INT(segment_parse_block(&back, without_newline(&out)), 0);
	CHECK_INT(back.first.at, 10);
	CHECK(position_eq(back.end, t.end));
	CHECK_INT(back.lines, 5);
	CHECK_INT(back.len, 77);
	CHECK_INT(back.synced, 10);
	CHECK_INT(back.time, -3);
	CHECK_INT(back.rejects, 99);
	CHECK_BUF(back.rejects_to, "a b/rej");
	CHECK(back.more && back.changes && back.has_source && back.final);
	CHECK_INT(back.epoch, 12);
	CHECK_TEXT(back.run, "aabbccddeeff001");
	CHECK_BUF(back.source, "A:5@c, 50%");
	CHECK_BUF(back.once, "2026 11/22");
	block_trailer_free(&t);
	block_trailer_free(&back);
	buf_free(&out);
}

/* What one line had must not be found in the next one. */
TEST(block_is_used_again)
{
	struct block_trailer t = full_trailer(), plain = { .end = { 1, 1 }, .lines = 1, .len = 2 };
	struct buf out = { 0 };

	segment_print_block(&plain, &out);
	CHECK_INT(segment_parse_block(&t, without_newline(&out)), 0);
	CHECK(!t.more && !t.changes && !t.has_source && !t.final);
	CHECK_INT(t.epoch, 0);
	CHECK_TEXT(t.run, "-");
	CHECK_INT(t.source.n, 0);
	CHECK_INT(t.once.n, 0);
	block_trailer_free(&t);
	buf_free(&out);
}

TEST(an_empty_source_is_a_source)
{
	struct block_trailer t = { .has_source = true, .epoch = 1, .run = "r" }, back = { 0 };
	struct buf out = { 0 };

	segment_print_block(&t, &out);
	CHECK_INT(segment_parse_block(&back, without_newline(&out)), 0);
	CHECK(back.has_source);
	CHECK_INT(back.source.n, 0);
	block_trailer_free(&back);
	buf_free(&out);
}

TEST(seal_reads_back)
{
	struct segment_seal s = { 7, 8, 99, 0xabc }, back;
	struct buf out = { 0 };

	segment_print_seal(&s, &out);
	CHECK_INT(segment_line_kind(buf_view(&out)), SEGMENT_SEAL);
	CHECK_INT(segment_parse_seal(&back, without_newline(&out)), 0);
	CHECK(back.first == 7 && back.n == 8 && back.len == 99 && back.chain == 0xabc);
	buf_free(&out);
}

/* Any bit of any line. */
static void check_flips(struct buf *line, int (*parse)(struct span))
{
	line->n--;
	CHECK_INT(parse(buf_view(line)), 0);
	for (size_t i = 0; i < line->n * 8; i++) {
		line->p[i / 8] ^= (char)(1 << i % 8);
		if (parse(buf_view(line)) == 0) {
			CHECK(!"a flipped bit is seen");
			printf("# bit %zu: %.*s\n", i, (int)line->n, line->p);
		}
		line->p[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < line->n; n++)
		CHECK_INT(parse((struct span){ line->p, n }), -1);
	buf_free(line);
}

static int parse_head(struct span line)
{
	struct segment_head h = { 0 };
	int rc = segment_parse_head(&h, line);

	segment_head_free(&h);
	return rc;
}

static int parse_block(struct span line)
{
	struct block_trailer t = { 0 };
	int rc = segment_parse_block(&t, line);

	block_trailer_free(&t);
	return rc;
}

static int parse_seal(struct span line)
{
	struct segment_seal s;

	return segment_parse_seal(&s, line);
}

TEST(every_flipped_bit_and_every_cut_is_seen)
{
	struct segment_head h = { .log = "0123456789abcdef", .first = { 1, 2 }, .format = FORMAT_NDJSON };
	struct block_trailer t = full_trailer();
	struct segment_seal s = { 1, 2, 3, 4 };
	struct buf line = { 0 };

	segment_print_head(&h, &line);
	check_flips(&line, parse_head);
	segment_print_block(&t, &line);
	check_flips(&line, parse_block);
	segment_print_seal(&s, &line);
	check_flips(&line, parse_seal);
	block_trailer_free(&t);
}

/* Lines whose crc is right, but not what they say. */
static int parse_signed(const char *text, int (*parse)(struct span))
{
	struct buf line = { 0 };
	int rc;

	buf_printf(&line, "%s crc=%08x", text, (unsigned)hash_crc32c(0, text, strlen(text)));
	rc = parse(buf_view(&line));
	buf_free(&line);
	return rc;
}

TEST(what_lacks_something_is_none)
{
	static const char *const heads[] = {
		"#!weir segment v=2 log=0123456789abcdef first=0 chain=00000000 format=ndjson",
		"#!weir segment log=0123456789abcdef first=0 chain=00000000 format=ndjson",
		"#!weir segment v=1 log=0123456789abcde first=0 chain=00000000 format=ndjson",
		"#!weir segment v=1 log=0123456789ABCDEF first=0 chain=00000000 format=ndjson",
		"#!weir segment v=1 log=0123456789abcdef first=-1 chain=00000000 format=ndjson",
		"#!weir segment v=1 log=0123456789abcdef first=0 chain=0 format=ndjson",
		"#!weir segment v=1 log=0123456789abcdef first=0 chain=00000000 format=xml",
		"#!weir segment v=1 log=0123456789abcdef first=0 chain=00000000 format=csv",
	};

	CHECK_INT(parse_signed("#!weir segment v=1 log=0123456789abcdef first=0 chain=00000000 format=ndjson", parse_head), 0);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		CHECK_INT(parse_signed(heads[i], parse_head), -1);
	CHECK_INT(parse_signed("#!weir block first=0 n=1 lines=1 len=2 chain=00000001 synced=0 t=5", parse_block), 0);
	CHECK_INT(parse_signed("#!weir block first=0 n=1 lines=1 len=2 chain=00000001 synced=0", parse_block), -1);
	CHECK_INT(parse_signed("#!weir block first=0 n=1 lines=1 len=2 chain=00000001 synced=0 t=5 epoch=1", parse_block), -1);
	CHECK_INT(parse_signed("#!weir block first=0 n=1 lines=1 len=2 chain=00000001 synced=0 t=5 epoch=1 run=abcdefghijklmnopqrst src=", parse_block), -1);
	CHECK_INT(parse_signed("#!weir block first=0 n=99999999999999999999 lines=1 len=2 chain=00000001 synced=0 t=5", parse_block), -1);
	CHECK_INT(parse_signed("#!weir seal first=0 n=1 len=2 chain=00000001", parse_seal), 0);
	CHECK_INT(parse_signed("#!weir seal first=0 n=1 chain=00000001", parse_seal), -1);
	CHECK_INT(parse_signed("#!weir block first=0 n=1 len=2 chain=00000001", parse_seal), -1);
}

TEST(kinds)
{
	CHECK_INT(segment_line_kind(SPAN("1,a")), SEGMENT_DATA);
	CHECK_INT(segment_line_kind(SPAN("")), SEGMENT_DATA);
	CHECK_INT(segment_line_kind(SPAN("\\#!weir block first=0")), SEGMENT_DATA);
	CHECK_INT(segment_line_kind(SPAN("#!weir block first=0")), SEGMENT_BLOCK);
	CHECK_INT(segment_line_kind(SPAN("#!weir columns ")), SEGMENT_COLUMNS);
	CHECK_INT(segment_line_kind(SPAN("#!weir")), SEGMENT_DAMAGED);
	CHECK_INT(segment_line_kind(SPAN("#!weir blocks")), SEGMENT_DAMAGED);
	CHECK_INT(segment_line_kind(SPAN("#!weird")), SEGMENT_DAMAGED);
}
