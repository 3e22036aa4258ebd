# SPDX-License-Identifier: MIT
# merge-views: partials into rows that are those of one pass over all records; nothing damaged gets in.

load ../lib
load ../battery
load cases

lines() {
	printf '%s\n' "$@"
}

# Orders of some hours: made once per file.
setup_file() {
	awk 'BEGIN {
		srand(5); print "t,k,c,v"
		for (i = 0; i < 2000; i++)
			printf "%d,%s,%s,%d.%02d\n", 1700000000000 + int(rand() * 40000000), "k" int(rand() * 7), substr("xy", 1 + int(rand() * 2), 1), rand() * 90, rand() * 99
	}' > "$BATS_FILE_TMPDIR/orders.csv"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	orders=$BATS_FILE_TMPDIR/orders.csv
	VIEW=(window-agg -t t --time-unit ms -w 1h -g 'k,c' -m 'n=count()' -m 's=sum(v)' -m 'a=avg(v)' -m 'd=count_distinct(k)')
}

# The orders in three pieces of every third line, as partials p1 p2 p3.
pieces() {      # view command...
	local i

	for i in 0 1 2; do
		awk -v i=$i 'NR == 1 || NR % 3 == i' "$orders" | "$@" -e partial > "p$((i + 1))"
	done
}

@test "merge-views: conventions of the command line" {
	"${VIEW[@]}" -e partial <(head -n 30 "$orders") > sample
	BATTERY_SKIP='empty_input no_final_newline crlf' battery merge-views "$PWD/sample"
	# a partial is no text that may be cut off or edited: its end line says so, and it has that at least
	head -c -1 sample > unended
	refuses "no last newline" 65 'merge-views: unended:*: the last line is cut off' merge-views unended
	sed 's/$/\r/' sample > crlf
	try merge-views crlf
	equal "CR LF is damage" 65 "$status"
}

@test "merge-views: conventions of the command line, with coarser windows" {
	"${VIEW[@]}" -e partial <(head -n 30 "$orders") > sample
	BATTERY_SKIP='empty_input no_final_newline crlf' battery merge-views "$PWD/sample" --window 1d --group-by k --order 's desc'
}

@test "merging: files, stdin, several in one, in any order: the rows of one pass" {
	pieces "${VIEW[@]}"
	right=$("${VIEW[@]}" "$orders")
	gives "files" "$right" merge-views p1 p2 p3
	gives "in another order" "$right" merge-views p3 p1 p2
	gives "stdin" "$right" merge-views < <(cat p1 p2 p3)
	gives "files and stdin" "$right" merge-views p1 - p3 < p2
	gives "merged by twos" "$right" merge-views <(merge-views -e partial p1 p2) p3
	gives "merged, then read from stdin" "$right" merge-views < <(merge-views -e partial p1 p2; cat p3)
	cat p1 p2 p3 > all
	refuses "several in one file" 65 'merge-views: all: it holds several partials one after the other: give it on stdin' merge-views all
	gives "the same one twice counts twice" "$(merge-views -o ndjson <(merge-views -e partial p1 p1))" merge-views -o ndjson p1 p1
	try merge-views p1 p1 --stats
	equal "which the ledger shows" "$(($(grep -vc '^#!\|^window' p1) * 2))" "$(ledger err in | tr -dc 0-9)"
	gzip p1
	gives "gzip" "$right" merge-views p1.gz p2 p3
	refuses "nothing at all" 65 'merge-views: stdin:1: it is empty: *' merge-views < /dev/null
	gives "empty partials" "$("${VIEW[@]}" <(head -n p1 "$orders"))" merge-views <("${VIEW[@]}" -e partial <(head -n p1 "$orders"))
	refuses "no such file" 74 'merge-views: nofile: No such file or directory' merge-views nofile
	gives "round trip" "$(merge-views -e partial p2 p3 | grep -v '^#!weir end')" bash -c 'merge-views -e partial p2 p3 | merge-views -e partial | grep -v "^#!weir end"'
	cmp <(merge-views -e partial p2 p3) <(merge-views -e partial p3 p2) || failed "partials do not depend on the order" ""
	cmp <(merge-views -e partial p2) p2 || failed "a partial merged alone is itself" ""
}

