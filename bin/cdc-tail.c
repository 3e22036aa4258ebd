/* SPDX-License-Identifier: MIT */
/* cdc-tail -- captures changes. The work is in speed/cdc/. */
#include <string.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/sink/sink.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "speed/cdc/run.h"

enum { OPT_TABLE = 1, OPT_CHANGES, OPT_COLUMNS, OPT_WHERE, OPT_OUTPUT, OPT_SNAPSHOT, OPT_RESUME_FROM, OPT_CHECKED, OPT_FROM, OPT_NO_FOLLOW, OPT_ON_GAP, OPT_KEY, OPT_CURSOR, OPT_DIFF, OPT_INTERVAL, OPT_DELAY, OPT_GRACE, OPT_TIMEOUT,
       OPT_EPOCH_RECORDS, OPT_EPOCH_BYTES, OPT_EPOCH_INTERVAL, OPT_READER, OPT_DRY_RUN, OPT_INSTALL, OPT_REMOVE, OPT_STATUS };

static const struct opt options[] = {
	{ OPT_TABLE, 0, "table", "TABLE,...", "capture these tables", "Capture" },
	{ OPT_SNAPSHOT, 0, "snapshot", "initial|never|only", "first the rows that are there (default), not, or nothing else", NULL },
	{ OPT_NO_FOLLOW, 0, "no-follow", NULL, "end when there is no more for now", NULL },
	{ OPT_ON_GAP, 0, "on-gap", "fail|continue", "what to do when records are lost (default fail)", NULL },
	{ OPT_KEY, 'k', "key", "COLUMN,...", "diff, poll: what tells one row from another", NULL },
	{ OPT_CURSOR, 0, "cursor", "COLUMN", "poll: what is behind the last value of a column that grows with each change", NULL },
	{ OPT_DIFF, 0, "diff", NULL, "poll: the whole table, compared with what the sink has", NULL },
	{ OPT_INTERVAL, 0, "interval", "DURATION", "poll: between two looks (default 1s)", NULL },
	{ OPT_DELAY, 0, "delay", "DURATION", "poll by cursor: longer than any transaction lasts (default 5s)", NULL },
	{ OPT_GRACE, 0, "grace", "DURATION", "files: how long one that was renamed is waited on (default 5s)", NULL },
	{ OPT_TIMEOUT, 0, "timeout", "DURATION", "servers: how long one that says nothing is waited on (default 60s)", NULL },
	{ OPT_NO_HEADER, 0, "no-header", NULL, "files: the first line is data", NULL },
	{ OPT_MAX_RECORD, 0, "max-record", "BYTES", "files: longer records are an error (default 1M; K, M, G)", NULL },
	{ OPT_CHANGES, 'i', "input", "debezium|maxwell|canal|wal2json", "-: whose messages come on standard input", NULL },
	{ OPT_COLUMNS, 0, "columns", "COLUMN,...", "only these, in this order", "Records" },
	{ OPT_WHERE, 0, "where", "EXPR", "only rows for which EXPR holds", NULL },
	{ OPT_OUTPUT, 'o', "output", "csv|tsv|ndjson|debezium|maxwell|canal", "format (default: csv; ndjson for several tables)", NULL },
	{ OPT_RESUME_FROM, 0, "resume-from", "DIR", "checked stream, from where that sink stands", "Position" },
	{ OPT_CHECKED, 0, "checked", NULL, "checked stream for a sink that says itself where it stands", NULL },
	{ OPT_FROM, 0, "from", "POSITION", "go on from there", NULL },
	{ OPT_READER, 0, "reader", "NAME", "by what name the source knows us (default: path of the sink)", NULL },
	{ OPT_EPOCH_RECORDS, 0, "epoch-records", "N", "a barrier after N records (default: by time and size)", NULL },
	{ OPT_EPOCH_BYTES, 0, "epoch-bytes", "BYTES", "a barrier after so much (default 64M)", NULL },
	{ OPT_EPOCH_INTERVAL, 0, "epoch-interval", "DURATION", "a barrier after that time (default 1s)", NULL },
	{ OPT_DRY_RUN, 0, "dry-run", NULL, "print the statements that the source still needs, and end", "Source" },
	{ OPT_INSTALL, 0, "install", NULL, "put into the source what capture needs, and end", NULL },
	{ OPT_REMOVE, 0, "remove", NULL, "take it out again, and end", NULL },
	{ OPT_STATUS, 0, "status", NULL, "say how the source and its readers stand, and end", NULL },
	STATS_OPTS,
	{ 0 },
};

