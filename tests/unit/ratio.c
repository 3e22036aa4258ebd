/* SPDX-License-Identifier: MIT */
/* Tables computed with Python's fractions, and field laws on random fractions. */
#include "lib/agg/ratio.h"
#include "tests/unit/check.h"

static unsigned long long seed = 3;

static struct big big_text(const char *text)
{
	struct big r;
	unsigned scale;

	CHECK_INT(big_parse(span_of(text), &r, &scale), 0);
	return r;
}

/* "num/den", or a decimal. */
static struct ratio ratio_text(const char *text)
{
	const char *slash = strchr(text, '/');
	struct ratio r;

	if (slash) {
		struct big num, den = big_text(slash + 1);
		unsigned scale;

		CHECK_INT(big_parse((struct span){ text, (size_t)(slash - text) }, &num, &scale), 0);
		CHECK_INT(ratio_from_quotient(&r, &num, &den), 0);
	} else {
		CHECK_INT(ratio_parse(&r, span_of(text)), 0);
	}
	return r;
}

static void check_ratio(int line, const struct ratio *got, unsigned digits, const char *want)
{
	struct buf text = { 0 };

	buf_text(&text, "x9");          /* what stands before must stay */
	ratio_print(&text, got, digits);
	check_span(__FILE__, line, "ratio", (struct span){ text.p + 2, text.n - 2 }, want);
	CHECK(text.p[0] == 'x' && text.p[1] == '9');
	buf_free(&text);
}
#define CHECK_RATIO(got, digits, want) check_ratio(__LINE__, (got), (digits), (want))

static bool well_formed(const struct ratio *r)
{
	struct big g;

	big_gcd(&g, &r->num, &r->den);
	return r->den.n && !r->den.negative && g.n == 1 && g.w[0] == 1 && !(r->num.negative && !r->num.n);
}

static struct ratio random_ratio(unsigned limbs)
{
	struct big num = { .n = 0 }, den = { .n = 0 };
	struct ratio r;

	num.n = (unsigned)(check_random(&seed) % (limbs + 1));
	den.n = (unsigned)(check_random(&seed) % limbs) + 1;
	for (unsigned i = 0; i < limbs; i++) {
		num.w[i] = check_random(&seed) >> check_random(&seed) % 60 | 1;
		den.w[i] = check_random(&seed) >> check_random(&seed) % 60 | 1;
	}
	num.negative = num.n && check_random(&seed) & 1;
	CHECK_INT(ratio_from_quotient(&r, &num, &den), 0);
	CHECK(well_formed(&r));
	return r;
}

TEST(a_value_made_without_division_keeps_its_scale)
{
	struct ratio gmv = ratio_text("1000.00"), refunds = ratio_text("12.5"), r;

	CHECK_INT(ratio_sub(&r, &gmv, &refunds), 0);
	CHECK_RATIO(&r, 6, "987.50");
	CHECK_INT(ratio_mul(&r, &r, &refunds), 0);
	CHECK_RATIO(&r, 6, "12343.750");
	CHECK_INT(ratio_add(&r, &r, &gmv), 0);
	CHECK_RATIO(&r, 0, "13343.750");
	CHECK_INT(ratio_sub(&r, &r, &r), 0);
	CHECK_RATIO(&r, 6, "0.000");
	CHECK(ratio_is_zero(&r) && well_formed(&r));
}

TEST(a_fraction_prints_the_digits_asked_for)
{
	struct ratio a = ratio_text("3"), b = ratio_text("4"), r, whole = ratio_text("1.00");

	CHECK_INT(ratio_div(&r, &a, &b), 0);
	CHECK_RATIO(&r, 6, "0.750000");
	CHECK_INT(ratio_div(&r, &b, &b), 0);
	CHECK_RATIO(&r, 2, "1.00");
	CHECK_RATIO(&r, 0, "1");
	CHECK_INT(ratio_add(&r, &r, &whole), 0);        /* and stays one */
	CHECK_RATIO(&r, 3, "2.000");
	CHECK_INT(ratio_mul(&r, &whole, &r), 0);
	CHECK_RATIO(&r, 1, "2.0");
}

