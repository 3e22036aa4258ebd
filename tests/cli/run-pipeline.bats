# SPDX-License-Identifier: MIT
# run-pipeline: a pipeline starts, fails, comes again and stops as one.
# Members are scripts in quotes:
# shellcheck disable=SC2016

load ../lib
load ../battery
load cases

pipeline() {
	run-pipeline --delay 1ms --max-delay 20ms --grace 100ms "$@"
}

# A member that fails the first N times by a script, and then writes `done`.
fails() {       # N script
	printf 'n=$(cat n 2> /dev/null || echo 0); echo $((n + 1)) > n; [ "$n" -ge %d ] || { %s; }; echo done' "$1" "$2"
}

start() {       # arguments... -- in the background, as $pid
	env --default-signal=INT,HUP "$WEIR_BIN/run-pipeline" "$@" > out 2> err &
	pid=$!
}

finish() {
	status=0
	wait "$pid" || status=$?
}

gone() {        # pid
	! kill -0 "$1" 2> /dev/null || [[ $(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2> /dev/null) == Z ]]
}

@test "run-pipeline: conventions of the command line" {
	battery_basics run-pipeline
}

@test "words: members stand behind --, with | between them" {
	usage='run-pipeline: the commands stand behind --, *'
	refuses "nothing" 64 "$usage" run-pipeline
	refuses "no --" 64 "$usage" run-pipeline cat
	refuses "something before it" 64 "$usage" run-pipeline cat -- cat
	missing='run-pipeline: a command is missing: *'
	refuses "nothing behind it" 64 "$missing" run-pipeline --
	refuses "nothing before a bar" 64 "$missing" run-pipeline -- '|' cat
	refuses "nothing behind a bar" 64 "$missing" run-pipeline -- cat '|'
	refuses "nothing between bars" 64 "$missing" run-pipeline -- cat '|' '|' cat
	gives "one" $'a b\n\n|c\n--log' run-pipeline -- printf '%s\n' 'a b' '' '|c' --log
	gives "several" 3 run-pipeline -- seq 5 '|' grep -v 2 '|' tail -n 2 '|' head -n 1 '|' sed 's/4/3/'
	gives "stdin is the first one's" b run-pipeline -- cat '|' grep b < <(printf 'a\nb\n')
	for option in restarts delay max-delay grace drain; do
		refuses "--$option" 64 "run-pipeline: --$option: x: *" run-pipeline --$option x -- cat
	done
	refuses "a log that cannot be" 73 'run-pipeline: /no/log: No such file or directory' run-pipeline --log /no/log -- touch started
	[[ ! -e started ]] || failed "a log that cannot be" "it was started"
}

@test "much data goes through" {
	equal "sum" "$(seq 3000000 | cksum)" "$(run-pipeline -- seq 3000000 '|' cat '|' cat | cksum)"
}

@test "statuses: which are worth another try" {
	for bad in 1 64 65 70 71 73 78 126 127; do
		refuses "$bad" "$bad" "run-pipeline: sh (2): exit status $bad after * ms" pipeline -- seq 3 '|' sh -c "cat > /dev/null; exit $bad"
	done
	for try in 'exit 69' 'exit 74' 'exit 75' 'kill -9 $$' 'kill -SEGV $$' 'kill -TERM $$' 'exit 137'; do
		rm -f n
		try pipeline -- sh -c "$(fails 2 "$try")" '|' cat
		equal "$try" '0 done' "$status $(tail -n 1 out)"
		equal "$try, restarts" 2 "$(grep -c '^run-pipeline: restart ' err)"
		equal "$try, ends" 2 "$(grep -c '^run-pipeline: sh (1): ' err)"
	done
	refuses "what is not there" 69 'run-pipeline: ./nosuch: No such file or directory' pipeline -- sh -c 'echo $$ > pid; exec sleep 60' '|' ./nosuch
	[[ ! -e pid ]] || gone "$(< pid)" || failed "what is not there" "the other one lives"
}

