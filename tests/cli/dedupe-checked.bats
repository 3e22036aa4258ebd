# SPDX-License-Identifier: MIT
# dedupe in checked streams: what it knows outlives it, at each barrier, exactly.

load ../lib
load cases
load checked

lines() {
	printf '%s\n' "$@"
}

# Seven epochs with repeats across them, in files e1 ... e7; one is empty.
epochs() {
	lines a,100 b,110 a,120 '"c ""x"" %20",130' > e1
	lines b,140 '"c ""x"" %20",150' d,160 > e2
	: > e3
	lines e,300 a,310 '"f' 'g",320' > e4
	lines x,1 e,330 '"f' 'g",340' bad,y,z > e5
	lines a,400 'a b',410 ab,420 ',430' > e6
	lines d,900 b,901 'a b',902 h,903 > e7
}

# What a source sends that goes on behind epoch E of run RE.
# stream RUN E RE [LAST [KIND]] -- up to epoch LAST, which ends by a line of that kind
stream() {
	local e last=${4:-7} kind=barrier

	echo "#!weir resume run=$1 epoch=$2 erun=$3 pos=$2 source=orders log=x format=csv cfg=0a1b2c3d"
	echo '#!weir columns k,t'
	for ((e = $2 + 1; e <= last; e++)); do
		((e < last)) || kind=${5:-stop}
		cat "e$e"
		echo "#!weir $kind run=$1 epoch=$e pos=$e committed=$((e > $2 + 2 ? e - 2 : 0))"
	done
}

# The data of a stream up to the barrier of an epoch: what a sink would have committed.
data() {        # file [epoch]
	awk -v last="${2:-999999}" '
	/^#!weir (barrier|stop|end) / { match($0, / epoch=[0-9]+/); if (substr($0, RSTART + 7, RLENGTH - 7) + 0 >= last) exit; next }
	!/^#!weir / { print }' "$1"
}

# The last epoch that ended in a stream; else the one given.
reached() {     # file epoch
	sed -n 's/^#!weir \(barrier\|stop\|end\) .*epoch=\([0-9]*\) .*/\2/p' "$1" | tail -n 1 | grep . || echo "$2"
}

# What is tried, in two ways: for ever, and for a span that forgets.
ways=('-k k' '-k k -t t --time-unit ms --within 200ms --watermark-delay 250ms --max-ahead 10s')
sides=(--duplicates dups --late late --rejects rejects)

# The right answer of a way: one run, nothing happens to it. In right.out, right.dups, ...
right() {       # way
	local side

	rm -rf state dups late rejects
	# shellcheck disable=SC2086 # words
	dedupe $1 --state state "${sides[@]}" < <(stream aaa 0 - | checked) > out
	data out > right.out
	for side in dups late rejects; do
		cp $side right.$side
	done
}

same_as_right() {       # name file
	local side

	cmp -s right.out "$2" || failed "$1" "$(diff right.out "$2")"
	for side in dups late rejects; do
		cmp -s right.$side $side || failed "$1, $side" "$(diff right.$side $side)"
	done
}

@test "one run: rows, barriers that add up, side outputs" {
	epochs
	try dedupe -k k --state state "${sides[@]}" --stats < <(stream aaa 0 - | checked)
	equal "rows" 'a,100
b,110
"c ""x"" %20",130
d,160
e,300
"f
g",320
x,1
a b,410
ab,420
h,903' "$(data out)"
	equal "status" 0 $status
	balanced "ledger" err
	# each barrier says what is before it
	sed '/^#!weir \(barrier\|stop\)/s/ n=[0-9]* crc=[0-9a-f]*//' out | checked > again
	equal "barriers" "$(grep -o ' n=.* crc=[0-9a-f]*' out | sed 's/ n=\([0-9]*\) crc=\([0-9a-f]*\).*/\1 \2/')" \
		"$(grep -o ' n=[0-9]* crc=[0-9a-f]*' again | sed 's/ n=\([0-9]*\) crc=\([0-9a-f]*\).*/\1 \2/')"
	equal "control lines" 'resume columns barrier barrier barrier barrier barrier barrier stop' \
		"$(sed -n 's/^#!weir \([a-z]*\) .*/\1/p' out | paste -sd' ')"
	equal "committed and position go on" "$(stream aaa 0 - | grep -o 'pos=. committed=.')" "$(sed 's/ n=.*crc=[0-9a-f]*//' out | grep -o 'pos=. committed=.')"
	# lines of side outputs are those of the data
	equal "duplicates" "$(awk '{ print }' e1 e2 e3 e4 e5 e6 e7 | grep -n '^b,140$' | cut -d: -f1)" "$(grep 'b,140' dups | sed 's/.*"line":\([0-9]*\).*/\1/')"
	equal "rejects" '{"file":"stdin","line":16,"reason":"3 fields, columns line has 2","raw":"bad,y,z"}
{"file":"stdin","line":20,"reason":"its key is null","raw":",430"}' "$(< rejects)"
	cat out > first
	lines '#!weir end run=b epoch=8 pos=7' > e8
	equal "into another stage" "$(data out)" "$(dedupe -k k --state other < first | data /dev/stdin)"
}

