/* SPDX-License-Identifier: MIT */
/* Oracles: congruence modulo two primes (a sum or product that is right modulo both, for random operands, is right),
 * defining identities, and values computed elsewhere. Operands are made of limbs on the edges as often as of random
 * ones: that is where carries and quotient digits go wrong. */
#include "lib/base/wide.h"
#include "lib/base/limbs.h"
#include "tests/unit/check.h"

static const uint64_t primes[2] = { 2305843009213693951u, 18446744073709551557u };     /* 2^61 - 1, 2^64 - 59 */

static unsigned long long seed = 1;

static uint64_t random_limb(void)
{
	static const uint64_t edges[] = { 0, 1, 2, UINT64_MAX, UINT64_MAX - 1, (uint64_t)1 << 63, ((uint64_t)1 << 63) - 1, 10 };
	uint64_t r = check_random(&seed);

	return r & 1 ? check_random(&seed) : edges[r >> 1 & 7];
}

static struct big random_big(unsigned max)
{
	struct big r = { .n = 0 };
	unsigned n = (unsigned)(check_random(&seed) % (max + 1));

	for (unsigned i = 0; i < n; i++)
		r.w[i] = random_limb();
	r.n = limbs_trim(r.w, n);
	r.negative = r.n && check_random(&seed) & 1;
	return r;
}

static i128 random_i128(void)
{
	return (i128)((u128)random_limb() << 64 | random_limb());
}

/* Mathematical (never negative) remainder. */
static uint64_t mod_words(const uint64_t *w, unsigned n, bool negative, uint64_t p)
{
	u128 r = 0;

	while (n--)
		r = (r << 64 | w[n]) % p;
	return (uint64_t)(negative && r ? p - r : r);
}

static uint64_t mod_big(const struct big *a, uint64_t p)
{
	return mod_words(a->w, a->n, a->negative, p);
}

static bool congruent_sum(const struct big *r, const struct big *a, const struct big *b)
{
	for (int i = 0; i < 2; i++)
		if (mod_big(r, primes[i]) != ((u128)mod_big(a, primes[i]) + mod_big(b, primes[i])) % primes[i])
			return false;
	return true;
}

static bool congruent_product(const struct big *r, const struct big *a, const struct big *b)
{
	for (int i = 0; i < 2; i++)
		if (mod_big(r, primes[i]) != (u128)mod_big(a, primes[i]) * mod_big(b, primes[i]) % primes[i])
			return false;
	return true;
}

static bool well_formed(const struct big *a)
{
	return a->n <= BIG_LIMBS && (!a->n || a->w[a->n - 1]) && !(a->negative && !a->n);
}

static struct big big_text(const char *text)
{
	struct big r;
	unsigned scale;

	CHECK_INT(big_parse(span_of(text), &r, &scale), 0);
	CHECK_INT(scale, 0);
	return r;
}

static void check_big(int line, const struct big *got, const char *want)
{
	struct buf text = { 0 };

	big_print(&text, got, 0);
	check_span(__FILE__, line, "big", buf_view(&text), want);
	buf_free(&text);
}
#define CHECK_BIG(got, want) check_big(__LINE__, (got), (want))

static void check_i256(int line, const struct i256 *got, unsigned scale, const char *want)
{
	struct buf text = { 0 };

	i256_print(&text, got, scale);
	check_span(__FILE__, line, "i256", buf_view(&text), want);
	buf_free(&text);
}
#define CHECK_I256(got, scale, want) check_i256(__LINE__, (got), (scale), (want))

