/* SPDX-License-Identifier: MIT */
/* maintain -- `event-log info`, `verify`, `seal` and `repair`. Each returns the exit status; failure says why when it has a text. */
#ifndef BATCH_LOG_MAINTAIN_H
#define BATCH_LOG_MAINTAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/failure.h"
#include "lib/stream/out.h"

struct maintain_options {
	const char *path;               /* of the log */
	int64_t wait_ms;                /* for the lock; seal: for the running writer */
	bool json, quarantine, compress;
};

int log_info(const struct maintain_options *o, struct out *out, struct failure *f);
int log_verify(const struct maintain_options *o, struct out *out, struct failure *f);
int log_seal_run(const struct maintain_options *o, struct failure *f);
/* Beside them: is there a log in dir, with so many segments? -1: EXIT_IO. */
int maintain_log_is_there(int dir, const char *path, size_t segments, struct failure *f);
int log_repair(const struct maintain_options *o, struct out *out, struct failure *f);         /* repair.c */

#endif
