# SPDX-License-Identifier: MIT
# cdc-tail of files: what is appended comes once, whatever becomes of the file's name.

load ../lib
load cases

# What is there now goes into the log.
capture() {     # file option...
	cdc-tail "file:$1" --no-follow --resume-from log "${@:2}" | event-log append log
	local status=("${PIPESTATUS[@]}")

	((status[0] == 0 && status[1] == 0)) || failed "capture $1" "status ${status[*]}"
}

# ... and this is in it.
has() {         # name line...
	event-log cat log | cmp - <(printf '%s\n' "${@:2}") || failed "$1" "$(event-log cat log)"
}

csv() {         # file line... -- a file with a header
	printf '%s\n' id,v "${@:2}" > "$1"
}

add() {         # file line...
	printf '%s\n' "${@:2}" >> "$1"
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${source-} ]] || kill -9 "$source" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

@test "plain output is the file; a record without its newline waits" {
	printf 'id,v\n1,a\n2,"b\n' > a.csv
	gives "quoted" $'id,v\n1,a' cdc-tail file:a.csv --no-follow
	printf 'c"\n3' >> a.csv
	gives "closed" $'id,v\n1,a\n2,"b\nc"' cdc-tail file:a.csv --no-follow
	printf '{"a":1}\n{"a":' > a.json
	gives "json" '{"a":1}' cdc-tail file:a.json --no-follow
	printf 'a\tb\n1\t"\n' > a.tsv
	gives "tsv" $'a\tb\n1\t"' cdc-tail file:a.tsv --no-follow
	printf '1,a\n2,b\n' > a.csv
	gives "no header" $'1,a\n2,b' cdc-tail file:a.csv --no-follow --no-header
	cdc-tail file:a.csv --no-follow --no-header --resume-from log | event-log append log
	has "numbered" @1,@2 1,a 2,b
}

@test "what looks like a control line is data" {
	printf '%s\n' '#!weir stop,b' '#!weir barrier epoch=9,x' '\#!weir stop,y' '1,"' '#!weir end,' > a.csv
	cdc-tail file:a.csv --no-follow --no-header --resume-from log 2> err | event-log append log
	event-log cat log | tail -n +2 | cmp - <(head -n 3 a.csv) || failed "escaped" "$(event-log cat log)"
	echo '"' >> a.csv
	capture a.csv --no-header
	event-log cat log | tail -n +2 | cmp - a.csv || failed "quoted" "$(event-log cat log)"
}

@test "a file that grows, line by line" {
	csv a.csv 1,a
	capture a.csv
	capture a.csv
	add a.csv 2,b
	capture a.csv
	printf 3, >> a.csv
	capture a.csv
	add a.csv c
	capture a.csv
	has "all" id,v 1,a 2,b 3,c
	event-log verify log > out || failed "verify" "$(cat out)"
}

@test "an empty file, one with a header alone: nothing yet, and all that comes" {
	: > a.csv
	capture a.csv
	echo id,v > a.csv
	capture a.csv
	add a.csv 1,a
	capture a.csv
	has "first" id,v 1,a
}

@test "renamed, and renamed again, and compressed: each line once" {
	csv a.csv 1,a 2,b
	capture a.csv
	add a.csv 3,c
	mv a.csv a.csv.1
	csv a.csv 4,d
	capture a.csv
	has "renamed" id,v 1,a 2,b 3,c 4,d
	add a.csv 5,e
	mv a.csv.1 a.csv.2 && gzip a.csv.2
	mv a.csv a.csv.1
	csv a.csv 6,f
	mv a.csv.2.gz a.csv.3.gz && mv a.csv.1 a.csv.2 && mv a.csv a.csv.1
	gzip a.csv.2
	csv a.csv 7,g
	capture a.csv
	has "compressed" id,v 1,a 2,b 3,c 4,d 5,e 6,f 7,g
	capture a.csv
	has "nothing more" id,v 1,a 2,b 3,c 4,d 5,e 6,f 7,g
}

@test "a rotated file whose last line has no end" {
	csv a.csv 1,a
	printf 2,b >> a.csv
	capture a.csv
	has "waits" id,v 1,a
	mv a.csv a.csv.1
	csv a.csv 3,c
	capture a.csv 2> err
	has "taken" id,v 1,a 2,b 3,c
	grep -q 'a.csv.*: its last line has no end' err || failed "said" "$(cat err)"
}

@test "copied and truncated: what the copy has of it comes first" {
	csv a.csv 1,a
	capture a.csv
	add a.csv 2,b
	cp a.csv a.csv.1
	: > a.csv
	csv a.csv 3,c 4,d 5,e
	capture a.csv
	has "copied" id,v 1,a 2,b 3,c 4,d 5,e
}

@test "lost: not one of its files is the one that was read" {
	csv a.csv 1,a
	capture a.csv
	csv a.csv 2,b 3,c
	refuses "lost" 78 'cdc-tail: a.csv: none of its files is the one that was read last: records are lost*' \
		cdc-tail file:a.csv --no-follow --resume-from log
	capture a.csv --on-gap continue 2> err
	has "goes on" id,v 1,a 2,b 3,c
	grep -q 'records are lost' err || failed "said" "$(cat err)"
}

# The next file gets its inode at once on many file systems.
@test "an inode that is used again is another file" {
	csv a.csv 1,a
	capture a.csv
	rm a.csv
	csv a.csv 2,b
	refuses "another file" 78 'cdc-tail: a.csv: none of its files*' cdc-tail file:a.csv --no-follow --resume-from log
}

