# SPDX-License-Identifier: MIT
# The fault matrix of log, states, views and checked pipelines: which fault is met by which test. Those without a file stand below.
#
#	1	the log's writer is killed		tests/cli/event-log-crash.bats
#	2-4	a torn tail, zeros, garbage		tests/cli/event-log.bats
#	5-7	a flipped byte, blocks or segments gone	tests/cli/event-log.bats, event-log-cat.bats
#	8	a wrong index				tests/cli/event-log.bats, event-log-cat.bats
#	9	killed while it compresses		tests/cli/event-log-crash.bats
#	10	a damaged gzip segment			tests/cli/event-log.bats
#	11	a full disk, the log			tests/cli/event-log-crash.bats
#	12	a full disk, states and views		batch: tests/cli/batch-view.bats
#	13	a sync that fails			tests/cli/event-log-crash.bats; batch: batch-view.bats
#	14-15	interrupted and short calls		filters: faults.bats
#	16	full or closed outputs			filters: faults.bats
#	18-20	power cuts				power.bats
#	21	readers during 1000 publications	fewer, of all kinds: tests/cli/merge-views-dir.bats, tests/law/layers.bats
#	23-24	two writers, a dead one's lock		tests/cli/event-log-crash.bats, view-store.bats, batch-view.bats, tests/e2e/examples.bats
#	25-38	kills, overlaps, foreign hands, states	exactly-once.bats
#	43	killed for want of memory
#	46	clocks that jump
#	51	gzip bombs, what follows the end	tests/cli/event-log.bats; nested
#	52	directories that others can change	log: tests/cli/event-log-crash.bats
#	53	any umask				log: tests/cli/event-log-crash.bats
#	59-60	signals, members that stand still	exactly-once.bats, tests/cli/run-pipeline.bats
#	61	segments that change under a reader
#	62	a batch while speed runs		exactly-once.bats, tests/law/layers.bats, tests/cli/merge-views-dir.bats
#	63	a log that grows during a rebuild	tests/cli/batch-view.bats
#	65	read-only and missing directories	log: tests/cli/event-log-crash.bats
#	66, 68	epochs of any length, sent twice	exactly-once.bats

# shellcheck disable=SC2030,SC2031 # variables are those of one test

load ../lib
load ../cli/cases
load pipeline

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	printf 'time t\nwindow 1m\ngroup-by k\nmeasure n = count()\nmeasure s = sum(v)\n' > sum.view
	awk 'BEGIN {
		srand(5); print "id,t,k,v"
		for (i = 0; i < 600; i++)
			printf "%d,%d,k%d,%d.%02d\n", i * 0.8, 1700000000 + 9 * i - int(rand() * 30), rand() * 7, rand() * 90, rand() * 99
	}' > in.csv
	dedupe -k id in.csv > once.csv
	window-agg -V sum.view --watermark-delay 31s once.csv > right.csv
	window-agg -V sum.view in.csv > view.csv
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	in=$BATS_FILE_TMPDIR
	view=$in/sum.view
	once=(dedupe -k id -t t --within 3h --watermark-delay 31s)
	sums=(window-agg -V "$view" --watermark-delay 31s --emit final)
	runner='' feeder='' group=''
}

