/* SPDX-License-Identifier: MIT */
/* Rounded results are checked by their definition in exact integers (no other number is nearer, ties are even), and
 * against a table computed with Python's fractions. */
#include "lib/text/decimal.h"
#include "tests/unit/check.h"

static unsigned long long seed = 2;

static struct decimal number(const char *text)
{
	struct decimal d = { 0, 0 };

	if (decimal_parse(span_of(text), &d) < 0) {
		check_failures++;
		printf("# no number: %s\n", text);
	}
	return d;
}

static void check_decimal(int line, struct decimal got, const char *want)
{
	struct buf text = { 0 };

	decimal_print(&text, got);
	check_span(__FILE__, line, "decimal", buf_view(&text), want);
	buf_free(&text);
}
#define CHECK_DECIMAL(got, want) check_decimal(__LINE__, (got), (want))

static void check_error(int line, const char *text, const char *want)
{
	struct decimal d;

	if (decimal_parse(span_of(text), &d) != -1) {
		check_failures++;
		printf("# %s:%d: \"%s\" is a number\n", __FILE__, line, text);
		return;
	}
	check_span(__FILE__, line, text, span_of(decimal_parse_error(span_of(text))), want);
}
#define CHECK_ERROR(text, want) check_error(__LINE__, (text), (want))

static i128 random_below(i128 limit)
{
	u128 r = (u128)check_random(&seed) << 64 | check_random(&seed);

	return (i128)(r >> (check_random(&seed) % 127)) % limit;
}

static i128 power(unsigned n)
{
	return n ? 10 * power(n - 1) : 1;
}

/* Any legal decimal; lengths, scales and round values all occur. */
static struct decimal random_decimal(void)
{
	struct decimal d = { .scale = (unsigned)(check_random(&seed) % 19) };
	unsigned r = (unsigned)check_random(&seed);

	d.m = random_below(power(20 + d.scale));
	if (r % 8 == 0)
		d.m = d.m / power(d.scale / 2) * power(d.scale / 2);
	if (r % 16 == 1)
		d.m = power(20 + d.scale) - 1;
	if (r & 32)
		d.m = -d.m;
	return d;
}

static bool same(struct decimal a, struct decimal b)
{
	return a.m == b.m && a.scale == b.scale;
}

static void big_from_i128(struct big *r, i128 v)
{
	struct i256 w = i256_from(v);

	big_from_i256(r, &w);
}

static bool legal(struct decimal d)
{
	return d.scale <= 18 && d.m < power(20 + d.scale) && d.m > -power(20 + d.scale);
}

TEST(parse_keeps_the_number_and_its_scale)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "0", "0" }, { "1", "1" }, { "-1", "-1" }, { "+1", "1" }, { "12", "12" }, { "123", "123" }, { "1234567", "1234567" },
		{ "12345678", "12345678" }, { "-12345678", "-12345678" }, { "123456789", "123456789" }, { "1.50", "1.50" },
		{ ".5", "0.5" }, { "5.", "5" }, { "-.5", "-0.5" }, { "+.50", "0.50" }, { "-5.", "-5" }, { "1234567.", "1234567" },
		{ ".1234567", "0.1234567" }, { "123.4567", "123.4567" }, { "12345678.", "12345678" }, { ".12345678", "0.12345678" },
		{ "-0", "0" }, { "-0.00", "0.00" }, { "+0", "0" }, { "007", "7" }, { "-000000000000000000000000000001.50", "-1.50" },
		{ "00000000", "0" }, { "0000000000000000000000000000000000000000", "0" }, { "0.0", "0.0" },
		{ "1e3", "1000" }, { "1E3", "1000" }, { "1e+3", "1000" }, { "+2E-2", "0.02" }, { "1.5e1", "15" }, { "1.50e1", "15.0" },
		{ "1.5e3", "1500" }, { "-1.5e-3", "-0.0015" }, { ".5e1", "5" }, { "5.e-1", "0.5" }, { "1e19", "10000000000000000000" },
		{ "1e-18", "0.000000000000000001" }, { "0e400", "0" }, { "0.00e400", "0" }, { "0e-18", "0.000000000000000000" },
		{ "0.00000000000000000000001e23", "1" }, { "1e0000000000000000000000000000000000001", "10" },
		{ "1e-0", "1" }, { "99999999999999999999", "99999999999999999999" }, { "-99999999999999999999", "-99999999999999999999" },
		{ "0.123456789012345678", "0.123456789012345678" }, { ".999999999999999999", "0.999999999999999999" },
		{ "99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999" },
		{ "-99999999999999999999.999999999999999999", "-99999999999999999999.999999999999999999" },
		{ "1234567890123456789", "1234567890123456789" }, { "-9223372036854775808", "-9223372036854775808" },
		{ "18446744073709551616", "18446744073709551616" }, { "9999999999999999999", "9999999999999999999" },
		{ "1234567890.12345678", "1234567890.12345678" }, { "1234567890.123456789012345678", "1234567890.123456789012345678" },
		{ "9007199254740993", "9007199254740993" }, { "10000000000000000000000e-3", "10000000000000000000.000" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_DECIMAL(number(rows[i].text), rows[i].want);
		CHECK(decimal_parse_error(span_of(rows[i].text)) == NULL);
	}
}

