/* SPDX-License-Identifier: MIT */
/* Logs made by hand, read from everywhere to everywhere, while they are torn, damaged, compressed and written anew. */
#include "lib/log/read.h"

#include <time.h>

#include "lib/text/input.h"
#include "tests/unit/log_of.h"

/* What came out of a reader. */
struct got {
	struct buf data;
	struct position at;
	uint64_t edges;
	enum log_event last;
	struct failure f;
};

static void got_free(struct got *g)
{
	buf_free(&g->data);
	*g = (struct got){ 0 };
}

static void read_on(struct log_reader *r, struct got *g)
{
	struct log_block b;

	while ((g->last = log_next(r, &b)) == LOG_BLOCK || g->last == LOG_EDGE) {
		if (g->last == LOG_EDGE) {
			g->edges++;
			continue;
		}
		CHECK_INT(b.first.at, g->at.at);
		CHECK(b.end.at > b.first.at);
		CHECK_INT(hash_crc32c(b.first.chain, b.data.p, b.data.n), b.end.chain);
		buf_span(&g->data, b.data);
		g->at = b.end;
		CHECK(position_eq(log_reader_at(r), b.end));
	}
}

static void read_range(const struct log_of *l, struct position from, uint64_t to, struct log_reader_options o, struct got *g)
{
	struct log_dir d;
	struct log_reader *r;

	*g = (struct got){ .at = from };
	if (log_dir_open(&d, l->path, true, &g->f) < 0) {
		g->last = LOG_ERROR;
		return;
	}
	r = log_reader_open(&d, from, to, &o, &g->f);
	if (!g->f.status)
		g->at = log_reader_at(r);
	read_on(r, g);
	log_reader_free(r);
	log_dir_close(&d);
}

static void same(const char *file, int line, struct span got, struct span want)
{
	if (span_eq(got, want))
		return;
	check_failures++;
	printf("# %s:%d: %zu bytes, not %zu: [%.*s] [%.*s]\n", file, line, got.n, want.n, (int)(got.n < 99 ? got.n : 99), got.p ? got.p : "",
	       (int)(want.n < 99 ? want.n : 99), want.p);
}
#define SAME(got, want) same(__FILE__, __LINE__, (got), (want))

static const char *const some[] = {
	"1,a\n", "2,\"b\nb\"\n", "\\#!weir block x\n", "4,\"\n\\#!weir stop\n\"\n", "5,#!weir seal\n", "#6,\n", "7,\"\"\"\"\n", "8,x\n", "9,y\n", "10,z\n",
};
enum { SOME = sizeof some / sizeof *some };

/* A log of random blocks, epochs and segments, some of them compressed, with or without index. */
static void make_random(struct log_of *l, unsigned long long *seed, int blocks)
{
	log_of_begin(l, FORMAT_CSV, "id,t");
	for (int i = 0; i < blocks; i++) {
		const char *record[6];
		size_t n = check_random(seed) % 6;
		bool more = check_random(seed) % 3 == 0 && i < blocks - 1;

		for (size_t k = 0; k < n; k++)
			record[k] = some[check_random(seed) % SOME];
		log_of_block(l, record, n, more);
		if (!more && l->at.at > l->head.first.at && check_random(seed) % 4 == 0) {
			unsigned way = (unsigned)(check_random(seed) % 4);

			log_of_seal(l);
			if (way)
				log_of_compress(l, 1 + check_random(seed) % 3, way > 1, way > 2);
		}
	}
	if (l->is_open)
		log_of_save(l);
}

TEST(every_position_to_every_position)
{
	unsigned long long seed = 1;

	for (int trial = 0; trial < 12; trial++) {
		struct log_of l;
		struct got g;

		make_random(&l, &seed, 14);
		for (size_t from = 0; from <= l.n; from++)
			for (size_t to = from; to <= l.n; to += 1 + check_random(&seed) % 3) {
				read_range(&l, log_of_position(&l, from), to, (struct log_reader_options){ .sync = true }, &g);
				CHECK_INT(g.last, LOG_DONE);
				CHECK(position_eq(g.at, log_of_position(&l, to)));
				SAME(buf_view(&g.data), log_of_range(&l, from, to));
				got_free(&g);
			}
		read_range(&l, (struct position){ l.n / 2, 0 }, LOG_END, (struct log_reader_options){ .without_chain = true }, &g);
		CHECK_INT(g.last, LOG_DRY);
		SAME(buf_view(&g.data), log_of_range(&l, l.n / 2, l.n));
		got_free(&g);
		log_of_end(&l);
	}
}

