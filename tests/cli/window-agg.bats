# SPDX-License-Identifier: MIT
# window-agg: its command line, its definitions, what it says. What windows mean stands in windows.bats.

load ../lib
load ../battery
load cases

lines() {
	printf '%s\n' "$@"
}

sample() {
	lines ts,category,price,user 2026-03-19T12:00:00Z,book,12.50,u1 2026-03-19T12:00:30Z,toy,1,u2 '2026-03-19 12:00:59,"book",1,u1' \
		2026-03-19T12:01:00Z,book,3,u3 2026-03-19T12:03:10Z,toy,0.5,u2 > sample.csv
}

VIEW=(-t ts -w 1m -g category -m 'orders=count()' -m 'gmv=sum(price)' -m 'basket=avg(price)' -m 'buyers=count_distinct(user)')

@test "window-agg: conventions of the command line" {
	sample
	battery window-agg "$PWD/sample.csv" "${VIEW[@]}"
}

@test "window-agg: conventions of the command line, live, with lateness, sketches and side outputs" {
	sample
	battery window-agg "$PWD/sample.csv" -t ts -w 2m --slide 1m -m 'u=approx_count_distinct(user)' -m 'q=approx_quantile(price, 0.5)' -e changelog \
		--watermark-delay 10s --allowed-lateness 1m --late late
}

@test "window-agg: conventions of the command line, sessions as partials of changes by two threads" {
	sample
	battery window-agg "$PWD/sample.csv" -t ts -w 1mo --tz Europe/Berlin -g user --retract -m 'm=max(price)' -m 'f=first(price)' -e partial -j 2
}

@test "definition: a file is the same words, comments and blank lines aside" {
	sample
	lines '# orders' '' 'time ts' 'window    1m' '  group-by category  ' 'measure orders = count()' 'measure gmv = sum(price)' \
		'measure basket = avg(price)' 'measure buyers = count_distinct(user)' > v.view
	gives "-V" "$(window-agg "${VIEW[@]}" sample.csv)" window-agg -V v.view sample.csv
	gives "and more options" "$(window-agg "${VIEW[@]}" -d 'x=gmv/orders' --digits 1 sample.csv)" window-agg -V v.view -d 'x=gmv/orders' --digits 1 sample.csv
	equal "one definition, one hash" "$(window-agg "${VIEW[@]}" -e partial sample.csv | tail -n 1)" "$(window-agg -V v.view -e partial sample.csv | tail -n 1)"
	gives "their partials merge" "$(window-agg -V v.view sample.csv sample.csv)" \
		merge-views <(window-agg "${VIEW[@]}" -e partial sample.csv) <(window-agg -V v.view -e partial sample.csv)
	lines 'time ts' 'windoe 1m' > bad.view
	refuses "a word it does not know" 78 'window-agg: bad.view:2: *' window-agg -V bad.view sample.csv
	lines 'time ts' 'window 1x' > bad.view
	refuses "a value that is none" 64 'window-agg: window: *' window-agg -V bad.view sample.csv
	refuses "no such file" 78 'window-agg: nofile*: No such file or directory' window-agg -V nofile sample.csv
}

@test "definition: what makes no sense is a usage error that names it" {
	while IFS='|' read -r pattern args; do
		eval "args=($args)"
		refuses "${args[*]}" 64 "window-agg: $pattern" window-agg "${args[@]}" /dev/null
	done <<- 'EOT'
	*measure*|-t t -w 1m
	*window*|-t t -m 'n=count()'
	*time*|-w 1m -m 'n=count()'
	*window*|-t t -w 0s -m 'n=count()'
	*window*|-t t -w -5m -m 'n=count()'
	*slide*|-t t -w 1m --slide 0s -m 'n=count()'
	*session*|-t t -w 1m --session 1m -m 'n=count()'
	*session*|-t t --session 0s -m 'n=count()'
	*n*|-t t -w 1m -m 'n=count()' -m 'n=sum(v)'
	*k*|-t t -w 1m -g k -m 'k=count()'
	*nosuch*|-t t -w 1m -m 'n=nosuch(v)'
	*sum*|-t t -w 1m -m 'n=sum()'
	*m*|-t t -w 1m -m 'n=count()' -d 'x=m/n'
	*tz*|-t t -w 1d --tz Nowhere/City -m 'n=count()'
	*every*|-t t -w 1m -m 'n=count()' --every 1s
	*fill*|-t t -w 1m -m 'n=count()' --fill -e updates
	*allowed-lateness*|-t t -w 1m -m 'n=count()' --allowed-lateness 1mo
	*watermark-delay*|-t t -w 1m -m 'n=count()' --watermark-delay -1s
	*emit*|-t t -w 1m -m 'n=count()' --emit all
	*jobs*|-t t -w 1m -m 'n=count()' --jobs 1000
	*max-groups*|-t t -w 1m -m 'n=count()' --max-groups x
	*rejects*on-bad*|-t t -w 1m -m 'n=count()' --rejects r --on-bad stop
	*where*|-t t -w 1m -m 'n=count()' --where 'a =='
	EOT
}

