# SPDX-License-Identifier: MIT
# The law over layers: whatever mixture of batch generations, speed files of any epochs, compaction, rollbacks and restarts has
# made a view, while readers read it: the same bytes as one pass over the log.
#
#	LAYER_CASES=100 LAYER_SEED=7 bats tests/law/layers.bats
#
# LAYER_CASES: random histories (default 6; 60 with WEIR_LONG=1; a third under sanitizers). A history that fails is named by its seed.

load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	if [[ -z ${LAYER_CASES-} ]]; then
		LAYER_CASES=6
		[[ -z ${WEIR_LONG-} ]] || LAYER_CASES=60
		is_plain_build || LAYER_CASES=$((LAYER_CASES / 3))
	fi
	LAYER_SEED=${LAYER_SEED:-1}
}

# Ends the reader, also of a test that failed.
teardown() {
	touch "$BATS_TEST_TMPDIR/stop"
}

# Definitions of every kind: sets, extremes, quantiles, first and last, sessions, sliding and calendar windows.
write_views() {
	local all='measure n = count()
measure s = sum(v)
measure d = count_distinct(u)
measure h = approx_count_distinct(u)
measure q = approx_quantile(v, 0.9)
measure a = avg(v)
measure sd = stddev_pop(v)
measure lo = min(v)
measure hi = max(v)
measure f = first(v)
measure l = last(v)
derive r = s / n
on-bad skip'

	printf 'time ts\nwindow 1m\ngroup-by k\n%s\n' "$all" > view.0
	printf 'time ts\nwindow 10m\nslide 3m\ngroup-by k, u\n%s\n' "$all" > view.1
	printf 'time ts\nsession 40s\ngroup-by u\n%s\n' "$all" > view.2
	printf 'time ts\nwindow 1d\ntz Europe/Berlin\n%s\n' "$all" > view.3
	printf 'time ts\nwindow none\ngroup-by k\n%s\n' "$all" > view.4
}

# Subshells would draw numbers of their own: what is random is drawn here and passed on.
#
# N records, times out of order, some of them bad (skipped and counted), some with quotes and line ends inside.
records() {     # n seed
	awk -v n="$1" -v seed="$2" 'BEGIN {
		srand(seed)
		print "ts,k,u,v,note"
		for (i = 0; i < n; i++) {
			t = 1772445600 + int(rand() * 4000)
			v = rand() < 0.02 ? "x" : int(rand() * 1e6) / 100
			note = rand() < 0.05 ? "\"a \"\"b\"\"\n#!weir stop\"" : "plain"
			printf "%d,%s,u%d,%s,%s\n", t, substr("abcde", 1 + int(rand() * 5), 1), int(rand() * 40), v, note
		}
	}'
}

ingest() {
	records $((RANDOM % 700)) "$RANDOM" > batch.csv
	event-log append --block-bytes $((200 + RANDOM % 20000)) --segment-size $((5000 + RANDOM % 60000)) log batch.csv
	((RANDOM % 4)) || event-log seal log
}

# The speed layer up to some point, in epochs of 1, 7 or 1000 records, or as it likes.
speed() {       # view
	local epochs=(1 7 1000 100000) options end at

	options=(--epoch-records "${epochs[RANDOM % 4]}")
	end=$(event-log info log | sed -n 's/^last\t\([0-9]*\)@.*/\1/p')
	at=$(tiling_end "$1")
	((RANDOM % 3 && end > at)) && options+=(--to $((at + 1 + RANDOM % (end - at))))
	event-log cat --resume-from "views/$1" "${options[@]}" log |
		window-agg -V "view.$1" --emit partial | view-store --linger 0s "views/$1"
}

tiling_end() {  # view
	local n

	n=$(merge-views --header "views/$1" 2> /dev/null | sed -n 's/^# .* position=\([0-9]*\)@.*/\1/p')
	echo "${n:-0}"
}

