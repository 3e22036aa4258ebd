/* SPDX-License-Identifier: MIT */
/* Control lines, one per line of the input. Values that are found are written again and must be found again; data that is
 * escaped must hold no control line, and only grow. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/stream/control.h"
#include "lib/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "t", "name", "hash", "definition", "format", "n" };

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static void check_value(struct span value, const char *name, bool json)
{
	struct control c = { 0 };
	struct buf line = { 0 }, back = { 0 };

	control_begin(&line, json, "word");
	control_add(&line, json, name, value);
	control_end(&line, json);
	expect(line.n && line.p[line.n - 1] == '\n' && !memchr(line.p, '\n', line.n - 1));
	line.n--;
	expect(control_parse(&c, buf_view(&line)) == 0);
	expect(span_eq(c.word, SPAN("word")));
	/* an empty string is null in JSON */
	if (!json || value.n)
		expect(control_value(&c, name, &back) && span_eq(buf_view(&back), value));
	control_free(&c);
	buf_free(&line);
	buf_free(&back);
}

static void check_line(struct control *c, struct span line)
{
	int64_t number;

	if (control_parse(c, line) < 0)
		return;
	expect(control_is_line(line));
	expect(c->word.n > 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf value = { 0 };

		if (control_value(c, names[i], &value)) {
			check_value(buf_view(&value), names[i], false);
			if (utf8_valid(buf_view(&value)))
				check_value(buf_view(&value), names[i], true);
		}
		(void)control_i64(c, names[i], &number);
		buf_free(&value);
	}
}

/* Each physical line of escaped data is the old one, or the old one behind one byte more. */
static void check_escape(struct span data, bool json)
{
	struct buf b = { 0 };
	const char *p, *from = data.p, *end = data.p + data.n;

	buf_span(&b, data);
	buf_room(&b, 1);
	control_escape(&b, 0, json);
	for (p = b.p; p < b.p + b.n;) {
		struct span line = { p, (size_t)(b.p + b.n - p) };
		const char *newline = memchr(p, '\n', line.n), *was = memchr(from, '\n', (size_t)(end - from));
		size_t n = was ? (size_t)(was - from) : (size_t)(end - from);

		line.n = newline ? (size_t)(newline - p) : line.n;
		expect(json ? !span_starts(line, SPAN(CONTROL_JSON_PREFIX)) : !span_starts(line, SPAN(CONTROL_PREFIX)));
		expect(line.n == n || (line.n == n + 1 && line.p[0] == (json ? ' ' : '\\')));
		expect(memcmp(line.p + (line.n - n), from, n) == 0);
		p += line.n + (newline != NULL);
		from += n + (was != NULL);
	}
	expect(from == end);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct control c = { 0 };

	if (size == 0)
		return 0;
	check_escape(rest, false);
	check_escape(rest, true);
	while (rest.n) {
		const char *newline = memchr(rest.p, '\n', rest.n);
		size_t n = newline ? (size_t)(newline - rest.p) : rest.n;

		check_line(&c, (struct span){ rest.p, n });
		rest.p += n + (newline != NULL);
		rest.n -= n + (newline != NULL);
	}
	control_free(&c);
	return 0;
}
