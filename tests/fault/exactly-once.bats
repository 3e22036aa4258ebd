# SPDX-License-Identifier: MIT
# Exactly once: whatever dies, whenever, started again the pipelines give the bytes of a run that nothing happened to. And each step of
# the protocol is needed: without it one of these fails.

load ../lib
load ../cli/cases
load pipeline

# 12000 records with repeats, half a minute out of order, in pieces of 300.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	awk 'BEGIN {
		srand(3); print "id,t,k,v"
		for (i = 0; i < 12000; i++)
			printf "%d,%d,k%d,%d.%02d\n", i - (rand() < 0.2 ? int(rand() * 500) : 0), 1700000000 + i - int(rand() * 30), rand() * 7, rand() * 90, rand() * 99
	}' > in.csv
	mkdir pieces
	tail -n +2 in.csv | split -l 300 - pieces/
	sed -i 1iid,t,k,v pieces/*
	cat > sum.view <<- 'EOT'
		time     t
		window   1m
		group-by k
		measure  n = count()
		measure  s = sum(v)
	EOT
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	in=$BATS_FILE_TMPDIR
	view=$in/sum.view
	once=(dedupe -k id -t t --within 1h --watermark-delay 31s --state state)
	sums=(window-agg -V "$view" --watermark-delay 31s --emit final --state state)
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${runner-} ]] || kill -9 "$runner" 2> /dev/null || true
	[[ -z ${feeder-} ]] || kill -9 "$feeder" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

# A log of some records.
log_of() {      # log lines...
	printf '%s\n' id,t,k,v "${@:2}" | event-log append "$1"
}

begins_with() { # file beginning
	head -c "$(wc -c < "$2")" "$1" | cmp - "$2"
}

@test "rows 26-28: a pipeline from log to log, 30 kills" {
	event-log append whole "$in/in.csv"
	event-log cat --checked --final whole | "${once[@]}" | "${sums[@]}" | event-log append right
	event-log cat right > right.csv
	[[ $(wc -l < right.csv) -gt 1000 ]]
	rm -r state
	feed log "$in"/pieces/*
	torture 30 "${WEIR_SEED:-1}" event-log cat --follow --epoch-interval 50ms --resume-from copy log '|' "${once[@]}" '|' "${sums[@]}" '|' event-log append copy
	event-log cat copy > part.csv
	begins_with right.csv part.csv
	run-pipeline --delay 10ms --restarts 20 -- event-log cat --final --resume-from copy log '|' "${once[@]}" '|' "${sums[@]}" '|' event-log append copy
	event-log cat copy > out.csv
	cmp right.csv out.csv
	cmp <(event-log cat whole) <(event-log cat log)
}

@test "rows 26-28: a view, 30 kills" {
	window-agg -V "$view" "$in/in.csv" > right.csv
	feed log "$in"/pieces/*
	torture 30 "${WEIR_SEED:-2}" event-log cat --follow --epoch-interval 50ms --resume-from view log '|' window-agg -V "$view" --emit partial '|' view-store view
	run-pipeline --delay 10ms --restarts 20 -- event-log cat --resume-from view log '|' window-agg -V "$view" --emit partial '|' view-store view
	merge-views view > out.csv
	cmp right.csv out.csv
}

@test "rows 26-28: a filter of others in between, 30 kills" {
	awk -F, 'NR == 1 || $3 != "k3"' "$in/in.csv" | tail -n +2 > right
	feed log "$in"/pieces/*
	torture 30 "${WEIR_SEED:-3}" event-log cat --follow --epoch-interval 50ms --resume-from copy log '|' through -- grep -v ',k3,' '|' event-log append copy
	run-pipeline --delay 10ms --restarts 20 -- event-log cat --resume-from copy log '|' through -- grep -v ',k3,' '|' event-log append copy
	event-log cat copy | tail -n +2 > out.csv
	cmp right out.csv
}

# --- One thing at a time, on a small log ---------------------------------------------------------

# 60 records, each id twice and three epochs long, as `log`; and what is right: the log `right` in right.csv, the view in view.csv.
small() {
	awk 'BEGIN { print "id,t,k,v"; for (i = 0; i < 60; i++) printf "%d,%d,k%d,%d.50\n", i % 7 ? i : i - i % 14, 1700000000 + 20 * i, i % 3, i }' > small.csv
	rm -rf log copy right view state
	event-log append log small.csv
	event-log cat --final --resume-from right log | "${once[@]}" | "${sums[@]}" | event-log append right
	event-log cat right > right.csv
	window-agg -V "$view" small.csv > view.csv
	[[ $(wc -l < right.csv) -gt 40 ]]
	rm -r state
}

# The source, from where a sink stands.
source_for() {  # sink options...
	event-log cat --epoch-records 20 --resume-from "$@" log
}

# The pipeline from log to log, with a command in front of one of its members.
to_log() {      # member command...
	local member=$1 wrap=("${@:2}") d=() w=() a=()

	case $member in
	dedupe) d=("${wrap[@]}") ;;
	window-agg) w=("${wrap[@]}") ;;
	append) a=("${wrap[@]}") ;;
	esac
	(
		set -o pipefail
		source_for copy --final | "${d[@]}" "${once[@]}" | "${w[@]}" "${sums[@]}" | "${a[@]}" event-log append copy
	)
}

to_view() {     # command... -- in front of the sink
	(
		set -o pipefail
		source_for view | window-agg -V "$view" --emit partial | "$@" view-store view
	)
}

# What a log has, nothing when it is not there yet.
rows_of() {     # log
	event-log cat "$1" 2> /dev/null || [[ $? -eq 74 ]]
}

can_trace() {
	need strace
	strace -o trace true 2> /dev/null || skip "ptrace is not allowed here"
}

# Dies before the Nth call of a kind; fails when there is no such call.
die_at() {      # call n
	killer=(strace -f -qq -o trace -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" --)
}

@test "row 29: members die before any of their writes, syncs and renames" {
	can_trace
	small
	for member in dedupe window-agg append; do
		for call in write fdatasync fsync renameat; do
			for ((n = 1; n < 100; n++)); do
				rm -rf copy state
				die_at $call $n
				(to_log $member "${killer[@]}") > /dev/null 2>&1 || true
				grep -q 'killed by SIGKILL' trace || break
				rows_of copy > part
				[[ ! -s part ]] || begins_with right.csv part || failed "$member, $call $n" "other rows"
				try to_log none
				[[ $status -eq 0 ]] || failed "$member, $call $n" "$(< err)"
				event-log cat copy | cmp - right.csv || failed "$member, $call $n" "other rows in the end"
			done
			((n > 1)) || [[ $call == renameat || $call == fsync ]] || failed "$member" "no $call"
		done
	done
	for call in write fdatasync fsync renameat unlinkat; do
		for ((n = 1; n < 100; n++)); do
			rm -rf view
			die_at $call $n
			(to_view "${killer[@]}") > /dev/null 2>&1 || true
			grep -q 'killed by SIGKILL' trace || break
			try to_view
			[[ $status -eq 0 ]] || failed "view-store, $call $n" "$(< err)"
			merge-views view | cmp - view.csv || failed "view-store, $call $n" "other rows"
		done
	done
}

# --- What each step of the protocol is for ---------------------------------------------------------

# Nothing of a stream counts that ends without saying so, wherever it is cut.
promise_end() {
	local n

	small
	source_for copy --final > whole
	for ((n = $(wc -l < whole) - 1; n > 0; n -= 7)); do
		rm -rf copy state
		head -n "$n" whole | "${once[@]}" 2> err | "${sums[@]}" 2>> err | event-log append copy 2>> err && return 1
		rows_of copy > part
		[[ ! -s part ]] || begins_with right.csv part || return 1
		to_log none 2> err || return 1
		event-log cat copy | cmp - right.csv || return 1
	done
}

# A sink that has gone on since a source asked it where it stands refuses that source.
promise_compare() {
	small
	source_for copy > first
	cp first second
	event-log append copy < first || return 1
	event-log append copy < second 2> err
	[[ $? -eq 75 && $(event-log cat copy | wc -l) -eq 61 ]]
}

# So does a view where a batch was published meanwhile: its files would no more join.
promise_compare_view() {
	local status=0 writer second

	small
	source_for view --final | window-agg -V "$view" --emit partial > partials
	rm -f pipe
	mkfifo pipe
	view-store view < pipe 2> err 3>&- &
	writer=$!
	exec 6> pipe
	# two epochs of three, then a batch of everything, then the rest
	second=$(grep -n '^#!weir barrier' partials | sed -n '2s/:.*//p')
	head -n "$second" partials >&6
	until_true compgen -G 'view/*.speed.*' > /dev/null
	until_true is_waiting "$writer"
	batch-view --seal -V "$view" --store view log > batch.log 2>&1 || { cat batch.log; return 2; }
	tail -n "+$((second + 1))" partials >&6
	exec 6>&-
	wait "$writer" || status=$?
	[[ $status -eq 75 ]]
}

