/* SPDX-License-Identifier: MIT */
/* view_opts -- the words of a definition as rows of an option table: the tools that take a view have the same options, and
 * each option sets the word of its name. */
#ifndef LIB_VIEW_VIEW_OPTS_H
#define LIB_VIEW_VIEW_OPTS_H

#include "lib/base/opts.h"
#include "lib/view/definition.h"

enum { OPT_WORD = 1000 };       /* ids of these rows; which word it is, the name says */

#define VIEW_OPTS \
	{ OPT_WORD, 't', "time", "COLUMN", "event time of each record", "Definition of the view" }, \
	{ OPT_WORD, 'w', "window", "DURATION|none", "tumbling, sliding or calendar window: 1m 1h 1d 1w 1mo 1y, or none", NULL }, \
	{ OPT_WORD, 0, "slide", "DURATION", "begin a window every DURATION", NULL }, \
	{ OPT_WORD, 0, "session", "DURATION", "session windows: a quiet DURATION ends one", NULL }, \
	{ OPT_WORD, 0, "offset", "DURATION", "shift window starts", NULL }, \
	{ OPT_WORD, 0, "tz", "ZONE", "time zone of calendar windows and printed times", NULL }, \
	{ OPT_WORD, 'g', "group-by", "KEYS", "key columns, or name = expression, parted by commas", NULL }, \
	{ OPT_WORD, 0, "where", "CONDITION", "take only records for which it is true", NULL }, \
	{ OPT_WORD, 'm', "measure", "NAME=AGGREGATE", "an aggregate column: gmv=sum(price*quantity) where paid == \"y\"", NULL }, \
	{ OPT_WORD, 'd', "derive", "NAME=EXPR", "a column computed from measures: basket=gmv/orders", NULL }, \
	{ OPT_WORD, 0, "retract", NULL, "take changes: _op +I +U count once, -U -D take back", NULL }, \
	{ OPT_WORD, 0, "on-bad", "stop|skip", "what a bad record does (default stop)", NULL }, \
	{ OPT_WORD, 0, "time-unit", "auto|s|ms|us|ns", "unit of numeric times (default auto, by magnitude)", NULL }, \
	{ OPT_WORD, 0, "input-tz", "ZONE", "zone of times that carry no offset (default UTC)", NULL }, \
	{ OPT_WORD, 0, "digits", "N", "digits of averages and quotients (default 6)", NULL }, \
	{ OPT_WORD, 0, "time-format", "rfc3339|epoch-ms", "how times are printed", NULL }, \
	{ OPT_WORD, 0, "sources", "LOGS", "the logs a view is made from; only noted here", NULL }, \
	{ OPT_WORD, 'e', "emit", "final|updates|changelog|partial", "what to print (default final)", "Emission" }, \
	{ OPT_WORD, 0, "every", "DURATION|record", "updates, changelog: print changes earlier too", NULL }, \
	{ OPT_WORD, 0, "fill", NULL, "rows also for windows in which a known key was quiet", NULL }, \
	{ OPT_WORD, 0, "fill-max", "N", "at most N such rows (default 1000000)", NULL }, \
	{ OPT_WORD, 0, "watermark-delay", "DURATION", "how far out of order records may be; without it windows fire at the end", "Time" }, \
	{ OPT_WORD, 0, "allowed-lateness", "DURATION", "keep windows that long after they fired", NULL }, \
	{ OPT_WORD, 0, "idle-timeout", "DURATION", "an input quiet for that long holds nothing back", NULL }, \
	{ OPT_WORD, 0, "max-ahead", "DURATION", "a record further ahead does not move the watermark", NULL }

/* The whole definition of a .view file, finished; the process ends with EXIT_CONFIG when it is none. */
struct view *view_option(const char *path);

#endif
