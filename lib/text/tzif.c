/* SPDX-License-Identifier: MIT */
#include "lib/text/tzif.h"

#include <stdlib.h>

#include "lib/base/mem.h"

/* Instants beyond these (30 000 years) only mark the beginning of time in some files. */
#define EARLIEST (-1000000000000)
#define LATEST 1000000000000

enum { HEADER = 44, TYPE = 6 };

struct header {
	char version;
	uint64_t isut, isstd, leap, time, type, chars;          /* counts, 32 bits each */
};

struct data {
	const uint8_t *times, *indexes, *types;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t get64(const uint8_t *p)
{
	return (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

/* n bytes off the front of *s; NULL when there are fewer. */
static const uint8_t *take(struct span *s, uint64_t n)
{
	const char *p = s->p;

	if (n > s->n)
		return NULL;
	*s = (struct span){ p + n, s->n - n };
	return (const uint8_t *)p;
}

static bool take_header(struct span *s, struct header *h)
{
	const uint8_t *p = take(s, HEADER);

	if (!p || memcmp(p, "TZif", 4) != 0)
		return false;
	h->version = (char)p[4];
	h->isut = get32(p + 20);
	h->isstd = get32(p + 24);
	h->leap = get32(p + 28);
	h->time = get32(p + 32);
	h->type = get32(p + 36);
	h->chars = get32(p + 40);
	return true;
}

/* The data block behind a header; its times have `width` bytes. */
static bool take_data(struct span *s, const struct header *h, unsigned width, struct data *d)
{
	return (d->times = take(s, h->time * width)) && (d->indexes = take(s, h->time)) &&
	       (d->types = take(s, h->type * TYPE)) && take(s, h->chars) && take(s, h->leap * (width + 4)) &&
	       take(s, h->isstd) && take(s, h->isut);
}

static bool get_offset(const struct data *d, uint64_t type, int32_t *offset)
{
	int64_t v = (int32_t)get32(d->types + type * TYPE);

	*offset = (int32_t)v;
	return v > -25 * 3600 && v < 26 * 3600;         /* RFC 8536, 3.2: anything else SHOULD not be */
}

static const char *read_changes(const struct header *h, const struct data *d, struct tzif *t)
{
	for (uint64_t i = 0; i < h->time; i++) {
		struct tzif_change c = { get64(d->times + i * 8), 0 };

		if (d->indexes[i] >= h->type || !get_offset(d, d->indexes[i], &c.offset))
			return "damaged zone file: offset";
		if (c.at > LATEST || (i && c.at <= get64(d->times + i * 8 - 8)))
			return "damaged zone file: order of transitions";
		if (c.at < EARLIEST) {
			t->first = c.offset;
			continue;
		}
		t->change = mem_grow(t->change, t->n, &t->cap, sizeof *t->change);
		t->change[t->n++] = c;
	}
	return NULL;
}

static bool take_footer(struct span *s, struct span *rule)
{
	const char *end;

	if (s->n < 2 || s->p[0] != '\n' || !(end = memchr(s->p + 1, '\n', s->n - 1)))
		return false;
	*rule = (struct span){ s->p + 1, (size_t)(end - s->p) - 1 };
	return true;
}

static const char *read_file(struct span s, struct tzif *t)
{
	struct header h;
	struct data d;

	if (!take_header(&s, &h))
		return "not a zone file";
	if (h.version < '2')
		return "zone file of version 1 (32 bits)";
	if (!take_data(&s, &h, 4, &d) || !take_header(&s, &h) || !take_data(&s, &h, 8, &d) || !take_footer(&s, &t->rule))
		return "damaged zone file: cut off";
	if (h.leap)
		return "zone file counts leap seconds";
	if (!h.type || !get_offset(&d, 0, &t->first))
		return "damaged zone file: offset";
	return read_changes(&h, &d, t);
}

int tzif_parse(struct span bytes, struct tzif *t, const char **error)
{
	*t = (struct tzif){ 0 };
	*error = read_file(bytes, t);
	if (!*error)
		return 0;
	tzif_free(t);
	return -1;
}

void tzif_free(struct tzif *t)
{
	free(t->change);
	*t = (struct tzif){ 0 };
}
