/* SPDX-License-Identifier: MIT */
/* law -- view(A + B) = merge(view(A), view(B)), byte for byte: random views over random records, dealt, ordered, encoded and
 * aggregated in random ways, through the real tools.
 *
 *	law FAMILY              LAW_CASES cases from LAW_SEED on; status 1 when one failed
 *	law FAMILY FAULT        negative control: the same with a fault put in, digit, loss or repeat; status 1 when one was noticed
 *	law                     tests of the test itself, as TAP
 *
 * A failed case is made smaller while it still fails, and its directory kept: ./commands repeats it. */
#include <errno.h>
#include <ftw.h>

#include "tests/law/epochs.h"
#include "tests/law/naive.h"
#include "tests/law/trial.h"

typedef void property(struct trial *t);

static int jobs(struct trial *t)
{
	return (int)dice_range(&t->dice, 1, 8);
}

/* Deals the records to pieces, `p0` and so on. */
static uint64_t write_pieces(struct trial *t, uint64_t seed)
{
	uint64_t n = dice_below(&(struct dice){ seed }, 8) + 1;
	enum record_format one = random_format(t);
	bool mixed = dice_one_in(&t->dice, 2);

	for (uint64_t i = 0; i < n; i++) {
		struct records p = piece(t, seed, i, n);
		char name[16];

		snprintf(name, sizeof name, "p%d", (int)i);
		write_records_as(t, name, &p, mixed ? random_format(t) : one);
		free(p.item);
	}
	return n;
}

/* ` p3 p0 p1`: names of n pieces from first on, in any order. */
static const char *names(struct trial *t, uint64_t seed, uint64_t first, uint64_t n, const char *suffix)
{
	struct buf list = { 0 };
	const char *text;
	uint64_t *left = mem_array(NULL, n + 1, sizeof *left);
	struct dice d = { seed + first };

	for (uint64_t i = 0; i < n; i++)
		left[i] = first + i;
	for (uint64_t i = n; i > 0; i--) {
		uint64_t j = dice_below(&d, i);

		buf_printf(&list, " p%d%s", (int)left[j], suffix);
		left[j] = left[i - 1];
	}
	text = arena_text(&t->arena, buf_view(&list));
	buf_free(&list);
	free(left);
	return text;
}

/* Splits. */

static void write_partials(struct trial *t, const struct words *w, uint64_t n)
{
	for (int i = 0; i < (int)n; i++)
		sh(t, "window-agg %s -e partial -j %d p%d > p%d.part", state(t, w), jobs(t), i, i);
}

static void split_whole(struct trial *t, const struct words *w, const char *o)
{
	const char *f = fill(t->sample);

	sh(t, "window-agg %s%s -o %s all > want", state(t, w), f, o);
	sh(t, "window-agg %s -e partial -j %d all > whole.part", state(t, w), jobs(t));
	sh(t, "merge-views%s -o %s whole.part > got", f, o);
	same(t, "want", "got");
	sh(t, "window-agg %s%s -o %s -j %d < all > threads", state(t, w), f, o, jobs(t));
	same(t, "want", "threads");
}

/* first and last of records of one time go by their place in the input, which threads and partials keep. (Pieces count their
 * records each from 1, so elsewhere records of such views have times of their own.) */
static void split_ties(struct trial *t, const struct words *w)
{
	struct records tied = copy_records(&t->sample->records);

	for (size_t i = 1; i < tied.n; i += 2) {
		tied.item[i].ms = tied.item[i - 1].ms;
		tied.item[i].text[TS] = tied.item[i - 1].text[TS];
	}
	write_records(t, "tied", &tied);
	sh(t, "window-agg %s tied -o csv > tied.want", state(t, w));
	sh(t, "window-agg %s tied -o csv -j %d > tied.threads", state(t, w), jobs(t));
	same(t, "tied.want", "tied.threads");
	sh(t, "window-agg %s tied -e partial -j %d | merge-views > tied.got", state(t, w), jobs(t));
	same(t, "tied.want", "tied.got");
	free(tied.item);
}

