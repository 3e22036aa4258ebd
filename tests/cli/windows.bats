# SPDX-License-Identifier: MIT
# What windows, watermarks and lateness mean: DESIGN section 6, each sentence by small examples.

load ../lib
load cases

# Times in ms as they are, both ways.
ms() {
	window-agg -t t --time-unit ms --time-format epoch-ms "$@"
}

lines() {
	printf '%s\n' "$@"
}

# A stream with control lines: CSV with columns t,k,v.
controlled() {
	lines '#!weir stream format=csv' '#!weir columns t,k,v' "$@"
}

HEAD='window_start,window_end,n'

# --- Which windows hold an instant ----------------------------------------------------------------

# Every window by its definition: starts are offset + i * slide, it holds start <= t < start + size.
oracle() {      # size slide offset < times in ms
	awk -v size="$1" -v slide="$2" -v offset="$3" '
	function floor(a, b,   r) { r = a % b; if (r < 0) r += b; return (a - r) / b }
	{
		held = 0
		for (i = floor($1 - offset, slide); offset + i * slide > $1 - size; i--) { n[offset + i * slide]++; held = 1 }
		gaps += !held
	}
	END { for (s in n) print s "," s + size "," n[s]; print "gaps " gaps + 0 > "gaps" }' | sort -t, -k1,1n
}

@test "windows: floor arithmetic, any slide, any offset, also before 1970" {
	seq -40 3 40 > stamps
	sed '1i t' stamps > in
	while read -r size slide offset; do
		wanted=$(echo "$HEAD"; oracle "$size" "$slide" "$offset" < stamps)
		name="size $size, slide $slide, offset $offset"
		try ms -w "${size}ms" --slide "${slide}ms" --offset "${offset}ms" -m 'n=count()' --stats in
		equal "$name" "$wanted" "$(< out)"
		equal "$name: filtered, not late" "$(< gaps) 0" "gaps $(ledger err filtered | tr -dc 0-9) $(ledger err late | tr -dc 0-9)"
		balanced "$name" err
	done <<- 'EOT'
	10 10 0
	10 10 3
	10 10 -3
	10 10 100
	10 10 -104
	10 5 0
	10 5 -7
	7 5 0
	7 5 2
	7 5 -11
	12 5 1
	13 3 0
	1 1 0
	5 7 0
	5 7 -3
	5 7 23
	2 9 4
	1 40 -1
	EOT
	gives "tumbling is sliding by its size" "$(ms -w 10ms --slide 10ms -m 'n=count()' in)" ms -w 10ms -m 'n=count()' in
}

@test "windows: a slide longer than the window leaves gaps, filtered also while W moves" {
	lines t 0 7 12 19 21 30 > in
	try ms -w 10ms --slide 20ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "rows" "$HEAD"$'\n0,10,2\n20,30,1' "$(< out)"
	equal "ledger" "in=6 out=3 late=0 filtered=3" "$(ledger err in out late filtered)"
}

@test "windows: calendar days, weeks, months and years in their zone" {
	day() {
		window-agg -t t -m 'n=count()' "$@"
	}
	lines t 2024-03-09T23:59:59Z 2024-03-10T00:00:00Z 2024-03-16T23:59:59Z 2024-03-17T00:00:00Z > in
	gives "weeks begin on Monday" "$HEAD"$'\n2024-03-04T00:00:00Z,2024-03-11T00:00:00Z,2\n2024-03-11T00:00:00Z,2024-03-18T00:00:00Z,2' \
		day -w 1w in
	gives "weeks from Sunday" "$HEAD"$'\n2024-03-03T00:00:00Z,2024-03-10T00:00:00Z,1\n2024-03-10T00:00:00Z,2024-03-17T00:00:00Z,2\n2024-03-17T00:00:00Z,2024-03-24T00:00:00Z,1' \
		day -w 1w --offset -1d in
	gives "an offset of weeks is none" "$(day -w 1w in)" day -w 1w --offset -3w in
	lines t 1969-12-31T23:59:59Z 1969-02-28T12:00:00Z 1972-02-29T00:00:00Z > in
	gives "months" "$HEAD"$'\n1969-02-01T00:00:00Z,1969-03-01T00:00:00Z,1\n1969-12-01T00:00:00Z,1970-01-01T00:00:00Z,1\n1972-02-01T00:00:00Z,1972-03-01T00:00:00Z,1' \
		day -w 1mo in
	gives "quarters" "$HEAD"$'\n1969-01-01T00:00:00Z,1969-04-01T00:00:00Z,1\n1969-10-01T00:00:00Z,1970-01-01T00:00:00Z,1\n1972-01-01T00:00:00Z,1972-04-01T00:00:00Z,1' \
		day -w 3mo in
	gives "years that begin in April" "$HEAD"$'\n1968-04-01T00:00:00Z,1969-04-01T00:00:00Z,1\n1969-04-01T00:00:00Z,1970-04-01T00:00:00Z,1\n1971-04-01T00:00:00Z,1972-04-01T00:00:00Z,1' \
		day -w 1y --offset 3mo in
	lines t 2024-03-10T04:59:59Z 2024-03-10T05:00:00Z 2024-03-11T03:59:59Z 2024-03-11T04:00:00Z > in
	gives "the day that has 23 hours" "$HEAD"$'\n2024-03-09T00:00:00-05:00,2024-03-10T00:00:00-05:00,1\n2024-03-10T00:00:00-05:00,2024-03-11T00:00:00-04:00,2\n2024-03-11T00:00:00-04:00,2024-03-12T00:00:00-04:00,1' \
		day -w 1d --tz America/New_York in
	gives "24h has 24 hours" "$HEAD"$'\n2024-03-09T19:00:00-05:00,2024-03-10T20:00:00-04:00,2\n2024-03-10T20:00:00-04:00,2024-03-11T20:00:00-04:00,2' \
		day -w 24h --tz America/New_York in
	lines t 2011-12-29T12:00:00Z 2011-12-30T12:00:00Z > in
	gives "a date that did not exist" "$HEAD"$'\n2011-12-29T00:00:00-10:00,2011-12-31T00:00:00+14:00,1\n2011-12-31T00:00:00+14:00,2012-01-01T00:00:00+14:00,1' \
		day -w 1d --tz Pacific/Apia in
}

