/* SPDX-License-Identifier: MIT */
#include "speed/through/through.h"

#include <stdio.h>
#include <sys/wait.h>

#include "lib/base/diag.h"
#include "lib/stream/signals.h"
#include "lib/stream/stage.h"
#include "lib/text/layout.h"
#include "speed/through/command.h"

#define FEED (64 * 1024)        /* bytes gathered for one write */
#define MAX_LINE ((size_t)1024 * 1024)
#define SIGNALLED 128           /* what a shell adds to a signal to make a status */

struct filter {
	const struct through_options *options;
	struct out *out;
	struct ledger *ledger;
	struct failure *failure;
	struct fields fields;           /* none */
	struct reader *reader;
	struct stage stage;
	struct answer answer;
	struct command command;
	bool controlled;
	struct buf feed;                /* for the command, not given yet */
	struct buf watermarks;          /* lines, held back behind the data of their epoch */
};

static bool is_json(const struct filter *t)
{
	return !format_is_delimited(reader_format(t->reader));
}

static const char *format_text(const struct filter *t)
{
	return is_json(t) ? "ndjson" : reader_format(t->reader) == FORMAT_TSV ? "tsv" : "csv";
}

static const char *command_name(const struct filter *t)
{
	const char *word = t->options->command[0];

	return diag_show(word, strlen(word));
}

/* ---- the command's run over one epoch ---- */

static int take_answer(void *context, const char *p, size_t n, struct failure *f)
{
	struct filter *t = context;
	struct failure why = { 0 };

	if (reply_take(&t->answer, p, n, &why) < 0)
		return failure_set(f, why.status, "%s: %s", command_name(t), why.text);
	return t->out->error ? failure_set(f, EXIT_IO, "%s", "") : 0;
}

static int feed_now(struct filter *t)
{
	int rc = command_feed(&t->command, buf_view(&t->feed), t->failure);

	buf_clear(&t->feed);
	return rc;
}

static int begin_epoch(struct filter *t)
{
	struct span header = is_json(t) ? (struct span){ NULL, 0 } : reader_header(t->reader);

	t->answer.format = reader_format(t->reader);
	t->answer.controlled = t->controlled;
	reply_begin(&t->answer, header);
	if (!t->answer.headed) {
		buf_span(&t->feed, header);
		buf_byte(&t->feed, '\n');
	}
	t->command.answer = take_answer;
	t->command.context = t;
	return command_start(&t->command, t->options->command, t->stage.checked, t->failure);
}

/* What a status of waitpid() comes to. In a checked stream its epoch may go well the next time. */
static int judge(struct filter *t, int status)
{
	int own = WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
	char how[64];

	if (WIFEXITED(status) && t->options->ok[own])
		return 0;
	if (WIFSIGNALED(status))
		snprintf(how, sizeof how, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof how, "exit status %d", own);
	if (!t->stage.checked)
		return failure_set(t->failure, own ? own : EXIT_RETRY, "%s: %s", command_name(t), how);
	return failure_set(t->failure, EXIT_RETRY, "%s: %s: its epoch is not committed (--ok lists those that are fine)", command_name(t), how);
}

static int end_epoch(struct filter *t)
{
	struct failure why = { 0 };
	int status;

	if (!t->command.pid)
		return 0;
	if (feed_now(t) < 0 || command_finish(&t->command, &status, t->failure) < 0 || judge(t, status) < 0)
		return -1;
	if (reply_end(&t->answer, &why) < 0)
		return failure_set(t->failure, why.status, "%s: %s", command_name(t), why.text);
	return 0;
}

/* ---- records ---- */

static int take_batch(struct filter *t, const struct batch *batch)
{
	const char *before = NULL;

	if (!t->command.pid && begin_epoch(t) < 0)
		return -1;
	for (size_t i = 0; i < batch->n; i++) {
		struct span raw = batch->raw[i];
		size_t from = t->feed.n;

		if (raw.p == before)            /* one line of changes may be several rows */
			continue;
		before = raw.p;
		t->ledger->in++;
		t->ledger->out++;
		buf_span(&t->feed, raw);
		buf_byte(&t->feed, '\n');
		if (t->controlled)
			control_unescape(&t->feed, from, is_json(t));
		if (t->feed.n >= FEED && feed_now(t) < 0)
			return -1;
	}
	return 0;
}

static int take_bad(struct filter *t, const struct bad_record *bad)
{
	return failure_set(t->failure, EXIT_DATA, "%s:%llu: %s", reader_name(t->reader), (unsigned long long)bad->line, bad->reason);
}

/* ---- control lines ---- */

static void send_control(struct filter *t, struct span lines)
{
	out_begin_control(t->out);
	buf_span(&t->out->buf, lines);
	out_end_control(t->out);
}

/* All that decides what comes out. */
static void fold_options(const struct filter *t, struct buf *text)
{
	const struct through_options *o = t->options;

	buf_printf(text, "header=%d ok=", (int)o->header);
	for (int i = 0; i < 256; i++)
		if (o->ok[i])
			buf_printf(text, "%d,", i);
	for (char *const *word = o->command; *word; word++)
		buf_add(text, *word, strlen(*word) + 1);
}