TEST(parse_refuses_what_is_no_number)
{
	static const char *const bad[] = {
		"", "-", "+", ".", "-.", "+.", "e", "e5", ".e5", "1e", "1e+", "1e-", "1ee1", "1e1.5", "1e1e1", "--1", "+-1", "-+1", "++1",
		"1-", "1+", "1-1", "1.2.3", "1..2", "..1", "1234.5678.9", "12345678.9.", ".12345678901.2", "1_000", "1,000", " 1", "1 ", "1 2", "\t1", "1\n",
		"NaN", "nan", "inf", "-inf", "Infinity", "0x10", "1f", "1d", "a", "12345a", "12345678a", "1234567890123456789a", "1/2", "1:", "$1",
		"\xd9\xa1", "\xef\xbc\x91", "1\x80", "\xb1", "123\xb4", "1e\xb4", "null", "true", "1e1 ", "1E 1", "/", ":", "-/", "1234567/", "1234567:",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_ERROR(bad[i], "not a number");
	CHECK_TEXT(decimal_parse_error((struct span){ "1\0", 2 }), "not a number");
	CHECK_TEXT(decimal_parse_error((struct span){ NULL, 0 }), "not a number");
}

TEST(parse_refuses_21_integer_and_19_fraction_digits)
{
	CHECK_ERROR("100000000000000000000", "more than 20 integer digits");
	CHECK_ERROR("-123456789012345678901.5", "more than 20 integer digits");
	CHECK_ERROR("1e20", "more than 20 integer digits");
	CHECK_ERROR("1e400", "more than 20 integer digits");
	CHECK_ERROR("-1e99999999999999999999999999", "more than 20 integer digits");
	CHECK_ERROR("0.1e21", "more than 20 integer digits");
	CHECK_ERROR("100000000000000000000000000000000000000000000000000000000000", "more than 20 integer digits");
	CHECK_ERROR("0.1234567890123456789", "more than 18 fraction digits");
	CHECK_ERROR("0.0000000000000000000", "more than 18 fraction digits");
	CHECK_ERROR("1e-19", "more than 18 fraction digits");
	CHECK_ERROR("1.0e-18", "more than 18 fraction digits");
	CHECK_ERROR("0e-400", "more than 18 fraction digits");
	CHECK_ERROR("1e-99999999999999999999999999", "more than 18 fraction digits");
	CHECK_ERROR("10000000000000000000000000000000000000000e-22", "more than 18 fraction digits");
}

/* The text is made from the number, in every length and with every place of the point, and may not depend on what stands
 * around it. */
TEST(parse_reads_back_what_is_printed)
{
	char field[64];
	struct buf text = { 0 };

	for (int i = 0; i < 300000; i++) {
		struct decimal d = random_decimal(), got = { 0, 0 };

		buf_clear(&text);
		decimal_print(&text, d);
		memset(field, "0.9-e"[i % 5], sizeof field);
		memcpy(field + 8, text.p, text.n);
		CHECK_INT(decimal_parse((struct span){ field + 8, text.n }, &got), 0);
		CHECK(same(d, got));
	}
	buf_free(&text);
}

/* Plain texts of a few characters, all of them, against a reading one character at a time. */
TEST(parse_agrees_with_the_plain_definition)
{
	static const char alphabet[] = "0159.-/:e";
	const unsigned base = sizeof alphabet - 1;

	for (unsigned long n = 0, of = 1; n <= 6; n++, of *= base)
		for (unsigned long code = 0; code < of; code++) {
			char text[8];
			struct decimal d;
			unsigned digits = 0, points = 0, scale = 0, others = 0;
			unsigned long rest = code;
			long m = 0;

			for (unsigned i = 0; i < n; i++, rest /= base)
				text[i] = alphabet[rest % base];
			for (unsigned i = n && text[0] == '-'; i < n; i++) {
				if (text[i] >= '0' && text[i] <= '9')
					digits++, scale += points, m = m * 10 + (text[i] - '0');
				else if (text[i] == '.')
					points++;
				else
					others += text[i] == 'e' ? 100 : 1;
			}
			if (others >= 100)
				continue;
			if (others || points > 1 || !digits)
				CHECK_INT(decimal_parse((struct span){ text, n }, &d), -1);
			else
				CHECK(decimal_parse((struct span){ text, n }, &d) == 0 && d.m == (text[0] == '-' ? -m : m) && d.scale == scale);
		}
}

TEST(fast_and_general_reading_agree)
{
	char text[32];

	for (int i = 0; i < 300000; i++) {
		size_t n = check_random(&seed) % 22 + 1;
		struct decimal a = { 0, 0 }, b = { 0, 0 };
		int ok;

		for (size_t k = 0; k < n; k++)
			text[k] = (char)('0' + check_random(&seed) % 10);
		for (unsigned k = (unsigned)check_random(&seed) % 4; k; k--)
			text[check_random(&seed) % n] = "..-0"[check_random(&seed) % 4];
		ok = decimal_parse((struct span){ text, n }, &a);
		memcpy(text + n, "e0", 2);                      /* an exponent of 0 changes nothing but the path */
		CHECK_INT(decimal_parse((struct span){ text, n + 2 }, &b), ok);
		CHECK(same(a, b));
		CHECK_INT(decimal_parse_error((struct span){ text, n }) ? -1 : 0, ok);
	}
}

static const struct row { const char *op, *a, *b, *want; } rows[] = {
	{ "+", "1.5", "1.50", "3.00" },
	{ "+", "12.50", "1", "13.50" },
	{ "+", "99999999999999999999", "1", NULL },
	{ "+", "99999999999999999999", "0.5", "99999999999999999999.5" },
	{ "+", "99999999999999999999.999999999999999999", "0.000000000000000001", NULL },
	{ "+", "99999999999999999999.999999999999999999", "-99999999999999999999.999999999999999999", "0.000000000000000000" },
	{ "+", "-99999999999999999999.999999999999999999", "-99999999999999999999.999999999999999999", NULL },
	{ "+", "0.1", "0.2", "0.3" },
	{ "-", "1", "1.00", "0.00" },
	{ "-", "-99999999999999999999", "1", NULL },
	{ "-", "9223372036854775807", "-1", "9223372036854775808" },
	{ "*", "12.50", "3", "37.50" },
	{ "*", "-0.5", "0.5", "-0.25" },
	{ "*", "99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999", NULL },
	{ "*", "99999999999999999999.999999999999999999", "-1", "-99999999999999999999.999999999999999999" },
	{ "*", "99999999999999999999.999999999999999999", "1.0", "99999999999999999999.999999999999999999" },
	{ "*", "10000000000", "9999999999.99", "99999999999900000000.00" },
	{ "*", "10000000000", "10000000000", NULL },
	{ "*", "0.000000001", "0.0000000005", "0.000000000000000000" },
	{ "*", "0.000000001", "0.0000000015", "0.000000000000000002" },
	{ "*", "0.000000001", "-0.0000000025", "-0.000000000000000002" },
	{ "*", "0.000000000000000001", "0.5", "0.000000000000000000" },
	{ "*", "0.000000000000000003", "0.5", "0.000000000000000002" },
	{ "*", "-0.000000000000000003", "0.500000000000000000", "-0.000000000000000002" },
	{ "*", "99999999999999999999.999999999999999999", "0.000000000000000001", "100.000000000000000000" },
	{ "*", "99999999999999999999.999999999999999999", "0.999999999999999999", "99999999999999999899.999999999999999999" },
	{ "*", "12345678901234567890.123456789", "0.000000000987654321", "12193263112.482853211248285321" },
	{ "*", "9999999999.999999999999999999", "9999999999.999999999999999999", "99999999999999999999.999999980000000000" },
	{ "*", "9999999999.999999999999999999", "10000000000.000000000000000001", NULL },
	{ "*", "4294967296.000000000000000000", "4294967295.999999999999999999", "18446744073709551615.999999995705032704" },
	{ "/", "1", "3", "0.333333333333333333" },
	{ "/", "2", "3", "0.666666666666666667" },
	{ "/", "-1", "3", "-0.333333333333333333" },
	{ "/", "-2", "3", "-0.666666666666666667" },
	{ "/", "10", "4", "2.5" },
	{ "/", "1", "8", "0.125" },
	{ "/", "0", "7", "0" },
	{ "/", "0.00", "-7", "0" },
	{ "/", "0.000000000000000001", "2", "0" },
	{ "/", "0.000000000000000003", "2", "0.000000000000000002" },
	{ "/", "-0.000000000000000001", "2", "0" },
	{ "/", "-0.000000000000000003", "2", "-0.000000000000000002" },
	{ "/", "0.000000000000000001", "3", "0" },
	{ "/", "99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999", "1" },
	{ "/", "99999999999999999999.999999999999999999", "0.000000000000000001", NULL },
	{ "/", "99999999999999999999", "0.1", NULL },
	{ "/", "9999999999", "0.0000000001", "99999999990000000000" },
	{ "/", "-99999999999999999999.999999999999999999", "7", "-14285714285714285714.285714285714285714" },
	{ "/", "99999999999999999999.999999999999999999", "1.000000000000000001", "99999999999999999900.000000000000000099" },
	{ "/", "1", "99999999999999999999.999999999999999999", "0" },
	{ "/", "1.00", "0.001", "1000" },
	{ "/", "12345678901234567890", "0.123456789012345678", NULL },
	{ "/", "1", "-0.000000000000000003", "-333333333333333333.333333333333333333" },
	{ "/", "49999999999999999999.5", "0.5", "99999999999999999999" },
	{ "/", "50000000000000000000", "0.5", NULL },
	{ "/", "99999999999999999999", "0.999999999999999999", NULL },
	{ "%", "7", "3", "1" },
	{ "%", "-7", "3", "-1" },
	{ "%", "7", "-3", "1" },
	{ "%", "7.5", "2", "1.5" },
	{ "%", "-7.5", "0.2", "-0.1" },
	{ "%", "99999999999999999999.999999999999999999", "0.7", "0.599999999999999999" },
	{ "%", "99999999999999999999", "0.000000000000000001", "0.000000000000000000" },
	{ "%", "1", "99999999999999999999.999999999999999999", "1.000000000000000000" },
	{ "%", "6.0", "3", "0.0" },
	{ "round", "2.5", "0", "2" },
	{ "round", "3.5", "0", "4" },
	{ "round", "-2.5", "0", "-2" },
	{ "round", "-0.5", "0", "0" },
	{ "round", "0.5", "0", "0" },
	{ "round", "2.4999", "0", "2" },
	{ "round", "2.5001", "0", "3" },
	{ "round", "1250", "-2", "1200" },
	{ "round", "1350", "-2", "1400" },
	{ "round", "1251", "-2", "1300" },
	{ "round", "-1250", "-2", "-1200" },
	{ "round", "1.005", "2", "1.00" },
	{ "round", "1.015", "2", "1.02" },
	{ "round", "1.5", "3", "1.5" },
	{ "round", "99999999999999999999.999999999999999999", "2", NULL },
	{ "round", "99999999999999999999.999999999999999999", "17", NULL },
	{ "round", "99999999999999999999", "-20", NULL },
	{ "round", "99999999999999999999", "-19", NULL },
	{ "round", "50000000000000000000", "-20", "0" },
	{ "round", "50000000000000000000.01", "-20", NULL },
	{ "round", "49999999999999999999.99", "-20", "0" },
	{ "round", "99999999999999999999", "-21", "0" },
	{ "round", "0.000", "1", "0.0" },
	{ "/", "-465374209142.48812726312886974", "-2175420262932050.34990", "0.000213923818340854" },
	{ "*", "-0.00008979361574", "-83194656374568.7", "7470349006.119363356031338" },
	{ "%", "85822168070.60364", "8047937.8", "7007309.20364" },
	{ "*", "-947031162476492.06657369054756", "-823852073.2865248", NULL },
	{ "*", "7391.4464005218919", "0.000000577", "0.004264864573101132" },
	{ "*", "1232731.387425099035", "3518475", "4337334568370.525327171625" },
	{ "*", "-87621666762.558542131458832", "-39028.987156", "3419784906663209.442546791617670762" },
	{ "*", "-2206", "0.0000001", "-0.0002206" },
	{ "/", "0.008952633520080", "54007683.515315", "0.000000000165765923" },
	{ "*", "-37.967512919183", "-0.000000000000000027", "0.000000000000001025" },
	{ "/", "0.000000000150", "-10.281331", "-0.000000000014589551" },
	{ "%", "-130.5985302385", "44827972480642182.35", "-130.5985302385" },
	{ "*", "-956062964.09498140998", "-8193.2518", "7833264601484.541808285172964" },
	{ "/", "669671050772230472.771478", "-1414090509.596650", "-473570147.191812348448117024" },
	{ "/", "63.5", "-0.4629366541688284", "-137.167794833636527443" },
	{ "/", "-4977289720893462939.096563932942310", "2.35171634006853252", "-2116449860933660603.248234699503337333" },
	{ "*", "-350531423933.07", "29565.9", "-10363777026862754.313" },
	{ "*", "0.0000000000379737", "-7168825.0878", "-0.000272226813236591" },
	{ "%", "0.0008", "-64648891340366110644.18469819108", "0.00080000000" },
	{ "*", "56728.587718496020555", "-0.00000000000000922", "-0.000000000523037579" },
	{ "/", "-0.0000000702", "37472029517.800313376582525", "-0.000000000000000002" },
	{ "/", "240759.205434454977918134", "6.55", "36757.130600680149300478" },
	{ "*", "-7023356920450877.10868942", "-6404632116895236.28435388197655", NULL },
	{ "%", "-8872087323516706508", "460862655.1290614", "-236608272.8938830" },
};

static int apply(const struct row *row, struct decimal *r)
{
	struct decimal a = number(row->a), b = number(row->b);

	switch (row->op[0]) {
	case '+': return decimal_add(r, a, b);
	case '-': return decimal_sub(r, a, b);
	case '*': return decimal_mul(r, a, b);
	case '/': return decimal_div(r, a, b);
	case '%': return decimal_mod(r, a, b);
	default: return decimal_round(r, a, (int)b.m);
	}
}

TEST(operations_agree_with_values_computed_elsewhere)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct decimal r = { 0, 0 };
		int ok = apply(&rows[i], &r), before = check_failures;

		CHECK_INT(ok, rows[i].want ? 0 : -1);
		if (ok == 0 && rows[i].want)
			CHECK_DECIMAL(r, rows[i].want);
		if (check_failures > before)
			printf("# %s %s %s\n", rows[i].a, rows[i].op, rows[i].b);
	}
}