# A run that should be dead writes its state beside ours, not over it.
promise_run() {
	small
	head -n 31 small.csv > begun.csv
	rm -rf log
	event-log append log begun.csv
	event-log cat --resume-from copy log | sed 's/ run=[^ ]*/ run=fffffffffffffff/' > zombie
	tail -n +32 small.csv | sed '1iid,t,k,v' | event-log append log
	event-log cat --resume-from copy log | "${once[@]}" | event-log append copy || return 1
	"${once[@]}" < zombie > /dev/null || return 1
	event-log append log small.csv
	event-log cat --final --resume-from copy log | "${once[@]}" | event-log append copy || return 1
	[[ $(event-log cat copy | tail -n +2 | sort | uniq -d | wc -l) -eq 0 ]]
}

# A barrier comes behind its snapshot: what the sink has committed can always be gone on from.
promise_order() {       # member
	local n

	small
	for ((n = 1; n < 100; n++)); do
		rm -rf copy state
		die_at write $n
		to_log "$1" "${killer[@]}" > /dev/null 2>&1
		grep -q 'killed by SIGKILL' trace || break
		to_log none 2> err || return 1
		event-log cat copy | cmp - right.csv || return 1
	done
	((n > 3))
}

promise_order_dedupe() {
	promise_order dedupe
}

