/* SPDX-License-Identifier: MIT */
#include "lib/text/json_scan.h"

#include "lib/text/utf8.h"
#include "tests/unit/check.h"

struct job {
	struct fields fields;
	struct json_scan *scan;
	struct arena scratch;
	struct span out[16];
};

static void job_open(struct job *j, const char *const *names, size_t n)
{
	const char *error;

	*j = (struct job){ 0 };
	for (size_t i = 0; i < n; i++)
		CHECK_INT(fields_add(&j->fields, span_of(names[i]), &error), i);
	j->scan = json_scan_new(&j->fields);
}

static void job_close(struct job *j)
{
	json_scan_free(j->scan);
	arena_free(&j->scratch);
	fields_free(&j->fields);
}

/* In memory of exactly its size, so that a sanitizer sees a byte too far. */
static int scan(struct job *j, struct span record)
{
	static char *copy;

	free(copy);
	copy = malloc(record.n ? record.n : 1);
	memcpy(copy, record.p, record.n);
	return json_scan_record(j->scan, (struct span){ copy, record.n }, &j->scratch, j->out);
}

static int scan_text(struct job *j, const char *text)
{
	return scan(j, span_of(text));
}

/* With an index, in memory of exactly its size too. */
static int scan_indexed(struct job *j, struct span record)
{
	static char *copy;
	static uint32_t *quote, *mark;
	size_t nquotes = 0, nmarks = 0;

	copy = realloc(copy, record.n ? record.n : 1);
	free(quote);
	free(mark);
	quote = malloc((record.n + 1) * sizeof *quote);
	mark = malloc((record.n + 1) * sizeof *mark);
	memcpy(copy, record.p, record.n);
	for (size_t i = 0; i < record.n; i++) {
		if (copy[i] == '"')
			quote[nquotes++] = 7 + (uint32_t)i;
		if (copy[i] == '\\' || (unsigned char)copy[i] < 0x20 || (unsigned char)copy[i] >= 0x80)
			mark[nmarks++] = 7 + (uint32_t)i;
	}
	quote[nquotes++] = 7 + (uint32_t)record.n;
	mark[nmarks++] = 7 + (uint32_t)record.n;
	quote = realloc(quote, nquotes * sizeof *quote);
	mark = realloc(mark, nmarks * sizeof *mark);
	return json_scan_indexed(j->scan, (struct span){ copy, record.n }, &(struct json_index){ copy - 7, quote, mark }, &j->scratch, j->out);
}

TEST(kinds_of_values)
{
	static const char *const names[] = { "s", "n", "t", "f", "z", "o", "a", "missing", "e" };
	struct job j;

	job_open(&j, names, 9);
	CHECK_INT(scan_text(&j, " {\"s\":\"text\" , \"n\":-1.50E+3,\"t\":true,\"f\":false,\"z\":null,\"o\":{ \"x\" : [1] },\"a\":[1, \"]\"],\"e\":\"\"}\t\r"), 0);
	CHECK_SPAN(j.out[0], "text");
	CHECK_SPAN(j.out[1], "-1.50E+3");
	CHECK_SPAN(j.out[2], "true");
	CHECK_SPAN(j.out[3], "false");
	CHECK_SPAN(j.out[4], "");
	CHECK_SPAN(j.out[5], "{ \"x\" : [1] }");
	CHECK_SPAN(j.out[6], "[1, \"]\"]");
	CHECK_SPAN(j.out[7], "");
	CHECK_SPAN(j.out[8], "");
	for (size_t i = 0; i < 9; i++)
		CHECK_INT(json_scan_kind(j.scan, i), ((enum json_kind[]){ JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL,
			JSON_OBJECT, JSON_ARRAY, JSON_MISSING, JSON_STRING })[i]);
	job_close(&j);
}

