# SPDX-License-Identifier: MIT
# cdc-tail of PostgreSQL, against a server of our own: each committed change once, in order, with the value it had.

load ../lib
load ../postgres
load cases
load cdc

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_postgres
	from=$pg
	sql "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots; DROP SCHEMA public CASCADE; CREATE SCHEMA public" > /dev/null 2>&1
	psql -qAt -h "$PG_DIR" -U postgres shop -c "SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication" | psql -q -h "$PG_DIR" -U postgres shop
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${source-} ]] || kill -9 "$source" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

install() {     # tables
	cdc-tail "$pg" --table "$1" --resume-from log --install > /dev/null
}

@test "what is not prepared is refused, and how to prepare it is said" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	refuses "no server" 69 'cdc-tail: postgres: *' cdc-tail "postgres:///shop?host=$PWD" --table t --resume-from log
	refuses "no such database" 69 'cdc-tail: postgres: *database "none" does not exist*' cdc-tail "${pg/shop/none}" --table t --resume-from log
	refuses "no URI" 64 'cdc-tail: invalid URI query parameter*' cdc-tail "$pg&x=y" --table t --resume-from log
	refuses "no reader" 64 'cdc-tail: postgres: whom shall the server keep changes for?*' cdc-tail "$pg" --table t
	refuses "no such table" 78 'cdc-tail: postgres: there is no table none' cdc-tail "$pg" --table none --resume-from log
	refuses "rows are not whole" 78 'cdc-tail: postgres: the WAL does not have whole rows of table t: say ALTER TABLE public.t REPLICA IDENTITY FULL; (and more: --dry-run says all)' \
		cdc-tail "$pg" --table t --resume-from log
	sql "ALTER TABLE t REPLICA IDENTITY FULL"
	refuses "no publication" 78 'cdc-tail: postgres: table t is not published: say CREATE PUBLICATION weir_* FOR TABLE public.t;' cdc-tail "$pg" --table t --resume-from log
	sql "CREATE ROLE plain LOGIN"
	refuses "no right" 69 'cdc-tail: postgres: *' cdc-tail "${pg/postgres@/plain@}" --table t --resume-from log
	refuses "no right to install" 78 'cdc-tail: postgres: *' cdc-tail "${pg/postgres@/plain@}" --table t --resume-from log --install
	sql "DROP ROLE plain"
}

@test "over the network: the server is verified; a wrong password, the right one from a file" {
	sql "CREATE TABLE t(id int PRIMARY KEY); DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'right'"
	install t
	verified="postgres://postgres@127.0.0.1:$PG_PORT/shop?sslmode=verify-full"
	cdc-tail "$verified&sslrootcert=$PG_DIR/ca.pem" --table t --no-follow --resume-from log | event-log append log
	has "verified" _op,id
	mkdir other
	make_certificate other
	refuses "another authority" 69 'cdc-tail: postgres: *certificate*' cdc-tail "$verified&sslrootcert=$PWD/other/ca.pem" --table t --resume-from log
	refuses "another name, which is to be verified unasked" 69 'cdc-tail: postgres: *server certificate for "127.0.0.1"*does not match host name "db.example.org"' \
		cdc-tail "postgres://postgres@db.example.org/shop?hostaddr=127.0.0.1&port=$PG_PORT&sslrootcert=$PG_DIR/ca.pem" --table t --resume-from log
	export HOME=$PWD
	echo "*:*:*:locked:wrong" > .pgpass
	chmod 600 .pgpass
	export PGPASSFILE=$PWD/.pgpass
	refuses "wrong" 69 'cdc-tail: postgres: *password authentication failed*' cdc-tail "${pg/postgres@/locked@}" --table t --resume-from log
	echo "*:*:*:locked:right" > .pgpass
	cdc-tail "${pg/postgres@/locked@}" --table t --no-follow --resume-from log | event-log append log
	[[ $(event-log info log) == *source* ]] || failed "right" "$(event-log info log)"
}

