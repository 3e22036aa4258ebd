/* SPDX-License-Identifier: MIT */
#include "lib/agg/textset.h"

#include "lib/base/mem.h"

static struct span entry_text(const char *entry)
{
	uint32_t n;

	memcpy(&n, entry, sizeof n);
	return (struct span){ entry + sizeof n, n };
}

/* Entries one by one, from a zeroed walk; NULL at the end. */
struct walk {
	struct table_walk table;
	size_t row;
};

static const char *next_entry(const struct textset *s, struct walk *w)
{
	const char *entry;

	if (s->n > TEXTSET_SMALL)
		return table_next(s->in.table, &w->table);
	if (w->row == s->used)
		return NULL;
	entry = s->in.row + w->row;
	w->row += sizeof(uint32_t) + entry_text(entry).n;
	return entry;
}

static void row_add(struct textset *s, struct span text)
{
	uint32_t n = (uint32_t)text.n;
	size_t need = s->used + sizeof n + n;

	if (n != text.n)
		mem_fail();
	if (need > s->cap) {
		s->cap = need + need / 2;
		s->in.row = mem_realloc(s->in.row, s->cap);
	}
	memcpy(s->in.row + s->used, &n, sizeof n);
	memcpy(s->in.row + s->used + sizeof n, text.p, n);
	s->used = need;
}

static void row_to_table(struct textset *s)
{
	struct table *t = mem_zalloc(sizeof *t);
	struct walk w = { 0 };
	const char *entry;

	while ((entry = next_entry(s, &w))) {
		struct span text = entry_text(entry);

		table_add(t, text, hash_bytes(text.p, text.n));
	}
	free(s->in.row);
	s->in.table = t;
	s->used = s->cap = 0;
}

static bool add_small(struct textset *s, struct span text)
{
	struct walk w = { 0 };
	const char *entry;

	while ((entry = next_entry(s, &w))) {
		struct span have = entry_text(entry);

		if (have.n == text.n && table_same(have.p, text.p, text.n))
			return false;
	}
	if (s->n == TEXTSET_SMALL) {
		row_to_table(s);
		table_add(s->in.table, text, hash_bytes(text.p, text.n));
	} else {
		row_add(s, text);
	}
	return true;
}

bool textset_add(struct textset *s, struct span text)
{
	bool is_new;

	if (s->n <= TEXTSET_SMALL)
		is_new = add_small(s, text);
	else
		table_put(s->in.table, text, hash_bytes(text.p, text.n), &is_new);
	s->n += is_new;
	if (is_new)
		textset_unsort(s);
	return is_new;
}

void textset_merge(struct textset *into, const struct textset *from)
{
	struct walk w = { 0 };
	const char *entry;

	while ((entry = next_entry(from, &w)))
		textset_add(into, entry_text(entry));
}

void textset_free(struct textset *s)
{
	textset_unsort(s);
	if (s->n > TEXTSET_SMALL) {
		table_free(s->in.table);
		free(s->in.table);
	} else {
		free(s->in.row);
	}
	*s = (struct textset){ 0 };
}

static int by_bytes(const void *a, const void *b)
{
	return span_cmp(entry_text(*(const char *const *)a), entry_text(*(const char *const *)b));
}

struct span textset_at(struct textset *s, size_t i)
{
	if (!s->sorted) {
		struct walk w = { 0 };

		s->sorted = mem_array(NULL, s->n, sizeof *s->sorted);
		for (size_t k = 0; k < s->n; k++)
			s->sorted[k] = next_entry(s, &w);
		qsort(s->sorted, s->n, sizeof *s->sorted, by_bytes);
	}
	return entry_text(s->sorted[i]);
}

void textset_unsort(struct textset *s)
{
	free(s->sorted);
	s->sorted = NULL;
}