promise_order_window() {
	promise_order window-agg
}

# Each commit is synced: the snapshots, the log, what replaces something in a view.
promise_sync() {
	local member

	small
	for member in dedupe window-agg append; do
		rm -rf copy state
		to_log $member strace -f -qq -o trace -e trace=fdatasync,fsync -- || return 1
		grep -q 'fdatasync(' trace && grep -q 'fsync(' trace || return 1
	done
	batch-view --seal -V "$view" --store view log > /dev/null 2>&1 || return 2
	rm -rf view
	strace -f -qq -o trace -e trace=fdatasync,fsync batch-view --seal -V "$view" --store view log > batch.log 2>&1 || return 2
	grep -q 'sync(' trace
}

kept() {        # promise
	local status=0

	"$@" > said 2>&1 || status=$?
	((status == 0)) || failed "$*" "$(tail -n 20 said err)"
}

# With the tools of the other build the promise is kept as well; without the step it is broken.
needed() {      # step promise
	local status=0

	[[ -n ${WEIR_MUTANTS_BIN-} ]] || skip "no build with steps to leave out (make SAN=mutants)"
	export PATH=$WEIR_MUTANTS_BIN:$PATH WEIR_BIN=$WEIR_MUTANTS_BIN
	kept "$2"
	export WEIR_MUTANT=$1
	"$2" > said 2>&1 || status=$?
	((status == 1)) || failed "without $1" "$2: status $status: $(tail -n 20 said)"
}

@test "row 31: an end that is not said is a crash: nothing of it counts" {
	kept promise_end
	needed eof-commit promise_end
}

@test "rows 28, 68: a sink commits only what goes on from its own record" {
	kept promise_compare
	needed cas promise_compare
}

@test "row 62: a view likewise, when a batch is published" {
	kept promise_compare_view
	needed cas promise_compare_view
}

