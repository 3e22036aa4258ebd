# SPDX-License-Identifier: MIT
# event-log prune: old segments go when every view has what it needs of them, and what the views say stays the same.

load ../lib
load cases

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '%s\n' 'time t' 'time-unit ms' 'window 10ms' 'measure n = count()' 'measure sum = sum(v)' > sum.view
	printf '%s\n' 'time t' 'time-unit ms' 'window none' 'measure n = count()' > all.view
}

# Another sealed segment of ten records: 10 * number ...
segment() {     # log number
	(echo t,v; for i in {0..9}; do echo "$((10 * $2 + i)),$i.5"; done) | event-log append "$1"
	event-log seal "$1"
}

segments() {    # log
	(cd "$1" && printf '%s\n' *.log*) | sed 's/^0*\([0-9]\)/\1/; s/\..*//' | xargs
}

build() {       # name option...
	batch-view -V "$1.view" --store "$1" "${@:2}" log
}

@test "nothing goes unless someone has said what may" {
	for i in 0 1 2; do
		segment log $i
	done
	build sum
	refuses "no views" 78 'event-log: log: name the views made from it by --views, *' event-log prune --keep 0 log
	refuses "how old" 64 'event-log: --keep: how old must a record be to go?' event-log prune --views sum log
	refuses "no such view" 74 'event-log: views/sum: No such file or directory' event-log prune --keep 0 --views views/sum log
	event-log prune --keep 1h --views sum log > out
	[[ $(< out) == 'log: nothing may go: '* && $(segments log) == '0 10 20' ]] || failed "too young" "$(cat out)"
	mkdir empty
	event-log prune --keep 0 --views sum --views empty log > out
	equal "a view that has nothing yet" "0 10 20" "$(segments log)"
	event-log cat --resume-from live log | window-agg -V all.view --emit partial | view-store live
	event-log prune --keep 0 --views sum --views live log > out
	equal "a view of speed files" "0 10 20" "$(segments log)"
	equal "the newest generation ends with the last segment, which stays" 1 "$(find sum -name '*.batch-*' | wc -l)"
}

@test "what a log that is made from it has not read stays" {
	segment log 0
	event-log cat --resume-from clean log | event-log append clean
	for i in 1 2 3; do
		build sum --freeze
		segment log $i
	done
	event-log prune --keep 0 --views sum --views clean log > out
	equal "up to where it stands" "10 20 30" "$(segments log)"
	event-log cat --resume-from clean log | event-log append clean
	event-log prune --keep 0 --views sum --views clean log > out
	equal "all that it has read" "30" "$(segments log)"
	equal "nothing is lost of it" "$(seq 0 39)" "$(event-log cat clean | tail -n +2 | cut -d , -f 1)"
	segment other 0
	refuses "no sink of a log" 78 'event-log: other: it is a log that is made from no other' event-log prune --keep 0 --views other log
}

@test "what goes is frozen first, and views say the same" {
	segment log 0
	segment log 1
	build sum
	segment log 2
	segment log 3
	build all
	build sum --freeze
	segment log 4
	build sum
	merge-views sum > before
	# sum ends at 20 (frozen, of the first) and so on; all ends at 40 alone
	event-log prune --dry-run --keep 0 --views sum --views all log > out
	equal "only told" "0 10 20 30 40" "$(segments log)"
	equal "and nothing frozen by it" 0 "$(find all -name '*frozen*' | wc -l)"
	grep -q 'records 0 to 10 would be removed' out || failed "told" "$(cat out)"
	event-log prune --keep 0 --views sum --views all log > out || failed "prune" "$(cat out)"
	equal "all but the last" "40" "$(segments log)"
	equal "frozen" 1 "$(find all -name '*frozen*' | wc -l)"
	merge-views sum | cmp - before || failed "the same" "differs"
	refuses "what is gone is told" 78 'event-log: log: *pruned*' event-log cat --from 5 log
	segment log 5
	build sum
	build all
	(cat before; echo '1970-01-01T00:00:00.050Z,1970-01-01T00:00:00.060Z,10,50.0') | cmp - <(merge-views sum) || failed "goes on" "$(merge-views sum)"
	gives "and so does the other" "$(printf 'n\n60')" merge-views all
	event-log verify log > /dev/null || failed "verify" "no"
	event-log append log < <(printf 't,v\n60,1\n')
	equal "and the log" "61 21" "$(event-log info log | awk '/^last/ { split($2, p, "@"); print p[1] }') $(event-log info log | awk '/^records/ { print $2 }')"
}

@test "killed at any step, it is done again" {
	need strace
	is_plain_build || skip "strace and leak checks do not go together"
	strace -o /dev/null true 2> /dev/null || skip "strace is not allowed here"
	for i in 0 1 2 3; do
		segment log $i
	done
	build sum
	segment log 4
	merge-views sum > before
	cp -r log log.whole
	cp -r sum sum.whole
	for call in rename,renameat,renameat2 unlink,unlinkat fsync; do
		for n in {1..20}; do
			rm -rf log sum && cp -r log.whole log && cp -r sum.whole sum
			killed=0
			strace -qq -o trace -e trace=$call -e inject="$call:signal=KILL:when=$n" event-log prune --keep 0 --views sum log > out 2>&1 || killed=1
			merge-views sum | cmp - before || failed "$call $n" "the view"
			event-log verify log > out 2>&1 || failed "$call $n" "$(cat out)"
			event-log prune --keep 0 --views sum log > out || failed "$call $n" "$(cat out)"
			equal "$call $n" "40" "$(segments log)"
			((killed)) || break
		done
	done
}

@test "where all views end, and no other log's" {
	segment log 0
	build sum
	segment log 1
	build all
	segment log 2
	event-log prune --keep 0 --views sum --views all log > out
	equal "no common end" "0 10 20" "$(segments log)"
	build sum
	rm -rf all
	build all
	event-log prune --keep 0 --views sum --views all --to 15 log > out
	equal "--to: not that far" "0 10 20" "$(segments log)"
	mv log mine
	segment log 0
	segment log 1
	refuses "another log of that name" 78 'event-log: sum: it is made from another log named log' event-log prune --keep 0 --views sum log
	gives "without views, as far as is said" 'mine: records 0 to 10 removed' event-log prune --to 19 mine
	equal "so far" "10 20" "$(segments mine)"
	gives "never the last one" 'mine: records 10 to 20 removed' event-log prune --to 1000 mine
	equal "it says where the log is" "20" "$(segments mine)"
}

@test "while it is written, and while a view is built" {
	for i in 0 1 2; do
		segment log $i
	done
	build sum
	segment log 3
	mkfifo in
	event-log append log < in 2> err &
	writer=$!
	exec 7> in
	printf 't,v\n40,1\n' >&7
	stored() { [[ $(event-log info log | awk '/^records/ { print $2 }') == 41 ]]; }
	until_true stored
	flock sum/.batch.lock event-log prune --keep 0 --views sum log > out 2> held && failed "being built" "pruned"
	equal "being built" 'event-log: the view is being built by another process' "$(< held)"
	event-log prune --keep 0 --views sum log > out || failed "prune" "$(cat out)"
	printf '41,1\n' >&7
	exec 7>&-
	wait "$writer" || failed "the writer" "$(cat err)"
	equal "goes on" "30 40" "$(segments log)"
	event-log verify log > out || failed "verify" "$(cat out)"
}
