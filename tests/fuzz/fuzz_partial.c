/* SPDX-License-Identifier: MIT */
/* Partials from elsewhere. Checksums would stop nearly every input at the end line, so the last line gets the right one
 * first. What is then taken is merged, written, and must read back as what was written. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/stream/control.h"
#include "lib/view/partial.h"

#define MAX_LINE ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
	if (!ok)
		abort();
}

/* A file in memory and its name. */
static int file_of(struct span bytes, char name[64])
{
	int fd = memfd_create("partial", MFD_CLOEXEC);

	expect(fd >= 0);
	snprintf(name, 64, "/proc/self/fd/%d", fd);
	for (ssize_t n; bytes.n; bytes.p += n, bytes.n -= (size_t)n)
		expect((n = write(fd, bytes.p, bytes.n)) > 0);
	return fd;
}

static void write_group(const struct view *v, struct interval at, struct span key, struct group *g, struct out *out)
{
	struct partial_writer w;

	partial_begin(&w, v, out);
	partial_row(&w, at, key, g);
	expect(partial_end(&w) == 0);
}

/* Reads the partial of one group and writes it anew: the same bytes. */
static void check_again(struct span bytes)
{
	char name[64], name2[64];
	int fd = file_of(bytes, name), fd2 = file_of((struct span){ NULL, 0 }, name2);
	struct partial_reader *r = partial_open(name, MAX_LINE);
	struct partial_row row = { 0 };
	const struct measure *bad;
	struct interval at = { 0, 1 };
	struct group *g = NULL;
	struct buf key = { 0 }, again = { 0 };
	struct out out;
	enum partial_event event;
	size_t *state_of = NULL;

	while ((event = partial_next(r, &row)) != PARTIAL_END) {
		const struct view *v = partial_view(r);

		expect(event != PARTIAL_ERROR);
		if (!g) {
			g = mem_zalloc(v->group_size);
			state_of = mem_array(NULL, v->nmeasures, sizeof *state_of);
			for (size_t i = 0; i < v->nmeasures; i++)
				state_of[i] = i;
		}
		if (event != PARTIAL_ROW)
			continue;
		expect(partial_merge(v, state_of, g, &row, &bad) == 0);
		at = row.at;
		buf_clear(&key);
		buf_span(&key, row.key);
	}
	out_init(&out, fd2, name2);
	write_group(partial_view(r), at, buf_view(&key), g, &out);
	lseek(fd2, 0, SEEK_SET);
	for (ssize_t n; (n = read(fd2, buf_room(&again, 65536), 65536)) > 0;)
		again.n += (size_t)n;
	/* in a view without retractions a weight is not written, so it does not come back */
	expect(partial_view(r)->retract ? span_eq(buf_view(&again), bytes) : again.n > 0);
	group_drop(partial_view(r), g);
	free(g);
	free(state_of);
	buf_free(&key);
	buf_free(&again);
	out_close(&out);
	partial_close(r);
	close(fd);
}

static void take_row(const struct view *v, const struct partial_row *row)
{
	struct group *g = mem_zalloc(v->group_size);
	size_t *state_of = mem_array(NULL, v->nmeasures, sizeof *state_of);
	const struct measure *bad = NULL;
	char name[64];
	int fd = file_of((struct span){ NULL, 0 }, name);
	struct buf bytes = { 0 };
	struct out out;

	for (size_t i = 0; i < v->nmeasures; i++)
		state_of[i] = i;
	expect(row->at.start < row->at.end);
	if (partial_merge(v, state_of, g, row, &bad) < 0) {
		expect(bad != NULL);
	} else {
		out_init(&out, fd, name);
		write_group(v, row->at, row->key, g, &out);
		lseek(fd, 0, SEEK_SET);
		for (ssize_t n; (n = read(fd, buf_room(&bytes, 65536), 65536)) > 0;)
			bytes.n += (size_t)n;
		buf_free(&out.buf);
		check_again(buf_view(&bytes));
	}
	close(fd);
	group_drop(v, g);
	free(g);
	free(state_of);
	buf_free(&bytes);
}

static void read_all(struct span bytes)
{
	char name[64];
	int fd = file_of(bytes, name);
	struct partial_reader *r = partial_open(name, MAX_LINE);
	struct partial_row row;
	enum partial_event event;

	while ((event = partial_next(r, &row)) != PARTIAL_END && event != PARTIAL_ERROR)
		if (event == PARTIAL_ROW)
			take_row(partial_view(r), &row);
	if (event == PARTIAL_ERROR)
		expect(*partial_error(r) && (partial_status(r) == EXIT_DATA || partial_status(r) == EXIT_CONFIG || partial_status(r) == EXIT_IO));
	partial_close(r);
	close(fd);
}

/* The value of `hash=` in the view line, which nobody guesses, and the checksum at the end. */
static struct buf made_right(struct span bytes)
{
	struct buf b = { 0 };
	const char *hash = memmem(bytes.p, bytes.n, "hash=HASHHASH", 13), *crc;

	buf_span(&b, bytes);
	if (hash) {
		const char *newline = memchr(bytes.p, '\n', bytes.n);
		struct control c = { 0 };
		struct buf text = { 0 };
		struct view *v = view_new();
		char error[256], sum[9];

		if (newline && control_parse(&c, (struct span){ bytes.p, (size_t)(newline - bytes.p) }) == 0 && control_value(&c, "definition", &text) &&
		    view_load_text(v, buf_view(&text), error) == 0 && view_finish(v, error) == 0) {
			view_hash(v, sum);
			memcpy(b.p + (hash - bytes.p) + 5, sum, 8);
		}
		control_free(&c);
		buf_free(&text);
		view_free(v);
	}
	crc = b.n >= 14 ? memmem(b.p + b.n - 14, 14, " crc=", 5) : NULL;
	if (crc) {
		b.n = (size_t)(crc - b.p);
		buf_printf(&b, " crc=%08x\n", (unsigned)hash_crc32c(0, b.p, b.n));
	}
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { (const char *)data, size };
	struct buf b;

	if (size == 0) {
		read_all(bytes);
		return 0;
	}
	b = made_right(bytes);
	read_all(buf_view(&b));
	buf_free(&b);
	return 0;
}
