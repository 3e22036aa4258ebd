/* SPDX-License-Identifier: MIT */
#include "tests/unit/check.h"
#include "tests/unit/rows_run.h"

#define MADE "_op, _table, _ts, _tx, _pos, "

#define MYSQL_SOURCE "\"source\":{\"connector\":\"mariadb\",\"name\":\"srv\",\"ts_ms\":1795358431000,\"snapshot\":\"false\",\"db\":\"shop\"," \
	"\"table\":\"t\",\"gtid\":\"0-1-7\",\"file\":\"bin.000001\",\"pos\":4905,\"row\":2}"
#define PG_SOURCE "\"source\":{\"connector\":\"postgresql\",\"ts_ms\":1795358431000,\"schema\":\"public\",\"table\":\"t\",\"txId\":555,\"lsn\":24023128}"

TEST(debezium_update_is_two_rows)
{
	check_rows(FORMAT_DEBEZIUM, MADE "id, name",
		"{\"before\":{\"id\":1,\"name\":\"a\"},\"after\":{\"id\":1,\"name\":\"b\"}," MYSQL_SOURCE ",\"transaction\":null,\"op\":\"u\",\"ts_ms\":9}\n",
		"1: -U|t|1795358431000|0-1-7|bin.000001:4905:2|1|a\n"
		"1: +U|t|1795358431000|0-1-7|bin.000001:4905:2|1|b\n");
}

TEST(debezium_each_op)
{
	check_rows(FORMAT_DEBEZIUM, "_op, id, _tx, _pos",
		"{\"op\":\"c\",\"before\":null,\"after\":{\"id\":1}," PG_SOURCE "}\n"
		"{\"op\":\"r\",\"before\":null,\"after\":{\"id\":2}," PG_SOURCE "}\n"
		"{\"op\":\"d\",\"before\":{\"id\":3},\"after\":null," PG_SOURCE ",\"transaction\":{\"id\":\"555:24\",\"total_order\":1}}\n"
		"{\"op\":\"m\",\"message\":{\"prefix\":\"x\"}}\n"
		"null\n"
		"{\"op\":\"t\",\"before\":null,\"after\":null," PG_SOURCE "}\n"
		"{\"op\":\"x\"}\n",
		"1: +I|1|555|24023128\n"
		"2: +I|2|555|24023128\n"
		"3: -D|3|555:24|24023128\n"
		"6: bad: truncate cannot be taken back <{\"op\":\"t\",\"before\":null,\"after\":null," PG_SOURCE "}>\n"
		"7: bad: unknown Debezium op <{\"op\":\"x\"}>\n");
}

TEST(debezium_with_schema)
{
	check_rows(FORMAT_DEBEZIUM, "_op, _table, id, .doc.x[1]",
		"{\"schema\":{\"type\":\"struct\",\"op\":\"no\"},\"payload\":{\"op\":\"c\",\"before\":null,\"after\":{\"id\":1,\"doc\":{\"x\":[1,\"two\"]}}," PG_SOURCE "}}\n"
		"{\"schema\":null,\"payload\":null}\n",
		"1: +I|t|1|two\n");
}

TEST(debezium_records_without_rows)
{
	check_rows(FORMAT_DEBEZIUM, "id",
		"{\"ts_ms\":1795358431000}\n"
		"{\"status\":\"END\",\"id\":\"571:53195829\",\"ts_ms\":1,\"event_count\":2}\n"
		"{" MYSQL_SOURCE ",\"ts_ms\":1,\"databaseName\":\"shop\",\"ddl\":\"ALTER TABLE t ADD x int\"}\n"
		"{\"id\":1,\"name\":\"flattened\"}\n",
		"4: bad: not a Debezium envelope: no op <{\"id\":1,\"name\":\"flattened\"}>\n");
}

