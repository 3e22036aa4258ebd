/* SPDX-License-Identifier: MIT */
/* mem -- allocation that cannot fail for its caller.
 * When memory runs out the process says so and ends with status 71: a filter has nothing better to
 * do, and state on disk is never half written (it is renamed into place). This is the one place
 * below main that may end the process. Everything is released with free(). */
#ifndef LIB_BASE_MEM_H
#define LIB_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#include "lib/base/span.h"

void *mem_alloc(size_t size);                              /* size 0 is fine */
void *mem_zalloc(size_t size);                             /* zeroed */
void *mem_realloc(void *p, size_t size);
void *mem_array(void *p, size_t count, size_t size);       /* realloc to count * size, multiplied with care */
char *mem_text(struct span s);                             /* a copy, NUL-terminated */

/* Room for one more element: doubles *cap when used == *cap. Returns the (moved) array. */
void *mem_grow(void *array, size_t used, size_t *cap, size_t size);

/* Ends the process as out of memory does; for libraries that report it themselves (zlib, libcsv). */
_Noreturn void mem_fail(void);

#endif
