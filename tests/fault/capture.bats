# SPDX-License-Identifier: MIT
# Capture: whatever is killed, whenever, while files are rotated in every way and databases are changed by several at once, the log holds
# each record and each change once, in order.

load ../lib
load ../postgres
load ../cli/cases
load pipeline
load changes

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	pg="postgres://postgres@/shop?host=${PG_DIR-}"
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${runner-} ]] || kill -9 "$runner" 2> /dev/null || true
	[[ -z ${feeder-} ]] || kill -9 "$feeder" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

# --- Files ---------------------------------------------------------------------------------------

# Renamed; renamed and compressed; copied, then truncated. Older ones move on.
rotate() {      # file number
	local i

	case $((RANDOM % 4)) in
	0) mv "$1" "$1.$2" ;;
	1) mv "$1" "$1.$2" && gzip "$1.$2" ;;
	2)
		cp -p "$1" "$1.$2"
		: > "$1" ;;
	3)
		mv "$1" "$1-$2"
		for i in "$1".*[0-9]; do
			[[ ! -e $i ]] || gzip "$i"
		done ;;
	esac
	echo id,text >> "$1"
}

# Lines of many lengths, quoted ones over two lines among them, some in two writes.
write_lines() { # file pieces
	local i at=1 n

	for ((i = 1; i <= $2; i++)); do
		n=$((RANDOM % 400 + 1))
		awk -v from="$at" -v n="$n" 'BEGIN { for (i = from; i < from + n; i++) printf "%d,%s\n", i, i % 7 ? substr("abcdefghijklmnop", 1, i % 16) : "\"two\n" i "\"" }' > part
		head -c 100 part >> "$1"
		tail -c +101 part >> "$1"
		cat part >> all
		at=$((at + n))
		((RANDOM % 3)) || rotate "$1" "$i"
		sleep 0.02
	done
}

@test "files, rotated in every way by a writer that never waits, 30 kills" {
	RANDOM=${WEIR_SEED:-5}
	echo id,text > app.csv
	cdc-tail file:app.csv --no-follow --resume-from log | event-log append log      # what is rotated from now on is its successor
	write_lines app.csv 150 3>&- &
	feeder=$!
	torture 30 "${WEIR_SEED:-6}" cdc-tail file:app.csv --grace 100ms --epoch-interval 20ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail file:app.csv --no-follow --resume-from log '|' event-log append log
	event-log cat log | tail -n +2 > out
	cmp out all || { diff out all | head -n 12; ls -l --time-style=full-iso; tail -n 20 pipeline.log; false; }
	event-log verify log > /dev/null
}

# --- Databases -----------------------------------------------------------------------------------

need_sqlite() {
	cdc-tail --help | grep -q sqlite:PATH || skip "this build has no sqlite3"
	need sqlite3
}

sqlite_rows() {
	sqlite3 -csv shop.db 'SELECT * FROM t' | sort
}

sqlite_shop() {
	sqlite3 shop.db "PRAGMA journal_mode = wal; CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b REAL); INSERT INTO t VALUES(1,1,1),(2,2,2)" > /dev/null
	cdc-tail sqlite:shop.db --table t --install > /dev/null
}

change_sqlite() {       # seed transactions
	change_rows "$1" "$2" 'BEGIN IMMEDIATE' | sqlite3 -cmd '.timeout 20000' shop.db
}

@test "a SQLite database, changed by three at once, 30 kills" {
	need_sqlite
	sqlite_shop
	{ change_sqlite 1 700 & change_sqlite 2 700 & change_sqlite 3 700 & wait; } 3>&- &
	feeder=$!
	torture 30 "${WEIR_SEED:-7}" cdc-tail sqlite:shop.db --table t --epoch-interval 20ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail sqlite:shop.db --table t --no-follow --resume-from log '|' event-log append log
	apply log > applied
	sqlite_rows | cmp - applied
	[[ $(event-log cat log | wc -l) -gt 3000 ]]
	places_are_unique log
}

