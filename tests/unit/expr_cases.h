/* SPDX-License-Identifier: MIT */
/* What expressions mean: expression, record, result.
 * Results: 12.50 number, 'abc' text, true, false, null; `! reason` a bad record; `? reason` refused when compiled. */
#ifndef TESTS_UNIT_EXPR_CASES_H
#define TESTS_UNIT_EXPR_CASES_H

struct expr_case {
	const char *expr, *record, *want;
};

static const struct expr_case values[] = {
	/* literals and fields */
	{ "1", "", "1" }, { "1.50", "", "1.50" }, { ".5", "", "0.5" }, { "5.", "", "5" }, { "1e3", "", "1000" },
	{ "2.5E-2", "", "0.025" }, { "00012", "", "12" }, { "'abc'", "", "'abc'" }, { "\"abc\"", "", "'abc'" },
	{ "'it''s'", "", "'it's'" }, { "\"a\"\"b\"", "", "'a\"b'" }, { "'a\\nb'", "", "'a\\nb'" }, { "''", "", "null" },
	{ "null", "", "null" }, { "true", "", "true" }, { "FALSE", "", "false" }, { "NuLL", "", "null" },
	{ "a", "a=x", "'x'" }, { "a", "a=", "null" }, { "missing", "a=1", "null" }, { "a", "a=007", "'007'" },
	{ "`unit price`", "unit price=9", "'9'" }, { "`null`", "null=x", "'x'" }, { "`in` in ('x')", "in=x", "true" },
	{ "length", "length=5", "'5'" }, { "year + 1", "year=2026", "2027" }, { "@2", "a=x;b=y", "'y'" },
	{ ".a.b[0]", ".a.b[0]=z", "'z'" }, { "gr\xc3\xb6\xc3\x9f" "e", "gr\xc3\xb6\xc3\x9f" "e=1", "'1'" }, { " a ", "a=x", "'x'" },
	{ "\ta\n", "a=x", "'x'" }, { "((a))", "a=x", "'x'" },

	/* arithmetic is exact and keeps the scale that was written */
	{ "a + b", "a=12.50;b=1", "13.50" }, { "a - b", "a=1;b=1.00", "0.00" }, { "a * b", "a=2.50;b=4", "10.00" },
	{ "0.1 + 0.2", "", "0.3" }, { "a + 1", "a=9007199254740993", "9007199254740994" }, { "-a", "a=5", "-5" }, { "- -a", "a=5", "5" },
	{ "-(a - b)", "a=1;b=3", "2" }, { "+a", "a=1.50", "1.50" }, { "+a", "a=1e2", "100" }, { "-a", "a=0", "0" },
	{ "a / b", "a=1;b=3", "0.333333333333333333" }, { "a / b", "a=2;b=3", "0.666666666666666667" },
	{ "a / b", "a=10;b=4", "2.5" }, { "a / b", "a=10.00;b=5", "2" }, { "a / b", "a=-1;b=3", "-0.333333333333333333" },
	{ "a / b", "a=1;b=2000000000000000000", "0" }, { "a / b", "a=3;b=2000000000000000000", "0.000000000000000002" },
	{ "a * b", "a=0.000000000000000001;b=0.5", "0.000000000000000000" },
	{ "a * b", "a=0.000000000000000003;b=0.5", "0.000000000000000002" },
	{ "a / b", "a=1;b=0", "null" }, { "a / b", "a=0;b=0.00", "null" }, { "a % b", "a=1;b=0", "null" }, { "1 / 0", "", "null" },
	{ "a % b", "a=7;b=3", "1" }, { "a % b", "a=-7;b=3", "-1" }, { "a % b", "a=7;b=-3", "1" }, { "a % b", "a=7.5;b=2", "1.5" },
	{ "a + b * c", "a=1;b=2;c=3", "7" }, { "(a + b) * c", "a=1;b=2;c=3", "9" }, { "a - b - c", "a=9;b=3;c=2", "4" },
	{ "a - (b - c)", "a=9;b=3;c=2", "8" }, { "a / b / c", "a=16;b=4;c=2", "2" }, { "a / (b / c)", "a=16;b=4;c=2", "8" },
	{ "a * b / c", "a=3;b=4;c=2", "6" }, { "-a * b", "a=2;b=3", "-6" }, { "a * -b", "a=2;b=3", "-6" }, { "a - -b", "a=2;b=3", "5" },
	{ "a--b", "a=2;b=3", "5" }, { "2*3+4", "", "10" }, { "2+3*4", "", "14" }, { "10 % 4 * 3", "", "6" },
	{ "a + b", "a=1;b=", "null" }, { "a * b", "a=;b=", "null" }, { "a + null", "a=1", "null" }, { "-a", "a=", "null" },
	{ "a + 1", "a=99999999999999999999", "! a + 1 has more than 20 integer digits" },
	{ "a * a", "a=99999999999", "! a * a has more than 20 integer digits" },
	{ "a / b", "a=99999999999999999999;b=0.1", "! a / b has more than 20 integer digits" },
	{ "a + 1", "a=abc", "! a: \"abc\" is not a number" }, { "1 + a", "a=1x", "! a: \"1x\" is not a number" },
	{ "a + 1", "a= 1", "! a: \" 1\" is not a number" }, { "a + 1", "a=0x10", "! a: \"0x10\" is not a number" },
	{ "a + 1", "a=NaN", "! a: \"NaN\" is not a number" }, { "a + b", "a=;b=x", "! b: \"x\" is not a number" },
	{ "a + b", "a=x;b=", "! a: \"x\" is not a number" },
	{ "a + 1", "a=123456789012345678901", "! a: \"123456789012345678901\" has more than 20 integer digits" },
	{ "a + 1", "a=0.1234567890123456789", "! a: \"0.1234567890123456789\" has more than 18 fraction digits" },
	{ "`unit price` * 2", "unit price=free", "! `unit price`: \"free\" is not a number" },
	{ "a + 1", "a=\x01\xff", "! a: \"\\x01\\xff\" is not a number" }, { "a + 1", "a=\xc3\xa9", "! a: \"\xc3\xa9\" is not a number" },
	{ "a + 1", "a=0123456789x123456789x123456789x123456789x123456789x",
	  "! a: \"0123456789x123456789x123456789x123456789...\" is not a number" },
	{ "substr(a, 1, 2) + 1", "a=xyz", "! substr(a, 1, 2): \"xy\" is not a number" },

	/* comparison: by bytes, or numeric when a side yields a number */
	{ "a == b", "a=x;b=x", "true" }, { "a == b", "a=1;b=1.0", "false" }, { "a < b", "a=10;b=9", "true" },
	{ "a < 9", "a=10", "false" }, { "9 > a", "a=10", "false" }, { "a == 1", "a=1.00", "true" }, { "a = 1", "a=1e0", "true" },
	{ "a != 1", "a=2", "true" }, { "a <> 1", "a=1", "false" }, { "a <= 1", "a=1", "true" }, { "a >= 1.5", "a=1.50", "true" },
	{ "a > 1", "a=1", "false" }, { "+a < b", "a=10;b=9", "false" }, { "a + 0 == b", "a=1;b=1.0", "true" },
	{ "a == '10'", "a=10", "true" }, { "a == '10'", "a=10.0", "false" }, { "'10' == a", "a=10", "true" }, { "a < 'b'", "a=abc", "true" },
	{ "a > ''''", "a=x", "true" }, { "a == 1", "a=", "null" }, { "a == 'x'", "a=", "null" }, { "a != 'x'", "a=", "null" },
	{ "a != 'x'", "a=y", "true" }, { "a == b", "a=;b=", "null" }, { "a < b", "a=1;b=", "null" },
	{ "a > 5", "a=abc", "! a: \"abc\" is not a number" }, { "5 < a", "a=1,5", "! a: \"1,5\" is not a number" },
	{ "length(a) > 2", "a=abc", "true" }, { "length(a) == b", "a=abc;b=3.0", "true" }, { "number(a) == b", "a=1;b=1.0", "true" },
	{ "coalesce(a, 0) < b", "a=;b=0.5", "true" }, { "coalesce(a, 0) < b", "a=10;b=9", "false" },
	{ "coalesce(a, 'z') < b", "a=10;b=9", "true" }, { "if(a == 'x', 10, b) > c", "a=x;b=1;c=9", "true" },
	{ "a == true", "a=true", "true" }, { "a == true", "a=false", "false" }, { "a == true", "a=1", "false" }, { "a == false", "a=", "null" },
	{ "a != true", "a=false", "true" }, { "(a > 1) == (b > 1)", "a=2;b=3", "true" }, { "(a > 1) == b", "a=2;b=true", "true" },
	{ "lower(a) == 'x'", "a=X", "true" }, { "upper(a) > 'A'", "a=a", "false" }, { "date(t) >= '2026-01-01'", "t=2026-03-01T00:00:00Z", "true" },

	/* in */
	{ "a in ('x', 'y')", "a=y", "true" }, { "a in ('x', 'y')", "a=z", "false" }, { "a in ('x', 'y')", "a=", "null" },
	{ "a not in ('x', 'y')", "a=z", "true" }, { "a not in ('x')", "a=x", "false" }, { "a not in ('x')", "a=", "null" },
	{ "a in (1, 2)", "a=2.0", "true" }, { "a in (1, 2)", "a=3", "false" }, { "a in (1, 2)", "a=x", "! a: \"x\" is not a number" },
	{ "a in (1, b)", "a=3;b=3.00", "true" }, { "a in (1, b)", "a=3;b=", "null" }, { "a in (1, b)", "a=1;b=", "true" },
	{ "a not in (1, b)", "a=3;b=", "null" }, { "a in (b, c)", "a=x;b=y;c=x", "true" }, { "a in (b, c)", "a=x;b=;c=y", "null" },
	{ "a in (b, c)", "a=x;b=;c=x", "true" }, { "a + 1 in (b)", "a=1;b=2.0", "true" }, { "a in ('9','8','7','6','5','4','3','2','1')", "a=4", "true" },
	{ "a in (9,8,7,6,5,4,3,2,1)", "a=4.0", "true" }, { "a in (9,8,7,6,5,4,3,2,1)", "a=10", "false" }, { "a in (-1, -2)", "a=-2", "true" },
	{ "a in (true)", "a=true", "true" }, { "a in (1/0, 2)", "a=1", "null" }, { "a in (1/0, 2)", "a=2", "true" },
	{ "a in ('x', 'x')", "a=x", "true" }, { "not a in ('x')", "a=x", "false" },

	/* like */
	{ "a like 'x%'", "a=xyz", "true" }, { "a like 'x%'", "a=yx", "false" }, { "a like '%z'", "a=xyz", "true" }, { "a like '%y%'", "a=xyz", "true" },
	{ "a like 'x_z'", "a=xyz", "true" }, { "a like 'x_z'", "a=xz", "false" }, { "a like 'x_z'", "a=x\xc3\xa9z", "true" },
	{ "a like '__'", "a=\xc3\xa9\xe2\x82\xac", "true" }, { "a like '_'", "a=\xff", "true" }, { "a like '_'", "a=\xc3\xa9", "true" },
	{ "a like 'X%'", "a=xyz", "false" }, { "a like '%'", "a=x", "true" }, { "a like '%'", "a=", "null" }, { "a like 'abc'", "a=abc", "true" },
	{ "a like 'ab'", "a=abc", "false" }, { "a like '50\\%'", "a=50%", "true" }, { "a like '50\\%'", "a=50x", "false" },
	{ "a like 'a\\_b'", "a=a_b", "true" }, { "a like 'a\\_b'", "a=axb", "false" }, { "a like 'a\\\\b'", "a=a\\b", "true" },
	{ "a like 'a\\'", "a=a\\", "true" }, { "a like '%a%b%c'", "a=xaxbxbxc", "true" }, { "a like '%a%b%c'", "a=xaxbxbxcx", "false" },
	{ "a like '%ab'", "a=aab", "true" }, { "a like '%aab'", "a=aaab", "true" }, { "a not like 'x%'", "a=yz", "true" },
	{ "a not like 'x%'", "a=", "null" }, { "a like b", "a=xyz;b=x%", "true" }, { "a like b", "a=xyz;b=", "null" }, { "a + 1 like '1%'", "a=9", "true" },
	{ "a like '%%x%%'", "a=axb", "true" }, { "a like '_%'", "a=x", "true" }, { "a like '_%_'", "a=x", "false" },

	/* is null */
	{ "a is null", "a=", "true" }, { "a is null", "a=x", "false" }, { "a is not null", "a=x", "true" }, { "a IS NOT NULL", "a=", "false" },
	{ "a + b is null", "a=1;b=", "true" }, { "a / 0 is null", "a=1", "true" }, { "(a == 1) is null", "a=", "true" }, { "not a is null", "a=x", "true" },
	{ "null is null", "", "true" }, { "'' is null", "", "true" }, { "a + 1 is null", "a=x", "! a: \"x\" is not a number" },

	/* logic stops where it is decided */
	{ "a == 'x' and b > 5", "a=y;b=abc", "false" }, { "a == 'x' or b > 5", "a=x;b=abc", "true" },
	{ "a == 'x' and b > 5", "a=x;b=abc", "! b: \"abc\" is not a number" }, { "a == 'x' and b > 5", "a=;b=abc", "! b: \"abc\" is not a number" },
	{ "b > 5 and a == 'x'", "a=y;b=abc", "! b: \"abc\" is not a number" },
	{ "a == 1 or a == 2 and a == 3", "a=1", "true" }, { "(a == 1 or a == 2) and a == 3", "a=1", "false" },
	{ "not a == 1 and a == 2", "a=2", "true" }, { "not (a == 1 and a == 2)", "a=1", "true" }, { "NOT NOT a == 1", "a=1", "true" },
	{ "a and b", "a=true;b=true", "true" }, { "a and b", "a=true;b=false", "false" }, { "not a", "a=true", "false" }, { "not a", "a=", "null" },
	{ "not a", "a=yes", "! a: \"yes\" is not true or false" }, { "a or true", "a=1", "! a: \"1\" is not true or false" },

	/* if, coalesce */
	{ "if(a > 1, 'big', 'small')", "a=2", "'big'" }, { "if(a > 1, 'big', 'small')", "a=1", "'small'" }, { "if(a > 1, 'big', 'small')", "a=", "'small'" },
	{ "if(a > 1, b, c)", "a=2;b=007;c=x", "'007'" }, { "if(a == 'x', b + 1, 0)", "a=y;b=bad", "0" }, { "if(true, null, 1)", "", "null" },
	{ "if(a, 1, 2)", "a=true", "1" }, { "if(a, 1, 2)", "a=maybe", "! a: \"maybe\" is not true or false" }, { "IF(true, 1, 2)", "", "1" },
	{ "coalesce(a, b)", "a=;b=y", "'y'" }, { "coalesce(a, b)", "a=x;b=y", "'x'" }, { "coalesce(a, b)", "a=;b=", "null" }, { "coalesce(a, 0) + 1", "a=", "1" },
	{ "coalesce(a, 0) + 1", "a=2.5", "3.5" }, { "coalesce(a, 0)", "a=007", "'007'" }, { "coalesce(null, 1)", "", "1" }, { "coalesce(a)", "a=x", "'x'" },
	{ "coalesce(a, b + 1)", "a=x;b=bad", "'x'" }, { "coalesce(a, 0) + 1", "a=x", "! coalesce(a, 0): \"x\" is not a number" },
	{ "coalesce(a, false) and true", "a=true", "true" }, { "not coalesce(a, false)", "a=", "true" },

	/* numbers */
	{ "abs(a)", "a=-5.50", "5.50" }, { "abs(a)", "a=5", "5" }, { "abs(a)", "a=", "null" }, { "round(a)", "a=2.5", "2" }, { "round(a)", "a=3.5", "4" },
	{ "round(a)", "a=-2.5", "-2" }, { "round(a, 2)", "a=1.005", "1.00" }, { "round(a, 2)", "a=1.015", "1.02" }, { "round(a, 1)", "a=0.25", "0.2" },
	{ "round(a, -2)", "a=1250", "1200" }, { "round(a, -2)", "a=1350", "1400" }, { "round(a, 5)", "a=1.5", "1.5" }, { "round(a, b)", "a=1.55;b=1", "1.6" },
	{ "round(a, b)", "a=1.55;b=", "null" }, { "round(a, b)", "a=;b=1", "null" }, { "round(a, b)", "a=1;b=1.5", "! b is not a whole number of 64 bits" },
	{ "round(a, b)", "a=1;b=x", "! b: \"x\" is not a number" }, { "round(a, 99)", "a=1.5", "1.5" }, { "round(a, -99)", "a=15", "0" },
	{ "round(a, -20)", "a=99999999999999999999", "! round(a, -20) has more than 20 integer digits" },
	{ "floor(a)", "a=1.9", "1" }, { "floor(a)", "a=-1.1", "-2" }, { "ceil(a)", "a=1.1", "2" }, { "ceil(a)", "a=-1.9", "-1" }, { "floor(a)", "a=x", "! a: \"x\" is not a number" },
	{ "number(a)", "a=1.50", "1.5" }, { "number(a)", "a=1e2", "100" }, { "number(a)", "a=+0.0", "0" }, { "number(a)", "a=abc", "! a: \"abc\" is not a number" },
	{ "least(a, b, c)", "a=10;b=9;c=9.5", "9" }, { "greatest(a, b, c)", "a=10;b=9;c=9.5", "10" }, { "least(a, b)", "a=1;b=", "null" },
	{ "greatest(a, 0)", "a=-3", "0" }, { "least(a, b)", "a=1;b=x", "! b: \"x\" is not a number" }, { "least(a, b)", "a=;b=x", "! b: \"x\" is not a number" },
	{ "least(a)", "a=1.50", "1.50" }, { "greatest(a, b)", "a=1.5;b=1.50", "1.5" }, { "length(a)", "a=abc", "3" }, { "length(a)", "a=\xc3\xa9", "2" },
	{ "length(a)", "a=", "null" }, { "length(1.50)", "", "4" }, { "length(a + 1)", "a=9", "2" },

	/* strings */
	{ "lower(a)", "a=ABC\xc3\x89z", "'abc\xc3\x89z'" }, { "upper(a)", "a=abz{`", "'ABZ{`'" }, { "lower(a)", "a=@[AZ", "'@[az'" }, { "lower(a)", "a=", "null" },
	{ "trim(a)", "a= \t x y \t", "'x y'" }, { "trim(a)", "a=  ", "null" }, { "substr(a, 2)", "a=abcd", "'bcd'" }, { "substr(a, 2, 2)", "a=abcd", "'bc'" },
	{ "substr(a, 0, 2)", "a=abcd", "'a'" }, { "substr(a, -1, 3)", "a=abcd", "'a'" }, { "substr(a, -5, 3)", "a=abcd", "null" }, { "substr(a, 5)", "a=abcd", "null" },
	{ "substr(a, 4, 9)", "a=abcd", "'d'" }, { "substr(a, 1, 0)", "a=abcd", "null" }, { "substr(a, 1, -1)", "a=abcd", "null" },
	{ "substr(a, 1, 9223372036854775807)", "a=abcd", "'abcd'" }, { "substr(a, -9223372036854775807, 9223372036854775807)", "a=abcd", "null" },
	{ "substr(a, 1, 2)", "a=a\xc3\xa9z", "'a'" }, { "substr(a, 1, 3)", "a=a\xc3\xa9z", "'a\xc3\xa9'" }, { "substr(a, 3)", "a=a\xc3\xa9z", "'z'" },
	{ "substr(a, 2, 1)", "a=a\xc3\xa9z", "null" }, { "substr(a, 1, 3)", "a=\xe2\x82\xac\xe2\x82\xac", "'\xe2\x82\xac'" }, { "substr(a, 1, 5)", "a=\xe2\x82\xac\xe2\x82\xac", "'\xe2\x82\xac'" },
	{ "substr(a, 2, 1)", "a=\x80\x80\x80", "'\x80'" }, { "substr(a, b)", "a=abc;b=", "null" }, { "substr(a, b)", "a=abc;b=x", "! b: \"x\" is not a number" },
	{ "substr(1234.50, 3, 3)", "", "'34.'" }, { "concat(a, '-', b)", "a=x;b=y", "'x-y'" }, { "concat(a, '-', b)", "a=;b=y", "'-y'" }, { "concat(a, b)", "a=;b=", "null" },
	{ "concat(a, 1.50, true, null)", "a=x", "'x1.50true'" }, { "concat(a, concat(b, 'c'), 1 + 1)", "a=1;b=2", "'12c2'" }, { "concat(a + 1, a + 2)", "a=1", "'23'" },
	{ "replace(a, 'b', 'xx')", "a=abcb", "'axxcxx'" }, { "replace(a, 'b', '')", "a=abcb", "'ac'" }, { "replace(a, 'b', null)", "a=b", "null" },
	{ "replace(a, b, 'x')", "a=abc;b=", "null" }, { "replace(a, 'aa', 'a')", "a=aaaa", "'aa'" }, { "replace(a, 'z', 'x')", "a=abc", "'abc'" }, { "replace(a, 'a', 'aa')", "a=aba", "'aabaa'" },
	{ "replace(replace(a, 'b', 'c'), 'c', 'd')", "a=abc", "'add'" }, { "replace(a, ',', '') + 1", "a=1,234.50", "1235.50" },
	{ "starts_with(a, 'ab')", "a=abc", "true" }, { "starts_with(a, 'b')", "a=abc", "false" }, { "starts_with(a, 'x')", "a=", "null" }, { "starts_with(a, b)", "a=x;b=", "null" },
	{ "ends_with(a, 'bc')", "a=abc", "true" }, { "ends_with(a, 'abcd')", "a=abc", "false" }, { "contains(a, 'bc')", "a=abcd", "true" }, { "contains(a, 'cb')", "a=abcd", "false" },
	{ "contains(12345, 34)", "", "true" }, { "split(a, '-', 1)", "a=x-y-z", "'x'" }, { "split(a, '-', 2)", "a=x-y-z", "'y'" }, { "split(a, '-', 3)", "a=x-y-z", "'z'" },
	{ "split(a, '-', 4)", "a=x-y-z", "null" }, { "split(a, '-', 0)", "a=x-y-z", "null" }, { "split(a, '-', -1)", "a=x-y-z", "'z'" }, { "split(a, '-', -3)", "a=x-y-z", "'x'" },
	{ "split(a, '-', -4)", "a=x-y-z", "null" }, { "split(a, '-', 2)", "a=x--z", "null" }, { "split(a, '--', 2)", "a=x--z", "'z'" }, { "split(a, '-', 1)", "a=xyz", "'xyz'" },
	{ "split(a, b, 1)", "a=x;b=", "null" }, { "split(a, '-', 9223372036854775807)", "a=x", "null" }, { "split(a, '-', -9223372036854775807)", "a=x", "null" },

	/* times */
	{ "timestamp(a)", "a=1970-01-01T00:00:01Z", "1000" }, { "timestamp(a)", "a=2026-03-19T12:00:00.5+01:00", "1773918000500" }, { "timestamp(a)", "a=1700000000", "1700000000000" },
	{ "timestamp(a)", "a=", "null" }, { "timestamp(a)", "a=soon", "! a: \"soon\" is not a time (RFC 3339, YYYY-MM-DD HH:MM:SS or epoch)" }, { "timestamp(a + 0)", "a=1700000000000", "1700000000000" },
	{ "timestamp(1500.9)", "", "1500" }, { "timestamp(-0.5)", "", "-1" }, { "timestamp(a + 0)", "a=9223372036854775808", "! a + 0 is no time in 64 bits of milliseconds" },
	{ "timestamp(a) - timestamp(b)", "a=2026-01-02;b=2026-01-01", "86400000" }, { "year(a)", "a=2026-03-19T23:59:59Z", "2026" }, { "month(a)", "a=2026-03-19", "3" },
	{ "day(a)", "a=2026-03-19", "19" }, { "day(a)", "a=2026-03-19T00:30:00+01:00", "18" }, { "hour(a)", "a=2026-03-19T23:59:58.999Z", "23" }, { "minute(a)", "a=2026-03-19T23:59:58.999Z", "59" },
	{ "second(a)", "a=2026-03-19T23:59:58.999Z", "58" }, { "weekday(a)", "a=2026-03-19", "4" }, { "weekday(a)", "a=2026-03-22", "7" }, { "weekday(a)", "a=2026-03-23", "1" },
	{ "weekday(a)", "a=1969-12-31", "3" }, { "weekday(a)", "a=1900-01-01", "1" }, { "hour(-1)", "", "23" }, { "second(-1)", "", "59" }, { "year(-1)", "", "1969" }, { "day(-86400001)", "", "30" },
	{ "date(a)", "a=2026-03-19T23:59:59Z", "'2026-03-19'" }, { "date(a)", "a=", "null" }, { "date(-1)", "", "'1969-12-31'" }, { "date(a)", "a=x", "! a: \"x\" is not a time (RFC 3339, YYYY-MM-DD HH:MM:SS or epoch)" },
	{ "time_text(a)", "a=2026-03-19T12:00:00+01:00", "'2026-03-19T11:00:00Z'" }, { "time_text(timestamp(a) + 250)", "a=2026-03-19", "'2026-03-19T00:00:00.250Z'" },
	{ "time_text(0)", "", "'1970-01-01T00:00:00Z'" }, { "year(timestamp(a))", "a=1970-02-01", "1970" }, { "concat(date(a), ' ', hour(a))", "a=2026-03-19 05:06", "'2026-03-19 5'" },

	/* refused: syntax */
	{ "", "", "? an expression is expected" }, { "  ", "", "? an expression is expected" }, { "a +", "", "? a value expected at the end" }, { "(a", "", "? ) expected at the end" },
	{ "a)", "", "? an operator expected, not )" }, { "a b", "", "? an operator expected, not b" }, { "* a", "", "? a value expected, not *" }, { "a == b == c", "", "? comparisons do not chain: use and, or parentheses" },
	{ "1 < a < 3", "", "? comparisons do not chain: use and, or parentheses" }, { "a == not b", "", "? not binds looser than this: it needs parentheses" },
	{ "'abc", "", "? a string is not closed: ' is missing" }, { "\"a'", "", "? a string is not closed: \" is missing" }, { "a && b", "", "? && is written and" }, { "!a", "", "? ! is written not" },
	{ "a || b", "", "? || is written or (concat joins texts)" }, { "a ; b", "", "? unexpected ;" }, { "a \x01", "", "? unexpected byte \\x01" }, { "`a", "", "? a name is empty or not closed: ` is missing" },
	{ "1.2.3", "", "? 1.2.3: not a number" }, { "12abc", "", "? 12abc: not a number" }, { "1e", "", "? 1e: not a number" }, { "123456789012345678901", "", "? 123456789012345678901: more than 20 integer digits" },
	{ "a in", "", "? ( expected at the end" }, { "a in ()", "", "? a value expected, not )" }, { "a in (1", "", "? , or ) expected at the end" }, { "a in 1", "", "? ( expected, not 1" },
	{ "a not 1", "", "? in or like expected, not 1" }, { "a is 1", "", "? null expected, not 1" }, { "a is not", "", "? null expected at the end" }, { "and", "", "? a value expected, not and" },
	{ "f(", "", "? unknown function f" }, { "lowr(a)", "", "? unknown function lowr: is lower meant?" }, { "len(a)", "", "? unknown function len: is length meant?" },
	{ "substring(a, 1)", "", "? unknown function substring: is substr meant?" }, { "sum(a)", "", "? unknown function sum" }, { "Lower(a)", "a=X", "'x'" }, { "lower (a)", "a=X", "'x'" },
	{ "lower()", "", "? lower takes 1 argument, not 0" }, { "lower(a, b)", "", "? lower takes 1 argument, not 2" }, { "round(a, 1, 2)", "", "? round takes 1 to 2 arguments, not 3" },
	{ "if(a, b)", "", "? if takes 3 arguments, not 2" }, { "coalesce()", "", "? coalesce takes at least 1 argument" }, { "lower(a,)", "", "? a value expected, not )" },

	/* refused: meaning */
	{ "'abc' + 1", "", "? a number is needed here, not a text in quotes" }, { "a * '5'", "", "? a number is needed here, not a text in quotes" }, { "-'a'", "", "? a number is needed here, not a text in quotes" },
	{ "(a > 1) + 1", "", "? a number is needed here, not a condition" }, { "abs(true)", "", "? a number is needed here, not a condition" }, { "round(a, 1.5)", "", "? a whole number is needed here" },
	{ "a + 1 and b", "", "? a condition is needed here, not a number: compare it" }, { "not 5", "", "? a condition is needed here, not a number: compare it" },
	{ "'x' or a", "", "? a condition is needed here, not a text: compare it" }, { "if(1, 2, 3)", "", "? a condition is needed here, not a number: compare it" },
	{ "lower(a) and true", "", "? a condition is needed here, not a text: compare it" }, { "1 == 'a'", "", "? a text is compared with a number here: leave the quotes away" },
	{ "a + 1 > '5'", "", "? a text is compared with a number here: leave the quotes away" }, { "a in (1, 'x')", "", "? a text is compared with a number here: leave the quotes away" },
	{ "(a > 1) == 1", "", "? a condition is compared with a number here" }, { "a == null", "", "? nothing equals null: write is null, or is not null" },
	{ "null != a", "", "? nothing equals null: write is null, or is not null" }, { "a in ('x', null)", "", "? nothing equals null: write is null, or is not null" },
	{ "a == ''", "", "? an empty text is null: write is null, or is not null" }, { "a like ''", "", "? an empty text is null: write is null, or is not null" },
	{ "99999999999999999999 + 1", "", "? 99999999999999999999 + 1 has more than 20 integer digits" }, { "year(true)", "", "? a time is needed here, not a condition" },
	{ "number(upper('x'))", "", "? upper(\"x\"): \"X\" is not a number" }, { "`` + 1", "", "? a name is empty or not closed: ` is missing" },
};