TEST(paths)
{
	static const char *const names[] = { ".a.b", ".a.b[1]", ".a.c[0].d", "a", ".l[2][0]", ".a.`odd name`", "@1" };
	struct job j;

	job_open(&j, names, 7);
	CHECK_INT(scan_text(&j, "{\"l\":[0,[1],[2,3]],\"a\":{\"b\":[10,20],\"odd name\":7,\"c\":[{\"x\":0,\"d\":\"deep\"},{\"d\":1}]}}"), 0);
	CHECK_SPAN(j.out[0], "[10,20]");
	CHECK_SPAN(j.out[1], "20");
	CHECK_SPAN(j.out[2], "deep");
	CHECK_SPAN(j.out[3], "{\"b\":[10,20],\"odd name\":7,\"c\":[{\"x\":0,\"d\":\"deep\"},{\"d\":1}]}");
	CHECK_SPAN(j.out[4], "2");
	CHECK_SPAN(j.out[5], "7");
	CHECK_INT(json_scan_kind(j.scan, 6), JSON_MISSING);
	/* a step that does not fit the value finds nothing */
	CHECK_INT(scan_text(&j, "{\"a\":[1,2],\"l\":{\"2\":[5]}}"), 0);
	CHECK_SPAN(j.out[0], "");
	CHECK_SPAN(j.out[3], "[1,2]");
	CHECK_SPAN(j.out[4], "");
	job_close(&j);
}

TEST(of_duplicate_names_the_first_counts)
{
	static const char *const names[] = { "x", ".y.z", "nai" "\xc3\xaf" "f" };
	struct job j;

	job_open(&j, names, 3);
	for (int again = 0; again < 3; again++) {
		CHECK_INT(scan_text(&j, "{\"x\":1,\"x\":2,\"y\":{},\"y\":{\"z\":3},\"\\u0078\":4,\"na\\u0069\\u00EFf\":5,\"nai\xc3\xaf" "f\":6}"), 0);
		CHECK_SPAN(j.out[0], "1");
		CHECK_SPAN(j.out[1], "");
		CHECK_SPAN(j.out[2], "5");
	}
	/* the second of the learned layout is the first here */
	CHECK_INT(scan_text(&j, "{\"q\":0,\"x\":2,\"y\":{\"z\":3}}"), 0);
	CHECK_SPAN(j.out[0], "2");
	CHECK_SPAN(j.out[1], "3");
	/* null counts too */
	CHECK_INT(scan_text(&j, "{\"x\":null,\"x\":2}"), 0);
	CHECK_INT(json_scan_kind(j.scan, 0), JSON_NULL);
	job_close(&j);
}

TEST(escapes)
{
	static const char *const names[] = { "s" };
	struct job j;

	job_open(&j, names, 1);
	CHECK_INT(scan_text(&j, "{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\\\\u0041\"}"), 0);
	CHECK_SPAN(j.out[0], "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0041");
	CHECK_INT(scan_text(&j, "{\"s\":\"a\\u0000b\"}"), 0);
	CHECK(j.out[0].n == 3 && memcmp(j.out[0].p, "a\0b", 3) == 0);
	CHECK_INT(scan_text(&j, "{\"s\":\"\xc3\xa9 plain \xf0\x9f\x98\x80\"}"), 0);
	CHECK_SPAN(j.out[0], "\xc3\xa9 plain \xf0\x9f\x98\x80");
	job_close(&j);
}