static const struct { const char *value; unsigned digits; const char *want; } printed[] = {
	{ "1/3", 6, "0.333333" },
	{ "2/3", 6, "0.666667" },
	{ "-1/3", 6, "-0.333333" },
	{ "-2/3", 6, "-0.666667" },
	{ "1/2", 0, "0" },
	{ "3/2", 0, "2" },
	{ "5/2", 0, "2" },
	{ "-1/2", 0, "0" },
	{ "-3/2", 0, "-2" },
	{ "1/8", 2, "0.12" },
	{ "3/8", 2, "0.38" },
	{ "-1/8", 2, "-0.12" },
	{ "1/2000000", 6, "0.000000" },
	{ "3/2000000", 6, "0.000002" },
	{ "-1/2000000", 6, "0.000000" },
	{ "-1/2000001", 6, "0.000000" },
	{ "1/1999999", 6, "0.000001" },
	{ "99999995/10000000", 6, "10.000000" },
	{ "9999999/10", 0, "1000000" },
	{ "999999999999999999999/1000000000000000000000", 18, "1.000000000000000000" },
	{ "95/10", 0, "10" },
	{ "105/10", 0, "10" },
	{ "0/7", 6, "0.000000" },
	{ "0/7", 0, "0" },
	{ "17552/100000", 6, "0.175520" },
	{ "1/7", 40, "0.1428571428571428571428571428571428571429" },
	{ "-1/1000000000000000000000000000000", 18, "0.000000000000000000" },
	{ "999999999999999999999999999999999999999999999999999999999/7", 6, "142857142857142857142857142857142857142857142857142857142.714286" },
	{ "57896044618658097711785492504343953926634992332820282019728792003956564819968/515377520732011331036461129765621272702107522001", 18, "112337155366081987990881101334.628622575741317135" },
	{ "-100000000000000000000000000000000000000000000000000000001/9223372036854775808", 6, "-10842021724855044340074528008699417114.257813" },
	{ "1/18446744073709551616", 64, "0.0000000000000000000542101086242752217003726400434970855712890625" },
	{ "1/18446744073709551616", 63, "0.000000000000000000054210108624275221700372640043497085571289062" },
	{ "199999999999999999995/100000000000000000000", 19, "2.0000000000000000000" },
	{ "5/10000000000000000000", 18, "0.000000000000000000" },
	{ "15/10000000000000000000", 18, "0.000000000000000002" },
	{ "1/1152921504606846976", 36, "0.000000000000000000867361737988403547" },
	{ "922337203685477580799999999999999999990776627963145224192/9223372036854775807000000000000000000", 6, "100000000000000000010.842022" },
	{ "-466529412095432414177467202864671089128447353513047842199712735138909498362682132696201081389274647073238666807/53373740022025878454689592289391751765", 7, "-8740804221381310786935387182728542792047367070728793285419452225509766333.8353862" },
	{ "-5829737724243196796463345776585619300115542024517320854585021257482744395630753438866887515780788212646813353836260929539630487272621136483086592/995660859731315991492392288161436215447031946641945908728415", 28, "-5855144015419447502350923977081092806045226737651373404308134234066660565820395225889.7865565093714371398552683300" },
	{ "18036773414691051194277810550486041121072/218794459245953011633269480056646843390766588389686434768804802131868971605247555287870816485953774562474250163278431769", 40, "0.0000000000000000000000000000000000000000" },
	{ "189312757307091206900325271966949370272899684951340076439/30982472666668278007445811271959537804171742067083729268209", 16, "0.0061103178995380" },
	{ "694225831515895345556177874647275394771262655657518462696885570659110370564860844084271649409770839731/1132656922955413133212745650779172486605645756152571547", 30, "612918013783440618574887452123431504968522205155.443603979516087404566839973269" },
	{ "-2909351421285548370003249744243774500038336893997784307/357706721153643225930314388679600019128700874090980911243178857446382157266731313006204816555352336989151246061491", 28, "0.0000000000000000000000000000" },
	{ "74122411651824857275406526410557449197346670217966364711/39320083763927351072912884979661136919", 22, "1885103096342473193.3336683394141238401024" },
	{ "-187589754818407243028973648404493510836165042269368250785413416267093219440273926924302910744844270632472839015529991680371497010275842803306084000107324340082186/16279883326390486304247738891582435762831929037822825", 17, "-11522794792657701966861359533090759834157864625507988462496712928821045464261248273135101411867203919924360401.52294264931501777" },
	{ "1472067979499614165333041382310003684038826750575677914496369059809075582942752327741608002548984/35479537829235120257712120157636582440224521487", 5, "41490618806387915655468278460097957339890417654002.48477" },
	{ "-5314320249/59714585223580821376834254422827316861948383404151141012927024347454197549561900332392738513", 40, "0.0000000000000000000000000000000000000000" },
	{ "91038008234349160552357899856615443500981571331806790262569323961532459180370244666330649937256522441696336744753210991885863867983583491509265625852635/443170950462004784377500432180320480915434222366416499055", 29, "205424132920811321943244422946942865623732690865709585594153811149574232935212043237960275742301.67269434463211961623241810233" },
	{ "111166774499463876238137651201114431731121041673061414377728195085977930109931023909934962454871877643235112643048890047580188994815796585723826925504852792128077/1352819835065752967709723860214852159063894423420189212344773264567404158332075631", 31, "82174116329437677279881872390864880356257432663828865631176432145558226920738800.8115175293264858581485528939442" },
};

