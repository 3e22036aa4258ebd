# SPDX-License-Identifier: MIT
# cdc-tail by asking again and again: what is behind a cursor, and the whole table compared with what the sink has.

load ../lib
load cases

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cdc-tail --help | grep -q sqlite:PATH || skip "this build has no sqlite3"
}

teardown() {
	[[ -z ${source-} ]] || kill -9 "$source" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

sql() {
	sqlite3 -cmd '.timeout 10000' shop.db "$1"
}

capture() {     # option...
	cdc-tail poll:sqlite:shop.db --table t --key id --no-follow --resume-from log "$@" | event-log append log
	local status=("${PIPESTATUS[@]}")

	((status[0] == 0 && status[1] == 0)) || failed "capture" "status ${status[*]}"
}

has() {         # name line...
	event-log cat log | sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' | cmp - <(printf '%s\n' "${@:2}") || failed "$1" "$(event-log cat log)"
}

@test "what does not go together is refused" {
	sql "CREATE TABLE t(id INTEGER PRIMARY KEY, u); INSERT INTO t VALUES(1, NULL), (2, 5)"
	poll=(cdc-tail poll:sqlite:shop.db --table t --key id)
	refuses "nothing said" 64 'cdc-tail: poll: either --cursor COLUMN*' "${poll[@]}"
	refuses "both" 64 'cdc-tail: poll: either --cursor COLUMN*' "${poll[@]}" --cursor u --diff
	refuses "no key" 64 'cdc-tail: poll: --key: *' cdc-tail poll:sqlite:shop.db --table t --diff
	refuses "two tables" 64 'cdc-tail: poll: one --table at a time' cdc-tail poll:sqlite:shop.db --table t,u --key id --diff
	refuses "of what" 64 'cdc-tail: poll: a table of what?*' cdc-tail poll:file:x --table t --key id --diff
	refuses "of what at all" 64 'cdc-tail: poll: a table of what?*' cdc-tail poll:x --table t --key id --diff
	refuses "no such table" 78 'cdc-tail: *none*' cdc-tail poll:sqlite:shop.db --table none --key id --diff
	refuses "no such column" 78 'cdc-tail: poll: table t has no column "x"' cdc-tail poll:sqlite:shop.db --table t --key x --diff --no-follow
	refuses "a key that is none" 65 'cdc-tail: poll: table t: two rows of one key*' bash -c 'sqlite3 shop.db "INSERT INTO t VALUES(3, 5)"; exec cdc-tail poll:sqlite:shop.db --table t --key u --diff --no-follow > /dev/null'
	for what in "--columns id" "--where id>1" "-o debezium"; do
		# shellcheck disable=SC2086 # words
		refuses "not all of it: $what" 64 'cdc-tail: --diff compares with what the sink has, which must be all of it*' "${poll[@]}" --diff $what
	done
	refuses "the snapshot alone" 64 'cdc-tail: poll: --no-follow ends it*' "${poll[@]}" --diff --snapshot only
	refuses "no sink" 64 'cdc-tail: poll: --diff compares with what the sink has: say --resume-from' "${poll[@]}" --diff --from poll:5
	refuses "another's place" 78 'cdc-tail: poll: "sqlite:1:5" is no number of looks*' "${poll[@]}" --diff --from sqlite:1:5
	refuses "another's place" 78 'cdc-tail: poll: "poll:v:1:1" is no place by --cursor u*' "${poll[@]}" --cursor u --from poll:v:1:1
	refuses "the place of another key" 78 'cdc-tail: poll: "poll:u:1" is no place by --cursor u*' "${poll[@]}" --cursor u --from poll:u:1
}

@test "--diff: inserts, updates and deletes, each row before it too" {
	sql "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES(1, 'x', 1.5), (2, 'it''s', NULL), (3, '', x'00')"
	capture --diff
	has "all" _op,id,a,b +I,1,x,1.5 "+I,2,it's," +I,3,,AA==
	capture --diff
	sql "UPDATE t SET a = 'y' WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES(4, 'n', 2)"
	capture --diff
	has "changes" _op,id,a,b +I,1,x,1.5 "+I,2,it's," +I,3,,AA== -U,1,x,1.5 +U,1,y,1.5 +I,4,n,2 "-D,2,it's,"
	sql "ALTER TABLE t ADD c DEFAULT 7; DELETE FROM t WHERE id > 1"
	capture --diff
	event-log cat log | tail -n 4 | sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' > out
	cmp out <(printf '%s\n' -U,1,y,1.5, +U,1,y,1.5,7 -D,3,,AA==, -D,4,n,2,) || failed "a column more" "$(cat out)"
	sql "DELETE FROM t"
	capture --diff
	[[ $(event-log cat log | tail -n 1) == -D,*,1,y,1.5,7 ]] || failed "empty" "$(event-log cat log)"
	capture --diff
	event-log append log <<< '_op,_ts,_pos,id,a,b,c
-D,,x,9,,,' 2> err || true
	refuses "fed by others too" 78 "cdc-tail: log: its changes do not follow from each other*" cdc-tail poll:sqlite:shop.db --table t --key id --no-follow --resume-from log --diff
}

@test "--diff in NDJSON: values are what they were" {
	sql "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES(1, 5), (2, 'five'), (3, NULL)"
	capture --diff -o ndjson
	sql "UPDATE t SET a = 6 WHERE id = 1; DELETE FROM t WHERE id = 2; DELETE FROM t WHERE id = 3"
	capture --diff -o ndjson
	event-log cat log | tail -n 4 | sort | jq -c '[._op, .id, .a]' > out
	cmp out <(printf '%s\n' '["+U",1,6]' '["-D",2,"five"]' '["-D",3,null]' '["-U",1,5]') || failed "values" "$(cat out)"
}

@test "--cursor: what is new or changed, once, in its order; values that are the same in many rows" {
	sql "CREATE TABLE t(id INTEGER PRIMARY KEY, a, u); INSERT INTO t VALUES(5,'a','2026-01-01 10:00'),(2,'b','2026-01-01 10:00'),(9,'c','2026-01-01 09:00'),(7,'none',NULL)"
	capture --cursor u --delay 0
	has "all" _op,id,a,u "+I,9,c,2026-01-01 09:00" "+I,2,b,2026-01-01 10:00" "+I,5,a,2026-01-01 10:00"
	sql "INSERT INTO t VALUES(6,'d','2026-01-01 10:00'); UPDATE t SET a = 'e', u = '2026-01-01 10:30' WHERE id = 9"
	capture --cursor u --delay 50ms
	[[ $(event-log cat log | tail -n 2 | cut -d , -f 4-) == $'6,d,2026-01-01 10:00\n9,e,2026-01-01 10:30' ]] || failed "changes" "$(event-log cat log)"
	capture --cursor u --delay 0
	[[ $(event-log cat log | wc -l) == 6 ]] || failed "once" "$(event-log cat log)"
	rm -r log
	capture --cursor u --delay 0 --snapshot never
	sql "INSERT INTO t VALUES(10,'x''y','2026-01-01 11:00')"
	capture --cursor u --delay 0
	has "from now on" _op,id,a,u "+I,10,x'y,2026-01-01 11:00"
	[[ $(event-log info log | sed -n 's/^source\t//p') == "poll:u:'2026-01-01%2011%3A00':10" ]] || failed "place" "$(event-log info log)"
}

@test "it follows; what comes below is waited for as long as --delay" {
	sql "PRAGMA journal_mode = wal; CREATE TABLE t(id INTEGER PRIMARY KEY, u); INSERT INTO t VALUES(1, 100)" > /dev/null
	cdc-tail poll:sqlite:shop.db --table t --key id --cursor u --delay 3s --interval 20ms > out 3>&- &
	source=$!
	sql "INSERT INTO t VALUES(2, 50)"               # as if it had begun earlier
	until_true grep -q ',2,50$' out
	until_true grep -q ',1,100$' out
	sql "INSERT INTO t VALUES(3, 200)"
	until_true grep -q ',3,200$' out
	kill $source
	cdc-tail poll:sqlite:shop.db --table t --key id --diff --interval 20ms > out2 3>&- &
	source=$!
	until_true grep -q ',3,200$' out2
	sql "DELETE FROM t WHERE id = 3"
	until_true grep -q '^-D.*,3,200$' out2
}