TEST(sums_are_exact_or_refused)
{
	for (int i = 0; i < 100000; i++) {
		struct decimal a = random_decimal(), b = random_decimal(), r, back;
		struct big x, y, limit;
		unsigned scale = a.scale > b.scale ? a.scale : b.scale;
		bool fits;

		big_from_i128(&x, a.m * power(scale - a.scale));
		big_from_i128(&y, b.m * power(scale - b.scale));
		big_add(&x, &x, &y);
		big_from_i128(&limit, power(20 + scale));
		y = x;
		y.negative = false;
		fits = big_cmp(&y, &limit) < 0;
		CHECK_INT(decimal_add(&r, a, b), fits ? 0 : -1);
		if (!fits)
			continue;
		big_from_i128(&y, r.m);
		CHECK(r.scale == scale && big_cmp(&x, &y) == 0);
		CHECK_INT(decimal_sub(&back, r, b), 0);
		CHECK_INT(decimal_cmp(back, a), 0);
	}
}

/* |exact - got| against half a unit, in units of 1 / den: got is right when nothing is nearer, and even on a tie. */
static bool nearest(const struct big *exact, const struct big *got_times_den, const struct big *den, bool got_even)
{
	struct big off;
	int c;

	big_sub(&off, exact, got_times_den);
	off.negative = false;
	big_add(&off, &off, &off);
	c = big_cmp(&off, den);
	return c < 0 || (c == 0 && got_even);
}