@test "row 28: runs keep their states apart" {
	kept promise_run
	needed run-tag promise_run
}

@test "row 26: a barrier waits for its snapshot: dedupe" {
	can_trace
	kept promise_order_dedupe
	needed early-forward promise_order_dedupe
}

@test "row 26: a barrier waits for its snapshot: window-agg" {
	can_trace
	kept promise_order_window
	needed early-forward promise_order_window
}

@test "row 18: what is committed was synced" {
	can_trace
	kept promise_sync
	needed fsync promise_sync
}

# --- Streams that others have had their hands in ---------------------------------------------------

# What a sink says of the stream on stdin; it must not have taken anything.
refused() {     # name status pattern sink...
	local name=$1
	shift
	rm -rf copy view state
	refuses "$name" "$@"
	[[ -z $(rows_of copy) && -z $(compgen -G 'view/*.tsv') ]] || failed "$name" "something was taken"
}

@test "row 25: what a member leaves behind holds no lock" {
	small
	source_for copy | through -- sh -c 'sleep 60 > /dev/null 2>&1 & echo $! >> left; cat' | event-log append copy
	kill -0 "$(tail -n 1 left)"
	for again in 1 2; do
		event-log append log small.csv
		source_for copy | through -- cat | event-log append copy || failed "again, $again" "$?"
	done
	xargs kill < left
	cmp <(event-log cat log) <(event-log cat copy)
}

@test "row 30: half a line is never used" {
	small
	source_for copy --final > whole
	half=$(($(grep -obm 1 '^42,' whole | cut -d : -f 1) + 15))
	head -c "$half" whole > begun
	try bash -o pipefail -c '"$@" < begun | event-log append copy' - "${once[@]}"
	equal "checked" 75 "$status"
	equal "two epochs of it" "$(head -n 41 small.csv | dedupe -k id)" "$(event-log cat copy)"
	# the same bytes are a line when nothing says how many there should be, and damage from a pipe
	try bash -c 'head -c 40 small.csv | event-log append plain'
	equal "plain" 65 "$status"
}

@test "rows 32-33: a filter that drops, changes or moves lines is found out" {
	small
	source_for copy --final > whole
	event-log cat --checked log | window-agg -V "$view" --emit partial > partials
	refused "grep drops barriers" 75 'event-log: stdin: it ends without stop or end: *' event-log append copy < <(grep -v 'barrier\|end' whole)
	refused "one barrier" 65 'event-log: stdin:*' event-log append copy < <(sed '0,/barrier/{/barrier/d}' whole)
	refused "sed changes a record" 65 'event-log: stdin:* the lines before barrier 1 are not those that were sent: *' event-log append copy < <(sed 's/,k1,/,k4,/' whole)
	refused "sort moves records" 65 'event-log: stdin:*' event-log append copy < <((head -n 2 whole; tail -n +3 whole | sort))
	refused "a record twice" 65 'event-log: stdin:* the lines before barrier 1 are not those that were sent: *' event-log append copy < <(sed 3p whole)
	refused "a barrier of another run" 65 'event-log: stdin:* a barrier of run abc in a stream of run *' event-log append copy < <(sed '/barrier/s/run=[^ ]*/run=abc/' whole)
	refused "a stage" 65 'dedupe: stdin:* the lines before barrier 1 are not those that were sent: *' "${once[@]}" < <(sed 's/,k1,/,k4,/' whole)
	refused "a view, changed" 65 'view-store: stdin:*' view-store view < <(sed 's/k1/k4/' partials)
	refused "a view, all control lines dropped" 78 'view-store: not a checked stream: *' view-store view < <(grep -v '^#' partials)
}

@test "row 34: grep, awk and jq on the way, and back in a log" {
	need jq
	small
	event-log cat --epoch-records 7 --resume-from copy log | through --header none --ok 0,1 -- grep ',k1,' | through -- awk -F, 'NR % 1 == 0' | event-log append copy
	cmp <(grep 'id\|,k1,' small.csv) <(event-log cat copy)
	event-log cat -o ndjson log | event-log append json
	event-log cat --epoch-records 7 --resume-from other json | through -- jq -c 'select(.k == "k2")' | event-log append other
	[[ $(event-log cat other | jq -r .id) == "$(awk -F, '$3 == "k2" { print $1 }' small.csv)" ]]
	try bash -o pipefail -c 'event-log cat --resume-from none log | through -- sh -c "cat; kill -9 \$\$" | event-log append none'
	equal "a crash" "75 0" "$status $(rows_of none | wc -l)"
}