TEST(what_is_not_an_object_is_refused_with_reason_and_place)
{
	static const struct { const char *text, *reason; size_t offset; } bad[] = {
		{ "", "not an object", 0 }, { "  ", "not an object", 2 }, { "[1]", "not an object", 0 }, { "null", "not an object", 0 },
		{ "\xef\xbb\xbf{}", "not an object", 0 },
		{ "{", "expected a member name", 1 }, { "{1:2}", "expected a member name", 1 }, { "{,}", "expected a member name", 1 },
		{ "{\"a\":1,}", "expected a member name", 7 }, { "{\"a\"}", "expected `:`", 4 }, { "{\"a\" 1}", "expected `:`", 5 },
		{ "{\"a\":}", "expected a value", 5 }, { "{\"a\":", "expected a value", 5 }, { "{\"a\":nul}", "expected a value", 5 },
		{ "{\"a\":True}", "expected a value", 5 }, { "{\"a\":NaN}", "expected a value", 5 }, { "{\"a\":'x'}", "expected a value", 5 },
		{ "{\"a\":1", "expected `,` or `}`", 6 }, { "{\"a\":1 \"b\":2}", "expected `,` or `}`", 7 },
		{ "{\"a\":01}", "expected `,` or `}`", 6 }, { "{\"a\":1.}", "expected a digit", 7 }, { "{\"a\":.5}", "expected a value", 5 },
		{ "{\"a\":-}", "expected a digit", 6 }, { "{\"a\":+1}", "expected a value", 5 }, { "{\"a\":1e}", "expected a digit", 7 },
		{ "{\"a\":1e+}", "expected a digit", 8 }, { "{\"a\":0x10}", "expected `,` or `}`", 6 }, { "{\"a\":-01}", "expected `,` or `}`", 7 },
		{ "{\"a\":1}}", "bytes behind the object", 7 }, { "{\"a\":1}{}", "bytes behind the object", 7 }, { "{} x", "bytes behind the object", 3 },
		{ "{\"a\":[1,]}", "expected a value", 8 }, { "{\"a\":[1 2]}", "expected `,` or `]`", 8 }, { "{\"a\":[}", "expected a value", 6 },
		{ "{\"a\":[1}", "expected `,` or `]`", 7 }, { "{\"a\":{\"b\":1]}", "expected `,` or `}`", 11 },
		{ "{\"a\":\"x", "string without end", 7 }, { "{\"a\":\"x\\", "string without end", 7 }, { "{\"a\":\"x\\\"}", "string without end", 10 },
		{ "{\"a\":\"\\x\"}", "unknown escape", 6 }, { "{\"a\":\"\\u12g4\"}", "\\u without four hexadecimal digits", 8 },
		{ "{\"a\":\"\\u12", "\\u without four hexadecimal digits", 8 },
		{ "{\"a\":\"\\ud800\"}", "lone surrogate", 6 }, { "{\"a\":\"\\ude00\"}", "lone surrogate", 6 },
		{ "{\"a\":\"\\ud83dx\"}", "lone surrogate", 6 }, { "{\"a\":\"\\ud83d\\u0041\"}", "lone surrogate", 6 },
		{ "{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "lone surrogate", 6 }, { "{\"a\":\"\\ud83d\\n\"}", "lone surrogate", 6 },
		{ "{\"a\":\"tab\there\"}", "control byte in a string", 9 }, { "{\"a\tb\":1}", "control byte in a string", 3 },
		{ "{\"a\":\"\xff\"}", "invalid UTF-8", 6 }, { "{\"a\":\"\xed\xa0\x80\"}", "invalid UTF-8", 6 }, { "{\"\xc3\":1}", "invalid UTF-8", 2 },
		{ "{\"a\":\"ok \xc3\xa9 \xc3\"}", "invalid UTF-8", 12 },
		{ "{\"a\":1,\x01\"b\":2}", "expected a member name", 7 },
		{ "{\"a\":1{\"a\":2}", "expected `,` or `}`", 6 }, { "{\"a\":1,\"b\":2{\"a\":3,\"b\":4}}", "expected `,` or `}`", 12 },
		{ "{\"a\":1,\"b\":{,\"b\":2}}", "expected a member name", 12 }, { "{\"a\":1,\"b\":\"x}", "string without end", 14 },
		{ "{\"a\":123456789012345678901234567890.}", "expected a digit", 36 }, { "{\"a\":1234567890.12345e}", "expected a digit", 22 },
	};
	static const char *const names[] = { "a" };
	struct job fresh, warm;

	job_open(&warm, names, 1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct job *both[] = { &fresh, &warm };

		job_open(&fresh, names, 1);
		CHECK_INT(scan_text(&warm, "{\"a\":1,\"b\":2}"), 0);     /* learned layout or none: no difference */
		for (int k = 0; k < 2; k++) {
			CHECK_INT(scan_text(both[k], bad[i].text), -1);
			CHECK_TEXT(json_scan_reason(both[k]->scan), bad[i].reason);
			CHECK_INT(json_scan_offset(both[k]->scan), bad[i].offset);
		}
		job_close(&fresh);
	}
	CHECK_INT(scan(&warm, (struct span){ "{\"a\":\"x\0y\"}", 11 }), -1);
	CHECK_INT(scan(&warm, (struct span){ "{\"a\":1}\0", 8 }), -1);
	job_close(&warm);
}

static struct span nested(struct buf *b, size_t depth, char open, char close)
{
	buf_clear(b);
	buf_text(b, "{\"a\":");
	for (size_t i = 1; i < depth; i++)
		buf_text(b, open == '[' ? "[" : "{\"a\":");
	buf_byte(b, '1');
	for (size_t i = 1; i < depth; i++)
		buf_byte(b, close);
	buf_byte(b, '}');
	return buf_view(b);
}

TEST(nesting_has_a_limit)
{
	static const char *const names[] = { "a", ".a.a.a" };
	struct buf b = { 0 };
	struct job j;

	job_open(&j, names, 2);
	CHECK_INT(scan(&j, nested(&b, JSON_MAX_DEPTH, '[', ']')), 0);
	CHECK_INT(scan(&j, nested(&b, JSON_MAX_DEPTH + 1, '[', ']')), -1);
	CHECK_TEXT(json_scan_reason(j.scan), "nested too deep");
	CHECK_INT(scan(&j, nested(&b, JSON_MAX_DEPTH, '{', '}')), 0);
	CHECK_INT(scan(&j, nested(&b, JSON_MAX_DEPTH + 1, '{', '}')), -1);
	CHECK_INT(scan(&j, nested(&b, 1000000, '[', ']')), -1);
	buf_free(&b);
	job_close(&j);
}

TEST(a_learned_first_member_does_not_stand_elsewhere_nor_others_first)
{
	static const char *const names[] = { "a", "b" };
	struct job j;

	job_open(&j, names, 2);
	CHECK_INT(scan_text(&j, "{\"a\":1,\"b\":2}"), 0);
	CHECK_INT(scan_text(&j, "{,\"b\":2}"), -1);
	CHECK_INT(scan_text(&j, "{\"a\":1\"a\":2}"), -1);
	CHECK_INT(scan_text(&j, "{\"a\":1,\"b\":2,\"b\":3}"), 0);
	CHECK_SPAN(j.out[1], "2");
	CHECK_INT(scan_text(&j, "{}"), 0);
	CHECK_INT(json_scan_kind(j.scan, 0), JSON_MISSING);
	CHECK_INT(scan_text(&j, "{\"b\":2}"), 0);
	CHECK_SPAN(j.out[1], "2");
	job_close(&j);
}

TEST(blanks_beyond_those_that_were_learned)
{
	static const char *const names[] = { "a", "b" };
	struct job j;

	job_open(&j, names, 2);
	CHECK_INT(scan_text(&j, "{\"a\":1,\"b\":2}"), 0);
	CHECK_INT(scan_text(&j, "{\"a\": \t3,\"b\":  4}"), 0);
	CHECK_SPAN(j.out[0], "3");
	CHECK_SPAN(j.out[1], "4");
	CHECK_INT(scan_text(&j, "{ \"a\" : 5 , \"b\" : 6 }"), 0);
	CHECK_SPAN(j.out[1], "6");
	job_close(&j);
}

/* The oracle: the grammar of RFC 8259, letter by letter. */
struct naive {
	const unsigned char *p, *end;
	int depth;
};

static bool naive_value(struct naive *n);

static bool naive_eat(struct naive *n, char c)
{
	if (n->p == n->end || *n->p != (unsigned char)c)
		return false;
	n->p++;
	return true;
}

static void naive_blanks(struct naive *n)
{
	while (naive_eat(n, ' ') || naive_eat(n, '\t') || naive_eat(n, '\r') || naive_eat(n, '\n'))
		;
}

static long naive_unit(struct naive *n)
{
	char hex[5] = "", *end;
	long v;

	for (int i = 0; i < 4 && n->p < n->end; i++)
		hex[i] = (char)*n->p++;
	if (strlen(hex) != 4 || strspn(hex, "0123456789abcdefABCDEF") != 4)
		return -1;
	v = strtol(hex, &end, 16);
	return v;
}

static bool naive_string(struct naive *n)
{
	bool pending = false;           /* a high surrogate came last */
	const unsigned char *from;

	if (!naive_eat(n, '"'))
		return false;
	for (from = n->p; n->p < n->end && *n->p != '"';) {
		bool high = false;

		if (*n->p < 0x20)
			return false;
		if (*n->p++ == '\\') {
			if (n->p == n->end)
				return false;
			if (*n->p == 'u') {
				long u = (n->p++, naive_unit(n));
				bool low = u >= 0xdc00 && u <= 0xdfff;

				if (u < 0 || low != pending)
					return false;
				high = u >= 0xd800 && u <= 0xdbff;
				pending = false;
			} else if (!strchr("\"\\/bfnrt", *n->p++) || n->p[-1] == 0) {
				return false;
			}
		}
		if (pending)
			return false;
		pending = high;
	}
	return !pending && utf8_valid((struct span){ (const char *)from, (size_t)(n->p - from) }) && naive_eat(n, '"');
}

static bool naive_digits(struct naive *n)
{
	const unsigned char *from = n->p;

	while (n->p < n->end && *n->p >= '0' && *n->p <= '9')
		n->p++;
	return n->p > from;
}

static bool naive_number(struct naive *n)
{
	naive_eat(n, '-');
	if (!naive_eat(n, '0') && !naive_digits(n))
		return false;
	if (naive_eat(n, '.') && !naive_digits(n))
		return false;
	if (naive_eat(n, 'e') || naive_eat(n, 'E')) {
		if (!naive_eat(n, '+'))
			naive_eat(n, '-');
		return naive_digits(n);
	}
	return true;
}

static bool naive_word(struct naive *n, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(n->end - n->p) < length || memcmp(n->p, word, length))
		return false;
	n->p += length;
	return true;
}

