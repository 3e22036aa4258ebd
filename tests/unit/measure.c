/* SPDX-License-Identifier: MIT */
/* The law for every kind: any split of the records, merged in any order, as states or as saved text, comes out the same. */
#include "lib/agg/measure.h"

#include "tests/unit/check.h"

#define MAX_EVENTS 120
#define MAX_PARTS 7

struct event {
	char text[48];
	struct moment at;
};

static unsigned long long seed = 7;

static struct measure make(const char *text, bool retract)
{
	struct fields fields = { 0 };
	struct measure m;
	char error[200];

	if (measure_parse(&m, span_of(text), retract, &fields, error) < 0) {
		printf("# %s: %s\n", text, error);
		CHECK(!"measure_parse");
		exit(1);
	}
	fields_free(&fields);
	return m;
}

static void *state_new(const struct measure *m)
{
	size_t size = (m->kind->size(m) + 15) / 16 * 16;
	void *state = aligned_alloc(16, size);

	memset(state, 0, size);
	return state;
}

static void state_free(const struct measure *m, void *state)
{
	if (m->kind->drop)
		m->kind->drop(m, state);
	free(state);
}

static void add(const struct measure *m, void *state, const struct event *e)
{
	struct value v = value_of_text(span_of(e->text));

	if (m->kind->takes_number) {
		v.kind = VALUE_NUMBER;
		CHECK(decimal_parse(v.text, &v.number) == 0);
	}
	m->kind->add(m, state, &v, &e->at);
}

static struct buf saved(const struct measure *m, const void *state)
{
	struct buf b = { 0 };

	m->kind->save(m, state, &b);
	CHECK((b.n == 0) == m->kind->is_identity(m, state));
	return b;
}

static struct buf finished(const struct measure *m, const void *state)
{
	struct buf b = { 0 };

	m->kind->finish(m, state, 6, &b);
	return b;
}

static void check_same(const struct measure *m, const void *got, const void *want, const char *what)
{
	struct buf a = saved(m, got), b = saved(m, want), c = finished(m, got), d = finished(m, want);

	if (!span_eq(buf_view(&a), buf_view(&b)) || !span_eq(buf_view(&c), buf_view(&d))) {
		printf("# %s, retract %d: %s\n#  got  %.*s -> %.*s\n#  want %.*s -> %.*s\n", m->kind->name, m->retract, what,
		       (int)a.n, a.p, (int)c.n, c.p, (int)b.n, b.p, (int)d.n, d.p);
		CHECK(!"same");
	}
	buf_free(&a), buf_free(&b), buf_free(&c), buf_free(&d);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	return m->kind->merge_text(m, into, text);
}

static void merge_saved(const struct measure *m, void *into, const void *from)
{
	struct buf text = saved(m, from);

	CHECK(merge_text(m, into, buf_view(&text)) == 0);
	buf_free(&text);
}

/* In pieces as small as they get, when the kind can do that. */
static void merge_pieces(const struct measure *m, void *into, const void *from)
{
	struct buf piece = { 0 };
	size_t next = 0;

	do {
		buf_clear(&piece);
		next = m->kind->save_part(m, from, next, &piece, check_random(&seed) % 20);
		CHECK(merge_text(m, into, buf_view(&piece)) == 0);
	} while (next);
	buf_free(&piece);
}

static void random_text(char text[48], bool is_number)
{
	static const char *const words[] = { "a", "b b", "50%", "x,y", "k=v", "me@home", "2*3", "\t", "\xc3\xa9", "true", "Z",
	                                     "a long text that does not fit in place, yes" };
	unsigned scale = (unsigned)check_random(&seed) % 4;
	long long whole = (long long)(check_random(&seed) % 41) - 20;

	if (!is_number && check_random(&seed) % 3 == 0)
		snprintf(text, 48, "%s", words[check_random(&seed) % (sizeof words / sizeof *words)]);
	else if (check_random(&seed) % 16 == 0)
		snprintf(text, 48, "%s99999999999999999999.%03u", whole < 0 ? "-" : "", (unsigned)check_random(&seed) % 1000);
	else if (scale == 0)
		snprintf(text, 48, "%lld", whole);
	else
		snprintf(text, 48, "%lld.%0*u", whole, (int)scale, (unsigned)check_random(&seed) % 10);
}