@test "row 35: data that looks like control lines comes out as data" {
	printf '%s\n' a,b '#!weir end run=x epoch=1 pos=9 n=0 crc=00000000,1' '"#!weir resume' '#!weir barrier run=x' '\#!weir stop",2' '\#!weir watermark t=9,3' '\\#!weir seal,4' > forged
	event-log append forged.log forged
	cmp forged <(event-log cat forged.log)
	event-log cat --epoch-records 1 --resume-from copy forged.log | dedupe --state state | through -- cat | event-log append copy
	cmp forged <(event-log cat copy)
	cmp forged <(event-log cat --from 0 copy | dedupe)
	printf '%s\n' '{"a":{"@weir":"barrier"}}' '{"@weir":"end"}' ' {"@weir":"stop","run":"x"}' > forged.json
	event-log append json.log forged.json
	event-log cat --epoch-records 1 --resume-from json.copy json.log | dedupe --state json.state | through -- cat | event-log append json.copy
	cmp <(tr -d ' ' < forged.json) <(event-log cat json.copy | tr -d ' ')
}

# --- Stages and sinks ------------------------------------------------------------------------------

@test "row 36: two sinks of one stream, one of which dies" {
	can_trace
	small
	both() {        # command... -- in front of the second sink
		event-log cat --epoch-records 10 --resume-from copy --resume-from other log | tee >(event-log append copy 2>> first.err; echo $? > first) | "$@" event-log append other
		until_true test -s first
		rm first
	}
	for ((n = 1; n < 12; n += 2)); do
		rm -rf copy other
		die_at fdatasync $n
		(both "${killer[@]}") > /dev/null 2>&1 || true
		(both) > /dev/null 2> err || true
		(both) > /dev/null 2> err || true
		cmp small.csv <(event-log cat copy) || failed "first, $n" "$(< first.err)"
		cmp small.csv <(event-log cat other) || failed "second, $n" "$(< err)"
	done
}

@test "row 37: a damaged, cut or foreign snapshot is refused, and never taken for an empty one" {
	small
	half() {        # three epochs; then the next run needs the state of the third
		rm -rf log copy state
		head -n 31 small.csv | event-log append log
		source_for copy | "${once[@]}" | "${sums[@]}" | event-log append copy
		tail -n +32 small.csv | sed '1iid,t,k,v' | event-log append log
		cp -R state state.whole
		cp -R copy copy.whole
	}
	again() {       # name -- either it is refused, or all comes out right
		try to_log none
		if [[ $status -eq 0 ]]; then
			event-log cat copy | cmp -s - right.csv || failed "$1" "other rows"
		else
			grep -q '^\(dedupe\|window-agg\): state[/:]' err || failed "$1" "$(< err)"
			((++refusals))
		fi
		rm -rf copy state
		cp -R state.whole state
		cp -R copy.whole copy
	}
	half
	for file in state.whole/*; do
		name=${file##*/}
		size=$(wc -c < "$file") refusals=0 tries=0
		for ((at = 0; at < size; at += size / 8 + 1, tries += 2)); do
			flip "$file" "$at" 1 > "state/$name"
			again "$name, byte $at"
			head -c "$at" "$file" > "state/$name"
			again "$name, $at bytes of it"
		done
		rm "state/$name"
		again "$name gone"
		equal "$name: all were refused" "$((tries + 1))" "$refusals"
	done
	try to_log none
	equal "control" 0 "$status"
	rm -rf copy state
	cp -R state.whole state
	cp -R copy.whole copy
	try bash -o pipefail -c 'event-log cat --resume-from copy log | dedupe -k k --state state | event-log append copy'
	equal "other options" 78 "$status"
	grep -q '^dedupe: state/.*made with other options' err || failed "other options" "$(< err)"
}