static const char *const notes[] = {
	"Sources:",
	"  -                      changes as others print them, with -i",
	"  binlog:PATTERN         tables of a MariaDB database, by files of its binlog",
	"  diff:OLD,NEW           two exports of a table, compared by --key",
	"  file:PATH              a file that grows, through every kind of rotation",
	"  file:PATTERN           all files of a pattern, the oldest first",
#ifdef WITH_libmariadb
	"  mysql://HOST/DB        tables of a MariaDB database, by its binlog",
#endif
	"  poll:DATABASE          a table of a database, by asking again and again",
#ifdef WITH_libpq
	"  postgres://HOST/DB     tables of a PostgreSQL database, by its WAL",
#endif
#ifdef WITH_sqlite3
	"  sqlite:PATH            tables of a SQLite database, by triggers",
#endif
	NULL,
};

static const struct cli cli = {
	"cdc-tail", "SOURCE [OPTION]...", "capture changes and print them as they come", options, notes,
};

enum action { CAPTURE, DRY_RUN, INSTALL, REMOVE, STATUS };

struct settings {
	struct cdc_options cdc;
	struct reader_options reader;
	struct stats_options stats;
	enum action action;
	const char **table;
	size_t ntables;
	bool has_output;
	char *sink;                     /* its path, as a name */
};

/* ---- options ---- */

static void tables_option(struct settings *s, char *list)
{
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		s->table = mem_array(s->table, s->ntables + 1, sizeof *s->table);
		s->table[s->ntables++] = name;
	}
}

static enum snapshot snapshot_option(const char *text)
{
	return strcmp(text, "initial") == 0 ? SNAPSHOT_INITIAL : strcmp(text, "never") == 0 ? SNAPSHOT_NEVER : SNAPSHOT_ONLY;
}

static void output_option(struct settings *s, const char *text)
{
	struct emit_options *e = &s->cdc.emit;

	s->has_output = true;
	e->form = strcmp(text, "debezium") == 0 ? EMIT_DEBEZIUM : strcmp(text, "maxwell") == 0 ? EMIT_MAXWELL : strcmp(text, "canal") == 0 ? EMIT_CANAL : EMIT_FLAT;
	e->format = e->form == EMIT_FLAT ? format_named(text) : FORMAT_NDJSON;
}

static void action_option(struct settings *s, enum action action)
{
	if (s->action != CAPTURE && s->action != action)
		die(EXIT_USAGE, "--dry-run, --install, --remove and --status: one of them at a time");
	s->action = action;
}

static bool take_source(struct settings *s, int id)
{
	struct cdc_request *r = &s->cdc.request;

	switch (id) {
	case OPT_TABLE: tables_option(s, optarg); break;
	case OPT_CHANGES: r->input = format_named(optarg); break;
	case OPT_SNAPSHOT: r->snapshot = snapshot_option(optarg); break;
	case OPT_NO_FOLLOW: r->follow = false; break;
	case OPT_ON_GAP: r->continue_at_gap = strcmp(optarg, "continue") == 0; break;
	case OPT_KEY: r->key = optarg; break;
	case OPT_CURSOR: r->cursor = optarg; break;
	case OPT_DIFF: r->diff = true; break;
	case OPT_INTERVAL: r->interval_ms = duration_option("interval", optarg); break;
	case OPT_DELAY: r->delay_ms = duration_option("delay", optarg); break;
	case OPT_GRACE: r->grace_ms = duration_option("grace", optarg); break;
	case OPT_TIMEOUT: r->timeout_ms = duration_option("timeout", optarg); break;
	case OPT_FROM: r->from = span_of(optarg); break;
	case OPT_READER: r->reader = optarg; break;
	case OPT_DRY_RUN: action_option(s, DRY_RUN); break;
	case OPT_INSTALL: action_option(s, INSTALL); break;
	case OPT_REMOVE: action_option(s, REMOVE); break;
	case OPT_STATUS: action_option(s, STATUS); break;
	default: return false;
	}
	return true;
}

