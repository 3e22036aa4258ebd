/* SPDX-License-Identifier: MIT */
/* database -- what the drivers of databases share. */
#ifndef SPEED_CDC_DATABASE_H
#define SPEED_CDC_DATABASE_H

#include <stdbool.h>

#include "lib/base/buf.h"

/* Is it reached over a network, where whoever answers must prove who it is? Not NULL, "", a directory of sockets, or loopback. */
bool database_is_remote(const char *host);
/* A name, or a text, between quotes; a quote within is doubled. */
void database_put_quoted(struct buf *sql, const char *name, char quote);

#endif
