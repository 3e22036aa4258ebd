# SPDX-License-Identifier: MIT
# event-log append as the sink of a checked stream: records and the position of their source are stored together, epoch by epoch, or not at all.

load ../lib
load cases
load checked

field() {       # log name
	event-log info "$1" | awk -F '\t' -v name="$2" '$1 == name { print $2 }'
}

source_of() {   # log
	echo "$(field "$1" epoch) $(field "$1" run) $(field "$1" source)"
}

# A stream from stdin: lines of data and `barrier`, `stop` or `end` with pos=, numbered from an epoch on.
stream() {      # run epoch erun pos [more...]
	awk -v run="$1" -v epoch="$2" -v first="#!weir resume run=$1 epoch=$2 erun=$3 pos=$4 source=s log=1 format=csv cfg=0${5:+ $5}" '
	BEGIN { print first }
	/^(barrier|stop|end) / { $1 = "#!weir " $1 " run=" run " epoch=" ++epoch; print $0 " committed=0"; next }
	{ print }' | checked
}

lines() {
	printf '%s\n' "$@"
}

columns='#!weir columns id,v'

@test "an epoch counts with its barrier, and its position with it" {
	lines "$columns" 1,a 2,b 'barrier pos=2' '3,"x' 'y"' 'barrier pos=3' 'stop pos=3' | stream aa 0 - 0 > in
	gives "appended" "" event-log append log < in
	gives "records" $'id,v\n1,a\n2,b\n3,"x\ny"' event-log cat log
	equal "position" "3 aa 3" "$(source_of log)"
	equal "one block for each" 3 "$(grep -c '^#!weir block' log/*.log)"
	lines "$columns" 4,d 'end pos=4' | stream bb 3 aa 3 | event-log append log
	equal "goes on" "4 bb 4" "$(source_of log)"
	lines id,v 5,e | event-log append log
	equal "plain records leave it" "4 bb 4" "$(source_of log)"
	event-log seal log
	equal "it is in sealed segments too" "4 bb 4" "$(source_of log)"
	lines "$columns" 6,f 'stop pos=6' | stream cc 4 bb 4 | event-log append log
	gives "all" $'id,v\n1,a\n2,b\n3,"x\ny"\n4,d\n5,e\n6,f' event-log cat log
	event-log verify log > /dev/null || failed "verify" "no"
}

@test "a stream that goes on from elsewhere is refused before anything is stored" {
	lines "$columns" 1,a 'barrier pos=1' 2,b 'stop pos=2' | stream aa 0 - 0 | event-log append log
	before=$(cksum < log/00000000000000000000.log)
	lines "$columns" 9,z 'stop pos=9' > rest
	for from in '0 - 0' '1 aa 1' '2 bb 2' '3 aa 3'; do
		# shellcheck disable=SC2086
		stream cc $from < rest > in
		refuses "$from" 75 'event-log: log: it stands at epoch 2 of run aa, not at epoch *' event-log append log < in
	done
	equal "nothing stored" "$before" "$(cksum < log/00000000000000000000.log)"
	stream cc 1 aa 1 < rest > in
	refuses "a new log" 75 'event-log: new: it stands at epoch 0 of run -, not at epoch 1 of run aa: *' event-log append new < in
}

