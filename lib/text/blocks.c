/* SPDX-License-Identifier: MIT */
#include "lib/text/blocks_impl.h"

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/stream/control.h"

#define READ_SIZE ((size_t)256 * 1024)
#define BUFFER_SIZE (READ_SIZE + READ_SIZE / 4)
#define MAX_RECORD ((size_t)1024 * 1024)
#define MAX_MAX_RECORD ((size_t)1024 * 1024 * 1024)     /* positions in a block are 32 bits */

void blocks_fail(struct blocks *b, int status, uint64_t line, const char *reason)
{
	if (b->status)
		return;
	b->status = status;
	b->ended = true;
	buf_text(&b->error, b->name);
	if (line)
		buf_printf(&b->error, ":%llu", (unsigned long long)line);
	buf_text(&b->error, ": ");
	buf_add(&b->error, reason, strlen(reason) + 1);
}

void blocks_stop(struct blocks *b, int status, uint64_t line, const char *reason)
{
	blocks_fail(b, status, line, reason);
	b->start = b->lines_end = b->used;
}

/* ---- reading ---- */

static void rebase(struct blocks *b)
{
	size_t by = b->start;

	b->start = 0;
	b->lines_end -= by;
	b->used -= by;
	b->searched = b->searched > by ? b->searched - by : 0;
	b->summed = b->summed > by ? b->summed - by : 0;
	b->control = b->control != NO_CONTROL && b->control >= by ? b->control - by : NO_CONTROL;
}

static void change_buffer(struct blocks *b, size_t cap)
{
	struct block_buffer *old = b->buffer;

	b->buffer = pool_take(&b->pool, cap);
	memcpy(b->buffer->data, old->data + b->start, b->used - b->start);
	rebase(b);
	pool_release(&b->pool, old);
}

/* Room for a read and for one newline more. */
static void make_room(struct blocks *b)
{
	size_t left = b->used - b->start, cap = b->buffer->cap;

	if (left > cap / 2) {
		change_buffer(b, cap * 2);
	} else if (!pool_is_shared(&b->pool, b->buffer)) {
		memmove(b->buffer->data, blocks_at(b), left);
		rebase(b);
	} else if (cap - b->used < READ_SIZE / 4) {
		change_buffer(b, left > BUFFER_SIZE / 2 ? left * 2 : BUFFER_SIZE);
	}
}

/* Is it an object with all its braces closed? What else is wrong with it, its parser will say. */
static bool is_closed_object(struct span s)
{
	size_t depth = 0;
	bool quoted = false;

	s = span_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (c == '{' && !quoted)
			depth++;
		else if (c == '}' && !quoted && --depth == 0)
			return i == s.n - 1;
		else if (depth == 0)
			return false;
	}
	return false;
}

/* From a regular file the last line is what it is; from a pipe it may be half of one. */
static bool takes_unterminated(const struct blocks *b, struct span tail)
{
	if (b->controlled)
		return false;
	return b->options.accept_unterminated || input_is_regular(b->input) ||
		(!format_is_delimited(b->format) && is_closed_object(tail));
}

static void refuse_unterminated(struct blocks *b)
{
	bool marked;
	uint64_t line = b->line + b->kernel->count(blocks_at(b), b->lines_end - b->start, '\n', &marked);

	if (b->controlled)
		blocks_fail(b, EXIT_RETRY, line, "unterminated last line: upstream was cut off");
	else
		blocks_fail(b, EXIT_DATA, line, "unterminated last line (accept with --accept-unterminated)");
	b->used = b->lines_end;
}

static bool begin(struct blocks *b);

static void end_of_input(struct blocks *b)
{
	struct span tail;

	b->ended = true;
	if (!b->begun)
		begin(b);
	tail = (struct span){ b->buffer->data + b->lines_end, b->used - b->lines_end };
	if (!tail.n)
		return;
	if (!takes_unterminated(b, tail)) {
		refuse_unterminated(b);
		return;
	}
	b->buffer->data[b->used++] = '\n';
	b->lines_end = b->used;
}

static void fill(struct blocks *b)
{
	const char *last;
	size_t room;
	ssize_t n;
	char *p;

	make_room(b);
	room = b->buffer->cap - b->used - 1;
	p = b->buffer->data + b->used;
	n = input_read(b->input, p, room < READ_SIZE ? room : READ_SIZE);
	if (n < 0) {
		blocks_fail(b, input_status(b->input), 0, input_error(b->input));
		b->used = b->lines_end;
	}
	if (n == 0)
		end_of_input(b);
	if (n <= 0)
		return;
	b->used += (size_t)n;
	last = memrchr(p, '\n', (size_t)n);
	if (last)
		b->lines_end = (size_t)(last - b->buffer->data) + 1;
}