static void split(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	const char *o = output_format(t), *f = fill(s);
	uint64_t seed = s->seed, n, half;

	write_records(t, "all", &s->records);
	split_whole(t, &w, o);
	if (s->has_edge)
		split_ties(t, &w);
	n = write_pieces(t, seed);
	write_partials(t, &w, n);
	sh(t, "merge-views%s -o %s%s > files", f, o, names(t, seed, 0, n, ".part"));
	same(t, "want", "files");
	sh(t, "cat%s | merge-views%s -o %s > stdin", names(t, seed + 9, 0, n, ".part"), f, o);
	same(t, "want", "stdin");
	half = n / 2;
	if (half) {
		sh(t, "merge-views -e partial%s > half.part", names(t, seed, 0, half, ".part"));
		sh(t, "merge-views%s -o %s half.part%s > levels", f, o, names(t, seed, half, n - half, ".part"));
		same(t, "want", "levels");
		sh(t, "cat half.part%s | merge-views -e partial | merge-views%s -o %s > again", names(t, seed, half, n - half, ".part"), f, o);
		same(t, "want", "again");
	}
	sh(t, "merge-views -e partial whole.part > whole.again");
	same(t, "whole.part", "whole.again");
	if (!s->has_edge || s->retract) {               /* their states tell line numbers */
		sh(t, "merge-views -e partial%s > all.part", names(t, seed, 0, n, ".part"));
		sh(t, "sed '1s/ definition=.*//' whole.part > whole.states; sed '1s/ definition=.*//' all.part > states");
		same(t, "whole.states", "states");
	}
	buf_free(&w.text);
}

static void operands(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	const char *o = output_format(t), *f = fill(s);
	uint64_t n;

	write_records(t, "all", &s->records);
	sh(t, "window-agg %s%s -o %s all > want", state(t, &w), f, o);
	n = write_pieces(t, s->seed);
	sh(t, "window-agg %s%s -o %s -j %d%s > got", state(t, &w), f, o, jobs(t), names(t, s->seed, 0, n, ""));
	same(t, "want", "got");
	sh(t, "window-agg %s -e partial -j %d%s | merge-views%s -o %s > merged", state(t, &w), jobs(t), names(t, s->seed + 9, 0, n, ""), f, o);
	same(t, "want", "merged");
	buf_free(&w.text);
}

/* Time. */

static void in_time(struct trial *t, const struct words *w, const char *o, const char *f, int64_t delay, const char *operands)
{
	int64_t lateness = dice_one_in(&t->dice, 2) ? 0 : t->sample->window.reach / 3;

	sh(t, "window-agg %s%s -o %s --watermark-delay %lldms --allowed-lateness %lldms -j %d --late late --stats%s > got 2> stats",
	   state(t, w), f, o, (long long)delay, (long long)lateness, jobs(t), operands);
	same(t, "want", "got");
	sh(t, "grep -q '\"late\":0,' stats && test ! -s late");
}

static void time_order(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	const char *o = output_format(t), *f = fill(s);
	struct records rs = copy_records(&s->records);
	uint64_t seed = s->seed, n = dice_below(&t->dice, 4) + 1;
	int64_t most = 0;

	write_records(t, "all", &s->records);
	sh(t, "window-agg %s%s -o %s all > want", state(t, &w), f, o);
	order_by_time(&rs, seed, 0);
	write_records(t, "sorted", &rs);
	in_time(t, &w, o, f, 0, " sorted");
	order_by_time(&rs, seed, s->window.reach * 3 / 2 + 1);
	write_records(t, "nearly", &rs);
	in_time(t, &w, o, f, disorder(&rs), " nearly");
	shuffle(&rs, seed);
	write_records(t, "shuffled", &rs);
	in_time(t, &w, o, f, disorder(&rs), " shuffled");
	for (uint64_t i = 0; i < n; i++) {
		struct records p = piece(t, seed, i, n);
		char name[16];

		order_by_time(&p, seed, dice_one_in(&t->dice, 2) ? 0 : s->window.reach);
		if (disorder(&p) > most)
			most = disorder(&p);
		snprintf(name, sizeof name, "p%d", (int)i);
		write_records(t, name, &p);
		free(p.item);
	}
	in_time(t, &w, o, f, most, names(t, seed, 0, n, ""));
	free(rs.item);
	buf_free(&w.text);
}

/* Roll-up. */

struct step {
	const char *fine, *coarse;      /* lines of a definition */
	int64_t reach;
};

