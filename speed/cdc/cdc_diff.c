/* SPDX-License-Identifier: MIT */
/* diff:OLD,NEW -- two exports of one table, CSV or TSV with a header, compared by key: what is in both and differs is an update, what is only in one of
 * them an insert or a delete. All of it is one transaction.
 *
 * Position: `diff:NEW`, a hash of the export that the sink is at. OLD must be that one, and where it is NEW already there is nothing to do; so an export that
 * was forgotten, or taken twice, is noticed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/agg/key.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/base/table.h"
#include "lib/text/input.h"
#include "lib/text/layout.h"
#include "lib/text/percent.h"
#include "speed/cdc/driver.h"

#define STEP (256 * 1024)

/* A row of OLD: behind its key in the table. */
struct old_row {
	struct span *field;             /* in the arena */
	bool seen;                      /* NEW has it too */
};

enum stage { BEFORE, READING, REMOVING, DONE };

struct diff {
	const struct cdc_request *request;
	char *old, *new;                /* paths */
	uint64_t old_hash, new_hash;
	struct fields fields;           /* all columns of NEW */
	struct change_table table;
	size_t *key;                    /* columns of the key */
	size_t nkeys;

	enum stage stage;
	struct table rows;              /* of OLD */
	struct arena arena;
	struct reader *reader;          /* of NEW */
	struct table_walk walk;
	struct table seen;              /* keys of NEW */
	struct buf text;                /* the key at hand */
	struct datum *before, *after;
	uint64_t nth;
	char pos[48];
};

/* ---- what they are ---- */

/* As many bytes as there are, up to n. */
static ssize_t read_whole(struct input *in, char *p, size_t n)
{
	size_t have = 0;
	ssize_t got = 1;

	while (n - have >= 2 && (got = input_read(in, p + have, n - have)) > 0)
		have += (size_t)got;
	return got < 0 ? -1 : (ssize_t)have;
}

/* Of the bytes as they are read, inflated where they are gzip: piece by piece, each with the hash of those before it in front. */
static int hash_file(const char *path, uint64_t *hash, struct failure *f)
{
	struct input *in = input_open(path);
	char *room = mem_alloc(sizeof *hash + STEP);
	ssize_t n;

	*hash = 0;
	while ((n = read_whole(in, room + sizeof *hash, STEP)) > 0) {
		memcpy(room, hash, sizeof *hash);
		*hash = hash_xxh64(room, sizeof *hash + (size_t)n);
	}
	if (n < 0)
		failure_set(f, input_status(in), "%s: %s", path, input_error(in));
	free(room);
	input_free(in);
	return n < 0 ? -1 : 0;
}

static void add_column(struct diff *d, struct span name)
{
	struct buf ref = { 0 };
	const char *error;

	field_print(&ref, name);
	fields_add(&d->fields, buf_view(&ref), &error);
	buf_free(&ref);
	d->table.column = mem_array(d->table.column, d->table.n + 1, sizeof *d->table.column);
	d->table.column[d->table.n++] = mem_text(name);
}

static void take_columns(struct diff *d, enum record_format format, struct span header)
{
	struct buf columns = { 0 }, name = { 0 };

	layout_print_columns(format, header, &columns);
	for (const char *at = columns.p, *end = at + columns.n, *comma; at <= end; at = comma + 1) {
		comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
		comma = comma ? comma : end;
		buf_clear(&name);
		percent_decode(&name, (struct span){ at, (size_t)(comma - at) });
		add_column(d, buf_view(&name));
	}
	buf_free(&columns);
	buf_free(&name);
}

static int read_columns(struct diff *d, struct failure *f)
{
	static const struct fields none;
	const struct reader_options options = { .max_record = d->request->max_record };
	struct reader *r = reader_open(d->new, &none, &options);
	struct batch batch;
	struct bad_record bad;
	struct span control;
	enum read_event e = reader_next(r, &batch, &bad, &control);

	if (e == READ_ERROR)
		failure_set(f, reader_status(r), "%s", reader_error(r));
	else if (!format_is_delimited(reader_format(r)) || reader_header(r).n == 0)
		failure_set(f, EXIT_CONFIG, "%s: an export to be compared is CSV or TSV with a header", d->new);
	else
		take_columns(d, reader_format(r), reader_header(r));
	reader_free(r);
	return f->status ? -1 : 0;
}

static int find_keys(struct diff *d, struct failure *f)
{
	struct span list = span_of(d->request->key ? d->request->key : "");

	if (list.n == 0)
		return failure_set(f, EXIT_USAGE, "--key: which columns tell one row from another?");
	d->table.is_key = mem_zalloc(d->table.n * sizeof *d->table.is_key);
	while (list.n) {
		size_t n = field_item_length(list), i = 0;
		char *name = field_name(span_trim((struct span){ list.p, n }));

		while (i < d->table.n && strcmp(d->table.column[i], name) != 0)
			i++;
		if (i == d->table.n)
			failure_set(f, EXIT_CONFIG, "--key: %s has no column \"%.100s\"", d->new, name);
		free(name);
		if (f->status)
			return -1;
		d->key = mem_array(d->key, d->nkeys + 1, sizeof *d->key);
		d->key[d->nkeys++] = i;
		d->table.is_key[i] = true;
		n += n < list.n;
		list.p += n, list.n -= n;
	}
	return 0;
}