@test "--dry-run says what to do, and that is all it takes" {
	sql "CREATE TABLE t(id int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.\"U u\"(id int); CREATE ROLE plain LOGIN; GRANT USAGE ON SCHEMA s, public TO plain"
	run -78 --separate-stderr cdc-tail "${pg/postgres@/plain@}" --table 't,s."U u"' --resume-from log --dry-run
	[[ $stderr == "" && ${#lines[@]} == 7 && ${lines[0]} == 'ALTER ROLE plain REPLICATION;  -- the role may not replicate' ]] || failed "said" "$output $stderr"
	[[ $output == *'GRANT SELECT ON s."U u" TO plain;'*'ADD TABLE s."U u";'* ]] || failed "statements" "$output"
	sql "$output"
	cdc-tail "${pg/postgres@/plain@}" --table 't,s."U u"' --resume-from log --dry-run
	cdc-tail "${pg/postgres@/plain@}" --table 't,s."U u"' --resume-from log --no-follow | event-log append log
	cdc-tail "$pg" --resume-from log --remove > /dev/null
	sql "DROP OWNED BY plain; DROP ROLE plain; DROP SCHEMA s CASCADE" 2> /dev/null
}

@test "a snapshot, then changes; rolled back is never seen" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a text, b numeric(8,2)); INSERT INTO t VALUES(1,'a',1.50),(2,'b',2)"
	install t
	capture t
	has "snapshot" _op,id,a,b +I,1,a,1.50 +I,2,b,2.00
	[[ $(cdc-tail "$pg" --status --resume-from log | tail -n 1) == sink*' bytes behind' ]] || failed "status" "$(cdc-tail "$pg" --status --resume-from log)"
	sql "UPDATE t SET b = 3 WHERE id = 1; DELETE FROM t WHERE id = 2" 
	sql "BEGIN; INSERT INTO t VALUES(4,'d',1); ROLLBACK"
	sql "BEGIN; SAVEPOINT s; INSERT INTO t VALUES(5,'e',1); ROLLBACK TO s; INSERT INTO t VALUES(6,'f',1); COMMIT"
	sql "UPDATE t SET id = 7 WHERE id = 6"
	capture t
	has "changes" _op,id,a,b +I,1,a,1.50 +I,2,b,2.00 -U,1,a,1.50 +U,1,a,3.00 -D,2,b,2.00 +I,6,f,1.00 -U,6,f,1.00 +U,7,f,1.00
	capture t
	[[ $(changes | wc -l) == 9 ]] || failed "once" "$(changes)"
	[[ $(event-log cat log | cut -d , -f 1,4 | sort | uniq -d) == +I,* ]] || failed "positions" "$(event-log cat log)"
}

@test "every type comes back as it was" {
	sql "CREATE TYPE mood AS ENUM ('sad', 'so, so'); CREATE DOMAIN cents AS int CHECK (value >= 0); CREATE DOMAIN list AS text[]"
	sql "CREATE TABLE t(id int PRIMARY KEY, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, b bool, c char(4), v varchar(9), x text, d date, ts timestamp, tz timestamptz,
		ti time, iv interval, by bytea, u uuid, j json, jb jsonb, m mood, ce cents, ip inet, a int[], aa text[][], ab bytea[], am mood[], l list, ad date[], gen int GENERATED ALWAYS AS (1) STORED)"
	row="-32768, 9223372036854775807, 1.1, 0.1::float8 + 0.2, 12345678901234567890.123456789012345678, true, 'ab', 'it''s', E'q\" \\\\\\\\ \n\t', '2026-02-28', '2026-02-28 01:02:03.5',
		'2026-02-28 01:02:03.25+05:30', '23:59:59.999999', '1 mon 2 days', '\\\\x00ff10', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', E'{\"a\":\n 1}', '{\"b\": [1.50, null]}',
		'so, so', 5, '10.0.0.1/8', '{1,NULL,3}', '{{a,\"b,}\"},{\"\",\"q\\\\\"\\\\\\\\\"}}', '{\"\\\\\\\\x41\"}', '{\"so, so\",sad}', '{x}', '{2026-01-01}'"
	row=${row//\\\\/\\}
	sql "INSERT INTO t VALUES(1, $row); INSERT INTO t(id) VALUES(2); INSERT INTO t(id, f4, f8, n, d, ts, tz, a, aa) VALUES(3, 'NaN', '-Infinity', 'NaN', 'infinity', '-infinity', 'infinity', '{}', '[2:3]={x,y}')"
	cdc-tail "$pg" --table t --resume-from log --install > /dev/null
	cdc-tail "$pg" --table t --no-follow --resume-from log -o ndjson | event-log append log
	event-log cat log | sed 's/^{.*"id":1,//; s/^{.*"id":\([23]\),/\1 /' > snapshot
	cat > right <<- 'EOT'
		"i2":-32768,"i8":9223372036854775807,"f4":1.1,"f8":0.30000000000000004,"n":"12345678901234567890.123456789012345678","b":true,"c":"ab  ","v":"it's","x":"q\" \\ \n\t","d":"2026-02-28","ts":"2026-02-28 01:02:03.5","tz":"2026-02-27T19:32:03.25Z","ti":"23:59:59.999999","iv":"P1M2D","by":"AP8Q","u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","j":{"a":  1},"jb":{"b": [1.50, null]},"m":"so, so","ce":5,"ip":"10.0.0.1/8","a":[1,null,3],"aa":[["a","b,}"],["","q\"\\"]],"ab":["QQ=="],"am":["so, so","sad"],"l":["x"],"ad":["2026-01-01"]}
	EOT
	head -n 1 snapshot | cmp - right || failed "snapshot" "$(head -n 1 snapshot)"
	sed -n 2p snapshot | grep -q '^2 "i2":null,.*"ad":null}$' || failed "nulls" "$(sed -n 2p snapshot)"
	sed -n 3p snapshot | grep -q '"f4":"NaN","f8":"-Infinity","n":"NaN".*"d":"infinity","ts":"-infinity","tz":"infinity".*"a":\[\],"aa":\["x","y"\]' || failed "odd ones" "$(sed -n 3p snapshot)"
	# the stream says the same of a row as the snapshot
	sql "UPDATE t SET id = id + 10"
	cdc-tail "$pg" --table t --no-follow --resume-from log -o ndjson | event-log append log
	event-log cat log | grep '"-U"' | sed 's/^{.*"id":1,//; s/^{.*"id":\([23]\),/\1 /' | cmp - snapshot || failed "stream" "$(event-log cat log | tail -n 3)"
}

# Rows as the server's own test_decoding prints them, one a line: a value is bare, or quoted.
decoded() {
	gawk '
	function take(rest,   m) {              # off the front of rest: a value
		if (match(rest, /^\x27(([^\x27]|\x27\x27)*)\x27/, m)) { gsub(/\x27\x27/, "\x27", m[1]); value = m[1] }
		else { match(rest, /^[^ ]*/, m); value = m[0] == "null" ? "" : m[0] }
		return substr(rest, length(m[0]) + 2)
	}
	function row(rest,   out, m, of, i, n, name) {   # nulls are left out of old rows
		while (match(rest, /^("[^"]*"|[^[]*)\[([^:]*)\]:/, m)) {
			if (rest ~ /^(new-tuple|old-key):/) break
			rest = take(substr(rest, RLENGTH + 1))
			if (m[2] == "timestamp with time zone" && value != "") { sub(/ /, "T", value); sub(/\+00$/, "Z", value) }
			if (value ~ /[",]/) { gsub(/"/, "\"\"", value); value = "\"" value "\"" }
			of[m[1]] = value
		}
		left = rest
		n = split("id b i8 f n x d ts tz u ip m r c h p xm", name, " ")
		for (i = 1; i <= n; i++) out = out "," of[name[i]]
		return out
	}
	match($0, /^table public\.t: (INSERT|UPDATE|DELETE): (.*)$/, m) {
		rest = m[2]
		if (m[1] == "INSERT") print "+I" row(rest)
		else if (m[1] == "DELETE") print "-D" row(rest)
		else { sub(/^old-key: /, "", rest); print "-U" row(rest); sub(/^new-tuple: /, "", left); print "+U" row(left) }
	}'
}

@test "rows are those that the server's own decoder finds, on a second slot" {
	sql "CREATE EXTENSION hstore; CREATE TYPE pair AS (a int, b text)"
	sql "CREATE TABLE t(id int PRIMARY KEY, b bool, i8 bigint, f float8, n numeric, x text, d date, ts timestamp, tz timestamptz, u uuid, ip inet, m money, r int4range, c cidr, h hstore, p pair, xm xml)"
	install t
	capture t
	sql "SELECT pg_create_logical_replication_slot('second', 'test_decoding')" > /dev/null
	awk 'BEGIN { srand(8); for (i = 0; i < 300; i++) {
		printf "INSERT INTO t VALUES(%d, %s, %.0f, %.15g, %.6f, %s, date \x272000-01-01\x27 + %d, timestamp \x272000-01-01\x27 + interval \x27%d.%06d s\x27, to_timestamp(%d.%d), \x27%08x-0000-4000-8000-%012x\x27, \x2710.%d.0.%d\x27, %d.5::money, int4range(%d, %d), \x2710.%d.0.0/16\x27, hstore(\x27k %d\x27, \x27v\x27), row(%d, \x27b c\x27), \x27<a b=\"%d\"/>\x27);\n",
			i, rand() < 0.5 ? "true" : rand() < 0.5 ? "false" : "NULL", (rand() - 0.5) * 2^62, (rand() - 0.5) * 10^(rand() * 40 - 20), (rand() - 0.5) * 10^9,
			rand() < 0.2 ? "NULL" : sprintf("E\x27it\\\x27s \"%d\", \\\\ \303\274\x27", rand() * 1000), rand() * 10000, rand() * 10^8, rand() * 10^6, rand() * 2^31, rand() * 10^6, rand() * 2^31, rand() * 2^31,
			rand() * 255, rand() * 255, rand() * 1000, rand() * 100, 100 + rand() * 100, rand() * 255, rand() * 9, rand() * 9, rand() * 9
		if (i % 3 == 0) printf "UPDATE t SET n = -n, x = x || \x27!\x27, b = NOT b WHERE id = %d;\n", rand() * i
		if (i % 5 == 0) printf "DELETE FROM t WHERE id = %d;\n", rand() * i } }' > statements
	psql -q -v ON_ERROR_STOP=1 -h "$PG_DIR" -U postgres shop < statements
	capture t
	psql -qAt -h "$PG_DIR" -U postgres shop -c "SET TimeZone = UTC" -c "SELECT data FROM pg_logical_slot_get_changes('second', NULL, NULL)" | decoded > theirs
	sql "SELECT pg_drop_replication_slot('second')" > /dev/null
	changes | tail -n +2 | cmp - theirs || failed "rows" "$(diff <(changes | tail -n +2) theirs | head -n 10)"
	[[ $(wc -l < theirs) -gt 450 ]] || failed "some" "$(wc -l theirs)"
}

