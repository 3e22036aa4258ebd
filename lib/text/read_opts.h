/* SPDX-License-Identifier: MIT */
/* read_opts -- the options of whoever reads records, the same in every tool. */
#ifndef LIB_TEXT_READ_OPTS_H
#define LIB_TEXT_READ_OPTS_H

#include "lib/base/opts.h"
#include "lib/text/reader.h"
#include "lib/text/value_opts.h"

enum { OPT_INPUT = 2000, OPT_NO_HEADER, OPT_ACCEPT_UNTERMINATED, OPT_MAX_RECORD };

#define READ_OPTS \
	{ OPT_INPUT, 'i', "input", "csv|tsv|ndjson|debezium|maxwell|canal|wal2json", "format of the input (default: by its first byte)", "Input" }, \
	{ OPT_NO_HEADER, 0, "no-header", NULL, "the first line is data: columns are @1, @2 and so on", NULL }, \
	{ OPT_MAX_RECORD, 0, "max-record", "BYTES", "longer records are bad (default 1M; K, M, G)", NULL }, \
	{ OPT_ACCEPT_UNTERMINATED, 0, "accept-unterminated", NULL, "take a last line without newline from a pipe", NULL }

/* Takes an option of these; false: it is none of them. Bad values end the process with EXIT_USAGE. */
bool read_opts_take(struct reader_options *o, int id, const char *arg);

/* `csv` -> FORMAT_CSV; the text is a choice of the table. */
enum record_format format_named(const char *name);


#endif