@test "cut off at every line, and gone on with: the same rows, the same side outputs" {
	local way run=0 n total epoch

	epochs
	for way in "${ways[@]}"; do
		right "$way"
		stream aaa 0 - | checked > whole
		total=$(wc -l < whole)
		for ((n = 1; n < total; n++)); do
			rm -rf state dups late rejects
			# shellcheck disable=SC2086 # words
			try dedupe $way --state state "${sides[@]}" < <(head -n $n whole)
			equal "$way, cut at $n" 75 $status
			epoch=$(reached out 0)
			data out "$epoch" > both
			((epoch)) || : > both
			# shellcheck disable=SC2086 # words
			try dedupe $way --state state "${sides[@]}" < <(stream "bbb" "$epoch" "$( ((epoch)) && echo aaa || echo -)" | checked)
			equal "$way, resumed at $epoch" "0 " "$status $(< err)"
			data out >> both
			same_as_right "$way, cut at $n" both
		done
	done
}

@test "a run for each epoch, and runs that should be dead: the same" {
	local way e

	epochs
	for way in "${ways[@]}"; do
		right "$way"
		rm -rf state dups late rejects
		: > all
		for e in {1..7}; do
			# one that goes two epochs further, of which nothing is committed
			# shellcheck disable=SC2086 # words
			dedupe $way --state state "${sides[@]}" < <(stream "z$e" $((e - 1)) "$( ((e > 1)) && echo "r$((e - 1))" || echo -)" $((e < 6 ? e + 2 : 7)) | checked) > zombie
			# shellcheck disable=SC2086 # words
			try dedupe $way --state state "${sides[@]}" < <(stream "r$e" $((e - 1)) "$( ((e > 1)) && echo "r$((e - 1))" || echo -)" "$e" | checked)
			equal "$way, epoch $e" "0 " "$status $(< err)"
			data out >> all
		done
		same_as_right "$way" all
	done
}

@test "the end of input without stop or end: 75, and that epoch is not there" {
	epochs
	refuses "in the middle of an epoch" 75 'dedupe: stdin: it ends without stop or end: *' \
		dedupe -k k --state state --rejects rejects < <(stream aaa 0 - | checked | head -n 8)
	equal "one epoch went on" 1 "$(reached out 0)"
	refuses "nothing of the second is kept" 65 'dedupe: state: there is no state of dedupe for epoch 2 (run aaa)*' \
		dedupe -k k --state state < <(stream bbb 2 aaa | checked)
	refuses "in the middle of a line" 75 'dedupe: stdin:*: unterminated last line: upstream was cut off' \
		dedupe -k k --state other --rejects rejects < <(stream aaa 0 - | checked | head -c 300)
	refuses "before it began" 75 'dedupe: stdin: upstream has died before it began' dedupe -k k --state state < /dev/null
	for kind in stop end; do
		rm -rf state
		try dedupe -k k --state state --rejects rejects < <(stream aaa 0 - 2 $kind | checked)
		equal "$kind" "0 2 " "$status $(reached out 0) $(< err)"
		try dedupe -k k --state state < <(stream bbb 2 aaa 3 | checked)
		equal "its state is there" "0 3 " "$status $(reached out 0) $(< err)"
	done
}