static void refused(const struct log_of *l, struct position from, int status, const char *text)
{
	struct got g;

	read_range(l, from, LOG_END, (struct log_reader_options){ 0 }, &g);
	CHECK_INT(g.last, LOG_ERROR);
	CHECK_INT(g.f.status, status);
	CHECK_INT(g.data.n, 0);
	if (!strstr(g.f.text, text)) {
		check_failures++;
		printf("# \"%s\" does not say \"%s\"\n", g.f.text, text);
	}
	got_free(&g);
}

TEST(positions_the_log_does_not_confirm)
{
	unsigned long long seed = 7;
	struct log_of l;

	make_random(&l, &seed, 20);
	for (size_t at = 0; at <= l.n; at++)
		refused(&l, (struct position){ at, log_of_position(&l, at).chain ^ 1 }, EXIT_CONFIG, "the log has other records before it");
	refused(&l, (struct position){ l.n + 1, 0 }, EXIT_CONFIG, "beyond the end");
	refused(&l, (struct position){ UINT64_MAX, 0 }, EXIT_CONFIG, "beyond the end");
	log_of_end(&l);
}

TEST(an_empty_log)
{
	struct log_of l;
	struct got g;

	log_of_begin(&l, FORMAT_CSV, "a");
	read_range(&l, (struct position){ 0 }, LOG_END, (struct log_reader_options){ 0 }, &g);
	CHECK_INT(g.last, LOG_DRY);
	refused(&l, (struct position){ 1, 0 }, EXIT_CONFIG, "beyond the end");
	log_of_open_segment(&l);
	for (size_t n = 0; n <= l.text.n; n++) {        /* a head that is being written */
		log_of_write(&l, "00000000000000000000.log", (struct span){ l.text.p, n });
		read_range(&l, (struct position){ 0 }, LOG_END, (struct log_reader_options){ 0 }, &g);
		CHECK_INT(g.last, LOG_DRY);
		got_free(&g);
	}
	log_of_end(&l);
}

TEST(pruned)
{
	struct log_of l;
	struct got g;

	log_of_begin(&l, FORMAT_CSV, "a");
	log_of_block(&l, some, 3, false);
	log_of_seal(&l);
	log_of_block(&l, some, 3, false);
	log_of_save(&l);
	log_of_remove(&l, "00000000000000000000.log");
	refused(&l, (struct position){ 0 }, EXIT_CONFIG, "pruned");
	refused(&l, log_of_position(&l, 2), EXIT_CONFIG, "pruned");
	read_range(&l, log_of_position(&l, 3), LOG_END, (struct log_reader_options){ 0 }, &g);
	SAME(buf_view(&g.data), log_of_range(&l, 3, 6));
	got_free(&g);
	log_of_end(&l);
}

TEST(columns_are_those_of_the_segment)
{
	struct log_of l;
	struct log_dir d;
	struct log_reader *r;
	struct log_block b;
	struct failure f = { 0 };

	log_of_begin(&l, FORMAT_CSV, "id,t");
	log_of_block(&l, some, 1, false);
	log_of_seal(&l);
	l.columns = "id,t,%2c";
	log_of_block(&l, some, 1, false);
	log_of_save(&l);
	CHECK_INT(log_dir_open(&d, l.path, false, &f), 0);
	CHECK_TEXT(d.id, LOG_OF_ID);
	CHECK_INT(d.n, 2);
	CHECK(d.segment[0].sealed && !d.segment[1].sealed);
	r = log_reader_open(&d, (struct position){ 0 }, LOG_END, &(struct log_reader_options){ 0 }, &f);
	CHECK_INT(log_next(r, &b), LOG_BLOCK);
	CHECK_SPAN(buf_view(&b.segment->columns), "id,t");
	CHECK_INT(log_next(r, &b), LOG_EDGE);
	CHECK_INT(log_next(r, &b), LOG_BLOCK);
	CHECK_SPAN(buf_view(&b.segment->columns), "id,t,%2c");
	CHECK_INT(log_next(r, &b), LOG_DRY);
	log_reader_free(r);
	log_dir_close(&d);
	log_of_end(&l);
}

