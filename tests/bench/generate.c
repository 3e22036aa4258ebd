/* SPDX-License-Identifier: MIT */
/* The orders of a shop, for benchmarks; the same options always give the same bytes.
 *
 *	generate --rows 1000000 > orders.csv
 *	generate --format ndjson --columns order_id,at=ts,item.kind=category,item.total=amount
 *	generate --view 1               rows of a view, sorted: window_start,product_id,count,sum
 *
 * A thousand orders a second by 100,000 users of 5,000 products in 20 categories, both with a few that are in much demand (Zipf).
 * They come up to 25 s late, mostly less than 0.2 s. One of 200 repeats one of the 4,095 orders before it, half of these with another
 * status; no record is more than 30 s late. A row is a function of its number alone: a repeat is the row of another number. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/base/opts.h"

#define BEGIN INT64_C(1772438400000)    /* 2026-03-02T08:00:00Z */
#define REPEAT_WITHIN 4095
#define MAX_COLUMNS 64
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const categories[] = {
	"books", "games", "toys", "garden", "kitchen", "shoes", "audio", "video", "pets", "stationery",
	"bicycles", "lighting", "hardware", "grocery", "cosmetics", "jackets", "phones", "instruments", "baby", "outdoor",
};
static const char *const regions[] = {
	"lisbon", "berlin", "new-york", "sao-paulo", "nairobi", "singapore", "mumbai", "melbourne", "vancouver", "reykjavik", "cape-town", "osaka",
};
static const char *const statuses[] = { "paid", "shipped", "delivered", "cancelled", "refunded" };

enum field { ORDER_ID, TS, USER_ID, PRODUCT_ID, CATEGORY, REGION, STATUS, AMOUNT, PRICE, QUANTITY, NOTE };
static const char *const fields[] = {
	"order_id", "ts", "user_id", "product_id", "category", "region", "status", "amount", "price", "quantity", "note",
};

struct column {
	enum field field;
	const char *name, *leaf;        /* leaf: what follows the last dot */
	size_t parent;                  /* length of what stands before it, 0: no dot */
};

enum form { CSV, TSV, NDJSON };
enum clock { EPOCH_MS, ISO, BLANK };    /* BLANK: as ISO, a blank between date and time, no zone */
enum shape { PLAIN, MIXED, ESCAPED };

static struct {
	uint64_t rows, seed;
	size_t users, products;
	enum form form;
	enum clock clock;
	enum shape shape;
	bool quoted, mixed_numbers, even;
	int view;                       /* -1: orders */
	struct column columns[MAX_COLUMNS];
	size_t ncolumns;
} cfg = { .rows = 1000000, .seed = 1, .users = 100000, .products = 5000, .view = -1 };

/* --- Chance -------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

static uint64_t draw(uint64_t *state)
{
	return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

/* Item i has a share of 1 / (i + 1): it stands in so many of 16 slots an item. */
struct demand {
	uint32_t *slots;
	size_t n;
};

static struct demand make_demand(size_t items)
{
	struct demand d = { mem_array(NULL, items, 16 * sizeof *d.slots), 16 * items };
	double sum = 0, part = 0;
	size_t slot = 0;

	for (size_t i = 0; i < items; i++)
		sum += 1.0 / (double)(i + 1);
	for (size_t i = 0; i < items; i++) {
		part += 1.0 / (double)(i + 1);
		while (slot < d.n && (double)slot < part / sum * (double)d.n)
			d.slots[slot++] = (uint32_t)i;
	}
	while (slot < d.n)
		d.slots[slot++] = (uint32_t)(items - 1);
	return d;
}

/* --- An order ------------------------------------------------------------------------------------ */

struct order {
	uint64_t id, dice;              /* dice: for how it is written */
	int64_t ts, price;              /* price in cents */
	uint64_t user, product;
	unsigned status, quantity;
};

static unsigned pick_status(uint64_t r)
{
	unsigned p = r % 100;

	return p < 60 ? 0 : p < 80 ? 1 : p < 92 ? 2 : p < 97 ? 3 : 4;
}

static int64_t lateness(uint64_t r)
{
	unsigned p = r % 100;

	r >>= 32;
	return (int64_t)(p < 80 ? r % 200 : p < 99 ? r % 5000 : r % 25000);
}

static struct order order_of(uint64_t row, struct demand users, struct demand products)
{
	struct order o = { 0 };
	uint64_t dice, first, again = 0;
	unsigned tier;

