# SPDX-License-Identifier: MIT
# Capture: whatever is killed, whenever, while files are rotated in every way and databases are changed by several at once, the log holds
# each record and each change once, in order.

load ../lib
load ../cli/cases
load pipeline

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

# --- SQLite --------------------------------------------------------------------------------------

# Rows that come, change, get other keys and go; savepoints, rollbacks, statements of many rows.
change_rows() { # seed transactions
	awk -v seed="$1" -v n="$2" '
	function r(k) { return int(rand() * k) }
	function one() {
		k = r(10)
		if (k < 4) return sprintf("INSERT OR IGNORE INTO t VALUES(%d, %d, %d.5)", r(400), r(1000), r(100))
		if (k < 6) return sprintf("UPDATE t SET a = a + 1 WHERE id = %d", r(400))
		if (k < 7) return sprintf("UPDATE OR IGNORE t SET id = %d WHERE id = %d", r(400), r(400))
		if (k < 8) return sprintf("DELETE FROM t WHERE id = %d", r(400))
		if (k < 9) return sprintf("UPDATE t SET b = b + 1 WHERE id % 10 = %d", r(10))
		return sprintf("INSERT INTO t VALUES(%d, 1, 1) ON CONFLICT(id) DO UPDATE SET a = a + 10", r(400))
	}
	BEGIN {
		srand(seed); print ".timeout 20000"
		for (i = 0; i < n; i++) {
			print "BEGIN IMMEDIATE;"
			for (j = r(6); j >= 0; j--) {
				print one() ";"
				if (!r(8)) { print "SAVEPOINT s;"; print one() ";"; print r(2) ? "ROLLBACK TO s;" : "RELEASE s;" }
			}
			print r(8) ? "COMMIT;" : "ROLLBACK;"
		}
	}' | sqlite3 shop.db
}

change_all() {
	change_rows 1 700 & change_rows 2 700 & change_rows 3 700 &
	wait
}

# What the changes of the log leave, and each row that they take away was there: a file like that of `SELECT * FROM t`.
apply() {
	event-log cat log | awk -F , '
	NR > 1 {
		row = $4 "," $5 "," $6
		if ($1 ~ /^\+/) { if ($4 in have) { print "twice: " $0; bad = 1 } have[$4] = row }
		else { if (have[$4] != row) { print "not there: " $0; bad = 1 } delete have[$4] }
	}
	END { for (id in have) print have[id]; exit bad }' | sort
}

@test "a SQLite database, changed by three at once, 30 kills" {
	cdc-tail --help | grep -q sqlite:PATH || skip "this build has no sqlite3"
	need sqlite3
	sqlite3 shop.db "PRAGMA journal_mode = wal; CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b REAL); INSERT INTO t VALUES(1,1,1),(2,2,2)" > /dev/null
	cdc-tail sqlite:shop.db --table t --install > /dev/null
	change_all 3>&- &
	feeder=$!
	torture 30 "${WEIR_SEED:-7}" cdc-tail sqlite:shop.db --table t --epoch-interval 20ms --resume-from log '|' event-log append log
	run-pipeline --delay 10ms --restarts 20 -- cdc-tail sqlite:shop.db --table t --no-follow --resume-from log '|' event-log append log
	apply > applied
	sqlite3 -csv shop.db 'SELECT * FROM t' | sort | cmp - applied
	[[ $(event-log cat log | wc -l) -gt 3000 ]]
	[[ -z $(event-log cat log | awk -F , '$2 != "" { print $1, $3 }' | sort | uniq -d) ]]
}

@test "a snapshot under load: rows read and changes that follow are all, twenty runs" {
	cdc-tail --help | grep -q sqlite:PATH || skip "this build has no sqlite3"
	need sqlite3
	sqlite3 shop.db "PRAGMA journal_mode = wal; CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b REAL)" > /dev/null
	cdc-tail sqlite:shop.db --table t --install > /dev/null
	change_rows 4 1500 3>&- &
	feeder=$!
	for ((i = 0; i < 20; i++)); do
		cdc-tail sqlite:shop.db --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
	done
	wait "$feeder"
	for ((i = 0; i < 20; i++)); do
		cdc-tail sqlite:shop.db --table t --no-follow --resume-from "logs/$i" | event-log append "logs/$i"
		rm -f log && ln -s "logs/$i" log
		apply > applied
		sqlite3 -csv shop.db 'SELECT * FROM t' | sort | cmp - applied
	done
}
