/* SPDX-License-Identifier: MIT */
/* header -- where the rows come from, in front of them: a line for each source of each view.
 *
 *   # view=views/gmv source=orders log=5d2f... position=1210000@5f3a91c2 cut=1200000 generation=7 speed=3
 *     definition=0b2c44aa t=2026-03-19T12:00:00Z rejected=0 age=1.204s complete=yes          (all on one line)
 *
 * Values are percent-encoded; in NDJSON `{"@weir":"view","view":...}`. position: the records before it are in the rows. cut: where
 * batch ends and speed begins, of that generation; speed: files of the speed layer. t: the largest event time of all, watermark (where a
 * delay is known): W by it; age: since the
 * newest file was written. complete=no: something is behind position that does not join. Of a log that `sources` of the
 * definition names and that no view has there is a line with its name and complete=no alone. */
#ifndef SERVE_MERGE_HEADER_H
#define SERVE_MERGE_HEADER_H

#include "serve/merge/operands.h"

/* v: whose time format and zone are used. named: whose sources. delay: of the watermark, ms, or VIEW_NO_DELAY. now: ms since 1970. */
void header_print(const struct operands *o, const struct view *v, const struct view *named, int64_t delay, bool json, int64_t now, struct buf *out);

#endif
