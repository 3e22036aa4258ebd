# SPDX-License-Identifier: MIT
# merge-views on directories: whatever files a view is made of, its rows are those of one pass over a beginning of each log.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a shell of its own: V is its own too

load ../lib
load cases
load ranges

@test "views: the rows of one pass, whatever the files" {
	range gmv 0 500
	gives "one file" "$(rows 0 500)" merge-views gmv
	range gmv 500 900
	range gmv 900 1000
	gives "several" "$(rows 0 1000)" merge-views gmv
	gives "with a slash" "$(rows 0 1000)" merge-views gmv/
	range gmv 0 900 batch-1
	gives "batch before speed" "$(rows 0 1000)" merge-views gmv
	range gmv 0 1000
	range gmv 1000 1200
	range gmv 1000 1100
	gives "the longest of speed, covered ones left alone" "$(rows 0 1200)" merge-views gmv
	range gmv 0 1200 batch-2
	gives "another generation" "$(rows 0 1200)" merge-views gmv
	gives "NDJSON" "$(rows 0 1200 -o ndjson)" merge-views -o ndjson gmv
	echo trash > gmv/notes.txt
	cp "$(files gmv batch-2)" gmv/.orders.tmp
	gives "other files are none" "$(rows 0 1200)" merge-views gmv
	gives "coarser" "$(rows 0 1200 -e partial | merge-views -w 1d -g c)" merge-views -w 1d -g c gmv
	gives "partials" "$(rows 0 1200 -e partial | grep -v '^#')" bash -c "merge-views -e partial gmv | grep -v '^#'"
	printf 'derive per = s / n\n' | cat gmv.view - > per.view
	gives "-V" "$(records 0 1200 | window-agg -V per.view)" merge-views -V per.view gmv
}

@test "views: many ways to cut one log, and each gives the same bytes" {
	right=$(rows 0 300)
	for seed in {1..8}; do
		rm -rf gmv
		cuts=$(awk -v seed="$seed" 'BEGIN { srand(seed); for (at = 0; at < 300; at += n) { n = 1 + int(rand() * 90); if (at + n > 300) n = 300 - at; print at, at + n } }')
		while read -r from to; do
			range gmv "$from" "$to"
		done <<< "$cuts"
		gives "cuts $seed" "$right" merge-views gmv
		cut=$(awk 'NR == 2 { print $2 }' <<< "$cuts")
		range gmv 0 "$cut" "batch-$seed"
		gives "and a batch up to $cut" "$right" merge-views gmv
	done
}

@test "views: sessions go across files" {
	V=visit.view
	for from in {0..280..20}; do
		range visit "$from" $((from + 20))
	done
	gives "sessions" "$(rows 0 300)" merge-views visit
	range visit 0 100 batch-1
	gives "and a batch" "$(rows 0 300)" merge-views visit
}

@test "views: sources, directories and files are merged" {
	range one 0 500
	range one 500 900 speed refunds aaaaaaaaaaaaaaaa
	mv one/refunds* refunds.tsv
	range two 0 300 speed orders bbbbbbbbbbbbbbbb
	range one 0 400 speed returns cccccccccccccccc
	records 0 1 | cat - <(records 300 400 | tail -n +2) > more.csv
	window-agg -V "$V" -e partial more.csv > extra
	all() { { records 0 500; records 0 300; records 0 400; tail -n +2 more.csv; } | grep -v '^t,' | cat <(records 0 0) -; }
	right=$(all | window-agg -V "$V")
	gives "two directories, one of two sources, and a file" "$right" merge-views one two extra
	gives "in another order" "$right" merge-views extra two one
	gives "stdin" "$right" merge-views two - one < extra
	gives "a range file by name" "$(all | cat - <(records 500 900 | tail -n +2) | window-agg -V "$V")" merge-views one two extra refunds.tsv
}