@test "large values that an update leaves alone come whole" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a int, big text); ALTER TABLE t ALTER big SET STORAGE EXTERNAL; INSERT INTO t VALUES(1, 1, repeat('xyz', 5000))"
	install t
	capture t
	sql "UPDATE t SET a = 2"
	capture t
	[[ $(changes | tail -n 1 | wc -c) == $((15000 + 8)) ]] || failed "whole" "$(changes | tail -n 1 | wc -c)"
}

@test "several tables, a schema, odd names; what is asked for" {
	sql "DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s; CREATE TABLE s.\"Odd, one\"(\"a \"\"b\" int, c int); CREATE TABLE u(x int)"
	cdc-tail "$pg" --table 's."Odd, one",u' --resume-from log --install > /dev/null 2>&1 && failed "a comma in a name parts it"
	sql "ALTER TABLE s.\"Odd, one\" RENAME TO \"Odd\""
	install 's."Odd",u'
	cdc-tail "$pg" --table 's."Odd",u' --no-follow --snapshot never --resume-from log | event-log append log
	sql "BEGIN; INSERT INTO s.\"Odd\" VALUES(1, 2); INSERT INTO u VALUES(3); COMMIT"
	cdc-tail "$pg" --table 's."Odd",u' --no-follow --resume-from log | event-log append log
	event-log cat log | sed 's/"_ts":[0-9]*,"_tx":"[0-9]*","_pos":"[^"]*",//' > out
	cmp out <(printf '%s\n' '{"_op":"+I","_table":"Odd","a \"b":1,"c":2}' '{"_op":"+I","_table":"u","x":3}') || failed "rows" "$(cat out)"
}

