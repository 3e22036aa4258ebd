/* SPDX-License-Identifier: MIT */
/* store -- the sink of the speed layer: a checked stream of partials becomes speed files in the directory of a view. Each file
 * carries its rows and the position of the log they go up to, and comes into being by one rename: that is the commit. */
#ifndef SERVE_STORE_STORE_H
#define SERVE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/failure.h"
#include "lib/stream/ledger.h"

struct store_options {
	const char *path;               /* of the view's directory */
	const char *log;                /* NULL, or the log that confirms what is there */
	bool durable;                   /* sync each file; else at most once a second */
	int64_t linger;                 /* ms that replaced files stay */
	size_t max_record;              /* of a line; 0: 64 MiB */
};

/* Reads stdin until stop or end. The exit status. */
int store(const struct store_options *o, struct ledger *ledger, struct failure *f);

#endif