@test "a snapshot of SQLite under load: rows read and changes that follow are all, twenty runs" {
	need_sqlite
	sqlite_shop
	change_sqlite 4 1500 3>&- &
	feeder=$!
	for ((i = 0; i < 20; i++)); do
		cdc-tail sqlite:shop.db --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
	done
	wait "$feeder"
	for ((i = 0; i < 20; i++)); do
		cdc-tail sqlite:shop.db --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
		apply "logs/$i" > applied
		sqlite_rows | cmp - applied
	done
}

@test "a SQLite database without triggers, compared again and again while three change it, 20 kills" {
	need_sqlite
	sqlite3 shop.db "PRAGMA journal_mode = wal; CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b REAL); INSERT INTO t VALUES(1,1,1),(2,2,2)" > /dev/null
	{ change_sqlite 1 500 & change_sqlite 2 500 & change_sqlite 3 500 & wait; } 3>&- &
	feeder=$!
	torture 20 "${WEIR_SEED:-11}" cdc-tail poll:sqlite:shop.db --table t --key id --diff --interval 10ms --epoch-interval 10ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail poll:sqlite:shop.db --table t --key id --diff --no-follow --resume-from log '|' event-log append log
	apply log > applied
	sqlite_rows | cmp - applied
	[[ $(event-log cat log | wc -l) -gt 500 ]]
}

postgres_rows() {
	sql 'COPY (SELECT id, a, b FROM t) TO STDOUT (FORMAT csv)' | sort
}

postgres_shop() {       # sink...
	local sink

	sql "DROP TABLE IF EXISTS t; CREATE TABLE t(id int PRIMARY KEY, a int, b numeric(9,1)); INSERT INTO t VALUES(1,1,1),(2,2,2)"
	for sink; do
		cdc-tail "$pg" --table t --resume-from "$sink" --install > /dev/null
	done
}

change_postgres() {     # seed transactions
	change_rows "$1" "$2" BEGIN | psql -qAt -h "$PG_DIR" -U postgres shop > /dev/null 2>&1
}

# Columns that come and go, and transactions of many rows.
restructure_postgres() {
	local i

	for ((i = 0; i < 12; i++)); do
		sql "ALTER TABLE t ADD c$i int DEFAULT $i"
		sql "BEGIN; INSERT INTO t SELECT n, 1, 1 FROM generate_series(1000, 6000) n; UPDATE t SET a = a + 1 WHERE id >= 1000; COMMIT"
		sql "ALTER TABLE t DROP c$i"
		sql "DELETE FROM t WHERE id >= 1000"
	done
}

@test "a PostgreSQL database, changed by four at once, its columns too, 30 kills" {
	need_postgres
	postgres_shop log
	{ change_postgres 1 1500 & change_postgres 2 1500 & change_postgres 3 1500 & restructure_postgres & wait; } 3>&- &
	feeder=$!
	torture 30 "${WEIR_SEED:-8}" cdc-tail "$pg" --table t --epoch-interval 20ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail "$pg" --table t --no-follow --resume-from log '|' event-log append log
	apply log > applied
	postgres_rows | cmp - applied
	[[ $(event-log cat log | wc -l) -gt 3000 ]]
	places_are_unique log
	cdc-tail "$pg" --resume-from log --remove > /dev/null
}

prepare_sink() {        # sink
	((sink == 0)) || cdc-tail "$pg" --resume-from "log.$((sink - 1))" --remove > /dev/null
	cdc-tail "$pg" --table t --resume-from "$1" --install > /dev/null
}

@test "a PostgreSQL table that is truncated at random: said each time, and a fresh sink is right" {
	need_postgres
	postgres_shop
	{
		change_postgres 1 1500 & change_postgres 2 1500 &
		for ((i = 0; i < 4; i++)); do nap 60; sql "TRUNCATE t; INSERT INTO t VALUES(1,1,1)"; done
		wait
	} 3>&- &
	feeder=$!
	RANDOM=${WEIR_SEED:-14}
	follow_truncated cdc-tail "$pg" --table t --epoch-interval 20ms --resume-from SINK
	until cdc-tail "$pg" --table t --no-follow --resume-from "log.$sink" | event-log append "log.$sink"; do
		sink=$((sink + 1))
		prepare_sink "log.$sink"
	done
	((sink > 0))
	grep -q 'table t was truncated, and the WAL does not say which rows it had' pipeline.log
	apply "log.$sink" > applied
	postgres_rows | cmp - applied
	cdc-tail "$pg" --resume-from "log.$sink" --remove > /dev/null
}

