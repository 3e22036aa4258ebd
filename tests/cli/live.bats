# SPDX-License-Identifier: MIT
# Live inputs, several at a time, and what reviews of the engine have found. No test waits for a clock: each waits for rows.

load ../lib
load cases

start() {       # args... -- window-agg in the background over the FIFOs a and b, which stay open for writing
	mkfifo a b
	exec 8<> a 9<> b
	window-agg -t ts --time-unit ms --time-format epoch-ms -w 10s -m 'n=count()' "$@" a b > out 2> err 8>&- 9>&- 3>&- &
	pid=$!
}

stop() {
	kill "$pid"
	wait "$pid" || true
	exec 8>&- 9>&-
}

@test "idle: an input that wakes is counted, with the record that woke it" {
	start -g k -e updates --every record --watermark-delay 0s --idle-timeout 200ms
	printf 'ts,k\n1000,x\n' >&8
	printf 'ts,k\n1000,y\n100000,y\n' >&9
	until_true grep -q 'upsert,100000,110000,y,1' out
	printf '300000,x\n' >&8
	until_true grep -q 'upsert,300000,310000,x,1' out
	stop
}

@test "idle: an input that is quiet from the start steps aside" {
	start -g k --watermark-delay 0s --idle-timeout 200ms
	printf 'ts,k\n1000,y\n100000,y\n' >&9
	until_true grep -q '^0,10000,y,1$' out
	stop
}

@test "threads: a signal ends them while the input is quiet" {
	mkfifo a
	exec 9<> a
	window-agg -j 2 -t ts -w 10s -m 'n=count()' a > out 2> err 9>&- 3>&- &
	pid=$!
	printf 'ts\n1\n' >&9
	until_true is_waiting $pid
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	exec 9>&-
	[[ $status -eq 143 ]]
}

@test "threads: inputs are closed when they are done" {
	for i in {1..100}; do
		printf 'ts\n%d\n' "$i" > "f$i"
	done
	(ulimit -n 40; window-agg -j 2 -t ts -w none -m 'n=count()' f*) > out
	[[ $(tail -n 1 out) == 100 ]]
}

@test "--every: a time far ahead does not end it" {
	printf '%s\n' ts 1000 4102444800000 2000 3500 4600 9000 > in
	window-agg -t ts --time-unit ms -w 1h -m 'n=count()' -e updates --every 1s --watermark-delay 0s --max-ahead 1h in |
		grep 1970 | cut -d, -f4 > out
	[[ $(tr '\n' ' ' < out) == "1 2 3 4 5 " ]]
}

@test "windows that begin at one instant are two all the same" {
	printf '%s\n' ts 2011-12-28T00:00:00Z 2011-12-29T00:00:00Z 2011-12-30T00:00:00Z 2011-12-31T00:00:00Z 2012-01-01T00:00:00Z 2012-01-02T00:00:00Z > in
	window-agg -t ts -w 3d --slide 1d --tz Pacific/Apia -m 'n=count()' in > out
	grep -q '^2011-12-31T00:00:00+14:00,2012-01-03T00:00:00+14:00,3$' out
	grep -q '^2011-12-31T00:00:00+14:00,2012-01-02T00:00:00+14:00,2$' out
	printf 'ts\n-9223372036854775808\n' > in
	[[ $(window-agg -t ts --time-unit ms -w 1h --slide 20m -m 'n=count()' in | wc -l) -eq 4 ]]
}

@test "sessions: many of one key cost no more than few" {
	awk 'BEGIN { print "ts"; for (i = 0; i < 100000; i++) print i * 2000 }' > in
	timeout 20 window-agg -t ts --time-unit ms --session 1s -m 'n=count()' -e partial in > part
	[[ $(timeout 20 merge-views part | wc -l) -eq 100001 ]]
}

@test "watermark lines: said when something happens or time moves on, not at each record" {
	awk 'BEGIN { print "#!weir stream format=csv\n#!weir columns ts"; for (i = 0; i < 10000; i++) print i * 10 }' > in
	window-agg -t ts --time-unit ms -w 10s -m 'n=count()' --watermark-delay 0s in > out
	[[ $(grep -c '^#!weir watermark' out) -le 22 && $(grep -vc '^#' out) -eq 10 ]]
}