TEST(products_are_nearest_half_even)
{
	for (int i = 0; i < 100000; i++) {
		struct decimal a = random_decimal(), b = random_decimal(), r;
		unsigned scale = a.scale + b.scale, excess = scale > 18 ? scale - 18 : 0;
		struct big x, y, unit;

		if (i & 1)
			a.m %= 1000000, b.m %= 1000000;
		big_from_i128(&x, a.m);
		big_from_i128(&y, b.m);
		big_mul(&x, &x, &y);
		big_from_i128(&unit, power(excess));
		if (decimal_mul(&r, a, b) < 0) {
			big_from_i128(&y, power(20 + scale - excess));  /* refused: rounds to that or more */
			big_mul(&y, &y, &unit);
			x.negative = false;
			big_add(&x, &x, &x);
			big_add(&y, &y, &y);
			big_sub(&y, &y, &unit);
			CHECK(big_cmp(&x, &y) >= 0);
			continue;
		}
		CHECK(legal(r) && r.scale == scale - excess);
		big_from_i128(&y, r.m);
		big_mul(&y, &y, &unit);
		CHECK(nearest(&x, &y, &unit, r.m % 2 == 0));
	}
}

TEST(quotients_are_nearest_half_even)
{
	for (int i = 0; i < 100000; i++) {
		struct decimal a = random_decimal(), b = random_decimal(), r;
		struct big x, y, den;

		if (i & 1)
			a.m %= 1000000, b.m = i & 2 ? power((unsigned)i / 4 % 38) : b.m % 1000;
		if (!b.m || !legal(b))
			continue;
		big_from_i128(&x, a.m);
		big_mul_pow10(&x, &x, 18 + b.scale - a.scale);
		big_from_i128(&den, b.m);
		if (decimal_div(&r, a, b) < 0) {
			x.negative = den.negative = false;
			big_divmod(&y, NULL, &x, &den);
			big_from_i128(&x, power(38) - 1);
			CHECK(big_cmp(&y, &x) >= 0);
			continue;
		}
		CHECK(legal(r) && (!r.scale || r.m % 10));
		big_from_i128(&y, r.m * power(18 - r.scale));
		big_mul(&y, &y, &den);
		den.negative = false;
		CHECK(nearest(&x, &y, &den, r.scale < 18 || r.m % 2 == 0));
	}
}

