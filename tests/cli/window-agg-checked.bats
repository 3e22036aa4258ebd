# SPDX-License-Identifier: MIT
# window-agg in checked streams: partials epoch by epoch, and open windows that outlive it, exactly. What random views and epochs
# can show stands in tests/law (epochs ...); here are the words of the protocol, and what is refused.

load ../lib
load cases
load checked

lines() {
	printf '%s\n' "$@"
}

# A stream of epochs 1 to N, of which each has the lines of a file e1 ... eN: stream RUN E RE LAST KIND
stream() {
	local e kind=barrier

	echo "#!weir resume run=$1 epoch=$2 erun=$3 pos=$(($2 * 10))@00000000 source=orders log=x format=${format:-csv} cfg=0a1b2c3d"
	[[ ${format:-csv} == ndjson ]] || echo "#!weir columns ${columns:-t,k,v}"
	for ((e = $2 + 1; e <= $4; e++)); do
		((e < $4)) || kind=$5
		cat "e$e"
		echo "#!weir $kind run=$1 epoch=$e pos=$((e * 10))@00000000 committed=$((e > $2 + 2 ? e - 2 : $2))"
	done
}

view=(-t t --time-unit ms --time-format epoch-ms -w 10ms -g k -m 'n=count()' -m 's=sum(v)')

agg() {
	window-agg "${view[@]}" "$@"
}

three() {
	lines 1,a,1 2,b,2.50 > e1
	lines 11,a,3 3,a,4 > e2
	lines 25,b,5 > e3
}

# Control lines as objects; sums are over data, which is the same.
to_json() {
	sed -E '/^#!weir/ { s/^#!weir ([a-z]+)/{"@weir":"\1"/; s/ ([a-z]+)=([^ ]*)/,"\1":"\2"/g; s/$/}/ }'
}

# Output without what differs from run to run.
same_run() {
	sed -E 's/ (run|erun|committed|epoch)=[^ ]*//g' "$@"
}

@test "partials: resume, view, columns, then sorted deltas of each epoch, with its largest time" {
	three
	stream aaa 0 - 3 end | checked | agg -e partial > out
	hash=$(agg -e partial /dev/null | sed -n 's/.* hash=\([0-9a-f]*\) .*/\1/p')
	diff - <(sed -E 's/definition=[^ ]*/definition=D/; s/cfg=[0-9a-f]{8}$/cfg=C/' out) <<- END
		#!weir resume run=aaa epoch=0 erun=- pos=0@00000000 source=orders log=x format=tsv cfg=C
		#!weir view hash=$hash definition=D
		#!weir columns window_end,window_start,k,n:count,s:sum
		10	0	a	1	1
		10	0	b	1	2.50
		#!weir barrier run=aaa epoch=1 pos=10@00000000 n=2 crc=$(sed -n 's/.* epoch=1 .*crc=\([^ ]*\).*/\1/p' out) committed=0 t=2
		10	0	a	1	4
		20	10	a	1	3
		#!weir barrier run=aaa epoch=2 pos=20@00000000 n=2 crc=$(sed -n 's/.* epoch=2 .*crc=\([^ ]*\).*/\1/p' out) committed=0 t=11
		30	20	b	1	5
		#!weir end run=aaa epoch=3 pos=30@00000000 n=1 crc=$(sed -n 's/.* epoch=3 .*crc=\([^ ]*\).*/\1/p' out) committed=1 t=25
	END
	sed -E 's/ (n|crc)=[^ ]*//g' out | checked | sed -E 's/(.*) (n=[^ ]* crc=[^ ]*)$/\2/' > sums
	diff <(grep -o ' n=[^ ]* crc=[^ ]*' out | sed 's/^ //') <(grep ^n= sums)
}

@test "partials: rejected records are counted by epoch, time moves by those that were filtered" {
	lines 1,a,1 x,a,1 2,b,bad > e1
	lines 90,z,1 > e2
	: > e3
	stream aaa 0 - 3 stop | checked | agg -e partial --on-bad skip --where 'k != "z"' > out
	equal "rejected" " rejected=2" "$(sed -n 's/.* epoch=1 .* t=2\( .*\)/\1/p' out)"
	equal "time of what was filtered" 1 "$(grep -c ' epoch=2 .* n=0 crc=00000000 .* t=90$' out)"
	equal "an empty epoch" 1 "$(grep -c '^#!weir stop .* epoch=3 .* n=0 crc=00000000 committed=1$' out)"
	refuses "on-bad stop" 65 'window-agg: stdin:4: t: "x": *' agg -e partial < <(stream aaa 0 - 3 stop | checked)
	equal "nothing of that epoch went out" 0 "$(grep -c barrier out)"
}

