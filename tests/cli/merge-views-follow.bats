# SPDX-License-Identifier: MIT
# merge-views --follow: what it has printed, applied in order, is at any moment what merge-views prints. No test waits for a clock: each
# waits for rows.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a shell of its own: V is its own too

load ../lib
load cases
load ranges

follow() {      # args... -- in the background, rows into ./followed
	merge-views --follow "$@" > followed 2> followed.err 3>&- &
	pid=$!
}

# Ends it by a signal and keeps its status.
stop() {        # [signal]
	kill "-${1:-TERM}" "$pid"
	status=0
	wait "$pid" || status=$?
	pid=
}

teardown() {
	[[ -z ${pid-} ]] || kill "$pid" || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

# Upserts and deletes of ./followed applied to a map whose key is made of that many columns; rows sorted, the header first. A row that
# repeats itself, and a delete of one that is not there, are shown.
applied() {     # columns
	awk -F, -v OFS=, -v n="$1" '
	NR == 1 { sub(/^_change,/, ""); print "0 " $0; next }
	{
		change = $1; key = $2
		for (i = 3; i <= n + 1; i++) key = key OFS $i
		row = substr($0, length(change) + 2)
		if (change == "upsert" && have[key] == row) print "1 repeats itself: " $0
		if (change == "delete" && have[key] != row) print "1 deletes what is not there: " $0
		if (change !~ /^(upsert|delete)$/) print "1 " $0
		have[key] = change == "upsert" ? row : ""
	}
	END { for (key in have) if (have[key] != "") print "2 " have[key] }' followed | sort | cut -d' ' -f2-
}

printed() {     # args...
	merge-views "$@" | awk '{ print (NR == 1 ? "0 " : "2 ") $0 }' | sort | cut -d' ' -f2-
}

is_followed() { # columns args...
	[[ $(applied "$1") == "$(printed "${@:2}")" ]]
}

ends_with() {   # text
	[[ $(tail -n 1 followed) == "$1"* ]]
}

# Waits until what was printed is what merge-views prints.
follows() {     # name columns args...
	until_true is_followed "${@:2}" || equal "$1" "$(printed "${@:3}")" "$(applied "$2")"
}

@test "--follow: all rows, then those that change; at any time the rows of merge-views" {
	range gmv 0 300
	follow gmv
	follows "the first rows" 4 gmv
	equal "as merge-views prints them" "$(merge-views gmv | sed '1s/^/_change,/; 2,$s/^/upsert,/')" "$(< followed)"
	for at in {300..480..20}; do
		before=$(wc -l < followed)
		range gmv "$at" $((at + 20))
		follows "to $((at + 20))" 4 gmv
		after=$(($(wc -l < followed) - before))
		((after > 0 && after <= $(rows "$at" $((at + 20)) | wc -l) - 1)) || failed "at $at" "$after rows are more than its file touches"
	done
	stop
	equal "by the signal" 143 "$status"
	equal "nothing on stderr" "" "$(< followed.err)"
}

@test "--follow: compaction and batch print nothing, what they change is printed" {
	for at in {0..180..20}; do
		range gmv "$at" $((at + 20))
	done
	follow gmv
	follows "the first rows" 4 gmv
	before=$(wc -l < followed)
	range gmv 100 160
	rm gmv/*0100-*120.* gmv/*0120-*140.* gmv/*0140-*160.*
	range gmv 0 160 batch-1
	range gmv 200 210
	follows "a row behind them" 4 gmv
	(($(wc -l < followed) - before <= $(rows 200 210 | wc -l) - 1)) || failed "compaction and batch" "$(tail -n +$((before + 1)) followed)"
	# a batch that puts right what speed had wrong, and is taken back
	records 0 150 | window-agg -V "$V" -e partial | make_range gmv orders 5d2f0badc0ffee00 batch-2 0 210
	follows "a batch of other rows" 4 gmv
	rm gmv/*batch-2*
	follows "its rollback" 4 gmv
	rm gmv/*batch-1* gmv/*0160-*
	follows "up to a gap" 4 gmv 2> err
	touch gmv/looked-at-again
	range gmv 210 220
	until_true grep -q 'records 160-180 are missing' followed.err
	equal "which is told once" 'merge-views: gmv: orders: records 160-180 are missing; served up to 160' "$(< followed.err)"
	stop
}

@test "--follow: rows that are no more there are deleted" {
	V=changes.view
	printf '%s\n' 'time t' 'time-unit ms' 'window 1h' 'group-by k' 'measure n = count()' retract > $V
	at=0
	change() {      # record...
		printf '%s\n' _op,t,k "$@" | window-agg -V "$V" -e partial | make_range gmv orders 5d2f0badc0ffee00 speed "$at" $((at + 1))
		((++at))
	}
	change +I,1,a +I,2,b
	follow gmv
	follows "two rows" 3 gmv
	change -D,1,a
	follows "one of them" 3 gmv
	equal "by a delete" 'delete,1970-01-01T00:00:00Z,1970-01-01T01:00:00Z,a,1' "$(tail -n 1 followed)"
	change +I,3,a
	follows "and back" 3 gmv
	change -D,9,c
	change +I,9,c
	change +I,4,b
	follows "a row of weight 0 was never there" 3 gmv
	equal "nor printed" 0 "$(grep -c ',c,' followed)"
	stop
}

@test "--follow: selection, roll-up and derived columns" {
	while IFS='|' read -r columns args; do
		rm -rf gmv
		range gmv 0 100
		read -r -a args <<< "$args"
		follow "${args[@]}" gmv
		for at in {100..280..30}; do
			range gmv "$at" $((at + 30))
		done
		follows "${args[*]}" "$columns" "${args[@]}" gmv
		range gmv 0 190 batch-1
		range gmv 310 320
		follows "${args[*]}, and a batch" "$columns" "${args[@]}" gmv
		stop
	done <<- 'EOT'
	3|-w 1d -g c -d per=s/n
	3|-w 3h --slide 1h -g c
	1|-w none -g k
	2|--group-by= -w 2h
	4|--where n%2==0
	4|--where n>3 --since 2023-11-14T23:00:00Z --until 2023-11-15T00:00:00Z
	EOT
}

@test "--follow: a row that is selected no more is deleted" {
	range gmv 0 300
	follow -w none -g '' --where 'n < 400' gmv
	until_true grep -q '^upsert,300,' followed
	range gmv 300 399
	until_true grep -q '^upsert,399,' followed
	range gmv 399 405
	until_true grep -q '^delete,399,' followed
	stop
	equal "all of it" 4 "$(wc -l < followed)"
}

@test "--follow: sessions that grow and join take their former rows away" {
	V=visit.view
	range visit 0 5
	follow visit
	for at in {5..245..5}; do
		range visit "$at" $((at + 5))
	done
	follows "sessions" 3 visit
	grep -q ^delete, followed || failed "sessions" "none was taken away"
	range visit 0 100 batch-1
	range visit 250 260
	follows "and a batch" 3 visit
	stop
}

@test "--follow: several views and sources, one that comes later" {
	mkdir two
	range one 0 100
	follow -w none -g '' one two
	until_true grep -q '^upsert,100,' followed
	range two 0 50 speed orders 1111111111111111
	range one 0 20 speed refunds 2222222222222222
	until_true grep -q '^upsert,170,' followed
	rm one/refunds*
	until_true ends_with upsert,150,
	stop
	equal "the empty one was told of" 'merge-views: two: no range file yet' "$(< followed.err)"
}

@test "--follow: formats and header" {
	range gmv 0 10
	follow --header -o ndjson gmv
	until_true test -s followed
	equal "header" '{"@weir":"view","view":"gmv"' "$(head -n 1 followed | cut -d, -f1,2)"
	equal "rows" "$(rows 0 10 -o ndjson | sed 's/^{/{"_change":"upsert",/')" "$(tail -n +2 followed)"
	stop
}

@test "--follow: an empty view waits for rows with -V" {
	mkdir gmv
	follow -V "$V" gmv
	until_true test -s followed
	range gmv 0 10
	follows "the first file" 4 gmv
	stop
	mkdir none
	refuses "no columns" 69 'merge-views: none: no range file yet' merge-views --follow none
}

@test "--follow: ends when its definition changes, a batch is damaged, or something is missing and --strict" {
	range gmv 0 100
	follow gmv
	until_true test -s followed
	sed 's/1h/2h/' gmv.view > other.view
	V=other.view range gmv 0 50 batch-1
	status=0
	wait "$pid" || status=$?
	pid=
	[[ $status -eq 75 && $(< followed.err) == 'merge-views: gmv: its definition has changed '*': start again' ]] || failed "definition" "$status $(< followed.err)"
	rm gmv/*batch*
	follow gmv
	until_true test -s followed
	range new 0 100 batch-1
	truncate -s -9 new/*
	mv new/* gmv
	status=0
	wait "$pid" || status=$?
	pid=
	equal "damage" 65 "$status"
	rm gmv/*batch*
	follow --strict gmv
	until_true test -s followed
	range gmv 120 130
	status=0
	wait "$pid" || status=$?
	pid=
	equal "strict" "65 merge-views: gmv: orders: records 100-120 are missing; served up to 100" "$status $(< followed.err)"
}

@test "--follow: ends with its reader, and by signals, after the ledger where that is wanted" {
	range gmv 0 100
	timeout 20 merge-views --follow gmv 2> err | head -n 1 > out
	equal "reader gone" "141" "${PIPESTATUS[0]}"
	equal "quietly" "" "$(< err)"
	for signal in INT TERM; do
		follow --stats gmv
		until_true test -s followed
		until_true is_waiting "$pid"
		stop $signal
		equal "$signal" "$((128 + $(kill -l $signal)))" "$status"
		equal "$signal, ledger" "in=$(rows 0 100 | tail -n +2 | wc -l) rows=$(rows 0 100 | tail -n +2 | wc -l)" "$(ledger followed.err in rows)"
	done
	merge-views --follow gmv > /dev/full 2> err && failed "full disk" "no error"
	equal "full disk" 'merge-views: stdout: No space left on device' "$(< err)"
}

@test "--follow: usage" {
	range gmv 0 10
	refuses "stdin" 64 'merge-views: --follow: needs the directory of a view' merge-views --follow
	refuses "not there yet" 74 'merge-views: nothing: No such file or directory' merge-views --follow gmv nothing
	refuses "a file" 64 'merge-views: --follow: orders.csv is not the directory of a view' merge-views --follow gmv orders.csv
	for args in '--order n' '--top 1' --per-window; do
		# shellcheck disable=SC2086
		refuses "$args" 64 'merge-views: --follow: not with --order, --top and --per-window' merge-views --follow $args gmv
	done
	refuses "partials" 64 'merge-views: --follow: not with --emit' merge-views --follow -e partial gmv
	refuses "fill" 64 'merge-views: --follow: not with --fill: *' merge-views --follow --fill gmv
	refuses "age" 64 'merge-views: --follow: not with --max-age' merge-views --follow --max-age 1s gmv
	refuses "where" 64 'merge-views: --where: the output has no column "_change"' merge-views --follow --where '_change == "x"' gmv
	refuses "since" 64 'merge-views: --since: soon: *' merge-views --follow --since soon gmv
}

# The best of several: a machine under load may be late, but looking once a second never is this early.
@test "--follow: a file is printed within milliseconds" {
	for at in {0..60..10}; do
		range new "$at" $((at + 10))
	done
	mkdir gmv
	mv new/*00000-* gmv
	follow -w none -g '' gmv
	until_true grep -q '^upsert,10,' followed
	for at in {10..60..10}; do
		before=$(date +%s%N)
		mv new/*"$(printf %020d "$at")-"* gmv
		until grep -q "^upsert,$((at + 10))," followed; do :; done
		echo $((($(date +%s%N) - before) / 1000000))
	done | sort -n > ms
	stop
	(($(head -n 1 ms) < 60)) || failed "milliseconds" "$(tr '\n' ' ' < ms)"
}

@test "--follow: without inotify it looks" {
	is_plain_build || skip "sanitizers do not run under strace"
	need strace
	strace -D -o /dev/null -e trace=inotify_init1 -e inject=inotify_init1:error=ENOSYS true || skip "strace cannot inject here"
	range gmv 0 10
	strace -D -o calls -e trace=inotify_init1,inotify_add_watch -e inject=inotify_init1:error=ENOSYS merge-views --follow -w none -g '' gmv > followed 2> err 3>&- &
	pid=$!
	until_true grep -q '^upsert,10,' followed
	range gmv 10 20
	until_true grep -q '^upsert,20,' followed
	stop
	[[ $(grep -c INJECTED calls) -eq 1 && $(grep -c add_watch calls) -eq 0 ]] || failed "inotify" "$(< calls)"
}