/* One text per meaning. */
static const struct { const char *expr, *print; } spellings[] = {
	{ "a=1", "a == 1" }, { "a <> 'x'", "a != \"x\"" }, { "(a)", "a" }, { "((a))+((1))", "a + 1" }, { "a\t+\n1", "a + 1" }, { "A AND b Or NOT c", "A and b or not c" },
	{ "(a and b) and c", "a and b and c" }, { "a and (b and c)", "a and b and c" }, { "(a or b) and c", "(a or b) and c" }, { "a or (b and c)", "a or b and c" },
	{ "not (a and b)", "not (a and b)" }, { "not (a == 1)", "not a == 1" }, { "not (a in (1))", "a not in (1)" }, { "not a like 'x'", "a not like \"x\"" }, { "not (a is null)", "a is not null" },
	{ "not not a in (1)", "not a not in (1)" }, { "(a + b) + c", "a + b + c" }, { "a + (b + c)", "a + (b + c)" }, { "a - (b - c)", "a - (b - c)" }, { "(a * b) + c", "a * b + c" },
	{ "a * (b + c)", "a * (b + c)" }, { "(a / b) / c", "a / b / c" }, { "a / (b / c)", "a / (b / c)" }, { "-(a)", "-a" }, { "-(-a)", "- -a" }, { "-(+a)", "- +a" }, { "-(a * b)", "-(a * b)" },
	{ "(-a) * b", "-a * b" }, { "'it''s'", "\"it's\"" }, { "'say \"x\"'", "\"say \"\"x\"\"\"" }, { "01.50", "1.50" }, { "1e2", "100" }, { ".5", "0.5" },
	{ "`and` and `a`", "`and` and a" }, { "`unit price`*2", "`unit price` * 2" }, { "IF(a,B,C)", "if(a, B, C)" }, { "coalesce( a ,0 )", "coalesce(a, 0)" }, { "NULL", "null" }, { "True", "true" },
	{ "(a == 1) == (b == 2)", "(a == 1) == (b == 2)" }, { "(a == 1) is null", "(a == 1) is null" }, { "(not a) == b", "(not a) == b" }, { "a + 1 is not null", "a + 1 is not null" },
	{ "1 + 1", "1 + 1" }, { "a in(1,2 , 3)", "a in (1, 2, 3)" }, { ".a.b[0]==1", ".a.b[0] == 1" }, { "@3>1", "@3 > 1" }, { "''", "\"\"" }, { "(a in (1)) like 'x'", "(a in (1)) like \"x\"" },
};

#endif