TEST(sums_go_on_past_63_and_127_bits)
{
	struct i256 a = i256_from(INT64_MAX);

	i256_add128(&a, 1);
	CHECK_I256(&a, 0, "9223372036854775808");
	a = i256_from((i128)(~(u128)0 >> 1));
	CHECK_I256(&a, 0, "170141183460469231731687303715884105727");
	i256_add128(&a, 1);
	CHECK_I256(&a, 0, "170141183460469231731687303715884105728");
	i256_add128(&a, (i128)(~(u128)0 >> 1));
	i256_add128(&a, 1);
	CHECK_I256(&a, 2, "3402823669209384634633746074317682114.56");
	for (int i = 0; i < 3; i++)
		i256_add128(&a, (i128)((u128)1 << 127));        /* the lowest i128 */
	CHECK_I256(&a, 0, "-170141183460469231731687303715884105728");
	i256_add128(&a, (i128)((u128)1 << 127));
	CHECK_I256(&a, 0, "-340282366920938463463374607431768211456");
}

TEST(i256_prints_its_ends_and_every_scale)
{
	struct i256 a = { { 0, 0, 0, (uint64_t)1 << 63 } };

	CHECK_I256(&a, 0, "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
	a = (struct i256){ { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1 } };
	CHECK_I256(&a, 76, "5.7896044618658097711785492504343953926634992332820282019728792003956564819967");
	CHECK_I256(&a, 77, "0.57896044618658097711785492504343953926634992332820282019728792003956564819967");
	CHECK_I256(&a, 79, "0.0057896044618658097711785492504343953926634992332820282019728792003956564819967");
	a = i256_from(-1250);
	CHECK_I256(&a, 2, "-12.50");
	CHECK_I256(&a, 4, "-0.1250");
	CHECK_I256(&a, 5, "-0.01250");
	a = i256_from(0);
	CHECK_I256(&a, 0, "0");
	CHECK_I256(&a, 3, "0.000");
}

TEST(i256_add128_is_i256_add_of_the_extended_value)
{
	for (int i = 0; i < 20000; i++) {
		struct i256 a = { { random_limb(), random_limb(), random_limb(), random_limb() } }, b = a, c;
		i128 v = random_i128();

		i256_add128(&a, v);
		c = i256_from(v);
		i256_add(&b, &c);
		CHECK(i256_cmp(&a, &b) == 0);
		i256_negate(&c);
		i256_add(&b, &c);
		i256_add128(&a, v == (i128)((u128)1 << 127) ? 0 : -v);
		CHECK(v == (i128)((u128)1 << 127) || i256_cmp(&a, &b) == 0);
	}
}

/* i256 and i384 against struct big, which has other code for signs and lengths. */
TEST(fixed_widths_agree_with_big)
{
	for (int i = 0; i < 20000; i++) {
		struct i256 a = i256_from(random_i128()), b = i256_from(random_i128());
		struct i384 c = i384_from(random_i128()), d = c;
		struct big x, y, z;
		i128 v = random_i128();
		unsigned power = (unsigned)(check_random(&seed) % 37);

		big_from_i256(&x, &a);
		big_from_i256(&y, &b);
		CHECK_INT(i256_cmp(&a, &b), big_cmp(&x, &y));
		CHECK_INT(i256_negative(&a), x.negative);
		CHECK_INT(i256_is_zero(&a), x.n == 0);
		i256_add(&a, &b);
		big_add(&x, &x, &y);
		i256_mul_pow10(&a, power);
		big_mul_pow10(&x, &x, power);
		big_from_i256(&y, &a);
		CHECK(big_cmp(&x, &y) == 0);

		big_from_i384(&x, &c);
		b = i256_from(v);
		big_from_i256(&y, &b);
		big_mul(&y, &y, &y);
		d = i384_square(v);
		big_from_i384(&z, &d);
		CHECK(big_cmp(&y, &z) == 0);
		CHECK_INT(i384_is_zero(&d), v == 0);
		i384_mul_pow10(&d, power % 20);
		big_mul_pow10(&y, &y, power % 20);
		i384_sub(&c, &d);
		big_sub(&x, &x, &y);
		i384_add(&c, &d);
		i384_sub(&c, &d);
		big_from_i384(&z, &c);
		CHECK(big_cmp(&x, &z) == 0);
	}
}

TEST(what_prints_parses_back)
{
	struct buf text = { 0 };

	for (int i = 0; i < 20000; i++) {
		struct i256 a = i256_from(random_i128()), back;
		struct i384 s = i384_square(random_i128() / 1000000), sback;
		unsigned scale = (unsigned)(check_random(&seed) % 19), got = 99;

		i256_mul_pow10(&a, scale);
		buf_clear(&text);
		i256_print(&text, &a, scale);
		CHECK_INT(i256_parse(buf_view(&text), &back, &got), 0);
		CHECK(got == scale && i256_cmp(&a, &back) == 0);

		scale += 18;
		buf_clear(&text);
		i384_print(&text, &s, scale);
		CHECK_INT(i384_parse(buf_view(&text), &sback, &got), 0);
		CHECK(got == scale && memcmp(&s, &sback, sizeof s) == 0);
	}
	buf_free(&text);
}

TEST(printed_digits_are_the_number_modulo_primes)
{
	struct buf text = { 0 };

	for (int i = 0; i < 5000; i++) {
		struct big a = random_big(BIG_LIMBS), back;
		unsigned scale;

		buf_clear(&text);
		big_print(&text, &a, 0);
		for (int k = 0; k < 2; k++) {
			u128 r = 0;

			for (size_t j = a.negative; j < text.n; j++)
				r = (r * 10 + (u128)(text.p[j] - '0')) % primes[k];
			CHECK(mod_words(a.w, a.n, false, primes[k]) == (uint64_t)r);
		}
		CHECK_INT(big_parse(buf_view(&text), &back, &scale), 0);
		CHECK(well_formed(&back) && big_cmp(&a, &back) == 0);
	}
	buf_free(&text);
}

TEST(parse_takes_digits_and_one_point_only)
{
	static const char *const bad[] = { "", "-", ".", "-.", "--1", "+1", "1..2", "1.2.3", " 1", "1 ", "1e3", "0x1", "1_0", "NaN", "1-" };
	struct i256 a;
	struct i384 b;
	unsigned scale;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_INT(i256_parse(span_of(bad[i]), &a, &scale), -1);
		CHECK_INT(i384_parse(span_of(bad[i]), &b, &scale), -1);
	}
	CHECK_INT(i256_parse(SPAN("-0.00"), &a, &scale), 0);
	CHECK(i256_is_zero(&a) && !i256_negative(&a) && scale == 2);
	CHECK_INT(i256_parse(SPAN("1\0002"), &a, &scale), -1);
}