@test "columns change in mid-stream" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a int); INSERT INTO t VALUES(1,1)"
	install t
	capture t
	sql "INSERT INTO t VALUES(2,2)"
	sql "ALTER TABLE t ADD b text DEFAULT 'x'"
	sql "INSERT INTO t VALUES(3,3)"
	sql "BEGIN; ALTER TABLE t DROP a; INSERT INTO t VALUES(4); COMMIT"
	capture t
	has "columns" _op,id,a,b +I,1,1, +I,2,2, +I,3,3,x +I,4,,x
}

@test "cascades are captured; a truncate is told, and passed over only on request" {
	sql "CREATE TABLE p(id int PRIMARY KEY); CREATE TABLE t(id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES(1); INSERT INTO t VALUES(1,1),(2,1)"
	install t
	capture t
	sql "DELETE FROM p"
	sql "INSERT INTO t VALUES(3,NULL)"
	capture t
	has "cascades" _op,id,p +I,1,1 +I,2,1 -D,1,1 -D,2,1 +I,3,
	sql "TRUNCATE t"
	refuses "truncated" 78 'cdc-tail: postgres: table t was truncated, and the WAL does not say which rows it had*' cdc-tail "$pg" --table t --no-follow --resume-from log
	capture t --on-gap continue 2> err
	grep -q 'table t was truncated' err || failed "said" "$(cat err)"
}

