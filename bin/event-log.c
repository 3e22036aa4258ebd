/* SPDX-License-Identifier: MIT */
/* event-log -- the log: append, cat, info, verify, repair, seal, prune. The work is in batch/log/. */
#include <signal.h>
#include <unistd.h>

#include "batch/log/append.h"
#include "batch/log/cat.h"
#include "batch/log/maintain.h"
#include "batch/log/prune.h"
#include "lib/base/diag.h"
#include "lib/stream/side_opts.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"

enum { OPT_SYNC = 1, OPT_SEGMENT_SIZE, OPT_BLOCK_BYTES, OPT_BLOCK_INTERVAL, OPT_ONCE, OPT_REJECTS, OPT_NO_COMPRESS, OPT_WAIT, OPT_FROM, OPT_TO,
       OPT_SINCE, OPT_UNTIL, OPT_TIME, OPT_TIME_UNIT, OPT_INPUT_TZ, OPT_FOLLOW, OPT_SEALED, OPT_CHECKED, OPT_RESUME_FROM, OPT_FALLBACK, OPT_FINAL,
       OPT_EPOCH_RECORDS, OPT_EPOCH_BYTES, OPT_EPOCH_INTERVAL, OPT_OUTPUT, OPT_JSON, OPT_QUARANTINE, OPT_KEEP, OPT_VIEWS, OPT_DRY_RUN };

/* The headings say whose options these are: see commands_of. */
static const struct opt options[] = {
	{ OPT_SYNC, 0, "sync", "block|none|DURATION", "what a power cut may take (default block: nothing)", "append" },
	{ OPT_ONCE, 0, "once", "ID", "all of it or nothing, and nothing when ID is in the log already", NULL },
	{ OPT_SEGMENT_SIZE, 0, "segment-size", "BYTES", "begin another segment behind that (default 256M; K, M, G)", NULL },
	{ OPT_BLOCK_BYTES, 0, "block-bytes", "BYTES", "close a block at that size (default 1M)", NULL },
	{ OPT_BLOCK_INTERVAL, 0, "block-interval", "DURATION", "or after that time (default 200ms)", NULL },
	{ OPT_REJECTS, 0, "rejects", "FILE", "keep bad records with the reason and go on", NULL },
	READ_OPTS,
	{ OPT_FROM, 0, "from", "POSITION", "begin there (default: at the first record there is)", "cat" },
	{ OPT_SINCE, 0, "since", "TIME", "only records of TIME or later; needs --time", NULL },
	{ OPT_UNTIL, 0, "until", "TIME", "only records before TIME; needs --time", NULL },
	{ OPT_TIME, 't', "time", "COLUMN", "event time of each record", NULL },
	{ OPT_TIME_UNIT, 0, "time-unit", "auto|s|ms|us|ns", "unit of numeric times (default auto, by magnitude)", NULL },
	{ OPT_INPUT_TZ, 0, "input-tz", "ZONE", "zone of times that carry no offset (default UTC)", NULL },
	{ OPT_FOLLOW, 'f', "follow", NULL, "wait for more at the end", NULL },
	{ OPT_SEALED, 0, "sealed", NULL, "only segments that are complete", NULL },
	{ OPT_OUTPUT, 'o', "output", "csv|tsv|ndjson", "format of the records (default: as stored)", NULL },
	{ OPT_RESUME_FROM, 0, "resume-from", "DIR", "checked stream, from where that sink stands; may be repeated", NULL },
	{ OPT_CHECKED, 0, "checked", NULL, "checked stream for a sink that says itself where it stands", NULL },
	{ OPT_FALLBACK, 0, "fallback", "EPOCHS", "begin so many epochs before that: a state is damaged", NULL },
	{ OPT_FINAL, 0, "final", NULL, "nothing will ever be appended: end with `end`, not `stop`", NULL },
	{ OPT_EPOCH_RECORDS, 0, "epoch-records", "N", "a barrier after N records (default: by time and size)", NULL },
	{ OPT_EPOCH_BYTES, 0, "epoch-bytes", "BYTES", "a barrier after so much (default 64M)", NULL },
	{ OPT_EPOCH_INTERVAL, 0, "epoch-interval", "DURATION", "a barrier after that time (default 1s)", NULL },
	{ OPT_TO, 0, "to", "POSITION", "end there; prune: remove what is before it", "cat, prune" },
	{ OPT_KEEP, 0, "keep", "DURATION", "what was written less long ago stays", "prune" },
	{ OPT_VIEWS, 0, "views", "DIR", "a view or log made from the log; name them all", NULL },
	{ OPT_DRY_RUN, 0, "dry-run", NULL, "only say what would be removed", NULL },
	{ OPT_QUARANTINE, 0, "quarantine", NULL, "move what is damaged, and all behind it, to lost/", "repair" },
	{ OPT_JSON, 0, "json", NULL, "as one JSON object", "info" },
	{ OPT_NO_COMPRESS, 0, "no-compress", NULL, "leave sealed segments as plain text", "append, seal" },
	{ OPT_WAIT, 0, "wait", "DURATION", "wait so long for another writer (default 0; seal: 10s)", "append, seal, repair, prune" },
	STATS_OPTS,
	{ 0 },
};