TEST(remainders_complete_truncated_quotients)
{
	for (int i = 0; i < 50000; i++) {
		struct decimal a = random_decimal(), b = random_decimal(), r;
		struct big x, y, z;

		if (!b.m)
			continue;
		CHECK_INT(decimal_mod(&r, a, b), 0);
		CHECK(r.scale == (a.scale > b.scale ? a.scale : b.scale));
		big_from_i128(&x, a.m * power(r.scale - a.scale));
		big_from_i128(&y, b.m * power(r.scale - b.scale));
		big_divmod(NULL, &x, &x, &y);
		big_from_i128(&z, r.m);
		CHECK(big_cmp(&x, &z) == 0);
	}
}

TEST(round_is_nearest_half_even)
{
	for (int i = 0; i < 100000; i++) {
		struct decimal a = random_decimal(), r;
		int digits = (int)(check_random(&seed) % 40) - 21;
		struct big x, y, unit;
		i128 u;

		if (digits >= (int)a.scale) {
			CHECK(decimal_round(&r, a, digits) == 0 && same(a, r));
			continue;
		}
		if (digits < -20) {
			CHECK(decimal_round(&r, a, digits) == 0 && r.m == 0 && r.scale == 0);
			continue;
		}
		u = power((unsigned)((int)a.scale - digits));
		if (i & 1)                                      /* ties */
			a.m = a.m / u * u + u / 2;
		if (!legal(a))
			continue;
		if (decimal_round(&r, a, digits) < 0) {
			CHECK(a.m + u / 2 >= power(20 + a.scale) || a.m - u / 2 <= -power(20 + a.scale));
			continue;
		}
		CHECK(legal(r) && (int)r.scale == (digits > 0 ? digits : 0));
		CHECK(digits >= 0 || r.m % power((unsigned)-digits) == 0);
		big_from_i128(&x, a.m);
		big_from_i128(&y, r.m);
		big_mul_pow10(&y, &y, a.scale - r.scale);
		big_from_i128(&unit, u);
		CHECK(nearest(&x, &y, &unit, r.m / (digits < 0 ? power((unsigned)-digits) : 1) % 2 == 0));
	}
}

