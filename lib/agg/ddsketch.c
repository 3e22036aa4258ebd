/* SPDX-License-Identifier: MIT */
/* The bounds of one doubling serve for all: shifted to 64 bits, a value is compared with exact integers. */
#include "lib/agg/ddsketch.h"

#include "lib/agg/state_text.h"
#include "lib/base/limbs.h"

#define PER_DOUBLING 35

/* ceil(2^63 2^(j/35)): integers from there up to the next are bin j. */
static const uint64_t bound[PER_DOUBLING] = {
	0x8000000000000000u, 0x828f69a92a6bd402u, 0x852bef4e0b5e38bcu, 0x87d5d40ea72ef913u, 0x8a8d5c62b775133fu,
	0x8d52ce208af3eb23u, 0x9026708408bc0932u, 0x93088c35d733a4b6u, 0x95f96b52a7bed348u, 0x98f95972a7c2e49fu,
	0x9c08a3b117c43215u, 0x9f2798b409617cbdu, 0xa25688b444f3dbd0u, 0xa595c585579e3855u, 0xa8e5a29dca9b622cu,
	0xac46751f849deee5u, 0xafb893e056194c24u, 0xb33c5772b14fbe47u, 0xb6d21a2e8f056939u, 0xba7a383a80bcfcbcu,
	0xbe350f94f1673025u, 0xc203001d9572e35du, 0xc5e46b9f0b307cd0u, 0xc9d9b5d8ac7ff620u, 0xcde3448892c5fc7eu,
	0xd2017f75ce2995d4u, 0xd634d07ad120e231u, 0xda7da3901158d184u, 0xdedc66d6df09010bu, 0xe3518aa473ca6ae3u,
	0xe7dd818d3a0d24f8u, 0xec80c0704e4f1c07u, 0xf13bbe833b3b83dbu, 0xf60ef55df1e0a045u, 0xfafae106ff2f92bdu,
};

/* The value with the same relative distance to both ends of its bin: round(2^63 2^(j/35) 2 g / (1 + g)), g = 2^(1/35). */
static const uint64_t middle[PER_DOUBLING] = {
	0x81447624633f4c46u, 0x83da5d2df1985bbdu, 0x867d816e252415bbu, 0x892e26af2939dc6bu, 0x8bec921645b04a12u,
	0x8eb90a2ad0378c33u, 0x9193d6dd41408630u, 0x947d418e6d26c33au, 0x97759516e256e354u, 0x9a7d1dce6d2ee5e9u,
	0x9d942993c2597e41u, 0xa0bb07d450697b38u, 0xa3f20994397e3c67u, 0xa739817675be3442u, 0xaa91c3c51f789015u,
	0xadfb2679e9c34db5u, 0xb1760146c26f4a91u, 0xb502ad9ea03031fbu, 0xb8a186be7ddaa076u, 0xbc52e9b6839f5901u,
	0xc01735735f2f0748u, 0xc3eecac7cbb6bf71u, 0xc7da0c764aaa3a2du, 0xcbd95f3b0e55b212u, 0xcfed29d6173646eau,
	0xd415d515851ce4bcu, 0xd853cbe01d24dfa4u, 0xdca77b40058cc363u, 0xe111526db8853eb2u, 0xe591c2db2f0f9712u,
	0xea29403f450ab2ddu, 0xeed840a157938530u, 0xf39f3c651ee38285u, 0xf87eae56c4ddbe04u, 0xfd7713b739816774u,
};

static unsigned bit_length(u128 u)
{
	uint64_t high = (uint64_t)(u >> 64);

	return high ? 128 - (unsigned)__builtin_clzll(high) : 64 - (unsigned)__builtin_clzll((uint64_t)u);
}

/* Dropping bits below the 64 kept cannot change a comparison with an integer. */
static int32_t bin_of(u128 u)
{
	unsigned bits = bit_length(u), low = 0, n = PER_DOUBLING;
	uint64_t top = (uint64_t)(bits > 64 ? u >> (bits - 64) : u << (64 - bits));

	while (n > 1) {                         /* bound[low] <= top */
		unsigned half = n / 2;

		low += bound[low + half] <= top ? half : 0;
		n -= half;
	}
	return (int32_t)(PER_DOUBLING * (bits - 1) + low + 1);
}

int32_t ddsketch_bin(struct decimal d)
{
	u128 u = (u128)(d.m < 0 ? -d.m : d.m) * limbs_pow10[DECIMAL_MAX_SCALE - d.scale];

	if (u == 0)
		return 0;
	return d.m < 0 ? -bin_of(u) : bin_of(u);
}

