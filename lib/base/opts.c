/* SPDX-License-Identifier: MIT */
/* getopt_long does the parsing: permutation, clusters, `--name=value`. It also completes abbreviated
 * names, which cannot be turned off; so each name it found is compared with what was typed. */
#include "lib/base/opts.h"

#include <errno.h>
#include <unistd.h>

#include "lib/base/diag.h"

/* Optional parts built in, from the Makefile: "sqlite3 libpq". */
#ifndef WEIR_PARTS
#define WEIR_PARTS ""
#endif

enum { ROW_HELP = -2, ROW_VERSION = -3, FOUND = 1000 };

static const struct opt automatic[] = {
	{ ROW_HELP, 'h', "help", NULL, "show this help and exit", "Help" },
	{ ROW_VERSION, 0, "version", NULL, "show the version and exit", NULL },
};

/* Accepted, listed nowhere. */
static const struct opt completions = { ROW_HELP, 0, "completions", "SHELL", NULL, NULL };

const struct opt *opts_row(const struct cli *cli, size_t i)
{
	size_t own = 0;

	while (own < i && cli->opts[own].id)
		own++;
	if (cli->opts[own].id)
		return &cli->opts[own];
	i -= own;
	return i < sizeof automatic / sizeof automatic[0] ? &automatic[i] : NULL;
}

