/* SPDX-License-Identifier: MIT */
/* Rows: which columns are null, then the others one behind the other. */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <zlib.h>

#include "lib/base/diag.h"
#include "lib/text/base64.h"
#include "lib/text/timestamp.h"
#include "speed/cdc/mysql/binlog_table.h"

#define BYTES 63                /* the collation of what is no text */
#define MOST (UINT32_C(1) << 30)        /* bytes of a value */

/* ---- numbers ---- */

static void put_u64(struct datum *d, enum datum_kind kind, uint64_t v, bool negative, struct arena *arena)
{
	char *room = arena_alloc(arena, 21, 1), *p = digits_before(room + 21, v);

	if (negative)
		*--p = '-';
	*d = (struct datum){ kind, { p, (size_t)(room + 21 - p) } };
}

static void take_integer(struct wire *w, size_t bytes, bool is_unsigned, struct datum *d, struct arena *arena)
{
	uint64_t v = wire_little(w, bytes);
	bool negative = !is_unsigned && v >> (8 * bytes - 1) & 1;

	if (negative)
		v = (bytes == 8 ? 0 : UINT64_C(1) << 8 * bytes) - v;
	put_u64(d, DATUM_NUMBER, v, negative, arena);
}

struct span float_text(double v, bool is_single, struct arena *arena)
{
	char *text = arena_alloc(arena, 32, 1);
	int n = 0;