static int take_resume(struct filter *t, const struct control *c)
{
	struct buf text = { 0 };
	int rc;

	fold_options(t, &text);
	rc = stage_begin(&t->stage, "through", t->out, format_text(t), c, buf_view(&text), t->failure);
	buf_free(&text);
	if (rc < 0)
		return -1;
	stage_signals();
	stage_forward(&t->stage);
	return 0;
}

/* A controlled stream without barriers: columns and watermarks part it as barriers do. */
static int end_part(struct filter *t)
{
	return t->stage.checked ? 0 : end_epoch(t);
}

static int take_columns(struct filter *t, struct span line)
{
	if (end_part(t) < 0)
		return -1;
	if (t->command.pid)
		return failure_set(t->failure, EXIT_DATA, "%s: the columns change within an epoch", reader_name(t->reader));
	if (t->options->header != HEADER_NEW)
		send_control(t, line);
	return 0;
}

static int take_watermark(struct filter *t, struct span line)
{
	if (end_part(t) < 0)
		return -1;
	if (t->stage.checked)
		buf_span(&t->watermarks, line);
	else
		send_control(t, line);
	return 0;
}

static int take_barrier(struct filter *t)
{
	if (end_epoch(t) < 0)
		return -1;
	send_control(t, buf_view(&t->watermarks));
	buf_clear(&t->watermarks);
	return stage_pass(&t->stage);
}

/* line: with its newline. */
static int take_word(struct filter *t, const struct control *c, struct span line)
{
	int is_barrier;

	if (span_eq(c->word, SPAN("resume")))
		return take_resume(t, c);
	if (span_eq(c->word, SPAN("columns")))
		return take_columns(t, line);
	if (span_eq(c->word, SPAN("watermark")))
		return take_watermark(t, line);
	if (span_eq(c->word, SPAN("stream"))) {
		send_control(t, line);
		return 0;
	}
	is_barrier = t->stage.checked ? stage_barrier(&t->stage, c, t->failure) : 0;
	if (is_barrier)
		return is_barrier < 0 ? -1 : take_barrier(t);
	return failure_set(t->failure, EXIT_CONFIG, "%s: control line \"%.*s\" is not for this tool", reader_name(t->reader),
	                   (int)(c->word.n > 20 ? 20 : c->word.n), c->word.p);
}

static int take_control(struct filter *t, struct span line)
{
	struct control c = { 0 };
	struct buf whole = { 0 };
	int rc;

	t->controlled = true;
	buf_span(&whole, line);
	buf_byte(&whole, '\n');
	if (control_parse(&c, line) < 0)
		rc = failure_set(t->failure, EXIT_DATA, "%s: malformed control line", reader_name(t->reader));
	else
		rc = take_word(t, &c, buf_view(&whole));
	control_free(&c);
	buf_free(&whole);
	return rc;
}

/* ---- the stream ---- */

/* Nothing comes in: what is on its way goes on. */
static int idle(struct filter *t)
{
	if (t->command.pid && (feed_now(t) < 0 || out_flush(t->out) < 0))
		return -1;
	if (t->command.pid && command_listen(&t->command, reader_fd(t->reader), t->failure) < 0)
		return -1;
	return out_flush(t->out);
}

/* A plain stream that has a header but no data runs the command too: it may say something about that. */
static int finish(struct filter *t)
{
	if (!t->controlled && !t->command.pid && reader_header(t->reader).n && begin_epoch(t) < 0)
		return -1;
	return end_epoch(t);
}

static int read_all(struct filter *t)
{
	struct batch batch;
	struct bad_record bad;
	struct span control;

	for (;;) {
		int rc = 0;

		switch (reader_next(t->reader, &batch, &bad, &control)) {
		case READ_ROWS: rc = take_batch(t, &batch); break;
		case READ_BAD: rc = take_bad(t, &bad); break;
		case READ_CONTROL: rc = take_control(t, control); break;
		case READ_IDLE: rc = idle(t); break;
		case READ_END: return finish(t);
		case READ_ERROR: return failure_set(t->failure, reader_status(t->reader), "%s", reader_error(t->reader));
		}
		if (rc < 0)
			return -1;
	}
}

int through(const struct through_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	struct filter t = { .options = o, .out = out, .ledger = ledger, .failure = failure, .command = { .in = -1, .out = -1 } };
	int rc;

	t.answer.mode = o->header;
	t.answer.out = out;
	t.answer.max_line = o->reader.max_record ? o->reader.max_record : MAX_LINE;
	t.reader = reader_open("-", &t.fields, &o->reader);
	rc = read_all(&t);
	command_abandon(&t.command);
	ledger->rows = t.answer.lines;
	ledger->bytes = reader_bytes(t.reader);
	reader_free(t.reader);
	stage_free(&t.stage);
	reply_free(&t.answer);
	buf_free(&t.feed);
	buf_free(&t.watermarks);
	return rc == 0 ? 0 : failure->status ? failure->status : EXIT_IO;
}