TEST(parse_takes_every_legal_sum_and_leaves_headroom)
{
	struct i256 a;
	struct i384 b;
	unsigned scale;

	/* 2^63 numbers of 20 nines, and their squares */
	CHECK_INT(i256_parse(SPAN("922337203685477580799999999999999999990.776627963145224192"), &a, &scale), 0);
	CHECK_I256(&a, 18, "922337203685477580799999999999999999990.776627963145224192");
	CHECK_INT(i256_parse(SPAN("0000000999999999999999999999999999999999999999"), &a, &scale), 0);
	CHECK_INT(i256_parse(SPAN("1000000000000000000000000000000000000000"), &a, &scale), -1);
	CHECK_INT(i256_parse(SPAN("0.0000000000000000000"), &a, &scale), -1);
	CHECK_INT(i384_parse(SPAN("92233720368547758079999999999999999998155325592629044838400.000000000000000009223372036854775808"), &b, &scale), 0);
	CHECK_INT(i384_parse(SPAN("100000000000000000000000000000000000000000000000000000000000"), &b, &scale), -1);
	CHECK_INT(i384_parse(SPAN("0.0000000000000000000000000000000000000"), &b, &scale), -1);
}

TEST(big_sums_and_products_hold_modulo_primes)
{
	for (int i = 0; i < 20000; i++) {
		struct big a = random_big(12), b = random_big(12), r, s;

		CHECK_INT(big_add(&r, &a, &b), 0);
		CHECK(well_formed(&r) && congruent_sum(&r, &a, &b));
		CHECK_INT(big_sub(&s, &r, &b), 0);
		CHECK(well_formed(&s) && big_cmp(&s, &a) == 0);
		CHECK_INT(big_mul(&r, &a, &b), 0);
		CHECK(well_formed(&r) && congruent_product(&r, &a, &b));
		s = a;
		CHECK(big_mul(&s, &s, &b) == 0 && big_cmp(&s, &r) == 0);
		s = b;
		CHECK(big_add(&s, &s, &s) == 0 && big_sub(&s, &s, &b) == 0 && big_cmp(&s, &b) == 0);
		CHECK(big_sub(&s, &s, &s) == 0 && s.n == 0 && !s.negative);
	}
}

