/* SPDX-License-Identifier: MIT */
/* side_opts -- side outputs as mains use them: opened when an option names a file, closed with an honest status. */
#ifndef LIB_STREAM_SIDE_OPTS_H
#define LIB_STREAM_SIDE_OPTS_H

#include "lib/stream/side.h"

/* Outputs that options name must be files of their own: one that is an input, or another output, ends the process with
 * EXIT_USAGE before anything is emptied. NULLs among outputs are fine; devices and pipes may be shared. */
void outputs_check(const char *const *output, size_t noutputs, const char *const *input, size_t ninputs);

/* NULL for NULL; a file that cannot be made ends the process with EXIT_CREATE. */
struct side *side_option(const char *path);

/* Closes it (NULL is fine). A failure is told and becomes EXIT_IO, unless status says something else already. */
int side_finish(struct side *s, int status);

#endif