@test "output: formats, times, zones" {
	sample
	gives "CSV" 'window_start,window_end,category,orders,gmv,basket,buyers
2026-03-19T12:00:00Z,2026-03-19T12:01:00Z,book,2,13.50,6.750000,1
2026-03-19T12:00:00Z,2026-03-19T12:01:00Z,toy,1,1,1.000000,1
2026-03-19T12:01:00Z,2026-03-19T12:02:00Z,book,1,3,3.000000,1
2026-03-19T12:03:00Z,2026-03-19T12:04:00Z,toy,1,0.5,0.500000,1' window-agg "${VIEW[@]}" sample.csv
	gives "NDJSON" '{"window_start":"2026-03-19T12:00:00Z","window_end":"2026-03-19T12:01:00Z","category":"book","orders":2,"gmv":13.50,"basket":6.750000,"buyers":1}' \
		window-agg "${VIEW[@]}" -o ndjson <(sed '3d;5,$d' sample.csv)
	gives "TSV, in a zone" $'window_start\twindow_end\tn\n2026-03-19T13:00:00+01:00\t2026-03-19T14:00:00+01:00\t5' \
		window-agg -t ts -w 1h -m 'n=count()' --tz Europe/Berlin -o tsv sample.csv
	gives "epoch" $'window_start,window_end,n\n1773921600000,1773925200000,5' window-agg -t ts -w 1h -m 'n=count()' --time-format epoch-ms sample.csv
	gives "local times are taken in --input-tz" $'window_start,window_end,n\n2026-03-19T11:00:00Z,2026-03-19T12:00:00Z,1\n2026-03-19T12:00:00Z,2026-03-19T13:00:00Z,4' \
		window-agg -t ts -w 1h -m 'n=count()' --input-tz Europe/Berlin sample.csv
}

@test "threads: the same bytes, bad records in their order" {
	awk 'BEGIN { srand(2); print "t,k,v"; for (i = 0; i < 60000; i++) printf "%d,k%d,%d.%02d\n", 1700000000 + int(rand() * 90000), rand() * 50, rand() * 100, rand() * 100 }' > in
	for args in '-w 1m -g k' '-w 1h --slide 7m' '--session 3s -g k' '-w none -g k' '-w 1h -g k -e partial'; do
		# shellcheck disable=SC2086
		right=$(window-agg -t t $args -m 'n=count()' -m 's=sum(v)' -m 'f=first(v)' -m 'd=approx_count_distinct(k)' in | cksum)
		for j in 2 3 8; do
			# shellcheck disable=SC2086
			try window-agg -t t $args -m 'n=count()' -m 's=sum(v)' -m 'f=first(v)' -m 'd=approx_count_distinct(k)' -j $j --stats in
			equal "$args -j $j" "$right" "$(cksum < out)"
			balanced "$args -j $j" err
		done
	done
	awk 'NR > 1 && NR % 1000 == 0 { print "x" $0; next } { print }' in > bad
	window-agg -t t -w 1h -m 'n=count()' --rejects one bad > right
	for j in 2 8; do
		try window-agg -t t -w 1h -m 'n=count()' --rejects many -j $j --stats bad
		cmp right out && cmp one many || failed "rejects with -j $j" ""
		equal "rejects with -j $j" "in=60000 out=59940 rejected=60" "$(ledger err in out rejected)"
		refuses "stop with -j $j" 65 'window-agg: bad:1000: t: *' window-agg -t t -w 1h -m 'n=count()' -j $j bad
	done
}