/* A reader that stays while the log changes under it. */
struct follower {
	struct log_dir d;
	struct log_reader *r;
	struct got g;
};

static void follower_open(struct follower *w, const struct log_of *l)
{
	*w = (struct follower){ 0 };
	CHECK_INT(log_dir_open(&w->d, l->path, true, &w->g.f), 0);
	w->r = log_reader_open(&w->d, (struct position){ 0 }, LOG_END, &(struct log_reader_options){ .sync = true }, &w->g.f);
}

/* Has it read all up to there? */
static void follows(struct follower *w, const struct log_of *l, size_t to)
{
	read_on(w->r, &w->g);
	CHECK_INT(w->g.last, LOG_DRY);
	CHECK_INT(w->g.at.at, to);
	SAME(buf_view(&w->g.data), log_of_range(l, 0, to));
}

static void follower_close(struct follower *w)
{
	log_reader_free(w->r);
	log_dir_close(&w->d);
	got_free(&w->g);
}

TEST(growth_is_followed_block_by_block_and_segment_by_segment)
{
	struct follower w;
	struct log_of l;
	size_t before;

	log_of_begin(&l, FORMAT_CSV, "id,t");
	follower_open(&w, &l);
	follows(&w, &l, 0);
	for (int i = 0; i < 30; i++) {
		before = l.is_open ? l.text.n : 0;
		log_of_block(&l, some + i % 4, (size_t)(1 + i % 5), false);
		for (size_t n = before; n < l.text.n; n += 7) {         /* as it is written */
			struct span part = { l.text.p, n };
			char name[SEGMENT_NAME];

			segment_name(l.head.first.at, ".log", name);
			log_of_write(&l, name, part);
			follows(&w, &l, l.n - (size_t)(1 + i % 5));
		}
		log_of_save(&l);
		follows(&w, &l, l.n);
		if (i % 6 == 5) {
			log_of_seal(&l);
			if (i % 12 == 5)
				log_of_compress(&l, 2, true, false);
			follows(&w, &l, l.n);
			CHECK_INT(w.g.edges, i / 6 + 1);
		}
	}
	follower_close(&w);
	log_of_end(&l);
}

TEST(an_epoch_is_delivered_when_its_last_block_is_there)
{
	struct follower w;
	struct log_of l;

	log_of_begin(&l, FORMAT_CSV, "id,t");
	log_of_block(&l, some, 2, false);
	log_of_save(&l);
	follower_open(&w, &l);
	follows(&w, &l, 2);
	for (int i = 0; i < 9; i++) {
		log_of_block(&l, some, 3, true);
		log_of_save(&l);
		follows(&w, &l, 2);
	}
	log_of_block(&l, some, 0, false);
	log_of_save(&l);
	follows(&w, &l, 29);
	log_of_block(&l, some, 1, true);
	log_of_block(&l, some, 1, false);
	log_of_block(&l, some, 1, true);
	log_of_save(&l);
	follows(&w, &l, 31);
	follower_close(&w);
	log_of_end(&l);
}