static bool naive_container(struct naive *n, char close)
{
	bool first = true;

	if (++n->depth > JSON_MAX_DEPTH)
		return false;
	n->p++;
	for (;; first = false) {
		naive_blanks(n);
		if (naive_eat(n, close))
			return n->depth--, first;
		if (!first)
			return false;
		for (;;) {
			naive_blanks(n);
			if (close == '}') {
				if (!naive_string(n))
					return false;
				naive_blanks(n);
				if (!naive_eat(n, ':'))
					return false;
				naive_blanks(n);
			}
			if (!naive_value(n))
				return false;
			naive_blanks(n);
			if (naive_eat(n, close))
				return n->depth--, true;
			if (!naive_eat(n, ','))
				return false;
		}
	}
}

static bool naive_value(struct naive *n)
{
	if (n->p == n->end)
		return false;
	switch (*n->p) {
	case '{':
		return naive_container(n, '}');
	case '[':
		return naive_container(n, ']');
	case '"':
		return naive_string(n);
	case 't':
		return naive_word(n, "true");
	case 'f':
		return naive_word(n, "false");
	case 'n':
		return naive_word(n, "null");
	default:
		return naive_number(n);
	}
}

static bool naive_record(struct span s)
{
	struct naive n = { (const unsigned char *)s.p, (const unsigned char *)s.p + s.n, 0 };

	naive_blanks(&n);
	if (n.p == n.end || *n.p != '{' || !naive_value(&n))
		return false;
	naive_blanks(&n);
	return n.p == n.end;
}