@test "definitions: only one may be merged" {
	printf 't,k,c,v\n1700000000000,a,x,1\n' > in
	base=(window-agg -t t --time-unit ms -e partial in)
	"${base[@]}" -w 1h -g k -m 'n=count()' > base
	while read -r name args; do
		# shellcheck disable=SC2086
		"${base[@]}" $args > other
		refuses "$name" 78 'merge-views: other: another definition than the partials before it: *' merge-views base other
		refuses "$name, from stdin" 78 'merge-views: stdin: another definition *' merge-views < <(cat base other)
	done <<- 'EOT'
	window -w 2h -g k -m n=count()
	offset -w 1h --offset 1m -g k -m n=count()
	key -w 1h -g c -m n=count()
	more-keys -w 1h -g k,c -m n=count()
	measure -w 1h -g k -m n=sum(v)
	name -w 1h -g k -m m=count()
	condition -w 1h -g k -m n=count() --where v>0
	retract -w 1h -g k -m n=count() --retract
	on-bad -w 1h -g k -m n=count() --on-bad skip
	EOT
	for args in '-d x=n*2' '--digits 3' '--watermark-delay 1m' '--time-format epoch-ms' '--allowed-lateness 1h' '--max-ahead 1d'; do
		# shellcheck disable=SC2086
		"${base[@]}" -w 1h -g k -m 'n=count()' $args > other
		try merge-views base other
		[[ $status -eq 0 && $(tail -n 1 out) == *,a,2 ]] || failed "$args does not matter" "$(< err)"
	done
	"${base[@]}" -w 1h -g k -m 'n=count()' -m 's=sum(v)' > one
	"${base[@]}" -w 1h -g k -m 's=sum(v)' -m 'n=count()' > two
	gives "the order of measures does not matter" $'window_start,window_end,k,n,s\n2023-11-14T22:00:00Z,2023-11-14T23:00:00Z,a,2,2' merge-views one two
}

@test "damage: unsorted, cut off, without head or end" {
	printf 't,k\n1,a\n2,b\n4000000,a\n' > in
	window-agg -t t --time-unit ms -w 1h -g k -m 'n=count()' -e partial in > p
	{ sed -n 1,2p p; sed -n 4p p; sed -n 3p p; sed -n '5,$p' p; } > unsorted
	refuses "unsorted" 65 'merge-views: unsorted:4: rows are not sorted by window_end, window_start and keys' merge-views unsorted
	refuses "unsorted, from stdin" 65 'merge-views: stdin:4: rows are not sorted *' merge-views < unsorted
	sed 4d p > lacking
	refuses "a row is missing" 65 'merge-views: lacking:5: 2 rows, its end line says 3' merge-views lacking
	sed '$d' p > open
	refuses "no end line" 65 'merge-views: open:5: it was cut off: there is no end line' merge-views open
	sed 1d p > headless
	refuses "no view line" 65 'merge-views: headless:1: no partial: it does not begin with "#!weir view"' merge-views headless
	sed 's/b\t1$/b\t2/' p > changed
	refuses "another number" 65 'merge-views: changed:6: damaged: its checksum is *, its end line says *' merge-views changed
	refuses "final rows" 65 'merge-views: in:1: no partial: it does not begin with "#!weir view"' merge-views in
	size=$(wc -c < p)
	for ((n = 1; n < size; n += 3)); do
		head -c "$n" p > short
		try merge-views short
		[[ $status -eq 65 ]] || failed "cut after $n" "status $status: $(< out)"
	done
}

@test "damage: no flipped byte of a partial gives another answer" {
	printf 't,k,v\n1,a,1.50\n2,b,2\n4000000,a,7\n' > in
	window-agg -t t --time-unit ms -w 1h -g k -m 'n=count()' -m 's=sum(v)' -e partial in > p
	right=$(merge-views p)
	size=$(wc -c < p)
	for ((n = 0; n < size; n++)); do
		for bit in 1 32; do
			((n % 2 && bit == 32)) && continue
			flip p "$n" $bit > flipped
			status=0
			got=$(merge-views flipped 2> err) || status=$?
			[[ $status -eq 0 && $got == "$right" ]] || [[ $status -eq 65 || $status -eq 78 ]] ||
				failed "byte $n ^ $bit" "status $status $(head -c 200 err) $got"
		done
	done
}

