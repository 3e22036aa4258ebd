# SPDX-License-Identifier: MIT
# Power cuts, rows 18 to 20 of the matrix: real file systems in loop devices, told to forget all that is not on the disk. What was
# acknowledged is there afterwards; what was not is there whole or not at all. Negative controls: the tools without their syncs.

load ../lib
load ../cli/cases
load pipeline

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	RANDOM=${WEIR_SEED:-1}
	writer='' feeder=''
	PATH=$PATH:/usr/sbin:/sbin
}

# What was started must not keep the mount.
teardown() {
	kill -9 ${writer:+"$writer"} ${feeder:+"$feeder"} 2> /dev/null || true
	! mountpoint -q disk || umount disk || umount -l disk
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

# A new file system at ./disk.
disk() {        # ext4 | xfs
	[[ $(id -u) -eq 0 ]] || skip "only root may mount a file system and cut its power"
	need "mkfs.$1"
	rm -f image
	truncate -s 320M image
	"mkfs.$1" -q image
	mkdir -p disk
	mount -o loop image disk 2> err || skip "no $1 in a loop device here: $(< err)"
}

cut_power() {
	"$WEIR_ROOT/build/tests/e2e/power_cut" disk || failed "the power" "stays"
}

# Nobody may hold a file there. What other mount namespaces see of it, such as those of other tests, keeps it as it is for a while.
power_back() {
	umount disk
	until_true is_back
}

is_back() {
	mount -o loop image disk
	touch disk/back 2> /dev/null && return
	umount disk
	return 1
}

# The tools with steps left out, and without syncs.
without_syncs() {
	[[ -n ${WEIR_MUTANTS_BIN-} ]] || skip "no build with steps to leave out (make SAN=mutants)"
	export PATH=$WEIR_MUTANTS_BIN:$PATH WEIR_MUTANT=fsync
}

with_syncs() {
	export PATH=$WEIR_BIN:$PATH WEIR_MUTANT=none
}

# Something else on the disk reaches it: the names, so, and not the bytes of those files that nobody synced.
others_sync() {
	echo x > disk/other
	sync disk/other
}

numbers() {     # from to
	echo id
	seq "$1" "$2"
}

# --- Row 18: the log -------------------------------------------------------------------------------

# Appends that end well are acknowledged; into one more, that seals and compresses as it goes, the power is cut.
append_and_lose_power() {       # append option... -- adds to $acknowledged
	local i

	for i in 1 2 3; do
		numbers $((acknowledged + 1)) $((acknowledged + 40)) | event-log append "$@" disk/log
		acknowledged=$((acknowledged + 40))
	done
	numbers $((acknowledged + 1)) $((acknowledged + 200000)) > more.csv
	event-log append --block-bytes 300 --segment-size 4K disk/log more.csv 2> writer.err 3>&- &
	writer=$!
	nap 9
	cut_power
	kill -9 "$writer" 2> /dev/null || true
	wait "$writer" || true
	writer=
	power_back
}

# How many records the log has after recovery: 1 to so many, and nothing else; -1 when that is not so.
recovered() {
	local n=-1

	if event-log repair disk/log 2> repair.err && event-log verify disk/log > verified 2>&1 && event-log cat disk/log > rows; then
		n=$(($(wc -l < rows) - 1))
		numbers 1 $n | cmp -s - rows || n=-1
	fi
	echo $n
}

no_acknowledged_record_is_lost() {      # rounds
	local round acknowledged=0 n

	for ((round = 1; round <= $1; round++)); do
		append_and_lose_power
		n=$(recovered)
		((n >= acknowledged)) || failed "round $round" "acknowledged $acknowledged, there are $n: $(cat repair.err verified)"
		acknowledged=$n
	done
	# control: the power went while it was writing
	((acknowledged > $1 * 130)) || failed "control" "nothing was ever written in the rounds: $acknowledged"
}

@test "row 18: twenty power cuts lose no acknowledged record: ext4" {
	disk ext4
	no_acknowledged_record_is_lost 20
}

@test "row 18: twenty power cuts lose no acknowledged record: xfs" {
	disk xfs
	no_acknowledged_record_is_lost 20
}

@test "row 18: with --sync none a power cut takes the end, and never the middle" {
	local acknowledged=0 round

	disk ext4
	for round in 1 2 3 4 5 6; do
		append_and_lose_power --sync none
		acknowledged=$(recovered)
		((acknowledged >= 0)) || { failed "round $round" "$(cat repair.err verified)"; break; }
	done
}

@test "row 18: control: without syncs records are lost" {
	local acknowledged=0 lost=0 round

	disk ext4
	without_syncs
	numbers 1 10 | WEIR_MUTANT='' event-log append disk/log
	for round in 1 2 3; do
		acknowledged=10
		append_and_lose_power
		(($(recovered) >= acknowledged)) || ((++lost))
		rm -rf disk/log
		numbers 1 10 | WEIR_MUTANT='' event-log append disk/log
	done
	((lost > 0))
}

# --- Row 19: a generation --------------------------------------------------------------------------

orders() {      # n seed
	awk -v n="$1" -v seed="$2" 'BEGIN {
		srand(seed); print "t,k,v"
		for (i = 0; i < n; i++)
			printf "%d,k%d,%d.%02d\n", 1700000000 + int(rand() * 7200), rand() * 9, rand() * 90, rand() * 99
	}'
}

