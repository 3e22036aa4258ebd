/* SPDX-License-Identifier: MIT */
#include "lib/text/scan.h"

#include "lib/base/mem.h"
#include "tests/unit/check.h"

static const char *const names[] = { "portable", "sse2", "avx2", "avx512" };

#define MOST 3000

static struct scan_index new_index(void)
{
	struct scan_index x = { 0 };

	x.sep = mem_array(NULL, MOST + SCAN_SLACK, sizeof *x.sep);
	x.nl = mem_array(NULL, MOST + SCAN_SLACK, sizeof *x.nl);
	x.mark = mem_array(NULL, MOST + SCAN_SLACK, sizeof *x.mark);
	return x;
}

static void free_index(struct scan_index *x)
{
	free(x->sep);
	free(x->nl);
	free(x->mark);
}

static size_t find(const char *p, size_t n, uint32_t base, const char *set, uint32_t *at)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] && strchr(set, p[i]))
			at[k++] = base + (uint32_t)i;
	return k;
}

/* In JSON: backslash, control, not ASCII. */
static size_t find_unplain(const char *p, size_t n, uint32_t base, uint32_t *at)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] == '\\' || (p[i] != '\n' && (unsigned char)p[i] < 0x20) || (unsigned char)p[i] >= 0x80)
			at[k++] = base + (uint32_t)i;
	return k;
}

static bool same(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
	return n == m && memcmp(a, b, n * sizeof *a) == 0;
}

static void compare(const struct scan_kernel *k, const char *p, size_t n, uint32_t base, bool marks)
{
	struct scan_index got = new_index(), want = new_index();
	bool marked;

	want.nsep = find(p, n, base, ",\n", want.sep);
	want.nnl = find(p, n, base, "\n", want.nl);
	want.nmark = marks ? find(p, n, base, "\"", want.mark) : 0;
	k->split(p, n, base, ',', marks ? '"' : '\0', &got);
	CHECK(same(got.sep, got.nsep, want.sep, want.nsep));
	CHECK(same(got.nl, got.nnl, want.nl, want.nnl));
	CHECK(same(got.mark, got.nmark, want.mark, want.nmark));
	CHECK_INT(k->count(p, n, '"', &marked), want.nnl);
	want.nsep = find(p, n, base, "\"\n", want.sep);
	want.nmark = find_unplain(p, n, base, want.mark);
	k->json(p, n, base, &got);
	CHECK(same(got.sep, got.nsep, want.sep, want.nsep));
	CHECK(same(got.nl, got.nnl, want.nl, want.nnl));
	CHECK(same(got.mark, got.nmark, want.mark, want.nmark));
	CHECK_INT(marked, memchr(p, '"', n) != NULL);
	free_index(&got);
	free_index(&want);
}

/* Dense and sparse, all bytes, any length and alignment; in a block of exactly that size, so that a sanitizer sees the
 * first byte read too many. */
static void random_rounds(const struct scan_kernel *k)
{
	static const char some[] = ",\n\"a\0,-\xac\x8a\\\x1f \x7f\x80";
	unsigned long long seed = 3;

	for (int round = 0; round < 3000; round++) {
		size_t n = check_random(&seed) % (round % 10 ? 200 : MOST), shift = check_random(&seed) % 64;
		unsigned sparse = 1 + (unsigned)(check_random(&seed) % 100);
		char *block = mem_alloc(n + shift), *p = block + shift;

		for (size_t i = 0; i < n; i++)
			p[i] = check_random(&seed) % sparse ? (char)check_random(&seed) : some[check_random(&seed) % (sizeof some - 1)];
		compare(k, p, n, (uint32_t)(check_random(&seed) % 1000000), round % 2);
		free(block);
	}
}

TEST(kernels_find_the_same)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct scan_kernel *k = scan_kernel(names[i]);

		if (k)
			random_rounds(k);
		else
			printf("# %s: not on this machine\n", names[i]);
	}
}

TEST(every_byte_a_separator)
{
	char p[MOST];

	memset(p, '\n', sizeof p);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (scan_kernel(names[i]))
			for (size_t n = 0; n < 300; n++)
				compare(scan_kernel(names[i]), p, n, 0, true);
}

TEST(choice)
{
	CHECK(scan_kernel("portable") != NULL);
	CHECK(scan_kernel("abacus") == NULL);
	CHECK(scan_kernel(NULL) != NULL);
	setenv("WEIR_SCAN", "portable", 1);
	CHECK_TEXT(scan_kernel(NULL)->name, "portable");
	setenv("WEIR_SCAN", "abacus", 1);
	CHECK(scan_kernel(NULL) != NULL);
	unsetenv("WEIR_SCAN");
}
