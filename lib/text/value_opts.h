/* SPDX-License-Identifier: MIT */
/* value_opts -- arguments of options that several tools take. A bad one ends the process with EXIT_USAGE and a message that names
 * the option. */
#ifndef LIB_TEXT_VALUE_OPTS_H
#define LIB_TEXT_VALUE_OPTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/text/timestamp.h"

int64_t duration_option(const char *name, const char *text);                    /* ms */
struct zone *zone_option(const char *name, const char *text);                   /* owned */
enum time_unit unit_option(const char *text);                                   /* the text is a choice of the table */
/* A count with K, M or G (powers of 1024), not 0. */
size_t size_option(const char *name, const char *text);

#endif