/* A writer that starts drops what was not committed, and its source sends it again, perhaps cut into other blocks. */
TEST(an_epoch_that_was_not_committed_may_be_written_anew)
{
	static const char *const other[] = { "x,1\n", "y,2\n", "z,3\n" };

	for (size_t old = 1; old < 5; old++)
		for (size_t new = 1; new < 5; new++)
			for (int look = 0; look < 2; look++) {
				struct follower w;
				struct log_of l, undone;

				log_of_begin(&l, FORMAT_CSV, "id,t");
				log_of_block(&l, some, 2, false);
				undone = l;
				undone.text = undone.records = (struct buf){ 0 };
				buf_span(&undone.text, buf_view(&l.text));
				undone.end = NULL;
				undone.chain = NULL;
				undone.head.columns = (struct buf){ 0 };
				undone.end_cap = undone.chain_cap = undone.n = 0;
				undone.index = (struct segment_index){ 0 };
				for (size_t i = 0; i < old; i++)
					log_of_block(&undone, some + i, 2, true);
				log_of_save(&undone);
				if (look)
					undone.text.n -= 5, log_of_save(&undone);
				undone.head.columns = (struct buf){ 0 };
				follower_open(&w, &l);
				follows(&w, &l, 2);
				for (size_t i = 0; i + 1 < new; i++) {
					log_of_block(&l, other, 3, true);
					log_of_save(&l);
					if (look)
						follows(&w, &l, 2);
				}
				log_of_block(&l, other, 1 + new % 3, false);
				log_of_save(&l);
				follows(&w, &l, l.n);
				follower_close(&w);
				buf_free(&undone.text);
				buf_free(&undone.records);
				index_free(&undone.index);
				free(undone.end);
				free(undone.chain);
				log_of_end(&l);
			}
}

TEST(a_segment_is_read_on_when_it_was_compressed_meanwhile)
{
	struct log_of l;
	struct follower w, late;

	log_of_begin(&l, FORMAT_CSV, "id,t");
	for (int i = 0; i < 5; i++)
		log_of_block(&l, some, 3, false);
	log_of_save(&l);
	follower_open(&w, &l);
	follower_open(&late, &l);               /* has listed the plain file, but not opened it */
	follows(&w, &l, 15);
	log_of_block(&l, some, 1, false);
	log_of_seal(&l);
	log_of_compress(&l, 2, true, false);
	follows(&late, &l, 16);
	log_of_block(&l, some, 1, false);
	log_of_save(&l);
	follows(&w, &l, 17);
	follows(&late, &l, 17);
	follower_close(&w);
	follower_close(&late);
	log_of_end(&l);
}

/* A segment without records gives way to one with other columns, under the same name. */
TEST(an_empty_segment_may_be_made_anew)
{
	struct follower w;
	struct log_of l;
	char path[160], beside[160];

	log_of_begin(&l, FORMAT_CSV, "id,t");
	log_of_block(&l, some, 0, false);
	log_of_save(&l);
	follower_open(&w, &l);
	follows(&w, &l, 0);
	l.is_open = false;
	l.columns = "t,id";
	log_of_block(&l, some, 2, false);
	log_of_file(&l, "beside", beside);
	log_of_file(&l, "00000000000000000000.log", path);
	log_of_write(&l, "beside", buf_view(&l.text));
	CHECK_INT(rename(beside, path), 0);
	follows(&w, &l, 2);
	CHECK_SPAN(buf_view(&w.d.segment[0].head.columns), "t,id");
	follower_close(&w);
	log_of_end(&l);
}

/* ---- damage ---- */

TEST(a_torn_tail_of_any_length_is_as_if_it_were_not_there)
{
	struct log_of l;
	size_t whole;

	log_of_begin(&l, FORMAT_CSV, "id,t");
	log_of_block(&l, some, 4, false);
	whole = l.text.n;
	log_of_block(&l, some, 3, false);
	for (size_t n = whole; n <= l.text.n; n++) {
		struct got g;

		log_of_write(&l, "00000000000000000000.log", (struct span){ l.text.p, n });
		read_range(&l, (struct position){ 0 }, LOG_END, (struct log_reader_options){ 0 }, &g);
		CHECK_INT(g.last, LOG_DRY);
		SAME(buf_view(&g.data), log_of_range(&l, 0, n == l.text.n ? 7 : 4));
		got_free(&g);
	}
	log_of_end(&l);
}

TEST(zeros_and_garbage_at_the_tail)
{
	unsigned long long seed = 3;

	for (int way = 0; way < 3; way++) {
		struct log_of l;
		struct got g;

		log_of_begin(&l, FORMAT_CSV, "id,t");
		log_of_block(&l, some, 4, false);
		for (int i = 0; i < 5000; i++)
			buf_byte(&l.text, way == 0 ? 0 : (char)check_random(&seed));
		if (way == 2)
			buf_text(&l.text, "\n#!weir block first=4 n=1\n#!weir\n");
		log_of_save(&l);
		read_range(&l, (struct position){ 0 }, LOG_END, (struct log_reader_options){ 0 }, &g);
		CHECK_INT(g.last, LOG_DRY);
		SAME(buf_view(&g.data), log_of_range(&l, 0, 4));
		got_free(&g);
		log_of_end(&l);
	}
}