TEST(debezium_demands_full_before_images)
{
	static const char advice[] = "set REPLICA IDENTITY FULL (PostgreSQL) or binlog_row_image=FULL (MySQL)";
	struct buf want = { 0 };

	buf_printf(&want, "1: bad: update without `id` in its before image: %s <{\"op\":\"u\",\"before\":null,\"after\":{\"id\":1}}>\n", advice);
	buf_printf(&want, "2: bad: delete whose before image holds nothing but the key: %s <{\"op\":\"d\",\"before\":null,\"after\":null}>\n", advice);
	buf_byte(&want, '\0');
	check_rows(FORMAT_DEBEZIUM, "id", "{\"op\":\"u\",\"before\":null,\"after\":{\"id\":1}}\n{\"op\":\"d\",\"before\":null,\"after\":null}\n", want.p);
	buf_free(&want);
	/* nothing of the row is asked for: nothing can be wrong */
	check_rows(FORMAT_DEBEZIUM, "_op", "{\"op\":\"u\",\"before\":null,\"after\":{\"id\":1}}\n", "1: -U\n1: +U\n");
}

TEST(debezium_nulls_of_a_key_only_image)
{
	static const char key_only[] = "{\"op\":\"d\",\"before\":{\"id\":1,\"amount\":null,\"note\":null},\"after\":null," PG_SOURCE "}\n";
	struct buf got = { 0 };

	run_rows(&got, FORMAT_DEBEZIUM, "amount", span_of(key_only));
	CHECK(span_starts(buf_view(&got), SPAN("1: bad: delete whose before image holds nothing but the key: ")));
	buf_free(&got);
	check_rows(FORMAT_DEBEZIUM, "_op, id", key_only, "1: -D|1\n");
	/* a full image in which the amount is null */
	check_rows(FORMAT_DEBEZIUM, "_op, amount", "{\"op\":\"d\",\"before\":{\"id\":1,\"amount\":null,\"note\":\"x\",\"k\":2},\"after\":null," PG_SOURCE "}\n", "1: -D|\n");
	/* null is what it was */
	check_rows(FORMAT_DEBEZIUM, "_op, id, paid", "{\"op\":\"u\",\"before\":{\"id\":1,\"paid\":null},\"after\":{\"id\":1,\"paid\":5}," PG_SOURCE "}\n",
		"1: -U|1|\n1: +U|1|5\n");
}

TEST(debezium_unavailable_values_come_from_the_before_image)
{
	check_rows(FORMAT_DEBEZIUM, "_op, id, big",
		"{\"op\":\"u\",\"before\":{\"id\":1,\"big\":\"B\"},\"after\":{\"id\":2,\"big\":\"__debezium_unavailable_value\"}}\n"
		"{\"op\":\"c\",\"after\":{\"id\":2,\"big\":\"__debezium_unavailable_value\"}}\n",
		"1: -U|1|B\n1: +U|2|B\n"
		"2: bad: the change does not hold `big`: set REPLICA IDENTITY FULL (PostgreSQL) or binlog_row_image=FULL (MySQL)"
		" <{\"op\":\"c\",\"after\":{\"id\":2,\"big\":\"__debezium_unavailable_value\"}}>\n");
}

TEST(maxwell_types)
{
	check_rows(FORMAT_MAXWELL, MADE "id, name, n",
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"insert\",\"ts\":1795358431,\"xid\":14,\"commit\":true,\"data\":{\"id\":1,\"name\":\"a\",\"n\":12345678901234567890}}\n"
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"update\",\"ts\":1795358431,\"xid\":14,\"xoffset\":3,\"position\":\"bin.01:99\",\"data\":{\"id\":1,\"name\":\"b\",\"n\":null},\"old\":{\"name\":\"a\",\"n\":7}}\n"
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"update\",\"ts\":1,\"xid\":14,\"data\":{\"id\":1,\"name\":\"b\",\"n\":5},\"old\":{\"n\":null}}\n"
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"delete\",\"ts\":1,\"xid\":15,\"position\":\"bin.01:120\",\"data\":{\"id\":1,\"name\":\"b\",\"n\":5}}\n"
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"bootstrap-start\",\"ts\":1,\"data\":{}}\n"
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"bootstrap-insert\",\"ts\":1,\"data\":{\"id\":9}}\n"
		"{\"database\":\"shop\",\"table\":\"t\",\"type\":\"bootstrap-complete\",\"ts\":1,\"data\":{}}\n"
		"{\"type\":\"table-alter\",\"database\":\"shop\",\"table\":\"t\",\"ts\":1795358431000,\"sql\":\"alter table t add x int\"}\n",
		"1: +I|t|1795358431000|14||1|a|12345678901234567890\n"
		"2: -U|t|1795358431000|14|bin.01:99:3|1|a|7\n"
		"2: +U|t|1795358431000|14|bin.01:99:3|1|b|\n"
		"3: -U|t|1000|14||1|b|\n"
		"3: +U|t|1000|14||1|b|5\n"
		"4: -D|t|1000|15|bin.01:120|1|b|5\n"
		"6: +I|t|1000|||9||\n");
}