@test "windows: none is one row per key, with or without times" {
	lines t,k,v 5,a,1 x,b,2 ,a,3 > in
	gives "no time column named" $'k,n,s\na,2,4\nb,1,2' window-agg -w none -g k -m 'n=count()' -m 's=sum(v)' in
	refuses "a time that is named must parse" 65 'window-agg: in:3: t: "x": *' window-agg -t t -w none -g k -m 'n=count()' in
	gives "nothing in, nothing out" 'k,n' window-agg -w none -g k -m 'n=count()' < /dev/null
}

# --- The ends of time -----------------------------------------------------------------------------

@test "windows: nothing wraps near the ends of 64 bits" {
	lines t -9223372036854775808 -9223372036854775807 9223372036854775805 9223372036854775806 > in
	for args in '-w 1m' '-w 1m --offset -7s' '-w 1h --slide 7m' '-w 5m --slide 1h' '--session 1h' '-w 1d' '-w 1w' '-w 1mo' '-w 1y' \
		'-w 1d --slide 7d' '-w none' '-w 3y --slide 1y' '-w 1d --tz Asia/Kathmandu'; do
		for more in '' '--watermark-delay 0' '--watermark-delay 1h --allowed-lateness 1h' '-e changelog --allowed-lateness 9000w' \
			'-e partial' '-e updates --every record' '-e updates --every 1d' '--watermark-delay 1h --max-ahead 1h'; do
			[[ $more == *--every* && $args == '-w none' ]] && continue
			# shellcheck disable=SC2086
			try timeout 20 window-agg -t t --time-unit ms --time-format epoch-ms $args $more -m 'n=count()' --stats in
			[[ $status -eq 0 ]] || { failed "$args $more" "status $status $(cat err)"; continue; }
			balanced "$args $more" err
			awk -F , -v tool="$args $more" '/^[+-]|^[0-9]|^upsert/ {
				i = ($1 ~ /^[+-][IUD]$|^upsert|^delete/) + 1
				if ($i + 0 > $(i + 1) + 0) { print tool ": start after end: " $0; exit 1 } }' <(grep -v '^#' out | tr '\t' ,) ||
				[[ $args == '-w none' || $more == *partial* ]] || failed "$args $more" "$(< out)"
		done
	done
	gives "saturated" "$HEAD"$'\n-9223372036854775808,-9223372036854720000,2\n9223372036854720000,9223372036854775807,2' ms -w 1m -m 'n=count()' in
	lines t 9223372036854775807 > over
	refuses "no interval holds the last instant" 65 'window-agg: over:2: t: "9223372036854775807": *' ms -w 1m -m 'n=count()' over
	lines t -9223372036854775809 > over
	refuses "past the end" 65 'window-agg: over:2: t: "-9223372036854775809": *' ms -w 1m -m 'n=count()' over
	lines t 9223372036854775 > over
	gives "seconds" "$HEAD"$'\n9223372036854720000,9223372036854775807,1' window-agg -t t --time-unit s --time-format epoch-ms -w 1m -m 'n=count()' over
	lines t 9223372036854776 > over
	refuses "seconds past the end" 65 'window-agg: over:2: t: "9223372036854776": *' window-agg -t t --time-unit s -w 1m -m 'n=count()' over
}

# --- Watermark ------------------------------------------------------------------------------------

@test "watermark: it never goes back" {
	lines t 100 50 60 99 100 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "by records" "$HEAD"$'\n100,110,2' "$(< out)"
	equal "by records" "in=5 out=2 late=3 late_windows=3" "$(ledger err in out late late_windows)"
	controlled '#!weir watermark t=99' 50,a,1 '#!weir watermark t=9' 60,a,1 99,a,1 100,a,1 > in
	try ms -w 10ms -m 'n=count()' --stats in
	equal "by lines" "in=4 out=1 late=3" "$(ledger err in out late)"
	equal "a lower one is not passed on" $'#!weir watermark t=99\n#!weir watermark t=9223372036854775807' "$(grep watermark out)"
}

