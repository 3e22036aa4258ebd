/* SPDX-License-Identifier: MIT */
/* A zone is a table of runs: from an instant on one offset holds. The rule at the end of the file is written out into
 * the same table for a little more than 400 years, after which the Gregorian calendar, and so every rule, repeats to
 * the day: later times are moved back by whole cycles. So each conversion is one bisection.
 *
 * At a change from offset a to b at instant t, local times before t + max(a, b) read with a: in a gap (b > a) that
 * moves them forward, in a fold (b < a) it is the earlier instant. Hence a second ascending column, in local time. */
#include "lib/text/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/text/timestamp.h"
#include "lib/text/tzif.h"
#include "lib/text/tzrule.h"

#define DAY_MS INT64_C(86400000)
#define CYCLE_YEARS 400
#define CYCLE_MS (146097 * DAY_MS)

enum { MAX_FILE = 1 << 20, MAX_NAME = 255 };

struct run {
	int64_t utc;            /* first instant; INT64_MIN in the first run */
	int64_t local;          /* first local time that reads with this offset */
	int64_t offset;         /* ms */
};

struct zone {
	char *name;
	struct run *run;
	size_t n;               /* at least 1 */
	int64_t cycle_end;      /* times from here on repeat those 400 years before */
	uint64_t fingerprint;
};

static struct run utc_run = { INT64_MIN, INT64_MIN, 0 };
static const struct zone utc_zone = { (char *)"UTC", &utc_run, 1, INT64_MAX, 0 };

static int64_t saturate(__int128 v)
{
	return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

/* Offsets as text */

static bool two_digits(const char *p, int max, int *v)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*v = (p[0] - '0') * 10 + (p[1] - '0');
	return *v <= max;
}

int zone_parse_offset(struct span text, int32_t *seconds)
{
	const char *p = text.p;
	int h, m = 0, s = 0;

	if (text.n < 3 || (p[0] != '+' && p[0] != '-') || !two_digits(p + 1, 23, &h))
		return -1;
	if (text.n == 5) {
		if (!two_digits(p + 3, 59, &m))
			return -1;
	} else if (text.n != 3) {
		if ((text.n != 6 && text.n != 9) || p[3] != ':' || !two_digits(p + 4, 59, &m))
			return -1;
		if (text.n == 9 && (p[6] != ':' || !two_digits(p + 7, 59, &s)))
			return -1;
	}
	*seconds = (h * 60 + m) * 60 + s;
	if (p[0] == '-')
		*seconds = -*seconds;
	return 0;
}

