/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "speed/cdc/sqlite/sqlite_source.h"

#define PRUNE_STEP 5000         /* changes removed in one transaction: it keeps writers waiting */
#define PRUNE_STEPS 20
#define PRUNE_BUSY_MS 50

/* ---- positions ---- */

int sqlite_parse_position(struct sqlite_source *s, struct span text, int64_t *seq, struct failure *f)
{
	size_t id = strlen(s->id);
	struct span rest = { text.p + 7, text.n - 7 };
	char number[24] = "";
	int end = 0;

	if (!span_starts(text, SPAN("sqlite:")))
		return failure_set(f, EXIT_CONFIG, "%s: \"%s\" is no position in a SQLite database: is the sink fed by another source?", s->path, diag_show(text.p, text.n));
	if (rest.n <= id || memcmp(rest.p, s->id, id) != 0 || rest.p[id] != ':')
		return failure_set(f, EXIT_CONFIG, "%s: the position %s is one of another database: this one is %s", s->path, diag_show(text.p, text.n), s->id);
	if (rest.n - id - 1 < sizeof number)
		memcpy(number, rest.p + id + 1, rest.n - id - 1);
	if (sscanf(number, "%" SCNd64 "%n", seq, &end) != 1 || number[end])
		return failure_set(f, EXIT_CONFIG, "%s: \"%s\" is no position", s->path, diag_show(text.p, text.n));
	return 0;
}

int sqlite_check_position(struct sqlite_source *s, struct failure *f)
{
	int64_t made, pruned;

	if (sqlite_int(s->db, s->path, "SELECT seq FROM sqlite_sequence WHERE name = '_weir_changes'", &made, f) < 0 ||
	    sqlite_int(s->db, s->path, "SELECT pruned FROM _weir_about", &pruned, f) < 0)
		return -1;
	if (s->seq > made)
		return failure_set(f, EXIT_CONFIG, "%s: the position is behind change %" PRId64 ", but only %" PRId64 " were ever made: is this an older copy of the database?",
		                   s->path, s->seq, made);
	if (s->seq >= pruned)
		return 0;
	if (!s->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "%s: changes %" PRId64 " to %" PRId64 " were removed: they are lost (--on-gap continue goes on without them)", s->path,
		                   s->seq + 1, pruned);
	warn("%s: changes %" PRId64 " to %" PRId64 " were removed: they are lost", s->path, s->seq + 1, pruned);
	return 0;
}

/* ---- readers ---- */

/* One transaction. 1: done; 0: somebody else writes just now, or nobody may; -1. */
static int write_once(struct sqlite_source *s, const char *sql, struct failure *f)
{
	int rc;

	sqlite3_busy_timeout(s->db, PRUNE_BUSY_MS);
	rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_READONLY && !s->is_told)
		warn("%s: it is read-only: changes that the sink has stay in it", s->path);
	s->is_told |= rc == SQLITE_READONLY;
	if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED && rc != SQLITE_READONLY)
		sqlite_failed(s->db, s->path, f);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_busy_timeout(s->db, SQLITE_BUSY_MS);
	return f->status ? -1 : rc == SQLITE_OK;
}

static int write_reader(struct sqlite_source *s, int64_t seq, struct failure *f)
{
	char *sql = sqlite3_mprintf("INSERT INTO _weir_readers(reader, seq) VALUES(%Q, %lld) ON CONFLICT(reader) DO UPDATE SET seq = excluded.seq", s->request->reader,
	                            (long long)seq);
	int rc = write_once(s, sql, f);

	sqlite3_free(sql);
	return rc;
}

/* Removes the oldest of the changes that all readers have. As write_once; *left: there were some. */
static int prune_some(struct sqlite_source *s, bool *left, struct failure *f)
{
	int64_t oldest, upto;
	char sql[200];
	int rc = sqlite_int(s->db, s->path, "SELECT min(seq) FROM _weir_changes HAVING count(*)", &oldest, f);

	*left = false;
	if (rc <= 0 || sqlite_int(s->db, s->path, "SELECT min(seq) FROM _weir_readers", &upto, f) < 0)
		return f->status ? -1 : 1;
	*left = upto >= oldest;
	if (!*left)
		return 1;
	if (upto > oldest + PRUNE_STEP)
		upto = oldest + PRUNE_STEP;
	snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; UPDATE _weir_about SET pruned = %" PRId64 "; DELETE FROM _weir_changes WHERE seq <= %" PRId64 "; COMMIT", upto, upto);
	return write_once(s, sql, f);
}

int sqlite_confirm(void *driver, struct span pos, struct failure *f)
{
	struct sqlite_source *s = driver;
	bool left = true;
	int64_t seq;
	int rc;

	if (!s->request->reader)
		return 0;
	if (s->state != BETWEEN)
		return 1;
	if (sqlite_parse_position(s, pos, &seq, f) < 0)
		return -1;
	rc = write_reader(s, seq, f);
	for (int i = 0; rc > 0 && left && i < PRUNE_STEPS; i++)
		rc = prune_some(s, &left, f);
	return rc < 0 ? -1 : (rc == 0 || left) && !s->is_told;
}

int sqlite_register(struct sqlite_source *s, struct failure *f)
{
	int64_t made;

	if (!s->request->reader || s->request->from.n)
		return 0;
	if (sqlite_int(s->db, s->path, "SELECT seq FROM sqlite_sequence WHERE name = '_weir_changes'", &made, f) < 0)
		return -1;
	return write_reader(s, made, f) < 0 ? -1 : 0;
}
