/* SPDX-License-Identifier: MIT */
#include "speed/cdc/mysql/binlog.h"

#include <zlib.h>

#include "speed/cdc/wire.h"

enum {
	QUERY = 2, ROTATE = 4, FORMAT_DESCRIPTION = 15, XID = 16, EXECUTE_LOAD = 18, TABLE_MAP = 19, WRITE_V1 = 23, DELETE_V1 = 25, INCIDENT = 26, HEARTBEAT = 27,
	WRITE_V2 = 30, DELETE_V2 = 32, PARTIAL_UPDATE = 39, XA_PREPARE = 38, TRANSACTION_PAYLOAD = 40, GTID = 162, GTID_LIST = 163, QUERY_COMPRESSED = 165,
	WRITE_COMPRESSED_V1 = 166, DELETE_COMPRESSED_V1 = 168, WRITE_COMPRESSED = 169, DELETE_COMPRESSED = 171,
};

#define GROUP_COMMIT 0x02       /* GTID: 8 bytes more */
#define IN_USE 0x01             /* FORMAT: the server has the file open; not part of its checksum */
#define CRC 4
#define INFLATED_MOST (UINT32_C(1) << 30)       /* a row is no larger than max_allowed_packet, which is no larger than that */

static int refuse(const char **why, const char *what)
{
	*why = what;
	return -1;
}

/* ---- checksums ---- */

static bool crc_fits(struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	unsigned char head[BINLOG_HEADER];
	uLong crc;

	memcpy(head, p, BINLOG_HEADER);
	if (p[4] == FORMAT_DESCRIPTION)
		head[17] &= (unsigned char)~IN_USE;
	crc = crc32(crc32(0, head, BINLOG_HEADER), p + BINLOG_HEADER, (uInt)(bytes.n - BINLOG_HEADER - CRC));
	return crc == wire_little_at(p + bytes.n - CRC, CRC);
}

/* Takes the checksum off. A server may send a ROTATE of its own making, with one or without, whatever its file has. */
static int check_crc(const struct binlog_format *format, const struct binlog_event *e, struct span *bytes, const char **why)
{
	bool has = bytes->n >= BINLOG_HEADER + CRC;

	if (e->type == HEARTBEAT)
		return 0;
	if (e->type == ROTATE && e->end == 0)
		has = has && crc_fits(*bytes);
	else if (!format->has_crc)
		return 0;
	else if (!has || !crc_fits(*bytes))
		return refuse(why, "its checksum does not fit");
	if (has)
		bytes->n -= CRC;
	return 0;
}

/* Whether it has one it says itself; the room for it is there in any case. */
static int check_format_crc(const struct binlog_event *e, struct span *bytes, const char **why)
{
	struct binlog_format of = { 0 };

	if (bytes->n < BINLOG_HEADER + 57 + 1 + 1 + CRC)
		return refuse(why, "it is cut");
	of.has_crc = bytes->p[bytes->n - CRC - 1] == 1;
	if (!of.has_crc)
		bytes->n -= CRC;
	return check_crc(&of, e, bytes, why);
}

/* ---- what is compressed ---- */

/* 0x80 | number of length bytes, length, zlib. Behind `room`'s content. */
static int inflate_into(struct wire *from, struct buf *room, struct span *out, const char **why)
{
	unsigned head = (unsigned)wire_little(from, 1);
	uint64_t n = wire_big(from, head & 7);
	uLongf made = (uLongf)n;

	if ((head & 0xf8) != 0x80 || from->failed || n > INFLATED_MOST)
		return refuse(why, "a compressed part is damaged");
	buf_clear(room);
	if (uncompress((Bytef *)buf_room(room, (size_t)n + 1), &made, from->p, (uLong)wire_left(from)) != Z_OK || made != n)
		return refuse(why, "a compressed part is damaged");
	*out = (struct span){ room->p, (size_t)n };
	return 0;
}

/* ---- bodies ---- */