TEST(big_division_gives_back_its_dividend)
{
	for (int i = 0; i < 50000; i++) {
		struct big a = random_big(BIG_LIMBS), b = random_big(BIG_LIMBS / 2), q, r, back, size_r, size_b;

		if (!b.n)
			continue;
		big_divmod(&q, &r, &a, &b);
		CHECK(well_formed(&q) && well_formed(&r));
		size_r = r, size_b = b;
		size_r.negative = size_b.negative = false;
		CHECK(big_cmp(&size_r, &size_b) < 0);
		CHECK(!r.n || r.negative == a.negative);
		CHECK(big_mul(&back, &q, &b) == 0 && big_add(&back, &back, &r) == 0 && big_cmp(&back, &a) == 0);
		back = a;
		big_divmod(&back, NULL, &back, &b);
		CHECK(big_cmp(&back, &q) == 0);
		big_divmod(NULL, &b, &a, &b);
		CHECK(big_cmp(&b, &r) == 0);
	}
}

/* The rare step D6 (the guess was one too large even for two limbs of the divisor). */
TEST(big_division_adds_back)
{
	const uint64_t top = (uint64_t)1 << 63;
	struct big a = { .n = 4, .w = { 0, 0, top, top - 1 } }, b = { .n = 3, .w = { 1, 0, top } }, q, r;

	big_divmod(&q, &r, &a, &b);
	CHECK_BIG(&q, "18446744073709551614");
	CHECK_BIG(&r, "3138550867693340381917894711603833208032730978158307704834");
	a = (struct big){ .n = 3, .w = { 3, 0, top } };
	b = (struct big){ .n = 3, .w = { 1, 0, (uint64_t)1 << 61 } };
	big_divmod(&q, &r, &a, &b);
	CHECK_BIG(&q, "3");
	CHECK_BIG(&r, "784637716923335095479473677900958302012794430558004314112");
}

TEST(big_divmod_truncates_as_c_does)
{
	struct big a, b, q, r;

	for (int x = -9; x <= 9; x++)
		for (int y = -4; y <= 4; y++) {
			if (!y)
				continue;
			big_from_i64(&a, x);
			big_from_i64(&b, y);
			big_divmod(&q, &r, &a, &b);
			big_from_i64(&a, x / y);
			big_from_i64(&b, x % y);
			CHECK(big_cmp(&q, &a) == 0 && big_cmp(&r, &b) == 0);
		}
}

TEST(big_roots_are_floors)
{
	struct big one, r, next;

	big_from_i64(&one, 1);
	for (int i = 0; i < 3000; i++) {
		struct big a = random_big(BIG_LIMBS - 1), square;

		a.negative = false;
		big_sqrt(&r, &a);
		CHECK(well_formed(&r));
		CHECK(big_mul(&square, &r, &r) == 0 && big_cmp(&square, &a) <= 0);
		big_add(&next, &r, &one);
		CHECK(big_mul(&square, &next, &next) == 0 && big_cmp(&square, &a) > 0);
		big_sqrt(&r, &square);                          /* of a square, and of one less */
		CHECK(big_cmp(&r, &next) == 0);
		big_sub(&square, &square, &one);
		big_sqrt(&square, &square);
		big_sub(&next, &next, &one);
		CHECK(big_cmp(&square, &next) == 0);
	}
	r = (struct big){ .n = BIG_LIMBS };
	memset(r.w, 0xff, sizeof r.w);
	big_sqrt(&r, &r);
	CHECK_INT(r.n, BIG_LIMBS / 2);
	CHECK(limbs_trim(r.w, r.n) == BIG_LIMBS / 2 && r.w[0] == UINT64_MAX && r.w[BIG_LIMBS / 2 - 1] == UINT64_MAX);
}

