/* SPDX-License-Identifier: MIT */
/* peek -- up to 16 bytes as two words, without asking how many there are: a branch on the length of a key is guessed wrongly as often as
 * lengths vary, which costs more than all that is done with it.
 *
 * More is read than is there, but nothing beyond the page that the last byte is in, so it cannot fault; what was read too much is masked. Where
 * that is not to be had (another machine, the end of a page) the bytes are copied. */
#ifndef LIB_BASE_PEEK_H
#define LIB_BASE_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PEEK_MOST 16
#define PEEK_PAGE 4096          /* the smallest there is */

/* Byte i of the text in bits 8i of word 0, the rest in word 1; zeros behind the n bytes. */
struct peek {
	uint64_t w[2];
};

extern const struct peek peek_mask[PEEK_MOST + 1];

static inline bool peek_is_safe(const void *p)
{
	return ((uintptr_t)p & (PEEK_PAGE - 1)) <= PEEK_PAGE - PEEK_MOST;
}

/* Behind a function's back: tools that look for reads beyond an object would find these. */
static inline uint64_t peek_word(const char *p)
{
	uint64_t v;

#if defined(__x86_64__)
	__asm__("movq %1, %0" : "=r"(v) : "m"(*(const char (*)[8])p));
#else
	memcpy(&v, p, sizeof v);
#endif
	return v;
}

struct peek peek_copy(const char *p, size_t n);         /* the careful way */

/* n <= PEEK_MOST; p may be NULL when n is 0. */
static inline struct peek peek(const char *p, size_t n)
{
#if defined(__x86_64__)
	__asm__("" : "+r"(p));          /* now the compiler does not know either where the object ends */
	if (__builtin_expect(peek_is_safe(p) && p, 1))
		return (struct peek){ { peek_word(p) & peek_mask[n].w[0], peek_word(p + 8) & peek_mask[n].w[1] } };
#endif
	return peek_copy(p, n);
}

/* Back into memory, all 16. */
static inline void peek_put(char *to, struct peek k)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	k.w[0] = __builtin_bswap64(k.w[0]), k.w[1] = __builtin_bswap64(k.w[1]);
#endif
	memcpy(to, &k, sizeof k);
}

#endif