@test "a snapshot of PostgreSQL under load: rows read and changes that follow are all, twenty runs" {
	need_postgres
	postgres_shop logs/{0..19}
	change_postgres 4 6000 3>&- &
	feeder=$!
	for ((i = 0; i < 20; i++)); do
		cdc-tail "$pg" --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
	done
	wait "$feeder"
	for ((i = 0; i < 20; i++)); do
		cdc-tail "$pg" --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
		apply "logs/$i" > applied
		postgres_rows | cmp - applied
		cdc-tail "$pg" --resume-from "logs/$i" --remove > /dev/null
	done
}

@test "a transaction larger than the memory that is used for it" {
	need_postgres
	need /usr/bin/time
	sql "CREATE TABLE large(id int PRIMARY KEY, a text)"
	cdc-tail "$pg" --table large --resume-from log --install > /dev/null
	cdc-tail "$pg" --table large --no-follow --resume-from log | event-log append log
	sql "INSERT INTO large SELECT n, repeat(md5(n::text), 32) FROM generate_series(1, 100000) n"
	/usr/bin/time -o kib -f %M cdc-tail "$pg" --table large --no-follow --resume-from log | /usr/bin/time -o kib2 -f %M event-log append log
	[[ $(event-log cat log | wc -l) == 100001 ]]
	(($(tail -n 1 kib) < 40000 && $(tail -n 1 kib2) < 40000)) || { cat kib kib2; false; }
	cdc-tail "$pg" --resume-from log --remove > /dev/null
	sql "DROP TABLE large"
}

# Each takes its time from the clock and commits a while later, so that others with later times come first.
insert_slowly() {       # from
	local i

	for ((i = $1; i < $1 + 40; i++)); do
		echo "BEGIN; INSERT INTO slow VALUES($i, clock_timestamp()); SELECT pg_sleep(random() * 0.1); COMMIT;"
	done | psql -qAt -h "$PG_DIR" -U postgres shop > /dev/null
}

@test "polled by a cursor while transactions commit in another order, 10 kills: each row once" {
	need_postgres
	sql "CREATE TABLE slow(id int PRIMARY KEY, u timestamptz)"
	{ for ((k = 0; k < 6; k++)); do insert_slowly $((k * 1000)) & done; wait; } 3>&- &
	feeder=$!
	torture 10 "${WEIR_SEED:-12}" cdc-tail "poll:$pg" --table slow --key id --cursor u --delay 1s --interval 10ms --epoch-interval 10ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail "poll:$pg" --table slow --key id --cursor u --delay 1s --no-follow --resume-from log '|' event-log append log
	event-log cat log | tail -n +2 | cut -d , -f 4 | sort > out
	sql "SELECT id FROM slow" | sort | cmp - out
	[[ $(wc -l < out) == 240 ]]
	sql "DROP TABLE slow"
}

@test "PostgreSQL ends, at once and in the middle of changes, and comes back" {
	need_postgres
	postgres_shop log
	run-pipeline --delay 20ms --max-delay 100ms -- cdc-tail "$pg" --table t --epoch-interval 20ms --resume-from log '|' event-log append log 2> pipeline.log 3>&- &
	runner=$!
	for ((i = 0; i < 3; i++)); do
		change_postgres "$i" 3000 3>&- &
		feeder=$!
		until_true grows $((i * 1000 + 200))
		kill -QUIT "$(cat "$PG_DIR/pid")"
		wait "$feeder" || true
		until_true is_gone "$(cat "$PG_DIR/pid")"
		run_postgres
	done
	until_true is_applied postgres_rows
	kill -TERM "$runner"
	wait "$runner" || true
	cdc-tail "$pg" --resume-from log --remove > /dev/null
}
