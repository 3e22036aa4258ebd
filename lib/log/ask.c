/* SPDX-License-Identifier: MIT */
/* Sealing from outside: without a writer it is done here; a running one is asked by a file, which goes when the request was met. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/write.h"

#define STEP_MS 20
#define STEPS 10                /* until it is tried here again: the writer may have gone */

/* 0: done; 1: another process is writing; -1. */
static int seal_here(const char *path, bool compress, struct failure *f)
{
	const struct log_write_options o = { .compress = compress };
	struct failure why = { 0 };
	struct log_writer *w = log_writer_open(path, &o, &why);
	int rc;

	if (!w)
		return why.status == EXIT_RETRY ? 1 : failure_set(f, why.status, "%s", why.text);
	rc = log_writer_seal(w, f);
	return log_writer_close(w, f) < 0 ? -1 : rc;
}

static int ask(const char *path, int dir, struct failure *f)
{
	int fd = openat(dir, LOG_SEAL_REQUEST, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return failure_set(f, EXIT_CREATE, "%s/%s: %s", path, LOG_SEAL_REQUEST, strerror(errno));
	close(fd);
	return 0;
}

static bool is_met(int dir)
{
	return faccessat(dir, LOG_SEAL_REQUEST, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* As seal_here, while the writer has time to do it. */
static int wait_for_writer(const char *path, int dir, int64_t until, bool compress, struct failure *f)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	int rc = 1;

	for (int i = 1; rc > 0; i++) {
		if (is_met(dir))
			return 0;
		if (clock_ms(CLOCK_MONOTONIC) >= until)
			return failure_set(f, EXIT_RETRY, "%s: its writer has not sealed it yet", path);
		nanosleep(&step, NULL);
		if (i % STEPS == 0)
			rc = seal_here(path, compress, f);
	}
	return rc;
}

int log_seal(const char *path, int64_t wait_ms, bool compress, struct failure *f)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + wait_ms;
	int dir = disk_dir(path, false, f), rc;

	if (dir < 0)
		return -1;
	rc = seal_here(path, compress, f);
	if (rc > 0)
		rc = ask(path, dir, f) < 0 ? -1 : wait_for_writer(path, dir, until, compress, f);
	close(dir);
	return rc;
}