@test "what has no barrier does not count" {
	lines "$columns" 1,a 'barrier pos=1' 2,b 3,c 'stop pos=3' | stream aa 0 - 0 > whole
	head -n 4 whole | event-log append --block-bytes 1 log 2> err && failed "cut off" "taken for all"
	equal "message" 'event-log: stdin: it ends without stop or end: upstream has died; nothing of its last epoch counts' "$(head -n 1 err)"
	equal "status" 75 "$(head -n 5 whole | event-log append --block-bytes 1 new > /dev/null 2>&1; echo $?)"
	equal "the epoch before it" "1 aa 1" "$(source_of log)"
	gives "its records" $'id,v\n1,a' event-log cat log
	gives "nor here" $'id,v\n1,a' event-log cat new
	for k in $(seq 1 "$(($(wc -c < whole) - 1))"); do
		rm -rf log
		try event-log append --block-bytes 1 log < <(head -c "$k" whole)
		[[ $status -eq 75 || ($status -eq 65 && $k -lt $(head -n 1 whole | wc -c)) ]] || failed "cut to $k bytes" "$status $(cat err)"
		[[ ! -e log || $(event-log cat log 2> /dev/null) == @(|$'id,v\n1,a'|id,v) ]] || failed "cut to $k bytes" "$(event-log cat log)"
	done
	# and it is in nobody's way
	event-log append log < <(lines "$columns" 1,a 2,b 'stop pos=2' | stream bb 0 - 0) 2> err ||
		event-log append log < <(lines "$columns" 2,b 'stop pos=2' | stream bb 1 aa 1)
	gives "the same again" $'id,v\n1,a\n2,b' event-log cat log
	equal "bytes of an epoch that was not committed are not kept" "" "$(find log -path '*lost*')"
}

@test "lines that were changed on the way are noticed before the epoch counts" {
	lines "$columns" 1,a 'barrier pos=1' 2,b 3,c 'stop pos=3' | stream aa 0 - 0 > in
	for edit in 's/^2,b/2,B/' '/^3,c/d' 's/^2,b/&\n&/' 's/crc=[0-9a-f]*/crc=00000000/' 's/ n=2 / n=3 /' 's/barrier run=aa/barrier run=ab/' 's/epoch=2/epoch=3/'; do
		rm -rf log
		try event-log append log < <(sed "$edit" in)
		equal "$edit" 65 "$status"
		[[ ! -e log/00000000000000000000.log || $(event-log cat log) == $'id,v\n1,a' ]] || failed "$edit" "$(event-log cat log)"
	done
	try event-log append log < <(grep -v '^#!weir [bs]' in)
	equal "grep" 75 "$status"
}