teardown() {
	kill -9 ${runner:+"$runner"} ${feeder:+"$feeder"} 2> /dev/null || true
	! mountpoint -q small || umount small || umount -l small
	[[ -z $group ]] || rmdir "$group" || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

small_disk() {  # size
	[[ $(id -u) -eq 0 ]] || skip "only root may mount a file system"
	mkdir small
	mount -t tmpfs -o "size=$1" none small 2> err || skip "no tmpfs may be mounted here: $(< err)"
}

# The pipeline from log to copy, and the one from log to view, with states and view where they are said to be.
to_copy() {     # state
	(
		set -o pipefail
		event-log cat --epoch-records 20 --final --resume-from copy log | "${once[@]}" --state "$1" | "${sums[@]}" --state "$1" | event-log append copy
	)
}

to_view() {     # view
	(
		set -o pipefail
		event-log cat --epoch-records 20 --resume-from "$1" log | window-agg -V "$view" --emit partial | view-store --sync always "$1"
	)
}

copy_is_right() {       # name
	event-log cat copy | cmp -s - "$in/right.csv" || failed "$1" "the copy has other rows"
}

view_is_right() {       # name view
	merge-views "$2" | cmp -s - "$in/view.csv" || failed "$1" "the view has other rows"
}

# --- Disks -----------------------------------------------------------------------------------------

fill() {        # KiB that stay free
	head -c "$(($(df --output=avail -k small | tail -n 1) - $1))K" /dev/zero > small/other
}

@test "row 12: a full disk: nothing is committed that has no state, and with room it goes on" {
	event-log append log "$in/in.csv"
	small_disk 200k
	mkdir small/state
	fill 12
	try to_copy small/state
	[[ $status -ne 0 ]] && grep -q '^\(dedupe\|window-agg\): small/state/.*: No space left on device' err || failed "states" "$status $(< err)"
	before=$(event-log cat copy 2> /dev/null | wc -l)
	rm small/other
	to_copy small/state || failed "states" "does not go on behind $before rows"
	copy_is_right states
	((before < $(event-log cat copy | wc -l))) || failed "control" "the disk was large enough"
}

@test "row 12: a full disk: what was served is, nothing half made stays, and with room it goes on" {
	event-log append log "$in/in.csv"
	small_disk 200k
	event-log cat --to 100 --resume-from small/view log | window-agg -V "$view" --emit partial | view-store small/view
	merge-views small/view > old
	fill 4
	try to_view small/view
	[[ $status -ne 0 ]] && grep -q '^view-store: .*: No space left on device' err || failed "view" "$status $(< err)"
	equal "nothing half made" "" "$(find small/view -name '*.tmp')"
	merge-views --header small/view > got
	at=$(sed -n 's/^# .* position=\([0-9]*\)@.*/\1/p' got)
	cmp -s <(grep -v '^# ' got) <(event-log cat --to "$at" log | window-agg -V "$view") || failed "view" "not a beginning of the log: $at"
	rm small/other
	to_view small/view || failed "view" "does not go on behind $at"
	view_is_right "view" small/view
}

@test "row 65: a read-only file system: told, and nothing half made" {
	event-log append log "$in/in.csv"
	event-log seal log
	small_disk 1m
	to_view small/view
	to_copy small/state
	mount -o remount,ro small
	before=$(find small | sort)
	event-log append log "$in/in.csv"
	for tool in "view-store small/view" "view-store small/new"; do
		# shellcheck disable=SC2086
		refuses "$tool" 73 'view-store: *: Read-only file system' $tool < <(event-log cat --resume-from small/view log | window-agg -V "$view" --emit partial)
	done
	event-log seal log
	refuses "batch-view" 73 'batch-view: *: Read-only file system' batch-view -V "$view" --store small/view log
	refuses "batch-view, new" 73 'batch-view: *: Read-only file system' batch-view -V "$view" --store small/new log
	for tool in "dedupe -k id" "window-agg -V $view"; do
		for state in small/state small/new; do
			# shellcheck disable=SC2086
			try $tool --state $state < <(event-log cat --final --checked log)
			[[ $status -eq 73 && $(wc -l < err) -eq 1 && $(< err) == "${tool%% *}: $state"*": Read-only file system" ]] || failed "$tool, $state" "$status $(< err)"
			! grep -q '^#!weir \(barrier\|end\)' out || failed "$tool, $state" "a barrier went on"
		done
	done
	gives "what is there is served" "$(< "$in/view.csv")" merge-views small/view
	equal "as it was" "$before" "$(find small | sort)"
}

@test "row 65: a directory that is missing, or is none" {
	event-log append log "$in/in.csv"
	event-log seal log
	: > file
	refuses "cat" 74 'event-log: no/log: there is no log' event-log cat no/log
	refuses "verify" 74 'event-log: no/log: No such file or directory' event-log verify no/log
	refuses "batch-view, no log" 74 'batch-view: no/log: No such file or directory' batch-view -V "$view" --store view no/log
	refuses "merge-views" 74 'merge-views: no/view:* No such file or directory' merge-views no/view
	refuses "append" 73 'event-log: file/log: Not a directory' event-log append file/log "$in/in.csv"
	refuses "view-store" 73 'view-store: file/view: Not a directory' view-store file/view < <(event-log cat --checked log | window-agg -V "$view" --emit partial)
	refuses "batch-view" 73 'batch-view: file/view: Not a directory' batch-view -V "$view" --store file/view log
	for tool in "dedupe -k id" "window-agg -V $view"; do
		# shellcheck disable=SC2086
		try $tool --state file/state < <(event-log cat --final --checked log)
		[[ $status -eq 73 && $(< err) == "${tool%% *}: file/state: Not a directory" ]] || failed "$tool" "$status $(< err)"
	done
	[[ ! -e no ]]
}

# --- Calls that are interrupted or cut short ---------------------------------------------------------

# Log to copy, log to view, batch: each tool with that in front of it.
all_of_it() {   # name wrapper...
	local name=$1 wrap=("${@:2}") state=()

	rm -rf log copy state view batch
	state=(--state state)
	"${wrap[@]}" event-log append --block-bytes 2K --segment-size 8K log "$in/in.csv" || failed "$name" "append: $?"
	(
		set -o pipefail
		"${wrap[@]}" event-log cat --epoch-records 100 --final --resume-from copy log | "${wrap[@]}" "${once[@]}" "${state[@]}" | "${wrap[@]}" through -- cat |
			"${wrap[@]}" "${sums[@]}" "${state[@]}" | "${wrap[@]}" event-log append copy
	) || failed "$name" "to the copy: $?"
	(
		set -o pipefail
		"${wrap[@]}" event-log cat --epoch-records 100 --resume-from view log | "${wrap[@]}" window-agg -V "$view" --emit partial | "${wrap[@]}" view-store view
	) || failed "$name" "to the view: $?"
	"${wrap[@]}" batch-view --seal -V "$view" --store batch log || failed "$name" "batch: $?"
	copy_is_right "$name"
	view_is_right "$name" view
	view_is_right "$name, batch" batch
	"${wrap[@]}" merge-views view | cmp -s - "$in/view.csv" || failed "$name" "merge-views"
	"${wrap[@]}" event-log verify log > verified || failed "$name" "verify: $?"
}

@test "row 14: EINTR from every kind of call changes nothing" {
	need strace
	strace -o trace true 2> err || skip "ptrace is not allowed here"
	# what the loader reads before main is not ours; nor is open ever interrupted on a disk
	for calls in read,pread64:12 write:1 fdatasync,fsync:1; do
		rm -f trace.*
		all_of_it "$calls" strace -ff -qq -o trace -e "trace=${calls%:*}" -e "inject=${calls%:*}:error=EINTR:when=${calls#*:}+3" -- 2> err
		[[ ! -s err ]] || failed "$calls" "$(head -n 5 err)"
		(($(grep -l INJECTED trace.* | wc -l) > 3)) || failed "$calls" "interrupted were only $(grep -l INJECTED trace.* | wc -l)"
	done
}

@test "row 15: single bytes in, three bytes out, every second call interrupted" {
	export SHIM=$WEIR_ROOT/build/tests/fault/shortio.so
	all_of_it "shortio" env LD_PRELOAD="$SHIM"
}

@test "row 16: a full disk, a closed stdout, a closed stdin: the log and the stores" {
	event-log append log "$in/in.csv"
	event-log seal log
	for command in "cat log" "cat --checked log" "info log" "verify log"; do
		refuses "$command: full" 74 'event-log: stdout: No space left on device' bash -c "event-log $command > /dev/full"
		refuses "$command: closed" 74 'event-log: stdout: Bad file descriptor' bash -c "event-log $command >&-"
	done
	refuses "append: closed" 74 'event-log: stdin: Bad file descriptor' bash -c 'event-log append other <&-'
	refuses "view-store: closed" 74 'view-store: stdin: Bad file descriptor' bash -c 'view-store view <&-'
	[[ -z $(find view other -name '[^.]*' -type f 2> /dev/null) ]] || failed "closed" "something was made: $(ls -A view other)"
	# nothing of ours may be opened as the stdout that is not there
	event-log cat --epoch-records 20 --resume-from copy log | bash -c "dedupe -k id --state state >&-" 2> err && failed "dedupe, closed stdout" "it went well"
	equal "dedupe, closed stdout" "dedupe: stdout: Bad file descriptor" "$(< err)"
	! grep -rq '^id,t,k,v\|^0,17' state 2> /dev/null || failed "dedupe, closed stdout" "rows are in its state"
}

# --- Readers -----------------------------------------------------------------------------------------

@test "row 21: four readers during 1000 publications: no mixture, nothing missing" {
	local piece readers=() reader made=()

	tail -n +2 "$in/in.csv" | split -l 50 - piece.
	for piece in piece.*; do
		sed 1iid,t,k,v "$piece" | event-log append log
		event-log seal log
		batch-view --keep 99 -V "$view" --store made log
		merge-views made | md5sum >> allowed
	done
	made=(made/*.batch-*)
	mkdir view
	cp "${made[0]}" view/
	merge-views view > answer
	for reader in 1 2 3 4; do
		# shellcheck disable=SC2016 # shells of their own: bats looks at each command
		bash -c 'while [[ ! -e ended ]]; do
			merge-views view > answer.$1 || echo "status $?"
			md5sum < answer.$1
		done > seen.$1 2> err.$1' - $reader 3>&- &
		readers+=($!)
	done
	# shellcheck disable=SC2016
	bash -c '
		made=("$@") name=()
		for ((g = 2; g <= 1000; g++)); do
			file=${made[g % $#]#made/}
			end=${file#*.batch-*.}
			name[g]=view/${file%".batch-"*}.batch-$g.$end
			ln "made/$file" "${name[g]}"
			# the last ones still have readers
			((g % 20)) || ((g < 40)) || rm "${name[@]:g - 30:20}"
		done' - "${made[@]}"
	touch ended
	wait "${readers[@]}"
	for reader in 1 2 3 4; do
		equal "reader $reader" "" "$(grep -vxFf allowed "seen.$reader" | sort | uniq -c)"
		# a generation of less may follow here, as it never does: what is beyond its end is told
		equal "reader $reader, messages" "" "$(grep -v 'what is there behind record .* does not join' "err.$reader" | head -n 5)"
	done
	(($(sort -u seen.? | wc -l) > 5)) || failed "control" "the readers have seen $(sort -u seen.? | wc -l) states"
}

# --- Memory, clocks ----------------------------------------------------------------------------------

# A memory cgroup of its own: `cgroup 40` makes $group, of that many MiB.
cgroup() {
	local root=/sys/fs/cgroup

	[[ $(id -u) -eq 0 ]] || skip "only root may make a cgroup"
	[[ ! -d $root/memory ]] || root=$root/memory
	mkdir "$root/weir-test.$$" 2> err || skip "no cgroup can be made here: $(< err)"
	group=$root/weir-test.$$
	{ echo "$1M" > "$group/memory.limit_in_bytes" || echo "$1M" > "$group/memory.max"; } 2> /dev/null || skip "no memory cgroup here"
	echo "$1M" > "$group/memory.memsw.limit_in_bytes" 2> /dev/null || true
}

@test "row 43: window-agg is killed for want of memory: nothing of its epoch counts, and with memory it goes on" {
	local status=0

	cgroup 24
	awk 'BEGIN { print "t,k,v"; for (i = 0; i < 400000; i++) print 1700000000 + i ",key-" i "," i }' > many.csv
	event-log append --sync none log many.csv
	agg=(window-agg -V "$view" --watermark-delay 999d --emit final --state state)
	pipeline=(event-log cat --epoch-records 50000 --final --resume-from copy log '|')
	# shellcheck disable=SC2016
	run-pipeline --restarts 1 --delay 1ms -- "${pipeline[@]}" sh -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$group" "${agg[@]}" '|' event-log append copy 2> err || status=$?
	((status != 0)) || failed "control" "there was memory enough"
	grep -q 'killed by signal 9' err || failed "killed" "$(< err)"
	equal "nothing came out" "" "$(event-log cat copy 2> /dev/null | tail -n +2)"
	run-pipeline --restarts 0 -- "${pipeline[@]}" "${agg[@]}" '|' event-log append copy
	cmp <(event-log cat copy) <(window-agg -V "$view" many.csv) || failed "goes on" "other rows"
}

@test "row 46: clocks that jump an hour back, a day ahead, to 1970: the same rows" {
	local lib piece n=0

	for lib in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
		[[ ! -e $lib ]] || break
	done
	[[ -e $lib ]] || skip "faketime is not installed"
	is_plain_build || skip "preloading does not go with sanitizers"
	echo +0 > clock
	local clock=(env LD_PRELOAD="$lib" FAKETIME_TIMESTAMP_FILE="$PWD/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1)
	echo -1h > clock
	[[ $(("$(date +%s)" - $("${clock[@]}" date +%s))) -gt 3500 ]] || failed "control" "the clock stands still"
	tail -n +2 "$in/in.csv" | split -l 50 - piece.
	"${clock[@]}" run-pipeline --restarts 0 -- event-log cat --follow --epoch-interval 20ms --resume-from copy log '|' "${once[@]}" --state state '|' \
		"${sums[@]}" --state state '|' event-log append copy 2> copy.err 3>&- &
	runner=$!
	"${clock[@]}" run-pipeline --restarts 0 -- event-log cat --follow --epoch-interval 20ms --resume-from view log '|' window-agg -V "$view" --emit partial '|' \
		view-store --linger 1s view 2> view.err 3>&- &
	feeder=$!
	for piece in piece.*; do
		clocks=(+0 -1h +1d "@1970-01-01 00:00:01" -400d)
		echo "${clocks[n++ % 5]}" > clock
		sed 1iid,t,k,v "$piece" | "${clock[@]}" event-log append --wait 5s log || failed "append" "$?"
		until_true view_has $((n * 50))
		((n % 4)) || "${clock[@]}" batch-view --if-new --seal -V "$view" --store view log 2> batch.err || [[ $? -eq 75 ]] || failed "batch" "$(< batch.err)"
	done
	kill -TERM "$runner" "$feeder"
	wait "$runner" || failed "to the copy" "$? $(< copy.err)"
	wait "$feeder" || grep -q 'a batch was published' view.err || failed "to the view" "$(< view.err)"
	runner='' feeder=''
	to_copy state
	to_view view
	copy_is_right "clocks"
	view_is_right "clocks" view
}

# Did the view get there, or did its pipeline end for a batch?
view_has() {    # records
	(($(merge-views --header view 2> /dev/null | sed -n 's/^# .* position=\([0-9]*\)@.*/\1/p') + 0 >= $1)) || ! kill -0 "$feeder" 2> /dev/null
}

# --- Gzip within gzip ---------------------------------------------------------------------------------

@test "row 51: a segment compressed twice is no segment" {
	event-log append log "$in/in.csv"
	event-log seal log
	gz=$(echo log/*.gz)
	gzip -c "$gz" > twice
	cp twice "$gz"
	try event-log verify log
	[[ $status -eq 65 && $(< err) == "event-log: $gz: "* ]] || failed "verify" "$status $(< err)"
	try event-log cat log
	[[ $status -eq 65 && ! -s out ]] || failed "cat" "$status $(< out)"
	refuses "batch-view" 65 'batch-view: *' batch-view -V "$view" --store view log
	refuses "dedupe, gzip in gzip" 65 'dedupe: *' dedupe --key id < <(gzip -c "$in/in.csv" | gzip -c)
}

# --- Directories, links, modes --------------------------------------------------------------------------

# What each tool says of a directory: `tools_refuse name pattern directory`.
tools_refuse() {
	refuses "$1: append" 78 "event-log: $3: $2" event-log append "$3" "$in/in.csv"
	refuses "$1: view-store" 78 "view-store: $3: $2" view-store "$3" < <(event-log cat --checked log | window-agg -V "$view" --emit partial)
	refuses "$1: batch-view" 78 "batch-view: $3: $2" batch-view -V "$view" --store "$3" log
	for tool in "dedupe -k id" "window-agg -V $view"; do
		# shellcheck disable=SC2086
		try $tool --state "$3" < <(event-log cat --final --checked log)
		# shellcheck disable=SC2053 # a pattern is meant
		[[ $status -eq 78 && $(< err) == "${tool%% *}: $3: "$2 ]] || failed "$1: $tool" "$status $(< err)"
	done
	equal "$1: untouched" "" "$(ls -A "$3")"
}

@test "row 52: a directory that is everyone's or someone else's is refused" {
	event-log append log "$in/in.csv"
	event-log seal log
	mkdir open sticky
	chmod 777 open
	chmod 1777 sticky
	tools_refuse "everyone's" 'everyone may write to the directory: chmod o-w first' open
	tools_refuse "sticky" 'everyone may write to the directory: chmod o-w first' sticky
	[[ $(id -u) -eq 0 ]] || skip "only root can give a directory away"
	mkdir theirs
	chown 65534 theirs
	tools_refuse "another's" 'the directory belongs to user 65534, not to us' theirs
}

@test "row 52: links planted at names of ours lead nowhere" {
	local range state file

	echo mine > target
	event-log append log "$in/in.csv"
	event-log seal log
	# temporary files: a range, a batch, the log's
	to_view view
	range=$(basename view/*-00000000000000000600.speed.*)
	rm -r view
	mkdir view
	for file in ".$range.tmp" ".log.00000000000000000000-00000000000000000600.batch-1.${range##*.speed.}.tmp"; do
		ln -s ../target "view/$file"
	done
	batch-view -V "$view" --store view log
	view_is_right "batch" view
	rm view/*
	to_view view
	view_is_right "speed" view
	equal "temporary files" mine "$(< target)"
	# locks
	for lock in view/.*lock* log/.lock; do
		rm "$lock"
		ln -s ../target "$lock"
	done
	for tool in "batch-view --force -V $view --store view log" "event-log append log $in/in.csv"; do
		# shellcheck disable=SC2086
		refuses "$tool" 73 '*lock: Too many levels of symbolic links' $tool
	done
	event-log cat --from 10 --checked log | window-agg -V "$view" --emit partial | view-store view 2> err && failed "view-store" "it went through a link"
	equal "locks" mine "$(< target)"
	rm log/.lock
	# states: one that was saved elsewhere, and links where the next will be
	to_copy state
	mkdir other
	for file in state/*; do
		mv "$file" other/
		ln -s "../other/${file##*/}" "$file"
	done
	before=$(cat other/* | cksum)
	sed 's/^\([0-9]*\),/9\1,/; 1s/.*/id,t,k,v/' "$in/in.csv" > more.csv
	event-log append log more.csv
	try to_copy state
	[[ $status -ne 0 ]] && grep -q '^dedupe: .*Too many levels of symbolic links' err || failed "states" "$status $(< err)"
	equal "states: untouched" "$before" "$(cat other/* | cksum)"
}

@test "row 53: any umask: files that we can use and others cannot" {
	local mask wrong

	for mask in 000 027 077 777; do
		rm -rf log copy state view batch
		(
			umask $mask
			event-log append --segment-size 4K --block-bytes 1K log "$in/in.csv" && to_copy state && to_view view && batch-view --seal -V "$view" --store batch log
		) || failed "umask $mask" "$?"
		copy_is_right "umask $mask"
		view_is_right "umask $mask" view
		view_is_right "umask $mask, batch" batch
		case $mask in
		000 | 027) wrong='! -perm 640' ;;
		*) wrong='! -perm 600' ;;
		esac
		# shellcheck disable=SC2086 # words
		equal "umask $mask: files" "" "$(find log copy state view batch -type f $wrong | head -n 5)"
		equal "umask $mask: directories" "" "$(find log copy state view batch -type d -perm /027 | head -n 5)"
	done
}

# --- Who follows a log --------------------------------------------------------------------------------

rows() {        # from to
	echo id,text
	seq "$1" "$2" | sed 's/.*/&,text &/'
}

# A reader that stands at 100 and does not get to look for a while.
held_reader() {
	rm -rf log out
	rows 1 100 | event-log append --segment-size 500 log
	event-log cat --follow log > out 2> err 3>&- &
	feeder=$!
	until_true grep -q '^100,' out
	kill -STOP "$feeder"
}

let_go() {      # -- and what became of it
	kill -CONT "$feeder"
	status=0
	wait "$feeder" || status=$?
}

@test "row 61: segments that are sealed, compressed, removed or made anew under who follows them: told, and nothing is skipped" {
	held_reader
	rows 101 300 | event-log append --segment-size 500 log
	event-log seal log
	event-log prune --to 100 log > /dev/null
	rows 301 310 | event-log append log
	kill -CONT "$feeder"
	until_true grep -q '^310,' out
	kill "$feeder"
	wait "$feeder" || true
	rows 1 310 | cmp - out || failed "what it has read may go" "$(tail -n 2 out)"

	held_reader
	for at in 101 201 301; do
		rows $at $((at + 99)) | event-log append --segment-size 500 log
	done
	event-log seal log
	event-log prune --to 300 log > /dev/null
	let_go
	equal "what it has not read is gone" 78 "$status"
	grep -q '^event-log: log: ' err || failed "what it has not read is gone" "$(< err)"
	rows 1 100 | cmp - out || failed "what it has not read is gone" "$(tail -n 2 out)"

	# by other hands, and another file may have the number of the old one
	for gone in log 'log/0*'; do
		held_reader
		# shellcheck disable=SC2086 # a pattern
		rm -r $gone
		rows 7 400 | event-log append log
		let_go
		((status == 78 || status == 65)) || failed "$gone is another" "$status, $(< err)"
		rows 1 100 | cmp - out || failed "$gone is another" "$(tail -n 2 out)"
	done
}
