/* SPDX-License-Identifier: MIT */
/* The body of a scan kernel, included once by each scan_<name>.c behind
 *   SCAN_NAME          its name, a string
 *   SCAN_TARGET        function attributes: the instruction set
 *   scan_match(p, c)   the 64 bytes at p: bit i is set where p[i] == c
 *   scan_below(p)      the same where p[i], signed, is below a blank: controls and all that is not ASCII
 *   scan_emit(out, bits, base)   (optional, with SCAN_HAS_EMIT) writes base + the number of each set bit, returns the
 *                      end; may scribble over the SCAN_SLACK behind it */
#include <string.h>

#ifndef SCAN_HAS_EMIT
/* Eight at a time without asking: a branch per bit would often be guessed wrongly. */
SCAN_TARGET static inline uint32_t *scan_emit(uint32_t *out, uint64_t bits, uint32_t base)
{
	uint32_t *end = out + __builtin_popcountll(bits);

	while (out < end) {
		for (int i = 0; i < 8; i++) {
			out[i] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
			bits &= bits - 1;
		}
		out += 8;
	}
	return end;
}
#endif

/* The same for bits that are few, mostly none or one: whether it is one is not asked. */
SCAN_TARGET static inline uint32_t *scan_emit_few(uint32_t *out, uint64_t bits, uint32_t base)
{
	uint32_t *end = out + __builtin_popcountll(bits);

	do {
		*out++ = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
		bits &= bits - 1;
	} while (out < end);
	return end;
}

/* A last part as 64 bytes: NUL is none of those looked for. The compiler must not see that the answer is rest: gcc would
 * read it as aligned to 64, and in the frames its sanitizer makes to find use after return it is not. */
SCAN_TARGET static inline const char *scan_rest(char rest[64], const char *p, size_t n)
{
	memset(rest, 0, 64);
	memcpy(rest, p, n);
	__asm__("" : "+r"(rest) : : "memory");
	return rest;
}

/* What is marked: nothing, a byte, or what takes a record of JSON off the plain path. */
enum scan_marks { SCAN_NO_MARKS, SCAN_BYTE, SCAN_JSON };

struct scan_ends {
	uint32_t *sep, *nl, *mark;
};

SCAN_TARGET static inline __attribute__((always_inline))
void scan_step(const char *p, uint32_t base, char delim, char mark, enum scan_marks marks, uint64_t there, struct scan_ends *end)
{
	uint64_t nl = scan_match(p, '\n'), sep = scan_match(p, delim) | nl;
	uint64_t marked = marks ? scan_match(p, mark) : 0;

	if (marks == SCAN_JSON)
		marked |= scan_below(p) & ~nl & there;

	end->sep = scan_emit(end->sep, sep, base);
	end->nl = scan_emit_few(end->nl, nl, base);
	end->mark = scan_emit_few(end->mark, marked, base);
}

SCAN_TARGET static inline __attribute__((always_inline))
void scan_all(const char *p, size_t n, uint32_t base, char delim, char mark, enum scan_marks marks, struct scan_index *out)
{
	struct scan_ends end = { out->sep, out->nl, out->mark };
	char rest[64];
	size_t i = 0;

	for (; n - i >= 64; i += 64)
		scan_step(p + i, base + (uint32_t)i, delim, mark, marks, UINT64_MAX, &end);
	if (i < n)
		scan_step(scan_rest(rest, p + i, n - i), base + (uint32_t)i, delim, mark, marks, UINT64_MAX >> (64 - (n - i)), &end);
	out->nsep = (size_t)(end.sep - out->sep);
	out->nnl = (size_t)(end.nl - out->nl);
	out->nmark = (size_t)(end.mark - out->mark);
}

SCAN_TARGET static void split(const char *p, size_t n, uint32_t base, char delim, char mark, struct scan_index *out)
{
	if (mark)
		scan_all(p, n, base, delim, mark, SCAN_BYTE, out);
	else
		scan_all(p, n, base, delim, mark, SCAN_NO_MARKS, out);
}

SCAN_TARGET static void json(const char *p, size_t n, uint32_t base, struct scan_index *out)
{
	scan_all(p, n, base, '"', '\\', SCAN_JSON, out);
}

SCAN_TARGET static size_t count(const char *p, size_t n, char mark, bool *marked)
{
	char rest[64];
	uint64_t marks = 0;
	size_t lines = 0, i = 0;

	for (; n - i >= 64; i += 64) {
		lines += (size_t)__builtin_popcountll(scan_match(p + i, '\n'));
		marks |= scan_match(p + i, mark);
	}
	if (i < n) {
		const char *last = scan_rest(rest, p + i, n - i);

		lines += (size_t)__builtin_popcountll(scan_match(last, '\n'));
		marks |= scan_match(last, mark);
	}
	*marked = marks != 0;
	return lines;
}
