/* SPDX-License-Identifier: MIT */
#include "lib/agg/textset.h"

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/base/peek.h"
#include "lib/base/table.h"

#define SHORT (PEEK_MOST - 1)   /* bytes of a text that stands in its entry */
#define FIRST_CAP 2

/* Of one size, so that a row of them is compared without a look at lengths: a short text with zeros behind it, its length in the last byte; or
 * eight bytes of hash, where the text stands in longer (four bytes), and LONG. */
struct entry {
	char b[PEEK_MOST];
};

#define LENGTH(n) ((uint64_t)(n) << 56)         /* in the second word */
#define LONG 0xff

struct textset {
	uint32_t n, cap;                /* texts; room for entries */
	struct table *table;            /* or NULL: they stand in entry */
	struct buf *longer;             /* [u32 length][bytes] of the long ones, as entries of the table are; or NULL */
	struct span *sorted;            /* while the set is being read out, else NULL */
	struct entry entry[];
};

static struct span counted_text(const char *counted)
{
	uint32_t n;

	memcpy(&n, counted, sizeof n);
	return (struct span){ counted + sizeof n, n };
}

/* ---- entries ---- */

static struct peek words_of(const struct entry *e)
{
	return peek(e->b, PEEK_MOST);
}

static bool is_long(struct peek k)
{
	return k.w[1] >> 56 == LONG;
}

static struct span long_text(const struct textset *s, struct peek k)
{
	return counted_text(s->longer->p + (uint32_t)k.w[1]);
}

static struct span entry_text(const struct textset *s, const struct entry *e)
{
	return (unsigned char)e->b[SHORT] == LONG ? long_text(s, words_of(e)) : (struct span){ e->b, (unsigned char)e->b[SHORT] };
}

/* Without a branch on what is found where: that cannot be foreseen. */
static bool has_words(const struct textset *s, struct peek k)
{
	bool found = false;

	for (uint32_t i = 0; i < s->n; i++) {
		struct peek other = words_of(&s->entry[i]);

		found |= ((other.w[0] ^ k.w[0]) | (other.w[1] ^ k.w[1])) == 0;
	}
	return found;
}

static bool has_long(const struct textset *s, struct span text, uint64_t hash)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct peek k = words_of(&s->entry[i]);

		if (k.w[0] == hash && is_long(k) && span_eq(long_text(s, k), text))
			return true;
	}
	return false;
}

static void push(struct textset **set, struct peek k)
{
	struct textset *s = *set;

	if (s->n == s->cap) {
		s->cap *= 2;
		s = *set = mem_realloc(s, sizeof *s + s->cap * sizeof *s->entry);
	}
	peek_put(s->entry[s->n++].b, k);
}

/* False: it cannot be told where it is. */
static bool push_long(struct textset **set, struct span text, uint64_t hash)
{
	struct textset *s = *set;
	uint32_t n = (uint32_t)text.n;

	if (!s->longer)
		s->longer = mem_zalloc(sizeof *s->longer);
	if (text.n > UINT32_MAX - sizeof n || s->longer->n > UINT32_MAX - sizeof n - text.n)
		return false;
	push(set, (struct peek){ { hash, LENGTH(LONG) | s->longer->n } });
	s = *set;
	buf_add(s->longer, &n, sizeof n);
	buf_span(s->longer, text);
	return true;
}

/* ---- adding ---- */

static void drop_entries(struct textset *s)
{
	if (s->longer)
		buf_free(s->longer);
	free(s->longer);
	s->longer = NULL;
}

static void to_table(struct textset *s)
{
	s->table = mem_zalloc(sizeof *s->table);
	for (uint32_t i = 0; i < s->n; i++) {
		struct span text = entry_text(s, &s->entry[i]);

		table_add(s->table, text, hash_bytes(text.p, text.n));
	}
	drop_entries(s);
}

static bool table_adds(struct textset *s, struct span text, uint64_t hash)
{
	bool is_new;

	table_put(s->table, text, hash, &is_new);
	s->n += is_new;
	return is_new;
}

static bool add_short(struct textset **set, struct span text)
{
	struct textset *s = *set;
	struct peek k = peek(text.p, text.n);

	k.w[1] |= LENGTH(text.n);
	if (has_words(s, k))
		return false;
	if (s->n < TEXTSET_SMALL) {
		push(set, k);
		return true;
	}
	to_table(s);
	return table_adds(s, text, hash_bytes(text.p, text.n));
}

static bool add_long(struct textset **set, struct span text)
{
	struct textset *s = *set;
	uint64_t hash = hash_bytes(text.p, text.n);

	if (has_long(s, text, hash))
		return false;
	if (s->n < TEXTSET_SMALL && push_long(set, text, hash))
		return true;
	to_table(s);
	return table_adds(s, text, hash);
}

bool textset_add(struct textset **set, struct span text)
{
	struct textset *s = *set;

	if (!s) {
		s = *set = mem_alloc(sizeof *s + FIRST_CAP * sizeof *s->entry);
		*s = (struct textset){ .cap = FIRST_CAP };
	}
	if (s->sorted)
		textset_unsort(s);
	if (s->table)
		return table_adds(s, text, hash_bytes(text.p, text.n));
	return text.n <= SHORT ? add_short(set, text) : add_long(set, text);
}

/* ---- all of them ---- */

size_t textset_count(const struct textset *s)
{
	return s ? s->n : 0;
}

/* From 0 and a zeroed walk on, until all have come. */
static struct span next_text(const struct textset *s, size_t i, struct table_walk *walk)
{
	return s->table ? counted_text(table_next(s->table, walk)) : entry_text(s, &s->entry[i]);
}

void textset_merge(struct textset **into, const struct textset *from)
{
	struct table_walk walk = { 0 };

	for (size_t i = 0; i < textset_count(from); i++)
		textset_add(into, next_text(from, i, &walk));
}

void textset_free(struct textset *s)
{
	if (!s)
		return;
	textset_unsort(s);
	drop_entries(s);
	if (s->table)
		table_free(s->table);
	free(s->table);
	free(s);
}

static int by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

struct span textset_at(struct textset *s, size_t i)
{
	if (!s->sorted) {
		struct table_walk walk = { 0 };

		s->sorted = mem_array(NULL, s->n, sizeof *s->sorted);
		for (size_t k = 0; k < s->n; k++)
			s->sorted[k] = next_text(s, k, &walk);
		qsort(s->sorted, s->n, sizeof *s->sorted, by_bytes);
	}
	return s->sorted[i];
}

void textset_unsort(struct textset *s)
{
	free(s->sorted);
	s->sorted = NULL;
}
