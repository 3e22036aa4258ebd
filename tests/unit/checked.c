/* SPDX-License-Identifier: MIT */
#include "lib/stream/checked.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/stream/out.h"
#include "lib/stream/stage.h"
#include "lib/text/reader.h"
#include "tests/unit/check.h"

static struct control parsed(const char *line)
{
	struct control c = { 0 };

	CHECK(control_parse(&c, span_of(line)) == 0);
	return c;
}

TEST(a_resume_line_goes_there_and_back_in_both_forms)
{
	for (int json = 0; json < 2; json++) {
		struct resume r = { .run = "0123456789abcde", .erun = "-", .epoch = 7, .cfg = "1a2b3c4d", .several = true }, back = { 0 };
		struct buf text = { 0 };
		struct failure f = { 0 };
		struct control c;

		buf_text(&r.pos, "120@5f3a91c2");
		buf_text(&r.source, "or ders%");
		buf_text(&r.fallback, "90@0badcafe");
		resume_print(&r, json, json ? "ndjson" : "csv", &text);
		text.p[text.n - 1] = '\0';
		c = parsed(text.p);
		CHECK(resume_parse(&back, &c, &f) == 0);
		CHECK(strcmp(back.run, r.run) == 0 && strcmp(back.erun, "-") == 0 && strcmp(back.cfg, r.cfg) == 0);
		CHECK(back.epoch == 7 && back.several && span_eq(buf_view(&back.fallback), buf_view(&r.fallback)) && span_eq(buf_view(&back.pos), buf_view(&r.pos)) && span_eq(buf_view(&back.source), buf_view(&r.source)));
		control_free(&c);
		buf_free(&text);
		resume_free(&r);
		resume_free(&back);
	}
}

TEST(a_barrier_line_goes_there_and_back_in_both_forms)
{
	for (int json = 0; json < 2; json++) {
		struct barrier b = { .kind = BARRIER_STOP, .run = "abc", .epoch = 9, .committed = 8, .n = 3, .crc = 0x0badcafe, .edge = true,
		                     .has_time = true, .time = -5, .rejected = 2 }, back = { 0 };
		struct buf text = { 0 };
		struct failure f = { 0 };
		struct control c;

		buf_text(&b.pos, "binlog.000001:4");
		barrier_print(&b, json, &text);
		text.p[text.n - 1] = '\0';
		c = parsed(text.p);
		CHECK(barrier_parse(&back, &c, &f) == 1);
		CHECK(back.kind == BARRIER_STOP && back.epoch == 9 && back.committed == 8 && back.n == 3 && back.crc == 0x0badcafe && back.edge);
		CHECK(back.has_time && back.time == -5 && back.rejected == 2 && span_eq(buf_view(&b.pos), buf_view(&back.pos)));
		control_free(&c);
		buf_free(&text);
		barrier_free(&b);
		barrier_free(&back);
	}
}

TEST(names_that_could_leave_a_directory_are_no_runs)
{
	struct control c = parsed("#!weir resume run=../x epoch=1 erun=- pos=");
	struct resume r = { 0 };
	struct failure f = { 0 };

	CHECK(resume_parse(&r, &c, &f) < 0 && f.status == EXIT_DATA);
	control_free(&c);
	resume_free(&r);
}

TEST(a_lineage_depends_on_every_stage_its_options_and_their_order)
{
	char a[LINEAGE_TEXT] = "", b[LINEAGE_TEXT] = "", c[LINEAGE_TEXT] = "";

	lineage_fold(a, "event-log", SPAN(""));
	lineage_fold(a, "window-agg", SPAN("x"));
	lineage_fold(b, "event-log", SPAN(""));
	lineage_fold(b, "window-agg", SPAN("y"));
	lineage_fold(c, "window-agg", SPAN("x"));
	lineage_fold(c, "event-log", SPAN(""));
	CHECK(strlen(a) == 8 && strcmp(a, b) != 0 && strcmp(a, c) != 0);
}

/* What a reader of these bytes comes to: rows, and its status (0 at a good end). */
static int read_stream(const char *text, size_t n, size_t *rows, char *error)
{
	struct reader_options o = { 0 };
	struct fields fields = { 0 };
	char path[] = "/tmp/weir-checked.XXXXXX";
	int fd = mkstemp(path), status = -1;
	struct reader *r;
	struct batch batch;
	struct bad_record bad;
	struct span control;

	CHECK(write(fd, text, n) == (ssize_t)n);
	close(fd);
	r = reader_open(path, &fields, &o);
	*rows = 0;
	while (status < 0)
		switch (reader_next(r, &batch, &bad, &control)) {
		case READ_ROWS: *rows += batch.n; break;
		case READ_END: status = 0; break;
		case READ_ERROR:
			status = reader_status(r);
			snprintf(error, 500, "%s", reader_error(r));
			break;
		default: break;
		}
	reader_free(r);
	unlink(path);
	return status;
}

static void add_barrier(struct buf *out, const char *word, int epoch, const char *data)
{
	size_t lines = 0;

	for (const char *p = data; *p; p++)
		lines += *p == '\n';
	buf_text(out, data);
	buf_printf(out, "#!weir %s run=r epoch=%d pos=%d n=%zu crc=%08x committed=0\n", word, epoch, epoch, lines, (unsigned)hash_crc32c(0, data, strlen(data)));
}