@test "bounds: --max-groups stops loudly, and not when windows close" {
	{ echo t,k; seq 1 2000 | sed 's/.*/&,k&/'; } > in
	refuses "too many" 71 'window-agg: more than 1999 groups are open: raise --max-groups, or let --watermark-delay close windows' \
		window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' --max-groups 1999 in
	try window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' --max-groups 2000 in
	equal "just enough" 0 "$status"
	try window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' --max-groups 20 --watermark-delay 0 in
	equal "windows close" "0 2001" "$status $(wc -l < out)"
	refuses "sessions" 71 'window-agg: more than 10 groups are open: *' window-agg -t t --time-unit ms --session 10ms -g k -m 'n=count()' --max-groups 10 in
	refuses "threads" 71 'window-agg: more than 1999 groups are open: *' window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' --max-groups 1999 -j 2 in
}

@test "reporting: --stats, --stats-file" {
	lines t,v 1,1 x,2 3,nan 4,4 > in
	try window-agg -t t -w 1s -m 's=sum(v)' --where 'v <> "1"' --on-bad skip --stats --stats-file stats in
	equal "--stats" '{"tool":"window-agg","in":4,"out":1,"late":0,"duplicate":0,"rejected":2,"filtered":1,"late_windows":0,"rows":1,"bytes":22}' "$(< err)"
	grep -qx 'weir_records_total{tool="window-agg",kind="rejected"} 2' stats || failed "--stats-file" "$(< stats)"
	refuses "a full device, which stays one" 73 'window-agg: /dev/full: No space left on device' window-agg -w none -m 'n=count()' --stats-file /dev/full /dev/null
	[[ -c /dev/full ]] || failed "a device" "was replaced by a file"
	refuses "a place that is none" 73 'window-agg: *nodir*' window-agg -w none -m 'n=count()' --stats-file nodir/x /dev/null
}

@test "live: rows come when their windows close, not when a buffer is full" {
	mkfifo in
	exec 5<> in
	window-agg -t t --time-unit ms --time-format epoch-ms -w 10ms -m 'n=count()' --watermark-delay 0 < in > out 2> err 5>&- &
	pid=$!
	lines t 1 2 10 >&5
	until_true grep -q '^0,10,2' out
	lines 20 >&5
	until_true grep -q '^10,20,1' out
	exec 5>&-
	wait "$pid"
	equal "all" $'window_start,window_end,n\n0,10,2\n10,20,1\n20,30,1' "$(< out)"
}

@test "side outputs: never an input, never one file for two" {
	printf 't,v\n1,1\n' > in
	cp in before
	ln -s in link
	for other in in ./in link; do
		refuses "--late $other" 64 "window-agg: $other: it is an input, and would be overwritten" window-agg -t t -w 1s -m 'n=count()' --late $other in
		refuses "--stats-file $other" 64 "window-agg: $other: it is an input, and would be overwritten" window-agg -t t -w 1s -m 'n=count()' --stats-file $other in
	done
	refuses "two in one" 64 'window-agg: x: two outputs cannot be one file' window-agg -t t -w 1s -m 'n=count()' --late x --rejects x in
	refuses "dedupe too" 64 'dedupe: in: it is an input, and would be overwritten' dedupe --duplicates in in
	cmp in before || failed "the input" "was touched"
}

@test "interrupted: the ledger is told all the same" {
	mkfifo pipe
	window-agg -t t -w 1h -m 'n=count()' -e updates --every record --stats pipe > out 2> err 3>&- &
	local pid=$!
	exec 9> pipe
	printf 't,v\n1,1\n2,2\n' >&9
	until_true grep -q '2$' out
	kill -INT $pid
	wait $pid && failed "status" "0"
	exec 9>&-
	grep -q '^window-agg: interrupted: 1 open windows dropped$' err || failed "message" "$(< err)"
	grep -q '"in":2,"out":2' err || failed "ledger" "$(< err)"
}
