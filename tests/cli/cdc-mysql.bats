# SPDX-License-Identifier: MIT
# cdc-tail of MariaDB, against a server of our own: each committed change once, in order, with the value it had.

load ../lib
load ../mariadb
load cases
load cdc

setup() {
	bats_require_minimum_version 1.5.0
	cd "$BATS_TEST_TMPDIR" || return
	need_mariadb
	from=$my
	sql "DROP DATABASE shop; CREATE DATABASE shop; DROP DATABASE IF EXISTS other"
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${replica-} || ! -e $replica ]] || MY_DIR=$replica stop_mariadb
	[[ -z ${source-} ]] || kill -9 "$source" 2> /dev/null || true
	[[ -z ${MY_DIR-} ]] || sql "SET GLOBAL binlog_format = ROW; SET GLOBAL binlog_row_metadata = FULL; SET GLOBAL binlog_checksum = CRC32; SET GLOBAL log_bin_compress = OFF" || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

@test "what is not prepared is refused, and how to prepare it is said" {
	sql "CREATE TABLE t(id int PRIMARY KEY); CREATE OR REPLACE USER u@localhost"
	refuses "no server" 69 "cdc-tail: mysql: Can't connect*" cdc-tail "mysql://root@/shop?socket=$PWD/none" --table t
	refuses "no such database" 69 "cdc-tail: mysql: Unknown database 'none'" cdc-tail "${my/shop/none}" --table t
	refuses "no such user" 69 "cdc-tail: mysql: Access denied*" cdc-tail "${my/root/none}" --table t
	refuses "no address" 64 'cdc-tail: mysql: the address is written mysql://user@host/database' cdc-tail mysql:shop --table t
	refuses "a password" 64 'cdc-tail: mysql: a password in the address can be seen by everybody*' cdc-tail mysql://u:secret@localhost/shop --table t
	refuses "an option" 64 'cdc-tail: mysql: options of the address are *, not "x"' cdc-tail "$my&x=y" --table t
	refuses "of what" 64 'cdc-tail: mysql: options of the address are *, not "sslmode"' cdc-tail "$my&sslmode=prefer" --table t
	refuses "a port" 64 'cdc-tail: mysql: "x/shop" is no port' cdc-tail mysql://localhost:x/shop --table t
	refuses "no table" 64 'cdc-tail: --table: which tables?' cdc-tail "$my"
	refuses "of which database" 64 'cdc-tail: --table: of which database is t? say database.t' cdc-tail "${my/shop/}" --table t
	refuses "no such table" 78 'cdc-tail: mysql: there is no table shop.none' cdc-tail "$my" --table none
	sql "SET GLOBAL binlog_format = MIXED"
	refuses "not by rows" 78 'cdc-tail: mysql: binlog_format is MIXED: say SET GLOBAL binlog_format = ROW;' cdc-tail "$my" --table t
	sql "SET GLOBAL binlog_format = ROW; CREATE TABLE m(id int) ENGINE=MyISAM; CREATE VIEW v AS SELECT * FROM t; CREATE TABLE h(id int) WITH SYSTEM VERSIONING"
	refuses "no snapshot of MyISAM" 78 'cdc-tail: mysql: table m is of engine MyISAM*say --snapshot never' cdc-tail "$my" --table m
	refuses "a view" 78 'cdc-tail: mysql: shop.v is a VIEW: only plain tables are captured' cdc-tail "$my" --table v
	refuses "with history" 78 'cdc-tail: mysql: shop.h is a SYSTEM VERSIONED*' cdc-tail "$my" --table h
	sql "CREATE TABLE c(id int, p int, CONSTRAINT toparent FOREIGN KEY(p) REFERENCES t(id) ON DELETE CASCADE)"
	refuses "cascades" 78 'cdc-tail: mysql: table c: its foreign key toparent changes rows by itself*' cdc-tail "$my" --table c
	sql "GRANT REPLICATION SLAVE ON *.* TO u@localhost; GRANT SELECT ON shop.* TO u@localhost; CREATE TABLE n(id int, p int COMMENT 'x
  CONSTRAINT \`c\` FOREIGN KEY ON DELETE CASCADE', CONSTRAINT plain FOREIGN KEY(p) REFERENCES t(id))"
	refuses "cascades, seen by one who may only read" 78 'cdc-tail: mysql: table c: its foreign key toparent changes rows by itself*' cdc-tail "${my/root/u}" --table c
	capture n
	capture c --on-gap continue 2> err
	[[ $(< err) == *'what its foreign key toparent changes by itself is not captured' ]] || failed "said" "$(< err)"
}

@test "--dry-run says what to do, and that is all it takes" {
	sql "CREATE TABLE t(id int PRIMARY KEY); CREATE OR REPLACE USER u@localhost; SET GLOBAL binlog_format = MIXED; SET GLOBAL binlog_row_metadata = NO_LOG"
	my=${my/root@\/shop/u@/}
	from=$my
	run -78 --separate-stderr cdc-tail "$my" --table shop.t --dry-run
	[[ $stderr == "" && ${#lines[@]} == 4 && ${lines[2]} == "GRANT SELECT ON \`shop\`.\`t\` TO 'u'@'localhost';  -- its rows may not be read" ]] || failed "said" "$output $stderr"
	sql "$output"
	cdc-tail "$my" --table shop.t --dry-run || failed "ready" "$?"
	capture shop.t
	has "captured" _op,id
}

@test "a snapshot, then changes; rolled back is never seen" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a varchar(9), b decimal(8,2)); INSERT INTO t VALUES(1,'a',1.50),(2,'b',2)"
	capture t
	has "snapshot" _op,id,a,b +I,1,a,1.50 +I,2,b,2.00
	sql "UPDATE t SET b = 3 WHERE id = 1; DELETE FROM t WHERE id = 2"
	sql "BEGIN; INSERT INTO t VALUES(4,'d',1); ROLLBACK"
	sql "BEGIN; SAVEPOINT s; INSERT INTO t VALUES(5,'e',1); ROLLBACK TO s; INSERT INTO t VALUES(6,'f',1); COMMIT"
	sql "UPDATE t SET id = 7 WHERE id = 6; REPLACE INTO t VALUES(7,'g',1); INSERT INTO t VALUES(7,'h',1) ON DUPLICATE KEY UPDATE a = 'i'"
	capture t
	has "changes" _op,id,a,b +I,1,a,1.50 +I,2,b,2.00 -U,1,a,1.50 +U,1,a,3.00 -D,2,b,2.00 +I,6,f,1.00 -U,6,f,1.00 +U,7,f,1.00 -U,7,f,1.00 +U,7,g,1.00 -U,7,g,1.00 +U,7,i,1.00
	capture t
	[[ $(changes | wc -l) == 13 ]] || failed "once" "$(changes)"
	[[ -z $(event-log cat log | awk -F , 'NR > 1 && $2 { print $1, $4 }' | sort | uniq -d) ]] || failed "positions" "$(event-log cat log)"
}

@test "every type comes back as it was" {
	mariadb --no-defaults --default-character-set=utf8mb4 -S "$MY_DIR/s" -u root shop < "$BATS_TEST_DIRNAME/cdc-mysql-types.sql"
	capture t -o ndjson
	event-log cat log | sed 's/^{.*"id":/{"id":/' > snapshot
	cmp snapshot "$BATS_TEST_DIRNAME/cdc-mysql-types.ndjson" || failed "snapshot" "$(diff snapshot "$BATS_TEST_DIRNAME/cdc-mysql-types.ndjson" | cut -c 1-3000)"
	# the stream says the same of a row as the snapshot, compressed or not
	sql "SET sql_mode = ''; UPDATE t SET id = id + 10, ts = ts, ts2 = ts2, ts6 = ts6"
	sql "SET GLOBAL log_bin_compress = ON; SET GLOBAL log_bin_compress_min_len = 10"
	sql "SET sql_mode = ''; UPDATE t SET id = id - 10, ts = ts, ts2 = ts2, ts6 = ts6"
	capture t -o ndjson
	event-log cat log | grep '"-U"' | head -n 5 | sed 's/^{.*"id":/{"id":/' | cmp - snapshot || failed "stream" "$(event-log cat log | grep '"-U"' | head -n 5 | cut -c 1-3000)"
	event-log cat log | grep '"+U"' | tail -n 5 | sed 's/^{.*"id":/{"id":/' | cmp - snapshot || failed "compressed" "$(event-log cat log | tail -n 3 | cut -c 1-3000)"
	cdc-tail "binlog:$MY_DIR/data/$(last_binlog)" --table shop.t -o ndjson > file
	grep '"+U"' file | tail -n 5 | jq -c 'del(.uu, .i6, .i4a, .cv, .ct, .cb)' | sed 's/^{.*"id":/{"id":/' | cmp - <(jq -c 'del(.uu, .i6, .i4a, .cv, .ct, .cb)' snapshot) || failed "file" "$(tail -n 5 file | cut -c 1-3000)"
}

last_binlog() {
	sql "SHOW MASTER STATUS" | cut -f 1
}

# Rows as the decoder of the server's own tools prints them.
decoded() {     # file
	mariadb-binlog --base64-output=decode-rows -v "$1" | gawk '
	function flush() { if (n) print op row; row = ""; n = 0 }
	/^### (INSERT|DELETE|UPDATE)/ { flush(); wanted = /`shop`\.`t`$/; kind = $2 }
	/^### (SET|WHERE)$/ { flush(); op = kind == "INSERT" ? "+I" : kind == "DELETE" ? "-D" : $2 == "SET" ? "+U" : "-U" }
	wanted && match($0, /^###   @([0-9]+)=(.*)$/, m) {
		v = m[2]; n++
		if (v == "NULL") v = ""
		else if (m[1] == 3 || m[1] == 5) { if (match(v, /\(([0-9]+)\)/, u)) v = u[1] }         # unsigned
		else if (m[1] <= 4) sub(/ \(.*/, "", v)
		else if (m[1] == 8) v = strftime("%Y-%m-%dT%H:%M:%SZ", v, 1)
		else { gsub(/^\x27|\x27$/, "", v); if (m[1] == 7) gsub(/:/, "-", v) }
		row = row "," v
	}
	!/^###/ { flush() }'
}

@test "rows are those that the server's own decoder finds" {
	sql "CREATE TABLE t(id int PRIMARY KEY, i1 tinyint, u2 smallint unsigned, i3 mediumint, u8 bigint unsigned, de decimal(20,5), da date, ts timestamp NULL, dt datetime(3), ti time(6), vc varchar(300))"
	capture t
	sql "FLUSH BINARY LOGS"
	awk 'BEGIN { srand(7); for (i = 0; i < 300; i++) {
		printf "INSERT INTO t VALUES(%d, %d, %d, %d, %.0f, %.5f, \"20%02d-%02d-%02d\", %s, \"19%02d-02-03 04:05:06.%03d\", \"%d:0%d:59.%06d\", REPEAT(\"x\", %d));\n",
			i, rand() * 256 - 128, rand() * 65536, (rand() - 0.5) * 16777215, rand() * 2^64, (rand() - 0.5) * 10^14, rand() * 99, 1 + rand() * 11, 1 + rand() * 27,
			rand() < 0.1 ? "NULL" : sprintf("FROM_UNIXTIME(%d)", 1 + rand() * 2^31), rand() * 99, rand() * 1000, rand() * 1600 - 800, rand() * 9, rand() * 10^6, rand() * 300
		if (i % 3 == 0) printf "UPDATE t SET i1 = -i1, u8 = u8 / 2, de = -de WHERE id = %d;\n", rand() * i
		if (i % 5 == 0) printf "DELETE FROM t WHERE id = %d;\n", rand() * i } }' > statements
	sql "SET sql_mode = ''; SOURCE statements" > /dev/null 2>&1 || mariadb --no-defaults -S "$MY_DIR/s" -u root --init-command="SET sql_mode = ''" shop < statements
	capture t
	decoded "$MY_DIR/data/$(last_binlog)" > theirs
	changes | tail -n +2 | cmp - theirs || failed "rows" "$(diff <(changes | tail -n +2) theirs | head -n 20)"
	[[ $(wc -l < theirs) -gt 400 ]] || failed "some" "$(wc -l theirs)"
}

@test "columns change in mid-stream" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a int); INSERT INTO t VALUES(1,1)"
	capture t
	sql "INSERT INTO t VALUES(2,2); ALTER TABLE t ADD b varchar(3) DEFAULT 'x' FIRST; INSERT INTO t VALUES('y',3,3); ALTER TABLE t DROP a, RENAME COLUMN id TO k; INSERT INTO t VALUES('z',4)"
	capture t
	has "columns" _op,id,a,b,k +I,1,1,, +I,2,2,, +I,3,3,y, +I,,,z,4
}

@test "what empties a table is told, and passed over only on request" {
	sql "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES(1)"
	capture t
	for statement in "TRUNCATE TABLE t" "CREATE OR REPLACE TABLE shop.t(id int PRIMARY KEY)" "/* a comment */ DROP TABLE IF EXISTS nosuch, t; CREATE TABLE t(id int PRIMARY KEY)" \
		"ALTER TABLE t PARTITION BY RANGE(id) (PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN MAXVALUE); ALTER TABLE t DROP PARTITION p1"; do
		sql "$statement"
		refuses "$statement" 78 'cdc-tail: mysql: the rows of table t went without a word on each, in 0-1-*' cdc-tail "$my" --table t --no-follow --resume-from log
		capture t --on-gap continue 2> err
		grep -q 'the rows of table t went' err || failed "said" "$(< err)"
	done
	sql "CREATE TABLE u(id int); TRUNCATE u; DROP TABLE u; INSERT INTO t VALUES(50)"
	capture t
	has "and goes on" _op,id +I,1 +I,50
}

@test "changes that are not there as rows end it" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a text); INSERT INTO t VALUES(1,'a'); CREATE TABLE m(id int) ENGINE=MyISAM"
	capture t
	sql "SET binlog_format = STATEMENT; INSERT INTO t VALUES(2,'b')"
	refuses "a statement" 78 'cdc-tail: mysql: transaction 0-1-* changes rows by a statement, and does not say which: "INSERT INTO t VALUES(2,'\''b'\'')"*' \
		cdc-tail "$my" --table t --no-follow --resume-from log
	capture t --on-gap continue 2> err
	grep -q 'changes rows by a statement' err || failed "said" "$(< err)"
	sql "SET binlog_row_image = MINIMAL; UPDATE t SET id = 3 WHERE id = 1"
	refuses "not whole" 78 'cdc-tail: mysql: table t: rows did not come whole: say SET GLOBAL binlog_row_image = FULL*' cdc-tail "$my" --table t --no-follow --resume-from log
	rm -r log
	capture t
	sql "SET GLOBAL binlog_row_metadata = NO_LOG; INSERT INTO t VALUES(4,'d'); SET GLOBAL binlog_row_metadata = FULL"
	refuses "no names" 78 'cdc-tail: mysql: table t: the binlog does not say its columns*' cdc-tail "$my" --table t --no-follow --resume-from log
	rm -r log
	capture t
	sql "BEGIN; INSERT INTO t VALUES(5,'e'); SAVEPOINT s; INSERT INTO t VALUES(6,'f'); INSERT INTO m VALUES(1); ROLLBACK TO s; COMMIT" 2> /dev/null
	refuses "taken back" 65 'cdc-tail: mysql: transaction 0-1-* takes back a part of itself, of which rows have gone out' cdc-tail "$my" --table t --no-follow --resume-from log
}

@test "MyISAM: its changes stay when the transaction is taken back, and are captured" {
	sql "CREATE TABLE m(id int) ENGINE=MyISAM; CREATE TABLE t(id int)"
	capture m,t --snapshot never
	sql "BEGIN; INSERT INTO m VALUES(1); INSERT INTO t VALUES(1); ROLLBACK; INSERT INTO m VALUES(2)" 2> /dev/null
	capture m,t
	event-log cat log | jq -c '[._op, ._table, .id]' > out
	cmp out <(printf '%s\n' '["+I","m",1]' '["+I","m",2]') || failed "rows" "$(cat out)"
}

@test "transactions in two phases go out when they are committed" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a int)"
	capture t
	sql "XA START 'g1', 'b'; INSERT INTO t VALUES(1,1); UPDATE t SET a = 2; XA END 'g1', 'b'; XA PREPARE 'g1', 'b'"
	sql "XA START 'g2'; INSERT INTO t VALUES(2,2); XA END 'g2'; XA COMMIT 'g2' ONE PHASE"
	sql "XA START 'g3'; INSERT INTO t VALUES(3,3); XA END 'g3'; XA PREPARE 'g3'; XA ROLLBACK 'g3'"
	capture t
	has "not yet" _op,id,a +I,2,2
	sql "FLUSH BINARY LOGS; XA COMMIT 'g1', 'b'; INSERT INTO t VALUES(4,4)"
	capture t
	has "now" _op,id,a +I,2,2 +I,1,1 -U,1,1 +U,1,2 +I,4,4
	changes > live
	sql "XA START 'old'; INSERT INTO t VALUES(5,5); XA END 'old'; XA PREPARE 'old'"
	cdc-tail "$my" --table t --no-follow --resume-from late | event-log append late
	sql "XA COMMIT 'old'"
	refuses "before it began" 78 'cdc-tail: mysql: a transaction in two phases (XA) is committed that was prepared before capture began*' cdc-tail "$my" --table t --no-follow --resume-from late
}

@test "rotation, checksums switched, and a server that ends" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	capture t
	sql "INSERT INTO t VALUES(1); SET GLOBAL binlog_checksum = NONE; INSERT INTO t VALUES(2); FLUSH BINARY LOGS; INSERT INTO t VALUES(3); SET GLOBAL binlog_checksum = CRC32; INSERT INTO t VALUES(4); FLUSH BINARY LOGS"
	capture t
	has "rotated" _op,id +I,1 +I,2 +I,3 +I,4
	sql "INSERT INTO t VALUES(5)"
	cdc-tail "$my" --table t --epoch-records 1 --resume-from log 2> err 3>&- | event-log append log 2> /dev/null 3>&- &
	until_true has_record +I,5
	kill -9 "$(cat "$MY_DIR/pid")"
	wait $! || true
	grep -q 'cdc-tail: mysql: ' err || failed "said" "$(< err)"
	until_true is_gone "$(cat "$MY_DIR/pid")"
	rm -f "$MY_DIR/pid"
	run_mariadb
	sql "INSERT INTO t VALUES(6)"
	capture t
	has "went on" _op,id +I,1 +I,2 +I,3 +I,4 +I,5 +I,6
}

has_record() {
	changes | grep -qx -e "$1"
}

@test "a binlog that was purged, begun anew, or is another server's" {
	sql "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES(1)"
	capture t
	cp -r log kept
	sql "FLUSH BINARY LOGS; INSERT INTO t VALUES(2); FLUSH BINARY LOGS"
	until_true purged
	refuses "purged" 78 'cdc-tail: mysql: the binlog does not have what follows: changes are lost*' cdc-tail "$my" --table t --no-follow --resume-from log
	capture t --on-gap continue 2> err
	grep -q 'does not have what follows' err || failed "said" "$(< err)"
	sql "INSERT INTO t VALUES(3)"
	capture t
	has "goes on" _op,id +I,1 +I,3
	sql "RESET MASTER"
	refuses "reset, nothing since" 78 'cdc-tail: mysql: *' cdc-tail "$my" --table t --no-follow --resume-from log
	rm -r log
	sql "INSERT INTO t VALUES(4)"
	capture t
	reset=$(date +%s)
	until_true later_than "$reset"          # files are told from each other by the second
	sql "RESET MASTER; INSERT INTO t VALUES(5); INSERT INTO t VALUES(6)"
	refuses "reset, and as many since" 78 'cdc-tail: mysql: the binlog *changes are lost*' cdc-tail "$my" --table t --no-follow --resume-from log
	refuses "another source" 78 'cdc-tail: mysql: "postgres:1:1:0/100" is no position in a binlog*' cdc-tail "$my" --table t --no-follow --checked --from postgres:1:1:0/100
	refuses "not a position" 78 'cdc-tail: mysql: "mysql:1:x:0:4:bin.000001" is no position' cdc-tail "$my" --table t --no-follow --checked --from mysql:1:x:0:4:bin.000001
	run -78 cdc-tail "$my" --table t --no-follow --checked --from mysql:7:0-7-99999::0:4:bin.000001
	[[ $output == *"fed by server 7, this one is 1: going on by GTID"*"the binlog does not have what follows"* ]] || failed "another server, nothing in common" "$output"
	refuses "another server, by offset" 78 'cdc-tail: mysql: the sink was fed by server 7, this one is 1' cdc-tail "$my" --table t --no-follow --checked --from mysql:7:::0:4:bin.000001
}

later_than() {
	(($(date +%s) > $1))
}

# The server keeps a file while a reader of it, which may just have ended, is not told so.
purged() {
	sql "PURGE BINARY LOGS TO '$(last_binlog)'"
	[[ $(sql "SHOW BINARY LOGS" | wc -l) == 1 ]]
}

@test "numbers of transactions that do not ascend, and several domains" {
	sql "RESET MASTER; CREATE TABLE t(id int PRIMARY KEY)"
	capture t
	sql "SET gtid_seq_no = 1000; INSERT INTO t VALUES(1)"
	cp -r log files
	capture t
	sql "SET server_id = 2, gtid_seq_no = 5; INSERT INTO t VALUES(2)"
	sql "SET gtid_domain_id = 7; INSERT INTO t VALUES(3)"
	capture t
	sql "SET gtid_domain_id = 7; INSERT INTO t VALUES(4)"
	sql "SET server_id = 2, gtid_seq_no = 6; INSERT INTO t VALUES(5)"
	capture t
	has "all" _op,id +I,1 +I,2 +I,3 +I,4 +I,5
	cdc-tail "binlog:$MY_DIR/data/bin.0*[0-9]" --table shop.t --resume-from files | event-log append files
	event-log cat files | cmp - <(event-log cat log) || failed "files" "$(event-log cat files)"
	cdc-tail "binlog:$MY_DIR/data/bin.0*[0-9]" --table shop.t --resume-from files | event-log append files
	event-log cat files | cmp - <(event-log cat log) || failed "once" "$(event-log cat files)"
	sql "RESET MASTER"              # of one domain again
}

# SQL on the second server.
sql_on_replica() {
	MY_DIR=$replica sql "$1"
}

has_replicated() {
	[[ $(sql_on_replica "SELECT @@global.gtid_slave_pos") == "$(sql "SELECT @@global.gtid_binlog_pos")" ]]
}

@test "a replica that takes over is gone on with" {
	local primary=$MY_DIR port=$MY_PORT

	start_mariadb server-id=2 log-slave-updates gtid-strict-mode=ON
	replica=$MY_DIR
	export MY_DIR=$primary MY_PORT=$port
	sql "RESET MASTER; CREATE OR REPLACE USER repl@127.0.0.1 IDENTIFIED BY 'r'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
	sql_on_replica "RESET MASTER; SET GLOBAL gtid_slave_pos = ''; CHANGE MASTER TO master_host = '127.0.0.1', master_port = $port, master_user = 'repl', master_password = 'r', master_use_gtid = slave_pos; START SLAVE"
	sql "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES(1)"
	capture t
	sql "INSERT INTO t VALUES(2)"
	capture t
	sql "INSERT INTO t VALUES(3)"
	until_true has_replicated
	capture t
	sql_on_replica "STOP SLAVE; RESET SLAVE ALL"
	from=${my/$primary/$replica}
	capture t 2> err                # nothing has come yet
	capture t 2>> err
	sql_on_replica "INSERT INTO t VALUES(4)"
	capture t 2>> err
	[[ $(< err) == 'cdc-tail: mysql: the sink was fed by server 1, this one is 2: going on by GTID' ]] || failed "said" "$(< err)"
	has "all" _op,id +I,1 +I,2 +I,3 +I,4
	sql_on_replica "INSERT INTO t VALUES(5)"
	capture t
	has "and on" _op,id +I,1 +I,2 +I,3 +I,4 +I,5
	MY_DIR=$replica stop_mariadb
}

@test "a server that has fallen silent ends it, and what it had is not lost" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	cdc-tail "$my" --table t --timeout 1s --resume-from log > stream 2> err 3>&- &
	source=$!
	until_true grep -q resume stream
	sql "INSERT INTO t VALUES(1)"
	until_true grep -q '^+I' stream
	kill -STOP "$(cat "$MY_DIR/pid")"
	status=0
	wait $source || status=$?
	kill -CONT "$(cat "$MY_DIR/pid")"
	[[ $status == 69 && $(< err) == 'cdc-tail: mysql: '* ]] || failed "silent" "status $status, $(< err)"
	capture t
	has "all" _op,id +I,1
}

@test "another run for the same sink takes over" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	cdc-tail "$my" --table t --reader me > stream 2> err 3>&- &
	source=$!
	sql "INSERT INTO t VALUES(1)"
	until_true grep -q '^+I' stream
	cdc-tail "$my" --table t --reader me --snapshot never > stream2 3>&- &
	other=$!
	status=0
	wait $source || status=$?
	kill $other
	[[ $status == 75 && $(< err) == 'cdc-tail: mysql: another run of the same reader has taken over' ]] || failed "taken over" "status $status, $(< err)"
}

@test "over the network: the server is verified, the password comes from a file" {
	sql "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES(1); CREATE OR REPLACE USER tcp@127.0.0.1 IDENTIFIED BY 'secret' REQUIRE SSL"
	sql "GRANT SELECT ON shop.* TO tcp@127.0.0.1; GRANT REPLICATION SLAVE ON *.* TO tcp@127.0.0.1"
	export HOME=$PWD
	remote="mysql://tcp@127.0.0.1:$MY_PORT/shop?sslmode=verify-full"
	refuses "no password" 69 "cdc-tail: mysql: *" cdc-tail "$remote&sslrootcert=$MY_DIR/ca.pem" --table t
	printf '[client]\npassword=secret\n' > .my.cnf
	cdc-tail "$remote&sslrootcert=$MY_DIR/ca.pem" --table t --no-follow > out
	[[ $(tail -n 1 out) == +I*,1 ]] || failed "verified" "$(cat out)"
	refuses "nobody known vouches for it" 69 'cdc-tail: mysql: *certificate*' cdc-tail "$remote" --table t --no-follow
	mkdir other
	make_certificate other
	refuses "another authority" 69 'cdc-tail: mysql: *certificate*' cdc-tail "$remote&sslrootcert=$PWD/other/ca.pem" --table t --no-follow
	refuses "no TLS" 69 'cdc-tail: mysql: *' cdc-tail "${remote/verify-full/disable}" --table t --no-follow
}

@test "several tables of several databases, odd names; what is asked for" {
	sql "CREATE DATABASE other; CREATE TABLE other.\`Odd, one\`(\`a \"\`\`b\` int, c int); CREATE TABLE u(x int)"
	sql "RENAME TABLE other.\`Odd, one\` TO other.\`Odd\`"
	capture 'other.Odd,u' --snapshot never
	sql "BEGIN; INSERT INTO other.\`Odd\` VALUES(1, 2); INSERT INTO u VALUES(3); COMMIT"
	capture 'other.Odd,u'
	event-log cat log | sed 's/"_ts":[0-9]*,"_tx":"[^"]*","_pos":"[^"]*",//' > out
	cmp out <(printf '%s\n' '{"_op":"+I","_table":"Odd","a \"`b":1,"c":2}' '{"_op":"+I","_table":"u","x":3}') || failed "rows" "$(cat out)"
	cdc-tail "$my" --table other.Odd --no-follow --columns c --where 'c > 1' | sed 's/,[^,]*,[^,]*,[^,]*,/,/' > out
	cmp out <(printf '%s\n' _op,c +I,2) || failed "columns" "$(cat out)"
}