@test "columns change with the file" {
	csv a.csv 1,a
	capture a.csv
	mv a.csv a.csv.1
	printf '%s\n' id,w,v 2,x,b > a.csv
	capture a.csv
	has "both" id,v,w 1,a, 2,b,x
	refuses "plain" 78 'cdc-tail: *the columns change from id,v to id,w,v*' cdc-tail 'file:a.csv*' --no-follow
}

@test "a pattern: all files, the oldest first, and those that come" {
	csv a-1.csv 1,a
	csv a-2.csv 2,b
	touch -d '2026-01-01' a-1.csv
	touch -d '2026-01-02' a-2.csv
	capture 'a-*.csv'
	has "both" id,v 1,a 2,b
	csv a-3.csv 3,c
	capture 'a-*.csv'
	has "three" id,v 1,a 2,b 3,c
}

@test "live: it waits for the file, follows renames, and ends by stop" {
	mkfifo pipe
	event-log append log < pipe 3>&- &
	sink=$!
	cdc-tail file:a.csv --resume-from log > pipe 2> err 3>&- &
	source=$!
	until_true grep -q 'no such file yet' err
	csv a.csv 1,a
	until_true shows 2
	add a.csv 2,b
	until_true shows 3
	mv a.csv a.csv.1
	add a.csv.1 3,c
	until_true shows 4
	csv a.csv 4,d
	until_true shows 5
	cp a.csv a.csv.0
	: > a.csv
	csv a.csv 5,e 6,f
	until_true shows 7
	kill -TERM $source
	wait $source || failed "source" "$?"
	wait $sink || failed "sink" "$?"
	has "all" id,v 1,a 2,b 3,c 4,d 5,e 6,f
}

shows() {       # lines
	(($(event-log cat log 2> /dev/null | wc -l) == $1))
}

@test "truncated without a copy: told, and gone on from the beginning" {
	mkfifo pipe
	event-log append log < pipe 3>&- &
	sink=$!
	csv a.csv 1,a
	cdc-tail file:a.csv --resume-from log > pipe 2> err 3>&- &
	source=$!
	until_true shows 2
	csv a.csv 2,b
	until_true shows 3
	grep -q 'cdc-tail: a.csv: it was truncated: going on from its beginning' err || failed "told" "$(cat err)"
	kill -TERM $source
	wait $source || failed "source" "$?"
	wait $sink || failed "sink" "$?"
	has "both" id,v 1,a 2,b
}

@test "the ledger balances" {
	csv a.csv 1,a 2,b
	cdc-tail file:a.csv --no-follow --stats > /dev/null 2> stats
	[[ $(ledger stats in out rows) == 'in=2 out=2 rows=2' ]] || failed "counters" "$(cat stats)"
	balanced "stats" stats
}

@test "--status: how far the sink is, and what is to come" {
	printf 'a\n1\n2\n' > x.csv
	[[ $(cdc-tail file:x.csv --status) == $'file\tx.csv at 0 of 6\nbehind\t6 bytes' ]] || failed "fresh" "$(cdc-tail file:x.csv --status)"
	cdc-tail file:x.csv --no-follow --resume-from log | event-log append log
	echo 3 >> x.csv
	[[ $(cdc-tail file:x.csv --status --resume-from log) == $'file\tx.csv at 6 of 8\nbehind\t2 bytes' ]] || failed "behind" "$(cdc-tail file:x.csv --status --resume-from log)"
	mv x.csv x.csv.1
	printf 'a\n4\n' > x.csv
	cdc-tail file:x.csv --status --resume-from log > out
	cmp out <(printf '%s\n' $'file\tx.csv.1 at 6 of 8' $'file\tx.csv, 4 bytes, to come' $'behind\t6 bytes') || failed "rotated" "$(cat out)"
}

@test "what is written after a look at a file that had nothing yet, and rotated before the next look, is not lost" {
	printf 'a\nold\n' > x.csv.0
	touch -d yesterday x.csv.0
	for what in gz plain copied; do
		rm -rf log x.csv x.csv.1*
		echo a > x.csv
		cdc-tail file:x.csv --no-follow --resume-from log | event-log append log
		seq 3 >> x.csv
		case $what in
		copied) cp x.csv x.csv.1 && : > x.csv ;;
		*) mv x.csv x.csv.1 ;;
		esac
		[[ $what != gz ]] || gzip x.csv.1
		echo a >> x.csv         # which may get the inode of the other
		cdc-tail file:x.csv --no-follow --resume-from log | event-log append log
		echo 4 >> x.csv
		cdc-tail file:x.csv --no-follow --resume-from log | event-log append log
		event-log cat log | cmp - <(printf '%s\n' a 1 2 3 4) || failed "$what" "$(event-log cat log)"
	done
	# of one that was not there at all
	rm -rf log x.csv x.csv.1*
	cdc-tail file:x.csv --resume-from log 2> err 3>&- | event-log append log 3>&- &
	until_true grep -q 'waiting for it' err
	pkill -TERM -f 'cdc-tail file:x.csv --resume-from log'
	wait $! || true
	printf 'a\n1\n' > x.csv
	mv x.csv x.csv.1
	echo a > x.csv
	cdc-tail file:x.csv --no-follow --resume-from log | event-log append log
	event-log cat log | cmp - <(printf '%s\n' a 1) || failed "not there" "$(event-log cat log)"
}