@test "lost, stale and damaged states are refused, never taken for empty" {
	epochs
	stream aaa 0 - | checked > whole
	right '-k k'
	name=$(ls state)
	equal "one file" "dedupe.00000000000000000001-aaa" "$name"
	refuses "of a run that was not" 65 'dedupe: state: there is no state of dedupe for epoch 7 (run ccc), *' \
		dedupe -k k --state state < <(stream bbb 7 ccc | checked)
	refuses "of an epoch that was not" 65 'dedupe: state: there is no state of dedupe for epoch 8 (run aaa), *' \
		dedupe -k k --state state < <(stream bbb 8 aaa | checked)
	refuses "an empty directory" 65 'dedupe: new: there is no state of dedupe for epoch 3 (run aaa), *' \
		dedupe -k k --state new < <(stream bbb 3 aaa | checked)
	refuses "with other options" 78 "dedupe: state/$name: made with other options (cfg *, now *): use those, or another --state directory and a new sink" \
		dedupe -k t --state state < <(stream bbb 3 aaa | checked)
	cp "state/$name" kept
	flip kept 150 1 > "state/$name"
	refuses "one bit" 65 "dedupe: state/$name: damaged at offset *" dedupe -k k --state state < <(stream bbb 3 aaa | checked)
	head -n 5 kept > "state/$name"
	refuses "cut" 65 'dedupe: state: there is no state of dedupe for epoch 3 *' dedupe -k k --state state < <(stream bbb 3 aaa | checked)
	equal "no side output was touched" "$(< right.rejects)" "$(< rejects)"
	cp kept "state/$name"
	try dedupe -k k --state state "${sides[@]}" < <(stream bbb 3 aaa | checked)
	equal "whole again" "0 $(cksum < right.rejects)" "$status $(cksum < rejects)"
}

