/* SPDX-License-Identifier: MIT */
#include "lib/log/read.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/text/csv_quoted.h"

/* The length of n lines of s. */
static size_t lines_length(struct span s, uint64_t n)
{
	const char *p = s.p, *end = s.p + s.n;

	for (; n && p < end; n--)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	return (size_t)(p - s.p);
}

static uint64_t count_lines(struct span s)
{
	const char *p = s.p, *end = s.p + s.n;
	uint64_t n = 0;

	for (; p < end; n++)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	return n;
}

/* The length of n records that may hold newlines. What is not well quoted was never let in; should it be there, a line is a record. */
static size_t records_length(struct span s, uint64_t n)
{
	const char *p = s.p, *end = s.p + s.n;

	for (; n && p < end; n--) {
		size_t left = (size_t)(end - p);
		struct csv_record r;

		if (csv_extent(p, end, left, true, &r) == CSV_WHOLE)
			p += r.length;
		else
			p += lines_length((struct span){ p, left }, 1);
	}
	return (size_t)(p - s.p);
}

void log_block_cut(struct log_block *block, uint64_t n, struct log_block *head)
{
	bool plain = block->lines == block->end.at - block->first.at;
	size_t length;

	*head = *block;
	if (n >= block->end.at - block->first.at) {
		block->first = block->end;
		block->data = (struct span){ block->data.p + block->data.n, 0 };
		block->lines = 0;
		return;
	}
	length = plain ? lines_length(block->data, n) : records_length(block->data, n);
	head->data.n = length;
	head->lines = plain ? n : count_lines(head->data);
	head->end = (struct position){ block->first.at + n, hash_crc32c(block->first.chain, head->data.p, length) };
	block->first = head->end;
	block->data.p += length;
	block->data.n -= length;
	block->lines -= head->lines;
}