@test "watermark: without a delay nothing is ever late and windows fire at the end" {
	lines t 100 0 50 > in
	try ms -w 10ms -m 'n=count()' --stats in
	equal "rows" "$HEAD"$'\n0,10,1\n50,60,1\n100,110,1' "$(< out)"
	equal "ledger" "late=0" "$(ledger err late)"
}

@test "watermark: max - delay - 1, so that a record exactly the delay behind is in time" {
	for delay in 0 1 5; do
		# W = 20 - delay - 1: the window [10,20) is closed by 20 when delay is 0, by 20 + delay else
		lines t 12 "$((19 + delay))" 13 "$((20 + delay))" 14 > in
		try ms -w 10ms -m 'n=count()' --watermark-delay "${delay}ms" --late late --stats in
		equal "delay $delay" "late=1" "$(ledger err late)"
		equal "delay $delay" "{\"file\":\"in\",\"line\":6,\"reason\":\"late: its windows are closed\",\"behind_watermark_ms\":5,\"raw\":\"14\"}" "$(< late)"
	done
}

@test "watermark: the record that moves it is itself judged by the one before" {
	lines t 5 100 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "ledger" "out=2 late=0" "$(ledger err out late)"
}

@test "watermark: of several inputs the lowest counts, lateness goes by a record's own" {
	lines t 0 100 200 > a
	lines t 5 7 > b
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --stats a b
	equal "rows" "$HEAD"$'\n0,10,3\n100,110,1\n200,210,1' "$(< out)"
	lines t 0 100 50 > a
	lines t 40 45 55 > b
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --late late --stats a b
	equal "50 is late in a, 40 is not in b" "$HEAD"$'\n0,10,1\n40,50,2\n50,60,1\n100,110,1' "$(< out)"
	equal "late" '"a" 4' "$(sed 's/.*"file":\("a"\),"line":\([0-9]*\),.*/\1 \2/' late)"
	balanced "several" err
}

@test "watermark: an input that lags holds firing back, its progress lets go" {
	lines t 0 100 200 > a
	mkfifo b
	exec 5<> b
	lines t 5 >&5
	window-agg -t t --time-unit ms --time-format epoch-ms -w 10ms -m 'n=count()' --watermark-delay 0 a b > out 2> err 5>&- &
	pid=$!
	until_true is_waiting "$pid"
	equal "held back" "$HEAD" "$(< out)"
	lines 50 >&5
	until_true grep -q '^0,10,2' out
	exec 5>&-
	wait "$pid"
	equal "all" "$HEAD"$'\n0,10,2\n50,60,1\n100,110,1\n200,210,1' "$(< out)"
}

@test "watermark: a quiet input steps aside after --idle-timeout, and what it brings later is late, not lost" {
	mkfifo a b
	exec 5<> a 6<> b
	lines t 0 100 >&5
	lines t 5 >&6
	window-agg -t t --time-unit ms --time-format epoch-ms -w 10ms -m 'n=count()' --watermark-delay 0 --idle-timeout 50ms \
		--stats --late late a b > out 2> err 5>&- 6>&- &
	pid=$!
	until_true grep -q '^0,10,2' out
	lines 20 110 >&6
	exec 6>&-
	lines 120 >&5
	exec 5>&-
	wait "$pid"
	equal "rows" "$HEAD"$'\n0,10,2\n100,110,1\n110,120,1\n120,130,1' "$(< out)"
	equal "ledger" "in=6 out=5 late=1" "$(ledger err in out late)"
	balanced "idle" err
	equal "late" '"b" 3' "$(sed 's/.*"file":\("b"\),"line":\([0-9]*\),.*/\1 \2/' late)"
}

@test "watermark: one time in the future harms nothing with --max-ahead" {
	lines t 0 5000000000000 3 12 25 4 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "without it all the rest is late" "out=2 late=4" "$(ledger err out late)"
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --max-ahead 1h --stats in
	equal "rows, the far one too" "$HEAD"$'\n0,10,2\n10,20,1\n20,30,1\n5000000000000,5000000000010,1' "$(< out)"
	equal "4 is late by 25" "out=5 late=1" "$(ledger err out late)"
	lines t 0 3600000 1 3600001 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --max-ahead 1h --stats in
	equal "exactly so far ahead is not too far" "out=3 late=1" "$(ledger err out late)"
	lines t 0 3600001 1 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --max-ahead 1h --stats in
	equal "one ms more is" "out=3 late=0" "$(ledger err out late)"
}

