/* SPDX-License-Identifier: MIT */
#include "lib/base/peek.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/check.h"

static bool same(struct peek a, struct peek b)
{
	return a.w[0] == b.w[0] && a.w[1] == b.w[1];
}

TEST(the_same_as_a_copy_at_any_place_and_length)
{
	char room[256];
	unsigned long long seed = 5;

	for (size_t i = 0; i < sizeof room; i++)
		room[i] = (char)check_random(&seed);
	for (size_t n = 0; n <= PEEK_MOST; n++)
		for (size_t at = 0; at + n <= sizeof room; at++)
			CHECK(same(peek(room + at, n), peek_copy(room + at, n)));
	CHECK(same(peek(NULL, 0), (struct peek){ { 0, 0 } }));
	CHECK(same(peek("abc", 3), (struct peek){ { 0x636261, 0 } }));
	CHECK(same(peek("123456789", 9), (struct peek){ { UINT64_C(0x3837363534333231), 0x39 } }));
}

TEST(no_other_page_is_read)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED && mprotect(p + page, page, PROT_NONE) == 0);
	memset(p, 'x', page);
	for (size_t n = 1; n <= PEEK_MOST; n++)
		CHECK(same(peek(p + page - n, n), peek_copy(p + page - n, n)));
	munmap(p, 2 * page);
}