@test "views: records of one log are not counted twice" {
	range gmv 0 500
	range gmv 500 900
	late=$(files gmv 0500-)
	cp -R gmv copy
	refuses "a directory twice" 78 'merge-views: gmv: orders: records 0-900 of that log are in gmv too (orders): they would count twice' merge-views gmv gmv
	refuses "its copy" 78 'merge-views: copy: orders: records 0-900 of that log are in gmv too *' merge-views gmv copy
	refuses "a file of it" 78 "merge-views: $late: orders: records 500-900 of that log are in gmv too *" merge-views gmv "$late"
	refuses "and the file first" 78 "merge-views: $late: orders: *" merge-views "$late" gmv
	range some 300 600
	refuses "range files by name" 78 'merge-views: *: orders: records 500-600 of that log are in *' merge-views "$late" "$(files some speed)"
	gives "that do not overlap" "$(rows 0 900)" merge-views gmv/*
	range other 0 500 speed sales
	refuses "a log that was renamed is the same one" 78 'merge-views: other: sales: records 0-500 of that log are in gmv too (orders): *' merge-views gmv other
	range another 0 500 speed orders 1111111111111111
	gives "another log of that name" "$({ records 0 900; records 0 500 | tail -n +2; } | window-agg -V "$V")" merge-views gmv another
}

@test "gaps: told in one line, never papered over; --strict refuses" {
	range gmv 0 500
	range gmv 500 620
	range gmv 620 700
	range gmv 700 800
	mv "$(files gmv 500-)" gone
	told='gmv: orders: records 500-620 are missing; served up to 500'
	try merge-views gmv
	equal "rows up to the gap" "0 $(rows 0 500)" "$status $(< out)"
	equal "one line" "merge-views: $told" "$(< err)"
	refuses "strict" 65 "merge-views: $told" merge-views --strict gmv
	[[ ! -s out ]] || failed "strict prints nothing" "$(head -n 2 out)"
	mv gone "$(files gmv 620- | sed 's/620-\(0*\)700/500-\1620/')"
	gives "strict, nothing missing" "$(rows 0 800)" merge-views --strict gmv
	range fork 0 500 speed orders 5d2f0badc0ffee00 chain=1
	range fork 500 600
	try merge-views fork
	equal "what does not join" "merge-views: fork: orders: what is there behind record 500 does not join; served up to 500" "$(< err)"
	equal "is not served" "$(rows 0 500)" "$(< out)"
	range late 100 200
	refuses "no beginning" 65 'merge-views: late: orders: records 0-100 are missing; served up to 0' merge-views late
	try merge-views -V "$V" late
	equal "no beginning, columns known" "0 $(rows 0 0) merge-views: late: *" "$status $(< out) $(sed 's/late: .*/late: */' err)"
}

@test "empty views: no columns without -V; sources that are named are missed" {
	mkdir gmv
	refuses "no range file" 69 'merge-views: gmv: no range file yet' merge-views gmv
	try merge-views -V "$V" gmv
	equal "-V: columns, no rows" "0 $(rows 0 0)" "$status $(< out)"
	equal "and says so" 'merge-views: gmv: no range file yet' "$(< err)"
	refuses "strict" 65 'merge-views: gmv: no range file yet' merge-views --strict -V "$V" gmv
	range full 0 10
	try merge-views full gmv
	equal "one of two" "0 $(rows 0 10) merge-views: gmv: no range file yet" "$status $(< out) $(< err)"
	printf 'sources orders, refunds\n' | cat gmv.view - > two.view
	try merge-views -V two.view full
	equal "a source without a file" "0 merge-views: full: refunds: no range file yet" "$status $(< err)"
	refuses "strict" 65 'merge-views: full: refunds: no range file yet' merge-views --strict -V two.view full
	V=two.view
	range both 0 10
	try merge-views both
	equal "range files name them too" "merge-views: both: refunds: no range file yet" "$(< err)"
	range both 0 10 speed refunds 1111111111111111
	gives "until it is there" "$({ records 0 10; records 0 10 | tail -n +2; } | window-agg -V "$V")" merge-views --strict both
	refuses "no such view" 74 'merge-views: nothing: No such file or directory' merge-views nothing
}