static char *put_two(char *p, unsigned v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

void zone_print_offset(struct buf *out, int32_t seconds)
{
	unsigned v = (unsigned)(seconds < 0 ? -seconds : seconds);
	char text[9], *p = text;

	*p++ = seconds < 0 ? '-' : '+';
	p = put_two(p, v / 3600);
	*p++ = ':';
	p = put_two(p, v / 60 % 60);
	if (v % 60) {
		*p++ = ':';
		p = put_two(p, v % 60);
	}
	buf_add(out, text, (size_t)(p - text));
}

/* Building */

/* Appends what the rule says of a year, as far as it lies behind the changes so far. Of two changes at one instant the
 * later one counts: daylight time for ever is written as an end that is also the next beginning (RFC 8536, 3.3.1). */
static bool extend_year(struct tzif *t, const struct tzrule *r, int64_t year, int64_t behind)
{
	struct tzif_change c[2] = { { 0, r->daylight }, { 0, r->standard } };

	tzrule_year(r, year, &c[0].at, &c[1].at);
	if (c[1].at < c[0].at) {
		struct tzif_change first = c[1];

		c[1] = c[0];
		c[0] = first;
	}
	for (int i = 0; i < 2; i++) {
		if (c[i].at <= behind)
			continue;
		if (t->n && c[i].at < t->change[t->n - 1].at)
			return false;
		t->change = mem_grow(t->change, t->n, &t->cap, sizeof *t->change);
		t->change[t->n++] = c[i];
	}
	return true;
}

static int64_t year_of(int64_t seconds)
{
	int64_t year;
	unsigned month, day;

	civil_from_days((seconds - (seconds < 0 ? 86399 : 0)) / 86400, &year, &month, &day);
	return year;
}

/* Writes the rule out. A whole year of it stands before the cycle begins, which is not before 2140: so files that spell
 * out decades of what the rule says too, and files that do not, give one table and one fingerprint. */
static const char *extend(struct tzif *t, int64_t *cycle_end)
{
	int64_t behind = t->n ? t->change[t->n - 1].at : INT64_MIN;
	int64_t year = t->n ? year_of(behind) : 1800, cycle = year + 2 > 2140 ? year + 2 : 2140;
	struct tzrule r;

	if (!t->rule.n)
		return NULL;
	if (tzrule_parse(t->rule, &r) < 0)
		return "damaged zone file: rule";
	if (!r.changes)
		return (t->n ? t->change[t->n - 1].offset : t->first) == r.standard ? NULL : "damaged zone file: rule";
	/* The rule of the year before may end in this one. */
	for (year--; year <= cycle + CYCLE_YEARS; year++)
		if (!extend_year(t, &r, year, behind))
			return "damaged zone file: rule";
	*cycle_end = days_from_civil(cycle + CYCLE_YEARS, 1, 1) * DAY_MS;
	return NULL;
}

static const char *make_runs(struct zone *z, const struct tzif *t)
{
	z->run = mem_array(NULL, t->n + 1, sizeof *z->run);
	z->run[0] = (struct run){ INT64_MIN, INT64_MIN, (int64_t)t->first * 1000 };
	z->n = 1;
	for (size_t i = 0; i < t->n; i++) {
		const struct run *last = &z->run[z->n - 1];
		struct run r = { t->change[i].at * 1000, 0, (int64_t)t->change[i].offset * 1000 };

		/* Many changes are only of the name or of the kind of time. */
		if (r.offset == last->offset || (i + 1 < t->n && t->change[i + 1].at == t->change[i].at))
			continue;
		r.local = r.utc + (r.offset > last->offset ? r.offset : last->offset);
		if (r.local < last->local)
			return "damaged zone file: order of transitions";
		z->run[z->n++] = r;
	}
	return NULL;
}

static uint64_t mix(uint64_t hash, int64_t v)
{
	hash = (hash ^ (uint64_t)v) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t fingerprint(const struct zone *z)
{
	uint64_t hash = mix(mix(1, z->cycle_end < INT64_MAX), z->run[0].offset);

	if (z->n == 1 && z->run[0].offset == 0)
		return 0;
	for (size_t i = 1; i < z->n; i++)
		hash = mix(mix(hash, z->run[i].utc), z->run[i].offset);
	return hash ? hash : 1;
}

/* Takes what *t owns. */
static struct zone *build(struct span name, struct tzif *t, const char **error)
{
	struct zone *z = mem_zalloc(sizeof *z);

	z->name = mem_text(name);
	z->cycle_end = INT64_MAX;
	*error = extend(t, &z->cycle_end);
	if (!*error)
		*error = make_runs(z, t);
	tzif_free(t);
	if (*error) {
		zone_free(z);
		return NULL;
	}
	z->fingerprint = fingerprint(z);
	return z;
}

struct zone *zone_from_tzif(struct span name, struct span bytes, const char **error)
{
	struct tzif t;

	return tzif_parse(bytes, &t, error) < 0 ? NULL : build(name, &t, error);
}

static struct zone *fixed_zone(int32_t seconds, const char **error)
{
	struct tzif t = { .first = seconds };
	struct buf name = { 0 };
	struct zone *z;

	zone_print_offset(&name, seconds);
	z = build(buf_view(&name), &t, error);
	buf_free(&name);
	return z;
}

static bool name_is_safe(struct span name)
{
	if (!name.n || name.n > MAX_NAME || name.p[0] == '/')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/_+-.", c)) || !c)
			return false;
		if (c == '.' && i && name.p[i - 1] == '.')
			return false;
	}
	return true;
}

static ssize_t read_some(int fd, char *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* -1: errno. A file that is none, or too large for zone data, is EINVAL. */
static int read_all(int fd, struct buf *b)
{
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
		errno = EINVAL;
		return -1;
	}
	while ((got = read_some(fd, buf_room(b, 4096), 4096)) > 0 && (b->n += (size_t)got) <= MAX_FILE)
		;
	return got < 0 ? -1 : 0;
}

static int read_zone_file(struct span name, struct buf *bytes)
{
	const char *dir = getenv("TZDIR");
	struct buf path = { 0 };
	int fd, rc = -1;

	buf_text(&path, dir && *dir ? dir : "/usr/share/zoneinfo");
	buf_byte(&path, '/');
	buf_span(&path, name);
	buf_byte(&path, '\0');
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		rc = read_all(fd, bytes);
		close(fd);
	}
	buf_free(&path);
	return rc;
}

