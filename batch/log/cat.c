/* SPDX-License-Identifier: MIT */
#include "batch/log/cat.h"

#include <inttypes.h>
#include <string.h>

#include "batch/log/follow.h"
#include "batch/log/plain.h"
#include "batch/log/source.h"
#include "lib/base/diag.h"

static int usage(struct failure *f, const char *what)
{
	return failure_set(f, EXIT_USAGE, "%s", what);
}

static int check(const struct cat_options *o, struct failure *f)
{
	bool checked = o->checked || o->nresume;

	if ((o->since || o->until) && !o->time)
		return usage(f, "--since and --until need --time");
	if (o->time && !o->since && !o->until)
		return usage(f, "--time: goes with --since or --until");
	if (checked && (o->time || o->output))
		return usage(f, "a checked stream holds all records as they are stored: no --since, --until or --output");
	if (o->nresume && o->has_from)
		return usage(f, "--resume-from says where to begin: no --from");
	if (o->fallback && o->nresume != 1)
		return usage(f, "--fallback goes with one --resume-from: states are those of a pipeline with one sink");
	if (!checked && (o->final || o->epoch_records || o->epoch_bytes || o->epoch_ms >= 0))
		return usage(f, "--final and --epoch-... are for checked streams: --checked or --resume-from");
	if (o->final && o->follow)
		return usage(f, "--final: what is complete is not waited for (--follow)");
	if (o->has_from && o->has_to && o->from.at > o->to.at)
		return usage(f, "--to is before --from");
	return 0;
}

/* A log that is not there yet may be waited for. */
static int open_log(struct log_dir *dir, const struct cat_options *o, struct failure *f)
{
	if (log_dir_open(dir, o->path, true, f) < 0)
		return -1;
	if (dir->n || o->follow)
		return 0;
	if (dir->fd >= 0 && log_dir_is_one(dir))
		return 0;
	return failure_set(f, EXIT_IO, "%s: there is no log", o->path);
}

int cat_run(const struct cat_options *o, struct out *out, struct ledger *ledger, struct failure *f)
{
	struct log_dir dir;
	int rc = check(o, f);

	if (rc < 0)
		return f->status;
	if (open_log(&dir, o, f) < 0)
		rc = -1;
	else
		rc = o->checked || o->nresume ? source_run(o, &dir, out, ledger, f) : plain_run(o, &dir, out, ledger, f);
	log_dir_close(&dir);
	return rc == 0 ? 0 : f->status ? f->status : EXIT_IO;
}
