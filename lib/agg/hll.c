/* SPDX-License-Identifier: MIT */
/* The estimator is Ertl's improved raw one ("New cardinality estimation algorithms for HyperLogLog sketches", 2017,
 * section 4): unbiased from one value to 2^50 without switching formulas. With C[k] registers of rank k and m in all,
 *
 *     n = m^2 / (2 ln 2 * (m sigma(C[0]/m) + sum C[k] 2^-k)),   sigma(x) = x + sum x^(2^k) 2^(k-1), k = 1, 2, ...
 *
 * in fixed point. Its third term, for ranks cut off at their end, matters beyond 2^50 values and is left out. */
#include "lib/agg/hll.h"

#define MAX_RANK (64 - HLL_BITS + 1)
#define UNIT_BITS MAX_RANK                      /* of the sum of 2^-k: exact */
#define HALF_LOG2E ((unsigned __int128)793129986396u)   /* 1 / (2 ln 2), in units of 2^-40 */
#define HALF_LOG2E_BITS 40

static const char digit[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_dense(const struct hll *h)
{
	return h->n > HLL_SPARSE_MAX;
}

/* Where a register stands in the list, or belongs. Halves without branches: which way it goes cannot be foreseen. */
static uint32_t list_find(const struct hll *h, uint32_t reg)
{
	const uint32_t *from = h->in.list;
	uint32_t n = h->n, key = reg << 6;

	if (n == 0)
		return 0;
	while (n > 1) {
		uint32_t half = n / 2;

		from += half & -(uint32_t)(from[half - 1] < key);
		n -= half;
	}
	return (uint32_t)(from - h->in.list) + (*from < key);
}

static void to_dense(struct hll *h)
{
	uint8_t *rank = mem_zalloc(HLL_REGISTERS);

	for (uint32_t i = 0; i < h->n; i++)
		rank[h->in.list[i] >> 6] = h->in.list[i] & 63;
	free(h->in.list);
	h->in.rank = rank;
	h->cap = 0;
}

static void list_insert(struct hll *h, uint32_t at, uint32_t entry)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 4;
		h->in.list = mem_array(h->in.list, h->cap, sizeof *h->in.list);
	}
	memmove(h->in.list + at + 1, h->in.list + at, (h->n - at) * sizeof *h->in.list);
	h->in.list[at] = entry;
	h->n++;
}

static void raise_dense(struct hll *h, uint32_t reg, unsigned rank)
{
	h->n += !h->in.rank[reg];
	if (h->in.rank[reg] < rank)
		h->in.rank[reg] = (uint8_t)rank;
}

static void raise_rank(struct hll *h, uint32_t reg, unsigned rank)
{
	uint32_t entry = reg << 6 | rank, at;

	if (is_dense(h)) {
		raise_dense(h, reg, rank);
		return;
	}
	at = list_find(h, reg);
	if (at < h->n && h->in.list[at] >> 6 == reg) {
		if (h->in.list[at] < entry)
			h->in.list[at] = entry;
	} else if (h->n < HLL_SPARSE_MAX) {
		list_insert(h, at, entry);
	} else {
		to_dense(h);
		raise_dense(h, reg, rank);
	}
}

/* Register: the top bits. Rank: where the first 1 stands in the others. */
void hll_add(struct hll *h, uint64_t hash)
{
	uint64_t others = hash << HLL_BITS | (uint64_t)1 << (HLL_BITS - 1);

	raise_rank(h, (uint32_t)(hash >> (64 - HLL_BITS)), (unsigned)__builtin_clzll(others) + 1);
}

static void merge_dense(struct hll *into, const uint8_t *rank)
{
	if (!is_dense(into))
		to_dense(into);
	into->n = 0;
	for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
		into->in.rank[i] = into->in.rank[i] > rank[i] ? into->in.rank[i] : rank[i];
		into->n += into->in.rank[i] != 0;
	}
}

void hll_merge(struct hll *into, const struct hll *from)
{
	if (is_dense(from)) {
		merge_dense(into, from->in.rank);
		return;
	}
	for (uint32_t i = 0; i < from->n; i++)
		raise_rank(into, from->in.list[i] >> 6, from->in.list[i] & 63);
}

/* m sigma(zeros / m) in units of 2^-51; 0 < zeros < m. Each power is floored at 62 bits: it is far below the error of the
 * sketch, and the same everywhere. */
