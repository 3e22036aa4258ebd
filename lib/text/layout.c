/* SPDX-License-Identifier: MIT */
#include "lib/text/layout.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/text/csv_quoted.h"
#include "lib/text/percent.h"
#include "lib/text/tsv.h"
#include "lib/text/writer.h"

/* The names of the columns, decoded. */
struct names {
	struct arena arena;
	struct span *name;
	size_t n, cap;
};

static void add_name(void *arg, size_t column, struct span text)
{
	struct names *names = arg;

	(void)column;
	names->name = mem_grow(names->name, names->n, &names->cap, sizeof *names->name);
	names->name[names->n++] = arena_copy(&names->arena, text);
}

static void free_names(struct names *names)
{
	arena_free(&names->arena);
	free(names->name);
}

static struct span next_part(struct span *rest, char delimiter)
{
	const char *at = rest->n ? memchr(rest->p, delimiter, rest->n) : NULL;
	struct span part = { rest->p, at ? (size_t)(at - rest->p) : rest->n };

	*rest = at ? (struct span){ at + 1, rest->n - part.n - 1 } : (struct span){ NULL, 0 };
	return part;
}

static void split_plain(struct names *names, struct span record, char delimiter)
{
	do {
		struct span part = next_part(&record, delimiter);

		add_name(names, names->n, delimiter == '\t' ? tsv_decode(&names->arena, part) : part);
	} while (record.p);
}

static void split_record(struct names *names, enum record_format format, struct span record)
{
	struct csv_splitter *s;

	if (format == FORMAT_TSV || !memchr(record.p, '"', record.n)) {
		split_plain(names, record, layout_delimiter(format));
		return;
	}
	s = csv_splitter_new();
	csv_split(s, record, add_name, names);
	csv_splitter_free(s);
}

/* The column of a field, or (size_t)-1. by_name: there is a header to look in. */
static size_t find_column(const struct field_ref *ref, const struct names *names, bool by_name)
{
	if (ref->column != (size_t)-1)
		return ref->column < names->n ? ref->column : (size_t)-1;
	for (size_t i = 0; by_name && ref->name.n && i < names->n; i++)
		if (span_eq(names->name[i], ref->name))
			return i;
	return (size_t)-1;
}

static void want_column(struct layout *l, size_t column, size_t slot)
{
	size_t i = l->nwant++;

	for (; i && l->want[i - 1].column > column; i--)
		l->want[i] = l->want[i - 1];
	l->want[i] = (struct layout_column){ (uint32_t)column, (uint32_t)slot };
}

static struct layout *new_layout(enum record_format format, size_t nwant)
{
	static _Atomic uint64_t serial;
	struct layout *l = mem_zalloc(sizeof *l + nwant * sizeof *l->want);

	l->serial = ++serial;
	l->format = format;
	return l;
}

static struct layout *bind(enum record_format format, const struct fields *fields, const struct names *names, bool by_name)
{
	struct layout *l = new_layout(format, fields->n);

	l->ncols = names->n;
	for (size_t slot = 0; slot < fields->n; slot++) {
		size_t column = find_column(&fields->ref[slot], names, by_name);

		if (column != (size_t)-1)
			want_column(l, column, slot);
	}
	return l;
}

static struct span own(struct span s)
{
	return (struct span){ mem_text(s), s.n };
}

struct layout *layout_lines(enum record_format format, bool controlled)
{
	struct layout *l = new_layout(format, 0);

	l->controlled = controlled;
	return l;
}

struct layout *layout_header(enum record_format format, const struct fields *fields, struct span header)
{
	struct names names = { 0 };
	struct layout *l;

	split_record(&names, format, header);
	l = bind(format, fields, &names, true);
	l->origin = "header";
	l->header = own(header);
	free_names(&names);
	return l;
}

struct layout *layout_count(enum record_format format, const struct fields *fields, struct span record)
{
	struct names names = { 0 };
	struct layout *l;

	split_record(&names, format, record);
	l = bind(format, fields, &names, false);
	l->origin = "first record";
	free_names(&names);
	return l;
}

static struct span print_header(enum record_format format, const struct names *names)
{
	struct writer w;
	struct buf out = { 0 };

	writer_init(&w, format, names->name, names->n);
	writer_header(&w, &out);
	writer_free(&w);
	return (struct span){ out.p, out.n - 1 };       /* moves to the layout, without the newline */
}

struct layout *layout_columns(enum record_format format, const struct fields *fields, struct span columns, const char **error)
{
	struct names names = { 0 };
	struct buf name = { 0 };
	struct layout *l = NULL;

	do {
		buf_clear(&name);
		if (percent_decode(&name, next_part(&columns, ',')) < 0) {
			*error = "columns: % without two hexadecimal digits";
			goto out;
		}
		add_name(&names, names.n, buf_view(&name));
	} while (columns.p);
	l = bind(format, fields, &names, true);
	l->origin = "columns line";
	l->controlled = true;
	l->header = print_header(format, &names);
out:
	buf_free(&name);
	free_names(&names);
	return l;
}

void layout_print_columns(enum record_format format, struct span header, struct buf *out)
{
	struct names names = { 0 };

	split_record(&names, format, header);
	for (size_t i = 0; i < names.n; i++) {
		if (i)
			buf_byte(out, ',');
		percent_encode(out, names.name[i], ",");
	}
	free_names(&names);
}

void layout_number_columns(enum record_format format, struct span record, struct buf *out)
{
	struct names names = { 0 };

	split_record(&names, format, record);
	for (size_t i = 0; i < names.n; i++)
		buf_printf(out, i ? ",@%zu" : "@%zu", i + 1);
	free_names(&names);
}

void layout_free(struct layout *l)
{
	if (!l)
		return;
	free((char *)l->header.p);
	free(l);
}
