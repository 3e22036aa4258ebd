/* SPDX-License-Identifier: MIT */
/* ledger -- where every record went. In every tool: in = out + late + duplicate + rejected + filtered. */
#ifndef LIB_STREAM_LEDGER_H
#define LIB_STREAM_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger {
	uint64_t in;            /* records read */
	uint64_t out;           /* passed on, or aggregated */
	uint64_t late;          /* dropped from every window: too late */
	uint64_t duplicate;
	uint64_t rejected;      /* bad records skipped */
	uint64_t filtered;      /* by where, or in no window because slides leave gaps */

	/* beside the sum */
	uint64_t late_windows;  /* (record, window) pairs dropped: a sliding record may miss some of its windows only */
	uint64_t rows;          /* rows written */
	uint64_t bytes;         /* read */
};

void ledger_add(struct ledger *into, const struct ledger *from);

/* One JSON object on one line; its length. */
#define LEDGER_TEXT 4096
size_t ledger_print(const struct ledger *l, const char *tool, char text[LEDGER_TEXT]);
/* For Prometheus' textfile collector: written beside path and renamed into place; a device, pipe or link is written to as
 * it is. 0, or -1: errno. Neither allocates: a signal handler may call them. */
int ledger_write_file(const struct ledger *l, const char *tool, const char *path);
/* The same for other metrics. */
int metrics_write_file(const char *path, const char *text, size_t size);

#endif