@test "roll-up: longer windows and fewer keys are those of one pass" {
	pieces "${VIEW[@]}"
	while IFS='|' read -r merge direct; do
		# shellcheck disable=SC2086
		gives "$merge" "$(window-agg -t t --time-unit ms -m 'n=count()' -m 's=sum(v)' -m 'a=avg(v)' -m 'd=count_distinct(k)' $direct "$orders")" \
			merge-views $merge p1 p2 p3
	done <<- 'EOT'
	--window 2h|-w 2h -g k,c
	--window 1d|-w 1d -g k,c
	--window 1h --group-by k|-w 1h -g k
	--group-by c|-w 1h -g c
	--group-by c,k|-w 1h -g c,k
	--window 3h --slide 1h --group-by c|-w 3h --slide 1h -g c
	--window 1mo --group-by c|-w 1mo -g c
	--window none --group-by k|-w none -g k
	--window 6h --offset 2h|-w 6h --offset 2h -g k,c
	--window 1d --tz Asia/Tokyo --group-by c|-w 1d --tz Asia/Tokyo -g c
	EOT
	gives "no key" "$(window-agg -t t --time-unit ms -m 'n=count()' -m 's=sum(v)' -m 'a=avg(v)' -m 'd=count_distinct(k)' -w 1h "$orders")" \
		merge-views --group-by '' p1 p2 p3
	refuses "finer windows" 78 'merge-views: --window: the windows of the partials do not nest in it: *' merge-views --window 30m p1
	refuses "windows across" 78 'merge-views: --window: the windows of the partials do not nest in it: *' merge-views --window 90m p1
	refuses "an offset across" 78 'merge-views: --window: the windows of the partials do not nest in it: *' merge-views --window 2h --offset 30m p1
	refuses "days of a zone at half hours" 78 'merge-views: --window: the windows of the partials do not nest in it: *' merge-views --window 1d --tz Asia/Kolkata p1
	refuses "a key there is not" 78 'merge-views: --group-by: the partials have no key "z"' merge-views --group-by z p1
	gives "partials rolled up are those of one pass" "$(merge-views --window 1d --group-by c p1 p2 p3)" merge-views <(merge-views -e partial --window 1d --group-by c p1 p2 p3)
}