static size_t random_events(const struct measure *m, struct event e[MAX_EVENTS])
{
	size_t n = check_random(&seed) % MAX_EVENTS;

	for (size_t i = 0; i < n; i++) {
		random_text(e[i].text, m->kind->takes_number);
		e[i].at.ms = (int64_t)(check_random(&seed) % 10) - 5;
		e[i].at.position = check_random(&seed) % 30;
		e[i].at.weight = m->retract && check_random(&seed) % 3 == 0 ? -1 : 1;
	}
	return n;
}

static void check_split(const struct measure *m)
{
	struct event e[MAX_EVENTS];
	void *whole = state_new(m), *text = state_new(m), *pieces = state_new(m), *part[MAX_PARTS];
	size_t n = random_events(m, e), parts = 1 + check_random(&seed) % MAX_PARTS;

	for (size_t i = 0; i < parts; i++)
		part[i] = state_new(m);
	for (size_t i = 0; i < n; i++)
		add(m, whole, &e[i]);
	for (size_t i = 0; i < n; i++) {        /* shuffled, to any part */
		size_t k = i + check_random(&seed) % (n - i);
		struct event picked = e[k];

		e[k] = e[i];
		add(m, part[check_random(&seed) % parts], &picked);
	}
	for (size_t i = 0; i < parts; i++) {
		merge_saved(m, text, part[i]);
		if (m->kind->save_part)
			merge_pieces(m, pieces, part[i]);
	}
	check_same(m, text, whole, "saved parts merged");
	if (m->kind->save_part)
		check_same(m, pieces, whole, "saved pieces merged");
	for (; parts > 1; parts--) {            /* any two of them become one */
		size_t a = check_random(&seed) % parts, b = (a + 1 + check_random(&seed) % (parts - 1)) % parts;

		m->kind->merge(m, part[a], part[b]);
		state_free(m, part[b]);
		part[b] = part[parts - 1];
	}
	check_same(m, part[0], whole, "parts merged");
	state_free(m, part[0]), state_free(m, whole), state_free(m, text), state_free(m, pieces);
}

static struct measure make_kind(const struct measure_kind *kind, bool retract)
{
	char text[80];

	snprintf(text, sizeof text, "m = %s(x%s)", kind->name, kind->has_param ? ", 0.37" : "");
	return make(text, retract);
}

TEST(any_split_of_the_records_comes_out_the_same)
{
	for (int retract = 0; retract < 2; retract++) {
		for (const struct measure_kind *const *k = measure_kinds(); *k; k++) {
			struct measure m;

			if (retract && !(*k)->retracts)
				continue;
			m = make_kind(*k, retract);
			CHECK(merge_text(&m, NULL, SPAN("")) == 0);     /* the identity touches nothing */
			for (int i = 0; i < 120; i++)
				check_split(&m);
			measure_free(&m);
		}
	}
}

static void check_taken_back(const struct measure *m)
{
	static const struct event finest = { .text = "0.0001", .at = { .weight = 1 } };  /* digits seen are not unseen */
	struct event e[MAX_EVENTS];
	void *state = state_new(m), *want = state_new(m);
	size_t n = random_events(m, e);
	bool added[MAX_EVENTS] = { 0 }, removed[MAX_EVENTS] = { 0 };

	add(m, state, &finest);
	add(m, want, &finest);
	for (size_t left = 2 * n; left; left--) {
		size_t i = check_random(&seed) % n;
		bool remove = check_random(&seed) % 2;

		while (remove ? removed[i] : added[i]) {
			i = (i + 1) % n;
			remove = check_random(&seed) % 2;
		}
		*(remove ? &removed[i] : &added[i]) = true;
		e[i].at.weight = remove ? -1 : 1;
		e[i].at.position = left;        /* a retraction stands elsewhere in the log */
		add(m, state, &e[i]);
	}
	check_same(m, state, want, "all taken back");
	state_free(m, state), state_free(m, want);
}

TEST(what_is_taken_back_leaves_no_trace)
{
	for (const struct measure_kind *const *k = measure_kinds(); *k; k++) {
		struct measure m;

		if (!(*k)->retracts)
			continue;
		m = make_kind(*k, true);
		for (int i = 0; i < 100; i++)
			check_taken_back(&m);
		measure_free(&m);
	}
}