	for (;;) {
		dice = mix(cfg.seed * UINT64_C(0xa0761d6478bd642f) + row);
		o.id = dice;
		first = draw(&dice);
		if (row <= REPEAT_WITHIN || first % 200)
			break;
		again = first;
		row -= 1 + (first >> 8) % REPEAT_WITHIN;
	}
	o.ts = BEGIN + 30000 + (int64_t)row - lateness(draw(&dice));
	o.user = users.slots[draw(&dice) % users.n];
	o.product = cfg.even ? draw(&dice) % cfg.products : products.slots[draw(&dice) % products.n];
	tier = mix(o.product + 3) % 1000;
	o.price = 99 + tier * tier / 60;
	o.quantity = 1 + (unsigned)(draw(&dice) % 8) / 5 * (1 + (unsigned)(draw(&dice) % 4));
	o.status = (pick_status(draw(&dice)) + (again >> 63)) % COUNT(statuses);
	o.dice = draw(&dice);
	return o;
}

/* --- Writing ------------------------------------------------------------------------------------- */

static char buffer[1 << 20], *at = buffer;

static void flush(void)
{
	for (const char *p = buffer; p < at;) {
		ssize_t n = write(STDOUT_FILENO, p, (size_t)(at - p));

		if (n < 0)
			die(EXIT_IO, "stdout:");
		p += n;
	}
	at = buffer;
}

static void put(const char *text)
{
	size_t n = strlen(text);

	memcpy(at, text, n);
	at += n;
}

/* v with at least so many digits. */
static void put_number(uint64_t v, int digits)
{
	char text[20];
	int n = 0;

	for (; v || n < digits; v /= 10)
		text[n++] = (char)('0' + v % 10);
	while (n)
		*at++ = text[--n];
}

static void put_hex(uint64_t v)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[v >> shift & 15];
}

static void put_cents(uint64_t cents, uint64_t dice)
{
	unsigned how = cfg.mixed_numbers ? dice % 10 : 0, rest = cents % 100;

	put_number(cents / 100, 1);
	if (how >= 8 && rest == 0)      /* 12.00 as 12 */
		return;
	*at++ = '.';
	*at++ = (char)('0' + rest / 10);
	if (how >= 5 && rest % 10 == 0) /* 12.50 as 12.5 */
		return;
	*at++ = (char)('0' + rest % 10);
	if (how == 4)                   /* 12.50 as 12.500 */
		*at++ = '0';
}

static void put_date(int64_t day)
{
	static int64_t known = -1;
	static char text[sizeof "2026-03-02"];
	time_t t = (time_t)(day * 86400);
	struct tm tm;

	if (day != known) {
		strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&t, &tm));
		known = day;
	}
	put(text);
}

static void put_time(int64_t ms)
{
	uint64_t of_day = (uint64_t)(ms % 86400000);

	if (cfg.clock == EPOCH_MS) {
		put_number((uint64_t)ms, 1);
		return;
	}
	put_date(ms / 86400000);
	*at++ = cfg.clock == ISO ? 'T' : ' ';
	put_number(of_day / 3600000, 2);
	*at++ = ':';
	put_number(of_day / 60000 % 60, 2);
	*at++ = ':';
	put_number(of_day / 1000 % 60, 2);
	*at++ = '.';
	put_number(of_day % 1000, 3);
	if (cfg.clock == ISO)
		*at++ = 'Z';
}

/* One row in a hundred has a field that must be quoted; in JSON only the rarer quotes inside need it. */
static void put_category(const struct order *o)
{
	const char *name = categories[mix(o->product + 7) % COUNT(categories)];
	unsigned odd = cfg.quoted ? o->dice % 1000 : 1000;
	bool wrap = cfg.form == CSV && odd < 10;

	if (wrap)
		*at++ = '"';
	if (cfg.shape == ESCAPED && o->dice % 10 == 0) {
		put("\\u00");
		*at++ = "0123456789abcdef"[*name >> 4];
		*at++ = "0123456789abcdef"[*name & 15];
		name++;
	}
	put(name);
	if (odd == 0)
		put(cfg.form == CSV ? ", \"\"second hand\"\"" : ", \\\"second hand\\\"");
	else if (odd < 10)
		put(", used");
	if (wrap)
		*at++ = '"';
}

static void put_region(const struct order *o)
{
	put(regions[mix(o->user + 9) % COUNT(regions)]);
	if (cfg.shape == ESCAPED && o->dice % 20 < 2)
		put(o->dice % 20 ? " \\\"old town\\\"" : "\\\\north\\n");
}

