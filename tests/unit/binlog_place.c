/* SPDX-License-Identifier: MIT */
#include "speed/cdc/mysql/binlog_place.h"

#include "tests/unit/check.h"

static void reads_back(const char *text)
{
	struct binlog_place p = { 0 };
	struct failure f = { 0 };
	struct buf out = { 0 };

	CHECK_INT(binlog_place_parse(&p, span_of(text), &f), 0);
	binlog_place_print(&p, &out);
	CHECK_BUF(out, text);
	CHECK_TEXT(f.text, "");
	buf_free(&out);
	binlog_place_free(&p);
}

TEST(places_read_back)
{
	reads_back("mysql:1:0-1-5::0:4:bin.000001");
	reads_back("mysql:4294967295:0-1-5,7-4294967295-18446744073709551615::1795833727:18446744073709:bin.000001");
	reads_back("mysql:2:0-1-5::0:0:");
	reads_back("mysql:1:::0:4:a name: with : colons");
	reads_back("mysql:1:0-1-5:0102@59620@bin.000001,ff@0@:1:2:bin.2");
	reads_back("mysql:1:0-1-5:0102@7@odd%2C%20%3A%40%25:1:2:bin.2");
}

TEST(what_is_no_place)
{
	static const char *const text[] = {
		"", "mysql", "mysql:", "mysql:1", "mysql:1:0-1-5:0:4", "mysql:x:0-1-5::0:4:f", "mysql::0-1-5::0:4:f", "mysql:1:0-1::0:4:f",
		"mysql:1:0-1-5x::0:4:f", "mysql:1:0-1-5::4294967296:4:f", "mysql:1:0-1-5::0:-4:f", "mysql:1:0-1-5:xid:0:4:f", "mysql:1:0-1-5:x@y@f:0:4:f",
		"mysql:1:0-1-5:x@1@%zz:0:4:f", "postgres:1:1:0/100",
	};

	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		struct binlog_place p = { 0 };
		struct failure f = { 0 };

		CHECK_INT(binlog_place_parse(&p, span_of(text[i]), &f), -1);
		binlog_place_free(&p);
	}
}

TEST(domains_and_what_is_prepared)
{
	struct binlog_place p = { 0 };

	CHECK_INT(binlog_gtids_parse(&p, SPAN("0-1-5,3-1-9")), 0);
	binlog_place_set(&p, (struct binlog_gtid){ 0, 2, 6 });
	CHECK_INT(p.n, 2);
	CHECK_INT(binlog_place_gtid(&p, 0)->server, 2);
	CHECK_INT(binlog_place_gtid(&p, 3)->seq, 9);
	CHECK(!binlog_place_gtid(&p, 1));
	binlog_place_prepare(&p, "aa", "bin.1", 7);
	binlog_place_prepare(&p, "bb", "", 0);
	binlog_place_prepare(&p, "aa", "bin.2", 8);     /* the name is free again after a rollback that was not seen */
	CHECK_INT(p.nprepared, 2);
	CHECK_INT(binlog_place_prepared(&p, "aa")->at, 8);
	binlog_place_decide(&p, "aa");
	binlog_place_decide(&p, "cc");
	CHECK(!binlog_place_prepared(&p, "aa") && binlog_place_prepared(&p, "bb"));
	binlog_place_free(&p);
}