@test "--header: where the rows come from" {
	range gmv 0 500 batch-3 orders 5d2f0badc0ffee00 t=1700000000000
	range gmv 500 600 speed orders 5d2f0badc0ffee00 t=1700000999500
	range gmv 600 700 speed orders 5d2f0badc0ffee00 t=1700000000001
	range gmv 800 900
	printf 'sources orders, re=funds\n' | cat gmv.view - > two.view
	hash=$(files gmv batch | sed 's/.*\.\([0-9a-f]*\)\.tsv/\1/')
	chain=$(printf %08x $((700 * 2654435761 % 4294967296)))
	try merge-views --header -V two.view gmv
	equal "text" "# view=gmv source=orders log=5d2f0badc0ffee00 position=700@$chain cut=500 generation=3 speed=2 definition=$hash t=2023-11-14T22:29:59.500Z rejected=0 age=N complete=no
# source=re=funds complete=no" "$(grep '^#' out | sed 's/age=[0-9]*\.[0-9]\{3\}s/age=N/')"
	equal "then rows" "$(rows 0 700)" "$(grep -v '^#' out)"
	try merge-views --header -V two.view -o ndjson --time-format epoch-ms gmv
	equal "NDJSON" "{\"@weir\":\"view\",\"view\":\"gmv\",\"source\":\"orders\",\"log\":\"5d2f0badc0ffee00\",\"position\":\"700@$chain\",\"cut\":500,\"generation\":3,\"speed\":2,\"definition\":\"$hash\",\"t\":\"1700000999500\",\"rejected\":0,\"age\":\"N\",\"complete\":\"no\"}
{\"@weir\":\"view\",\"source\":\"re=funds\",\"complete\":\"no\"}" "$(head -n 2 out | sed 's/"age":"[^"]*"/"age":"N"/')"
	printf 'watermark-delay 30s\n' | cat gmv.view - > delayed.view
	try merge-views --header -V delayed.view gmv
	[[ $(head -n 1 out) == *' t=2023-11-14T22:29:59.500Z watermark=2023-11-14T22:29:29.499Z rejected='* ]] || failed "watermark" "$(head -n 1 out)"
	rm gmv/*800*
	try merge-views --header gmv
	[[ $(head -n 1 out) == *' complete=yes' && ! -s err ]] || failed "complete" "$(head -n 1 out)"
	touch -d '2 minutes ago' gmv/*
	try merge-views --header gmv
	[[ $(head -n 1 out) == *' age=12'[0-9].[0-9][0-9][0-9]s\ * ]] || failed "age" "$(head -n 1 out)"
	printf 'on-bad skip\n' | cat gmv.view - > skip.view
	V=skip.view
	{ records 0 10; echo x,y,z; } | window-agg -V "$V" -e partial 2> err | make_range bad orders 5d2f0badc0ffee00 speed 0 11
	try merge-views --header bad
	[[ $(head -n 1 out) == *' rejected=1 '* ]] || failed "rejected" "$(head -n 1 out)"
	refuses "partials have none" 64 'merge-views: --emit partial: --header *' merge-views --header -e partial gmv
	for option in --header --strict '--max-age 1s'; do
		# shellcheck disable=SC2086
		refuses "$option without view" 64 'merge-views: --header, --strict and --max-age are for views, *' merge-views $option orders.csv
	done
}

@test "--max-age: rows all the same, and status 1" {
	range gmv 0 500 batch-1
	range gmv 500 600
	touch -d '1 day ago' "$(files gmv batch)"
	gives "fresh" "$(rows 0 600)" merge-views --max-age 1h gmv
	touch -d '3723 seconds ago' "$(files gmv speed)"
	try merge-views --max-age 1h gmv
	equal "old" "1 $(rows 0 600)" "$status $(< out)"
	[[ $(< err) == 'merge-views: gmv: orders: 1h2m'*'s old, --max-age is 1h' ]] || failed "its message" "$(< err)"
	gives "not that old" "$(rows 0 600)" merge-views --max-age 1d gmv
	range gmv 0 100 speed refunds 1111111111111111
	try merge-views --max-age 1h gmv
	equal "the oldest source counts" 1 "$status"
	touch "$(files gmv batch)"
	try merge-views --max-age 1h gmv
	equal "a new batch below an old end is old" 1 "$status"
	range gmv 0 600 batch-2
	try merge-views --max-age 1h gmv
	equal "a new batch at the end is new" "0" "$status"
	touch -d '1 hour' gmv/*
	try merge-views --max-age 0s gmv
	equal "a file from the future is new" "0" "$status"
	printf 'sources orders, refunds, more\n' | cat gmv.view - > three.view
	try merge-views --max-age 1d -V three.view gmv
	equal "a source without a file is too old" 1 "$status"
	mkdir empty
	try merge-views --max-age 1d -V "$V" empty
	equal "an empty view is too old" 1 "$status"
	refuses "no duration" 64 'merge-views: --max-age: soon: *' merge-views --max-age soon gmv
}

@test "damage: a torn speed file is not there, a torn batch file is an error, a wrong sum too" {
	range gmv 0 500
	range gmv 500 600
	truncate -s -20 "$(files gmv 500-)"
	try merge-views gmv
	equal "torn" "0 $(rows 0 500)" "$status $(< out)"
	range gmv 0 600 batch-1
	gives "batch is there for it" "$(rows 0 600)" merge-views gmv
	truncate -s -20 "$(files gmv batch)"
	refuses "torn batch" 65 'merge-views: gmv/orders.*batch-1*' merge-views gmv
	rm gmv/*batch*
	sed -i '3s/.$/#/' "$(files gmv 0000-)"
	try merge-views gmv
	[[ $status -eq 65 && $(tail -n 1 err) == 'merge-views: gmv/orders.'* ]] || failed "a changed byte" "$status $(< err)"
	sed 's/1h/2h/' gmv.view > other.view
	range mixed 0 10
	V=other.view
	range mixed 0 10 speed refunds 1111111111111111
	refuses "two definitions" 78 'merge-views: mixed/*: another definition than the partials before it: *' merge-views mixed
}

@test "rollback: without its newest batch file a view is what it was" {
	range gmv 0 300 batch-1
	range gmv 300 600
	range gmv 600 800
	gives "before" "$(rows 0 800)" merge-views gmv
	# a batch that has gone wrong: half of the records are not in it
	records 0 250 | window-agg -V "$V" -e partial | make_range gmv orders 5d2f0badc0ffee00 batch-2 0 600
	try merge-views gmv
	[[ $(< out) != "$(rows 0 800)" ]] || failed "the newest batch counts" "it does not"
	rm "$(files gmv batch-2)"
	gives "after" "$(rows 0 800)" merge-views gmv
}

publish() {     # from to kind
	local file

	file=$(find stock -name "*$(printf %020d-%020d "$1" "$2").$3.*")
	cp "$file" gmv/.new
	mv gmv/.new "gmv/${file##*/}"
}

withdraw() {    # from to kind
	rm -f gmv/*"$(printf %020d-%020d "$1" "$2").$3."*
}

# Until each reader has answered once more: what is there now has been seen.
let_them_read() {
	local reader n

	for reader in 1 2 3 4; do
		n=$(wc -l < seen.$reader)
		until_true has_lines seen.$reader $((n + 2))
	done
}

has_lines() {   # file n
	(($(wc -l < "$1") >= $2))
}

@test "readers during publication: each answer is that of a beginning of the log" {
	for at in {0..230..10}; do
		range stock "$at" $((at + 10))
		rows 0 $((at + 10)) | md5sum >> allowed
	done
	for at in {0..200..40}; do
		range stock "$at" $((at + 40))
		range stock 0 $((at + 40)) batch-$((at / 40 + 1))
	done
	mkdir gmv
	publish 0 10 speed
	readers=()
	for reader in 1 2 3 4; do
		while [[ ! -e ended ]] && ((SECONDS < 100)); do
			merge-views gmv | md5sum
			((PIPESTATUS[0] == 0)) || echo "status ${PIPESTATUS[0]}"
		done > "seen.$reader" 2> "err.$reader" 3>&- &
		readers+=($!)
	done
	# speed by tens; compacted to forties, batches: what they replace goes at once; at last back to tens
	for at in {10..230..10}; do
		publish "$at" $((at + 10)) speed
		((at % 40 == 30)) || continue
		publish $((at - 30)) $((at + 10)) speed
		for old in 30 20 10 0; do
			withdraw $((at - old)) $((at - old + 10)) speed
		done
		((at % 80 == 70)) || continue
		publish 0 $((at + 10)) batch-$(((at + 10) / 40))
		withdraw $((at - 30)) $((at + 10)) speed
		let_them_read
	done
	for at in {0..230..10}; do
		publish "$at" $((at + 10)) speed
	done
	rm gmv/*batch*
	let_them_read
	touch ended
	wait "${readers[@]}"
	for reader in 1 2 3 4; do
		equal "reader $reader: answers of no beginning" "" "$(grep -vxFf allowed "seen.$reader" | sort | uniq -c)"
		equal "reader $reader: nothing was missing" "" "$(sort "err.$reader" | uniq -c | head -n 5)"
	done
	(($(sort -u seen.? | wc -l) > 3)) || failed "readers" "have seen one state only"
}

# Readers end when their test does.
teardown() {
	touch "$BATS_TEST_TMPDIR/ended"
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}