TEST(big_gcd_divides_and_is_greatest)
{
	for (int i = 0; i < 3000; i++) {
		struct big a = random_big(6), b = random_big(6), g = random_big(4), r, x, y, one;

		big_mul(&a, &a, &g);
		big_mul(&b, &b, &g);
		big_gcd(&r, &a, &b);
		CHECK(well_formed(&r) && !r.negative);
		if (!r.n) {
			CHECK(!a.n && !b.n);
			continue;
		}
		big_divmod(&a, &x, &a, &r);
		big_divmod(&b, &y, &b, &r);
		CHECK(!x.n && !y.n);
		big_gcd(&one, &a, &b);
		CHECK_BIG(&one, "1");
		big_divmod(NULL, &x, &r, g.n ? &g : &r);
		CHECK(!x.n);
	}
}

TEST(big_compares_products_of_any_size)
{
	for (int i = 0; i < 5000; i++) {
		struct big a = random_big(BIG_LIMBS), b = random_big(BIG_LIMBS), c = random_big(12), d = random_big(12), x, y;

		CHECK_INT(big_cmp_product(&a, &b, &b, &a), 0);
		CHECK_INT(big_cmp_product(&a, &b, &c, &d), -big_cmp_product(&d, &c, &a, &b));
		b = random_big(BIG_LIMBS - a.n);
		CHECK(big_mul(&x, &a, &b) == 0 && big_mul(&y, &c, &d) == 0);
		CHECK_INT(big_cmp_product(&a, &b, &c, &d), big_cmp(&x, &y));
	}
}

TEST(big_says_when_it_is_full)
{
	struct big full = { .n = BIG_LIMBS }, one, two, r;

	memset(full.w, 0xff, sizeof full.w);
	big_from_i64(&one, 1);
	big_from_i64(&two, 2);
	CHECK_INT(big_add(&r, &full, &one), -1);
	CHECK_INT(big_mul(&r, &full, &two), -1);
	CHECK_INT(big_mul_pow10(&r, &full, 1), -1);
	CHECK_INT(big_mul_pow10(&r, &one, 462), 0);
	CHECK_INT(big_mul_pow10(&r, &one, 463), -1);
	CHECK_INT(big_mul_pow10(&r, &one, UINT32_MAX), -1);
	CHECK_INT(big_sub(&r, &full, &one), 0);
	full.negative = true;
	CHECK_INT(big_sub(&r, &full, &one), -1);
	r.n = 0, r.negative = false;
	CHECK_INT(big_mul_pow10(&r, &r, UINT32_MAX), 0);
}

TEST(big_parse_refuses_what_does_not_fit)
{
	char digits[500];
	struct big r;
	unsigned scale;

	memset(digits, '9', sizeof digits);
	CHECK_INT(big_parse((struct span){ digits, 462 }, &r, &scale), 0);
	CHECK_INT(big_parse((struct span){ digits, 463 }, &r, &scale), -1);
	CHECK_INT(big_parse((struct span){ digits, 475 }, &r, &scale), -1);
	CHECK_INT(big_parse((struct span){ digits, 500 }, &r, &scale), -1);
	digits[100] = '.';
	CHECK_INT(big_parse((struct span){ digits, 463 }, &r, &scale), 0);
	CHECK_INT(scale, 362);
}