/* Random objects whose fields are known, and then damaged. */
static unsigned long long state = 4;

static size_t pick(size_t n)
{
	return (size_t)(check_random(&state) % n);
}

static void put_blanks(struct buf *b)
{
	while (pick(8) == 0)
		buf_byte(b, " \t\r"[pick(3)]);
}

/* A string's text, and what it means when want is given. */
static void put_string(struct buf *b, struct buf *want)
{
	static const char *const piece[][2] = {
		{ "a", "a" }, { "plain text, longer than a word", "plain text, longer than a word" }, { "\\n", "\n" }, { "\\\"", "\"" },
		{ "\\\\", "\\" }, { "\\u0041", "A" }, { "\\u00e9", "\xc3\xa9" }, { "\xc3\xa9", "\xc3\xa9" }, { "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" }, { "{", "{" }, { "\\/", "/" }, { "[,:}", "[,:}" },
	};
	size_t n = pick(4);

	buf_byte(b, '"');
	for (size_t i = 0; i < n; i++) {
		size_t k = pick(sizeof piece / sizeof *piece);

		if (pick(2))
			k = pick(2);
		buf_text(b, piece[k][0]);
		if (want)
			buf_text(want, piece[k][1]);
	}
	buf_byte(b, '"');
}

static void put_value(struct buf *b, struct buf *want, int depth)
{
	static const char *const scalar[] = { "0", "-0", "12", "1773878429883", "5.48", "104.85", "-1.5e-10", "1E+2", "true", "false", "12345678901234567890.123456789" };
	size_t from = b->n, kind = pick(depth > 3 ? 3 : 5), n = pick(4);
	const char *s;

	if (kind == 0) {
		put_string(b, want);
		return;
	}
	if (kind == 1) {
		buf_text(b, "null");
		return;
	}
	if (kind == 2) {
		s = scalar[pick(sizeof scalar / sizeof *scalar)];
		buf_text(b, s);
	} else {
		buf_byte(b, kind == 3 ? '[' : '{');
		for (size_t i = 0; i < n; i++) {
			put_blanks(b);
			if (kind == 4)
				buf_text(b, pick(2) ? "\"k\":" : "\"a\" : ");
			put_value(b, NULL, depth + 1);
			put_blanks(b);
			if (i + 1 < n)
				buf_byte(b, ',');
		}
		buf_byte(b, kind == 3 ? ']' : '}');
	}
	if (want)
		buf_add(want, b->p + from, b->n - from);
}