static void good_stream(struct buf *s)
{
	buf_text(s, "#!weir resume run=r epoch=4 erun=q pos=0 format=csv cfg=00000000\n#!weir columns a,b\n");
	add_barrier(s, "barrier", 5, "1,2\n\n\"x\ny\",3\n");
	add_barrier(s, "barrier", 6, "");
	add_barrier(s, "stop", 7, "5,6\n\\#!weir stop,7\n");
}

TEST(a_checked_stream_with_right_counts_is_read_to_its_end)
{
	struct buf s = { 0 };
	size_t rows;
	char error[500] = "";

	good_stream(&s);
	CHECK(read_stream(s.p, s.n, &rows, error) == 0);
	CHECK(rows == 4);
	buf_free(&s);
}

TEST(cut_off_anywhere_it_is_status_75_with_any_byte_of_its_data_changed_65)
{
	struct buf s = { 0 };
	size_t rows;
	char error[500];
	size_t first;

	good_stream(&s);
	buf_byte(&s, '\0');
	first = (size_t)(strstr(s.p, "1,2\n") - s.p);
	s.n--;
	for (size_t n = first; n < s.n; n++)
		CHECK(read_stream(s.p, n, &rows, error) == EXIT_RETRY);
	for (size_t i = first; i < first + 13; i++) {
		char was = s.p[i];

		if (was == '"' || was == '\n' || was == ',')
			continue;
		s.p[i] ^= 1;
		CHECK(read_stream(s.p, s.n, &rows, error) == EXIT_DATA);
		CHECK(strstr(error, "before barrier 5"));
		s.p[i] = was;
	}
	buf_free(&s);
}

static int status_of(const char *text)
{
	size_t rows;
	char error[500];

	return read_stream(text, strlen(text), &rows, error);
}

#define RESUME "#!weir resume run=r epoch=0 erun=- pos= format=csv\n#!weir columns a\n"

TEST(a_lost_line_another_run_an_epoch_left_out_a_second_resume_and_data_behind_the_end_are_noticed)
{
	CHECK(status_of(RESUME "#!weir stop run=r epoch=1 pos=0 n=0 crc=00000000\n") == 0);
	CHECK(status_of(RESUME "#!weir stop run=r epoch=1 pos=0 n=1 crc=00000000\n") == EXIT_DATA);
	CHECK(status_of(RESUME "#!weir stop run=s epoch=1 pos=0 n=0 crc=00000000\n") == EXIT_DATA);
	CHECK(status_of(RESUME "#!weir stop run=r epoch=2 pos=0 n=0 crc=00000000\n") == EXIT_DATA);
	CHECK(status_of(RESUME "#!weir stop run=r epoch=1 pos=0 n=0\n") == EXIT_DATA);
	CHECK(status_of(RESUME RESUME "#!weir stop run=r epoch=1 pos=0 n=0 crc=00000000\n") == EXIT_DATA);
	CHECK(status_of(RESUME "#!weir stop run=r epoch=1 pos=0 n=0 crc=00000000\nx\n") == EXIT_DATA);
	CHECK(status_of(RESUME "#!weir end run=r epoch=1 pos=0 n=0 crc=00000000\n#!weir stop run=r epoch=2 pos=0 n=0 crc=00000000\n") == EXIT_DATA);
	CHECK(status_of("#!weir stream format=csv\n#!weir columns a\nx\n") == 0);
	CHECK(status_of("#!weir stream format=csv\n" RESUME "#!weir stop run=r epoch=1 pos=0 n=0 crc=00000000\n") == EXIT_DATA);
}

TEST(what_a_stage_sends_on_is_a_checked_stream_again)
{
	struct control c = parsed("#!weir resume run=r epoch=0 erun=- pos=0 cfg=aabbccdd");
	struct stage s = { 0 };
	struct failure f = { 0 };
	struct out out;
	char path[] = "/tmp/weir-stage.XXXXXX", text[4096];
	int fd = mkstemp(path);
	ssize_t n;

	out_init(&out, dup(fd), "out");
	CHECK(stage_begin(&s, "test", &out, "csv", &c, SPAN("opts"), &f) == 0);
	stage_forward(&s);
	out_begin_control(&out);
	buf_text(&out.buf, "#!weir columns a,b\n");
	out_end_control(&out);
	buf_text(&out.buf, "1,2\n");
	CHECK(out_flush(&out) == 0);
	buf_text(&out.buf, "3,4\n");
	control_free(&c);
	c = parsed("#!weir barrier run=r epoch=1 pos=7 n=9 crc=00000000 committed=0");
	CHECK(stage_barrier(&s, &c, &f) == 1 && stage_pass(&s) == 0);
	control_free(&c);
	c = parsed("#!weir stop run=r epoch=2 pos=7 n=9 crc=00000000 committed=0");
	CHECK(stage_barrier(&s, &c, &f) == 1 && stage_pass(&s) == 0);
	n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	CHECK(status_of(text) == 0);
	CHECK(strstr(text, "n=2 ") && strstr(text, "n=0 ") && !strstr(text, "aabbccdd"));
	control_free(&c);
	stage_free(&s);
	out_close(&out);
	close(fd);
	unlink(path);
}