@test "the shapes of Debezium, Maxwell and Canal, and their places" {
	sql "CREATE TABLE t(id int PRIMARY KEY, a decimal(5,2))"
	for form in debezium maxwell canal; do
		cdc-tail "$my" --table t --no-follow --snapshot never --resume-from $form -o $form | event-log append $form
	done
	sql "INSERT INTO t VALUES(1, 1.50),(2, NULL); UPDATE t SET a = 2 WHERE id = 1; DELETE FROM t WHERE id = 2"
	for form in debezium maxwell canal; do
		cdc-tail "$my" --table t --no-follow --resume-from $form -o $form | event-log append $form
		event-log cat $form | sed 's/"\(ts_ms\|ts\|es\|id\|xid\)":[0-9]\{5,\}/"\1":1/g' > $form.out
		[[ $form != debezium || $(event-log cat $form | dedupe -i $form --key _pos | wc -l) == 4 ]] || failed "places of $form" "$(event-log cat $form)"
	done
	cdc-tail "$my" --table t --no-follow --snapshot never --from "$(event-log info debezium | sed -n 's/^source\t//p')" | wc -l | grep -qx 0 || failed "position"
	event-log cat debezium | cdc-tail - -i debezium --table t -o ndjson | sed 's/"_ts":[0-9]*//' > back
	grep -c '"_tx":"0-1-[0-9]*","_pos":"0-1-[0-9]*:[0-9]*","id":' back | grep -qx 5 || failed "back" "$(cat back)"
	grep -q '"connector":"mariadb".*"db":"shop","table":"t"' debezium.out || failed "debezium" "$(cat debezium.out)"
	grep -q '"database":"shop","table":"t","type":"insert"' maxwell.out || failed "maxwell" "$(cat maxwell.out)"
	grep -q '"type":"UPDATE"' canal.out || failed "canal" "$(cat canal.out)"
}