@test "selection: --since, --until, --where, --order, --top, --per-window" {
	printf 't,k,v\n0,a,5\n0,b,3\n0,c,x\n3600000,a,10\n3600000,b,9\n7200000,c,7\n' | grep -v x > in
	window-agg -t t --time-unit ms -w 1h -g k -m 'n=count()' -m 's=sum(v)' -m 'x=avg(v) where v > 4' --digits 1 --time-format epoch-ms -e partial in > p
	H=window_start,window_end,k,n,s,x
	m=(merge-views --time-format epoch-ms p)
	a0=0,3600000,a,1,5,5.0 b0=0,3600000,b,1,3, a1=3600000,7200000,a,1,10,10.0 b1=3600000,7200000,b,1,9,9.0 c2=7200000,10800000,c,1,7,7.0
	m+=(--digits 1)
	gives "all" "$(lines $H $a0 $b0 $a1 $b1 $c2)" "${m[@]}"
	gives "since" "$(lines $H $a1 $b1 $c2)" "${m[@]}" --since 1970-01-01T01:00:00Z
	gives "since, a ms later" "$(lines $H $c2)" "${m[@]}" --since 1970-01-01T01:00:00.001Z
	gives "until" "$(lines $H $a0 $b0)" "${m[@]}" --until 1970-01-01T01:00:00Z
	gives "until, a ms later" "$(lines $H $a0 $b0 $a1 $b1)" "${m[@]}" --until '1970-01-01 01:00:00.001'
	gives "both" "$(lines $H $a1 $b1)" "${m[@]}" --since 1970-01-01T01:00:00Z --until 1970-01-01T02:00:00Z
	gives "where over the output" "$(lines $H $a1 $b1)" "${m[@]}" --where 's > 8 and k in ("a", "b")'
	gives "order, numbers by value" "$(lines $H $b0 $a0 $c2 $b1 $a1)" "${m[@]}" --order s
	gives "order desc, then another" "$(lines $H $c2 $b1 $b0 $a0 $a1)" "${m[@]}" --order 'k desc, x'
	gives "null last" "$(lines $H $a0 $c2 $b1 $a1 $b0)" "${m[@]}" --order x
	gives "null last in either direction" "$(lines $H $a1 $b1 $c2 $a0 $b0)" "${m[@]}" --order 'x desc'
	gives "equal ones stay in order" "$(lines $H $a0 $b0 $a1 $b1 $c2)" "${m[@]}" --order n
	gives "top" "$(lines $H $a1 $b1)" "${m[@]}" --order 's desc' --top 2
	gives "top without order" "$(lines $H $a0 $b0)" "${m[@]}" --top 2
	gives "top of each window" "$(lines $H $a0 $a1 $c2)" "${m[@]}" --order 's desc' --top 1 --per-window
	gives "derive, order by it" "$(lines $H,y $a1,20 $b1,18)" "${m[@]}" -d 'y=s*2' --order 'y desc' --top 2
	refuses "no such column" 64 'merge-views: --order: the output has no column "z"' "${m[@]}" --order z
	refuses "no such column" 64 'merge-views: --where: the output has no column "z"' "${m[@]}" --where 'z > p1'
	refuses "no such time" 64 'merge-views: --since: *' "${m[@]}" --since yesterday
	refuses "partials are not selected" 64 'merge-views: --emit partial: *' "${m[@]}" -e partial --top 1
	refuses "no updates" 64 'merge-views: --emit: updates: not one of final, partial' "${m[@]}" -e updates
	# many rows through --top, which keeps only the best
	awk 'BEGIN { print "k,v"; for (i = 0; i < 20000; i++) print "k" i "," (i * 7919) % 20011 }' > many
	window-agg -w none -g k -m 's=sum(v)' -e partial many > q
	gives "top of many" "$(echo k,s; merge-views q | tail -n +2 | sort -t, -k2,2nr -k1,1 | head -n 5)" merge-views --order 's desc' --top 5 q
}

@test "rows: --fill, formats, -V with other derived columns" {
	printf 't,k,v\n0,a,5\n10800000,a,1\n3600000,b,2\n' > in
	v=(window-agg -t t --time-unit ms -w 1h -g k -m 'n=count()' -m 's=sum(v)')
	"${v[@]}" -e partial in > p
	gives "fill" "$("${v[@]}" --fill in)" merge-views --fill p
	gives "fill coarser" "$(window-agg -t t --time-unit ms -w 1h -m 'n=count()' -m 's=sum(v)' --fill in)" merge-views --fill --group-by '' p
	refuses "fill-max" 71 'merge-views: --fill would make more than --fill-max 2 rows' merge-views --fill --fill-max 2 p
	gives "NDJSON" "$("${v[@]}" -o ndjson in)" merge-views -o ndjson p
	gives "TSV" "$("${v[@]}" -o tsv in)" merge-views -o tsv p
	lines 'time t' 'time-unit ms' 'window 1h' 'group-by k' 'measure s = sum(v)' 'measure n = count()' 'derive per = s / n' 'digits 2' > v.view
	gives "-V" "$(window-agg -V v.view in | cut -d, -f1-3,6)" bash -c 'merge-views -V v.view p | cut -d, -f1-3,6'
	sed -i 's/1h/2h/' v.view
	refuses "-V of another view" 78 'merge-views: -V: another definition (*) than that of the partials (*)' merge-views -V v.view p
	refuses "-V that is not there" 78 'merge-views: *nofile*' merge-views -V nofile p
}

