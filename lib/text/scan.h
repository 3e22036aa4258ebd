/* SPDX-License-Identifier: MIT */
/* scan -- where the separators, line ends and marks of a chunk of text are, 64 bytes a step.
 *
 * Kernels do the same with different instructions: `portable` (eight bytes in a register), `sse2`, `avx2` and `avx512`
 * (needs VBMI2). None reads beyond the n bytes it is given. The fastest one that the machine has is taken, unless the
 * environment variable WEIR_SCAN names another: for tests and measurements; the result is the same. */
#ifndef LIB_TEXT_SCAN_H
#define LIB_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Positions in ascending order; the caller's arrays, each with room for n + SCAN_SLACK. */
#define SCAN_SLACK 64

struct scan_index {
	uint32_t *sep, *nl, *mark;      /* sep: delimiters and newlines */
	size_t nsep, nnl, nmark;
};

struct scan_kernel {
	const char *name;

	/* Fills the index with base + the position in p. n and base + n are below 2^32; delim and mark are not NUL.
	 * With mark 0 no marks are looked for. */
	void (*split)(const char *p, size_t n, uint32_t base, char delim, char mark, struct scan_index *out);

	/* The same for JSON: sep are quotes and newlines, marks what takes a record off the plain path: backslashes, controls
	 * but the newline, and bytes that are not ASCII. */
	void (*json)(const char *p, size_t n, uint32_t base, struct scan_index *out);

	/* The number of newlines, and whether the mark occurs. */
	size_t (*count)(const char *p, size_t n, char mark, bool *marked);
};

/* By name, NULL when there is none or this machine cannot run it; scan_kernel(NULL) is the one to use, never NULL. */
const struct scan_kernel *scan_kernel(const char *name);

#endif