static void put_field(const struct order *o, enum field f)
{
	uint64_t price = (uint64_t)o->price;

	switch (f) {
	case ORDER_ID: put_hex(o->id); break;
	case TS: put_time(o->ts); break;
	case USER_ID: *at++ = 'u'; put_number(o->user, 6); break;
	case PRODUCT_ID: *at++ = 'p'; put_number(o->product, 5); break;
	case CATEGORY: put_category(o); break;
	case REGION: put_region(o); break;
	case STATUS: put(statuses[o->status]); break;
	case AMOUNT: put_cents(price * o->quantity, o->dice >> 32); break;
	case PRICE: put_cents(price, o->dice >> 32); break;
	case QUANTITY: put_number(o->quantity, 1); break;
	case NOTE: put("n-"); put_number(o->dice >> 40, 1); break;
	}
}

static bool is_bare(enum field f)
{
	return (f >= AMOUNT && f <= QUANTITY) || (f == TS && cfg.clock == EPOCH_MS);
}

static void put_member(const struct order *o, const struct column *c, const char *blank)
{
	*at++ = '"';
	put(c->leaf);
	put("\":");
	put(blank);
	if (!is_bare(c->field))
		*at++ = '"';
	put_field(o, c->field);
	if (!is_bare(c->field))
		*at++ = '"';
}

static bool same_parent(const struct column *a, const struct column *b)
{
	return a->parent == b->parent && memcmp(a->name, b->name, a->parent) == 0;
}

static void put_object(const struct order *o)
{
	const char *blank = cfg.shape == MIXED && o->dice & 1 ? " " : "";
	size_t shift = cfg.shape == MIXED ? (o->dice >> 8) % cfg.ncolumns : 0;
	const struct column *before = NULL;

	*at++ = '{';
	for (size_t i = 0; i < cfg.ncolumns; i++) {
		const struct column *c = &cfg.columns[(i + shift) % cfg.ncolumns];
		bool inside = before && same_parent(before, c);

		if (before && before->parent && !inside)
			*at++ = '}';
		if (before)
			*at++ = ',', put(blank);
		if (c->parent && !inside) {
			*at++ = '"';
			memcpy(at, c->name, c->parent);
			at += c->parent;
			put("\":{");
		}
		put_member(o, c, blank);
		before = c;
	}
	put(before->parent ? "}}\n" : "}\n");
}

static void put_row(const struct order *o)
{
	char separator = cfg.form == TSV ? '\t' : ',';

	for (size_t i = 0; i < cfg.ncolumns; i++) {
		if (i)
			*at++ = separator;
		put_field(o, cfg.columns[i].field);
	}
	*at++ = '\n';
}

static void put_header(void)
{
	for (size_t i = 0; i < cfg.ncolumns; i++) {
		if (i)
			*at++ = cfg.form == TSV ? '\t' : ',';
		put(cfg.columns[i].name);
	}
	*at++ = '\n';
}

static void write_orders(void)
{
	struct demand users = make_demand(cfg.users), products = make_demand(cfg.even ? 1 : cfg.products);

	if (cfg.form != NDJSON)
		put_header();
	for (uint64_t i = 0; i < cfg.rows; i++) {
		struct order o = order_of(i, users, products);

		if (cfg.form == NDJSON)
			put_object(&o);
		else
			put_row(&o);
		if (at > buffer + sizeof buffer - 8192)
			flush();
	}
	free(users.slots);
	free(products.slots);
}

/* Each view has nine of ten keys, so two views have four fifths of theirs in common. */
static void write_view(void)
{
	uint64_t rows = 0;

	put("window_start,product_id,count,sum\n");
	for (uint64_t key = 0; rows < cfg.rows; key++) {
		uint64_t dice = mix(cfg.seed + key), count;

		if (dice % 10 == (uint64_t)cfg.view)
			continue;
		dice = mix(dice + (uint64_t)cfg.view);
		count = 1 + dice % 300;
		put_number((uint64_t)BEGIN + key / cfg.products * 60000, 1);
		put(",p");
		put_number(key % cfg.products, 5);
		*at++ = ',';
		put_number(count, 1);
		*at++ = ',';
		put_cents(count * (99 + (dice >> 32) % 20000), 0);
		*at++ = '\n';
		rows++;
		if (at > buffer + sizeof buffer - 8192)
			flush();
	}
}

/* --- Options ------------------------------------------------------------------------------------- */

enum { OPT_ROWS = 1, OPT_SEED, OPT_USERS, OPT_PRODUCTS, OPT_EVEN, OPT_FORMAT, OPT_COLUMNS, OPT_TIME, OPT_NUMBERS, OPT_QUOTED, OPT_SHAPE, OPT_VIEW };