@test "statuses: the first one not worth a try decides, and SIGPIPE nothing" {
	refuses_all() { # name status command...
		try run-pipeline --grace 20s --restarts 0 -- "${@:3}"
		equal "$1" "$2" "$status"
	}
	refuses_all "in order" 65 sh -c 'exit 65' '|' sh -c 'exit 78'
	refuses_all "whenever it ends" 65 sh -c 'sleep 0.1; exit 65' '|' sh -c 'exit 78'
	refuses_all "it is worse" 78 sh -c 'exit 75' '|' sh -c 'exit 78' '|' sh -c 'kill -9 $$'
	refuses_all "first of the others" 74 sh -c 'exit 74' '|' sh -c 'exit 75'
	refuses_all "killed" 75 sh -c 'kill -9 $$' '|' cat
	refuses_all "SIGPIPE and a cause" 75 yes '|' sh -c 'exit 75'
	refuses_all "SIGPIPE told by a shell, and a cause" 78 sh -c 'yes; exit 141' '|' sh -c 'exit 78'
	refuses_all "SIGPIPE alone" 0 yes '|' head -n 1
	grep -q 'yes' err && failed "SIGPIPE alone" "$(< err)"
	try bash -c 'run-pipeline -- yes "|" cat | head -n 1; echo "${PIPESTATUS[0]}"'
	equal "nobody reads us" $'y\n141' "$(< out)"
	[[ ! -s err ]] || failed "nobody reads us" "$(< err)"
}

@test "restarts: after a while that doubles up to a bound, and a limit" {
	refuses_after() {       # name wanted-waits status arguments...
		try run-pipeline "${@:4}"
		equal "$1" "$3 $2" "$status $(sed -n 's/^run-pipeline: restart \([0-9]*\) in \(.*\)/\1: \2/p' err | paste -sd ,)"
	}
	refuses_after "doubling" '1: 10 ms,2: 20 ms,3: 40 ms,4: 50 ms,5: 50 ms' 75 --delay 10ms --max-delay 50ms --restarts 5 -- sh -c 'exit 75'
	equal "given up" 'run-pipeline: given up after 5 restarts in a row' "$(tail -n 1 err)"
	refuses_after "no more than the bound" '1: 5 ms,2: 5 ms' 74 --delay 1h --max-delay 5ms --restarts 2 -- sh -c 'exit 74'
	refuses_after "none" '' 69 --restarts 0 -- sh -c 'exit 69'
	refuses_after "not for what is no use" '' 65 --delay 1ms -- sh -c 'exit 65'
	refuses_after "at once" '1: 0 ms,2: 0 ms' 75 --delay 0 --restarts 2 -- sh -c 'exit 75'
	begin=$(date +%s%N)
	run-pipeline --delay 300ms --restarts 1 -- sh -c 'exit 75' 2> err || true
	(($(date +%s%N) - begin >= 300000000)) || failed "it waits" "it did not"
}

@test "one failure unit: when one has failed the others end, if need be by force" {
	try pipeline --restarts 0 -- sh -c 'echo $$ > one; exec sleep 60' '|' sh -c 'while [ ! -s one ]; do :; done; kill -9 $$'
	equal "told" 75 "$status"
	grep -qx 'run-pipeline: sleep (1): has not ended for 100 ms: SIGTERM' err && failed "told" "by a wrong name"
	grep -qx 'run-pipeline: sh (1): has not ended for 100 ms: SIGTERM' err || failed "told" "$(< err)"
	gone "$(< one)" || failed "told" "it lives"
	rm one
	# it ignores that, and so does its child: a group is killed
	try pipeline --restarts 0 -- sh -c 'trap "" TERM; sleep 60 & echo $! > two; echo $$ > one; wait' '|' sh -c 'while [ ! -s one ]; do :; done; exit 75'
	equal "killed" 75 "$status"
	equal "killed, in that order" 'SIGTERM SIGKILL' "$(sed -n 's/.* (1): has not ended for .*: //p' err | paste -sd ' ')"
	until_true gone "$(< one)"
	until_true gone "$(< two)"
	# ends by itself within the grace
	gives_all='run-pipeline: sh (2): exit status 75 after '
	try run-pipeline --restarts 0 --grace 20s -- sh -c 'sleep 0.2; echo $? > ended' '|' sh -c 'exit 75'
	[[ $(< ended) == 0 && $(wc -l < err) -eq 2 && $(head -n 1 err) == "$gives_all"* ]] || failed "by itself" "$(< err)"
}

