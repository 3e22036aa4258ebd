/* SPDX-License-Identifier: MIT */
#include "speed/cdc/mysql/binlog_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/percent.h"

static void free_prepared(struct binlog_prepared *x)
{
	free(x->xid);
	free(x->file);
}

void binlog_place_free(struct binlog_place *p)
{
	for (size_t i = 0; i < p->nprepared; i++)
		free_prepared(&p->prepared[i]);
	free(p->prepared);
	free(p->gtid);
	*p = (struct binlog_place){ 0 };
}

/* ---- transactions ---- */

const struct binlog_gtid *binlog_place_gtid(const struct binlog_place *p, uint32_t domain)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->gtid[i].domain == domain)
			return &p->gtid[i];
	return NULL;
}

void binlog_place_set(struct binlog_place *p, struct binlog_gtid g)
{
	struct binlog_gtid *is = (struct binlog_gtid *)binlog_place_gtid(p, g.domain);

	if (!is) {
		p->gtid = mem_array(p->gtid, p->n + 1, sizeof *p->gtid);
		is = &p->gtid[p->n++];
	}
	*is = g;
}

void binlog_place_drop(struct binlog_place *p, uint32_t domain)
{
	struct binlog_gtid *is = (struct binlog_gtid *)binlog_place_gtid(p, domain);

	if (is)
		*is = p->gtid[--p->n];
}

int binlog_gtids_parse(struct binlog_place *p, struct span text)
{
	while (text.n) {
		char one[64];
		struct binlog_gtid g;
		size_t n = 0;
		int end = 0;

		for (; n < text.n && n < sizeof one - 1 && text.p[n] != ','; n++)
			one[n] = text.p[n];
		one[n] = '\0';
		if (sscanf(one, "%" SCNu32 "-%" SCNu32 "-%" SCNu64 "%n", &g.domain, &g.server, &g.seq, &end) != 3 || (size_t)end != n)
			return -1;
		binlog_place_set(p, g);
		n += n < text.n;
		text.p += n;
		text.n -= n;
	}
	return 0;
}

void binlog_gtids_print(const struct binlog_place *p, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++)
		buf_printf(out, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64, i ? "," : "", p->gtid[i].domain, p->gtid[i].server, p->gtid[i].seq);
}

/* ---- transactions in two phases ---- */

const struct binlog_prepared *binlog_place_prepared(const struct binlog_place *p, const char *xid)
{
	for (size_t i = 0; i < p->nprepared; i++)
		if (strcmp(p->prepared[i].xid, xid) == 0)
			return &p->prepared[i];
	return NULL;
}

void binlog_place_decide(struct binlog_place *p, const char *xid)
{
	struct binlog_prepared *x = (struct binlog_prepared *)binlog_place_prepared(p, xid);

	if (!x)
		return;
	free_prepared(x);
	*x = p->prepared[--p->nprepared];
}

void binlog_place_prepare(struct binlog_place *p, const char *xid, const char *file, uint64_t at)
{
	binlog_place_decide(p, xid);
	p->prepared = mem_array(p->prepared, p->nprepared + 1, sizeof *p->prepared);
	p->prepared[p->nprepared++] = (struct binlog_prepared){ mem_text(span_of(xid)), mem_text(span_of(file)), at };
}

/* ---- as text ---- */

int binlog_place_file(struct binlog_place *p, struct span name)
{
	if (name.n >= sizeof p->file || memchr(name.p, '\0', name.n))
		return -1;
	if (name.n)
		memcpy(p->file, name.p, name.n);
	p->file[name.n] = '\0';
	return 0;
}

void binlog_place_print(const struct binlog_place *p, struct buf *out)
{
	buf_printf(out, "mysql:%" PRIu32 ":", p->server);
	binlog_gtids_print(p, out);
	for (size_t i = 0; i < p->nprepared; i++) {
		buf_printf(out, "%c%s@%" PRIu64 "@", i ? ',' : ':', p->prepared[i].xid, p->prepared[i].at);
		percent_encode(out, span_of(p->prepared[i].file), "%,:@");
	}
	buf_printf(out, "%s:%" PRIu32 ":%" PRIu64 ":%s", p->nprepared ? "" : ":", p->created, p->at, p->file);
}

/* What stands before the next `end`, which is taken too; if there is none: nothing, or all of it. */
static struct span part_to(struct span *text, char end, bool or_all)
{
	const char *at = text->n ? memchr(text->p, end, text->n) : NULL;
	struct span s = { text->p, at ? (size_t)(at - text->p) : or_all ? text->n : 0 };

	text->n = at ? text->n - s.n - 1 : 0;
	text->p = at ? at + 1 : text->p;
	return s;
}

static struct span part(struct span *text)
{
	return part_to(text, ':', false);
}

static bool number(struct span text, uint64_t most, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || i > 18)
			return false;
		*v = *v * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n && *v <= most;
}

static int parse_prepared(struct binlog_place *p, struct span text)
{
	while (text.n) {
		struct span one = part_to(&text, ',', true), xid = part_to(&one, '@', false), offset = part_to(&one, '@', false);
		struct buf file = { 0 };
		uint64_t at;
		char *x, *name;

		if (!xid.n || !number(offset, UINT64_MAX, &at) || percent_decode(&file, one) < 0) {
			buf_free(&file);
			return -1;
		}
		x = mem_text(xid);
		name = mem_text(buf_view(&file));
		binlog_place_prepare(p, x, name, at);
		free(x);
		free(name);
		buf_free(&file);
	}
	return 0;
}

int binlog_place_parse(struct binlog_place *p, struct span text, struct failure *f)
{
	struct span rest = text;
	uint64_t server, created;

	if (!span_eq(part(&rest), SPAN("mysql")))
		return failure_set(f, EXIT_CONFIG, "mysql: \"%s\" is no position in a binlog: is the sink fed by another source?", diag_show(text.p, text.n));
	if (!number(part(&rest), UINT32_MAX, &server) || binlog_gtids_parse(p, part(&rest)) < 0 || parse_prepared(p, part(&rest)) < 0 ||
	    !number(part(&rest), UINT32_MAX, &created) || !number(part(&rest), UINT64_MAX, &p->at) || binlog_place_file(p, rest) < 0)
		return failure_set(f, EXIT_CONFIG, "mysql: \"%s\" is no position", diag_show(text.p, text.n));
	p->server = (uint32_t)server;
	p->created = (uint32_t)created;
	return 0;
}