TEST(maxwell_refuses)
{
	check_rows(FORMAT_MAXWELL, "id, name",
		"{\"type\":\"update\",\"data\":{\"id\":1}}\n"
		"{\"type\":\"delete\",\"data\":{\"id\":1}}\n"
		"{\"type\":\"insert\"}\n"
		"{\"type\":\"upsert\",\"data\":{}}\n"
		"{\"type\":\"insert\",\"ts\":1.5,\"data\":{}}\n",
		"1: bad: update without `old`: set binlog_row_image=FULL <{\"type\":\"update\",\"data\":{\"id\":1}}>\n"
		"2: bad: delete without `name` in its before image: set binlog_row_image=FULL <{\"type\":\"delete\",\"data\":{\"id\":1}}>\n"
		"3: bad: not a Maxwell envelope: no type or data <{\"type\":\"insert\"}>\n"
		"4: bad: unknown Maxwell type <{\"type\":\"upsert\",\"data\":{}}>\n"
		"5: bad: ts is not whole seconds <{\"type\":\"insert\",\"ts\":1.5,\"data\":{}}>\n");
	/* of several tables some lack the column */
	check_rows(FORMAT_MAXWELL, "_op, _table, name", "{\"type\":\"delete\",\"table\":\"u\",\"data\":{\"id\":1}}\n", "1: -D|u|\n");
}

#define CANAL(type, data, old) "{\"data\":" data ",\"database\":\"shop\",\"es\":1795358431000,\"gtid\":\"\",\"id\":3,\"isDdl\":false," \
	"\"mysqlType\":{\"id\":\"int\"},\"old\":" old ",\"pkNames\":[\"id\"],\"sql\":\"\",\"table\":\"t\",\"ts\":1795358432123,\"type\":\"" type "\"}\n"

TEST(canal_messages_hold_many_rows)
{
	check_rows(FORMAT_CANAL, MADE "id, name",
		CANAL("UPDATE", "[{\"id\":\"1\",\"name\":\"b\"}, {\"id\":\"2\",\"name\":null}]", "[{\"name\":\"a\"}, {\"id\":\"1\",\"name\":\"x\"}]")
		CANAL("INSERT", "[{\"id\":\"1\",\"name\":\"b\"},{\"id\":\"2\",\"name\":\"\"}]", "null")
		CANAL("DELETE", "[{\"id\":\"1\",\"name\":\"b\"}]", "null")
		CANAL("INSERT", "[]", "null")
		"{\"data\":null,\"isDdl\":true,\"sql\":\"alter\",\"type\":\"ALTER\",\"table\":\"t\"}\n",
		"1: -U|t|1795358431000|||1|a\n"
		"1: +U|t|1795358431000|||1|b\n"
		"1: -U|t|1795358431000|||1|x\n"
		"1: +U|t|1795358431000|||2|\n"
		"2: +I|t|1795358431000|||1|b\n"
		"2: +I|t|1795358431000|||2|\n"
		"3: -D|t|1795358431000|||1|b\n");
}