/* What is delivered is a beginning of the truth; what is left out is told, unless nobody ever said that it was safe. */
static void check_damaged(const struct log_of *l, bool may_be_dry, size_t *seen)
{
	struct got g;

	read_range(l, (struct position){ 0 }, LOG_END, (struct log_reader_options){ 0 }, &g);
	CHECK(g.at.at <= l->n);
	SAME(buf_view(&g.data), log_of_range(l, 0, (size_t)g.at.at));
	if (g.last == LOG_ERROR) {
		CHECK_INT(g.f.status, EXIT_DATA);
		CHECK(strstr(g.f.text, ".log") != NULL || strstr(g.f.text, "segment") != NULL);
		++*seen;
	} else {
		CHECK_INT(g.last, LOG_DRY);
		CHECK(may_be_dry || g.at.at == l->n);
	}
	got_free(&g);
}

TEST(a_flipped_bit_anywhere_is_noticed_and_nothing_wrong_comes_out)
{
	for (int way = 0; way < 4; way++) {             /* growing; sealed; compressed without and with index */
		char name[SEGMENT_NAME], path[160];
		struct buf file = { 0 };
		struct log_of l;
		size_t seen = 0, before_seal;           /* without that newline the last block looks torn, and its segment as if it grew */
		ssize_t n;
		int fd;

		log_of_begin(&l, FORMAT_CSV, "id,t");
		for (int i = 0; i < 4; i++)
			log_of_block(&l, some, 4, i == 1);
		segment_name(0, way > 1 ? ".log.gz" : ".log", name);
		before_seal = l.text.n - 1;
		if (way)
			log_of_seal(&l);
		else
			log_of_save(&l);
		if (way > 1)
			log_of_compress(&l, 2, way > 2, false);
		log_of_file(&l, name, path);
		fd = open(path, O_RDONLY);
		n = read(fd, buf_room(&file, 65536), 65536);
		close(fd);
		file.n = (size_t)n;
		for (size_t i = 0; i < file.n; i++) {
			file.p[i] ^= (char)(1 << i % 7);
			log_of_write(&l, name, buf_view(&file));
			check_damaged(&l, way == 0 || (way == 1 && i == before_seal), &seen);
			file.p[i] ^= (char)(1 << i % 7);
		}
		CHECK(seen > file.n / 2);
		buf_free(&file);
		log_of_end(&l);
	}
}

TEST(blocks_that_are_missing_or_swapped)
{
	struct log_of l;
	size_t part[4], seen = 0;
	struct buf text = { 0 };

	log_of_begin(&l, FORMAT_CSV, "id,t");
	for (int i = 0; i < 3; i++) {
		part[i] = i ? l.text.n : 0;
		log_of_block(&l, some + 3 * i, 3, false);
		if (i == 0)
			part[0] = l.text.n;
	}
	part[3] = l.text.n;
	/* the second block of three is cut out */
	buf_add(&text, l.text.p, part[1]);
	buf_add(&text, l.text.p + part[2], part[3] - part[2]);
	log_of_write(&l, "00000000000000000000.log", buf_view(&text));
	check_damaged(&l, false, &seen);
	CHECK_INT(seen, 1);
	/* and comes last */
	buf_add(&text, l.text.p + part[1], part[2] - part[1]);
	log_of_write(&l, "00000000000000000000.log", buf_view(&text));
	check_damaged(&l, false, &seen);
	CHECK_INT(seen, 2);
	buf_free(&text);
	log_of_end(&l);
}