static const char *const member_names[] = { "order_id", "ts", "user_id", "category", "amount", "a_name_longer_than_thirty_two_bytes_is_not_learned", "q", "" };
#define MEMBERS (sizeof member_names / sizeof *member_names)

/* want: the first value of each name. */
static void put_object(struct buf *b, struct buf *want, size_t shape)
{
	bool first = true, seen[MEMBERS] = { false };
	struct buf unused = { 0 };

	buf_clear(b);
	put_blanks(b);
	buf_byte(b, '{');
	for (size_t i = 0; i < MEMBERS + shape % 3; i++) {
		size_t k = shape % 4 == 0 ? pick(MEMBERS) : i % MEMBERS;

		if (shape % 4 == 1 && pick(3) == 0)
			continue;
		if (!first)
			buf_byte(b, ',');
		if (shape % 8 == 2)
			buf_byte(b, ' ');
		buf_printf(b, k == 1 && pick(16) == 0 ? "\"\\u0074s\"" : "\"%s\"", member_names[k]);
		buf_text(b, shape % 8 == 2 ? ": " : ":");
		put_value(b, seen[k] ? &unused : &want[k], 0);
		seen[k] = true;
		first = false;
	}
	put_blanks(b);
	buf_byte(b, '}');
	put_blanks(b);
	buf_free(&unused);
}

TEST(random_objects_give_the_fields_they_were_made_of)
{
	struct buf text = { 0 }, want[MEMBERS] = { { 0 } };
	int wrong = 0;
	struct job j;

	job_open(&j, member_names, MEMBERS - 1);
	for (int i = 0; i < 100000; i++) {
		for (size_t k = 0; k < MEMBERS; k++)
			buf_clear(&want[k]);
		put_object(&text, want, i / 20 % 24);
		wrong += !naive_record(buf_view(&text));
		wrong += scan(&j, buf_view(&text)) != 0;
		for (size_t k = 0; k < MEMBERS - 1; k++)
			wrong += !span_eq(j.out[k], buf_view(&want[k]));
		arena_clear(&j.scratch);
	}
	CHECK_INT(wrong, 0);
	job_close(&j);
	for (size_t k = 0; k < MEMBERS; k++)
		buf_free(&want[k]);
	buf_free(&text);
}

static void damage(struct buf *b)
{
	static const char bytes[] = "\"\\{}[]:,01.-+eEtfnu \t\n\x80\xc3\xed\xff";
	size_t at = pick(b->n), kind = pick(4);

	if (kind == 0) {
		b->p[at] = bytes[pick(sizeof bytes)];
	} else if (kind == 1) {
		b->n = at;
	} else if (kind == 2) {
		memmove(b->p + at, b->p + at + 1, b->n - at - 1);
		b->n--;
	} else {
		buf_byte(b, ' ');
		memmove(b->p + at + 1, b->p + at, b->n - at - 1);
		b->p[at] = bytes[pick(sizeof bytes)];
	}
}

TEST(damaged_objects_are_judged_as_the_grammar_does)
{
	struct buf text = { 0 }, want[MEMBERS] = { { 0 } };
	int wrong = 0, valid = 0;
	struct job j;

	job_open(&j, member_names, 5);
	for (int i = 0; i < 200000; i++) {
		bool good;

		put_object(&text, want, i / 20 % 24);
		for (size_t k = 0; k < MEMBERS; k++)
			buf_clear(&want[k]);
		scan(&j, buf_view(&text));      /* learn the layout that is then broken */
		for (size_t k = pick(3); k < 3 && text.n; k++)
			damage(&text);
		good = naive_record(buf_view(&text));
		valid += good;
		if ((scan(&j, buf_view(&text)) == 0) != good) {
			wrong++;
			printf("# judged wrong: %.*s\n", (int)text.n, text.p);
		}
		CHECK(good || json_scan_offset(j.scan) <= text.n);
		arena_clear(&j.scratch);
	}
	CHECK_INT(wrong, 0);
	CHECK(valid > 5000 && valid < 195000);
	job_close(&j);
	for (size_t k = 0; k < MEMBERS; k++)
		buf_free(&want[k]);
	buf_free(&text);
}