	for (int digits = is_single ? 6 : 15; digits <= 17; digits++) {
		n = snprintf(text, 32, "%.*g", digits, v);
		if (is_single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
			break;
	}
	return (struct span){ text, (size_t)n };
}

static void take_float(struct wire *w, size_t bytes, struct datum *d, struct arena *arena)
{
	uint64_t bits = wire_little(w, bytes);
	uint32_t low = (uint32_t)bits;
	double v;
	float single;

	if (bytes == 4) {
		memcpy(&single, &low, sizeof single);
		v = single;
	} else {
		memcpy(&v, &bits, sizeof v);
	}
	*d = (struct datum){ isfinite(v) ? DATUM_NUMBER : DATUM_TEXT, float_text(v, bytes == 4, arena) };
}

/* Nine digits in four bytes, what is left over before and behind in fewer; the first bit says that it is not negative, and if it is all are turned. */
static size_t group_bytes(size_t digits)
{
	static const size_t bytes[] = { 0, 1, 1, 2, 2, 3, 3, 4, 4 };

	return digits / 9 * 4 + bytes[digits % 9];
}

static char *put_group(char *to, const unsigned char **from, size_t digits)
{
	size_t bytes = group_bytes(digits);
	uint64_t v = wire_big_at(*from, bytes);

	*from += bytes;
	for (size_t i = digits; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + digits;
}

static char *put_groups(char *to, const unsigned char **from, size_t first, size_t nines, size_t last)
{
	to = put_group(to, from, first);
	for (size_t i = 0; i < nines; i++)
		to = put_group(to, from, 9);
	return put_group(to, from, last);
}

static int take_decimal(struct wire *w, unsigned meta, struct datum *d, struct arena *arena)
{
	size_t digits = meta >> 8, scale = meta & 0xff, whole = digits - scale, bytes;
	unsigned char raw[64];
	const unsigned char *from, *at = raw;
	char *first, *p;
	bool negative;

	if (digits > 65 || scale > 38 || scale > digits)
		return -1;
	bytes = group_bytes(whole) + group_bytes(scale);
	from = wire_skip(w, bytes);
	if (!from || bytes == 0)
		return -1;
	negative = !(from[0] & 0x80);
	for (size_t i = 0; i < bytes; i++)
		raw[i] = from[i] ^ (negative ? 0xff : 0);
	raw[0] ^= 0x80;
	first = (char *)arena_alloc(arena, digits + 4, 1) + 1;          /* behind room for the sign */
	*first = '0';
	p = put_groups(first + 1, &at, whole % 9, whole / 9, 0);
	while (first + 1 < p && *first == '0')
		first++;
	if (scale) {
		*p++ = '.';
		p = put_groups(p, &at, 0, scale / 9, scale % 9);
	}
	if (negative)
		*--first = '-';
	*d = (struct datum){ DATUM_TEXT, { first, (size_t)(p - first) } };
	return 0;
}

static int take_bits(struct wire *w, unsigned meta, struct datum *d, struct arena *arena)
{
	size_t bytes = (meta >> 8) + ((meta & 0xff) + 7) / 8;

	if (bytes > 8)
		return -1;
	put_u64(d, DATUM_NUMBER, wire_big(w, bytes), false, arena);
	return 0;
}

/* ---- times ---- */

static char *put_two(char *to, unsigned v)
{
	memcpy(to, digit_pairs + v % 100 * 2, 2);
	return to + 2;
}

static char *put_date(char *to, unsigned year, unsigned month, unsigned day)
{
	to = put_two(put_two(to, year / 100), year);
	*to++ = '-';
	to = put_two(to, month);
	*to++ = '-';
	return put_two(to, day);
}

static char *put_clock(char *to, unsigned hour, unsigned minute, unsigned second)
{
	if (hour >= 100)
		*to++ = (char)('0' + hour / 100 % 10);
	to = put_two(to, hour);
	*to++ = ':';
	to = put_two(to, minute);
	*to++ = ':';
	return put_two(to, second);
}

/* us, with as many digits as the column has */
static char *put_fraction(char *to, unsigned us, unsigned digits)
{
	if (digits == 0)
		return to;
	*to++ = '.';
	for (unsigned unit = 100000, i = 0; i < digits; i++, unit /= 10)
		*to++ = (char)('0' + us / unit % 10);
	return to;
}

static size_t fraction_bytes(unsigned digits)
{
	return (digits + 1) / 2;
}

static unsigned fraction_us(uint64_t v, unsigned digits)
{
	static const unsigned unit[] = { 0, 10000, 100, 1 };

	return (unsigned)(v * unit[fraction_bytes(digits)]);
}

static void set_text(struct datum *d, char *from, char *to)
{
	*d = (struct datum){ DATUM_TEXT, { from, (size_t)(to - from) } };
}

static void take_date(struct wire *w, struct datum *d, struct arena *arena)
{
	unsigned v = (unsigned)wire_little(w, 3);
	char *text = arena_alloc(arena, 16, 1);

	set_text(d, text, put_date(text, v >> 9, v >> 5 & 15, v & 31));
}

/* sign 1, year and month 17, day 5, hour 5, minute 6, second 6 */
static void take_datetime(struct wire *w, unsigned digits, struct datum *d, struct arena *arena)
{
	uint64_t v = wire_big(w, 5) & 0x7fffffffff;
	unsigned months = (unsigned)(v >> 22), us = fraction_us(wire_big(w, fraction_bytes(digits)), digits);
	char *text = arena_alloc(arena, 32, 1), *p;

	p = put_date(text, months / 13, months % 13, v >> 17 & 31);
	*p++ = ' ';
	p = put_clock(p, v >> 12 & 31, v >> 6 & 63, v & 63);
	set_text(d, text, put_fraction(p, us, digits));
}

static char *put_day(char *to, int64_t days)
{
	int64_t year;
	unsigned month, day;

	civil_from_days(days, &year, &month, &day);
	return put_date(to, (unsigned)year, month, day);
}

static void take_timestamp(struct wire *w, unsigned digits, struct datum *d, struct arena *arena)
{
	uint64_t v = wire_big(w, 4);
	unsigned us = fraction_us(wire_big(w, fraction_bytes(digits)), digits);
	char *text = arena_alloc(arena, 32, 1), *p;

	p = v || us ? put_day(text, (int64_t)(v / 86400)) : put_date(text, 0, 0, 0);
	*p++ = v || us ? 'T' : ' ';
	p = put_fraction(put_clock(p, (unsigned)(v / 3600 % 24), (unsigned)(v / 60 % 60), (unsigned)(v % 60)), us, digits);
	if (v || us)
		*p++ = 'Z';
	set_text(d, text, p);
}

/* hour 12 bits, minute 6, second 6, fraction: one number, with an offset that makes it positive */
static void take_time(struct wire *w, unsigned digits, struct datum *d, struct arena *arena)
{
	size_t bytes = fraction_bytes(digits);
	int64_t v = (int64_t)wire_big(w, 3 + bytes) - (INT64_C(0x800000) << 8 * bytes);
	uint64_t size = (uint64_t)(v < 0 ? -v : v), clock = size >> 8 * bytes;
	unsigned us = fraction_us(size & ((UINT64_C(1) << 8 * bytes) - 1), digits);
	char *text = arena_alloc(arena, 32, 1), *p = text;

	if (v < 0)
		*p++ = '-';
	p = put_clock(p, clock >> 12 & 0x3ff, clock >> 6 & 63, clock & 63);
	set_text(d, text, put_fraction(p, us, digits));
}

static void take_year(struct wire *w, struct datum *d, struct arena *arena)
{
	unsigned v = (unsigned)wire_little(w, 1);
	char *text = arena_alloc(arena, 4, 1);

	put_two(put_two(text, v ? 19 + v / 100 : 0), v);
	*d = (struct datum){ v ? DATUM_NUMBER : DATUM_TEXT, { text, 4 } };
}

/* ---- text and bytes ---- */

struct span base64_text(struct span bytes, struct arena *arena)
{
	struct buf text = { 0 };
	struct span s;

	base64_encode(&text, bytes);
	s = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	return s;
}

/* The binlog leaves out zeros at the end of values of fixed length. */
static struct span padded(struct span bytes, size_t n, struct arena *arena)
{
	char *room;

	if (bytes.n >= n)
		return bytes;
	room = arena_alloc(arena, n, 1);
	if (bytes.n)
		memcpy(room, bytes.p, bytes.n);
	memset(room + bytes.n, 0, n - bytes.n);
	return (struct span){ room, n };
}

/* Values of columns that are declared COMPRESSED: 0 and the value, or 0x80 | 8 (without the frame of zlib) | number of length bytes, length, deflated. */
static int inflate_value(struct span *value, struct arena *arena)
{
	struct wire w = wire_of(*value);
	unsigned head = (unsigned)wire_little(&w, 1);
	z_stream z = { 0 };
	uint64_t n;
	int rc;

	if (value->n == 0)
		return 0;
	if (head == 0) {
		*value = wire_bytes(&w, wire_left(&w));
		return 0;
	}
	n = wire_big(&w, head & 7);
	if ((head & 0xf0) != 0x80 || w.failed || n > MOST || n / 1032 > wire_left(&w) || inflateInit2(&z, head & 8 ? -MAX_WBITS : MAX_WBITS) != Z_OK)
		return -1;              /* deflate makes at most 1032 of one */
	z.next_in = (Bytef *)w.p;
	z.avail_in = (uInt)wire_left(&w);
	z.next_out = arena_alloc(arena, (size_t)n + 1, 1);
	z.avail_out = (uInt)n + 1;
	*value = (struct span){ (char *)z.next_out, (size_t)n };
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.total_out == n ? 0 : -1;
}

static void put_hex(char **to, const unsigned char *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*(*to)++ = "0123456789abcdef"[from[i] >> 4];
		*(*to)++ = "0123456789abcdef"[from[i] & 15];
	}
}

static void set_uuid(struct span bytes, struct datum *d, struct arena *arena)
{
	static const size_t part[] = { 4, 2, 2, 2, 6 };
	const unsigned char *p = (const unsigned char *)bytes.p;
	char *text = arena_alloc(arena, 40, 1), *to = text;

	for (size_t i = 0; i < 5; p += part[i++]) {
		if (i)
			*to++ = '-';
		put_hex(&to, p, part[i]);
	}
	set_text(d, text, to);
}

static void set_address(struct span bytes, int family, struct datum *d, struct arena *arena)
{
	char *text = arena_alloc(arena, INET6_ADDRSTRLEN, 1);

	inet_ntop(family, bytes.p, text, INET6_ADDRSTRLEN);
	set_text(d, text, text + strlen(text));
}

static int set_bytes(const struct binlog_column *c, struct span bytes, struct datum *d, struct arena *arena)
{
	switch (c->look) {
	case LOOK_UUID: set_uuid(padded(bytes, 16, arena), d, arena); break;
	case LOOK_INET6: set_address(padded(bytes, 16, arena), AF_INET6, d, arena); break;
	case LOOK_INET4: set_address(padded(bytes, 4, arena), AF_INET, d, arena); break;
	default:
		if (c->type == TYPE_STRING)
			bytes = padded(bytes, c->meta, arena);
		*d = (struct datum){ DATUM_TEXT, base64_text(bytes, arena) };
	}
	return 0;
}

static int take_chars(struct wire *w, size_t length_bytes, const struct binlog_column *c, struct datum *d, struct arena *arena)
{
	struct span s = wire_bytes(w, (size_t)wire_little(w, length_bytes));

	if ((c->type == TYPE_VARCHAR_COMPRESSED || c->type == TYPE_BLOB_COMPRESSED) && inflate_value(&s, arena) < 0)
		return -1;
	if (c->type == TYPE_GEOMETRY) {         /* the reference system, and what is known as WKB */
		if (s.n >= 4)
			s.p += 4, s.n -= 4;
	} else if (c->collation != BYTES) {
		d->kind = DATUM_TEXT;
		return binlog_text(c->charset, s, &d->text, arena);
	}
	return set_bytes(c, s, d, arena);
}

static int take_enum(struct wire *w, const struct binlog_column *c, struct datum *d)
{
	size_t nth = (size_t)wire_little(w, c->meta == 2 ? 2 : 1);

	if (nth > c->nlabels)
		return -1;
	*d = (struct datum){ DATUM_TEXT, nth ? c->label[nth - 1] : (struct span){ "", 0 } };    /* 0: a value that was none */
	return 0;
}

static int take_set(struct wire *w, const struct binlog_column *c, struct datum *d, struct arena *arena)
{
	uint64_t bits = c->meta <= 8 ? wire_little(w, c->meta) : 0;
	size_t room = 0;
	char *text, *to;

	for (size_t i = 0; i < c->nlabels; i++)
		room += c->label[i].n + 1;
	text = to = arena_alloc(arena, room + 1, 1);
	for (size_t i = 0; i < c->nlabels && i < 64; i++)
		if (bits >> i & 1) {
			if (to > text)
				*to++ = ',';
			if (c->label[i].n)
				memcpy(to, c->label[i].p, c->label[i].n);
			to += c->label[i].n;
		}
	set_text(d, text, to);
	return 0;
}

/* ---- rows ---- */

static int take_value(struct wire *w, const struct binlog_column *c, struct datum *d, struct arena *arena)
{
	switch (c->type) {
	case TYPE_TINY: take_integer(w, 1, c->is_unsigned, d, arena); return 0;
	case TYPE_SHORT: take_integer(w, 2, c->is_unsigned, d, arena); return 0;
	case TYPE_INT24: take_integer(w, 3, c->is_unsigned, d, arena); return 0;
	case TYPE_LONG: take_integer(w, 4, c->is_unsigned, d, arena); return 0;
	case TYPE_LONGLONG: take_integer(w, 8, c->is_unsigned, d, arena); return 0;
	case TYPE_FLOAT: take_float(w, 4, d, arena); return 0;
	case TYPE_DOUBLE: take_float(w, 8, d, arena); return 0;
	case TYPE_NEWDECIMAL: return take_decimal(w, c->meta, d, arena);
	case TYPE_BIT: return take_bits(w, c->meta, d, arena);
	case TYPE_YEAR: take_year(w, d, arena); return 0;
	case TYPE_DATE:
	case TYPE_NEWDATE: take_date(w, d, arena); return 0;
	case TYPE_DATETIME2: take_datetime(w, c->meta, d, arena); return 0;
	case TYPE_TIMESTAMP2: take_timestamp(w, c->meta, d, arena); return 0;
	case TYPE_TIME2: take_time(w, c->meta, d, arena); return 0;
	case TYPE_ENUM: return take_enum(w, c, d);
	case TYPE_SET: return take_set(w, c, d, arena);
	case TYPE_STRING:
	case TYPE_VARCHAR:
	case TYPE_VARCHAR_COMPRESSED: return take_chars(w, c->meta > 255 ? 2 : 1, c, d, arena);
	case TYPE_BLOB:
	case TYPE_BLOB_COMPRESSED:
	case TYPE_GEOMETRY: return c->meta > 4 ? -1 : take_chars(w, c->meta, c, d, arena);
	default: return -1;
	}
}

int binlog_row(const struct binlog_table *t, struct wire *rows, struct datum *d, struct arena *arena, struct failure *f)
{
	const unsigned char *nulls = wire_skip(rows, (t->table.n + 7) / 8);

	for (size_t i = 0; nulls && i < t->table.n; i++) {
		d[i] = (struct datum){ DATUM_NULL, { "", 0 } };
		if (!(nulls[i / 8] >> i % 8 & 1) && (take_value(rows, &t->column[i], &d[i], arena) < 0 || rows->failed))
			return failure_set(f, EXIT_DATA, "mysql: table %s: column %s: a value in the binlog is damaged", t->table.name, t->table.column[i]);
	}
	return nulls ? 0 : failure_set(f, EXIT_DATA, "mysql: table %s: a row in the binlog is damaged", t->table.name);
}