static const struct step steps[] = {
	{ "window 1m", "window 1h", 3600000 },
	{ "window 1m", "window 24h", 86400000 },
	{ "window 15m", "window 1d", 86400000 },
	{ "window 1h\nslide 15m", "window 2h\nslide 30m", 7200000 },
	{ "window 1h\nslide 15m", "window 1h", 7200000 },
	{ "window 5m", "window 1h\nslide 5m", 3600000 },
	{ "window 7m\nslide 5m", "window 35m\nslide 5m", 2100000 },
	{ "window 5m\noffset 2m", "window 1h\noffset 17m", 3600000 },
	{ "window 1m\noffset -30s", "window 10m\nslide 15m\noffset 90s", 900000 },
	{ "window 10ms\nslide 20ms", "window 10ms\nslide 40ms", 40 },
	{ "window 15m\ntz Europe/Berlin", "window 1d", 86400000 },
	{ "window 1h\ntz Europe/Berlin", "window 1d\nslide 1d", 86400000 },
	{ "window 1h\ntz Europe/Berlin", "window 1mo", 2678400000 },
	{ "window 1h\ntz Europe/Berlin", "window 1w", 604800000 },
	{ "window 1d\ntz Europe/Berlin", "window 1w", 604800000 },
	{ "window 1d\ntz Europe/Berlin", "window 7d\nslide 1d", 604800000 },
	{ "window 1d\ntz Europe/Berlin", "window 1mo", 2678400000 },
	{ "window 1d\ntz Europe/Berlin", "window 1y", 31622400000 },
	{ "window 1mo\ntz Europe/Berlin", "window 3mo", 31622400000 },
	{ "window 1mo\ntz America/Sao_Paulo", "window 1y", 31622400000 },
	{ "window 1d\ntz America/Sao_Paulo", "window 1mo\noffset 1mo", 2678400000 },
	{ "window 1d\ntz America/Sao_Paulo", "window 2d\noffset 1d", 604800000 },
	{ "window 1h\ntz America/Sao_Paulo", "window 1d", 86400000 },
	{ "window 2d\nslide 1d\ntz America/Sao_Paulo", "window 4d\nslide 2d", 604800000 },
	{ "window 1d", "window 1w", 604800000 },
	{ "window 1d", "window 24h", 604800000 },
	{ "window 1m", "window none", 3600000 },
	{ "window 1h\nslide 15m", "window none", 7200000 },
	{ "window 1mo\ntz America/Sao_Paulo", "window none", 31622400000 },
	{ "session 5m", "window none", 1800000 },
};

/* One of those, or of random sizes: tumbling in anything made of whole windows. */
static struct step step_of(uint64_t seed)
{
	static char fine[100], coarse[100];
	struct dice d = { seed };
	int64_t f = dice_range(&d, 1, 30) * (dice_one_in(&d, 2) ? 1 : 1000), k = dice_range(&d, 1, 12), offset = dice_range(&d, -40, 40);

	if (!dice_one_in(&d, 3))
		return DICE_PICK(&d, steps);
	snprintf(fine, sizeof fine, "window %lldms\noffset %lldms", (long long)f, (long long)offset);
	snprintf(coarse, sizeof coarse, "window %lldms\nslide %lldms\noffset %lldms", (long long)(f * k), (long long)(f * dice_range(&d, 1, 12)),
	         (long long)(offset + f * dice_range(&d, -5, 5)));
	return (struct step){ fine, coarse, f * k };
}

/* The definition with other windows and keys. */
static struct words reworded(const struct words *w, const char *window, const char *tz, const char *keys)
{
	struct words r = { 0 };
	struct span rest = buf_view(&w->text);

	while (rest.n) {
		size_t n = (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p) + 1;
		struct span line = { rest.p, n };

		if (!(window && (span_starts(line, SPAN("window ")) || span_starts(line, SPAN("slide ")) || span_starts(line, SPAN("session ")) ||
		                 span_starts(line, SPAN("offset ")) || span_starts(line, SPAN("tz ")))) &&
		    !(keys && span_starts(line, SPAN("group-by "))))
			buf_span(&r.text, line);
		rest.p += n, rest.n -= n;
	}
	if (window)
		buf_printf(&r.text, "%s\n%s%s", window, tz, *tz ? "\n" : "");
	if (keys && *keys)
		buf_printf(&r.text, "group-by %s\n", keys);
	return r;
}

/* Some of the keys, in another order; as definition, and as names. */
static void fewer_keys(struct trial *t, struct buf *stated, struct buf *listed)
{
	const struct sample *s = t->sample;
	size_t n = dice_below(&t->dice, s->nkeys + 1), from = s->nkeys ? dice_below(&t->dice, s->nkeys) : 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = (from + i * (s->nkeys - 1)) % s->nkeys;
		const char *name = column_name[s->key[k]];

		buf_printf(stated, "%s%s", i ? ", " : "", name);
		if (s->key_is_computed[k])
			buf_printf(stated, " = upper(%s)", name);
		buf_printf(listed, "%s%s", i ? "," : "", name);
	}
	buf_byte(stated, '\0');
	buf_byte(listed, '\0');
}

