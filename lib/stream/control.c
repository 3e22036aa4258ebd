/* SPDX-License-Identifier: MIT */
/* In NDJSON a control line is one flat object whose first name is @weir; its values are strings or numbers. */
#include "lib/stream/control.h"

#include "lib/text/decimal.h"
#include "lib/text/json_scan.h"
#include "lib/text/percent.h"

/* One member of the object: json_scan wants to know names beforehand, so each look-up scans anew. Control lines are few. */
static bool json_member(struct span line, const char *name, struct buf *out)
{
	struct fields fields = { 0 };
	struct arena scratch = { 0 };
	struct json_scan *scan;
	struct span value;
	struct buf ref = { 0 };
	const char *error;
	bool found = false;

	buf_printf(&ref, "`%s`", name);
	if (fields_add(&fields, buf_view(&ref), &error) == 0) {
		scan = json_scan_new(&fields);
		if (json_scan_record(scan, line, &scratch, &value) == 0 && value.n) {
			buf_span(out, value);
			found = true;
		}
		json_scan_free(scan);
	}
	buf_free(&ref);
	arena_free(&scratch);
	fields_free(&fields);
	return found;
}

static bool json_value(struct span line, const char *name, struct buf *out)
{
	struct buf text = { 0 };
	bool ok = json_member(line, name, &text) && percent_decode(out, buf_view(&text)) == 0;

	buf_free(&text);
	return ok;
}

int control_parse(struct control *c, struct span line)
{
	struct span rest = line;
	size_t n = 0;

	c->json = span_starts(line, SPAN(CONTROL_JSON_PREFIX));
	buf_clear(&c->store);
	if (c->json) {
		if (!json_member(line, "@weir", &c->store))
			return -1;
		n = c->store.n;
		buf_span(&c->store, line);
		c->word = (struct span){ c->store.p, n };
		c->rest = (struct span){ c->store.p + n, line.n };
		return 0;
	}
	if (!span_starts(line, SPAN(CONTROL_PREFIX)))
		return -1;
	rest.p += sizeof CONTROL_PREFIX - 1, rest.n -= sizeof CONTROL_PREFIX - 1;
	if (rest.n == 0)
		return -1;
	buf_span(&c->store, rest);
	rest = buf_view(&c->store);
	while (n < rest.n && rest.p[n] != ' ')
		n++;
	c->word = (struct span){ rest.p, n };
	c->rest = span_trim((struct span){ rest.p + n, rest.n - n });
	return n ? 0 : -1;
}

bool control_value(const struct control *c, const char *name, struct buf *out)
{
	struct span rest = c->rest, want = span_of(name);

	if (c->json)
		return json_value(rest, name, out);
	while (rest.n) {
		const char *blank = memchr(rest.p, ' ', rest.n);
		struct span item = { rest.p, blank ? (size_t)(blank - rest.p) : rest.n };

		if (item.n > want.n && item.p[want.n] == '=' && span_starts(item, want))
			return percent_decode(out, (struct span){ item.p + want.n + 1, item.n - want.n - 1 }) == 0;
		rest.p += item.n + (blank != NULL), rest.n -= item.n + (blank != NULL);
	}
	return false;
}

bool control_i64(const struct control *c, const char *name, int64_t *v)
{
	struct buf text = { 0 };
	struct decimal d;
	bool ok = control_value(c, name, &text) && decimal_parse(buf_view(&text), &d) == 0 && decimal_to_i64(d, v) == 0;

	buf_free(&text);
	return ok;
}

bool control_u64(const struct control *c, const char *name, uint64_t *v)
{
	int64_t n;

	if (!control_i64(c, name, &n) || n < 0)
		return false;
	*v = (uint64_t)n;
	return true;
}

bool control_hex32(const struct control *c, const char *name, uint32_t *v)
{
	struct buf text = { 0 };
	bool ok = control_value(c, name, &text) && text.n == 8;

	*v = 0;
	for (size_t i = 0; ok && i < text.n; i++) {
		char d = text.p[i];

		ok = (d >= '0' && d <= '9') || (d >= 'a' && d <= 'f');
		*v = *v << 4 | (uint32_t)(d <= '9' ? d - '0' : d - 'a' + 10);
	}
	buf_free(&text);
	return ok;
}

void control_free(struct control *c)
{
	buf_free(&c->store);
}

/* Does a line look like a control line, or like one that was escaped? */
static bool needs_escape(struct span line, bool json)
{
	if (json)
		return span_starts(line, SPAN(CONTROL_JSON_PREFIX));
	while (line.n && line.p[0] == '\\')
		line.p++, line.n--;
	return span_starts(line, SPAN("#!weir"));
}

void control_escape(struct buf *out, size_t from, bool json)
{
	size_t at = from;

	if (!memmem(out->p + from, out->n - from, json ? "@weir" : "#!weir", json ? 5 : 6))
		return;
	while (at < out->n) {
		const char *newline;

		if (needs_escape((struct span){ out->p + at, out->n - at }, json)) {
			buf_room(out, 1);
			memmove(out->p + at + 1, out->p + at, out->n - at);
			out->p[at] = json ? ' ' : '\\';
			out->n++;
		}
		newline = memchr(out->p + at, '\n', out->n - at);
		if (!newline)
			break;
		at = (size_t)(newline - out->p) + 1;
	}
}

static bool is_escaped(struct span line)
{
	return line.n && line.p[0] == '\\' && needs_escape(line, false);
}

void control_unescape(struct buf *out, size_t from, bool json)
{
	size_t at = from;

	if (json || out->n == from || !memmem(out->p + from, out->n - from, "\\#!weir", 7))
		return;
	while (at < out->n) {
		const char *newline;

		if (is_escaped((struct span){ out->p + at, out->n - at })) {
			out->n--;
			memmove(out->p + at, out->p + at + 1, out->n - at);
		}
		newline = memchr(out->p + at, '\n', out->n - at);
		if (!newline)
			break;
		at = (size_t)(newline - out->p) + 1;
	}
}

void control_begin(struct buf *out, bool json, const char *word)
{
	if (json)
		buf_printf(out, CONTROL_JSON_PREFIX "\"%s\"", word);
	else
		buf_printf(out, CONTROL_PREFIX "%s", word);
}

/* Percent-encoded in both forms, so that no string of ours ever needs a JSON escape. */
void control_add(struct buf *out, bool json, const char *name, struct span value)
{
	buf_printf(out, json ? ",\"%s\":\"" : " %s=", name);
	percent_encode(out, value, "\"\\");
	if (json)
		buf_byte(out, '"');
}

void control_add_i64(struct buf *out, bool json, const char *name, int64_t value)
{
	buf_printf(out, json ? ",\"%s\":" : " %s=", name);
	buf_i64(out, value);
}

void control_end(struct buf *out, bool json)
{
	buf_text(out, json ? "}\n" : "\n");
}