static const char *const notes[] = {
	"Commands:",
	"  append DIR [FILE]...   add records to the log (default: of stdin)",
	"  cat DIR                print its records",
	"  info DIR               print what it is and how far it goes",
	"  verify DIR             read and check all of it",
	"  repair DIR             recover after a crash; --quarantine: after damage",
	"  seal DIR               close the segment that is being written",
	"  prune DIR              remove old segments",
	NULL,
};

static const struct cli cli = {
	"event-log", "COMMAND [OPTION]... DIR [FILE]...", "the log: one append-only master dataset", options, notes,
};

enum { ROWS = sizeof options / sizeof *options };

struct settings {
	struct append_options append;
	struct cat_options cat;
	struct maintain_options maintain;
	struct prune_options prune;
	struct stats_options stats;
	struct zone *zone;
	const char *rejects;
	int64_t wait_ms;                /* -1: not said */
	const char **sink, **view;
	size_t nsinks, sinks_cap, nviews, views_cap;
	bool used[ROWS];
};

/* ---- values ---- */

/* `1210000@5f3a91c2`, or the number alone. True: with the chain. */
static bool position_option(const char *name, const char *text, struct position *p)
{
	struct buf whole = { 0 };
	bool has_chain = strchr(text, '@') != NULL;
	int rc;

	buf_printf(&whole, "%s%s", text, has_chain ? "" : "@00000000");
	rc = position_parse(buf_view(&whole), p);
	buf_free(&whole);
	if (rc < 0)
		die(EXIT_USAGE, "--%s: %s: not a position like 1210000 or 1210000@5f3a91c2", name, diag_show(text, strlen(text)));
	return has_chain;
}

static void sync_option(struct log_write_options *w, const char *text)
{
	w->sync = strcmp(text, "block") == 0 ? LOG_SYNC_BLOCK : strcmp(text, "none") == 0 ? LOG_SYNC_NONE : LOG_SYNC_INTERVAL;
	if (w->sync == LOG_SYNC_INTERVAL)
		w->sync_ms = duration_option("sync", text);
}

static const char *once_option(const char *id)
{
	if (!*id)
		die(EXIT_USAGE, "--once: an empty ID names nothing");
	return id;
}

static void list_option(const char ***list, size_t *n, size_t *cap, const char *text)
{
	*list = mem_grow(*list, *n, cap, sizeof **list);
	(*list)[(*n)++] = text;
}

/* ---- options ---- */

static bool take_append(struct settings *s, int id)
{
	struct append_options *a = &s->append;

	switch (id) {
	case OPT_SYNC: sync_option(&a->write, optarg); break;
	case OPT_ONCE: a->once = once_option(optarg); break;
	case OPT_SEGMENT_SIZE: a->write.segment_bytes = size_option("segment-size", optarg); break;
	case OPT_BLOCK_BYTES: a->block_bytes = size_option("block-bytes", optarg); break;
	case OPT_BLOCK_INTERVAL: a->block_ms = duration_option("block-interval", optarg); break;
	case OPT_REJECTS: s->rejects = optarg; break;
	default: return read_opts_take(&a->reader, id, optarg);
	}
	return true;
}