@test "files of a binlog say what the server says; the one goes on where the other stands" {
	sql "RESET MASTER; CREATE TABLE t(id int PRIMARY KEY, a varchar(9))"
	capture t
	sql "FLUSH BINARY LOGS; INSERT INTO t VALUES(1,'a'),(2,'b'); FLUSH BINARY LOGS; UPDATE t SET a = 'c' WHERE id = 1; FLUSH BINARY LOGS; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES(3, REPEAT('x', 9))"
	cp -r log files
	capture t
	cp "$MY_DIR"/data/bin.0*[0-9] .
	cdc-tail 'binlog:bin.0*' --table shop.t --resume-from files | event-log append files
	event-log cat log > from_server
	event-log cat files | cmp - from_server || failed "files" "$(event-log cat files)"
	sql "INSERT INTO t VALUES(4,'d')"
	cdc-tail "$my" --table t --no-follow --resume-from files | event-log append files
	[[ $(event-log cat files | tail -n 1) == +I*,4,d ]] || failed "back to the server" "$(event-log cat files)"
	cdc-tail "binlog:$MY_DIR/data/bin.0*[0-9]" --table shop.t --resume-from log | event-log append log
	[[ $(event-log cat log | tail -n 1) == +I*,4,d ]] || failed "back to files" "$(event-log cat log)"
	# a copy that ends within a transaction
	last=$(last_binlog)
	head -c $(($(event-log info files | sed -n 's/^source\t//p' | cut -d : -f 6) - 20)) "$MY_DIR/data/$last" > "$last"
	cdc-tail 'binlog:bin.0*' --table shop.t 2> err > out
	[[ $(tail -n 1 out) == +I*,3,xxxxxxxxx && $(< err) == *"$last: what stands behind offset "*" is no whole transaction" ]] || failed "half" "$(cat err out)"
	# one in the middle is missing
	ls bin.0*[0-9] > names
	rm "$(sed -n 2p names)"
	[[ $(wc -l < names) -ge 3 ]] || failed "enough of them" "$(cat names)"
	refuses "a gap" 78 'cdc-tail: bin.0*: it begins behind transaction 0-1-*, which the sink does not have*' cdc-tail 'binlog:bin.0*' --table shop.t
	refuses "no binlog" 65 'cdc-tail: names: this is no binlog' cdc-tail binlog:names --table shop.t
	refuses "no file" 78 'cdc-tail: none: there is no such file' cdc-tail binlog:none --table shop.t
	refuses "no table" 64 'cdc-tail: --table: which tables*' cdc-tail binlog:names
	refuses "of which database" 64 'cdc-tail: --table: of which database is t? say database.t' cdc-tail binlog:names --table t
	dd if=/dev/zero of="$last" bs=1 seek=500 count=4 conv=notrunc 2> /dev/null
	refuses "damage" 65 "cdc-tail: $last: *: the event behind offset * is not read: its checksum does not fit" cdc-tail "binlog:$last" --table shop.t
}