@test "watermark: a hundred in a row that are far ahead are believed" {
	for n in 99 100; do
		{ lines t 0; seq 5000000000000 $((5000000000000 + n - 1)); echo 1; } > in
		try ms -w 10ms -m 'n=count()' --watermark-delay 0 --max-ahead 1h --stats in
		equal "$n in a row" "late=$((n == 100))" "$(ledger err late)"
	done
	{ lines t 0; for i in {1..150}; do lines $((5000000000000 + i)) $((i / 100)); done; } > in
	try ms -w 1s -m 'n=count()' --watermark-delay 0 --max-ahead 1h --stats in
	equal "never in a row" "late=0" "$(ledger err late)"
}

@test "watermark: where comes first, but every time moves it" {
	lines t,v 0,1 100,9 5,1 ,9 x,9 > in
	try ms -w 10ms --where 'v == 1' -m 'n=count()' --watermark-delay 0 --stats in
	equal "rows" "$HEAD"$'\n0,10,1' "$(< out)"
	equal "ledger" "in=5 out=1 late=1 filtered=3 rejected=0" "$(ledger err in out late filtered rejected)"
}

@test "watermark: lines speak it in controlled streams, and it goes on less the allowed lateness" {
	controlled 1,a,2 '#!weir watermark t=9' 12,a,3 '#!weir watermark t=11' '#!weir watermark t=19' > in
	gives "after the rows it caused" '#!weir stream format=csv
#!weir columns window_start,window_end,n
0,10,1
#!weir watermark t=9
#!weir watermark t=11
10,20,1
#!weir watermark t=19
#!weir watermark t=9223372036854775807' ms -w 10ms -m 'n=count()' in
	gives "less the allowed lateness, rows by then too" '#!weir stream format=csv
#!weir columns window_start,window_end,n
#!weir watermark t=4
#!weir watermark t=6
0,10,1
#!weir watermark t=14
10,20,1
#!weir watermark t=9223372036854775807' ms -w 10ms -m 'n=count()' --allowed-lateness 5ms in
	lines '{"@weir":"stream","format":"ndjson"}' '{"t":1}' '{"@weir":"watermark","t":9}' '{"@weir":"watermark","t":"12"}' > json
	gives "in NDJSON" '{"@weir":"stream","format":"ndjson"}
{"window_start":0,"window_end":10,"n":1}
{"@weir":"watermark","t":9}
{"@weir":"watermark","t":12}
{"@weir":"watermark","t":9223372036854775807}' ms -w 10ms -m 'n=count()' json
	refuses "with a delay" 64 'window-agg: in: the stream has watermark lines: --watermark-delay cannot be stated as well' \
		ms -w 10ms -m 'n=count()' --watermark-delay 1s in
	lines '#!weir stream format=csv' '#!weir columns t' '#!weir watermark' > bad
	refuses "without a time" 65 'window-agg: bad:3: watermark line without a time t' ms -w 10ms -m 'n=count()' bad
	lines '#!weir stream format=csv' '#!weir columns t' '#!weir watermark t=1x' > bad
	refuses "with half a time" 65 'window-agg: bad:3: watermark line without a time t' ms -w 10ms -m 'n=count()' bad
	lines '#!weir stream format=csv' '#!weir columns t' '#!weir nonsense t=1' > bad
	refuses "an unknown control line" 78 'window-agg: bad:3: control line "nonsense" is not for this tool' ms -w 10ms -m 'n=count()' bad
	lines t,k 1,a '#!weir watermark t=99' > plain
	refuses "in a plain stream it is data" 65 'window-agg: plain:3: *field*' ms -w 10ms -m 'n=count()' plain
	lines '#!weir stream format=csv' 1,2 > bad
	refuses "data before columns" 65 'window-agg: bad:2: data before a columns line' ms -w 10ms -m 'n=count()' bad
}

@test "watermark: keys that look like control lines stay data in a controlled stream" {
	lines '#!weir stream format=csv' '#!weir columns k,t' '\#!weir watermark t=99,1' '\\#!weir x,1' '"a
\#!weir watermark t=99",1' > in
	try window-agg -t t -w none -g k -m 'n=count()' in
	equal "keys come back escaped" $'\\#!weir watermark t=99,1\n\\\\#!weir x,1\n"a\n\\#!weir watermark t=99",1' "$(grep -v '^#!weir' out)"
	equal "three keys" 3 "$(window-agg -t t -w none -g k -m 'n=count()' in | window-agg -w none -m 'n=count_distinct(k)' | grep -v '^#')"
}

