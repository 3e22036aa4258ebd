/* SPDX-License-Identifier: MIT */
/* report -- what happens to a pipeline, for people and for monitoring: a line on stderr, the same with its time in a log, and
 * metrics for Prometheus' textfile collector. */
#ifndef SPEED_PIPELINE_REPORT_H
#define SPEED_PIPELINE_REPORT_H

#include <stdint.h>

#include "speed/pipeline/members.h"

struct report {
	const char *log, *metrics;      /* files, or NULL */
	const struct members *members;
	uint64_t restarts;              /* in all */
	int64_t since;                  /* wall clock, ms: when it was last started */
	bool log_failed;                /* told once */
};

/* Makes sure that the log can be written. -1: EXIT_CREATE. */
int report_open(const struct report *r, struct failure *f);

void report_say(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How it ended, `window-agg (2): killed by signal 9 after 12.3 s`. */
void report_end(struct report *r, const struct member *one, int64_t ms);
void report_metrics(struct report *r, bool up);

/* "400 ms", "12.3 s"; one of two texts in turn. */
const char *report_span(int64_t ms);

/* Its place in the pipeline, from 1. */
size_t report_place(const struct report *r, const struct member *one);

#endif