@test "sessions: merged across inputs, as one pass would have them" {
	printf 't,k\n0,a\n15,a\n40,a\n3,b\n' > one
	printf 't,k\n8,a\n30,a\n13,b\n' > two
	v=(window-agg -t t --time-unit ms --session 10ms -g k -m 'n=count()')
	"${v[@]}" -e partial one > p1
	"${v[@]}" -e partial two > p2
	right=$("${v[@]}" one two)
	gives "joined by the other input" "$right" merge-views p1 p2
	gives "the other way round" "$right" merge-views p2 p1
	gives "from stdin" "$right" merge-views < <(cat p2 p1)
	gives "by partials" "$right" merge-views <(merge-views -e partial p1 p2)
	gives "into none" "$(window-agg -w none -g k -m 'n=count()' one two)" merge-views --window none p1 p2
	refuses "keys stay" 78 'merge-views: sessions belong to their keys: *' merge-views --group-by '' p1 p2
}

@test "changes: retractions merge in any order, what cancels is gone" {
	printf '_op,t,k,v\n+I,1,a,5\n+I,2,b,9\n+I,3,c,1\n' > one
	printf '_op,t,k,v\n-D,1,a,5\n-U,2,b,9\n+U,2,b,4\n-D,3,x,1\n' > two
	v=(window-agg --retract -t t --time-unit ms -w 1h -g k -m 'n=count()' -m 's=sum(v)' -m 'm=max(v)')
	"${v[@]}" -e partial one > p1
	"${v[@]}" -e partial two > p2
	merge-views -e partial p2 p1 > p21
	want=$("${v[@]}" one two 2> err)
	[[ $(< err) == "window-agg: 1 rows are not shown: more was taken back"* ]] || failed "window-agg on x" "$(< err)"
	for inputs in "p1 p2" "p2 p1" p21; do
		# shellcheck disable=SC2086
		try merge-views $inputs
		equal "$inputs" "$want" "$(< out)"
		[[ $(< err) == "merge-views: 1 rows are not shown: more was taken back"* ]] || failed "$inputs on x" "$(< err)"
	done
	equal "a row of weight 0 is in no partial" "" "$(merge-views -e partial p1 p2 | cut -f4 | grep -x a)"
	equal "a row below 0 is kept there" x "$(merge-views -e partial p1 p2 | tr '\t' '\n' | grep -x x)"
}

@test "memory: does not grow with the number of keys when sorted inputs keep theirs" {
	is_plain_build || skip "sanitizers take memory of their own"
	need /usr/bin/time
	for n in 10000 300000; do
		for i in 1 2; do
			awk -v n=$n -v i=$i 'BEGIN { print "k,v"; for (j = 0; j < n; j++) print "k" j "," i }' | window-agg -w none -g k -m 's=sum(v)' -m 'n=count()' -e partial > $n.$i
		done
		/usr/bin/time -f %M -o rss.$n merge-views $n.1 $n.2 > rows.$n
		equal "$n keys" $((n + 1)) "$(wc -l < rows.$n)"
		[[ $(sort -u -t, -k2 rows.$n | cut -d, -f2- | sort -u | tr '\n' ' ') == '3,2 s,n ' ]] || failed "$n keys" "wrong rows"
	done
	((10#$(< rss.300000) < 10#$(< rss.10000) + 2000)) || failed "peak" "$(< rss.10000) KiB for 10,000 keys, $(< rss.300000) for 300,000"
}

@test "selection: --since and --until are days of the windows' zone" {
	printf 't,v\n2026-03-28T12:00:00Z,1\n2026-03-29T12:00:00Z,2\n2026-03-30T12:00:00Z,3\n' > in
	window-agg -t t -w 1d --tz Europe/Berlin -m 's=sum(v)' -e partial in > part
	gives "one day" 'window_start,window_end,s
2026-03-29T00:00:00+01:00,2026-03-30T00:00:00+02:00,2' merge-views --since 2026-03-29 --until 2026-03-30 part
	gives "a month" 'window_start,window_end,s
2026-03-01T00:00:00+01:00,2026-04-01T00:00:00+02:00,6' merge-views -w 1mo --since 2026-03-01 part
	refuses "no time" 64 'merge-views: --since: soon: *' merge-views --since soon part
}