static bool take_cat(struct settings *s, int id)
{
	struct cat_options *c = &s->cat;

	switch (id) {
	case OPT_FROM: c->has_from = true, c->from_has_chain = position_option("from", optarg, &c->from); break;
	case OPT_TO: c->has_to = true, c->to_has_chain = position_option("to", optarg, &c->to); break;
	case OPT_SINCE: c->since = optarg; break;
	case OPT_UNTIL: c->until = optarg; break;
	case OPT_TIME: c->time = optarg; break;
	case OPT_TIME_UNIT: c->time_unit = unit_option(optarg); break;
	case OPT_INPUT_TZ: c->input_zone = s->zone = zone_option("input-tz", optarg); break;
	case OPT_FOLLOW: c->follow = true; break;
	case OPT_SEALED: c->sealed = true; break;
	case OPT_OUTPUT: c->output = format_named(optarg); break;
	case OPT_RESUME_FROM: list_option(&s->sink, &s->nsinks, &s->sinks_cap, optarg); break;
	case OPT_CHECKED: c->checked = true; break;
	case OPT_FALLBACK: c->fallback = size_option("fallback", optarg); break;
	case OPT_FINAL: c->final = true; break;
	case OPT_EPOCH_RECORDS: c->epoch_records = size_option("epoch-records", optarg); break;
	case OPT_EPOCH_BYTES: c->epoch_bytes = size_option("epoch-bytes", optarg); break;
	case OPT_EPOCH_INTERVAL: c->epoch_ms = duration_option("epoch-interval", optarg); break;
	default: return false;
	}
	return true;
}

static void take_other(struct settings *s, int id)
{
	switch (id) {
	case OPT_KEEP: s->prune.keep_ms = duration_option("keep", optarg); break;
	case OPT_VIEWS: list_option(&s->view, &s->nviews, &s->views_cap, optarg); break;
	case OPT_DRY_RUN: s->prune.dry_run = true; break;
	case OPT_QUARANTINE: s->maintain.quarantine = true; break;
	case OPT_JSON: s->maintain.json = true; break;
	case OPT_NO_COMPRESS: s->append.write.compress = s->maintain.compress = false; break;
	case OPT_WAIT: s->wait_ms = duration_option("wait", optarg); break;
	default: stats_opts_take(&s->stats, id, optarg);
	}
}

/* ---- commands ---- */

static int run_append(struct settings *s)
{
	struct append_options *a = &s->append;
	struct ledger ledger = { 0 };
	struct failure f = { 0 };
	int status, sig;

	outputs_check((const char *const[]){ s->rejects, s->stats.file }, 2, a->file, a->nfiles);
	a->rejects = side_option(s->rejects);
	status = append_run(a, &ledger, &f);
	if (*f.text)
		warn("%s", f.text);
	status = side_finish(a->rejects, status);
	status = stats_report(&s->stats, &ledger, status);
	sig = append_signal();
	if (sig && status == 0) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
	return status;
}

/* Commands that print. */
static int run_printing(struct settings *s, int (*print)(struct settings *s, struct out *out, struct failure *f))
{
	struct out out;
	struct failure f = { 0 };
	int status;

	out_init(&out, STDOUT_FILENO, "stdout");
	status = print(s, &out, &f);
	if (*f.text)
		warn("%s", f.text);
	return out_finish(&out, status);
}

static int print_cat(struct settings *s, struct out *out, struct failure *f)
{
	struct ledger ledger = { 0 };
	int status = cat_run(&s->cat, out, &ledger, f);

	return stats_report(&s->stats, &ledger, status);
}

static int print_info(struct settings *s, struct out *out, struct failure *f)
{
	return log_info(&s->maintain, out, f);
}

