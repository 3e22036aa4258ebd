# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Random changes of a table `t(id, a, b)` in SQL, and what a log of captured changes leaves when it is applied to an empty one.

# Rows that come, change, get other keys and go; savepoints, rollbacks, statements of many rows, also such that fail. SQL for both.
change_rows() { # seed transactions begin
	awk -v seed="$1" -v n="$2" -v begin="$3" '
	function r(k) { return int(rand() * k) }
	function one() {
		k = r(10)
		if (k < 4) return sprintf("INSERT INTO t VALUES(%d, %d, %d.5) ON CONFLICT(id) DO NOTHING", r(400), r(1000), r(100))
		if (k < 6) return sprintf("UPDATE t SET a = a + 1 WHERE id = %d", r(400))
		if (k < 7) { to = r(400); return sprintf("UPDATE t SET id = %d WHERE id = %d AND NOT EXISTS (SELECT 1 FROM t WHERE id = %d)", to, r(400), to) }
		if (k < 8) return sprintf("DELETE FROM t WHERE id = %d", r(400))
		if (k < 9) return sprintf("UPDATE t SET b = b + 1 WHERE id %% 10 = %d", r(10))
		return sprintf("INSERT INTO t VALUES(%d, 1, 1) ON CONFLICT(id) DO UPDATE SET a = t.a + 10", r(400))
	}
	BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) {
			print begin ";"
			for (j = r(6); j >= 0; j--) {
				print one() ";"
				if (!r(8)) { print "SAVEPOINT s;"; print one() ";"; print r(2) ? "ROLLBACK TO SAVEPOINT s;" : "RELEASE SAVEPOINT s;" }
			}
			print r(8) ? "COMMIT;" : "ROLLBACK;"
		}
	}'
}

# What the changes of a log leave of id, a and b, and each row that they take away was there: a file like that of `SELECT id, a, b FROM t`.
apply() {       # log
	event-log cat "$1" | awk -F , '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{
		id = $at["id"]; row = id "," $at["a"] "," $at["b"]
		if ($1 ~ /^\+/) { if (id in have) { print "twice: " $0; bad = 1 } have[id] = row }
		else { if (have[id] != row) { print "not there: " $0; bad = 1 } delete have[id] }
	}
	END { for (id in have) print have[id]; exit bad }' | sort
}

# No place of a change is there twice; those of a snapshot have no time.
places_are_unique() {   # log
	local twice

	twice=$(event-log cat "$1" | awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR > 1 && $2 != "" { print $1, $at["_pos"] }' | sort | uniq -d)
	[[ -z $twice ]] || { echo "$twice" | head; return 1; }
}

grows() {       # records
	(($(event-log cat log 2> /dev/null | wc -l) > $1))
}

is_applied() {  # what prints the table's rows
	apply log > applied && "$1" | cmp -s - applied
}

# While a table is changed and emptied at random and members of the pipeline are killed: each time the log cannot say which rows went (78), a fresh sink
# takes over, as the message says. The last sink is log.$sink. The words are those of the source, in which SINK is the sink.
follow_truncated() {    # words...
	local status=0 victims

	sink=0
	prepare_sink log.0
	while kill -0 "$feeder" 2> /dev/null || ((status == 78)); do
		launch "${@//SINK/log.$sink}" '|' event-log append "log.$sink"
		while kill -0 "$runner" 2> /dev/null && kill -0 "$feeder" 2> /dev/null; do
			nap 10
			mapfile -t victims < <(children "$runner")
			((${#victims[@]} == 0)) || kill -9 "${victims[RANDOM % ${#victims[@]}]}" 2> /dev/null || true
		done
		kill -TERM "$runner" 2> /dev/null || true
		status=0
		wait "$runner" || status=$?
		[[ $status == 78 ]] || continue
		sink=$((sink + 1))
		prepare_sink "log.$sink"
	done
}