@test "watermark: minutes chained into hours are hours" {
	awk 'BEGIN {
		srand(7); print "#!weir stream format=csv"; print "#!weir columns t,k,v"
		for (i = 0; i < 3000; i++) {
			t = i * 4000 + int(rand() * 20000)
			printf "%d,%s,%d.%02d\n", t, substr("abc", 1 + int(rand() * 3), 1), int(rand() * 100), int(rand() * 100)
			if (i % 50 == 49) print "#!weir watermark t=" (i + 1) * 4000 - 1
		} }' > in
	try ms -w 1h -g k -m 'n=count()' -m 's=sum(v)' -m 'm=max(v)' in
	grep -v '^#!weir watermark' out > right
	try bash -o pipefail -c "window-agg -t t --time-unit ms --time-format epoch-ms -w 1m -g k -m 'n=count()' -m 's=sum(v)' -m 'm=max(v)' in |
		window-agg -t window_start --time-unit ms --time-format epoch-ms -w 1h -g k -m 'n=sum(n)' -m 's=sum(s)' -m 'm=max(m)' --stats"
	equal "rows" "$(< right)" "$(grep -v '^#!weir watermark' out)"
	equal "none late" "late=0" "$(ledger err late)"
	[[ $(wc -l < right) -ge 12 ]] || failed "sample" "too few rows"
	# and not only at the end: most hours come before the last watermark
	[[ $(grep -n watermark out | head -n 1 | cut -d: -f1) -lt $(wc -l < out) ]] || failed "live" "rows only at the end"
}

@test "watermark: columns may change in mid-stream" {
	lines '#!weir stream format=csv' '#!weir columns t,k,v' 1,a,2 '#!weir columns v,x,k,t' 3,zzz,a,2 '#!weir columns t,v' 4,10 > in
	gives "rows" '#!weir stream format=csv
#!weir columns window_start,window_end,k,s
0,10,,10
0,10,a,5
#!weir watermark t=9223372036854775807' ms -w 10ms -g k -m 's=sum(v)' in
	lines '#!weir stream format=tsv' '#!weir columns t,k' $'1\ta' '#!weir columns k,t' $'a\t2' > in
	gives "in TSV" '#!weir stream format=tsv
#!weir columns window_start,window_end,k,n
0	10	a	2
#!weir watermark t=9223372036854775807' ms -w 10ms -g k -m 'n=count()' in
}

@test "watermark: --explain-watermark tells what holds it back and which delay would do" {
	lines t 0 1000 900 3000 2000 4000 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 1s --explain-watermark in
	equal "in words" 'input in: largest time 1970-01-01T00:00:04Z, watermark 1970-01-01T00:00:02.999Z, ended
lag behind the largest time so far: records, share
  in order: 4, 66.66 % so far
  <= 127ms: 1, 83.33 % so far
  <= 1s: 1, 100.00 % so far
delays that would have been enough:
  --watermark-delay 1s for 99 % of the records
  --watermark-delay 1s for 99.9 %
  --watermark-delay 1s for all of them' "$(< err)"
	# the delay it suggests is enough, and one ms less is not
	try ms -w 1ms -m 'n=count()' --watermark-delay 1s --stats in
	equal "enough" "late=0" "$(ledger err late)"
	try ms -w 1ms -m 'n=count()' --watermark-delay 999ms --stats in
	equal "less is not" "late=1" "$(ledger err late)"
	lines t 0 5000000000000 > in
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --max-ahead 1h --explain-watermark in
	[[ $(< err) == *'1 records too far ahead to be believed'* ]] || failed "held back" "$(< err)"
	try ms -w 10ms -m 'n=count()' --explain-watermark in
	[[ $(< err) == *'no --watermark-delay is stated: W stays at minus infinity, windows fire at the end of input'* ]] || failed "no delay" "$(< err)"
}

# --- Firing, lateness, emission -------------------------------------------------------------------

@test "lateness: one row per late record while the window lives, too late at exactly the limit" {
	lines t 0 10 5 6 29 1 30 2 > in
	try ms -w 10ms -m 'n=count()' -e updates --watermark-delay 0 --allowed-lateness 20ms --late late --stats in
	equal "updates" '_change,window_start,window_end,n
upsert,0,10,1
upsert,0,10,2
upsert,0,10,3
upsert,10,20,1
upsert,0,10,4
upsert,20,30,1
upsert,30,40,1' "$(< out)"
	equal "ledger" "in=8 out=7 late=1 late_windows=1" "$(ledger err in out late late_windows)"
	equal "late" '{"file":"in","line":9,"reason":"late: its windows are closed","behind_watermark_ms":27,"raw":"2"}' "$(< late)"
	try ms -w 10ms -m 'n=count()' -e changelog --watermark-delay 0 --allowed-lateness 20ms in
	equal "changelog" '_op,window_start,window_end,n
+I,0,10,1
-U,0,10,1
+U,0,10,2
-U,0,10,2
+U,0,10,3
+I,10,20,1
-U,0,10,3
+U,0,10,4
+I,20,30,1
+I,30,40,1' "$(< out)"
	try ms -w 10ms -m 'n=count()' --watermark-delay 0 --allowed-lateness 20ms --stats in
	equal "final: once, when the window goes" "$HEAD"$'\n0,10,4\n10,20,1\n20,30,1\n30,40,1' "$(< out)"
	equal "final: ledger" "in=8 out=7 late=1" "$(ledger err in out late)"
	gives "updates: a row that would repeat itself is not printed" $'_change,window_start,window_end,m\nupsert,0,10,9\nupsert,10,20,1\nupsert,30,40,1' \
		ms -w 10ms -m 'm=max(v)' -e updates --watermark-delay 0 --allowed-lateness 20ms < <(lines t,v 0,9 10,1 5,3 6,9 30,1)
}