/* version, server, time of creation, length of headers, one byte for each type, kind of checksum */
static int take_format(struct binlog_format *format, struct wire *w, const char **why)
{
	size_t n;

	if (wire_little(w, 2) != 4)
		return refuse(why, "its format is none of the known ones");
	wire_skip(w, 50 + 4);
	if (wire_little(w, 1) != BINLOG_HEADER || wire_left(w) < 1)
		return refuse(why, "its format is none of the known ones");
	*format = (struct binlog_format){ .known = true };
	n = wire_left(w) - 1;
	for (size_t type = 1; type <= n && type < sizeof format->header; type++)
		format->header[type] = (uint8_t)wire_little(w, 1);
	format->has_crc = w->end[-1] == 1;
	return 0;
}

/* number, domain, flags, [group commit], [two phases: format of the name, lengths of its two parts, the parts] */
static int take_gtid(struct binlog_event *e, struct wire *w, const char **why)
{
	e->kind = BINLOG_GTID;
	e->seq = wire_little(w, 8);
	e->domain = (uint32_t)wire_little(w, 4);
	e->flags = (uint8_t)wire_little(w, 1);
	if (e->flags & GROUP_COMMIT)
		wire_skip(w, 8);
	if (e->flags & (BINLOG_GTID_PREPARED | BINLOG_GTID_COMPLETED) && wire_left(w) >= 6)
		e->xid = wire_bytes(w, 6 + (size_t)w->p[4] + w->p[5]);
	if (e->xid.n > BINLOG_XID)
		return refuse(why, "it is damaged");
	return 0;
}

static int take_gtid_list(struct binlog_event *e, struct wire *w)
{
	size_t n = (size_t)(wire_little(w, 4) & 0x0fffffff);

	e->kind = BINLOG_GTID_LIST;
	e->list = wire_bytes(w, n * 16);
	return 0;
}

/* thread, duration, length of database, error, length of variables; variables, database, NUL, statement */
static int take_query(const struct binlog_format *format, struct binlog_event *e, struct wire *w, struct buf *room, const char **why)
{
	size_t fixed = format->header[QUERY], database, variables;

	e->kind = BINLOG_STATEMENT;
	if (fixed < 13)
		return refuse(why, "its format is none of the known ones");
	wire_skip(w, 8);
	database = (size_t)wire_little(w, 1);
	wire_skip(w, 2);
	variables = (size_t)wire_little(w, 2);
	wire_skip(w, fixed - 13 + variables);
	e->database = wire_bytes(w, database);
	wire_skip(w, 1);
	if (e->type == QUERY_COMPRESSED)
		return inflate_into(w, room, &e->text, why);
	e->text = wire_bytes(w, wire_left(w));
	return 0;
}

/* Of 4 bytes in the oldest servers. */
static uint64_t take_table_number(const struct binlog_format *format, const struct binlog_event *e, struct wire *w)
{
	return wire_little(w, format->header[e->type] == 6 ? 4 : 6);
}

static int take_table(const struct binlog_format *format, struct binlog_event *e, struct wire *w)
{
	e->kind = BINLOG_TABLE;
	e->table = take_table_number(format, e, w);
	e->map = wire_bytes(w, wire_left(w));
	return 0;
}

static bool all_there(struct wire *w, size_t columns)
{
	const unsigned char *bits = wire_skip(w, (columns + 7) / 8);

	for (size_t i = 0; bits && i < columns; i++)
		if (!(bits[i / 8] >> i % 8 & 1))
			return false;
	return bits;
}

static bool is_compressed(uint8_t type)
{
	return type >= WRITE_COMPRESSED_V1 && type <= DELETE_COMPRESSED;
}