@test "partials: ties of first and last go by the position in the log" {
	lines 5,a,1 5,a,2 > e1
	lines 5,a,3 5,a,4 > e2
	stream bbb 1 aaa 2 stop | checked | agg -e partial -m 'f=first(v)' -m 'l=last(v)' > out
	equal "numbers go on from pos" $'10\t0\ta\t2\t7\t5@10=3\t5@11=4' "$(grep -v '^#' out)"
	# in NDJSON a record is a line, and a line may be many rows, or none
	lines '{"t":5,"k":"a","v":1}' '{"t":5,"k":"a","v":2}' > e1
	lines '{"t":5,"k":"a","v":3}' 'no' '{"t":5,"k":"a","v":4}' > e2
	format=ndjson
	stream bbb 0 - 2 stop | checked | to_json | agg -e partial --on-bad skip -m 'f=first(v)' -m 'l=last(v)' > out
	equal "NDJSON" $'10\t0\ta\t2\t3\t5@0=1\t5@1=2\n10\t0\ta\t2\t7\t5@10=3\t5@12=4' "$(grep -v '^#' out)"
	# an opaque position counts from 0
	format=csv
	lines 5,a,1 > e1
	stream bbb 0 - 1 stop | sed 's/pos=[^ ]*/pos=gtid:7-9/' | checked | agg -e partial -m 'f=first(v)' > out
	equal "opaque" $'10\t0\ta\t1\t1\t5@0=1' "$(grep -v '^#' out)"
}

@test "state: windows outlive the run, rows are those of one run" {
	three
	for emission in '-e final' '-e updates' '-e changelog' '-e updates --every record' '-e final --fill'; do
		rm -rf one many
		# shellcheck disable=SC2086 # words
		stream aaa 0 - 3 end | checked | agg $emission --watermark-delay 5ms --state one > out
		same_run out > right
		: > got
		for ((e = 1; e <= 3; e++)); do
			kind=stop
			((e < 3)) || kind=end
			# shellcheck disable=SC2086 # words
			stream "run$e" $((e - 1)) "$( ((e == 1)) && echo - || echo "run$((e - 1))")" $e $kind | sed 's/run=run/run=r/; s/erun=run/erun=r/' |
				checked | agg $emission --watermark-delay 5ms --state many > part
			((e == 1)) && sed -n 1,2p part >> got
			grep -vE '^#!weir (resume|columns)' part | sed "s/^#!weir stop/#!weir barrier/" >> got
		done
		equal "$emission" "$(< right)" "$(same_run got)"
	done
}

@test "state: needed, and only there" {
	three
	refuses "none" 78 'window-agg: a checked stream needs --state DIR: *' agg < <(stream aaa 0 - 3 end | checked)
	[[ ! -s out ]] || failed "none" "something came out"
	refuses "side outputs of partials" 78 'window-agg: --rejects and --late need --state DIR *' agg -e partial --rejects bad \
		< <(stream aaa 0 - 3 end | checked)
	refuses "a plain stream" 78 'window-agg: --state: stdin: the stream is not checked' agg --state s < <(lines t,k,v 1,a,1)
	refuses "a controlled one" 78 'window-agg: --state: stdin: the stream is not checked' agg --state s \
		< <(lines '#!weir stream format=csv' '#!weir columns t,k,v' 1,a,1)
	refuses "an empty one" 75 'window-agg: stdin: it is empty: upstream has died before it began' agg --state s < /dev/null
	[[ ! -e s ]] || failed "nothing began" "a state directory was made"
	stream aaa 0 - 3 end | checked > in
	refuses "several inputs" 78 'window-agg: a checked stream must be the only input' agg --state s in in
	refuses "the clock" 78 'window-agg: --idle-timeout: *' agg --state s --watermark-delay 1s --idle-timeout 1s in
	refuses "a barrier where nothing is checked" 78 'window-agg: stdin:3: control line "barrier" is not for this tool' agg \
		< <(lines '#!weir stream format=csv' '#!weir columns t,k,v' '#!weir barrier run=aaa epoch=1 pos=1 n=0 crc=00000000')
}