@test "--status: how far the log and the sink are" {
	sql "CREATE TABLE t(id int PRIMARY KEY)"
	capture t
	sql "INSERT INTO t VALUES(1); INSERT INTO t VALUES(2)"
	cdc-tail "$my" --status --resume-from log > out
	[[ $(cut -f 1 out | tr '\n' ' ') == "server_id binlog_format binlog_row_image binlog_row_metadata binlog_expire_logs_seconds binlog gtid binlogs sink " ]] || failed "lines" "$(cat out)"
	[[ $(tail -n 1 out) == *': 2 transactions behind' ]] || failed "behind" "$(cat out)"
	sql "CREATE OR REPLACE USER u@localhost"
	cdc-tail "${my/root@\/shop/u@}" --status > out || failed "without rights" "$?"
	[[ $(tail -n 1 out) == gtid* ]] || failed "what it may see" "$(cat out)"
}

@test "polled: by a cursor of time, and compared" {
	sql "SET time_zone = '+02:00'; CREATE TABLE t(id bigint PRIMARY KEY, a varchar(9), u timestamp(6)); INSERT INTO t VALUES(9007199254740993, 'it''s \\\\', '2026-02-28 01:02:03.123456'), (2, NULL, '2026-02-28 01:02:03.123456')"
	sql "CREATE OR REPLACE USER u@localhost; GRANT SELECT ON shop.t TO u@localhost"
	for mode in "--cursor u --delay 0" --diff; do
		# shellcheck disable=SC2086 # words
		poll() { cdc-tail "poll:${my/root/u}" --table t --key id $mode --no-follow --resume-from "log${mode:0:4}" | event-log append "log${mode:0:4}"; }
		poll
		poll
	done
	sql "SET time_zone = '+02:00'; INSERT INTO t VALUES(9007199254740994, 'c', '2026-02-28 01:02:03.123456'); UPDATE t SET a = 'x', u = '2026-02-28 01:02:03.123457' WHERE id = 2"
	for mode in "--cursor u --delay 0" --diff; do poll; done
	event-log cat log--cu | sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' | cmp - <(printf '%s\n' _op,id,a,u '+I,2,,2026-02-27T23:02:03.123456Z' "+I,9007199254740993,it's \\,2026-02-27T23:02:03.123456Z" +I,9007199254740994,c,2026-02-27T23:02:03.123456Z +I,2,x,2026-02-27T23:02:03.123457Z) ||
		failed "cursor" "$(event-log cat log--cu)"
	event-log cat log--di | tail -n 3 | cut -d , -f 1,4- | sort | cmp - <(printf '%s\n' +I,9007199254740994,c,2026-02-27T23:02:03.123456Z +U,2,x,2026-02-27T23:02:03.123457Z -U,2,,2026-02-27T23:02:03.123456Z) ||
		failed "diff" "$(event-log cat log--di)"
	refuses "no such table" 78 'cdc-tail: mysql: *none*' cdc-tail "poll:$my" --table none --key id --diff
}