static unsigned __int128 zeros_term(uint32_t zeros)
{
	unsigned __int128 x = (unsigned __int128)zeros << (62 - HLL_BITS), sigma = x;

	for (unsigned k = 0; x; k++) {
		x = x * x >> 62;
		sigma += x << k;
	}
	return sigma << (UNIT_BITS + HLL_BITS - 62);
}

static void count_ranks(const struct hll *h, uint32_t count[64])
{
	if (is_dense(h)) {
		for (uint32_t i = 0; i < HLL_REGISTERS; i++)
			count[h->in.rank[i]]++;
	} else {
		for (uint32_t i = 0; i < h->n; i++)
			count[h->in.list[i] & 63]++;
	}
}

uint64_t hll_estimate(const struct hll *h)
{
	uint32_t count[64] = { 0 }, zeros = HLL_REGISTERS - h->n;
	unsigned __int128 sum = 0, n;

	if (h->n == 0)
		return 0;
	count_ranks(h, count);
	for (unsigned k = 1; k <= MAX_RANK; k++)
		sum += (unsigned __int128)count[k] << (UNIT_BITS - k);
	if (zeros)
		sum += zeros_term(zeros);
	n = (HALF_LOG2E << (2 * HLL_BITS + UNIT_BITS)) / sum;
	n = (n + ((unsigned __int128)1 << (HALF_LOG2E_BITS - 1))) >> HALF_LOG2E_BITS;
	return n < UINT64_MAX ? (uint64_t)n : UINT64_MAX;       /* foreign states may be full to the brim */
}

void hll_free(struct hll *h)
{
	free(is_dense(h) ? (void *)h->in.rank : (void *)h->in.list);
	*h = (struct hll){ 0 };
}

void hll_save(const struct hll *h, struct buf *out)
{
	if (h->n == 0)
		return;
	if (is_dense(h)) {
		char *p = buf_room(out, 1 + HLL_REGISTERS);

		*p++ = 'd';
		for (uint32_t i = 0; i < HLL_REGISTERS; i++)
			*p++ = digit[h->in.rank[i]];
		out->n += 1 + HLL_REGISTERS;
		return;
	}
	buf_byte(out, 's');
	for (uint32_t i = 0; i < h->n; i++) {
		uint32_t entry = h->in.list[i];

		buf_add(out, (char[]){ digit[entry >> 18], digit[entry >> 12 & 63], digit[entry >> 6 & 63], digit[entry & 63] }, 4);
	}
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static int parse_dense(const char *p, uint8_t rank[HLL_REGISTERS])
{
	for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
		int v = value_of(p[i]);

		if (v < 0 || v > MAX_RANK)
			return -1;
		rank[i] = (uint8_t)v;
	}
	return 0;
}

/* One entry of the list, or -1. */
static int32_t parse_entry(const char *p)
{
	int32_t entry = 0;

	for (int i = 0; i < 4; i++) {
		int v = value_of(p[i]);

		if (v < 0)
			return -1;
		entry = entry << 6 | v;
	}
	return entry >> 6 < (int32_t)HLL_REGISTERS && (entry & 63) >= 1 && (entry & 63) <= MAX_RANK ? entry : -1;
}

static bool is_list(struct span text)
{
	int32_t last = -1;

	if (text.n == 0 || text.n % 4 || text.n / 4 > HLL_SPARSE_MAX)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		int32_t entry = parse_entry(text.p + i);

		if (entry < 0 || entry >> 6 <= last)
			return false;
		last = entry >> 6;
	}
	return true;
}

/* Dense text of few registers is not what hll_save writes, and is refused: a state has one text. */
static int merge_dense_text(struct hll *into, const char *p)
{
	uint8_t rank[HLL_REGISTERS];
	uint32_t set = 0;

	if (parse_dense(p, rank) < 0)
		return -1;
	for (uint32_t i = 0; i < HLL_REGISTERS; i++)
		set += rank[i] != 0;
	if (set <= HLL_SPARSE_MAX)
		return -1;
	merge_dense(into, rank);
	return 0;
}

int hll_merge_text(struct hll *into, struct span text)
{
	struct span rest = text;

	if (text.n == 0)
		return 0;
	rest.p++, rest.n--;
	if (text.p[0] == 'd' && rest.n == HLL_REGISTERS)
		return merge_dense_text(into, rest.p);
	if (text.p[0] != 's' || !is_list(rest))
		return -1;
	for (size_t i = 0; i < rest.n; i += 4) {
		uint32_t entry = (uint32_t)parse_entry(rest.p + i);

		raise_rank(into, entry >> 6, entry & 63);
	}
	return 0;
}