@test "an end without stop or end: nothing fires, nothing is committed" {
	three
	stream aaa 0 - 3 barrier | checked > in
	for n in 3 5 7 9; do
		rm -rf s
		head -n "$n" in > "cut"
		refuses "after line $n" 75 'window-agg: stdin: it ends without stop or end: *' agg --state s < "cut"
		equal "after line $n, rows" 0 "$(grep -vc '^#' out)"
		equal "after line $n, barriers" "$(grep -c '^#!weir barrier' cut)" "$(grep -c '^#!weir barrier' out)"
	done
	rm -rf s
	head -c -3 in > "cut"
	refuses "within a line" 75 'window-agg: stdin:*unterminated last line: upstream was cut off' agg --state s < "cut"
	sed 's/^11,a,3/11,a,4/' in > changed
	rm -rf s
	refuses "a line that was changed" 65 'window-agg: stdin:*: the lines before barrier 2 are not those that were sent*' agg --state s < changed
	equal "one barrier went on" 1 "$(grep -c '^#!weir barrier' out)"
}

@test "state: lost, stale, damaged, of another definition" {
	three
	stream aaa 0 - 3 stop | checked | agg --state s > /dev/null
	: > e4
	refuses "another definition" 78 'window-agg: *' agg --digits 3 --state s < <(stream bbb 3 aaa 4 stop | checked)
	refuses "of another run" 65 'window-agg: *' agg --state s < <(stream bbb 3 ccc 4 stop | checked)
	refuses "not there" 65 'window-agg: *' agg --state other < <(stream bbb 3 aaa 4 stop | checked)
	[[ $(wc -l < out) -eq 0 ]] || failed "not there" "it went on"
	try agg --max-groups 100 --state s < <(stream bbb 3 aaa 4 stop | checked)
	equal "a bound is not part of it" 0 "$status"
	for file in s/window-agg.*; do
		flip "$file" 200 1 > damaged
		cp damaged "$file"
	done
	refuses "damaged" 65 'window-agg: *' agg --state s < <(stream ccc 3 aaa 4 stop | checked)
}

@test "stop fires nothing, end fires all and is the end" {
	three
	stream aaa 0 - 3 stop | checked | agg --state s > out
	equal "stop" 0 "$(grep -vc '^#' out)"
	: > e4
	stream bbb 3 aaa 4 end | checked | agg --state s > out
	equal "end" $'0,10,a,2,5\n0,10,b,1,2.50\n10,20,a,1,3\n20,30,b,1,5' "$(grep -v '^#' out)"
	equal "its watermark" 1 "$(grep -c '^#!weir watermark t=9223372036854775807$' out)"
	lines 1,a,1 > e5
	stream ccc 4 bbb 5 end | checked | agg --late late --state s --stats > out 2> err
	equal "what comes behind the end is late" "in=1 out=0 late=1" "$(ledger err in out late)"
}

@test "lines that look like control lines come out as data" {
	printf '%s\n' '\#!weir end,1,1' '"a' '\#!weir barrier x=1",2,2' '\\#!weir x,3,3' > e1
	columns=k,t,v
	stream aaa 0 - 1 end | checked | window-agg -w none -g k -m 's=sum(v)' --state s > out
	equal "rows" '\#!weir end,1
\\#!weir x,3
"a
\#!weir barrier x=1",2' "$(sed -n '/^#!weir columns/,/^#!weir watermark/p' out | sed '1d;$d')"
	equal "which downstream counts as lines" 1 "$(grep -c '^#!weir end .* n=4 ' out)"
	lines '#!weir end run=bbb epoch=9 pos=1 n=0 crc=00000000' > e2
	refuses "unescaped it is damage" 65 'window-agg: stdin:*: a barrier of run bbb in a stream of run aaa' agg --state s2 \
		< <(stream aaa 0 - 2 end | checked)
}

@test "max-ahead: the run of records that is too far ahead goes on in the next run" {
	awk 'BEGIN { print "1000,a,1"; for (i = 0; i < 60; i++) print 9000000 + i ",a,1" }' > e1
	awk 'BEGIN { for (i = 60; i < 120; i++) print 9000000 + i ",a,1" }' > e2
	: > e3
	args=(--watermark-delay 0 --max-ahead 1h)
	stream aaa 0 - 3 end | checked | agg "${args[@]}" --state one > right
	stream aaa 0 - 1 stop | checked | agg "${args[@]}" --state many > /dev/null
	stream bbb 1 aaa 3 end | checked | agg "${args[@]}" --state many > got
	equal "rows of epoch 2" "$(sed -n '/epoch=1 /,$p' right | sed 1d | same_run)" "$(sed 1,2d got | same_run)"
	[[ $(sed -n '/epoch=1 /,/epoch=2 /p' right | grep -vc '^#') -gt 0 ]] || failed "the run was believed" "$(< right)"
}

