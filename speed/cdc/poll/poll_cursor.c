/* SPDX-License-Identifier: MIT */
/* Keyset pagination by (cursor, key): never by the cursor alone, which may be the same in many rows.
 *
 * Transactions commit in another order than they take their cursor values. So a look goes no further than to what was the largest value --delay
 * before: as long as transactions are shorter than that, nothing can appear below it any more. That needs neither the database's clock nor ours,
 * and holds for times and for numbers alike (the JDBC connectors of Kafka do the same by the clock, timestamp.delay.interval.ms).
 *
 * Position: `poll:COLUMN:VALUE:KEY...`, percent-encoded. */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/percent.h"
#include "speed/cdc/database.h"
#include "speed/cdc/poll/poll.h"

/* ---- marks ---- */

void poll_mark_free(struct poll_mark *m)
{
	for (size_t i = 0; i < m->n; i++)
		buf_free(&m->value[i]);
	free(m->value);
	*m = (struct poll_mark){ 0 };
}

static void mark_add(struct poll_mark *m, struct span value)
{
	m->value = mem_array(m->value, m->n + 1, sizeof *m->value);
	m->value[m->n] = (struct buf){ 0 };
	buf_span(&m->value[m->n++], value);
}

static void mark_copy(struct poll_mark *to, const struct poll_mark *from)
{
	poll_mark_free(to);
	for (size_t i = 0; i < from->n; i++)
		mark_add(to, buf_view(&from->value[i]));
}

static bool mark_same(const struct poll_mark *a, const struct poll_mark *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!span_eq(buf_view(&a->value[i]), buf_view(&b->value[i])))
			return false;
	return true;
}

/* As SQL writes it. Moments of MariaDB come as RFC 3339, which it does not read. */
static void put_literal(const struct poll_source *s, struct buf *out, const struct datum *d)
{
	bool is_mysql = s->db->quote == '`';
	bool is_moment = is_mysql && d->text.n > 19 && d->text.p[10] == 'T' && d->text.p[d->text.n - 1] == 'Z';

	if (d->kind == DATUM_NUMBER) {
		buf_span(out, d->text);
		return;
	}
	buf_byte(out, '\'');
	for (size_t i = 0; i < d->text.n - is_moment; i++) {
		char c = d->text.p[i];

		if (c == '\'' || (c == '\\' && is_mysql))
			buf_byte(out, c);
		buf_byte(out, is_moment && i == 10 ? ' ' : c);
	}
	buf_byte(out, '\'');
}

static int mark_of(struct poll_source *s, const struct datum *row, struct poll_mark *m, struct failure *f)
{
	poll_mark_free(m);
	for (size_t i = 0; i <= s->nkeys; i++) {
		struct buf literal = { 0 };

		if (row[s->column[i]].kind == DATUM_NULL)
			return failure_set(f, EXIT_CONFIG, "poll: table %s: a row without %s: what is null cannot be ordered", s->request->table[0], i ? s->key[i - 1] : s->request->cursor);
		put_literal(s, &literal, &row[s->column[i]]);
		mark_add(m, buf_view(&literal));
		buf_free(&literal);
	}
	return 0;
}

/* ---- SQL ---- */

static void put_keys(const struct poll_source *s, struct buf *sql, const char *behind)
{
	for (size_t i = 0; i < s->nkeys; i++) {
		buf_text(sql, i ? "," : "");
		database_put_quoted(sql, s->key[i], s->db->quote);
		buf_text(sql, behind);
	}
}

/* (cursor, key) < or > m, so that an index on the cursor is used. */
static void put_bound(const struct poll_source *s, struct buf *sql, const char *than, bool or_equal, const struct poll_mark *m)
{
	struct span value = buf_view(&m->value[0]);

	database_put_quoted(sql, s->request->cursor, s->db->quote);
	buf_printf(sql, "%s=%.*s AND (", than, (int)value.n, value.p);
	database_put_quoted(sql, s->request->cursor, s->db->quote);
	buf_printf(sql, "%s%.*s OR (", than, (int)value.n, value.p);
	put_keys(s, sql, "");
	buf_printf(sql, ")%s%s(", than, or_equal ? "=" : "");
	for (size_t i = 1; i < m->n; i++) {
		buf_text(sql, i > 1 ? "," : "");
		buf_span(sql, buf_view(&m->value[i]));
	}
	buf_text(sql, "))");
}

static void put_order(const struct poll_source *s, struct buf *sql, const char *direction)
{
	buf_text(sql, " ORDER BY ");
	database_put_quoted(sql, s->request->cursor, s->db->quote);
	buf_printf(sql, "%s,", direction);
	put_keys(s, sql, direction);
}

static int ask(struct poll_source *s, struct buf *sql, cdc_each *each, struct failure *f)
{
	int rc;

	buf_byte(sql, '\0');
	rc = s->db->query(&s->query, sql->p, each, s, f);
	buf_free(sql);
	return rc;
}

/* ---- how far there is something ---- */