static void rolled_up(struct trial *t, const struct words *fine, const struct words *coarse, const char *o, const char *shape)
{
	const char *f = strstr(shape, "none") ? "" : fill(t->sample);
	uint64_t n;

	write_records(t, "all", &t->sample->records);
	sh(t, "window-agg %s%s -o %s all > want", state(t, coarse), f, o);
	n = write_pieces(t, t->sample->seed);
	write_partials(t, fine, n);
	sh(t, "merge-views%s%s -o %s%s > got", shape, f, o, names(t, t->sample->seed, 0, n, ".part"));
	same(t, "want", "got");
	sh(t, "cat%s | merge-views%s -e partial | merge-views%s -o %s > twice", names(t, t->sample->seed, 0, n, ".part"), shape, f, o);
	same(t, "want", "twice");
}

static void roll_up(struct trial *t)
{
	const struct sample *s = t->sample;
	struct step step = step_of(s->seed);
	const char *tz = strstr(step.fine, "tz ");
	struct words all = words_of(s), fine = reworded(&all, step.fine, "", NULL), coarse;
	struct buf stated = { 0 }, listed = { 0 }, lines = { 0 }, shape = { 0 };
	bool keys = dice_one_in(&t->dice, 2);

	fewer_keys(t, &stated, &listed);
	coarse = reworded(&all, step.coarse, tz ? tz : "", keys ? stated.p : NULL);
	buf_printf(&lines, "%s\n", step.coarse);
	buf_byte(&shape, ' ');
	put_options(&shape, buf_view(&lines));
	if (keys)
		buf_printf(&shape, " --group-by '%s'", listed.p);
	buf_byte(&shape, '\0');
	rolled_up(t, &fine, &coarse, output_format(t), shape.p);
	buf_free(&all.text);
	buf_free(&fine.text);
	buf_free(&coarse.text);
	buf_free(&stated);
	buf_free(&listed);
	buf_free(&lines);
	buf_free(&shape);
}

/* Changelogs. */

struct fold_lines {
	struct { struct span mark, key, row; bool gone; } *item;
	size_t n, cap;
};

static struct span cut(struct span *rest, char at)
{
	const char *end = memchr(rest->p, at, rest->n);
	struct span part = { rest->p, end ? (size_t)(end - rest->p) : rest->n };

	rest->n -= part.n + (end != NULL);
	rest->p += part.n + (end != NULL);
	return part;
}

static size_t find_row(const struct fold_lines *l, struct span key)
{
	for (size_t i = l->n; i-- > 0;)
		if (!l->item[i].gone && span_eq(l->item[i].key, key))
			return i;
	return SIZE_MAX;
}

/* One change. The key of a changelog is the whole row, that of updates its windows and keys. False: it takes back what is not there. */
static bool fold_line(struct fold_lines *l, struct span mark, struct span row, size_t key_columns)
{
	struct span rest = row, key = row;
	bool takes = mark.n == 6 ? mark.p[0] == 'd' : mark.p[0] == '-', adds = mark.n == 6 ? mark.p[0] == 'u' : mark.p[0] == '+';
	size_t at;

	if (mark.n == 6) {
		for (size_t i = 0; i < key_columns; i++)
			cut(&rest, '\t');
		key.n = (size_t)(rest.p - row.p);
	}
	at = find_row(l, key);
	if (takes && at == SIZE_MAX)
		return false;
	if (at != SIZE_MAX && (takes || mark.n == 6))
		l->item[at].gone = true;
	if (!adds)
		return true;
	l->item = mem_grow(l->item, l->n, &l->cap, sizeof *l->item);
	l->item[l->n].mark = mark;
	l->item[l->n].key = key;
	l->item[l->n].row = row;
	l->item[l->n++].gone = false;
	return true;
}