/* ---- the first line ---- */

static bool format_named(struct span name, enum record_format *format)
{
	*format = span_eq(name, SPAN("csv")) ? FORMAT_CSV : span_eq(name, SPAN("tsv")) ? FORMAT_TSV :
		span_eq(name, SPAN("ndjson")) ? FORMAT_NDJSON : FORMAT_AUTO;
	return *format != FORMAT_AUTO;
}

/* The first control line says the format; envelopes in NDJSON are what the user says they are. */
static void begin_controlled(struct blocks *b, struct span line)
{
	enum record_format asked = b->options.format, said = FORMAT_AUTO;
	bool is_envelope = asked > FORMAT_NDJSON;
	struct control c = { 0 };
	struct buf value = { 0 };

	b->controlled = true;
	if (control_parse(&c, line) < 0)
		blocks_stop(b, EXIT_DATA, 1, "not a control line");
	else if (control_value(&c, "format", &value) && !format_named(buf_view(&value), &said))
		blocks_stop(b, EXIT_DATA, 1, "control line: unknown format");
	if (said == FORMAT_AUTO)
		said = c.json ? FORMAT_NDJSON : asked == FORMAT_TSV ? FORMAT_TSV : FORMAT_CSV;
	if (c.json != (said == FORMAT_NDJSON))
		blocks_stop(b, EXIT_DATA, 1, "control lines are objects in NDJSON, and only there");
	if (is_envelope && said != FORMAT_NDJSON)
		blocks_stop(b, EXIT_CONFIG, 1, "the stream is not NDJSON");
	b->format = is_envelope ? asked : said;
	control_free(&c);
	buf_free(&value);
}

static enum record_format sniff(struct span line)
{
	if (line.n && line.p[0] == '{')
		return FORMAT_NDJSON;
	if (line.n && memchr(line.p, '\t', line.n) && !memchr(line.p, ',', line.n))
		return FORMAT_TSV;
	return FORMAT_CSV;
}

/* Streams may change their columns to and fro for a long time: equal headers share a layout. */
static struct layout *keep_layout(struct blocks *b, struct layout *l)
{
	for (size_t i = 0; i < b->nlayouts; i++)
		if (span_eq(b->layout[i]->header, l->header)) {
			layout_free(l);
			return b->layout[i];
		}
	b->layout = mem_grow(b->layout, b->nlayouts, &b->layouts_cap, sizeof *b->layout);
	return b->layout[b->nlayouts++] = l;
}

void blocks_use_layout(struct blocks *b, struct layout *l)
{
	b->now = l = keep_layout(b, l);
	b->has_header = format_is_delimited(l->format);
	for (size_t i = 0; i < l->nwant; i++)
		b->seen[l->want[i].slot] = true;
}

/* Skips a byte order mark. False: more bytes are needed to know. */
static bool skip_bom(struct blocks *b)
{
	struct span have = { blocks_at(b), b->used - b->start }, bom = SPAN("\xef\xbb\xbf");

	if (have.n < bom.n && !b->ended && span_starts(bom, have))
		return false;
	b->looked_for_bom = true;
	if (span_starts(have, bom))
		b->start += bom.n;
	if (b->lines_end < b->start)
		b->lines_end = b->start;
	return true;
}

void blocks_skip_blank(struct blocks *b)
{
	for (; b->start < b->lines_end; b->start++, b->line++) {
		const char *p = blocks_at(b);

		if (p[0] == '\r' && b->lines_end - b->start > 1 && p[1] == '\n')
			b->start++;
		else if (p[0] != '\n')
			break;
	}
}

bool blocks_may_be_control(struct span begun)
{
	return control_is_line(begun) || span_starts(SPAN(CONTROL_PREFIX), begun) || span_starts(SPAN(CONTROL_JSON_PREFIX), begun);
}

/* On line 1 it is not known yet whether there are control lines. */
size_t blocks_line_limit(const struct blocks *b, struct span begun)
{
	size_t max = b->options.max_record;

	return max < MAX_CONTROL && (b->controlled || b->line == 1) && blocks_may_be_control(begun) ? MAX_CONTROL : max;
}

