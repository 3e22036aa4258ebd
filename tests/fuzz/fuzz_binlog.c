/* SPDX-License-Identifier: MIT */
/* Events of a binlog, each written as type, three bytes of length and body (headers are made here, and there are no checksums, which would hide all
 * else), up to their rows as records: read within bounds, or refused. Their statements as well. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "speed/cdc/mysql/binlog_reader.h"
#include "speed/cdc/mysql/binlog_statement.h"

static const struct cdc_request request = { .table = (const char *const[]){ "t", "shop.u" }, .ntables = 2 };

static void begin_format(struct binlog_format *f)
{
	static const uint8_t header[] = { [2] = 13, [4] = 8, [19] = 8, [23] = 8, [24] = 8, [25] = 8, [30] = 10, [31] = 10, [32] = 10, [165] = 13, [166] = 8, [167] = 8,
		                          [168] = 8, [169] = 10, [170] = 10, [171] = 10 };

	*f = (struct binlog_format){ .known = true };
	memcpy(f->header, header, sizeof header);
}

static void put_little(struct buf *b, uint64_t v, size_t n)
{
	for (; n-- > 0; v >>= 8)
		buf_byte(b, (char)v);
}

static void put_event(struct buf *b, unsigned type, struct span body, uint32_t end)
{
	buf_clear(b);
	put_little(b, 1000000000, 4);
	put_little(b, type, 1);
	put_little(b, 1, 4);
	put_little(b, BINLOG_HEADER + body.n, 4);
	put_little(b, end, 4);
	put_little(b, 0, 2);
	buf_span(b, body);
}

/* One event off the input. */
static int take_event(struct binlog_reader *r, struct span *rest, uint32_t *end, struct emit *out)
{
	unsigned type = (unsigned char)rest->p[0];
	size_t n = (size_t)wire_little_at((const unsigned char *)rest->p + 1, 3);
	struct failure f = { 0 };
	struct buf event = { 0 };
	char *exact;
	int rc;

	rest->p += 4, rest->n -= 4;
	n = n < rest->n ? n : rest->n;
	*end += (uint32_t)n + BINLOG_HEADER;
	put_event(&event, type, (struct span){ rest->p, n }, *end);
	rest->p += n, rest->n -= n;
	exact = malloc(event.n);
	memcpy(exact, event.p, event.n);
	rc = binlog_take(r, (struct span){ exact, event.n }, out, &f);
	free(exact);
	buf_free(&event);
	return rc;
}

static void statements(struct span text)
{
	struct statement s = statement_of(text);
	struct span database, name;

	while (s.kind == STATEMENT_EMPTIES && statement_table(&s.rest, &database, &name))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct emit_options options = { .format = FORMAT_NDJSON, .several = true, .has_tx = true, .connector = "mariadb" };
	struct binlog_reader r = { .request = &request, .source = "fuzz" };
	struct span rest = { (const char *)data, size };
	struct ledger ledger = { 0 };
	struct failure f = { 0 };
	struct emit emit;
	struct buf pos = { 0 };
	struct out out;
	uint32_t end = 4;

	statements(rest);
	out_init(&out, open("/dev/null", O_WRONLY | O_CLOEXEC), "null");
	emit_init(&emit, &options, &out, &ledger, &f);
	binlog_want(&r, "shop", &f);
	begin_format(&r.at.format);
	while (rest.n >= 4 && take_event(&r, &rest, &end, &emit) > 0)
		;
	binlog_position(&r, &pos);
	buf_free(&pos);
	emit_free(&emit);
	binlog_reader_free(&r);
	out_close(&out);
	return 0;
}