@test "lateness: a sliding record may miss some of its windows only, which is counted" {
	# windows of 20 every 10; W = 14 after 15: for 5, [-10,10) is closed and [0,20) open
	lines t 15 5 > in
	try ms -w 20ms --slide 10ms -m 'n=count()' --watermark-delay 0 --stats --late late in
	equal "rows" "$HEAD"$'\n0,20,2\n10,30,1' "$(< out)"
	equal "ledger" "in=2 out=2 late=0 late_windows=1" "$(ledger err in out late late_windows)"
	equal "not in the late file" "" "$(< late)"
	lines t 15 5 40 5 > in
	try ms -w 20ms --slide 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "dropped from all: late" "in=4 out=3 late=1 late_windows=3" "$(ledger err in out late late_windows)"
}

@test "emission: rows come by end, start and key" {
	awk 'BEGIN { srand(3); print "t,k,v"; for (i = 0; i < 400; i++) printf "%d,%s,1\n", int(rand() * 500) - 250, "k" int(rand() * 30) }' > in
	for args in '-w 50ms' '-w 70ms --slide 30ms' '-w 20ms --slide 50ms' '--session 3ms'; do
		# shellcheck disable=SC2086
		try ms $args -g k -m 'n=count()' in
		tail -n +2 out > rows
		sort -s -t, -k2,2n -k1,1n -k3,3 rows | cmp -s - rows || failed "$args" "not in order"
		# shellcheck disable=SC2086
		try ms $args -g k -m 'n=count()' --watermark-delay 1h in
		equal "$args, fired by W at the end" "$(< rows)" "$(tail -n +2 out)"
	done
	lines t,k 1,b 2,a 30,z 11,c > in
	gives "several that fire at once" $'window_start,window_end,k,n\n0,10,a,1\n0,10,b,1\n10,20,c,1\n30,40,z,1' \
		ms -w 10ms -g k -m 'n=count()' --watermark-delay 20ms in
}

@test "emission: --every prints what changed, by event time or per record" {
	lines t 0 5 12 13 14 31 > in
	gives "every 10 ms" $'_change,window_start,window_end,n\nupsert,0,100,2\nupsert,0,100,5\nupsert,0,100,6' \
		ms -w 100ms -m 'n=count()' -e updates --every 10ms in
	gives "every record" $'_change,window_start,window_end,n\nupsert,0,100,1\nupsert,0,100,2\nupsert,0,100,3\nupsert,0,100,4\nupsert,0,100,5\nupsert,0,100,6' \
		ms -w 100ms -m 'n=count()' -e updates --every record in
	lines t -15 -5 3 4 > in
	gives "before 1970 too" $'_change,window_start,window_end,n\nupsert,-50,50,1\nupsert,-50,50,2\nupsert,-50,50,4' \
		ms -w 100ms --offset 50ms -m 'n=count()' -e updates --every 10ms in
	lines t,k 1,b 2,a 11,a 21,a > in
	gives "by key" $'_op,window_start,window_end,k,n\n+I,0,100,a,1\n+I,0,100,b,1\n-U,0,100,a,1\n+U,0,100,a,2\n-U,0,100,a,2\n+U,0,100,a,3' \
		ms -w 100ms -g k -m 'n=count()' -e changelog --every 10ms in
	lines t 1 15 25 > in
	gives "sliding windows" $'_change,window_start,window_end,n\nupsert,-10,10,1\nupsert,0,20,1\nupsert,0,20,2\nupsert,10,30,1\nupsert,10,30,2\nupsert,20,40,1' \
		ms -w 20ms --slide 10ms -m 'n=count()' -e updates --every 10ms in
	gives "sessions" $'_change,window_start,window_end,n\nupsert,1,21,1\ndelete,1,21,1\nupsert,1,35,2\ndelete,1,35,2\nupsert,1,45,3' \
		ms --session 20ms -m 'n=count()' -e updates --every 10ms in
}