@test "row 38: behind a damaged snapshot lies one that is whole: --fallback goes on from there, and compares what comes again" {
	small
	fall_back() {   # epochs
		(
			set -o pipefail
			source_for copy --final --fallback "$1" | "${once[@]}" | "${sums[@]}" | event-log append --stats copy
		)
	}
	wholly() {      # what
		event-log cat copy | cmp - right.csv || failed "$1" "other rows"
	}
	# three epochs, and the last of them damaged in the state of one stage
	head -n 56 small.csv | event-log append half
	for stage in dedupe window-agg; do
		rm -rf log copy state
		cp -R half log
		source_for copy | "${once[@]}" | "${sums[@]}" | event-log append copy
		tail -n +57 small.csv | sed '1iid,t,k,v' | event-log append log
		file=$(echo state/$stage.*)
		sed -i '$d' "$file"
		try to_log none
		((status == 65 || status == 75)) && grep -q "^$stage: state: there is no state of $stage for epoch 3" err || failed "$stage: it is refused" "$status, $(< err)"
		refuses "$stage: too far" 78 "event-log: copy: it has no commit 9 epochs before its last one" event-log cat --resume-from copy --fallback 9 log
		try fall_back 1
		equal "$stage" 0 "$status"
		wholly "$stage"
		[[ $(ledger err duplicate) != duplicate=0 ]] || failed "$stage" "nothing came again: $(< err)"
		# and on from there, as if nothing had been
		try to_log none
		equal "$stage, then" 0 "$status"
		wholly "$stage, then"
	done
	# over the end: windows that fired are not fired again
	rm -rf copy state
	to_log none
	wholly "the end"
	for back in 1 2; do
		try fall_back $back
		equal "back from the end by $back" 0 "$status"
		wholly "back from the end by $back"
	done
	# rows that differ from those of then are told, and none is stored
	rm -rf copy state
	source_for copy | "${once[@]}" | "${sums[@]}" | event-log append copy
	rows_of copy > before.csv
	(
		set -o pipefail
		source_for copy --fallback 2 | "${once[@]}" | "${sums[@]}" | through -- sed s/k1/k9/ | event-log append copy
	) 2> err && failed "other rows" "were taken"
	grep -q '^event-log: copy: what came again since .* differs' err || failed "other rows" "$(< err)"
	event-log cat copy | cmp - before.csv || failed "other rows" "were stored"
}

@test "row 36: of two sinks one has the end, and the other dies before it" {
	small
	ends() {        # command... -- in front of the second sink
		event-log cat --final --epoch-records 20 --resume-from copy --resume-from other log | "${once[@]}" | "${sums[@]}" |
			tee >(event-log append copy 2>> first.err; echo $? > first) | "$@" event-log append other
		until_true test -s first
		rm first
	}
	ends
	equal "both" "0 0" "$(cmp right.csv <(event-log cat copy); echo $?) $(cmp right.csv <(event-log cat other); echo $?)"
	# the second without its last epoch
	rm -rf copy other state
	mkfifo to_second
	(while IFS= read -r line; do [[ $line != '#!weir end'* ]] && echo "$line"; done < to_second | event-log append other 2> err || true) &
	pid=$!
	event-log cat --final --epoch-records 20 --resume-from copy --resume-from other log | "${once[@]}" | "${sums[@]}" | tee to_second | event-log append copy
	wait $pid
	event-log cat copy | cmp - right.csv || failed "the first" "other rows"
	(($(event-log cat other | wc -l) < $(wc -l < right.csv))) || failed "the second" "has all"
	ends 2> err || failed "again" "$(< err)"
	event-log cat copy | cmp - right.csv || failed "the first, again" "other rows"
	event-log cat other | cmp - right.csv || failed "the second, again" "other rows"
}

# --- Being stopped, being slow, being told twice ------------------------------------------------------