/* What a stream of changes in TSV amounts to, as lines in `to`; sorted they are those of the final rows. */
static void fold_changes(struct trial *t, const char *from, const char *to)
{
	const struct sample *s = t->sample;
	size_t key_columns = s->nkeys + (s->window.shape == NONE ? 0 : 2);
	struct buf in = { 0 }, out = { 0 };
	struct fold_lines l = { 0 };
	struct span rest, header;

	if (failed(t))
		return;
	read_file(from, &in);
	rest = buf_view(&in);
	header = cut(&rest, '\n');
	cut(&header, '\t');
	buf_span(&out, header);
	buf_byte(&out, '\n');
	while (rest.n) {
		struct span row = cut(&rest, '\n'), mark = cut(&row, '\t');

		if (!fold_line(&l, mark, row, key_columns)) {
			buf_printf(&t->reason, "%s takes back a row that is not there: %.*s %.*s\n", from, (int)mark.n, mark.p, (int)row.n, row.p);
			break;
		}
	}
	for (size_t i = 0; i < l.n; i++)
		if (!l.item[i].gone) {
			buf_span(&out, l.item[i].row);
			buf_byte(&out, '\n');
		}
	write_bytes(to, buf_view(&out));
	free(l.item);
	buf_free(&in);
	buf_free(&out);
}

/* The view cut down to counts and sums by its first key over all time. In a retractable view without sums: the scales they
 * have seen stay, of rows that are gone too. */
static struct sample totals_of(const struct sample *s)
{
	struct sample totals = *s;

	totals.window = (struct window){ .shape = NONE };
	totals.nkeys = s->nkeys != 0;
	totals.derive = false;
	totals.naggregates = 0;
	for (size_t i = 0; i < s->naggregates; i++)
		if (is_kind(&s->aggregate[i], "count") || (is_kind(&s->aggregate[i], "sum") && !s->retract))
			totals.aggregate[totals.naggregates++] = s->aggregate[i];
	return totals;
}

/* The same totals, as sums over the rows of the view. */
static const char *totals_of_rows(struct trial *t, const struct sample *s)
{
	struct buf args = { 0 };
	const char *text;
	size_t n = 0;

	buf_text(&args, "-w none");
	if (s->nkeys)
		buf_printf(&args, " -g %s", column_name[s->key[0]]);
	for (size_t i = 0; i < s->naggregates; i++)
		if (is_kind(&s->aggregate[i], "count") || (is_kind(&s->aggregate[i], "sum") && !s->retract))
			buf_printf(&args, " -m 'm%zu=sum(m%zu)'", n++, i);
	text = arena_text(&t->arena, buf_view(&args));
	buf_free(&args);
	return text;
}

static bool in_one_window(const struct window *w)
{
	return w->shape == NONE || w->shape == SESSION || w->slide == w->size;
}

/* Totals over a changelog are those over its final rows; where each record lies in one window, those over the records. Sums of
 * huge numbers may have more digits than a record's number can. */
static void aggregate_changelog(struct trial *t, bool complete)
{
	const struct sample *s = t->sample;
	struct sample totals = totals_of(s);
	struct words w = words_of(&totals);
	const char *args = totals_of_rows(t, s);

	if (totals.naggregates && s->scale != HUGE_NUMBERS) {
		sh(t, "window-agg %s -o csv final > totals", args);
		sh(t, "window-agg %s --retract -o csv log > log.totals", args);
		same(t, "totals", "log.totals");
		sh(t, "window-agg %s --retract -e partial -j 3 log | merge-views > log.merged", args);
		same(t, "totals", "log.merged");
		if (complete && in_one_window(&s->window) && !s->skip_bad) {     /* fewer measures, fewer bad records */
			sh(t, "window-agg %s -o csv all > all.totals", state(t, &w));
			same(t, "all.totals", "totals");
		}
	}
	buf_free(&w.text);
}

static void changelog(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	struct records rs = copy_records(&s->records);
	static const char *const every[] = { "", "", " --every record", " --every 1s", " --every 7ms", " --every 1h" };
	const char *often = DICE_PICK(&t->dice, every), *late;
	bool has_delay = s->has_time && !dice_one_in(&t->dice, 4), in_order = dice_one_in(&t->dice, 2);
	int64_t delay, lateness;
	char room[100] = "";

	if (!s->has_time && strcmp(often, " --every record") != 0)
		often = "";
	if (in_order)
		order_by_time(&rs, s->seed, s->window.reach);
	delay = dice_one_in(&t->dice, 2) ? disorder(&rs) : dice_range(&t->dice, 0, s->window.reach);
	lateness = dice_range(&t->dice, 0, 2) * s->window.reach;
	if (has_delay)
		snprintf(room, sizeof room, " --watermark-delay %lldms --allowed-lateness %lldms", (long long)delay, (long long)lateness);
	late = room;
	write_records(t, "all", &rs);
	sh(t, "window-agg %s%s -o tsv all > final", state(t, &w), late);
	sh(t, "window-agg %s%s%s -e changelog -o tsv all > log", state(t, &w), late, often);
	sh(t, "window-agg %s%s%s -e updates -o tsv all > updates", state(t, &w), late, often);
	fold_changes(t, "log", "log.rows");
	fold_changes(t, "updates", "updates.rows");
	sh(t, "sort final > want; sort log.rows > got; sort updates.rows > got2");
	same(t, "want", "got");
	same(t, "want", "got2");
	aggregate_changelog(t, !has_delay || delay >= disorder(&rs));
	if (!has_delay || delay >= disorder(&rs)) {
		sh(t, "window-agg %s -o tsv all > batch", state(t, &w));
		same(t, "batch", "final");
	}
	free(rs.item);
	buf_free(&w.text);
}

