/* SPDX-License-Identifier: MIT */
/* What the sink has is read from the sink: the changes in its log, applied, are the table as it was at the last look. Nothing else is kept, and so
 * nothing can differ from it. The log must reach back to its beginning.
 *
 * Position: `poll:N`, so many looks found something. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/agg/key.h"
#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/log/read.h"
#include "lib/sink/sink.h"
#include "lib/text/reader.h"
#include "speed/cdc/poll/poll.h"

#define DATUM_UNKNOWN (DATUM_JSON + 1)          /* it was read from a log */

struct kept_row {
	struct datum *field;            /* NULL: it is gone */
	size_t n;                       /* columns there were */
	uint64_t look;                  /* in which it was there last */
};

static const struct change_table *table_of(const struct poll_source *s)
{
	return s->table[s->ntables - 1];
}

/* ---- rows that are kept ---- */

static void put_key(const struct poll_source *s, const struct datum *field, struct buf *key)
{
	buf_room(key, 1);
	for (size_t i = 0; i < s->nkeys; i++)
		key_add(key, field[s->column[i]].text, i + 1 == s->nkeys);
}

static struct kept_row *find_row(struct poll_source *s, const struct datum *field, bool *is_new)
{
	struct buf key = { 0 };
	struct kept_row *row;

	put_key(s, field, &key);
	row = table_put(&s->rows, buf_view(&key), hash_bytes(key.p, key.n), is_new);
	if (*is_new)
		*row = (struct kept_row){ 0 };
	buf_free(&key);
	return row;
}

/* Each row has memory of its own: rows that change for years must not pile up. */
static void keep(struct kept_row *row, const struct datum *field, size_t n)
{
	size_t bytes = n * sizeof *field;
	char *to;

	for (size_t i = 0; i < n; i++)
		bytes += field[i].text.n;
	free(row->field);
	row->field = mem_alloc(bytes + 1);
	row->n = n;
	to = (char *)(row->field + n);
	for (size_t i = 0; i < n; i++) {
		if (field[i].text.n)
			memcpy(to, field[i].text.p, field[i].text.n);
		row->field[i] = (struct datum){ field[i].kind, { to, field[i].text.n } };
		to += field[i].text.n;
	}
}

static void forget(struct kept_row *row)
{
	free(row->field);
	row->field = NULL;
}

/* ---- what the sink has ---- */

static int take_record(struct poll_source *s, const struct span *field, struct failure *f)
{
	bool is_new, adds = field[0].n && field[0].p[0] == '+';
	struct kept_row *row;

	for (size_t i = 0; i < table_of(s)->n; i++)
		s->before[i] = (struct datum){ DATUM_UNKNOWN, field[1 + i] };
	row = find_row(s, s->before, &is_new);
	if (!field[0].n || adds == (row->field != NULL))
		return failure_set(f, EXIT_CONFIG, "%s: its changes do not follow from each other: poll --diff must be all that feeds it", s->request->sink);
	if (adds)
		keep(row, s->before, table_of(s)->n);
	else
		forget(row);
	return 0;
}

static int take_records(struct poll_source *s, struct reader *r, struct failure *f)
{
	struct batch batch;
	struct bad_record bad;
	struct span control;

	for (;;)
		switch (reader_next(r, &batch, &bad, &control)) {
		case READ_ROWS:
			for (size_t i = 0; i < batch.n; i++)
				if (take_record(s, batch.field + i * batch.width, f) < 0)
					return -1;
			break;
		case READ_BAD:
			return failure_set(f, EXIT_DATA, "%s: %s", s->request->sink, bad.reason);
		case READ_END:
			return 0;
		case READ_ERROR:
			return failure_set(f, reader_status(r), "%s", reader_error(r));
		default:
			break;
		}
}

static void want_columns(const struct poll_source *s, struct fields *fields)
{
	const struct change_table *t = table_of(s);
	const char *error;

	fields_add(fields, SPAN("_op"), &error);
	for (size_t i = 0; i < t->n; i++) {
		struct buf ref = { 0 };

		field_print(&ref, span_of(t->column[i]));
		fields_add(fields, buf_view(&ref), &error);
		buf_free(&ref);
	}
}

static int load(struct poll_source *s, struct failure *f)
{
	const struct log_reader_options whole = { 0 };
	const struct reader_options options = { .max_record = s->request->max_record };
	struct log_dir dir = { 0 };
	struct fields fields = { 0 };
	struct log_reader *log = NULL;
	struct reader *r;
	int rc = log_dir_open(&dir, s->request->sink, true, f);

	if (rc < 0)
		return -1;
	want_columns(s, &fields);
	log = log_reader_open(&dir, (struct position){ 0 }, LOG_END, &whole, f);
	r = reader_open_on(log_input(log), s->request->sink, &fields, &options);
	rc = f->status ? -1 : take_records(s, r, f);
	reader_free(r);
	log_reader_free(log);
	fields_free(&fields);
	log_dir_close(&dir);
	return rc;
}

/* ---- comparing ---- */

/* A number as JSON has it. */
static bool is_number(struct span s)
{
	const char *p = s.p, *end = s.p + s.n, *digits;

	p += p < end && *p == '-';
	for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
		;
	if (p == digits || (*digits == '0' && p > digits + 1))
		return false;
	if (p < end && *p == '.')
		for (digits = ++p; p < end && *p >= '0' && *p <= '9'; p++)
			;
	if (p == end)
		return p > digits;
	if (p == digits || (*p != 'e' && *p != 'E'))
		return false;
	p++;
	p += p < end && (*p == '-' || *p == '+');
	for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
		;
	return p == end && p > digits;
}