static void take_option(struct settings *s, int id)
{
	struct cdc_options *c = &s->cdc;

	if (take_source(s, id))
		return;
	switch (id) {
	case OPT_COLUMNS: c->emit.columns = optarg; break;
	case OPT_WHERE: c->emit.where = optarg; break;
	case OPT_OUTPUT: output_option(s, optarg); break;
	case OPT_RESUME_FROM: c->resume_from = optarg; break;
	case OPT_CHECKED: c->checked = true; break;
	case OPT_EPOCH_RECORDS: c->epoch_records = size_option("epoch-records", optarg); break;
	case OPT_EPOCH_BYTES: c->epoch_bytes = size_option("epoch-bytes", optarg); break;
	case OPT_EPOCH_INTERVAL: c->epoch_ms = duration_option("epoch-interval", optarg); break;
	default:
		if (!read_opts_take(&s->reader, id, optarg))
			stats_opts_take(&s->stats, id, optarg);
	}
}

/* ---- the source ---- */

static void find_source(struct settings *s, const char *source)
{
	bool is_stdin = strcmp(source, "-") == 0, known;
	const char *colon = is_stdin ? source : strchr(source, ':');
	size_t n = is_stdin ? 1 : colon ? (size_t)(colon - source) : 0;

	if (!n || (!is_stdin && !colon[1]))
		die(EXIT_USAGE, "%s: a source is written scheme:place, as file:orders.csv", diag_show(source, strlen(source)));
	s->cdc.driver = cdc_driver_find((struct span){ source, n }, &known);
	if (!s->cdc.driver)
		die(EXIT_USAGE, known ? "%s: this build has no part for it (see --help)" : "%s: no such kind of source (see --help)", diag_show(source, n));
	s->cdc.source = source;
	s->cdc.request.place = colon + 1;
}

static void check_forms(const struct settings *s)
{
	const struct cdc_options *c = &s->cdc;

	if (!c->driver->format && !c->driver->ends && s->ntables == 0)
		die(EXIT_USAGE, "--table: which tables?");
	if (c->driver->format && (c->emit.columns || c->emit.where || s->has_output))
		die(EXIT_USAGE, "files: no --columns, --where or --output: their records are taken as they stand");
	if (c->request.diff && (c->emit.columns || c->emit.where || c->emit.form != EMIT_FLAT))
		die(EXIT_USAGE, "--diff compares with what the sink has, which must be all of it, as flat changes: no --columns, no --where");
	if (c->request.input && strcmp(c->driver->scheme, "-") != 0)
		die(EXIT_USAGE, "--input: for changes on standard input: the source is -");
	if (c->emit.several && c->emit.format != FORMAT_NDJSON)
		die(EXIT_USAGE, "--output: several tables in one stream have columns of their own: only ndjson can hold them");
}

static void check_position(const struct settings *s)
{
	const struct cdc_options *c = &s->cdc;
	bool checked = c->checked || c->resume_from;

	if (c->resume_from && c->request.from.n)
		die(EXIT_USAGE, "--resume-from says where to begin: no --from");
	if (!checked && (c->epoch_records || c->epoch_bytes || c->epoch_ms >= 0))
		die(EXIT_USAGE, "--epoch-...: for checked streams: --checked or --resume-from");
}

/* By a path the same from everywhere. */
static void name_reader(struct settings *s)
{
	struct cdc_request *r = &s->cdc.request;

	if (r->reader || !s->cdc.resume_from)
		return;
	s->sink = realpath(s->cdc.resume_from, NULL);
	if (!s->sink && *s->cdc.resume_from != '/') {
		char *here = getcwd(NULL, 0);
		struct buf path = { 0 };

		buf_printf(&path, "%s/%s", here ? here : "", s->cdc.resume_from);
		free(here);
		s->sink = mem_text(buf_view(&path));
		buf_free(&path);
	}
	r->reader = s->sink ? s->sink : s->cdc.resume_from;
}