/* Retractions: what is taken back leaves no trace. */

/* Records that were not taken back: each -U or -D cancels a record of the same text. */
static struct records survivors(const struct records *all)
{
	struct records left = { mem_array(NULL, all->n + 1, sizeof *left.item), 0, all->n + 1 };

	for (size_t i = 0; i < all->n; i++)
		if (all->item[i].weight > 0)
			left.item[left.n++] = all->item[i];
	for (size_t i = 0; i < all->n; i++)
		for (size_t j = 0; all->item[i].weight < 0 && j < left.n; j++) {
			bool equal = true;

			for (enum column c = TS; c < OP; c++)
				equal &= span_eq(all->item[i].text[c], left.item[j].text[c]);
			if (equal) {
				left.item[j] = left.item[--left.n];
				break;
			}
		}
	return left;
}

static void retract(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	struct records shuffled = copy_records(&s->records), left = survivors(&s->records);
	const char *o = output_format(t), *f = fill(s);

	shuffle(&shuffled, s->seed);
	write_records(t, "shuffled", &shuffled);
	write_records(t, "left", &left);
	sh(t, "window-agg %s%s -o %s -j %d left > survivors", state(t, &w), f, o, jobs(t));
	sh(t, "window-agg %s%s -o %s -j %d shuffled > got", state(t, &w), f, o, jobs(t));
	same(t, "survivors", "got");
	free(shuffled.item);
	free(left.item);
	buf_free(&w.text);
}

/* Oracle. */

static void oracle(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	struct buf rows = { 0 };

	naive_rows(&rows, s);
	write_bytes("want", buf_view(&rows));
	write_records(t, "all", &s->records);
	sh(t, "window-agg %s -o csv -j %d all > got", state(t, &w), jobs(t));
	same(t, "want", "got");
	buf_free(&rows);
	buf_free(&w.text);
}

/* Families. */

struct family {
	const char *name;
	property *run;
	struct wish wish;
};

static const struct family families[] = {
	{ "split", split, { 0 } },
	{ "split-retract", split, { .shapes = ~(1u << SESSION), .retract = true, .no_bad = true } },
	{ "operands", operands, { 0 } },
	{ "time", time_order, { .needs_time = true, .no_extremes = true } },
	{ "roll-up", roll_up, { .needs_time = true, .no_extremes = true, .modern = true } },
	{ "changelog", changelog, { .no_extremes = true } },
	{ "changelog-retract", changelog, { .shapes = ~(1u << SESSION), .retract = true, .no_bad = true, .no_extremes = true } },
	{ "retract", retract, { .shapes = ~(1u << SESSION), .retract = true, .no_bad = true, .fixed_scale = true } },
	{ "epochs", epochs_partial, { 0 } },
	{ "epochs-retract", epochs_partial, { .shapes = ~(1u << SESSION), .retract = true, .no_bad = true } },
	{ "epochs-state", epochs_state, { 0 } },
	{ "epochs-state-sessions", epochs_state, { .shapes = 1u << SESSION } },
	{ "epochs-state-retract", epochs_state, { .shapes = ~(1u << SESSION), .retract = true } },
	{ "oracle", oracle, { .small_numbers = true, .no_edges = true, .no_bad = true, .no_extremes = true } },
};

static struct sample sample_for(const struct family *f, uint64_t seed)
{
	struct wish wish = f->wish;
	struct sample s;

	if (f->run == roll_up)
		wish.reach = step_of(seed).reach;
	s = random_sample(seed, &wish);
	if (f->run == changelog || f->run == oracle)
		s.fill = false;
	if (f->run == oracle)
		naive_view(&s);
	return s;
}

/* Running cases. */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void clear_directory(const char *dir)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (mkdir(dir, 0777) < 0 || chdir(dir) < 0) {
		perror(dir);
		exit(70);
	}
}