@test "emission: sessions by strict overlap, joined by a late record: the old rows go" {
	lines t 0 10 > in
	gives "exactly the gap apart are two" "$HEAD"$'\n0,10,1\n10,20,1' ms --session 10ms -m 'n=count()' in
	lines t 9 0 > in
	gives "one ms less is one" "$HEAD"$'\n0,19,2' ms --session 10ms -m 'n=count()' in
	lines t 0 20 10 11 9 > in
	gives "a record joins two" "$HEAD"$'\n0,30,5' ms --session 10ms -m 'n=count()' in
	lines t,k 0,a 15,a 8,a > in
	gives "updates" $'_change,window_start,window_end,k,n\nupsert,0,10,a,1\ndelete,0,10,a,1\nupsert,0,25,a,3' \
		ms --session 10ms -g k -m 'n=count()' -e updates --watermark-delay 0 --allowed-lateness 100ms in
	gives "changelog" $'_op,window_start,window_end,k,n\n+I,0,10,a,1\n-D,0,10,a,1\n+I,0,25,a,3' \
		ms --session 10ms -g k -m 'n=count()' -e changelog --watermark-delay 0 --allowed-lateness 100ms in
	lines t 0 15 40 4 12 > in
	gives "two printed ones are joined" $'_op,window_start,window_end,n\n+I,0,10,1\n+I,15,25,1\n-D,0,10,1\n+I,0,14,2\n-D,0,14,2\n-D,15,25,1\n+I,0,25,4\n+I,40,50,1' \
		ms --session 10ms -m 'n=count()' -e changelog --watermark-delay 0 --allowed-lateness 100ms in
	lines t 0 12 1 > in
	try ms --session 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "a closed session is not opened again" "$HEAD"$'\n0,10,1\n12,22,1' "$(< out)"
	equal "a closed session is not opened again" "late=1" "$(ledger err late)"
	# 3 reaches to 13 and overlaps the live session of 12: not late; 2 then joins it too
	lines t 12 3 2 > in
	try ms --session 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "lateness is judged after joining" "$HEAD"$'\n2,22,3' "$(< out)"
	lines t 12 2 > in
	try ms --session 10ms -m 'n=count()' --watermark-delay 0 --stats in
	equal "one that only touches is late" "out=1 late=1" "$(ledger err out late)"
}

@test "emission: a changelog sums up to the final rows" {
	awk 'BEGIN { srand(11); print "t,k,v"; for (i = 0; i < 2000; i++) printf "%d,%s,%d\n", i * 10 + int(rand() * 300), "k" int(rand() * 5), int(rand() * 100) }' > in
	for args in '-w 100ms' '-w 100ms --slide 40ms' '--session 12ms'; do
		for every in '' '--every record' '--every 35ms'; do
			# shellcheck disable=SC2086
			try ms $args -g k -m 'n=count()' -m 's=sum(v)' --watermark-delay 50ms --allowed-lateness 100ms in
			tail -n +2 out | sort > final
			# shellcheck disable=SC2086
			try ms $args -g k -m 'n=count()' -m 's=sum(v)' --watermark-delay 50ms --allowed-lateness 100ms -e changelog $every in
			mv out log
			awk -F, 'NR > 1 { row = substr($0, 4); if (/^\+/) n[row]++; else if (--n[row] < 0) { print "withdrawn before it came: " $0; exit 1 } }
				END { for (row in n) for (i = 0; i < n[row]; i++) print row }' log | sort | cmp -s - final || failed "$args $every" "the changelog does not sum up"
			try window-agg --retract -w none -m 'n=sum(n)' -m 's=sum(s)' log
			mv out got
			try window-agg -w none -m 'n=sum(n)' -m 's=sum(s)' <(echo window_start,window_end,k,n,s; cat final)
			equal "$args $every: aggregated further" "$(< out)" "$(< got)"
			# shellcheck disable=SC2086
			try ms $args -g k -m 'n=count()' -m 's=sum(v)' --watermark-delay 50ms --allowed-lateness 100ms -e updates $every in
			awk -F, 'NR > 1 { key = $2 "," $3 "," $4; if ($1 == "upsert") row[key] = substr($0, 8); else delete row[key] }
				END { for (key in row) print row[key] }' out | sort | cmp -s - final || failed "$args $every" "the upserts do not end there"
		done
	done
}

@test "emission: --fill adds quiet windows of known keys, --fill-max stops it loudly" {
	lines t,k,v 0,a,1 10,b,2 30,a,3 > in
	gives "final" 'window_start,window_end,k,n,s,avg,m
0,10,a,1,1,1,1
10,20,a,0,0,,
10,20,b,1,2,2,2
20,30,a,0,0,,
20,30,b,0,0,,
30,40,a,1,3,3,3
30,40,b,0,0,,' ms -w 10ms -g k -m 'n=count()' -m 's=sum(v)' -m 'avg=avg(v)' -m 'm=max(v)' --digits 0 --fill in
	gives "as W moves" "$(ms -w 10ms -g k -m 'n=count()' --fill in)" ms -w 10ms -g k -m 'n=count()' --fill --watermark-delay 0 in
	gives "with just enough" "$(ms -w 10ms -g k -m 'n=count()' --fill in)" ms -w 10ms -g k -m 'n=count()' --fill --fill-max 4 in
	refuses "with one too few" 71 'window-agg: --fill would make more than --fill-max 3 rows' ms -w 10ms -g k -m 'n=count()' --fill --fill-max 3 in
	lines t 0 1000000000000 > in
	refuses "a far time" 71 'window-agg: --fill would make more than --fill-max 1000000 rows' ms -w 10ms -m 'n=count()' --fill in
	lines t 5 25 > in
	gives "sliding" "$HEAD"$'\n-10,10,1\n0,20,1\n10,30,1\n20,40,1' ms -w 20ms --slide 10ms -m 'n=count()' --fill in
	lines t 5 45 > in
	gives "sliding, quiet ones" "$HEAD"$'\n-10,10,1\n0,20,1\n10,30,0\n20,40,0\n30,50,1\n40,60,1' ms -w 20ms --slide 10ms -m 'n=count()' --fill in
	lines t 2024-01-15 2024-04-01 > in
	gives "months" "$HEAD"$'\n2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,1\n2024-02-01T00:00:00Z,2024-03-01T00:00:00Z,0\n2024-03-01T00:00:00Z,2024-04-01T00:00:00Z,0\n2024-04-01T00:00:00Z,2024-05-01T00:00:00Z,1' \
		window-agg -t t -w 1mo -m 'n=count()' --fill in
}

