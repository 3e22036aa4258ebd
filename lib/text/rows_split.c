/* SPDX-License-Identifier: MIT */
/* CSV and TSV. A chunk of whole lines is indexed at once; then a record is plain when its last separator, counted from
 * its first, is its line end: n columns have n separators. The field in column c lies between two neighbours:
 *
 *   a , b b , c \n d , ...         sep[-1] is the line end before the record
 *     ^     ^   ^
 *   sep[0]  [1] [2] == nl[0]
 *
 * What is not plain is taken one by one: blank lines, ragged records, and records with a quote, a backslash or an
 * escape. */
#include "lib/text/rows_impl.h"

#include "lib/text/tsv.h"

/* The fields between separators. */
static inline void look_up(const struct rows *r, const char *data, const uint32_t *sep, struct span *field)
{
	const struct layout_column *w = r->layout->want, *end = w + r->layout->nwant;

	for (; w < end; w++) {
		uint32_t from = sep[(ptrdiff_t)w->column - 1] + 1;

		field[w->slot] = (struct span){ data + from, sep[w->column] - from };
	}
}

/* The last field ends before the CR. */
static void drop_cr(const struct rows *r, struct span *field)
{
	for (size_t i = r->layout->nwant; i && r->layout->want[i - 1].column == r->layout->ncols - 1; i--)
		field[r->layout->want[i - 1].slot].n--;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* How many of the next records are plain. *has_cr: a line of them ends in CR LF. */
static size_t count_plain(const struct rows *r, size_t most, bool *has_cr)
{
	const char *data = r->block.data;
	const uint32_t *sep = r->index.sep + r->sep, *nl = r->index.nl + r->nl;
	size_t ncols = r->layout->ncols, max_record = r->max_record, done;
	uint32_t mark = r->mark < r->index.nmark ? r->index.mark[r->mark] : UINT32_MAX;
	char escape = r->layout->controlled ? '\\' : '\n';      /* no line begins with a newline but a blank one */
	unsigned any_cr = 0;

	for (done = 0; done < most; done++, sep += ncols) {
		uint32_t from = sep[-1] + 1, end = nl[done], n = end - from;
		unsigned cr;

		if (sep[ncols - 1] != end || end > mark || n > max_record || n == 0 || data[from] == escape)
			break;
		cr = data[end - 1] == '\r';
		if (n == cr)
			break;
		any_cr |= cr;
	}
	*has_cr = any_cr;
	return done;
}

/* One wanted column of n plain records. */
static void take_column(const struct rows *r, const struct layout_column *w, size_t n)
{
	const char *data = r->block.data;
	const uint32_t *before = r->index.sep + r->sep + (ptrdiff_t)w->column - 1;
	size_t ncols = r->layout->ncols, width = r->width;
	struct span *field = r->field + r->n * width + w->slot;

	for (; n; n--, before += ncols, field += width) {
		uint32_t from = before[0] + 1;

		*field = (struct span){ data + from, before[1] - from };
	}
}

static void take_lines(const struct rows *r, size_t n)
{
	const char *data = r->block.data;
	const uint32_t *nl = r->index.nl + r->nl;
	uint32_t from = r->index.sep[(ptrdiff_t)r->sep - 1] + 1;
	struct span *raw = r->raw + r->n;
	uint64_t *line = r->lines + r->n;

	for (size_t i = 0; i < n; i++) {
		raw[i] = (struct span){ data + from, nl[i] - from };
		line[i] = r->line + i;
		from = nl[i] + 1;
	}
}

static void drop_crs(const struct rows *r, size_t n)
{
	for (size_t i = r->n; i < r->n + n; i++)
		if (r->raw[i].p[r->raw[i].n - 1] == '\r') {
			r->raw[i].n--;
			drop_cr(r, r->field + i * r->width);
		}
}

/* Adds plain records while they come. */
static void add_plain(struct rows *r)
{
	size_t ncols = r->layout->ncols, n;
	bool has_cr;

	n = count_plain(r, smallest(BATCH_ROWS - r->n, r->index.nnl - r->nl, (r->index.nsep - r->sep) / ncols), &has_cr);
	for (size_t i = 0; i < r->layout->nwant; i++)
		take_column(r, &r->layout->want[i], n);
	take_lines(r, n);
	if (has_cr)
		drop_crs(r, n);
	r->n += n;
	r->sep += n * ncols;
	r->nl += n;
	r->line += n;
}

/* The number of fields of the record whose line end is the one at hand. */
static size_t count_fields(const struct rows *r)
{
	size_t n = r->sep;

	while (r->index.sep[n] != r->index.nl[r->nl])
		n++;
	return n + 1 - r->sep;
}

static void bad_count(struct rows *r, struct span rec, size_t n)
{
	rows_bad(r, r->line, rec, "%zu field%s, %s has %zu", n, n == 1 ? "" : "s", r->layout->origin, r->layout->ncols);
}

static void unescape_first(const struct rows *r, struct span rec, struct span *field)
{
	const struct layout_column *w = r->layout->want, *end = w + r->layout->nwant;

	if (rows_is_escaped(rec))
		for (; w < end && w->column == 0; w++)
			field[w->slot].p++, field[w->slot].n--;
}

static void decode(struct rows *r, struct span *field)
{
	for (size_t i = 0; i < r->layout->nwant; i++) {
		struct span *f = &field[r->layout->want[i].slot];

		*f = tsv_decode(&r->scratch, *f);
	}
}

static void add_row(struct rows *r, struct span rec)
{
	r->raw[r->n] = rec;
	r->lines[r->n++] = r->line;
}

/* A record of one line without quotes, but long, ragged, escaped, or with backslashes. */
static void add_line(struct rows *r, struct span rec, bool has_cr)
{
	struct span *field = r->field + r->n * r->width;
	size_t n = count_fields(r);

	if (rec.n > r->max_record) {
		rows_bad(r, r->line, rec, "record longer than %zu bytes", r->max_record);
	} else if (n != r->layout->ncols) {
		bad_count(r, rec, n);
	} else {
		look_up(r, r->block.data, r->index.sep + r->sep, field);
		if (has_cr)
			drop_cr(r, field);
		if (r->layout->controlled)
			unescape_first(r, rec, field);
		if (r->layout->format == FORMAT_TSV)
			decode(r, field);
		add_row(r, rec);
	}
}

/* A record with a quote goes as far as it goes, also beyond the chunk. end: of its first line. The position of its
 * line end. */
static size_t add_quoted(struct rows *r, size_t from, size_t end)
{
	const char *p = r->block.data + from;
	struct csv_record whole;
	bool is_whole = csv_extent(p, r->block.data + r->block.n, r->max_record, true, &whole) == CSV_WHOLE;
	struct span rec;
	size_t n;

	if (is_whole)
		end = from + whole.length - 1;
	rec = (struct span){ p, end - from };
	if (rec.p[rec.n - 1] == '\r')
		rec.n--;
	n = is_whole ? rows_csv_quoted(r, rec, r->field + r->n * r->width) : 0;
	if (n == r->layout->ncols)
		add_row(r, rec);
	else if (n)
		bad_count(r, rec, n);
	else
		rows_bad(r, r->line, rec, "not well quoted");   /* the blocks have let it pass: they know another max_record */
	return end;
}

/* Moves behind the line end at position end. */
static void pass(struct rows *r, size_t from, size_t end)
{
	struct scan_index *x = &r->index;
	bool marked;

	if (end >= r->at) {             /* beyond the chunk, which is done then */
		r->line += r->kernel->count(r->block.data + from, end + 1 - from, '\n', &marked);
		r->at = end + 1;
		r->nl = x->nnl;
		return;
	}
	for (; r->nl < x->nnl && x->nl[r->nl] <= end; r->nl++)
		r->line++;
	while (r->sep < x->nsep && x->sep[r->sep] <= end)
		r->sep++;
	while (r->mark < x->nmark && x->mark[r->mark] <= end)
		r->mark++;
}

/* One record that is not plain, or a blank line. */
static void add_other(struct rows *r)
{
	size_t from = (uint32_t)(r->index.sep[(ptrdiff_t)r->sep - 1] + 1), end = r->index.nl[r->nl];
	struct span rec = { r->block.data + from, end - from };
	bool has_cr = rec.n && rec.p[rec.n - 1] == '\r';

	rec.n -= has_cr;
	if (r->layout->format == FORMAT_CSV && r->mark < r->index.nmark && r->index.mark[r->mark] < end)
		end = add_quoted(r, from, end);
	else if (rec.n)
		add_line(r, rec, has_cr);
	pass(r, from, end);
}

void rows_split(struct rows *r)
{
	while (r->n < BATCH_ROWS && !r->has_bad) {
		if (r->nl == r->index.nnl) {
			if (r->at == r->block.n)
				return;
			rows_index(r);
		}
		add_plain(r);
		if (r->n < BATCH_ROWS && r->nl < r->index.nnl)
			add_other(r);
	}
}
