/* SPDX-License-Identifier: MIT */
#include "lib/agg/order_key.h"

#include "lib/base/limbs.h"

#define TAG_NUMBER 1
#define TAG_TEXT 2
#define NUMBER_BYTES 18
#define SIGN64 ((uint64_t)1 << 63)

static void store64(unsigned char *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (unsigned char)v;
}

static uint64_t load64(const char *bytes)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* At scale 18 a legal number has at most 38 digits, which 127 bits hold. */
static void key_of_number(struct order_key *k, struct decimal d, enum order_end end)
{
	i128 m = d.m * (i128)limbs_pow10[DECIMAL_MAX_SCALE - d.scale];

	k->head[0] = TAG_NUMBER;
	store64(k->head + 1, (uint64_t)((u128)m >> 64) ^ SIGN64);
	store64(k->head + 9, (uint64_t)m);
	k->head[17] = (unsigned char)(end == ORDER_GREATEST ? d.scale : DECIMAL_MAX_SCALE - d.scale);
	k->nhead = NUMBER_BYTES;
	k->tail = (struct span){ 0 };
}

void order_key_of_value(struct order_key *k, const struct value *v, enum order_end end)
{
	struct decimal d = v->number;

	if (v->kind == VALUE_NUMBER || (v->kind == VALUE_TEXT && decimal_parse(v->text, &d) == 0)) {
		key_of_number(k, d, end);
		return;
	}
	k->head[0] = TAG_TEXT;
	k->nhead = 1;
	k->tail = v->kind == VALUE_TEXT ? v->text : v->truth ? SPAN("true") : SPAN("false");
}

void order_key_of_edge(struct order_key *k, int64_t ms, const uint64_t *position, struct span text)
{
	store64(k->head, (uint64_t)ms ^ SIGN64);
	if (position)
		store64(k->head + 8, *position);
	k->nhead = position ? 16 : 8;
	k->tail = text;
}

int order_key_cmp(const struct order_key *k, struct span bytes)
{
	size_t n = k->nhead < bytes.n ? k->nhead : bytes.n;
	int c = n ? memcmp(k->head, bytes.p, n) : 0;

	if (c)
		return c;
	if (n < k->nhead)
		return 1;
	return span_cmp(k->tail, (struct span){ bytes.p + n, bytes.n - n });
}

bool order_key_value(struct span bytes, enum order_end end, struct decimal *d, struct span *text)
{
	unsigned char scale;

	if (bytes.p[0] == TAG_TEXT) {
		*text = (struct span){ bytes.p + 1, bytes.n - 1 };
		return false;
	}
	scale = (unsigned char)bytes.p[17];
	d->scale = end == ORDER_GREATEST ? scale : DECIMAL_MAX_SCALE - scale;
	d->m = (i128)((u128)(load64(bytes.p + 1) ^ SIGN64) << 64 | load64(bytes.p + 9));
	d->m /= (i128)limbs_pow10[DECIMAL_MAX_SCALE - d->scale];
	return true;
}

void order_key_print_value(struct buf *out, struct span bytes, enum order_end end)
{
	struct decimal d;
	struct span text;

	if (order_key_value(bytes, end, &d, &text))
		decimal_print(out, d);
	else
		buf_span(out, text);
}

struct span order_key_edge(struct span bytes, int64_t *ms, uint64_t *position)
{
	size_t head = position ? 16 : 8;

	*ms = (int64_t)(load64(bytes.p) ^ SIGN64);
	if (position)
		*position = load64(bytes.p + 8);
	return (struct span){ bytes.p + head, bytes.n - head };
}

struct span best_key(const struct best *b)
{
	return (struct span){ (const char *)(b->cap ? b->key.large : b->key.small), b->n };
}

static unsigned char *best_room(struct best *b, size_t n)
{
	if (n > UINT32_MAX / 2)
		mem_fail();
	if (b->cap ? n > b->cap : n > sizeof b->key.small) {
		unsigned char *p = mem_alloc(n * 2);

		if (b->cap)
			free(b->key.large);
		b->key.large = p;
		b->cap = (uint32_t)n * 2;
	}
	return b->cap ? b->key.large : b->key.small;
}

void best_offer(struct best *b, const struct order_key *k, enum order_end end)
{
	int c = b->n ? order_key_cmp(k, best_key(b)) : 0;
	unsigned char *p;

	if (b->n && (end == ORDER_GREATEST ? c <= 0 : c >= 0))
		return;
	p = best_room(b, k->nhead + k->tail.n);
	memcpy(p, k->head, k->nhead);
	if (k->tail.n)
		memcpy(p + k->nhead, k->tail.p, k->tail.n);
	b->n = (uint32_t)(k->nhead + k->tail.n);
}

void best_merge(struct best *into, const struct best *from, enum order_end end)
{
	struct order_key k = { .tail = best_key(from) };

	if (from->n)
		best_offer(into, &k, end);
}

void best_drop(struct best *b)
{
	if (b->cap)
		free(b->key.large);
	*b = (struct best){ 0 };
}
