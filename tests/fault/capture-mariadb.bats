# SPDX-License-Identifier: MIT
# Capture of MariaDB: whatever is killed, whenever, while several change the database at once, the log holds each change once, in order.

load ../lib
load ../mariadb
load ../cli/cases
load pipeline
load changes

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_mariadb
	sql "CREATE OR REPLACE TABLE t(id int PRIMARY KEY, a int, b decimal(9,1)); INSERT INTO t VALUES(1,1,1),(2,2,2)"
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${runner-} ]] || kill -9 "$runner" 2> /dev/null || true
	[[ -z ${feeder-} ]] || kill -9 "$feeder" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

# In MariaDB's words; --force, for rows may be there already, and others may be in the way.
change_mariadb() {      # seed transactions
	change_rows "$1" "$2" BEGIN | sed -E 's/ ON CONFLICT\(id\) DO NOTHING/ ON DUPLICATE KEY UPDATE id = VALUES(id)/; s/ON CONFLICT\(id\) DO UPDATE SET a = t.a/ON DUPLICATE KEY UPDATE a = a/
		s/UPDATE t SET id = (.*) AND NOT EXISTS.*/UPDATE IGNORE t SET id = \1;/' | mariadb --no-defaults --force -S "$MY_DIR/s" -u root shop > /dev/null 2> feeder.log
}

rows() {
	sql 'SELECT id, a, b FROM t' | tr '\t' , | sort
}

# Columns that come and go, and transactions of many rows.
restructure() {
	local i

	for ((i = 0; i < 12; i++)); do
		sql "ALTER TABLE t ADD c$i int DEFAULT $i $([[ $((i % 2)) == 0 ]] || echo FIRST)"
		sql "BEGIN; INSERT INTO t(id, a, b) SELECT seq, 1, 1 FROM seq_1000_to_6000; UPDATE t SET a = a + 1 WHERE id >= 1000; COMMIT"
		sql "ALTER TABLE t DROP c$i"
		sql "DELETE FROM t WHERE id >= 1000"
	done
}

@test "a MariaDB database, changed by four at once, its columns too, while its log rotates, 30 kills" {
	{
		change_mariadb 1 1500 & change_mariadb 2 1500 & change_mariadb 3 1500 & restructure &
		for ((i = 0; i < 20; i++)); do sql "FLUSH BINARY LOGS"; sleep 0.1; done
		wait
	} 3>&- &
	feeder=$!
	torture 30 "${WEIR_SEED:-9}" cdc-tail "$my" --table t --epoch-interval 20ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail "$my" --table t --no-follow --resume-from log '|' event-log append log
	apply log > applied
	rows | cmp - applied
	[[ $(event-log cat log | wc -l) -gt 3000 ]]
	places_are_unique log
	cdc-tail "binlog:$MY_DIR/data/bin.0*[0-9]" --table shop.t --resume-from log --no-follow | event-log append log
	apply log | cmp - applied
}

prepare_sink() { :; }

@test "a MariaDB table that is truncated at random: said each time, and a fresh sink is right" {
	{
		change_mariadb 1 1500 & change_mariadb 2 1500 &
		for ((i = 0; i < 4; i++)); do nap 60; sql "TRUNCATE t; INSERT INTO t VALUES(1,1,1)"; done
		wait
	} 3>&- &
	feeder=$!
	RANDOM=${WEIR_SEED:-13}
	follow_truncated cdc-tail "$my" --table t --epoch-interval 20ms --resume-from SINK
	until cdc-tail "$my" --table t --no-follow --resume-from "log.$sink" | event-log append "log.$sink"; do sink=$((sink + 1)); done
	((sink > 0))
	grep -q 'the rows of table t went without a word on each' pipeline.log
	apply "log.$sink" > applied
	rows | cmp - applied
}

@test "a snapshot of MariaDB under load: rows read and changes that follow are all, twenty runs" {
	change_mariadb 4 4000 3>&- &
	feeder=$!
	for ((i = 0; i < 20; i++)); do
		cdc-tail "$my" --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
	done
	wait "$feeder"
	for ((i = 0; i < 20; i++)); do
		cdc-tail "$my" --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
		apply "logs/$i" > applied
		rows | cmp - applied
	done
}

@test "a transaction larger than the memory that is used for it" {
	need /usr/bin/time
	sql "CREATE TABLE large(id int PRIMARY KEY, a text)"
	cdc-tail "$my" --table large --no-follow --resume-from log | event-log append log
	sql "INSERT INTO large SELECT seq, REPEAT(MD5(seq), 32) FROM seq_1_to_100000"
	/usr/bin/time -o kib -f %M cdc-tail "$my" --table large --no-follow --resume-from log | /usr/bin/time -o kib2 -f %M event-log append log
	[[ $(event-log cat log | wc -l) == 100001 ]]
	(($(tail -n 1 kib) < 40000 && $(tail -n 1 kib2) < 40000)) || { cat kib kib2; false; }
	sql "DROP TABLE large"
}

@test "MariaDB ends, at once and in the middle of changes, and comes back" {
	run-pipeline --delay 20ms --max-delay 100ms -- cdc-tail "$my" --table t --epoch-interval 20ms --resume-from log '|' event-log append log 2> pipeline.log 3>&- &
	runner=$!
	for ((i = 0; i < 3; i++)); do
		change_mariadb "$i" 3000 3>&- &
		feeder=$!
		until_true grows $((i * 1000 + 200))
		kill -9 "$(cat "$MY_DIR/pid")"
		wait "$feeder" || true
		until_true is_gone "$(cat "$MY_DIR/pid")"
		rm -f "$MY_DIR/pid"
		run_mariadb
	done
	until_true is_applied rows
	kill -TERM "$runner"
	wait "$runner" || true
}
