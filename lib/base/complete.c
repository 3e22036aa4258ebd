/* SPDX-License-Identifier: MIT */
/* The option table as text: for people (--help), for shells and for programs (--completions). */
#include "lib/base/opts.h"

#include <ctype.h>

enum { WIDTH = 79, HELP_COLUMN = 30 };

static void spaces(struct buf *out, size_t n)
{
	while (n--)
		buf_byte(out, ' ');
}

/* Words from column `at` on; further lines begin at `indent`. */
static void wrap(struct buf *out, const char *text, size_t at, size_t indent)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > indent && at + 1 + n > WIDTH) {
			buf_byte(out, '\n');
			spaces(out, indent);
			at = indent;
		} else if (at > indent) {
			buf_byte(out, ' ');
			at++;
		}
		buf_add(out, text, n);
		at += n;
		text += n + strspn(text + n, " ");
	}
	buf_byte(out, '\n');
}

static void help_row(struct buf *out, const struct opt *o)
{
	size_t start = out->n, width;

	if (o->short_name)
		buf_printf(out, "  -%c, --%s", o->short_name, o->name);
	else
		buf_printf(out, "      --%s", o->name);
	if (o->arg)
		buf_printf(out, " %s", o->arg);
	width = out->n - start;
	if (width + 2 > HELP_COLUMN) {
		buf_byte(out, '\n');
		width = 0;
	}
	spaces(out, HELP_COLUMN - width);
	wrap(out, o->help, HELP_COLUMN, HELP_COLUMN);
}

void opts_help(struct buf *out, const struct cli *cli)
{
	const struct opt *o;
	const char *const *note = cli->notes;

	buf_printf(out, "Usage: %s %s\n", cli->tool, cli->usage);
	wrap(out, cli->purpose, 0, 0);
	for (size_t i = 0; (o = opts_row(cli, i)); i++) {
		if (o->group)
			buf_printf(out, "\n%s:\n", o->group);
		else if (i == 0)
			buf_text(out, "\nOptions:\n");
		help_row(out, o);
	}
	if (note)
		buf_byte(out, '\n');
	for (; note && *note; note++)
		buf_printf(out, "%s\n", *note);
}

/* Text inside quotes of a shell: each byte of `special` gets a backslash; ' is closed and opened again. */
static void quoted(struct buf *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'') {
			buf_text(out, "'\\''");
			continue;
		}
		if (strchr(special, *text))
			buf_byte(out, '\\');
		buf_byte(out, *text);
	}
}

static void choices(struct buf *out, const struct opt *o)
{
	for (const char *p = o->arg; *p; p++)
		buf_byte(out, *p == '|' ? ' ' : *p);
}

static bool names_file(const struct opt *o)
{
	return o->arg && strncmp(o->arg, "FILE", 4) == 0;
}

static bool names_directory(const struct opt *o)
{
	return o->arg && strncmp(o->arg, "DIR", 3) == 0;
}

/* A name that every shell takes for a function. */
static void function_name(struct buf *out, const char *tool)
{
	buf_text(out, "_weir_");
	for (; *tool; tool++)
		buf_byte(out, isalnum((unsigned char)*tool) ? *tool : '_');
}

static void bash_argument(struct buf *out, const struct opt *o)
{
	buf_printf(out, "\t--%s", o->name);
	if (o->short_name)
		buf_printf(out, "|-%c", o->short_name);
	if (opts_has_choices(o)) {
		buf_text(out, ") words='");
		choices(out, o);
		buf_text(out, "' ;;\n");
	} else {
		buf_printf(out, ") words='' kind=%s ;;\n",
			   names_file(o) ? "-f" : names_directory(o) ? "-d" : "none");
	}
}