@test "old states go once the sink is two epochs past a base; who asks for them is late" {
	local e

	awk 'BEGIN { for (e = 1; e <= 30; e++) { f = "e" e; for (i = 0; i < 1500; i++) printf "key-%d-%d-%020d,1\n", e, i, i > f; close(f) } }'
	try dedupe -k k --state state < <(stream aaa 0 - 30 | checked)
	equal "status" "0 " "$status $(< err)"
	[[ ! -e state/dedupe.00000000000000000001-aaa ]] || failed "the first file" "is still there: $(ls state)"
	((40000 * 45 * 3 > $(cat state/* | wc -c))) || failed "bounded" "$(ls -l state)"
	refuses "an old one" 75 'dedupe: state: the state of epoch 2 (run aaa) is gone, since the sink has gone further: a stale resume' \
		dedupe -k k --state state < <(stream bbb 2 aaa | checked)
	for e in 28 29 30; do
		try dedupe -k k --state state < <(stream "r$e" "$e" aaa 30 | checked)
		[[ $status -eq $((e < 30 ? 0 : 75)) ]] || failed "the newest, $e" "$status $(< err)"
	done
	# many short runs: files do not gather
	run=aaa
	for e in {31..80}; do
		lines a,1 > "e$e"
		dedupe -k k --state state < <(stream "n$e" $((e - 1)) "$run" "$e" | sed "s/committed=0/committed=$((e - 1))/" | checked) > /dev/null
		run=n$e
	done
	(($(find state -type f | wc -l) <= 20)) || failed "files" "$(ls state)"
}

@test "--state and checked streams go together" {
	epochs
	refuses "without it" 78 'dedupe: a checked stream needs --state DIR: *' dedupe -k k < <(stream aaa 0 - | checked)
	refuses "a plain stream" 78 'dedupe: --state: the stream is not checked' dedupe -k k --state state < <(lines k,t a,1)
	refuses "a controlled one" 78 'dedupe: --state: the stream is not checked' dedupe -k k --state state \
		< <(lines '#!weir stream format=csv' '#!weir columns k,t' a,1)
	refuses "two inputs" 64 'dedupe: --state: takes one input' dedupe -k k --state state a b
	stream aaa 0 - | checked > one
	refuses "two of them" 65 'dedupe: one: a checked stream is the only input, and begins with its resume line' dedupe -k k one one
	refuses "behind another line" 65 'dedupe: stdin:2: a resume line that is not the first' dedupe -k k \
		< <(lines '#!weir stream format=csv'; stream aaa 0 - | checked)
	refuses "a directory below a file" 73 'dedupe: one/such: Not a directory' dedupe -k k --state one/such < one
	dedupe -k k --state two/deep --rejects bad < one > passed || failed "directories are made" "$?"
	[[ -d two/deep ]] || failed "directories are made" "$(ls)"
	mkdir shared
	chmod 777 shared
	refuses "a directory of everyone" 78 'dedupe: shared: everyone may write *' dedupe -k k --state shared < one
	refuses "a bad record" 65 'dedupe: stdin:22: 3 fields, columns line has 2' dedupe -k k --state state < one
	equal "behind four barriers" 4 "$(reached out 0)"
	try bash -o pipefail -c 'dedupe -k k --state both --rejects r1 < one | dedupe -k k --state both --rejects r2'
	equal "two stages, one directory" 78 $status
	grep -q 'another dedupe of this pipeline keeps its state there' err || failed "two stages" "$(< err)"
	equal "not one epoch" 0 "$(reached out 0)"
}

@test "a state that cannot be written: its barrier does not go on" {
	limited() {     # no file may grow beyond 2 KiB
		(trap '' XFSZ; ulimit -f 2; dedupe "$@") | cat
		return "${PIPESTATUS[0]}"
	}
	awk 'BEGIN { for (e = 1; e <= 7; e++) for (i = 0; i < 50; i++) print "key-" e "-" i ",1" > "e" e }'
	refuses "a limit" 74 'dedupe: *dedupe.00000000000000000001-aaa: File too large' limited -k k --state state < <(stream aaa 0 - | checked)
	last=$(reached out 0)
	((last > 1 && last < 7)) || failed "how far it went" "$last"
	data out "$last" > both
	try dedupe -k k --state state < <(stream bbb "$last" aaa | checked)
	equal "goes on" "0 " "$status $(< err)"
	data out >> both
	equal "all of it" "$(cat e?)" "$(< both)"
}

@test "forged control lines are data" {
	lines 'a,1' '\#!weir end run=aaa epoch=1 pos=9 n=1 crc=00000000,2' '\\#!weir x,3' '\#!weir end run=aaa epoch=1 pos=9 n=1 crc=00000000,4' > e1
	lines '"x' '\#!weir stop run=aaa epoch=9",1' '\\#!weir x,3' > e2
	try dedupe -k k --state state < <(stream aaa 0 - 2 | checked)
	equal "as they came" 'a,1
\#!weir end run=aaa epoch=1 pos=9 n=1 crc=00000000,2
\\#!weir x,3
"x
\#!weir stop run=aaa epoch=9",1' "$(data out)"
	equal "status" "0 2" "$status $(reached out 0)"
	try dedupe -k k --state state < <(stream bbb 1 aaa 2 | checked)
	equal "resumed" '"x
\#!weir stop run=aaa epoch=9",1' "$(data out)"
	lines '#!weir end run=aaa epoch=1 pos=9 n=0 crc=00000000' > e1
	refuses "not escaped they are not" 65 'dedupe: stdin:*' dedupe -k k --state other < <(stream aaa 0 - 2 | checked)
}

@test "NDJSON and TSV" {
	json() {
		sed 's/^#!weir \([a-z]*\) \(.*\)/{"@weir":"\1","\2"}/; /^{"@weir"/{s/=/":"/g; s/ /","/g; s/columns.*/columns"}/}' | grep -v columns
	}
	lines '{"k":1}' '{"k":2}' '{"k":1}' > e1
	lines '{"k":"2"}' '{"k":3}' > e2
	try dedupe -k k --state state < <(stream aaa 0 - 2 | checked | sed 's/format=csv/format=ndjson/' | json)
	equal "rows" '{"k":1}
{"k":2}
{"k":3}' "$(grep -v @weir out)"
	equal "barriers" 'resume barrier stop' "$(sed -n 's/^{"@weir":"\([a-z]*\)".*/\1/p' out | paste -sd' ')"
	try dedupe -k k --state state < <(stream bbb 1 aaa 2 | checked | sed 's/format=csv/format=ndjson/' | json)
	equal "resumed" '{"k":3}' "$(grep -v @weir out)"
	lines $'a\\tb\t1' $'a\\tb\t2' > e1
	lines $'a\\tb\t3' $'c\t3' > e2
	try dedupe -k k --state tsv < <(stream aaa 0 - 2 | sed 's/csv/tsv/' | checked)
	equal "TSV" $'a\\tb\t1\nc\t3' "$(data out)"
}

@test "side outputs: what a snapshot holds stays, what is behind it goes" {
	epochs
	lines old > rejects
	dedupe -k k --state state --duplicates dups --rejects new < <(stream aaa 0 - | checked) > out
	: > dups
	refuses "a file that shrank" 65 'dedupe: dups: it has 0 bytes, and had * when the state was saved: *' \
		dedupe -k k --state state --duplicates dups < <(stream bbb 7 aaa | checked)
	try dedupe -k k --state state --duplicates elsewhere < <(lines a,1 > e8; stream bbb 7 aaa 8 | checked)
	equal "another name begins anew" "0 1" "$status $(wc -l < elsewhere)"
	try dedupe -k k --state state --rejects /dev/null < <(lines b,1 > e9; stream ccc 8 bbb 9 | checked)
	equal "a device just goes on" "0 " "$status $(< err)"
	try dedupe -k k --state state --duplicates elsewhere < <(lines b,2 > e10; stream ddd 9 ccc 10 | checked)
	equal "a length is remembered while nobody asks for it" "0 2" "$status $(wc -l < elsewhere)"
	refuses "nothing to go on from" 65 'dedupe: state: there is no state *' dedupe -k k --state state --rejects rejects < <(stream eee 99 ddd | checked)
	equal "then it stays" old "$(< rejects)"
	refuses "nor without a directory" 78 'dedupe: a checked stream needs --state DIR: *' dedupe -k k --rejects rejects < <(stream eee 0 - | checked)
	equal "then too" old "$(< rejects)"
	refuses "a line behind upstream's end" 75 'dedupe: stdin: upstream has died before it began' dedupe -k k --state state --rejects rejects < /dev/null
	equal "and then" old "$(< rejects)"
}

@test "side outputs: a run that is not dead yet keeps others away" {
	epochs
	mkfifo in
	exec 5<> in
	dedupe -k k --state state --duplicates dups < in > out 2> log 5>&- &
	pid=$!
	stream aaa 0 - 3 barrier | checked >&5
	until_true grep -q 'epoch=3' out
	refuses "meanwhile" 75 'dedupe: dups: another run still writes it' dedupe -k k --state state --duplicates dups < <(stream bbb 2 aaa | checked)
	kill -9 $pid
	wait $pid || true
	exec 5>&-
	try dedupe -k k --state state "${sides[@]}" < <(stream bbb 2 aaa | checked)
	equal "then" "0 " "$status $(< err)"
}

@test "a signal: only the source acts on the first one" {
	local signal

	epochs
	mkfifo in
	for signal in TERM INT; do
		rm -rf state
		exec 5<> in
		# the shell has it ignore SIGINT
		env --default-signal=INT dedupe -k k --state state --rejects rejects < in > out 2> log 5>&- &
		pid=$!
		stream aaa 0 - 3 barrier | checked >&5
		until_true grep -q 'epoch=3' out
		until_true is_waiting $pid
		kill -$signal $pid
		stream bbb 3 - | checked | sed '1,2d; s/bbb/aaa/' | grep -v stop >&5
		until_true grep -q 'epoch=6' out
		until_true is_waiting $pid
		kill -$signal $pid
		status=0
		wait $pid || status=$?
		exec 5>&-
		equal "the second, $signal" "$([[ $signal == TERM ]] && echo 143 || echo 130)" $status
		try dedupe -k k --state state --rejects rejects < <(stream ccc 6 aaa | checked)
		equal "resumed, $signal" "0 h,903" "$status $(data out)"
	done
}

@test "speed: an epoch costs what changed" {
	is_plain_build || skip "without sanitizers only"
	awk 'BEGIN { for (i = 0; i < 300000; i++) print "key-" i ",1" }' > e1
	for e in {2..40}; do
		awk -v e="$e" 'BEGIN { for (i = 0; i < 100; i++) print "more-" e "-" i ",1" }' > "e$e"
	done
	dedupe -k k --state state < <(stream aaa 0 - 40 | checked) > out
	# the base, and not much more
	base=$(sed '/^#!weir epoch epoch=1 /q' state/dedupe.*1-aaa | wc -c)
	all=$(cat state/* | wc -c)
	((all < base + 40 * 100 * 30)) || failed "bytes" "$base $all"
}