TEST(print_rounds_half_even)
{
	for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
		struct ratio r = ratio_text(printed[i].value);

		CHECK_RATIO(&r, printed[i].digits, printed[i].want);
	}
}

static const struct { const char *value; unsigned digits; const char *want; } roots[] = {
	{ "0/1", 6, "0.000000" },
	{ "1/1", 6, "1.000000" },
	{ "2/1", 6, "1.414214" },
	{ "2/1", 0, "1" },
	{ "3/1", 0, "2" },
	{ "1/4", 0, "0" },
	{ "9/4", 0, "2" },
	{ "25/4", 0, "2" },
	{ "1/3", 6, "0.577350" },
	{ "2/3", 6, "0.816497" },
	{ "1/1000000000000", 6, "0.000001" },
	{ "1/4000000000000", 6, "0.000000" },
	{ "9/4000000000000", 6, "0.000002" },
	{ "999999999999/1000000000000", 6, "1.000000" },
	{ "144/1", 0, "12" },
	{ "143/1", 2, "11.96" },
	{ "10000000000000000000000000000000000000000000000000000000000000000000000000000/1", 6, "100000000000000000000000000000000000000.000000" },
	{ "9999999999999999999999999999999999999999999999999999999999999999999999999999/1", 6, "100000000000000000000000000000000000000.000000" },
	{ "615656346818663737691860001564743965704370926101022604186692084441339402679643915803347910232576806887603562360889/85070591730234615865843651857942052864000000000000000000000000000000000000", 6, "85070591730234615865.843652" },
	{ "615656346818663737691860001564743965704370926101022604186692084441339402679643915803347910232576806887603562348544/3", 18, "453010797082020896686515295530201942901267252652274860795.699076747603547122" },
	{ "1/7", 50, "0.37796447300922722721451653623418006081575131186892" },
	{ "999999/1000000", 2, "1.00" },
	{ "99/100", 1, "1.0" },
	{ "9025/10000", 1, "1.0" },
	{ "9024/10000", 1, "0.9" },
	{ "9026/10000", 1, "1.0" },
	{ "700936549925023225615278103557564165964584/7874801833451040465125631443", 11, "9434514.06873138114" },
	{ "71880379442618139195319437073185941132237528019640607145144715223304252626906357643801202274798761498992419/221009640531973516185", 9, "18034311690443501818800833785140262527728133.792705845" },
	{ "22713213870913755303821649359392555691576869552011669/763141614880660821908237480885655639839121", 14, "172518.91844050482539" },
	{ "284602532731212317944863878621529339908451127/3189245874273271530010899861", 11, "298727620.21704144275" },
	{ "600955822954002247447975221216486080671114432043660126730991450830301542070411136094747366384442241589923295592112/10262808864492983048604631951", 4, "7652232440809949583920502053976089351546953.7200" },
	{ "2146493218685011627791824912469243670235819504623603837026817724739160987394814988/65831027160647995348016075968679541249686670083531981", 19, "180571599347616.7526855879808612305" },
	{ "324685993110067298559436555143664129435995547624987246734299946003704953274360703592327206/36820011464920995117", 6, "93905237869635816881794708385054597.432691" },
	{ "3017821679758706179405949/117183980471463312109936019161510768222796796733483", 1, "0.0" },
	{ "2242827911126455824089772420121259383907042073017440594743918029339462762/158806958309353904514799440939679195450975461767885650296124225905137148119", 12, "0.118840155729" },
	{ "907938350104791594582151708395709388010537869367587785077157988935215101478893718546571022993658382162/15470313809970150930024763602449838377831322458797132125155584610275270031", 11, "242258273939444.67572271252" },
};