/* Words apart by blanks, in order of time; ~ takes back. */
static void *state_of(const struct measure *m, const char *words)
{
	void *state = state_new(m);
	struct event e = { .at = { .ms = 1000 } };

	for (size_t n; *words; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		e.at.weight = *words == '~' ? -1 : 1;
		snprintf(e.text, sizeof e.text, "%.*s", (int)(n - (*words == '~')), words + (*words == '~'));
		e.at.ms++;
		e.at.position++;
		add(m, state, &e);
	}
	return state;
}

static void check_case(const char *definition, bool retract, const char *words, const char *state, const char *value)
{
	struct measure m = make(definition, retract);
	void *s = state_of(&m, words);
	struct buf text = saved(&m, s), done = finished(&m, s);

	check_span(definition, retract, words, buf_view(&text), state);
	check_span(definition, retract, words, buf_view(&done), value);
	buf_free(&text), buf_free(&done);
	state_free(&m, s);
	measure_free(&m);
}

TEST(sums_and_counts_are_exact_and_keep_their_digits)
{
	check_case("m = count()", false, "", "", "0");
	check_case("m = count()", false, "a b c", "3", "3");
	check_case("m = count(x)", true, "a ~b ~c", "-1", "-1");
	check_case("m = sum(x)", false, "", "", "0");
	check_case("m = sum(x)", false, "12.50 1", "13.50", "13.50");
	check_case("m = sum(x)", false, "12.50 -12.50", "0.00", "0.00");
	check_case("m = sum(x)", true, "12.50 ~12.5", "0.00", "0.00");
	check_case("m = sum(x)", false, "0.000000000000000001 99999999999999999999 99999999999999999999",
	           "199999999999999999998.000000000000000001", "199999999999999999998.000000000000000001");
	check_case("m = sum(x)", false, "-99999999999999999999.999999999999999999 -0.000000000000000001",
	           "-100000000000000000000.000000000000000000", "-100000000000000000000.000000000000000000");
}

TEST(averages_and_variances_are_rounded_once)
{
	check_case("m = avg(x)", false, "", "", "");
	check_case("m = avg(x)", false, "1 2 2", "5/3", "1.666667");
	check_case("m = avg(x)", false, "0.10 0.20", "0.30/2", "0.150000");
	check_case("m = avg(x)", true, "1 ~2", "-1/0", "");
	check_case("m = var_pop(x)", false, "2 4 4 4 5 5 7 9", "8/40/232", "4.000000");
	check_case("m = var_samp(x)", false, "2 4 4 4 5 5 7 9", "8/40/232", "4.571429");
	check_case("m = stddev_pop(x)", false, "2 4 4 4 5 5 7 9", "8/40/232", "2.000000");
	check_case("m = stddev_samp(x)", false, "2 4 4 4 5 5 7 9", "8/40/232", "2.138090");
	check_case("m = var_samp(x)", false, "5", "1/5/25", "");
	check_case("m = var_pop(x)", false, "5", "1/5/25", "0.000000");
	check_case("m = var_pop(x)", false, "1.5 1", "2/2.5/3.25", "0.062500");
	/* where floating point loses everything */
	check_case("m = var_pop(x)", false, "10000000000000000000.001 10000000000000000000.003",
	           "2/20000000000000000000.004/200000000000000000000080000000000000000.000010", "0.000001");
}

TEST(extremes_order_numbers_before_text)
{
	check_case("m = min(x)", false, "", "", "");
	check_case("m = min(x)", false, "3 1.5 1.50 abc", "1.50", "1.50");
	check_case("m = min(x)", false, "1.50 1.5", "1.50", "1.50");
	check_case("m = max(x)", false, "1.50 1.5", "1.50", "1.50");
	check_case("m = max(x)", false, "-3 -20 -4e0", "-3", "-3");
	check_case("m = max(x)", false, "3 abc zz, 99999", "zz%2C", "zz,");
	check_case("m = min(x)", false, "9 10 1e1 -99999999999999999999 0.000000000000000001", "-99999999999999999999", "-99999999999999999999");
	check_case("m = max(x)", true, "10 20 ~20 15 15", "10*1,15*2", "15");
	check_case("m = min(x)", true, "~10 20 a%b", "10*-1,20*1,a%25b*1", "20");
	check_case("m = min(x)", true, "10 ~10", "", "");
	check_case("m = max(x)", true, "1.5 1.50 1.50 ~1.50", "1.5*1,1.50*1", "1.50");
	check_case("m = min(x)", true, "1.5 1.50", "1.50*1,1.5*1", "1.50");
}

