/* SPDX-License-Identifier: MIT */
/* mutant -- negative controls: each safety step of the exactly-once protocol can be left out in the build of `make SAN=mutants`,
 * by WEIR_MUTANT=<step>, and a test shows that something breaks without it. In every other build this is constant false.
 *
 *   fsync           nothing is synced
 *   cas             a sink commits without looking whether its record is still what it was
 *   run-tag         snapshots are found by epoch alone
 *   eof-commit      the end of input is taken for `end`
 *   early-forward   a barrier goes on before the snapshot is durable */
#ifndef LIB_BASE_MUTANT_H
#define LIB_BASE_MUTANT_H

#include <stdbool.h>

#ifdef WEIR_MUTANTS
#include <stdlib.h>
#include <string.h>

static inline bool mutant(const char *step)
{
	const char *chosen = getenv("WEIR_MUTANT");

	return chosen && strcmp(chosen, step) == 0;
}
#else
#define mutant(step) false
#endif

#endif