/* bash makes `=` a word of its own: --name=value arrives as three. */
static void bash_script(struct buf *out, const struct cli *cli)
{
	const struct opt *o;

	buf_printf(out, "# bash completion for %s\n", cli->tool);
	function_name(out, cli->tool);
	buf_text(out, "()\n{\n"
		 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} kind=-f words=''\n"
		 "\tif [[ $cur == '=' ]]; then\n\t\tcur=''\n"
		 "\telif [[ $prev == '=' ]]; then\n\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
		 "\t[[ $cur == -* ]] && words='");
	for (size_t i = 0; (o = opts_row(cli, i)); i++)
		buf_printf(out, "%s--%s", i ? " " : "", o->name);
	buf_text(out, "'\n\tcase $prev in\n");
	for (size_t i = 0; (o = opts_row(cli, i)); i++)
		if (o->arg)
			bash_argument(out, o);
	buf_text(out, "\tesac\n\tCOMPREPLY=()\n"
		 "\tif [[ -n $words ]]; then\n"
		 "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		 "\telif [[ $kind != none ]]; then\n"
		 "\t\tmapfile -t COMPREPLY < <(compgen \"$kind\" -- \"$cur\")\n\tfi\n}\n"
		 "complete -o filenames -F ");
	function_name(out, cli->tool);
	buf_printf(out, " %s\n", cli->tool);
}

static void zsh_spec(struct buf *out, const struct opt *o, bool by_letter)
{
	if (by_letter)
		buf_printf(out, " \\\n\t'*-%c%s[", o->short_name, o->arg ? "+" : "");
	else
		buf_printf(out, " \\\n\t'*--%s%s[", o->name, o->arg ? "=" : "");
	quoted(out, o->help, "\\[]:");
	buf_byte(out, ']');
	if (o->arg) {
		buf_byte(out, ':');
		quoted(out, opts_has_choices(o) ? o->name : o->arg, "\\:");
		buf_byte(out, ':');
	}
	if (opts_has_choices(o)) {
		buf_byte(out, '(');
		choices(out, o);
		buf_byte(out, ')');
	} else if (o->arg) {
		buf_text(out, names_file(o) ? "_files" : names_directory(o) ? "_files -/" : " ");
	}
	buf_byte(out, '\'');
}

static void zsh_script(struct buf *out, const struct cli *cli)
{
	const struct opt *o;

	buf_printf(out, "#compdef %s\n_arguments -S", cli->tool);
	for (size_t i = 0; (o = opts_row(cli, i)); i++) {
		if (o->short_name)
			zsh_spec(out, o, true);
		zsh_spec(out, o, false);
	}
	buf_text(out, " \\\n\t'*:file:_files'\n");
}

static void fish_script(struct buf *out, const struct cli *cli)
{
	const struct opt *o;

	buf_printf(out, "# fish completion for %s\n", cli->tool);
	for (size_t i = 0; (o = opts_row(cli, i)); i++) {
		buf_printf(out, "complete -c %s -l %s", cli->tool, o->name);
		if (o->short_name)
			buf_printf(out, " -s %c", o->short_name);
		if (opts_has_choices(o)) {
			buf_text(out, " -x -a '");
			choices(out, o);
			buf_byte(out, '\'');
		} else if (names_directory(o)) {
			buf_text(out, " -x -a '(__fish_complete_directories)'");
		} else if (o->arg) {
			buf_text(out, names_file(o) ? " -r -F" : " -x");
		}
		buf_text(out, " -d '");
		quoted(out, o->help, "\\");
		buf_text(out, "'\n");
	}
}

static void list(struct buf *out, const struct cli *cli)
{
	const struct opt *o;
	const char *group = "Options";

	for (size_t i = 0; (o = opts_row(cli, i)); i++) {
		char letter[2] = { o->short_name, '\0' };

		if (o->group)
			group = o->group;
		buf_printf(out, "%s\t%s\t%s\t%s\t%s\n", o->name, letter, o->arg ? o->arg : "", group, o->help);
	}
}

int opts_completions(struct buf *out, const struct cli *cli, const char *shell)
{
	static const struct {
		const char *shell;
		void (*print)(struct buf *out, const struct cli *cli);
	} known[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script }, { "list", list } };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].shell, shell) == 0) {
			known[i].print(out, cli);
			return 0;
		}
	return -1;
}