static const struct opt options[] = {
	{ OPT_ROWS, 'n', "rows", "N", "so many rows (1000000)", "Orders" },
	{ OPT_SEED, 0, "seed", "N", "another shop (1)", NULL },
	{ OPT_USERS, 0, "users", "N", "so many users (100000)", NULL },
	{ OPT_PRODUCTS, 0, "products", "N", "so many products (5000)", NULL },
	{ OPT_EVEN, 0, "even", NULL, "all products in equal demand", NULL },
	{ OPT_FORMAT, 0, "format", "csv|tsv|ndjson", "form of the rows", "Form" },
	{ OPT_COLUMNS, 0, "columns", "LIST", "fields in this order, NAME=FIELD renames; a.b nests in NDJSON", NULL },
	{ OPT_TIME, 0, "time", "ms|iso|blank", "how ts is written", NULL },
	{ OPT_NUMBERS, 0, "numbers", "plain|mixed", "mixed: 12.50 also as 12.5 and 12.500", NULL },
	{ OPT_QUOTED, 0, "quoted", NULL, "one row in a hundred has quotes", NULL },
	{ OPT_SHAPE, 0, "shape", "plain|mixed|escaped", "JSON: keys in any order and blanks; escapes", NULL },
	{ OPT_VIEW, 0, "view", "0|1|2|3|4|5|6|7|8|9", "rows of a view, each number another one", NULL },
	{ 0 },
};
static const struct cli cli = { "generate", "[OPTION]...", "make up the orders of a shop", options, NULL };

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (*end || !v || v > UINT64_C(1) << 40)
		die(EXIT_USAGE, "%s: not a number of something", text);
	return v;
}

static void add_column(char *text)
{
	struct column *c = &cfg.columns[cfg.ncolumns];
	char *is = strchr(text, '='), *dot;
	const char *field = is ? is + 1 : text;

	if (cfg.ncolumns++ == MAX_COLUMNS)
		die(EXIT_USAGE, "more than %d columns", MAX_COLUMNS);
	if (is)
		*is = '\0';
	dot = strrchr(text, '.');
	c->name = text;
	c->leaf = dot ? dot + 1 : text;
	c->parent = dot ? (size_t)(dot - text) : 0;
	for (size_t i = 0; i < COUNT(fields); i++)
		if (strcmp(field, fields[i]) == 0) {
			c->field = (enum field)i;
			return;
		}
	die(EXIT_USAGE, "%s: no such field", field);
}

static void set_columns(char *list)
{
	cfg.ncolumns = 0;
	for (char *save, *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save))
		add_column(c);
	if (!cfg.ncolumns)
		die(EXIT_USAGE, "no columns");
}

static void take_option(int id)
{
	switch (id) {
	case OPT_ROWS: cfg.rows = number(optarg); break;
	case OPT_SEED: cfg.seed = number(optarg); break;
	case OPT_USERS: cfg.users = number(optarg); break;
	case OPT_PRODUCTS: cfg.products = number(optarg); break;
	case OPT_EVEN: cfg.even = true; break;
	case OPT_FORMAT: cfg.form = *optarg == 'c' ? CSV : *optarg == 't' ? TSV : NDJSON; break;
	case OPT_COLUMNS: set_columns(optarg); break;
	case OPT_TIME: cfg.clock = *optarg == 'm' ? EPOCH_MS : *optarg == 'i' ? ISO : BLANK; break;
	case OPT_NUMBERS: cfg.mixed_numbers = *optarg == 'm'; break;
	case OPT_QUOTED: cfg.quoted = true; break;
	case OPT_SHAPE: cfg.shape = *optarg == 'p' ? PLAIN : *optarg == 'm' ? MIXED : ESCAPED; break;
	case OPT_VIEW: cfg.view = *optarg - '0'; break;
	}
}

static void check_options(void)
{
	if (cfg.form != NDJSON && cfg.shape != PLAIN)
		die(EXIT_USAGE, "--shape is for NDJSON");
	for (size_t i = 0; i < cfg.ncolumns; i++)
		if (cfg.shape == MIXED && cfg.columns[i].parent)
			die(EXIT_USAGE, "keys in any order do not nest");
}

int main(int argc, char **argv)
{
	char base[] = "order_id,ts,user_id,product_id,category,region,status,amount";
	int id;

	diag_init(cli.tool);
	set_columns(base);
	while ((id = opts_next(&cli, argc, argv)) != -1)
		take_option(id);
	if (optind < argc)
		die(EXIT_USAGE, "%s: no operands", argv[optind]);
	check_options();
	if (cfg.view < 0)
		write_orders();
	else
		write_view();
	flush();
	return EXIT_DONE;
}