/* ---- rows ---- */

static struct span key_of(struct diff *d, const struct span *row)
{
	buf_clear(&d->text);
	buf_room(&d->text, 1);
	for (size_t k = 0; k < d->nkeys; k++)
		key_add(&d->text, row[d->key[k]], k + 1 == d->nkeys);
	return buf_view(&d->text);
}

static int key_twice(const char *path, uint64_t line, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "%s:%" PRIu64 ": the key of this row is that of another one: --key must tell rows apart", path, line);
}

static int keep_row(struct diff *d, const struct span *row, uint64_t line, struct failure *f)
{
	struct span key = key_of(d, row);
	bool is_new;
	struct old_row *old = table_put(&d->rows, key, hash_bytes(key.p, key.n), &is_new);

	if (!is_new)
		return key_twice(d->old, line, f);
	old->field = arena_alloc(&d->arena, d->table.n * sizeof *old->field + 1, 16);
	for (size_t i = 0; i < d->table.n; i++)
		old->field[i] = arena_copy(&d->arena, row[i]);
	return 0;
}

static int lacks_columns(const struct diff *d, struct reader *r, const char *path, struct failure *f)
{
	for (size_t i = 0; i < d->table.n; i++)
		if (reader_lacks(r, i))
			return failure_set(f, EXIT_CONFIG, "%s: it has no column \"%s\", %s has one", path, d->table.column[i], d->new);
	return 0;
}

/* The next rows: 1; 0 at the end; -1. */
static int next_rows(const struct diff *d, struct reader *r, const char *path, struct batch *batch, struct failure *f)
{
	struct bad_record bad;
	struct span control;

	for (;;)
		switch (reader_next(r, batch, &bad, &control)) {
		case READ_ROWS:
			return lacks_columns(d, r, path, f) < 0 ? -1 : 1;
		case READ_BAD:
			return failure_set(f, EXIT_DATA, "%s:%" PRIu64 ": %s", path, bad.line, bad.reason);
		case READ_CONTROL:
			return failure_set(f, EXIT_CONFIG, "%s: an export, not a stream with control lines", path);
		case READ_IDLE:
			break;
		case READ_END:
			return 0;
		case READ_ERROR:
			return failure_set(f, reader_status(r), "%s", reader_error(r));
		}
}

static int load_old(struct diff *d, struct failure *f)
{
	const struct reader_options options = { .max_record = d->request->max_record };
	struct reader *r = reader_open(d->old, &d->fields, &options);
	struct batch batch;
	int rc;

	table_init(&d->rows, sizeof(struct old_row));
	while ((rc = next_rows(d, r, d->old, &batch, f)) > 0)
		for (size_t i = 0; i < batch.n && rc > 0; i++)
			rc = keep_row(d, batch.field + i * batch.width, batch.line[i], f) < 0 ? -1 : 1;
	reader_free(r);
	return rc;
}

/* ---- changes ---- */

static void fill(const struct diff *d, const struct span *row, struct datum *to)
{
	for (size_t i = 0; i < d->table.n; i++)
		to[i] = (struct datum){ row[i].n ? DATUM_TEXT : DATUM_NULL, row[i] };
}

static int emit(struct diff *d, enum change_op op, const struct span *before, const struct span *after, struct emit *out, struct failure *f)
{
	struct change c = { .op = op, .table = &d->table, .ts = -1, .before = before ? d->before : NULL, .after = after ? d->after : NULL };

	snprintf(d->pos, sizeof d->pos, "%016" PRIx64 ":%" PRIu64, d->new_hash, d->nth++);
	c.pos = span_of(d->pos);
	if (before)
		fill(d, before, d->before);
	if (after)
		fill(d, after, d->after);
	return emit_change(out, &c, f);
}

static bool same_row(const struct diff *d, const struct span *a, const struct span *b)
{
	for (size_t i = 0; i < d->table.n; i++)
		if (!span_eq(a[i], b[i]))
			return false;
	return true;
}

static int take_row(struct diff *d, const struct span *row, uint64_t line, struct emit *out, struct failure *f)
{
	struct span key = key_of(d, row);
	uint64_t hash = hash_bytes(key.p, key.n);
	struct old_row *old = table_get(&d->rows, key, hash);
	bool is_new;

	table_put(&d->seen, key, hash, &is_new);
	if (!is_new)
		return key_twice(d->new, line, f);
	if (!old)
		return emit(d, CHANGE_INSERT, NULL, row, out, f);
	old->seen = true;
	return same_row(d, old->field, row) ? 0 : emit(d, CHANGE_UPDATE, old->field, row, out, f);
}

static enum cdc_event read_new(struct diff *d, struct emit *out, struct failure *f)
{
	struct batch batch;
	int rc = next_rows(d, d->reader, d->new, &batch, f);

