# SPDX-License-Identifier: MIT
# The whole loop for SOAK seconds (default 60; `make soak` 1800) with a member killed every five: byte-identical at the end, and memory,
# descriptors and files bounded all the way.

SOAK=${SOAK:-60}
export BATS_TEST_TIMEOUT=$((SOAK + 300))

load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	supervisors=()
	feeder=
}

teardown() {
	touch stop
	for pid in "${supervisors[@]}" $feeder; do
		kill -9 "$pid" 2> /dev/null || true
	done
}

# One second of orders: times somewhat out of order, a fifth of the ids again.
second_of_orders() {    # number
	awk -v at="$1" 'BEGIN {
		srand(at); print "id,t,k,v"
		for (i = 0; i < 2000; i++)
			printf "%d,%d,k%d,%d.%02d\n", at * 2000 + i - (rand() < 0.2 ? int(rand() * 500) : 0), 1700000000 + at - int(rand() * 30), rand() * 50, rand() * 90, rand() * 99
	}'
}

feed() {
	local at

	for ((at = 0; ; at++)); do
		[[ ! -e stop ]] || break
		second_of_orders "$at"
		sleep 1
	done | awk 'NR == 1 || !/^id/ { print; fflush() }' | event-log append --segment-size 2M log
}

supervise() {   # name words...
	run-pipeline --delay 10ms --max-delay 200ms --log "$1.log" -- "${@:2}" 2> /dev/null 3>&- &
	supervisors+=($!)
}

members() {
	local pid

	for pid in "${supervisors[@]}"; do
		cat /proc/[0-9]*/stat 2> /dev/null | sed -n "s/^\([0-9]*\) (.*) [^Z] $pid .*/\1/p"
	done
}

# The most that any member has taken so far.
measure() {
	local pid

	# what is measured may go meanwhile
	for pid in $(members); do
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2> /dev/null >> rss || true
		{ find "/proc/$pid/fd" -mindepth 1 2> /dev/null || true; } | wc -l >> fds
	done
	for dir in view state; do
		{ find "$dir" -type f 2> /dev/null || true; } | wc -l >> "$dir.files"
	done
}

most() { sort -n "$1" | tail -n 1; }

@test "soak: a kill every five seconds under load and rebuilds: byte-identical, and nothing grows" {
	local once sums begin victims next=5

	printf 'time t\nwindow 1m\ngroup-by k\nmeasure n = count()\nmeasure s = sum(v)\n' > sum.view
	once=(dedupe -k id -t t --within 10m --watermark-delay 31s --state state)
	sums=(window-agg -V sum.view --watermark-delay 31s --emit final --state state)
	feed 3>&- &
	feeder=$!
	until_true test -d log
	supervise copy event-log cat --follow --resume-from copy log '|' "${once[@]}" '|' "${sums[@]}" '|' event-log append --segment-size 1M copy
	supervise view event-log cat --follow --resume-from view log '|' window-agg -V sum.view --emit partial '|' view-store view
	RANDOM=${WEIR_SEED:-1}
	begin=$SECONDS
	while ((SECONDS - begin < SOAK)); do
		measure
		if ((SECONDS - begin >= next)); then
			next=$((next + 5))
			mapfile -t victims < <(members)
			((${#victims[@]} == 0)) || kill -9 "${victims[RANDOM % ${#victims[@]}]}" 2> /dev/null || true
			((next % 15)) || batch-view --if-new --seal --incremental -V sum.view --store view log 2>> batch.err || [[ $? == 75 ]]
		fi
		sleep 0.5
	done
	touch stop
	wait "$feeder"
	feeder=
	for pid in "${supervisors[@]}"; do
		kill -TERM "$pid"
		wait "$pid" || [[ $? == 75 ]]
	done
	supervisors=()

	# to the end, and against one pass
	run-pipeline --restarts 9 -- event-log cat --final --resume-from copy log '|' "${once[@]}" '|' "${sums[@]}" '|' event-log append copy
	event-log cat log | dedupe -k id -t t --within 10m --watermark-delay 31s | window-agg -V sum.view --watermark-delay 31s > right.csv
	cmp right.csv <(event-log cat copy)
	run-pipeline --restarts 9 -- event-log cat --resume-from view log '|' window-agg -V sum.view --emit partial '|' view-store view
	cmp <(event-log cat log | window-agg -V sum.view) <(merge-views view)
	event-log verify log
	event-log verify copy

	echo "records $(event-log info log | sed -n 's/^records\t//p'), most: $(most rss) KiB a member, $(most fds) descriptors, files: view $(most view.files), state $(most state.files)"
	(($(grep -c 'killed by signal 9' copy.log view.log | awk -F: '{ n += $2 } END { print n }') >= SOAK / 5 - 3))
	# dedupe holds the keys of twenty minutes
	(($(most rss) < 150 * 1024))
	(($(most fds) < 32))
	(($(most view.files) < 64 + 64))
	(($(most state.files) < 40))
}
