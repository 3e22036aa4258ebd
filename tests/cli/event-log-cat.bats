# SPDX-License-Identifier: MIT
# event-log cat: what was appended comes out again, whole, from anywhere to anywhere; as a source it says exactly how far it is.

load ../lib
load ../battery
load cases

lines() {
	printf '%s\n' "$@"
}

# Records of all kinds that could be taken for something else.
odd_csv() {
	lines 'id,text' '1,a' '2,"two' 'lines"' '3,"#!weir stop' '#!weir end' '\#!weir' '"' '#!weir barrier,x' '\#!weir end,y' '\\#!weir,z' '7,""' '8,"say ""no"""' \
		'#,9' '{@weir},10'
}

# Appends a file to a log record by record: `apart log file records-per-append option...`. CSV without newlines in quotes.
apart() {
	local n total

	total=$(($(wc -l < "$2") - 1))
	for ((n = 0; n < total; n += $3)); do
		(head -n 1 "$2"; tail -n "+$((n + 2))" "$2" | head -n "$3") | event-log append "${@:4}" "$1"
	done
}

numbers() {     # from to
	echo id,text
	seq "$1" "$2" | awk '{ print $1 ",text " $1 % 7 }'
}

# The data of a checked stream.
data() {
	grep -v '^#!weir '
}

# A value of the n-th control line of a word in a file; n counts from the end when it is negative.
value() {       # file word name n
	grep "^#!weir $2 " "$1" | if (($4 < 0)); then tail -n "$((-$4))" | head -n 1; else sed -n "$4p"; fi | grep -o " $3=[^ ]*" | cut -d= -f2
}

ends_with() {   # file pattern
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $(tail -n 1 "$1") == $2 ]]
}

field() {       # log name
	event-log info "$1" | awk -F '\t' -v name="$2" '$1 == name { print $2 }'
}

# Does the output of what runs behind our back hold just that by now?
shows() {       # file
	until_true cmp -s out "$1"
}

@test "event-log cat: conventions of the command line" {
	battery_basics event-log
	numbers 1 100 > in
	event-log append log < in
	gives "a log" "$(< in)" event-log cat log
	try event-log cat log < /dev/null
	cmp in out || failed "stdin is not looked at" "$(head -n 3 out)"
	event-log cat log > /dev/full 2> err || status=$?
	equal "a full disk" "74 event-log: stdout: No space left on device" "$status $(< err)"
	status=0
	event-log cat log >&- 2> err || status=$?
	equal "closed stdout" "74 event-log: stdout: Bad file descriptor" "$status $(< err)"
	status=0
	event-log cat --checked log > /dev/full 2> err || status=$?
	equal "a full disk, checked" "74 event-log: stdout: No space left on device" "$status $(< err)"
	numbers 1 200000 | event-log append big
	event-log cat big 2> err | head -n 1 > out
	equal "nobody reads on" "141 0" "${PIPESTATUS[*]}"
	[[ ! -s err ]] || failed "and nothing is said" "$(< err)"
}

@test "usage" {
	numbers 1 10 | event-log append log
	refuses "times without a column" 64 'event-log: --since and --until need --time' event-log cat --since 2026-01-01 log
	refuses "a column without times" 64 'event-log: --time: goes with --since or --until' event-log cat --time id log
	refuses "no time" 64 'event-log: --since: "noon": *' event-log cat --time id --since noon log
	refuses "a filter in a checked stream" 64 'event-log: a checked stream holds all records*' event-log cat --checked --time id --since 1 log
	refuses "two beginnings" 64 'event-log: --resume-from says where to begin: no --from' event-log cat --resume-from out --from 3 log
	refuses "epochs of a plain stream" 64 'event-log: --final and --epoch-*' event-log cat --epoch-records 3 log
	refuses "complete, yet growing" 64 'event-log: --final: *' event-log cat --checked --final --follow log
	refuses "backwards" 64 'event-log: --to is before --from' event-log cat --from 5 --to 3 log
	refuses "no log" 74 'event-log: none: there is no log' event-log cat none
	mkdir empty
	refuses "a directory without one" 74 'event-log: empty: there is no log' event-log cat empty
	touch file
	refuses "a file" 74 'event-log: file: Not a directory' event-log cat file
	event-log append new < /dev/null
	gives "an empty log" "" event-log cat new
}