TEST(canal_refuses_the_whole_message)
{
	static const char *const bad[][2] = {
		{ CANAL("UPDATE", "[{\"id\":\"1\"},{\"id\":\"2\"}]", "[{\"id\":\"0\"}]"), "update without `old`: set binlog_row_image=FULL" },
		{ CANAL("UPDATE", "[{\"id\":\"1\"}]", "[{\"id\":\"0\"},{}]"), "more rows in `old` than in `data`" },
		{ CANAL("UPDATE", "[{\"id\":\"1\"}]", "null"), "update without `old`: set binlog_row_image=FULL" },
		{ CANAL("DELETE", "[{\"id\":\"1\"},{\"x\":\"2\"}]", "null"), "delete without `id` in its before image: set binlog_row_image=FULL" },
		{ CANAL("INSERT", "[{\"id\":\"1\"},5]", "null"), "a Canal row is not an object" },
		{ CANAL("QUERY", "[{\"id\":\"1\"}]", "null"), "unknown Canal type" },
		{ "{\"data\":null,\"isDdl\":true,\"type\":\"TRUNCATE\"}\n", "truncate cannot be taken back" },
		{ "{\"data\":null,\"isDdl\":false,\"type\":\"INSERT\"}\n", "not a Canal message: no data" },
		{ "{\"data\":[]}\n", "not a Canal message: no type" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf got = { 0 }, want = { 0 };

		run_rows(&got, FORMAT_CANAL, "id", span_of(bad[i][0]));
		buf_printf(&want, "1: bad: %s <%.*s>\n", bad[i][1], (int)strlen(bad[i][0]) - 1, bad[i][0]);
		buf_byte(&want, '\0');
		CHECK_BUF(got, want.p);
		buf_free(&got);
		buf_free(&want);
	}
}

#define V2(action, rest) "{\"action\":\"" action "\",\"xid\":570,\"timestamp\":\"2018-03-27 11:58:28.988414-03\",\"lsn\":\"0/16A5D70\"," \
	"\"schema\":\"public\",\"table\":\"t\"" rest "}\n"

TEST(wal2json_version_2)
{
	check_rows(FORMAT_WAL2JSON, MADE "id, amount",
		"{\"action\":\"B\",\"xid\":570}\n"
		V2("I", ",\"columns\":[{\"name\":\"id\",\"type\":\"integer\",\"value\":1},{\"name\":\"amount\",\"type\":\"numeric(5,2)\",\"value\":2.34}]")
		V2("U", ",\"columns\":[{\"name\":\"id\",\"value\":1},{\"name\":\"amount\",\"value\":3.50}],\"identity\":[{\"name\":\"id\",\"value\":1},{\"name\":\"amount\",\"value\":null}]")
		V2("D", ",\"identity\":[{\"name\":\"amount\",\"value\":\"3.50\"},{\"name\":\"id\",\"value\":1}]")
		"{\"action\":\"M\",\"transactional\":false,\"prefix\":\"p\",\"content\":\"c\"}\n"
		"{\"action\":\"C\"}\n",
		"2: +I|t|1522162708988|570|0/16A5D70|1|2.34\n"
		"3: -U|t|1522162708988|570|0/16A5D70|1|\n"
		"3: +U|t|1522162708988|570|0/16A5D70|1|3.50\n"
		"4: -D|t|1522162708988|570|0/16A5D70|1|3.50\n");
}

TEST(wal2json_large_values_left_alone_come_from_the_before_image)
{
	check_rows(FORMAT_WAL2JSON, "_op, id, big",
		V2("U", ",\"columns\":[{\"name\":\"id\",\"value\":2}],\"identity\":[{\"name\":\"id\",\"value\":1},{\"name\":\"big\",\"value\":\"B\\n\"}]"),
		"1: -U|1|B\n\n1: +U|2|B\n\n");
}

TEST(wal2json_version_1)
{
	check_rows(FORMAT_WAL2JSON, MADE "a, b",
		"{\"xid\":9,\"nextlsn\":\"0/16A\",\"timestamp\":\"2018-03-27 11:58:28+05:30\",\"change\":["
		"{\"kind\":\"message\",\"transactional\":true,\"prefix\":\"p\",\"content\":\"c\"},"
		"{\"kind\":\"insert\",\"schema\":\"public\",\"table\":\"t\",\"columnnames\":[\"a\",\"b\"],\"columntypes\":[\"integer\",\"text\"],\"columnvalues\":[1,\"x,]\"]},"
		"{\"kind\":\"update\",\"table\":\"u\",\"columnnames\":[\"a\",\"b\"],\"columnvalues\":[1,\"y\"],\"oldkeys\":{\"keynames\":[\"b\",\"a\"],\"keyvalues\":[\"x\",1]}},"
		"{\"kind\":\"delete\",\"table\":\"t\",\"oldkeys\":{\"keynames\":[\"a\",\"b\"],\"keytypes\":[\"integer\",\"text\"],\"keyvalues\":[1,\"y\"]}}]}\n"
		"{\"change\":[]}\n",
		"1: +I|t|1522132108000|9|0/16A:1|1|x,]\n"
		"1: -U|u|1522132108000|9|0/16A:2|1|x\n"
		"1: +U|u|1522132108000|9|0/16A:2|1|y\n"
		"1: -D|t|1522132108000|9|0/16A:3|1|y\n");
}

TEST(wal2json_refuses)
{
	static const char *const bad[][2] = {
		{ V2("U", ",\"columns\":[{\"name\":\"id\",\"value\":1},{\"name\":\"b\",\"value\":2}],\"identity\":[{\"name\":\"id\",\"value\":1}]"),
			"update without `b` in its before image: set REPLICA IDENTITY FULL" },
		{ V2("U", ",\"columns\":[{\"name\":\"id\",\"value\":1}]"), "update without `id` in its before image: set REPLICA IDENTITY FULL" },
		{ V2("D", ",\"identity\":[{\"name\":\"id\",\"value\":1}]"), "delete without `b` in its before image: set REPLICA IDENTITY FULL" },
		{ V2("T", ""), "truncate cannot be taken back" },
		{ V2("I", ""), "change without columns" },
		{ V2("X", ""), "unknown wal2json action" },
		{ V2("I", ",\"columns\":[5]"), "a column is not an object" },
		{ V2("I", ",\"columns\":[{\"name\":1,\"value\":2}]"), "a column without name or value" },
		{ V2("D", ",\"identity\":{}"), "columns are not a list" },
		{ "{\"change\":[{\"kind\":\"truncate\",\"table\":\"t\"}]}\n", "truncate cannot be taken back" },
		{ "{\"change\":[{\"kind\":\"insert\",\"columnnames\":[\"a\"],\"columnvalues\":[]}]}\n", "names and values of columns do not match" },
		{ "{\"change\":[{\"kind\":\"insert\",\"columnnames\":[],\"columnvalues\":[1]}]}\n", "names and values of columns do not match" },
		{ "{\"change\":[{\"kind\":\"insert\",\"columnnames\":3,\"columnvalues\":[1]}]}\n", "columns are not a list" },
		{ "{\"change\":[7]}\n", "a change is not an object" },
		{ "{\"change\":[{\"kind\":\"insert\",\"columnnames\":[\"b\"],\"columnvalues\":[1]},{\"kind\":\"delete\",\"oldkeys\":{\"keynames\":[\"b\"],\"keyvalues\":[1]}}]}\n",
			"delete without `id` in its before image: set REPLICA IDENTITY FULL and use format-version 2 (1 leaves nulls out)" },
		{ "{\"x\":1}\n", "not a wal2json record: no action or change" },
		{ "{\"action\":\"I\",\"columns\":[\n", "JSON: expected a value at byte 26" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf got = { 0 }, want = { 0 };

		run_rows(&got, FORMAT_WAL2JSON, "id, b", span_of(bad[i][0]));
		buf_printf(&want, "1: bad: %s <%.*s>\n", bad[i][1], (int)strlen(bad[i][0]) - 1, bad[i][0]);
		buf_byte(&want, '\0');
		CHECK_BUF(got, want.p);
		buf_free(&got);
		buf_free(&want);
	}
}

TEST(wal2json_transaction_of_many_changes)
{
	struct buf in = { 0 }, want = { 0 };

	buf_text(&in, "{\"change\":[");
	for (int i = 0; i < 5000; i++) {
		buf_printf(&in, "%s{\"kind\":\"insert\",\"table\":\"t\",\"columnnames\":[\"a\",\"b\"],\"columnvalues\":[%d,\"v%d\"]}", i ? "," : "", i, i);
		buf_printf(&want, "1: +I|%d|v%d\n", i, i);
	}
	buf_text(&in, "]}\n");
	buf_byte(&in, '\0');
	buf_byte(&want, '\0');
	check_rows(FORMAT_WAL2JSON, "_op, a, b", in.p, want.p);
	buf_free(&in);
	buf_free(&want);
}