@test "asked to stop: the first member is told, the others see the end of its stream" {
	for sig in TERM INT HUP; do
		rm -f ready
		start --drain 20s -- sh -c 'trap "echo last; exit 0" TERM; echo first; : > ready; while :; do sleep 0.02; done' '|' \
			sh -c 'trap "echo touched" TERM INT HUP; sed s/^/x/'
		until_true test -e ready
		kill -$sig "$pid"
		finish
		equal "$sig" $'0\nxfirst\nxlast' "$status"$'\n'"$(< out)"
	done
	rm -f ready
	start -- sh -c ': > ready; exec sleep 60' '|' cat
	until_true test -e ready
	kill -TERM "$pid"
	finish
	equal "a first member that dies of it" 0 "$status"
	rm -f ready
	start -- sh -c ': > ready; exec sleep 60' '|' sh -c 'cat; exit 75'
	until_true test -e ready
	kill -TERM "$pid"
	finish
	equal "the others do not end well, and nothing is started again" '75 0' "$status $(grep -c restart err)"
	grep -q '^run-pipeline: sh (2): exit status 75 ' err || failed "which" "$(< err)"
}

@test "asked to stop: what does not end is killed, and at once when asked again" {
	rm -f ready
	start --drain 100ms -- sh -c 'trap "" TERM; : > ready; while :; do sleep 0.02; done' '|' cat
	until_true test -e ready
	kill -TERM "$pid"
	finish
	equal "too long" 75 "$status"
	grep -qx 'run-pipeline: sh (1): has not ended for 100 ms: SIGKILL' err || failed "too long" "$(< err)"
	rm -f ready
	start --drain 60s -- sh -c 'trap "" TERM; echo $$ > one; : > ready; while :; do sleep 0.02; done' '|' cat
	until_true test -e ready
	kill -TERM "$pid"
	until_true grep -q 'asked to stop' err
	again() {       # the same signal twice in a moment is one
		kill -INT "$pid" 2> /dev/null
		gone "$pid"
	}
	until_true again
	finish
	equal "again" 130 "$status"
	until_true gone "$(< one)"
	start --delay 30s -- sh -c 'exit 75'
	until_true grep -q 'restart 1 in 30.0 s' err
	kill -TERM "$pid"
	finish
	equal "while it waits" 75 "$status"
}

@test "killed: its members die too" {
	start -- sh -c 'echo $$ > one; exec sleep 60' '|' sh -c 'trap "" TERM PIPE; echo $$ > two; while :; do sleep 0.02; done'
	until_true test -s one
	until_true test -s two
	kill -9 "$pid"
	finish
	until_true gone "$(< one)"
	until_true gone "$(< two)"
}

@test "members: a group of their own, their pipes and nothing else, signals as they are by default" {
	group='sed "s/.*) . [0-9]* \([0-9]*\) .*/\1/" /proc/self/stat'
	try run-pipeline -- sh -c "$group" '|' sh -c "cat; $group"
	equal "one group" "1 2" "$(sort -u out | wc -l) $(wc -l < out)"
	[[ $(head -n 1 out) != $(sh -c "$group") ]] || failed "of their own" "$(< out)"
	equal "descriptors" "$(ls /proc/self/fd)" "$(run-pipeline -- true '|' ls /proc/self/fd '|' cat)"
	try env --ignore-signal=PIPE,INT,TERM,USR1 run-pipeline -- grep SigIgn /proc/self/status
	# but for 32 and 33, which are the C library's own: nobody can set them
	equal "signals" 200 "$(printf '%x' $((0x$(awk '{ print $2 }' out) & ~0x180000000)))"
}

@test "what happened: --log with its time, --stats-file for Prometheus" {
	echo before > log
	try pipeline --log log --stats-file stats -- sh -c "$(fails 2 'kill -9 $$')" '|' cat
	equal "appended" "0 before" "$status $(head -n 1 log)"
	equal "as on stderr" "$(sed 's/^run-pipeline: //' err)" "$(tail -n +2 log | cut -d ' ' -f 2-)"
	[[ $(tail -n 1 log) =~ ^20[0-9-]+T[0-9:.]+Z\ restart\ 2\ in\ 2\ ms$ ]] || failed "time" "$(< log)"
	for line in 'weir_pipeline_up{pipeline="sh | cat"} 0' 'weir_pipeline_restarts_total{pipeline="sh | cat"} 2'; do
		grep -qxF "$line" stats || failed "$line" "$(< stats)"
	done
	start --log log --stats-file stats -- sleep 60
	until_true grep -qxF 'weir_pipeline_up{pipeline="sleep"} 1' stats
	since=$(sed -n 's/^weir_pipeline_start_time_seconds{.*} //p' stats)
	now=$(date +%s)
	((since <= now && since > now - 60)) || failed "since" "$since at $now"
	mv log old
	kill -TERM "$pid"
	finish
	grep -q 'asked to stop by signal 15$' log || failed "a log that was moved is begun anew" "$(< log)"
}