@test "the slot: lost, made anew, read by another, left of a snapshot that was interrupted" {
	sql "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES(1)"
	install t
	slot=$(sql "SELECT pubname FROM pg_publication")
	sql "SELECT pg_create_logical_replication_slot('$slot', 'pgoutput')" > /dev/null
	sql "INSERT INTO t VALUES(2)"
	capture t
	has "begun anew" _op,id +I,1 +I,2
	sql "SELECT pg_drop_replication_slot('$slot')" > /dev/null
	sql "INSERT INTO t VALUES(3)"
	refuses "no slot" 78 "cdc-tail: postgres: the slot $slot is not there any more: changes are lost*" cdc-tail "$pg" --table t --no-follow --resume-from log
	sql "SELECT pg_create_logical_replication_slot('$slot', 'pgoutput')" > /dev/null
	refuses "another slot" 78 "cdc-tail: postgres: the slot $slot begins behind what the sink has*" cdc-tail "$pg" --table t --no-follow --resume-from log
	capture t --on-gap continue 2> err
	grep -q 'changes are lost' err || failed "said" "$(cat err)"
	cdc-tail "$pg" --table t --resume-from log > stream 3>&- &
	source=$!
	until_true grep -q resume stream
	refuses "read by another" 75 'cdc-tail: postgres: *is active for PID*' cdc-tail "$pg" --table t --no-follow --resume-from log
	kill -TERM $source
	wait $source || failed "status" "$?"
	cdc-tail "$pg" --resume-from log --remove > /dev/null
	[[ -z $(sql "SELECT slot_name FROM pg_replication_slots UNION ALL SELECT pubname FROM pg_publication") ]] || failed "removed"
}

@test "a server that has fallen silent ends it, and what it had is not lost" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	install t
	cdc-tail "$pg" --table t --timeout 1s --resume-from log > stream 2> err 3>&- &
	source=$!
	until_true grep -q resume stream
	sender=$(sql "SELECT active_pid FROM pg_replication_slots")
	sql "INSERT INTO t VALUES(1)"
	until_true grep -q '^+I' stream
	kill -STOP "$sender"
	status=0
	wait $source || status=$?
	kill -CONT "$sender"
	[[ $status == 69 && $(< err) == 'cdc-tail: postgres: the server has said nothing for 1 s' ]] || failed "silent" "status $status, $(< err)"
	until_true is_gone "$sender"
	capture t
	has "all" _op,id +I,1
}

@test "another server than the sink was fed from" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	install t
	refuses "another system" 78 'cdc-tail: postgres: the sink was fed by database system 7, this one is *' \
		cdc-tail "$pg" --table t --no-follow --checked --reader "$PWD/log" --from postgres:7:1:0/100
	refuses "another source" 78 'cdc-tail: postgres: "5@00000000" is no position in a WAL*' \
		cdc-tail "$pg" --table t --no-follow --checked --reader "$PWD/log" --from 5@00000000
}