static int take_horizon(void *context, const struct change_table *t, const struct datum *row, struct failure *f)
{
	struct poll_source *s = context;
	struct poll_horizon *h;

	if (poll_take_table(s, t, f) < 0)
		return -1;
	if (!row)
		return 0;
	s->horizon = mem_array(s->horizon, s->nhorizons + 1, sizeof *s->horizon);
	h = &s->horizon[s->nhorizons];
	*h = (struct poll_horizon){ .seen_ms = clock_ms(CLOCK_MONOTONIC) };
	if (mark_of(s, row, &h->at, f) < 0) {
		poll_mark_free(&h->at);
		return -1;
	}
	if (s->nhorizons && mark_same(&h[-1].at, &h->at))
		poll_mark_free(&h->at);
	else
		s->nhorizons++;
	return 0;
}

static int look_ahead(struct poll_source *s, struct failure *f)
{
	struct buf sql = { 0 };

	buf_text(&sql, " WHERE ");
	database_put_quoted(&sql, s->request->cursor, s->db->quote);
	buf_text(&sql, " IS NOT NULL");
	put_order(s, &sql, " DESC");
	buf_text(&sql, " LIMIT 1");
	return ask(s, &sql, take_horizon, f);
}

/* The last one that is old enough; those before it go. */
static struct poll_mark *settled(struct poll_source *s)
{
	int64_t then = clock_ms(CLOCK_MONOTONIC) - s->request->delay_ms;
	size_t n = 0;

	while (n < s->nhorizons && s->horizon[n].seen_ms <= then)
		n++;
	if (n == 0)
		return NULL;
	for (size_t i = 0; i + 1 < n; i++)
		poll_mark_free(&s->horizon[i].at);
	memmove(s->horizon, s->horizon + n - 1, (s->nhorizons - n + 1) * sizeof *s->horizon);
	s->nhorizons -= n - 1;
	return &s->horizon[0].at;
}

/* ---- rows ---- */

static void name_place(struct poll_source *s, const struct datum *row)
{
	size_t n = 0;

	for (size_t i = 0; i <= s->nkeys && n < sizeof s->pos; i++) {
		struct span v = row[s->column[i]].text;

		n += (size_t)snprintf(s->pos + n, sizeof s->pos - n, "%s%.*s", i ? ":" : "", (int)v.n, v.p);
	}
}

static int take_row(void *context, const struct change_table *t, const struct datum *row, struct failure *f)
{
	struct poll_source *s = context;
	struct change c = { .op = CHANGE_READ, .after = row, .ts = -1 };
	int rc = 1;

	if (poll_take_table(s, t, f) < 0)
		return -1;
	if (!row)
		return 0;
	c.table = s->table[s->ntables - 1];
	if (!s->is_told)
		rc = emit_table(s->out, c.table, f);
	s->needs_barrier = rc == 0;
	if (rc <= 0)
		return -1;
	s->is_told = true;
	name_place(s, row);
	c.pos = span_of(s->pos);
	return emit_change(s->out, &c, f);
}

int poll_cursor_look(struct poll_source *s, struct failure *f)
{
	struct buf sql = { 0 };
	struct poll_mark *end;

	if (look_ahead(s, f) < 0)
		return -1;
	end = settled(s);
	if (!end || mark_same(end, &s->done))
		return 0;
	if (s->done.n || s->request->snapshot != SNAPSHOT_NEVER) {
		buf_text(&sql, " WHERE ");
		if (s->done.n) {
			put_bound(s, &sql, ">", false, &s->done);
			buf_text(&sql, " AND ");
		}
		put_bound(s, &sql, "<", true, end);
		put_order(s, &sql, "");
		if (ask(s, &sql, take_row, f) < 0)
			return -1;
	}
	mark_copy(&s->done, end);
	return 1;
}

bool poll_cursor_is_done(const struct poll_source *s)
{
	return s->nhorizons == 0 || mark_same(&s->horizon[0].at, &s->done);
}

/* ---- positions ---- */

void poll_cursor_position(const struct poll_source *s, struct buf *out)
{
	if (s->done.n == 0)
		return;
	buf_text(out, "poll:");
	percent_encode(out, span_of(s->request->cursor), "%:");
	for (size_t i = 0; i < s->done.n; i++) {
		buf_byte(out, ':');
		percent_encode(out, buf_view(&s->done.value[i]), "%:");
	}
}

static struct span next_part(struct span *rest)
{
	const char *colon = rest->n ? memchr(rest->p, ':', rest->n) : NULL;
	struct span part = { rest->p, colon ? (size_t)(colon - rest->p) : rest->n };

	rest->p += part.n + (colon != NULL);
	rest->n -= part.n + (colon != NULL);
	return part;
}

static int parse_place(struct poll_source *s, struct span rest)
{
	struct buf part = { 0 };
	int rc = span_eq(next_part(&rest), SPAN("poll")) && percent_decode(&part, next_part(&rest)) == 0 && span_eq(buf_view(&part), span_of(s->request->cursor)) ? 0 : -1;

	while (rc == 0 && rest.n) {
		buf_clear(&part);
		rc = percent_decode(&part, next_part(&rest));
		if (rc == 0)
			mark_add(&s->done, buf_view(&part));
	}
	buf_free(&part);
	return rc == 0 && s->done.n == s->nkeys + 1 ? 0 : -1;
}

int poll_cursor_begin(struct poll_source *s, struct failure *f)
{
	struct span from = s->request->from;

	if (from.n && parse_place(s, from) < 0)
		return failure_set(f, EXIT_CONFIG, "poll: \"%s\" is no place by --cursor %s and this --key: is the sink fed by another source?", diag_show(from.p, from.n), s->request->cursor);
	return 0;
}