static int print_verify(struct settings *s, struct out *out, struct failure *f)
{
	return log_verify(&s->maintain, out, f);
}

static int print_repair(struct settings *s, struct out *out, struct failure *f)
{
	return log_repair(&s->maintain, out, f);
}

static int print_prune(struct settings *s, struct out *out, struct failure *f)
{
	return log_prune(&s->prune, out, f);
}

static int run_cat(struct settings *s)
{
	return run_printing(s, print_cat);
}

static int run_info(struct settings *s)
{
	return run_printing(s, print_info);
}

static int run_verify(struct settings *s)
{
	return run_printing(s, print_verify);
}

static int run_repair(struct settings *s)
{
	return run_printing(s, print_repair);
}

static int run_seal(struct settings *s)
{
	struct failure f = { 0 };
	int status = log_seal_run(&s->maintain, &f);

	if (*f.text)
		warn("%s", f.text);
	return status;
}

static int run_prune(struct settings *s)
{
	return run_printing(s, print_prune);
}

static const struct command {
	const char *name;
	int (*run)(struct settings *s);
} commands[] = {
	{ "append", run_append }, { "cat", run_cat }, { "info", run_info }, { "verify", run_verify }, { "repair", run_repair }, { "seal", run_seal },
	{ "prune", run_prune },
};

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	die(EXIT_USAGE, "%s: no such command (append, cat, info, verify, repair, seal, prune)", diag_show(name, strlen(name)));
}

/* The commands of a heading. */
static const char *commands_of(const char *heading)
{
	return strcmp(heading, "Input") == 0 ? "append" : strcmp(heading, "Reporting") == 0 ? "append, cat" : heading;
}

static void check_options(const struct settings *s, const struct command *c)
{
	const char *heading = "";

	for (size_t i = 0; i + 1 < ROWS; i++) {
		heading = options[i].group ? options[i].group : heading;
		if (s->used[i] && !strstr(commands_of(heading), c->name))
			die(EXIT_USAGE, "--%s: not an option of %s, but of %s", options[i].name, c->name, commands_of(heading));
	}
}

static void share(struct settings *s, char **operand, size_t n)
{
	s->append.path = s->cat.path = s->maintain.path = s->prune.path = operand[0];
	s->append.file = (const char *const *)operand + 1;
	s->append.nfiles = n - 1;
	s->cat.resume_from = s->sink;
	s->cat.nresume = s->nsinks;
	s->prune.view = s->view;
	s->prune.nviews = s->nviews;
	s->prune.has_to = s->cat.has_to;
	s->prune.to = s->cat.to.at;
	s->append.write.lock_wait_ms = s->prune.wait_ms = s->maintain.wait_ms = s->wait_ms < 0 ? 0 : s->wait_ms;
}

int main(int argc, char **argv)
{
	struct settings s = {
		.append = { .block_ms = 200, .write.compress = true }, .cat.epoch_ms = -1, .maintain.compress = true, .prune.keep_ms = -1, .wait_ms = -1,
	};
	const struct command *command;
	const struct opt *o;
	int status;

	diag_init(cli.tool);
	while ((o = opts_next_row(&cli, argc, argv))) {
		s.used[o - options] = true;
		if (!take_append(&s, o->id) && !take_cat(&s, o->id))
			take_other(&s, o->id);
	}
	if (optind == argc)
		die(EXIT_USAGE, "no command: one of append, cat, info, verify, repair, seal, prune");
	command = command_named(argv[optind]);
	check_options(&s, command);
	if (argc - optind < 2)
		die(EXIT_USAGE, "%s: which log? its directory is missing", command->name);
	if (argc - optind > 2 && command->run != run_append)
		die(EXIT_USAGE, "%s: one log at a time", command->name);
	if (command->run == run_seal && s.wait_ms < 0)
		s.wait_ms = 10000;
	share(&s, argv + optind + 1, (size_t)(argc - optind - 1));
	status = command->run(&s);
	zone_free(s.zone);
	free(s.sink);
	free(s.view);
	return status;
}