TEST(round_takes_any_number_of_digits)
{
	struct decimal r;

	CHECK_INT(decimal_round(&r, number("12.50"), 2147483647), 0);
	CHECK_DECIMAL(r, "12.50");
	CHECK_INT(decimal_round(&r, number("99999999999999999999"), -2147483647 - 1), 0);
	CHECK_DECIMAL(r, "0");
}

TEST(floor_and_ceil)
{
	static const struct { const char *a, *floor, *ceil; } cases[] = {
		{ "0", "0", "0" }, { "-0.5", "-1", "0" }, { "0.5", "0", "1" }, { "2.00", "2", "2" }, { "-2.00", "-2", "-2" },
		{ "-2.000000000000000001", "-3", "-2" }, { "99999999999999999999", "99999999999999999999", "99999999999999999999" },
		{ "99999999999999999999.5", "99999999999999999999", "100000000000000000000" },
		{ "-99999999999999999999.5", "-100000000000000000000", "-99999999999999999999" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK_DECIMAL(decimal_floor(number(cases[i].a)), cases[i].floor);
		CHECK_DECIMAL(decimal_ceil(number(cases[i].a)), cases[i].ceil);
	}
}

/* The one value with 21 digits that an operation yields must not break the next one. */
TEST(what_ceil_yields_at_the_end_can_be_used)
{
	struct decimal top = decimal_ceil(number("99999999999999999999.5")), nine = number("-99999999999999999999.999999999999999999"), r;

	CHECK_INT(decimal_cmp(top, nine), 1);
	CHECK_INT(decimal_add(&r, top, nine), 0);
	CHECK_DECIMAL(r, "0.000000000000000001");
	CHECK_INT(decimal_sub(&r, top, nine), -1);
	CHECK_INT(decimal_mod(&r, top, nine), 0);
	CHECK_DECIMAL(r, "0.000000000000000001");
	CHECK_INT(decimal_div(&r, top, number("0.000000000000000001")), -1);
	CHECK_INT(decimal_mul(&r, top, number("0.10")), 0);
	CHECK_DECIMAL(r, "10000000000000000000.00");
}

TEST(normal_drops_trailing_zeros_of_the_fraction_only)
{
	CHECK_DECIMAL(decimal_normal(number("100")), "100");
	CHECK_DECIMAL(decimal_normal(number("1.50")), "1.5");
	CHECK_DECIMAL(decimal_normal(number("-100.000")), "-100");
	CHECK_DECIMAL(decimal_normal(number("0.000000000000000000")), "0");
	for (unsigned scale = 0; scale <= 18; scale++)
		for (unsigned zeros = 0; zeros <= scale; zeros++) {
			struct decimal d = decimal_normal((struct decimal){ 7 * power(zeros), scale });

			CHECK(d.m == 7 && d.scale == scale - zeros);
		}
}

TEST(compare_by_value)
{
	CHECK_INT(decimal_cmp(number("1.5"), number("1.50")), 0);
	CHECK_INT(decimal_cmp(number("-0.0"), number("0")), 0);
	CHECK_INT(decimal_cmp(number("1.49"), number("1.5")), -1);
	CHECK_INT(decimal_cmp(number("-1.49"), number("-1.5")), 1);
	CHECK_INT(decimal_cmp(number("99999999999999999999"), number("99999999999999999999.000000000000000001")), -1);
	CHECK_INT(decimal_cmp(number("-99999999999999999999"), number("0.000000000000000001")), -1);
}

TEST(to_i64_is_exact_or_refused)
{
	int64_t v = 0;

	CHECK(decimal_to_i64(number("9223372036854775807"), &v) == 0 && v == INT64_MAX);
	CHECK(decimal_to_i64(number("-9223372036854775808"), &v) == 0 && v == INT64_MIN);
	CHECK(decimal_to_i64(number("-12.000"), &v) == 0 && v == -12);
	CHECK_INT(decimal_to_i64(number("9223372036854775808"), &v), -1);
	CHECK_INT(decimal_to_i64(number("-9223372036854775809"), &v), -1);
	CHECK_INT(decimal_to_i64(number("12.5"), &v), -1);
	CHECK_INT(decimal_to_i64(number("0.000000000000000001"), &v), -1);
}