TEST(edges_go_by_time)
{
	check_case("m = first(x)", false, "", "", "");
	check_case("m = first(x)", false, "b a@ c", "1001@1=b", "b");
	check_case("m = last(x)", false, "b a c=d", "1003@3=c%3Dd", "c=d");
	check_case("m = last(x)", true, "b a a", "1001=b*1,1002=a*1,1003=a*1", "a");
	check_case("m = first(x)", true, "~b a", "1001=b*-1,1002=a*1", "a");
}

TEST(distinct_counts_values_as_written)
{
	check_case("m = count_distinct(x)", false, "", "", "0");
	check_case("m = count_distinct(x)", false, "b a b 1 1.0", "1,1.0,a,b", "4");
	check_case("m = count_distinct(x)", true, "b a b ~a ~c", "b*2,c*-1", "1");
	check_case("m = approx_count_distinct(x)", false, "", "", "0");
	check_case("m = approx_count_distinct(x)", false, "a b a", "sB4RCDSTB", "2");
}

TEST(quantiles_print_their_bin)
{
	check_case("m = approx_quantile(x, 0.5)", false, "", "", "");
	check_case("m = approx_quantile(x, 0.5)", false, "0 0 -1 1", "-2093:1,0:2,2093:1", "0");
	check_case("m = approx_quantile(x, 1)", true, "5 100 ~100", "2175:1", "5.0413");
}

static void check_refused(const char *text, bool retract, const char *reason)
{
	struct fields fields = { 0 };
	struct measure m;
	char error[200] = "";

	CHECK(measure_parse(&m, span_of(text), retract, &fields, error) == -1);
	if (!strstr(error, reason)) {
		printf("# %s: \"%s\" says nothing of \"%s\"\n", text, error, reason);
		CHECK(!"reason");
	}
	fields_free(&fields);
}

TEST(what_is_not_a_measure_is_refused_with_the_reason)
{
	check_refused("", false, "name = function");
	check_refused("sum(x)", false, "name = function");
	check_refused("a == sum(x)", false, "name = function");
	check_refused("a = ", false, "name = function");
	check_refused("a = x + 1", false, "name = function");
	check_refused("@3 = count()", false, "name = function");
	check_refused("a = median(x)", false, "no such function");
	check_refused("a = sum()", false, "takes an argument");
	check_refused("a = sum(*)", false, "sum:");
	check_refused("a = sum(x, y)", false, "one argument");
	check_refused("a = count(x, y)", false, "one argument");
	check_refused("a = sum(x", false, ") is missing");
	check_refused("a = sum(x +)", false, "sum:");
	check_refused("a = sum(x > 1)", false, "sum:");
	check_refused("a = sum(x) y", false, "where");
	check_refused("a = sum(x) wherey", false, "where");
	check_refused("a = sum(x) where", false, "where");
	check_refused("a = sum(x) where 1 + y", false, "where:");
	check_refused("a = approx_quantile(x)", false, "two arguments");
	check_refused("a = approx_quantile(x, 95)", false, "from 0 to 1");
	check_refused("a = approx_quantile(x, -0.1)", false, "from 0 to 1");
	check_refused("a = approx_quantile(x, y, 0.5)", false, "one argument");
	check_refused("a = approx_count_distinct(x)", true, "retractable");
}

static void check_print(const char *text, const char *want, const char *state_name)
{
	struct measure m = make(text, false), again;
	struct buf b = { 0 };

	measure_print(&b, &m);
	check_span(text, 0, "printed", buf_view(&b), want);
	buf_byte(&b, '\0');
	again = make(b.p, false);
	buf_clear(&b);
	measure_print(&b, &again);
	check_span(text, 0, "printed again", buf_view(&b), want);
	buf_clear(&b);
	measure_print_state_name(&b, &m);
	check_span(text, 0, "state name", buf_view(&b), state_name);
	buf_free(&b);
	measure_free(&m);
	measure_free(&again);
}