static void run_trial(struct trial *t, const struct family *f, const struct sample *s, enum spoil spoil, const char *dir)
{
	struct buf script = { 0 };

	clear_directory(dir);
	*t = (struct trial){ .sample = s, .dice = { dice_tied(s->seed, 4, 0) }, .spoil = spoil };
	f->run(t);
	buf_printf(&script, "PATH=%s:$PATH LC_ALL=C TZ=UTC\n", getenv("WEIR_BIN"));
	buf_span(&script, buf_view(&t->commands));
	if (failed(t))
		write_bytes("commands", buf_view(&script));
	buf_free(&script);
}

static void trial_free(struct trial *t)
{
	arena_free(&t->arena);
	buf_free(&t->commands);
	buf_free(&t->reason);
}

static bool still_fails(const struct family *f, const struct sample *s, const char *dir)
{
	struct trial t;
	bool fails;

	run_trial(&t, f, s, UNSPOILED, dir);
	fails = failed(&t);
	trial_free(&t);
	return fails;
}

/* Takes away runs of records, then measures and more, while it still fails. Some hundred trials at most. */
static void shrink_records(const struct family *f, struct sample *s, const char *dir, int *tries)
{
	for (size_t chunk = (s->records.n + 1) / 2; chunk > 0; chunk /= 2)
		for (size_t at = 0; at < s->records.n && *tries > 0;) {
			struct records before = copy_records(&s->records);
			size_t n = at + chunk > s->records.n ? s->records.n - at : chunk;

			memmove(s->records.item + at, s->records.item + at + n, (s->records.n - at - n) * sizeof *s->records.item);
			s->records.n -= n;
			--*tries;
			if (still_fails(f, s, dir)) {
				free(before.item);
				continue;
			}
			free(s->records.item);
			s->records = before;
			at += n;
		}
}

static void shrink_view(const struct family *f, struct sample *s, const char *dir)
{
	struct sample less = *s;

	for (size_t i = 0; s->naggregates > 1 && i < s->naggregates;) {
		less = *s;
		less.aggregate[i] = less.aggregate[--less.naggregates];
		if (still_fails(f, &less, dir))
			*s = less;
		else
			i++;
	}
	less = *s, less.where = NULL;
	if (s->where && still_fails(f, &less, dir))
		*s = less;
	less = *s, less.derive = false;
	if (s->derive && still_fails(f, &less, dir))
		*s = less;
	less = *s, less.nkeys = 0;
	if (s->nkeys && still_fails(f, &less, dir))
		*s = less;
}

static void report(const struct family *f, struct sample *s, const char *dir)
{
	struct trial t;
	int tries = 150;

	shrink_view(f, s, dir);
	shrink_records(f, s, dir, &tries);
	run_trial(&t, f, s, UNSPOILED, dir);
	printf("%s: fails with LAW_SEED=%llu LAW_CASES=1, made smaller: %zu records in %s\n%.*s\n%.*s\n", f->name, (unsigned long long)s->seed,
	       s->records.n, dir, (int)t.commands.n, t.commands.p, (int)(t.reason.n > 4000 ? 4000 : t.reason.n), t.reason.p);
	fflush(stdout);
	trial_free(&t);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static int run_case(const struct family *f, uint64_t seed, const char *dir)
{
	struct sample s = sample_for(f, seed);
	bool bad = still_fails(f, &s, dir);

	if (bad)
		report(f, &s, dir);
	else
		nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	sample_free(&s);
	return bad;
}

/* Stops at the third failure. */
static int run_family(const struct family *f, uint64_t seed, uint64_t cases, const char *tmp)
{
	int bad = 0;
	char dir[300];

	for (uint64_t i = 0; i < cases && bad < 3; i++) {
		snprintf(dir, sizeof dir, "%s/%llu", tmp, (unsigned long long)(seed + i));
		bad += run_case(f, seed + i, dir);
	}
	printf("%s: %llu cases from seed %llu, %d failed\n", f->name, (unsigned long long)cases, (unsigned long long)seed, bad);
	return bad != 0;
}

/* Negative control: every case with a fault of that kind put in. A record may be lost or repeated unseen, where no measure counts it. */
static int spoil_family(const struct family *f, enum spoil spoil, uint64_t seed, uint64_t cases, const char *tmp)
{
	int spoilt = 0, noticed = 0;
	char dir[300];

	snprintf(dir, sizeof dir, "%s/spoilt", tmp);
	for (uint64_t i = 0; i < cases; i++) {
		struct sample s = sample_for(f, seed + i);
		struct trial t;

		run_trial(&t, f, &s, spoil, dir);
		spoilt += t.spoilt;
		noticed += t.spoilt && failed(&t);
		trial_free(&t);
		sample_free(&s);
		nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	}
	printf("%s: %d spoilt, %d noticed\n", f->name, spoilt, noticed);
	return noticed != 0;
}

static int run(const struct family *f, enum spoil spoil)
{
	uint64_t seed = setting("LAW_SEED", 1), cases = setting("LAW_CASES", 60);
	const char *tmp = getenv("TMPDIR");
	char dir[256];
	int bad;

	snprintf(dir, sizeof dir, "%s/weir-law.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		perror(dir);
		return 70;
	}
	bad = spoil ? spoil_family(f, spoil, seed, cases, dir) : run_family(f, seed, cases, dir);
	if (chdir("/") == 0)
		rmdir(dir);             /* stays when cases are kept in it */
	return bad;
}

/* Tests of the test. */

static int ok(bool holds, int number, const char *what)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", number, what);
	return !holds;
}