bool opts_has_choices(const struct opt *o)
{
	return o->arg && strchr(o->arg, '|') && !strpbrk(o->arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* Writes it all and ends the process. */
static _Noreturn void print_and_exit(const struct buf *text)
{
	size_t at = 0;

	while (at < text->n) {
		ssize_t n = write(STDOUT_FILENO, text->p + at, text->n - at);

		if (n < 0 && errno != EINTR)
			die(EXIT_IO, "stdout:");
		at += n > 0 ? (size_t)n : 0;
	}
	exit(EXIT_DONE);
}

static _Noreturn void print_help(const struct cli *cli)
{
	struct buf out = { 0 };

	opts_help(&out, cli);
	print_and_exit(&out);
}

static _Noreturn void print_version(const struct cli *cli)
{
	struct buf out = { 0 };

	buf_printf(&out, "%s (weir) %s\n", cli->tool, WEIR_VERSION);
	if (*WEIR_PARTS)
		buf_printf(&out, "built with %s\n", WEIR_PARTS);
	print_and_exit(&out);
}

static _Noreturn void print_completions(const struct cli *cli, const char *shell)
{
	struct buf out = { 0 };

	if (opts_completions(&out, cli, shell) < 0)
		die(EXIT_USAGE, "--completions: %s: not one of bash, zsh, fish, list", shell);
	print_and_exit(&out);
}

/* Edit distance (insert, delete, replace, swap of neighbours); longer than 40 bytes is far away. */
static unsigned distance(struct span a, struct span b)
{
	unsigned row[3][42], *older = row[0], *old = row[1], *now = row[2], *spare;

	if (a.n > 40 || b.n > 40)
		return 99;
	for (size_t j = 0; j <= b.n; j++)
		old[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned best = old[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			if (old[j] + 1 < best)
				best = old[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
			    older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			now[j] = best;
		}
		spare = older, older = old, old = now, now = spare;
	}
	return old[b.n];
}

/* The option that was probably meant: one that begins like this, else the nearest within a third. */
static const char *meant(const struct cli *cli, struct span typed)
{
	unsigned least = typed.n < 3 ? 1 : (unsigned)typed.n / 3 + 1;
	const struct opt *o;
	const char *found = NULL;

	for (size_t i = 0; typed.n && (o = opts_row(cli, i)); i++)
		if (span_starts(span_of(o->name), typed))
			return o->name;
	for (size_t i = 0; (o = opts_row(cli, i)); i++) {
		unsigned d = distance(typed, span_of(o->name));

		if (d < least)
			least = d, found = o->name;
	}
	return found;
}

static _Noreturn void unknown(const struct cli *cli, struct span typed)
{
	const char *name = meant(cli, typed);

	if (name)
		die(EXIT_USAGE, "--%s: unknown option (did you mean --%s?)", diag_show(typed.p, typed.n), name);
	die(EXIT_USAGE, "--%s: unknown option", diag_show(typed.p, typed.n));
}

static void check_choice(const struct opt *o, const char *value)
{
	struct span want = span_of(value);
	const char *p = o->arg, *end;
	struct buf list = { 0 };

	for (;; p = end + 1) {
		end = strchrnul(p, '|');
		if (span_eq((struct span){ p, (size_t)(end - p) }, want))
			break;
		buf_add(&list, p, (size_t)(end - p));
		if (!*end)
			die(EXIT_USAGE, "--%s: %s: not one of %.*s", o->name,
			    diag_show(want.p, want.n), (int)list.n, list.p);
		buf_text(&list, ", ");
	}
	buf_free(&list);
}

/* Both forms of the table for getopt; val is FOUND + row. */
struct form {
	struct option *longs;
	struct buf shorts;
};

static void add_long(struct form *f, size_t at, const struct opt *o, size_t row)
{
	f->longs[at] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL, FOUND + (int)row };
}

/* Returns the number of rows; the hidden option has that number. */
static size_t form_make(struct form *f, const struct cli *cli)
{
	const struct opt *o;
	size_t rows = 0, i;

	while (opts_row(cli, rows))
		rows++;
	f->longs = mem_zalloc((rows + 2) * sizeof *f->longs);
	buf_byte(&f->shorts, ':');          /* a missing argument is ':', an unknown option '?' */
	for (i = 0; i < rows; i++) {
		o = opts_row(cli, i);
		add_long(f, i, o, i);
		if (o->short_name) {
			buf_byte(&f->shorts, o->short_name);
			if (o->arg)
				buf_byte(&f->shorts, ':');
		}
	}
	add_long(f, rows, &completions, rows);
	buf_byte(&f->shorts, '\0');
	return rows;
}

char **opts_words(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			*argc = i;
			argv[i] = NULL;
			return argv + i + 1;
		}
	return NULL;
}

static const struct opt *by_short(const struct cli *cli, int c)
{
	const struct opt *o;

	for (size_t i = 0; (o = opts_row(cli, i)); i++)
		if (o->short_name && o->short_name == c)
			return o;
	return NULL;
}

/* The word of argv that held the long option getopt has just looked at, from behind the dashes to '='. */
static struct span typed_name(char **argv)
{
	const char *word = argv[optind - 1];

	if (optarg && optarg == word)
		word = argv[optind - 2];
	return (struct span){ word + 2, strcspn(word + 2, "=") };
}

/* '?' or ':' from getopt. optopt is a letter, or FOUND + row, or 0 for a long name it does not know. */
static _Noreturn void complain(const struct cli *cli, int c, char **argv)
{
	const struct opt *o = NULL;
	struct span typed;
	char letter = (char)optopt;

	if (optopt && optopt < FOUND) {
		if (c == ':' && (o = by_short(cli, optopt)))
			die(EXIT_USAGE, "-%c: needs an argument (%s)", optopt, o->arg);
		die(EXIT_USAGE, "-%s: unknown option", diag_show(&letter, 1));
	}
	typed = typed_name(argv);
	if (optopt) {
		o = opts_row(cli, (size_t)(optopt - FOUND));
		if (!o)
			o = &completions;
	}
	if (!o || !span_eq(typed, span_of(o->name)))
		unknown(cli, typed);
	if (c == ':')
		die(EXIT_USAGE, "--%s: needs an argument (%s)", o->name, o->arg);
	die(EXIT_USAGE, "--%s: takes no argument", o->name);
}

const struct opt *opts_next_row(const struct cli *cli, int argc, char **argv)
{
	struct form form = { 0 };
	size_t rows = form_make(&form, cli);
	const struct opt *o = NULL;
	int c;

	opterr = 0;
	optarg = NULL;
	c = getopt_long(argc, argv, form.shorts.p, form.longs, NULL);
	free(form.longs);
	buf_free(&form.shorts);
	if (c == -1)
		return NULL;
	if (c == '?' || c == ':')
		complain(cli, c, argv);
	if (c >= FOUND) {
		o = (size_t)(c - FOUND) < rows ? opts_row(cli, (size_t)(c - FOUND)) : &completions;
		if (!span_eq(typed_name(argv), span_of(o->name)))
			unknown(cli, typed_name(argv));
	} else {
		o = by_short(cli, c);
	}
	if (o == &completions)
		print_completions(cli, optarg);
	if (o->id == ROW_HELP)
		print_help(cli);
	if (o->id == ROW_VERSION)
		print_version(cli);
	if (opts_has_choices(o))
		check_choice(o, optarg);
	return o;
}

int opts_next(const struct cli *cli, int argc, char **argv)
{
	const struct opt *o = opts_next_row(cli, argc, argv);

	return o ? o->id : -1;
}