struct decimal ddsketch_value(int32_t bin)
{
	unsigned k = (unsigned)(bin < 0 ? -bin : bin) - 1, bits, digits = 0;
	struct decimal d = { .scale = DECIMAL_MAX_SCALE };
	u128 u, unit = 1;

	if (bin == 0)
		return (struct decimal){ 0 };
	bits = k / PER_DOUBLING + 1;
	u = middle[k % PER_DOUBLING];
	u = bits >= 64 ? u << (bits - 64) : ((u >> (63 - bits)) + 1) >> 1;
	for (u128 rest = u; rest >= 1000000; rest /= 10, digits++)
		unit *= 10;
	u = (u + unit / 2) / unit;
	if (digits > DECIMAL_MAX_SCALE)
		u *= limbs_pow10[digits - DECIMAL_MAX_SCALE], digits = DECIMAL_MAX_SCALE;
	d.scale -= digits;
	d.m = bin < 0 ? -(i128)u : (i128)u;
	return decimal_normal(d);
}

/* Where bin stands, or belongs. Without branches: which half it is in cannot be foreseen. */
static uint32_t find(const struct ddsketch *s, int32_t bin)
{
	uint32_t low = 0, n = s->n;

	while (n > 1) {
		uint32_t half = n / 2;

		low += s->bin[low + half - 1].bin < bin ? half : 0;
		n -= half;
	}
	return low + (n && s->bin[low].bin < bin);
}

static void insert(struct ddsketch *s, uint32_t at, int32_t bin, int64_t weight)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 4;
		s->bin = mem_array(s->bin, s->cap, sizeof *s->bin);
	}
	memmove(s->bin + at + 1, s->bin + at, (s->n++ - at) * sizeof *s->bin);
	s->bin[at] = (struct ddsketch_bin){ bin, weight };
}

void ddsketch_add(struct ddsketch *s, int32_t bin, int64_t weight)
{
	uint32_t at = find(s, bin);

	if (weight == 0)
		return;
	if (at == s->n || s->bin[at].bin != bin) {
		insert(s, at, bin, weight);
		return;
	}
	s->bin[at].weight = weight_add(s->bin[at].weight, weight);
	if (s->bin[at].weight == 0)
		memmove(s->bin + at, s->bin + at + 1, (--s->n - at) * sizeof *s->bin);
}

void ddsketch_merge(struct ddsketch *into, const struct ddsketch *from)
{
	for (uint32_t i = 0; i < from->n; i++)
		ddsketch_add(into, from->bin[i].bin, from->bin[i].weight);
}

void ddsketch_free(struct ddsketch *s)
{
	free(s->bin);
	*s = (struct ddsketch){ 0 };
}

bool ddsketch_quantile(const struct ddsketch *s, struct decimal q, int32_t *bin)
{
	u128 unit = limbs_pow10[q.scale], rank, total = 0, seen = 0;

	for (uint32_t i = 0; i < s->n; i++)
		total += s->bin[i].weight > 0 ? (uint64_t)s->bin[i].weight : 0;
	if (total == 0)
		return false;
	/* q <= 1 and total < 8890 * 2^63: the whole units and the fraction of q apart, or the product may not fit. */
	rank = total / unit * (u128)q.m + (total % unit * (u128)q.m + unit - 1) / unit;
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->bin[i].weight <= 0)
			continue;
		seen += (uint64_t)s->bin[i].weight;
		if (seen >= rank) {
			*bin = s->bin[i].bin;
			break;
		}
	}
	return true;
}

void ddsketch_save(const struct ddsketch *s, struct buf *out)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (i)
			buf_byte(out, ',');
		buf_i64(out, s->bin[i].bin);
		buf_byte(out, ':');
		buf_i64(out, s->bin[i].weight);
	}
}

int ddsketch_merge_text(struct ddsketch *into, struct span text)
{
	if (text.n && text.p[text.n - 1] == ',')
		return -1;
	while (text.n) {
		struct span item = state_cut(&text, ','), bin_text = state_cut(&item, ':');
		int64_t bin, weight;

		if (state_weight(bin_text, &bin) < 0 || bin < -DDSKETCH_BINS || bin > DDSKETCH_BINS)
			return -1;
		if (state_weight(item, &weight) < 0 || weight == 0)
			return -1;
		ddsketch_add(into, (int32_t)bin, weight);
	}
	return 0;
}