/* What kind of stream this is, by its first line. False: more bytes are needed. */
static bool begin(struct blocks *b)
{
	struct span line;
	const char *nl;

	if (!b->looked_for_bom && !skip_bom(b))
		return false;
	blocks_skip_blank(b);
	line = (struct span){ blocks_at(b), b->used - b->start };
	nl = line.n ? memchr(line.p, '\n', line.n) : NULL;
	if (!nl && !b->ended && line.n <= blocks_line_limit(b, line))
		return false;
	if (nl)
		line.n = (size_t)(nl - line.p);
	b->begun = true;
	if (b->line == 1 && control_is_line(line))
		begin_controlled(b, line);
	else
		b->format = b->options.format ? b->options.format : sniff(line);
	if (!format_is_delimited(b->format))
		blocks_use_layout(b, layout_lines(b->format, b->controlled));
	return true;
}

/* ---- in and out ---- */

struct blocks *blocks_open_on(struct input *input, const char *name, const struct fields *fields, const struct reader_options *options)
{
	struct blocks *b = mem_zalloc(sizeof *b);

	b->fields = fields;
	b->options = *options;
	if (!b->options.max_record)
		b->options.max_record = MAX_RECORD;
	if (b->options.max_record > MAX_MAX_RECORD)
		b->options.max_record = MAX_MAX_RECORD;
	b->name = mem_text(span_of(name));
	b->input = input;
	b->kernel = scan_kernel(NULL);
	b->seen = mem_zalloc(fields->n * sizeof *b->seen);
	pool_init(&b->pool, BUFFER_SIZE);
	b->buffer = pool_take(&b->pool, BUFFER_SIZE);
	b->control = NO_CONTROL;
	b->line = 1;
	return b;
}

struct blocks *blocks_open(const char *path, const struct fields *fields, const struct reader_options *options)
{
	return blocks_open_on(input_open(path), strcmp(path, "-") ? path : "stdin", fields, options);
}

/* A checked stream ends where it says so, whether or not whoever writes it closes it. */
static bool is_done(const struct blocks *b)
{
	return b->check.done && b->start == b->used;
}

static enum read_event end(struct blocks *b)
{
	struct failure why = { 0 };

	if (!b->status && stream_check_end(&b->check, &why) < 0)
		blocks_fail(b, why.status, 0, why.text);
	return b->status ? READ_ERROR : READ_END;
}

enum read_event blocks_next(struct blocks *b, struct block *block)
{
	for (;;) {
		enum read_event e = b->begun || begin(b) ? blocks_cut(b, block) : READ_MORE;

		if (e == READ_AGAIN)
			continue;
		if (e != READ_MORE)
			return e;
		if (b->ended || is_done(b))
			return end(b);
		if (!b->told_idle && input_waits(b->input)) {
			b->told_idle = true;
			return READ_IDLE;
		}
		b->told_idle = false;
		fill(b);
	}
}

void blocks_release(struct blocks *b, struct block *block)
{
	if (block->buffer)
		pool_release(&b->pool, block->buffer);
	block->buffer = NULL;
}

const char *blocks_name(const struct blocks *b)
{
	return b->name;
}

const char *blocks_error(const struct blocks *b)
{
	return b->status ? b->error.p : "";
}

int blocks_status(const struct blocks *b)
{
	return b->status;
}

enum record_format blocks_format(const struct blocks *b)
{
	return b->format;
}

bool blocks_is_controlled(const struct blocks *b)
{
	return b->controlled;
}

struct span blocks_header(const struct blocks *b)
{
	return b->now ? b->now->header : (struct span){ NULL, 0 };
}

bool blocks_lacks(const struct blocks *b, size_t i)
{
	return b->has_header && !b->seen[i];
}

uint64_t blocks_bytes(const struct blocks *b)
{
	return input_bytes(b->input);
}

int blocks_fd(const struct blocks *b)
{
	return input_fd(b->input);
}

bool blocks_waits(struct blocks *b)
{
	return input_waits(b->input);
}

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	input_free(b->input);
	pool_release(&b->pool, b->buffer);
	pool_destroy(&b->pool);
	for (size_t i = 0; i < b->nlayouts; i++)
		layout_free(b->layout[i]);
	free(b->layout);
	free(b->seen);
	free(b->name);
	buf_free(&b->error);
	free(b);
}