# A view of one generation and speed files on `disk`, of a log elsewhere that has more by then. What is served, and what is to be.
generation() {
	printf 'time t\nwindow 1m\ngroup-by k\nmeasure n = count()\nmeasure s = sum(v)\n' > sum.view
	orders 400 1 | event-log append log
	batch-view --seal -V sum.view --store disk/view log 2> err
	orders 60 2 | event-log append log
	event-log cat --epoch-records 20 --resume-from disk/view log | window-agg -V sum.view --emit partial | view-store --sync always disk/view
	merge-views disk/view > old
	orders 100 3 | event-log append log
	event-log seal log
	event-log cat log | window-agg -V sum.view > new
	cp -a disk/view first
}

again_from_first() {
	rm -rf disk/view
	cp -a first disk/view
	sync -f disk
}

publish_and_lose_power() {      # command...
	status=0
	"$@" batch-view -V sum.view --keep 1 --store disk/view log > out 2> err || status=$?
	others_sync
	cut_power
	power_back
}

old_or_new_generation() {
	local call n

	generation
	for call in write fdatasync fsync renameat unlinkat; do
		for ((n = 1; n < 30; n++)); do
			again_from_first
			publish_and_lose_power strace -f -qq -o trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" --
			merge-views disk/view > got 2> err || failed "$call $n" "$(< err)"
			cmp -s got new || { ((status != 0)) && cmp -s got old; } || failed "$call $n, status $status" "neither the old nor the new view"
			((status == 137)) || break
			batch-view -V sum.view --if-new --store disk/view log 2> err || failed "$call $n, again" "$(< err)"
			merge-views disk/view | cmp -s - new || failed "$call $n, again" "other rows"
		done
		((n > 1)) || failed "$call" "it was never killed"
	done
}

can_trace() {
	need strace
	strace -o trace true 2> /dev/null || skip "ptrace is not allowed here"
}

@test "row 19: the power goes before any step of a publication: the old generation or the new one, whole: ext4" {
	can_trace
	disk ext4
	old_or_new_generation
}

@test "row 19: the power goes before any step of a publication: the old generation or the new one, whole: xfs" {
	can_trace
	disk xfs
	old_or_new_generation
}

@test "row 19: control: without syncs a generation is torn" {
	disk ext4
	generation
	without_syncs
	publish_and_lose_power
	((status == 0))
	with_syncs
	run merge-views disk/view
	[[ $status -ne 0 || $output != "$(< new)" ]]
}

# --- Row 20: states and sinks of checked pipelines ---------------------------------------------------