static bool is_repeatable(void)
{
	bool same = true;

	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		struct sample a = sample_for(&families[i], 7), b = sample_for(&families[i], 7);
		struct words v = words_of(&a), w = words_of(&b);
		struct buf x = { 0 }, y = { 0 };

		records_text(&x, &a.records, FORMAT_CSV, 3);
		records_text(&y, &b.records, FORMAT_CSV, 3);
		same &= span_eq(buf_view(&v.text), buf_view(&w.text)) && span_eq(buf_view(&x), buf_view(&y));
		buf_free(&v.text), buf_free(&w.text), buf_free(&x), buf_free(&y);
		sample_free(&a), sample_free(&b);
	}
	return same;
}

/* Every shape, measure, and kind of record comes up among the cases of a normal run. */
static bool is_varied(void)
{
	unsigned shapes = 0, faults = 0, scales = 0, keys = 0;
	bool fill = false, empty = false, bytes = false;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct sample s = sample_for(&families[0], seed);

		shapes |= 1u << s.window.shape, scales |= 1u << s.scale, keys |= 1u << s.nkeys;
		fill |= s.fill, empty |= s.records.n == 0, bytes |= s.odd_bytes;
		for (size_t i = 0; i < s.records.n; i++)
			faults |= 1u << s.records.item[i].fault;
		sample_free(&s);
	}
	return shapes == 31 && scales == 6 && keys == 15 && faults == 15 && fill && empty && bytes;
}

static int test_itself(void)
{
	int bad = ok(is_repeatable(), 1, "a seed makes the same case each time");

	bad += ok(is_varied(), 2, "a hundred cases have every kind of window, number, key and fault");
	bad += ok(naive_is_right(), 3, "the oracle knows known answers");
	printf("1..3\n");
	return bad != 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: law FAMILY [digit|loss|repeat]\nfamilies:");
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		fprintf(stderr, " %s", families[i].name);
	fputc('\n', stderr);
	return 64;
}

/* The tools come first on the way, and nothing depends on where this runs. */
static void set_environment(void)
{
	const char *bin = getenv("WEIR_BIN"), *path = getenv("PATH");
	char *full = bin ? realpath(bin, NULL) : realpath("bin", NULL);
	struct buf both = { 0 };

	buf_printf(&both, "%s:%s", full ? full : "", path ? path : "/usr/bin:/bin");
	buf_byte(&both, '\0');
	if (!full || chdir(full) < 0 || access("window-agg", X_OK) < 0 || access("merge-views", X_OK) < 0) {
		fprintf(stderr, "law: WEIR_BIN: no directory with window-agg and merge-views\n");
		exit(64);
	}
	setenv("WEIR_BIN", full, 1);
	setenv("PATH", both.p, 1);
	setenv("LC_ALL", "C", 1);
	setenv("TZ", "UTC", 1);
	buf_free(&both);
	free(full);
}

int main(int argc, char **argv)
{
	static const char *const spoils[] = { "", "digit", "loss", "repeat" };
	enum spoil spoil = UNSPOILED;

	if (argc == 1)
		return test_itself();
	for (int i = 1; argc == 3 && i < 4; i++)
		if (strcmp(argv[2], spoils[i]) == 0)
			spoil = (enum spoil)i;
	if (argc > 3 || (argc == 3 && !spoil))
		return usage();
	set_environment();
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (strcmp(argv[1], families[i].name) == 0)
			return run(&families[i], spoil);
	return usage();
}