TEST(roots_round_half_even)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		struct ratio r = ratio_text(roots[i].value);

		buf_clear(&text);
		CHECK_INT(ratio_print_sqrt(&text, &r, roots[i].digits), 0);
		CHECK_BUF(text, roots[i].want);
	}
	buf_free(&text);
}

/* (p/q + half a unit)^2 is a tie by construction, and what differs from it by 1/den is not. */
TEST(roots_on_a_tie_and_next_to_it)
{
	struct buf text = { 0 };

	for (int i = 0; i < 2000; i++) {
		int64_t s = (int64_t)(check_random(&seed) >> (24 + check_random(&seed) % 36));  /* the root is s + 1/2, in 10^-6 */
		struct ratio r, tiny = ratio_text("1/1000000000000000000000000000000000000000000000000000000000000");
		struct big num, den;

		big_from_i64(&num, 2 * s + 1);
		big_mul(&num, &num, &num);
		big_from_i64(&den, 4);
		big_mul_pow10(&den, &den, 12);
		CHECK_INT(ratio_from_quotient(&r, &num, &den), 0);
		for (int side = -1; side <= 1; side++) {
			struct ratio x = r;
			struct big want;
			struct buf expected = { 0 };

			if (side < 0)
				ratio_sub(&x, &r, &tiny);
			else if (side > 0)
				ratio_add(&x, &r, &tiny);
			big_from_i64(&want, side < 0 ? s : side > 0 ? s + 1 : s + (s & 1));
			big_print(&expected, &want, 6);
			buf_byte(&expected, 0);
			buf_clear(&text);
			CHECK_INT(ratio_print_sqrt(&text, &x, 6), 0);
			CHECK_BUF(text, expected.p);
			buf_free(&expected);
		}
	}
	buf_free(&text);
}

TEST(fractions_obey_the_laws_of_a_field)
{
	for (int i = 0; i < 5000; i++) {
		struct ratio a = random_ratio(3), b = random_ratio(3), c = random_ratio(2), x, y, z;

		CHECK(ratio_add(&x, &a, &b) == 0 && ratio_add(&y, &b, &a) == 0);
		CHECK(well_formed(&x) && ratio_cmp(&x, &y) == 0);
		CHECK(ratio_sub(&y, &x, &b) == 0 && well_formed(&y) && ratio_cmp(&y, &a) == 0);
		CHECK(ratio_mul(&x, &x, &c) == 0 && well_formed(&x));           /* (a + b) c = a c + b c */
		CHECK(ratio_mul(&y, &a, &c) == 0 && ratio_mul(&z, &b, &c) == 0 && ratio_add(&y, &y, &z) == 0);
		CHECK(ratio_cmp(&x, &y) == 0);
		if (ratio_is_zero(&b))
			continue;
		CHECK(ratio_div(&x, &a, &b) == 0 && well_formed(&x) && x.scale == RATIO_FRACTION);
		CHECK(ratio_mul(&x, &x, &b) == 0 && ratio_cmp(&x, &a) == 0);
	}
}

TEST(results_may_stand_in_operands)
{
	for (int i = 0; i < 500; i++) {
		struct ratio a = random_ratio(3), b = random_ratio(3), x, y;

		CHECK(ratio_sub(&x, &a, &b) == 0);
		y = a;
		CHECK(ratio_sub(&y, &y, &b) == 0 && ratio_cmp(&x, &y) == 0);
		y = b;
		CHECK(ratio_sub(&y, &a, &y) == 0 && ratio_cmp(&x, &y) == 0);
		if (ratio_is_zero(&b))
			continue;
		CHECK(ratio_div(&x, &a, &b) == 0);
		y = a;
		CHECK(ratio_div(&y, &y, &b) == 0 && ratio_cmp(&x, &y) == 0);
		y = b;
		CHECK(ratio_div(&y, &a, &y) == 0 && ratio_cmp(&x, &y) == 0);
		CHECK(ratio_div(&y, &b, &b) == 0 && ratio_div(&b, &b, &b) == 0 && ratio_cmp(&y, &b) == 0);
	}
}

