/* SPDX-License-Identifier: MIT */
/* parallel -- one thread reads and cuts, N threads parse and aggregate, each into an engine of its own; then they merge.
 * Only where the order of records does not decide anything; bad records are reported in their order all the same. */
#ifndef SPEED_WINDOW_PARALLEL_H
#define SPEED_WINDOW_PARALLEL_H

#include "speed/window/run.h"
#include "speed/window/source.h"

/* Begins source i, unless that is done. 0, or -1 with the engine's failure. */
typedef int parallel_open(void *context, size_t i);
/* Closes source i: nobody needs it any more. */
typedef void parallel_close(void *context, size_t i);

/* Reads one source after the other; all they hold ends up in engine. 0, or -1 with the engine's failure. */
int parallel_run(const struct view *v, const struct run_options *o, struct source *source, size_t n, struct engine *engine,
                 parallel_open *open_next, parallel_close *close_done, void *context);

#endif