TEST(segments_that_are_missing_or_cut)
{
	for (int way = 0; way < 4; way++) {
		struct log_of l;
		size_t seen = 0;

		log_of_begin(&l, FORMAT_CSV, "id,t");
		for (int i = 0; i < 3; i++) {
			log_of_block(&l, some, 3, false);
			log_of_seal(&l);
			if (way & 1)
				log_of_compress(&l, 1, true, false);
		}
		if (way < 2) {
			log_of_remove(&l, way & 1 ? "00000000000000000003.log.gz" : "00000000000000000003.log");
		} else {
			char path[160];

			log_of_file(&l, way & 1 ? "00000000000000000003.log.gz" : "00000000000000000003.log", path);
			CHECK_INT(truncate(path, way & 1 ? 60 : 150), 0);
		}
		check_damaged(&l, false, &seen);
		CHECK_INT(seen, 1);
		log_of_end(&l);
	}
}

/* A cache is never believed. */
TEST(an_index_that_is_wrong_changes_nothing)
{
	for (int way = 0; way < 6; way++) {
		struct log_of l;
		struct got g;
		struct segment_index x = { 0 };
		struct index_of of;
		char gz[SEGMENT_NAME], path[160];
		struct failure f = { 0 };
		struct stat st;
		int dir;

		log_of_begin(&l, FORMAT_CSV, "id,t");
		for (int i = 0; i < 12; i++)
			log_of_block(&l, some, 3, false);
		log_of_seal(&l);
		log_of_compress(&l, 2, true, false);
		segment_name(0, ".log.gz", gz);
		log_of_file(&l, gz, path);
		CHECK_INT(stat(path, &st), 0);
		dir = open(l.path, O_RDONLY | O_DIRECTORY);
		of = (struct index_of){ &l.head, l.at, gz, (uint64_t)st.st_size };
		CHECK_INT(index_read(dir, &of, &x), 0);
		for (size_t i = 1; i < x.n; i++)
			switch (way) {
			case 0: x.member[i].offset++; break;
			case 1: x.member[i].first.at++; break;
			case 2: x.member[i].first.chain++; break;
			case 3: x.member[i].offset = x.member[i - 1].offset; break;
			case 4: x.member[i].offset = (uint64_t)st.st_size - 1; break;
			case 5: x.member[i].offset = UINT64_MAX / 2; break;
			}
		CHECK_INT(index_write(dir, &of, &x, &f), 0);
		close(dir);
		index_free(&x);
		for (size_t from = 0; from <= l.n; from++) {
			read_range(&l, log_of_position(&l, from), LOG_END, (struct log_reader_options){ .without_chain = from & 1 }, &g);
			CHECK_INT(g.last, LOG_DRY);
			SAME(buf_view(&g.data), log_of_range(&l, from, l.n));
			got_free(&g);
		}
		refused(&l, (struct position){ l.n / 2, 1 }, EXIT_CONFIG, "the log has other records before it");
		log_of_end(&l);
	}
}

/* ---- the last commit ---- */

static void last_is(const struct log_of *l, uint64_t end)
{
	struct log_dir d;
	struct block_trailer t = { 0 };
	struct failure f = { 0 };
	bool found;

	CHECK_INT(log_dir_open(&d, l->path, true, &f), 0);
	CHECK_INT(log_last_commit(&d, &t, &found, &f), 0);
	CHECK_INT(found, end > 0);
	if (found)
		CHECK_INT(t.end.at, end);
	block_trailer_free(&t);
	log_dir_close(&d);
}

TEST(the_last_commit_is_found_from_behind)
{
	struct log_of l;
	size_t whole;

	log_of_begin(&l, FORMAT_CSV, "id,t");
	last_is(&l, 0);
	log_of_block(&l, some, 2, true);
	log_of_save(&l);
	last_is(&l, 0);
	log_of_block(&l, some, 2, false);
	log_of_save(&l);
	last_is(&l, 4);
	for (int i = 0; i < 3000; i++)                  /* further away than is looked at first */
		log_of_block(&l, some, 5, true);
	log_of_save(&l);
	last_is(&l, 4);
	log_of_block(&l, some, 1, false);
	whole = l.text.n;
	log_of_seal(&l);
	last_is(&l, l.at.at);
	for (int way = 0; way < 2; way++) {
		log_of_save(&l);
		log_of_compress(&l, 100, way, false);
		last_is(&l, l.at.at);
	}
	CHECK(whole < l.text.n);
	log_of_open_segment(&l);                        /* a new one, without anything */
	log_of_save(&l);
	last_is(&l, l.at.at);
	log_of_end(&l);
}