@test "side outputs: exact after a resume, left alone before one" {
	lines 1,a,1 x,a,1 30,b,1 > e1
	lines 2,a,7 y,a,1 40,b,1 > e2
	lines 3,a,7 z,a,1 > e3
	args=(--watermark-delay 0 --late late --rejects bad)
	stream aaa 0 - 3 stop | checked | agg "${args[@]}" --state one > /dev/null
	cp late right.late
	cp bad right.bad
	equal "lines count data" "2 5 8" "$(sed 's/.*"line":\([0-9]*\).*/\1/' bad | paste -sd ' ')"
	stream aaa 0 - 1 stop | checked | agg "${args[@]}" --state many > /dev/null
	# a run that comes to nothing, behind epoch 2
	refuses "cut off" 75 'window-agg: *' agg "${args[@]}" --state many < <(stream bbb 1 aaa 3 barrier | checked)
	refuses "nothing came" 75 'window-agg: *' agg "${args[@]}" --state many < /dev/null
	cmp bad right.bad || failed "nothing came" "the file was touched"
	stream ccc 1 aaa 3 stop | checked | agg "${args[@]}" --state many > /dev/null
	cmp late right.late || failed "late" "$(< late)"
	cmp bad right.bad || failed "rejects" "$(< bad)"
	: > late
	: > e4
	refuses "a file that was cut" 65 'window-agg: late: *' agg "${args[@]}" --state many < <(stream ddd 3 ccc 4 stop | checked)
	# partials keep no more than that
	rm -rf one late bad
	stream aaa 0 - 1 stop | checked | agg -e partial --rejects bad --state one > /dev/null
	stream bbb 1 aaa 3 stop | checked | agg -e partial --rejects bad --state one > /dev/null
	cmp bad right.bad || failed "partials" "$(< bad)"
}

@test "signals: the first does nothing, the second ends it" {
	three
	mkfifo in
	exec 5<> in
	window-agg "${view[@]}" --state s < in > out 2> err 5>&- &
	pid=$!
	stream aaa 0 - 1 barrier | checked >&5
	until_true grep -q '^#!weir barrier' out
	kill -TERM "$pid"
	lines 11,a,3 3,a,4 >&5
	stream aaa 1 - 2 barrier | checked | tail -n 1 >&5
	until_true grep -q ' epoch=2 ' out
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	exec 5>&-
	equal "by the signal" 143 "$status"
	equal "nothing said" "" "$(< err)"
}

@test "live: each barrier goes on at once" {
	three
	mkfifo in
	exec 5<> in
	window-agg "${view[@]}" -e partial < in > out 2> err 5>&- &
	pid=$!
	stream aaa 0 - 1 barrier | checked >&5
	until_true grep -q '^#!weir barrier.* epoch=1 ' out
	lines 11,a,3 3,a,4 >&5
	stream aaa 1 - 2 stop | checked | tail -n 1 >&5
	status=0
	wait "$pid" || status=$?         # it ends by the stop line; the pipe is open
	exec 5>&-
	equal "ends" 0 "$status"
	equal "quiet" "" "$(< err)"
	equal "rows" 4 "$(grep -vc '^#' out)"
}

@test "an epoch costs what changed, however much is open" {
	awk 'BEGIN { for (i = 0; i < 50000; i++) print "5,k" i ",1" }' > e1
	for ((e = 2; e <= 40; e++)); do
		lines 5,k7,1 "6,new$e,1" > "e$e"
	done
	stream aaa 0 - 40 stop | checked | agg --state s > out
	equal "barriers" 40 "$(grep -c '^#!weir \(barrier\|stop\)' out)"
	equal "groups written" 50078 "$(cat s/* | grep -ac '^g')"
	: > e41
	stream bbb 40 aaa 41 end | checked | agg --state s > out
	equal "all are there" 50039 "$(grep -vc '^#' out)"
	grep -qx '0,10,k7,40,40' out || failed "the one that changed" "$(grep ,k7, out)"
}

@test "-j has no effect, nor has -o on partials" {
	three
	stream aaa 0 - 3 end | checked > in
	agg -e partial in > want
	agg -e partial -j 4 -o csv in > got
	cmp want got
	agg --watermark-delay 1ms --state s1 in > want
	agg --watermark-delay 1ms -j 4 --state s2 in > got
	cmp want got
}