@test "round trips: as plain text, sealed, compressed" {
	odd_csv > csv
	printf 'a\tb\n1\tx\\ty\n\\\\\t\\n\n#!weir stop\t2\n\\#!weir\t\n' > tsv
	lines '{"a":1}' '{"@weir":"stop","n":0}' '{"a":"#!weir stop"}' ' {"a":2}' > ndjson
	for form in csv tsv ndjson; do
		wanted=$(< $form)
		[[ $form != ndjson ]] || wanted=${wanted/'{"@weir"'/' {"@weir"'}   # a blank more is the same record
		event-log append $form.log < $form
		gives "$form, growing" "$wanted" event-log cat $form.log
		event-log seal --no-compress $form.log
		[[ -e $form.log/00000000000000000000.log ]] || failed "$form: plain" "$(ls $form.log)"
		gives "$form, sealed" "$wanted" event-log cat --sealed $form.log
		event-log append $form.log < $form
		event-log seal $form.log
		[[ -e $form.log/00000000000000000000.log.gz ]] || failed "$form: compressed" "$(ls $form.log)"
		event-log cat $form.log > out
		equal "$form, twice" "$(($(wc -l <<< "$wanted") * 2 - ($([[ $form == ndjson ]]; echo $?) != 0)))" "$(wc -l < out)"
		rm -f $form.log/*.idx
		cmp out <(event-log cat $form.log) || failed "$form, without index" "$(event-log cat $form.log | head -n 3)"
	done
}

@test "forged control lines are data, whatever way they take" {
	odd_csv > in
	event-log append one < in
	event-log cat --resume-from two one | event-log append two
	event-log cat --epoch-records 1 --resume-from three two | dedupe --state state | event-log append three
	gives "through two logs and a filter" "$(< in)" event-log cat three
	equal "as many records" "10 10 10" "$(field one records) $(field two records) $(field three records)"
}

@test "--from, --to: every position to every position, with and without chains" {
	odd_csv > in
	# the records by themselves
	for n in 0 1 2 3 4 5 6 7 8 9 10; do
		event-log append log < <([[ $n -gt 0 ]] || cat in) > /dev/null
		event-log cat --from $n log | tail -n +2 > "rest.$n"
	done
	for from in 0 1 2 3 4 5 6 7 8 9 10; do
		for ((to = from; to <= 10; to++)); do
			event-log cat --checked --from "$from" --to "$to" log > out
			chain=$(value out stop pos -1)
			begin=$(value out resume pos 1)
			equal "positions $from to $to" "$from $to" "${begin%@*} ${chain%@*}"
			event-log cat --from "$begin" --to "$chain" log | tail -n +2 > plain
			cat plain "rest.$to" | cmp - "rest.$from" || failed "$from to $to" "$(< plain)"
			((to > from)) || continue
			refuses "another chain" 78 "event-log: log: position *: the log has other records before it*" event-log cat --from "$to@0badbad0" log
			refuses "another end" 78 "event-log: log: --to: the log has other records before it*" event-log cat --from "$from" --to "$to@0badbad0" log
		done
	done
	refuses "beyond the end" 78 'event-log: log: position 11 is beyond the end of the log, which is 10' event-log cat --from 11 log
	refuses "beyond the end, said exactly" 78 'event-log: log: --to is beyond the end of the log, which is 10' event-log cat --to 11@00000000 log
	gives "up to what there is" "$(< in)" event-log cat --to 11 log
	gives "nothing" "id,text" event-log cat --from 10 log
}

@test "epochs of 1, 7, 1000 records, time and size: the same data" {
	odd_csv > in
	numbers 1 3000 | tail -n +2 >> in
	event-log append --segment-size 10K --block-bytes 1K log < in
	gives "plain" "$(< in)" event-log cat log
	for how in "--epoch-records 1" "--epoch-records 7" "--epoch-records 1000" "--epoch-bytes 1K" "--epoch-interval 0ms" ""; do
		# shellcheck disable=SC2086 # words are meant
		event-log cat --checked $how log > stream
		# whoever takes it has checked every barrier
		rm -rf copy
		event-log append copy < stream 2> err || failed "$how: barriers" "$(< err)"
		data < stream | cmp - <(event-log cat --checked log | data) || failed "$how: data" "$(wc stream)"
		edges=$(grep -c ' edge=1$' stream)
		equal "$how: edges" "$(find log -name '*.log*' | wc -l)" "$((edges + 1))"
	done
	equal "one by one" 3010 "$(event-log cat --checked --epoch-records 1 log | grep -c '^#!weir barrier.* n=[1-9]')"
	equal "seven by seven" "7" "$(event-log cat --checked --epoch-records 7 --to 700 log | grep '^#!weir barrier' | grep -v edge= | tail -n +4 | grep -o ' n=[0-9]*' | cut -d= -f2 | sort -u)"
}

@test "no epoch ends within an update" {
	lines '_op,id' > in
	for i in 1 2 3 4 5; do
		lines "-U,$i" "+U,$i" >> in
	done
	event-log append --block-bytes 20 log < in
	event-log cat --checked --epoch-records 1 log > stream
	equal "barriers behind pairs" "" "$(data < stream > /dev/null; awk '/^-U/ { open = 1 } /^[+]U/ { open = 0 } /^#!weir (barrier|stop)/ && open' stream)"
	equal "all of it" "$(tail -n +2 in)" "$(data < stream)"
}

@test "columns change: one header, all columns, in a plain stream; columns lines behind barriers in a checked one" {
	lines id,a 1,x '2,"y' 'z"' | event-log append log
	lines b,id 'p,3' | event-log append log
	lines id,a,b '4,,"q,"' | event-log append log
	gives "the union" $'id,a,b\n1,x,\n2,"y\nz",\n3,,p\n4,,"q,"' event-log cat log
	gives "of the range alone" $'id,a\n1,x\n2,"y\nz"' event-log cat --to 2 log
	gives "from the middle" $'b,id,a\np,3,\n"q,",4,' event-log cat --from 2 log
	gives "as TSV" $'id\ta\tb\n1\tx\t\n2\ty\\nz\t\n3\t\tp\n4\t\tq,' event-log cat -o tsv log
	gives "as NDJSON" $'{"id":"3","a":null,"b":"p"}' bash -c 'event-log cat -o ndjson log | sed -n 3p'
	event-log cat --checked log > stream
	equal "columns lines" $'#!weir columns id,a\n#!weir columns b,id\n#!weir columns id,a,b' "$(grep '^#!weir columns' stream)"
	equal "each behind resume or a barrier" "resume barrier barrier" \
		"$(awk '/^#!weir columns/ { print word } { word = $2 }' stream | xargs)"
	gives "checked and back" "$(event-log cat log)" bash -c 'event-log append copy < stream && event-log cat copy'
	lines a,a 1,2 | event-log append twice
	gives "a name that occurs twice" $'a,a\n1,2' event-log cat twice
	lines a,b 1,2 | event-log append twice
	refuses "cannot be laid out" 65 'event-log: twice: record 0: the columns change, and one name occurs twice' event-log cat twice
	lines '{"a":1}' | event-log append json
	refuses "NDJSON has no columns" 64 'event-log: --output: the log holds NDJSON*' event-log cat -o csv json
}

@test "--since, --until: by event time, the header stays" {
	lines t,v 100,a 300,b 200,c '"250","d' 'd"' | event-log append log
	gives "since" $'t,v\n300,b\n200,c\n"250","d\nd"' event-log cat --time t --time-unit ms --since 200 log
	gives "until" $'t,v\n100,a\n200,c' event-log cat --time t --time-unit ms --until 250 log
	gives "both" $'t,v\n200,c' event-log cat --time t --time-unit ms --since 101 --until 250 log
	gives "none" 't,v' event-log cat --time t --time-unit ms --since 301 log
	try event-log cat --time t --time-unit ms --since 200 --until 250 --stats log
	equal "ledger" "in=4 out=1 filtered=3" "$(ledger err in out filtered)"
	balanced "ledger" err
	lines t,v 2026-01-01T00:00:00Z,a 2026-01-02T00:00:00Z,b | event-log append dates
	gives "dates" $'t,v\n2026-01-02T00:00:00Z,b' event-log cat --time t --since 2026-01-01T12:00 dates
	gives "in a zone" $'t,v\n2026-01-01T00:00:00Z,a' event-log cat --time t --until 2026-01-01T01:00:01 --input-tz Europe/Berlin --since 2026-01-01 dates
	lines t,v soon,c | event-log append dates
	refuses "no time" 65 'event-log: dates: record 2: t: "soon": *' event-log cat --time t --since 2026-01-01 dates
	lines '{"t":5,"v":1}' '{"t":7}' | event-log append json
	gives "NDJSON" '{"t":7}' event-log cat --time t --time-unit ms --since 6 json
}

@test "--follow: a plain stream goes on across segments, until it is told to end" {
	event-log cat --follow log > out 2> err &
	pid=$!
	until_true is_waiting "$pid"
	numbers 1 10 | event-log append log
	numbers 1 10 > wanted
	shows wanted
	event-log seal log
	numbers 11 20 | event-log append log
	numbers 1 20 > wanted
	shows wanted
	lines text,id z,21 | event-log append log
	echo 21,z >> wanted
	shows wanted
	kill "$pid"
	wait "$pid" || status=$?
	equal "by the signal, quietly" "143" "$status$(< err)"
	event-log cat --follow --from 15 log > out 2> err &
	pid=$!
	until_true grep -q 21 out
	status=0
	lines id,text,new 22,x,y | event-log append log
	wait "$pid" || status=$?
	equal "a column that no header told" "78 event-log: log: record 21: from here on there is a column \"new\", which the header does not have: begin again" \
		"$status $(< err)"
}

@test "--follow, checked: barriers when there is no more, stop when told to" {
	event-log cat --follow --checked log > out &
	pid=$!
	until_true is_waiting "$pid"
	[[ ! -s out ]] || failed "nothing is known of a log that is not there" "$(< out)"
	numbers 1 10 | event-log append log
	until_true ends_with out '#!weir barrier * pos=10@* n=10 *'
	numbers 11 12 | event-log append log
	until_true ends_with out '#!weir barrier * pos=12@* n=2 *'
	event-log seal log
	until_true ends_with out '#!weir barrier * pos=12@* n=0 * edge=1'
	numbers 13 13 | event-log append log
	until_true ends_with out '#!weir barrier * pos=13@* n=1 *'
	kill -TERM "$pid"
	wait "$pid" || failed "a stop is a good end" "$?"
	ends_with out '#!weir stop * pos=13@* n=0 *' || failed "stop" "$(tail -n 1 out)"
	event-log append copy < out || failed "all barriers are right" ""
	event-log cat --follow --checked nothing > out &
	pid=$!
	until_true is_waiting "$pid"
	kill -INT "$pid" || true
	kill -TERM "$pid"
	wait "$pid" || true
	mkfifo pipe
	event-log cat --follow --checked log > pipe 2> err &
	pid=$!
	head -n 1 pipe > /dev/null
	status=0
	wait "$pid" || status=$?
	equal "nobody reads any more" "141" "$status$(< err)"
}

@test "the second signal ends it at once" {
	numbers 1 200000 | event-log append log
	mkfifo pipe
	exec 5<> pipe
	event-log cat --checked log > pipe 2> err 5>&- &
	pid=$!
	until_true is_waiting "$pid"            # the pipe is full
	kill -TERM "$pid"
	kill -0 "$pid" || failed "the first one does not" ""
	until_true is_waiting "$pid"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	exec 5>&-
	equal "the second does" "143" "$status$(< err)"
}

@test "--resume-from: from what the sink has committed, and each record once" {
	numbers 1 1000 > all
	head -n 401 all | event-log append --segment-size 2K --block-bytes 500 in
	event-log cat --resume-from sink in | event-log append sink
	equal "where it stands" "$(field in last)" "$(field sink source)"
	event-log cat --resume-from sink in > stream
	equal "nothing new" "$(field in last) $(field sink epoch) $(field sink run)" "$(value stream resume pos 1) $(value stream resume epoch 1) $(value stream resume erun 1)"
	equal "no data" "" "$(data < stream)"
	(head -n 1 all; tail -n +402 all) | event-log append in
	# cut off at any place, whole epochs are committed
	for n in 100 300 10000; do
		event-log cat --resume-from sink --epoch-records 7 in | head -n $n | event-log append sink 2> err || true
	done
	event-log cat --resume-from sink in | event-log append sink
	gives "all of it once" "$(< all)" event-log cat sink
	cmp <(event-log cat --checked in | data) <(event-log cat --checked sink | data) || failed "as stored" ""
}

@test "--resume-from: no more than 8 epochs are open" {
	numbers 1 100 | event-log append in
	event-log cat --resume-from out --epoch-records 1 in > stream
	equal "barriers" 8 "$(grep -c '^#!weir barrier' stream)"
	equal "the rest in one" 92 "$(value stream stop n 1)"
	event-log cat --checked --epoch-records 1 in > stream
	equal "when nobody says what is committed there is no bound" 100 "$(grep -c '^#!weir barrier' stream)"
}

@test "--resume-from: another run that took over ends this one" {
	numbers 1 10 | event-log append in
	mkfifo pipe
	exec 5<> pipe
	event-log cat --follow --resume-from out in > pipe 2> err 5>&- &
	pid=$!
	until_true is_waiting "$pid"
	event-log cat --resume-from out in | event-log append out
	numbers 11 12 | event-log append in
	wait "$pid" || status=$?
	exec 5>&-
	equal "try again" "75 event-log: out: another run has taken over: $(field out run)" "$status $(< err)"
}

@test "--resume-from: a position that the log does not confirm" {
	numbers 1 10 | event-log append in
	event-log cat --resume-from sink in | event-log append sink
	rm -r in
	numbers 101 120 | event-log append in
	refuses "other records" 78 'event-log: in: position 10@*: the log has other records before it*' event-log cat --resume-from sink in
	rm -r in
	numbers 1 9 | event-log append in
	refuses "it was longer" 78 'event-log: in: position 10 is beyond the end of the log, which is 9' event-log cat --resume-from sink in
	lines id 1 | event-log append other
	printf '#!weir resume run=a epoch=0 erun=- pos=kafka:7 source=x log= format=csv cfg=0\n#!weir columns id\n#!weir stop run=a epoch=1 pos=kafka:7 n=0 crc=00000000 committed=0\n' |
		event-log append foreign
	refuses "of another kind of source" 78 'event-log: foreign: it stands at "kafka:7", which is no position in a log*' event-log cat --resume-from foreign in
}

@test "--fallback: the epochs before the last one that the sink has committed" {
	numbers 1 40 | event-log append in
	for to in 10 20 30; do
		event-log cat --resume-from sink --to $to in | event-log append --segment-size 100 sink
		# repeats what was committed, in segments of its own
		lines id a$to b$to | event-log append --segment-size 1 sink
	done
	for back in 1 2; do
		event-log cat --resume-from sink --fallback $back in > stream
		equal "back by $back" "$((3 - back)) $((30 - 10 * back))" "$(value stream resume epoch 1) $(value stream resume pos 1 | cut -d@ -f1)"
		equal "where the sink was" "$((30 - 10 * back + 2 * (2 - back)))" "$(value stream resume fallback 1 | cut -d@ -f1)"
		grep -q '^#!weir barrier .* pos=30@' stream || failed "a barrier where the sink stands" "$(grep barrier stream)"
	done
	refuses "too far" 78 'event-log: sink: it has no commit 3 epochs before its last one' event-log cat --resume-from sink --fallback 3 in
	refuses "the log has other records than come again" 65 'event-log: sink: what came again since *' event-log append sink < stream
	event-log prune --to 22 sink > /dev/null
	refuses "pruned: the first may repeat what is gone" 78 'event-log: sink: it has no commit 2 epochs before its last one' event-log cat --resume-from sink --fallback 2 in
	refuses "no sink" 64 'event-log: --fallback goes with one --resume-from*' event-log cat --fallback 1 in
	refuses "a new one" 74 'event-log: new: No such file or directory' event-log cat --resume-from new --fallback 1 in
}

@test "--resume-from, several: from the one furthest behind, with a barrier where the other joins in" {
	numbers 1 100 > all
	event-log append --segment-size 300 --block-bytes 100 in < all
	event-log cat --checked --to 10 in | event-log append one
	event-log cat --checked --to 63 in | event-log append two
	event-log cat --resume-from two --resume-from one --resume-from one in | tee stream >(event-log append one) | event-log append two
	equal "begins at the first" "10 1" "$(value stream resume pos 1 | cut -d@ -f1) $(value stream resume several 1)"
	grep -q '^#!weir barrier .* pos=63@' stream || failed "a barrier where the second stands" "$(grep barrier stream)"
	until_true test "$(field one source)" = "$(field in last)"
	gives "one" "$(< all)" event-log cat one
	gives "two" "$(< all)" event-log cat two
	# equally far, but one has committed an epoch more
	event-log cat --resume-from one in | event-log append one
	event-log cat --resume-from two --resume-from one in > stream
	equal "joins in at once" "$(field in last)" "$(value stream barrier pos 1)"
	event-log cat --resume-from two --resume-from one in | tee >(event-log append one) | event-log append two
	numbers 101 110 | event-log append in
	event-log cat --resume-from two --resume-from one in | tee >(event-log append one) | event-log append two
	until_true test "$(field one source)" = "$(field in last)"
	cmp <(event-log cat one) <(event-log cat in) || failed "one, at the end" "$(event-log cat one | tail -n 2)"
	cmp <(event-log cat two) <(event-log cat in) || failed "two, at the end" "$(event-log cat two | tail -n 2)"
}

@test "--resume-from, several: one that is far ahead is not waited for" {
	numbers 1 300 > all
	event-log append in < all
	event-log cat --resume-from two --epoch-records 7 --to 210 in | event-log append two
	mkfifo pipe
	event-log append two < pipe 2> err 3>&- &
	pid=$!
	(timeout 10 event-log cat --resume-from one --resume-from two --epoch-records 5 in; echo $? > status) | tee pipe | event-log append one
	wait $pid || failed "the one ahead" "$(< err)"
	equal "it ended by itself" 0 "$(< status)"
	gives "one" "$(< all)" event-log cat one
	gives "two" "$(< all)" event-log cat two
	equal "one run for both" "$(field one epoch) $(field one run)" "$(field two epoch) $(field two run)"
}

@test "--resume-from, several: a view that stands at a batch names no run; a state is never taken for none" {
	both() {
		window-agg -V sum.view --emit partial < rows | view-store v 2> err 3>&- &
		pid=$!
		event-log cat --resume-from v --resume-from clean in | tee rows | dedupe --key text --state state | event-log append clean
		wait $pid || failed "the view" "$(< err)"
	}
	mkfifo rows
	lines 'time id' 'time-unit ms' 'window 1s' 'measure n = count()' > sum.view
	numbers 1 100 | event-log append in
	both
	gives "each text once" "$(numbers 1 7)" event-log cat clean
	event-log seal in
	batch-view -V sum.view --store v in
	numbers 101 200 | event-log append in
	both
	gives "still" "$(numbers 1 7)" event-log cat clean
	equal "the view too" 200 "$(merge-views v | awk -F , 'NR > 1 { n += $NF } END { print n }')"
	# the view alone has gone back: to no epoch that dedupe could know
	rm v/*.speed.*
	event-log cat --resume-from v --resume-from clean in > stream
	equal "where it begins" "100 -" "$(value stream resume pos 1 | cut -d@ -f1) $(value stream resume erun 1)"
	refuses "no state of that" 65 'dedupe: state: there is no state of dedupe for epoch *' dedupe --key text --state state stream
}

@test "--resume-from: while nothing is committed an epoch does not grow without bound" {
	yes "$(head -c 100000 /dev/zero | tr '\0' x)" | head -n 800 | sed '1i text' | event-log append --sync none in
	mkfifo pipe
	event-log cat --follow --epoch-records 1 --resume-from nowhere in > pipe 3>&- &
	pid=$!
	(head -c 60M > /dev/null; : > much; exec cat > rest) < pipe 3>&- &
	until_true test -e much
	until_true is_waiting "$pid"
	kill "$pid"
	wait "$pid" || true
	until_true grep -q '^#!weir stop' rest
	n=$(grep '^#!weir stop' rest | grep -o ' pos=[0-9]*' | cut -d= -f2)
	((n > 600 && n < 750)) || failed "where it stopped" "$n"
}

@test "--final, --to, --sealed: how it ends" {
	numbers 1 10 | event-log append log
	event-log seal log
	numbers 11 12 | event-log append log
	event-log cat --checked --final log > out
	ends_with out '#!weir end * pos=12@*' || failed "--final" "$(tail -n 1 out)"
	event-log cat --checked --to 3 log > out
	ends_with out '#!weir stop * pos=3@* n=3 *' || failed "--to" "$(tail -n 1 out)"
	event-log cat --checked --sealed log > out
	ends_with out '#!weir stop * pos=10@* n=0 *' || failed "--sealed" "$(tail -n 1 out)"
	refuses "what is not sealed is not there" 78 "event-log: log: position 11 is beyond the end of the log's sealed segments, which is 10" \
		event-log cat --sealed --from 11 log
	event-log append empty < /dev/null
	event-log cat --checked empty > out
	equal "an empty log" "resume stop" "$(awk '{ print $2 }' out | xargs)"
}

@test "an epoch that is not committed is not there" {
	numbers 1 5 | event-log append log
	numbers 6 2000 | event-log append --once big --block-bytes 100 log
	equal "committed" 2000 "$(event-log cat log | tail -n +2 | wc -l)"
	# what a writer leaves that dies within an epoch
	sed '$d' log/00000000000000000000.log > shorter
	cp shorter log/00000000000000000000.log
	gives "without its last block" "$(numbers 1 5)" event-log cat log
}

@test "damage: nothing behind it comes out" {
	numbers 1 40000 > in
	event-log append --segment-size 200K --block-bytes 2K log < in
	event-log seal log
	mapfile -t files < <(find log -name '*.gz' | sort)
	((${#files[@]} >= 3))
	first=${files[0]} second=${files[1]}
	size=$(stat -c %s "$second")
	position=$((10#$(basename "$second" .log.gz)))
	cp -r log good
	# a bit in a compressed segment
	for part in 2 3 4; do
		# shellcheck disable=SC2094 # these are two files
		flip "good/$(basename "$second")" $((size * part / 5)) 16 > "$second"
		try event-log cat log
		equal "compressed: status" 65 "$status"
		[[ $(< err) == "event-log: log/$(basename "$second"): "* ]] || failed "compressed: message" "$(< err)"
		head -c "$(wc -c < out)" in | cmp - out || failed "compressed: a beginning of the truth" "$(tail -n 1 out)"
		[[ $(tail -c 1 out | od -An -c) == *'\n' ]] || failed "compressed: whole lines" "$(tail -n 1 out)"
		(($(wc -l < out) > position)) || failed "compressed: all before it" "$(wc -l < out)"
	done
	cp "good/$(basename "$second")" "$second"
	cmp in <(event-log cat log) || failed "whole again" ""
	# one is missing
	rm "$second"
	try event-log cat log
	equal "missing" "65 event-log: log: the segment that begins at $position is missing" "$status $(< err)"
	cmp out <(head -n $((position + 1)) in) || failed "missing: nothing behind it" "$(tail -n 1 out)"
	cp "good/$(basename "$second")" "$second"
	truncate -s -30 "$first"
	try event-log cat log
	[[ $status -eq 65 && $(< err) == "event-log: log/$(basename "$first"): byte "*": gzip: unexpected end of file" ]] || failed "cut" "$status $(< err)"
	(($(wc -l < out) <= position + 1)) || failed "cut: nothing behind it" "$(wc -l < out)"
}

@test "an index that is wrong, missing or of another segment changes nothing" {
	numbers 1 3000 > in
	event-log append --segment-size 20K --block-bytes 2K log < in
	event-log seal log
	mapfile -t indexes < <(find log -name '*.idx' | sort)
	((${#indexes[@]} >= 2))
	check() {       # name
		for from in 0 1 700 1500 2999 3000; do
			cmp <(event-log cat --from $from log) <(head -n 1 in; tail -n "+$((from + 2))" in) || failed "$1: from $from" ""
		done
	}
	check "right"
	cp "${indexes[0]}" other
	cp "${indexes[1]}" "${indexes[0]}"
	cp other "${indexes[1]}"
	check "swapped"
	for index in "${indexes[@]}"; do
		sed -i 's/offset=[1-9]/offset=9/' "$index"
	done
	check "edited"
	for index in "${indexes[@]}"; do
		: > "$index"
	done
	check "empty"
	rm "${indexes[@]}"
	check "missing"
}

@test "what leaves a checked log is on the disk" {
	need strace
	is_plain_build || skip "strace and the sanitizers compete"
	numbers 1 10 | event-log append --sync none log
	strace -f -e trace=fdatasync,write -o trace event-log cat --checked log > out
	equal "synced before data is written" "fdatasync" "$(grep -oE 'fdatasync|write\(1, ".*1,text' trace | head -n 1)"
	strace -f -e trace=fdatasync -e inject=fdatasync:error=EIO:when=1 -o trace event-log cat --checked log > out 2> err || status=$?
	equal "else nothing leaves" "74 event-log: log/00000000000000000000.log: sync: Input/output error" "$status $(< err)"
	equal "no data" "" "$(data < out)"
}