@test "the shape of Debezium, and its places" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a numeric)"
	install t
	cdc-tail "$pg" --table t --no-follow --snapshot never --resume-from log -o debezium | event-log append log
	sql "BEGIN; INSERT INTO t VALUES(1, 1.50),(2, NULL); COMMIT"
	sql "UPDATE t SET a = 2 WHERE id = 1"
	cdc-tail "$pg" --table t --no-follow --resume-from log -o debezium | event-log append log
	event-log cat log | sed 's/"\(ts_ms\|lsn\|txId\)":[0-9]*/"\1":1/g' > out
	source='"source":{"version":"weir-0.1.0","connector":"postgresql","name":"shop","ts_ms":1,"snapshot":"false","db":"shop","schema":"public","table":"t","txId":1,"lsn":1,"row":'
	cmp out <(printf '%s\n' "{\"before\":null,\"after\":{\"id\":1,\"a\":\"1.50\"},${source}0},\"op\":\"c\",\"ts_ms\":1}" \
		"{\"before\":null,\"after\":{\"id\":2,\"a\":null},${source}1},\"op\":\"c\",\"ts_ms\":1}" \
		"{\"before\":{\"id\":1,\"a\":\"1.50\"},\"after\":{\"id\":1,\"a\":\"2\"},${source}0},\"op\":\"u\",\"ts_ms\":1}") || failed "shape" "$(cat out)"
	unset source
	[[ $(event-log cat log | dedupe -i debezium --key _pos | wc -l) == 3 ]] || failed "places" "$(event-log cat log)"
}

@test "the server forgets what the sink has, on a quiet table too" {
	sql "CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE other(x text)"
	install t
	mkfifo pipe
	event-log append log < pipe 3>&- &
	sink=$!
	cdc-tail "$pg" --table t --resume-from log > pipe 3>&- &
	source=$!
	sql "INSERT INTO t VALUES(1)"
	until_true confirms 1
	sql "INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 3000)"
	until_true confirms 2000000
	kill -TERM $source
	wait $source $sink || failed "status" "$?"
}

@test "polled: by a cursor of time, and compared" {
	sql "CREATE TABLE t(id bigint PRIMARY KEY, a text, u timestamptz); INSERT INTO t VALUES(9007199254740993, 'it''s \\', '2026-02-28 01:02:03.123456+02'), (2, NULL, '2026-02-28 01:02:03.123456+02')"
	for mode in "--cursor u --delay 0" --diff; do
		# shellcheck disable=SC2086 # words
		poll() { cdc-tail "poll:$pg" --table public.t --key id $mode --no-follow --resume-from "log${mode:0:4}" | event-log append "log${mode:0:4}"; }
		poll
		poll
	done
	sql "INSERT INTO t VALUES(9007199254740994, 'c', '2026-02-28 01:02:03.123456+02'); UPDATE t SET a = 'x', u = '2026-02-28 01:02:03.123457+02' WHERE id = 2"
	for mode in "--cursor u --delay 0" --diff; do poll; done
	event-log cat log--cu | sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' | cmp - <(printf '%s\n' _op,id,a,u '+I,2,,2026-02-27T23:02:03.123456Z' "+I,9007199254740993,it's \\,2026-02-27T23:02:03.123456Z" +I,9007199254740994,c,2026-02-27T23:02:03.123456Z +I,2,x,2026-02-27T23:02:03.123457Z) ||
		failed "cursor" "$(event-log cat log--cu)"
	event-log cat log--di | tail -n 3 | cut -d , -f 1,4- | sort | cmp - <(printf '%s\n' +I,9007199254740994,c,2026-02-27T23:02:03.123456Z +U,2,x,2026-02-27T23:02:03.123457Z -U,2,,2026-02-27T23:02:03.123456Z) ||
		failed "diff" "$(event-log cat log--di)"
	refuses "no such table" 78 'cdc-tail: postgres: there is no table none' cdc-tail "poll:$pg" --table none --key id --diff
	refuses "a column that cannot be compared" 78 'cdc-tail: postgres: *' cdc-tail "poll:$pg" --table t --key id --cursor u --from "poll:u:'x':5" --delay 0 --no-follow
}

# The slot has moved on by so many bytes since the last time.
confirms() {    # bytes
	local now

	now=$(sql "SELECT coalesce(pg_wal_lsn_diff(confirmed_flush_lsn, '0/0'), 0) FROM pg_replication_slots")
	((${now:-0} >= ${before:-$((now - $1 + 1))} + $1)) && before=$now && return
	before=${before:-$now}
	return 1
}