@test "row 59: SIGTERM, SIGINT and SIGHUP: the last barrier, its snapshots, and all end within 2 s" {
	small
	for sig in TERM INT HUP; do
		rm -rf copy state
		env --default-signal=INT,HUP "$WEIR_BIN/run-pipeline" -- event-log cat --follow --resume-from copy log '|' "${once[@]}" '|' "${sums[@]}" '|' event-log append copy 2> err 3>&- &
		runner=$!
		until_true rows_committed copy
		begin=$(date +%s%N)
		kill -$sig "$runner"
		status=0
		wait "$runner" || status=$?
		runner=
		took=$(($(date +%s%N) - begin))
		[[ $status -eq 0 && $took -lt 2000000000 ]] || failed "$sig" "status $status after $took ns: $(< err)"
		to_log none
		event-log cat copy | cmp - right.csv || failed "$sig" "other rows"
	done
	# as a terminal sends it: to all of them at once, and again
	rm -rf copy state
	bash -c "event-log cat --follow --resume-from copy log | ${once[*]} | ${sums[*]} | event-log append copy
		echo \"\${PIPESTATUS[@]}\" > statuses" 2> err 3>&- &
	runner=$!
	until_true rows_committed copy
	mapfile -t members < <(children "$runner")
	kill -TERM "${members[@]}"
	wait "$runner" || true
	runner=
	equal "all at once" "0 0 0 0" "$(< statuses)"
	[[ ! -s err ]] || failed "all at once" "$(< err)"
	to_log none
	event-log cat copy | cmp - right.csv || failed "all at once" "other rows"
}

rows_committed() {
	[[ $(rows_of "$1" | wc -l) -gt 10 ]]
}

@test "row 60: a member that stands still for a while loses nothing" {
	small
	run-pipeline -- event-log cat --follow --resume-from copy log '|' "${once[@]}" '|' "${sums[@]}" '|' event-log append copy 2> err 3>&- &
	runner=$!
	until_true rows_committed copy
	mapfile -t members < <(children "$runner")
	for member in "${members[@]}"; do
		kill -STOP "$member"
		sed 's/^\([0-9]*\),/1\1,/; 1s/.*/id,t,k,v/' small.csv > more.csv
		event-log append log more.csv
		sleep 0.7       # the fault itself, not a wait for something
		kill -CONT "$member"
	done
	kill -TERM "$runner"
	wait "$runner"
	runner=
	[[ ! -s err ]] || grep -v asked err || true
	event-log cat --final --resume-from right2 log | dedupe -k id -t t --within 1h --watermark-delay 31s --state state2 |
		window-agg -V "$view" --watermark-delay 31s --emit final --state state2 | event-log append right2
	to_log none
	cmp <(event-log cat right2) <(event-log cat copy)
}

@test "row 66: epochs of 1, 7 and 1000 records, and the whole log again, give the same bytes" {
	small
	for n in 1 7 1000; do
		rm -rf copy state view
		event-log cat --epoch-records $n --final --resume-from copy log | "${once[@]}" | "${sums[@]}" | event-log append copy
		event-log cat copy | cmp - right.csv || failed "$n, to a log" "other rows"
		event-log cat --epoch-records $n --resume-from view log | window-agg -V "$view" --emit partial | view-store view
		merge-views view | cmp - view.csv || failed "$n, to a view" "other rows"
		# again: there is nothing new
		event-log cat --epoch-records $n --final --resume-from copy log | "${once[@]}" | "${sums[@]}" | event-log append copy
		event-log cat copy | cmp - right.csv || failed "$n, again" "other rows"
		event-log cat --epoch-records $n --resume-from view log | window-agg -V "$view" --emit partial | view-store view
		merge-views view | cmp - view.csv || failed "$n, to a view again" "other rows"
	done
}

@test "row 68: what a source sends twice is taken once" {
	small
	source_for view | window-agg -V "$view" --emit partial > partials
	view-store view < partials
	refuses "a view" 75 'view-store: *' view-store view < partials
	merge-views view | cmp - view.csv
	event-log append --once first plain small.csv
	event-log append --once first plain small.csv
	event-log cat plain | cmp - small.csv
	event-log append --once second plain small.csv
	equal "another one" 121 "$(event-log cat plain | wc -l)"
}