# 2400 records with repeats in twenty pieces, what a view and a log of theirs are to be, and the pipelines.
records() {
	printf 'time t\nwindow 1m\ngroup-by k\nmeasure n = count()\nmeasure s = sum(v)\n' > sum.view
	orders 2400 4 | awk -F, 'NR == 1 { print "id," $0; next } { print int(NR * 0.8) "," $0 }' > in.csv
	mkdir pieces
	tail -n +2 in.csv | split -l 120 - pieces/
	sed -i 1iid,t,k,v pieces/*
	once=(dedupe -k id -t t --within 3h --watermark-delay 2h --state disk/state)
	sums=(window-agg -V sum.view --watermark-delay 2h)
	dedupe -k id -t t --within 3h --watermark-delay 2h in.csv | "${sums[@]}" > right.csv
	window-agg -V sum.view in.csv > view.csv
	[[ $(wc -l < right.csv) -gt 500 ]]
}

# tries: how often it may begin again.
to_copy() {     # copy log cat-option...
	run-pipeline --delay 10ms --restarts "$tries" -- event-log cat --epoch-records 10 --resume-from "$1" "${@:3}" "$2" '|' \
		"${once[@]}" '|' "${sums[@]}" --emit final --state disk/state '|' event-log append "$1"
}

to_view() {     # view log cat-option...
	run-pipeline --delay 10ms --restarts "$tries" -- event-log cat --epoch-records 10 --resume-from "$1" "${@:3}" "$2" '|' \
		window-agg -V sum.view --emit partial '|' "${store[@]-view-store}" --sync "${sync-lazy}" --log "$2" "$1"
}

stand_still() { # pid...
	! (cd /proc && cat "${@/%//stat}") 2> /dev/null | grep -q '^[0-9]* (.*) [RS] '
}

# While the log is written the pipeline follows it, three times until the power goes, and the pipeline with it.
three_cuts() {  # sink log to_copy | to_view
	local i members tries=0

	for i in 1 2 3; do
		[[ $i -gt 1 && $2 != disk/* ]] || feed "$2" pieces/* 2>> feed.err
		until_true test -e "$2"
		"$3" "$1" "$2" --follow 2>> writer.err 3>&- &
		writer=$!
		nap 50
		mapfile -t members < <(children "$(children "$writer")")
		# All at one instant: a call that is under way may end, but nobody acts on it. Behind the cut Linux (6.18, ext4) lets one fdatasync in
		# a hundred succeed whose data is gone.
		kill -STOP "${members[@]}" 2> /dev/null || true
		until_true stand_still "${members[@]}"
		cut_power
		kill -9 "${members[@]}" 2> /dev/null || true
		wait "$writer" || true
		[[ $2 != disk/* ]] || wait "$feeder" || true
		power_back
		[[ -z ${behind_a_cut-} ]] || "$behind_a_cut" "$i"
	done
	wait "$feeder" || [[ $2 == disk/* ]]
}

goes_on() {     # to_copy | to_view, and its words
	tries=9 "$@" 2> err
}

to_the_same_bytes() {   # fs
	local sink

	records
	disk "$1"
	# sink and states, and the states alone
	for sink in disk/copy copy; do
		three_cuts $sink log to_copy
		goes_on to_copy $sink log --final || failed "$sink" "$(< err)"
		event-log cat $sink | cmp - right.csv || failed "$sink" "other rows"
		[[ $(grep -ho ' run=[0-9a-f]*' $sink/*.log | sort -u | wc -l) -gt 2 ]] || failed "control" "nothing was committed between the cuts"
		rm -rf log disk/state
	done
}

@test "row 20: the power goes while states are saved: the pipeline goes on to the bytes of one that was left alone: ext4" {
	to_the_same_bytes ext4
}

@test "row 20: the power goes while states are saved: the pipeline goes on to the bytes of one that was left alone: xfs" {
	to_the_same_bytes xfs
}

@test "row 20: control: without syncs a state that the sink builds upon is gone" {
	records
	disk ext4
	event-log append log in.csv
	without_syncs
	event-log cat --to 500 --resume-from copy log | "${once[@]}" | event-log append copy
	cut_power
	power_back
	with_syncs
	run bash -o pipefail -c 'event-log cat --resume-from copy log | "$@" | event-log append copy' - "${once[@]}"
	[[ $status -ne 0 && $output == *"dedupe: disk/state"* ]]
}

# What is served behind a power cut is what one pass gives over a part of the log that was there.
check_beginning() {     # cut
	local at

	merge-views --header disk/view > served 2> err || { [[ $? -eq 69 ]] || failed "cut $1" "$(< err)"; return 0; }
	at=$(sed -n 's/^# .* position=\([0-9]*\)@.*/\1/p' served)
	event-log cat --to "${at:-0}" log | window-agg -V sum.view | cmp - <(grep -v '^# ' served) || failed "cut $1" "not a beginning of the log: ${at:-nothing}"
	echo "${at:-0}" >> ends
}

served_again() {        # fs
	local behind_a_cut=check_beginning sync

	records
	disk "$1"
	for sync in lazy always; do
		rm -rf log disk/view
		three_cuts disk/view log to_view
		goes_on to_view disk/view log || failed "$sync" "$(< err)"
		merge-views disk/view | cmp - view.csv || failed "$sync" "other rows"
	done
	grep -qvx 2400 ends || failed "control" "no cut within: $(< ends)"
}

@test "row 20: the power goes while a view is written: a beginning of the log, and what was lost is derived again: ext4" {
	served_again ext4
}

@test "row 20: the power goes while a view is written: a beginning of the log, and what was lost is derived again: xfs" {
	served_again xfs
}

# On one disk, its log not synced by its writer: a checked source syncs what it is about to send.
log_and_view() {
	records
	disk ext4
	WEIR_MUTANT='' event-log append disk/log pieces/aa
	three_cuts disk/view disk/log to_view
	event-log repair disk/log 2> err
}

is_right() {
	merge-views disk/view > rows
	event-log cat disk/log | window-agg -V sum.view | cmp - rows
}

@test "row 20: log and view on one disk: the view has nothing that the log has not" {
	log_and_view
	goes_on to_view disk/view disk/log || { cat err; return 1; }
	is_right
	[[ ! -e disk/view/lost ]]
}

@test "row 20: control: of a source that does not sync what it sends a view knows more than the log: put aside, derived again" {
	local store=(env WEIR_MUTANT= view-store) sync=always

	without_syncs
	log_and_view
	# that a log has lost records is for a person to know
	goes_on to_view disk/view disk/log || [[ $? -eq 78 ]]
	goes_on to_view disk/view disk/log || { cat err; return 1; }
	is_right
	[[ -n $(find disk/view/lost -name '*.tsv') ]]
}