/* table, flags, [v2: extra data]; columns, which of them are there, and for updates which are there afterwards; rows */
static int take_rows(const struct binlog_format *format, struct binlog_event *e, struct wire *w, unsigned nth, bool has_extra, struct buf *room, const char **why)
{
	e->kind = nth == 0 ? BINLOG_INSERT : nth == 1 ? BINLOG_UPDATE : BINLOG_DELETE;
	e->table = take_table_number(format, e, w);
	e->last = wire_little(w, 2) & 1;
	if (has_extra) {
		size_t extra = (size_t)wire_little(w, 2);

		wire_skip(w, extra < 2 ? SIZE_MAX : extra - 2);
	}
	e->width = (size_t)wire_packed(w);
	if (w->failed || e->width > 8 * wire_left(w))
		return refuse(why, "it is damaged");
	e->whole = all_there(w, e->width);
	if (e->kind == BINLOG_UPDATE)
		e->whole &= all_there(w, e->width);
	if (is_compressed(e->type))
		return inflate_into(w, room, &e->rows, why);
	e->rows = wire_bytes(w, wire_left(w));
	return 0;
}

static int take_rotate(struct binlog_event *e, struct wire *w)
{
	e->kind = BINLOG_ROTATE;
	e->at = wire_little(w, 8);
	e->file = wire_bytes(w, wire_left(w));
	return 0;
}

static int take_body(struct binlog_format *format, struct binlog_event *e, struct wire *w, struct buf *room, const char **why)
{
	uint8_t t = e->type;

	switch (t) {
	case FORMAT_DESCRIPTION:
		e->kind = BINLOG_FORMAT;
		return take_format(format, w, why);
	case ROTATE:
		return take_rotate(e, w);
	case GTID:
		return take_gtid(e, w, why);
	case GTID_LIST:
		return take_gtid_list(e, w);
	case QUERY:
	case QUERY_COMPRESSED:
		return take_query(format, e, w, room, why);
	case EXECUTE_LOAD:
		e->kind = BINLOG_STATEMENT;
		e->text = SPAN("LOAD DATA");
		return 0;
	case TABLE_MAP:
		return take_table(format, e, w);
	case XID:
		e->kind = BINLOG_COMMIT;
		return 0;
	case XA_PREPARE:
		e->kind = BINLOG_PREPARE;
		return 0;
	case INCIDENT:
		e->kind = BINLOG_INCIDENT;
		return 0;
	case PARTIAL_UPDATE:
	case TRANSACTION_PAYLOAD:
		e->kind = BINLOG_UNREADABLE;
		return 0;
	default:
		break;
	}
	if (t >= WRITE_V1 && t <= DELETE_V1)
		return take_rows(format, e, w, t - WRITE_V1, false, room, why);
	if (t >= WRITE_V2 && t <= DELETE_V2)
		return take_rows(format, e, w, t - WRITE_V2, true, room, why);
	if (t >= WRITE_COMPRESSED_V1 && t <= DELETE_COMPRESSED_V1)
		return take_rows(format, e, w, t - WRITE_COMPRESSED_V1, false, room, why);
	if (t >= WRITE_COMPRESSED && t <= DELETE_COMPRESSED)
		return take_rows(format, e, w, t - WRITE_COMPRESSED, true, room, why);
	return 0;
}

/* time, type, server, size, end, flags */
int binlog_event(struct binlog_format *format, struct span bytes, struct binlog_event *e, struct buf *room, const char **why)
{
	struct wire w = wire_of(bytes);

	*e = (struct binlog_event){ .time = (uint32_t)wire_little(&w, 4) };
	e->type = (uint8_t)wire_little(&w, 1);
	e->server = (uint32_t)wire_little(&w, 4);
	e->size = (uint32_t)wire_little(&w, 4);
	e->end = (uint32_t)wire_little(&w, 4);
	wire_skip(&w, 2);
	if (w.failed || e->size != bytes.n)
		return refuse(why, "it is cut");
	if (!format->known && e->type != FORMAT_DESCRIPTION && e->type != ROTATE)
		return refuse(why, "it comes before the format of its file");
	if (e->type == FORMAT_DESCRIPTION ? check_format_crc(e, &bytes, why) < 0 : check_crc(format, e, &bytes, why) < 0)
		return -1;
	w.end = (const unsigned char *)bytes.p + bytes.n;
	if (take_body(format, e, &w, room, why) < 0)
		return -1;
	return w.failed ? refuse(why, "it is cut") : 0;
}
