/* SPDX-License-Identifier: MIT */
/* check -- a unit test program: TEST(name) { ... CHECK...; } blocks, one include, nothing else.
 * Prints TAP. A failed check says file, line and values, and the program goes on with the next test. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/diag.h"
#include "lib/base/span.h"

struct check_test {
	const char *name;
	void (*run)(void);
	struct check_test *next;
};
static struct check_test *check_first, **check_last = &check_first;
static int check_failures;

#define TEST(id) \
	static void test_##id(void); \
	static struct check_test entry_##id = { #id, test_##id, NULL }; \
	__attribute__((constructor)) static void add_##id(void) { *check_last = &entry_##id; check_last = &entry_##id.next; } \
	static void test_##id(void)

#define CHECK(cond) \
	do { if (!(cond)) { check_failures++; printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); } } while (0)

#define CHECK_INT(got, want) \
	do { long long g_ = (long long)(got), w_ = (long long)(want); \
		if (g_ != w_) { check_failures++; printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, g_, w_); } } while (0)

static inline void check_span(const char *file, int line, const char *what, struct span got, const char *want)
{
	if (span_eq(got, span_of(want)))
		return;
	check_failures++;
	printf("# %s:%d: %s is \"%.*s\", not \"%s\"\n", file, line, what, (int)got.n, got.p ? got.p : "", want);
}
#define CHECK_SPAN(got, want) check_span(__FILE__, __LINE__, #got, (got), (want))
#define CHECK_TEXT(got, want) check_span(__FILE__, __LINE__, #got, span_of(got), (want))
#define CHECK_BUF(buf, want) check_span(__FILE__, __LINE__, #buf, buf_view(&(buf)), (want))

/* splitmix64: random input that is the same in every run; CHECK_SEED in the environment makes another. */
static inline unsigned long long check_random(unsigned long long *state)
{
	unsigned long long z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int main(void)
{
	int n = 0, failed = 0;

	diag_init("test");
	for (struct check_test *t = check_first; t; t = t->next) {
		int before = check_failures;

		t->run();
		failed += check_failures > before;
		printf("%sok %d - %s\n", check_failures > before ? "not " : "", ++n, t->name);
		fflush(stdout);
	}
	printf("1..%d\n", n);
	return failed != 0;
}

#endif