TEST(an_index_changes_nothing)
{
	struct buf text = { 0 }, want[MEMBERS] = { { 0 } };
	int wrong = 0, valid = 0;
	struct job j, k;

	job_open(&j, member_names, 5);
	job_open(&k, member_names, 5);
	for (int i = 0; i < 200000; i++) {
		int rc;

		put_object(&text, want, i / 20 % 24);
		for (size_t m = 0; m < MEMBERS; m++)
			buf_clear(&want[m]);
		for (size_t n = pick(3); n && text.n; n--)
			damage(&text);
		rc = scan(&k, buf_view(&text));
		valid += rc == 0;
		wrong += scan_indexed(&j, buf_view(&text)) != rc;
		if (rc < 0)
			wrong += json_scan_reason(j.scan) != json_scan_reason(k.scan) || json_scan_offset(j.scan) != json_scan_offset(k.scan);
		for (size_t m = 0; m < 5 && rc == 0; m++)
			wrong += !span_eq(j.out[m], k.out[m]) || json_scan_kind(j.scan, m) != json_scan_kind(k.scan, m);
		arena_clear(&j.scratch);
		arena_clear(&k.scratch);
	}
	CHECK_INT(wrong, 0);
	CHECK(valid > 20000 && valid < 180000);
	job_close(&j);
	job_close(&k);
	for (size_t m = 0; m < MEMBERS; m++)
		buf_free(&want[m]);
	buf_free(&text);
}

/* A quote in a name is one more in the index. */
TEST(names_with_escaped_quotes)
{
	static const char *const names[] = { "`say \"hi\"`", "b" };
	struct job j;

	job_open(&j, names, 2);
	for (int again = 0; again < 3; again++) {
		CHECK_INT(scan_indexed(&j, SPAN("{\"say \\\"hi\\\"\":\"x\",\"b\":\"two\",\"\xc3\xa9\":\"\\\"\",\"c\":\"end\"}")), 0);
		CHECK_SPAN(j.out[0], "x");
		CHECK_SPAN(j.out[1], "two");
	}
	job_close(&j);
}

/* What is remembered has a bound; then it is begun anew. */
TEST(names_that_never_come_again)
{
	static const char *const names[] = { "amount", ".who.amount" };
	struct buf b = { 0 };
	struct job j;
	int wrong = 0;

	job_open(&j, names, 2);
	for (int i = 0; i < 1000; i++) {
		buf_clear(&b);
		buf_printf(&b, "{\"user_%d\":%d,\"amount\":%d,\"who\":{\"user_%d\":0,\"amount\":\"%d\"}}", i, i, i, i, -i);
		wrong += scan(&j, buf_view(&b)) != 0 || atoi(j.out[0].p) != i || atoi(j.out[1].p) != -i;
	}
	CHECK_INT(wrong, 0);
	buf_free(&b);
	job_close(&j);
}

TEST(more_members_than_are_learned)
{
	static const char *const names[] = { "m0", "m63", "m64", "m199" };
	struct buf b = { 0 };
	struct job j;

	job_open(&j, names, 4);
	for (int again = 0; again < 3; again++) {
		buf_clear(&b);
		for (int i = 0; i < 200; i++)
			buf_printf(&b, "%c\"m%d\":%d", i ? ',' : '{', i, i + again);
		buf_byte(&b, '}');
		CHECK_INT(scan(&j, buf_view(&b)), 0);
		CHECK_INT(atoi(j.out[0].p), again);
		CHECK_INT(atoi(j.out[1].p), 63 + again);
		CHECK_INT(atoi(j.out[2].p), 64 + again);
		CHECK_INT(atoi(j.out[3].p), 199 + again);
	}
	buf_free(&b);
	job_close(&j);
}