# --- Changes --------------------------------------------------------------------------------------

@test "changes: a retractable view takes them back" {
	lines _op,t,k,v +I,1,a,10 +I,2,b,5.50 -U,1,a,10 +U,1,a,12.25 +I,3,c,7 -D,3,c,7 +I,4,a,-12.25 -D,2,b,5.50 +I,5,b,1 > in
	gives "sums" $'window_start,window_end,k,n,s,m\n0,10,a,2,0.00,12.25\n0,10,b,1,1.00,1' \
		ms -w 10ms --retract -g k -m 'n=count()' -m 's=sum(v)' -m 'm=max(v)' in
	lines _op,t,k,v -D,1,a,10 +I,1,a,10 +I,2,a,3 > in
	gives "a withdrawal may come first" $'window_start,window_end,k,n,s,m,d\n0,10,a,1,3,3,1' \
		ms -w 10ms --retract -g k -m 'n=count()' -m 's=sum(v)' -m 'm=max(v)' -m 'd=count_distinct(v)' in
	lines _op,t,v +I,1,10 -D,1,10 +I,11,1 > in
	gives "a row of weight 0 is not printed" "$HEAD"$'\n10,20,1' ms -w 10ms --retract -m 'n=count()' in
	lines _op,t +I,1 +I,12 -D,1 > in
	gives "and is deleted when it was printed" $'_op,window_start,window_end,n\n+I,0,10,1\n-D,0,10,1\n+I,10,20,1' \
		ms -w 10ms --retract -m 'n=count()' -e changelog --watermark-delay 0 --allowed-lateness 1s in
	lines t,v 1,4 2,5 > in
	gives "records without _op count once" "$HEAD"$'\n0,10,2' ms -w 10ms --retract -m 'n=count()' in
	refuses "an op that is none" 65 'window-agg: stdin:2: _op: "+D": not one of +I, -U, +U, -D' ms -w 10ms --retract -m 'n=count()' < <(lines _op,t +D,1)
}

@test "changes: what a view cannot take is refused with the way out" {
	lines _op,t +I,1 > in
	refuses "an append view" 65 'window-agg: in:2: _op: "+I": the view takes no changes: state retract in its definition' ms -w 10ms -m 'n=count()' in
	refuses "also in NDJSON" 65 'window-agg: stdin:1: _op: "-D": the view takes no changes: state retract in its definition' \
		ms -w 10ms -m 'n=count()' < <(lines '{"_op":"-D","t":1}')
	lines _change,t upsert,1 > in
	refuses "updates" 65 'window-agg: in:2: _change: "upsert": rows of --emit updates cannot be aggregated, those of --emit changelog can' \
		ms -w 10ms -m 'n=count()' in
	refuses "updates, in a retract view too" 65 'window-agg: in:2: _change: *' ms -w 10ms --retract -m 'n=count()' in
	refuses "sessions" 64 'window-agg: *session*retract*' ms --session 10ms --retract -m 'n=count()' < /dev/null
	refuses "sketches" 64 'window-agg: *approx_count_distinct*retract*' ms -w 10ms --retract -m 'n=approx_count_distinct(v)' < /dev/null
	try bash -o pipefail -c "printf 't\n1\n' | window-agg -t t -w 10ms -m 'n=count()' -e updates --watermark-delay 0 | window-agg -w none -m 'n=sum(n)'"
	[[ $status -eq 65 ]] || failed "from tool to tool" "status $status"
}

# --- The end --------------------------------------------------------------------------------------

@test "signals: open windows are dropped, their number said, and it dies by the signal" {
	for signal in TERM INT; do
		mkfifo "in.$signal"
		exec 5<> "in.$signal"
		lines t,k 1,a 11,a 25,a >&5
		env --default-signal=INT window-agg -t t --time-unit ms --time-format epoch-ms -w 10ms -m 'n=count()' --watermark-delay 0 \
			< "in.$signal" > out 2> err 5>&- &
		pid=$!
		until_true grep -q '^10,20,1' out
		until_true is_waiting "$pid"
		kill "-$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		exec 5>&-
		[[ $signal == TERM ]] && wanted=143 || wanted=130
		equal "$signal: status" "$wanted" "$status"
		equal "$signal: rows that had fired stand" "$HEAD"$'\n0,10,1\n10,20,1' "$(< out)"
		equal "$signal: said" 'window-agg: interrupted: 1 open windows dropped' "$(< err)"
	done
}