static void complete(struct settings *s)
{
	struct cdc_options *c = &s->cdc;

	c->request.follow &= !c->driver->ends;
	c->request.table = s->table;
	c->request.ntables = s->ntables;
	c->request.no_header = s->reader.no_header;
	c->request.max_record = s->reader.max_record;
	c->request.sink = c->resume_from;
	c->request.is_checked = c->checked || c->resume_from || c->request.from.n;
	c->emit.several = s->ntables > 1 || (c->request.input && s->ntables == 0);
	c->emit.has_tx = c->driver->has_tx;
	c->emit.connector = c->driver->connector;
	if (!s->has_output)
		c->emit.format = c->emit.several ? FORMAT_NDJSON : FORMAT_CSV;
	name_reader(s);
}

/* ---- what is done ---- */

static int act(struct settings *s, int (*action)(const struct cdc_request *, struct buf *, struct failure *), struct failure *f)
{
	struct sink_state sink = { 0 };
	struct out out;
	int rc;

	if (!action)
		die(EXIT_USAGE, "%s: there is nothing to install, to remove or to ask", s->cdc.driver->scheme);
	if (s->cdc.resume_from && sink_read(s->cdc.resume_from, NULL, &sink, f) == 0 && !span_eq(buf_view(&sink.pos), SPAN(CDC_NOWHERE)))
		s->cdc.request.from = buf_view(&sink.pos);
	out_init(&out, STDOUT_FILENO, "stdout");
	rc = f->status ? -1 : action(&s->cdc.request, &out.buf, f);
	sink_state_free(&sink);
	return out_finish(&out, rc < 0 ? f->status : 0);
}

/* Nothing is needed: 0. */
static int dry_run(struct settings *s, struct failure *f)
{
	struct needs n = { 0 };
	struct out out;
	int rc;

	if (!s->cdc.driver->needs)
		die(EXIT_USAGE, "%s: there is nothing to prepare", s->cdc.driver->scheme);
	if (s->ntables == 0)
		die(EXIT_USAGE, "--table: which tables?");
	out_init(&out, STDOUT_FILENO, "stdout");
	rc = s->cdc.driver->needs(&s->cdc.request, &n, f);
	buf_span(&out.buf, buf_view(&n.lines));
	needs_free(&n);
	return out_finish(&out, rc < 0 ? f->status : n.n ? EXIT_CONFIG : 0);
}

static int capture(struct settings *s, struct failure *f)
{
	struct ledger ledger = { 0 };
	struct out out;
	int status;

	check_forms(s);
	check_position(s);
	out_init(&out, STDOUT_FILENO, "stdout");
	status = cdc_run(&s->cdc, &out, &ledger, f);
	if (*f->text)
		warn("%s", f->text);
	f->text[0] = '\0';
	status = out_finish(&out, status);
	return stats_report(&s->stats, &ledger, status);
}

int main(int argc, char **argv)
{
	struct settings s = { .cdc = { .epoch_ms = -1, .request = { .follow = true, .grace_ms = 5000, .timeout_ms = 60000, .interval_ms = 1000, .delay_ms = 5000 } } };
	struct failure f = { 0 };
	int id, status;

	diag_init(cli.tool);
	while ((id = opts_next(&cli, argc, argv)) != -1)
		take_option(&s, id);
	if (argc - optind != 1)
		die(EXIT_USAGE, "%s", argc == optind ? "the source is missing" : "one source at a time");
	find_source(&s, argv[optind]);
	complete(&s);
	status = s.action == DRY_RUN ? dry_run(&s, &f) : s.action == INSTALL ? act(&s, s.cdc.driver->install, &f) : s.action == REMOVE ? act(&s, s.cdc.driver->remove, &f) :
	         s.action == STATUS ? act(&s, s.cdc.driver->status, &f) : capture(&s, &f);
	if (*f.text)
		warn("%s", f.text);
	free(s.table);
	free(s.sink);
	return status;
}