struct zone *zone_open(struct span name, const char **error)
{
	struct buf bytes = { 0 };
	struct zone *z = NULL;
	int32_t seconds;

	if (span_eq(name, SPAN("UTC")))
		return build(name, &(struct tzif){ 0 }, error);
	if (zone_parse_offset(name, &seconds) == 0)
		return fixed_zone(seconds, error);
	*error = "no such time zone";
	if (name_is_safe(name) && read_zone_file(name, &bytes) == 0)
		z = zone_from_tzif(name, buf_view(&bytes), error);
	buf_free(&bytes);
	return z;
}

void zone_free(struct zone *z)
{
	if (!z)
		return;
	free(z->name);
	free(z->run);
	free(z);
}

/* Looking up */

const char *zone_name(const struct zone *z)
{
	return z ? z->name : utc_zone.name;
}

bool zone_is_utc(const struct zone *z)
{
	return zone_fingerprint(z) == 0;
}

uint64_t zone_fingerprint(const struct zone *z)
{
	return z ? z->fingerprint : 0;
}

/* Moves a time behind the table back into its last 400 years; returns by how much. */
static int64_t into_cycle(const struct zone *z, int64_t *t)
{
	int64_t shift = 0;

	if (*t >= z->cycle_end)
		shift = ((*t - z->cycle_end) / CYCLE_MS + 1) * CYCLE_MS;
	*t -= shift;
	return shift;
}

static const struct run *run_at_utc(const struct zone *z, int64_t utc)
{
	const struct run *at = z->run;

	for (size_t n = z->n; n > 1;) {
		size_t half = n / 2;

		at = at[half].utc <= utc ? at + half : at;
		n -= half;
	}
	return at;
}

static const struct run *run_at_local(const struct zone *z, int64_t local)
{
	const struct run *at = z->run;

	for (size_t n = z->n; n > 1;) {
		size_t half = n / 2;

		at = at[half].local <= local ? at + half : at;
		n -= half;
	}
	return at;
}

int32_t zone_offset(const struct zone *z, int64_t utc_ms)
{
	if (!z)
		return 0;
	into_cycle(z, &utc_ms);
	return (int32_t)(run_at_utc(z, utc_ms)->offset / 1000);
}

struct zone_run zone_run_at(const struct zone *zone, int64_t local_ms)
{
	const struct zone *z = zone ? zone : &utc_zone;
	int64_t shift = into_cycle(z, &local_ms);
	const struct run *r = run_at_local(z, local_ms);
	struct zone_run found = { r->local, INT64_MAX, r->offset };

	if (r + 1 < z->run + z->n)
		found.to = saturate((__int128)r[1].local + shift);
	if (r > z->run)
		found.from += shift;
	return found;
}

int64_t zone_to_utc(const struct zone *z, int64_t local_ms)
{
	return saturate((__int128)local_ms - zone_run_at(z, local_ms).offset_ms);
}

int64_t zone_day_start(const struct zone *zone, int64_t days)
{
	const struct zone *z = zone ? zone : &utc_zone;
	__int128 midnight = (__int128)days * DAY_MS, start;
	int64_t local = saturate(midnight), shift = into_cycle(z, &local);
	const struct run *r = run_at_local(z, local);

	start = midnight - shift - r->offset;
	/* In a gap the midnight before it does not come, the change does. */
	if (r + 1 < z->run + z->n && start > r[1].utc)
		start = r[1].utc;
	return saturate(start + shift);
}