@test "epochs without records" {
	lines 'barrier pos=5' 'barrier pos=9' 'stop pos=9' | stream aa 0 - 0 | event-log append log
	equal "a position alone" "3 aa 9" "$(source_of log)"
	equal "no records" 0 "$(field log records)"
	lines 'barrier pos=10' "$columns" 'barrier pos=11' 1,a 'barrier pos=12' 'barrier pos=13' 'stop pos=13' | stream bb 3 aa 9 | event-log append log
	equal "records at last" "8 bb 13" "$(source_of log)"
	gives "those" $'id,v\n1,a' event-log cat log
	event-log verify log > out || failed "verify" "$(cat out)"
	equal "one segment" 1 "$(field log segments)"
	lines 'barrier pos=14' 'stop pos=14' | stream cc 8 bb 13 | event-log append log
	equal "without columns they stay what they were" "10 cc 14 1" "$(source_of log) $(field log segments)"
	# many of them do not grow without end
	(echo "$columns"; for i in {1..400}; do echo "barrier pos=$i"; done; echo stop pos=400) | stream aa 0 - 0 | event-log append --segment-size 1K many
	equal "the last counts" "401 aa 400" "$(source_of many)"
	(($(stat -c %s many/*.log) < 2048)) || failed "size" "$(ls -l many)"
}

@test "columns change behind a barrier, with the segment" {
	lines "$columns" 1,a 'barrier pos=1' '#!weir columns v,id' b,2 'barrier pos=2' '#!weir columns v,id' c,3 'stop pos=3' | stream aa 0 - 0 | event-log append log
	equal "segments" 2 "$(field log segments)"
	gives "by name" $'id,v\n1,a\n2,b\n3,c' event-log cat log
	lines "$columns" 1,a '#!weir columns v,id' b,2 'stop pos=2' | stream aa 0 - 0 > in
	refuses "in an epoch" 65 'event-log: stdin: other columns in the middle of an epoch' event-log append other < in
	equal "nothing of it" "0" "$(field other records)"
}

@test "what was rejected stays with the epochs that rejected it" {
	lines a,b 1,2 3,4 5,6 | event-log append source
	spoil() {       # options...
		event-log cat --epoch-records 1 --resume-from copy source | through --header none -- sed 's/,[46]$//' | event-log append --rejects rej "$@" copy
	}
	raw() {
		sed 's/.*"raw":"\(.*\)"}/\1/' rej | xargs
	}
	spoil
	equal "set aside" "3 5" "$(raw)"
	lines a,b 7,4 8,8 | event-log append source
	spoil
	equal "those of epochs before stay" "3 5 7" "$(raw)"
	spoil
	equal "nothing new" "3 5 7" "$(raw)"
	# what an epoch that did not count has set aside, it sets aside again
	lines a,b 9,6 | event-log append source
	event-log cat --resume-from copy source | through --header none -- sed 's/,[46]$//' | grep -v '^#!weir \(barrier\|stop\)' > cut
	refuses "cut off" 75 'event-log: stdin: *' event-log append --rejects rej copy < cut
	spoil
	equal "once" "3 5 7 9" "$(raw)"
	# upstream that never began takes nothing away
	event-log append --rejects rej copy < /dev/null
	equal "nothing came" "3 5 7 9" "$(raw)"
	lines a,b 10 | event-log append --rejects rej copy
	equal "a plain run goes on behind" "3 5 7 9 10" "$(raw)"
	rm rej
	refuses "gone" 65 'event-log: rej: it has 0 bytes, and had *' spoil
	equal "the log" $'a,b\n1,2\n8,8' "$(event-log cat copy)"
}

@test "with several sinks, a log that is ahead takes what it has not" {
	lines "$columns" 1,a 'barrier pos=1' 2,b 'barrier pos=2' 3,c 'stop pos=3' | stream aa 0 - 0 > in
	event-log append log < in
	# another sink stands at 1 still: the source goes back, and cuts a barrier where we are
	lines "$columns" 2,b 3,c 'barrier pos=3' 4,d 'stop pos=4' | stream bb 1 aa 1 several=1 > in
	try event-log append --stats log < in
	equal "counted" "in=3 out=1 duplicate=2" "$(ledger err in out duplicate)"
	gives "each once" $'id,v\n1,a\n2,b\n3,c\n4,d' event-log cat log
	equal "position" "3 bb 4" "$(source_of log)"
	# at the same place, but by another run
	lines "$columns" 5,e 'stop pos=5' | stream cc 7 zz 4 several=1 > in
	event-log append log < in
	equal "nothing to discard" "8 cc 5" "$(source_of log)"
	# stopped before it came to where we are
	lines "$columns" 1,a 'stop pos=1' | stream dd 0 - 0 several=1 > in
	gives "not yet" "" event-log append log < in
	equal "as before" "8 cc 5" "$(source_of log)"
	refuses "a new log is behind, not ahead" 75 'event-log: new: it stands at *' event-log append new < <(lines "$columns" 'stop pos=4' | stream ee 3 bb 4 several=1)
}

@test "no block ends between an update's two images" {
	lines id,_op,v 1,+I,a 1,-U,a 1,+U,b 2,+I,x 2,-D,x 3,-U,p > in
	refuses "half a pair at the end" 65 'event-log: stdin: it ends between a -U and its +U' event-log append --block-bytes 1 log < in
	gives "the rest is stored" $'id,_op,v\n1,+I,a\n1,-U,a\n1,+U,b\n2,+I,x\n2,-D,x' event-log cat log
	equal "blocks" "n=1 n=2 n=1 n=1" "$(grep -o '^#!weir block .*' log/*.log | grep -o ' n=[0-9]*' | xargs)"
	equal "they say that they hold changes" 4 "$(grep -c '^#!weir block .* changes=1' log/*.log)"
	lines '#!weir columns id,_op' 1,-U 'barrier pos=1' 1,+U 'stop pos=2' | stream aa 0 - 0 > in
	refuses "half a pair in an epoch" 65 'event-log: stdin: an epoch ends between a -U and its +U' event-log append other < in
	lines id,v 1,a | event-log append plain
	equal "others do not" 0 "$(grep -c changes=1 plain/*.log || true)"
	lines '{"_op":"-U","a":1}' '{"_op":"+U","a":2}' '{"a":3}' | event-log append --block-bytes 1 json
	equal "NDJSON" "n=2 n=1" "$(grep -o '^#!weir block .*' json/*.log | grep -o ' n=[0-9]*' | xargs)"
}

@test "told to go, a sink waits for its source's last word" {
	mkfifo in
	event-log append log < in 2> err &
	pid=$!
	exec 7> in
	lines "$columns" 1,a 'barrier pos=1' | stream aa 0 - 0 >&7
	committed() { [[ -d log && $(field log epoch) == "$1" ]]; }
	until_true committed 1
	kill -TERM "$pid"
	until_true is_waiting "$pid"
	lines 2,b '#!weir stop run=aa epoch=2 pos=2' | checked >&7
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	equal "status" 0 "$status"
	equal "position" "2 aa 2" "$(source_of log)"
	# a second one ends it
	event-log append log < in 2> err &
	pid=$!
	exec 7> in
	lines "$columns" 3,c 'barrier pos=3' | stream bb 2 aa 2 >&7
	until_true committed 3
	kill -TERM "$pid"
	until_true is_waiting "$pid"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	exec 7>&-
	equal "by the signal" 143 "$status"
}

@test "from log to log, killed at every step: each record once" {
	need strace
	is_plain_build || skip "strace and leak checks do not go together"
	strace -o /dev/null true 2> /dev/null || skip "strace is not allowed here"
	(echo id,v; seq 1 300 | sed 's/$/,x/') > in
	event-log append --block-bytes 100 --segment-size 500 from in
	for call in write fdatasync fsync openat rename,renameat,renameat2; do
		for ((n = 1; n < 60; n += 1 + n / 6)); do
			event-log cat --resume-from to --epoch-records 7 from 2> /dev/null |
				strace -f -qq -o trace -e trace="$call" -e inject="$call:signal=KILL:when=$n" \
					event-log append --segment-size 300 --block-bytes 20 to 2> /dev/null || true
		done
		event-log cat --resume-from to --epoch-records 7 from | event-log append to || failed "$call" "the last run"
		cmp <(event-log cat to) in || failed "$call" "records differ"
		event-log verify to > out 2>&1 || failed "$call" "$(cat out)"
		rm -rf to
	done
}

# Stages forget the states behind what their sink has committed.
@test "an epoch is synced whatever --sync says" {
	need strace
	is_plain_build || skip "strace and leak checks do not go together"
	strace -o /dev/null true 2> /dev/null || skip "strace is not allowed here"
	(echo "$columns"; for i in {1..9}; do printf '%s\n' "$i,a" "barrier pos=$i"; done; echo 'stop pos=9') | stream aa 0 - 0 > in
	strace -f -qq -o trace -e trace=fdatasync event-log append --sync none log < in
	(($(grep -c fdatasync trace) >= 10)) || failed "syncs" "$(cat trace)"
}

@test "checked streams and other inputs do not mix" {
	lines "$columns" 1,a 'stop pos=1' | stream aa 0 - 0 > in
	refuses "two files" 78 'event-log: in: a checked stream is one input' event-log append log in in
	refuses "--once" 78 'event-log: in: --once is for plain input: *' event-log append --once x log in
	lines "$columns" 1,a 2 'barrier pos=2' 3,c 'stop pos=3' | stream aa 0 - 0 > in
	refuses "a bad record" 65 'event-log: stdin:4: *' event-log append log < in
	equal "nothing of its epoch" 0 "$(field log records)"
	try event-log append --rejects bad log < in
	gives "kept aside" $'id,v\n1,a\n3,c' event-log cat log
}