/* Logs have texts alone: what kind of value one was says the column, as it is now. */
static struct datum restored(const struct poll_source *s, struct datum d, size_t column)
{
	enum datum_kind kind = s->kind[column];

	if (d.kind == DATUM_UNKNOWN)
		d.kind = !d.text.n ? DATUM_NULL : kind == DATUM_NUMBER && !is_number(d.text) ? DATUM_TEXT : kind;
	return d;
}

static void fill(const struct poll_source *s, const struct kept_row *row, struct datum *to)
{
	for (size_t i = 0; i < table_of(s)->n; i++)
		to[i] = i < row->n ? restored(s, row->field[i], i) : (struct datum){ DATUM_NULL, { "", 0 } };
}

static int emit(struct poll_source *s, enum change_op op, const struct datum *before, const struct datum *after, struct failure *f)
{
	struct change c = { .op = op, .table = table_of(s), .before = before, .after = after, .ts = -1 };

	snprintf(s->pos, sizeof s->pos, "%" PRIu64 ":%" PRIu64, s->changed + 1, s->nth++);
	c.pos = span_of(s->pos);
	return emit_change(s->out, &c, f);
}

static bool same_row(const struct kept_row *row, const struct datum *now, size_t n)
{
	if (row->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!span_eq(row->field[i].text, now[i].text))
			return false;
	return true;
}

static int begin_rows(struct poll_source *s, const struct change_table *t, struct failure *f)
{
	int rc;

	if (poll_take_table(s, t, f) < 0)
		return -1;
	if (!s->is_loaded && s->request->from.n && load(s, f) < 0)
		return -1;
	s->is_loaded = true;
	if (s->is_told)
		return 0;
	rc = emit_table(s->out, table_of(s), f);
	s->needs_barrier = rc == 0;
	s->is_told = rc > 0;
	return rc > 0 ? 0 : -1;
}

static int take_row(void *context, const struct change_table *t, const struct datum *now, struct failure *f)
{
	struct poll_source *s = context;
	struct kept_row *row;
	bool is_new;
	int rc = begin_rows(s, t, f);

	if (rc < 0 || !now)                     /* without a row: there is none, and the table is told */
		return rc;
	for (size_t i = 0; i < t->n; i++)
		if (now[i].kind != DATUM_NULL)
			s->kind[i] = now[i].kind;
	row = find_row(s, now, &is_new);
	if (row->field && row->look == s->look)
		rc = failure_set(f, EXIT_DATA, "poll: table %s: two rows of one key: --key must tell rows apart", s->request->table[0]);
	else if (!row->field)
		rc = emit(s, s->changed == 0 ? CHANGE_READ : CHANGE_INSERT, NULL, now, f);
	else if (!same_row(row, now, t->n)) {
		fill(s, row, s->before);
		rc = emit(s, CHANGE_UPDATE, s->before, now, f);
	}
	if (rc == 0 && (!row->field || !same_row(row, now, t->n)))
		keep(row, now, t->n);
	row->look = s->look;
	return rc;
}

static int remove_rest(struct poll_source *s, struct failure *f)
{
	struct table_walk walk = { 0 };
	struct kept_row *row;
	int rc = 0;

	while (rc == 0 && (row = table_next(&s->rows, &walk)))
		if (row->field && row->look != s->look) {
			fill(s, row, s->before);
			rc = emit(s, CHANGE_DELETE, s->before, NULL, f);
			forget(row);
		}
	return rc;
}

int poll_diff_look(struct poll_source *s, struct failure *f)
{
	s->look++;
	s->nth = 0;
	if (s->db->query(&s->query, "", take_row, s, f) < 0 || remove_rest(s, f) < 0)
		return -1;
	s->changed += s->nth > 0;
	return s->nth > 0;
}

/* ---- beginning and end ---- */

void poll_diff_position(const struct poll_source *s, struct buf *out)
{
	if (s->changed)
		buf_printf(out, "poll:%" PRIu64, s->changed);
}

int poll_diff_begin(struct poll_source *s, struct failure *f)
{
	struct span from = s->request->from;
	char text[32];
	int end = 0;

	table_init(&s->rows, sizeof(struct kept_row));
	if (!from.n)
		return 0;
	snprintf(text, sizeof text, "%.*s", (int)(from.n < 31 ? from.n : 31), from.p);
	if (sscanf(text, "poll:%" SCNu64 "%n", &s->changed, &end) != 1 || (size_t)end != from.n)
		return failure_set(f, EXIT_CONFIG, "poll: \"%s\" is no number of looks: is the sink fed by another source?", diag_show(from.p, from.n));
	if (!s->request->sink)
		return failure_set(f, EXIT_USAGE, "poll: --diff compares with what the sink has: say --resume-from");
	return sink_expect_log(s->request->sink, f);
}

void poll_diff_end(struct poll_source *s)
{
	struct table_walk walk = { 0 };
	struct kept_row *row;

	if (s->request->cursor || !s->db)
		return;
	while ((row = table_next(&s->rows, &walk)))
		free(row->field);
	table_free(&s->rows);
}
