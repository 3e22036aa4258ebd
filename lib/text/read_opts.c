/* SPDX-License-Identifier: MIT */
#include "lib/text/read_opts.h"


#include "lib/base/diag.h"

enum record_format format_named(const char *name)
{
	static const struct {
		const char *name;
		enum record_format format;
	} formats[] = {
		{ "csv", FORMAT_CSV }, { "tsv", FORMAT_TSV }, { "ndjson", FORMAT_NDJSON }, { "debezium", FORMAT_DEBEZIUM },
		{ "maxwell", FORMAT_MAXWELL }, { "canal", FORMAT_CANAL }, { "wal2json", FORMAT_WAL2JSON },
	};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	return FORMAT_AUTO;
}

bool read_opts_take(struct reader_options *o, int id, const char *arg)
{
	switch (id) {
	case OPT_INPUT:
		o->format = format_named(arg);
		return true;
	case OPT_NO_HEADER:
		o->no_header = true;
		return true;
	case OPT_ACCEPT_UNTERMINATED:
		o->accept_unterminated = true;
		return true;
	case OPT_MAX_RECORD:
		o->max_record = size_option("max-record", arg);
		return true;
	default:
		return false;
	}
}