TEST(measures_print_one_way)
{
	check_print("orders=count()", "orders = count()", "orders:count");
	check_print(" orders = COUNT( * ) ", "orders = count()", "orders:count");
	check_print("gmv = sum( price*quantity )where(status = 'paid')", "gmv = sum(price * quantity) where status == \"paid\"", "gmv:sum");
	check_print("`my ) sum` = sum(`a ) b`)", "`my ) sum` = sum(`a ) b`)", "my ) sum:sum");
	check_print("n = count_distinct(if(a == ')', 'x,y', b))", "n = count_distinct(if(a == \")\", \"x,y\", b))", "n:count_distinct");
	check_print("p = approx_quantile(if(a == 'x', 1, 2), 0.950)", "p = approx_quantile(if(a == \"x\", 1, 2), 0.95)", "p:approx_quantile(0.01)");
	check_print("u = approx_count_distinct(user) WHERE a > 1", "u = approx_count_distinct(user) where a > 1", "u:approx_count_distinct(14)");
}

TEST(a_plain_field_is_known_as_one)
{
	struct fields fields = { 0 };
	struct measure m;
	char error[200];

	CHECK(measure_parse(&m, SPAN("a = sum(x) where y > 1"), false, &fields, error) == 0);
	CHECK(m.arg_field >= 0 && span_eq(fields.ref[m.arg_field].name, SPAN("x")));
	CHECK_INT(fields.n, 2);
	measure_free(&m);
	CHECK(measure_parse(&m, SPAN("a = sum(x + 1)"), false, &fields, error) == 0);
	CHECK_INT(m.arg_field, -1);
	measure_free(&m);
	CHECK(measure_parse(&m, SPAN("a = count()"), false, &fields, error) == 0);
	CHECK(!m.arg && m.arg_field == -1);
	measure_free(&m);
	fields_free(&fields);
}

static void check_number(const char *definition, const char *words, int want, const char *text)
{
	struct measure m = make(definition, false);
	void *s = state_of(&m, words);
	struct buf b = { 0 };
	struct ratio r;
	int rc = m.kind->number(&m, s, &r);

	CHECK_INT(rc, want);
	if (rc == 0)
		ratio_print(&b, &r, 6);
	check_span(definition, 0, words, buf_view(&b), text);
	buf_free(&b);
	state_free(&m, s);
	measure_free(&m);
}

TEST(numbers_for_derived_columns)
{
	check_number("m = count()", "a b", 0, "2");
	check_number("m = sum(x)", "1.5 2.50", 0, "4.00");
	check_number("m = avg(x)", "1 2", 0, "1.500000");
	check_number("m = avg(x)", "", 1, "");
	check_number("m = stddev_pop(x)", "1 2 4", 0, "1.247219");
	check_number("m = min(x)", "1.50 2", 0, "1.50");
	check_number("m = min(x)", "a b", -1, "");
	check_number("m = max(x)", "", 1, "");
	check_number("m = last(x)", "1 2.0", 0, "2.0");
	check_number("m = first(x)", "a", -1, "");
	check_number("m = count_distinct(x)", "a b a", 0, "2");
	check_number("m = approx_count_distinct(x)", "a b a", 0, "2");
	check_number("m = approx_quantile(x, 0.5)", "1000", 0, "997.634");
}

static void check_text(const char *definition, bool retract, const char *text, int want)
{
	struct measure m = make(definition, retract);
	void *s = state_new(&m);

	if (merge_text(&m, s, span_of(text)) != want) {
		printf("# %s, retract %d: \"%s\"\n", definition, retract, text);
		CHECK(!"merge_text");
	}
	state_free(&m, s);
	measure_free(&m);
}