batch() {       # view
	local options=()

	((RANDOM % 2)) || options+=(--incremental)
	((RANDOM % 3)) || options+=(--seal)
	((RANDOM % 6)) || options+=(--freeze)
	batch-view "${options[@]}" -j $((1 + RANDOM % 3)) -V "view.$1" --store "views/$1" log 2> batch.err || { cat batch.err; return 1; }
}

# A generation back, where that is allowed.
roll_back() {   # view
	run batch-view --rollback -V "view.$1" --store "views/$1" log
	[[ $status == 0 || $status == 78 ]] || { echo "rollback: status $status: $output"; return 1; }
}

# What is served must be what one pass over that prefix of the log gives.
check_view() {  # view
	local at

	[[ -d views/$1 ]] || return 0
	merge-views --header "views/$1" > served.all 2> served.err || { [[ $? == 69 ]] && return; cat served.err; return 1; }
	at=$(sed -n 's/^# .* position=\([0-9]*\)@.*/\1/p' served.all)
	grep -v '^# ' served.all > served
	event-log cat --to "$at" log | window-agg -V "view.$1" > whole
	cmp served whole
}

history_of() {  # seed
	local view step

	RANDOM=$1
	rm -rf log views
	mkdir views
	ingest
	for ((step = 0; step < 14; step++)); do
		view=$((RANDOM % 5))
		case $((RANDOM % 8)) in
		0 | 1) ingest ;;
		2 | 3 | 4) speed "$view" ;;
		5 | 6) batch "$view" ;;
		7) roll_back "$view" ;;
		esac
		check_view "$view" || { echo "view $view, step $step"; return 1; }
	done
	for view in 0 1 2 3 4; do
		((RANDOM % 2)) || batch "$view"
		event-log cat --resume-from "views/$view" log | window-agg -V "view.$view" --emit partial | view-store "views/$view"
		check_view "$view" || { echo "view $view, at the end"; return 1; }
		event-log cat log | window-agg -V "view.$view" | cmp - served
		run -0 batch-view --verify -V "view.$view" --store "views/$view" log
	done
}

@test "law: batch generations, speed files of any epochs, compaction, rollbacks: the bytes of one pass" {
	local seed

	write_views
	for ((seed = LAYER_SEED; seed < LAYER_SEED + LAYER_CASES; seed++)); do
		history_of "$seed" || { echo "seed $seed"; return 1; }
	done
}

# Readers while epochs of one record are published and compacted, and batches come in: each answer is that of some prefix.
@test "law: what a reader sees while files are published, compacted and replaced is a prefix of the log, never a mixture" {
	local reader to

	mkdir views
	RANDOM=$LAYER_SEED
	records 300 "$RANDOM" | sed 's/,"a .*$/,quoted/; /^#!weir/d' > all.csv
	event-log append --segment-size 3000 --block-bytes 500 log < all.csv
	printf 'time ts\nwindow none\non-bad skip\nmeasure n = count()\nmeasure s = sum(v)\n' > view.total
	# n -> sum for every prefix
	event-log cat log | awk -F, 'NR > 1 && NF >= 5 { if ($4 ~ /^[0-9.]+$/) { n++; s += $4 * 100; printf "%d,%.0f\n", n, s } }' | sort > prefixes
	{
		while [[ ! -e stop ]] && ((SECONDS < 120)); do
			merge-views -V view.total views/total 2> /dev/null | tail -n +2
		done > answers
	} 3>&- &
	reader=$!
	for ((to = 10; to <= 300; to += 10)); do
		event-log cat --resume-from views/total --epoch-records 1 --to "$to" log | window-agg -V view.total --emit partial |
			view-store --linger 0s views/total
		((to % 100)) || batch-view --seal -V view.total --store views/total log 2> batch.err
	done
	until_true test -s answers
	touch stop
	wait "$reader"
	(($(sort -u answers | wc -l) > 3))
	awk -F, '{ printf "%d,%.0f\n", $1, $2 * 100 }' answers | sort -u > seen
	run -0 comm -23 seen prefixes
	assert_output ''
}