TEST(order_is_that_of_the_difference)
{
	for (int i = 0; i < 5000; i++) {
		struct ratio a = random_ratio(2), b = random_ratio(2), d;

		CHECK_INT(ratio_sub(&d, &a, &b), 0);
		CHECK_INT(ratio_cmp(&a, &b), ratio_is_zero(&d) ? 0 : d.num.negative ? -1 : 1);
	}
}

/* A printed value is no further than half a unit from the exact one. */
TEST(print_is_nearest)
{
	struct buf text = { 0 };

	for (int i = 0; i < 5000; i++) {
		struct ratio a = random_ratio(i % 22 + 1), back, off, half = ratio_text("1/2"), ten = ratio_text("10");
		unsigned digits = (unsigned)(check_random(&seed) % 40);

		buf_clear(&text);
		ratio_print(&text, &a, digits);
		if (ratio_parse(&back, buf_view(&text)) < 0 || ratio_sub(&off, &a, &back) < 0)
			continue;                               /* too large to check in this way */
		CHECK_INT(back.scale, digits);
		off.num.negative = false;
		for (unsigned k = 0; k < digits; k++)
			CHECK_INT(ratio_div(&half, &half, &ten), 0);
		CHECK(ratio_cmp(&off, &half) <= 0);
	}
	buf_free(&text);
}

TEST(parse_gives_back_the_printed_text)
{
	static const char *const texts[] = {
		"0", "0.00", "-12.50", "0.175520", "123456789012345678901234567890123456789.123456789012345678901234567890", "1000000000000000000000",
		"-0.0000000000000000000001",
	};
	static const char *const bad[] = { "", "-", "x", "1.2.3", "NaN", "1e400", "1e", "--1", " 1", "100000000000000000000000000e1" };
	struct ratio r;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		r = ratio_text(texts[i]);
		CHECK(well_formed(&r));
		CHECK_RATIO(&r, 3, texts[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_INT(ratio_parse(&r, span_of(bad[i])), -1);
	r = ratio_text("1.5e3");
	CHECK_RATIO(&r, 3, "1500");
}

TEST(from_decimals_and_sums)
{
	struct i256 sum = i256_from(-125000);
	struct ratio r;

	ratio_from_decimal(&r, (struct decimal){ 1350, 2 });
	CHECK(well_formed(&r) && r.scale == 2);
	CHECK_RATIO(&r, 6, "13.50");
	ratio_from_i256(&r, &sum, 3);
	CHECK(well_formed(&r) && r.scale == 3);
	CHECK_RATIO(&r, 6, "-125.000");
	sum = i256_from(0);
	ratio_from_i256(&r, &sum, 3);
	CHECK(well_formed(&r) && ratio_is_zero(&r));
	CHECK_RATIO(&r, 6, "0.000");
}

/* What does not fit is said, and the largest that fits still prints. */
TEST(too_large_is_an_error)
{
	struct ratio a = ratio_text("99999999999999999999"), r = a, third = ratio_text("1/3"), x;
	struct buf text = { 0 };
	int rounds = 0;

	while (ratio_mul(&x, &r, &a) == 0)
		r = x, rounds++;
	CHECK_INT(rounds, 20);                                  /* 21 * 66.4 bits are below 1408 */
	CHECK_INT(ratio_add(&x, &r, &third), 0);
	CHECK_INT(ratio_div(&third, &third, &r), 0);
	ratio_print(&text, &third, 30);
	CHECK_BUF(text, "0.000000000000000000000000000000");
	CHECK_INT(ratio_mul(&third, &third, &third), -1);
	buf_clear(&text);
	ratio_print(&text, &r, 0);
	CHECK_INT(text.n, 420);
	CHECK_INT(ratio_print_sqrt(&text, &r, 100), -1);
	CHECK_INT(text.n, 420);
	CHECK(ratio_cmp(&r, &third) != 0);
	buf_free(&text);
}