/* Zeros in front make a text too long for the short way. */
TEST(sums_that_fit_a_word_are_read_as_long_ones_are)
{
	struct measure m = make("m = sum(x)", false);
	void *brief = state_new(&m), *long_way = state_new(&m);

	for (int i = 0; i < 20000; i++) {
		char text[64], padded[64];
		unsigned long long v = check_random(&seed) >> check_random(&seed) % 64, unit = 1;
		int scale = (int)(check_random(&seed) % 7);
		const char *sign = check_random(&seed) % 2 ? "-" : "";

		v %= 100000000000ull;
		for (int k = 0; k < scale; k++)
			unit *= 10;
		snprintf(text, sizeof text, scale ? "%s%llu.%0*llu" : "%s%llu", sign, v / unit, scale, v % unit);
		snprintf(padded, sizeof padded, "%s000000000000000000000%s", sign, text + (*sign == '-'));
		CHECK_INT(merge_text(&m, brief, span_of(text)), 0);
		CHECK_INT(merge_text(&m, long_way, span_of(padded)), 0);
		check_same(&m, brief, long_way, text);
	}
	state_free(&m, brief);
	state_free(&m, long_way);
	measure_free(&m);
}

TEST(foreign_text_is_refused)
{
	static const char *const bad[][8] = {
		{ "m = count()", "x", "1x", "--1", "-", "99999999999999999999", "4611686018427387904" },
		{ "m = sum(x)", "x", "1e3", "1.2.3", "1.0000000000000000000", "9999999999999999999999999999999999999999" },
		{ "m = avg(x)", "1", "1/", "/1", "/", "1/2/3", "1/x", "x/1" },
		{ "m = var_pop(x)", "1/2", "1/2/", "1/1.5/2.5", "//", "1/2/3/4", "x/1/1" },
		{ "m = min(x)", "%", "%4", "%zz" },
		{ "m = first(x)", "@=", "1@", "1@2", "1@2=", "1.5@2=a", "1@-1=a", "9223372036854775808@1=a" },
		{ "m = count_distinct(x)", ",", "a,", ",a", "a,,b", "%" },
		{ "m = approx_count_distinct(x)", "s", "x", "sAAA", "sAAAA", "sAAA0", "sAABBAAAB", "dAAA" },
		{ "m = approx_quantile(x, 0.5)", "1", "1:", ":1", "1:0", "4446:1", "1:1,", "1:x" },
	};
	static const char *const bad_retract[][8] = {
		{ "m = min(x)", "1", "1*", "*1", "1*0", "1*1,", "1*x", "1*1*1" },
		{ "m = first(x)", "1*1", "a=1*1", "=1*1", "1=*1", "1=a", "1=a*0" },
		{ "m = count_distinct(x)", "a", "a*", "*1", "a*1,,b*1", "%*1" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		for (size_t k = 1; k < 8 && bad[i][k]; k++)
			check_text(bad[i][0], false, bad[i][k], -1);
	for (size_t i = 0; i < sizeof bad_retract / sizeof *bad_retract; i++)
		for (size_t k = 1; k < 8 && bad_retract[i][k]; k++)
			check_text(bad_retract[i][0], true, bad_retract[i][k], -1);
}

/* Events in another order than that of time, and ties of time, then of position. */
TEST(first_and_last_break_ties_by_position_then_value)
{
	static const struct event e[] = {
		{ "mid", { 10, 5, 1 } }, { "old", { 9, 7, 1 } }, { "older", { 9, 6, 1 } }, { "oldest", { 9, 6, 1 } },
		{ "new", { 11, 1, 1 } }, { "newer", { 11, 2, 1 } }, { "newest", { 11, 2, 1 } }, { "before 1970", { -5, 1, 1 } },
	};
	struct measure first = make("m = first(x)", false), last = make("m = last(x)", false);
	void *f = state_new(&first), *l = state_new(&last);
	struct buf b = { 0 };

	for (size_t i = 0; i < 7; i++) {
		add(&first, f, &e[i]);
		add(&last, l, &e[i]);
	}
	first.kind->finish(&first, f, 6, &b);
	CHECK_BUF(b, "older");
	buf_clear(&b);
	last.kind->finish(&last, l, 6, &b);
	CHECK_BUF(b, "newest");
	buf_clear(&b);
	add(&first, f, &e[7]);
	first.kind->save(&first, f, &b);
	CHECK_BUF(b, "-5@1=before%201970");
	buf_free(&b);
	state_free(&first, f);
	state_free(&last, l);
	measure_free(&first);
	measure_free(&last);
}