/* Computed with Python's integers. */
TEST(big_agrees_with_values_computed_elsewhere)
{
	static const struct { const char *a, *b, *product, *quotient, *remainder, *gcd, *root; } rows[] = {
		{ "99999999999999999999999999999999999999", "1000000000000000000", "99999999999999999999999999999999999999000000000000000000",
		  "99999999999999999999", "999999999999999999", "1", "9999999999999999999" },
		{ "-100000000000000000000000000000000000000000000000000000000", "7000000000000000000", "-700000000000000000000000000000000000000000000000000000000000000000000000000",
		  "-14285714285714285714285714285714285714", "-2000000000000000000", "1000000000000000000", "10000000000000000000000000000" },
		{ "57896044618658097711785492504343953926634992332820282019728792003956564819967", "340282366920938463463374607431768211455", "19701003098197239606139520050071806902481973590614065236262361209618516931821630031007391906959265653791925662121985",
		  "170141183460469231731687303715884105728", "170141183460469231731687303715884105727", "1", "240615969168004511545033772477625056927" },
		{ "39402006196394479212279040100143613805079739270465446667948293404245721771497210611414266254884897194062554280755200", "6277101735386680763835789423207666416102355444464034512897", "247330401473104534060502521019647190035131349101211839914102458099093619585744146210416544675048008936778899556488664061770602068170395150594294780792738607526661413299814400",
		  "6277101735386680763835789423207666416102355444464034512894", "6277101735386680763835789423207666416083908700390324961282", "1", "6277101735386680763835789423207666416102355444464034512895" },
		{ "-2135987035920910082395021706169552114602704522356652769947041607822219725780640550022962086936576", "-18446744073709551616", "39402006196394479212279040100143613805079739270465446667948293404245721771497210611414266254884915640806627990306816",
		  "115792089237316195423570985008687907853269984665640564039457584007913129639936", "0", "18446744073709551616", "1461501637330902918203684832716283019655932542976" },
		{ "8320987112741390144276341183223364380754172606361245952449277696409600000000000000", "7296955472794291868279752851235120618927407759360000000000", "60717872451369060133875222525554825821621214758701831067704778107051800673215401949020145240901895265610449452793856000000000000000000000000",
		  "1140336835515176331163278", "5024133276350168171602452782817624032704116817920000000000", "119622220865480194561963161495657715064383733760000000000", "91219444817107882594696857529818207676198" },
		{ "702791469973763776870455998553603555217418700384960077914170952141126676453280977866787958618864811688550714891283804462395023780506027191189794894904", "-120563346468770315375270169332047549387312240128235488087594135900724419868768386416201944", "-84730891489743272175750545092719921057469447643417896120054520132935672199216999680577572243076043171027989099789294577887227503825616903033551194231593651923733163792716885325122828059072282290738302767685013016480811982840013164320493376",
		  "-5829229948886735569995303183531689596598862364527720520507164", "51199313929859688067485171200304889731153144483444016995775148431377827334950112272168088", "88", "838326589089099437989147024837847353063289534253121741182559454122641302023" },
		{ "265613988875874769338781322035779626829233452653394495974574961739092490901302182994384699044001", "553382399159387661775757583979638877844362339317473869824", "146986106414426485702124216819917453314919051370530639652371263274614629974418710260142740449185471902849167332131309774271715253527062745611590722125824",
		  "479982719507078948464674064671268009303", "131593058060270970019260640642157069312245938908456071329", "515377520732011331036461129765621272702107522001", "515377520732011331036461129765621272702107522001" },
		{ "18446744073709551616", "18446744073709551615", "340282366920938463444927863358058659840",
		  "1", "1", "1", "4294967296" },
		{ "5", "10000000000000000000000000000000000000000", "50000000000000000000000000000000000000000",
		  "0", "5", "5", "2" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct big a = big_text(rows[i].a), b = big_text(rows[i].b), r, s;

		big_mul(&r, &a, &b);
		CHECK_BIG(&r, rows[i].product);
		big_divmod(&r, &s, &a, &b);
		CHECK_BIG(&r, rows[i].quotient);
		CHECK_BIG(&s, rows[i].remainder);
		big_gcd(&r, &a, &b);
		CHECK_BIG(&r, rows[i].gcd);
		a.negative = false;
		big_sqrt(&r, &a);
		CHECK_BIG(&r, rows[i].root);
	}
}