/* ---- small parts ---- */

TEST(blocks_are_cut_where_records_end)
{
	for (size_t n = 0; n <= SOME + 1; n++) {
		struct buf all = { 0 };
		struct log_block b, head;
		struct position end;
		size_t at = 0;

		for (size_t i = 0; i < SOME; i++)
			buf_text(&all, some[i]);
		end = (struct position){ 100 + SOME, hash_crc32c(9, all.p, all.n) };
		b = (struct log_block){ .first = { 100, 9 }, .end = end, .data = buf_view(&all), .lines = 13 };
		log_block_cut(&b, n, &head);
		for (size_t i = 0; i < n && i < SOME; i++)
			at += strlen(some[i]);
		CHECK_INT(head.data.n, at);
		CHECK_INT(b.data.n, all.n - at);
		CHECK_INT(head.end.at, 100 + (n < SOME ? n : SOME));
		CHECK(position_eq(head.end, b.first) && position_eq(b.end, end));
		CHECK_INT(head.end.chain, hash_crc32c(9, all.p, at));
		CHECK_INT(head.lines + b.lines, 13);
		buf_free(&all);
	}
}

TEST(a_log_as_an_input)
{
	struct log_of l;
	struct log_dir d;
	struct log_reader *r;
	struct input *in;
	struct failure f = { 0 };
	struct buf out = { 0 };
	ssize_t n;

	log_of_begin(&l, FORMAT_CSV, "id,t");
	log_of_block(&l, some, 1, false);
	log_of_seal(&l);
	log_of_block(&l, some + 2, 1, false);
	log_of_seal(&l);
	l.columns = "x";
	log_of_block(&l, some + 7, 1, false);
	log_of_save(&l);
	CHECK_INT(log_dir_open(&d, l.path, false, &f), 0);
	r = log_reader_open(&d, (struct position){ 0 }, LOG_END, &(struct log_reader_options){ 0 }, &f);
	in = log_input(r);
	while ((n = input_read(in, buf_room(&out, 3), 3)) > 0)
		out.n += (size_t)n;
	CHECK_INT(n, 0);
	CHECK_BUF(out, "#!weir stream format=csv\n#!weir columns id,t\n1,a\n\\#!weir block x\n#!weir columns x\n8,x\n");
	CHECK(!input_is_regular(in) && !input_waits(in));
	input_free(in);
	log_reader_free(r);
	/* its errors are those of the log */
	r = log_reader_open(&d, (struct position){ 1, 1 }, LOG_END, &(struct log_reader_options){ 0 }, &f);
	in = log_input(r);
	CHECK_INT(input_read(in, buf_room(&out, 3), 3), -1);
	CHECK_INT(input_status(in), EXIT_CONFIG);
	CHECK(strstr(input_error(in), "other records") != NULL);
	input_free(in);
	log_reader_free(r);
	log_dir_close(&d);
	buf_free(&out);
	log_of_end(&l);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

TEST(waiting_ends_when_the_log_changes)
{
	struct log_of l;
	struct log_dir d;
	struct log_wait *w;
	struct failure f = { 0 };
	struct pollfd also;
	int64_t before;
	int ends[2];

	log_of_begin(&l, FORMAT_CSV, "id,t");
	log_of_block(&l, some, 1, false);
	log_of_save(&l);
	CHECK_INT(log_dir_open(&d, l.path, false, &f), 0);
	w = log_wait_new(&d);
	before = now_ms();
	log_wait(w, NULL, 0, 30);
	CHECK(now_ms() - before >= 29);                 /* nothing happens */
	log_of_save(&l);
	before = now_ms();
	log_wait(w, NULL, 0, 900);
	CHECK(now_ms() - before < 500);
	CHECK_INT(pipe(ends), 0);
	also = (struct pollfd){ .fd = ends[1] };
	close(ends[0]);
	log_wait(w, &also, 1, 900);
	CHECK(also.revents & POLLERR);                  /* nobody reads that pipe */
	close(ends[1]);
	log_wait_free(w);
	log_dir_close(&d);
	log_of_end(&l);
}