	for (size_t i = 0; rc > 0 && i < batch.n; i++)
		rc = take_row(d, batch.field + i * batch.width, batch.line[i], out, f) < 0 ? -1 : 1;
	if (rc == 0)
		d->stage = REMOVING;
	return rc < 0 ? CDC_ERROR : CDC_INSIDE;
}

static enum cdc_event remove_rest(struct diff *d, struct emit *out, struct failure *f)
{
	struct old_row *old;

	while ((old = table_next(&d->rows, &d->walk)))
		if (!old->seen && emit(d, CHANGE_DELETE, old->field, NULL, out, f) < 0)
			return CDC_ERROR;
	d->stage = DONE;
	return CDC_MORE;
}

static enum cdc_event begin(struct diff *d, struct emit *out, struct failure *f)
{
	const struct reader_options options = { .max_record = d->request->max_record };
	int rc = emit_table(out, &d->table, f);

	if (rc <= 0)
		return rc < 0 ? CDC_ERROR : CDC_BARRIER;
	/* a sink that has nothing is to have all of NEW in the end */
	if ((d->request->from.n || d->request->snapshot == SNAPSHOT_NEVER) && load_old(d, f) < 0)
		return CDC_ERROR;
	d->reader = reader_open(d->new, &d->fields, &options);
	d->before = mem_array(NULL, d->table.n, sizeof *d->before);
	d->after = mem_array(NULL, d->table.n, sizeof *d->after);
	d->stage = READING;
	return CDC_INSIDE;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct diff *d = driver;

	switch (d->stage) {
	case BEFORE:
		return begin(d, out, f);
	case READING:
		return read_new(d, out, f);
	case REMOVING:
		return remove_rest(d, out, f);
	default:
		return CDC_DRY;
	}
}

/* ---- the driver ---- */

static void position(void *driver, struct buf *out)
{
	struct diff *d = driver;

	if (d->stage == DONE)
		buf_printf(out, "diff:%016" PRIx64, d->new_hash);
	else
		buf_span(out, d->request->from);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	(void)driver, (void)fds;
	*n = 0;
	return -1;
}

static int check_chain(struct diff *d, struct failure *f)
{
	struct span from = d->request->from;
	char text[24];
	uint64_t at = 0;
	int end = 0;

	if (from.n == 0)
		return 0;
	snprintf(text, sizeof text, "%.*s", (int)(from.n < 23 ? from.n : 23), from.p);
	if (sscanf(text, "diff:%16" SCNx64 "%n", &at, &end) != 1 || (size_t)end != from.n)
		return failure_set(f, EXIT_CONFIG, "\"%s\" is no export: is the sink fed by another source?", diag_show(from.p, from.n));
	if (at == d->new_hash) {
		d->stage = DONE;
		return 0;
	}
	if (at == d->old_hash)
		return 0;
	if (!d->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "%s: it is not the export that the sink was fed last: changes in between are lost (--on-gap continue goes on without them)", d->old);
	warn("%s: it is not the export that the sink was fed last: changes in between are lost", d->old);
	return 0;
}

static int split_place(struct diff *d, struct failure *f)
{
	const char *comma = strchr(d->request->place, ','), *name, *dot;

	if (!comma || comma == d->request->place || !comma[1])
		return failure_set(f, EXIT_USAGE, "diff: two files, with a comma between: diff:yesterday.csv,today.csv");
	d->old = mem_text((struct span){ d->request->place, (size_t)(comma - d->request->place) });
	d->new = mem_text(span_of(comma + 1));
	name = strrchr(d->new, '/') ? strrchr(d->new, '/') + 1 : d->new;
	dot = strchr(name, '.');
	d->table.database = d->table.schema = "";
	d->table.name = mem_text((struct span){ name, dot && dot > name ? (size_t)(dot - name) : strlen(name) });
	return 0;
}

static void close_diff(void *driver)
{
	struct diff *d = driver;

	reader_free(d->reader);
	for (size_t i = 0; i < d->table.n; i++)
		free(d->table.column[i]);
	free(d->table.column);
	free(d->table.is_key);
	free((char *)d->table.name);
	fields_free(&d->fields);
	table_free(&d->rows);
	table_free(&d->seen);
	arena_free(&d->arena);
	buf_free(&d->text);
	free(d->key);
	free(d->before);
	free(d->after);
	free(d->old);
	free(d->new);
	free(d);
}

static void *open_diff(const struct cdc_request *r, struct failure *f)
{
	struct diff *d = mem_zalloc(sizeof *d);

	d->request = r;
	if (split_place(d, f) == 0 && hash_file(d->old, &d->old_hash, f) == 0 && hash_file(d->new, &d->new_hash, f) == 0 && read_columns(d, f) == 0 &&
	    find_keys(d, f) == 0 && check_chain(d, f) == 0)
		return d;
	close_diff(d);
	return NULL;
}

const struct cdc_driver cdc_diff = {
	.scheme = "diff", .connector = "diff", .ends = true, .open = open_diff, .close = close_diff, .next = next, .position = position, .wait = wait,
};
