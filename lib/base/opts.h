/* SPDX-License-Identifier: MIT */
/* opts -- the command line. One table per tool feeds getopt_long, --help, the shells' completions and
 * the test that compares the man page with the program.
 *
 *	static const struct opt options[] = {
 *		{ OPT_VIEW, 'V', "view", "FILE", "take the definition from FILE", "View" },
 *		{ OPT_INPUT, 'i', "input", "csv|tsv|ndjson", "format of the input", "Formats" },
 *		{ OPT_STATS, 0, "stats", NULL, "print the ledger on stderr", NULL },
 *		{ 0 },
 *	};
 *	static const struct cli cli = { "window-agg", "[OPTION]... [FILE]...", "aggregate by windows", options, NULL };
 *
 *	diag_init(cli.tool);
 *	while ((id = opts_next(&cli, argc, argv)) != -1)
 *		switch (id) { case OPT_VIEW: ... optarg ... }
 *	for (int i = optind; i < argc; i++) ...
 *
 * Every tool has --help and --version without listing them. Options may follow operands; `--` ends
 * them; names are never abbreviated, so that a new option cannot break an old script. */
#ifndef LIB_BASE_OPTS_H
#define LIB_BASE_OPTS_H

#include <getopt.h>

#include "lib/base/buf.h"

#define WEIR_VERSION "0.1.0"

struct opt {
	int id;                 /* > 0: what opts_next returns; 0 ends the table */
	char short_name;        /* 0: none */
	const char *name;       /* without dashes; at most 40 bytes */
	const char *arg;        /* NULL: a flag. FILE... and DIR... complete paths; words in lower case joined
	                           by '|' are choices, checked here; any other text names what is meant */
	const char *help;       /* one line, no capital, no full stop */
	const char *group;      /* heading in --help; NULL: that of the option before */
};

struct cli {
	const char *tool;
	const char *usage;              /* "[OPTION]... [FILE]..." */
	const char *purpose;            /* one line */
	const struct opt *opts;
	const char *const *notes;       /* lines at the end of --help, NULL ends them; or NULL */
};

/* The id of the next option, its argument in optarg; -1 at the end, optind is then the first operand.
 * Bad options end the process with EXIT_USAGE, --help and --version with 0 (74 when stdout fails). */
int opts_next(const struct cli *cli, int argc, char **argv);
/* The same as its row; NULL at the end. For rows whose name says what they do. */
const struct opt *opts_next_row(const struct cli *cli, int argc, char **argv);

/* For tools that run others, `tool OPTIONS -- WORDS`: the words behind the first `--` (NULL: there is none), which ends what *argc counts.
 * Called before opts_next, so that no option of theirs is taken for one of ours. */
char **opts_words(int *argc, char **argv);

/* Row i of the table, the automatic rows behind the tool's own; NULL behind the last. */
const struct opt *opts_row(const struct cli *cli, size_t i);
bool opts_has_choices(const struct opt *o);

/* What --help prints, and what the hidden --completions SHELL prints: a script for bash, zsh or fish;
 * `list` is for programs: name, short name, argument, group and help, by tabs. -1: no such shell. */
void opts_help(struct buf *out, const struct cli *cli);
int opts_completions(struct buf *out, const struct cli *cli, const char *shell);

#endif
